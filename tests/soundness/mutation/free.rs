//! Cells that can be changed, held against docs/mutation.md.

use std::collections::BTreeSet;

use zkmargin_circuits::shape::Shape;
use zkmargin_tests::check::roles::Roles;
use zkmargin_tests::forge::{shape, wide};

use super::{cells, page, Bench};

/// Cells that can be changed, and the line of the page that counts them.
fn cells_of(shape: &Shape, sample: Option<u32>) -> (BTreeSet<(String, String)>, Vec<String>) {
    let start = std::time::Instant::now();
    let bench = Bench::new(shape);
    let scan = cells::scan(&bench, sample);
    let figures = vec![
        shape.name.to_owned(),
        scan.changed.to_string(),
        scan.free.values().map(Vec::len).sum::<usize>().to_string(),
    ];
    let mut free = BTreeSet::new();
    for ((name, kind), cells) in &scan.free {
        if std::env::var_os("SURVEY").is_some() {
            eprintln!("free: {name} | {kind} | {}", cells.len());
        }
        free.insert((name.clone(), (*kind).to_owned()));
    }
    // A cell that the second phase pins must do so when it is made anew.
    let each = match sample {
        Some(_) => 1,
        None => 24,
    };
    let step = |cells: &[(usize, usize)]| cells.len().div_ceil(each).max(1);
    let late: Vec<_> = scan
        .late
        .values()
        .flat_map(|cells| cells.iter().copied().step_by(step(cells)))
        .collect();
    if std::env::var_os("SURVEY").is_some() {
        for ((name, kind), cells) in &scan.late {
            eprintln!("late: {name} | {kind} | {}", cells.len());
        }
    }
    let roles = Roles::new(&bench.system.config.columns, &bench.system.config.layout);
    for (column, row) in cells::remade(&bench, &late) {
        let (name, kind) = cells::name(&bench, &roles, column, row);
        eprintln!("free with another second phase: {name} | {kind} | row {row}");
        free.insert((name, kind.to_owned()));
    }
    eprintln!(
        "{figures:?}, {} made anew: {:?}",
        late.len(),
        start.elapsed()
    );
    (free, figures)
}

fn explained_cells() -> BTreeSet<(String, String)> {
    let list = |cell: &str| -> Vec<String> { cell.split(", ").map(ToOwned::to_owned).collect() };
    let mut cells = BTreeSet::new();
    for row in page::table("Cells that mean nothing") {
        for field in list(&row[0]) {
            cells.extend(list(&row[1]).into_iter().map(|kind| (field.clone(), kind)));
        }
    }
    cells
}

#[test]
fn accepts_no_cell_that_nothing_pins_among_some() {
    let explained = explained_cells();
    for shape in [shape(), wide()] {
        let (free, _) = cells_of(shape, Some(40));
        let unknown: Vec<_> = free.difference(&explained).collect();
        assert!(unknown.is_empty(), "{}: {unknown:#?}", shape.name);
    }
}

#[test]
#[ignore = "every cell of both shapes: half a minute of a core, where a sample takes a second or two"]
fn accepts_no_cell_that_nothing_pins_among_all() {
    let mut free = BTreeSet::new();
    let mut figures = Vec::new();
    for shape in [shape(), wide()] {
        let (own, line) = cells_of(shape, None);
        free.extend(own);
        figures.push(line);
    }
    assert_eq!(free, explained_cells());
    assert_eq!(figures, page::table("Cells"));
}
