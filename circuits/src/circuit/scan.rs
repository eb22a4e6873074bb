//! Scans of risk groups, and the identity that ties them to the pool's holdings.
//!
//! A lane scans one group: its maximum `M` and the slacks `M - loss_s`, range-checked, so that no
//! loss exceeds `M`; `M` times the product of all slacks is 0, so that `M` is one of the losses, or 0.
//!
//! A scan of many scenarios takes several windows: `place` counts them, and only the one that `ends`
//! it has a maximum. Products and Horner sums run on from each to the next.
//!
//! The losses themselves are pinned by one identity a pool, at challenges drawn after them:
//!
//! `sum over holdings (scanned * rho + e * sigma) = sum over lanes weight_group * sum_s gamma^s * loss_s`
//!
//! with `e = base - u` for an asset and `|q| * floor` for an instrument,
//! `rho = weight_group * sum_s gamma^s * loss_s + mark * weight_settlement` (the last for instruments),
//! `sigma = weight_settlement` for an asset and `weight_group * sum_s gamma^s * w_s` for an instrument,
//! `weight_group = 1/(xi - group)`, `weight_settlement = 1/(upsilon - asset)`. Partial fractions with
//! different poles are independent, so the identity holds scenario by scenario and group by group, and
//! for each asset says `u = base + sum q * mark`.

use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::plonk::ConstraintSystem;

use super::columns::{int, sum, Columns, Expr, ScanLane, ScanSpan, SLACKS_A_PRODUCT};
use super::holding::previous;
use crate::shape::WINDOW_ROWS;

/// `challenge^exponent`, by squaring.
pub fn power(challenge: &Expr, exponent: usize) -> Expr {
    match exponent {
        0 => int(1),
        1 => challenge.clone(),
        _ if exponent.is_multiple_of(2) => {
            let half = power(challenge, exponent / 2);
            half.clone() * half
        }
        _ => power(challenge, exponent - 1) * challenge.clone(),
    }
}

/// `1 + challenge + ... + challenge^(count-1)` by Horner's rule.
fn geometric(challenge: &Expr, count: usize) -> Expr {
    (1..count).fold(int(1), |value, _| value * challenge.clone() + int(1))
}

/// What a lane adds to the identity: its group's weight times the Horner sum of the losses.
fn lane_identity(columns: &Columns, lane: &ScanLane) -> Expr {
    let gamma = columns.challenges.gamma.expr();
    let ones = geometric(&gamma, columns.shape.slacks());
    let scan = lane.weight.cur() * (lane.max.cur() * ones - lane.horner.rot(WINDOW_ROWS - 1));
    match &lane.span {
        Some(span) => span.ends.cur() * scan,
        None => scan,
    }
}

/// Whether this window goes on with the scan of the one before, where there is one.
fn continued(columns: &Columns, lane: &ScanLane, span: &ScanSpan) -> Expr {
    let later = columns.fixed.first.cur() - columns.fixed.window_zero.cur();
    later * lane.on.previous() * (int(1) - span.ends.previous())
}

/// Constrains the lanes and the pool identity.
pub fn configure(meta: &mut ConstraintSystem<Fr>, columns: &Columns) {
    let fixed = &columns.fixed;
    let h = &columns.holding;
    let first = || fixed.first.cur();
    let inner = || fixed.hold.cur() - fixed.first.cur();
    let gamma = columns.challenges.gamma.expr();

    for (i, lane) in columns.lanes.iter().enumerate() {
        meta.create_gate("scan: groups rise", |_| {
            let before = match i.checked_sub(1).and_then(|j| columns.lanes.get(j)) {
                Some(left) => first() * left.key.cur(),
                // The first window starts a pool, so nothing is read from above it.
                None => match columns.lanes.last() {
                    Some(last) => {
                        first() * (int(1) - columns.window.pool_start.cur()) * last.key.previous()
                    }
                    None => int(0),
                },
            };
            let on = || lane.on.cur();
            let rise = first() * (lane.key.cur() - on() * (lane.step.cur() + int(1))) - before;
            let (key, none, idle) = match &lane.span {
                None => (
                    ("key = previous + on * (step + 1)", rise),
                    "off: max = 0",
                    int(1) - on(),
                ),
                Some(span) => (
                    (
                        "key = previous + on * (step + 1) - continued",
                        rise + continued(columns, lane, span),
                    ),
                    "not ended: max = 0",
                    int(1) - span.ends.cur(),
                ),
            };
            vec![
                ("on is boolean", first() * on() * (int(1) - on())),
                key,
                (
                    "on: key = group",
                    first() * on() * (lane.key.cur() - lane.group.cur()),
                ),
                (
                    "off: group = 0",
                    first() * (int(1) - on()) * lane.group.cur(),
                ),
                ("off: step = 0", first() * (int(1) - on()) * lane.step.cur()),
                (none, first() * idle * lane.max.cur()),
            ]
        });

        if let Some(span) = &lane.span {
            windows(meta, columns, lane, span);
        }

        let products = lane.slacks.chunks(SLACKS_A_PRODUCT).zip(&lane.products);
        for (i, (slacks, column)) in products.enumerate() {
            meta.create_gate("scan: product of slacks", |_| {
                let product = || {
                    slacks
                        .iter()
                        .map(|slack| slack.cur())
                        .reduce(|a, b| a * b)
                        .unwrap_or_else(|| int(1))
                };
                let begin = match &lane.span {
                    None => ("product = slacks", product()),
                    Some(span) => (
                        "product = carried * slacks",
                        span.carried[i].cur() * product(),
                    ),
                };
                vec![
                    (begin.0, first() * (column.cur() - begin.1)),
                    (
                        "product = previous * slacks",
                        inner() * (column.cur() - column.prev() * product()),
                    ),
                ]
            });
        }

        meta.create_gate("scan: the maximum is a loss, or zero", |_| {
            let products = lane.products.iter().map(|p| p.rot(WINDOW_ROWS - 1));
            vec![(
                "max * product = 0",
                products.fold(first() * lane.max.cur(), |a, b| a * b),
            )]
        });

        meta.create_gate("scan: Horner sum of slacks", |_| {
            let row = lane.slacks.iter().fold(None, |sum: Option<Expr>, slack| {
                Some(match sum {
                    None => slack.cur(),
                    Some(sum) => sum * gamma.clone() + slack.cur(),
                })
            });
            let row = row.unwrap_or_else(|| int(0));
            let shift = power(&gamma, columns.shape.slacks_a_row());
            let begin = first() * (lane.horner.cur() - row.clone());
            let begin = match &lane.span {
                None => ("horner = row", begin),
                Some(span) => (
                    "horner = continued * previous * gamma^row + row",
                    begin - continued(columns, lane, span) * lane.horner.prev() * shift.clone(),
                ),
            };
            vec![
                begin,
                (
                    "horner = previous * gamma^row + row",
                    inner() * (lane.horner.cur() - lane.horner.prev() * shift - row),
                ),
            ]
        });

        meta.create_gate("scan: weight of the group", |_| {
            let pole = columns.challenges.xi.expr() - lane.group.cur();
            vec![(
                "weight * (xi - group) = 1",
                first() * (lane.weight.cur() * pole - int(1)),
            )]
        });
    }

    meta.create_gate("scan: pool identity", |_| {
        let other = h.is_asset.cur() * (h.base.signed() - h.amount.signed())
            + h.side_floor.cur() * h.amount.signed();
        let terms = h.scanned.signed() * h.rho.cur() + other * h.sigma.cur();
        let lanes = first()
            * sum(columns
                .lanes
                .iter()
                .map(|lane| lane_identity(columns, lane)));
        vec![
            (
                "identity = previous + scanned * rho + e * sigma - scans",
                fixed.hold.cur() * (h.identity.cur() - terms)
                    - previous(columns, h.identity.prev())
                    + lanes,
            ),
            (
                "pool end: identity = 0",
                first() * columns.window.pool_end.cur() * h.identity.rot(WINDOW_ROWS - 1),
            ),
        ]
    });
}

/// Constrains how the windows of a scan follow each other.
fn windows(meta: &mut ConstraintSystem<Fr>, columns: &Columns, lane: &ScanLane, span: &ScanSpan) {
    let first = || columns.fixed.first.cur();
    let continued = || continued(columns, lane, span);
    let ends = || span.ends.cur();
    let last = columns.shape.scan_windows() - 1;

    meta.create_gate("scan: windows of a scan", |_| {
        let mut gates = vec![
            ("ends is boolean", first() * ends() * (int(1) - ends())),
            (
                "place = continued * (previous + 1)",
                first() * span.place.cur() - continued() * (span.place.previous() + int(1)),
            ),
            (
                "ends: place = last",
                first() * ends() * (span.place.cur() - int(last as u128)),
            ),
            ("continued: on", continued() * (int(1) - lane.on.cur())),
            ("continued: step = 0", continued() * lane.step.cur()),
            (
                "pool end: no scan is left open",
                first() * columns.window.pool_end.cur() * lane.on.cur() * (int(1) - ends()),
            ),
        ];
        for (carried, product) in span.carried.iter().zip(&lane.products) {
            gates.push((
                "carried = previous product, or 1",
                first() * (carried.cur() - int(1)) - continued() * (product.prev() - int(1)),
            ));
        }
        gates
    });
}
