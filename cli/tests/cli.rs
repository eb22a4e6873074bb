//! The command line from outside: what goes where, and exit codes.

use std::fs;
use std::path::Path;
use std::process::Output;

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

fn zkmargin(args: &[&str]) -> Output {
    Command::cargo_bin("zkmargin")
        .unwrap()
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

/// A demo snapshot in a folder of its own.
fn demo(extra: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut args = vec![
        "generate",
        "--profile",
        "demo",
        "--seed",
        "1",
        "--out",
        path(folder.path()),
    ];
    args.extend(extra);
    let output = zkmargin(&args);
    assert_eq!(code(&output), 0, "{}", err(&output));
    assert!(out(&output).is_empty());
    folder
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn teaches_by_help() {
    let output = zkmargin(&["--help"]);
    assert_eq!(code(&output), 0);
    assert!(out(&output).contains("Examples:"));
    for command in [
        "demo",
        "generate",
        "check",
        "setup",
        "prove",
        "verify",
        "record",
        "verify-record",
        "inspect",
    ] {
        assert!(out(&output).contains(command), "{command}");
        assert_eq!(code(&zkmargin(&[command, "--help"])), 0, "{command}");
    }
}

#[test]
fn rejects_arguments_with_code_2() {
    for args in [
        &[][..],
        &["fly"],
        &["check"],
        &["check", "a", "b"],
        &["generate", "--out", "x"],
        &[
            "generate",
            "--seed",
            "1",
            "--profile",
            "whale",
            "--out",
            "x",
        ],
        &["setup", "--out", "x"],
        &["setup", "--insecure", "--out", "x"],
        &[
            "setup",
            "--insecure",
            "--ptau",
            "y",
            "-k",
            "4",
            "--out",
            "x",
        ],
    ] {
        let output = zkmargin(args);
        assert_eq!(code(&output), 2, "{args:?}");
        assert!(out(&output).is_empty(), "{args:?}");
    }
}

#[test]
fn rejects_unusable_paths_with_code_2() {
    let folder = tempfile::tempdir().unwrap();
    let nothing = folder.path().join("nothing");
    let nothing = path(&nothing);
    let book = demo(&[]);
    for args in [
        &["check", nothing][..],
        &["check", path(book.path()), "--scratch", nothing],
        &["check", path(folder.path())],
        &["inspect", nothing],
        &["inspect", path(folder.path())],
        &["setup", "--params", nothing, "--out", "x"],
        &["setup", "--ptau", nothing, "--out", "x"],
    ] {
        let output = zkmargin(args);
        assert_eq!(code(&output), 2, "{args:?}: {}", err(&output));
        assert!(
            err(&output).starts_with("zkmargin: "),
            "{args:?}: {}",
            err(&output)
        );
    }
}

#[test]
fn checks_a_demo_book_for_a_person() {
    let folder = demo(&[]);
    let output = zkmargin(&["check", path(folder.path())]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    let text = out(&output);
    assert!(text.contains("40 accounts"), "{text}");
    assert!(
        text.contains("every one of 20 contracts nets to zero"),
        "{text}"
    );
    assert!(
        text.contains("verdict: covered (evaluated, not proven)"),
        "{text}"
    );
}

#[test]
fn checks_a_demo_book_for_a_program() {
    let folder = demo(&["--deficient", "3", "--bankrupt", "1"]);
    let listed = |extra: &[&str]| -> Value {
        let mut args = vec!["check", path(folder.path()), "--json"];
        args.extend(extra);
        let output = zkmargin(&args);
        assert_eq!(code(&output), 0, "{}", err(&output));
        serde_json::from_str(&out(&output)).unwrap()
    };
    let value = listed(&[]);
    assert_eq!(value["verdict"], "covered");
    assert_eq!(value["basis"], "margin");
    assert_eq!(value["statement"]["totals"]["deficient_pools"], 3);
    assert_eq!(value["statement"]["totals"]["bankrupt_pools"], 1);
    assert_eq!(value["statement"]["accounts_root"], Value::Null);
    let pools = value["pools"].as_array().unwrap();
    assert_eq!(pools.len(), 3);
    let fields = [
        "account",
        "pool",
        "class",
        "equity",
        "value",
        "maintenance",
        "initial",
        "shortfall",
    ];
    for pool in pools {
        assert_eq!(pool.as_object().unwrap().len(), fields.len());
        assert!(fields.iter().all(|field| pool[field].is_string()), "{pool}");
    }
    let shortfall = |pool: &Value| pool["shortfall"].as_str().unwrap().parse::<f64>().unwrap();
    assert!(pools
        .windows(2)
        .all(|pair| shortfall(&pair[0]) >= shortfall(&pair[1])));
    let all = listed(&["--pools", "all"]);
    assert!(all["pools"].as_array().unwrap().len() >= 40);
    assert_eq!(all["pools"][0], pools[0]);
}

#[test]
fn names_file_line_and_field_of_a_bad_row() {
    let folder = demo(&[]);
    let accounts = folder.path().join("accounts.csv");
    let text = fs::read_to_string(&accounts).unwrap();
    fs::write(
        &accounts,
        text.replacen("BTC-PERP,-0.35,64800", "BTC-PERP,-0.3505,64800", 1),
    )
    .unwrap();
    let output = zkmargin(&["check", path(folder.path())]);
    assert_eq!(code(&output), 2);
    assert!(out(&output).is_empty());
    assert!(
        err(&output).contains("accounts.csv:3: quantity: "),
        "{}",
        err(&output)
    );
}

#[test]
fn shows_an_unmatched_book() {
    let folder = demo(&["--deficient", "0"]);
    let accounts = folder.path().join("accounts.csv");
    let text = fs::read_to_string(&accounts).unwrap();
    let kept: String = text
        .lines()
        .filter(|line| !line.starts_with("bob@example"))
        .map(|line| format!("{line}\n"))
        .collect();
    fs::write(&accounts, kept).unwrap();
    let output = zkmargin(&["check", path(folder.path())]);
    assert_eq!(code(&output), 0);
    assert!(
        out(&output).contains("verdict: unmatched"),
        "{}",
        out(&output)
    );
    assert!(
        out(&output).contains("unmatched contract"),
        "{}",
        out(&output)
    );
}

#[test]
fn makes_and_inspects_insecure_parameters() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("deep/params.srs");
    let output = zkmargin(&["setup", "--insecure", "-k", "6", "--out", path(&file)]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    assert!(err(&output).contains("insecure"));
    let output = zkmargin(&["inspect", path(&file)]);
    assert!(out(&output).contains("2^6 powers"), "{}", out(&output));
    // They come in again, smaller, and damaged ones do not.
    let smaller = folder.path().join("smaller.srs");
    let output = zkmargin(&[
        "setup",
        "--params",
        path(&file),
        "-k",
        "5",
        "--out",
        path(&smaller),
    ]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    let mut bytes = fs::read(&file).unwrap();
    bytes[4 + 64 + 7] ^= 1;
    fs::write(&file, bytes).unwrap();
    let output = zkmargin(&["setup", "--params", path(&file), "--out", path(&smaller)]);
    assert_eq!(code(&output), 2, "{}", err(&output));
}

#[test]
fn inspects_a_snapshot_and_its_files() {
    let folder = demo(&[]);
    let output = zkmargin(&["inspect", path(folder.path())]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    for part in [
        "a snapshot",
        "a market of 28 rows",
        "risk model \"demo-pm-1\"",
        "BTC-PERP:long",
    ] {
        assert!(out(&output).contains(part), "{part}");
    }
    let market = folder.path().join("market.json");
    assert!(out(&zkmargin(&["inspect", path(&market)])).contains("a market of 28 rows"));
    let accounts = folder.path().join("accounts.csv");
    assert_eq!(code(&zkmargin(&["inspect", path(&accounts)])), 2);
}
