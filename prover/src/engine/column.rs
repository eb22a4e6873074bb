//! Columns of cells, and what is done to all of their rows.

use ff::Field;
use halo2_proofs::halo2curves::bn256::Fr;
use rayon::prelude::*;

use super::simd::{Block, Scalar, Simd, LANES};

/// The cells of a column from row 0 on; rows beyond them are 0.
#[derive(Debug, Clone)]
pub enum Cells {
    /// Any elements.
    Elements(Vec<Fr>),
    /// Small integers.
    Small(Vec<u16>),
}

impl Cells {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Cells::Elements(cells) => cells.len(),
            Cells::Small(cells) => cells.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The column of `rows` rows, its last ones those of `tail`.
    ///
    /// # Panics
    /// When the cells and the tail do not fit the rows.
    pub fn column<S: Simd<Scalar>>(&self, s: S, rows: usize, tail: &[Fr]) -> Vec<Block> {
        assert!(
            self.len() + tail.len() <= rows,
            "cells do not reach the tail"
        );
        let mut out = vec![Block::ZERO; rows / LANES];
        s.vectorize(
            #[inline(always)]
            || match self {
                Cells::Elements(cells) => {
                    for (block, cells) in out.iter_mut().zip(cells.chunks(LANES)) {
                        let at = |i: usize| cells.get(i).copied().unwrap_or(Fr::ZERO);
                        *block = s.import(&std::array::from_fn(at));
                    }
                }
                Cells::Small(cells) => {
                    for (block, cells) in out.iter_mut().zip(cells.chunks(LANES)) {
                        let at = |i: usize| cells.get(i).copied().unwrap_or(0);
                        *block = s.store(s.small(std::array::from_fn(at)));
                    }
                }
            },
        );
        put(s, &mut out, rows - tail.len(), tail);
        out
    }
}

/// Sets cells from `row` on.
pub fn put<S: Simd<Scalar>>(s: S, column: &mut [Block], row: usize, cells: &[Fr]) {
    let end = row + cells.len();
    for (index, block) in column.iter_mut().enumerate() {
        let first = index * LANES;
        if first + LANES <= row || first >= end {
            continue;
        }
        let mut elements = s.export(block);
        for (lane, element) in elements.iter_mut().enumerate() {
            if let Some(cell) = (first + lane).checked_sub(row).and_then(|i| cells.get(i)) {
                *element = *cell;
            }
        }
        *block = s.import(&elements);
    }
}

/// All cells, as the library's elements.
pub fn export<S: Simd<Scalar>>(s: S, column: &[Block]) -> Vec<Fr> {
    let mut out = vec![Fr::ZERO; column.len() * LANES];
    out.par_chunks_mut(LANES << 10)
        .zip(column.par_chunks(1 << 10))
        .for_each(|(out, blocks)| {
            for (out, block) in out.chunks_exact_mut(LANES).zip(blocks) {
                out.copy_from_slice(&s.export(block));
            }
        });
    out
}

/// `out[i] = f(i)`, block by block, in parallel.
pub fn fill<S: Simd<Scalar>>(s: S, out: &mut [Block], f: impl Fn(usize, &Block) -> S::Wide + Sync) {
    const TASK: usize = 1 << 8;
    out.par_chunks_mut(TASK)
        .enumerate()
        .for_each(|(task, out)| {
            s.vectorize(
                #[inline(always)]
                || {
                    for (i, block) in out.iter_mut().enumerate() {
                        *block = s.store(f(task * TASK + i, block));
                    }
                },
            );
        });
}

/// Replaces cells by their inverses, and 0 by 0.
pub fn invert<S: Simd<Scalar>>(s: S, column: &mut [Block]) {
    column.par_chunks_mut(1 << 9).for_each(|blocks| {
        let mut before = vec![Block::ZERO; blocks.len()];
        let product = s.vectorize(
            #[inline(always)]
            || {
                let mut product = s.splat(Fr::ONE);
                for (before, block) in before.iter_mut().zip(blocks.iter()) {
                    *before = s.store(s.reduce(product));
                    product = s.mul(product, s.load(block));
                }
                s.store(s.reduce(product))
            },
        );
        let inverses = s.export(&product).map(|product| product.invert());
        if inverses.iter().any(|inverse| bool::from(inverse.is_none())) {
            // A zero among them: one by one.
            for block in blocks {
                let each = s
                    .export(block)
                    .map(|cell| cell.invert().unwrap_or(Fr::ZERO));
                *block = s.import(&each);
            }
            return;
        }
        let inverses = s.import(&inverses.map(|inverse| inverse.unwrap_or(Fr::ZERO)));
        s.vectorize(
            #[inline(always)]
            || {
                let mut inverse = s.load(&inverses);
                for (before, block) in before.iter().zip(blocks.iter_mut()).rev() {
                    let value = s.load(block);
                    *block = s.store(s.mul(inverse, s.load(before)));
                    inverse = s.mul(inverse, value);
                }
            },
        );
    });
}

/// `sum of a[i] * b[i]`.
pub fn dot<S: Simd<Scalar>>(s: S, a: &[Block], b: &[Block]) -> Fr {
    let sums: Vec<Fr> = a
        .par_chunks(1 << 10)
        .zip(b.par_chunks(1 << 10))
        .map(|(a, b)| {
            let sum = s.vectorize(
                #[inline(always)]
                || {
                    let mut sum = s.splat(Fr::ZERO);
                    for (a, b) in a.iter().zip(b) {
                        sum = s.reduce(s.add(sum, s.mul(s.load(a), s.load(b))));
                    }
                    s.store(sum)
                },
            );
            s.export(&sum).iter().sum()
        })
        .collect();
    sums.iter().sum()
}

/// `sum of weight * column`, of one column or more.
pub fn combine<S: Simd<Scalar>>(s: S, weighed: &[(&[Block], Fr)]) -> Vec<Block> {
    let blocks = weighed.first().map_or(0, |(column, _)| column.len());
    let mut out = vec![Block::ZERO; blocks];
    let weights: Vec<Block> = weighed
        .iter()
        .map(|(_, weight)| s.import(&[*weight; LANES]))
        .collect();
    fill(s, &mut out, |i, _| {
        let terms = weighed.iter().zip(&weights);
        terms.fold(s.splat(Fr::ZERO), |sum, ((column, _), weight)| {
            s.reduce(s.add(sum, s.mul(s.load(&column[i]), s.load(weight))))
        })
    });
    out
}

#[cfg(test)]
mod tests {
    use super::super::simd::Portable;
    use super::*;

    fn check<S: Simd<Scalar>>(s: S) {
        let cells: Vec<Fr> = (0..20).map(|i| Fr::from(i * i)).collect();
        let tail = [Fr::from(7), Fr::from(8), Fr::from(9)];
        let column = Cells::Elements(cells.clone()).column(s, 32, &tail);
        let mut expected = cells.clone();
        expected.resize(29, Fr::ZERO);
        expected.extend(tail);
        assert_eq!(export(s, &column), expected);
        let small = Cells::Small((0..20).map(|i| i * i).collect());
        assert_eq!(export(s, &small.column(s, 32, &tail)), expected);
        let sum = combine(
            s,
            &[
                (&column, Fr::from(3)),
                (&small.column(s, 32, &tail), -Fr::ONE),
            ],
        );
        let doubled: Vec<Fr> = expected.iter().map(Fr::double).collect();
        assert_eq!(export(s, &sum), doubled);
        let mut inverses = column.clone();
        invert(s, &mut inverses);
        for (inverse, cell) in export(s, &inverses).iter().zip(&expected) {
            assert_eq!(*inverse, cell.invert().unwrap_or(Fr::ZERO));
        }
        let squares: Fr = expected.iter().map(Fr::square).sum();
        assert_eq!(dot(s, &column, &column), squares);
        let ones: Vec<Fr> = (0..32).map(|_| Fr::ONE).collect();
        let mut without_zero = Cells::Elements(ones).column(s, 32, &[]);
        put(s, &mut without_zero, 6, &[Fr::from(5); 4]);
        invert(s, &mut without_zero);
        assert_eq!(export(s, &without_zero)[9] * Fr::from(5), Fr::ONE);
        assert_eq!(export(s, &without_zero)[10], Fr::ONE);
    }

    #[test]
    fn accepts_the_librarys_results() {
        check(Portable);
        #[cfg(target_arch = "x86_64")]
        if let Some(simd) = super::super::simd::Ifma::try_new() {
            check(simd);
        }
    }
}
