//! One shard of a book: its accounts in their places, its witness, its proof.

use halo2_proofs::halo2curves::bn256::Fr;
use rand::rngs::OsRng;
use rayon::prelude::*;
use zkmargin_circuits::digest::counts_digest;
use zkmargin_circuits::relation::{evaluate_account, BookTotals, Limits, PoolOutcome};
use zkmargin_circuits::shape::Shape;
use zkmargin_circuits::tree::Tree;
use zkmargin_circuits::witness::plan::{PlannedRun, ShardPlan};
use zkmargin_circuits::witness::{Context, Witness};

use crate::cells::ShardCells;
use crate::engine::proof::{create_proof, Step};
use crate::error::ProveError;
use crate::key::ProvingKey;
use crate::placement::{Place, Places, Seed};
use crate::snapshot::LoadedSnapshot;
use crate::totals::FreeRows;

/// A book divided into shards.
#[derive(Debug, Clone, Copy)]
pub struct Shards<'a> {
    /// The book.
    pub snapshot: &'a LoadedSnapshot,
    /// The shape.
    pub shape: &'a Shape,
    /// Where salts come from.
    pub seed: &'a Seed,
    /// Where accounts stand.
    pub places: &'a Places,
}

impl Shards<'_> {
    /// How many there are.
    pub fn count(&self) -> usize {
        self.places.shards.len()
    }

    /// Evaluates the accounts of a shard and lays them out in its windows.
    ///
    /// # Errors
    /// See [`ProveError`].
    pub fn plan(&self, index: usize) -> Result<PlannedShard, ProveError> {
        let places = self.places.shards.get(index).map_or(&[][..], Vec::as_slice);
        PlannedShard::new(self.snapshot, self.shape, self.seed, index, places)
    }

    /// What every shard's proof will show of it.
    ///
    /// # Errors
    /// See [`ProveError`].
    pub fn roots(&self) -> Result<Vec<ShardRoot>, ProveError> {
        (0..self.count())
            .map(|index| Ok(self.plan(index)?.root(self.shape)))
            .collect()
    }
}

/// The accounts of a shard in their windows.
#[derive(Debug)]
pub struct PlannedShard {
    /// The windows and totals.
    pub plan: ShardPlan,
    /// The accounts.
    pub accounts: Vec<PlacedAccount>,
}

/// An account in a shard.
#[derive(Debug)]
pub struct PlacedAccount {
    /// Index in the book.
    pub account: usize,
    /// The statement of each of its pools.
    pub outcomes: Vec<PoolOutcome>,
    /// Slot of its leaf within the shard.
    pub slot: usize,
    /// Salts of its leaf's blocks.
    pub salts: Vec<Fr>,
}

/// What a proof shows of its shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShardRoot {
    /// Root of the tree over its slots.
    pub root: Fr,
    /// Its counts digest.
    pub counts: Fr,
}

impl PlannedShard {
    fn new(
        snapshot: &LoadedSnapshot,
        shape: &Shape,
        seed: &Seed,
        index: usize,
        places: &[Place],
    ) -> Result<Self, ProveError> {
        let market = &snapshot.market.market;
        let limits = Limits::from(shape);
        let evaluated = places
            .par_iter()
            .map(|place| {
                let Some(place) = place else {
                    // Its salt is that of its slot, which is known when all lengths are.
                    return Ok((None, PlannedRun::empty(Fr::default())));
                };
                let account = &snapshot.book.accounts[*place as usize];
                let risk = &snapshot.risk.model;
                let outcomes = evaluate_account(market, risk, account, limits)?;
                let mut window = 0;
                let salts = || {
                    window += 1;
                    seed.window_salt(&account.id, window - 1)
                };
                let run = PlannedRun::account(shape, account, &outcomes, salts);
                Ok((Some((*place as usize, outcomes)), run))
            })
            .collect::<Result<Vec<_>, ProveError>>()?;

        let mut totals = BookTotals::new(market);
        let mut accounts = Vec::new();
        let mut runs = Vec::with_capacity(evaluated.len());
        let mut next = 0;
        for (account, mut run) in evaluated {
            match account {
                Some((account, outcomes)) => {
                    totals.add_account(market, &snapshot.book.accounts[account], &outcomes);
                    accounts.push(PlacedAccount {
                        account,
                        outcomes,
                        slot: next + run.windows.len() - 1,
                        salts: run.blocks().map(|block| run.windows[block].salt).collect(),
                    });
                }
                None => {
                    run = PlannedRun::empty(seed.empty_salt(index * shape.capacity() + next));
                }
            }
            next += run.windows.len();
            runs.push(run);
        }
        let plan = ShardPlan::new(runs, totals, seed.counts_salt(index));
        Ok(Self { plan, accounts })
    }

    /// The tree over the shard's slots.
    pub fn tree(&self, shape: &Shape) -> Tree {
        let outputs: Vec<Vec<Fr>> = self
            .plan
            .runs
            .par_iter()
            .map(|run| run.outputs(shape.money_bits))
            .collect();
        Tree::new(outputs.into_iter().flatten().collect())
    }

    /// What the shard's proof will show of it.
    pub fn root(&self, shape: &Shape) -> ShardRoot {
        let totals = &self.plan.totals;
        ShardRoot {
            root: self.tree(shape).root(),
            counts: counts_digest(self.plan.counts_salt, totals.accounts, totals.pools),
        }
    }

    /// The shard's witness.
    ///
    /// # Errors
    /// See [`ProveError`].
    pub fn witness(&self, snapshot: &LoadedSnapshot, shape: &Shape) -> Result<Witness, ProveError> {
        let context = Context {
            market: &snapshot.market.market,
            risk: &snapshot.risk.model,
        };
        Ok(Witness::new(shape, &context, &self.plan)?)
    }
}

/// Makes the proof of a witness, its totals hidden by `free`.
///
/// # Errors
/// A witness that is false in a way that stops the engine.
pub fn create(
    key: &ProvingKey,
    witness: Witness,
    free: &FreeRows,
    instance: &[Fr],
    watch: &mut dyn FnMut(Step),
) -> Result<Vec<u8>, ProveError> {
    let cells = &mut ShardCells::new(witness, free);
    Ok(match key {
        #[cfg(target_arch = "x86_64")]
        ProvingKey::Ifma(key) => create_proof(key, cells, instance, &mut OsRng, watch)?,
        ProvingKey::Portable(key) => create_proof(key, cells, instance, &mut OsRng, watch)?,
    })
}
