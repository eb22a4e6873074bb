//! The fixed columns.

use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::plonk::{Column, ConstraintSystem, Fixed};

use crate::shape::{NODE_ROWS, WINDOW_ROWS};

/// Fixed columns: which rows are what.
#[derive(Debug, Clone)]
pub struct Selectors {
    /// Every row that constraints hold on.
    pub active: Column<Fixed>,
    /// The row after the last active one.
    pub end: Column<Fixed>,
    /// Row 0.
    pub start: Column<Fixed>,
    /// The range table: 0, 1, 2, ... and then zeros.
    pub range: Column<Fixed>,
    /// Rows of account windows.
    pub hold: Column<Fixed>,
    /// First rows of account windows.
    pub first: Column<Fixed>,
    /// The first account window's first row.
    pub window_zero: Column<Fixed>,
    /// The last account window's first row.
    pub window_last: Column<Fixed>,
    /// Rows of account windows but the first, by their place in the window.
    pub after_first: [Column<Fixed>; WINDOW_ROWS - 1],
    /// Rows of the permutations of tree and digests but the last, by their place in the permutation.
    pub node: [Column<Fixed>; NODE_ROWS - 1],
    /// Rows of symbol blocks.
    pub table: Column<Fixed>,
    /// First rows of symbol blocks.
    pub block_first: Column<Fixed>,
    /// Last rows of symbol blocks.
    pub block_last: Column<Fixed>,
    /// The symbol's row number, on all rows of its block.
    pub block_index: Column<Fixed>,
    /// The symbol's row number, on the last row of its block.
    pub block_tag: Column<Fixed>,
    /// Rows of the floor weights.
    pub weights: Column<Fixed>,
    /// First row of the floor weights.
    pub weights_first: Column<Fixed>,
    /// Last row of the floor weights.
    pub weights_last: Column<Fixed>,
    /// Rows of the group table.
    pub group: Column<Fixed>,
    /// The group's row number.
    pub group_index: Column<Fixed>,
    /// The row of group 0.
    pub group_zero: Column<Fixed>,
    /// The entry of empty holdings.
    pub null: Column<Fixed>,
    /// Totals by symbol.
    pub pole_rows: Column<Fixed>,
    /// The pole of a total.
    pub pole: Column<Fixed>,
    /// Scalar totals.
    pub scalar_rows: Column<Fixed>,
    /// The first of them.
    pub scalar_first: Column<Fixed>,
    /// The last of them.
    pub scalar_last: Column<Fixed>,
    /// Rows where the totals column is zero.
    pub no_total: Column<Fixed>,
    /// Constants for copies: 0 and the digests' tags.
    pub constants: Column<Fixed>,
}

impl Selectors {
    pub(super) fn new(meta: &mut ConstraintSystem<Fr>) -> Self {
        let mut fixed = || meta.fixed_column();
        Self {
            active: fixed(),
            end: fixed(),
            start: fixed(),
            range: fixed(),
            hold: fixed(),
            first: fixed(),
            window_zero: fixed(),
            window_last: fixed(),
            after_first: std::array::from_fn(|_| fixed()),
            node: std::array::from_fn(|_| fixed()),
            table: fixed(),
            block_first: fixed(),
            block_last: fixed(),
            block_index: fixed(),
            block_tag: fixed(),
            weights: fixed(),
            weights_first: fixed(),
            weights_last: fixed(),
            group: fixed(),
            group_index: fixed(),
            group_zero: fixed(),
            null: fixed(),
            pole_rows: fixed(),
            pole: fixed(),
            scalar_rows: fixed(),
            scalar_first: fixed(),
            scalar_last: fixed(),
            no_total: fixed(),
            constants: fixed(),
        }
    }
}
