//! Elements as words, which is how the library stores them: nothing is computed.

use std::io;

use halo2_proofs::halo2curves::serde::SerdeObject;

/// Words on their way from or to an element.
///
/// The library writes and reads an element word by word. A slice of bytes would do for either, but the
/// compiler makes of it calls that cost as much as a product, and as much of results that may be errors.
struct Words {
    words: [u64; 4],
    done: usize,
}

impl io::Write for Words {
    #[inline(always)]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes).map(|()| bytes.len())
    }

    #[inline(always)]
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let (Ok(bytes), Some(word)) = (bytes.try_into(), self.words.get_mut(self.done)) {
            *word = u64::from_le_bytes(bytes);
            self.done += 1;
        }
        Ok(())
    }

    #[inline(always)]
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl io::Read for Words {
    #[inline(always)]
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.read_exact(bytes).map(|()| bytes.len())
    }

    #[inline(always)]
    fn read_exact(&mut self, bytes: &mut [u8]) -> io::Result<()> {
        let bytes: Result<&mut [u8; 8], _> = bytes.try_into();
        if let (Ok(bytes), Some(word)) = (bytes, self.words.get(self.done)) {
            *bytes = word.to_le_bytes();
            self.done += 1;
        }
        Ok(())
    }
}

/// Words of an element in the library's own form.
#[inline(always)]
pub fn words<E: SerdeObject>(element: &E) -> [u64; 4] {
    let mut out = Words {
        words: [0; 4],
        done: 0,
    };
    // Four words into room for four.
    let _ = element.write_raw(&mut out);
    debug_assert_eq!(out.done, 4);
    out.words
}

/// The element of words that [`words`] gave.
#[inline(always)]
pub fn element<E: SerdeObject>(words: [u64; 4]) -> E {
    let mut from = Words { words, done: 0 };
    let element = E::read_raw_unchecked(&mut from);
    debug_assert_eq!(from.done, 4);
    element
}

/// `value - bound` unless that is below zero.
#[inline(always)]
pub const fn less(value: [u64; 4], bound: [u64; 4]) -> [u64; 4] {
    let mut out = [0; 4];
    let mut borrow = false;
    let mut i = 0;
    while i < 4 {
        let (difference, under) = value[i].overflowing_sub(bound[i]);
        let (difference, again) = difference.overflowing_sub(borrow as u64);
        out[i] = difference;
        borrow = under | again;
        i += 1;
    }
    // A choice by bits: which it is cannot be foreseen.
    let keep = (borrow as u64).wrapping_neg();
    while i > 0 {
        i -= 1;
        out[i] = value[i] & keep | out[i] & !keep;
    }
    out
}

/// Twice a value that fits four words with one bit more.
pub const fn twice(value: [u64; 4]) -> [u64; 4] {
    [
        value[0] << 1,
        value[1] << 1 | value[0] >> 63,
        value[2] << 1 | value[1] >> 63,
        value[3] << 1 | value[2] >> 63,
    ]
}

/// `-1/p` modulo 2^64, for the lowest word of an odd `p`.
pub const fn inverse(p: u64) -> u64 {
    // Newton's steps double the correct bits of 1/p.
    let mut inverse = 1u64;
    let mut step = 0;
    while step < 6 {
        inverse = inverse.wrapping_mul(2u64.wrapping_sub(p.wrapping_mul(inverse)));
        step += 1;
    }
    inverse.wrapping_neg()
}
