//! Multi-exponentiation: sums of points times scalars.
//!
//! Scalars are cut into signed digits; all points of one digit are added pair by pair, eight pairs
//! at once, with one inversion for some thousand pairs (`sums`); and the sums are added up by
//! digit. Small scalars, of either sign, have few digits and cost little.
//!
//! A scalar that stands in many rows is subtracted from all of them, as the sum of all points is
//! known; points of equal scalars are added first where there are few (`groups`). Columns of small
//! integers, and those that are a function of them, have a way of their own (`small`).

mod digits;
mod groups;
mod small;
mod sums;

use std::sync::OnceLock;

use ff::Field;
use halo2_proofs::arithmetic::best_multiexp;
use halo2_proofs::halo2curves::bn256::{Fq, Fr, G1Affine, G1};
use halo2_proofs::halo2curves::group::prime::PrimeCurveAffine;
use halo2_proofs::halo2curves::group::Group;
use rayon::prelude::*;

use super::simd::{Arithmetic, Base, Block, PointWords, Scalar, Simd, LANES};
use digits::{Digits, Integer};
use groups::{Groups, Sample};
use sums::{sums, Entry, Exceptional, Lists};

pub use small::Buckets;

/// The last rows of a column, which are random: they are added by the library, so that they do not
/// make a column of small values a column of large ones.
const TAIL: usize = 4 * LANES;

/// The points of a commitment scheme, one for each row.
#[derive(Debug)]
pub struct Bases<S> {
    simd: S,
    points: Vec<PointWords>,
    library: Vec<G1Affine>,
    /// Whether one of them is at infinity: it has no abscissa to add by.
    infinite: bool,
    /// The sum of all, once it was asked for.
    total: OnceLock<Option<G1>>,
}

impl<S: Arithmetic> Bases<S> {
    /// Points to commit with.
    pub fn new(simd: S, points: &[G1Affine]) -> Self {
        let mut words = vec![PointWords::default(); points.len()];
        words
            .par_chunks_mut(LANES)
            .zip(points.par_chunks(LANES))
            .for_each(|(words, points)| {
                let at = |i: usize| points.get(i).copied().unwrap_or_default();
                let x = Simd::<Base>::import(simd, &std::array::from_fn(|i| at(i).x));
                let y = Simd::<Base>::import(simd, &std::array::from_fn(|i| at(i).y));
                let (x, y) = (Simd::<Base>::load(simd, &x), Simd::<Base>::load(simd, &y));
                let eight = Simd::<Base>::store_points(simd, x, y);
                for (words, point) in words.iter_mut().zip(eight) {
                    *words = point;
                }
            });
        Self {
            simd,
            points: words,
            library: points.to_vec(),
            infinite: points
                .par_iter()
                .any(|point| bool::from(point.is_identity())),
            total: OnceLock::new(),
        }
    }

    /// Number of points.
    pub fn len(&self) -> usize {
        self.points.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    /// The sum of a column's elements times the points.
    pub fn commit(&self, column: &[Block]) -> G1 {
        let s = self.simd;
        let (body, tail) = column.split_at(column.len().saturating_sub(TAIL / LANES));
        let tail: Vec<Fr> = tail
            .iter()
            .flat_map(|block| Simd::<Scalar>::export(s, block))
            .collect();
        let start = body.len() * LANES;
        let rest = self.rows(start, &tail);
        let mut integers = self.integers(body, Fr::ZERO);
        let sample = Sample::new(&integers);
        let known = sample.constant().and_then(|constant| {
            let sum = self.first(start).ok()? * constant;
            integers = self.integers(body, constant);
            Some(sum)
        });
        let sum = self.add(&integers, &sample).unwrap_or_else(|Exceptional| {
            // Sums that meet have no slope: the library adds them by other formulas.
            let scalars: Vec<Fr> = integers.par_iter().map(Integer::element).collect();
            best_multiexp(&scalars, &self.library[..start])
        });
        rest + sum + known.unwrap_or_else(G1::identity)
    }

    /// The sum of the points from a row on times a few elements.
    pub fn rows(&self, first: usize, elements: &[Fr]) -> G1 {
        best_multiexp(elements, &self.library[first..first + elements.len()])
    }

    /// The elements of a column less a constant, as integers.
    fn integers(&self, column: &[Block], constant: Fr) -> Vec<Integer> {
        let s = self.simd;
        let mut integers = vec![Integer::default(); column.len() * LANES];
        let chunks = integers.par_chunks_mut(LANES << 10);
        chunks
            .zip(column.par_chunks(1 << 10))
            .for_each(|(out, blocks)| {
                s.vectorize(
                    #[inline(always)]
                    || {
                        let constant = Simd::<Scalar>::splat(s, constant);
                        for (out, block) in out.chunks_exact_mut(LANES).zip(blocks) {
                            let value = Simd::<Scalar>::load(s, block);
                            let value = Simd::<Scalar>::sub_narrow(s, value, constant);
                            let block = Simd::<Scalar>::store(s, value);
                            let integers = Simd::<Scalar>::integers(s, &block);
                            for (out, words) in out.iter_mut().zip(integers) {
                                *out = Integer::small(words);
                            }
                        }
                    },
                );
            });
        integers
    }

    /// The sum of the first points times integers.
    fn add(&self, integers: &[Integer], sample: &Sample) -> Result<G1, Exceptional> {
        if sample.repeats() {
            if let Some(groups) = Groups::new(integers) {
                let points = groups.sums(self.simd, &self.points)?;
                return self.windows(&points, &groups.integers);
            }
        }
        self.windows(&self.points, integers)
    }

    /// The sum of the first `count` points.
    fn first(&self, count: usize) -> Result<G1, Exceptional> {
        if 2 * count < self.len() {
            return self.range(0, count);
        }
        let total = self.total.get_or_init(|| self.range(0, self.len()).ok());
        Ok(total.ok_or(Exceptional)? - self.range(count, self.len())?)
    }

    fn range(&self, start: usize, end: usize) -> Result<G1, Exceptional> {
        if self.infinite {
            return Err(Exceptional);
        }
        let entries: Vec<Entry> = (start..end).map(|place| Entry::new(place, false)).collect();
        let sums = sums(
            self.simd,
            &self.points,
            &entries,
            &[0, entries.len() as u32],
        )?;
        let sum = sums.first().and_then(Option::as_ref);
        Ok(sum.map_or_else(G1::identity, |sum| self.point(sum).to_curve()))
    }

    /// The sum of points times integers.
    fn windows(&self, points: &[PointWords], integers: &[Integer]) -> Result<G1, Exceptional> {
        if self.infinite {
            return Err(Exceptional);
        }
        let digits = Digits::new(integers);
        let windows = digits
            .windows
            .par_iter()
            .map(|window| self.window(points, window, digits.buckets()))
            .collect::<Result<Vec<G1>, _>>()?;
        Ok(windows
            .into_iter()
            .rev()
            .fold(G1::identity(), |sum, window| {
                (0..digits.bits).fold(sum, |sum, _| sum.double()) + window
            }))
    }

    /// The sum of one digit of every scalar times its point.
    fn window(
        &self,
        points: &[PointWords],
        digits: &[i16],
        buckets: usize,
    ) -> Result<G1, Exceptional> {
        // Digit 0 adds nothing.
        let digits = digits.iter().enumerate().filter(|(_, digit)| **digit != 0);
        let listed = digits.map(|(place, digit)| {
            let list = usize::from(digit.unsigned_abs()) - 1;
            (list, Entry::new(place, *digit < 0))
        });
        let sums = Lists::new(buckets, listed).sums(self.simd, points)?;
        self.weigh(&sums)
    }

    /// `sum of (i + 1) * points[i]`, where there is a point.
    fn weigh(&self, points: &[Option<PointWords>]) -> Result<G1, Exceptional> {
        // `i + 1 = high * side + low`: sums by `high` and by `low`, and few additions by weight.
        let side = 1usize << ((points.len() + 1).ilog2().div_ceil(2));
        let present: Vec<(usize, PointWords)> = points
            .iter()
            .enumerate()
            .filter_map(|(i, point)| point.map(|point| (i + 1, point)))
            .collect();
        let values: Vec<PointWords> = present.iter().map(|(_, point)| *point).collect();
        let sums_by = |key: &dyn Fn(usize) -> usize, keys: usize| {
            let mut lists = vec![Vec::new(); keys];
            for (place, (weight, _)) in present.iter().enumerate() {
                lists[key(*weight)].push(Entry::new(place, false));
            }
            let mut starts = vec![0];
            let mut entries = Vec::with_capacity(values.len());
            for list in lists {
                entries.extend(list);
                starts.push(entries.len() as u32);
            }
            let sums = sums(self.simd, &values, &entries, &starts)?;
            // Running sums from the greatest weight down.
            let (mut running, mut total) = (G1::identity(), G1::identity());
            for sum in sums.iter().skip(1).rev() {
                if let Some(words) = sum {
                    running += self.point(words);
                }
                total += running;
            }
            Ok(total)
        };
        let high: G1 = sums_by(&|weight| weight / side, points.len() / side + 2)?;
        let low: G1 = sums_by(&|weight| weight % side, side)?;
        Ok((0..side.ilog2()).fold(high, |sum, _| sum.double()) + low)
    }

    fn point(&self, words: &PointWords) -> G1Affine {
        let (x, y) = Simd::<Base>::load_points(self.simd, [words; LANES]);
        let first = |value| -> Fq {
            let block = Simd::<Base>::store(self.simd, value);
            Simd::<Base>::export(self.simd, &block)[0]
        };
        G1Affine {
            x: first(x),
            y: first(y),
        }
    }
}

#[cfg(test)]
mod tests;
