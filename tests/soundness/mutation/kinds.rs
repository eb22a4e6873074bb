//! Kinds of rows: by which of the fixed columns that a polynomial reads are not 0.

use std::collections::BTreeSet;

use zkmargin_tests::check::{Constraint, System};

/// The kind of a row for a constraint: the fixed columns it reads that are not 0 there.
pub fn of(system: &System, constraint: Constraint, row: usize) -> Vec<usize> {
    match constraint {
        Constraint::Polynomial(p) => system.fixed_at(p, row),
        _ => Vec::new(),
    }
}

/// All kinds of rows of a polynomial.
pub fn all(system: &System, polynomial: usize) -> BTreeSet<Vec<usize>> {
    let live = &system.polynomials[polynomial].live;
    live.iter()
        .map(|row| system.fixed_at(polynomial, *row as usize))
        .collect()
}
