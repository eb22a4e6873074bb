//! Windows: flags, the leaf chain, and a pool's rounded amounts.
//!
//! A pool's amounts stand in its last window; in every other window they are forced to 0, because
//! the sums they round are multiplied by `pool_end`.

use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::plonk::ConstraintSystem;

use super::columns::{constant, int, sum, Columns, Expr, Rounding, WindowCell};
use crate::circuit::columns::Free;
use crate::field::{two_to, EQUITY_SCALE, FINE, REQUIREMENT_SCALE};
use crate::layout::Lane;
use crate::leaf::{holdings_an_element, leaf_tag};
use crate::shape::WINDOW_ROWS;

/// Constrains the window cells.
pub fn configure(meta: &mut ConstraintSystem<Fr>, columns: &Columns) {
    flags(meta, columns);
    leaf(meta, columns);
    amounts(meta, columns);
    counts(meta, columns);
}

fn flags(meta: &mut ConstraintSystem<Fr>, columns: &Columns) {
    let fixed = &columns.fixed;
    let w = &columns.window;
    let h = &columns.holding;
    let first = || fixed.first.cur();
    let later = || fixed.first.cur() - fixed.window_zero.cur();
    let boolean = |cell: Expr| first() * cell.clone() * (int(1) - cell);

    meta.create_gate("window: flags", |_| {
        vec![
            ("pool_end is boolean", boolean(w.pool_end.cur())),
            ("account_end is boolean", boolean(w.account_end.cur())),
            ("absorbed is boolean", boolean(w.absorbed.cur())),
            (
                "account_end implies pool_end",
                first() * w.account_end.cur() * (int(1) - w.pool_end.cur()),
            ),
            (
                "pool_end implies absorbed",
                first() * w.pool_end.cur() * (int(1) - w.absorbed.cur()),
            ),
            (
                "first window starts a pool",
                fixed.window_zero.cur() * (w.pool_start.cur() - int(1)),
            ),
            (
                "first window starts an account",
                fixed.window_zero.cur() * (w.account_start.cur() - int(1)),
            ),
            (
                "pool_start = previous pool_end",
                later() * (w.pool_start.cur() - w.pool_end.previous()),
            ),
            (
                "account_start = previous account_end",
                later() * (w.account_start.cur() - w.account_end.previous()),
            ),
            (
                "last window ends an account",
                fixed.window_last.cur() * (w.account_end.cur() - int(1)),
            ),
        ]
    });

    meta.create_gate("window: class", |_| {
        let within = || first() * (int(1) - w.account_start.cur());
        vec![
            ("house is boolean", boolean(h.house.cur())),
            ("fund is boolean", boolean(h.fund.cur())),
            (
                "not both house and fund",
                first() * h.house.cur() * h.fund.cur(),
            ),
            (
                "house is the account's",
                within() * (h.house.cur() - h.house.prev()),
            ),
            (
                "fund is the account's",
                within() * (h.fund.cur() - h.fund.prev()),
            ),
        ]
    });
}

/// Elements of a window's block: `[state, e0, e1, e2, e3, header, identity, salt]` in `state[1..]`.
fn leaf(meta: &mut ConstraintSystem<Fr>, columns: &Columns) {
    let fixed = &columns.fixed;
    let w = &columns.window;
    let h = &columns.holding;
    let first = || fixed.first.cur();

    meta.create_gate("leaf: block", |_| {
        let [state, elements @ .., header, identity, _] = columns.hash.words(Lane::Windows);
        let output = columns.hash.output(Lane::Windows);
        let later = fixed.first.cur() - fixed.window_zero.cur();
        let width = holdings_an_element(columns.shape.money_bits);
        let bits = columns.shape.money_bits + 16;
        let mut gates = vec![
            (
                "state = tag at an account's start, else the chain",
                first() * (state.cur() - w.account_start.cur() * constant(leaf_tag()))
                    - later * (int(1) - w.account_start.cur()) * w.chain.previous(),
            ),
            (
                "chain = output if absorbed, else the state",
                first()
                    * (w.chain.cur()
                        - w.absorbed.cur() * output.rot(WINDOW_ROWS - 1)
                        - (int(1) - w.absorbed.cur()) * state.cur()),
            ),
            (
                "header = flags and class",
                first()
                    * (header.cur()
                        - w.absorbed.cur()
                        - w.pool_end.cur() * int(2)
                        - w.account_end.cur() * int(4)
                        - h.house.cur() * int(8)
                        - h.fund.cur() * int(16)),
            ),
            (
                "identity only at an account's end",
                first() * (int(1) - w.account_end.cur()) * identity.cur(),
            ),
        ];
        for (element, cell) in elements.iter().enumerate() {
            let rows = (element * width..(element + 1) * width).filter(|row| *row < WINDOW_ROWS);
            let packed =
                sum(rows
                    .map(|row| h.packed.rot(row) * constant(two_to((row % width) as u32 * bits))));
            let cell = cell.cur();
            gates.push((
                "element = packed holdings",
                first() * (cell.clone() - packed),
            ));
            gates.push((
                "not absorbed: no holdings",
                first() * (int(1) - w.absorbed.cur()) * cell,
            ));
        }
        gates
    });
}

fn amounts(meta: &mut ConstraintSystem<Fr>, columns: &Columns) {
    let fixed = &columns.fixed;
    let w = &columns.window;
    let h = &columns.holding;
    let first = || fixed.first.cur();
    let last = |column: &Free| w.pool_end.cur() * column.rot(WINDOW_ROWS - 1);
    let complement = |rounding: &Rounding, scale: u128| {
        first() * (rounding.remainder.cur() + rounding.complement.cur() - int(scale - 1))
    };
    let boolean = |cell: &WindowCell<Free>| first() * cell.cur() * (int(1) - cell.cur());

    meta.create_gate("pool: rounded amounts", |_| {
        vec![
            (
                "equity rounds down",
                first()
                    * (last(&h.equity)
                        - w.equity.value() * int(EQUITY_SCALE)
                        - w.equity_rounding.remainder.cur()),
            ),
            (
                "equity remainder",
                complement(&w.equity_rounding, EQUITY_SCALE),
            ),
            (
                "value rounds down",
                first()
                    * (last(&h.value)
                        - w.value.value() * int(FINE)
                        - w.value_rounding.remainder.cur()),
            ),
            ("value remainder", complement(&w.value_rounding, FINE)),
            (
                "maintenance rounds up",
                first()
                    * (last(&h.maintenance) - w.maintenance.cur() * int(REQUIREMENT_SCALE)
                        + w.maintenance_rounding.remainder.cur()),
            ),
            (
                "maintenance remainder",
                complement(&w.maintenance_rounding, REQUIREMENT_SCALE),
            ),
            (
                "initial rounds up",
                first()
                    * (last(&h.initial) - w.initial.cur() * int(REQUIREMENT_SCALE)
                        + w.initial_rounding.remainder.cur()),
            ),
            (
                "initial remainder",
                complement(&w.initial_rounding, REQUIREMENT_SCALE),
            ),
        ]
    });

    meta.create_gate("pool: deficits", |_| {
        vec![
            ("bankrupt is boolean", boolean(&w.equity.negative)),
            ("underwater is boolean", boolean(&w.value.negative)),
            ("deficient is boolean", boolean(&w.surplus.negative)),
            (
                "surplus = equity - maintenance",
                first() * (w.surplus.value() - w.equity.value() + w.maintenance.cur()),
            ),
        ]
    });
}

fn counts(meta: &mut ConstraintSystem<Fr>, columns: &Columns) {
    let fixed = &columns.fixed;
    let w = &columns.window;
    let h = &columns.holding;
    let first = || fixed.first.cur();
    let later = || fixed.first.cur() - fixed.window_zero.cur();

    meta.create_gate("counts: accounts and pools with a holding", |_| {
        let used = || w.pool_used.cur();
        let carried = || later() * (int(1) - w.account_start.cur()) * w.account_used.previous();
        vec![
            ("pool_used is boolean", first() * used() * (int(1) - used())),
            (
                "pool end: greatest index = used * (last_key + 1)",
                first()
                    * (w.pool_end.cur() * h.key.rot(WINDOW_ROWS - 1)
                        - used() * (w.last_key.cur() + int(1))),
            ),
            (
                "not used: last_key = 0",
                first() * (int(1) - used()) * w.last_key.cur(),
            ),
            (
                "account_used = carried or pool_used",
                first() * (w.account_used.cur() - used()) - carried() * (int(1) - used()),
            ),
            (
                "accounts = previous + account_end * account_used",
                first() * (w.accounts.cur() - w.account_end.cur() * w.account_used.cur())
                    - later() * w.accounts.previous(),
            ),
            (
                "pools = previous + pool_used",
                first() * (w.pools.cur() - used()) - later() * w.pools.previous(),
            ),
        ]
    });
}
