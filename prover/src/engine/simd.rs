//! Eight field elements at once.
//!
//! A [`Block`] holds eight elements, in the layout and Montgomery form of the arithmetic that made
//! it; a [`Simd`] loads blocks, computes and stores them. [`Ifma`] multiplies eight elements in the
//! time a scalar multiplication takes for two or three; [`Fma`] does with the floating-point
//! multiplications of most other machines, in more time; and [`Portable`] computes with the library's
//! arithmetic wherever both are missing. A block never leaves its process.
//!
//! Elements are kept lazily: a computed value is its element plus a multiple of the modulus. Every
//! operation says what multiple it takes and gives, as a *bound* `b`: the value is below `b * p`, or
//! above it by less than one part in 2^40.
//!
//! Only a subtrahend may not be above: taken from a smaller excess, it leaves less than 0, and a wrong
//! result. That takes an element that is stored as an integer below 2^214 and another like it, or 0,
//! in one subtraction. Chance brings the first once in 2^40 elements; 0 itself is stored as 0, `p` or
//! `2 p`, which are not above. A proof that meets it does not verify.

use bytemuck::{Pod, Zeroable};
use ff::PrimeField;
use halo2_proofs::halo2curves::bn256::{Fq, Fr};
use halo2_proofs::halo2curves::serde::SerdeObject;

pub use fastest::Fastest;
#[cfg(target_arch = "x86_64")]
pub use fma::Fma;
#[cfg(target_arch = "x86_64")]
pub use ifma::Ifma;
pub use portable::Portable;

/// Elements computed at once.
pub const LANES: usize = 8;

/// Eight elements below `2 p`, as the [`Simd`] that stored them lays them out.
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
#[repr(C, align(64))]
pub struct Block(pub [[u64; LANES]; 4]);

impl Block {
    /// Eight zeros.
    pub const ZERO: Block = Block([[0; LANES]; 4]);
}

/// Eight constants to multiply by, as the [`Simd`] that made them lays them out.
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub struct Constant {
    /// The elements.
    value: Block,
    /// `2^256` times them over the modulus, where that saves time.
    quotient: Block,
}

/// An affine point: the words of x, then those of y, in one line of the cache.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C, align(64))]
pub struct PointWords(pub [u64; 8]);

/// A prime field of 254 bits.
pub trait Prime: Copy + Send + Sync + 'static {
    /// The library's element.
    type Element: PrimeField<Repr = [u8; 32]> + SerdeObject;
    /// The modulus, in words.
    const MODULUS: [u64; 4];
}

/// The scalar field of BN254.
#[derive(Debug, Clone, Copy)]
pub struct Scalar;

/// The base field of BN254.
#[derive(Debug, Clone, Copy)]
pub struct Base;

impl Prime for Scalar {
    type Element = Fr;
    const MODULUS: [u64; 4] = [
        0x43e1_f593_f000_0001,
        0x2833_e848_79b9_7091,
        0xb850_45b6_8181_585d,
        0x3064_4e72_e131_a029,
    ];
}

impl Prime for Base {
    type Element = Fq;
    const MODULUS: [u64; 4] = [
        0x3c20_8c16_d87c_fd47,
        0x9781_6a91_6871_ca8d,
        0xb850_45b6_8181_585d,
        0x3064_4e72_e131_a029,
    ];
}

/// A set of instructions, known to be there.
pub trait Machine: Copy + Send + Sync + std::fmt::Debug + 'static {
    /// Runs `work` with these instructions.
    fn vectorize<R>(self, work: impl FnOnce() -> R) -> R;
}

/// Arithmetic on eight elements of one field.
pub trait Simd<P: Prime>: Machine {
    /// Eight elements in registers.
    type Wide: Copy;

    /// Reads a block. Bound 2.
    fn load(self, block: &Block) -> Self::Wide;

    /// Writes a block. Takes bound 4, which whoever loads it must know if it is not 2.
    fn store(self, value: Self::Wide) -> Block;

    /// Eight times the same element. Bound 1.
    fn splat(self, element: P::Element) -> Self::Wide;

    /// `a + b`; bounds add, to 64 at most.
    fn add(self, a: Self::Wide, b: Self::Wide) -> Self::Wide;

    /// `a - b` for `b` of bound 4: the bound of `a` plus 4.
    fn sub(self, a: Self::Wide, b: Self::Wide) -> Self::Wide;

    /// `a - b` for `b` of bound 2: the bound of `a` plus 2.
    fn sub_reduced(self, a: Self::Wide, b: Self::Wide) -> Self::Wide;

    /// `a * b`. The product of the bounds is at most 64; gives bound 2.
    fn mul(self, a: Self::Wide, b: Self::Wide) -> Self::Wide;

    /// Constants to multiply by, the elements of a block: it takes as long as some products.
    fn constant(self, block: &Block) -> Constant {
        Constant {
            value: *block,
            quotient: Block::ZERO,
        }
    }

    /// `a * w`, in less time than [`Simd::mul`]. Takes bound 4; gives bound 2.
    fn mul_constant(self, a: Self::Wide, w: &Constant) -> Self::Wide {
        self.mul(a, self.load(&w.value))
    }

    /// `a * a`. Takes bound 8; gives bound 2.
    fn square(self, a: Self::Wide) -> Self::Wide {
        self.mul(a, a)
    }

    /// `sum of a * b`, of 20 products at most. The products' bounds add up to 64 at most; gives bound 2.
    fn sum(self, products: impl Iterator<Item = (Self::Wide, Self::Wide)>) -> Self::Wide;

    /// The same elements with bound 2. Takes bound 8.
    fn reduce(self, a: Self::Wide) -> Self::Wide;

    /// The same elements with bound 2. Takes bound 4, and costs less than [`Simd::reduce`].
    fn narrow(self, a: Self::Wide) -> Self::Wide;

    /// `a + b`. Takes and gives bound 2.
    fn add_narrow(self, a: Self::Wide, b: Self::Wide) -> Self::Wide;

    /// `a - b`. Takes and gives bound 2.
    fn sub_narrow(self, a: Self::Wide, b: Self::Wide) -> Self::Wide;

    /// `a - b - c`. Takes and gives bound 2.
    fn sub_both(self, a: Self::Wide, b: Self::Wide, c: Self::Wide) -> Self::Wide;

    /// `(a + b, a - b)` for `a` of bound 4 and `b` of bound 2. Gives bound 4.
    fn spread(self, a: Self::Wide, b: Self::Wide) -> (Self::Wide, Self::Wide);

    /// The elements of a block that the library computed.
    fn import(self, elements: &[P::Element; LANES]) -> Block;

    /// Elements of a block, as the library computes with them.
    fn export(self, block: &Block) -> [P::Element; LANES];

    /// Small integers. Bound 2.
    fn small(self, integers: [u16; LANES]) -> Self::Wide;

    /// Elements of a block as integers below the modulus, in words.
    fn integers(self, block: &Block) -> [[u64; 4]; LANES];

    /// `-a` in the lanes whose bit of `lanes` is set. Takes and gives bound 2.
    fn negate_where(self, a: Self::Wide, lanes: u8) -> Self::Wide;

    /// The coordinates of eight points, which are below the modulus. Bound 2.
    fn load_points(self, points: [&PointWords; LANES]) -> (Self::Wide, Self::Wide);

    /// The words of eight points. Takes bound 2.
    fn store_points(self, x: Self::Wide, y: Self::Wide) -> [PointWords; LANES];

    /// Lane `i` of value `j` for lane `j` of value `i`.
    fn transpose(self, values: [Self::Wide; LANES]) -> [Self::Wide; LANES];

    /// Eight elements moved by `shift` lanes: the last `8 - shift` of `a`, then the first of `b`.
    fn shifted(self, a: &Block, b: &Block, shift: usize) -> Self::Wide;
}

/// Arithmetic of both fields of the curve.
pub trait Arithmetic: Simd<Scalar> + Simd<Base> {}

impl<S: Simd<Scalar> + Simd<Base>> Arithmetic for S {}

/// Runs a check with each arithmetic that this machine has.
#[cfg(test)]
macro_rules! with_every_arithmetic {
    ($check:path) => {
        $check($crate::engine::simd::Portable);
        #[cfg(target_arch = "x86_64")]
        if let Some(simd) = $crate::engine::simd::Ifma::try_new() {
            $check(simd);
        }
        #[cfg(target_arch = "x86_64")]
        if let Some(simd) = $crate::engine::simd::Fma::try_new() {
            $check(simd);
        }
    };
}

#[cfg(test)]
pub(crate) use with_every_arithmetic;

mod fastest;
#[cfg(target_arch = "x86_64")]
mod fma;
#[cfg(target_arch = "x86_64")]
mod ifma;
#[cfg(target_arch = "x86_64")]
mod limbs;
mod portable;
mod words;

#[cfg(test)]
mod tests;
