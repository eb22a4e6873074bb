//! Cells of the first phase, read and written.

use std::collections::HashMap;

use ethnum::I256;
use ff::{Field, PrimeField};
use halo2_proofs::halo2curves::bn256::Fr;
use zkmargin_circuits::circuit::columns::{Columns, Free, Limbs, Signed, WindowCell, WindowLimbs};
use zkmargin_circuits::field::{from_i128, FINE};
use zkmargin_circuits::layout::Layout;
use zkmargin_circuits::shape::WINDOW_ROWS;
use zkmargin_circuits::witness::grid::Grid;
use zkmargin_circuits::witness::Witness;

use super::hashes::HashLie;

/// A value small enough to be an integer, negative from half the field.
pub fn integer(value: Fr) -> I256 {
    let magnitude = |value: Fr| {
        let bytes: [u8; 32] = value.to_repr();
        I256::from_le_bytes(bytes)
    };
    let (plus, minus) = (magnitude(value), magnitude(-value));
    if plus <= minus {
        plus
    } else {
        -minus
    }
}

/// Cells of the first phase.
pub struct Cells<'a> {
    /// The cells.
    pub grid: &'a mut Grid,
    /// Columns.
    pub columns: Columns,
    /// Rows.
    pub layout: Layout,
    /// Hash inputs that are not what they should be, by permutation and input.
    pub inputs: HashMap<(usize, usize), Fr>,
    /// A wrong permutation: its number, unit of S-boxes, lie.
    pub wrong: Option<(usize, usize, HashLie)>,
    /// Added to multiplicities after they are counted.
    pub miscounted: Vec<(Free, usize)>,
}

impl<'a> Cells<'a> {
    /// The cells of a witness.
    pub fn new(witness: &'a mut Witness) -> Self {
        Self {
            columns: witness.columns.clone(),
            layout: witness.layout.clone(),
            grid: &mut witness.grid,
            inputs: HashMap::new(),
            wrong: None,
            miscounted: Vec::new(),
        }
    }

    /// A row of a window.
    pub fn row(&self, window: usize, row: usize) -> usize {
        window * WINDOW_ROWS + row
    }

    /// An element.
    pub fn get(&self, column: Free, row: usize) -> Fr {
        self.grid.free(column, row)
    }

    /// Sets an element.
    pub fn set(&mut self, column: Free, row: usize, value: Fr) {
        self.grid.set(column, row, value);
    }

    /// Adds to an element.
    pub fn add(&mut self, column: Free, row: usize, delta: i128) {
        let value = self.get(column, row) + from_i128(delta);
        self.set(column, row, value);
    }

    /// A range-checked integer.
    pub fn limbs(&self, limbs: &Limbs, row: usize) -> I256 {
        integer(self.grid.limbs_value(limbs, row))
    }

    /// Sets a range-checked integer.
    pub fn put(&mut self, limbs: &Limbs, row: usize, value: I256) {
        self.grid.set_limbs(limbs, row, value);
    }

    /// Adds to a range-checked integer.
    pub fn push(&mut self, limbs: &Limbs, row: usize, delta: i128) {
        let value = self.limbs(limbs, row) + I256::from(delta);
        self.put(limbs, row, value);
    }

    /// A signed integer.
    pub fn signed(&self, limbs: &Limbs, row: usize) -> I256 {
        self.limbs(limbs, row) - (I256::ONE << (limbs.bits() - 1))
    }

    /// Sets a signed integer.
    pub fn put_signed_limbs(&mut self, limbs: &Limbs, row: usize, value: I256) {
        self.put(limbs, row, value + (I256::ONE << (limbs.bits() - 1)));
    }

    /// A window's element.
    pub fn cell(&self, cell: &WindowCell<Free>, window: usize) -> Fr {
        self.grid.window_free(window, cell)
    }

    /// Sets a window's element.
    pub fn set_cell(&mut self, cell: &WindowCell<Free>, window: usize, value: Fr) {
        self.grid.window(window).set_cell(cell, value);
    }

    /// A window's range-checked integer.
    pub fn window_limbs(&self, limbs: &WindowLimbs, window: usize) -> I256 {
        integer(self.grid.window_limbs(window, limbs))
    }

    /// Sets a window's range-checked integer.
    pub fn put_window(&mut self, limbs: &WindowLimbs, window: usize, value: I256) {
        self.grid.window(window).set_window_limbs(limbs, value);
    }

    /// Sets a window's amount.
    pub fn put_signed(&mut self, signed: &Signed, window: usize, value: I256) {
        let negative = value < 0;
        self.set_cell(&signed.negative, window, Fr::from(u64::from(negative)));
        self.put_window(
            &signed.magnitude,
            window,
            if negative { -(value + 1) } else { value },
        );
    }

    /// A window's amount.
    pub fn amount(&self, signed: &Signed, window: usize) -> Fr {
        let magnitude = self.grid.window_limbs(window, &signed.magnitude);
        magnitude - self.cell(&signed.negative, window) * (magnitude.double() + Fr::ONE)
    }

    /// Enters a holding under an entry of its symbol's table, at the nearest magnitude the entry has.
    pub fn enter(&mut self, row: usize, place: usize, negative: bool) {
        let (h, t) = (self.columns.holding.clone(), self.columns.table.clone());
        let symbol = integer(self.get(h.index, row)).as_usize() - 1;
        let entry = self.layout.block(symbol).start + place;
        let asset = self.get(h.is_asset, row) == Fr::ONE;
        let (slope, intercept) = (self.get(t.coefficient, entry), self.get(t.intercept, entry));
        let (floor, cap) = (self.get(h.floor, entry), self.get(h.cap, entry));
        let debt = (-self.get(t.debt_weight, entry), Fr::ZERO);
        let line = (slope, intercept);
        let none = (Fr::ZERO, Fr::ZERO);
        let (equity, charge) = match (asset, negative) {
            (true, false) => (line, none),
            (true, true) => (debt, line),
            (false, _) => (none, line),
        };
        let side_floor = match (asset, negative) {
            (true, _) => Fr::ZERO,
            (false, false) => self.get(t.floor_long, entry),
            (false, true) => -self.get(t.floor_short, entry),
        };
        for (column, value) in [
            (h.negative, Fr::from(u64::from(negative))),
            (h.floor, floor),
            (h.cap, cap),
            (h.equity_slope, equity.0),
            (h.equity_intercept, equity.1),
            (h.charge_slope, charge.0),
            (h.charge_intercept, charge.1),
            (h.side_floor, side_floor),
        ] {
            self.set(column, row, value);
        }
        let sign = if negative { I256::MINUS_ONE } else { I256::ONE };
        let fine = I256::from(FINE);
        let amount = self.signed(&h.amount, row);
        let (low, high) = (integer(floor) * fine, integer(cap) * fine - I256::ONE);
        let magnitude = (sign * amount * integer(self.get(h.unit, row)))
            .max(low)
            .min(high);
        self.put(&h.above, row, magnitude - low);
        self.put(&h.below, row, high - magnitude);
        if asset {
            let lot_value = integer(self.get(h.lot_value, row));
            let equity = integer(equity.0) * magnitude + integer(equity.1) * fine;
            let scanned = equity.div_euclid(lot_value);
            let remainder = equity - scanned * lot_value;
            self.put(&h.scanned, row, scanned + (I256::ONE << 63));
            self.put(&h.remainder, row, remainder);
            self.put(&h.remainder_below, row, lot_value - I256::ONE - remainder);
        } else {
            self.put(&h.base, row, sign * amount);
        }
    }
}
