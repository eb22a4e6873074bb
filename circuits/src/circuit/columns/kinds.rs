//! Kinds of columns, and the integers and window cells that stand in them.

use halo2_proofs::plonk::{Advice, Column};

use super::expression::{constant, sum, Expr};
use crate::field::two_to;
use crate::shape::WINDOW_ROWS;

macro_rules! column_kind {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $name {
            /// The column.
            pub column: Column<Advice>,
            /// Its place among the columns of its kind.
            pub slot: usize,
        }

        impl $name {
            /// The cell `rotation` rows down.
            pub fn rot(&self, rotation: usize) -> Expr {
                self.column.rot(rotation as i32)
            }

            /// The cell in this row.
            pub fn cur(&self) -> Expr {
                self.column.cur()
            }

            /// The cell in the row above.
            pub fn prev(&self) -> Expr {
                self.column.prev()
            }

            /// The cell in the row below.
            pub fn next(&self) -> Expr {
                self.column.next()
            }
        }
    };
}

column_kind!(
    /// A first-phase column of arbitrary elements.
    Free
);
column_kind!(
    /// A first-phase column whose every cell is looked up in the range `0..2^limb_bits`.
    Limb
);
column_kind!(
    /// A second-phase column.
    Second
);

/// A range-checked integer laid over limb columns, lowest first.
#[derive(Debug, Clone)]
pub struct Limbs {
    /// The columns.
    pub columns: Vec<Limb>,
    /// Bits of a limb.
    pub limb_bits: u32,
}

impl Limbs {
    /// The integer in this row: in `0..2^bits`.
    pub fn cur(&self) -> Expr {
        self.at(0)
    }

    /// The integer `rotation` rows down.
    pub fn at(&self, rotation: usize) -> Expr {
        weigh(
            self.columns.iter().map(|limb| limb.rot(rotation)),
            self.limb_bits,
        )
    }

    /// Bits of the range.
    pub fn bits(&self) -> u32 {
        self.columns.len() as u32 * self.limb_bits
    }

    /// The integer less half its range: in `-2^(bits-1)..2^(bits-1)`.
    pub fn signed(&self) -> Expr {
        self.cur() - constant(two_to(self.bits() - 1))
    }

    /// The highest limb in this row.
    pub fn top(&self) -> Expr {
        sum(self.columns.last().map(Limb::cur))
    }

    /// The first limbs, as a narrower integer.
    pub fn narrow(&self, bits: u32) -> Limbs {
        let count = (bits / self.limb_bits) as usize;
        assert!(
            count <= self.columns.len() && bits.is_multiple_of(self.limb_bits),
            "limbs for {bits} bits"
        );
        Limbs {
            columns: self.columns[..count].to_vec(),
            limb_bits: self.limb_bits,
        }
    }
}

fn weigh(limbs: impl Iterator<Item = Expr>, limb_bits: u32) -> Expr {
    sum(limbs.enumerate().map(|(i, limb)| match i {
        0 => limb,
        _ => limb * constant(two_to(i as u32 * limb_bits)),
    }))
}

/// A window's own cell of a column, `offset` rows below the window's first.
#[derive(Debug, Clone, Copy)]
pub struct WindowCell<C> {
    /// The column.
    pub column: C,
    /// Row within the window.
    pub offset: usize,
}

impl WindowCell<Free> {
    /// The cell, seen from the window's first row.
    pub fn cur(&self) -> Expr {
        self.column.rot(self.offset)
    }

    /// The previous window's cell, seen from the window's first row.
    pub fn previous(&self) -> Expr {
        self.column
            .column
            .rot(self.offset as i32 - WINDOW_ROWS as i32)
    }
}

impl WindowCell<Second> {
    /// The cell, seen from the window's first row.
    pub fn cur(&self) -> Expr {
        self.column.rot(self.offset)
    }
}

/// A range-checked integer among a window's own cells.
#[derive(Debug, Clone)]
pub struct WindowLimbs {
    /// The cells, lowest first.
    pub cells: Vec<WindowCell<Limb>>,
    /// Bits of a limb.
    pub limb_bits: u32,
}

impl WindowLimbs {
    /// The integer, seen from the window's first row.
    pub fn cur(&self) -> Expr {
        weigh(
            self.cells.iter().map(|cell| cell.column.rot(cell.offset)),
            self.limb_bits,
        )
    }
}
