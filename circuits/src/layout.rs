//! Where a shape puts what: windows of accounts, table rows behind them, and the permutations of tree
//! and digests beside both.
//!
//! Permutations are numbered: those of the windows first, by window, then those of the tree, level by
//! level, and of the digests.

use std::ops::Range;

use crate::poseidon::RATE;
use crate::shape::{Shape, NODE_ROWS, WINDOW_ROWS};

/// The columns a permutation stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// Those of windows, two units of S-boxes a row.
    Windows,
    /// Those of tree and digests, a unit a row.
    Nodes,
}

impl Lane {
    /// The row of a unit, within its permutation.
    pub fn row(self, unit: usize) -> usize {
        match self {
            Self::Windows => unit / 2,
            Self::Nodes => unit,
        }
    }
}

/// The regions of a shape's rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// The shape.
    pub shape: Shape,
    /// Account windows: `0..capacity`.
    pub capacity: usize,
    /// Permutations of the tree's nodes, level by level, root last.
    pub levels: Vec<Range<usize>>,
    /// Permutations of the market digest.
    pub market: Range<usize>,
    /// Permutations of the model digest.
    pub model: Range<usize>,
    /// Permutation of the counts digest.
    pub counts: usize,
    /// First row of the floor weights.
    weights: usize,
}

impl Layout {
    /// The layout of a shape.
    pub fn new(shape: &Shape) -> Self {
        let capacity = shape.capacity();
        let mut next = capacity;
        let mut take = |count: usize| {
            let range = next..next + count;
            next += count;
            range
        };
        let levels = Shape::tree_levels(capacity)
            .into_iter()
            .map(&mut take)
            .collect();
        let market = take(Shape::chain_blocks(shape.market_elements()));
        let model = take(Shape::chain_blocks(shape.model_elements()));
        let counts = take(1).start;
        Self {
            shape: *shape,
            capacity,
            levels,
            market,
            model,
            counts,
            weights: capacity * WINDOW_ROWS,
        }
    }

    /// Permutations in all.
    pub fn permutations(&self) -> usize {
        self.counts + 1
    }

    /// Permutations of tree and digests.
    pub fn nodes(&self) -> Range<usize> {
        self.capacity..self.permutations()
    }

    /// The lane of a permutation.
    pub fn lane(&self, permutation: usize) -> Lane {
        if permutation < self.capacity {
            Lane::Windows
        } else {
            Lane::Nodes
        }
    }

    /// The row of a permutation's unit.
    pub fn unit_row(&self, permutation: usize, unit: usize) -> usize {
        let lane = self.lane(permutation);
        let first = match lane {
            Lane::Windows => permutation * WINDOW_ROWS,
            Lane::Nodes => (permutation - self.capacity) * NODE_ROWS,
        };
        first + lane.row(unit)
    }

    /// The rows of some permutations of tree and digests.
    pub fn node_rows(&self, nodes: Range<usize>) -> Range<usize> {
        self.unit_row(nodes.start, 0)..self.unit_row(nodes.end, 0)
    }

    /// Rows of the floor weights.
    pub fn weights(&self) -> Range<usize> {
        self.weights..self.weights + self.shape.segments
    }

    /// Rows of the symbol in market row `symbol + 1`.
    pub fn block(&self, symbol: usize) -> Range<usize> {
        let start = self.weights + (1 + symbol) * self.shape.segments;
        start..start + self.shape.segments
    }

    /// Rows of all symbols.
    pub fn blocks(&self) -> Range<usize> {
        self.block(0).start..self.groups().start
    }

    /// Rows of the groups, group 0 first.
    pub fn groups(&self) -> Range<usize> {
        let start = self.block(self.shape.symbols).start;
        start..start + self.shape.groups + 1
    }

    /// Row of the empty entry.
    pub fn null(&self) -> usize {
        self.groups().end
    }

    /// The permutations below a tree node: node `node` of level `level` (0 is the one above the slots).
    /// `None` stands for a slot or node that the tree does not have.
    pub fn children(&self, level: usize, node: usize) -> [Option<usize>; RATE] {
        let below = match level.checked_sub(1).and_then(|l| self.levels.get(l)) {
            Some(range) => range.clone(),
            None => 0..self.capacity,
        };
        std::array::from_fn(|i| {
            let child = below.start + node * RATE + i;
            (child < below.end).then_some(child)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::SHAPES;

    #[test]
    fn accepts_every_shape() {
        for shape in SHAPES {
            let layout = Layout::new(shape);
            assert!(
                layout.node_rows(layout.nodes()).end <= shape.rows(),
                "{}",
                shape.name
            );
            assert!(layout.null() < shape.rows(), "{}", shape.name);
        }
    }
}
