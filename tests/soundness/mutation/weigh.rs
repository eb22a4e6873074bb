//! What is shown of every constraint, held against docs/mutation.md.

use std::collections::BTreeSet;

use zkmargin_circuits::shape::Shape;
use zkmargin_tests::check::{Constraint, System, ARGUMENTS};
use zkmargin_tests::forge::{shape, wide, Forgery};

use super::{detect, kinds, page, tables, Bench, Detected};
use crate::{alone, spans, wide as wide_losses};

/// What is shown of the constraints of a shape.
struct Weighed {
    /// Constraints that something alone breaks.
    shown: BTreeSet<String>,
    /// Those that nothing does.
    missing: BTreeSet<String>,
    /// The line of the page.
    figures: Vec<String>,
}

/// Weighs the constraints of a shape but for polynomials and lookups that are known from another.
fn weigh(shape: &Shape, tables: &[&[Forgery]], known: &BTreeSet<String>) -> Weighed {
    let bench = Bench::new(shape);
    let system = &bench.system;
    let detected = detect(&bench, tables);
    let together = detected.together.iter();
    let proven: Vec<&String> = together
        .filter(|(_, broken)| broken.is_empty())
        .map(|(name, _)| name)
        .collect();
    assert!(proven.is_empty(), "nothing stops {proven:#?}");
    let own: Vec<Constraint> = system
        .constraints()
        .filter(|c| matches!(c, Constraint::Copy(_)) || !known.contains(&system.name(*c)))
        .collect();
    let of = |kind: fn(&Constraint) -> bool| own.iter().filter(move |c| kind(c));
    let polynomials = || of(|c| matches!(c, Constraint::Polynomial(_)));
    let (shown, missing): (Vec<Constraint>, Vec<Constraint>) =
        own.iter().copied().partition(|c| detected.has(*c));
    let names = |list: Vec<Constraint>| -> BTreeSet<String> {
        list.into_iter().map(|c| system.name(c)).collect()
    };
    let weakened: Vec<(Constraint, Vec<usize>)> = polynomials()
        .flat_map(|c| match c {
            Constraint::Polynomial(p) => kinds::all(system, *p)
                .into_iter()
                .map(|kind| (*c, kind))
                .collect(),
            _ => Vec::new(),
        })
        .collect();
    let of_kind = weakened.iter().filter(|weak| detected.kinds.contains(weak));
    let counts = |count: usize, all: usize| format!("{count} of {all}");
    let alone = polynomials().filter(|c| detected.has(**c)).count();
    let by_hand = polynomials().filter(|c| detected.by_hand.contains_key(c));
    let copies = || of(|c| matches!(c, Constraint::Copy(_)));
    let lookups = || of(|c| matches!(c, Constraint::Lookup(_)));
    // Of the sum too only what is not known.
    let arguments = if known.is_empty() { ARGUMENTS.len() } else { 0 };
    let figures = vec![
        shape.name.to_owned(),
        counts(alone, polynomials().count()),
        by_hand.count().to_string(),
        counts(
            copies().filter(|c| detected.has(**c)).count(),
            copies().count(),
        ),
        counts(
            lookups().filter(|c| detected.has(**c)).count(),
            lookups().count(),
        ),
        counts(detected.arguments.len(), arguments),
        counts(of_kind.count(), weakened.len()),
    ];
    if std::env::var_os("SURVEY").is_some() {
        survey(system, &detected, &weakened);
    }
    Weighed {
        shown: names(shown),
        missing: names(missing),
        figures,
    }
}

/// Prints what is not shown.
fn survey(system: &System, detected: &Detected, weakened: &[(Constraint, Vec<usize>)]) {
    for (name, broken) in &detected.together {
        let names: Vec<_> = broken.iter().map(|c| system.name(*c)).collect();
        eprintln!("together: {name}: {names:?}");
    }
    for weak in weakened
        .iter()
        .filter(|weak| !detected.kinds.contains(weak))
    {
        eprintln!("weakened: {} in {:?}", system.name(weak.0), weak.1);
    }
    eprintln!("arguments: {:?}", detected.arguments);
}

/// Every constraint is what alone stops some false witness, but for those that the page says others imply.
#[test]
fn accepts_no_constraint_that_stops_nothing_alone() {
    let start = std::time::Instant::now();
    let tiny = weigh(shape(), &tables(), &BTreeSet::new());
    eprintln!("{:?}: {:?}", tiny.figures, start.elapsed());
    let of_wide = [
        wide_losses::FORGERIES,
        spans::FORGERIES,
        alone::WIDE,
        alone::FIRST_WINDOW,
    ];
    let wide = weigh(wide(), &of_wide, &tiny.shown);
    eprintln!("{:?}: {:?}", wide.figures, start.elapsed());
    let missing: BTreeSet<String> = tiny.missing.difference(&wide.shown).cloned().collect();
    let missing: BTreeSet<String> = missing.union(&wide.missing).cloned().collect();
    let explained: BTreeSet<String> = page::table("Implied by others")
        .into_iter()
        .map(|row| row[0].clone())
        .collect();
    assert_eq!(missing, explained);
    assert_eq!(vec![tiny.figures, wide.figures], page::table("Figures"));
}
