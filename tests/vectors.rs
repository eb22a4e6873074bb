//! Worked margin examples from elsewhere (`../shared/vectors`), reproduced to the last digit.
//!
//! Every example is one account of one book: it is evaluated in plain integers and compared with what
//! its source expects, and the whole book then goes through the circuit. The numbers are read where
//! they lie, under their own terms, and are not in this repository. What the statement cannot express
//! is named in the module of its file, with the reason.

#[path = "vectors/brackets.rs"]
mod brackets;
#[path = "vectors/docs.rs"]
mod docs;
#[path = "vectors/draft.rs"]
mod draft;
#[path = "vectors/span.rs"]
mod span;
#[path = "vectors/tiers.rs"]
mod tiers;

use std::path::PathBuf;

use serde_json::Value;
use zkmargin_circuits::relation::{evaluate_account, Limits};
use zkmargin_circuits::shape::Shape;
use zkmargin_tests::mock;

use draft::Draft;

/// Seventeen scenarios (SPAN's sixteen and the short-option minimum) want a shape of their own.
const SHAPE: Shape = Shape {
    name: "vectors-12",
    k: 12,
    limb_bits: 8,
    money_bits: 64,
    symbols: 48,
    groups: 2,
    scenarios: 32,
    segments: 16,
    scan_lanes: 1,
};

/// The folder of vectors, if it is at hand.
fn folder() -> Option<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let found = [root.join(".."), root.join("../..")]
        .into_iter()
        .map(|parent| parent.join("shared/vectors"))
        .find(|folder| folder.is_dir());
    if found.is_none() {
        eprintln!("SKIPPED: ../shared/vectors is not here");
    }
    found
}

#[test]
fn accepts_worked_examples_from_elsewhere() {
    let Some(folder) = folder() else { return };
    let vectors = |name: &str| -> Vec<Value> {
        let bytes = std::fs::read(folder.join(name)).expect(name);
        let file: Value = serde_json::from_slice(&bytes).expect(name);
        file["vectors"].as_array().expect("vectors").clone()
    };
    let mut draft = Draft::new();
    let done = [
        span::add(&mut draft, &vectors("span.json")),
        brackets::add(&mut draft, &vectors("binance_brackets_freqtrade.json")),
        tiers::add(&mut draft, &vectors("binance_zkmerkle_tiers.json")),
        docs::add(&mut draft, &vectors("docs_examples.json")),
    ];
    assert_eq!(done, [9, 6, 9, 5], "vectors expressed, by file");

    let dir = tempfile::tempdir().expect("a folder");
    let snapshot = draft.load(dir.path());
    for expected in &draft.expected {
        let index = snapshot.book.index_of(&expected.account).expect("a book");
        let account = snapshot.book.account(index.expect("the account"));
        let account = account.expect("the account");
        let market = &snapshot.market.market;
        let pools = evaluate_account(market, &snapshot.risk.model, &account, Limits::NARROW)
            .expect("amounts in range");
        expected.check(&pools[0]);
    }
    mock::accepts(&SHAPE, &mock::sample(&snapshot));
}
