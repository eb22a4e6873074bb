//! Mechanical changes, with what follows from them made consistent.

use std::ops::Range;

use ff::Field;
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::plonk::Any;
use zkmargin_circuits::circuit::columns::{Free, Second};
use zkmargin_circuits::circuit::hash::UNITS;
use zkmargin_circuits::layout::Lane;
use zkmargin_circuits::poseidon::WIDTH;
use zkmargin_circuits::shape::NODE_ROWS;
use zkmargin_circuits::witness::Witness;
use zkmargin_tests::check::{Failures, Matrix, Place};
use zkmargin_tests::forge::{public, Cells, HashLie, CAROL};

use super::Bench;

/// What each change breaks.
pub fn all(bench: &Bench) -> Vec<(String, Failures)> {
    let mut found = permutations(bench);
    found.extend(copies(bench));
    found.extend(helpers(bench));
    found.push(uses(bench));
    found
}

/// The columns of a lane of the hash.
fn hash_columns(bench: &Bench, lane: Lane) -> Vec<Free> {
    let hash = &bench.system.config.columns.hash;
    match lane {
        Lane::Windows => [hash.early, hash.late].concat(),
        Lane::Nodes => hash.node.to_vec(),
    }
}

/// What fails when hashes of some rows are as in a witness.
fn rehashed(
    bench: &Bench,
    scratch: &mut Matrix,
    columns: &[Free],
    rows: Range<usize>,
    witness: &Witness,
) -> Failures {
    let mut changed = Vec::new();
    for column in columns {
        let cells = &mut scratch.advice[column.column.index()];
        for row in rows.clone() {
            let value = witness.grid.free(*column, row);
            if cells[row] != value {
                cells[row] = value;
                changed.push((column.column.index(), row));
            }
        }
    }
    scratch.instance = public(witness);
    let failures = bench.system.failures_after(scratch, &changed);
    for (column, row) in changed {
        scratch.advice[column][row] = bench.matrix.advice[column][row];
    }
    scratch.instance.clone_from(&bench.matrix.instance);
    failures
}

/// A false input of every S-box, in the permutation of the root and in that of a leaf with all that is
/// hashed from it.
fn permutations(bench: &Bench) -> Vec<(String, Failures)> {
    let layout = &bench.witness.layout;
    let chain = bench.system.config.columns.window.chain.column;
    let nodes = hash_columns(bench, Lane::Nodes);
    let all = [
        hash_columns(bench, Lane::Windows),
        nodes.clone(),
        vec![chain],
    ]
    .concat();
    let root = layout.levels.last().expect("a root").start;
    let of_root = |cells: &mut Cells| {
        cells.permute(root, cells.words(root));
    };
    let mut found = lies(
        bench,
        root,
        &nodes,
        layout.node_rows(root..root + 1),
        of_root,
    );
    let rows = 0..bench.witness.grid.rows;
    found.extend(lies(bench, CAROL, &all, rows, |cells| cells.rehash()));
    found
}

/// A false input of every S-box of a permutation; `hash` makes what follows from it, in some columns and
/// rows.
fn lies(
    bench: &Bench,
    permutation: usize,
    columns: &[Free],
    rows: Range<usize>,
    hash: impl Fn(&mut Cells),
) -> Vec<(String, Failures)> {
    let mut witness = super::book_with_spare().witness(&bench.witness.layout.shape);
    let mut scratch = bench.matrix.clone();
    let mut found = Vec::new();
    for unit in 0..UNITS {
        for word in 0..WIDTH {
            // What is hashed is any word but the capacity; of the last unit only the hash is anything.
            let lie = match (unit, word) {
                (0, 0) => HashLie::Capacity,
                (0, _) => continue,
                (_, 1..) if unit + 1 == UNITS => continue,
                _ => HashLie::Input(word),
            };
            let mut cells = Cells::new(&mut witness);
            cells.wrong = Some((permutation, unit, lie));
            hash(&mut cells);
            let failures = rehashed(bench, &mut scratch, columns, rows.clone(), &witness);
            let name = format!("S-box {word} of unit {unit} of permutation {permutation}");
            found.push((name, failures));
        }
    }
    found
}

/// Every copy broken: a hashed word that is not what it copies, and all that is hashed from it; or a
/// public input that is not the hash.
fn copies(bench: &Bench) -> Vec<(String, Failures)> {
    let system = &bench.system;
    let columns = hash_columns(bench, Lane::Nodes);
    let layout = &bench.witness.layout;
    let mut witness = super::book_with_spare().witness(&layout.shape);
    let mut scratch = bench.matrix.clone();
    let words = *system.config.columns.hash.words(Lane::Nodes);
    let rows = layout.node_rows(layout.nodes());
    let word = |(column, row): &Place| {
        let input = words
            .iter()
            .position(|word| *column == word.column.into())?;
        let node = layout.capacity + row / NODE_ROWS;
        (rows.contains(row) && *row == layout.unit_row(node, 0)).then_some((node, input))
    };
    let mut found = Vec::new();
    for (i, places) in system.copies.iter().enumerate() {
        let failures = if let Some((node, input)) = places.iter().find_map(word) {
            let mut cells = Cells::new(&mut witness);
            let value = bench.matrix.advice[words[input].column.index()][layout.unit_row(node, 0)];
            cells.inputs.insert((node, input), value + Fr::ONE);
            cells.digests();
            rehashed(bench, &mut scratch, &columns, rows.clone(), &witness)
        } else {
            let public = |place: &&Place| matches!(place.0.column_type(), Any::Instance);
            let (_, row) = places.iter().find(public).expect("a public input");
            scratch.instance[*row] += Fr::ONE;
            // A cell of a column whose copies are checked.
            let failures = system.failures_after(&scratch, &[(words[0].column.index(), 0)]);
            scratch.instance[*row] -= Fr::ONE;
            failures
        };
        found.push((format!("copy {}", i + 1), failures));
    }
    found
}

/// One use more of no group, which its helper does not count.
fn uses(bench: &Bench) -> (String, Failures) {
    let cell = (
        bench.system.config.columns.table.long_uses.column.index(),
        bench.witness.layout.groups().start,
    );
    let mut matrix = bench.matrix.clone();
    matrix.advice[cell.0][cell.1] += Fr::ONE;
    let failures = bench.system.failures_after(&matrix, &[cell]);
    ("uses of no group".into(), failures)
}

/// Something of each helper moved to another row of its kind, and the running sum with it.
fn helpers(bench: &Bench) -> Vec<(String, Failures)> {
    let columns = &bench.system.config.columns;
    let layout = &bench.witness.layout;
    let (blocks, groups) = (layout.blocks().start, layout.groups().start);
    let segments = layout.shape.segments;
    let h = &columns.holding;
    let poles = [0, layout.shape.symbols];
    let mut moved: Vec<(Second, u64, i128, [usize; 2])> = Vec::new();
    for helper in &columns.range_helpers {
        moved.push((*helper, 0, 1, [40, 90]));
    }
    moved.extend([
        (columns.range_table_helper, 0, -1, [3, 7]),
        (columns.range_table_helper, 0, -1, [256, 700]),
        (h.entry_helper, 1, 1, [9, 50]),
        (h.entry_helper, 1, -1, [blocks, blocks + 9]),
        (h.family_helper, 1, -1, [blocks, blocks + 9]),
        (h.long_helper, 2, 1, [blocks, blocks + segments]),
        (h.entry_helper, 2, -1, [groups + 1, groups + 2]),
        (h.family_helper, 3, 1, [9, 50]),
        (h.long_helper, 3, 1, [9, 50]),
        (columns.totals_helper, 3, -1, poles),
    ]);
    let mut scratch = bench.matrix.clone();
    moved
        .into_iter()
        .map(|(helper, argument, sign, rows)| {
            scratch.smuggle(&bench.system, helper, rows, argument, sign);
            let mut changed: Vec<_> = rows
                .iter()
                .map(|row| (helper.column.index(), *row))
                .collect();
            let sum = columns.sum.column.index();
            changed.extend((rows[0] + 1..rows[1] + 1).map(|row| (sum, row)));
            let failures = bench.system.failures_after(&scratch, &changed);
            for (column, row) in changed {
                scratch.advice[column][row] = bench.matrix.advice[column][row];
            }
            (
                format!("helper in column {}", helper.column.index()),
                failures,
            )
        })
        .collect()
}
