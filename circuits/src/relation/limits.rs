//! Rule 2: the ranges of a pool's amounts.

use std::fmt;

use ethnum::{I256, U256};

use crate::book::Pool;
use crate::error::InputError;
use crate::market::Symbol;
use crate::shape::Shape;

/// Bits of a quantity of lots, sign included, in every shape.
const POSITION_BITS: u32 = 64;

/// The ranges of a shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bits of amounts and money, sign included: every magnitude is below `2^(money_bits - 1)`.
    pub money_bits: u32,
}

impl Limits {
    /// 64-bit money: 9 * 10^12 USD at a quantum of 10^-6.
    pub const NARROW: Limits = Limits { money_bits: 64 };
    /// 96-bit money.
    pub const WIDE: Limits = Limits { money_bits: 96 };

    /// The first magnitude out of range, in quanta.
    pub(super) fn money(self) -> U256 {
        U256::ONE << (self.money_bits - 1)
    }

    pub(super) fn check(
        self,
        pool: &Pool,
        symbol: Option<&Symbol>,
        quantity: Quantity,
        amount: I256,
    ) -> Result<i128, RangeError> {
        let bits = match quantity {
            Quantity::Position => POSITION_BITS,
            _ => self.money_bits,
        };
        if amount.unsigned_abs() < U256::ONE << (bits - 1) {
            return Ok(amount.as_i128());
        }
        let problem = RangeProblem::TooLarge {
            quantity,
            amount,
            bits,
        };
        Err(RangeError::malformed(pool, symbol, problem))
    }
}

impl From<&Shape> for Limits {
    fn from(shape: &Shape) -> Self {
        Self {
            money_bits: shape.money_bits,
        }
    }
}

/// What has a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantity {
    /// An asset's `base`, in quanta.
    Base,
    /// An asset's `u`, in quanta.
    Worth,
    /// The value of one asset, in quote quanta.
    AssetValue,
    /// A position's quantity, in lots.
    Position,
    /// A position's notional, in quote quanta.
    Notional,
    /// The lots of collateral that a scan counts.
    ScannedLots,
    /// A risk group's loss in one scenario, in quote quanta.
    ScanLoss,
    /// A pool's equity, in quote quanta.
    Equity,
    /// A pool's value, in quote quanta.
    Value,
    /// A pool's maintenance requirement, in quote quanta.
    Maintenance,
    /// A pool's initial requirement, in quote quanta.
    Initial,
}

impl Quantity {
    /// Name and unit, as errors show them.
    pub fn name(self) -> &'static str {
        match self {
            Quantity::Base => "balance less costs, in quanta",
            Quantity::Worth => "balance with positions at their marks, in quanta",
            Quantity::AssetValue => "value of the asset, in quote quanta",
            Quantity::Position => "quantity, in lots",
            Quantity::Notional => "notional, in quote quanta",
            Quantity::ScannedLots => "collateral in the scan, in lots",
            Quantity::ScanLoss => "loss of a risk group, in quote quanta",
            Quantity::Equity => "equity, in quote quanta",
            Quantity::Value => "value, in quote quanta",
            Quantity::Maintenance => "maintenance, in quote quanta",
            Quantity::Initial => "initial, in quote quanta",
        }
    }
}

/// What is wrong with a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RangeProblem {
    /// An amount reaches `2^(bits - 1)`.
    TooLarge {
        /// What it is.
        quantity: Quantity,
        /// The amount.
        amount: I256,
        /// Bits of its range, sign included.
        bits: u32,
    },
    /// Rows of holdings must rise: a symbol twice in a pool would escape its tiers and brackets.
    NotRising,
    /// A row that the market or the model does not have.
    UnknownRow(u16),
    /// A risk group that the model does not have.
    UnknownGroup(u16),
    /// The pool does not hold the asset (its row) that a position settles in.
    NoSettlementAsset(u16),
}

/// A pool that the statement cannot represent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct RangeError {
    /// The account; empty when only a pool was evaluated.
    pub account: Box<str>,
    /// The pool.
    pub pool: Box<str>,
    /// The symbol, if the problem is one's.
    pub symbol: Option<Box<str>>,
    /// What is wrong.
    pub problem: RangeProblem,
}

impl RangeError {
    pub(super) fn malformed(pool: &Pool, symbol: Option<&Symbol>, problem: RangeProblem) -> Self {
        Self {
            account: Box::default(),
            pool: pool.name.as_str().into(),
            symbol: symbol.map(|symbol| symbol.id.as_str().into()),
            problem,
        }
    }

    /// The same error of a pool of an account.
    #[must_use]
    pub fn of_account(mut self, account: &str) -> Self {
        self.account = account.into();
        self
    }

    /// As an error of the file that the account came from.
    pub fn in_file(&self, file: &str) -> InputError {
        let remedy = match self.problem {
            RangeProblem::TooLarge { .. } => {
                "use a coarser lot, quantum or quote_quantum, or a shape with 96-bit money"
            }
            _ => "give each symbol once in a pool, with the asset that its positions settle in",
        };
        InputError::new(file, self.place(), self.what(), remedy)
    }

    fn place(&self) -> String {
        let mut place = format!("account {:?}, pool {:?}", self.account, self.pool);
        if let Some(symbol) = &self.symbol {
            place.push_str(&format!(", symbol {symbol:?}"));
        }
        place
    }

    fn what(&self) -> String {
        match self.problem {
            RangeProblem::TooLarge {
                quantity,
                amount,
                bits,
            } => format!(
                "{} is {amount}, beyond the limit of 2^{} - 1",
                quantity.name(),
                bits - 1
            ),
            RangeProblem::NotRising => "holdings are not in rising order of rows".into(),
            RangeProblem::UnknownRow(row) => format!("row {row} is not in the market and model"),
            RangeProblem::UnknownGroup(group) => format!("risk group {group} is not in the model"),
            RangeProblem::NoSettlementAsset(row) => {
                format!("the position's settlement asset (row {row}) is not in the pool")
            }
        }
    }
}

impl fmt::Display for RangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place(), self.what())
    }
}
