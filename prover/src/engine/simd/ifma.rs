//! Radix 2^52 with AVX-512 IFMA: five limbs an element, Montgomery form with `R = 2^260`.
//!
//! | operation | limbs it takes | limbs it gives |
//! |---|---|---|
//! | `mul`, `mul_constant`, `reduce`, `store` | 0 .. 2^52 | 0 .. 2^52 |
//! | `add`, `sub` | 0 .. 2^52 | 0 .. 2^52, carried |
//!
//! A product of values below `a p` and `b p` is below `(a b p / R + 1) p`, and `64 p < 0.76 R`.

use std::arch::x86_64::__m512i;

use bytemuck::cast;

use super::limbs::{constants, from_elements, limbs, to_elements, to_words, Constants, LIMB};
use super::words::words;
use super::{Block, Constant, Machine, PointWords, Prime, Simd, LANES};

mod constant;

pulp::simd_type! {
    /// The instructions this needs.
    struct Features {
        f: "avx512f",
        ifma: "avx512ifma",
    }
}

/// Eight elements: limb by limb.
type Limbs = [__m512i; 5];

/// Limb by limb. The compiler may make [`std::array::from_fn`] a call with limbs in memory, but not this.
#[inline(always)]
fn each(limb: impl Fn(usize) -> __m512i) -> Limbs {
    [limb(0), limb(1), limb(2), limb(3), limb(4)]
}

/// AVX-512 IFMA, known to be there.
#[derive(Debug, Clone, Copy)]
pub struct Ifma {
    features: Features,
}

impl Ifma {
    /// The token, where the machine has the instructions.
    pub fn try_new() -> Option<Self> {
        Features::try_new().map(|features| Self { features })
    }

    #[inline(always)]
    fn fill(self, word: u64) -> __m512i {
        self.features.f._mm512_set1_epi64(word as i64)
    }

    /// A value's limbs in all lanes.
    #[inline(always)]
    fn all(self, value: [u64; 5]) -> Limbs {
        each(|i| self.fill(value[i]))
    }

    #[inline(always)]
    fn lo(self, sum: __m512i, a: __m512i, b: __m512i) -> __m512i {
        self.features.ifma._mm512_madd52lo_epu64(sum, a, b)
    }

    #[inline(always)]
    fn hi(self, sum: __m512i, a: __m512i, b: __m512i) -> __m512i {
        self.features.ifma._mm512_madd52hi_epu64(sum, a, b)
    }

    #[inline(always)]
    fn plus(self, a: __m512i, b: __m512i) -> __m512i {
        self.features.f._mm512_add_epi64(a, b)
    }

    #[inline(always)]
    fn minus(self, a: __m512i, b: __m512i) -> __m512i {
        self.features.f._mm512_sub_epi64(a, b)
    }

    /// Carries signed limbs, so that all are in `0 .. 2^52`; the value is.
    #[inline(always)]
    fn carry(self, mut limbs: Limbs) -> Limbs {
        let f = self.features.f;
        let mask = self.fill(LIMB);
        for i in 0..4 {
            let carry = f._mm512_srai_epi64::<52>(limbs[i]);
            limbs[i] = f._mm512_and_si512(limbs[i], mask);
            limbs[i + 1] = f._mm512_add_epi64(limbs[i + 1], carry);
        }
        limbs
    }

    /// `a - 2 p` where the top limb says that `a` is not below `2 p`, not carried. A value just above
    /// `2 p` may pass for one below.
    #[inline(always)]
    fn less_two<P: Prime>(self, a: Limbs, top: __m512i) -> Limbs {
        let f = self.features.f;
        let two = self.all(Constants::<P>::TWO);
        let above = f._mm512_cmpgt_epi64_mask(top, two[4]);
        each(|i| f._mm512_mask_sub_epi64(a[i], above, a[i], two[i]))
    }

    /// `a` less its quotient by `p`, which its top limb tells to within one from below; for `a` below
    /// `8 p`. Neither it nor the result need be carried, if `top` is the least that the top limb may be.
    #[inline(always)]
    fn less_quotient<P: Prime>(self, a: Limbs, top: __m512i) -> Limbs {
        let f = self.features.f;
        let reciprocal = self.fill(Constants::<P>::RECIPROCAL);
        let product = self.hi(f._mm512_setzero_si512(), top, reciprocal);
        let quotient = f._mm512_srli_epi64::<45>(product);
        let multiples = Constants::<P>::MULTIPLES;
        each(|i| {
            self.minus(
                a[i],
                f._mm512_permutexvar_epi64(quotient, cast(multiples[i])),
            )
        })
    }

    /// Montgomery's reduction of ten columns, given in limbs of the lower half.
    #[inline(always)]
    fn montgomery<P: Prime>(self, mut t: [__m512i; 10]) -> Limbs {
        let f = self.features.f;
        let zero = f._mm512_setzero_si512();
        let inverse = self.fill(Constants::<P>::INVERSE);
        let p = self.all(Constants::<P>::P);
        for i in 0..5 {
            let q = self.lo(zero, t[i], inverse);
            for j in 0..5 {
                t[i + j] = self.lo(t[i + j], q, p[j]);
            }
            let carry = f._mm512_srli_epi64::<52>(t[i]);
            for j in 0..5 {
                t[i + j + 1] = self.hi(t[i + j + 1], q, p[j]);
            }
            t[i + 1] = f._mm512_add_epi64(t[i + 1], carry);
        }
        self.carry([t[5], t[6], t[7], t[8], t[9]])
    }

    #[inline(always)]
    fn unpack(self, words: [__m512i; 4]) -> Limbs {
        let f = self.features.f;
        let mask = self.fill(LIMB);
        let or = |a, b| f._mm512_and_si512(f._mm512_or_si512(a, b), mask);
        [
            f._mm512_and_si512(words[0], mask),
            or(
                f._mm512_srli_epi64::<52>(words[0]),
                f._mm512_slli_epi64::<12>(words[1]),
            ),
            or(
                f._mm512_srli_epi64::<40>(words[1]),
                f._mm512_slli_epi64::<24>(words[2]),
            ),
            or(
                f._mm512_srli_epi64::<28>(words[2]),
                f._mm512_slli_epi64::<36>(words[3]),
            ),
            f._mm512_srli_epi64::<16>(words[3]),
        ]
    }

    #[inline(always)]
    fn pack(self, limbs: Limbs) -> [__m512i; 4] {
        let f = self.features.f;
        let or = |a, b| f._mm512_or_si512(a, b);
        [
            or(limbs[0], f._mm512_slli_epi64::<52>(limbs[1])),
            or(
                f._mm512_srli_epi64::<12>(limbs[1]),
                f._mm512_slli_epi64::<40>(limbs[2]),
            ),
            or(
                f._mm512_srli_epi64::<24>(limbs[2]),
                f._mm512_slli_epi64::<28>(limbs[3]),
            ),
            or(
                f._mm512_srli_epi64::<36>(limbs[3]),
                f._mm512_slli_epi64::<16>(limbs[4]),
            ),
        ]
    }

    /// Rows and columns of an 8 by 8 matrix of words exchanged.
    #[inline(always)]
    fn exchange(self, r: [__m512i; 8]) -> [__m512i; 8] {
        let f = self.features.f;
        let low = |i: usize| f._mm512_unpacklo_epi64(r[i], r[i + 1]);
        let high = |i: usize| f._mm512_unpackhi_epi64(r[i], r[i + 1]);
        let pairs = [
            low(0),
            high(0),
            low(2),
            high(2),
            low(4),
            high(4),
            low(6),
            high(6),
        ];
        let even = |a, b| f._mm512_shuffle_i64x2::<0b10_00_10_00>(a, b);
        let odd = |a, b| f._mm512_shuffle_i64x2::<0b11_01_11_01>(a, b);
        // Quarters of rows 0 to 3 and 4 to 7, for columns (0, 4), (1, 5), (2, 6), (3, 7).
        let top = [
            even(pairs[0], pairs[2]),
            even(pairs[1], pairs[3]),
            odd(pairs[0], pairs[2]),
            odd(pairs[1], pairs[3]),
        ];
        let bottom = [
            even(pairs[4], pairs[6]),
            even(pairs[5], pairs[7]),
            odd(pairs[4], pairs[6]),
            odd(pairs[5], pairs[7]),
        ];
        [
            even(top[0], bottom[0]),
            even(top[1], bottom[1]),
            even(top[2], bottom[2]),
            even(top[3], bottom[3]),
            odd(top[0], bottom[0]),
            odd(top[1], bottom[1]),
            odd(top[2], bottom[2]),
            odd(top[3], bottom[3]),
        ]
    }

    /// The library's words times `2^260 / 2^256`, or back: a product with a power of two.
    #[inline(always)]
    fn scaled<P: Prime>(self, block: &Block, factor: [u64; 5]) -> Limbs {
        let value = self.unpack(block.0.map(cast));
        Simd::<P>::mul(self, value, self.all(factor))
    }
}

impl Machine for Ifma {
    #[inline(always)]
    fn vectorize<R>(self, work: impl FnOnce() -> R) -> R {
        self.features.vectorize(work)
    }
}

impl<P: Prime> Simd<P> for Ifma {
    type Wide = Limbs;

    #[inline(always)]
    fn load(self, block: &Block) -> Limbs {
        self.unpack(block.0.map(cast))
    }

    #[inline(always)]
    fn store(self, value: Limbs) -> Block {
        Block(self.pack(value).map(cast))
    }

    #[inline(always)]
    fn splat(self, element: P::Element) -> Limbs {
        let words = words(&element);
        // The library's form is 2^256 times the element: 2^264 / 2^260 of it is ours.
        Simd::<P>::mul(
            self,
            self.all(limbs(words)),
            self.all(Constants::<P>::FROM_LIBRARY),
        )
    }

    #[inline(always)]
    fn add(self, a: Limbs, b: Limbs) -> Limbs {
        self.carry([
            self.plus(a[0], b[0]),
            self.plus(a[1], b[1]),
            self.plus(a[2], b[2]),
            self.plus(a[3], b[3]),
            self.plus(a[4], b[4]),
        ])
    }

    #[inline(always)]
    fn sub(self, a: Limbs, b: Limbs) -> Limbs {
        let four = self.all(Constants::<P>::FOUR);
        self.carry(each(|i| self.minus(self.plus(a[i], four[i]), b[i])))
    }

    #[inline(always)]
    fn sub_reduced(self, a: Limbs, b: Limbs) -> Limbs {
        let two = self.all(Constants::<P>::TWO);
        self.carry(each(|i| self.minus(self.plus(a[i], two[i]), b[i])))
    }

    #[inline(always)]
    fn mul(self, a: Limbs, b: Limbs) -> Limbs {
        let mut t = [self.features.f._mm512_setzero_si512(); 10];
        for i in 0..5 {
            for j in 0..5 {
                t[i + j] = self.lo(t[i + j], a[i], b[j]);
                t[i + j + 1] = self.hi(t[i + j + 1], a[i], b[j]);
            }
        }
        self.montgomery::<P>(t)
    }

    #[inline(always)]
    fn constant(self, block: &Block) -> Constant {
        constants::<P, _>(self, block)
    }

    #[inline(always)]
    fn mul_constant(self, a: Limbs, w: &Constant) -> Limbs {
        self.times_constant::<P>(a, w)
    }

    #[inline(always)]
    fn square(self, a: Limbs) -> Limbs {
        let mut t = [self.features.f._mm512_setzero_si512(); 10];
        for i in 0..5 {
            for j in i + 1..5 {
                t[i + j] = self.lo(t[i + j], a[i], a[j]);
                t[i + j + 1] = self.hi(t[i + j + 1], a[i], a[j]);
            }
        }
        for limb in &mut t {
            *limb = self.plus(*limb, *limb);
        }
        for i in 0..5 {
            t[2 * i] = self.lo(t[2 * i], a[i], a[i]);
            t[2 * i + 1] = self.hi(t[2 * i + 1], a[i], a[i]);
        }
        self.montgomery::<P>(t)
    }

    #[inline(always)]
    fn sum(self, products: impl Iterator<Item = (Limbs, Limbs)>) -> Limbs {
        // A product adds ten numbers of 52 bits to a column at most, and so does the reduction: 21
        // of them fit 64 bits many times over.
        let mut t = [self.features.f._mm512_setzero_si512(); 10];
        for (a, b) in products {
            for i in 0..5 {
                for j in 0..5 {
                    t[i + j] = self.lo(t[i + j], a[i], b[j]);
                    t[i + j + 1] = self.hi(t[i + j + 1], a[i], b[j]);
                }
            }
        }
        self.montgomery::<P>(t)
    }

    #[inline(always)]
    fn reduce(self, a: Limbs) -> Limbs {
        self.carry(self.less_quotient::<P>(a, a[4]))
    }

    #[inline(always)]
    fn narrow(self, a: Limbs) -> Limbs {
        self.carry(self.less_two::<P>(a, a[4]))
    }

    #[inline(always)]
    fn add_narrow(self, a: Limbs, b: Limbs) -> Limbs {
        let sum = each(|i| self.plus(a[i], b[i]));
        self.carry(self.less_two::<P>(sum, sum[4]))
    }

    #[inline(always)]
    fn sub_narrow(self, a: Limbs, b: Limbs) -> Limbs {
        let two = self.all(Constants::<P>::TWO);
        let difference = each(|i| self.minus(self.plus(a[i], two[i]), b[i]));
        self.carry(self.less_two::<P>(difference, difference[4]))
    }

    #[inline(always)]
    fn sub_both(self, a: Limbs, b: Limbs, c: Limbs) -> Limbs {
        let four = self.all(Constants::<P>::FOUR);
        let difference = each(|i| self.minus(self.plus(a[i], four[i]), self.plus(b[i], c[i])));
        // The lower limbs may take two from the top one.
        let f = self.features.f;
        let top = self.minus(difference[4], self.fill(2));
        let top = f._mm512_max_epi64(top, f._mm512_setzero_si512());
        self.carry(self.less_quotient::<P>(difference, top))
    }

    #[inline(always)]
    fn spread(self, a: Limbs, b: Limbs) -> (Limbs, Limbs) {
        let two = self.all(Constants::<P>::TWO);
        let a = self.less_two::<P>(a, a[4]);
        let sum = each(|i| self.plus(a[i], b[i]));
        let difference = each(|i| self.minus(self.plus(a[i], two[i]), b[i]));
        (self.carry(sum), self.carry(difference))
    }

    #[inline(always)]
    fn import(self, elements: &[P::Element; LANES]) -> Block {
        let block = from_elements::<P>(elements);
        self.vectorize(
            #[inline(always)]
            || Simd::<P>::store(self, self.scaled::<P>(&block, Constants::<P>::FROM_LIBRARY)),
        )
    }

    #[inline(always)]
    fn export(self, block: &Block) -> [P::Element; LANES] {
        let block = self.vectorize(
            #[inline(always)]
            || Simd::<P>::store(self, self.scaled::<P>(block, Constants::<P>::TO_LIBRARY)),
        );
        to_elements::<P>(&block)
    }

    #[inline(always)]
    fn small(self, integers: [u16; LANES]) -> Limbs {
        let zero = self.features.f._mm512_setzero_si512();
        let lowest = cast::<[u64; LANES], __m512i>(integers.map(u64::from));
        let factor = self.all(Constants::<P>::FROM_INTEGER);
        Simd::<P>::mul(self, [lowest, zero, zero, zero, zero], factor)
    }

    #[inline(always)]
    fn integers(self, block: &Block) -> [[u64; 4]; LANES] {
        let value = self.unpack(block.0.map(cast));
        let one = self.all([1, 0, 0, 0, 0]);
        let block = Simd::<P>::store(self, Simd::<P>::mul(self, value, one));
        to_words::<P>(&block)
    }

    #[inline(always)]
    fn negate_where(self, a: Limbs, lanes: u8) -> Limbs {
        let f = self.features.f;
        let two = self.all(Constants::<P>::TWO);
        let mut out = a;
        for (limb, two) in out.iter_mut().zip(two) {
            *limb = f._mm512_mask_sub_epi64(*limb, lanes, two, *limb);
        }
        self.carry(out)
    }

    #[inline(always)]
    fn load_points(self, points: [&PointWords; LANES]) -> (Limbs, Limbs) {
        let columns = self.exchange(points.map(|point| cast(point.0)));
        let [x0, x1, x2, x3, y0, y1, y2, y3] = columns;
        (self.unpack([x0, x1, x2, x3]), self.unpack([y0, y1, y2, y3]))
    }

    #[inline(always)]
    fn store_points(self, x: Limbs, y: Limbs) -> [PointWords; LANES] {
        let [x0, x1, x2, x3] = self.pack(x);
        let [y0, y1, y2, y3] = self.pack(y);
        self.exchange([x0, x1, x2, x3, y0, y1, y2, y3])
            .map(|words| PointWords(cast(words)))
    }

    #[inline(always)]
    fn transpose(self, values: [Limbs; LANES]) -> [Limbs; LANES] {
        let mut out = values;
        for limb in 0..5 {
            let column = self.exchange(values.map(|value| value[limb]));
            for (value, moved) in out.iter_mut().zip(column) {
                value[limb] = moved;
            }
        }
        out
    }

    #[inline(always)]
    fn shifted(self, a: &Block, b: &Block, shift: usize) -> Limbs {
        let f = self.features.f;
        let index = cast::<[u64; LANES], __m512i>(std::array::from_fn(|i| (i + shift) as u64));
        let mut words = a.0.map(cast);
        for (word, next) in words.iter_mut().zip(&b.0) {
            *word = f._mm512_permutex2var_epi64(*word, index, cast(*next));
        }
        self.unpack(words)
    }
}
