//! A venue that signs: its keys as other programs write them, and what a customer keeps.

use std::fs;
use std::path::{Path, PathBuf};

use crate::book::Book;
use crate::program::{status, zkmargin, Folder, Ran, INSECURE};

/// As `openssl genpkey -algorithm ed25519` and `openssl pkey -pubout` wrote them.
pub const SECRET: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIFUItcrIrlemppMHvCNxDmXi2IKUc+SJb8fQNVdJLeas
-----END PRIVATE KEY-----
";
pub const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAxuk1VNQr3Xfa9kh3F7LF6fbmz+0j9Kpm9TalWVCbSKQ=
-----END PUBLIC KEY-----
";
/// The public key of another pair.
const OTHER: &str = "-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAojRPmNXkEhnQBTNOJLy+NRBKKq32SCJfpKdEDtekh8Q=
-----END PUBLIC KEY-----
";

fn book() -> Book {
    Book::new(&[
        "long,cross,USDT,100000,",
        "long,cross,BTC-PERP,1,50000",
        "short,cross,USDT,100000,",
        "short,cross,BTC-PERP,-1,50000",
    ])
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The book, proven and signed; both public keys are beside it.
fn signed() -> Folder {
    let folder = Folder::of(&book());
    let secret = folder.file("venue.pem", SECRET);
    folder.file("venue.pub", PUBLIC);
    folder.file("other.pub", OTHER);
    private(&secret);
    let ran = folder
        .prove_with(&INSECURE, &["--sign", text(&secret)])
        .ends(0);
    assert!(!ran.err.contains("warning"), "{}", ran.err);
    folder
}

#[cfg(unix)]
fn private(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

#[cfg(not(unix))]
fn private(_path: &Path) {}

fn verify(folder: &Folder, key: &str) -> Ran {
    let key = folder.at(key);
    folder.verify(&["--allow-insecure-setup", "--venue-key", text(&key)])
}

fn record_of_long(folder: &Folder) -> PathBuf {
    let records = folder.at("records");
    let record = zkmargin(["record", "--records", text(&records), "--account", "long"]);
    folder.file("long.json", &record.ends(0).out)
}

fn verify_record(folder: &Folder, record: &Path, bundle: &Path, key: &str) -> Ran {
    let key = folder.at(key);
    zkmargin([
        "verify-record",
        text(record),
        text(bundle),
        "--identity",
        "long",
        "--allow-insecure-setup",
        "--json",
        "--venue-key",
        text(&key),
    ])
}

#[test]
fn a_signed_bundle_and_its_records_name_the_venue() {
    let folder = signed();
    let report = verify(&folder, "venue.pub").ends(0).json();
    assert_eq!(status(&report, "signature"), "pass");
    let report = folder.verify(&["--allow-insecure-setup"]).ends(0).json();
    assert_eq!(status(&report, "signature"), "not_performed");
    let ran = verify(&folder, "other.pub").ends(1).says("signature");
    assert_eq!(status(&ran.json(), "signature"), "fail");
    verify(&folder, "venue.pem")
        .ends(2)
        .says("not a public key");

    let record = record_of_long(&folder);
    let ran = verify_record(&folder, &record, &folder.at("bundle"), "venue.pub").ends(0);
    assert_eq!(ran.json()["signature"], "pass");
    verify_record(&folder, &record, &folder.at("bundle"), "other.pub")
        .ends(1)
        .says("the record's signature");

    // The venue puts another bundle in the place of the first: the record still shows what it signed.
    let replaced = Folder::of(&book());
    replaced.prove(&INSECURE).ends(0);
    verify_record(&folder, &record, &replaced.at("bundle"), "venue.pub")
        .ends(1)
        .says("the venue's signature in the record holds");

    fs::remove_file(folder.at("bundle").join("statement.sig")).unwrap();
    verify(&folder, "venue.pub")
        .ends(1)
        .says("no statement.sig");
}

#[test]
fn an_unsigned_bundle_is_not_the_venue_s() {
    let folder = Folder::of(&book());
    folder.prove(&INSECURE).ends(0);
    folder.file("venue.pub", PUBLIC);
    verify(&folder, "venue.pub")
        .ends(1)
        .says("no statement.sig");
    let record = record_of_long(&folder);
    assert!(!fs::read_to_string(&record).unwrap().contains("signature"));
    verify_record(&folder, &record, &folder.at("bundle"), "venue.pub")
        .ends(1)
        .says("the record has no signature");
}

#[test]
fn a_key_that_cannot_sign_stops_before_anything_is_done() {
    let folder = Folder::of(&book());
    let key = folder.file("venue.pem", PUBLIC);
    folder
        .prove_with(&INSECURE, &["--sign", text(&key)])
        .ends(2)
        .says("PKCS#8");
    assert!(!folder.at("bundle.partial").exists());
    let missing = folder.at("missing.pem");
    folder
        .prove_with(&INSECURE, &["--sign", text(&missing)])
        .ends(2);
}

#[cfg(unix)]
#[test]
fn a_key_that_others_may_read_is_warned_of() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::of(&book());
    let key = folder.file("venue.pem", SECRET);
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    // Whatever comes after the warning.
    folder
        .prove_with(&folder.at("no-parameters"), &["--sign", text(&key)])
        .says("warning: others than its owner may read");
}
