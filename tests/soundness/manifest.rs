//! docs/attacks.md: each way to lie about a book, the tests that try it, and what stops them.
//!
//! `UPDATE_PINNED=1` writes the table again. Forgeries are named as in the lists of this folder, other
//! tests by file and function; what does not exist fails.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use zkmargin_tests::forge::Forgery;

use crate::{
    alone, coefficients, hash, holding, lists, scan, spans, sums, symbols, tiers, wide, window,
};

/// A lie, the forgeries that try it, and other tests that do.
type Attack = (
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
);

#[rustfmt::skip]
const ATTACKS: &[Attack] = &[
    ("hide a loss", &["an understated loss", "a maximum below the greatest loss", "a worth that is not base and positions", "a debt missing from the totals"], &["cli/tests/books/forged.rs::shows_a_balance_given_to_the_loser"]),
    ("understate a scan", &["an understated loss, hidden in a Horner sum", "an understated loss, hidden in the identity", "an understated loss, hidden in the group's weight", "a group left out", "a position scanned at less than its quantity"], &[]),
    ("invent equity", &["equity from nowhere", "value from nowhere", "equity rounded up", "a debt taken for collateral", "a collateral ratio of the prover"], &["cli/tests/books/forged.rs::shows_a_fund_that_is_not_there"]),
    ("understate a requirement", &["understated maintenance", "understated initial requirement", "maintenance rounded down", "a lane with a lower factor"], &[]),
    ("drop an account or a pool", &["a dropped deficient pool", "an account left out of the counts", "a pool begun anew in its second window: what the first held is forgotten"], &["cli/tests/books/forged.rs::shows_a_losing_account_that_was_dropped"]),
    ("count an account or a pool twice", &["one pool counted as three", "an empty slot counted as an account", "a block absorbed two times"], &[]),
    ("merge accounts or pools", &["an account that ends within a pool", "a second identity within a leaf", "a leaf begun anew within an account", "a second block that forgets the first"], &[]),
    ("move a pool's end by a window", &["a pool that ends minus once", "a pool that begins before the rows", "a pool whose last block is not in the leaf"], &[]),
    ("cancel debts with negative dummies", &["a negative debt in an empty slot that cancels one", "negative bankruptcies", "negative underwater pools", "shortfalls cancelled by the fund's surplus"], &[]),
    ("wrap a sum", &["a maximum below the greatest loss, its slack wrapped", "a loss below its range", "a mark beyond its range", "a floor of the short side below zero"], &["tests/bounds.rs::headroom_is_as_written"]),
    ("claim a wrong tier", &["the tier above a collateral's, with the value lifted to it", "the first tier for collateral that counts less", "index too low for the value, the value lowered to it", "a flag that makes 50 of collateral 100"], &[]),
    ("claim a wrong bracket", &["the bracket below the notional's", "the bracket that ends where the notional is", "the bracket above the notional's, with the notional lifted to it"], &[]),
    ("claim a wrong side", &["the charge of the other side", "the short side's charge for a long position", "a short option without notional taken for a long one, against its floor"], &[]),
    ("take a wrong scenario", &["losses of another scenario", "floor weights of another scenario", "a scan of its last scenarios only", "a maximum above every loss"], &[]),
    ("show a deficient pool as not deficient", &["a deficient pool shown as not deficient", "a dropped deficient pool, and a sum that jumps"], &[]),
    ("split a holding in its pool", &["a balance split within a pool", "a position split within a pool", "a balance split over two windows of a pool", "a split balance under keys of its own"], &["cli/tests/books/forged.rs::refuses_a_symbol_twice_in_a_pool"]),
    ("swap two symbols", &["a holding looked up elsewhere", "a claim of another coin", "a long position of another contract", "another settlement further down"], &[]),
    ("swap two models or markets", &["a model digest of other losses", "a model digest that begins elsewhere", "a market digest of another unit", "a digest of other losses"], &["verifier/tests/bundle/checks.rs::rejects_a_published_model_that_is_not_the_one_given"]),
    ("an ill-formed private model", &["segments that overlap", "a gap", "a list that ends early", "a falling charge", "a rising weight", "a weight above one", "a debt weight below one", "a loss beyond its range", "an initial factor below the maintenance factor"], &[]),
    ("an unmatched book shown as matched", &["a net quantity made to match"], &["cli/tests/books/shards.rs::a_loser_left_out_of_one_shard_shows_in_the_book"]),
    ("an account in the tree but outside the totals, or the reverse", &["a leaf of another balance than the one summed", "a leaf of other holdings than those summed", "a debt entered for a customer without being in their leaf", "a holding in the middle of a window that is not in the leaf"], &[]),
    ("two customers with one leaf", &["a second identity within a leaf"], &["verifier/tests/bundle/records.rs::rejects_another_identity_or_statement"]),
    ("a leaf that is none", &["a slot that the tree takes for another", "a slot beyond the capacity", "a root of another tree", "a leaf that begins elsewhere"], &[]),
    ("totals of another epoch or book", &["another scalar: the first", "a total beyond the totals"], &["verifier/tests/bundle/checks.rs::rejects_every_changed_field_of_the_statement", "cli/tests/books/shards.rs::a_shard_stands_in_its_place_or_nowhere"]),
    ("a shard counted twice or left out", &[], &["cli/tests/books/shards.rs::a_shard_stands_in_its_place_or_nowhere", "cli/tests/books/tampering.rs::refuses_proofs_of_other_numbers_and_in_other_order"]),
    ("totals that are not the shards' sum", &[], &["verifier/src/totals/tests.rs::rejects_totals_that_were_made_for_a_point_that_was_guessed", "verifier/src/totals/tests.rs::rejects_the_opening_of_another_statement"]),
    ("change an account's class", &["a customer's second pool entered as the house's", "a leaf of another class", "claims moved to the fund by a house of two", "an account of both house and fund"], &[]),
    ("a witness made for challenges that were guessed", &[], &["tests/known_challenge/main.rs::rejects_lies_made_for_challenges_that_were_guessed"]),
    ("a proof, key or statement of one's own", &[], &["verifier/tests/bundle/checks.rs::rejects_every_changed_byte", "verifier/tests/bundle/checks.rs::rejects_a_bundle_without_a_key", "verifier/tests/bundle/checks.rs::rejects_the_insecure_setup_unless_allowed"]),
];

const TABLES: [&[Forgery]; 13] = [
    alone::FORGERIES,
    alone::WIDE,
    coefficients::FORGERIES,
    hash::FORGERIES,
    holding::FORGERIES,
    lists::FORGERIES,
    scan::FORGERIES,
    spans::FORGERIES,
    sums::FORGERIES,
    symbols::FORGERIES,
    tiers::FORGERIES,
    wide::FORGERIES,
    window::FORGERIES,
];

/// Whether a file of the repository has a test of the name.
fn there_is(test: &str) -> bool {
    let (file, name) = test.split_once("::").expect("a file and a test");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let text = fs::read_to_string(&path).unwrap_or_default();
    text.contains("#[test]") && text.contains(&format!("fn {name}()"))
}

fn table() -> String {
    let mut stops: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for forgery in TABLES.into_iter().flatten() {
        stops.entry(forgery.name).or_default().extend(forgery.stops);
    }
    let all: usize = TABLES.iter().map(|table| table.len()).sum();
    let mut text = format!(
        "{} lies, {all} forgeries.\n\n| lie | forgeries, and other tests | stopped by |\n|---|---|---|\n",
        ATTACKS.len()
    );
    for (lie, forgeries, tests) in ATTACKS {
        assert!(
            !forgeries.is_empty() || !tests.is_empty(),
            "{lie} has no test"
        );
        let mut stopped: BTreeSet<&str> = BTreeSet::new();
        for name in *forgeries {
            let by = stops.get(name);
            stopped.extend(by.unwrap_or_else(|| panic!("no forgery is called {name}")));
        }
        for test in *tests {
            assert!(there_is(test), "there is no {test}");
        }
        let named = forgeries.iter().map(|name| (*name).to_owned());
        let others = tests.iter().map(|test| format!("`{}`", test));
        let cell: Vec<String> = named.chain(others).collect();
        let stopped: Vec<String> = stopped
            .into_iter()
            .map(|name| format!("`{name}`"))
            .collect();
        let stopped = match stopped.is_empty() {
            true => "the verifier".to_owned(),
            false => stopped.join(", "),
        };
        text += &format!("| {lie} | {} | {stopped} |\n", cell.join("; "));
    }
    text
}

#[test]
fn accepts_no_attack_without_a_test() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/attacks.md");
    let page = fs::read_to_string(&path).expect("the page");
    let begin = "<!-- attacks, by `UPDATE_PINNED=1 cargo test -p zkmargin-tests --test soundness manifest` -->\n";
    let (head, _) = page.split_once(begin).expect("a marker");
    let found = format!("{head}{begin}\n{}", table());
    if std::env::var_os("UPDATE_PINNED").is_some() {
        fs::write(&path, found).expect("the page");
    } else {
        assert_eq!(page, found, "docs/attacks.md is not what the tests are");
    }
}
