//! The quotient, on as many cosets of the domain as it has pieces.
//!
//! On the coset of `shift` the vanishing polynomial is `shift^n - 1` everywhere, and the remainder of
//! the quotient modulo it is `sum of piece_t * (shift^n)^t`: the pieces follow from the remainders by
//! a small linear system, coefficient by coefficient.
//!
//! A part of the numerator whose own quotient has fewer pieces is computed on no more cosets than
//! that, and a polynomial is transformed to those only where a part reads it.

use ff::Field;
use halo2_proofs::halo2curves::bn256::Fr;
use rayon::prelude::*;

use super::super::column::fill;
use super::super::fft::Domain;
use super::super::key::Coset;
use super::super::numerator::Numerator;
use super::super::simd::{Block, Scalar, Simd, LANES};
use super::{invert, Part, Step, Work};

/// The quotient in pieces of `n` coefficients, one for each coset.
pub(super) fn quotient<S: Simd<Scalar>>(
    domain: &Domain<S>,
    cosets: &[Coset],
    numerator: &Numerator,
    polynomials: &[&[Block]],
    watch: &mut dyn FnMut(Step),
) -> Vec<Vec<Block>> {
    let s = domain.simd;
    let vanishing: Vec<Fr> = cosets
        .iter()
        .map(|coset| coset.shift.pow_vartime([domain.n() as u64]))
        .collect();
    let mut pieces = vec![vec![Block::ZERO; domain.blocks()]; cosets.len()];
    let mut buffers: Vec<Vec<Block>> = vec![Vec::new(); polynomials.len()];
    for (i, (coset, vanishing_here)) in cosets.iter().zip(&vanishing).enumerate() {
        watch(Step(Part::Quotient, Work::Columns));
        let program = numerator.program(i);
        let read = program.columns();
        let mut columns: Vec<(&mut Vec<Block>, &[Block])> = buffers
            .iter_mut()
            .zip(polynomials.iter().copied())
            .enumerate()
            .filter_map(|(column, pair)| read.contains(&column).then_some(pair))
            .collect();
        // Several gigabytes, touched for the first time on the first coset: by all cores.
        columns
            .par_iter_mut()
            .for_each(|(values, _)| values.resize(domain.blocks(), Block::ZERO));
        watch(Step(Part::Quotient, Work::Transforms(columns.len())));
        columns
            .par_iter_mut()
            .for_each(|(values, polynomial)| domain.evaluate(polynomial, &coset.powers, values));
        watch(Step(Part::Quotient, Work::Constraints(program.counts())));
        let mut outputs = program.run(s, domain.blocks(), &|column| &buffers[column]);
        watch(Step(Part::Quotient, Work::Transforms(outputs.len())));
        outputs
            .par_iter_mut()
            .for_each(|values| domain.interpolate(values));
        watch(Step(Part::Quotient, Work::Columns));
        let unshift = domain.ordered_powers(invert(coset.shift));
        let scale = invert(*vanishing_here - Fr::ONE);
        for (part, remainder) in numerator.parts().filter(|part| *part > i).zip(&outputs) {
            let rows = inverse_vandermonde(&vanishing[..part]);
            for (piece, row) in pieces.iter_mut().zip(rows) {
                let weight = s.import(&[row[i] * scale; LANES]);
                fill(s, piece, |at, sum| {
                    let unshifted = s.mul(s.load(&remainder[at]), s.load(&unshift[at]));
                    s.reduce(s.add(s.load(sum), s.mul(unshifted, s.load(&weight))))
                });
            }
        }
    }
    pieces
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
    use std::collections::BTreeMap;

    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;

    use super::super::super::column::{elements, export};
    use super::super::super::graph::Graph;
    use super::super::super::numerator::{Constraint, Selected};
    use super::super::super::simd::Portable;
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
        Numerator::new(graph, &constraints, PIECES, Fr::from(5))
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

    #[test]
    fn accepts_parts_of_few_cosets() {
        let s = Portable;
        let domain = Domain::new(s, 6);
        let cosets = Coset::all(&domain, PIECES);
        let polynomials: Vec<Vec<Block>> = columns()
            .into_iter()
            .map(|cells| {
                let mut column = elements(s, domain.n(), &cells, &[]);
                domain.interpolate(&mut column);
                column
            })
            .collect();
        let polynomials: Vec<&[Block]> = polynomials.iter().map(Vec::as_slice).collect();
        let parts = numerator();
        assert!(parts.parts().eq(0..=PIECES));
        let mut whole = numerator();
        let terms: Vec<_> = whole.parts.values().map(|part| (*part, Fr::ONE)).collect();
        whole.parts = BTreeMap::from([(PIECES, whole.graph.combine(&terms))]);
        let [parts, whole] = [parts, whole].map(|numerator| {
            let pieces = quotient(&domain, &cosets, &numerator, &polynomials, &mut |_| {});
            pieces
                .iter()
                .map(|piece| export(s, piece))
                .collect::<Vec<_>>()
        });
        assert_eq!(parts, whole);
        assert!(parts
            .iter()
            .all(|piece| piece.iter().any(|c| *c != Fr::ZERO)));
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
