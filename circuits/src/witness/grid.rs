//! The cells of the first phase, row by row.

use ethnum::I256;
use ff::Field;
use halo2_proofs::halo2curves::bn256::Fr;
use rayon::prelude::*;
use std::ops::Range;

use crate::circuit::columns::{
    Columns, Free, Limb, Limbs, Second, Signed, WindowCell, WindowColumns, WindowLimbs,
};
use crate::shape::{Shape, WINDOW_ROWS};

/// Element cells and limb cells of all rows that constraints hold on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grid {
    /// Number of rows.
    pub rows: usize,
    width: usize,
    limb_width: usize,
    cells: Vec<Fr>,
    limbs: Vec<u16>,
}

/// Zeros, hundreds of megabytes of them: touched for the first time by all cores.
fn zeros(count: usize) -> Vec<Fr> {
    (0..count).into_par_iter().map(|_| Fr::ZERO).collect()
}

/// The element of an integer of less than 253 bits, its lowest limb first.
fn integer(limb_bits: u32, limbs: impl Iterator<Item = u16>) -> Fr {
    let mut words = [0u64; 4];
    for (i, limb) in limbs.enumerate() {
        // Limbs of 8 or 16 bits lie within a word.
        let bit = i * limb_bits as usize;
        if let Some(word) = words.get_mut(bit / 64) {
            *word |= u64::from(limb) << (bit % 64);
        }
    }
    Fr::from_raw(words)
}

/// A flag's element.
pub(super) fn flag(value: bool) -> Fr {
    if value {
        Fr::ONE
    } else {
        Fr::ZERO
    }
}

/// The cells of some consecutive rows.
#[derive(Debug)]
pub struct WindowCells<'a> {
    width: usize,
    limb_width: usize,
    cells: &'a mut [Fr],
    limbs: &'a mut [u16],
}

impl Grid {
    /// A grid of zeros.
    pub fn new(shape: &Shape, columns: &Columns) -> Self {
        let rows = shape.rows();
        let (width, limb_width) = (columns.free.len(), columns.limbs.len());
        Self {
            rows,
            width,
            limb_width,
            cells: zeros(rows * width),
            limbs: vec![0; rows * limb_width],
        }
    }

    /// An element cell.
    pub fn free(&self, column: Free, row: usize) -> Fr {
        self.cells[row * self.width + column.slot]
    }

    /// A limb cell.
    pub fn limb(&self, column: Limb, row: usize) -> u16 {
        self.limbs[row * self.limb_width + column.slot]
    }

    /// A row's limb cells.
    pub fn limb_row(&self, row: usize) -> &[u16] {
        &self.limbs[row * self.limb_width..(row + 1) * self.limb_width]
    }

    /// All limb cells.
    pub fn all_limbs(&self) -> &[u16] {
        &self.limbs
    }

    /// A range-checked integer as an element.
    pub fn limbs_value(&self, limbs: &Limbs, row: usize) -> Fr {
        let columns = limbs.columns.iter();
        integer(
            limbs.limb_bits,
            columns.map(|column| self.limb(*column, row)),
        )
    }

    /// A window's own cell.
    pub fn window_free(&self, window: usize, cell: &WindowCell<Free>) -> Fr {
        self.free(cell.column, window * WINDOW_ROWS + cell.offset)
    }

    /// A window's own integer.
    pub fn window_limbs(&self, window: usize, limbs: &WindowLimbs) -> Fr {
        let cells = limbs.cells.iter();
        let limb =
            |cell: &WindowCell<Limb>| self.limb(cell.column, window * WINDOW_ROWS + cell.offset);
        integer(limbs.limb_bits, cells.map(limb))
    }

    /// The scalars of the pool that ends with a window, in the order of [`crate::totals_column::scalars`];
    /// zeros where none ends.
    pub fn pool_scalars(&self, w: &WindowColumns, window: usize) -> [Fr; 9] {
        let parts = |signed: &Signed| {
            let negative = self.window_free(window, &signed.negative);
            let magnitude = self.window_limbs(window, &signed.magnitude);
            (
                negative,
                (Fr::ONE - negative) * magnitude,
                negative * (magnitude + Fr::ONE),
            )
        };
        let (bankrupt, positive, bankruptcy) = parts(&w.equity);
        let (underwater, _, underwater_amount) = parts(&w.value);
        let (deficient, _, shortfall) = parts(&w.surplus);
        [
            positive,
            self.window_limbs(window, &w.maintenance),
            self.window_limbs(window, &w.initial),
            deficient,
            shortfall,
            bankrupt,
            bankruptcy,
            underwater,
            underwater_amount,
        ]
    }

    /// The cells of one window.
    pub fn window(&mut self, window: usize) -> WindowCells<'_> {
        self.span(window * WINDOW_ROWS..(window + 1) * WINDOW_ROWS)
    }

    /// The cells of some rows.
    pub fn span(&mut self, rows: Range<usize>) -> WindowCells<'_> {
        WindowCells {
            width: self.width,
            limb_width: self.limb_width,
            cells: &mut self.cells[rows.start * self.width..rows.end * self.width],
            limbs: &mut self.limbs[rows.start * self.limb_width..rows.end * self.limb_width],
        }
    }

    /// Sets an element cell.
    pub fn set(&mut self, column: Free, row: usize, value: Fr) {
        self.cells[row * self.width + column.slot] = value;
    }

    /// Sets a range-checked integer: its low bits, whatever lies beyond them.
    pub fn set_limbs(&mut self, limbs: &Limbs, row: usize, value: I256) {
        self.span(row..row + 1).set_limbs(limbs, 0, value);
    }
}

impl<'a> WindowCells<'a> {
    /// Splits into pieces of `rows` rows.
    pub fn split(self, rows: usize) -> Vec<WindowCells<'a>> {
        let (width, limb_width) = (self.width, self.limb_width);
        self.cells
            .chunks_mut(rows * width)
            .zip(self.limbs.chunks_mut(rows * limb_width))
            .map(|(cells, limbs)| WindowCells {
                width,
                limb_width,
                cells,
                limbs,
            })
            .collect()
    }

    /// Splits after some rows.
    pub fn split_at(self, rows: usize) -> (WindowCells<'a>, WindowCells<'a>) {
        let (width, limb_width) = (self.width, self.limb_width);
        let (cells, other_cells) = self.cells.split_at_mut(rows * width);
        let (limbs, other_limbs) = self.limbs.split_at_mut(rows * limb_width);
        (
            WindowCells {
                width,
                limb_width,
                cells,
                limbs,
            },
            WindowCells {
                width,
                limb_width,
                cells: other_cells,
                limbs: other_limbs,
            },
        )
    }

    /// Sets an element cell.
    pub fn set(&mut self, column: Free, row: usize, value: Fr) {
        self.cells[row * self.width + column.slot] = value;
    }

    /// An element cell.
    pub fn get(&self, column: Free, row: usize) -> Fr {
        self.cells[row * self.width + column.slot]
    }

    /// Sets a range-checked integer: its low bits, whatever lies beyond them.
    pub fn set_limbs(&mut self, limbs: &Limbs, row: usize, value: I256) {
        let places = limbs.columns.iter().map(|column| (*column, row));
        self.put(places, limbs.limb_bits, value);
    }

    /// Sets a signed integer, offset by half the range.
    pub fn set_signed(&mut self, limbs: &Limbs, row: usize, value: i128) {
        self.set_limbs(
            limbs,
            row,
            I256::from(value) + (I256::ONE << (limbs.bits() - 1)),
        );
    }

    /// Sets a window's own cell.
    pub fn set_cell(&mut self, cell: &WindowCell<Free>, value: Fr) {
        self.set(cell.column, cell.offset, value);
    }

    /// Sets a window's own flag.
    pub fn set_flag(&mut self, cell: &WindowCell<Free>, value: bool) {
        self.set_cell(cell, flag(value));
    }

    /// Sets a window's own integer.
    pub fn set_window_limbs(&mut self, limbs: &WindowLimbs, value: I256) {
        let places = limbs.cells.iter().map(|cell| (cell.column, cell.offset));
        self.put(places, limbs.limb_bits, value);
    }

    fn put(&mut self, places: impl Iterator<Item = (Limb, usize)>, limb_bits: u32, value: I256) {
        let (high, low) = value.into_words();
        let words = [
            low as u64,
            (low >> 64) as u64,
            high as u64,
            (high >> 64) as u64,
        ];
        let mask = (1u64 << limb_bits) - 1;
        for (i, (column, row)) in places.enumerate() {
            // Limbs of 8 or 16 bits lie within a word, and all limbs within four.
            let bit = i * limb_bits as usize;
            let word = words.get(bit / 64).copied().unwrap_or_default();
            self.limbs[row * self.limb_width + column.slot] = (word >> (bit % 64) & mask) as u16;
        }
    }
}

/// The cells of the second phase, one row more than the first.
#[derive(Debug)]
pub struct SecondGrid {
    width: usize,
    /// Slots of columns that are left out.
    absent: Range<usize>,
    /// Row by row.
    pub(super) cells: Vec<Fr>,
}

impl SecondGrid {
    /// A grid of zeros of all columns.
    pub(super) fn new(rows: usize, columns: &Columns) -> Self {
        Self::without(rows, columns, 0..0)
    }

    /// A grid of zeros of all columns but the helpers of range lookups.
    pub(super) fn without_ranges(rows: usize, columns: &Columns) -> Self {
        let first = columns
            .range_helpers
            .first()
            .map_or(0, |column| column.slot);
        let absent = first..first + columns.range_helpers.len();
        Self::without(rows, columns, absent)
    }

    fn without(rows: usize, columns: &Columns, absent: Range<usize>) -> Self {
        let width = columns.second.len() - absent.len();
        Self {
            width,
            absent,
            cells: zeros((rows + 1) * width),
        }
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Where columns stand in a row.
    pub(super) fn places(&self) -> impl Fn(Second) -> usize {
        let absent = self.absent.clone();
        move |column| {
            debug_assert!(!absent.contains(&column.slot), "a column that is left out");
            if column.slot < absent.end {
                column.slot
            } else {
                column.slot - absent.len()
            }
        }
    }

    fn place(&self, column: Second, row: usize) -> usize {
        row * self.width + self.places()(column)
    }

    /// A cell.
    pub fn get(&self, column: Second, row: usize) -> Fr {
        self.cells[self.place(column, row)]
    }

    /// Sets a cell.
    pub fn set(&mut self, column: Second, row: usize, value: Fr) {
        let place = self.place(column, row);
        self.cells[place] = value;
    }
}
