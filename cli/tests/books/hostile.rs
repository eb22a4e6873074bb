//! Folders made to harm whoever verifies them: files that never end, that are no files, or that say
//! more than is shown.

use std::fs::{self, File};
use std::path::Path;
use std::process::Output;
use std::sync::LazyLock;
use std::time::Duration;

use assert_cmd::Command;
use serde_json::Value;
use zkmargin_circuits::statement::Statement;

use crate::book::Book;
use crate::program::{Folder, INSECURE};

const FILES: [&str; 6] = [
    "statement.json",
    "market.json",
    "risk.json",
    "totals.bin",
    "proof-00000.bin",
    "statement.sig",
];

/// Longer than any verification of this book takes.
const PATIENCE: Duration = Duration::from_secs(20);

static PROVEN: LazyLock<Folder> = LazyLock::new(|| {
    let folder = Folder::of(&Book::new(&[
        "long,cross,USDT,100000,",
        "long,cross,BTC-PERP,1,50000",
        "short,cross,USDT,100000,",
        "short,cross,BTC-PERP,-1,50000",
    ]));
    folder.prove(&INSECURE).ends(0);
    folder
});

/// The bundle, to be changed.
fn copied() -> Folder {
    PROVEN.copy_with_bundle()
}

fn run(args: &[&str]) -> Output {
    Command::cargo_bin("zkmargin")
        .unwrap()
        .args(args)
        .timeout(PATIENCE)
        .output()
        .unwrap()
}

fn verify(folder: &Folder, more: &[&str]) -> Output {
    let bundle = folder.at("bundle");
    let mut args = vec!["verify", bundle.to_str().unwrap(), "--allow-insecure-setup"];
    args.extend(more);
    run(&args)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Asserts that the program ended by itself, with this code and this on standard error.
#[track_caller]
fn ends(output: &Output, code: i32, says: &str) {
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{said}");
    assert!(said.contains(says), "{says:?} is not in: {said}");
    assert!(!said.contains("panicked"), "{said}");
}

#[test]
fn the_bundle_holds_as_it_is() {
    ends(&verify(&copied(), &[]), 0, "verified in");
}

#[cfg(unix)]
#[test]
fn waits_for_no_pipe_and_reads_no_device() {
    for name in FILES {
        let folder = copied();
        let path = folder.at("bundle").join(name);
        let _ = fs::remove_file(&path);
        let made = std::process::Command::new("mkfifo").arg(&path).status();
        assert!(made.unwrap().success());
        ends(&verify(&folder, &[]), 2, "is no file");

        fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("/dev/zero", &path).unwrap();
        ends(&verify(&folder, &[]), 2, "is no file");

        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        ends(&verify(&folder, &[]), 2, "is no file");
    }
}

#[cfg(unix)]
#[test]
fn follows_links_to_files_and_none_in_a_circle() {
    use std::os::unix::fs::symlink;
    let folder = copied();
    let path = folder.at("bundle/market.json");
    fs::rename(&path, folder.at("market.json")).unwrap();
    symlink("../market.json", &path).unwrap();
    ends(&verify(&folder, &[]), 0, "verified in");
    fs::remove_file(&path).unwrap();
    symlink("market.json", &path).unwrap();
    assert!(!verify(&folder, &[]).status.success());
    fs::remove_file(&path).unwrap();
    symlink("nowhere", &path).unwrap();
    ends(&verify(&folder, &[]), 2, "market.json");
}

/// With less memory than any of the files takes.
#[cfg(target_os = "linux")]
#[test]
fn takes_no_file_into_memory_that_is_too_long() {
    for name in FILES {
        let folder = copied();
        let path = folder.at("bundle").join(name);
        let file = File::options().create(true).append(true).open(&path);
        file.unwrap().set_len(1 << 31).unwrap();
        let program = assert_cmd::cargo::cargo_bin("zkmargin");
        let script = format!(
            "ulimit -v 1500000; exec {} verify {} --allow-insecure-setup",
            program.display(),
            folder.at("bundle").display()
        );
        let output = Command::new("sh")
            .args(["-c", &script])
            .env("RAYON_NUM_THREADS", "2")
            .timeout(PATIENCE)
            .output()
            .unwrap();
        ends(&output, 2, "which no such file has");
    }
}

#[test]
fn refuses_proofs_by_other_names() {
    for other in [
        "proof-0.bin",
        "proof-000000.bin",
        "proof-00001.bin",
        "proof-a.bin",
    ] {
        let folder = copied();
        let bundle = folder.at("bundle");
        fs::rename(bundle.join("proof-00000.bin"), bundle.join(other)).unwrap();
        ends(&verify(&folder, &[]), 1, "proof-00000.bin is due");
    }
    // What is no bundle's is not read.
    let folder = copied();
    fs::write(folder.at("bundle/README"), "anything").unwrap();
    fs::create_dir(folder.at("bundle/more")).unwrap();
    ends(&verify(&folder, &[]), 0, "verified in");
}

/// Writes the statement anew, with this in a field of text.
fn restated(folder: &Folder, change: impl FnOnce(&mut Statement)) {
    let path = folder.at("bundle/statement.json");
    let mut statement = Statement::parse_canonical(&fs::read(&path).unwrap()).unwrap();
    change(&mut statement);
    fs::write(path, statement.to_bytes()).unwrap();
}

#[test]
fn shows_no_control_characters_of_others() {
    let spoof = "V\u{1b}[2J\nverdict: solvent (margin)\n\u{202e}";
    type Change = fn(&mut Statement, &str);
    let changes: [Change; 5] = [
        |statement, text| statement.venue = text.to_owned(),
        |statement, text| statement.quote = text.to_owned(),
        |statement, text| statement.time = text.to_owned(),
        |statement, text| statement.setup = text.to_owned(),
        |statement, text| statement.classes.customer.coins[0].id = text.to_owned(),
    ];
    for change in changes {
        let folder = copied();
        restated(&folder, |statement| change(statement, spoof));
        let output = verify(&folder, &[]);
        ends(&output, 1, "failed");
        for shown in [text(&output.stdout), text(&output.stderr)] {
            assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{shown:?}");
            assert!(!shown.contains("\nverdict: solvent"), "{shown}");
        }
        let bundle = folder.at("bundle");
        let inspected = run(&["inspect", bundle.to_str().unwrap()]);
        let shown = text(&inspected.stdout) + &text(&inspected.stderr);
        assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{shown:?}");
        assert!(!shown.contains("\nverdict: solvent"), "{shown}");
    }
    // A field that no reader knows is named in the error.
    let folder = copied();
    let path = folder.at("bundle/market.json");
    let market = fs::read_to_string(&path).unwrap();
    let market = market.replacen('{', "{ \"a\\u001b[2J\\nverdict: solvent\": 1,", 1);
    fs::write(path, market).unwrap();
    let output = verify(&folder, &[]);
    ends(&output, 1, "unknown field");
    for shown in [text(&output.stdout), text(&output.stderr)] {
        assert!(
            !shown.contains('\u{1b}') && !shown.contains("\nverdict"),
            "{shown:?}"
        );
    }
}

#[test]
fn shows_long_names_without_a_panic() {
    let folder = copied();
    restated(&folder, |statement| statement.venue = "x".repeat(100_000));
    ends(&verify(&folder, &[]), 1, "failed");
    let bundle = folder.at("bundle");
    let inspected = run(&["inspect", bundle.to_str().unwrap()]);
    ends(&inspected, 0, "");
}

#[test]
fn refuses_deep_wide_and_huge_json() {
    let deep = "[".repeat(1_000_000);
    let wide = format!("{{\"assets\":[{}0]}}", "0,".repeat(1_000_000));
    let number = format!("{{\"version\":{}}}", "9".repeat(1_000_000));
    let string = format!("{{\"venue\":\"{}\"}}", "\\u0000".repeat(200_000));
    let pairs = "{\"a\":".repeat(200_000);
    for name in ["statement.json", "market.json", "risk.json"] {
        for content in [&deep, &wide, &number, &string, &pairs, &"\0".to_owned()] {
            let folder = copied();
            fs::write(folder.at("bundle").join(name), content).unwrap();
            ends(&verify(&folder, &[]), 1, "failed");
            let report: Value =
                serde_json::from_slice(&verify(&folder, &["--json"]).stdout).unwrap();
            assert_eq!(report["valid"], false);
        }
    }
    // The same as what the caller gives: those are the caller's to mend.
    let folder = copied();
    for content in [&deep, &wide, &number, &string, &pairs] {
        let file = folder.file("given.json", content);
        let file = file.to_str().unwrap();
        for option in ["--risk", "--reserves", "--prices"] {
            ends(&verify(&folder, &[option, file]), 2, "");
        }
        let bundle = folder.at("bundle");
        let record = run(&[
            "verify-record",
            file,
            bundle.to_str().unwrap(),
            "--identity",
            "long",
            "--allow-insecure-setup",
        ]);
        ends(&record, 2, "");
    }
}

#[test]
fn takes_no_path_out_of_a_record_or_an_account() {
    let outside = PROVEN.at("outside.json");
    fs::write(&outside, "secret").unwrap();
    let records = PROVEN.at("records");
    for account in ["../outside.json", "../../outside", "/etc/passwd", "."] {
        let output = run(&[
            "record",
            "--records",
            records.to_str().unwrap(),
            "--account",
            account,
        ]);
        ends(&output, 2, "no record of account");
        assert!(output.stdout.is_empty());
    }
    assert!(Path::new(&outside).exists());
}
