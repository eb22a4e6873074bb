//! Running values that jump, in each kind of row they run through, with all that follows from the jump.

use ethnum::I256;
use ff::{Field, PrimeField};
use halo2_proofs::halo2curves::bn256::Fr;
use zkmargin_circuits::circuit::columns::Second;
use zkmargin_circuits::field::{two_to, REQUIREMENT_SCALE};
use zkmargin_circuits::leaf::HOLDING_ELEMENTS;
use zkmargin_circuits::shape::WINDOW_ROWS;
use zkmargin_circuits::totals_column::scalar_row;
use zkmargin_tests::check::{Constraint, Failures, Matrix};
use zkmargin_tests::forge::{book_with_spare, public, Cells, CAROL, SPARE};

use super::{kinds, Bench};

/// What fails of a lie about cells of the first phase.
fn forged(bench: &Bench, lie: impl Fn(&mut Cells)) -> Failures {
    let mut witness = book_with_spare().witness(&bench.witness.layout.shape);
    let mut cells = Cells::new(&mut witness);
    lie(&mut cells);
    cells.recount();
    let instance = public(&witness);
    let matrix = Matrix::new(&bench.system, &witness, instance, None);
    let changed = matrix.differences(&bench.matrix);
    bench.system.failures_after(&matrix, &changed)
}

/// Everything that runs down the rows.
pub fn all(bench: &Bench) -> Vec<(String, Failures)> {
    let mut found = sums(bench);
    found.extend(windows(bench));
    found.extend(identities(bench));
    found.extend(running(bench));
    found.extend(elements(bench));
    found.extend(losses(bench));
    found
}

/// The rows of a pool that takes some windows, from one to its end.
fn pool(cells: &Cells, from: usize) -> std::ops::Range<usize> {
    let pool_end = cells.columns.window.pool_end;
    let windows = from / WINDOW_ROWS..cells.layout.capacity;
    let end = windows
        .into_iter()
        .find(|window| cells.cell(&pool_end, *window) == Fr::ONE);
    from..(end.expect("an end") + 1) * WINDOW_ROWS
}

/// Running sums of a pool.
fn sums(bench: &Bench) -> Vec<(String, Failures)> {
    let h = &bench.system.config.columns.holding;
    let mut found = Vec::new();
    for column in [h.equity, h.value, h.maintenance, h.initial] {
        for row in [0, 3, WINDOW_ROWS] {
            let failures = forged(bench, |c| {
                for row in pool(c, row) {
                    let value = c.get(column, row) + Fr::from_u128(3 * REQUIREMENT_SCALE);
                    c.set(column, row, value);
                }
                c.round();
                c.settle();
            });
            found.push((
                format!("sum of column {} at row {row}", column.slot),
                failures,
            ));
        }
    }
    found
}

/// States of leaves and counts, in the first window and in others.
fn windows(bench: &Bench) -> Vec<(String, Failures)> {
    let w = bench.system.config.columns.window.clone();
    let mut found = Vec::new();
    for window in [0, CAROL] {
        let state = forged(bench, |c| {
            c.inputs.insert((window, 0), Fr::from(17));
            c.rehash();
        });
        found.push((format!("state of window {window}"), state));
        for cell in [w.accounts, w.pools] {
            let count = forged(bench, |c| {
                for window in window..c.layout.capacity {
                    let value = c.cell(&cell, window) + Fr::from(3);
                    c.set_cell(&cell, window, value);
                }
                c.rehash();
            });
            found.push((format!("count at window {window}"), count));
        }
        let used = forged(bench, |c| {
            let value = c.cell(&w.account_used, window) + Fr::ONE;
            c.set_cell(&w.account_used, window, value);
            c.settle();
        });
        found.push((format!("used account at window {window}"), used));
    }
    found
}

/// Elements of a leaf that are not those of its rows.
fn elements(bench: &Bench) -> Vec<(String, Failures)> {
    let elements = 1..HOLDING_ELEMENTS + 1;
    let found = elements.map(|element| {
        let failures = forged(bench, |c| {
            c.inputs.insert((CAROL, element), Fr::from(17));
            c.rehash();
        });
        (format!("element {element} of a leaf"), failures)
    });
    found.collect()
}

/// Losses and floor weights of each place in a row beyond their ranges.
fn losses(bench: &Bench) -> Vec<(String, Failures)> {
    let t = bench.system.config.columns.table.clone();
    let row = bench.witness.layout.block(SPARE - 1).start;
    let mut found = Vec::new();
    for (place, loss) in t.losses.iter().enumerate() {
        let below = forged(bench, |c| {
            let bits = c.layout.shape.loss_bits();
            c.set(*loss, row, -two_to(bits - 1) - Fr::from(9));
            c.put(&t.limbs.losses[place], row, I256::ZERO);
            if let Some(top) = t.limbs.loss_tops.get(place) {
                c.put(top, row, I256::ZERO);
            }
            c.settle();
        });
        found.push((format!("loss {place} below its range"), below));
        let weight = forged(bench, |c| {
            c.set(*loss, c.layout.weights().start + 1, Fr::from(2));
            c.repair();
        });
        found.push((format!("floor weight {place} of two"), weight));
    }
    for (place, top) in t.limbs.loss_tops.iter().enumerate() {
        let failures = forged(bench, |c| c.push(top, row, 2));
        found.push((format!("top limb of loss {place}"), failures));
    }
    found
}

/// Pool identities that jump and jump back in rows of one kind.
fn identities(bench: &Bench) -> Vec<(String, Failures)> {
    let identity = bench.system.config.columns.holding.identity;
    let jumps = [[1, 3], [0, WINDOW_ROWS]];
    jumps
        .into_iter()
        .map(|[from, to]| {
            let mut matrix = bench.matrix.clone();
            let changed = shift(&mut matrix, identity, from..to, Fr::ONE);
            let failures = bench.system.failures_after(&matrix, &changed);
            (format!("identity at row {from}"), failures)
        })
        .collect()
}

/// A deficient pool that is not counted, and a running sum that makes up for it in one row: of each kind.
fn running(bench: &Bench) -> Vec<(String, Failures)> {
    let system = &bench.system;
    let sum = system.config.columns.sum;
    let next = system.named("sum: everything cancels / next = sum + terms");
    let Constraint::Polynomial(polynomial) = next else {
        unreachable!("a polynomial")
    };
    let mut witness = book_with_spare().witness(&bench.witness.layout.shape);
    let mut cells = Cells::new(&mut witness);
    let (totals, row) = (cells.columns.totals, scalar_row(&cells.layout.shape, 0, 3));
    cells.add(totals, row, -1);
    let rows = witness.grid.rows;
    let mut dropped = Matrix::new(system, &witness, public(&witness), None);
    let end = dropped.advice[sum.column.index()][rows];
    let base = dropped.differences(&bench.matrix);
    let mut found = Vec::new();
    for kind in kinds::all(system, polynomial) {
        let live = &system.polynomials[polynomial].live;
        let mut of_kind = live.iter().map(|row| *row as usize);
        let row = of_kind
            .find(|row| kinds::of(system, next, *row) == kind)
            .expect("a row of its kind");
        let mut changed = shift(&mut dropped, sum, row + 1..rows + 1, -end);
        changed.extend(&base);
        let failures = system.failures_after(&dropped, &changed);
        shift(&mut dropped, sum, row + 1..rows + 1, end);
        found.push((format!("running sum at row {row}"), failures));
    }
    found
}

/// Adds to some rows of a column, and says which cells these are.
fn shift(
    matrix: &mut Matrix,
    column: Second,
    rows: std::ops::Range<usize>,
    delta: Fr,
) -> Vec<(usize, usize)> {
    let index = column.column.index();
    rows.clone()
        .for_each(|row| matrix.advice[index][row] += delta);
    rows.map(|row| (index, row)).collect()
}
