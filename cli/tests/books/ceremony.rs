//! A ceremony that this program does not know, made by snarkjs: who trusts it says so, by digest.

use std::ffi::OsString;
use std::path::Path;

use serde_json::Value;
use zkmargin_tests::ceremony::snarkjs_ceremony;

use crate::program::{status, zkmargin, Folder};

/// Imports a ceremony of snarkjs, and gives the digest by which `setup` names it.
fn import(ptau: &Path, params: &Path) -> String {
    let ran = zkmargin([
        "setup".as_ref(),
        "--ptau".as_ref(),
        ptau.as_os_str(),
        "--out".as_ref(),
        params.as_os_str(),
    ])
    .ends(0)
    .says("2^11 powers, setup tau:");
    let digest = ran.err.split("setup tau:").nth(1).unwrap()[..64].to_owned();
    assert!(digest.bytes().all(|digit| digit.is_ascii_hexdigit()));
    digest
}

#[test]
fn proves_under_a_ceremony_of_snarkjs_for_who_trusts_it() {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/tiny-book");
    let folder = Folder::copy(&fixture);
    let (ptau, params) = (folder.at("ceremony.ptau"), folder.at("ceremony.srs"));
    if !snarkjs_ceremony(11, &ptau) {
        return;
    }
    let digest = import(&ptau, &params);
    let proven = folder.prove(&params).ends(0).json();
    assert_eq!(proven["statement"]["setup"], format!("tau:{digest}"));
    assert_eq!(proven["statement"]["circuit"]["shape"], "tiny-11");

    let verify = |options: &[&str], params: Option<&Path>| {
        let mut options: Vec<OsString> = options.iter().map(Into::into).collect();
        if let Some(params) = params {
            options.extend(["--params".into(), params.into()]);
        }
        folder.verify(&options)
    };
    let fails = |options: &[&str], params: Option<&Path>, check: &str, reason: &str| {
        let ran = verify(options, params)
            .ends(1)
            .says(&format!("the check `{check}` failed: "))
            .says(reason);
        let report = ran.json();
        assert_eq!(report["valid"], false);
        assert_eq!(report["verdict"], Value::Null);
        assert_eq!(status(&report, check), "fail");
        assert_eq!(status(&report, "proof"), "not_performed");
    };
    // Whom nobody named is not trusted, whatever else is allowed; the refusal says what to give.
    let named = format!("gives --trust-setup {digest}");
    fails(&[], Some(&params), "setup", &named);
    fails(&["--allow-insecure-setup"], Some(&params), "setup", &named);
    let (first, rest) = digest.split_at(1);
    let wrong = format!("{}{rest}", if first == "0" { "1" } else { "0" });
    fails(&["--trust-setup", &wrong], Some(&params), "setup", &named);
    let short = verify(&["--trust-setup", &digest[1..]], Some(&params)).ends(2);
    assert!(short.says("not the 64 hex digits").out.is_empty());
    // No key of it is pinned, and parameters of another setup do not do.
    let trusted = ["--trust-setup", &digest];
    fails(&trusted, None, "key", "give parameters of that setup");
    let other = &*crate::program::INSECURE;
    fails(&trusted, Some(other), "key", "are of setup insecure");

    let report = verify(&trusted, Some(&params)).ends(0).json();
    assert_eq!(report["valid"], true);
    assert_eq!(report["verdict"], "covered");
    assert_eq!(report["statement"], proven["statement"]);
    let qualification = format!("setup tau:{digest}, trusted by the caller only");
    let qualifications = report["qualifications"].as_array().unwrap();
    assert!(
        qualifications.contains(&Value::from(qualification.clone())),
        "{qualifications:?}"
    );
    // A person reads it too, and the digest may be given as the statement has it.
    let (bundle, named) = (folder.at("bundle"), format!("tau:{digest}"));
    let shown = zkmargin([
        "verify".as_ref(),
        bundle.as_os_str(),
        "--params".as_ref(),
        params.as_os_str(),
        "--trust-setup".as_ref(),
        named.as_ref(),
    ])
    .ends(0);
    assert!(
        shown.out.contains(&format!("but: {qualification}")),
        "{}",
        shown.out
    );
}
