//! One shard of a book: its accounts in their places, its witness, its proof.

use halo2_proofs::halo2curves::bn256::Fr;
use rand::rngs::OsRng;
use rayon::prelude::*;
use zkmargin_circuits::digest::counts_digest;
use zkmargin_circuits::leaf::identity;
use zkmargin_circuits::relation::{evaluate_account, BookTotals, Limits, PoolOutcome};
use zkmargin_circuits::shape::Shape;
use zkmargin_circuits::tree::Tree;
use zkmargin_circuits::witness::plan::{PlannedRun, ShardPlan};
use zkmargin_circuits::witness::{Context, Witness};

use crate::cells::ShardCells;
use crate::engine::poseidon::hasher;
use crate::engine::proof::Step;
use crate::error::ProveError;
use crate::evaluate::Evaluated;
use crate::input::{InputPlace, ShardInput};
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
    seed: &'a Seed,
    /// Windows each account takes.
    lengths: &'a [u32],
    /// Where accounts stand.
    places: &'a Places,
}

impl<'a> Shards<'a> {
    /// The shards of a book, evaluated for its shape and placed.
    pub fn new(
        snapshot: &'a LoadedSnapshot,
        evaluated: &'a Evaluated,
        seed: &'a Seed,
        places: &'a Places,
    ) -> Self {
        Self {
            snapshot,
            shape: evaluated.shape,
            seed,
            lengths: &evaluated.lengths,
            places,
        }
    }

    /// The salt of a shard's counts digest.
    pub fn counts_salt(&self, index: usize) -> Fr {
        self.seed.counts_salt(index)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.places.shards.len()
    }

    fn places(&self, index: usize) -> &[Place] {
        self.places.shards.get(index).map_or(&[][..], Vec::as_slice)
    }

    /// The accounts of a shard, by their indices in the book, in the order of their places.
    pub fn accounts(&self, index: usize) -> impl Iterator<Item = usize> + '_ {
        let places = self.places(index).iter();
        places.flatten().map(|account| *account as usize)
    }

    /// What the proof of a shard is made from.
    ///
    /// # Errors
    /// [`ProveError::Read`] when the book's scratch file cannot be read.
    pub fn input(&self, index: usize) -> Result<ShardInput, ProveError> {
        let mut slot = index * self.shape.capacity();
        let firsts = self.places(index).iter().map(|place| {
            let first = slot;
            slot += place.map_or(1, |account| self.lengths[account as usize] as usize);
            (first, *place)
        });
        let firsts: Vec<(usize, Place)> = firsts.collect();
        let place = |(first, place): (usize, Place)| {
            let Some(account) = place.map(|account| account as usize) else {
                let salt = self.seed.empty_salt(first);
                return Ok(InputPlace::Empty { salt });
            };
            let windows = self.lengths[account] as usize;
            let account = self.snapshot.book.account(account)?;
            let salt = |window| self.seed.window_salt(&account.id, window);
            Ok(InputPlace::Account {
                identity: identity(&account.id),
                salts: (0..windows).map(salt).collect(),
                account,
            })
        };
        Ok(ShardInput {
            places: firsts
                .into_par_iter()
                .map(place)
                .collect::<Result<_, ProveError>>()?,
            counts_salt: self.counts_salt(index),
        })
    }

    /// A shard, evaluated and laid out in its windows.
    ///
    /// # Errors
    /// See [`ProveError`].
    pub fn plan(&self, index: usize) -> Result<PlannedShard, ProveError> {
        PlannedShard::new(&self.context(), self.shape, &self.input(index)?)
    }

    /// Market and model.
    pub fn context(&self) -> Context<'_> {
        Context {
            market: &self.snapshot.market.market,
            risk: &self.snapshot.risk.model,
        }
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
    /// The accounts, in the order of their places.
    pub accounts: Vec<PlacedAccount>,
}

/// An account in a shard.
#[derive(Debug)]
pub struct PlacedAccount {
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
    /// Evaluates the accounts of a shard and lays them out in its windows.
    ///
    /// # Errors
    /// See [`ProveError`].
    pub fn new(
        context: &Context<'_>,
        shape: &Shape,
        input: &ShardInput,
    ) -> Result<Self, ProveError> {
        let limits = Limits::from(shape);
        let evaluated = input
            .places
            .par_iter()
            .map(|place| match place {
                InputPlace::Empty { salt } => Ok((None, PlannedRun::empty(*salt))),
                InputPlace::Account {
                    account,
                    identity,
                    salts,
                } => {
                    let outcomes = evaluate_account(context.market, context.risk, account, limits)?;
                    // Salts that lack make another root than the one that is proven.
                    let mut salts = salts.iter().copied();
                    let salts = || salts.next().unwrap_or_default();
                    let run = PlannedRun::account(shape, account, *identity, &outcomes, salts);
                    Ok((Some((account, outcomes)), run))
                }
            })
            .collect::<Result<Vec<_>, ProveError>>()?;

        let mut totals = BookTotals::new(context.market);
        let mut accounts = Vec::new();
        let mut runs = Vec::with_capacity(evaluated.len());
        let mut next = 0;
        for (account, run) in evaluated {
            next += run.windows.len();
            if let Some((account, outcomes)) = account {
                totals.add_account(context.market, account, &outcomes);
                accounts.push(PlacedAccount {
                    outcomes,
                    slot: next - 1,
                    salts: run.blocks().map(|block| run.windows[block].salt).collect(),
                });
            }
            runs.push(run);
        }
        let plan = ShardPlan::new(runs, totals, input.counts_salt);
        Ok(Self { plan, accounts })
    }

    /// The tree over the shard's slots.
    pub fn tree(&self, shape: &Shape) -> Tree {
        let hasher = hasher();
        Tree::hashed_by(hasher, self.plan.outputs(hasher, shape.money_bits))
    }

    /// What the shard's proof will show of it.
    pub fn root(&self, shape: &Shape) -> ShardRoot {
        let totals = &self.plan.totals;
        ShardRoot {
            root: self.tree(shape).root(),
            counts: counts_digest(self.plan.counts_salt, totals.accounts, totals.pools),
        }
    }

    /// Windows of the shard: as many as the shape has, unless the input is not of the shape.
    pub fn windows(&self) -> usize {
        self.plan.runs.iter().map(|run| run.windows.len()).sum()
    }

    /// The shard's witness.
    ///
    /// # Errors
    /// See [`ProveError`].
    pub fn witness(&self, context: &Context<'_>, shape: &Shape) -> Result<Witness, ProveError> {
        Ok(Witness::hashed_by(hasher(), shape, context, &self.plan)?)
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
    Ok(key.prove(cells, instance, &mut OsRng, watch)?)
}
