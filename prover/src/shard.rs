//! From a snapshot to a proof: evaluation, shape, witness, keys, proof.

use std::fmt;

use halo2_proofs::halo2curves::bn256::Fr;
use rand::rngs::OsRng;
use rayon::prelude::*;
use zkmargin_circuits::digest::check_fit;
use zkmargin_circuits::relation::{evaluate_account, BookTotals, Limits, PoolOutcome};
use zkmargin_circuits::shape::{Shape, SHAPES};
use zkmargin_circuits::witness::plan::{PlannedRun, ShardPlan};
use zkmargin_circuits::witness::{Context, Witness};

use crate::cells::ShardCells;
use crate::engine::proof::{create_proof, Step};
use crate::error::ProveError;
use crate::key::ProvingKey;
use crate::placement::Seed;
use crate::snapshot::LoadedSnapshot;

/// What is being done, for those who watch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Files are read.
    Reading,
    /// Parameters are read and checked.
    Parameters,
    /// The statement is evaluated in plain integers.
    Evaluating,
    /// The verifying key is generated.
    Keys,
    /// The witness is made.
    Witness,
    /// The proving key is generated.
    ProvingKey,
    /// The proof is made.
    Proving,
    /// The proof is verified before it is given out.
    Checking,
    /// Bundle and records are written.
    Writing,
}

impl Phase {
    /// Every phase, in the order they come in.
    pub const ALL: [Phase; 9] = [
        Phase::Reading,
        Phase::Parameters,
        Phase::Evaluating,
        Phase::Keys,
        Phase::Witness,
        Phase::ProvingKey,
        Phase::Proving,
        Phase::Checking,
        Phase::Writing,
    ];
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Phase::Reading => "reading the snapshot",
            Phase::Parameters => "reading the parameters",
            Phase::Evaluating => "evaluating the statement",
            Phase::Keys => "making the verifying key",
            Phase::Witness => "making the witness",
            Phase::ProvingKey => "making the proving key",
            Phase::Proving => "proving",
            Phase::Checking => "checking the proof",
            Phase::Writing => "writing",
        })
    }
}

/// A book, evaluated for a shape.
#[derive(Debug)]
pub struct Evaluated {
    /// The shape.
    pub shape: &'static Shape,
    /// The statement of every account, pool by pool.
    pub outcomes: Vec<Vec<PoolOutcome>>,
    /// The totals.
    pub totals: BookTotals,
    /// Windows the accounts take.
    pub windows: usize,
}

/// Evaluates the book in the given shape, or in the smallest one that `params_k` allows and the book fits.
///
/// # Errors
/// A book that no shape holds, or the asked one does not, naming what is too large.
pub fn evaluate(
    snapshot: &LoadedSnapshot,
    shape: Option<&'static Shape>,
    params_k: u32,
) -> Result<Evaluated, ProveError> {
    if let Some(shape) = shape {
        if shape.k > params_k {
            return Err(ProveError::SmallParameters {
                shape: shape.name,
                needs: shape.k,
                has: params_k,
            });
        }
        return evaluate_in(snapshot, shape);
    }
    let mut shapes: Vec<_> = SHAPES.iter().filter(|shape| shape.k <= params_k).collect();
    shapes.sort_by_key(|shape| (shape.k, shape.money_bits));
    let mut reasons = Vec::new();
    for shape in shapes {
        match evaluate_in(snapshot, shape) {
            Ok(evaluated) => return Ok(evaluated),
            Err(
                error @ (ProveError::Shape(_) | ProveError::Capacity { .. } | ProveError::Range(_)),
            ) => {
                reasons.push(format!("{}: {error}", shape.name));
            }
            Err(error) => return Err(error),
        }
    }
    Err(ProveError::NoShape {
        params_k,
        reasons: reasons.join("\n  "),
    })
}

fn evaluate_in(snapshot: &LoadedSnapshot, shape: &'static Shape) -> Result<Evaluated, ProveError> {
    let market = &snapshot.market.market;
    let risk = &snapshot.risk.model;
    check_fit(shape, market, risk)?;
    let limits = Limits {
        money_bits: shape.money_bits,
    };
    let outcomes = snapshot
        .book
        .accounts
        .par_iter()
        .map(|account| evaluate_account(market, risk, account, limits))
        .collect::<Result<Vec<_>, _>>()?;
    let windows = outcomes
        .iter()
        .map(|pools| PlannedRun::length(shape, pools))
        .sum();
    if windows > shape.capacity() {
        return Err(ProveError::Capacity {
            shape: shape.name,
            capacity: shape.capacity(),
            accounts: snapshot.book.accounts.len(),
            windows,
        });
    }
    let mut totals = BookTotals::new(market);
    for (account, pools) in snapshot.book.accounts.iter().zip(&outcomes) {
        totals.add_account(market, account, pools);
    }
    Ok(Evaluated {
        shape,
        outcomes,
        totals,
        windows,
    })
}

/// A witness, and where each account stands in it.
#[derive(Debug)]
pub struct Placed {
    /// The witness.
    pub witness: Witness,
    /// For each account, the salts of its leaf's blocks.
    pub salts: Vec<Vec<Fr>>,
    /// For each account, the slot of its leaf.
    pub leaves: Vec<usize>,
    /// Salt of the counts.
    pub counts_salt: Fr,
}

/// Places the accounts in secret slots and makes the witness.
///
/// # Errors
/// See [`ProveError`].
pub fn place(
    snapshot: &LoadedSnapshot,
    evaluated: &Evaluated,
    seed: &Seed,
) -> Result<Placed, ProveError> {
    let shape = evaluated.shape;
    let accounts = &snapshot.book.accounts;
    let mut runs: Vec<(Option<usize>, PlannedRun)> = accounts
        .par_iter()
        .zip(&evaluated.outcomes)
        .enumerate()
        .map(|(i, (account, pools))| {
            let mut window = 0;
            let salts = || {
                window += 1;
                seed.window_salt(&account.id, window - 1)
            };
            (Some(i), PlannedRun::account(shape, account, pools, salts))
        })
        .collect();
    let empty = shape.capacity() - evaluated.windows;
    runs.extend((0..empty).map(|i| (None, PlannedRun::empty(seed.empty_salt(i)))));
    seed.shuffle(&mut runs);

    let mut leaves = vec![0; accounts.len()];
    let mut salts = vec![Vec::new(); accounts.len()];
    let mut next = 0;
    for (account, run) in &runs {
        let last = next + run.windows.len();
        if let Some(i) = account {
            leaves[*i] = last - 1;
            salts[*i] = run.blocks().map(|block| run.windows[block].salt).collect();
        }
        next = last;
    }
    let runs = runs.into_iter().map(|(_, run)| run).collect();
    let counts_salt = seed.counts_salt();
    let plan = ShardPlan::new(runs, evaluated.totals.clone(), counts_salt);
    let context = Context {
        market: &snapshot.market.market,
        risk: &snapshot.risk.model,
    };
    let witness = Witness::new(shape, &context, &plan)?;
    Ok(Placed {
        witness,
        salts,
        leaves,
        counts_salt,
    })
}

/// Makes the proof.
///
/// # Errors
/// A witness that is false in a way that stops the engine.
pub fn create(
    key: &ProvingKey,
    witness: Witness,
    instance: &[Fr],
    watch: &mut dyn FnMut(Step),
) -> Result<Vec<u8>, ProveError> {
    let cells = &mut ShardCells::new(witness);
    Ok(match key {
        #[cfg(target_arch = "x86_64")]
        ProvingKey::Ifma(key) => create_proof(key, cells, instance, &mut OsRng, watch)?,
        ProvingKey::Portable(key) => create_proof(key, cells, instance, &mut OsRng, watch)?,
    })
}
