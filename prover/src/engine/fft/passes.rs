//! Levels of a transform: two at a time, one, and the six of a leaf.

use super::super::simd::{Block, Constant, Scalar, Simd, LANES};
use super::Twiddles;

/// Two levels down.
#[inline(always)]
pub(super) fn split<S: Simd<Scalar>>(s: S, twiddles: &Twiddles, range: &mut [Block]) {
    let elements = range.len() * LANES;
    let quarter = range.len() / 4;
    let (first, second) = twiddles.level(elements).split_at(quarter);
    let inner = twiddles.level(elements / 2);
    let (left, right) = range.split_at_mut(2 * quarter);
    let ((x0, x1), (x2, x3)) = (left.split_at_mut(quarter), right.split_at_mut(quarter));
    for i in 0..quarter {
        let (a0, a1) = (s.load(&x0[i]), s.load(&x1[i]));
        let (a2, a3) = (s.load(&x2[i]), s.load(&x3[i]));
        let w = &inner[i];
        let (b0, b1) = (s.add_narrow(a0, a2), s.add_narrow(a1, a3));
        let b2 = s.mul_constant(s.sub_reduced(a0, a2), &first[i]);
        let b3 = s.mul_constant(s.sub_reduced(a1, a3), &second[i]);
        x0[i] = s.store(s.add_narrow(b0, b1));
        x1[i] = s.store(s.mul_constant(s.sub_reduced(b0, b1), w));
        x2[i] = s.store(s.add_narrow(b2, b3));
        x3[i] = s.store(s.mul_constant(s.sub_reduced(b2, b3), w));
    }
}

/// One level down.
#[inline(always)]
pub(super) fn halve<S: Simd<Scalar>>(s: S, twiddles: &Twiddles, range: &mut [Block]) {
    let level = twiddles.level(range.len() * LANES);
    let (x0, x1) = range.split_at_mut(range.len() / 2);
    for ((x0, x1), w) in x0.iter_mut().zip(x1).zip(level) {
        let (a0, a1) = (s.load(x0), s.load(x1));
        *x0 = s.store(s.add_narrow(a0, a1));
        *x1 = s.store(s.mul_constant(s.sub_reduced(a0, a1), w));
    }
}

/// Two levels up: undoes [`split`] but for a factor of four. Takes and gives bound 4.
#[inline(always)]
pub(super) fn unite<S: Simd<Scalar>>(s: S, twiddles: &Twiddles, range: &mut [Block]) {
    let elements = range.len() * LANES;
    let quarter = range.len() / 4;
    let (first, second) = twiddles.level(elements).split_at(quarter);
    let inner = twiddles.level(elements / 2);
    let (left, right) = range.split_at_mut(2 * quarter);
    let ((x0, x1), (x2, x3)) = (left.split_at_mut(quarter), right.split_at_mut(quarter));
    for i in 0..quarter {
        let w = &inner[i];
        let (b0, b1) = s.spread(s.load(&x0[i]), s.mul_constant(s.load(&x1[i]), w));
        let (b2, b3) = s.spread(s.load(&x2[i]), s.mul_constant(s.load(&x3[i]), w));
        let (y0, y2) = s.spread(b0, s.mul_constant(b2, &first[i]));
        let (y1, y3) = s.spread(b1, s.mul_constant(b3, &second[i]));
        x0[i] = s.store(y0);
        x1[i] = s.store(y1);
        x2[i] = s.store(y2);
        x3[i] = s.store(y3);
    }
}

/// One level up. Takes and gives bound 4.
#[inline(always)]
pub(super) fn double<S: Simd<Scalar>>(s: S, twiddles: &Twiddles, range: &mut [Block]) {
    let level = twiddles.level(range.len() * LANES);
    let (x0, x1) = range.split_at_mut(range.len() / 2);
    for ((x0, x1), w) in x0.iter_mut().zip(x1).zip(level) {
        let (y0, y1) = s.spread(s.load(x0), s.mul_constant(s.load(x1), w));
        *x0 = s.store(y0);
        *x1 = s.store(y1);
    }
}

/// The last six levels down, over 64 elements, which come out multiplied by the scale that
/// [`Twiddles::scaled`] took.
#[inline(always)]
pub(super) fn leaf_down<S: Simd<Scalar>>(
    s: S,
    twiddles: &Twiddles,
    scaled: &[Constant; LANES],
    leaf: &mut [Block],
) {
    let mut x: [S::Wide; LANES] = std::array::from_fn(|i| s.load(&leaf[i]));
    for half in [4, 2, 1] {
        let level = twiddles.level(2 * half * LANES);
        for base in (0..LANES).step_by(2 * half) {
            // Of each level the lower half, which is multiplied anyway, takes the scale.
            let level = if base == 0 { &scaled[half..] } else { level };
            for j in 0..half {
                let (a0, a1) = (x[base + j], x[base + j + half]);
                x[base + j] = s.add_narrow(a0, a1);
                x[base + j + half] = s.mul_constant(s.sub_reduced(a0, a1), &level[j]);
            }
        }
    }
    x[0] = s.mul_constant(x[0], &scaled[0]);
    x = s.transpose(x);
    for half in [4, 2, 1] {
        let level = twiddles.level(2 * half);
        for base in (0..LANES).step_by(2 * half) {
            for j in 0..half {
                let (a0, a1) = (x[base + j], x[base + j + half]);
                x[base + j] = s.add_narrow(a0, a1);
                let difference = s.sub_reduced(a0, a1);
                x[base + j + half] = match j {
                    0 => s.narrow(difference),
                    _ => s.mul_constant(difference, &level[j]),
                };
            }
        }
    }
    for (block, value) in leaf.iter_mut().zip(x) {
        *block = s.store(value);
    }
}

/// The first six levels up, over 64 elements. Gives bound 4.
#[inline(always)]
pub(super) fn leaf_up<S: Simd<Scalar>>(
    s: S,
    twiddles: &Twiddles,
    coefficients: &[Block],
    leaf: &mut [Block],
) {
    let mut x: [S::Wide; LANES] = std::array::from_fn(|i| s.load(&coefficients[i]));
    for lanes in [1, LANES] {
        for half in [1, 2, 4] {
            let level = twiddles.level(2 * half * lanes);
            for base in (0..LANES).step_by(2 * half) {
                for j in 0..half {
                    let a1 = s.mul_constant(x[base + j + half], &level[j]);
                    (x[base + j], x[base + j + half]) = s.spread(x[base + j], a1);
                }
            }
        }
        if lanes == 1 {
            x = s.transpose(x);
        }
    }
    for (block, value) in leaf.iter_mut().zip(x) {
        *block = s.store(value);
    }
}
