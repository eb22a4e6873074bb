//! Products with constants, whose quotients by the modulus stand beside them, as with IFMA.

use std::arch::x86_64::{__m256d, __m256i};

use bytemuck::cast;

use super::super::limbs::{Constants, LIMB};
use super::super::{Block, Prime};
use super::{Fma, Half, Limbs, EXPONENTS, LIFT, LIFTS, LOWER, UPPER};

/// What the lower five columns of two products begin with: without their exponents, and lifted.
const BEGINNING_LOW: [u64; 5] = {
    let mut out = [0u64; 5];
    let mut column = 0;
    while column < 5 {
        out[column] = LIFTS[column].wrapping_sub(EXPONENTS[column].wrapping_mul(2));
        column += 1;
    }
    out
};

/// Units of the fifth column that are taken off a product of which the columns below it are left out.
/// Upper halves are rounded here, so what is left out may be less than 0, by two units: four lower halves
/// of the fourth column are at least `-2^51` each. Without them `q` would be too great now and then. At
/// most it is less than six units, and with these `2^-48 R`.
const LEFT_OUT: u64 = 4;

/// What the columns of a product from the fifth on begin with: without the exponents of the halves that
/// are added to them, lifted, and with less than nothing for those left out.
const BEGINNING_HIGH: [u64; 6] = {
    let mut out = [0u64; 6];
    let mut i = 0;
    while i < 6 {
        // Of the fifth column all halves count, as of any other.
        out[i] = EXPONENTS[i + 4].wrapping_neg();
        if i < 5 {
            out[i] = out[i].wrapping_add(LIFT);
        }
        if i > 0 {
            out[i] = out[i].wrapping_sub(LIFT >> 52);
        }
        i += 1;
    }
    out[0] = out[0].wrapping_sub(LEFT_OUT);
    out
};

impl Fma {
    /// Adds the lower five columns of `a b`, with exponents; what the fifth carries is left out.
    #[inline(always)]
    fn add_low(self, t: &mut Half, a: &[__m256d; 5], b: &[__m256d; 5]) {
        for i in 0..5 {
            for j in 0..4 - i {
                let (low, high) = t.split_at_mut(i + j + 1);
                self.product(a[i], b[j], &mut low[i + j], &mut high[0]);
            }
            let (_, lower) = self.halves(a[i], b[4 - i]);
            let lower = self.features.avx._mm256_add_pd(lower, self.number(LOWER));
            t[4] = self.plus(t[4], cast(lower));
        }
    }

    /// `a w - q p`.
    #[inline(always)]
    pub(super) fn mul_constant_half<P: Prime>(self, a: &Half, w: &Half, v: &Half) -> Half {
        let avx2 = self.features.avx2;
        let doubles = |half: &Half| half.map(|limb| self.double(limb));
        let (a, w, v) = (doubles(a), doubles(w), doubles(v));
        let mut low = BEGINNING_LOW.map(|column| self.fill(column));
        self.add_low(&mut low, &a, &w);
        let mut high = BEGINNING_HIGH.map(|column| self.fill(column));
        for i in 0..4 {
            let upper = self.number(UPPER);
            let upper = self.features.fma._mm256_fmadd_pd(a[i], v[3 - i], upper);
            high[0] = self.plus(high[0], cast(upper));
        }
        for i in 0..5 {
            for j in 4 - i..5 {
                let (low, high) = high.split_at_mut(i + j - 3);
                self.product(a[i], v[j], &mut low[i + j - 4], &mut high[0]);
            }
        }
        let mask = self.fill(LIMB);
        for i in 0..5 {
            let carry = avx2._mm256_srli_epi64::<52>(high[i]);
            high[i + 1] = self.plus(high[i + 1], carry);
        }
        let q = [high[1], high[2], high[3], high[4], high[5]];
        let q = q.map(|limb| self.double(avx2._mm256_and_si256(limb, mask)));
        let minus = Constants::<P>::MINUS.map(|limb| self.number(limb as f64));
        self.add_low(&mut low, &q, &minus);
        let mut out = self.carry_half(low);
        out[4] = avx2._mm256_and_si256(out[4], mask);
        out
    }

    /// Limbs of 16 times the value of these words.
    #[inline(always)]
    pub(super) fn unpack_sixteenfold(self, block: &Block) -> Limbs {
        let v = self.features.avx2;
        let mask = self.fill(LIMB);
        let or = |a, b| v._mm256_and_si256(v._mm256_or_si256(a, b), mask);
        let words = block.0.map(cast::<_, [__m256i; 2]>);
        std::array::from_fn(
            #[inline(always)]
            |h| {
                let words = words.map(|word| word[h]);
                [
                    v._mm256_and_si256(v._mm256_slli_epi64::<4>(words[0]), mask),
                    or(
                        v._mm256_srli_epi64::<48>(words[0]),
                        v._mm256_slli_epi64::<16>(words[1]),
                    ),
                    or(
                        v._mm256_srli_epi64::<36>(words[1]),
                        v._mm256_slli_epi64::<28>(words[2]),
                    ),
                    or(
                        v._mm256_srli_epi64::<24>(words[2]),
                        v._mm256_slli_epi64::<40>(words[3]),
                    ),
                    v._mm256_srli_epi64::<12>(words[3]),
                ]
            },
        )
    }
}
