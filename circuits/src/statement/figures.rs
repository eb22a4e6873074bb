//! Totals between integers and text.

use serde::{Deserialize, Serialize};

use super::{Amount, AmountError, Statement, StatementError};
use crate::book::Class;
use crate::market::{Kind, MarketSource};
use crate::relation::{BookTotals, Totals};
use crate::units::Decimal;

/// Bits of a count of accounts or pools.
const COUNT_BITS: u32 = 40;

/// Totals of a class or of all, in the quote currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TotalFigures {
    /// Sum of equities above zero.
    pub equity_positive: Amount,
    /// Sum of equities below zero, as a magnitude.
    pub equity_negative: Amount,
    /// Sum of maintenance requirements.
    pub maintenance: Amount,
    /// Sum of initial requirements.
    pub initial: Amount,
    /// Pools with equity below maintenance.
    pub deficient_pools: u64,
    /// Sum of what they lack.
    pub shortfall: Amount,
    /// Pools with equity below zero.
    pub bankrupt_pools: u64,
    /// Sum of what they lack to zero.
    pub bankruptcy: Amount,
    /// Pools with value below zero.
    pub underwater_pools: u64,
    /// Sum of what they lack to zero.
    pub underwater: Amount,
}

/// Claims and debts of one coin, in units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CoinFigures {
    /// The coin.
    pub id: String,
    /// Sum of `u` above zero.
    pub claims: Amount,
    /// Sum of `u` below zero, as a magnitude.
    pub debts: Amount,
}

/// Totals of one class, with its coins in market order. (Unknown fields are refused by the
/// comparison with the canonical bytes.)
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassFigures {
    /// The totals.
    #[serde(flatten)]
    pub totals: TotalFigures,
    /// Every coin.
    pub coins: Vec<CoinFigures>,
}

/// The classes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Classes {
    /// Customers.
    pub customer: ClassFigures,
    /// The venue's own accounts.
    pub house: ClassFigures,
    /// The insurance fund.
    pub fund: ClassFigures,
}

impl Classes {
    /// Figures of one class.
    pub fn of(&self, class: Class) -> &ClassFigures {
        match class {
            Class::Customer => &self.customer,
            Class::House => &self.house,
            Class::Fund => &self.fund,
        }
    }
}

/// One contract, in units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContractFigures {
    /// The contract.
    pub id: String,
    /// Net quantity.
    pub net: Amount,
    /// Long open interest.
    pub long: Amount,
}

/// First variants of coins or contracts in market order: index, name, quantum or lot.
fn families(source: &MarketSource, kind: Kind) -> impl Iterator<Item = (usize, &str, Decimal)> {
    let symbols = source.market.symbols.iter().zip(&source.rows).enumerate();
    symbols
        .filter(move |(index, (symbol, _))| {
            symbol.kind == kind && usize::from(symbol.first) == index.saturating_add(1)
        })
        .map(|(index, (symbol, row))| (index, symbol.family.as_str(), row.terms.unit()))
}

pub(super) fn write(
    totals: &BookTotals,
    source: &MarketSource,
) -> (TotalFigures, Classes, Vec<ContractFigures>) {
    let quantum = source.quote_quantum;
    let class = |class: Class| ClassFigures {
        totals: write_totals(totals.of(class), quantum),
        coins: families(source, Kind::Asset)
            .map(|(index, id, unit)| {
                let coins = totals.coins.get(class.index());
                let (claims, debts) = coins
                    .and_then(|coins| coins.get(index))
                    .copied()
                    .unwrap_or_default();
                CoinFigures {
                    id: id.to_owned(),
                    claims: Amount::unsigned(claims, unit),
                    debts: Amount::unsigned(debts, unit),
                }
            })
            .collect(),
    };
    let classes = Classes {
        customer: class(Class::Customer),
        house: class(Class::House),
        fund: class(Class::Fund),
    };
    let contracts = families(source, Kind::Instrument)
        .map(|(index, id, unit)| {
            let (net, long) = totals.contracts.get(index).copied().unwrap_or_default();
            ContractFigures {
                id: id.to_owned(),
                net: Amount::signed(net, unit),
                long: Amount::unsigned(long, unit),
            }
        })
        .collect();
    (write_totals(&totals.total(), quantum), classes, contracts)
}

fn write_totals(totals: &Totals, quantum: Decimal) -> TotalFigures {
    let money = |amount| Amount::unsigned(amount, quantum);
    TotalFigures {
        equity_positive: money(totals.equity_positive),
        equity_negative: money(totals.equity_negative),
        maintenance: money(totals.maintenance),
        initial: money(totals.initial),
        deficient_pools: totals.deficient_pools,
        shortfall: money(totals.shortfall),
        bankrupt_pools: totals.bankrupt_pools,
        bankruptcy: money(totals.bankruptcy),
        underwater_pools: totals.underwater_pools,
        underwater: money(totals.underwater),
    }
}

pub(super) fn read(
    statement: &Statement,
    source: &MarketSource,
) -> Result<BookTotals, StatementError> {
    let mut book = BookTotals::new(&source.market);
    let quantum = source.quote_quantum;
    for (class, (totals, coins)) in Class::ALL
        .into_iter()
        .zip(book.classes.iter_mut().zip(&mut book.coins))
    {
        let path = format!("classes.{}", class.name());
        let figures = statement.classes.of(class);
        *totals = read_totals(&figures.totals, quantum, &path)?;
        let listed = figures.coins.iter().map(|coin| (coin.id.as_str(), coin));
        let path = format!("{path}.coins");
        each(
            source,
            Kind::Asset,
            &path,
            listed,
            |path, index, unit, coin| {
                if let Some(sums) = coins.get_mut(index) {
                    *sums = (
                        unsigned(path, &coin.claims, unit)?,
                        unsigned(path, &coin.debts, unit)?,
                    );
                }
                Ok(())
            },
        )?;
    }
    let listed = statement
        .contracts
        .iter()
        .map(|contract| (contract.id.as_str(), contract));
    each(
        source,
        Kind::Instrument,
        "contracts",
        listed,
        |path, index, unit, contract| {
            if let Some(sums) = book.contracts.get_mut(index) {
                *sums = (
                    signed(path, &contract.net, unit)?,
                    unsigned(path, &contract.long, unit)?,
                );
            }
            Ok(())
        },
    )?;
    // Three sums below 2^120 each.
    if read_totals(&statement.totals, quantum, "totals")? != book.total() {
        return Err(StatementError::Inconsistent(
            "totals are not the sums of the classes".into(),
        ));
    }
    if let Some(counts) = &statement.counts {
        book.accounts = count("counts.accounts", counts.accounts)?;
        book.pools = count("counts.pools", counts.pools)?;
    }
    Ok(book)
}

/// Visits every coin or contract, which must be the market's in its order.
fn each<'a, T: 'a>(
    source: &MarketSource,
    kind: Kind,
    path: &str,
    listed: impl Iterator<Item = (&'a str, T)>,
    mut visit: impl FnMut(&str, usize, Decimal, T) -> Result<(), StatementError>,
) -> Result<(), StatementError> {
    let mut listed = listed.enumerate();
    let wrong = |position: Option<usize>, expected: &str, got: &str| StatementError::Symbol {
        field: position.map_or_else(|| path.to_owned(), |index| format!("{path}[{index}].id")),
        expected: expected.to_owned(),
        got: got.to_owned(),
    };
    for (index, family, unit) in families(source, kind) {
        match listed.next() {
            Some((position, (id, figures))) if id == family => {
                visit(&format!("{path}[{position}]"), index, unit, figures)?;
            }
            Some((position, (id, _))) => {
                return Err(wrong(
                    Some(position),
                    &format!("{family:?}"),
                    &format!("{id:?}"),
                ));
            }
            None => return Err(wrong(None, &format!("{family:?}"), "the end of the list")),
        }
    }
    match listed.next() {
        Some((position, (id, _))) => Err(wrong(
            Some(position),
            "the end of the list",
            &format!("{id:?}"),
        )),
        None => Ok(()),
    }
}

fn read_totals(
    figures: &TotalFigures,
    quantum: Decimal,
    path: &str,
) -> Result<Totals, StatementError> {
    let money =
        |field: &str, amount: &Amount| unsigned(&format!("{path}.{field}"), amount, quantum);
    let pools = |field: &str, number: u64| count(&format!("{path}.{field}"), number);
    let totals = Totals {
        equity_positive: money("equity_positive", &figures.equity_positive)?,
        equity_negative: money("equity_negative", &figures.equity_negative)?,
        maintenance: money("maintenance", &figures.maintenance)?,
        initial: money("initial", &figures.initial)?,
        deficient_pools: pools("deficient_pools", figures.deficient_pools)?,
        shortfall: money("shortfall", &figures.shortfall)?,
        bankrupt_pools: pools("bankrupt_pools", figures.bankrupt_pools)?,
        bankruptcy: money("bankruptcy", &figures.bankruptcy)?,
        underwater_pools: pools("underwater_pools", figures.underwater_pools)?,
        underwater: money("underwater", &figures.underwater)?,
    };
    if totals.bankruptcy != totals.equity_negative {
        let problem = format!("{path}: bankruptcy is not the negative equity");
        return Err(StatementError::Inconsistent(problem));
    }
    Ok(totals)
}

fn signed(path: &str, amount: &Amount, unit: Decimal) -> Result<i128, StatementError> {
    amount.units(unit).map_err(|source| StatementError::Amount {
        field: path.to_owned(),
        source,
    })
}

fn unsigned(path: &str, amount: &Amount, unit: Decimal) -> Result<u128, StatementError> {
    u128::try_from(signed(path, amount, unit)?).map_err(|_| StatementError::Amount {
        field: path.to_owned(),
        source: AmountError::Range,
    })
}

fn count(path: &str, number: u64) -> Result<u64, StatementError> {
    if number >> COUNT_BITS == 0 {
        Ok(number)
    } else {
        Err(StatementError::Amount {
            field: path.to_owned(),
            source: AmountError::Range,
        })
    }
}
