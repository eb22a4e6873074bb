//! False books are not proven: for every constraint, a consistent forgery that it alone stops.

mod alone;
mod coefficients;
mod hash;
mod holding;
mod lists;
mod manifest;
mod mutation;
mod pinned;
mod scan;
mod spans;
mod sums;
mod symbols;
mod tiers;
mod wide;
mod window;

use std::collections::BTreeSet;

use zkmargin_tests::forge::{
    book, book_with_option, book_with_spare, constraints, demand, demand_in, shape, wide, Forgery,
    Lie,
};

/// A true book breaks nothing, and its cells are what the repairs of the bench make of them.
#[test]
fn accepts_the_books_of_the_bench() {
    for book in [book, book_with_spare, book_with_option] {
        for shape in [shape(), wide()] {
            let honest = |lie| {
                Forgery {
                    name: "no lie",
                    book,
                    lie,
                    stops: &[],
                }
                .failures_in(shape)
            };
            assert_eq!(honest(Lie::Plan(|_| ())), BTreeSet::new());
            assert_eq!(honest(Lie::Holdings(|_| ())), BTreeSet::new());
            assert_eq!(honest(Lie::Both(|c| c.used(), |_| ())), BTreeSet::new());
        }
    }
}

#[test]
fn rejects_forged_hashes() {
    demand(hash::FORGERIES);
}

#[test]
fn rejects_forged_holdings() {
    demand(holding::FORGERIES);
}

#[test]
fn rejects_forged_scans() {
    demand(scan::FORGERIES);
}

#[test]
fn rejects_forged_windows() {
    demand(window::FORGERIES);
}

#[test]
fn rejects_forged_lists() {
    demand(lists::FORGERIES);
}

#[test]
fn rejects_forged_symbols() {
    demand(symbols::FORGERIES);
}

#[test]
fn rejects_forged_coefficients() {
    demand(coefficients::FORGERIES);
}

#[test]
fn rejects_forged_sums() {
    demand(sums::FORGERIES);
}

#[test]
fn rejects_forgeries_of_one_constraint_alone() {
    demand(alone::FORGERIES);
    demand_in(wide(), alone::WIDE);
}

#[test]
fn rejects_forged_losses_of_the_wide_shape() {
    demand_in(wide(), wide::FORGERIES);
}

#[test]
fn rejects_forged_scans_of_several_windows() {
    demand_in(wide(), spans::FORGERIES);
}

/// Each named constraint of the shapes is among those that a forgery breaks.
#[test]
fn accepts_no_constraint_without_a_forgery() {
    let tables = [
        hash::FORGERIES,
        holding::FORGERIES,
        scan::FORGERIES,
        window::FORGERIES,
        lists::FORGERIES,
        symbols::FORGERIES,
        coefficients::FORGERIES,
        sums::FORGERIES,
        wide::FORGERIES,
        spans::FORGERIES,
    ];
    let stopped: BTreeSet<String> = tables
        .into_iter()
        .flatten()
        .flat_map(|forgery| forgery.stops)
        .map(ToString::to_string)
        .collect();
    let missing: Vec<_> = [shape(), wide()]
        .into_iter()
        .flat_map(constraints)
        .filter(|name| !stopped.contains(name))
        .collect();
    assert!(missing.is_empty(), "no forgery for {missing:#?}");
}
