//! Holdings: one a row, looked up in the symbol table, valued, charged and packed.
//!
//! | constraint | formula |
//! |---|---|
//! | sign and magnitude | `(1 - 2 negative) * magnitude = amount * unit`, `magnitude = floor * 10^18 + above` |
//! | side of a position | `instrument: (1 - 2 negative) * amount = range`, in the limbs of `base` that assets use |
//! | magnitude ends before the cap | `cap * 10^18 - on - magnitude = below` |
//! | collateral in whole lots | `slope * magnitude + intercept * 10^18 = scanned * lot_value + remainder` |
//! | remainder below a lot | `lot_value - asset - remainder = remainder_below` |
//! | scanned quantity | `scanned = amount` unless an asset |
//! | keys rise | `key = previous + on * (step + 1)`, `key = index` where on |
//! | packed | `index * 2^w + on * 2^(w-1) + asset * base + instrument * amount` |
//! | running sums | equity, value, maintenance, initial, each from the previous row or from 0 at a pool's start |
//! | pool identity | see [`super::scan`] |
//!
//! `above`, `below`, `remainder`, `remainder_below` are range-checked and so not negative: the segment,
//! the floor of the division and the sign are the only ones possible. A contract marked at zero has no
//! notional that would show a position's side, so the quantity itself does. An empty row is all zeros:
//! its tuple is the table's null entry, and the constraints named "empty" pin the rest.

use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::plonk::{ConstraintSystem, Expression};

use super::columns::{constant, int, sum, Columns, Expr};
use crate::field::{two_to, FINE};

/// What the previous row had, 0 at a pool's start. Zero outside account windows.
pub fn previous(columns: &Columns, column: Expr) -> Expr {
    let fixed = &columns.fixed;
    let inner = fixed.hold.cur() - fixed.first.cur();
    let carried = fixed.first.cur() * (int(1) - columns.window.pool_start.cur());
    (inner + carried) * column
}

/// The magnitude of a holding's value in 10^-18 quote quanta.
pub fn magnitude(columns: &Columns) -> Expr {
    columns.holding.floor.cur() * int(FINE) + columns.holding.above.cur()
}

/// A holding's equity in 10^-24 quote quanta.
fn equity(columns: &Columns) -> Expr {
    let h = &columns.holding;
    h.equity_slope.cur() * magnitude(columns) + h.equity_intercept.cur() * int(FINE)
}

/// A holding's charge in 10^-24 quote quanta, before factors.
fn charge(columns: &Columns) -> Expr {
    let h = &columns.holding;
    h.charge_slope.cur() * magnitude(columns) + h.charge_intercept.cur() * int(FINE)
}

/// Constrains the rows of holdings.
pub fn configure(meta: &mut ConstraintSystem<Fr>, columns: &Columns) {
    let h = &columns.holding;
    let fixed = &columns.fixed;
    let hold = || fixed.hold.cur();
    let on = || h.is_asset.cur() + h.is_instrument.cur();
    let empty = || int(1) - on();
    let amount = || h.amount.signed();
    let base = || h.base.signed();
    let scanned = || h.scanned.signed();
    let sign = || int(1) - h.negative.cur() * int(2);

    meta.create_gate("holding: value", |_| {
        vec![
            (
                "(1 - 2 negative) * magnitude = amount * unit",
                hold() * (sign() * magnitude(columns) - amount() * h.unit.cur()),
            ),
            (
                "cap * 10^18 - on - magnitude = below",
                hold() * (h.cap.cur() * int(FINE) - on() - magnitude(columns) - h.below.cur()),
            ),
            ("empty: amount = 0", hold() * empty() * amount()),
            ("empty: base = 0", hold() * empty() * base()),
            (
                "instrument: magnitude of the quantity = range",
                hold() * h.is_instrument.cur() * (sign() * amount() - h.base.cur()),
            ),
        ]
    });

    meta.create_gate("holding: scanned quantity", |_| {
        vec![
            (
                "collateral = scanned * lot_value + remainder",
                hold() * (equity(columns) - scanned() * h.lot_value.cur() - h.remainder.cur()),
            ),
            (
                "lot_value - asset - remainder = remainder_below",
                hold()
                    * (h.lot_value.cur()
                        - h.is_asset.cur()
                        - h.remainder.cur()
                        - h.remainder_below.cur()),
            ),
            (
                "not an asset: scanned = amount",
                hold() * (int(1) - h.is_asset.cur()) * (scanned() - amount()),
            ),
        ]
    });

    meta.create_gate("holding: keys rise", |_| {
        vec![
            (
                "key = previous + on * (step + 1)",
                hold() * (h.key.cur() - on() * (h.step.cur() + int(1)))
                    - previous(columns, h.key.prev()),
            ),
            (
                "on: key = index",
                hold() * on() * (h.key.cur() - h.index.cur()),
            ),
            ("empty: step = 0", hold() * empty() * h.step.cur()),
        ]
    });

    meta.create_gate("holding: packed for the leaf", |_| {
        let bits = columns.shape.money_bits;
        vec![(
            "packed = index * 2^w + on * 2^(w-1) + asset * base + instrument * amount",
            hold()
                * (h.packed.cur()
                    - h.index.cur() * constant(two_to(bits))
                    - on() * constant(two_to(bits - 1))
                    - h.is_asset.cur() * base()
                    - h.is_instrument.cur() * amount()),
        )]
    });

    meta.create_gate("holding: running sums", |_| {
        let group_charge = |factor: fn(&super::columns::ScanLane) -> Expr| {
            fixed.first.cur()
                * sum(columns
                    .lanes
                    .iter()
                    .map(|lane| factor(lane) * lane.max.cur()))
                * int(FINE * 1_000_000)
        };
        vec![
            (
                "equity = previous + slope * magnitude + intercept",
                hold() * (h.equity.cur() - equity(columns)) - previous(columns, h.equity.prev()),
            ),
            (
                "value = previous + asset * amount * unit",
                hold() * (h.value.cur() - h.is_asset.cur() * amount() * h.unit.cur())
                    - previous(columns, h.value.prev()),
            ),
            (
                "maintenance = previous + factor * charge + scans",
                hold() * (h.maintenance.cur() - h.maintenance_factor.cur() * charge(columns))
                    - previous(columns, h.maintenance.prev())
                    - group_charge(|lane| lane.maintenance_factor.cur()),
            ),
            (
                "initial = previous + factor * charge + scans",
                hold() * (h.initial.cur() - h.initial_factor.cur() * charge(columns))
                    - previous(columns, h.initial.prev())
                    - group_charge(|lane| lane.initial_factor.cur()),
            ),
        ]
    });

    meta.create_gate("holding: class is the account's", |_| {
        let inner = || fixed.hold.cur() - fixed.first.cur();
        vec![
            (
                "house = previous house",
                inner() * (h.house.cur() - h.house.prev()),
            ),
            (
                "fund = previous fund",
                inner() * (h.fund.cur() - h.fund.prev()),
            ),
        ]
    });

    meta.create_gate("holding: empty rows have no coefficients", |_| {
        vec![
            ("empty: rho = 0", hold() * empty() * h.rho.cur()),
            ("empty: sigma = 0", hold() * empty() * h.sigma.cur()),
        ]
    });

    // Challenges of this argument come after the second phase, so a chosen rho cannot help.
    meta.lookup_any("holding: (index, rho, sigma) are a symbol's", |_| {
        let input = |column: Expression<Fr>| fixed.hold.cur() * column;
        vec![
            (input(h.index.cur()), fixed.block_tag.cur()),
            (input(h.rho.cur()), h.rho.cur()),
            (input(h.sigma.cur()), h.sigma.cur()),
        ]
    });
}
