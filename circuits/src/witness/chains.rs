//! The chains of blocks that runs hash, many runs side by side.
//!
//! A block has the state after the one before it, so the blocks of a run come one after the other;
//! those of different runs have nothing to do with each other. Runs of about one length go together:
//! at each step nearly all of them have a window left.

use halo2_proofs::halo2curves::bn256::Fr;

use super::plan::PlannedRun;
use crate::leaf::leaf_tag;
use crate::poseidon::RATE;

/// Runs that go together.
pub(super) const TOGETHER: usize = 16;

/// A window, hashed.
pub(super) struct Hashed<'a, T> {
    /// Its run, of those that go together.
    pub run: usize,
    /// The window, within its run.
    pub window: usize,
    /// What it hashed.
    pub block: &'a [Fr; RATE],
    /// What hashing gave.
    pub hash: T,
    /// The state of the chain after it.
    pub chain: Fr,
}

/// Puts runs of about one length beside each other.
pub(super) fn by_length<T>(runs: &mut [T], run: impl Fn(&T) -> &PlannedRun) {
    runs.sort_by_key(|item| std::cmp::Reverse(run(item).windows.len()));
}

/// Hashes the windows of runs that go together, and shows each. `hash` is given the blocks of one
/// step, `output` tells the output of what it gave for one.
pub(super) fn hash<'a, T>(
    runs: impl Iterator<Item = &'a PlannedRun>,
    money_bits: u32,
    hash: impl Fn(&[[Fr; RATE]]) -> Vec<T>,
    output: impl Fn(&T) -> Fr,
    mut show: impl FnMut(Hashed<'_, T>),
) {
    let mut chains: Vec<(&PlannedRun, Fr)> = runs.map(|run| (run, leaf_tag())).collect();
    let lengths = chains.iter().map(|(run, _)| run.windows.len());
    for at in 0..lengths.max().unwrap_or_default() {
        let left = chains.iter().enumerate();
        let left: Vec<(usize, [Fr; RATE])> = left
            .filter_map(|(i, (run, chain))| {
                let window = run.windows.get(at)?;
                Some((i, window.block(money_bits, *chain)))
            })
            .collect();
        let (indices, blocks): (Vec<usize>, Vec<[Fr; RATE]>) = left.into_iter().unzip();
        for ((i, block), hashed) in indices.into_iter().zip(&blocks).zip(hash(&blocks)) {
            let (run, chain) = &mut chains[i];
            let header = &run.windows[at].header;
            if header.absorbed {
                *chain = output(&hashed);
            }
            show(Hashed {
                run: i,
                window: at,
                block,
                hash: hashed,
                chain: *chain,
            });
            if header.account_end {
                *chain = leaf_tag();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::plan::{PlannedWindow, ShardPlan};
    use super::*;
    use crate::book::Class;
    use crate::leaf::Header;
    use crate::market::Market;
    use crate::poseidon::{hash8, Plain};
    use crate::relation::BookTotals;

    /// Windows that only scan, and ends of accounts, also where no honest plan has them.
    fn window(i: u64) -> PlannedWindow {
        PlannedWindow {
            holdings: Vec::new(),
            scans: Vec::new(),
            header: Header {
                absorbed: i % 3 != 1,
                pool_end: i.is_multiple_of(2),
                account_end: i % 7 == 6,
                class: Class::House,
            },
            identity: Fr::from(i / 5),
            salt: Fr::from(i),
            amounts: None,
        }
    }

    #[test]
    fn accepts_each_run_alone() {
        let mut next = 0;
        let runs: Vec<PlannedRun> = (0..50)
            .map(|i| {
                let first = next;
                next += 1 + i * 7 % 11;
                let windows = (first..next).map(window).collect();
                PlannedRun { windows }
            })
            .collect();
        let mut expected = Vec::new();
        for run in &runs {
            let mut state = leaf_tag();
            for window in &run.windows {
                let output = hash8(window.block(64, state));
                expected.push(output);
                state = match window.header {
                    Header {
                        account_end: true, ..
                    } => leaf_tag(),
                    Header { absorbed: true, .. } => output,
                    _ => state,
                };
            }
        }
        let market = Market {
            symbols: Vec::new(),
            file_digest: [0; 32],
        };
        let plan = ShardPlan::new(runs, BookTotals::new(&market), Fr::from(0));
        assert_eq!(plan.outputs(&Plain, 64), expected);
    }
}
