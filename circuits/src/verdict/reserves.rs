//! Reserves given from outside, coin by coin.

use std::collections::BTreeMap;

use serde::Serialize;

use super::prices::DecimalMap;
use crate::book::Class;
use crate::error::InputError;
use crate::json::JsonFile;
use crate::market::{Kind, MarketSource};
use crate::relation::BookTotals;
use crate::statement::Amount;
use crate::units::Decimal;

/// `reserves.json`: what there is of each coin, in units; a coin that is absent has none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reserves(BTreeMap<String, Decimal>);

/// One coin under `--reserves`, in units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CoinReserves {
    /// The coin.
    pub coin: String,
    /// What there is.
    pub reserves: String,
    /// `claims(customer, fund) - debts(customer)`; below zero when debts are greater.
    pub required: Amount,
    /// Whether the reserves reach what is required.
    pub reached: bool,
}

/// Every coin under `--reserves`, in market order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReservesReport {
    /// Every coin.
    pub coins: Vec<CoinReserves>,
}

impl ReservesReport {
    /// Whether every coin's reserves are reached.
    pub fn holds(&self) -> bool {
        self.coins.iter().all(|coin| coin.reached)
    }

    /// The coins whose reserves are not reached.
    pub fn missing(&self) -> impl Iterator<Item = &CoinReserves> {
        self.coins.iter().filter(|coin| !coin.reached)
    }
}

impl Reserves {
    /// Reads `reserves.json` for a market.
    ///
    /// # Errors
    /// For a coin the market does not have, one given twice, and an amount that is none.
    pub fn parse(file_name: &str, bytes: &[u8], source: &MarketSource) -> Result<Self, InputError> {
        let file = JsonFile::new(file_name, bytes)?;
        let map: DecimalMap = file.parse()?;
        let mut reserves = BTreeMap::new();
        for (coin, text) in map.0 {
            let amount = file.decimal(&coin, &text)?;
            if amount.signum() < 0 {
                let problem = format!("{text:?} is below zero");
                return Err(file.error(coin, problem, "give what is held of the coin"));
            }
            let symbols = &source.market.symbols;
            if !symbols
                .iter()
                .any(|s| s.kind == Kind::Asset && s.family == coin)
            {
                let problem = format!("{coin:?} is not a coin of the market");
                let remedy = "name coins as in market.json, or leave it out";
                return Err(file.error(coin, problem, remedy));
            }
            reserves.insert(coin, amount);
        }
        Ok(Self(reserves))
    }

    /// Compares the reserves with what the totals require.
    pub fn check(&self, totals: &BookTotals, source: &MarketSource) -> ReservesReport {
        let symbols = source.market.symbols.iter().zip(&source.rows).enumerate();
        let coins = symbols
            .filter(|(index, (symbol, _))| {
                symbol.kind == Kind::Asset && usize::from(symbol.first) == index.saturating_add(1)
            })
            .map(|(index, (symbol, row))| {
                let sums = |class: Class| {
                    let coins = totals.coins.get(class.index());
                    coins
                        .and_then(|coins| coins.get(index))
                        .copied()
                        .unwrap_or_default()
                };
                let (claims, debts) = sums(Class::Customer);
                let claims = claims.saturating_add(sums(Class::Fund).0);
                // Sums are far below 2^127; one that is not is required in full, and not reached.
                let required = i128::try_from(claims)
                    .ok()
                    .and_then(|claims| claims.checked_sub(i128::try_from(debts).ok()?))
                    .unwrap_or(i128::MAX);
                let unit = row.terms.unit();
                let held = self.0.get(&symbol.family).copied().unwrap_or(Decimal::ZERO);
                // Reaching a whole number of quanta is a question of the whole quanta held.
                let quanta: i128 = held.ratio().over(unit).floor().unwrap_or(i128::MAX - 1);
                CoinReserves {
                    coin: symbol.family.clone(),
                    reserves: held.to_string(),
                    required: Amount::signed(required, unit),
                    reached: quanta >= required,
                }
            })
            .collect();
        ReservesReport { coins }
    }
}
