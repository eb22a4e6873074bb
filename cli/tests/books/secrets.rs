//! Nothing private is said or published: a book of marked secrets through every command that makes or
//! reads what is public, when all goes well and when it does not.
//!
//! Public is what a bundle holds, with the names of its files, and whatever the program prints while
//! it proves and verifies, for that ends in the logs of machines. Secret are ids of accounts, names of
//! pools, amounts, the seed, salts, and what a guess of an id could be tested with: the element of its
//! identity and the name of its record. The one exception is an error about a row of the operator's
//! own input: it may name the account and the value of that very row, and no other.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use serde_json::Value;
use zkmargin_circuits::field::to_hex;
use zkmargin_circuits::leaf::identity;
use zkmargin_prover::records::record_path;

use crate::book::Book;
use crate::program::{zkmargin, Folder, Ran, INSECURE};

const ALLOWED: &str = "--allow-insecure-setup";

/// Digits of amounts that stand nowhere else.
const AMOUNTS: [&str; 6] = [
    "735192468.13579241",
    "418726351.90817263",
    "926417358.24681357",
    "573918264.71829364",
    "864209753.15926535",
    "297531864.48261937",
];

fn account(i: usize) -> String {
    format!("zq-secret-account-{i}@example")
}

/// Six accounts whose names, pools and amounts are marks. Two of them owe more than they have.
fn book() -> Book {
    let mut book = Book::new(&[]);
    let pool = "zq-secret-pool";
    let mut rows = Vec::new();
    for (i, amount) in AMOUNTS.iter().enumerate() {
        let owed = if i >= 4 { "-" } else { "" };
        rows.push(format!("{},{pool},USDT,{owed}{amount},", account(i)));
        rows.push(format!("{},{pool},TOK,1{i}.25,", account(i)));
    }
    for (i, side) in [(0, ""), (1, "-")] {
        let price = "50123.45671";
        let row = format!("{},{pool},BTC-PERP,{side}1.707,{price}", account(i));
        rows.push(row);
    }
    book.add(&rows.iter().map(String::as_str).collect::<Vec<_>>());
    book
}

/// What must not be seen, by what it is.
#[derive(Default)]
struct Secrets(BTreeMap<String, Vec<Vec<u8>>>);

impl Secrets {
    fn add(&mut self, what: impl Into<String>, bytes: impl Into<Vec<u8>>) {
        let bytes = bytes.into();
        assert!(bytes.len() > 7);
        self.0.entry(what.into()).or_default().push(bytes);
    }

    /// An element or a seed: as hex digits and as bytes, in both orders.
    fn add_bytes(&mut self, what: &str, digits: &str) {
        let mut bytes = hex::decode(digits).unwrap();
        self.add(what, digits);
        self.add(what, digits.to_uppercase());
        self.add(what, bytes.clone());
        bytes.reverse();
        self.add(what, hex::encode(&bytes));
        self.add(what, bytes);
    }

    /// What is known of the book before it is proven.
    fn of_book() -> Self {
        let mut secrets = Self::default();
        secrets.add("pool", "zq-secret-pool");
        for (i, amount) in AMOUNTS.iter().enumerate() {
            let what = format!("account {i}");
            let (whole, part) = amount.split_once('.').unwrap();
            secrets.add(&what, account(i));
            secrets.add(&what, whole);
            let units: i128 = format!("{whole}{part}").parse().unwrap();
            secrets.add(&what, units.to_string());
            secrets.add(&what, units.to_le_bytes()[..8].to_vec());
            secrets.add(&what, units.to_be_bytes()[8..].to_vec());
            secrets.add_bytes(&what, &to_hex(&identity(&account(i))));
            let record = record_path(Path::new(""), &account(i));
            let name = record.file_stem().unwrap().to_str().unwrap();
            secrets.add(&what, name);
            secrets.add(&what, &name[..16]);
        }
        secrets
    }

    /// And of what was drawn for it, from its records and the file that opens it.
    fn drawn(mut self, folder: &Folder) -> Self {
        let secret: Value =
            serde_json::from_slice(&fs::read(folder.at("audit.json")).unwrap()).unwrap();
        self.add_bytes("seed", secret["seed"].as_str().unwrap());
        for i in 0..AMOUNTS.len() {
            let path = record_path(&folder.at("records"), &account(i));
            let record: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
            for salt in record["salts"].as_array().unwrap() {
                self.add_bytes(&format!("salt of {i}"), salt.as_str().unwrap());
            }
        }
        self
    }

    /// Without those of an account.
    fn but_of(mut self, i: usize) -> Self {
        self.0.remove(&format!("account {i}"));
        self.0.remove("pool");
        self
    }

    #[track_caller]
    fn not_in(&self, place: &str, bytes: &[u8]) {
        for (what, secrets) in &self.0 {
            for secret in secrets {
                assert!(
                    !bytes.windows(secret.len()).any(|window| window == secret),
                    "{what} in {place}: {:?}",
                    String::from_utf8_lossy(secret)
                );
            }
        }
    }

    #[track_caller]
    fn not_said(&self, ran: &Ran) {
        self.not_in("standard output", ran.out.as_bytes());
        self.not_in("standard error", ran.err.as_bytes());
        assert!(!ran.err.contains("panicked"), "{}", ran.err);
    }

    /// Neither in files nor in their names.
    #[track_caller]
    fn not_under(&self, folder: &Path) {
        let mut files = 0;
        let mut folders = vec![folder.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                self.not_in(
                    "a file's name",
                    path.file_name().unwrap().as_encoded_bytes(),
                );
                if path.is_dir() {
                    folders.push(path);
                } else {
                    self.not_in(path.to_str().unwrap(), &fs::read(&path).unwrap());
                    files += 1;
                }
            }
        }
        assert!(files > 2);
    }
}

/// Runs a command over the book, its bundle and its records.
fn run(folder: &Folder, command: &str, more: &[&str]) -> Ran {
    let mut args = vec![command.to_owned()];
    let path = |name: &str| folder.at(name).to_str().unwrap().to_owned();
    if command == "shard" {
        args.push(path("job"));
    } else {
        args.push(path("book"));
        for (option, name) in [("--out", "bundle"), ("--records", "records")] {
            args.extend([option.to_owned(), path(name)]);
        }
        args.extend(["--audit".to_owned(), path("audit.json")]);
    }
    if matches!(command, "plan" | "assemble") {
        args.extend(["--job".to_owned(), path("job")]);
    }
    args.extend(["--params".to_owned(), INSECURE.to_str().unwrap().to_owned()]);
    args.extend(more.iter().map(ToString::to_string));
    zkmargin(args)
}

fn on_bundle(folder: &Folder, command: &str, more: &[&str]) -> Ran {
    let bundle = folder.at("bundle");
    let mut args = vec![OsStr::new(command), bundle.as_os_str()];
    args.extend(more.iter().map(OsStr::new));
    zkmargin(args)
}

#[test]
fn the_marks_are_found_where_they_are() {
    // What looks for secrets sees them in the records and in the snapshot.
    let folder = Folder::of(&book());
    run(&folder, "prove", &[]).ends(0);
    let secrets = Secrets::of_book().drawn(&folder);
    let accounts = fs::read(folder.at("book/accounts.csv")).unwrap();
    let record = fs::read(record_path(&folder.at("records"), &account(2))).unwrap();
    let seen = |what: &str, bytes: &[u8]| {
        let mut secrets = secrets.0[what].iter();
        secrets.any(|secret| bytes.windows(secret.len()).any(|window| window == secret))
    };
    for i in 0..AMOUNTS.len() {
        assert!(seen(&format!("account {i}"), &accounts), "{i}");
    }
    assert!(seen("pool", &accounts));
    assert!(
        seen("account 2", &record) && seen("salt of 2", &record) && !seen("account 3", &record)
    );
    assert!(seen("seed", &fs::read(folder.at("audit.json")).unwrap()));
    secrets.not_under(&folder.at("bundle"));
}

#[test]
fn proving_and_verifying_say_nothing_of_an_account() {
    for options in [&[][..], &["--json"]] {
        let folder = Folder::of(&book());
        let proved = run(&folder, "prove", options).ends(0);
        let secrets = Secrets::of_book().drawn(&folder);
        secrets.not_said(&proved);
        secrets.not_under(&folder.at("bundle"));
        for ran in [
            on_bundle(&folder, "verify", &[options, &[ALLOWED]].concat()),
            on_bundle(&folder, "inspect", &[]),
        ] {
            assert!(ran.code < 2, "{}", ran.err);
            secrets.not_said(&ran);
        }
        // The place of the bundle is taken.
        secrets.not_said(&run(&folder, "prove", options).ends(2));
    }
}

#[test]
fn machines_that_prove_shards_say_and_learn_no_names() {
    let folder = Folder::of(&book());
    let mut said = vec![run(&folder, "plan", &[]).ends(0)];
    let names = || {
        let mut names = Secrets::default();
        names.add("pool", "zq-secret-pool");
        (0..AMOUNTS.len()).for_each(|i| names.add("account", account(i)));
        names
    };
    names().not_under(&folder.at("job"));
    names().not_under(&folder.at("bundle.partial"));
    let seed = fs::read_to_string(folder.at("bundle.partial/seed")).unwrap();
    let mut private = Secrets::default();
    private.add_bytes("seed", seed.trim_end());
    private.not_under(&folder.at("job"));

    // Damage, and what is said of it.
    let input = folder.at("job/input-00000.bin");
    let good = fs::read(&input).unwrap();
    let mut bad = good.clone();
    bad[good.len() / 2] ^= 1;
    fs::write(&input, &bad).unwrap();
    let damaged = run(&folder, "shard", &["--index", "0"]);
    assert_ne!(damaged.code, 0);
    said.push(damaged);
    fs::write(&input, &good).unwrap();
    let missing = run(&folder, "assemble", &[]);
    assert_ne!(missing.code, 0);
    said.push(missing);
    said.push(run(&folder, "shard", &["--index", "0", "--json"]).ends(0));
    said.push(run(&folder, "assemble", &["--json"]).ends(0));

    let secrets = Secrets::of_book().drawn(&folder);
    said.iter().for_each(|ran| secrets.not_said(ran));
    secrets.not_under(&folder.at("bundle"));
}

#[test]
fn a_run_that_goes_on_or_cannot_says_nothing_of_an_account() {
    let folder = Folder::of(&book());
    // What `plan` leaves is an interrupted run: it has its seed and its statement.
    let mut said = vec![run(&folder, "plan", &[]).ends(0)];
    let seed = folder.at("bundle.partial/seed");
    let good = fs::read(&seed).unwrap();
    let accounts = folder.at("book/accounts.csv");
    let book = fs::read_to_string(&accounts).unwrap();

    fs::write(&seed, &good[..40]).unwrap();
    said.push(run(&folder, "prove", &[]).ends(2).says("seed"));
    fs::write(&seed, &good).unwrap();
    fs::write(&accounts, book.replace("12.25", "12.26")).unwrap();
    said.push(
        run(&folder, "prove", &["--json"])
            .ends(2)
            .says("accounts.csv has changed"),
    );
    fs::write(&accounts, &book).unwrap();
    let key = folder.file("key.pem", "zq-secret-key of nobody");
    let sign = ["--sign", key.to_str().unwrap()];
    said.push(run(&folder, "prove", &sign).ends(2));
    let resumed = run(&folder, "prove", &["--json"]).ends(0);
    said.push(resumed.says("going on with an interrupted run"));

    let mut secrets = Secrets::of_book().drawn(&folder);
    secrets.add("key", "zq-secret-key");
    secrets.add_bytes("seed", std::str::from_utf8(&good).unwrap().trim_end());
    said.iter().for_each(|ran| secrets.not_said(ran));
    secrets.not_under(&folder.at("bundle"));

    // A bundle that does not hold is no more talkative.
    let proof = folder.at("bundle/proof-00000.bin");
    let mut bytes = fs::read(&proof).unwrap();
    bytes[100] ^= 1;
    fs::write(&proof, bytes).unwrap();
    for options in [&[ALLOWED][..], &[ALLOWED, "--json"]] {
        secrets.not_said(&on_bundle(&folder, "verify", options).ends(1));
    }
}

#[test]
fn an_error_about_a_row_names_no_other_account() {
    // An amount that is none, one beyond all ranges, a symbol that is none, a row that is there twice.
    for row in [
        "USDT,12x,",
        "USDT,1e30,",
        "USDT,99999999999999999999999,",
        "zq-no-symbol,1,",
        "TOK,12.25,",
    ] {
        let mut book = book();
        let row = format!("{},zq-secret-pool,{row}", account(2));
        book.add(&[&row]);
        let folder = Folder::of(&book);
        for options in [&[][..], &["--json"]] {
            let ran = run(&folder, "prove", options).ends(2).says("accounts.csv");
            Secrets::of_book().but_of(2).not_said(&ran);
            assert!(!folder.at("bundle").exists());
            assert!(!folder.at("records").exists());
        }
    }
}
