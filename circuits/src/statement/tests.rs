use proptest::prelude::*;

use super::*;
use crate::book::Class;
use crate::market::MarketSource;
use crate::relation::Totals;
use crate::units::Decimal;

const MARKET: &str = r#"{ "quote_quantum": "0.000001",
  "assets": [ { "id": "USDT", "price": "1.0002", "quantum": "0.00000001" },
              { "id": "USDT@spot", "coin": "USDT", "price": "1.0002", "quantum": "0.00000001" },
              { "id": "BTC", "price": "65000", "quantum": "0.00000001" } ],
  "instruments": [ { "id": "BTC-PERP", "style": "linear", "settlement": "USDT", "multiplier": "1", "lot": "0.001", "mark": "65100.2", "basis": null },
                   { "id": "BTC-PERP:short", "contract": "BTC-PERP", "style": "linear", "settlement": "USDT", "multiplier": "1", "lot": "0.001", "mark": "65100.2", "basis": null } ] }"#;

#[test]
fn amounts_are_subtracted_exactly() {
    let amount = |text: &str| Amount::parse(text).unwrap();
    let minus = |one: &str, two: &str| amount(one).minus(&amount(two)).map(|a| a.to_string());
    for (one, two, difference) in [
        ("3", "1", "2"),
        ("1", "3", "-2"),
        ("1", "1", "0"),
        ("0.5", "0.25", "0.25"),
        ("0.25", "0.5", "-0.25"),
        ("1.000000000000000001", "0.000000000000000001", "1"),
        ("100", "0.01", "99.99"),
        ("-1.5", "-2", "0.5"),
        ("-0.1", "0.9", "-1"),
        ("0", "0.00001", "-0.00001"),
    ] {
        assert_eq!(
            minus(one, two).as_deref(),
            Some(difference),
            "{one} - {two}"
        );
        amount(difference);
    }
    let long = "9".repeat(72);
    assert_eq!(minus(&long, &long).as_deref(), Some("0"));
    let fine = format!("0.{}1", "0".repeat(71));
    assert_eq!(minus(&long, &fine), None);
    assert_eq!(Amount::default(), amount("0"));
}

fn source() -> MarketSource {
    MarketSource::parse("market.json", MARKET.as_bytes()).unwrap()
}

fn snapshot() -> Snapshot {
    Snapshot {
        venue: "Example \"Exchange\"".into(),
        epoch: 42,
        time: "2026-11-22T00:00:00Z".into(),
        quote: "USD".into(),
        previous: None,
        classes: Default::default(),
    }
}

/// Rows: USDT, BTC-PERP, BTC-PERP:short, USDT@spot, BTC.
fn totals() -> BookTotals {
    let mut totals = BookTotals::new(&source().market);
    totals.classes[0] = Totals {
        equity_positive: 11_897_809_086,
        equity_negative: 1,
        maintenance: 966_158_509,
        initial: 1_207_698_136,
        deficient_pools: 1,
        shortfall: 1,
        bankrupt_pools: 1,
        bankruptcy: 1,
        underwater_pools: 0,
        underwater: 0,
    };
    totals.classes[2].equity_positive = 1_000_000;
    totals.coins[0][0] = (1_189_543_000_000, 5);
    totals.coins[2][4] = (100_000_000, 0);
    totals.contracts[1] = (-350, 20);
    totals
}

fn statement() -> Statement {
    let proof = ProofFields {
        circuit: CircuitId {
            shape: "retail-18".into(),
            key: Digest([1; 32]),
        },
        setup: "insecure".into(),
        accounts_root: Digest([2; 32]),
        capacity: 32_768,
        counts: None,
        counts_digest: Digest([3; 32]),
    };
    let digests = InputDigests {
        market: Digest([4; 32]),
        risk_model: Digest([5; 32]),
    };
    Statement::from_totals(&snapshot(), proof, digests, &totals(), &source())
}

fn text() -> String {
    String::from_utf8(statement().to_bytes()).unwrap()
}

#[test]
fn accepts_the_canonical_bytes() {
    let hex = |byte: &str| byte.repeat(32);
    let zeros = r#""equity_positive":"0","equity_negative":"0","maintenance":"0","initial":"0","deficient_pools":0,"shortfall":"0","bankrupt_pools":0,"bankruptcy":"0","underwater_pools":0,"underwater":"0""#;
    let expected = [
        r#"{"version":1,"circuit":{"shape":"retail-18","key":""#,
        &hex("01"),
        r#""},"setup":"insecure","venue":"Example \"Exchange\"","epoch":42,"time":"2026-11-22T00:00:00Z","quote":"USD","previous":null,"market":""#,
        &hex("04"),
        r#"","risk_model":""#,
        &hex("05"),
        r#"","accounts_root":""#,
        &hex("02"),
        r#"","capacity":32768,"counts":null,"counts_digest":""#,
        &hex("03"),
        r#"","totals":{"equity_positive":"11898.809086","equity_negative":"0.000001","maintenance":"966.158509","initial":"1207.698136","deficient_pools":1,"shortfall":"0.000001","bankrupt_pools":1,"bankruptcy":"0.000001","underwater_pools":0,"underwater":"0"},"#,
        r#""classes":{"customer":{"equity_positive":"11897.809086","equity_negative":"0.000001","maintenance":"966.158509","initial":"1207.698136","deficient_pools":1,"shortfall":"0.000001","bankrupt_pools":1,"bankruptcy":"0.000001","underwater_pools":0,"underwater":"0","#,
        r#""coins":[{"id":"USDT","claims":"11895.43","debts":"0.00000005"},{"id":"BTC","claims":"0","debts":"0"}]},"house":{"#,
        zeros,
        r#","coins":[{"id":"USDT","claims":"0","debts":"0"},{"id":"BTC","claims":"0","debts":"0"}]},"fund":{"#,
        &zeros.replacen(r#""0""#, r#""1""#, 1),
        r#","coins":[{"id":"USDT","claims":"0","debts":"0"},{"id":"BTC","claims":"1","debts":"0"}]}},"#,
        r#""contracts":[{"id":"BTC-PERP","net":"-0.35","long":"0.02"}]}"#,
    ];
    assert_eq!(text(), expected.concat());
    let parsed = Statement::parse_canonical(text().as_bytes()).unwrap();
    assert_eq!(parsed, statement());
    assert_eq!(parsed.book_totals(&source()).unwrap(), totals());
}

#[test]
fn accepts_published_counts() {
    let mut statement = statement();
    statement.counts = Some(Counts {
        accounts: 3,
        pools: 4,
        salt: Digest([9; 32]),
    });
    let parsed = Statement::parse_canonical(&statement.to_bytes()).unwrap();
    let totals = parsed.book_totals(&source()).unwrap();
    assert_eq!((totals.accounts, totals.pools), (3, 4));
}

#[test]
fn accepts_null_for_what_only_a_proof_knows() {
    let statement = statement();
    let proven: serde_json::Value = serde_json::from_slice(&statement.to_bytes()).unwrap();
    let unproven = serde_json::to_value(statement.unproven()).unwrap();
    let nulls = [
        "circuit",
        "setup",
        "accounts_root",
        "capacity",
        "counts",
        "counts_digest",
    ];
    let fields = proven.as_object().unwrap();
    assert_eq!(fields.len(), unproven.as_object().unwrap().len());
    for (name, value) in fields {
        if nulls.contains(&name.as_str()) {
            assert!(unproven[name].is_null(), "{name}");
        } else {
            assert_eq!(unproven[name], *value, "{name}");
        }
    }
    let bytes = serde_json::to_vec(&statement.unproven()).unwrap();
    assert!(Statement::parse_canonical(&bytes).is_err());
}

#[test]
fn rejects_any_other_serialisation() {
    let text = text();
    for (from, to) in [
        ("{\"version\":1", "{ \"version\":1"),
        ("\"version\":1", "\"version\":2"),
        ("\"version\":1,", ""),
        ("\"epoch\":42", "\"epoch\":42.0"),
        ("\"epoch\":42", "\"epoch\":042"),
        ("\"epoch\":42", "\"epoch\":\"42\""),
        ("\"epoch\":42", "\"epoch\":42,\"epoch\":42"),
        ("\"epoch\":42", "\"epoch\":42,\"more\":1"),
        (
            "\"setup\":\"insecure\",\"venue\":\"Example \\\"Exchange\\\"\"",
            "\"venue\":\"Example \\\"Exchange\\\"\",\"setup\":\"insecure\"",
        ),
        ("\"USD\"", "\"\\u0055SD\""),
        ("\"11895.43\"", "\"11895.430\""),
        ("\"11895.43\"", "\"011895.43\""),
        ("\"11895.43\"", "\"+11895.43\""),
        ("\"11895.43\"", "\"1.189543e4\""),
        ("\"11895.43\"", "\"11895.\""),
        ("\"11895.43\"", "\"\""),
        ("\"11895.43\"", "11895.43"),
        ("\"debts\":\"0\"", "\"debts\":\"-0\""),
        ("\"debts\":\"0\"", "\"debts\":\"0.0\""),
        ("\"debts\":\"0\"", "\"debts\":\"0\",\"more\":\"0\""),
        (
            "\"underwater\":\"0\"",
            "\"underwater\":\"0\",\"more\":\"0\"",
        ),
        ("\"house\":{", "\"houses\":{"),
        ("\"previous\":null,", ""),
        ("\"counts\":null,", ""),
        ("2026-11-22", "2026-11-31"),
        ("0101", "010A"),
        ("0101", "01"),
    ] {
        assert!(text.contains(from), "{from}");
        let changed = text.replacen(from, to, 1);
        assert!(
            Statement::parse_canonical(changed.as_bytes()).is_err(),
            "{from} -> {to}"
        );
    }
    assert!(Statement::parse_canonical(format!("{text}\n").as_bytes()).is_err());
    assert!(Statement::parse_canonical(format!("\u{feff}{text}").as_bytes()).is_err());
    assert!(Statement::parse_canonical(&text.as_bytes()[..text.len() - 1]).is_err());
    assert!(Statement::parse_canonical(b"").is_err());
}

/// The error of the statement changed in one place and written back canonically.
fn error_of(from: &str, to: &str) -> StatementError {
    let text = text();
    assert!(text.contains(from), "{from}");
    let changed = text.replacen(from, to, 1);
    let statement = Statement::parse_canonical(changed.as_bytes()).unwrap();
    statement.book_totals(&source()).unwrap_err()
}

#[test]
fn rejects_figures_that_are_no_totals() {
    let amount = |from: &str, to: &str| match error_of(from, to) {
        StatementError::Amount { source, .. } => source,
        other => panic!("{other}"),
    };
    let customer = "\"11897.809086\"";
    assert_eq!(amount(customer, "\"-11897.809086\""), AmountError::Range);
    assert_eq!(
        amount(customer, "\"11897.8090861\""),
        AmountError::OffQuantum
    );
    // 2^120 quanta of 10^-6, and one less.
    let limit = "\"1329227995784915872903807060280.344576\"";
    assert_eq!(amount(customer, limit), AmountError::Range);
    assert_eq!(amount("\"-0.35\"", "\"-0.3505\""), AmountError::OffQuantum);
    assert_eq!(
        amount("\"long\":\"0.02\"", "\"long\":\"-0.02\""),
        AmountError::Range
    );
    assert_eq!(
        amount("\"deficient_pools\":1", "\"deficient_pools\":1099511627776"),
        AmountError::Range
    );
    assert_eq!(
        amount("\"11895.43\"", &format!("\"{}\"", "9".repeat(72))),
        AmountError::Range
    );
    assert_eq!(
        amount("\"11895.43\"", &format!("\"0.{}\"", "9".repeat(72))),
        AmountError::OffQuantum
    );

    let inconsistent =
        |from: &str, to: &str| matches!(error_of(from, to), StatementError::Inconsistent(_));
    assert!(inconsistent(customer, "\"11897.809087\""));
    assert!(inconsistent(
        customer,
        "\"1329227995784915872903807060280.344575\""
    ));
    assert!(inconsistent(
        "\"deficient_pools\":1",
        "\"deficient_pools\":2"
    ));
    assert!(inconsistent(
        "\"bankruptcy\":\"0.000001\"",
        "\"bankruptcy\":\"0\""
    ));

    let symbol = |from: &str, to: &str| matches!(error_of(from, to), StatementError::Symbol { .. });
    assert!(symbol("\"id\":\"BTC\"", "\"id\":\"USDC\""));
    assert!(symbol(
        ",{\"id\":\"BTC\",\"claims\":\"0\",\"debts\":\"0\"}",
        ""
    ));
    assert!(symbol(
        "\"coins\":[",
        "\"coins\":[{\"id\":\"BTC\",\"claims\":\"0\",\"debts\":\"0\"},"
    ));
    let contract = "{\"id\":\"BTC-PERP\",\"net\":\"-0.35\",\"long\":\"0.02\"}";
    assert!(symbol(contract, ""));
    assert!(symbol(contract, &format!("{contract},{contract}")));
}

#[test]
fn accepts_the_context_of_known_bytes() {
    assert_eq!(
        Digest(context_digest(b"abc")).to_string(),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
}

#[test]
fn accepts_only_one_form_of_a_digest() {
    let text = "0a".repeat(32);
    assert_eq!(Digest::from_hex(&text), Some(Digest([10; 32])));
    for bad in [
        text.to_uppercase(),
        "0a".repeat(31),
        "0a".repeat(33),
        "0g".repeat(32),
        "é".repeat(32),
    ] {
        assert_eq!(Digest::from_hex(&bad), None, "{bad}");
    }
}

proptest! {
    #[test]
    fn accepts_amounts_there_and_back(units in -(1i128 << 119)..1i128 << 119, mantissa in 1..1_000i128, scale in 0..19u32) {
        let quantum = Decimal::new(mantissa, scale);
        let amount = Amount::signed(units, quantum);
        prop_assert_eq!(Amount::parse(amount.as_str()), Ok(amount.clone()));
        prop_assert_eq!(amount.units(quantum), Ok(units));
    }

    #[test]
    fn rejects_changed_bytes_without_panic(place in 0usize..10_000, byte in any::<u8>()) {
        let mut bytes = statement().to_bytes();
        let place = place % bytes.len();
        prop_assume!(bytes[place] != byte);
        bytes[place] = byte;
        if let Ok(parsed) = Statement::parse_canonical(&bytes) {
            prop_assert_ne!(&parsed, &statement());
            prop_assert_eq!(parsed.to_bytes(), bytes);
            let _ = parsed.book_totals(&source());
        }
    }

    #[test]
    fn rejects_any_bytes_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(Statement::parse_canonical(&bytes).is_err());
    }
}

#[test]
fn accepts_totals_by_class_there_and_back() {
    let mut totals = totals();
    for class in Class::ALL {
        totals.coins[class.index()][0] = (1 << 119, 1 << 110);
    }
    let statement = Statement::from_totals(
        &snapshot(),
        ProofFields::default(),
        InputDigests::default(),
        &totals,
        &source(),
    );
    assert_eq!(statement.book_totals(&source()).unwrap(), totals);
}
