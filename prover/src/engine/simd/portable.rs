//! The library's arithmetic, element by element: for machines without the instructions of the others,
//! and for those on which it is faster than theirs.

use ff::{Field, PrimeField};
use halo2_proofs::halo2curves::serde::SerdeObject;

use super::words::{element, inverse, less, twice, words};
use super::{Block, Machine, PointWords, Prime, Simd, LANES};

/// The library's arithmetic, eight times.
///
/// Loops and no `std::array::from_fn`: the compiler makes a function of its closure, and passes arrays
/// through memory.
#[derive(Debug, Clone, Copy)]
pub struct Portable;

/// Most products of one sum.
const MOST: u128 = 20;

/// What a sum of products is reduced with.
struct Reduction<P>(std::marker::PhantomData<P>);

impl<P: Prime> Reduction<P> {
    /// `-1/p` modulo 2^64.
    const INVERSE: u64 = inverse(P::MODULUS[0]);

    /// What brings a reduced sum below `p`: it is below `4.8 p`.
    const BOUNDS: [[u64; 4]; 3] = {
        // With `R = 2^256`, `20 p^2 + p R` is below `R^2`, so nothing is carried out of eight words;
        // and `20 p^2 / R + p` is below `5 p`.
        let top = P::MODULUS[3] as u128 + 1;
        assert!(top.pow(2) <= (u128::MAX - (top << 64)) / MOST);
        assert!(top * MOST <= 4 << 64);
        [twice(P::MODULUS), twice(P::MODULUS), P::MODULUS]
    };

    /// The sum over 2^256, below `p`.
    #[inline(always)]
    fn reduced(mut sum: [u64; 8]) -> [u64; 4] {
        let mut over = 0;
        for i in 0..4 {
            let q = sum[i].wrapping_mul(Self::INVERSE);
            let carry = add_row(&mut sum, i, q, P::MODULUS);
            let term = u128::from(sum[i + 4]) + u128::from(carry) + over;
            sum[i + 4] = term as u64;
            over = term >> 64;
        }
        let [_, _, _, _, upper @ ..] = sum;
        Self::BOUNDS.into_iter().fold(upper, less)
    }
}

/// Adds `a b` to four words from `i` on. What they carry is given.
#[inline(always)]
fn add_row(sum: &mut [u64; 8], i: usize, a: u64, b: [u64; 4]) -> u64 {
    let mut carry = 0;
    for (word, b) in sum[i..].iter_mut().zip(b) {
        let term = u128::from(a) * u128::from(b) + u128::from(*word) + u128::from(carry);
        *word = term as u64;
        carry = (term >> 64) as u64;
    }
    carry
}

/// `f` of each lane of two values.
#[inline(always)]
fn each<E: Copy>(mut a: [E; LANES], b: &[E; LANES], f: impl Fn(E, E) -> E) -> [E; LANES] {
    for (a, b) in a.iter_mut().zip(b) {
        *a = f(*a, *b);
    }
    a
}

/// `a b` for `a`.
// A function, as the next two: eight products are the code of a thousand instructions, and the
// compiler takes the assembly of each for one.
#[inline(never)]
fn multiply<E: Field>(a: &mut [E; LANES], b: &[E; LANES]) {
    for (a, b) in a.iter_mut().zip(b) {
        *a *= b;
    }
}

/// `a^2` for `a`.
#[inline(never)]
fn square<E: Field>(a: &mut [E; LANES]) {
    for a in a {
        *a = a.square();
    }
}

/// Adds `a b` to sums that are not reduced.
#[inline(never)]
fn add_products<E: SerdeObject>(sums: &mut [[u64; 8]; LANES], a: &[E; LANES], b: &[E; LANES]) {
    for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
        // A product by itself stays in registers.
        let mut product = [0; 8];
        for (i, a) in words(a).into_iter().enumerate() {
            product[i + 4] = add_row(&mut product, i, a, words(b));
        }
        let mut carry = false;
        for (sum, word) in sum.iter_mut().zip(product) {
            let (added, over) = sum.overflowing_add(word);
            let (added, again) = added.overflowing_add(u64::from(carry));
            *sum = added;
            carry = over | again;
        }
    }
}

/// Elements of words.
#[inline(always)]
fn elements<P: Prime>(words: impl IntoIterator<Item = [u64; 4]>) -> [P::Element; LANES] {
    let mut out = [P::Element::ZERO; LANES];
    for (out, words) in out.iter_mut().zip(words) {
        *out = element(words);
    }
    out
}

impl Machine for Portable {
    #[inline(always)]
    fn vectorize<R>(self, work: impl FnOnce() -> R) -> R {
        work()
    }
}

impl<P: Prime> Simd<P> for Portable {
    type Wide = [P::Element; LANES];

    #[inline(always)]
    fn load(self, block: &Block) -> Self::Wide {
        // Element by element: nothing but this type looks into its blocks.
        let elements_of: &[[u64; 4]; LANES] = bytemuck::cast_ref(&block.0);
        elements::<P>(elements_of.iter().copied())
    }

    #[inline(always)]
    fn store(self, value: Self::Wide) -> Block {
        let mut out = [[0u64; 4]; LANES];
        for (out, value) in out.iter_mut().zip(&value) {
            *out = words(value);
        }
        Block(bytemuck::cast(out))
    }

    #[inline(always)]
    fn splat(self, element: P::Element) -> Self::Wide {
        [element; LANES]
    }

    #[inline(always)]
    fn add(self, a: Self::Wide, b: Self::Wide) -> Self::Wide {
        each(a, &b, |a, b| a + b)
    }

    #[inline(always)]
    fn sub(self, a: Self::Wide, b: Self::Wide) -> Self::Wide {
        each(a, &b, |a, b| a - b)
    }

    #[inline(always)]
    fn sub_reduced(self, a: Self::Wide, b: Self::Wide) -> Self::Wide {
        Simd::<P>::sub(self, a, b)
    }

    #[inline(always)]
    fn mul(self, mut a: Self::Wide, b: Self::Wide) -> Self::Wide {
        multiply(&mut a, &b);
        a
    }

    #[inline(always)]
    fn square(self, mut a: Self::Wide) -> Self::Wide {
        square(&mut a);
        a
    }

    #[inline(always)]
    fn sum(self, products: impl Iterator<Item = (Self::Wide, Self::Wide)>) -> Self::Wide {
        let mut sums = [[0; 8]; LANES];
        for (a, b) in products {
            add_products(&mut sums, &a, &b);
        }
        elements::<P>(sums.into_iter().map(Reduction::<P>::reduced))
    }

    #[inline(always)]
    fn reduce(self, a: Self::Wide) -> Self::Wide {
        a
    }

    #[inline(always)]
    fn narrow(self, a: Self::Wide) -> Self::Wide {
        a
    }

    #[inline(always)]
    fn add_narrow(self, a: Self::Wide, b: Self::Wide) -> Self::Wide {
        Simd::<P>::add(self, a, b)
    }

    #[inline(always)]
    fn sub_narrow(self, a: Self::Wide, b: Self::Wide) -> Self::Wide {
        Simd::<P>::sub(self, a, b)
    }

    #[inline(always)]
    fn sub_both(self, a: Self::Wide, b: Self::Wide, c: Self::Wide) -> Self::Wide {
        Simd::<P>::sub(self, Simd::<P>::sub(self, a, b), c)
    }

    #[inline(always)]
    fn spread(self, a: Self::Wide, b: Self::Wide) -> (Self::Wide, Self::Wide) {
        (Simd::<P>::add(self, a, b), Simd::<P>::sub(self, a, b))
    }

    #[inline(always)]
    fn import(self, elements: &[P::Element; LANES]) -> Block {
        Simd::<P>::store(self, *elements)
    }

    #[inline(always)]
    fn export(self, block: &Block) -> [P::Element; LANES] {
        Simd::<P>::load(self, block)
    }

    #[inline(always)]
    fn small(self, integers: [u16; LANES]) -> Self::Wide {
        integers.map(|integer| P::Element::from(u64::from(integer)))
    }

    #[inline(always)]
    fn integers(self, block: &Block) -> [[u64; 4]; LANES] {
        let mut out = [[0; 4]; LANES];
        for (out, element) in out.iter_mut().zip(Simd::<P>::load(self, block)) {
            *out = bytemuck::cast(element.to_repr());
        }
        out
    }

    #[inline(always)]
    fn negate_where(self, mut a: Self::Wide, lanes: u8) -> Self::Wide {
        for (i, a) in a.iter_mut().enumerate() {
            if lanes >> i & 1 == 1 {
                *a = -*a;
            }
        }
        a
    }

    #[inline(always)]
    fn load_points(self, points: [&PointWords; LANES]) -> (Self::Wide, Self::Wide) {
        let halves = points.map(|point| bytemuck::cast::<_, [[u64; 4]; 2]>(point.0));
        (
            elements::<P>(halves.iter().map(|[x, _]| *x)),
            elements::<P>(halves.iter().map(|[_, y]| *y)),
        )
    }

    #[inline(always)]
    fn store_points(self, x: Self::Wide, y: Self::Wide) -> [PointWords; LANES] {
        let mut out = [PointWords::default(); LANES];
        for (out, (x, y)) in out.iter_mut().zip(x.iter().zip(&y)) {
            *out = PointWords(bytemuck::cast([words(x), words(y)]));
        }
        out
    }

    #[inline(always)]
    fn transpose(self, values: [Self::Wide; LANES]) -> [Self::Wide; LANES] {
        let mut out = values;
        for (i, out) in out.iter_mut().enumerate() {
            for (out, value) in out.iter_mut().zip(&values) {
                *out = value[i];
            }
        }
        out
    }

    #[inline(always)]
    fn shifted(self, a: &Block, b: &Block, shift: usize) -> Self::Wide {
        let both: [[[u64; 4]; LANES]; 2] = bytemuck::cast([a.0, b.0]);
        elements::<P>(both.as_flattened().iter().skip(shift).copied())
    }
}
