//! A proven bundle and its records, changed in every place.
//!
//! What reaches the proof check takes a proof's verification each: of the model, whose check ends
//! nothing, and of the proof not every byte is changed here. `verifier/tests/bundle` changes every byte of the
//! model around a smaller circuit, and `cargo run --release --example tamper -- BUNDLE RECORDS` every
//! byte of any bundle.

use std::path::Path;

use zkmargin_tests::tamper::{
    bytes, elements, fields, figures, read_bundle, read_records, records, File, Swept,
};
use zkmargin_verifier::bundle::{verify, Options};

use crate::program::{Folder, INSECURE};

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
        (File::Proof, 250, "proof"),
    ] {
        let swept = bytes(&bundle, &options, file, most);
        none_accepted(&swept);
        assert!(swept.refused_by(check) > 50, "{:?}", swept.refused);
    }
    let swept = elements(&bundle, &options, File::Proof, 30);
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
