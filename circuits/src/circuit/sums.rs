//! Lookups and grouped sums, as sums of fractions at poles drawn after the first phase.
//!
//! A helper cell holds a fraction; one running sum adds all of them, each argument weighted by its own
//! power of `kappa`, and must end at 0, so each argument's fractions cancel:
//!
//! - range: `1/(x - limb)` for every limb cell, against `uses/(x - value)` of the range table;
//! - symbols: `1/(x - tuple)` for every holding, against `uses/(x - tuple)` of every table entry;
//! - groups: `1/(x - tuple)` for every scan lane and every symbol, against the group table;
//! - by coin and contract: `amount/(x - pole)` for every holding, against the totals column, whose
//!   poles are fixed and distinct;
//! - scalars: every pool's amounts, weighted by powers of `theta`, against the totals column.
//!
//! All looked-up cells, multiplicities and totals are of the first phase.

use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::plonk::ConstraintSystem;

use super::columns::{compress, int, sum, Columns, Expr, Limb, LIMBS_A_HELPER};
use super::scan::power;
use super::table::{long_tuple, short_tuple};
use crate::shape::SCALARS;

/// Distance of the poles of one symbol's totals.
pub const POLE_STEP: u128 = 1 << 20;

/// A pool's nine scalars, in the order of [`crate::public_inputs::scalars`].
fn pool_scalars(columns: &Columns) -> Vec<Expr> {
    let w = &columns.window;
    vec![
        w.equity.positive_part(),
        w.maintenance.cur(),
        w.initial.cur(),
        w.surplus.negative.cur(),
        w.surplus.negative_part(),
        w.equity.negative.cur(),
        w.equity.negative_part(),
        w.value.negative.cur(),
        w.value.negative_part(),
    ]
}

/// Constrains helpers and the running sum.
pub fn configure(meta: &mut ConstraintSystem<Fr>, columns: &Columns) {
    range(meta, columns);
    symbols(meta, columns);
    groups(meta, columns);
    families(meta, columns);
    totals(meta, columns);
    running_sum(meta, columns);
}

fn range(meta: &mut ConstraintSystem<Fr>, columns: &Columns) {
    let active = || columns.fixed.active.cur();
    let x = columns.challenges.x.expr();
    meta.create_gate("range: helpers", |_| {
        columns
            .limbs
            .chunks(LIMBS_A_HELPER)
            .zip(&columns.range_helpers)
            .map(|(limbs, helper)| {
                let pole = |limb: &Limb| x.clone() - limb.cur();
                let product = limbs
                    .iter()
                    .map(pole)
                    .reduce(|a, b| a * b)
                    .unwrap_or_else(|| int(1));
                let numerator = sum((0..limbs.len()).map(|i| {
                    let others = limbs.iter().enumerate().filter(|(j, _)| *j != i);
                    others
                        .map(|(_, limb)| pole(limb))
                        .reduce(|a, b| a * b)
                        .unwrap_or_else(|| int(1))
                }));
                (
                    "helper = sum of 1/(x - limb)",
                    active() * (helper.cur() * product - numerator),
                )
            })
            .collect::<Vec<_>>()
    });
    meta.create_gate("range: table", |_| {
        let pole = x.clone() - columns.fixed.range.cur();
        vec![(
            "helper * (x - value) = uses",
            active() * (columns.range_table_helper.cur() * pole - columns.range_uses.cur()),
        )]
    });
}

fn symbols(meta: &mut ConstraintSystem<Fr>, columns: &Columns) {
    let h = &columns.holding;
    let t = &columns.table;
    let fixed = &columns.fixed;
    let theta = columns.challenges.theta.expr();
    let x = columns.challenges.x.expr();
    meta.create_gate("symbols: lookup", |_| {
        let tuple: Vec<_> = h.tuple().iter().map(|column| column.cur()).collect();
        let pole = x.clone() - compress(&tuple, &theta);
        vec![(
            "helper * (x - tuple) = 1",
            fixed.hold.cur() * (h.entry_helper.cur() * pole - int(1)),
        )]
    });
    meta.create_gate("symbols: entries", |_| {
        let long = x.clone() - compress(&long_tuple(columns), &theta);
        let short = x.clone() - compress(&short_tuple(columns), &theta);
        let row = || fixed.table.cur();
        vec![
            (
                "long helper * (x - tuple) = uses",
                row() * (h.entry_helper.cur() * long - t.long_uses.cur()),
            ),
            (
                "short helper * (x - tuple) = uses",
                row() * (h.family_helper.cur() * short - t.short_uses.cur()),
            ),
            (
                "not long: no uses",
                row() * (int(1) - t.long.cur()) * t.long_uses.cur(),
            ),
            (
                "not short: no uses",
                row() * (int(1) - t.short.cur()) * t.short_uses.cur(),
            ),
            (
                "empty entry: helper * x = uses",
                fixed.null.cur() * (h.entry_helper.cur() * x.clone() - t.long_uses.cur()),
            ),
        ]
    });
}

fn groups(meta: &mut ConstraintSystem<Fr>, columns: &Columns) {
    let h = &columns.holding;
    let t = &columns.table;
    let fixed = &columns.fixed;
    let theta = columns.challenges.theta.expr();
    let x = columns.challenges.x.expr();
    meta.create_gate("groups: lookup", |_| {
        let mut gates = Vec::new();
        for lane in &columns.lanes {
            let tuple = [
                lane.group.cur(),
                lane.maintenance_factor.cur(),
                lane.initial_factor.cur(),
            ];
            let pole = x.clone() - compress(&tuple, &theta);
            gates.push((
                "lane: helper * (x - tuple) = 1",
                fixed.first.cur() * (lane.helper.cur() * pole - int(1)),
            ));
        }
        let factors = || [h.maintenance_factor.cur(), h.initial_factor.cur()];
        let [maintenance, initial] = factors();
        let pole = x.clone() - compress(&[t.group.cur(), maintenance, initial], &theta);
        gates.push((
            "symbol: helper * (x - tuple) = on",
            fixed.block_first.cur()
                * (h.long_helper.cur() * pole - h.is_asset.cur() - h.is_instrument.cur()),
        ));
        let [maintenance, initial] = factors();
        let pole = x.clone() - compress(&[fixed.group_index.cur(), maintenance, initial], &theta);
        gates.push((
            "table: helper * (x - tuple) = uses",
            fixed.group.cur() * (h.entry_helper.cur() * pole - t.long_uses.cur()),
        ));
        gates
    });
}

fn families(meta: &mut ConstraintSystem<Fr>, columns: &Columns) {
    let h = &columns.holding;
    let fixed = &columns.fixed;
    let x = columns.challenges.x.expr();
    meta.create_gate(
        "families: claims, debts, net and long by coin and contract",
        |_| {
            let amount = || h.amount.signed();
            let class = h.house.cur() * int(2) + h.fund.cur() * int(4) + h.negative.cur();
            let pole = x.clone() - h.first.cur() - h.is_asset.cur() * class * int(POLE_STEP);
            let long_pole = x.clone() - h.first.cur() - int(POLE_STEP);
            let on = h.is_asset.cur() + h.is_instrument.cur();
            let magnitude = amount() * (on - h.is_asset.cur() * h.negative.cur() * int(2));
            vec![
                (
                    "helper * (x - pole) = magnitude of an asset, quantity of an instrument",
                    fixed.hold.cur() * (h.family_helper.cur() * pole - magnitude),
                ),
                (
                    "long helper * (x - pole) = quantity held long",
                    fixed.hold.cur()
                        * (h.long_helper.cur() * long_pole
                            - h.is_instrument.cur() * (int(1) - h.negative.cur()) * amount()),
                ),
            ]
        },
    );
}

fn totals(meta: &mut ConstraintSystem<Fr>, columns: &Columns) {
    let fixed = &columns.fixed;
    let theta = columns.challenges.theta.expr();
    let x = columns.challenges.x.expr();
    let total = || columns.totals.cur();
    let helper = &columns.totals_helper;
    meta.create_gate("totals: column", |_| {
        vec![
            (
                "helper * (x - pole) = total",
                fixed.pole_rows.cur() * (helper.cur() * (x - fixed.pole.cur()) - total()),
            ),
            (
                "first scalar: helper = total",
                fixed.scalar_first.cur() * (helper.cur() - total()),
            ),
            (
                "scalars: helper = previous * theta + total",
                (fixed.scalar_rows.cur() - fixed.scalar_first.cur())
                    * (helper.cur() - helper.prev() * theta - total()),
            ),
            ("zero elsewhere", fixed.no_total.cur() * total()),
        ]
    });
}

fn running_sum(meta: &mut ConstraintSystem<Fr>, columns: &Columns) {
    let h = &columns.holding;
    let fixed = &columns.fixed;
    let theta = columns.challenges.theta.expr();
    let kappa = columns.challenges.kappa.expr();
    meta.create_gate("sum: everything cancels", |_| {
        let active = || fixed.active.cur();
        let range = active()
            * (sum(columns.range_helpers.iter().map(|helper| helper.cur()))
                - columns.range_table_helper.cur());
        let symbols = (fixed.hold.cur() - fixed.table.cur() - fixed.null.cur())
            * h.entry_helper.cur()
            - fixed.table.cur() * h.family_helper.cur();
        let groups = fixed.first.cur() * sum(columns.lanes.iter().map(|lane| lane.helper.cur()))
            + fixed.block_first.cur() * h.long_helper.cur()
            - fixed.group.cur() * h.entry_helper.cur();
        let families = fixed.hold.cur() * (h.family_helper.cur() + h.long_helper.cur())
            - fixed.pole_rows.cur() * columns.totals_helper.cur();
        let per_class = SCALARS / 3;
        let class = int(1)
            + h.house.cur() * (power(&theta, per_class) - int(1))
            + h.fund.cur() * (power(&theta, 2 * per_class) - int(1));
        let scalars = fixed.first.cur() * class * compress(&pool_scalars(columns), &theta)
            - fixed.scalar_last.cur() * columns.totals_helper.cur();
        let terms = compress(&[range, symbols, groups, families, scalars], &kappa);
        vec![
            ("starts at 0", fixed.start.cur() * columns.sum.cur()),
            (
                "next = sum + terms",
                active() * (columns.sum.next() - columns.sum.cur()) - terms,
            ),
            ("ends at 0", fixed.end.cur() * columns.sum.cur()),
        ]
    });
}
