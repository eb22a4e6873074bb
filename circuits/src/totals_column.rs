//! The totals column: which total of a book stands in which row.
//!
//! It is the first advice column. From row 0 on stand the totals by symbol, then the scalar ones;
//! then come [`SPARE_ROWS`] rows that nothing reads, and zeros to the end of the active rows. A proof
//! does not show the column: its commitments are summed over the shards of a book, and the sum is
//! opened as the totals of the statement.

use ff::Field;
use halo2_proofs::halo2curves::bn256::Fr;

use crate::field::{from_i128, from_u128};
use crate::market::{Kind, Market};
use crate::relation::{BookTotals, Totals};
use crate::shape::{Shape, BLINDING_ROWS, POLES, SCALARS, SPARE_ROWS};

/// Pole of a contract's net quantity, and of its long open interest.
pub const NET_POLE: usize = 0;
/// See [`NET_POLE`].
pub const LONG_POLE: usize = 1;

/// Rows of the column whose cells are free, and random: the spare ones, and those of blinding.
pub const FREE_ROWS: usize = SPARE_ROWS + BLINDING_ROWS;

/// Row of a symbol's total. Coins have `2 * class` for claims and `2 * class + 1` for debts.
pub fn pole_row(shape: &Shape, pole: usize, symbol: usize) -> usize {
    pole * shape.symbols + symbol
}

/// Row of a class's scalar total, in the order of [`scalars`]. The last rows are the lowest powers.
pub fn scalar_row(shape: &Shape, class: usize, scalar: usize) -> usize {
    POLES * shape.symbols + (SCALARS - 1 - (class * 9 + scalar))
}

/// The free rows, in order.
pub fn free_rows(shape: &Shape) -> impl Iterator<Item = usize> {
    let spare = shape.total_rows();
    (spare..spare + SPARE_ROWS).chain(shape.rows()..shape.rows() + BLINDING_ROWS)
}

/// The nine scalars of a class, in the order of the circuit.
pub fn scalars(totals: &Totals) -> [u128; 9] {
    [
        totals.equity_positive,
        totals.maintenance,
        totals.initial,
        totals.deficient_pools.into(),
        totals.shortfall,
        totals.bankrupt_pools.into(),
        totals.bankruptcy,
        totals.underwater_pools.into(),
        totals.underwater,
    ]
}

/// The cells of all totals, from row 0 on.
pub fn cells(shape: &Shape, market: &Market, totals: &BookTotals) -> Vec<Fr> {
    let mut cells = vec![Fr::ZERO; shape.total_rows()];
    let mut set = |row: usize, value: Fr| {
        if let Some(cell) = cells.get_mut(row) {
            *cell = value;
        }
    };
    for (i, symbol) in market.symbols.iter().enumerate().take(shape.symbols) {
        match symbol.kind {
            Kind::Asset => {
                for (class, coins) in totals.coins.iter().enumerate() {
                    if let Some((claims, debts)) = coins.get(i) {
                        set(pole_row(shape, 2 * class, i), from_u128(*claims));
                        set(pole_row(shape, 2 * class + 1, i), from_u128(*debts));
                    }
                }
            }
            Kind::Instrument => {
                if let Some((net, long)) = totals.contracts.get(i) {
                    set(pole_row(shape, NET_POLE, i), from_i128(*net));
                    set(pole_row(shape, LONG_POLE, i), from_u128(*long));
                }
            }
        }
    }
    for (class, totals) in totals.classes.iter().enumerate() {
        for (scalar, value) in scalars(totals).into_iter().enumerate() {
            set(scalar_row(shape, class, scalar), from_u128(value));
        }
    }
    cells
}
