//! Cells changed one at a time: which can be without anything failing.

use std::collections::{BTreeMap, BTreeSet};

use ff::Field;
use halo2_proofs::halo2curves::bn256::Fr;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use zkmargin_circuits::circuit::columns::Limbs;
use zkmargin_circuits::shape::WINDOW_ROWS;
use zkmargin_tests::check::roles::Roles;
use zkmargin_tests::check::{Matrix, Polynomial};
use zkmargin_tests::forge::{book_with_spare, integer, public, Cells};

use super::Bench;

/// Cells by what they are called and the kind of their row.
pub type Named = BTreeMap<(String, &'static str), Vec<(usize, usize)>>;

/// What a scan of cells found.
#[derive(Default)]
pub struct Scan {
    /// Cells that were changed.
    pub changed: usize,
    /// Cells that can be changed: for those of limb columns, to another limb.
    pub free: Named,
    /// Cells of the first phase that only constraints with cells of the second phase pin, which a prover
    /// makes after them.
    pub late: Named,
}

/// What one cell is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Found {
    Pinned,
    Late,
    Free,
}

/// Changes every cell of all columns, or of about one in `sample`.
pub fn scan(bench: &Bench, sample: Option<u32>) -> Scan {
    let system = &bench.system;
    let columns = &system.config.columns;
    let limbs: BTreeSet<usize> = columns
        .limbs
        .iter()
        .map(|limb| limb.column.index())
        .collect();
    let second: BTreeSet<usize> = columns.second.iter().map(|c| c.column.index()).collect();
    let of = |holds: &dyn Fn(&Polynomial) -> bool| -> BTreeSet<usize> {
        let all = system.polynomials.iter().enumerate();
        all.filter(|(_, p)| holds(p)).map(|(i, _)| i).collect()
    };
    let none = BTreeSet::new();
    let ranges = of(&|p| p.name.starts_with("range: helpers"));
    let late = of(&|p| p.reads.iter().any(|(column, _)| second.contains(column)));
    let width = bench.matrix.advice.len();
    let rows = bench.witness.grid.rows;
    let of_column = |matrix: &mut Matrix, column: usize| -> Vec<(usize, Found)> {
        let mut rng = ChaCha8Rng::seed_from_u64(column as u64);
        let mut found = Vec::new();
        let end = rows + usize::from(column == columns.sum.column.index());
        for row in 0..end {
            if sample.is_some_and(|one_in| !rng.gen_ratio(1, one_in)) {
                continue;
            }
            let honest = matrix.advice[column][row];
            let (others, but) = if limbs.contains(&column) {
                let limb = integer(honest).as_u64();
                let others = [limb + 1, limb + 255, limb + rng.gen_range(2..255)];
                (others.map(|other| Fr::from(other % 256)), &ranges)
            } else {
                let random = Fr::random(&mut rng);
                ([honest + Fr::ONE, honest - Fr::ONE, random], &none)
            };
            let mut worst = Found::Pinned;
            for other in others {
                matrix.advice[column][row] = other;
                if !system.pinned(matrix, (column, row), but) {
                    worst = Found::Free;
                    break;
                }
                if !second.contains(&column) && !system.pinned(matrix, (column, row), &late) {
                    worst = Found::Late;
                }
            }
            matrix.advice[column][row] = honest;
            found.push((row, worst));
        }
        found
    };
    let found: Vec<(usize, Vec<(usize, Found)>)> = (0..width)
        .into_par_iter()
        .map_init(
            || bench.matrix.clone(),
            |matrix, column| (column, of_column(matrix, column)),
        )
        .collect();
    let roles = Roles::new(columns, &system.config.layout);
    let mut scan = Scan::default();
    for (column, cells) in found {
        for (row, found) in cells {
            scan.changed += 1;
            let named = match found {
                Found::Pinned => continue,
                Found::Free => &mut scan.free,
                Found::Late => &mut scan.late,
            };
            let name = name(bench, &roles, column, row);
            named.entry(name).or_default().push((column, row));
        }
    }
    scan
}

/// The fields that a cell is, and the kind of its row: of a lane whose scans take several windows, apart
/// where it scans nothing.
pub fn name(bench: &Bench, roles: &Roles, column: usize, row: usize) -> (String, &'static str) {
    let (name, kind) = roles.name(column, row);
    let idle = || {
        bench.system.config.columns.lanes.iter().any(|lane| {
            let on = || bench.witness.grid.window_free(row / WINDOW_ROWS, &lane.on);
            lane.span.is_some() && on() == Fr::ZERO
        })
    };
    if kind == "account" && name.starts_with("lanes.") && idle() {
        return (name, "idle account");
    }
    (name, kind)
}

/// Those of some cells of the first phase that can be changed after all, with the whole second phase, and
/// the multiplicities of other columns, made from the change.
pub fn remade(bench: &Bench, cells: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let columns = &bench.system.config.columns;
    let counts = [
        columns.range_uses,
        columns.table.long_uses,
        columns.table.short_uses,
    ];
    let counts = counts.map(|column| column.column.index());
    cells
        .par_chunks(cells.len().div_ceil(8).max(1))
        .flat_map_iter(|cells| {
            let mut witness = book_with_spare().witness(&bench.witness.layout.shape);
            let honest = witness.grid.clone();
            let mut free = Vec::new();
            for (column, row) in cells {
                let mut cells = Cells::new(&mut witness);
                change(&mut cells, *column, *row);
                if !counts.contains(column) {
                    cells.recount();
                }
                let matrix = Matrix::new(&bench.system, &witness, public(&witness), None);
                let changed = matrix.differences(&bench.matrix);
                if bench.system.failures_after(&matrix, &changed).is_empty() {
                    free.push((*column, *row));
                }
                witness.grid.clone_from(&honest);
            }
            free
        })
        .collect()
}

/// Adds one to a cell of the first phase, and to a limb around the end of its range.
fn change(cells: &mut Cells, column: usize, row: usize) {
    let free = cells
        .columns
        .free
        .iter()
        .find(|c| c.column.index() == column);
    if let Some(free) = free.copied() {
        cells.add(free, row, 1);
        return;
    }
    let limb = cells
        .columns
        .limbs
        .iter()
        .find(|c| c.column.index() == column);
    let limbs = Limbs {
        columns: limb.into_iter().copied().collect(),
        limb_bits: cells.layout.shape.limb_bits,
    };
    cells.push(&limbs, row, 1);
}
