//! Elements in five limbs of 52 bits, and the constants of arithmetic with them.

use std::marker::PhantomData;

use super::words::{element, inverse, less, twice, words};
use super::{Block, Constant, Prime, Simd, LANES};

/// The greatest limb.
pub const LIMB: u64 = (1 << 52) - 1;

/// Words as limbs.
pub const fn limbs(words: [u64; 4]) -> [u64; 5] {
    [
        words[0] & LIMB,
        (words[0] >> 52 | words[1] << 12) & LIMB,
        (words[1] >> 40 | words[2] << 24) & LIMB,
        (words[2] >> 28 | words[3] << 36) & LIMB,
        words[3] >> 16,
    ]
}

/// `factor * value`, limb by limb, for a small factor.
pub const fn times(value: [u64; 5], factor: u64) -> [u64; 5] {
    let mut out = [0; 5];
    let mut carry = 0;
    let mut i = 0;
    while i < 5 {
        let limb = value[i] * factor + carry;
        out[i] = limb & LIMB;
        carry = limb >> 52;
        i += 1;
    }
    out
}

/// `a b` modulo 2^256.
const fn low_product(a: [u64; 4], b: [u64; 4]) -> [u64; 4] {
    let mut out = [0; 4];
    let mut i = 0;
    while i < 4 {
        let mut carry = 0;
        let mut j = 0;
        while i + j < 4 {
            let sum = a[i] as u128 * b[j] as u128 + out[i + j] as u128 + carry;
            out[i + j] = sum as u64;
            carry = sum >> 64;
            j += 1;
        }
        i += 1;
    }
    out
}

/// Constants of a field.
pub struct Constants<P>(PhantomData<P>);

impl<P: Prime> Constants<P> {
    /// The modulus `p`.
    pub const P: [u64; 5] = limbs(P::MODULUS);
    /// `-1/p` modulo 2^52.
    pub const INVERSE: u64 = inverse(P::MODULUS[0]) & LIMB;
    /// `(c p + 1) / 2^52` for `c = -1/p` modulo 2^52. A lowest limb `q` goes up to the limbs above as `q`
    /// times this: `q c p` more is a multiple of 2^52.
    pub const UPWARD: [u64; 5] = {
        let mut out = [0; 5];
        let mut carry = 1u128;
        let mut i = 0;
        while i < 5 {
            let sum = Self::P[i] as u128 * Self::INVERSE as u128 + carry;
            if i > 0 {
                out[i - 1] = sum as u64 & LIMB;
            }
            carry = sum >> 52;
            i += 1;
        }
        out[4] = carry as u64;
        out
    };
    /// `2^260 - p`.
    pub const MINUS: [u64; 5] = {
        let mut out = [0; 5];
        let mut carry = 1;
        let mut i = 0;
        while i < 5 {
            let limb = (LIMB ^ Self::P[i]) + carry;
            out[i] = limb & LIMB;
            carry = limb >> 52;
            i += 1;
        }
        out
    };
    /// `-1/p` modulo 2^256, in words.
    const WHOLE_INVERSE: [u64; 4] = {
        // Newton's steps: from `x = -1/p` modulo 2^m to `x (p x + 2)` modulo 2^(2 m).
        let mut inverse = [Self::INVERSE, 0, 0, 0];
        let mut step = 0;
        while step < 3 {
            let mut correction = low_product(P::MODULUS, inverse);
            let mut carry = 2;
            let mut i = 0;
            while i < 4 {
                let (word, over) = correction[i].overflowing_add(carry);
                correction[i] = word;
                carry = over as u64;
                i += 1;
            }
            inverse = low_product(inverse, correction);
            step += 1;
        }
        inverse
    };
    /// `q p` for `q` below 8, limb by limb.
    pub const MULTIPLES: [[u64; LANES]; 5] = {
        let mut table = [[0; LANES]; 5];
        let mut q = 0;
        while q < LANES {
            let multiple = times(Self::P, q as u64);
            let mut i = 0;
            while i < 5 {
                table[i][q] = multiple[i];
                i += 1;
            }
            q += 1;
        }
        table
    };
    /// `2^97` over the top limb of `p` and one more: 45 bits below its quotient with a top limb.
    pub const RECIPROCAL: u64 = ((1u128 << 97) / (Self::P[4] as u128 + 1)) as u64;
    /// `2 p`.
    pub const TWO: [u64; 5] = times(Self::P, 2);
    /// `4 p`.
    pub const FOUR: [u64; 5] = times(Self::P, 4);
    /// `2^264`: a product with it and 2^-260 takes an element of 2^256 to one of 2^260.
    pub const FROM_LIBRARY: [u64; 5] = power_of_two::<P>(264);
    /// `2^256`, which takes it back.
    pub const TO_LIBRARY: [u64; 5] = power_of_two::<P>(256);
    /// `2^520`, which an integer becomes an element by.
    pub const FROM_INTEGER: [u64; 5] = power_of_two::<P>(520);
}

/// `2^exponent` modulo `p`, in limbs.
const fn power_of_two<P: Prime>(exponent: u32) -> [u64; 5] {
    let mut value = [1u64, 0, 0, 0];
    let mut step = 0;
    while step < exponent {
        value = less(twice(value), P::MODULUS);
        step += 1;
    }
    limbs(value)
}

/// The library's words of eight elements, a lane each.
#[inline(always)]
pub fn from_elements<P: Prime>(elements: &[P::Element; LANES]) -> Block {
    from_words(elements.iter().map(words))
}

/// The words of eight values, a lane each.
#[inline(always)]
fn from_words(values: impl Iterator<Item = [u64; 4]>) -> Block {
    let mut block = Block::ZERO;
    for (lane, value) in values.enumerate() {
        for (column, word) in block.0.iter_mut().zip(value) {
            column[lane] = word;
        }
    }
    block
}

/// The words of each lane, below `2 p`, brought below `p`.
#[inline(always)]
pub fn to_words<P: Prime>(block: &Block) -> [[u64; 4]; LANES] {
    std::array::from_fn(|lane| less(std::array::from_fn(|word| block.0[word][lane]), P::MODULUS))
}

/// The elements whose library's words stand in the lanes, below `2 p`.
#[inline(always)]
pub fn to_elements<P: Prime>(block: &Block) -> [P::Element; LANES] {
    to_words::<P>(block).map(element)
}

/// Constants to multiply by: the elements of a block as integers below `p`, and `2^256` times them over
/// `p`.
#[inline(always)]
pub fn constants<P: Prime, S: Simd<P>>(s: S, block: &Block) -> Constant {
    // The library's form is `2^256 w - v p`: modulo 2^256, `-1/p` takes it to `v`.
    let rests = s.export(block);
    let quotients = rests
        .iter()
        .map(|rest| low_product(words(rest), Constants::<P>::WHOLE_INVERSE));
    Constant {
        value: from_words(s.integers(block).into_iter()),
        quotient: from_words(quotients),
    }
}

#[cfg(test)]
mod tests;
