//! What a proof is verified against: the instance column.

use halo2_proofs::halo2curves::bn256::Fr;

use crate::field::{from_be_bytes, from_i128};
use crate::market::{Kind, Market};
use crate::relation::{BookTotals, Totals};
use crate::shape::{Shape, POLES, PUBLIC_INPUTS, SCALARS};
use ff::{Field, PrimeField};

/// The public inputs proper, rows 0 to 7 of the instance column in this order
/// (the context takes two rows, high half first).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicInputs {
    /// SHA-256 of the bytes of `statement.json`.
    pub context: [u8; 32],
    /// Index of the shard, from 0.
    pub shard: u64,
    /// Number of shards.
    pub shards: u64,
    /// Market digest.
    pub market: Fr,
    /// Model digest.
    pub model: Fr,
    /// Root of the shard's tree.
    pub root: Fr,
    /// Counts digest.
    pub counts: Fr,
}

/// Row of the market digest.
pub const MARKET_ROW: usize = 4;
/// Row of the model digest.
pub const MODEL_ROW: usize = 5;
/// Row of the root.
pub const ROOT_ROW: usize = 6;
/// Row of the counts digest.
pub const COUNTS_ROW: usize = 7;

/// Pole of a contract's net quantity, and of its long open interest.
pub const NET_POLE: usize = 0;
/// See [`NET_POLE`].
pub const LONG_POLE: usize = 1;

/// Row of a symbol's total. Coins have `2 * class` for claims and `2 * class + 1` for debts.
pub fn pole_row(shape: &Shape, pole: usize, symbol: usize) -> usize {
    PUBLIC_INPUTS + pole * shape.symbols + symbol
}

/// Row of a class's scalar total, in the order of [`scalars`]. The last rows are the lowest powers.
pub fn scalar_row(shape: &Shape, class: usize, scalar: usize) -> usize {
    PUBLIC_INPUTS + POLES * shape.symbols + (SCALARS - 1 - (class * 9 + scalar))
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

/// The whole instance column.
pub fn instance(
    shape: &Shape,
    market: &Market,
    inputs: &PublicInputs,
    totals: &BookTotals,
) -> Vec<Fr> {
    let mut column = vec![Fr::ZERO; shape.instance_rows()];
    let head = [
        from_be_bytes(&inputs.context[..16]),
        from_be_bytes(&inputs.context[16..]),
        Fr::from(inputs.shard),
        Fr::from(inputs.shards),
        inputs.market,
        inputs.model,
        inputs.root,
        inputs.counts,
    ];
    let mut set = |row: usize, value: Fr| {
        if let Some(cell) = column.get_mut(row) {
            *cell = value;
        }
    };
    for (row, value) in head.into_iter().enumerate() {
        set(row, value);
    }
    for (i, symbol) in market.symbols.iter().enumerate().take(shape.symbols) {
        match symbol.kind {
            Kind::Asset => {
                for (class, coins) in totals.coins.iter().enumerate() {
                    if let Some((claims, debts)) = coins.get(i) {
                        set(pole_row(shape, 2 * class, i), Fr::from_u128(*claims));
                        set(pole_row(shape, 2 * class + 1, i), Fr::from_u128(*debts));
                    }
                }
            }
            Kind::Instrument => {
                if let Some((net, long)) = totals.contracts.get(i) {
                    set(pole_row(shape, NET_POLE, i), from_i128(*net));
                    set(pole_row(shape, LONG_POLE, i), Fr::from_u128(*long));
                }
            }
        }
    }
    for (class, totals) in totals.classes.iter().enumerate() {
        for (scalar, value) in scalars(totals).into_iter().enumerate() {
            set(scalar_row(shape, class, scalar), Fr::from_u128(value));
        }
    }
    column
}
