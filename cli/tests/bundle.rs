//! A small book from snapshot to a customer's check, and what shows when something is changed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::LazyLock;

use assert_cmd::Command;
use serde_json::{json, Value};
use tempfile::TempDir;

const SNAPSHOT: &str = r#"{ "venue": "Tiny", "epoch": 1, "time": "2026-11-22T00:00:00Z", "quote": "USD",
  "previous": null, "classes": { "fund": ["insurance"], "house": ["prop-1"] } }"#;

const MARKET: &str = r#"{ "quote_quantum": "0.000001",
  "assets": [ { "id": "USDT", "price": "1.0002", "quantum": "0.00000001" },
              { "id": "BTC", "price": "65100.2", "quantum": "0.00000001" } ],
  "instruments": [
    { "id": "BTC-PERP", "style": "linear", "settlement": "USDT", "multiplier": "1", "lot": "0.001", "mark": "65110.5", "basis": null },
    { "id": "ETH-PERP", "style": "linear", "settlement": "USDT", "multiplier": "1", "lot": "0.01", "mark": "3450.1", "basis": null } ] }"#;

const RISK: &str = r#"{ "name": "tiny-1", "scenarios": 4, "floor_weights": null, "salt": null,
  "groups": [ { "id": "BTC", "maintenance_factor": "1", "initial_factor": "1.25" },
              { "id": "ETH", "maintenance_factor": "1", "initial_factor": "1.5" } ],
  "assets": [
    { "id": "USDT", "lot": "1", "debt_weight": "1", "group": null, "pnl": null, "debt_brackets": null, "weights": [ { "ratio": "1" } ] },
    { "id": "BTC", "lot": "0.001", "debt_weight": "1.02", "group": "BTC", "pnl": ["6500", "-6500", "0", "0"], "debt_brackets": null,
      "weights": [ { "up_to": "1000000", "ratio": "0.95" }, { "ratio": "0.5" } ] } ],
  "instruments": [
    { "id": "BTC-PERP", "group": "BTC", "pnl": ["6500", "-6500", "0", "0"], "floor": null,
      "brackets": [ { "floor": "0", "rate": "0.004", "cum": "0" }, { "floor": "50000", "rate": "0.005", "cum": "50" } ] },
    { "id": "ETH-PERP", "group": "ETH", "pnl": ["0", "0", "400", "-400"], "floor": null,
      "brackets": [ { "floor": "0", "rate": "0.01", "cum": "0" } ] } ] }"#;

const ACCOUNTS: &str = "account,pool,symbol,quantity,entry_price
alice@example,cross,USDT,12000.5,
alice@example,cross,BTC-PERP,0.5,64800
alice@example,iso-1,USDT,900,
alice@example,iso-1,ETH-PERP,1,3500
bob@example,cross,BTC,0.75,
bob@example,cross,BTC-PERP,-0.2,66000
carol@example,cross,USDT,40,
carol@example,cross,ETH-PERP,1,3460
prop-1,cross,USDT,500000,
prop-1,cross,BTC-PERP,-0.3,65000
prop-1,cross,ETH-PERP,-2,3400
insurance,cross,USDT,100000,
";

fn zkmargin(args: &[&str]) -> Output {
    let cache = path(&PROVEN.path().join("cache")).to_owned();
    run(args, &cache)
}

fn run(args: &[&str], cache: &str) -> Output {
    Command::cargo_bin("zkmargin")
        .unwrap()
        .env("ZKMARGIN_CACHE", cache)
        .args(args)
        .output()
        .unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// `book`, `params.srs`, `bundle` and `records`, proven once for all tests.
static PROVEN: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("book")).unwrap();
    for (name, text) in [
        ("snapshot.json", SNAPSHOT),
        ("market.json", MARKET),
        ("risk.json", RISK),
        ("accounts.csv", ACCOUNTS),
    ] {
        fs::write(at("book").join(name), text).unwrap();
    }
    let (book, params, bundle, records) =
        (at("book"), at("params.srs"), at("bundle"), at("records"));
    let output = run(
        &["setup", "--insecure", "-k", "11", "--out", path(&params)],
        "",
    );
    assert_eq!(code(&output), 0, "{}", err(&output));
    let output = run(
        &[
            "prove",
            path(&book),
            "--params",
            path(&params),
            "--out",
            path(&bundle),
            "--records",
            path(&records),
            "--json",
        ],
        "",
    );
    assert_eq!(code(&output), 0, "{}", err(&output));
    let report: Value = serde_json::from_str(&out(&output)).unwrap();
    assert_eq!(report["accounts"], 5);
    assert_eq!(report["shards"], 1);
    for field in [
        "wall_s",
        "cpu_s",
        "keygen_s",
        "peak_rss_bytes",
        "proof_bytes",
    ] {
        assert!(report[field].is_number(), "{field}");
    }
    assert_eq!(report["statement"]["circuit"]["shape"], "tiny-11");
    folder
});

fn at(name: &str) -> PathBuf {
    PROVEN.path().join(name)
}

fn verify(bundle: &Path, extra: &[&str]) -> Output {
    let params = at("params.srs");
    let mut args = vec![
        "verify",
        path(bundle),
        "--params",
        path(&params),
        "--allow-insecure-setup",
        "--json",
    ];
    args.extend(extra);
    zkmargin(&args)
}

fn json(output: &Output) -> Value {
    serde_json::from_str(&out(output)).unwrap_or_else(|_| panic!("no JSON; {}", err(output)))
}

fn status<'a>(report: &'a Value, name: &str) -> &'a str {
    let checks = report["checks"].as_array().unwrap();
    checks.iter().find(|check| check["name"] == name).unwrap()["status"]
        .as_str()
        .unwrap()
}

/// A copy of the bundle, in a folder of its own.
fn copy() -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(at("bundle")).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
    }
    copy
}

#[test]
fn verifies_what_was_proven() {
    let output = verify(&at("bundle"), &[]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    let report = json(&output);
    assert_eq!(report["valid"], true);
    assert_eq!(report["basis"], "margin");
    // Carol holds 40 dollars against a requirement of more.
    assert_eq!(report["verdict"], "covered");
    assert_eq!(report["statement"]["totals"]["deficient_pools"], 1);
    assert_eq!(status(&report, "proof"), "pass");
    assert_eq!(status(&report, "reserves"), "not_performed");
    let qualifications = report["qualifications"].to_string();
    assert!(qualifications.contains("insecure"), "{qualifications}");
    // The same figures as without a proof.
    let checked = json(&zkmargin(&["check", path(&at("book")), "--json"]));
    for field in ["totals", "classes", "contracts", "market", "risk_model"] {
        assert_eq!(
            checked["statement"][field], report["statement"][field],
            "{field}"
        );
    }
    let inspected = zkmargin(&["inspect", path(&at("bundle"))]);
    assert!(out(&inspected).contains("tiny-11"), "{}", err(&inspected));
}

#[test]
fn rejects_the_insecure_setup_unless_it_is_allowed() {
    let params = at("params.srs");
    let output = zkmargin(&["verify", path(&at("bundle")), "--params", path(&params)]);
    assert_eq!(code(&output), 1);
    assert!(err(&output).contains("setup"), "{}", err(&output));
    assert!(out(&output).contains("NOT VALID"), "{}", out(&output));
    let output = zkmargin(&["verify", path(&at("bundle")), "--trust-setup", "zz"]);
    assert_eq!(code(&output), 2);
}

#[test]
fn rejects_a_changed_byte_of_any_file() {
    for name in [
        "statement.json",
        "market.json",
        "risk.json",
        "proof-00000.bin",
    ] {
        let bundle = copy();
        let file = bundle.path().join(name);
        let bytes = fs::read(&file).unwrap();
        for place in [0, bytes.len() / 3, bytes.len() / 2, bytes.len() - 1] {
            let mut changed = bytes.clone();
            changed[place] ^= 1;
            fs::write(&file, changed).unwrap();
            let output = verify(bundle.path(), &[]);
            assert!(
                [1, 2].contains(&code(&output)),
                "{name}, byte {place}: {}",
                err(&output)
            );
            assert!(err(&output).contains("zkmargin: "), "{name}, byte {place}");
        }
        fs::remove_file(&file).unwrap();
        let output = verify(bundle.path(), &[]);
        // Without risk.json the model is not checked, which is said and is no error.
        let expected: &[i32] = if name == "risk.json" { &[0] } else { &[1, 2] };
        assert!(
            expected.contains(&code(&output)),
            "{name} removed: {}",
            err(&output)
        );
    }
}

#[test]
fn compares_with_reserves_and_prices() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, value: Value| {
        let file = folder.path().join(name);
        fs::write(&file, value.to_string()).unwrap();
        file
    };
    let enough = file("enough.json", json!({ "USDT": "150000", "BTC": "1" }));
    let output = verify(&at("bundle"), &["--reserves", path(&enough)]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    assert_eq!(json(&output)["basis"], "margin+reserves");
    let short = file("short.json", json!({ "USDT": "150000", "BTC": "0.5" }));
    let output = verify(&at("bundle"), &["--reserves", path(&short)]);
    assert_eq!(code(&output), 1);
    assert_eq!(status(&json(&output), "reserves"), "fail");
    let near = file(
        "near.json",
        json!({ "BTC": "65000", "BTC-PERP": "65100", "ETH-PERP": "3440" }),
    );
    assert_eq!(code(&verify(&at("bundle"), &["--prices", path(&near)])), 0);
    let output = verify(
        &at("bundle"),
        &["--prices", path(&near), "--tolerance", "0.0001"],
    );
    assert_eq!(code(&output), 1);
    assert_eq!(status(&json(&output), "prices"), "fail");
    for tolerance in ["-0.1", "some"] {
        let tolerance = format!("--tolerance={tolerance}");
        let output = verify(&at("bundle"), &["--prices", path(&near), &tolerance]);
        assert_eq!(code(&output), 2, "{}", err(&output));
    }
}

#[test]
fn lets_a_customer_check() {
    let folder = tempfile::tempdir().unwrap();
    let (records, params) = (at("records"), at("params.srs"));
    let record = |id: &str| zkmargin(&["record", "--records", path(&records), "--account", id]);
    let check = |text: &str, id: &str| {
        let file = folder.path().join("record.json");
        fs::write(&file, text).unwrap();
        zkmargin(&[
            "verify-record",
            path(&file),
            path(&at("bundle")),
            "--identity",
            id,
            "--params",
            path(&params),
            "--allow-insecure-setup",
        ])
    };
    for id in [
        "alice@example",
        "bob@example",
        "carol@example",
        "prop-1",
        "insurance",
    ] {
        let output = check(&out(&record(id)), id);
        assert_eq!(code(&output), 0, "{id}: {}", err(&output));
        assert!(out(&output).contains("is in the book"), "{}", out(&output));
    }
    let alice = out(&record("alice@example"));
    assert_eq!(code(&check(&alice, "bob@example")), 1);
    for (from, to) in [
        ("12000.5", "12000.6"),
        ("alice@example", "bob@example"),
        ("\"0.5\"", "\"0.4\""),
    ] {
        assert!(alice.contains(from), "{from} in {alice}");
        let output = check(
            &alice.replacen(from, to, 1),
            if to.contains('@') {
                to
            } else {
                "alice@example"
            },
        );
        assert_eq!(code(&output), 1, "{from} to {to}: {}", err(&output));
    }
    for field in ["salts", "path"] {
        let mut value: Value = serde_json::from_str(&alice).unwrap();
        let digits = match field {
            "salts" => &mut value["salts"][0],
            _ => &mut value["path"][0][3],
        };
        let text = digits.as_str().unwrap().to_owned();
        let last = if text.ends_with('0') { "1" } else { "0" };
        *digits = json!(format!("{}{last}", &text[..63]));
        assert_eq!(
            code(&check(&value.to_string(), "alice@example")),
            1,
            "{field}"
        );
    }
    assert_eq!(code(&check("{}", "alice@example")), 2);
    assert_eq!(code(&record("nobody")), 2);
}

#[test]
fn overwrites_no_bundle() {
    let (book, params, bundle, records) =
        (at("book"), at("params.srs"), at("bundle"), at("records"));
    let output = zkmargin(&[
        "prove",
        path(&book),
        "--params",
        path(&params),
        "--out",
        path(&bundle),
        "--records",
        path(&records),
    ]);
    assert_eq!(code(&output), 2, "{}", err(&output));
    let output = zkmargin(&[
        "prove",
        path(&book),
        "--params",
        path(&params),
        "--out",
        "x",
        "--records",
        "y",
        "--shape",
        "round",
    ]);
    assert_eq!(code(&output), 2);
    assert!(err(&output).contains("tiny-11"), "{}", err(&output));
}
