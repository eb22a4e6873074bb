//! The quotient, on as many cosets of the domain as it has pieces.
//!
//! On the coset of `shift` the vanishing polynomial is `shift^n - 1` everywhere, and the remainder of
//! the quotient modulo it is `sum of piece_t * (shift^n)^t`: the pieces follow from the remainders by
//! a small linear system, coefficient by coefficient.

use ff::Field;
use halo2_proofs::halo2curves::bn256::Fr;
use rayon::prelude::*;

use super::super::column::{combine, fill};
use super::super::key::ProvingKey;
use super::super::program::Program;
use super::super::simd::{Block, Scalar, Simd};
use super::{invert, Part, Step, Work};

/// The quotient in pieces of `n` coefficients.
pub(super) fn quotient<S: Simd<Scalar>>(
    key: &ProvingKey<S>,
    program: &Program,
    polynomials: &[&[Block]],
    watch: &mut dyn FnMut(Step),
) -> Vec<Vec<Block>> {
    let domain = &key.domain;
    let s = domain.simd;
    // Several gigabytes, touched for the first time here: by all cores.
    let mut buffers: Vec<Vec<Block>> = polynomials
        .par_iter()
        .map(|_| vec![Block::ZERO; domain.blocks()])
        .collect();
    let vanishing: Vec<Fr> = key
        .cosets
        .iter()
        .map(|coset| coset.shift.pow_vartime([domain.n() as u64]))
        .collect();
    let remainders: Vec<Vec<Block>> = key
        .cosets
        .iter()
        .zip(&vanishing)
        .map(|(coset, vanishing)| {
            watch(Step(Part::Quotient, Work::Transforms));
            buffers
                .par_iter_mut()
                .zip(polynomials)
                .for_each(|(out, polynomial)| domain.evaluate(polynomial, &coset.powers, out));
            watch(Step(Part::Quotient, Work::Constraints(program.counts())));
            let mut outputs = program.run(s, domain.blocks(), &|i| &buffers[i]);
            let mut values = outputs.pop().unwrap_or_default();
            watch(Step(Part::Quotient, Work::Transforms));
            domain.interpolate(&mut values);
            let unshift = domain.ordered_powers(invert(coset.shift));
            let scale = invert(*vanishing - Fr::ONE);
            fill(s, &mut values, |i, value| {
                s.mul(s.mul(s.load(value), s.load(&unshift[i])), s.splat(scale))
            });
            values
        })
        .collect();
    drop(buffers);
    watch(Step(Part::Quotient, Work::Columns));
    inverse_vandermonde(&vanishing)
        .iter()
        .map(|row| {
            let weighed: Vec<(&[Block], Fr)> = remainders
                .iter()
                .map(Vec::as_slice)
                .zip(row.iter().copied())
                .collect();
            combine(s, &weighed)
        })
        .collect()
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
    use super::*;

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
