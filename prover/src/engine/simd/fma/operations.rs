//! What [`Simd`] asks for, in halves of four elements.

use std::arch::x86_64::__m256i;

use bytemuck::cast;

use super::super::limbs::{constants, from_elements, limbs, to_elements, to_words, Constants};
use super::super::words::words;
use super::super::{Block, Constant, Machine, PointWords, Prime, Simd, LANES};
use super::{beginning, lifted, Fma, Limbs, EXPONENTS, LIFTS};

impl<P: Prime> Simd<P> for Fma {
    type Wide = Limbs;

    #[inline(always)]
    fn load(self, block: &Block) -> Limbs {
        self.unpack(block)
    }

    #[inline(always)]
    fn store(self, value: Limbs) -> Block {
        let [low, high] = value.each_ref().map(
            #[inline(always)]
            |half| self.pack_half(half),
        );
        Block(std::array::from_fn(
            #[inline(always)]
            |word| cast([low[word], high[word]]),
        ))
    }

    #[inline(always)]
    fn splat(self, element: P::Element) -> Limbs {
        let value = self.constant(limbs(words(&element)));
        // The library's form is 2^256 times the element: 2^264 / 2^260 of it is ours.
        let factor = self.constant(Constants::<P>::FROM_LIBRARY);
        Simd::<P>::mul(self, value, factor)
    }

    #[inline(always)]
    fn add(self, a: Limbs, b: Limbs) -> Limbs {
        self.carry(self.each(a, b, [0; 5], |a, b, _| self.plus(a, b)))
    }

    #[inline(always)]
    fn sub(self, a: Limbs, b: Limbs) -> Limbs {
        let four = const { lifted(Constants::<P>::FOUR) };
        self.carry(self.each(a, b, four, |a, b, four| self.minus(self.plus(a, four), b)))
    }

    #[inline(always)]
    fn sub_reduced(self, a: Limbs, b: Limbs) -> Limbs {
        let two = const { lifted(Constants::<P>::TWO) };
        self.carry(self.each(a, b, two, |a, b, two| self.minus(self.plus(a, two), b)))
    }

    #[inline(always)]
    fn mul(self, a: Limbs, b: Limbs) -> Limbs {
        [
            self.mul_half::<P>(&a[0], &b[0]),
            self.mul_half::<P>(&a[1], &b[1]),
        ]
    }

    #[inline(always)]
    fn constant(self, block: &Block) -> Constant {
        constants::<P, _>(self, block)
    }

    #[inline(always)]
    fn mul_constant(self, a: Limbs, w: &Constant) -> Limbs {
        let value = self.unpack(&w.value);
        let quotient = self.unpack_sixteenfold(&w.quotient);
        [
            self.mul_constant_half::<P>(&a[0], &value[0], &quotient[0]),
            self.mul_constant_half::<P>(&a[1], &value[1], &quotient[1]),
        ]
    }

    #[inline(always)]
    fn square(self, a: Limbs) -> Limbs {
        [self.square_half::<P>(&a[0]), self.square_half::<P>(&a[1])]
    }

    #[inline(always)]
    fn sum(self, products: impl Iterator<Item = (Limbs, Limbs)>) -> Limbs {
        let zero = self.fill(0);
        let mut t = [[zero; 10]; 2];
        let mut count = 0u64;
        for (a, b) in products {
            count += 1;
            for h in 0..2 {
                let b = b[h].map(|limb| self.double(limb));
                for i in 0..5 {
                    let a = self.double(a[h][i]);
                    for j in 0..5 {
                        let (low, high) = t[h].split_at_mut(i + j + 1);
                        self.product(a, b[j], &mut low[i + j], &mut high[0]);
                    }
                }
            }
        }
        let first = const { beginning(0) };
        t.map(
            #[inline(always)]
            |mut t| {
                for (column, sum) in t.iter_mut().enumerate() {
                    let exponents = EXPONENTS[column].wrapping_mul(count);
                    *sum = self.plus(*sum, self.fill(first[column].wrapping_sub(exponents)));
                }
                for i in 0..5 {
                    self.reduce_column::<P>(&mut t, i);
                }
                self.carry_half([t[5], t[6], t[7], t[8], t[9]])
            },
        )
    }

    #[inline(always)]
    fn reduce(self, a: Limbs) -> Limbs {
        let below_four = self.carry(self.less(a, Constants::<P>::FOUR));
        self.carry(self.less(below_four, Constants::<P>::TWO))
    }

    #[inline(always)]
    fn narrow(self, a: Limbs) -> Limbs {
        self.carry(self.less(a, Constants::<P>::TWO))
    }

    #[inline(always)]
    fn add_narrow(self, a: Limbs, b: Limbs) -> Limbs {
        let sum = self.each(a, b, [0; 5], |a, b, _| self.plus(a, b));
        self.carry(self.less(sum, Constants::<P>::TWO))
    }

    #[inline(always)]
    fn sub_narrow(self, a: Limbs, b: Limbs) -> Limbs {
        let two = Constants::<P>::TWO;
        let difference = self.each(a, b, two, |a, b, two| self.minus(self.plus(a, two), b));
        self.carry(self.less(difference, two))
    }

    #[inline(always)]
    fn sub_both(self, a: Limbs, b: Limbs, c: Limbs) -> Limbs {
        let difference = Simd::<P>::sub_reduced(self, Simd::<P>::sub_reduced(self, a, b), c);
        Simd::<P>::reduce(self, difference)
    }

    #[inline(always)]
    fn spread(self, a: Limbs, b: Limbs) -> (Limbs, Limbs) {
        let a = self.less(a, Constants::<P>::TWO);
        let sum = self.each(a, b, [0; 5], |a, b, _| self.plus(a, b));
        let two = Constants::<P>::TWO;
        let difference = self.each(a, b, two, |a, b, two| self.minus(self.plus(a, two), b));
        (self.carry(sum), self.carry(difference))
    }

    #[inline(always)]
    fn import(self, elements: &[P::Element; LANES]) -> Block {
        let block = from_elements::<P>(elements);
        self.vectorize(
            #[inline(always)]
            || {
                let factor = self.constant(Constants::<P>::FROM_LIBRARY);
                Simd::<P>::store(self, Simd::<P>::mul(self, self.unpack(&block), factor))
            },
        )
    }

    #[inline(always)]
    fn export(self, block: &Block) -> [P::Element; LANES] {
        let block = self.vectorize(
            #[inline(always)]
            || {
                let factor = self.constant(Constants::<P>::TO_LIBRARY);
                Simd::<P>::store(self, Simd::<P>::mul(self, self.unpack(block), factor))
            },
        );
        to_elements::<P>(&block)
    }

    #[inline(always)]
    fn small(self, integers: [u16; LANES]) -> Limbs {
        let lowest: [__m256i; 2] = cast(integers.map(u64::from));
        let zero = self.fill(0);
        let value = lowest.map(|lowest| [lowest, zero, zero, zero, zero]);
        Simd::<P>::mul(self, value, self.constant(Constants::<P>::FROM_INTEGER))
    }

    #[inline(always)]
    fn integers(self, block: &Block) -> [[u64; 4]; LANES] {
        let one = self.constant([1, 0, 0, 0, 0]);
        let value = Simd::<P>::mul(self, self.unpack(block), one);
        let block = Simd::<P>::store(self, value);
        to_words::<P>(&block)
    }

    #[inline(always)]
    fn negate_where(self, a: Limbs, lanes: u8) -> Limbs {
        let v = self.features.avx2;
        let two = const { lifted(Constants::<P>::TWO) };
        let chosen: [u64; LANES] =
            std::array::from_fn(|lane| u64::from(lanes >> lane & 1).wrapping_neg());
        let chosen: [__m256i; 2] = cast(chosen);
        self.carry(std::array::from_fn(
            #[inline(always)]
            |h| {
                std::array::from_fn(
                    #[inline(always)]
                    |i| {
                        let stay = self.plus(a[h][i], self.fill(LIFTS[i]));
                        let negated = self.minus(self.fill(two[i]), a[h][i]);
                        v._mm256_blendv_epi8(stay, negated, chosen[h])
                    },
                )
            },
        ))
    }

    #[inline(always)]
    fn load_points(self, points: [&PointWords; LANES]) -> (Limbs, Limbs) {
        let rows = points.map(|point| cast::<_, [__m256i; 2]>(point.0));
        let coordinate = |which: usize| {
            let halves: [[__m256i; 4]; 2] = std::array::from_fn(
                #[inline(always)]
                |h| self.exchange(std::array::from_fn(|i| rows[4 * h + i][which])),
            );
            let block = Block(std::array::from_fn(|word| {
                cast([halves[0][word], halves[1][word]])
            }));
            self.unpack(&block)
        };
        (coordinate(0), coordinate(1))
    }

    #[inline(always)]
    fn store_points(self, x: Limbs, y: Limbs) -> [PointWords; LANES] {
        let rows = [x, y].map(
            #[inline(always)]
            |value| {
                value.each_ref().map(
                    #[inline(always)]
                    |half| self.exchange(self.pack_half(half)),
                )
            },
        );
        std::array::from_fn(|lane| {
            PointWords(cast([
                rows[0][lane / 4][lane % 4],
                rows[1][lane / 4][lane % 4],
            ]))
        })
    }

    #[inline(always)]
    fn transpose(self, values: [Limbs; LANES]) -> [Limbs; LANES] {
        let mut out = values;
        for limb in 0..5 {
            for (rows, columns) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                let quarter = std::array::from_fn(|i| values[4 * rows + i][columns][limb]);
                for (i, moved) in self.exchange(quarter).into_iter().enumerate() {
                    out[4 * columns + i][rows][limb] = moved;
                }
            }
        }
        out
    }

    #[inline(always)]
    fn shifted(self, a: &Block, b: &Block, shift: usize) -> Limbs {
        let words = std::array::from_fn(
            #[inline(always)]
            |word| {
                let mut both = [0; 2 * LANES];
                both[..LANES].copy_from_slice(&a.0[word]);
                both[LANES..].copy_from_slice(&b.0[word]);
                std::array::from_fn(|lane| both[lane + shift])
            },
        );
        self.unpack(&Block(words))
    }
}
