//! Books of several proofs: what stays hidden, what is checked, what a kill leaves.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::thread::sleep;
use std::time::Duration;

use serde_json::{json, Value};

use crate::book::Book;
use crate::program::{status, zkmargin, Folder, INSECURE};

/// More accounts than two proofs of the smallest shape hold.
pub const ACCOUNTS: usize = 500;

const ALLOWED: [&str; 1] = ["--allow-insecure-setup"];

/// Customers of one balance each, one long a bitcoin and one short. `split` of the first two's money
/// is with the first.
pub fn book(split: u32) -> Book {
    let mut book = Book::new(&[
        "long,cross,USDT,100000,",
        "long,cross,BTC-PERP,1,50000",
        "short,cross,USDT,100000,",
        "short,cross,BTC-PERP,-1,50000",
    ]);
    let rows: Vec<String> = (0..ACCOUNTS)
        .map(|i| {
            let amount = match i {
                0 => split,
                1 => 200 - split,
                _ => 100,
            };
            format!("customer-{i:03},cross,USDT,{amount},")
        })
        .collect();
    book.add(&rows.iter().map(String::as_str).collect::<Vec<_>>());
    book
}

/// The book, proven once for all tests that only look.
static PROVEN: LazyLock<Folder> = LazyLock::new(|| {
    let folder = Folder::of(&book(100));
    let report = folder.prove(&INSECURE).ends(0).json();
    assert_eq!(report["shards"], 3);
    folder
});

fn proof(folder: &Folder, index: usize) -> PathBuf {
    folder.at("bundle").join(format!("proof-{index:05}.bin"))
}

/// A copy of the proven bundle, to be changed.
fn copied() -> Folder {
    PROVEN.copy_with_bundle()
}

/// The check that fails, and why.
fn failure(folder: &Folder) -> (String, String) {
    let report = folder.verify(&ALLOWED).ends(1).json();
    assert_eq!(report["valid"], false);
    assert_eq!(report["verdict"], Value::Null);
    let checks = report["checks"].as_array().unwrap();
    let failed = checks.iter().find(|check| check["status"] == "fail");
    let text = |field: &str| failed.unwrap()[field].as_str().unwrap().to_owned();
    (text("name"), text("detail"))
}

fn verify_record(folder: &Folder, account: &str, identity: &str) -> i32 {
    let (records, bundle) = (folder.at("records"), folder.at("bundle"));
    let record = zkmargin([
        "record".as_ref(),
        "--records".as_ref(),
        records.as_os_str(),
        "--account".as_ref(),
        account.as_ref(),
    ]);
    let record = folder.file(&format!("{account}.json"), &record.ends(0).out);
    zkmargin([
        "verify-record".as_ref(),
        record.as_os_str(),
        bundle.as_os_str(),
        "--identity".as_ref(),
        identity.as_ref(),
        ALLOWED[0].as_ref(),
    ])
    .code
}

#[test]
fn every_customer_of_every_shard_is_in() {
    let folder = &*PROVEN;
    let report = folder.verify(&ALLOWED).ends(0).json();
    assert_eq!(report["verdict"], "solvent");
    assert_eq!(status(&report, "totals"), "pass");
    let statement = &report["statement"];
    assert_eq!(
        statement["contracts"],
        json!([{ "id": "BTC-PERP", "net": "0", "long": "1" }])
    );
    let claims = 200_000 + 100 * ACCOUNTS;
    assert_eq!(
        statement["classes"]["customer"]["coins"][0]["claims"],
        claims.to_string()
    );
    for account in [
        "long",
        "short",
        "customer-000",
        "customer-150",
        "customer-499",
    ] {
        assert_eq!(verify_record(folder, account, account), 0, "{account}");
    }
    assert_eq!(verify_record(folder, "customer-007", "customer-008"), 1);
}

#[test]
fn a_shard_stands_in_its_place_or_nowhere() {
    let name = |index: usize| format!("proof-{index:05}.bin");
    let folder = copied();
    fs::remove_file(proof(&folder, 2)).unwrap();
    let (check, detail) = failure(&folder);
    assert_eq!(
        (check.as_str(), detail.as_str()),
        ("proof", "2 proofs, where the capacity takes 3")
    );

    // One counted twice, in the place of another.
    fs::copy(proof(&folder, 0), proof(&folder, 2)).unwrap();
    let (check, detail) = failure(&folder);
    assert!(
        check == "proof" && detail.starts_with(&name(2)),
        "{check}: {detail}"
    );

    let folder = copied();
    let (first, second) = (proof(&folder, 0), proof(&folder, 1));
    let bytes = fs::read(&first).unwrap();
    fs::copy(&second, &first).unwrap();
    fs::write(&second, bytes).unwrap();
    let (check, detail) = failure(&folder);
    assert!(
        check == "proof" && detail.starts_with(&name(0)),
        "{check}: {detail}"
    );

    // The same shard of the same book, proven for another statement.
    let other = Folder::of(&book(100));
    other.prove(&INSECURE).ends(0);
    let folder = copied();
    fs::copy(proof(&other, 1), proof(&folder, 1)).unwrap();
    let (check, detail) = failure(&folder);
    assert!(
        check == "proof" && detail.starts_with(&name(1)),
        "{check}: {detail}"
    );
    let folder = copied();
    fs::copy(
        other.at("bundle/totals.bin"),
        folder.at("bundle/totals.bin"),
    )
    .unwrap();
    assert_eq!(failure(&folder).0, "totals");
}

#[test]
fn nothing_is_shown_of_a_shard() {
    // Two books of the same totals: money moved from one customer to another.
    let other = Folder::of(&book(42));
    other.prove(&INSECURE).ends(0);
    let read = |folder: &Folder, name: &str| fs::read(folder.at("bundle").join(name)).unwrap();
    for name in ["market.json", "risk.json"] {
        assert_eq!(read(&PROVEN, name), read(&other, name));
    }
    let names = |folder: &Folder| {
        let entries = fs::read_dir(folder.at("bundle")).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| {
                let entry = entry.unwrap();
                (entry.file_name(), entry.metadata().unwrap().len())
            })
            .collect();
        names.sort();
        names
    };
    let of_statement = |(name, _): &(std::ffi::OsString, u64)| name != "statement.json";
    assert!(names(&PROVEN)
        .into_iter()
        .filter(of_statement)
        .eq(names(&other).into_iter().filter(of_statement)));
    let statement = |folder: &Folder| {
        let mut statement: Value = serde_json::from_slice(&read(folder, "statement.json")).unwrap();
        for hidden in ["accounts_root", "counts_digest"] {
            assert!(statement[hidden].is_string());
            statement[hidden] = Value::Null;
        }
        statement
    };
    assert_eq!(statement(&PROVEN), statement(&other));
    // No two commitments or evaluations are the same but what the circuit fixes.
    let (one, two) = (
        read(&PROVEN, "proof-00000.bin"),
        read(&other, "proof-00000.bin"),
    );
    let same = one.chunks(32).zip(two.chunks(32)).filter(|(a, b)| a == b);
    assert_eq!(same.count(), 0);
}

#[test]
fn a_loser_left_out_of_one_shard_shows_in_the_book() {
    let mut forged = book(100);
    forged.drop("short");
    let folder = Folder::of(&forged);
    folder.prove(&INSECURE).ends(0);
    let report = folder.verify(&ALLOWED).ends(1).json();
    assert_eq!(report["verdict"], "unmatched");
    assert_eq!(report["statement"]["contracts"][0]["net"], "1");
}

#[test]
fn the_counts_of_many_shards_are_not_published() {
    let folder = Folder::of(&book(100));
    folder
        .prove_with(&INSECURE, &["--publish-counts"])
        .ends(2)
        .says("--publish-counts");
    assert!(!folder.at("bundle.partial").exists());
}

/// Proves, and kills the run when a file of its work folder appears.
fn kill_at(folder: &Folder, name: &str) {
    kill_with(folder, name, &[]);
}

/// As [`kill_at`], with more options.
pub fn kill_with(folder: &Folder, name: &str, options: &[&str]) {
    let mut run = Command::new(env!("CARGO_BIN_EXE_zkmargin"))
        .arg("prove")
        .arg(folder.at("book"))
        .arg("--params")
        .arg(&*INSECURE)
        .arg("--out")
        .arg(folder.at("bundle"))
        .arg("--records")
        .arg(folder.at("records"))
        .args(options)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while !folder.at("bundle.partial").join(name).exists() {
        assert!(run.try_wait().unwrap().is_none(), "it is still at it");
        sleep(Duration::from_millis(1));
    }
    run.kill().unwrap();
    run.wait().unwrap();
}

#[test]
fn a_run_goes_on_from_the_shards_it_has() {
    let folder = Folder::of(&book(100));
    let partial = |name: &str| folder.at("bundle.partial").join(name);
    kill_at(&folder, "proof-00001.bin");
    assert!(!folder.at("bundle").exists());
    let kept = fs::read(partial("proof-00000.bin")).unwrap();

    // One of the finished ones loses its end, and is made again.
    let whole = fs::read(partial("proof-00001.bin")).unwrap();
    fs::write(partial("proof-00001.bin"), &whole[..whole.len() / 2]).unwrap();
    let ran = folder.prove(&INSECURE).ends(0);
    assert!(
        ran.err
            .contains("proof 0 of the interrupted run holds and is kept"),
        "{}",
        ran.err
    );
    assert!(
        ran.err
            .contains("proof 1 of the interrupted run is discarded"),
        "{}",
        ran.err
    );
    assert_eq!(fs::read(proof(&folder, 0)).unwrap(), kept);
    assert_ne!(fs::read(proof(&folder, 1)).unwrap(), whole);
    folder.verify(&ALLOWED).ends(0);
    assert_eq!(verify_record(&folder, "customer-123", "customer-123"), 0);
}

#[test]
fn a_shard_whose_free_rows_are_lost_is_made_again() {
    let folder = Folder::of(&book(100));
    let partial = |name: &str| folder.at("bundle.partial").join(name);
    kill_at(&folder, "proof-00000.bin");
    let mut free = fs::read(partial("free-00000.bin")).unwrap();
    free[3] ^= 1;
    fs::write(partial("free-00000.bin"), free).unwrap();
    folder
        .prove(&INSECURE)
        .ends(0)
        .says("proof 0 of the interrupted run is discarded and made again: ");
    folder.verify(&ALLOWED).ends(0);
}

/// Arguments of `plan`, `shard` and `assemble` in a folder.
pub fn args<'a>(command: &'a str, folder: &'a Folder, more: &[&'a str]) -> Vec<String> {
    let path = |name: &str| folder.at(name).to_str().unwrap().to_owned();
    let params = INSECURE.to_str().unwrap().to_owned();
    let mut args = vec![command.to_owned()];
    match command {
        "shard" => args.push(path("job")),
        _ => {
            args.extend([path("book"), "--job".into(), path("job")]);
            args.extend(["--out".into(), path("bundle")]);
            args.extend(["--records".into(), path("records")]);
        }
    }
    args.extend(["--params".into(), params]);
    args.extend(more.iter().map(ToString::to_string));
    args
}

#[test]
fn many_machines_prove_a_book() {
    let folder = Folder::of(&book(100));
    let job = |name: &str| folder.at("job").join(name);
    zkmargin(args("plan", &folder, &[])).ends(0);
    // The seed is not in the job, and no customer's name is.
    for entry in fs::read_dir(folder.at("job")).unwrap() {
        let path = entry.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        let named = bytes.windows(9).any(|part| part == b"customer-");
        assert!(!named, "{}", path.display());
        assert_ne!(path.file_name().unwrap(), "seed");
    }
    zkmargin(args("assemble", &folder, &[]))
        .ends(2)
        .says("3 shards are not proven: 0, 1, 2");
    zkmargin(args("shard", &folder, &["--index", "1-2"])).ends(0);
    zkmargin(args("assemble", &folder, &[]))
        .ends(2)
        .says("1 shards are not proven: 0");
    zkmargin(args("shard", &folder, &["--index", "3"]))
        .ends(2)
        .says("there is no shard 3");

    // A worker that was given another input, or one that is damaged.
    let input = fs::read(job("input-00000.bin")).unwrap();
    fs::copy(job("input-00001.bin"), job("input-00000.bin")).unwrap();
    zkmargin(args("shard", &folder, &["--index", "0"]))
        .ends(2)
        .says("not the input that the job was made with");
    assert!(!job("proof-00000.bin").exists());
    fs::write(job("input-00000.bin"), &input).unwrap();

    // Repeated, it proves what is missing and nothing else.
    let made = fs::read(job("proof-00002.bin")).unwrap();
    zkmargin(args("shard", &folder, &["--index", "0-2"])).ends(0);
    assert_eq!(fs::read(job("proof-00002.bin")).unwrap(), made);

    // What a worker returns is verified before it is used.
    let mut forged = made.clone();
    let last = forged.len() - 40;
    forged[last] ^= 1;
    fs::write(job("proof-00002.bin"), &forged).unwrap();
    zkmargin(args("assemble", &folder, &[]))
        .ends(2)
        .says("1 shards are not proven: 2");
    fs::write(job("proof-00002.bin"), &made).unwrap();
    zkmargin(args("assemble", &folder, &[])).ends(0);
    assert!(!folder.at("bundle.partial").exists());
    let report = folder.verify(&ALLOWED).ends(0).json();
    assert_eq!(report["verdict"], "solvent");
    assert_eq!(verify_record(&folder, "customer-321", "customer-321"), 0);
}

#[test]
fn a_job_is_assembled_by_who_planned_it() {
    let folder = Folder::of(&book(100));
    zkmargin(args("plan", &folder, &[])).ends(0);
    fs::rename(folder.at("bundle.partial"), folder.at("away.partial")).unwrap();
    zkmargin(args("assemble", &folder, &[]))
        .ends(2)
        .says("give the same --out as `plan` was given");
    // Another plan of the same book is another job: other places, other salts.
    zkmargin(args("plan", &folder, &[]))
        .ends(2)
        .says("nothing is overwritten");
}
