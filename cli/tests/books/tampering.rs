//! A proven bundle and its records, changed in every place.
//!
//! What reaches the proof check takes a proof's verification each: of the model, whose check ends
//! nothing, and of the proof not every byte is changed here. `verifier/tests/bundle` changes every byte of the
//! model around a smaller circuit, and `cargo run --release --example tamper -- BUNDLE RECORDS` every
//! byte of any bundle.

use std::fs;
use std::path::Path;

use zkmargin_tests::tamper::{
    bytes, elements, fields, figures, json, odd, read_bundle, read_records, records, signature,
    File, Swept, ALLOWED,
};
use zkmargin_verifier::bundle::{verify, Bundle, Options};
use zkmargin_verifier::signature::VenueKey;

use crate::program::{Folder, INSECURE};
use crate::signatures::{PUBLIC, SECRET};

#[track_caller]
fn none_accepted(swept: &Swept) {
    assert!(swept.wrong.is_empty(), "{:#?}", swept.wrong);
}

#[test]
fn refuses_every_change_of_a_bundle_and_its_records() {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/tiny-book");
    let folder = Folder::copy(&fixture);
    folder.prove_with(&INSECURE, &["--publish-counts"]).ends(0);
    let bundle = read_bundle(&folder.at("bundle")).unwrap();
    let options = Options {
        allow_insecure_setup: true,
        ..Options::default()
    };
    let report = verify(&bundle, &options, &mut |_| ()).unwrap();
    assert!(report.is_good(), "{:?}", report.failure());

    let all = usize::MAX;
    for (file, most, check) in [
        (File::Statement, all, "proof"),
        (File::Market, all, "market"),
        (File::Risk, 250, "model"),
        (File::Totals, 250, "totals"),
        (File::Proof(0), 250, "proof"),
    ] {
        let swept = bytes(&bundle, &options, file, most);
        none_accepted(&swept);
        assert!(swept.refused_by(check) > 50, "{:?}", swept.refused);
    }
    let swept = elements(&bundle, &options, File::Proof(0), 30);
    none_accepted(&swept);
    assert_eq!(swept.refused_by("proof"), swept.tried());
    let swept = elements(&bundle, &options, File::Totals, 30);
    none_accepted(&swept);
    assert_eq!(swept.refused_by("totals"), swept.tried());

    let swept = fields(&bundle, &options, all);
    none_accepted(&swept);
    for check in ["statement", "setup", "key", "market", "model", "proof"] {
        assert!(swept.refused_by(check) > 0, "{check}: {:?}", swept.refused);
    }
    let swept = figures(&bundle, &options, all);
    none_accepted(&swept);
    // Ten figures of each of three classes, at least one other value each.
    assert!(swept.tried() >= 30, "{}", swept.tried());
    assert_eq!(swept.refused_by("proof"), swept.tried(), "{swept:?}");

    let written = read_records(&folder.at("records")).unwrap();
    assert_eq!(written.len(), 5);
    let swept = records(&report, &written, all);
    none_accepted(&swept);
    assert_eq!(swept.refused_by("nothing: unchanged, it holds"), 5);
    for reason in ["the root", "the identity", "the statement", "the figures"] {
        assert!(swept.refused_by(reason) >= 5, "{:?}", swept.refused);
    }
}

/// The book of `tiny-book`, its venue's signature, and so many customers that it takes three proofs.
fn signed_book_of_three() -> Folder {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/tiny-book");
    let folder = Folder::copy(&fixture);
    let accounts = folder.at("book/accounts.csv");
    let mut text = fs::read_to_string(&accounts).unwrap();
    for customer in 0..500 {
        text += &format!("customer-{customer:03},cross,USDT,100,\n");
    }
    fs::write(accounts, text).unwrap();
    let key = folder.file("venue.pem", SECRET);
    folder
        .prove_with(&INSECURE, &["--sign", key.to_str().unwrap()])
        .ends(0);
    folder
}

#[test]
fn refuses_every_change_of_a_signed_book_of_three_proofs() {
    let folder = signed_book_of_three();
    let bundle = read_bundle(&folder.at("bundle")).unwrap();
    assert_eq!(bundle.proofs.len(), 3);
    let unsigned = Options {
        allow_insecure_setup: true,
        ..Options::default()
    };
    let asked = Options {
        venue_key: Some(VenueKey::from_pem(PUBLIC).unwrap()),
        ..unsigned.clone()
    };
    let report = verify(&bundle, &asked, &mut |_| ()).unwrap();
    assert!(report.is_good(), "{:?}", report.failure());

    let files = File::all(&bundle);
    assert_eq!(files.len(), 7);
    for file in files {
        let (most, check) = match file {
            File::Statement => (400, "statement"),
            File::Market => (400, "market"),
            File::Risk => (80, "model"),
            File::Totals => (80, "totals"),
            File::Proof(_) => (60, "proof"),
        };
        let swept = bytes(&bundle, &unsigned, file, most);
        none_accepted(&swept);
        assert!(swept.refused_by(check) >= 50, "{file:?}: {swept:?}");
        match file {
            File::Market | File::Risk => {
                let swept = json(&bundle, &unsigned, file, usize::MAX);
                none_accepted(&swept);
                assert!(swept.tried() > 100, "{}", swept.tried());
            }
            File::Totals | File::Proof(_) => {
                let swept = odd(&bundle, &unsigned, file, 6);
                none_accepted(&swept);
                assert_eq!(swept.refused_by(check), swept.tried());
                let swept = elements(&bundle, &unsigned, file, 6);
                none_accepted(&swept);
                assert_eq!(swept.refused_by(check), swept.tried());
            }
            File::Statement => {
                let swept = fields(&bundle, &unsigned, usize::MAX);
                none_accepted(&swept);
                assert!(swept.refused_by("proof") > 40, "{swept:?}");
            }
        }
    }
    let swept = signature(&bundle, &asked);
    none_accepted(&swept);
    assert_eq!(swept.refused_by("signature"), swept.tried());

    for allowed in ALLOWED {
        let mut changed = bundle.clone();
        (allowed.make)(&mut changed);
        assert_ne!(changed, bundle);
        let report = verify(&changed, &unsigned, &mut |_| ()).unwrap();
        assert!(report.is_good(), "{}", allowed.change);
        assert!(
            (allowed.shows)(&report),
            "{}: {}",
            allowed.change,
            allowed.reason
        );
        let says = |q: &String| q.contains("not performed") && q.contains("signature");
        assert!(report.qualifications.iter().any(says));
    }
}

#[test]
fn refuses_proofs_of_other_numbers_and_in_other_order() {
    let folder = signed_book_of_three();
    let good = read_bundle(&folder.at("bundle")).unwrap();
    let options = Options {
        allow_insecure_setup: true,
        ..Options::default()
    };
    let proofs = &good.proofs;
    for places in [
        vec![],
        vec![0],
        vec![0, 1],
        vec![0, 1, 2, 2],
        vec![0, 2, 1],
        vec![1, 0, 2],
        vec![2, 1, 0],
        vec![0, 0, 2],
        vec![0, 1, 1],
    ] {
        let changed = Bundle {
            proofs: places.iter().map(|place| proofs[*place].clone()).collect(),
            ..good.clone()
        };
        let report = verify(&changed, &options, &mut |_| ()).unwrap();
        assert!(!report.valid && report.proven.is_none(), "{places:?}");
    }
}
