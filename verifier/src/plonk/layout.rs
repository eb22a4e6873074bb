//! What stands where in a proof, and what is opened where.

use halo2_proofs::halo2curves::bn256::G1Affine;
use halo2_proofs::plonk::VerifyingKey;

use super::sums::{Column, Sums};
use crate::proof::ProofError;

/// A commitment that proofs open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Commitment {
    /// A point of the proof, by its place among those before the opening.
    Own(usize),
    /// A point of the key: fixed columns first, then permutations.
    Key(usize),
    /// The quotient: the proof's pieces, weighed by powers of x^n, less the sum of cells in the row
    /// of x, divided by x^n - 1.
    Quotient,
    /// The sum of cells in another row, by its place among [`Sums::rows`].
    Sum(usize),
}

/// A commitment, the row after x where it is opened, and where its value there stands among the
/// proof's scalars. The quotient's value is computed, and stands after the last of them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Query {
    pub commitment: Commitment,
    pub rotation: i32,
    pub evaluation: usize,
}

/// Advice columns that are committed to before challenges are drawn.
pub(super) struct Phase {
    pub columns: usize,
    /// Which challenges, in the order they are drawn.
    pub challenges: Vec<usize>,
}

/// How many evaluations of each kind a proof has.
pub(super) struct Counts {
    advice: usize,
    fixed: usize,
    permutations: usize,
    products: usize,
    lookups: usize,
    sums: usize,
}

/// A cell that is opened in a sum.
#[derive(Debug, Clone, Copy)]
pub(super) struct Summed {
    /// Its column's.
    pub commitment: Commitment,
    /// Which sum, by its place among [`Sums::rows`]; none for that in the row of x.
    pub sum: Option<usize>,
}

/// A running product of the copies.
#[derive(Debug)]
pub(super) struct Product<T> {
    pub now: T,
    pub next: T,
    /// In the row where it ends and the next product begins; the last one has no next.
    pub last: Option<T>,
}

/// A lookup: its running product, its permuted input and its permuted table.
#[derive(Debug)]
pub(super) struct Lookup<T> {
    pub product: T,
    pub product_next: T,
    pub input: T,
    pub input_before: T,
    pub table: T,
}

/// The scalars of a proof by what they are values of, or whatever stands for them.
#[derive(Debug)]
pub(super) struct Evaluations<T> {
    /// Of the cells that are opened by themselves.
    pub advice: Vec<T>,
    pub fixed: Vec<T>,
    pub random: T,
    pub permutations: Vec<T>,
    pub products: Vec<Product<T>>,
    pub lookups: Vec<Lookup<T>>,
    /// Of the sums of cells, but that in the row of x.
    pub sums: Vec<T>,
}

impl<T> Evaluations<T> {
    /// Takes one after another, in the order of the proof.
    pub(super) fn gather<E>(
        counts: &Counts,
        mut next: impl FnMut() -> Result<T, E>,
    ) -> Result<Self, E> {
        let advice = (0..counts.advice)
            .map(|_| next())
            .collect::<Result<_, _>>()?;
        let fixed = (0..counts.fixed)
            .map(|_| next())
            .collect::<Result<_, _>>()?;
        let random = next()?;
        let permutations = (0..counts.permutations)
            .map(|_| next())
            .collect::<Result<_, _>>()?;
        let products = (1..=counts.products)
            .map(|set| {
                Ok(Product {
                    now: next()?,
                    next: next()?,
                    last: (set < counts.products).then(&mut next).transpose()?,
                })
            })
            .collect::<Result<_, _>>()?;
        let lookups = (0..counts.lookups)
            .map(|_| {
                Ok(Lookup {
                    product: next()?,
                    product_next: next()?,
                    input: next()?,
                    input_before: next()?,
                    table: next()?,
                })
            })
            .collect::<Result<_, _>>()?;
        let sums = (0..counts.sums).map(|_| next()).collect::<Result<_, _>>()?;
        Ok(Self {
            advice,
            fixed,
            random,
            permutations,
            products,
            lookups,
            sums,
        })
    }
}

/// The frame that every proof under a key has.
pub(super) struct Layout {
    pub phases: Vec<Phase>,
    /// Challenges of the circuit.
    pub challenges: usize,
    /// Columns whose copies share a running product.
    pub columns_a_product: usize,
    /// Points after the second phase: input and table of each lookup.
    pub permuted: usize,
    /// Points after these: running products, and the random polynomial.
    pub products: usize,
    /// All points before the opening.
    pub points: usize,
    /// Where the first advice column stands among the points.
    pub first_advice: Option<usize>,
    /// Where the pieces of the quotient stand among the points, the last of them.
    pub quotient: Vec<usize>,
    /// Points of the key that are opened.
    pub shared: usize,
    pub counts: Counts,
    /// Sums of cells, but that in the row of x.
    pub sums: usize,
    /// All scalars.
    pub scalars: usize,
    /// In the order in which the opening combines them.
    pub queries: Vec<Query>,
    /// The cells that are opened in sums, in the order of [`Sums::cells`].
    pub summed: Vec<Summed>,
}

impl Layout {
    pub(super) fn new(key: &VerifyingKey<G1Affine>, sums: &Sums) -> Result<Self, ProofError> {
        let cs = key.cs();
        if cs.num_instance_columns() != 1 {
            return Err(ProofError::Mismatch(
                "the circuit has not one instance column",
            ));
        }
        let pieces = key.get_domain().get_quotient_poly_degree();
        // The degree is the environment's to bend, the number of pieces is not.
        let columns_a_product = match pieces.checked_sub(1) {
            Some(columns) if columns > 0 && cs.degree() == pieces.saturating_add(1) => columns,
            _ => return Err(ProofError::Mismatch("the key is of another degree")),
        };
        let permuted = cs.permutation().get_columns().len();
        if key.fixed_commitments().len() != cs.num_fixed_columns()
            || key.permutation().commitments().len() != permuted
        {
            return Err(ProofError::Mismatch(
                "the key has another number of columns",
            ));
        }
        let counts = Counts {
            advice: sums.advice_alone().filter(|alone| *alone).count(),
            fixed: sums.fixed_alone().filter(|alone| *alone).count(),
            permutations: permuted,
            products: permuted.div_ceil(columns_a_product),
            lookups: cs.lookups().len(),
            sums: sums.rows().len(),
        };

        let column_phases = cs.advice_column_phase();
        let challenge_phases = cs.challenge_phase();
        let of_phase = |phases: &[u8], phase: u8| -> Vec<usize> {
            let places = phases.iter().enumerate();
            let places = places.filter(|(_, found)| **found == phase);
            places.map(|(place, _)| place).collect()
        };
        let phases = 0..=column_phases.iter().copied().max().unwrap_or(0);
        let read: Vec<usize> = phases
            .clone()
            .flat_map(|phase| of_phase(&column_phases, phase))
            .collect();
        let phases = phases
            .map(|phase| Phase {
                columns: of_phase(&column_phases, phase).len(),
                challenges: of_phase(&challenge_phases, phase),
            })
            .collect();

        let mut places = 0usize..;
        let mut take = |count: usize| places.by_ref().take(count).collect::<Vec<usize>>();
        let mut advice: Vec<(usize, usize)> =
            read.into_iter().zip(take(column_phases.len())).collect();
        advice.sort_unstable();
        let points = Points {
            advice: advice.into_iter().map(|(_, place)| place).collect(),
            permuted: take(counts.lookups.saturating_mul(2)),
            products: take(counts.products),
            lookup_products: take(counts.lookups),
            random: take(1),
        };
        let quotient = take(pieces);
        let all = places.start;

        let mut scalars = 0..;
        let evaluations = Evaluations::gather(&counts, || scalars.next().ok_or(()));
        let queries = evaluations
            .ok()
            .and_then(|places| queries(key, sums, &points, &places, scalars.start));
        let (queries, summed) = queries
            .zip(summed(sums, &points))
            .ok_or(ProofError::Mismatch("the key is not whole"))?;
        Ok(Self {
            phases,
            challenges: cs.num_challenges(),
            columns_a_product,
            permuted: points.permuted.len(),
            products: [&points.products, &points.lookup_products, &points.random]
                .into_iter()
                .map(Vec::len)
                .sum(),
            points: all,
            first_advice: points.advice.first().copied(),
            quotient,
            shared: key.fixed_commitments().len().saturating_add(permuted),
            counts,
            sums: sums.rows().len(),
            scalars: scalars.start,
            queries,
            summed,
        })
    }
}

/// Where the points of a proof stand, but the pieces of the quotient.
struct Points {
    /// By column.
    advice: Vec<usize>,
    /// Input and table of each lookup.
    permuted: Vec<usize>,
    products: Vec<usize>,
    lookup_products: Vec<usize>,
    random: Vec<usize>,
}

/// Everything that is opened. `quotient` is where the value of the quotient stands.
fn queries(
    key: &VerifyingKey<G1Affine>,
    sums: &Sums,
    points: &Points,
    places: &Evaluations<usize>,
    quotient: usize,
) -> Option<Vec<Query>> {
    let cs = key.cs();
    // Rotations that lead to one row are one.
    let rows = i32::try_from(key.get_domain().get_n()).ok()?;
    let last = i32::try_from(cs.blinding_factors()).ok()?.checked_add(1)?;
    let mut queries = Vec::new();
    let mut open = |commitment: Commitment, rotation: i32, evaluation: usize| {
        let rotation = rotation.checked_rem_euclid(rows)?;
        queries.push(Query {
            commitment,
            rotation,
            evaluation,
        });
        Some(())
    };

    let advice = cs.advice_queries().iter().zip(sums.advice_alone());
    let advice = advice.filter(|(_, alone)| *alone);
    for (((column, rotation), _), place) in advice.zip(&places.advice) {
        let point = points.advice.get(column.index())?;
        open(Commitment::Own(*point), rotation.0, *place)?;
    }
    let products = || points.products.iter().zip(&places.products);
    for (point, product) in products() {
        open(Commitment::Own(*point), 0, product.now)?;
        open(Commitment::Own(*point), 1, product.next)?;
    }
    for (point, product) in products().rev() {
        if let Some(place) = product.last {
            open(Commitment::Own(*point), last.checked_neg()?, place)?;
        }
    }
    let (permuted, _) = points.permuted.as_chunks::<2>();
    let lookups = permuted.iter().zip(&points.lookup_products);
    for (([input, table], product), lookup) in lookups.zip(&places.lookups) {
        open(Commitment::Own(*product), 0, lookup.product)?;
        open(Commitment::Own(*input), 0, lookup.input)?;
        open(Commitment::Own(*table), 0, lookup.table)?;
        open(Commitment::Own(*input), -1, lookup.input_before)?;
        open(Commitment::Own(*product), 1, lookup.product_next)?;
    }
    let fixed = cs.fixed_queries().iter().zip(sums.fixed_alone());
    let fixed = fixed.filter(|(_, alone)| *alone);
    for (((column, rotation), _), place) in fixed.zip(&places.fixed) {
        open(Commitment::Key(column.index()), rotation.0, *place)?;
    }
    let permutations = key.fixed_commitments().len()..;
    for (point, place) in permutations.zip(&places.permutations) {
        open(Commitment::Key(point), 0, *place)?;
    }
    open(Commitment::Quotient, 0, quotient)?;
    for point in &points.random {
        open(Commitment::Own(*point), 0, places.random)?;
    }
    for (sum, (row, place)) in sums.rows().iter().zip(&places.sums).enumerate() {
        open(Commitment::Sum(sum), *row, *place)?;
    }
    Some(queries)
}

/// Where the cells of sums are committed to.
fn summed(sums: &Sums, points: &Points) -> Option<Vec<Summed>> {
    let cells = sums.cells().iter();
    cells
        .map(|cell| {
            let commitment = match cell.column {
                Column::Advice(column) => Commitment::Own(*points.advice.get(column)?),
                Column::Fixed(column) => Commitment::Key(column),
            };
            let sum = match cell.row {
                0 => None,
                row => Some(sums.rows().binary_search(&row).ok()?),
            };
            Some(Summed { commitment, sum })
        })
        .collect()
}
