//! The columns of the hash.

use super::allocator::Allocator;
use super::kinds::Free;
use crate::poseidon::WIDTH;

/// Partial rounds computed in one row of the hash lane.
pub const PARTIAL_A_ROW: usize = 21;

/// The hash lane.
#[derive(Debug, Clone)]
pub struct HashColumns {
    /// State at the row's beginning, without the round constants still to be added.
    pub state: [Free; WIDTH],
    /// Squares of S-box inputs.
    pub squares: [Free; PARTIAL_A_ROW],
    /// S-box outputs.
    pub fifths: [Free; PARTIAL_A_ROW],
}

impl HashColumns {
    pub(super) fn new(a: &mut Allocator<'_>) -> Self {
        Self {
            state: std::array::from_fn(|_| a.free()),
            squares: std::array::from_fn(|_| a.free()),
            fifths: std::array::from_fn(|_| a.free()),
        }
    }
}
