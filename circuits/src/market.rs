//! The market: assets, instruments and their prices, compiled once into integers.

mod compile;
mod file;
mod scale;
#[cfg(test)]
mod tests;

pub use compile::{MarketSource, SourceRow, Terms};
pub use file::{AssetEntry, InstrumentEntry, MarketFile, Style};

/// Whether a symbol is held as a balance or as a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// An asset: its amount is a balance in quanta.
    Asset,
    /// An instrument: its amount is a signed quantity in lots.
    Instrument,
}

/// One row of the market, in integers. These integers are what the market digest commits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Symbol {
    /// Name, unique over assets and instruments.
    pub id: String,
    /// Coin or contract the symbol is a variant of.
    pub family: String,
    /// Asset or instrument.
    pub kind: Kind,
    /// Row of the first variant of the same coin or contract (its own row if it is the first).
    pub first: u16,
    /// Row of the settlement asset (an asset's own row).
    pub settlement: u16,
    /// Asset: value of one quantum. Instrument: notional of one lot, `|basis|`.
    /// In 10^-18 quote quanta, above zero for an asset, below 2^112.
    pub unit: u128,
    /// Mark of one lot in quanta of the settlement asset; 0 for an asset.
    pub mark: i64,
}

/// The compiled market. Row numbers count from 1 in the statement's order
/// (assets, each followed by the instruments settled in it); row 0 is "no symbol".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Market {
    /// `symbols[i]` is row `i + 1`.
    pub symbols: Vec<Symbol>,
    /// SHA-256 of the bytes of `market.json`.
    pub file_digest: [u8; 32],
}
