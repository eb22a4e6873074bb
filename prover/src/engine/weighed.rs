//! Weighed sums over many columns.
//!
//! Hundreds of columns do not fit a cache, and as many places that are read by turns are more than
//! the machine reads ahead of: so a few columns at a time are gone through, some rows of them.

use ff::Field;
use halo2_proofs::halo2curves::bn256::Fr;
use rayon::prelude::*;

use super::pool::Pool;
use super::simd::{Block, Scalar, Simd, LANES};

/// Columns, or blocks of one, whose products share a reduction.
const TOGETHER: usize = 8;

/// `sum of weight * column`, of columns as long as those of the pool.
pub fn combine<S: Simd<Scalar>>(s: S, pool: &Pool, weighed: &[(&[Block], Fr)]) -> Vec<Block> {
    let mut out = pool.zeros();
    add_weighed(s, weighed, &mut out);
    out
}

/// Adds `sum of weight * column` to a column.
pub fn add_weighed<S: Simd<Scalar>>(s: S, weighed: &[(&[Block], Fr)], out: &mut [Block]) {
    const TASK: usize = 1 << 6;
    let weights: Vec<Block> = weighed
        .iter()
        .map(|(_, weight)| s.import(&[*weight; LANES]))
        .collect();
    out.par_chunks_mut(TASK)
        .enumerate()
        .for_each(|(task, out)| {
            s.vectorize(
                #[inline(always)]
                || {
                    let groups = weighed.chunks(TOGETHER).zip(weights.chunks(TOGETHER));
                    for (columns, weights) in groups {
                        for (i, out) in out.iter_mut().enumerate() {
                            let products = columns.iter().zip(weights).map(
                                #[inline(always)]
                                |((column, _), weight)| {
                                    (s.load(&column[task * TASK + i]), s.load(weight))
                                },
                            );
                            *out = s.store(s.add_narrow(s.load(out), s.sum(products)));
                        }
                    }
                },
            );
        });
}

/// `sum of factors[i] * column[i]` of each column.
pub fn dots<S: Simd<Scalar>>(s: S, columns: &[&[Block]], factors: &[Block]) -> Vec<Fr> {
    // Factors that stay in a core's own cache.
    const TASK: usize = 1 << 10;
    let sum = |column: &[Block], factors: &[Block]| -> Fr {
        let sum = s.vectorize(
            #[inline(always)]
            || {
                let groups = column.chunks(TOGETHER).zip(factors.chunks(TOGETHER));
                let sum = groups.fold(s.splat(Fr::ZERO), |sum, (column, factors)| {
                    let products = column.iter().zip(factors).map(
                        #[inline(always)]
                        |(cells, factors)| (s.load(cells), s.load(factors)),
                    );
                    s.add_narrow(sum, s.sum(products))
                });
                s.store(sum)
            },
        );
        s.export(&sum).iter().sum()
    };
    factors
        .par_chunks(TASK)
        .enumerate()
        .map(|(task, factors)| -> Vec<Fr> {
            let rows = task * TASK..task * TASK + factors.len();
            let columns = columns.iter();
            columns
                .map(|column| sum(&column[rows.clone()], factors))
                .collect()
        })
        .reduce(
            || vec![Fr::ZERO; columns.len()],
            |a, b| a.iter().zip(b).map(|(a, b)| a + b).collect(),
        )
}

#[cfg(test)]
mod tests {
    use super::super::column::export;
    use super::super::simd::with_every_arithmetic;
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;

    fn check<S: Simd<Scalar>>(s: S) {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        for (blocks, count) in [(1, 1), (3, 7), (65, 8), (64, 9), (1500, 17), (8, 0)] {
            let mut column = || -> (Vec<Fr>, Vec<Block>) {
                // The greatest elements, where bounds are met.
                let cells: Vec<Fr> = (0..blocks * LANES)
                    .map(|i| match i % 3 {
                        0 => -Fr::ONE,
                        _ => Fr::random(&mut rng),
                    })
                    .collect();
                let blocks = cells.chunks_exact(LANES);
                let blocks = blocks.map(|eight| s.import(eight.try_into().unwrap()));
                let blocks = blocks.collect();
                (cells, blocks)
            };
            let columns: Vec<_> = (0..count).map(|_| column()).collect();
            let (cells, mut out) = column();
            let borrowed: Vec<&[Block]> = columns.iter().map(|(_, c)| c.as_slice()).collect();
            for (found, (column, _)) in dots(s, &borrowed, &out).iter().zip(&columns) {
                let expected: Fr = column.iter().zip(&cells).map(|(a, b)| *a * b).sum();
                assert_eq!(*found, expected);
            }
            let weight = |i: usize| -Fr::from(i as u64 + 1);
            let weighed: Vec<(&[Block], Fr)> = borrowed
                .iter()
                .enumerate()
                .map(|(i, column)| (*column, weight(i)))
                .collect();
            add_weighed(s, &weighed, &mut out);
            for (row, found) in export(s, &out).iter().enumerate() {
                let columns = columns.iter().enumerate();
                let added: Fr = columns
                    .map(|(i, (column, _))| column[row] * weight(i))
                    .sum();
                assert_eq!(*found, cells[row] + added);
            }
        }
    }

    #[test]
    fn accepts_sums_of_products_one_by_one() {
        with_every_arithmetic!(check);
    }
}
