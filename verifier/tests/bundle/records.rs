//! What a customer's record shows, and what it cannot be made to show.

use zkmargin_circuits::statement::Digest;
use zkmargin_verifier::bundle::{verify_with, Options};
use zkmargin_verifier::record::{verify_record, Record, RecordError, Standing};
use zkmargin_verifier::report::Report;

use crate::fixture::{insecure, published, Published, RISK, SALTED_RISK};
use crate::stub::Stub;

const ALICE: &str = "alice@example";

fn report() -> Report {
    verify_with::<Stub>(&published().bundle, &published().options(), &mut |_| ()).unwrap()
}

fn refused(change: impl FnOnce(&mut Record)) -> RecordError {
    let mut record = published().records[0].clone();
    change(&mut record);
    verify_record(&record.to_bytes(), ALICE, &report()).expect_err("the record was changed")
}

#[test]
fn accepts_every_record() {
    for record in &published().records {
        let bytes = record.to_bytes();
        assert_eq!(Record::parse(&bytes).as_ref(), Ok(record));
        let shown = verify_record(&bytes, &record.account, &report()).unwrap();
        assert_eq!(shown.pools, record.pools);
        assert_eq!(shown.class, record.class);
        for pool in &shown.pools {
            assert!(pool
                .figures
                .named()
                .iter()
                .all(|(_, figure)| figure.standing == Standing::Recomputable));
        }
    }
}

#[test]
fn accepts_the_same_numbers_written_otherwise() {
    let mut record = published().records[0].clone();
    record.pools[0].holdings.reverse();
    record.pools[0].holdings[1].quantity = "12000.500".into();
    record.pools[0].holdings[0].entry_price = None;
    record.pools[0].holdings[0].cost = Some("-22680".into());
    verify_record(&record.to_bytes(), ALICE, &report()).unwrap();
}

#[test]
fn rejects_changed_numbers() {
    let not_included =
        |change: &dyn Fn(&mut Record)| assert_eq!(refused(change), RecordError::NotIncluded);
    not_included(&|r| r.pools[0].holdings[0].quantity = "12000.50000001".into());
    not_included(&|r| r.pools[0].holdings[1].quantity = "-0.351".into());
    not_included(&|r| r.pools[0].holdings[1].entry_price = Some("64801".into()));
    not_included(&|r| r.class = "house".into());
    not_included(&|r| r.slot += 1);
    not_included(&|r| r.salts.swap(0, 1));
    not_included(&|r| r.path.swap(0, 1));
    not_included(&|r| r.path[0].swap(0, 2));
    not_included(&|r| {
        r.pools.truncate(1);
        r.salts.truncate(1);
    });
}

#[test]
fn rejects_another_identity_or_statement() {
    let record = &published().records[0];
    let asked = |identity| verify_record(&record.to_bytes(), identity, &report());
    assert!(matches!(
        asked("bob@example"),
        Err(RecordError::AnotherIdentity { .. })
    ));
    // A venue that shows two customers one account.
    let mut theirs = record.clone();
    theirs.account = "bob@example".into();
    assert_eq!(
        verify_record(&theirs.to_bytes(), "bob@example", &report()),
        Err(RecordError::NotIncluded)
    );
    assert!(matches!(
        refused(|r| r.statement = Digest([1; 32])),
        RecordError::AnotherStatement { .. }
    ));
    let next = Published::new(insecure(), RISK, |statement| statement.epoch += 1);
    let report = verify_with::<Stub>(&next.bundle, &next.options(), &mut |_| ()).unwrap();
    assert!(matches!(
        verify_record(&record.to_bytes(), ALICE, &report),
        Err(RecordError::AnotherStatement { .. })
    ));
}

#[test]
fn rejects_a_record_when_the_bundle_does_not_hold() {
    let options = Options {
        allow_insecure_setup: false,
        ..published().options()
    };
    let report = verify_with::<Stub>(&published().bundle, &options, &mut |_| ()).unwrap();
    assert_eq!(
        verify_record(&published().records[0].to_bytes(), ALICE, &report),
        Err(RecordError::NotProven)
    );
}

#[test]
fn rejects_records_that_are_none() {
    let field = |change: &dyn Fn(&mut Record), expected: &str| match refused(change) {
        RecordError::Field { field, .. } => assert_eq!(field, expected),
        other => panic!("{expected}: {other}"),
    };
    field(&|r| r.class = "vip".into(), "class");
    field(&|r| r.pools.clear(), "pools");
    field(&|r| r.pools.reverse(), "pools");
    field(
        &|r| {
            let twice = r.pools[0].clone();
            r.pools.insert(0, twice);
        },
        "pools",
    );
    field(&|r| r.pools[1].holdings.clear(), "pools[1].holdings");
    field(
        &|r| r.pools[0].holdings[0].symbol = "DOGE".into(),
        "pools[0].holdings[0]",
    );
    field(
        &|r| r.pools[0].holdings[0].quantity = "1e9".into(),
        "pools[0].holdings[0]",
    );
    field(
        &|r| r.pools[0].holdings[1].cost = Some("1".into()),
        "pools[0].holdings[1]",
    );
    field(
        &|r| r.pools[0].holdings[1].quantity = "0.0001".into(),
        "pools[0].holdings",
    );
    field(
        &|r| {
            let twice = r.pools[0].holdings[0].clone();
            r.pools[0].holdings.push(twice);
        },
        "pools[0].holdings",
    );
    // Beyond 64 bits an amount would be packed as another symbol's.
    field(
        &|r| r.pools[0].holdings[0].quantity = "184467440737.09551616".into(),
        "pools[0].holdings",
    );
    field(&|r| r.salts.push(r.salts[0].clone()), "salts");
    field(&|r| r.salts[0] = "f".repeat(64), "salts");
    field(
        &|r| r.salts[0] = r.salts[0].to_uppercase().replace('0', "A"),
        "salts",
    );
    field(&|r| r.path[0][0] = "00".into(), "path");
    field(
        &|r| {
            r.path.pop();
        },
        "slot",
    );
    field(&|r| r.slot = u64::MAX, "slot");

    let good = String::from_utf8(published().records[0].to_bytes()).unwrap();
    let bytes = |text: String| verify_record(text.as_bytes(), ALICE, &report());
    for text in [
        String::new(),
        "{}".into(),
        good.replacen("\"version\": 1", "\"version\": 2", 1),
        good.replacen("\"slot\"", "\"note\": \"\", \"slot\"", 1),
        format!("{good}x"),
        good[..good.len() / 2].to_owned(),
    ] {
        assert!(matches!(bytes(text), Err(RecordError::Malformed(_))));
    }
}

#[test]
fn rejects_figures_that_do_not_follow() {
    let wrong = refused(|r| r.pools[0].figures.equity.amount = "1000000".into());
    assert!(
        matches!(
            wrong,
            RecordError::Figure {
                figure: "equity",
                ..
            }
        ),
        "{wrong}"
    );
    let wrong = refused(|r| r.pools[1].figures.liquidation_distance.amount = "1".into());
    assert!(
        matches!(
            wrong,
            RecordError::Figure {
                figure: "liquidation distance",
                ..
            }
        ),
        "{wrong}"
    );
}

#[test]
fn calls_figures_of_a_private_model_claims() {
    let risk = RISK.replace("\"salt\": null", &format!("\"salt\": \"{SALTED_RISK}\""));
    let published = Published::new(insecure(), &risk, |_| ());
    let record = published.records[0].to_bytes();
    let report = verify_with::<Stub>(&published.bundle, &published.options(), &mut |_| ()).unwrap();
    let shown = verify_record(&record, ALICE, &report).unwrap();
    assert_eq!(shown.pools[0].figures.equity.standing, Standing::Claim);
    let options = Options {
        risk: Some(risk.as_bytes()),
        ..published.options()
    };
    let report = verify_with::<Stub>(&published.bundle, &options, &mut |_| ()).unwrap();
    let shown = verify_record(&record, ALICE, &report).unwrap();
    assert_eq!(
        shown.pools[0].figures.equity.standing,
        Standing::Recomputable
    );
}
