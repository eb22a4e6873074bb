//! The columns of the hash.

use super::allocator::Allocator;
use super::kinds::Free;
use crate::poseidon::{RATE, WIDTH};

/// Nine S-boxes of a row: a full round, or nine partial rounds.
#[derive(Debug, Clone)]
pub struct BoxColumns {
    /// Inputs of the S-boxes.
    pub inputs: [Free; WIDTH],
    /// Their squares.
    pub squares: [Free; WIDTH],
}

/// The hash lane: two nines of S-boxes a row.
#[derive(Debug, Clone)]
pub struct HashColumns {
    /// The nine computed first.
    pub early: BoxColumns,
    /// The nine computed from those.
    pub late: BoxColumns,
}

impl BoxColumns {
    fn new(a: &mut Allocator<'_>) -> Self {
        Self {
            inputs: std::array::from_fn(|_| a.free()),
            squares: std::array::from_fn(|_| a.free()),
        }
    }
}

impl HashColumns {
    pub(super) fn new(a: &mut Allocator<'_>) -> Self {
        Self {
            early: BoxColumns::new(a),
            late: BoxColumns::new(a),
        }
    }

    /// What is hashed stands here, in the first row of a window.
    pub fn words(&self) -> &[Free; RATE] {
        let [_, words @ ..] = &self.early.inputs;
        words
    }

    /// The hash stands here, in the last row of a window.
    pub fn output(&self) -> Free {
        self.late.inputs[0]
    }
}
