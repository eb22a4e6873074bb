//! Who signed a statement, and who did not.

use ed25519_dalek::{Signer, SigningKey};
use zkmargin_circuits::statement::{context_digest, Digest};
use zkmargin_verifier::bundle::{verify_with, Bundle, Options};
use zkmargin_verifier::record::{verify_record, verify_signature, Record, RecordError};
use zkmargin_verifier::report::{Check, CheckName, Report, Status};
use zkmargin_verifier::signature::{message, Signature, SignatureError, VenueKey};

use crate::fixture::{insecure, published, Published, RISK};
use crate::stub::Stub;

fn secret(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn public(seed: u8) -> VenueKey {
    VenueKey::from_bytes(&secret(seed).verifying_key().to_bytes()).unwrap()
}

fn signed(seed: u8, statement: &[u8]) -> Signature {
    let message = message(&Digest(context_digest(statement)));
    Signature(secret(seed).sign(&message).to_bytes())
}

/// The example, signed by the key of a seed.
fn bundle(seed: u8) -> Bundle {
    let mut bundle = published().bundle.clone();
    bundle.signature = Some(signed(seed, &bundle.statement).to_file());
    bundle
}

fn verified(bundle: &Bundle, key: Option<VenueKey>) -> (Report, Check) {
    let options = Options {
        venue_key: key,
        ..published().options()
    };
    let report = verify_with::<Stub>(bundle, &options, &mut |_| ()).unwrap();
    let check = report
        .checks
        .iter()
        .find(|check| check.name == CheckName::Signature);
    (report.clone(), check.unwrap().clone())
}

#[track_caller]
fn rejects(bundle: &Bundle, why: &str) {
    let (report, check) = verified(bundle, Some(public(1)));
    assert_eq!(check.status, Status::Fail);
    assert!(check.detail.contains(why), "{}", check.detail);
    assert!(!report.valid && !report.is_good());
    // What is proven is proven all the same.
    assert!(report.verdict.is_some());
}

#[test]
fn accepts_the_venue_s_signature() {
    let (report, check) = verified(&bundle(1), Some(public(1)));
    assert!(report.is_good(), "{:?}", report.failure());
    assert_eq!(check.status, Status::Pass);
    assert!(check.detail.contains(&public(1).to_string()));
}

#[test]
fn says_when_nobody_looked() {
    for (bundle, why) in [
        (bundle(1), "--venue-key"),
        (published().bundle.clone(), "no signature"),
    ] {
        let (report, check) = verified(&bundle, None);
        assert!(report.is_good());
        assert_eq!(check.status, Status::NotPerformed);
        assert!(check.detail.contains(why), "{}", check.detail);
        let said = report.qualifications.join("; ");
        assert!(said.contains("not performed: signature"), "{said}");
    }
}

#[test]
fn rejects_forged_signatures() {
    rejects(&published().bundle, "the bundle has no statement.sig");
    rejects(&bundle(2), "not this key's signature of this statement");
    // Of another statement.
    let next = Published::new(insecure(), RISK, |statement| statement.epoch += 1);
    let mut moved = bundle(1);
    moved.signature = Some(signed(1, &next.bundle.statement).to_file());
    rejects(&moved, "not this key's signature of this statement");
    let good = bundle(1).signature.unwrap();
    for place in 0..good.len() {
        let mut changed = bundle(1);
        changed.signature.as_mut().unwrap()[place] ^= 1;
        rejects(&changed, "statement.sig: ");
    }
    for file in [&good[..good.len() - 1], b"", b"\n"] {
        let mut cut = bundle(1);
        cut.signature = Some(file.to_vec());
        rejects(&cut, "128 lower-case hex digits");
    }
}

#[test]
fn a_signature_is_looked_at_even_where_the_proof_does_not_hold() {
    let mut bundle = bundle(1);
    bundle.proofs.clear();
    let (report, check) = verified(&bundle, Some(public(1)));
    assert_eq!(report.verdict, None);
    assert_eq!(check.status, Status::Pass);
    assert_eq!(report.failure().unwrap().name, CheckName::Proof);
}

#[test]
fn a_record_carries_its_own_evidence() {
    let statement = &published().bundle.statement;
    let mut record = published().records[0].clone();
    let checked = |record: &Record, seed| verify_signature(&record.to_bytes(), &public(seed));
    assert_eq!(checked(&record, 1), Err(RecordError::Unsigned));
    record.signature = Some(signed(1, statement));
    assert_eq!(Record::parse(&record.to_bytes()), Ok(record.clone()));
    assert_eq!(checked(&record, 1), Ok(record.statement));
    let (report, _) = verified(&bundle(1), Some(public(1)));
    let asked = |record: &Record| verify_record(&record.to_bytes(), "alice@example", &report);
    asked(&record).unwrap();

    let forged = Err(RecordError::Signature(SignatureError::False));
    assert_eq!(checked(&record, 2), forged);
    let mut other = record.clone();
    other.statement.0[0] ^= 1;
    assert_eq!(checked(&other, 1), forged);
    let text = String::from_utf8(record.to_bytes()).unwrap();
    let digits = signed(1, statement).to_string();
    for wrong in [digits.to_uppercase(), digits[1..].to_owned(), String::new()] {
        let bytes = text.replace(&digits, &wrong);
        let checked = verify_signature(bytes.as_bytes(), &public(1));
        assert!(matches!(checked, Err(RecordError::Malformed(_))), "{wrong}");
    }
}
