//! The columns of the hash.

use super::allocator::Allocator;
use super::kinds::Free;
use crate::poseidon::{RATE, WIDTH};

/// The hash lane: the inputs of two nines of S-boxes a row, each a full round or nine partial ones.
#[derive(Debug, Clone)]
pub struct HashColumns {
    /// The nine computed first.
    pub early: [Free; WIDTH],
    /// The nine computed from those.
    pub late: [Free; WIDTH],
}

impl HashColumns {
    pub(super) fn new(a: &mut Allocator<'_>) -> Self {
        Self {
            early: std::array::from_fn(|_| a.free()),
            late: std::array::from_fn(|_| a.free()),
        }
    }

    /// What is hashed stands here, in the first row of a window.
    pub fn words(&self) -> &[Free; RATE] {
        let [_, words @ ..] = &self.early;
        words
    }

    /// The hash stands here, in the last row of a window.
    pub fn output(&self) -> Free {
        self.late[0]
    }
}
