//! A book of several proofs opened to its auditor, and every way in which the venue might lie there.

mod lies;

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use serde_json::{json, Value};
use zkmargin_circuits::field::to_hex;
use zkmargin_prover::audit::{pack, Secret};
use zkmargin_prover::snapshot::LoadedSnapshot;
use zkmargin_verifier::audit::{audit, AuditError, AuditReport, Holds, ItemName, Pack, Sample};
use zkmargin_verifier::bundle::{verify, Bundle, Options};
use zkmargin_verifier::report::Report;

use crate::book::Book;
use crate::program::{zkmargin, Folder, Ran, INSECURE};

/// Two coins, and contracts of two risk groups: a pool that holds both takes a window that only scans.
const MARKET: &str = r#"{ "quote_quantum": "0.000001",
  "assets": [ { "id": "USDT", "price": "1", "quantum": "0.00000001" },
              { "id": "BTC", "price": "50000", "quantum": "0.00000001" } ],
  "instruments": [
    { "id": "BTC-PERP", "style": "linear", "settlement": "USDT", "multiplier": "1", "lot": "0.001", "mark": "50000", "basis": null },
    { "id": "ETH-PERP", "style": "linear", "settlement": "USDT", "multiplier": "1", "lot": "0.01", "mark": "3000", "basis": null } ] }"#;

const RISK: &str = r#"{ "name": "audited-1", "scenarios": 2, "floor_weights": null, "salt": null,
  "groups": [ { "id": "BTC", "maintenance_factor": "1", "initial_factor": "1" },
              { "id": "ETH", "maintenance_factor": "1", "initial_factor": "1" } ],
  "assets": [
    { "id": "USDT", "lot": "1", "debt_weight": "1", "group": null, "pnl": null, "debt_brackets": null, "weights": [ { "ratio": "1" } ] },
    { "id": "BTC", "lot": "1", "debt_weight": "1", "group": null, "pnl": null, "debt_brackets": null, "weights": [ { "ratio": "1" } ] } ],
  "instruments": [
    { "id": "BTC-PERP", "group": "BTC", "pnl": ["5000", "-5000"], "floor": null,
      "brackets": [ { "floor": "0", "rate": "0", "cum": "0" } ], "short_brackets": null, "long_brackets": null },
    { "id": "ETH-PERP", "group": "ETH", "pnl": ["300", "-300"], "floor": null,
      "brackets": [ { "floor": "0", "rate": "0", "cum": "0" } ], "short_brackets": null, "long_brackets": null } ] }"#;

/// Customers of one balance each.
const SMALL: usize = 250;

const SEED: [u8; 32] = [0x5e; 32];

/// Dan and eve lack 4,000 and 100 of 5,000; the rest is well.
fn book(small: usize, risk: &str) -> Folder {
    let mut book = Book::new(&[
        "long,cross,USDT,100000,",
        "long,cross,BTC-PERP,3,50000",
        "long,cross,ETH-PERP,-5,3000",
        "pools,a,USDT,10,",
        "pools,b,BTC,2,",
        "pools,c,USDT,30,",
        "dan,cross,USDT,1000,",
        "dan,cross,BTC-PERP,1,50000",
        "eve,cross,USDT,4900,",
        "eve,cross,BTC-PERP,-1,50000",
        "owes,cross,USDT,-100,",
        "owes,cross,BTC,1,",
        "prop-1,cross,USDT,900000,",
        "prop-1,cross,BTC-PERP,-3,50000",
        "prop-1,cross,ETH-PERP,5,3000",
        "prop-2,cross,BTC,0.5,",
        "insurance,cross,USDT,7000,",
    ]);
    let rows: Vec<String> = (0..small)
        .map(|i| format!("customer-{i:03},cross,USDT,100,"))
        .collect();
    book.add(&rows.iter().map(String::as_str).collect::<Vec<_>>());
    book.house = vec!["prop-1", "prop-2"];
    book.fund = vec!["insurance"];
    let folder = Folder::of(&book);
    fs::write(folder.at("book/market.json"), MARKET).unwrap();
    fs::write(folder.at("book/risk.json"), risk).unwrap();
    folder
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn proven(small: usize, risk: &str) -> Folder {
    let folder = book(small, risk);
    let secret = folder.at("secret.json");
    folder
        .prove_with(&INSECURE, &["--audit", text(&secret)])
        .ends(0);
    folder
}

/// A bundle of two proofs with what opens it.
struct Audited {
    folder: Folder,
    snapshot: LoadedSnapshot,
    bundle: Bundle,
    report: Report,
    secret: Secret,
    capacity: u64,
}

static AUDITED: LazyLock<Audited> = LazyLock::new(|| {
    let folder = proven(SMALL, RISK);
    let read = |name: &str| fs::read(folder.at("bundle").join(name)).unwrap();
    let bundle = Bundle {
        statement: read("statement.json"),
        market: read("market.json"),
        risk: Some(read("risk.json")),
        totals: read("totals.bin"),
        proofs: vec![read("proof-00000.bin"), read("proof-00001.bin")],
        signature: None,
    };
    let options = Options {
        allow_insecure_setup: true,
        ..Options::default()
    };
    let report = verify(&bundle, &options, &mut |_| ()).unwrap();
    assert!(report.valid, "{:?}", report.failure());
    let capacity = report.statement.as_ref().unwrap().capacity;
    Audited {
        snapshot: LoadedSnapshot::read(&folder.at("book")).unwrap(),
        secret: Secret::read(&folder.at("secret.json")).unwrap(),
        folder,
        bundle,
        report,
        capacity,
    }
});

fn sample(slots: u64) -> Sample {
    Sample { seed: SEED, slots }
}

/// The honest pack in which every slot of the book is drawn.
fn whole() -> Pack {
    static PACK: LazyLock<Pack> = LazyLock::new(|| {
        let audited = &*AUDITED;
        let all = sample(audited.capacity);
        pack(
            &audited.snapshot,
            &audited.bundle.statement,
            &audited.secret,
            &all,
        )
        .unwrap()
    });
    PACK.clone()
}

fn checked(pack: &Pack, slots: u64) -> AuditReport {
    audit(&pack.to_bytes(), Some(&sample(slots)), &AUDITED.report).unwrap()
}

/// Asserts that the pack fails on this item for this reason, after `change` had its way with it.
#[track_caller]
fn rejects(change: impl FnOnce(&mut Pack), item: ItemName, why: &str) {
    let mut pack = whole();
    change(&mut pack);
    let found = checked(&pack, AUDITED.capacity);
    let failed = found.failure().expect("something fails");
    assert_eq!(failed.name, item, "{}", failed.detail);
    assert!(failed.detail.contains(why), "{}", failed.detail);
    assert!(!found.valid);
    let names: Vec<ItemName> = found.items.iter().map(|item| item.name).collect();
    assert_eq!(names.len(), ItemName::ALL.len());
}

fn run_audit(folder: &Folder, pack: &Path, options: &[&str]) -> Ran {
    let bundle = folder.at("bundle");
    let mut args = vec!["audit", text(pack), text(&bundle), "--allow-insecure-setup"];
    args.extend(options);
    zkmargin(args)
}

fn make_pack(folder: &Folder, name: &str, slots: &str) -> Ran {
    let (book, bundle) = (folder.at("book"), folder.at("bundle"));
    let (secret, out) = (folder.at("secret.json"), folder.at(name));
    zkmargin([
        "auditor-pack",
        text(&book),
        text(&bundle),
        "--secret",
        text(&secret),
        "--sample-seed",
        &hex::encode(SEED),
        "--sample",
        slots,
        "--out",
        text(&out),
    ])
}

fn status<'a>(audit: &'a Value, name: &str) -> &'a str {
    let items = audit["items"].as_array().unwrap();
    let item = items.iter().find(|item| item["name"] == name);
    item.unwrap()["status"].as_str().unwrap()
}

#[test]
fn an_auditor_sees_what_the_statement_hides() {
    let folder = &AUDITED.folder;
    make_pack(folder, "pack.json", "60").ends(0);
    let pack = folder.at("pack.json");
    let seed = hex::encode(SEED);
    let asked = ["--sample-seed", &seed, "--sample", "60", "--json"];
    let report = run_audit(folder, &pack, &asked).ends(0).json();
    assert_eq!(report["bundle"]["verdict"], "covered");
    assert_eq!(report["bundle"]["statement"]["counts"], Value::Null);
    let audit = &report["audit"];
    assert_eq!(audit["valid"], true);
    for item in ItemName::ALL {
        assert_eq!(status(audit, item.name()), "pass");
    }
    assert_eq!(
        audit["counts"],
        json!({ "accounts": SMALL + 8, "pools": SMALL + 10 })
    );
    let lacks = |account: &str, shortfall: &str| json!({ "account": account, "pool": "cross", "shortfall": shortfall });
    assert_eq!(
        audit["deficient"],
        json!([lacks("dan", "4000"), lacks("eve", "100")])
    );
    assert_eq!(
        audit["classes"],
        json!({ "house": ["prop-1", "prop-2"], "fund": ["insurance"] })
    );
    let largest = audit["largest"].as_array().unwrap();
    let of = |held: &str, id: &str| {
        let found = largest
            .iter()
            .find(|found| found["held"] == held && found["id"] == id);
        found.unwrap()
    };
    // Prop-1 has 900,000 of 1,037,940.
    let claims = of("claims", "USDT");
    assert_eq!(claims["total"], "1037940");
    assert_eq!(
        claims["accounts"][0],
        json!({ "account": "prop-1", "amount": "900000", "share": "0.8671" })
    );
    assert_eq!(claims["rest"], "30940");
    assert_eq!(claims["shown_to_be_largest"], false);
    assert_eq!(of("debts", "USDT")["accounts"][0]["account"], "owes");
    let long = of("long", "BTC-PERP");
    assert_eq!((&long["total"], &long["rest"]), (&json!("4"), &json!("0")));
    assert_eq!(
        long["accounts"][0],
        json!({ "account": "long", "amount": "3", "share": "0.7500" })
    );
    assert_eq!(long["shown_to_be_largest"], true);
    assert_eq!(of("short", "BTC-PERP")["accounts"][0]["account"], "prop-1");
    assert_eq!(audit["sample"]["slots"], 60);

    let shown = run_audit(folder, &pack, &asked[..4]).ends(0);
    for line in [
        "deficient pool",
        "dan cross",
        "house: prop-1, prop-2",
        "verdict: covered",
    ] {
        assert!(shown.out.contains(line), "{line} in {}", shown.out);
    }
    // Without the auditor's own seed the sample is not believed, and that is said.
    let report = run_audit(folder, &pack, &["--json"]).ends(0).json();
    assert_eq!(status(&report["audit"], "sample"), "not_performed");
    // Another seed, or a number.
    let other = hex::encode([1; 32]);
    for asked in [[other.as_str(), "60"], [&seed, "61"]] {
        let options = ["--sample-seed", asked[0], "--sample", asked[1]];
        run_audit(folder, &pack, &options)
            .ends(1)
            .says("the item `sample` failed");
    }
    run_audit(folder, &pack, &["--sample", "60"]).ends(2);
    run_audit(folder, &pack, &["--sample-seed", "5e", "--sample", "60"]).ends(2);
    run_audit(folder, &folder.at("secret.json"), &[])
        .ends(2)
        .says("not an auditor's pack");
    // Nothing is overwritten.
    make_pack(folder, "pack.json", "60").ends(2);
    make_pack(folder, "more.json", "1000000")
        .ends(2)
        .says("slots are asked for");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        for name in ["pack.json", "secret.json"] {
            let mode = fs::metadata(folder.at(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
    }
}

#[test]
fn every_slot_of_the_book_can_be_opened() {
    let pack = whole();
    let found = checked(&pack, AUDITED.capacity);
    assert!(found.valid, "{:?}", found.failure());
    let sampled = found.sample.unwrap();
    assert_eq!(sampled.slots, AUDITED.capacity);
    assert_eq!(sampled.accounts.len(), SMALL + 8);
    // Two blocks of `pools` before its leaf, and a scan each of `long` and `prop-1`.
    assert_eq!(sampled.inner, 4);
    assert_eq!(sampled.empty, AUDITED.capacity - SMALL as u64 - 12);
    let inner = |scan: bool| {
        let slots = pack.sample.slots.iter();
        let kinds = slots.filter(|slot| match &slot.holds {
            Holds::Block { .. } => !scan,
            Holds::Scan { .. } => scan,
            _ => false,
        });
        kinds.count()
    };
    assert_eq!((inner(false), inner(true)), (2, 2));
}

#[test]
fn a_pack_of_another_bundle_is_refused() {
    rejects(
        |pack| pack.statement.0[0] ^= 1,
        ItemName::Statement,
        "the pack opens the statement",
    );
    let other = proven(3, RISK);
    make_pack(&other, "pack.json", "5").ends(0);
    run_audit(&AUDITED.folder, &other.at("pack.json"), &[])
        .ends(1)
        .says("the item `statement` failed");
    // Records of the other bundle, under this one's name.
    let theirs = Pack::parse(&fs::read(other.at("pack.json")).unwrap()).unwrap();
    rejects(
        |pack| {
            pack.openings = theirs.openings.clone();
            for record in &mut pack.openings {
                record.statement = pack.statement;
            }
        },
        ItemName::Openings,
        "no place in a tree",
    );
    // A bundle that does not hold is opened by nothing.
    let report = Report {
        valid: false,
        ..AUDITED.report.clone()
    };
    assert_eq!(
        audit(&whole().to_bytes(), None, &report),
        Err(AuditError::NotProven)
    );
    let refused = zkmargin([
        "audit",
        text(&other.at("pack.json")),
        text(&other.at("bundle")),
    ]);
    refused.ends(1).says("setup");
    for bytes in [&b"{}"[..], b"", b"[1]"] {
        let report = audit(bytes, None, &AUDITED.report);
        assert!(matches!(report, Err(AuditError::Malformed(_))));
    }
    let honest = String::from_utf8(whole().to_bytes()).unwrap();
    let more = honest.replacen("\"counts\"", "\"note\": 1, \"counts\"", 1);
    let report = audit(more.as_bytes(), None, &AUDITED.report);
    assert!(matches!(report, Err(AuditError::Malformed(_))));
}

#[test]
fn a_private_model_leaves_deficits_to_whoever_has_it() {
    let risk = RISK.replace(
        "\"salt\": null",
        "\"salt\": \"00112233445566778899aabbccddeeff\"",
    );
    let folder = proven(3, &risk);
    make_pack(&folder, "pack.json", "5").ends(0);
    let pack = folder.at("pack.json");
    let report = run_audit(&folder, &pack, &["--json"]).ends(0).json();
    assert_eq!(status(&report["audit"], "deficient"), "not_performed");
    assert_eq!(status(&report["audit"], "classes"), "pass");
    assert_eq!(report["audit"]["deficient"], Value::Null);
    let model = folder.at("book/risk.json");
    let report = run_audit(&folder, &pack, &["--json", "--risk", text(&model)])
        .ends(0)
        .json();
    assert_eq!(status(&report["audit"], "deficient"), "pass");
}

#[test]
fn only_what_was_proven_opens_a_bundle() {
    let audited = &*AUDITED;
    let other = proven(3, RISK);
    let theirs = Secret::read(&other.at("secret.json")).unwrap();
    let statement = &audited.bundle.statement;
    let refused = |snapshot: &LoadedSnapshot, secret: &Secret| {
        let refused = pack(snapshot, statement, secret, &sample(5));
        refused.unwrap_err().to_string()
    };
    assert!(refused(&audited.snapshot, &theirs).contains("the secret opens the statement"));
    let another = LoadedSnapshot::read(&other.at("book")).unwrap();
    assert!(refused(&another, &audited.secret).contains("another root"));

    // The secret stands neither in the bundle nor among the records, and replaces nothing.
    let folder = book(3, RISK);
    for (place, why) in [
        (
            "bundle/secret.json",
            "is published or given away or removed",
        ),
        (
            "records/secret.json",
            "is published or given away or removed",
        ),
        (
            "bundle.partial/secret.json",
            "is published or given away or removed",
        ),
        ("book/market.json", "nothing is overwritten"),
    ] {
        let path = folder.at(place);
        folder
            .prove_with(&INSECURE, &["--audit", text(&path)])
            .ends(2)
            .says(why);
    }
    let path = folder.at("secret.json");
    folder
        .prove_with(&INSECURE, &["--audit", text(&path)])
        .ends(0);
    assert!(path.exists());
    let names = fs::read_dir(folder.at("bundle")).unwrap();
    let mut names: Vec<_> = names
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(
        names,
        [
            "market.json",
            "proof-00000.bin",
            "risk.json",
            "statement.json",
            "totals.bin"
        ]
    );
    let secret = fs::read_to_string(&path).unwrap();
    let seed: Value = serde_json::from_str(&secret).unwrap();
    let seed = seed["seed"].as_str().unwrap();
    assert!(!fs::read_to_string(folder.at("bundle/statement.json"))
        .unwrap()
        .contains(seed));
    assert_eq!(seed.len(), to_hex(&Default::default()).len());
}
