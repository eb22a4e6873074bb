//! Market and model tables: well-formed, in the digests, and with one entry for each segment.
//!
//! A symbol has a block of rows. Its functions are lists of segments: a row serves amounts from zero
//! up (`long`), below zero (`short`), or both. The first row's list serves `long`; if it does not serve
//! `short` too, a second list follows that does. So each side has exactly one list, which begins at
//! 0, has no gap (the next floor is this end) and ends at the end of the money range.
//!
//! | constraint | formula |
//! |---|---|
//! | lists | `long` and `short` switch off once; `continues` where a list goes on |
//! | no gaps | `cap = floor + active + gap`; `continues`: next floor = cap; else cap = end of range |
//! | lines meet | `next intercept = intercept + (coefficient - next coefficient) * cap + next jump * 10^6` |
//! | zero at zero | a list's first floor, intercept and jump are 0 |
//! | ratios fall, from at most 1 | `coefficient - next coefficient = fall`, first: `10^6 - coefficient = ratio` |
//! | charges do not fall | coefficient and jump are range-checked, so not negative |
//! | debts count in full | `debt_weight - 10^6 = debt` |
//! | prices above zero | `unit = asset + range` |
//! | lots | `lot_value = lot * unit * 10^6`, or the greatest where an asset is not scanned |
//! | losses of 63 bits | twice their top limb is a limb, where four share an element |
//! | initial not below maintenance | a range of the difference, once per group |
//!
//! Every cell that is packed into an element has exactly the range it is packed with.

use ff::Field;
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::plonk::ConstraintSystem;

use super::columns::{constant, int, sum, Columns, Expr, Free};
use super::scan::power;
use crate::field::{two_to, RATE_ONE};
use crate::shape::LOSSES_AN_ELEMENT;

/// Where an unscanned asset's lot value is: so high that it fills none but for
/// a remainder that no loss counts.
pub fn unscanned_lot_value(money_bits: u32) -> Fr {
    two_to(money_bits + 64) - Fr::ONE
}

/// The long entry's tuple, in the order of [`super::columns::HoldingColumns::tuple`].
pub fn long_tuple(columns: &Columns) -> Vec<Expr> {
    let h = &columns.holding;
    let t = &columns.table;
    let mut tuple = shared_tuple(columns, int(0));
    tuple.extend([
        h.is_asset.cur() * t.coefficient.cur(),
        h.is_asset.cur() * t.intercept.cur(),
        h.is_instrument.cur() * t.coefficient.cur(),
        h.is_instrument.cur() * t.intercept.cur(),
        h.is_instrument.cur() * t.floor_long.cur(),
    ]);
    tuple
}

/// The short entry's tuple.
pub fn short_tuple(columns: &Columns) -> Vec<Expr> {
    let h = &columns.holding;
    let t = &columns.table;
    let mut tuple = shared_tuple(columns, int(1));
    tuple.extend([
        int(0) - h.is_asset.cur() * t.debt_weight.cur(),
        int(0),
        t.coefficient.cur(),
        t.intercept.cur(),
        int(0) - h.is_instrument.cur() * t.floor_short.cur(),
    ]);
    tuple
}

fn shared_tuple(columns: &Columns, negative: Expr) -> Vec<Expr> {
    let h = &columns.holding;
    vec![
        columns.fixed.block_index.cur(),
        h.is_asset.cur(),
        h.is_instrument.cur(),
        negative,
        h.unit.cur(),
        h.first.cur(),
        h.lot_value.cur(),
        h.maintenance_factor.cur(),
        h.initial_factor.cur(),
        h.floor.cur(),
        h.cap.cur(),
    ]
}

/// Constrains the tables.
pub fn configure(meta: &mut ConstraintSystem<Fr>, columns: &Columns) {
    lists(meta, columns);
    segments(meta, columns);
    symbols(meta, columns);
    groups(meta, columns);
    coefficients(meta, columns);
    elements(meta, columns);
}

fn lists(meta: &mut ConstraintSystem<Fr>, columns: &Columns) {
    let fixed = &columns.fixed;
    let h = &columns.holding;
    let t = &columns.table;
    let row = || fixed.table.cur();
    let within = || fixed.table.cur() - fixed.block_last.cur();
    let last = || fixed.block_last.cur();
    let first = || fixed.block_first.cur();
    let boolean = |cell: Expr| row() * cell.clone() * (int(1) - cell);
    let on = || h.is_asset.cur() + h.is_instrument.cur();

    meta.create_gate("table: lists of segments", |_| {
        let (p, n) = (|| t.long.cur(), || t.short.cur());
        let (p1, n1) = (|| t.long.next(), || t.short.next());
        vec![
            ("asset is boolean", boolean(h.is_asset.cur())),
            ("instrument is boolean", boolean(h.is_instrument.cur())),
            (
                "asset or instrument",
                row() * h.is_asset.cur() * h.is_instrument.cur(),
            ),
            ("long is boolean", boolean(p())),
            ("short is boolean", boolean(n())),
            ("first row serves long", first() * (p() - on())),
            ("no symbol: no short", row() * (int(1) - on()) * n()),
            ("long does not return", within() * p1() * (int(1) - p())),
            (
                "short holds within a list",
                within() * p() * p1() * (n1() - n()),
            ),
            (
                "short follows long where it was not served",
                within() * p() * (int(1) - p1()) * (n1() + n() - int(1)),
            ),
            (
                "short does not return",
                within() * (int(1) - p()) * n1() * (int(1) - n()),
            ),
            (
                "last row leaves nothing unserved",
                last() * p() * (int(1) - n()),
            ),
            (
                "continues = the list goes on",
                within() * (t.continues.cur() - p() * p1() - (int(1) - p()) * n() * n1()),
            ),
            ("last row: continues = 0", last() * t.continues.cur()),
        ]
    });
}

fn segments(meta: &mut ConstraintSystem<Fr>, columns: &Columns) {
    let fixed = &columns.fixed;
    let h = &columns.holding;
    let t = &columns.table;
    let row = || fixed.table.cur();
    let within = || fixed.table.cur() - fixed.block_last.cur();
    let first = || fixed.block_first.cur();
    let active = || t.long.cur() + t.short.cur() - t.long.cur() * t.short.cur();
    let continues = || t.continues.cur();
    let end = || constant(two_to(columns.shape.money_bits - 1));

    meta.create_gate("table: segments have no gaps", |_| {
        vec![
            (
                "cap = floor + active + gap",
                row() * (h.cap.cur() - h.floor.cur() - active() - t.limbs.gap.cur()),
            ),
            (
                "continues: next floor = cap",
                within() * continues() * (h.floor.next() - h.cap.cur()),
            ),
            (
                "list's last: cap = end of the range",
                row() * (active() - continues()) * (h.cap.cur() - end()),
            ),
            ("idle: cap = 0", row() * (int(1) - active()) * h.cap.cur()),
            (
                "idle: floor = 0",
                row() * (int(1) - active()) * h.floor.cur(),
            ),
            (
                "idle: coefficient = 0",
                row() * (int(1) - active()) * t.coefficient.cur(),
            ),
            (
                "idle: intercept = 0",
                row() * (int(1) - active()) * t.intercept.cur(),
            ),
            ("idle: jump = 0", row() * (int(1) - active()) * t.jump.cur()),
        ]
    });

    meta.create_gate("table: lists begin at zero", |_| {
        let second = || within() * t.long.cur() * (int(1) - t.long.next()) * t.short.next();
        vec![
            ("first floor = 0", first() * h.floor.cur()),
            ("first intercept = 0", first() * t.intercept.cur()),
            ("first jump = 0", first() * t.jump.cur()),
            ("second list: floor = 0", second() * h.floor.next()),
            ("second list: intercept = 0", second() * t.intercept.next()),
            ("second list: jump = 0", second() * t.jump.next()),
        ]
    });

    meta.create_gate("table: lines meet or step up", |_| {
        let meeting = t.intercept.cur() + (t.coefficient.cur() - t.coefficient.next()) * h.cap.cur()
            + t.jump.next() * int(RATE_ONE);
        vec![(
            "next intercept = intercept + (coefficient - next coefficient) * cap + next jump * 10^6",
            within() * continues() * (t.intercept.next() - meeting),
        )]
    });

    meta.create_gate("table: ranges of segments", |_| {
        vec![
            (
                "coefficient = limbs",
                row() * (t.coefficient.cur() - t.limbs.coefficient.cur()),
            ),
            ("jump = limbs", row() * (t.jump.cur() - t.limbs.jump.cur())),
        ]
    });

    meta.create_gate("table: collateral ratios", |_| {
        let ratio = || h.is_asset.cur() * t.long.cur();
        vec![
            (
                "coefficient - next coefficient = fall",
                within()
                    * continues()
                    * ratio()
                    * (t.coefficient.cur() - t.coefficient.next() - t.limbs.fall.cur()),
            ),
            ("no step", row() * ratio() * t.jump.cur()),
            (
                "1 - first ratio is not negative",
                first()
                    * h.is_asset.cur()
                    * (int(RATE_ONE) - t.coefficient.cur() - t.limbs.ratio.cur()),
            ),
        ]
    });
}

fn symbols(meta: &mut ConstraintSystem<Fr>, columns: &Columns) {
    let fixed = &columns.fixed;
    let h = &columns.holding;
    let t = &columns.table;
    let l = &t.limbs;
    let row = || fixed.table.cur();
    let first = || fixed.block_first.cur();
    let inner = || fixed.table.cur() - fixed.block_first.cur();
    let money = columns.shape.money_bits;

    meta.create_gate("table: a symbol's cells are the same in its block", |_| {
        [
            ("asset", h.is_asset),
            ("instrument", h.is_instrument),
            ("unit", h.unit),
            ("first variant", h.first),
            ("lot value", h.lot_value),
            ("maintenance factor", h.maintenance_factor),
            ("initial factor", h.initial_factor),
            ("group", t.group),
            ("settlement", t.settlement),
            ("mark", t.mark),
            ("debt weight", t.debt_weight),
            ("floor long", t.floor_long),
            ("floor short", t.floor_short),
        ]
        .map(|(name, column)| (name, inner() * (column.cur() - column.prev())))
    });

    meta.create_gate("table: ranges of symbols", |_| {
        vec![
            (
                "unit = asset + limbs",
                first() * (h.unit.cur() - h.is_asset.cur() - l.unit.cur()),
            ),
            (
                "first variant = limbs",
                first() * (h.first.cur() - l.first.cur()),
            ),
            (
                "settlement = limbs",
                first() * (t.settlement.cur() - l.settlement.cur()),
            ),
            ("group = limbs", first() * (t.group.cur() - l.group.cur())),
            (
                "mark = limbs, offset",
                first() * (t.mark.cur() - l.mark.signed()),
            ),
            ("lot = limbs", first() * (t.lot.cur() - l.lot.cur())),
            (
                "debt weight = limbs",
                first() * (t.debt_weight.cur() - l.debt_weight.cur()),
            ),
            (
                "floor long = limbs",
                first() * (t.floor_long.cur() - l.floor_long.cur()),
            ),
            (
                "floor short = limbs",
                first() * (t.floor_short.cur() - l.floor_short.cur()),
            ),
        ]
    });

    meta.create_gate("table: collateral of symbols", |_| {
        let scanned = || t.scanned.cur();
        let asset = || h.is_asset.cur();
        vec![
            (
                "scanned is boolean",
                first() * scanned() * (int(1) - scanned()),
            ),
            (
                "scanned implies asset",
                first() * scanned() * (int(1) - asset()),
            ),
            (
                "not scanned: lot = 0",
                first() * (int(1) - scanned()) * t.lot.cur(),
            ),
            (
                "lot_value = lot * unit * 10^6, or the greatest",
                first()
                    * (h.lot_value.cur()
                        - t.lot.cur() * h.unit.cur() * int(RATE_ONE)
                        - (asset() - scanned()) * constant(unscanned_lot_value(money))),
            ),
            (
                "lot_value = asset + limbs",
                first() * (h.lot_value.cur() - asset() - l.lot_value.cur()),
            ),
            (
                "debt_weight = asset * 10^6 + limbs",
                first() * (t.debt_weight.cur() - asset() * int(RATE_ONE) - l.debt.cur()),
            ),
            (
                "not an asset: debt_weight = 0",
                first() * (int(1) - asset()) * t.debt_weight.cur(),
            ),
        ]
    });

    meta.create_gate("table: losses", |_| {
        let half = || constant(two_to(columns.shape.loss_bits() - 1));
        let tops = l.losses.iter().zip(&l.loss_tops).map(|(limbs, top)| {
            (
                "2 * top limb of the loss = limb",
                row() * (limbs.top() * int(2) - top.cur()),
            )
        });
        t.losses
            .iter()
            .zip(&l.losses)
            .map(|(loss, limbs)| {
                (
                    "loss = limbs, offset",
                    row() * (loss.cur() - (limbs.cur() - half())),
                )
            })
            .chain(tops)
            .collect::<Vec<_>>()
    });

    meta.create_gate("table: floor weights", |_| {
        t.losses
            .iter()
            .map(|weight| {
                (
                    "weight is boolean",
                    fixed.weights.cur() * weight.cur() * (int(1) - weight.cur()),
                )
            })
            .collect::<Vec<_>>()
    });
}

fn groups(meta: &mut ConstraintSystem<Fr>, columns: &Columns) {
    let fixed = &columns.fixed;
    let h = &columns.holding;
    let [maintenance, initial, difference] = &columns.table.limbs.factors;
    let row = || fixed.group.cur();

    meta.create_gate("table: groups", |_| {
        let zero = || fixed.group_zero.cur();
        vec![
            (
                "maintenance factor = limbs",
                row() * (h.maintenance_factor.cur() - maintenance.cur()),
            ),
            (
                "initial factor = limbs",
                row() * (h.initial_factor.cur() - initial.cur()),
            ),
            (
                "initial - maintenance is not negative",
                row() * (h.initial_factor.cur() - h.maintenance_factor.cur() - difference.cur()),
            ),
            (
                "no group: maintenance factor = 1",
                zero() * (h.maintenance_factor.cur() - int(RATE_ONE)),
            ),
            (
                "no group: initial factor = 1",
                zero() * (h.initial_factor.cur() - int(RATE_ONE)),
            ),
        ]
    });
}

/// The coefficients of the pool identity (see [`super::scan`]).
fn coefficients(meta: &mut ConstraintSystem<Fr>, columns: &Columns) {
    let fixed = &columns.fixed;
    let h = &columns.holding;
    let t = &columns.table;
    let gamma = columns.challenges.gamma.expr();
    let losses = || {
        t.losses
            .iter()
            .map(|loss| loss.cur())
            .reduce(|value, loss| value * gamma.clone() + loss)
            .unwrap_or_else(|| int(0))
    };
    let shift = power(&gamma, columns.shape.losses_a_row());

    meta.create_gate("table: Horner sum of losses", |_| {
        let begin = fixed.block_first.cur() + fixed.weights_first.cur();
        let inner = fixed.table.cur() + fixed.weights.cur() - begin.clone();
        vec![
            ("horner = row", begin * (t.horner.cur() - losses())),
            (
                "horner = previous * gamma^row + row",
                inner * (t.horner.cur() - t.horner.prev() * shift - losses()),
            ),
        ]
    });

    meta.create_gate("table: coefficients of the pool identity", |_| {
        let last = || fixed.block_last.cur();
        let xi = columns.challenges.xi.expr();
        let upsilon = columns.challenges.upsilon.expr();
        vec![
            (
                "floor_weight = Horner sum of floor weights",
                fixed.weights_last.cur() * (t.floor_weight.cur() - t.horner.cur()),
            ),
            (
                "floor_weight is the same",
                fixed.table.cur() * (t.floor_weight.cur() - t.floor_weight.prev()),
            ),
            (
                "group_weight * (xi - group) = 1",
                last() * (t.group_weight.cur() * (xi - t.group.cur()) - int(1)),
            ),
            (
                "settlement_weight * (upsilon - settlement) = 1",
                last() * (t.settlement_weight.cur() * (upsilon - t.settlement.cur()) - int(1)),
            ),
            (
                "rho = group_weight * losses + instrument * mark * settlement_weight",
                last()
                    * (h.rho.cur()
                        - t.group_weight.cur() * t.horner.cur()
                        - h.is_instrument.cur() * t.mark.cur() * t.settlement_weight.cur()),
            ),
            (
                "sigma = asset * settlement_weight + instrument * group_weight * floor_weight",
                last()
                    * (h.sigma.cur()
                        - h.is_asset.cur() * t.settlement_weight.cur()
                        - h.is_instrument.cur() * t.group_weight.cur() * t.floor_weight.cur()),
            ),
        ]
    });
}

/// Fields packed lowest first.
fn pack(fields: Vec<(Expr, u32)>) -> Expr {
    let mut shift = 0;
    sum(fields.into_iter().map(|(field, bits)| {
        let term = field * constant(two_to(shift));
        shift += bits;
        term
    }))
}

/// A signed field of `bits` bits.
fn offset(value: Expr, bits: u32) -> (Expr, u32) {
    (value + constant(two_to(bits - 1)), bits)
}

/// What the digests absorb, packed as in [`crate::digest`].
fn elements(meta: &mut ConstraintSystem<Fr>, columns: &Columns) {
    let fixed = &columns.fixed;
    let h = &columns.holding;
    let t = &columns.table;
    let money = columns.shape.money_bits;
    let loss = |cell: &Free| offset(cell.cur(), columns.shape.loss_bits());

    meta.create_gate("table: elements of the digests", |_| {
        let mut segment = vec![
            (t.long.cur(), 1),
            (t.short.cur(), 1),
            (h.floor.cur(), money),
            (t.coefficient.cur(), 32),
            (t.jump.cur(), money),
        ];
        if columns.shape.loss_beside_segment() {
            segment.extend(t.losses.iter().map(loss));
        }
        let market = vec![
            (h.is_asset.cur(), 1),
            (h.is_instrument.cur(), 1),
            (h.first.cur(), 16),
            (t.settlement.cur(), 16),
            offset(t.mark.cur(), 64),
            (h.unit.cur(), 112),
        ];
        let model = vec![
            (t.group.cur(), 16),
            (t.scanned.cur(), 1),
            (t.lot.cur(), 64),
            (t.debt_weight.cur(), 32),
            (t.floor_long.cur(), 64),
            (t.floor_short.cur(), 64),
        ];
        let group = vec![
            (h.maintenance_factor.cur(), 32),
            (h.initial_factor.cur(), 32),
        ];
        let weights = t.losses.iter().map(|weight| (weight.cur(), 1)).collect();
        let [market_cell, model_cell] = &t.symbol_elements;
        let first = || fixed.block_first.cur();
        let mut gates = vec![
            (
                "segment",
                fixed.table.cur() * (h.packed.cur() - pack(segment)),
            ),
            ("market", first() * (market_cell.cur() - pack(market))),
            ("model", first() * (model_cell.cur() - pack(model))),
            ("group", fixed.group.cur() * (h.packed.cur() - pack(group))),
            (
                "floor weights",
                fixed.weights.cur() * (h.packed.cur() - pack(weights)),
            ),
        ];
        let losses = t.losses.chunks(LOSSES_AN_ELEMENT);
        for (cell, losses) in t.loss_elements.iter().zip(losses) {
            let losses = losses.iter().map(loss).collect();
            gates.push(("losses", fixed.table.cur() * (cell.cur() - pack(losses))));
        }
        gates
    });
}
