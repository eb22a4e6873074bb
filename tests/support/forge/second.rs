//! Lies in the second phase.

use ff::Field;
use halo2_proofs::halo2curves::bn256::Fr;
use zkmargin_circuits::circuit::columns::{Columns, Second};
use zkmargin_circuits::field::from_i128;
use zkmargin_circuits::layout::Layout;
use zkmargin_circuits::witness::grid::SecondGrid;
use zkmargin_circuits::witness::{ChallengeValues, Witness};

/// Cells of the second phase.
pub struct SecondCells<'a> {
    /// The cells.
    pub grid: SecondGrid,
    /// What they are computed from.
    pub witness: &'a Witness,
    /// Columns.
    pub columns: Columns,
    /// Rows.
    pub layout: Layout,
    /// Challenges.
    pub c: ChallengeValues,
}

impl SecondCells<'_> {
    /// A cell.
    pub fn get(&self, column: Second, row: usize) -> Fr {
        self.grid.get(column, row)
    }

    /// Adds to a cell.
    pub fn add(&mut self, column: Second, row: usize, delta: Fr) {
        let value = self.grid.get(column, row) + delta;
        self.grid.set(column, row, value);
    }

    /// Adds to all cells of some rows.
    pub fn shift(&mut self, column: Second, rows: std::ops::Range<usize>, delta: Fr) {
        for row in rows {
            self.add(column, row, delta);
        }
    }

    /// Moves something of a helper from one row down to another, and with it the running sum between
    /// them. The sum counts `sign` times the helper in the argument of this number.
    pub fn smuggle(&mut self, column: Second, rows: [usize; 2], argument: u64, sign: i128) {
        let [from, to] = rows;
        self.add(column, from, -Fr::ONE);
        self.add(column, to, Fr::ONE);
        let weight = self.c.kappa.pow_vartime([argument]) * from_i128(sign);
        self.shift(self.columns.sum, from + 1..to + 1, -weight);
    }

    /// What the running sum ends with.
    pub fn end(&self) -> Fr {
        self.get(self.columns.sum, self.witness.grid.rows)
    }
}
