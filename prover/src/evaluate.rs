//! The statement of a whole book in plain integers, and the shape it is proven in.

use zkmargin_circuits::book::Account;
use zkmargin_circuits::digest::check_fit;
use zkmargin_circuits::relation::{evaluate_account, BookTotals, Limits, PoolOutcome};
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
    if let Some(shape) = shape.filter(|shape| shape.k > params_k) {
        return Err(ProveError::SmallParameters {
            shape: shape.name,
            needs: shape.k,
            has: params_k,
        });
    }
    let candidates: Vec<&'static Shape> = match shape {
        Some(shape) => vec![shape],
        None => SHAPES.iter().filter(|shape| shape.k <= params_k).collect(),
    };
    let mut reasons = Vec::new();
    let mut fitting = Vec::new();
    for (shape, evaluated) in candidates.iter().zip(evaluate_in(snapshot, &candidates)?) {
        match evaluated {
            Ok(evaluated) => fitting.push(evaluated),
            Err(error) => reasons.push((shape.name, error)),
        }
    }
    if shape.is_some() {
        if let Some((_, error)) = reasons.pop() {
            return Err(error);
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
            reasons: reasons
                .iter()
                .map(|(shape, error)| format!("{shape}: {error}"))
                .collect::<Vec<_>>()
                .join("\n  "),
        })
}

/// Evaluates the book once, for every one of the shapes.
fn evaluate_in(
    snapshot: &LoadedSnapshot,
    shapes: &[&'static Shape],
) -> Result<Vec<Result<Evaluated, ProveError>>, ProveError> {
    let market = &snapshot.market.market;
    let mut whole = Part::new(snapshot, shapes);
    for (shape, lengths) in shapes.iter().zip(&mut whole.lengths) {
        if let Err(error) = check_fit(shape, market, &snapshot.risk.model) {
            *lengths = Err(error.into());
        }
    }
    // Those of no use are not evaluated.
    let (mut fit, mut lengths) = (Vec::new(), Vec::new());
    for (shape, of_shape) in shapes.iter().zip(&mut whole.lengths) {
        if of_shape.is_ok() {
            fit.push(*shape);
            lengths.push(of_shape);
        }
    }
    if !fit.is_empty() {
        let part = |accounts: &[Account]| Ok::<_, ProveError>(Part::of(snapshot, &fit, accounts));
        snapshot.book.each_chunk(part, |part| {
            whole.totals.merge(&part.totals);
            for (all, more) in lengths.iter_mut().zip(part.lengths) {
                match (&mut **all, more) {
                    (Ok(all), Ok(more)) => all.extend(more),
                    (Ok(_), Err(error)) => **all = Err(error),
                    // The first is the one that is told.
                    (Err(_), _) => {}
                }
            }
        })?;
    }
    let Part { totals, lengths } = whole;
    let evaluated = shapes.iter().zip(lengths).map(|(shape, lengths)| {
        Ok(Evaluated {
            shape,
            lengths: lengths?,
            totals: totals.clone(),
        })
    });
    Ok(evaluated.collect())
}

/// Accounts, evaluated for several shapes.
struct Part {
    totals: BookTotals,
    /// By shape, the windows of each account, or why the shape does not take them.
    lengths: Vec<Result<Vec<u32>, ProveError>>,
}

impl Part {
    fn new(snapshot: &LoadedSnapshot, shapes: &[&'static Shape]) -> Self {
        Self {
            totals: BookTotals::new(&snapshot.market.market),
            lengths: shapes.iter().map(|_| Ok(Vec::new())).collect(),
        }
    }

    fn of(snapshot: &LoadedSnapshot, shapes: &[&'static Shape], accounts: &[Account]) -> Self {
        let market = &snapshot.market.market;
        let mut part = Self::new(snapshot, shapes);
        let mut ranges: Vec<u32> = shapes.iter().map(|shape| shape.money_bits).collect();
        ranges.sort_unstable();
        ranges.dedup();
        for account in accounts {
            // What is in a range is in all wider ones, and comes to the same.
            let mut beyond = Vec::new();
            let outcomes = ranges.iter().find_map(|money_bits| {
                let limits = Limits {
                    money_bits: *money_bits,
                };
                evaluate_account(market, &snapshot.risk.model, account, limits)
                    .map_err(|error| beyond.push((*money_bits, error)))
                    .ok()
            });
            if let Some(outcomes) = &outcomes {
                part.totals.add_account(market, account, outcomes);
            }
            for (shape, lengths) in shapes.iter().zip(&mut part.lengths) {
                let Ok(of_shape) = lengths else { continue };
                let error = beyond.iter().find(|(bits, _)| *bits == shape.money_bits);
                match (error, &outcomes) {
                    (None, Some(outcomes)) => match windows(shape, account, outcomes) {
                        Ok(windows) => of_shape.push(windows),
                        Err(error) => *lengths = Err(error),
                    },
                    (Some((_, error)), _) => *lengths = Err(error.clone().into()),
                    (None, None) => {}
                }
            }
        }
        part
    }
}

/// Windows that an account takes, if they are no more than a shape has.
fn windows(shape: &Shape, account: &Account, outcomes: &[PoolOutcome]) -> Result<u32, ProveError> {
    let windows = PlannedRun::length(shape, outcomes);
    let short = u32::try_from(windows).ok();
    short
        .filter(|_| windows <= shape.capacity())
        .ok_or_else(|| ProveError::Account {
            shape: shape.name,
            capacity: shape.capacity(),
            account: account.id.clone(),
            windows,
        })
}
