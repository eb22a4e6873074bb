//! From `market.json` to integers.

use std::collections::BTreeMap;

use crate::error::InputError;
use crate::json::JsonFile;
use crate::market::{Market, Style};
use crate::units::Decimal;

/// What a market row was compiled from, in decimals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceRow {
    /// Name.
    pub id: String,
    /// Coin or contract.
    pub family: String,
    /// Row of the settlement asset (an asset's own row).
    pub settlement: u16,
    /// Where the row stands in the file, e.g. `instruments[3]`.
    pub path: String,
    /// Prices and units.
    pub terms: Terms,
}

/// Prices and units of a market row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Terms {
    /// Of an asset.
    Asset {
        /// Price of one unit in the quote currency.
        price: Decimal,
        /// Unit of counting.
        quantum: Decimal,
    },
    /// Of an instrument.
    Instrument {
        /// Linear or inverse.
        style: Style,
        /// Multiplier of one unit.
        multiplier: Decimal,
        /// Unit of counting.
        lot: Decimal,
        /// The ordinary price.
        mark: Decimal,
        /// Price of notional, where it is not `|mark|`.
        basis: Option<Decimal>,
    },
}

impl Terms {
    /// The unit in which the row's amounts are counted: an asset's quantum, an instrument's lot.
    pub fn unit(&self) -> Decimal {
        match *self {
            Self::Asset { quantum, .. } => quantum,
            Self::Instrument { lot, .. } => lot,
        }
    }
}

/// The market of a snapshot: as written and as compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarketSource {
    /// The unit of money.
    pub quote_quantum: Decimal,
    /// `rows[i]` is row `i + 1`, as in [`Market::symbols`].
    pub rows: Vec<SourceRow>,
    /// The integers.
    pub market: Market,
    by_id: BTreeMap<String, u16>,
}

impl MarketSource {
    /// Reads and compiles `market.json`.
    ///
    /// # Errors
    /// For the first defect found, see [`InputError`].
    pub fn parse(file_name: &str, bytes: &[u8]) -> Result<Self, InputError> {
        let file = JsonFile::new(file_name, bytes)?;
        let _: crate::market::MarketFile = file.parse()?;
        Err(file.error("", "not yet", ""))
    }

    /// The row of a symbol, from 1.
    pub fn row_of(&self, id: &str) -> Option<u16> {
        self.by_id.get(id).copied()
    }

    /// The row's source; `None` for row 0 and rows past the end.
    pub fn row(&self, row: u16) -> Option<&SourceRow> {
        self.rows.get(usize::from(row).checked_sub(1)?)
    }
}
