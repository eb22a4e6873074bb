//! The sizes of a circuit. A key depends on its shape and on the setup, never on the data.

use crate::poseidon::RATE;

/// Rows of a window: holdings, one Poseidon permutation and the scan lanes stand side by side in them.
pub const WINDOW_ROWS: usize = 8;

/// Rows of a permutation of the tree or of a digest, beside the windows.
pub const NODE_ROWS: usize = 16;

/// Public inputs: the instance column.
pub const PUBLIC_INPUTS: usize = 8;

/// Totals a symbol can have: net and long for a contract, claims and debts by class for a coin.
pub const POLES: usize = 6;

/// Scalar totals: nine for each of three classes.
pub const SCALARS: usize = 9 * 3;

/// Rows of free randomness in the totals column, beside those of blinding.
pub const SPARE_ROWS: usize = 16;

/// Most shards of a book.
pub const MAX_SHARDS: u64 = 1 << 32;

/// Losses that share an element of the model digest, where they do not stand beside a segment.
pub const LOSSES_AN_ELEMENT: usize = 4;

/// Rows left to blinding at the end of every column, checked against the constraint system.
pub const BLINDING_ROWS: usize = 24;

/// The sizes one circuit is built for. See [`SHAPES`] for the named ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Name, as in `statement.json`.
    pub name: &'static str,
    /// Base-2 logarithm of the number of rows.
    pub k: u32,
    /// Bits of a range-checked limb: 8 or 16.
    pub limb_bits: u32,
    /// Bits of amounts and money (two's complement): 64 or 96.
    pub money_bits: u32,
    /// Most assets and instruments together.
    pub symbols: usize,
    /// Most risk groups.
    pub groups: usize,
    /// Scenarios; a model with fewer is padded with scenarios without loss.
    pub scenarios: usize,
    /// Table rows a symbol has: most segments of its two piecewise-linear functions together.
    pub segments: usize,
    /// Risk groups one window can scan.
    pub scan_lanes: usize,
}

/// The named shapes.
#[rustfmt::skip]
pub const SHAPES: &[Shape] = &[
    Shape { name: "tiny-11", k: 11, limb_bits: 8, money_bits: 64, symbols: 6, groups: 2, scenarios: 8, segments: 8, scan_lanes: 1 },
    Shape { name: "small-14", k: 14, limb_bits: 8, money_bits: 64, symbols: 64, groups: 16, scenarios: 16, segments: 16, scan_lanes: 2 },
    Shape { name: "retail-17", k: 17, limb_bits: 16, money_bits: 64, symbols: 640, groups: 128, scenarios: 16, segments: 16, scan_lanes: 2 },
    Shape { name: "retail-18", k: 18, limb_bits: 16, money_bits: 64, symbols: 640, groups: 128, scenarios: 16, segments: 16, scan_lanes: 2 },
    Shape { name: "desk-18", k: 18, limb_bits: 16, money_bits: 96, symbols: 4352, groups: 256, scenarios: 40, segments: 10, scan_lanes: 1 },
    Shape { name: "desk-19", k: 19, limb_bits: 16, money_bits: 96, symbols: 4352, groups: 256, scenarios: 40, segments: 10, scan_lanes: 1 },
];

impl Shape {
    /// The named shape.
    pub fn by_name(name: &str) -> Option<&'static Shape> {
        SHAPES.iter().find(|shape| shape.name == name)
    }

    /// Rows that constraints hold on.
    pub fn rows(&self) -> usize {
        (1 << self.k) - BLINDING_ROWS
    }

    /// Windows that the scan of a group takes: as many as leave at most three slacks to a row.
    pub fn scan_windows(&self) -> usize {
        self.scenarios.div_ceil(3 * WINDOW_ROWS)
    }

    /// Slacks laid in one row of a scan lane.
    pub fn slacks_a_row(&self) -> usize {
        self.scenarios.div_ceil(self.scan_windows() * WINDOW_ROWS)
    }

    /// Slacks of a scan. Those before the scenarios' own stand for no loss.
    pub fn slacks(&self) -> usize {
        self.scan_windows() * WINDOW_ROWS * self.slacks_a_row()
    }

    /// Losses of a symbol laid in one table row.
    pub fn losses_a_row(&self) -> usize {
        self.scenarios / self.segments
    }

    /// Elements of the model digest a table row gives: its segment, and its losses where they do not fit beside it.
    pub fn elements_a_row(&self) -> usize {
        if self.loss_beside_segment() {
            1
        } else {
            1 + self.losses_a_row().div_ceil(LOSSES_AN_ELEMENT)
        }
    }

    /// Bits of a loss, two's complement: 63 where four share an element.
    pub fn loss_bits(&self) -> u32 {
        if self.loss_beside_segment() {
            64
        } else {
            63
        }
    }

    /// Whether a row's one loss fits the element of its segment.
    pub fn loss_beside_segment(&self) -> bool {
        self.losses_a_row() == 1 && self.money_bits == 64
    }

    /// Elements of the market digest: the file's digest and one for each symbol.
    pub fn market_elements(&self) -> usize {
        2 + self.symbols
    }

    /// Elements of the model digest: the file's digest, the salt, floor weights, groups and symbols.
    pub fn model_elements(&self) -> usize {
        3 + self.segments
            + (self.groups + 1)
            + self.symbols * (1 + self.segments * self.elements_a_row())
    }

    /// Permutations that hash `elements` in a chain.
    pub fn chain_blocks(elements: usize) -> usize {
        elements.div_ceil(RATE - 1)
    }

    /// Rows of the market and model tables: floor weights, symbols, groups, the null entry.
    pub fn table_rows(&self) -> usize {
        (1 + self.symbols) * self.segments + (self.groups + 1) + 1
    }

    /// Windows of accounts, which is the number of slots of the tree: the tables stand behind them,
    /// the permutations of tree and digests beside both.
    pub fn capacity(&self) -> usize {
        let digests = Self::chain_blocks(self.market_elements())
            + Self::chain_blocks(self.model_elements())
            + 1;
        let fits = |capacity: usize| {
            let nodes: usize = Self::tree_levels(capacity).iter().sum();
            (nodes + digests) * NODE_ROWS <= self.rows()
                && capacity * WINDOW_ROWS + self.table_rows() <= self.rows()
        };
        // The condition is monotone: find the greatest capacity that fits.
        let (mut low, mut high) = (0, self.rows() / WINDOW_ROWS);
        while low + 1 < high {
            let middle = (low + high) / 2;
            if fits(middle) {
                low = middle;
            } else {
                high = middle;
            }
        }
        low
    }

    /// Nodes of the 8-ary tree above `capacity` slots, level by level up to the root.
    pub fn tree_levels(capacity: usize) -> Vec<usize> {
        let mut levels = Vec::new();
        let mut nodes = capacity;
        while nodes > 1 || levels.is_empty() {
            nodes = nodes.div_ceil(RATE);
            levels.push(nodes);
        }
        levels
    }

    /// Rows of the totals column that hold totals.
    pub fn total_rows(&self) -> usize {
        POLES * self.symbols + SCALARS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_named_shapes() {
        for shape in SHAPES {
            assert_eq!(shape.scenarios % WINDOW_ROWS, 0, "{}", shape.name);
            assert_eq!(shape.scenarios % shape.segments, 0, "{}", shape.name);
            assert!(shape.rows() > 1 << shape.limb_bits, "{}", shape.name);
            assert!(
                shape.total_rows() + SPARE_ROWS < shape.rows(),
                "{}",
                shape.name
            );
            let windows = shape.rows() / WINDOW_ROWS;
            assert!(
                shape.capacity() > windows / 2,
                "{}: {} of {windows} windows",
                shape.name,
                shape.capacity()
            );
        }
    }
}
