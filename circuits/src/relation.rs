//! The statement in plain integers: the circuit's twin.

use crate::book::Class;

/// The scan of one risk group in one pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan {
    /// Group row, from 1.
    pub group: u16,
    /// Loss in each scenario, floors included, in quote quanta.
    pub losses: Vec<i128>,
    /// The greatest of them, or zero.
    pub max: i128,
}

/// What the statement says of one holding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HoldingOutcome {
    /// Asset: `u`, in quanta. Instrument: quantity in lots.
    pub amount: i128,
    /// Whether the amount is below zero (the segment is of the `short` list).
    pub negative: bool,
    /// Index into the `long` or `short` segments of the symbol.
    pub segment: usize,
    /// What the scan counts: lots of collateral for an asset (0 when it has no group), the quantity for an instrument.
    pub scanned: i128,
}

/// What the statement says of one pool; money in quote quanta.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolOutcome {
    /// One for each holding, in order.
    pub holdings: Vec<HoldingOutcome>,
    /// One for each risk group held, in rising group row.
    pub scans: Vec<Scan>,
    /// Worth after haircuts, rounded down.
    pub equity: i128,
    /// Worth before haircuts, rounded down.
    pub value: i128,
    /// Maintenance requirement, rounded up.
    pub maintenance: i128,
    /// Initial requirement, rounded up.
    pub initial: i128,
}

/// Totals over pools, in quote quanta.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Sum of equities above zero.
    pub equity_positive: u128,
    /// Sum of equities below zero, as a magnitude.
    pub equity_negative: u128,
    /// Sum of maintenance requirements.
    pub maintenance: u128,
    /// Sum of initial requirements.
    pub initial: u128,
    /// Pools with equity below maintenance.
    pub deficient_pools: u64,
    /// Sum of what they lack.
    pub shortfall: u128,
    /// Pools with equity below zero.
    pub bankrupt_pools: u64,
    /// Sum of what they lack to zero; equals `equity_negative`.
    pub bankruptcy: u128,
    /// Pools with value below zero.
    pub underwater_pools: u64,
    /// Sum of what they lack to zero.
    pub underwater: u128,
}

/// Everything the statement publishes of a book, in integers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookTotals {
    /// By class, in the order of [`Class::ALL`].
    pub classes: [Totals; Class::ALL.len()],
    /// By class and market row - 1 (first variants of coins only, zero elsewhere): claims, debts, in quanta.
    pub coins: [Vec<(u128, u128)>; Class::ALL.len()],
    /// By market row - 1 (first variants of contracts only): net quantity, long open interest, in lots.
    pub contracts: Vec<(i128, u128)>,
    /// Accounts with a holding.
    pub accounts: u64,
    /// Pools with a holding.
    pub pools: u64,
}
