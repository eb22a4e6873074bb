//! Scalars as signed digits.

use ff::PrimeField;
use halo2_proofs::halo2curves::bn256::Fr;
use rayon::prelude::*;

use crate::engine::simd::{Prime, Scalar};

/// Additions that a window's weighing costs, for each addition of digits of its own: a sum by high
/// and by low part of each bucket.
const WEIGHING: usize = 2;

/// Vectorised additions in the time of one by the library.
const LIBRARY: usize = 12;

/// A scalar as sign and magnitude, of which the smaller is taken: a small negative is small.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Integer {
    magnitude: [u64; 4],
    negative: bool,
}

impl From<Fr> for Integer {
    fn from(value: Fr) -> Self {
        let bytes = value.to_repr();
        let word = |i: usize| {
            let mut word = [0; 8];
            word.copy_from_slice(&bytes[8 * i..8 * i + 8]);
            u64::from_le_bytes(word)
        };
        Self::small(std::array::from_fn(word))
    }
}

impl Integer {
    /// The scalar of a canonical integer.
    pub fn small(words: [u64; 4]) -> Self {
        // From 2^252 on the complement is as small or smaller, but for integers in the middle.
        if words[3] >> 60 == 0 {
            return Self {
                magnitude: words,
                negative: false,
            };
        }
        let mut magnitude = [0; 4];
        let mut borrow = false;
        for (i, out) in magnitude.iter_mut().enumerate() {
            let (difference, under) = Scalar::MODULUS[i].overflowing_sub(words[i]);
            let (difference, again) = difference.overflowing_sub(u64::from(borrow));
            *out = difference;
            borrow = under || again;
        }
        Self {
            magnitude,
            negative: true,
        }
    }

    /// The scalar.
    pub fn element(&self) -> Fr {
        let value = Fr::from_raw(self.magnitude);
        if self.negative {
            -value
        } else {
            value
        }
    }

    fn bits(&self) -> u32 {
        (0..4)
            .rev()
            .find(|i| self.magnitude[*i] != 0)
            .map_or(0, |i| {
                64 * i as u32 + 64 - self.magnitude[i].leading_zeros()
            })
    }

    fn digit(&self, from: u32, bits: u32) -> u64 {
        let (word, shift) = ((from / 64) as usize, from % 64);
        let at = |i: usize| self.magnitude.get(i).copied().unwrap_or(0);
        let low = at(word) >> shift;
        let high = if shift == 0 {
            0
        } else {
            at(word + 1) << (64 - shift)
        };
        (low | high) & ((1 << bits) - 1)
    }
}

/// Digits in `-2^(bits-1) ..= 2^(bits-1)`, lowest window first.
#[derive(Debug)]
pub struct Digits {
    /// Bits of a digit.
    pub bits: u32,
    /// One digit of every scalar.
    pub windows: Vec<Vec<i16>>,
}

impl Digits {
    /// The digits of some scalars, of the width that costs least.
    pub fn new(integers: &[Integer]) -> Self {
        let widest = integers.par_iter().map(Integer::bits).max().unwrap_or(0);
        if widest == 0 {
            return Self {
                bits: 1,
                windows: Vec::new(),
            };
        }
        let cost = |bits: &u32| {
            let buckets = 1usize << (bits - 1);
            let weighing = WEIGHING * buckets.min(integers.len());
            let by_library = LIBRARY * 4 * ((buckets as f64).sqrt() as usize + 1);
            windows(widest, *bits) as usize * (integers.len() + weighing + by_library)
        };
        let bits = (2..=15).min_by_key(cost).unwrap_or(8);
        let count = windows(widest, bits);
        let mut windows = vec![vec![0i16; integers.len()]; count as usize];
        let chunk = 1 << 12;
        let mut columns: Vec<_> = windows
            .iter_mut()
            .map(|window| window.chunks_mut(chunk))
            .collect();
        let parts: Vec<(Vec<&mut [i16]>, &[Integer])> = integers
            .chunks(chunk)
            .map(|part| {
                (
                    columns.iter_mut().filter_map(Iterator::next).collect(),
                    part,
                )
            })
            .collect();
        parts.into_par_iter().for_each(|(mut columns, part)| {
            for (i, integer) in part.iter().enumerate() {
                if integer.magnitude == [0; 4] {
                    continue;
                }
                let mut carry = 0;
                for (window, column) in columns.iter_mut().enumerate() {
                    let digit = (integer.digit(window as u32 * bits, bits) + carry) as i32;
                    carry = u64::from(digit > 1 << (bits - 1));
                    let digit = digit - ((carry as i32) << bits);
                    column[i] = if integer.negative { -digit } else { digit } as i16;
                }
            }
        });
        Self { bits, windows }
    }

    /// The greatest magnitude of a digit.
    pub fn buckets(&self) -> usize {
        1 << (self.bits - 1)
    }
}

/// Windows that hold integers of `widest` bits and the last carry.
fn windows(widest: u32, bits: u32) -> u32 {
    (widest + 1).div_ceil(bits)
}

/// The field has fewer bits than the words.
const _: () = assert!(Fr::NUM_BITS == 254);
