//! Every cell that means something is pinned: changing it alone breaks a constraint other than its range.
//! (That nothing can be changed together either is what the forgeries are for.)

use std::collections::{BTreeMap, BTreeSet};

use ff::Field;
use halo2_proofs::dev::{CellValue, MockProver};
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::plonk::{Advice, Column, ConstraintSystem, Expression};
use zkmargin_circuits::circuit::hash::UNITS;
use zkmargin_circuits::circuit::{configure, MarginCircuit};
use zkmargin_circuits::shape::{Shape, WINDOW_ROWS};
use zkmargin_circuits::witness::{second_phase, ChallengeValues};
use zkmargin_tests::forge::{book_with_spare, public, shape, wide, EMPTY, SPARE};

/// A named cell.
type Cell = (String, Column<Advice>, usize);

/// Cells without a meaning where they stand, which show that the test can find one.
const FREE: &[&str] = &["table: fall of a charge", "table: ratio of a charge"];

struct Matrix {
    advice: BTreeMap<usize, Vec<Fr>>,
    fixed: Vec<Vec<Fr>>,
    instance: Vec<Fr>,
    challenges: Vec<Fr>,
    rows: usize,
}

impl Matrix {
    fn at(&self, row: usize, rotation: i32) -> usize {
        (row as i64 + i64::from(rotation)).rem_euclid(self.rows as i64) as usize
    }

    fn evaluate(&self, expression: &Expression<Fr>, row: usize) -> Fr {
        expression.evaluate_lazy(
            &|constant| constant,
            &|_| Fr::ZERO,
            &|query| self.fixed[query.column_index()][self.at(row, query.rotation().0)],
            &|query| self.advice[&query.column_index()][self.at(row, query.rotation().0)],
            &|query| {
                let row = self.at(row, query.rotation().0);
                self.instance.get(row).copied().unwrap_or(Fr::ZERO)
            },
            &|challenge| self.challenges[challenge.index()],
            &|value| -value,
            &|a, b| a + b,
            &|a, b| a * b,
            &|a, b| a * b,
            &Fr::ZERO,
        )
    }
}

fn queries(expression: &Expression<Fr>) -> BTreeSet<(usize, i32)> {
    expression.evaluate(
        &|_| BTreeSet::new(),
        &|_| BTreeSet::new(),
        &|_| BTreeSet::new(),
        &|query| BTreeSet::from([(query.column_index(), query.rotation().0)]),
        &|_| BTreeSet::new(),
        &|_| BTreeSet::new(),
        &|set| set,
        &|mut a: BTreeSet<_>, b| {
            a.extend(b);
            a
        },
        &|mut a: BTreeSet<_>, b| {
            a.extend(b);
            a
        },
        &|set, _| set,
    )
}

#[test]
fn accepts_no_cell_that_nothing_pins() {
    demand(shape());
}

#[test]
fn accepts_no_cell_that_nothing_pins_in_the_wide_shape() {
    demand(wide());
}

fn demand(shape: &Shape) {
    let sample = book_with_spare();
    let witness = sample.witness(shape);
    let instance = public(&witness);
    let mut system = ConstraintSystem::<Fr>::default();
    let config = configure(&mut system, shape);
    let (columns, layout) = (&config.columns, &config.layout);
    let values: Vec<Fr> = (3u64..9).map(|i| Fr::from(i).pow([77])).collect();
    let [theta, x, gamma, xi, upsilon, kappa] = values[..] else {
        unreachable!("six")
    };
    let second = second_phase(
        columns,
        &witness,
        &ChallengeValues {
            theta,
            x,
            gamma,
            xi,
            upsilon,
            kappa,
        },
    );
    let mut challenges = vec![Fr::ZERO; 6];
    let drawn = columns.challenges;
    for (challenge, value) in [
        drawn.theta,
        drawn.x,
        drawn.gamma,
        drawn.xi,
        drawn.upsilon,
        drawn.kappa,
    ]
    .iter()
    .zip(&values)
    {
        challenges[challenge.index()] = *value;
    }
    let rows = 1 << shape.k;
    let mut matrix = Matrix {
        advice: BTreeMap::new(),
        fixed: Vec::new(),
        instance,
        challenges,
        rows,
    };
    let grid = &witness.grid;
    let pad = |mut column: Vec<Fr>| {
        column.resize(rows, Fr::ZERO);
        column
    };
    for column in &columns.free {
        let cells = (0..grid.rows).map(|row| grid.free(*column, row)).collect();
        matrix.advice.insert(column.column.index(), pad(cells));
    }
    for column in &columns.limbs {
        let cells = (0..grid.rows)
            .map(|row| Fr::from(u64::from(grid.limb(*column, row))))
            .collect();
        matrix.advice.insert(column.column.index(), pad(cells));
    }
    for column in &columns.second {
        let cells = (0..=grid.rows)
            .map(|row| second.get(*column, row))
            .collect();
        matrix.advice.insert(column.column.index(), pad(cells));
    }
    let instance = matrix.instance.clone();
    let prover =
        MockProver::run(shape.k, &MarginCircuit::keygen(shape), vec![instance]).expect("synthesis");
    for column in prover.fixed() {
        let value = |cell: &CellValue<Fr>| match cell {
            CellValue::Assigned(value) => *value,
            _ => Fr::ZERO,
        };
        matrix.fixed.push(column.iter().map(value).collect());
    }

    // Every polynomial but those that only range-check, by the cells it reads.
    let mut readers: BTreeMap<usize, Vec<(i32, &Expression<Fr>)>> = BTreeMap::new();
    let gates = system
        .gates()
        .iter()
        .filter(|gate| !gate.name().starts_with("range:"));
    let polynomials = gates.flat_map(|gate| gate.polynomials());
    for polynomial in polynomials {
        for (column, rotation) in queries(polynomial) {
            readers
                .entry(column)
                .or_default()
                .push((rotation, polynomial));
        }
    }

    let mut cells: Vec<Cell> = Vec::new();
    let h = &columns.holding;
    let windows = [0, 1, 2, 3, 4, 5, 6, 7, EMPTY, layout.capacity - 1];
    for window in windows {
        for row in window * WINDOW_ROWS..(window + 1) * WINDOW_ROWS {
            let free = [
                ("key", h.key),
                ("packed", h.packed),
                ("equity", h.equity),
                ("value", h.value),
                ("maintenance", h.maintenance),
                ("initial", h.initial),
                ("house", h.house),
                ("fund", h.fund),
            ];
            cells.extend(
                free.map(|(name, column)| (format!("holding: {name}"), column.column, row)),
            );
            for (i, column) in h.tuple().into_iter().enumerate() {
                cells.push((format!("holding: tuple {i}"), column.column, row));
            }
            let limbs = [
                ("step", &h.step),
                ("base", &h.base),
                ("amount", &h.amount),
                ("above", &h.above),
                ("below", &h.below),
                ("scanned", &h.scanned),
                ("remainder", &h.remainder),
                ("remainder below", &h.remainder_below),
            ];
            for (name, limbs) in limbs {
                cells.extend(
                    limbs
                        .columns
                        .iter()
                        .map(|limb| (format!("holding: {name}"), limb.column, row)),
                );
            }
            let second = [
                ("entry helper", h.entry_helper),
                ("family helper", h.family_helper),
                ("long helper", h.long_helper),
                ("identity", h.identity),
            ];
            cells.extend(
                second.map(|(name, column)| (format!("holding: {name}"), column.column, row)),
            );
            for lane in &columns.lanes {
                for limb in lane.slacks.iter().flat_map(|slack| &slack.columns) {
                    cells.push(("lane: slack".into(), limb.column, row));
                }
                cells.extend(
                    lane.products
                        .iter()
                        .map(|product| ("lane: product".into(), product.column, row)),
                );
                cells.push(("lane: horner".into(), lane.horner.column, row));
            }
        }
        let w = &columns.window;
        let start = window * WINDOW_ROWS;
        let mut free = vec![
            ("pool start", w.pool_start),
            ("account start", w.account_start),
            ("pool end", w.pool_end),
            ("account end", w.account_end),
            ("absorbed", w.absorbed),
            ("chain", w.chain),
            ("bankrupt", w.equity.negative),
            ("underwater", w.value.negative),
            ("deficient", w.surplus.negative),
            ("pool used", w.pool_used),
            ("account used", w.account_used),
            ("accounts", w.accounts),
            ("pools", w.pools),
        ];
        let mut limbs = vec![
            ("equity", &w.equity.magnitude),
            ("value", &w.value.magnitude),
            ("surplus", &w.surplus.magnitude),
            ("maintenance", &w.maintenance),
            ("initial", &w.initial),
            ("last key", &w.last_key),
        ];
        for rounding in [
            &w.equity_rounding,
            &w.value_rounding,
            &w.maintenance_rounding,
            &w.initial_rounding,
        ] {
            limbs.extend([
                ("remainder", &rounding.remainder),
                ("complement", &rounding.complement),
            ]);
        }
        for lane in &columns.lanes {
            free.extend([
                ("lane group", lane.group),
                ("lane on", lane.on),
                ("lane key", lane.key),
                ("lane maintenance", lane.maintenance_factor),
                ("lane initial", lane.initial_factor),
            ]);
            if let Some(span) = &lane.span {
                free.extend([("lane place", span.place), ("lane ends", span.ends)]);
                free.extend(span.carried.iter().map(|cell| ("lane carried", *cell)));
            }
            limbs.extend([("lane max", &lane.max), ("lane step", &lane.step)]);
            for (name, cell) in [("lane weight", lane.weight), ("lane helper", lane.helper)] {
                cells.push((
                    format!("window: {name}"),
                    cell.column.column,
                    start + cell.offset,
                ));
            }
        }
        cells.extend(free.into_iter().map(|(name, cell)| {
            (
                format!("window: {name}"),
                cell.column.column,
                start + cell.offset,
            )
        }));
        for (name, limbs) in limbs {
            cells.extend(limbs.cells.iter().map(|cell| {
                (
                    format!("window: {name}"),
                    cell.column.column,
                    start + cell.offset,
                )
            }));
        }
    }
    let hashes = windows
        .into_iter()
        .chain([layout.capacity, layout.counts - 1]);
    for permutation in hashes {
        let account = permutation < layout.capacity;
        let lane = layout.lane(permutation);
        for unit in 0..UNITS {
            let row = layout.unit_row(permutation, unit);
            if unit + 1 == UNITS {
                cells.push(("hash: output".into(), columns.hash.output(lane).column, row));
                continue;
            }
            for (word, column) in columns.hash.unit(lane, unit).iter().enumerate() {
                // Words of tree and digests are copies.
                if unit == 0 && word > 0 && account {
                    cells.push((
                        format!("hash: account: input {}", word - 1),
                        column.column,
                        row,
                    ));
                } else if unit > 0 || word == 0 {
                    cells.push(("hash: input".into(), column.column, row));
                }
            }
        }
    }
    let t = &columns.table;
    for symbol in 0..layout.shape.symbols {
        let block = layout.block(symbol);
        for row in block.clone() {
            let mut free = vec![
                ("long", t.long),
                ("short", t.short),
                ("continues", t.continues),
                ("floor", h.floor),
                ("cap", h.cap),
                ("coefficient", t.coefficient),
                ("intercept", t.intercept),
                ("jump", t.jump),
                ("asset", h.is_asset),
                ("instrument", h.is_instrument),
                ("unit", h.unit),
                ("first", h.first),
                ("lot value", h.lot_value),
                ("group", t.group),
                ("settlement", t.settlement),
                ("mark", t.mark),
                ("debt weight", t.debt_weight),
                ("floor long", t.floor_long),
                ("floor short", t.floor_short),
                ("packed", h.packed),
                ("long uses", t.long_uses),
                ("short uses", t.short_uses),
                ("maintenance factor", h.maintenance_factor),
                ("initial factor", h.initial_factor),
            ];
            free.extend(t.losses.iter().map(|loss| ("loss", *loss)));
            let l = &t.limbs;
            let mut limbs = vec![
                ("gap", &l.gap),
                ("coefficient", &l.coefficient),
                ("jump", &l.jump),
            ];
            free.extend(t.loss_elements.iter().map(|element| ("losses", *element)));
            limbs.extend(l.losses.iter().map(|loss| ("loss", loss)));
            limbs.extend(l.loss_tops.iter().map(|top| ("loss top", top)));
            let mut second = vec![
                ("horner", t.horner),
                ("floor weight", t.floor_weight),
                ("long helper", h.entry_helper),
                ("short helper", h.family_helper),
            ];
            if row == block.start && symbol == SPARE - 1 {
                limbs.extend([("fall", &l.fall), ("ratio", &l.ratio)]);
            }
            if row == block.start {
                free.extend([("scanned", t.scanned), ("lot", t.lot)]);
                free.extend(t.symbol_elements.map(|element| ("element", element)));
                limbs.extend([
                    ("unit", &l.unit),
                    ("lot value", &l.lot_value),
                    ("mark", &l.mark),
                    ("lot", &l.lot),
                    ("floor long", &l.floor_long),
                    ("floor short", &l.floor_short),
                    ("first", &l.first),
                    ("settlement", &l.settlement),
                    ("group", &l.group),
                    ("debt", &l.debt),
                    ("debt weight", &l.debt_weight),
                ]);
                second.push(("group helper", h.long_helper));
            }
            if row + 1 == block.end {
                second.extend([
                    ("rho", h.rho),
                    ("sigma", h.sigma),
                    ("group weight", t.group_weight),
                    ("settlement weight", t.settlement_weight),
                ]);
            }
            cells.extend(
                free.into_iter()
                    .map(|(name, column)| (format!("table: {name}"), column.column, row)),
            );
            cells.extend(
                second
                    .into_iter()
                    .map(|(name, column)| (format!("table: {name}"), column.column, row)),
            );
            for (name, limbs) in limbs {
                let name = match name {
                    "fall" | "ratio" => format!("table: {name} of a charge"),
                    _ => format!("table: {name} limbs"),
                };
                cells.extend(
                    limbs
                        .columns
                        .iter()
                        .map(|limb| (name.clone(), limb.column, row)),
                );
            }
        }
    }

    let mut free: BTreeMap<String, usize> = BTreeMap::new();
    for (name, column, row) in cells {
        let index = column.index();
        let honest = matrix.advice[&index][row];
        for (rotation, polynomial) in &readers[&index] {
            let row = matrix.at(row, -rotation);
            assert_eq!(matrix.evaluate(polynomial, row), Fr::ZERO, "{name} holds");
        }
        matrix.advice.get_mut(&index).expect("a column")[row] = honest + Fr::from(5);
        let pinned = readers[&index].iter().any(|(rotation, polynomial)| {
            matrix.evaluate(polynomial, matrix.at(row, -rotation)) != Fr::ZERO
        });
        matrix.advice.get_mut(&index).expect("a column")[row] = honest;
        if !pinned {
            *free.entry(name).or_default() += 1;
        }
    }
    let names: BTreeSet<&str> = free.keys().map(String::as_str).collect();
    assert_eq!(names, FREE.iter().copied().collect(), "{free:#?}");
}
