//! What stands in each window: the prover's claims, in integers.

use ff::Field;
use halo2_proofs::halo2curves::bn256::Fr;
use rayon::prelude::*;

use super::chains;
use crate::book::{Account, Class, Holding};
use crate::leaf::{holding_elements, Header};
use crate::poseidon::{Hasher, RATE};
use crate::relation::{BookTotals, HoldingOutcome, PoolOutcome, Scan};
use crate::shape::{Shape, WINDOW_ROWS};

/// One holding and what is claimed of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlannedHolding {
    /// Row and amount, as the leaf binds them.
    pub holding: Holding,
    /// What the relation says of it.
    pub outcome: HoldingOutcome,
}

/// A pool's rounded amounts, in quote quanta.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolAmounts {
    /// Equity.
    pub equity: i128,
    /// Value.
    pub value: i128,
    /// Maintenance requirement.
    pub maintenance: i128,
    /// Initial requirement.
    pub initial: i128,
}

/// One window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedWindow {
    /// Up to eight holdings of one pool.
    pub holdings: Vec<PlannedHolding>,
    /// Up to the shape's scan lanes of the same pool; those that end here, where a scan takes several windows.
    pub scans: Vec<Scan>,
    /// Flags and class.
    pub header: Header,
    /// The identity's element in an account's last window, 0 elsewhere.
    pub identity: Fr,
    /// The block's salt.
    pub salt: Fr,
    /// The pool's amounts, in its last window.
    pub amounts: Option<PoolAmounts>,
}

/// Some consecutive windows: an account, or an empty slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedRun {
    /// The windows.
    pub windows: Vec<PlannedWindow>,
}

/// All windows of a shard, in order of slot, and the totals claimed of them.
#[derive(Debug, Clone)]
pub struct ShardPlan {
    /// Runs that fill the capacity exactly.
    pub runs: Vec<PlannedRun>,
    /// The totals.
    pub totals: BookTotals,
    /// Salt of the counts digest.
    pub counts_salt: Fr,
}

impl PlannedWindow {
    /// What the window hashes, and the state before it.
    pub fn block(&self, money_bits: u32, state: Fr) -> [Fr; RATE] {
        let holdings: Vec<_> = self.holdings.iter().map(|held| held.holding).collect();
        let [e0, e1, e2, e3] = holding_elements(money_bits, &holdings);
        let header = self.header.element();
        [state, e0, e1, e2, e3, header, self.identity, self.salt]
    }
}

impl PlannedRun {
    /// Windows an account takes: enough for the holdings and the scans of each pool.
    pub fn length(shape: &Shape, pools: &[PoolOutcome]) -> usize {
        pools.iter().map(|pool| pool_windows(shape, pool).1).sum()
    }

    /// The windows of an account with an identity's element. `salts` gives a salt for each window, of
    /// those that belong to the leaf in the order of its blocks.
    pub fn account(
        shape: &Shape,
        account: &Account,
        identity: Fr,
        pools: &[PoolOutcome],
        mut salts: impl FnMut() -> Fr,
    ) -> Self {
        let mut windows = Vec::with_capacity(Self::length(shape, pools));
        let last = pools.len().saturating_sub(1);
        for (p, (pool, outcome)) in account.pools.iter().zip(pools).enumerate() {
            let (blocks, count) = pool_windows(shape, outcome);
            let mut holdings =
                pool.holdings
                    .iter()
                    .zip(&outcome.holdings)
                    .map(|(holding, outcome)| PlannedHolding {
                        holding: *holding,
                        outcome: *outcome,
                    });
            let mut scans = outcome.scans.iter().cloned();
            for w in 0..count {
                // Windows that only scan come first, so that the pool's last block ends it.
                let absorbed = w >= count - blocks;
                let pool_end = w + 1 == count;
                let account_end = pool_end && p == last;
                windows.push(PlannedWindow {
                    holdings: if absorbed {
                        holdings.by_ref().take(WINDOW_ROWS).collect()
                    } else {
                        Vec::new()
                    },
                    scans: if (w + 1).is_multiple_of(shape.scan_windows()) {
                        scans.by_ref().take(shape.scan_lanes).collect()
                    } else {
                        Vec::new()
                    },
                    header: Header {
                        absorbed,
                        pool_end,
                        account_end,
                        class: account.class,
                    },
                    identity: if account_end { identity } else { Fr::ZERO },
                    salt: salts(),
                    amounts: pool_end.then_some(PoolAmounts {
                        equity: outcome.equity,
                        value: outcome.value,
                        maintenance: outcome.maintenance,
                        initial: outcome.initial,
                    }),
                });
            }
        }
        Self { windows }
    }

    /// An empty slot.
    pub fn empty(salt: Fr) -> Self {
        let header = Header {
            absorbed: true,
            pool_end: true,
            account_end: true,
            class: Class::Customer,
        };
        let amounts = Some(PoolAmounts {
            equity: 0,
            value: 0,
            maintenance: 0,
            initial: 0,
        });
        let window = PlannedWindow {
            holdings: Vec::new(),
            scans: Vec::new(),
            header,
            identity: Fr::ZERO,
            salt,
            amounts,
        };
        Self {
            windows: vec![window],
        }
    }

    /// Indices, within the run, of the windows that are blocks of the leaf.
    pub fn blocks(&self) -> impl Iterator<Item = usize> + '_ {
        self.windows
            .iter()
            .enumerate()
            .filter(|(_, w)| w.header.absorbed)
            .map(|(i, _)| i)
    }
}

/// Blocks of a pool's leaf, and windows it takes.
fn pool_windows(shape: &Shape, pool: &PoolOutcome) -> (usize, usize) {
    let blocks = pool.holdings.len().div_ceil(WINDOW_ROWS).max(1);
    (
        blocks,
        blocks.max(pool.scans.len().div_ceil(shape.scan_lanes) * shape.scan_windows()),
    )
}

impl ShardPlan {
    /// A plan of runs, with the totals of the book they hold.
    pub fn new(runs: Vec<PlannedRun>, totals: BookTotals, counts_salt: Fr) -> Self {
        Self {
            runs,
            totals,
            counts_salt,
        }
    }

    /// What the slots hold, the output of each window.
    pub fn outputs(&self, hasher: &dyn Hasher, money_bits: u32) -> Vec<Fr> {
        let mut next = 0;
        let runs = self.runs.iter().map(|run| {
            let first = next;
            next += run.windows.len();
            (run, first)
        });
        let mut runs: Vec<(&PlannedRun, usize)> = runs.collect();
        chains::by_length(&mut runs, |(run, _)| run);
        let outputs: Vec<Vec<(usize, Fr)>> = runs
            .par_chunks(chains::TOGETHER)
            .map(|runs| {
                let mut outputs = Vec::new();
                chains::hash(
                    runs.iter().map(|(run, _)| *run),
                    money_bits,
                    |blocks| hasher.hashes(blocks),
                    |output| *output,
                    |hashed| outputs.push((runs[hashed.run].1 + hashed.window, hashed.hash)),
                );
                outputs
            })
            .collect();
        let mut slots = vec![Fr::ZERO; next];
        for (slot, output) in outputs.into_iter().flatten() {
            slots[slot] = output;
        }
        slots
    }
}
