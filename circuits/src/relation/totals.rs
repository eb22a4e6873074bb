//! Rules 6 and 7: totals, by class, coin and contract.

use std::ops::AddAssign;

use super::PoolOutcome;
use crate::book::{Account, Class, Pool};
use crate::market::{Kind, Market};

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

impl AddAssign<&Totals> for Totals {
    fn add_assign(&mut self, other: &Totals) {
        self.equity_positive += other.equity_positive;
        self.equity_negative += other.equity_negative;
        self.maintenance += other.maintenance;
        self.initial += other.initial;
        self.deficient_pools += other.deficient_pools;
        self.shortfall += other.shortfall;
        self.bankrupt_pools += other.bankrupt_pools;
        self.bankruptcy += other.bankruptcy;
        self.underwater_pools += other.underwater_pools;
        self.underwater += other.underwater;
    }
}

impl<'a> std::iter::Sum<&'a Totals> for Totals {
    fn sum<I: Iterator<Item = &'a Totals>>(totals: I) -> Self {
        totals.fold(Totals::default(), |mut sum, totals| {
            sum += totals;
            sum
        })
    }
}

impl From<&PoolOutcome> for Totals {
    /// Totals of one pool. Deficits are differences of the rounded amounts.
    fn from(pool: &PoolOutcome) -> Self {
        let positive = |amount: i128| amount.max(0).unsigned_abs();
        let shortfall = positive(pool.maintenance - pool.equity);
        let bankruptcy = positive(-pool.equity);
        let underwater = positive(-pool.value);
        Totals {
            equity_positive: positive(pool.equity),
            equity_negative: bankruptcy,
            maintenance: positive(pool.maintenance),
            initial: positive(pool.initial),
            deficient_pools: u64::from(shortfall > 0),
            shortfall,
            bankrupt_pools: u64::from(bankruptcy > 0),
            bankruptcy,
            underwater_pools: u64::from(underwater > 0),
            underwater,
        }
    }
}

impl BookTotals {
    /// Totals of no accounts.
    pub fn new(market: &Market) -> Self {
        let rows = market.symbols.len();
        Self {
            classes: Default::default(),
            coins: std::array::from_fn(|_| vec![(0, 0); rows]),
            contracts: vec![(0, 0); rows],
            accounts: 0,
            pools: 0,
        }
    }

    /// Totals of all classes together.
    pub fn total(&self) -> Totals {
        self.classes.iter().sum()
    }

    /// Totals of one class.
    pub fn of(&self, class: Class) -> &Totals {
        &self.classes[class.index()]
    }

    /// Adds an account with the outcomes of its pools, in order.
    pub fn add_account(&mut self, market: &Market, account: &Account, outcomes: &[PoolOutcome]) {
        for (pool, outcome) in account.pools.iter().zip(outcomes) {
            self.add_pool(market, account.class, pool, outcome);
        }
        if account.pools.iter().any(|pool| !pool.holdings.is_empty()) {
            self.accounts += 1;
        }
    }

    /// Adds one pool; the account is counted by [`Self::add_account`] alone.
    fn add_pool(&mut self, market: &Market, class: Class, pool: &Pool, outcome: &PoolOutcome) {
        self.classes[class.index()] += &Totals::from(outcome);
        for (holding, outcome) in pool.holdings.iter().zip(&outcome.holdings) {
            let symbol = &market.symbols[usize::from(holding.row) - 1];
            let first = usize::from(symbol.first) - 1;
            let magnitude = outcome.amount.unsigned_abs();
            match symbol.kind {
                Kind::Asset => {
                    let (claims, debts) = &mut self.coins[class.index()][first];
                    *if outcome.negative { debts } else { claims } += magnitude;
                }
                Kind::Instrument => {
                    let (net, long) = &mut self.contracts[first];
                    *net += outcome.amount;
                    if !outcome.negative {
                        *long += magnitude;
                    }
                }
            }
        }
        self.pools += u64::from(!pool.holdings.is_empty());
    }

    /// Adds the totals of other accounts of the same market.
    pub fn merge(&mut self, other: &BookTotals) {
        for (class, other) in self.classes.iter_mut().zip(&other.classes) {
            *class += other;
        }
        for (coins, others) in self.coins.iter_mut().zip(&other.coins) {
            for (coin, other) in coins.iter_mut().zip(others) {
                coin.0 += other.0;
                coin.1 += other.1;
            }
        }
        for (contract, other) in self.contracts.iter_mut().zip(&other.contracts) {
            contract.0 += other.0;
            contract.1 += other.1;
        }
        self.accounts += other.accounts;
        self.pools += other.pools;
    }
}
