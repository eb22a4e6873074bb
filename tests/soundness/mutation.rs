//! What each constraint alone stops, and which cells nothing pins.
//!
//! A constraint is detected when some false witness breaks it and nothing else: without it, that witness
//! would be proven. No constraint is taken out for this; what a witness breaks is asked once, of all
//! constraints apart.

mod cells;
mod free;
mod jumps;
mod kinds;
mod moves;
mod page;
mod weigh;

use std::collections::{BTreeMap, BTreeSet};

use ff::Field;
use halo2_proofs::halo2curves::bn256::Fr;
use rayon::prelude::*;
use zkmargin_circuits::shape::Shape;
use zkmargin_circuits::witness::Witness;
use zkmargin_tests::check::{Constraint, Failures, Matrix, System};
use zkmargin_tests::forge::{book_with_spare, public, shape, wide, Forgery};

/// The sum's last constraint, which is one for each argument.
const ENDS: &str = "sum: everything cancels / ends at 0";

/// A true witness of a shape, with its constraints.
pub struct Bench {
    /// The constraints.
    pub system: System,
    /// The witness.
    pub witness: Witness,
    /// Its cells.
    pub matrix: Matrix,
}

impl Bench {
    /// The true witness of a book with every kind of holding.
    pub fn new(shape: &Shape) -> Self {
        let system = System::new(shape);
        let witness = book_with_spare().witness(shape);
        let instance = public(&witness);
        let matrix = Matrix::new(&system, &witness, instance, None);
        Self {
            system,
            witness,
            matrix,
        }
    }

    /// The cells of a forgery, and what fails.
    fn forged(&self, forgery: &Forgery) -> (Matrix, Failures) {
        let (witness, instance, lie) = forgery.forge(&self.witness.layout.shape);
        let matrix = Matrix::new(&self.system, &witness, instance, lie);
        let changed = matrix.differences(&self.matrix);
        let failures = self.system.failures_after(&matrix, &changed);
        (matrix, failures)
    }
}

/// What false witnesses show of the constraints of a shape.
#[derive(Default)]
pub struct Detected {
    /// Constraints that a forgery by hand breaks, and nothing else.
    pub by_hand: BTreeMap<Constraint, String>,
    /// Constraints that a mechanical change breaks, and nothing else.
    pub by_change: BTreeSet<Constraint>,
    /// Arguments of the running sum that are the only false one.
    pub arguments: BTreeSet<usize>,
    /// Polynomials, and the kind of the only rows in which they fail while nothing else does.
    pub kinds: BTreeSet<(Constraint, Vec<usize>)>,
    /// What no single constraint stops.
    pub together: Vec<(String, BTreeSet<Constraint>)>,
}

impl Detected {
    fn add(&mut self, system: &System, name: &str, by_hand: bool, failures: &Failures) {
        let broken: BTreeSet<Constraint> = failures.iter().map(|(c, _)| *c).collect();
        let mut all = broken.iter();
        let (Some(only), None) = (all.next(), all.next()) else {
            self.together.push((name.to_owned(), broken));
            return;
        };
        if by_hand {
            self.by_hand.entry(*only).or_insert_with(|| name.to_owned());
        } else {
            self.by_change.insert(*only);
        }
        let rows = failures.iter().map(|(_, row)| *row);
        let kinds: BTreeSet<_> = rows.map(|row| kinds::of(system, *only, row)).collect();
        if let [kind] = &kinds.into_iter().collect::<Vec<_>>()[..] {
            self.kinds.insert((*only, kind.clone()));
        }
    }

    /// Whether something alone breaks a constraint.
    pub fn has(&self, constraint: Constraint) -> bool {
        self.by_hand.contains_key(&constraint) || self.by_change.contains(&constraint)
    }
}

/// Runs all forgeries of some tables, and every mechanical change.
pub fn detect(bench: &Bench, tables: &[&[Forgery]]) -> Detected {
    let system = &bench.system;
    let ends = system.named(ENDS);
    let forgeries: Vec<&Forgery> = tables.iter().copied().flatten().collect();
    let found: Vec<(Failures, [Fr; 5])> = forgeries
        .par_iter()
        .map(|forgery| {
            let (matrix, failures) = bench.forged(forgery);
            let sum = failures.iter().any(|(constraint, _)| *constraint == ends);
            let arguments = if sum {
                matrix.arguments(system)
            } else {
                [Fr::ZERO; 5]
            };
            (failures, arguments)
        })
        .collect();
    let mut detected = Detected::default();
    for (forgery, (failures, arguments)) in forgeries.iter().zip(&found) {
        detected.add(system, forgery.name, true, failures);
        let wrong: Vec<usize> = (0..5).filter(|i| arguments[*i] != Fr::ZERO).collect();
        let alone = failures.iter().all(|(constraint, _)| *constraint == ends);
        if let ([argument], true) = (&wrong[..], alone) {
            detected.arguments.insert(*argument);
        }
    }
    for (name, failures) in moves::all(bench).into_iter().chain(jumps::all(bench)) {
        detected.add(system, &name, false, &failures);
    }
    detected
}

/// All forgeries of the shape of most of them.
fn tables() -> [&'static [Forgery]; 9] {
    [
        super::hash::FORGERIES,
        super::holding::FORGERIES,
        super::scan::FORGERIES,
        super::window::FORGERIES,
        super::lists::FORGERIES,
        super::symbols::FORGERIES,
        super::coefficients::FORGERIES,
        super::sums::FORGERIES,
        super::alone::FORGERIES,
    ]
}

/// The checker is that of the library: nothing fails of a true witness, whatever the rows of blinding hold.
#[test]
fn accepts_true_witnesses() {
    for shape in [shape(), wide()] {
        let mut bench = Bench::new(shape);
        assert_eq!(bench.system.failures(&bench.matrix), BTreeSet::new());
        bench.matrix.blind(&bench.system);
        assert_eq!(bench.system.failures(&bench.matrix), BTreeSet::new());
    }
}

/// Each copy joins what no other does: none can be left out.
#[test]
fn accepts_no_copy_that_others_imply() {
    let system = System::new(shape());
    let places: BTreeSet<_> = system.copies.iter().flatten().collect();
    let mut groups: BTreeMap<_, usize> = places.into_iter().zip(0..).collect();
    for [a, b] in &system.copies {
        let (a, b) = (groups[a], groups[b]);
        assert_ne!(a, b, "a copy of what is joined");
        groups
            .values_mut()
            .filter(|g| **g == a)
            .for_each(|g| *g = b);
    }
}

#[test]
fn rejects_forgeries_of_the_first_window() {
    let bench = Bench::new(wide());
    for forgery in super::alone::FIRST_WINDOW {
        let (_, failures) = bench.forged(forgery);
        let names: BTreeSet<String> = failures
            .iter()
            .map(|(constraint, _)| bench.system.name(*constraint))
            .collect();
        let expected = forgery.stops.iter().map(ToString::to_string).collect();
        assert_eq!(names, expected, "{}", forgery.name);
    }
}
