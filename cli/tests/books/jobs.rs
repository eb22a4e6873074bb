//! Jobs that are signed and opened to an auditor: what `plan` checks, and what `assemble` writes.

use std::fs;
use std::path::Path;

use crate::program::{status, zkmargin, Folder};
use crate::shards::{args, book, ACCOUNTS};
use crate::signatures::{private, PUBLIC, SECRET};

const ALLOWED: &str = "--allow-insecure-setup";

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A book with the venue's keys beside it.
fn keyed() -> Folder {
    let folder = Folder::of(&book(100));
    private(&folder.file("venue.pem", SECRET));
    folder.file("venue.pub", PUBLIC);
    folder
}

fn inspect(path: &Path) -> String {
    zkmargin(["inspect", text(path)]).ends(0).out
}

#[test]
fn a_job_is_signed_and_opened_by_who_assembles_it() {
    let folder = keyed();
    let at = |name: &str| folder.at(name).to_str().unwrap().to_owned();
    let (key, public, secret) = (at("venue.pem"), at("venue.pub"), at("secret.json"));
    let given = ["--sign", key.as_str(), "--audit", &secret];
    zkmargin(args("plan", &folder, &given)).ends(0);
    // Nothing is signed or opened before the bundle stands, and workers are shown neither.
    assert!(!folder.at("secret.json").exists());
    let seed = fs::read_to_string(folder.at("bundle.partial/seed")).unwrap();
    for entry in fs::read_dir(folder.at("job")).unwrap() {
        let path = entry.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        let shows = bytes.windows(64).any(|part| part == seed.trim().as_bytes());
        assert!(!shows, "{}", path.display());
        assert_ne!(path.file_name().unwrap(), "statement.sig");
    }
    zkmargin(args("shard", &folder, &["--index", "0-2"])).ends(0);
    let ran = zkmargin(args("assemble", &folder, &given)).ends(0);
    assert!(
        ran.err.contains("opens the bundle to an auditor"),
        "{}",
        ran.err
    );

    let report = folder
        .verify(&[ALLOWED, "--venue-key", &public])
        .ends(0)
        .json();
    assert_eq!(status(&report, "signature"), "pass");
    let records = at("records");
    let record = zkmargin(["record", "--records", &records, "--account", "long"]).ends(0);
    let record = folder.file("long.json", &record.out);
    let bundle = at("bundle");
    let checked = zkmargin([
        "verify-record",
        text(&record),
        &bundle,
        "--identity",
        "long",
        ALLOWED,
        "--json",
        "--venue-key",
        &public,
    ])
    .ends(0)
    .json();
    assert_eq!(checked["signature"], "pass");
    for part in ["bundle_s", "digests_s", "record_s"] {
        assert!(checked["timing"][part].as_f64().unwrap() > 0.0, "{part}");
    }
    // A customer waits for the bundle, not for their own record.
    assert!(checked["timing"]["record_s"].as_f64().unwrap() < 0.1);

    let (pack, draw) = (at("pack.json"), "5e".repeat(32));
    let drawn = ["--sample-seed", draw.as_str(), "--sample", "20"];
    let opened = [
        "auditor-pack",
        &at("book"),
        &bundle,
        "--secret",
        &secret,
        "--out",
        &pack,
    ];
    zkmargin([&opened[..], &drawn].concat()).ends(0);
    let audit = ["audit", &pack, &bundle, ALLOWED, "--json"];
    let report = zkmargin([&audit[..], &drawn].concat()).ends(0).json();
    assert_eq!(report["audit"]["valid"], true);
    assert_eq!(report["audit"]["counts"]["accounts"], ACCOUNTS + 2);

    // What each of these files is.
    let shown = inspect(&folder.at("bundle"));
    let signature = fs::read_to_string(folder.at("bundle/statement.sig")).unwrap();
    assert!(
        shown.contains("statement.sig: the venue's signature"),
        "{shown}"
    );
    assert!(shown.contains(signature.trim()), "{shown}");
    assert!(inspect(&folder.at("bundle/statement.sig")).contains(signature.trim()));
    let shown = inspect(&folder.at("pack.json"));
    for part in [
        "an auditor's pack, private",
        "shards                 3\n",
        "accounts               502\n",
        "slots of the sample    20\n",
        &draw,
    ] {
        assert!(shown.contains(part), "{part} in {shown}");
    }
    assert!(!shown.contains("customer-"), "{shown}");
    let shown = inspect(&record);
    for part in ["an inclusion record", "long", "by the venue"] {
        assert!(shown.contains(part), "{part} in {shown}");
    }
    let shown = inspect(&folder.at("secret.json"));
    assert!(shown.contains("what opens a bundle"), "{shown}");
    assert!(!shown.contains(seed.trim()), "{shown}");
    // A pack that is none, and a signature of another length.
    let damaged = folder.file("damaged.json", "{ \"openings\": [] }");
    zkmargin(["inspect", text(&damaged)]).ends(2);
    let cut = folder.file("cut.sig", &signature[2..]);
    zkmargin(["inspect", text(&cut)]).ends(2);
}

#[test]
fn a_job_assembled_without_a_key_is_not_signed() {
    let folder = keyed();
    let key = folder.at("venue.pem");
    zkmargin(args("plan", &folder, &["--sign", text(&key)])).ends(0);
    zkmargin(args("shard", &folder, &["--index", "0-2"])).ends(0);
    zkmargin(args("assemble", &folder, &[])).ends(0);
    assert!(!folder.at("bundle/statement.sig").exists());
    folder
        .verify(&[ALLOWED, "--venue-key", text(&folder.at("venue.pub"))])
        .ends(1)
        .says("no statement.sig");
}

#[test]
fn a_plan_stops_at_a_key_or_a_place_that_cannot_be_used() {
    let folder = keyed();
    let at = |name: &str| folder.at(name).to_str().unwrap().to_owned();
    let refused = |options: &[&str], why: &str| {
        zkmargin(args("plan", &folder, options)).ends(2).says(why);
        for made in ["job", "bundle", "records"] {
            assert!(!folder.at(made).exists(), "{made}");
        }
    };
    refused(&["--sign", &at("venue.pub")], "PKCS#8");
    refused(&["--sign", &at("missing.pem")], "missing.pem");
    for place in ["job", "bundle", "records", "bundle.partial"] {
        let secret = at(&format!("{place}/secret.json"));
        refused(
            &["--audit", &secret],
            "is published or given away or removed",
        );
    }
    refused(
        &["--audit", &at("book/market.json")],
        "nothing is overwritten",
    );
    // Whoever assembles is refused the same, with all shards proven.
    zkmargin(args("plan", &folder, &["--restart"])).ends(0);
    zkmargin(args("shard", &folder, &["--index", "0-2"])).ends(0);
    let secret = at("job/secret.json");
    zkmargin(args("assemble", &folder, &["--audit", &secret]))
        .ends(2)
        .says("is published or given away or removed");
    assert!(!folder.at("bundle").exists());
}
