//! The columns of the hash.

use super::allocator::Allocator;
use super::kinds::Free;
use crate::layout::Lane;
use crate::poseidon::{RATE, WIDTH};

/// The lanes of the hash: the inputs of nines of S-boxes, each a full round or nine partial ones.
#[derive(Debug, Clone)]
pub struct HashColumns {
    /// Of windows, two nines a row: the one computed first.
    pub early: [Free; WIDTH],
    /// The one computed from it.
    pub late: [Free; WIDTH],
    /// Of tree and digests, one nine a row.
    pub node: [Free; WIDTH],
}

impl HashColumns {
    pub(super) fn new(a: &mut Allocator<'_>) -> Self {
        let mut nine = || std::array::from_fn(|_| a.free());
        Self {
            early: nine(),
            late: nine(),
            node: nine(),
        }
    }

    /// The columns of a unit.
    pub fn unit(&self, lane: Lane, unit: usize) -> &[Free; WIDTH] {
        match (lane, unit % 2) {
            (Lane::Windows, 0) => &self.early,
            (Lane::Windows, _) => &self.late,
            (Lane::Nodes, _) => &self.node,
        }
    }

    /// What is hashed stands here, in the row of the first unit.
    pub fn words(&self, lane: Lane) -> &[Free; RATE] {
        let [_, words @ ..] = self.unit(lane, 0);
        words
    }

    /// The hash stands here, in the row of the last unit: of tree and digests in a column of words,
    /// which are copied as well.
    pub fn output(&self, lane: Lane) -> Free {
        match lane {
            Lane::Windows => self.late[0],
            Lane::Nodes => self.node[1],
        }
    }
}
