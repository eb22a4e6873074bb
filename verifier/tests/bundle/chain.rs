//! Epochs that follow each other, and what changed from one to the next.

use serde_json::json;
use zkmargin_circuits::statement::{
    context_digest, Amount, CoinFigures, ContractFigures, Digest, Statement,
};
use zkmargin_verifier::bundle::{verify_with, Options};
use zkmargin_verifier::report::{CheckName, Report, Status};

use crate::fixture::{insecure, published, Published, RISK};
use crate::stub::Stub;

fn amount(text: &str) -> Amount {
    Amount::parse(text).unwrap()
}

fn digest(statement: &Statement) -> Digest {
    Digest(context_digest(&statement.to_bytes()))
}

/// Statements of epochs 40 and 41, of which `change` has its way with each, and the example as the
/// epoch after. Nobody looks at proofs of the earlier ones.
fn chain(change: impl Fn(&mut Statement)) -> ([Statement; 2], Published) {
    let earlier = |epoch: u64, previous: Option<Digest>| {
        let mut statement = published().statement.clone();
        statement.epoch = epoch;
        statement.time = format!("2026-11-{}T00:00:00Z", epoch - 20);
        statement.previous = previous;
        change(&mut statement);
        statement
    };
    let first = earlier(40, None);
    let second = earlier(41, Some(digest(&first)));
    let previous = Some(digest(&second));
    let last = Published::new(insecure(), RISK, |statement| statement.previous = previous);
    ([first, second], last)
}

fn verified(last: &Published, earlier: &[&Statement]) -> Report {
    let bytes: Vec<Vec<u8>> = earlier
        .iter()
        .map(|statement| statement.to_bytes())
        .collect();
    let options = Options {
        previous: bytes.iter().map(Vec::as_slice).collect(),
        ..last.options()
    };
    verify_with::<Stub>(&last.bundle, &options, &mut |_| ()).unwrap()
}

#[track_caller]
fn rejects(report: &Report, why: &str) {
    let failed = report.failure().expect("the chain is broken");
    assert_eq!(failed.name, CheckName::Previous);
    assert!(failed.detail.contains(why), "{}", failed.detail);
    assert_eq!(report.changes, None);
    assert!(serde_json::to_value(report)
        .unwrap()
        .get("changes")
        .is_none());
}

#[test]
fn accepts_epochs_in_order() {
    let ([first, second], last) = chain(|_| ());
    let report = verified(&last, &[&first, &second]);
    assert!(report.is_good(), "{:?}", report.failure());
    let found = report
        .checks
        .iter()
        .find(|check| check.name == CheckName::Previous);
    assert!(found.unwrap().detail.contains("epochs 40 to 41"));
    assert!(verified(&last, &[&second]).is_good());
    let without = verified(&last, &[]);
    assert_eq!(without.status(CheckName::Previous), Status::NotPerformed);
    assert_eq!(without.changes, None);
}

#[test]
fn rejects_epochs_that_do_not_follow() {
    let ([first, second], last) = chain(|_| ());
    rejects(&verified(&last, &[&second, &first]), "in order of time");
    rejects(&verified(&last, &[&first]), "epoch 40");
    rejects(&verified(&last, &[&first, &first, &second]), "says none");
    // A link in the middle that is wrong, whatever the last one is.
    let mut another = first.clone();
    another.venue = "Another".into();
    rejects(
        &verified(&last, &[&another, &second]),
        "the statement of epoch 40 has digest",
    );
    let mut forged = second.clone();
    forged.previous = Some(digest(&another));
    let previous = Some(digest(&forged));
    let after = Published::new(insecure(), RISK, |statement| statement.previous = previous);
    rejects(&verified(&after, &[&another, &forged]), "is of \"Another\"");
}

#[test]
fn shows_what_changed_since_the_last_epoch() {
    let ([first, second], last) = chain(|statement| {
        let coins = &mut statement.classes.customer.coins;
        coins[0].claims = amount("100.25");
        coins.push(CoinFigures {
            id: "DOGE".into(),
            claims: amount("7"),
            debts: amount("0"),
        });
        statement.contracts.push(ContractFigures {
            id: "DOGE-PERP".into(),
            net: amount("0"),
            long: amount("1"),
        });
        statement.risk_model = Digest([3; 32]);
    });
    let report = verified(&last, &[&first, &second]);
    assert!(report.is_good(), "{:?}", report.failure());
    let json = serde_json::to_value(&report).unwrap();
    let changes = &json["changes"];
    assert_eq!(changes["epoch"], 41);
    let claims = &last.statement.classes.customer.coins[0].claims;
    let difference = claims.minus(&amount("100.25")).unwrap();
    assert_eq!(
        changes["amounts"][0],
        json!({ "class": "customer", "coin": "USDT",
            "claims": { "old": "100.25", "new": claims, "difference": difference },
            "debts": { "old": "0", "new": "0", "difference": "0" } })
    );
    assert_eq!(
        changes["amounts"][1],
        json!({ "class": "customer", "coin": "DOGE",
            "claims": { "old": "7", "new": null, "difference": "-7" },
            "debts": { "old": "0", "new": null, "difference": "0" } })
    );
    let lists = |added: &[&str], removed: &[&str]| {
        let changed = !(added.is_empty() && removed.is_empty());
        json!({ "added": added, "removed": removed, "changed": changed })
    };
    assert_eq!(changes["coins"], lists(&[], &["DOGE"]));
    assert_eq!(changes["contracts"], lists(&[], &["DOGE-PERP"]));
    assert_eq!(changes["risk_model"]["changed"], true);
    assert_eq!(changes["risk_model"]["old"], "03".repeat(32));
    assert_eq!(changes["market"]["changed"], false);
    assert_eq!(changes["shape"]["changed"], false);
}
