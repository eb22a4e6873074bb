//! Verdicts, derived from the totals and never by the prover.

mod prices;
mod reserves;

use std::fmt;

use serde::{Serialize, Serializer};

use crate::book::Class;
use crate::relation::BookTotals;

pub use prices::{Deviation, Prices, PricesReport};
pub use reserves::{CoinReserves, Reserves, ReservesReport};

/// What the totals of a book come to: the first of these that applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// A contract's net quantity is not zero: somebody's counterparty is missing.
    Unmatched,
    /// Negative equity of customer and house pools exceeds the fund.
    Uncovered,
    /// No customer pool is deficient.
    Solvent,
    /// Some customer pools are deficient, and the fund covers every loss beyond margin.
    Covered,
}

impl Verdict {
    /// The verdict on a book.
    pub fn of(totals: &BookTotals) -> Self {
        let lost = |class: Class| totals.of(class).equity_negative;
        if totals.contracts.iter().any(|(net, _)| *net != 0) {
            Verdict::Unmatched
        } else if lost(Class::Customer).saturating_add(lost(Class::House)) > fund(totals) {
            Verdict::Uncovered
        } else if totals.of(Class::Customer).deficient_pools == 0 {
            Verdict::Solvent
        } else {
            Verdict::Covered
        }
    }

    /// Whether the book can meet its margin.
    pub fn is_good(self) -> bool {
        matches!(self, Verdict::Solvent | Verdict::Covered)
    }

    /// Name as in the files.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Unmatched => "unmatched",
            Verdict::Uncovered => "uncovered",
            Verdict::Solvent => "solvent",
            Verdict::Covered => "covered",
        }
    }
}

/// What the fund can pay, in quote quanta: its equity less what its own positions require.
pub fn fund(totals: &BookTotals) -> u128 {
    let fund = totals.of(Class::Fund);
    fund.equity_positive
        .saturating_sub(fund.equity_negative.saturating_add(fund.maintenance))
}

/// What a verdict stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// The proof alone.
    Margin,
    /// The proof, and reserves given from outside that reach every coin's net claims.
    MarginAndReserves,
}

impl Basis {
    /// Name as in the files.
    pub fn name(self) -> &'static str {
        match self {
            Basis::Margin => "margin",
            Basis::MarginAndReserves => "margin+reserves",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Basis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Verdict {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl Serialize for Basis {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(test)]
mod tests;
