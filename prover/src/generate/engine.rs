//! Drafted pools, and the collateral that makes them healthy, deficient or bankrupt.

use std::collections::BTreeMap;

use zkmargin_circuits::book::{Holding, Pool};
use zkmargin_circuits::market::Market;
use zkmargin_circuits::relation::{evaluate, Limits, PoolOutcome};
use zkmargin_circuits::risk::RiskModel;

use super::universe::Universe;
use super::GenerateError;

/// What a position cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// Entry price, at the generator's scale.
    Price(i128),
    /// Cost in quanta of the settlement asset.
    Cost(i128),
}

/// A position of a drafted pool.
#[derive(Debug, Clone, Copy)]
pub struct DraftPosition {
    /// Index of the instrument.
    pub instrument: usize,
    /// Signed quantity.
    pub lots: i64,
    /// What it cost.
    pub entry: Entry,
}

/// A pool being made: balances in quanta by asset, and positions.
#[derive(Debug, Clone, Default)]
pub struct DraftPool {
    /// Name.
    pub name: String,
    /// Balances by index of asset, in quanta.
    pub balances: BTreeMap<usize, i128>,
    /// Positions, each instrument once.
    pub positions: Vec<DraftPosition>,
    /// The asset in which the pool is topped up.
    pub reserve: usize,
}

/// An account being made.
#[derive(Debug, Clone, Default)]
pub struct DraftAccount {
    /// Identity.
    pub id: String,
    /// Pools, the first of them the cross pool.
    pub pools: Vec<DraftPool>,
}

/// How a pool has to come out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// Equity above maintenance.
    Healthy,
    /// Equity from zero to below maintenance, at this percentage of it.
    Deficient(i128),
    /// Equity below zero by this percentage of maintenance.
    Bankrupt(i128),
}

/// A universe compiled, with the rows of its symbols.
#[derive(Debug)]
pub struct Engine {
    /// What is listed.
    pub universe: Universe,
    market: Market,
    risk: RiskModel,
    asset_rows: Vec<u16>,
    instrument_rows: Vec<u16>,
    /// Index of the asset of a coin's first variant, by asset.
    pub coin: Vec<usize>,
}

impl Engine {
    /// Finds the universe's symbols in its compiled market.
    ///
    /// # Errors
    /// When the market does not list one of them.
    pub fn new(universe: Universe, market: Market, risk: RiskModel) -> Result<Self, GenerateError> {
        let rows: BTreeMap<&str, u16> = market
            .symbols
            .iter()
            .zip(1..)
            .map(|(symbol, row)| (symbol.id.as_str(), row))
            .collect();
        let row = |id: &str| {
            rows.get(id)
                .copied()
                .ok_or_else(|| GenerateError::Unlisted(id.to_owned()))
        };
        let asset_rows = universe
            .assets
            .iter()
            .map(|asset| row(&asset.id))
            .collect::<Result<_, _>>()?;
        let instrument_rows = universe
            .instruments
            .iter()
            .map(|row_of| row(&row_of.id))
            .collect::<Result<_, _>>()?;
        let coin = universe
            .assets
            .iter()
            .map(|asset| {
                universe
                    .assets
                    .iter()
                    .position(|other| other.coin == asset.coin)
                    .unwrap_or_default()
            })
            .collect();
        Ok(Self {
            universe,
            market,
            risk,
            asset_rows,
            instrument_rows,
            coin,
        })
    }

    /// Cost of a position in quanta of its settlement asset.
    ///
    /// # Errors
    /// When it does not come out exact.
    pub fn cost(&self, position: &DraftPosition) -> Result<i128, GenerateError> {
        let row = &self.universe.instruments[position.instrument];
        match position.entry {
            Entry::Cost(cost) => Ok(cost),
            Entry::Price(price) => row
                .cost(position.lots, price)
                .ok_or_else(|| GenerateError::InexactCost(row.id.clone())),
        }
    }

    /// Worth of a position at its mark, in quanta of its settlement asset.
    pub fn worth(&self, position: &DraftPosition) -> i128 {
        let row = usize::from(self.instrument_rows[position.instrument]);
        i128::from(self.market.symbols[row - 1].mark) * i128::from(position.lots)
    }

    /// The pool as the statement sees it.
    ///
    /// # Errors
    /// When a cost does not come out exact.
    pub fn pool(&self, draft: &DraftPool) -> Result<Pool, GenerateError> {
        let mut bases = draft.balances.clone();
        for position in &draft.positions {
            let settlement = self.universe.instruments[position.instrument].settlement;
            *bases.entry(settlement).or_insert(0) -= self.cost(position)?;
        }
        let assets = bases.iter().map(|(asset, base)| Holding {
            row: self.asset_rows[*asset],
            amount: *base,
        });
        let positions = draft.positions.iter().map(|position| Holding {
            row: self.instrument_rows[position.instrument],
            amount: i128::from(position.lots),
        });
        let mut holdings: Vec<Holding> = assets.chain(positions).collect();
        holdings.sort_unstable_by_key(|holding| holding.row);
        Ok(Pool {
            name: draft.name.clone(),
            holdings,
        })
    }

    /// The statement of a drafted pool.
    ///
    /// # Errors
    /// When it is beyond the widest range.
    pub fn outcome(&self, draft: &DraftPool) -> Result<PoolOutcome, GenerateError> {
        Ok(evaluate(
            &self.market,
            &self.risk,
            &self.pool(draft)?,
            Limits::WIDE,
        )?)
    }

    /// Every asset of a pool and its `u`, in quanta.
    ///
    /// # Errors
    /// As [`Self::outcome`].
    pub fn amounts(&self, draft: &DraftPool) -> Result<Vec<(usize, i128)>, GenerateError> {
        let mut amounts = draft.balances.clone();
        for position in &draft.positions {
            let settlement = self.universe.instruments[position.instrument].settlement;
            *amounts.entry(settlement).or_insert(0) +=
                self.worth(position) - self.cost(position)?;
        }
        Ok(amounts.into_iter().collect())
    }

    /// Changes the balance of the pool's reserve asset until the pool comes out as wanted.
    ///
    /// # Errors
    /// When no balance does it.
    pub fn settle(&self, draft: &mut DraftPool, target: Target) -> Result<(), GenerateError> {
        match target {
            Target::Healthy => self.top_up(draft),
            Target::Deficient(percent) => self.drain(draft, |outcome| {
                outcome.equity * 100 >= outcome.maintenance * percent
            }),
            Target::Bankrupt(percent) => self.drain(draft, |outcome| {
                outcome.equity * 100 >= -(outcome.maintenance * percent + 100_000_000)
            }),
        }
    }

    /// Adds collateral until equity stands a tenth above maintenance.
    fn top_up(&self, draft: &mut DraftPool) -> Result<(), GenerateError> {
        let row = usize::from(self.asset_rows[draft.reserve]);
        let unit = self.market.symbols[row - 1].unit.max(1);
        for _ in 0..64 {
            let outcome = self.outcome(draft)?;
            let missing = outcome.maintenance + outcome.maintenance / 10 + 1 - outcome.equity;
            if missing <= 0 {
                return Ok(());
            }
            let quanta = missing * 1_000_000_000 / (unit / 1_000_000_000).max(1) as i128;
            *draft.balances.entry(draft.reserve).or_insert(0) += quanta * 5 / 4 + 1;
        }
        Err(GenerateError::Unreachable(draft.name.clone()))
    }

    /// Takes collateral away down to the greatest balance at which `enough` no longer holds.
    fn drain(
        &self,
        draft: &mut DraftPool,
        enough: impl Fn(&PoolOutcome) -> bool,
    ) -> Result<(), GenerateError> {
        self.top_up(draft)?;
        let mut high = draft.balances.get(&draft.reserve).copied().unwrap_or(0);
        let mut holds = |balance: i128| -> Result<bool, GenerateError> {
            draft.balances.insert(draft.reserve, balance);
            Ok(enough(&self.outcome(draft)?))
        };
        let mut step = 1 << 24;
        let mut low = high;
        while holds(low)? {
            high = low;
            low -= step;
            step *= 2;
        }
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if holds(middle)? {
                high = middle;
            } else {
                low = middle;
            }
        }
        holds(low)?;
        Ok(())
    }
}
