//! Jobs that are encrypted for their workers: what each can read, and what is refused.

use std::fs;
use std::path::PathBuf;

use age::secrecy::ExposeSecret;
use age::x25519;
use serde_json::Value;
use url::Url;

use crate::book::Book;
use crate::program::{zkmargin, zkmargin_where, Folder, INSECURE};

/// A book of three proofs of the smallest shape.
fn book() -> Book {
    let mut book = Book::new(&[]);
    let rows: Vec<String> = (0..500)
        .map(|i| format!("customer-{i:03},cross,USDT,{},", 100 + i))
        .collect();
    book.add(&rows.iter().map(String::as_str).collect::<Vec<_>>());
    book
}

/// A worker's key: its file, and its recipient.
fn worker(folder: &Folder, name: &str) -> (String, String) {
    let key = x25519::Identity::generate();
    let path = folder.file(name, key.to_string().expose_secret());
    (text(path), key.to_public().to_string())
}

fn text(path: PathBuf) -> String {
    path.into_os_string().into_string().unwrap()
}

/// Arguments of a command on the book and the job at `job`.
fn args(command: &str, folder: &Folder, job: &str, more: &[&str]) -> Vec<String> {
    let path = |name: &str| text(folder.at(name));
    let mut args = vec![command.to_owned()];
    match command {
        "shard" => args.push(job.to_owned()),
        _ => {
            args.extend([path("book"), "--job".into(), job.to_owned()]);
            args.extend(["--out".into(), path("bundle")]);
            args.extend(["--records".into(), path("records")]);
        }
    }
    args.extend(["--params".into(), text(INSECURE.clone())]);
    args.extend(more.iter().map(ToString::to_string));
    args
}

#[test]
fn workers_read_their_shards_and_who_planned_assembles() {
    let folder = Folder::of(&book());
    let (first, one) = worker(&folder, "first.key");
    let (second, two) = worker(&folder, "second.key");
    let (every, all) = worker(&folder, "every.key");
    let (stranger, _) = worker(&folder, "stranger.key");
    let listed = folder.file("recipients", &format!("# for all shards\n{all}\n"));
    let job = Url::from_file_path(folder.at("job")).unwrap().to_string();
    let at = |name: &str| folder.at("job").join(name);
    let shard = |index: &str, key: &str| {
        let more = ["--index", index, "--identity", key];
        zkmargin(args("shard", &folder, &job, &more))
    };

    let (one, two) = (format!("0={one}"), format!("1-2={two}"));
    let listed = text(listed);
    let options = ["--recipient", &one, "--recipient", &two];
    let options = [&options[..], &["--recipients-file", &listed]].concat();
    zkmargin(args("plan", &folder, &job, &options)).ends(0);
    let mut names: Vec<String> = fs::read_dir(folder.at("job"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(
        names,
        [
            "input-00000.bin.age",
            "input-00001.bin.age",
            "input-00002.bin.age",
            "job.json",
            "market.json",
            "risk.json.age",
            "statement.json"
        ]
    );
    // The same plan in the plain would stay beside it.
    zkmargin(args("plan", &folder, &job, &["--plain"]))
        .ends(2)
        .says("is there encrypted");

    // Without a key, with somebody else's, and with one that reads other shards.
    zkmargin(args("shard", &folder, &job, &["--index", "0"]))
        .ends(2)
        .says("give --identity");
    shard("0", &stranger)
        .ends(2)
        .says("risk.json.age is encrypted for others than this key");
    shard("1", &first)
        .ends(2)
        .says("input-00001.bin.age is encrypted for others than this key");
    assert!(!at("proof-00001.bin").exists());
    shard("0", &first).ends(0);
    shard("1", &second).ends(0);

    // One input in the place of another, and one that is damaged.
    let input = fs::read(at("input-00002.bin.age")).unwrap();
    fs::copy(at("input-00001.bin.age"), at("input-00002.bin.age")).unwrap();
    shard("2", &every)
        .ends(2)
        .says("input-00002.bin.age: it is not the input that the job was made with");
    let mut tampered = input.clone();
    let middle = tampered.len() / 2;
    tampered[middle] ^= 1;
    fs::write(at("input-00002.bin.age"), tampered).unwrap();
    shard("2", &every)
        .ends(2)
        .says("input-00002.bin.age: it is not what was encrypted");
    fs::write(at("input-00002.bin.age"), input).unwrap();

    // Who can write to the store cannot have the free rows encrypted for another.
    let planned = fs::read_to_string(at("job.json")).unwrap();
    let parsed: Value = serde_json::from_str(&planned).unwrap();
    let assembler = parsed["assembler"].as_str().unwrap();
    let (_, another) = worker(&folder, "another.key");
    fs::write(at("job.json"), planned.replace(assembler, &another)).unwrap();
    shard("2", &every)
        .ends(2)
        .says("its assembler is not the one that the input was encrypted with");
    zkmargin(args("assemble", &folder, &job, &[]))
        .ends(2)
        .says("give the same --out as `plan` was given");
    fs::write(at("job.json"), planned).unwrap();
    shard("2", &every).ends(0);

    // Free rows that are damaged are as if there were none.
    let kept = fs::read(at("proof-00001.bin")).unwrap();
    let mut rows = fs::read(at("free-00001.sealed")).unwrap();
    rows.pop();
    fs::write(at("free-00001.sealed"), rows).unwrap();
    zkmargin(args("assemble", &folder, &job, &[]))
        .ends(2)
        .says("1 shards are not proven: 1");
    shard("1-2", &every)
        .ends(0)
        .says("shard 2 of 3: was proven already");
    assert_ne!(fs::read(at("proof-00001.bin")).unwrap(), kept);
    assert!(!at("free-00001.bin").exists());

    zkmargin(args("assemble", &folder, &job, &[])).ends(0);
    let report = folder.verify(&["--allow-insecure-setup"]).ends(0).json();
    assert_eq!(report["verdict"], "solvent");
}

#[test]
fn nothing_private_goes_to_a_store_in_the_plain_unless_told() {
    let folder = Folder::of(&book());
    zkmargin(args("plan", &folder, "s3://bucket/job", &[]))
        .ends(2)
        .says("give --recipient with the age key of the worker, or --plain");
    assert!(!folder.at("bundle.partial").exists());
    zkmargin(args("plan", &folder, "ftp://host/job", &["--plain"]))
        .ends(2)
        .says("s3://BUCKET/PREFIX");
    zkmargin(args("plan", &folder, "job", &["--recipient", "age1nobody"]))
        .ends(2)
        .says("age-keygen");
    let empty = text(folder.file("empty", "# nobody\n"));
    zkmargin(args("plan", &folder, "job", &["--recipients-file", &empty]))
        .ends(2)
        .says("name no recipient");
}

#[test]
fn a_scheduler_says_which_shard() {
    let folder = Folder::of(&book());
    let job = text(folder.at("job"));
    zkmargin(args("plan", &folder, &job, &[])).ends(0);
    let shard = args("shard", &folder, &job, &[]);
    zkmargin(&shard).ends(2).says("JOB_COMPLETION_INDEX");
    zkmargin_where(&[("JOB_COMPLETION_INDEX", "2")], &shard).ends(0);
    assert!(folder.at("job/proof-00002.bin").exists());
    assert!(!folder.at("job/proof-00000.bin").exists());
    zkmargin_where(&[("JOB_COMPLETION_INDEX", "3")], &shard)
        .ends(2)
        .says("there is no shard 3");
}
