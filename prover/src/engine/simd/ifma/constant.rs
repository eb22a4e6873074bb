//! Products with constants, whose quotients by the modulus stand beside them.
//!
//! A constant is an integer `w < p`, with `v`, the whole part of `2^256 w / p`. For `a < 2^256` let `q`
//! be the whole part of `16 a v / R` without the columns of the product below the fifth, which are
//! less than `2^-49 R` together. From `16 v > R w / p - 16` follows
//! `a w / p >= q > a w / p - a / 2^256 - 1 - 2^-49`, so `0 <= a w - q p < (a / 2^256 + 1 + 2^-49) p`.
//! That is below `2 p` and fits the lowest 260 bits of both products, which are all that is computed:
//! 84 multiply-adds instead of the 105 of a product, and of three chains two at once.

use std::arch::x86_64::__m512i;

use bytemuck::cast;

use super::super::limbs::{Constants, LIMB};
use super::super::{Constant, Prime};
use super::{Ifma, Limbs};

impl Ifma {
    /// Adds the lower five columns of `a b`, the last without what it carries.
    #[inline(always)]
    fn add_low(self, mut t: Limbs, a: Limbs, b: Limbs) -> Limbs {
        for i in 0..5 {
            for j in 0..5 - i {
                t[i + j] = self.lo(t[i + j], a[i], b[j]);
                if i + j < 4 {
                    t[i + j + 1] = self.hi(t[i + j + 1], a[i], b[j]);
                }
            }
        }
        t
    }

    /// Limbs of 16 times the value of these words, to multiply by: what is above 52 bits is anything.
    #[inline(always)]
    fn unpack_sixteenfold(self, words: [__m512i; 4]) -> Limbs {
        let f = self.features.f;
        let or = |a, b| f._mm512_or_si512(a, b);
        [
            f._mm512_slli_epi64::<4>(words[0]),
            or(
                f._mm512_srli_epi64::<48>(words[0]),
                f._mm512_slli_epi64::<16>(words[1]),
            ),
            or(
                f._mm512_srli_epi64::<36>(words[1]),
                f._mm512_slli_epi64::<28>(words[2]),
            ),
            or(
                f._mm512_srli_epi64::<24>(words[2]),
                f._mm512_slli_epi64::<40>(words[3]),
            ),
            f._mm512_srli_epi64::<12>(words[3]),
        ]
    }

    /// `a w - q p`.
    #[inline(always)]
    pub(super) fn times_constant<P: Prime>(self, a: Limbs, w: &Constant) -> Limbs {
        let f = self.features.f;
        let zero = f._mm512_setzero_si512();
        let value = self.unpack(w.value.0.map(cast));
        let quotient = self.unpack_sixteenfold(w.quotient.0.map(cast));
        let low = self.add_low([zero; 5], a, value);
        // Columns from the fifth on.
        let mut high = [zero; 6];
        for i in 0..5 {
            for j in 3 - i.min(3)..5 {
                if i + j > 3 {
                    high[i + j - 4] = self.lo(high[i + j - 4], a[i], quotient[j]);
                }
                high[i + j - 3] = self.hi(high[i + j - 3], a[i], quotient[j]);
            }
        }
        for i in 0..5 {
            let carry = f._mm512_srli_epi64::<52>(high[i]);
            high[i + 1] = self.plus(high[i + 1], carry);
        }
        let q = [high[1], high[2], high[3], high[4], high[5]];
        let minus = self.all(Constants::<P>::MINUS);
        let mut out = self.carry(self.add_low(low, q, minus));
        out[4] = f._mm512_and_si512(out[4], self.fill(LIMB));
        out
    }
}
