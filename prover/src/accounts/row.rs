//! One row of an accounts file.

use zkmargin_circuits::base::{Row, RowPrice};
use zkmargin_circuits::units::Decimal;

/// One row of an accounts file, as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BookRow {
    pub(super) line: u32,
    pub(super) written: Row,
}

impl BookRow {
    /// Line of a CSV file, or row of a Parquet file, from 1.
    pub fn line(&self) -> u64 {
        self.line.into()
    }

    /// Market row, from 1.
    pub fn row(&self) -> u16 {
        self.written.row
    }

    /// Balance in units, or signed quantity.
    pub fn quantity(&self) -> Decimal {
        self.written.quantity
    }

    /// Entry price or cost of a position.
    pub fn price(&self) -> RowPrice {
        self.written.price
    }

    /// The row without its place.
    pub fn as_written(&self) -> Row {
        self.written
    }
}
