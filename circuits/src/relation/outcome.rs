//! What the statement says of one pool.

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
