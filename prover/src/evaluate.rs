//! The statement of a whole book in plain integers, and the shape it is proven in.

use rayon::prelude::*;
use zkmargin_circuits::digest::check_fit;
use zkmargin_circuits::relation::{evaluate_account, BookTotals, Limits};
use zkmargin_circuits::shape::{Shape, SHAPES};
use zkmargin_circuits::witness::plan::PlannedRun;

use crate::error::ProveError;
use crate::memory;
use crate::placement::{Places, Seed};
use crate::snapshot::LoadedSnapshot;

/// Costs that are this close count as the same: then fewer proofs are better.
const ALIKE: f64 = 1.05;

/// A book, evaluated for a shape.
#[derive(Debug)]
pub struct Evaluated {
    /// The shape.
    pub shape: &'static Shape,
    /// Windows each account takes.
    pub lengths: Vec<u32>,
    /// The totals.
    pub totals: BookTotals,
}

impl Evaluated {
    /// Windows the accounts take together.
    pub fn windows(&self) -> usize {
        self.lengths.iter().map(|length| *length as usize).sum()
    }

    /// Where the accounts stand, by a seed.
    pub fn places(&self, seed: &Seed) -> Places {
        Places::new(&self.lengths, self.shape.capacity(), seed)
    }

    /// The fewest proofs that hold them.
    pub fn proofs(&self) -> usize {
        self.windows().div_ceil(self.shape.capacity()).max(1)
    }

    /// What proving it costs against other shapes: memory follows the cells of a proof, and so does time.
    fn cost(&self) -> f64 {
        self.proofs() as f64 * memory::needed(self.shape) as f64
    }
}

/// Evaluates the book in the given shape, or in the cheapest one that `params_k` allows and that
/// `available` bytes of memory hold, if any does.
///
/// # Errors
/// A book that no shape takes, or the asked one does not, naming what is too large.
pub fn evaluate(
    snapshot: &LoadedSnapshot,
    shape: Option<&'static Shape>,
    params_k: u32,
    available: Option<u64>,
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
    let mut reasons = Vec::new();
    let mut fitting = Vec::new();
    for shape in SHAPES.iter().filter(|shape| shape.k <= params_k) {
        match evaluate_in(snapshot, shape) {
            Ok(evaluated) => fitting.push(evaluated),
            Err(
                error @ (ProveError::Shape(_) | ProveError::Account { .. } | ProveError::Range(_)),
            ) => {
                reasons.push(format!("{}: {error}", shape.name));
            }
            Err(error) => return Err(error),
        }
    }
    let fits = |evaluated: &Evaluated| {
        available.is_none_or(|bytes| !memory::is_short(memory::needed(evaluated.shape), bytes))
    };
    // With too little memory for any, the one that needs least is refused by name.
    if !fitting.iter().any(fits) {
        fitting.sort_by_key(|evaluated| memory::needed(evaluated.shape));
        fitting.truncate(1);
    } else {
        fitting.retain(fits);
    }
    let least = fitting.iter().map(Evaluated::cost).fold(f64::MAX, f64::min);
    fitting
        .into_iter()
        .filter(|evaluated| evaluated.cost() <= least * ALIKE)
        .min_by_key(Evaluated::proofs)
        .ok_or_else(|| ProveError::NoShape {
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
    let accounts = &snapshot.book.accounts;
    let parts: Vec<(Vec<u32>, BookTotals)> = accounts
        .par_chunks(1 << 10)
        .map(|accounts| {
            let mut totals = BookTotals::new(market);
            let mut lengths = Vec::with_capacity(accounts.len());
            for account in accounts {
                let pools = evaluate_account(market, risk, account, limits)?;
                let windows = PlannedRun::length(shape, &pools);
                if windows > shape.capacity() {
                    return Err(ProveError::Account {
                        shape: shape.name,
                        capacity: shape.capacity(),
                        account: account.id.clone(),
                        windows,
                    });
                }
                totals.add_account(market, account, &pools);
                lengths.push(u32::try_from(windows).unwrap_or(u32::MAX));
            }
            Ok((lengths, totals))
        })
        .collect::<Result<_, ProveError>>()?;
    let mut totals = BookTotals::new(market);
    let mut lengths = Vec::with_capacity(accounts.len());
    for (part, of_part) in parts {
        lengths.extend(part);
        totals.merge(&of_part);
    }
    Ok(Evaluated {
        shape,
        lengths,
        totals,
    })
}
