//! Radix 2^52 with AVX2 and fused multiply-add: limbs, form and bounds of [`super::ifma`], for machines
//! that multiply 52 bits in floating point only.
//!
//! A product of limbs is below 2^104. Added to 2^104 in one rounding, it leaves a number whose lowest
//! bit stands for 2^52: the product's upper half, rounded. What the product is above or below that, at
//! most 2^51, a second multiply-add gives exactly. Both are added up as integers in the bits they have
//! as floating-point numbers, of which the exponents are known and taken off together.
//!
//! Rounding is to the nearest, as every program finds it and leaves it.
//!
//! Montgomery's reduction clears five columns, each after the one below it. The first three go up to the
//! columns above by a product with [`Constants::UPWARD`], which takes no multiplication for a quotient
//! and half of the time until the next is known. It adds up to 2^52 times as much of the modulus as has
//! to be, in these columns less than `2^(3 * 52 + 52 - 260) p`, which is nothing; in the fourth it would
//! be another `p`.

use std::arch::x86_64::{__m256d, __m256i};

use bytemuck::cast;

use super::limbs::{Constants, LIMB};
use super::{Block, Machine, Prime};

mod constant;
mod operations;

pulp::simd_type! {
    /// The instructions this needs.
    struct Features {
        avx: "avx",
        avx2: "avx2",
        fma: "fma",
    }
}

/// Four elements: limb by limb.
type Half = [__m256i; 5];

/// Eight elements.
type Limbs = [Half; 2];

/// `2^104`: what is added to a product for its upper half.
const UPPER: f64 = (1u128 << 104) as f64;

/// `2^52 + 2^51`: what is added to a lower half, so that its bits are those of an integer.
const LOWER: f64 = (3u64 << 51) as f64;

/// `2^52`, to whose bits an integer below is added for its floating-point number.
const INTEGER: f64 = (1u64 << 52) as f64;

/// A multiple of 2^52 that makes a limb positive before it is shifted.
const LIFT: u64 = 1 << 60;

/// What is added to limbs so that all that are carried are positive: the value stays as it is.
const LIFTS: [u64; 5] = {
    let carried = (LIFT >> 52).wrapping_neg();
    let middle = LIFT.wrapping_add(carried);
    [LIFT, middle, middle, middle, carried]
};

/// `value + LIFTS`, limb by limb.
const fn lifted(value: [u64; 5]) -> [u64; 5] {
    let mut out = [0; 5];
    let mut i = 0;
    while i < 5 {
        out[i] = value[i].wrapping_add(LIFTS[i]);
        i += 1;
    }
    out
}

/// `LIFTS - value`, limb by limb.
const fn lifted_less(value: [u64; 5]) -> [u64; 5] {
    let mut out = [0; 5];
    let mut i = 0;
    while i < 5 {
        out[i] = LIFTS[i].wrapping_sub(value[i]);
        i += 1;
    }
    out
}

/// How many products of two limbs have their lower half in a column.
const fn lower_halves(column: usize) -> u64 {
    if column < 5 {
        column as u64 + 1
    } else {
        9 - column as u64
    }
}

/// Columns of which the reduction goes upward.
const UPWARD: usize = 3;

// What they add above the modulus is less than a part in 2^52 of it.
const _: () = assert!(52 * (UPWARD + 1) + 52 <= 260);

/// What the exponents of the halves of the reduction's products add to a column.
const fn reducing(column: usize) -> u64 {
    let mut sum = 0u64;
    let mut cleared = 0;
    while cleared < 5 {
        let first = if cleared < UPWARD {
            cleared + 1
        } else {
            cleared
        };
        if column >= first && column < first + 5 {
            sum = sum.wrapping_add(LOWER.to_bits());
        }
        if column > first && column <= first + 5 {
            sum = sum.wrapping_add(UPPER.to_bits());
        }
        cleared += 1;
    }
    sum
}

/// What the exponents of the halves of one product of elements add to a column.
const fn exponents(column: usize) -> u64 {
    let upper = if column == 0 {
        0
    } else {
        lower_halves(column - 1).wrapping_mul(UPPER.to_bits())
    };
    upper.wrapping_add(lower_halves(column).wrapping_mul(LOWER.to_bits()))
}

/// The exponents of a product, for each column.
const EXPONENTS: [u64; 10] = {
    let mut out = [0; 10];
    let mut column = 0;
    while column < 10 {
        out[column] = exponents(column);
        column += 1;
    }
    out
};

/// What the columns begin with before as many products as said and the reduction: without their
/// exponents, and with lifts in the columns that are carried.
///
/// A column that goes upward is carried once its limb is taken off. Of one that is cleared all bits are 0
/// when it is carried, but for those of the exponent of the last lower half that is added to it, which it
/// keeps. What a shift takes of either to the next column, that one begins without.
const fn beginning(products: u64) -> [u64; 10] {
    let mut out = [0u64; 10];
    let mut carried = 0;
    let mut column = 0;
    while column < 10 {
        let exponents = EXPONENTS[column].wrapping_mul(products);
        let exponents = exponents.wrapping_add(reducing(column));
        let kept = if column < UPWARD {
            LIFT
        } else if column < 5 {
            LOWER.to_bits()
        } else {
            LIFTS[column - 5]
        };
        out[column] = kept.wrapping_sub(exponents).wrapping_sub(carried);
        carried = if column < 5 { kept >> 52 } else { 0 };
        column += 1;
    }
    out
}

/// AVX2 and fused multiply-add, known to be there.
#[derive(Debug, Clone, Copy)]
pub struct Fma {
    features: Features,
}

impl Fma {
    /// The token, where the machine has the instructions.
    pub fn try_new() -> Option<Self> {
        Features::try_new().map(|features| Self { features })
    }

    #[inline(always)]
    fn fill(self, word: u64) -> __m256i {
        self.features.avx._mm256_set1_epi64x(word as i64)
    }

    #[inline(always)]
    fn number(self, number: f64) -> __m256d {
        self.features.avx._mm256_set1_pd(number)
    }

    #[inline(always)]
    fn plus(self, a: __m256i, b: __m256i) -> __m256i {
        self.features.avx2._mm256_add_epi64(a, b)
    }

    #[inline(always)]
    fn minus(self, a: __m256i, b: __m256i) -> __m256i {
        self.features.avx2._mm256_sub_epi64(a, b)
    }

    /// An integer of 52 bits as a floating-point number.
    #[inline(always)]
    fn double(self, integer: __m256i) -> __m256d {
        let bits = self.fill(INTEGER.to_bits());
        let sum: __m256d = cast(self.features.avx2._mm256_or_si256(integer, bits));
        self.features.avx._mm256_sub_pd(sum, self.number(INTEGER))
    }

    /// The upper half of a product, rounded, with the exponent of [`UPPER`]; and the rest, from
    /// `-2^51` to `2^51`.
    #[inline(always)]
    fn halves(self, a: __m256d, b: __m256d) -> (__m256d, __m256d) {
        let upper = self.number(UPPER);
        let high = self.features.fma._mm256_fmadd_pd(a, b, upper);
        let taken = self.features.avx._mm256_sub_pd(upper, high);
        (high, self.features.fma._mm256_fmadd_pd(a, b, taken))
    }

    /// Adds a product of limbs to two columns, with exponents.
    #[inline(always)]
    fn product(self, a: __m256d, b: __m256d, low: &mut __m256i, high: &mut __m256i) {
        let (upper, lower) = self.halves(a, b);
        let lower = self.features.avx._mm256_add_pd(lower, self.number(LOWER));
        *low = self.plus(*low, cast(lower));
        *high = self.plus(*high, cast(upper));
    }

    /// Carries limbs of which all but the highest are lifted: all are in `0 .. 2^52`, if the value is.
    #[inline(always)]
    fn carry_half(self, mut limbs: Half) -> Half {
        let v = self.features.avx2;
        let mask = self.fill(LIMB);
        for i in 0..4 {
            let carry = v._mm256_srli_epi64::<52>(limbs[i]);
            limbs[i] = v._mm256_and_si256(limbs[i], mask);
            limbs[i + 1] = v._mm256_add_epi64(limbs[i + 1], carry);
        }
        limbs
    }

    #[inline(always)]
    fn carry(self, limbs: Limbs) -> Limbs {
        limbs.map(
            #[inline(always)]
            |half| self.carry_half(half),
        )
    }

    /// `f` of each limb of two values and of a constant.
    #[inline(always)]
    fn each(
        self,
        a: Limbs,
        b: Limbs,
        constant: [u64; 5],
        f: impl Fn(__m256i, __m256i, __m256i) -> __m256i,
    ) -> Limbs {
        std::array::from_fn(
            #[inline(always)]
            |h| {
                std::array::from_fn(
                    #[inline(always)]
                    |i| f(a[h][i], b[h][i], self.fill(constant[i])),
                )
            },
        )
    }

    /// `a - subtrahend` where the top limb says that `a` is not below the subtrahend, lifted and not
    /// carried. A value just above may pass for one below.
    #[inline(always)]
    fn less(self, a: Limbs, subtrahend: [u64; 5]) -> Limbs {
        let v = self.features.avx2;
        let top = self.fill(subtrahend[4]);
        let less = lifted_less(subtrahend);
        a.map(
            #[inline(always)]
            |half| {
                let above = v._mm256_cmpgt_epi64(half[4], top);
                std::array::from_fn(
                    #[inline(always)]
                    |i| {
                        let (stay, less) = (self.fill(LIFTS[i]), self.fill(less[i]));
                        self.plus(half[i], v._mm256_blendv_epi8(stay, less, above))
                    },
                )
            },
        )
    }

    /// Adds a product of a limb and five, which begins in column `first`, with exponents.
    #[inline(always)]
    fn add_row(self, t: &mut [__m256i; 10], first: usize, a: __m256d, b: &[__m256d; 5]) {
        for (j, b) in b.iter().enumerate() {
            let (low, high) = t.split_at_mut(first + j + 1);
            self.product(a, *b, &mut low[first + j], &mut high[0]);
        }
    }

    /// Brings a column to the next, with as many multiples of the modulus as its limb takes.
    #[inline(always)]
    fn reduce_column<P: Prime>(self, t: &mut [__m256i; 10], i: usize) {
        let Features { avx, avx2, .. } = self.features;
        let limb = self.double(avx2._mm256_and_si256(t[i], self.fill(LIMB)));
        if i < UPWARD {
            let upward = Constants::<P>::UPWARD.map(|limb| self.number(limb as f64));
            t[i + 1] = self.plus(t[i + 1], avx2._mm256_srli_epi64::<52>(t[i]));
            self.add_row(t, i + 1, limb, &upward);
        } else {
            let (_, rest) = self.halves(limb, self.number(Constants::<P>::INVERSE as f64));
            // The product modulo 2^52, from 0 on.
            let below =
                avx._mm256_cmp_pd::<{ std::arch::x86_64::_CMP_LT_OQ }>(rest, self.number(0.0));
            let q = avx._mm256_add_pd(rest, avx._mm256_and_pd(below, self.number(INTEGER)));
            let p = Constants::<P>::P.map(|limb| self.number(limb as f64));
            self.add_row(t, i, q, &p);
            t[i + 1] = self.plus(t[i + 1], avx2._mm256_srli_epi64::<52>(t[i]));
        }
    }

    #[inline(always)]
    fn mul_half<P: Prime>(self, a: &Half, b: &Half) -> Half {
        let mut t = const { beginning(1) }.map(|column| self.fill(column));
        let [a0, a1, a2, a3, a4] = a.map(|limb| self.double(limb));
        let b = b.map(|limb| self.double(limb));
        // Row by row, and no loop: it would keep the columns in memory. A column is reduced when the row
        // after its last is on its way.
        self.add_row(&mut t, 0, a0, &b);
        self.add_row(&mut t, 1, a1, &b);
        self.reduce_column::<P>(&mut t, 0);
        self.add_row(&mut t, 2, a2, &b);
        self.reduce_column::<P>(&mut t, 1);
        self.add_row(&mut t, 3, a3, &b);
        self.reduce_column::<P>(&mut t, 2);
        self.add_row(&mut t, 4, a4, &b);
        self.reduce_column::<P>(&mut t, 3);
        self.reduce_column::<P>(&mut t, 4);
        self.carry_half([t[5], t[6], t[7], t[8], t[9]])
    }

    /// Adds the products of a square in which limb `i` is the lower one, with exponents.
    #[inline(always)]
    fn add_squares(self, t: &mut [__m256i; 10], i: usize, a: &[__m256d; 5]) {
        let (low, high) = t.split_at_mut(2 * i + 1);
        self.product(a[i], a[i], &mut low[2 * i], &mut high[0]);
        for j in i + 1..5 {
            let (upper, lower) = self.halves(a[i], a[j]);
            let lower = self.features.avx._mm256_add_pd(lower, self.number(LOWER));
            let (lower, upper) = (cast(lower), cast(upper));
            t[i + j] = self.plus(self.plus(t[i + j], lower), lower);
            t[i + j + 1] = self.plus(self.plus(t[i + j + 1], upper), upper);
        }
    }

    #[inline(always)]
    fn square_half<P: Prime>(self, a: &Half) -> Half {
        let mut t = const { beginning(1) }.map(|column| self.fill(column));
        let a = a.map(|limb| self.double(limb));
        self.add_squares(&mut t, 0, &a);
        self.reduce_column::<P>(&mut t, 0);
        self.add_squares(&mut t, 1, &a);
        self.reduce_column::<P>(&mut t, 1);
        self.add_squares(&mut t, 2, &a);
        self.reduce_column::<P>(&mut t, 2);
        self.add_squares(&mut t, 3, &a);
        self.add_squares(&mut t, 4, &a);
        self.reduce_column::<P>(&mut t, 3);
        self.reduce_column::<P>(&mut t, 4);
        self.carry_half([t[5], t[6], t[7], t[8], t[9]])
    }

    #[inline(always)]
    fn unpack(self, block: &Block) -> Limbs {
        let v = self.features.avx2;
        let mask = self.fill(LIMB);
        let or = |a, b| v._mm256_and_si256(v._mm256_or_si256(a, b), mask);
        let words = block.0.map(cast::<_, [__m256i; 2]>);
        std::array::from_fn(
            #[inline(always)]
            |h| {
                let words = words.map(|word| word[h]);
                [
                    v._mm256_and_si256(words[0], mask),
                    or(
                        v._mm256_srli_epi64::<52>(words[0]),
                        v._mm256_slli_epi64::<12>(words[1]),
                    ),
                    or(
                        v._mm256_srli_epi64::<40>(words[1]),
                        v._mm256_slli_epi64::<24>(words[2]),
                    ),
                    or(
                        v._mm256_srli_epi64::<28>(words[2]),
                        v._mm256_slli_epi64::<36>(words[3]),
                    ),
                    v._mm256_srli_epi64::<16>(words[3]),
                ]
            },
        )
    }

    /// The words of four elements.
    #[inline(always)]
    fn pack_half(self, limbs: &Half) -> [__m256i; 4] {
        let v = self.features.avx2;
        let or = |a, b| v._mm256_or_si256(a, b);
        [
            or(limbs[0], v._mm256_slli_epi64::<52>(limbs[1])),
            or(
                v._mm256_srli_epi64::<12>(limbs[1]),
                v._mm256_slli_epi64::<40>(limbs[2]),
            ),
            or(
                v._mm256_srli_epi64::<24>(limbs[2]),
                v._mm256_slli_epi64::<28>(limbs[3]),
            ),
            or(
                v._mm256_srli_epi64::<36>(limbs[3]),
                v._mm256_slli_epi64::<16>(limbs[4]),
            ),
        ]
    }

    /// Rows and columns of a 4 by 4 matrix of words exchanged.
    #[inline(always)]
    fn exchange(self, r: [__m256i; 4]) -> [__m256i; 4] {
        let v = self.features.avx2;
        let (a, b) = (
            v._mm256_unpacklo_epi64(r[0], r[1]),
            v._mm256_unpackhi_epi64(r[0], r[1]),
        );
        let (c, d) = (
            v._mm256_unpacklo_epi64(r[2], r[3]),
            v._mm256_unpackhi_epi64(r[2], r[3]),
        );
        [
            v._mm256_permute2x128_si256::<0x20>(a, c),
            v._mm256_permute2x128_si256::<0x20>(b, d),
            v._mm256_permute2x128_si256::<0x31>(a, c),
            v._mm256_permute2x128_si256::<0x31>(b, d),
        ]
    }

    /// Constants of a value in all lanes.
    #[inline(always)]
    fn constant(self, value: [u64; 5]) -> Limbs {
        [value.map(|limb| self.fill(limb)); 2]
    }
}

impl Machine for Fma {
    #[inline(always)]
    fn vectorize<R>(self, work: impl FnOnce() -> R) -> R {
        self.features.vectorize(work)
    }
}
