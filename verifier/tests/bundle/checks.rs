//! What each check accepts and rejects.

use std::sync::OnceLock;

use zkmargin_circuits::market::MarketSource;
use zkmargin_circuits::shape::SHAPES;
use zkmargin_circuits::statement::{context_digest, Amount, Counts, Digest, Statement};
use zkmargin_circuits::units::Decimal;
use zkmargin_circuits::verdict::{Basis, Verdict};
use zkmargin_verifier::bundle::{key_to_remake, verify_with, Bundle, Options, RemadeKey};
use zkmargin_verifier::report::{Check, CheckName, Report, Status};
use zkmargin_verifier::setup::tau_g2_digest;

use crate::fixture::{insecure, published, shape, Published, MARKET, RISK, SALTED_RISK};
use crate::stub::{Prover, Stub};

fn check(bundle: &Bundle, options: &Options<'_>) -> Report {
    let report =
        verify_with::<Stub>(bundle, options, &mut |_| ()).expect("the caller's files are good");
    let names: Vec<_> = report.checks.iter().map(|check| check.name).collect();
    assert_eq!(
        names,
        CheckName::ALL,
        "every check is reported, once and in order"
    );
    assert!(report
        .checks
        .iter()
        .all(|check| check.status == Status::Pass || !check.detail.is_empty()));
    assert_eq!(
        report.valid,
        report.failure().is_none(),
        "{:?}",
        report.checks
    );
    assert_eq!(report.verdict.is_some(), report.proven.is_some());
    report
}

/// Asserts that the bundle fails on this check, and that nothing is concluded from it.
fn rejects(bundle: &Bundle, options: &Options<'_>, name: CheckName, detail: &str) {
    let report = check(bundle, options);
    let failed = report.failure().expect("something fails");
    assert_eq!(failed.name, name, "{}", failed.detail);
    assert!(failed.detail.contains(detail), "{}", failed.detail);
    assert!(!report.is_good());
    if name.is_essential() || name == CheckName::Model {
        assert_eq!((report.verdict, &report.proven), (None, &None));
    }
}

fn of(report: &Report, name: CheckName) -> Check {
    let found = report.checks.iter().find(|check| check.name == name);
    found.expect("every check is reported").clone()
}

fn changed(change: impl FnOnce(&mut Bundle)) -> Bundle {
    let mut bundle = published().bundle.clone();
    change(&mut bundle);
    bundle
}

#[test]
fn accepts_the_example() {
    let published = published();
    let mut seen = vec![];
    let report = verify_with::<Stub>(&published.bundle, &published.options(), &mut |name| {
        seen.push(name)
    })
    .unwrap();
    assert!(report.valid && report.is_good(), "{:?}", report.checks);
    assert_eq!(report.verdict, Some(Verdict::Solvent));
    assert_eq!(report.basis, Basis::Margin);
    assert_eq!(
        report.qualifications,
        [
            "insecure setup: anyone can forge this proof",
            "not performed: signature, previous, reserves, prices"
        ]
    );
    assert_eq!(report.statement.as_ref(), Some(&published.statement));
    assert_eq!(report.status(CheckName::Counts), Status::Pass);
    use CheckName as Name;
    assert_eq!(
        seen,
        [
            Name::Statement,
            Name::Setup,
            Name::Key,
            Name::Market,
            Name::Model,
            Name::Proof,
            Name::Totals,
            Name::Counts
        ]
    );
    let json = serde_json::to_value(&report).unwrap();
    let fields: Vec<_> = json.as_object().unwrap().keys().cloned().collect();
    let mut expected = [
        "valid",
        "verdict",
        "basis",
        "qualifications",
        "checks",
        "statement",
    ];
    expected.sort_unstable();
    assert_eq!(fields, expected);
    assert_eq!(json["verdict"], "solvent");
    let previous = json["checks"].as_array().unwrap().iter();
    let previous = previous.filter(|check| check["name"] == "previous");
    assert!(previous
        .into_iter()
        .all(|check| check["status"] == "not_performed"));
    // The real circuit's key of this shape and setup is pinned; another setup's is not.
    assert_eq!(key_to_remake(&published.bundle.statement), None);
    let mut statement = Statement::parse_canonical(&published.bundle.statement).unwrap();
    statement.setup = format!("tau:{}", "0a".repeat(32));
    assert_eq!(
        key_to_remake(&statement.to_bytes()).map(|(shape, _)| shape.name),
        Some(shape().name)
    );
}

#[test]
fn rejects_every_changed_byte() {
    let published = published();
    let options = published.options();
    type File = fn(&mut Bundle) -> &mut Vec<u8>;
    let files: [(File, usize); 4] = [
        (|bundle| &mut bundle.statement, 1),
        (|bundle| &mut bundle.market, 1),
        (|bundle| bundle.risk.as_mut().unwrap(), 1),
        (|bundle| &mut bundle.proofs[0], 7),
    ];
    for (file, step) in files {
        let length = file(&mut published.bundle.clone()).len();
        for at in (0..length).step_by(step) {
            let bundle = changed(|bundle| file(bundle)[at] ^= 1 << (at % 8));
            let report = check(&bundle, &options);
            assert!(
                !report.valid && report.verdict.is_none(),
                "byte {at}: {:?}",
                report.checks
            );
        }
        for bundle in [
            changed(|bundle| file(bundle).push(b'\n')),
            changed(|bundle| {
                file(bundle).pop();
            }),
            changed(|bundle| file(bundle).clear()),
        ] {
            assert!(!check(&bundle, &options).valid);
        }
    }
}

#[test]
fn rejects_every_changed_field_of_the_statement() {
    let other = Digest([1; 32]);
    let amount = |text: &str| Amount::parse(text).unwrap();
    type Change<'a> = (&'a str, CheckName, Box<dyn Fn(&mut Statement)>);
    let mut changes: Vec<Change> = vec![
        (
            "shape",
            CheckName::Statement,
            Box::new(|s| s.circuit.shape = SHAPES[1].name.into()),
        ),
        (
            "no shape",
            CheckName::Statement,
            Box::new(|s| s.circuit.shape = "huge".into()),
        ),
        (
            "key",
            CheckName::Key,
            Box::new(move |s| s.circuit.key = other),
        ),
        (
            "setup",
            CheckName::Key,
            Box::new(|s| s.setup = "hermez-ppot".into()),
        ),
        (
            "no setup",
            CheckName::Setup,
            Box::new(|s| s.setup = "trust me".into()),
        ),
        (
            "unknown setup",
            CheckName::Setup,
            Box::new(move |s| s.setup = format!("tau:{other}")),
        ),
        ("venue", CheckName::Proof, Box::new(|s| s.venue.push('!'))),
        ("epoch", CheckName::Proof, Box::new(|s| s.epoch += 1)),
        (
            "time",
            CheckName::Proof,
            Box::new(|s| s.time = "2026-11-23T00:00:00Z".into()),
        ),
        (
            "no time",
            CheckName::Statement,
            Box::new(|s| s.time = "today".into()),
        ),
        (
            "quote",
            CheckName::Proof,
            Box::new(|s| s.quote = "EUR".into()),
        ),
        (
            "previous",
            CheckName::Proof,
            Box::new(move |s| s.previous = Some(other)),
        ),
        (
            "market",
            CheckName::Market,
            Box::new(move |s| s.market = other),
        ),
        (
            "model",
            CheckName::Model,
            Box::new(move |s| s.risk_model = other),
        ),
        (
            "root",
            CheckName::Proof,
            Box::new(move |s| s.accounts_root = other),
        ),
        (
            "root beyond the field",
            CheckName::Statement,
            Box::new(|s| s.accounts_root = Digest([255; 32])),
        ),
        (
            "capacity",
            CheckName::Statement,
            Box::new(|s| s.capacity += 1),
        ),
        ("counts", CheckName::Proof, Box::new(|s| s.counts = None)),
        (
            "accounts",
            CheckName::Proof,
            Box::new(|s| s.counts.as_mut().unwrap().accounts += 1),
        ),
        (
            "counts digest",
            CheckName::Proof,
            Box::new(move |s| s.counts_digest = other),
        ),
        (
            "net",
            CheckName::Proof,
            Box::new(move |s| s.contracts[0].net = amount("0.001")),
        ),
        (
            "net off the lot",
            CheckName::Statement,
            Box::new(|s| s.contracts[0].net = Amount::parse("0.0001").unwrap()),
        ),
        (
            "long",
            CheckName::Proof,
            Box::new(|s| s.contracts[0].long = Amount::parse("0.351").unwrap()),
        ),
        (
            "contract",
            CheckName::Statement,
            Box::new(|s| s.contracts[0].id = "ETH-PERP".into()),
        ),
        (
            "claims",
            CheckName::Proof,
            Box::new(|s| s.classes.customer.coins[0].claims = Amount::parse("1").unwrap()),
        ),
        (
            "debts",
            CheckName::Proof,
            Box::new(|s| s.classes.fund.coins[0].debts = Amount::parse("1").unwrap()),
        ),
        (
            "coin",
            CheckName::Statement,
            Box::new(|s| s.classes.house.coins.clear()),
        ),
        (
            "total alone",
            CheckName::Statement,
            Box::new(|s| s.totals.maintenance = Amount::parse("1").unwrap()),
        ),
        (
            "total below zero",
            CheckName::Statement,
            Box::new(|s| s.totals.underwater = Amount::parse("-1").unwrap()),
        ),
    ];
    for field in [
        "equity",
        "maintenance",
        "initial",
        "shortfall",
        "underwater",
        "pools",
    ] {
        let change = move |s: &mut Statement| {
            let double = |amount: &mut Amount| *amount = Amount::parse("3").unwrap();
            let only = |totals: &mut zkmargin_circuits::statement::TotalFigures| match field {
                "equity" => double(&mut totals.equity_positive),
                "maintenance" => double(&mut totals.maintenance),
                "initial" => double(&mut totals.initial),
                "shortfall" => double(&mut totals.shortfall),
                "underwater" => double(&mut totals.underwater),
                _ => totals.deficient_pools += 1,
            };
            only(&mut s.classes.customer.totals);
            // Written back so that the sums agree.
            let source = MarketSource::parse("market.json", MARKET.as_bytes()).unwrap();
            let classes = [&s.classes.customer, &s.classes.house, &s.classes.fund];
            let sum = |pick: fn(&zkmargin_circuits::statement::TotalFigures) -> &Amount| {
                let units = classes
                    .iter()
                    .map(|class| pick(&class.totals).units(source.quote_quantum).unwrap());
                Amount::signed(units.sum(), source.quote_quantum)
            };
            s.totals.equity_positive = sum(|t| &t.equity_positive);
            s.totals.maintenance = sum(|t| &t.maintenance);
            s.totals.initial = sum(|t| &t.initial);
            s.totals.shortfall = sum(|t| &t.shortfall);
            s.totals.underwater = sum(|t| &t.underwater);
            s.totals.deficient_pools = classes
                .iter()
                .map(|class| class.totals.deficient_pools)
                .sum();
        };
        changes.push((field, CheckName::Proof, Box::new(change)));
    }
    for (name, expected, change) in changes {
        let mut statement = published().statement.clone();
        change(&mut statement);
        assert_ne!(statement, published().statement, "{name}");
        let bundle = changed(|bundle| bundle.statement = statement.to_bytes());
        let report = check(&bundle, &published().options());
        let failed = report
            .failure()
            .unwrap_or_else(|| panic!("{name} is accepted"));
        assert_eq!(failed.name, expected, "{name}: {}", failed.detail);
        assert_eq!(report.verdict, None, "{name}");
    }
}

#[test]
fn rejects_the_insecure_setup_unless_allowed() {
    let published = published();
    let options = Options {
        allow_insecure_setup: false,
        ..published.options()
    };
    rejects(
        &published.bundle,
        &options,
        CheckName::Setup,
        "anyone can forge",
    );
}

#[test]
fn accepts_an_unknown_setup_only_when_it_is_trusted_by_digest() {
    static PROVER: OnceLock<Prover> = OnceLock::new();
    let prover = PROVER.get_or_init(|| Prover::unknown(shape()));
    let published = Published::new(prover, RISK, |_| ());
    let digest = tau_g2_digest(&prover.params.s_g2());
    rejects(
        &published.bundle,
        &published.options(),
        CheckName::Setup,
        &hex::encode(digest),
    );
    let wrong = Options {
        trust_setup: Some([0; 32]),
        ..published.options()
    };
    rejects(&published.bundle, &wrong, CheckName::Setup, "--trust-setup");
    let trusted = Options {
        trust_setup: Some(digest),
        allow_insecure_setup: false,
        ..published.options()
    };
    let report = check(&published.bundle, &trusted);
    assert!(report.is_good(), "{:?}", report.checks);
    assert!(
        report.qualifications[0].contains("trusted by the caller only"),
        "{:?}",
        report.qualifications
    );

    // Parameters of another setup, and a key of it.
    let insecure_key = RemadeKey {
        tau_g2: insecure().params.s_g2(),
        key: insecure().key.get_vk().clone(),
    };
    let other = Options {
        key: Some(insecure_key.clone()),
        ..trusted.clone()
    };
    rejects(
        &published.bundle,
        &other,
        CheckName::Key,
        "are of setup insecure",
    );
    let mixed = RemadeKey {
        tau_g2: prover.params.s_g2(),
        ..insecure_key
    };
    rejects(
        &published.bundle,
        &Options {
            key: Some(mixed),
            ..trusted.clone()
        },
        CheckName::Key,
        "names key",
    );
    // A statement that calls its setup another.
    let lying = Published::new(prover, RISK, |statement| {
        statement.setup = "insecure".into()
    });
    rejects(
        &lying.bundle,
        &lying.options(),
        CheckName::Key,
        "the statement is under insecure",
    );
    let with_key = Options {
        key: Some(RemadeKey {
            tau_g2: insecure().params.s_g2(),
            key: prover.key.get_vk().clone(),
        }),
        ..lying.options()
    };
    rejects(&lying.bundle, &with_key, CheckName::Proof, "does not hold");
}

#[test]
fn rejects_a_bundle_without_a_key() {
    let published = published();
    let options = Options {
        key: None,
        ..published.options()
    };
    rejects(&published.bundle, &options, CheckName::Key, "--params");
}

#[test]
fn rejects_no_proof_and_two() {
    let options = published().options();
    rejects(
        &changed(|bundle| bundle.proofs.clear()),
        &options,
        CheckName::Proof,
        "0 proofs",
    );
    let two = changed(|bundle| bundle.proofs.push(bundle.proofs[0].clone()));
    rejects(&two, &options, CheckName::Proof, "2 proofs");
}

#[test]
fn accepts_a_private_model_with_and_without_its_file() {
    let risk = RISK.replace("\"salt\": null", &format!("\"salt\": \"{SALTED_RISK}\""));
    let published = Published::new(insecure(), &risk, |_| ());
    assert_eq!(published.bundle.risk, None);
    let report = check(&published.bundle, &published.options());
    assert!(report.is_good(), "{:?}", report.checks);
    assert_eq!(report.status(CheckName::Model), Status::NotPerformed);
    assert!(report.qualifications.contains(&"private model".to_owned()));

    let given = Options {
        risk: Some(risk.as_bytes()),
        ..published.options()
    };
    let report = check(&published.bundle, &given);
    assert_eq!(report.status(CheckName::Model), Status::Pass);
    assert!(report.qualifications.contains(&"private model".to_owned()));

    let other = Options {
        risk: Some(RISK.as_bytes()),
        ..published.options()
    };
    rejects(
        &published.bundle,
        &other,
        CheckName::Model,
        "the risk model has digest",
    );
    let none = Options {
        risk: Some(b"{}"),
        ..published.options()
    };
    assert!(verify_with::<Stub>(&published.bundle, &none, &mut |_| ()).is_err());
}

#[test]
fn rejects_a_published_model_that_is_not_the_one_given() {
    let published = published();
    let other = RISK.replace("0.004", "0.005");
    let options = Options {
        risk: Some(other.as_bytes()),
        ..published.options()
    };
    rejects(
        &published.bundle,
        &options,
        CheckName::Model,
        "the risk model has digest",
    );
    let same = Options {
        risk: Some(RISK.as_bytes()),
        ..published.options()
    };
    assert!(check(&published.bundle, &same).is_good());
}

#[test]
fn accepts_only_the_statement_that_follows() {
    let first = published();
    let digest = Digest(context_digest(&first.bundle.statement));
    let next = |change: &dyn Fn(&mut Statement)| {
        Published::new(insecure(), RISK, |statement| {
            statement.epoch = 43;
            statement.time = "2026-11-22T01:00:00Z".into();
            statement.previous = Some(digest);
            change(statement);
        })
    };
    let follows = |second: &Published| {
        let options = Options {
            previous: vec![&first.bundle.statement],
            ..second.options()
        };
        let report = check(&second.bundle, &options);
        let found = of(&report, CheckName::Previous);
        assert_eq!(report.is_good(), found.status == Status::Pass);
        // The proof holds all the same.
        assert_eq!(report.verdict, Some(Verdict::Solvent));
        (found.status, found.detail)
    };
    let (status, detail) = follows(&next(&|_| ()));
    assert_eq!(status, Status::Pass, "{detail}");
    type Change<'a> = (&'a str, &'a dyn Fn(&mut Statement));
    let changes: [Change; 6] = [
        ("says none", &|s| s.previous = None),
        ("says 0101", &|s| s.previous = Some(Digest([1; 32]))),
        ("does not follow 42", &|s| s.epoch = 44),
        ("does not follow 42", &|s| s.epoch = 42),
        ("is not later", &|s| s.time = "2026-11-22T00:00:00Z".into()),
        ("is of \"Example Exchange\"", &|s| {
            s.venue = "Another".into()
        }),
    ];
    for (expected, change) in changes {
        let (status, detail) = follows(&next(change));
        assert_eq!(status, Status::Fail);
        assert!(detail.contains(expected), "{detail}");
    }
    let second = next(&|_| ());
    let garbage = Options {
        previous: vec![b"{}"],
        ..second.options()
    };
    assert_eq!(
        check(&second.bundle, &garbage).status(CheckName::Previous),
        Status::Fail
    );
}

#[test]
fn accepts_counts_only_when_they_open_the_digest() {
    let opened = published().statement.counts.clone().unwrap();
    let secret = Published::new(insecure(), RISK, |statement| statement.counts = None);
    assert_eq!(
        check(&secret.bundle, &secret.options()).status(CheckName::Counts),
        Status::NotPerformed
    );
    let with = |counts: Counts| Options {
        counts: Some(counts),
        ..secret.options()
    };
    assert_eq!(
        check(&secret.bundle, &with(opened.clone())).status(CheckName::Counts),
        Status::Pass
    );
    let more = Counts {
        accounts: opened.accounts + 1,
        ..opened.clone()
    };
    rejects(
        &secret.bundle,
        &with(more),
        CheckName::Counts,
        "do not open",
    );
    let salt = Counts {
        salt: Digest([255; 32]),
        ..opened
    };
    rejects(
        &secret.bundle,
        &with(salt),
        CheckName::Counts,
        "not a field element",
    );
}

#[test]
fn accepts_reserves_that_reach_the_claims() {
    let published = published();
    let with = |reserves: &'static str| Options {
        reserves: Some(reserves.as_bytes()),
        ..published.options()
    };
    let report = check(&published.bundle, &with(r#"{ "USDT": "1000000" }"#));
    assert!(report.is_good());
    assert_eq!(report.basis, Basis::MarginAndReserves);
    assert_eq!(report.reserves.as_ref().unwrap().coins.len(), 1);
    let short = with(r#"{ "USDT": "1000" }"#);
    rejects(
        &published.bundle,
        &short,
        CheckName::Reserves,
        "fall short of required: USDT 1000 of ",
    );
    let report = check(&published.bundle, &short);
    assert_eq!(
        (report.verdict, report.basis),
        (Some(Verdict::Solvent), Basis::Margin)
    );
    rejects(
        &published.bundle,
        &with("{}"),
        CheckName::Reserves,
        "USDT 0 of ",
    );
    assert!(
        verify_with::<Stub>(&published.bundle, &with(r#"{ "DOGE": "1" }"#), &mut |_| ()).is_err()
    );
}

#[test]
fn accepts_prices_within_the_tolerance() {
    let published = published();
    let percent = Decimal::parse("0.01").unwrap();
    let with = |prices: &'static str| Options {
        prices: Some((prices.as_bytes(), percent)),
        ..published.options()
    };
    let report = check(
        &published.bundle,
        &with(r#"{ "USDT": "1", "BTC-PERP": "65000" }"#),
    );
    assert!(report.is_good());
    assert_eq!(report.prices.as_ref().unwrap().deviations.len(), 2);
    let moved = with(r#"{ "BTC-PERP": "60000" }"#);
    rejects(
        &published.bundle,
        &moved,
        CheckName::Prices,
        "BTC-PERP at 65100.2 against 60000",
    );
    assert!(verify_with::<Stub>(&published.bundle, &with("[]"), &mut |_| ()).is_err());
}
