//! The risk model, compiled once into integers.

mod compile;
mod curves;
mod file;
mod scan;
#[cfg(test)]
mod tests;

pub use compile::RiskSource;
pub use curves::{intercepts, zero_function};
pub use file::{
    AssetRiskEntry, BracketEntry, FloorEntry, GroupEntry, InstrumentRiskEntry, RiskFile,
    WeightEntry,
};

/// One piece of a piecewise-linear function of a magnitude `x` in quote quanta, from `floor`
/// (inclusive) to the next segment's floor (exclusive), or to the end of the money range.
/// Its value is `coefficient * x + intercept` in 10^-6 quote quanta.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// Where it begins, in quote quanta.
    pub floor: u128,
    /// Slope in 10^-6: a collateral ratio or a charge rate.
    pub coefficient: u32,
    /// Derived: `intercept_k = intercept_{k-1} + (coefficient_{k-1} - coefficient_k) * floor_k + jump_k * 10^6`.
    pub intercept: i128,
    /// Step up at `floor`, in quote quanta: 0 for a continuous function.
    pub jump: u128,
}

/// A risk group's factors, in 10^-6.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Name.
    pub id: String,
    /// Factor of the maintenance requirement.
    pub maintenance_factor: u32,
    /// Factor of the initial requirement, not below `maintenance_factor`.
    pub initial_factor: u32,
}

/// What the model says of one symbol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SymbolRisk {
    /// Row of the risk group, 0 for none.
    pub group: u16,
    /// Loss of one lot held long in each scenario, in quote quanta; all zeros when not scanned.
    pub losses: Vec<i64>,
    /// Asset with a risk group: its lot in quanta. Otherwise 0.
    pub lot: u64,
    /// Asset: slope of equity below zero, in 10^-6, at least 10^6. Instrument: 0.
    pub debt_weight: u32,
    /// Floor of one lot held long, in quote quanta.
    pub floor_long: u64,
    /// Floor of one lot held short, in quote quanta.
    pub floor_short: u64,
    /// Asset: collateral weights by value. Instrument: charge on a long position's notional.
    /// Never empty, first floor 0, floors strictly rising.
    pub long: Vec<Segment>,
    /// Asset: charge on a debt's value. Instrument: charge on a short position's notional.
    pub short: Vec<Segment>,
}

/// The compiled model, for the rows of one market.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RiskModel {
    /// Name, as in the file.
    pub name: String,
    /// Number of scenarios, 1 to 64.
    pub scenarios: usize,
    /// Scenarios in which the floors count; one for each scenario.
    pub floor_weights: Vec<bool>,
    /// `groups[i]` is group row `i + 1`.
    pub groups: Vec<Group>,
    /// `symbols[i]` belongs to market row `i + 1`.
    pub symbols: Vec<SymbolRisk>,
    /// Salt of a private model (at least 16 bytes), as bytes.
    pub salt: Option<Vec<u8>>,
    /// SHA-256 of the bytes of `risk.json`.
    pub file_digest: [u8; 32],
}
