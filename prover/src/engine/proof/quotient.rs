//! The quotient, on as many cosets of the domain as it has pieces.
//!
//! On the coset of `shift` the vanishing polynomial is `shift^n - 1` everywhere, and the remainder of
//! the quotient modulo it is `sum of piece_t * (shift^n)^t`: the pieces follow from the remainders by
//! a small linear system, coefficient by coefficient.
//!
//! A part of the numerator whose own quotient has fewer pieces is computed on no more cosets than
//! that, and a polynomial is transformed to those only where a part reads it. Constraints behind a
//! selector of nearly all rows take one coset less ([`Behind`]): on the last one their sum is that
//! combination of its remainders on the cosets before and on the domain which has the same quotient.

mod on_coset;

use std::collections::BTreeSet;

use ff::Field;
use halo2_proofs::halo2curves::bn256::Fr;
use rayon::prelude::*;

use super::super::column::{export, fill, put, rotated, EDGE_ROWS, ENDING_ROWS};
use super::super::fft::{Coset, Domain};
use super::super::numerator::{Behind, Numerator};
use super::super::pool::Pool;
use super::super::simd::{Block, Scalar, Simd, LANES};
use super::super::weighed::add_weighed;
use super::{invert, Part, Step, Work};
pub(super) use on_coset::Columns;
use on_coset::OnCoset;

/// What quotients are computed on.
pub(super) struct On<'a, S> {
    pub domain: &'a Domain<S>,
    /// As many as the quotient has pieces.
    pub cosets: &'a [Coset],
    pub pool: &'a Pool,
}

/// The quotient in pieces of `n` coefficients, one for each coset.
pub(super) fn quotient<S: Simd<Scalar>>(
    on: &On<'_, S>,
    numerator: &Numerator,
    columns: Columns<'_>,
    watch: &mut dyn FnMut(Step),
) -> Vec<Vec<Block>> {
    let On {
        domain,
        cosets,
        pool,
    } = *on;
    let s = domain.simd;
    let vanishing: Vec<Fr> = cosets
        .iter()
        .map(|coset| coset.shift.pow_vartime([domain.n() as u64]))
        .collect();
    let mut pieces: Vec<Vec<Block>> = cosets.iter().map(|_| pool.zeros()).collect();
    let mut values = OnCoset::new(columns, pool);
    let mut behind = follow(on, numerator, &vanishing, columns.ends, watch);
    for (i, (coset, vanishing_here)) in cosets.iter().zip(&vanishing).enumerate() {
        watch(Step(Part::Quotient, Work::Columns));
        let (ending, others): (Vec<_>, Vec<_>) = behind
            .into_iter()
            .partition(|follower| follower.of.pieces == i + 1);
        behind = others;
        let selectors = ending.iter().map(|follower| follower.of.selector);
        let mut outputs = on.outputs(i, numerator, &mut values, selectors.collect(), watch);
        watch(Step(
            Part::Quotient,
            Work::Transforms(outputs.len() + ending.len()),
        ));
        for follower in ending {
            let mut of = pool.take();
            domain.evaluate(&follower.remainder, coset, &mut of);
            let (selector, from) = values.view(follower.of.selector);
            // The first part is the one that has no coset after this.
            fill(s, &mut outputs[0], |at, sum| {
                let selected = s.mul(s.load(&of[at]), rotated(s, selector, at, from));
                s.reduce(s.add(s.load(sum), selected))
            });
            pool.give([of, follower.remainder]);
        }
        values.keep(&BTreeSet::new());
        outputs
            .par_iter_mut()
            .for_each(|values| domain.interpolate(values));
        watch(Step(Part::Quotient, Work::Columns));
        let unshift = domain.ordered_powers(invert(coset.shift));
        for remainder in &mut outputs {
            fill(s, remainder, |at, value| {
                s.mul(s.load(value), s.load(&unshift[at]))
            });
        }
        let scale = invert(*vanishing_here - Fr::ONE);
        // What the remainder of each part tells of each of its pieces.
        let told: Vec<Vec<Fr>> = numerator
            .parts()
            .filter(|part| *part > i)
            .map(|part| inverse_vandermonde(&vanishing[..part]))
            .map(|rows| rows.iter().map(|row| row[i] * scale).collect())
            .collect();
        let (of_parts, of_followers) = outputs.split_at(told.len());
        for (t, piece) in pieces.iter_mut().enumerate() {
            let weighed: Vec<(&[Block], Fr)> = of_parts
                .iter()
                .zip(&told)
                .filter_map(|(remainder, told)| Some((remainder.as_slice(), *told.get(t)?)))
                .collect();
            add_weighed(s, &weighed, piece);
        }
        for (follower, remainder) in behind.iter_mut().zip(of_followers) {
            add_weighed(
                s,
                &[(remainder, follower.weights[i])],
                &mut follower.remainder,
            );
        }
        pool.give(outputs);
    }
    pieces
}

impl<S: Simd<Scalar>> On<'_, S> {
    /// The values of the numerator's outputs on coset `i`, round by round; `values` are in the end
    /// those of columns `also` at least.
    fn outputs(
        &self,
        i: usize,
        numerator: &Numerator,
        values: &mut OnCoset<'_>,
        also: BTreeSet<usize>,
        watch: &mut dyn FnMut(Step),
    ) -> Vec<Vec<Block>> {
        let mut outputs = vec![Vec::new(); numerator.outputs(i)];
        outputs
            .par_iter_mut()
            .for_each(|output| *output = self.pool.zeros());
        let programs = numerator.programs(i);
        let reads = programs.iter().map(|program| program.columns());
        let needed: Vec<BTreeSet<usize>> = reads
            .chain([also])
            .map(|read| values.needed(&read))
            .collect();
        for (round, needed_now) in needed.iter().enumerate() {
            let now_and_later: BTreeSet<usize> =
                needed[round..].iter().flatten().copied().collect();
            values.keep(&now_and_later);
            values.add(self.domain, &self.cosets[i], needed_now, watch);
            let Some(program) = programs.get(round) else {
                continue;
            };
            let counts = program.counts();
            watch(Step(Part::Quotient, Work::Constraints { coset: i, counts }));
            program.add(
                self.domain.simd,
                &|column| values.view(column),
                &mut outputs,
            );
            watch(Step(Part::Quotient, Work::Columns));
        }
        outputs
    }
}

/// Constraints behind a selector, on their way to the last coset that their quotient takes.
struct Follower {
    of: Behind,
    /// What of the remainder on that coset is known, in coefficients.
    remainder: Vec<Block>,
    /// Of the remainders on the cosets before.
    weights: Vec<Fr>,
}

/// The constraints behind selectors, whose remainders on the domain come from its last rows.
fn follow<S: Simd<Scalar>>(
    on: &On<'_, S>,
    numerator: &Numerator,
    vanishing: &[Fr],
    ends: &[&[Block]],
    watch: &mut dyn FnMut(Step),
) -> Vec<Follower> {
    let domain = on.domain;
    let s = domain.simd;
    let behind = numerator.behind();
    if behind.is_empty() {
        return Vec::new();
    }
    let program = numerator.behind_program();
    let reach = program.reach();
    assert!(
        ENDING_ROWS + reach <= EDGE_ROWS,
        "cells {reach} rows away from the last {ENDING_ROWS}"
    );
    let blocks = ends.first().map_or(0, |ends| ends.len());
    let values = program.run(s, blocks, &|column| (ends[column], 0));
    watch(Step(Part::Quotient, Work::Transforms(behind.len())));
    behind
        .par_iter()
        .zip(values)
        .map(|(own, values)| {
            let values = export(s, &values);
            let mut remainder = on.pool.zeros();
            let tail = &values[values.len() - ENDING_ROWS..];
            put(s, &mut remainder, domain.n() - ENDING_ROWS, tail);
            domain.interpolate(&mut remainder);
            // The domain is the coset of powers 1.
            let mut points = vanishing[..own.pieces - 1].to_vec();
            points.push(Fr::ONE);
            let mut weights = lagrange(&points, vanishing[own.pieces - 1]);
            let here = s.import(&[weights.pop().unwrap_or(Fr::ZERO); LANES]);
            fill(s, &mut remainder, |_, coefficient| {
                s.mul(s.load(coefficient), s.load(&here))
            });
            Follower {
                of: *own,
                remainder,
                weights,
            }
        })
        .collect()
}

/// The weights of a polynomial's values at `points` in its value at `x`.
fn lagrange(points: &[Fr], x: Fr) -> Vec<Fr> {
    let mut powers = std::iter::successors(Some(Fr::ONE), |power| Some(*power * x));
    let mut weights = vec![Fr::ZERO; points.len()];
    for row in inverse_vandermonde(points) {
        let power = powers.next().unwrap_or(Fr::ZERO);
        for (weight, entry) in weights.iter_mut().zip(row) {
            *weight += power * entry;
        }
    }
    weights
}

/// Rows that turn `sum of c_t * point_i^t` into `c_t`.
fn inverse_vandermonde(points: &[Fr]) -> Vec<Vec<Fr>> {
    let count = points.len();
    let mut rows = vec![vec![Fr::ZERO; count]; count];
    for (i, point) in points.iter().enumerate() {
        // The Lagrange polynomial of point i: its coefficients stand in column i.
        let mut coefficients = vec![Fr::ONE];
        for (j, other) in points.iter().enumerate() {
            if i == j {
                continue;
            }
            let scale = invert(*point - other);
            let mut next = vec![Fr::ZERO; coefficients.len() + 1];
            for (power, coefficient) in coefficients.iter().enumerate() {
                next[power + 1] += *coefficient * scale;
                next[power] -= *coefficient * scale * other;
            }
            coefficients = next;
        }
        for (row, coefficient) in rows.iter_mut().zip(coefficients) {
            row[i] = coefficient;
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;

    use super::super::super::column::{edges, elements};
    use super::super::super::fft::powers;
    use super::super::super::graph::Graph;
    use super::super::super::key::cosets;
    use super::super::super::numerator::{Constraint, Selected};
    use super::super::super::simd::Portable;
    use super::super::super::sources::{sources, Bases, Source};
    use super::*;

    const PIECES: usize = 4;
    /// Of the constraints: one is of each degree.
    const DEGREES: std::ops::RangeInclusive<usize> = 1..=PIECES + 1;

    /// Holds products of the first two columns, and the last as a selector, to the columns between.
    fn numerator() -> Numerator {
        let mut graph = Graph::default();
        let [a, b] = [0, 1].map(|column| graph.cell(column, 0));
        let selector = graph.cell(2 + DEGREES.count(), 1);
        let constraints: Vec<Constraint> = DEGREES
            .map(|degree| {
                let selected = degree > 3;
                let factors = degree - usize::from(selected);
                let product = (1..factors).fold(a, |product, _| graph.mul(product, b));
                let cell = graph.cell(1 + degree, 0);
                Constraint(vec![Selected {
                    selector: selected.then_some(selector),
                    value: graph.sub(product, cell),
                }])
            })
            .collect();
        Numerator::new(graph, &constraints, PIECES, Fr::from(5), &|_| false)
    }

    fn columns() -> Vec<Vec<Fr>> {
        let mut rng = ChaCha20Rng::seed_from_u64(6);
        let mut random = || (0..64).map(|_| Fr::random(&mut rng)).collect::<Vec<Fr>>();
        let (a, b, selector) = (random(), random(), random());
        let products = DEGREES.map(|degree| {
            let powers = degree as u64 - u64::from(degree > 3) - 1;
            a.iter()
                .zip(&b)
                .map(|(a, b)| *a * b.pow_vartime([powers]))
                .collect()
        });
        let products: Vec<Vec<Fr>> = products.collect();
        [a.clone(), b.clone()]
            .into_iter()
            .chain(products)
            .chain([selector])
            .collect()
    }

    /// The quotient's pieces by each of two numerators of the same constraints, over the same columns:
    /// those of the first with every column from where it comes, of the second all transformed.
    fn both(k: u32, numerators: [Numerator; 2], columns: &[Vec<Fr>]) -> [Vec<Vec<Fr>>; 2] {
        let s = Portable;
        let domain = Domain::new(s, k);
        let cosets = cosets(&domain, PIECES);
        let mut values: Vec<Vec<Block>> = columns
            .iter()
            .map(|cells| elements(s, domain.n(), cells, &[]))
            .collect();
        let bases = Bases {
            first: values.len(),
            identity: values.len() + 1,
        };
        values.push(elements(s, domain.n(), &[Fr::ONE], &[]));
        values.push(powers(s, Fr::ONE, domain.omega, domain.n()));
        let found = sources(s, &values, 0..0, bases, Fr::ONE);
        let transforms = vec![Source::Transform; values.len()];
        let edges: Vec<Vec<Block>> = values.iter().map(|column| edges(column)).collect();
        let ends: Vec<&[Block]> = edges.iter().map(Vec::as_slice).collect();
        let mut polynomials = values;
        for polynomial in &mut polynomials {
            domain.interpolate(polynomial);
        }
        let polynomials: Vec<&[Block]> = polynomials.iter().map(Vec::as_slice).collect();
        let mut all_sources = [found, transforms].into_iter();
        numerators.map(|numerator| {
            let columns = Columns {
                polynomials: &polynomials,
                ends: &ends,
                sources: &all_sources.next().unwrap(),
            };
            let on = On {
                domain: &domain,
                cosets: &cosets,
                pool: &Pool::new(domain.blocks()),
            };
            let pieces = quotient(&on, &numerator, columns, &mut |_| {});
            pieces.iter().map(|piece| export(s, piece)).collect()
        })
    }

    #[test]
    fn accepts_parts_of_few_cosets() {
        let parts = numerator();
        assert!(parts.parts().eq(0..=PIECES));
        let [parts, whole] = both(6, [parts, numerator().in_one_part()], &columns());
        assert_eq!(parts, whole);
        assert!(parts
            .iter()
            .all(|piece| piece.iter().any(|c| *c != Fr::ZERO)));
    }

    /// `selector * (helper * a * b * next c - terms)` for one column of terms or many, and without a
    /// selector `a * b - product`.
    fn numerator_behind() -> Numerator {
        let mut graph = Graph::default();
        let [helper, a, b, product] = [0, 1, 2, 4].map(|column| graph.cell(column, 0));
        let c = graph.cell(3, 1);
        let of_all = [a, b, c].iter().fold(helper, |all, x| graph.mul(all, *x));
        let terms = (6..15).fold(graph.cell(5, -2), |sum, column| {
            let cell = graph.cell(column, 0);
            graph.add(sum, cell)
        });
        let selector = Some(graph.cell(15, 0));
        let behind = graph.sub(of_all, terms);
        let ab = graph.mul(a, b);
        let terms = [(selector, behind), (None, graph.sub(ab, product))];
        let constraints =
            terms.map(|(selector, value)| Constraint(vec![Selected { selector, value }]));
        Numerator::new(graph, &constraints, PIECES, Fr::from(5), &|column| {
            column == 15
        })
    }

    #[test]
    fn accepts_constraints_behind_a_selector() {
        for k in [6, 8] {
            let n = 1 << k;
            let mut rng = ChaCha20Rng::seed_from_u64(9);
            let mut columns: Vec<Vec<Fr>> = (0..16)
                .map(|_| (0..n).map(|_| Fr::random(&mut rng)).collect())
                .collect();
            for row in 0..n {
                columns[4][row] = columns[1][row] * columns[2][row];
                columns[15][row] = Fr::from(u64::from(row < n - ENDING_ROWS + 7) * 3);
                if row < n - ENDING_ROWS + 7 {
                    let more: Fr = (6..15).map(|column| columns[column][row]).sum();
                    let terms = columns[5][(row + n - 2) % n] + more;
                    let all = columns[4][row] * columns[3][row + 1];
                    columns[0][row] = terms * invert(all);
                }
            }
            let numerators = [numerator_behind(), numerator_behind().in_full()];
            assert_eq!(numerators.each_ref().map(|n| n.behind().len()), [1, 0]);
            assert_eq!(numerators[0].programs(0).len(), 2);
            let [behind, in_full] = both(k, numerators, &columns);
            assert_eq!(behind, in_full);
            assert!(behind
                .iter()
                .all(|piece| piece.iter().any(|c| *c != Fr::ZERO)));
        }
    }

    #[test]
    fn accepts_polynomials_of_their_values() {
        let points: Vec<Fr> = [3, 5, 11, 4].map(Fr::from).to_vec();
        let coefficients: Vec<Fr> = [7, 0, 2, 9].map(Fr::from).to_vec();
        let values: Vec<Fr> = points
            .iter()
            .map(|x| {
                coefficients
                    .iter()
                    .rev()
                    .fold(Fr::ZERO, |sum, c| sum * x + c)
            })
            .collect();
        for (row, expected) in inverse_vandermonde(&points).iter().zip(coefficients) {
            let found: Fr = row.iter().zip(&values).map(|(a, b)| *a * b).sum();
            assert_eq!(found, expected);
        }
    }
}
