//! Fourier transforms of columns of blocks.
//!
//! [`Domain::interpolate`] takes values in the order of the domain's points to coefficients, and
//! [`Domain::evaluate`] takes coefficients to values on a coset. Between the two, coefficients stand
//! in an order of the transform's own, [`Domain::order`]: whatever is done to them one by one can be
//! done in it.
//!
//! The transform halves its range by decimation in frequency, two levels in a pass, until 64
//! elements are left; these are eight blocks, and exchanging lanes for blocks lets the last three
//! levels go on as the others do.

mod passes;

use ff::{Field, PrimeField};
use halo2_proofs::halo2curves::bn256::Fr;
use rayon::prelude::*;

use super::simd::{Block, Constant, Scalar, Simd, LANES};
use passes::{double, halve, leaf_down, leaf_up, split, unite};

/// Elements that a transform ends or begins with in registers.
const LEAF: usize = LANES * LANES;

/// Blocks up to which a transform goes level by level: they fit a core's own cache.
const CACHED: usize = 1 << 11;

/// Twiddles of one direction, on a coset.
#[derive(Debug)]
struct Twiddles {
    /// At `i` the first `m / 2` points of order `m = 2^i`: powers of a root `w` of that order times
    /// the `2^k / m`-th power of the shift. Up to `m = 8` each stands in a block of its own.
    levels: Vec<Vec<Constant>>,
}

impl Twiddles {
    fn new<S: Simd<Scalar>>(s: S, k: u32, root: Fr, shift: Fr) -> Self {
        let order = |of: Fr, log: u32| (log..k).fold(of, |power, _| power.square());
        let levels = (0..=k)
            .map(|log| {
                let (first, root) = (order(shift, log), order(root, log));
                match log {
                    0 => Vec::new(),
                    1..=3 => std::iter::successors(Some(first), |point| Some(*point * root))
                        .take(1 << (log - 1))
                        .map(|point| s.constant(&s.import(&[point; LANES])))
                        .collect(),
                    _ => powers(s, first, root, 1 << (log - 1))
                        .par_iter()
                        .with_min_len(1 << 8)
                        .map(|block| s.constant(block))
                        .collect(),
                }
            })
            .collect();
        Self { levels }
    }

    /// A factor, and at `h` the `h` twiddles of the level of `16 h` elements times it.
    fn scaled<S: Simd<Scalar>>(&self, s: S, scale: Fr) -> [Constant; LANES] {
        std::array::from_fn(|i| {
            let half = i.checked_ilog2().map(|log| 1 << log);
            let product = s.vectorize(
                #[inline(always)]
                || {
                    let scale = s.splat(scale);
                    s.store(match half {
                        None => scale,
                        Some(half) => {
                            s.mul_constant(scale, &self.level(2 * half * LANES)[i - half])
                        }
                    })
                },
            );
            s.constant(&product)
        })
    }

    fn level(&self, elements: usize) -> &[Constant] {
        let log = elements.trailing_zeros() as usize;
        self.levels.get(log).map_or(&[], Vec::as_slice)
    }
}

/// `first * base^i` for `i` below `count`, a multiple of eight.
pub fn powers<S: Simd<Scalar>>(s: S, first: Fr, base: Fr, count: usize) -> Vec<Block> {
    let mut blocks = vec![Block::ZERO; count / LANES];
    fill_powers(s, first, base, &mut blocks);
    blocks
}

/// `first * base^i` in all rows `i`.
pub fn fill_powers<S: Simd<Scalar>>(s: S, first: Fr, base: Fr, blocks: &mut [Block]) {
    let step = base.pow_vartime([LANES as u64]);
    let chunk = blocks.len().clamp(1, 1 << 10);
    blocks
        .par_chunks_mut(chunk)
        .enumerate()
        .for_each(|(i, blocks)| {
            let mut start = first * base.pow_vartime([(i * chunk * LANES) as u64]);
            let head = std::array::from_fn(|_| {
                let power = start;
                start *= base;
                power
            });
            let head = s.import(&head);
            s.vectorize(
                #[inline(always)]
                || {
                    let step = s.splat(step);
                    let mut value = s.load(&head);
                    for block in blocks {
                        *block = s.store(value);
                        value = s.mul(value, step);
                    }
                },
            );
        });
}

/// A coset of a domain, and what values on it are computed with.
#[derive(Debug)]
pub struct Coset {
    /// What the roots of unity are multiplied by.
    pub shift: Fr,
    twiddles: Twiddles,
}

/// The `2^k`-th roots of unity, and what transforms over them need.
#[derive(Debug)]
pub struct Domain<S> {
    /// The arithmetic.
    pub simd: S,
    /// Base-2 logarithm of the number of points.
    pub k: u32,
    /// The points' generator.
    pub omega: Fr,
    inverse: Twiddles,
    /// The inverse's last twiddles times `1 / 2^k`.
    scaled: [Constant; LANES],
}

impl<S: Simd<Scalar>> Domain<S> {
    /// Least `k`: a transform begins or ends with a leaf.
    pub const MIN_K: u32 = LEAF.trailing_zeros();

    /// The domain of `2^k` points, `k` from [`Self::MIN_K`] to 28.
    pub fn new(simd: S, k: u32) -> Self {
        assert!(
            (Self::MIN_K..=Fr::S).contains(&k),
            "a transform of 2^{k} elements"
        );
        let omega = (k..Fr::S).fold(Fr::ROOT_OF_UNITY, |root, _| root.square());
        let omega_inverse = (k..Fr::S).fold(Fr::ROOT_OF_UNITY_INV, |root, _| root.square());
        let inverse = Twiddles::new(simd, k, omega_inverse, Fr::ONE);
        Self {
            simd,
            k,
            omega,
            scaled: inverse.scaled(simd, Fr::TWO_INV.pow_vartime([u64::from(k)])),
            inverse,
        }
    }

    /// Number of points.
    pub fn n(&self) -> usize {
        1 << self.k
    }

    /// Blocks of a column.
    pub fn blocks(&self) -> usize {
        self.n() / LANES
    }

    /// The power whose coefficient stands at `place`.
    pub fn order(&self, place: usize) -> usize {
        // The last six bits stand exchanged by threes, then all are reversed.
        let (high, block, lane) = (place / LEAF, place / LANES % LANES, place % LANES);
        let natural = high * LEAF + lane * LANES + block;
        natural.reverse_bits() >> (usize::BITS - self.k)
    }

    /// Values to coefficients, in place.
    pub fn interpolate(&self, data: &mut [Block]) {
        assert_eq!(data.len(), self.blocks());
        let s = self.simd;
        s.vectorize(
            #[inline(always)]
            || {
                descend(s, &self.inverse, &self.scaled, data);
            },
        );
    }

    /// The roots of unity times `shift`.
    pub fn coset(&self, shift: Fr) -> Coset {
        Coset {
            shift,
            twiddles: Twiddles::new(self.simd, self.k, self.omega, shift),
        }
    }

    /// Values on a coset, of coefficients in their order.
    pub fn evaluate(&self, coefficients: &[Block], coset: &Coset, out: &mut [Block]) {
        assert!(coefficients.len() == self.blocks() && out.len() == self.blocks());
        let s = self.simd;
        s.vectorize(
            #[inline(always)]
            || {
                ascend(s, &coset.twiddles, coefficients, out);
            },
        );
    }

    /// `base^i`, in the order of coefficients.
    pub fn ordered_powers(&self, base: Fr) -> Vec<Block> {
        // The order reverses bits, so a place's power is that of its leaf times that of its block in
        // the leaf times that of its lane.
        let s = self.simd;
        let count = self.n() / LEAF;
        let bits = self.k - LEAF.trailing_zeros();
        let lane_step = |place: usize| base.pow_vartime([self.order(place) as u64]);
        let lanes = s.import(&std::array::from_fn(lane_step));
        let blocks: [Fr; LANES] = std::array::from_fn(|block| lane_step(block * LANES));
        let mut heads = vec![Fr::ONE; count];
        for (i, head) in heads.iter_mut().enumerate() {
            let reversed = if bits == 0 {
                0
            } else {
                i.reverse_bits() >> (usize::BITS - bits)
            };
            *head = base.pow_vartime([reversed as u64]);
        }
        let mut out = vec![Block::ZERO; self.blocks()];
        out.par_chunks_mut(LANES)
            .zip(&heads)
            .with_min_len(1 << 8)
            .for_each(|(out, head)| {
                s.vectorize(
                    #[inline(always)]
                    || {
                        let head = s.mul(s.splat(*head), s.load(&lanes));
                        for (out, block) in out.iter_mut().zip(blocks) {
                            *out = s.store(s.mul(head, s.splat(block)));
                        }
                    },
                );
            });
        out
    }
}

/// Blocks of the ranges that are too large for the cache, largest first, and of those that are
/// then gone through one by one.
fn large_passes(blocks: usize) -> (Vec<usize>, usize) {
    let mut size = blocks;
    let mut passes = Vec::new();
    while size > CACHED {
        passes.push(size);
        size /= 4;
    }
    (passes, size.max(LANES))
}

/// Decimation in frequency, down to leaves.
#[inline(always)]
fn descend<S: Simd<Scalar>>(
    s: S,
    twiddles: &Twiddles,
    scaled: &[Constant; LANES],
    data: &mut [Block],
) {
    let mut start = 0;
    let (passes, cached) = large_passes(data.len());
    for pass in &passes {
        for range in data.chunks_exact_mut(*pass) {
            split(s, twiddles, range);
        }
    }
    while start < data.len() {
        let part = &mut data[start..start + cached];
        let mut size = cached;
        while size > LANES {
            let step = if size >= 4 * LANES { 4 } else { 2 };
            for range in part.chunks_exact_mut(size) {
                if step == 4 {
                    split(s, twiddles, range);
                } else {
                    halve(s, twiddles, range);
                }
            }
            size /= step;
        }
        for leaf in part.chunks_exact_mut(LANES) {
            leaf_down(s, twiddles, scaled, leaf);
        }
        start += cached;
    }
}

/// Decimation in time, up from leaves.
#[inline(always)]
fn ascend<S: Simd<Scalar>>(s: S, twiddles: &Twiddles, coefficients: &[Block], data: &mut [Block]) {
    let (passes, cached) = large_passes(data.len());
    let mut start = 0;
    while start < data.len() {
        let range = start..start + cached;
        let part = &mut data[range.clone()];
        let leaves = coefficients[range].chunks_exact(LANES);
        for (leaf, coefficients) in part.chunks_exact_mut(LANES).zip(leaves) {
            leaf_up(s, twiddles, coefficients, leaf);
        }
        // The passes of `descend`, last first.
        let mut sizes = Vec::new();
        let mut size = cached;
        while size > LANES {
            let step = if size >= 4 * LANES { 4 } else { 2 };
            sizes.push((size, step));
            size /= step;
        }
        for (size, step) in sizes.into_iter().rev() {
            for range in part.chunks_exact_mut(size) {
                if step == 4 {
                    unite(s, twiddles, range);
                } else {
                    double(s, twiddles, range);
                }
            }
        }
        start += cached;
    }
    for pass in passes.iter().rev() {
        for range in data.chunks_exact_mut(*pass) {
            unite(s, twiddles, range);
        }
    }
    for block in data {
        *block = s.store(s.narrow(s.load(block)));
    }
}

#[cfg(test)]
mod tests;
