//! Three epochs of one venue, each proven, and what is seen of the way from one to the next.

use std::fs;
use std::path::Path;

use serde_json::json;
use zkmargin_circuits::statement::{context_digest, Digest};

use crate::book::Book;
use crate::program::{status, zkmargin, Folder, INSECURE};

/// The epoch's book, proven: `money` dollars with a customer. It says that it follows `before`.
fn proven(epoch: u64, money: &str, before: Option<&Folder>) -> Folder {
    let mut book = Book::new(&[
        "long,cross,BTC-PERP,1,50000",
        "short,cross,BTC-PERP,-1,50000",
    ]);
    book.add(&[
        &format!("long,cross,USDT,{money},"),
        "short,cross,USDT,100000,",
    ]);
    let folder = Folder::of(&book);
    let previous = before.map(|before| {
        let statement = fs::read(before.at("bundle/statement.json")).unwrap();
        Digest(context_digest(&statement)).to_string()
    });
    let snapshot = json!({ "venue": "Forged Exchange", "epoch": epoch,
        "time": format!("2026-11-{:02}T00:00:00Z", epoch), "quote": "USD", "previous": previous,
        "classes": { "fund": [], "house": [] } });
    fs::write(folder.at("book/snapshot.json"), snapshot.to_string()).unwrap();
    folder.prove(&INSECURE).ends(0);
    folder
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_chain_of_epochs_is_checked_and_changes_are_shown() {
    let monday = proven(7, "100000", None);
    let tuesday = proven(8, "100000", Some(&monday));
    let wednesday = proven(9, "99000.5", Some(&tuesday));
    let (first, second) = (monday.at("bundle"), tuesday.at("bundle"));
    let verify = |previous: &[&Path]| {
        let mut args = vec!["--allow-insecure-setup"];
        for bundle in previous {
            args.extend(["--previous", text(bundle)]);
        }
        wednesday.verify(&args)
    };
    let report = verify(&[&first, &second]).ends(0).json();
    assert_eq!(status(&report, "previous"), "pass");
    let changes = &report["changes"];
    assert_eq!(changes["epoch"], 8);
    assert_eq!(
        changes["amounts"][0]["claims"],
        json!({ "old": "200000", "new": "199000.5", "difference": "-999.5" })
    );
    assert_eq!(changes["risk_model"]["changed"], false);
    assert_eq!(changes["contracts"]["changed"], false);

    let report = verify(&[]).ends(0).json();
    assert_eq!(status(&report, "previous"), "not_performed");
    assert!(report.get("changes").is_none());
    for wrong in [&[second.as_path(), &first][..], &[&first]] {
        let report = verify(wrong).ends(1).json();
        assert_eq!(status(&report, "previous"), "fail");
        assert!(report.get("changes").is_none());
    }

    let shown = zkmargin([
        "verify",
        text(&wednesday.at("bundle")),
        "--allow-insecure-setup",
        "--previous",
        text(&second),
    ])
    .ends(0);
    for line in [
        "since epoch 8",
        "customer claims, USDT",
        "-999.50",
        "the same contracts",
        "the same risk model",
    ] {
        assert!(shown.out.contains(line), "{line} in {}", shown.out);
    }
}
