use super::*;
use crate::market::MarketSource;
use crate::relation::Totals;
use crate::units::Decimal;

const MARKET: &str = r#"{ "quote_quantum": "0.000001",
  "assets": [ { "id": "USDT", "price": "1", "quantum": "0.000001" },
              { "id": "USDT@spot", "coin": "USDT", "price": "1", "quantum": "0.000001" },
              { "id": "BTC", "price": "65000", "quantum": "0.00000001" } ],
  "instruments": [ { "id": "BTC-PERP", "style": "linear", "settlement": "USDT", "multiplier": "1", "lot": "0.001", "mark": "65100", "basis": null } ] }"#;

fn source() -> MarketSource {
    MarketSource::parse("market.json", MARKET.as_bytes()).unwrap()
}

/// A fund that can pay 70, and customers and house that are fine.
fn totals() -> BookTotals {
    let mut totals = BookTotals::new(&source().market);
    totals.classes[0] = Totals {
        equity_positive: 1_000,
        maintenance: 500,
        ..Totals::default()
    };
    totals.classes[1] = Totals {
        equity_positive: 500,
        ..Totals::default()
    };
    totals.classes[2] = Totals {
        equity_positive: 100,
        equity_negative: 10,
        maintenance: 20,
        ..Totals::default()
    };
    totals
}

#[test]
fn accepts_the_first_verdict_that_applies() {
    let mut totals = totals();
    assert_eq!(fund(&totals), 70);
    assert_eq!(Verdict::of(&totals), Verdict::Solvent);
    // A house pool may be deficient.
    totals.classes[1].deficient_pools = 1;
    assert_eq!(Verdict::of(&totals), Verdict::Solvent);
    totals.classes[0].deficient_pools = 1;
    assert_eq!(Verdict::of(&totals), Verdict::Covered);
    totals.classes[0].equity_negative = 40;
    totals.classes[1].equity_negative = 30;
    assert_eq!(Verdict::of(&totals), Verdict::Covered);
    totals.classes[1].equity_negative = 31;
    assert_eq!(Verdict::of(&totals), Verdict::Uncovered);
    totals.contracts[1].0 = -1;
    assert_eq!(Verdict::of(&totals), Verdict::Unmatched);
    assert!(!Verdict::Unmatched.is_good() && !Verdict::Uncovered.is_good());
    assert!(Verdict::Solvent.is_good() && Verdict::Covered.is_good());
}

#[test]
fn accepts_no_fund_as_nothing() {
    let mut totals = totals();
    totals.classes[2].maintenance = 1_000;
    assert_eq!(fund(&totals), 0);
    assert_eq!(Verdict::of(&totals), Verdict::Solvent);
    totals.classes[0].equity_negative = 1;
    assert_eq!(Verdict::of(&totals), Verdict::Uncovered);
}

fn reserves(text: &str) -> Result<Reserves, crate::error::InputError> {
    Reserves::parse("reserves.json", text.as_bytes(), &source())
}

#[test]
fn accepts_reserves_to_the_last_quantum() {
    let mut totals = totals();
    // Required: 5 + 2 - 3 = 4 USDT; the house's claims are its own. BTC: debts only.
    totals.coins[0][0] = (5_000_000, 3_000_000);
    totals.coins[1][0] = (9_000_000, 1_000_000);
    totals.coins[2][0] = (2_000_000, 1_000_000);
    totals.coins[0][3] = (0, 100);
    let report = |text: &str| reserves(text).unwrap().check(&totals, &source());
    let exact = report(r#"{ "USDT": "4" }"#);
    assert!(exact.holds());
    assert_eq!(exact.coins.len(), 2);
    assert_eq!(exact.coins[0].required.as_str(), "4");
    assert_eq!(exact.coins[1].required.as_str(), "-0.000001");
    assert!(report(r#"{ "USDT": "1000000000000000000000000000", "BTC": "0" }"#).holds());
    let short = report(r#"{ "USDT": "3.9999999", "BTC": "1" }"#);
    assert!(!short.holds());
    assert_eq!(
        short
            .missing()
            .map(|coin| coin.coin.as_str())
            .collect::<Vec<_>>(),
        ["USDT"]
    );
    assert!(!report("{}").holds());
}

#[test]
fn rejects_reserves_that_are_none() {
    for (text, problem) in [
        (r#"{ "USDT": "-1" }"#, "below zero"),
        (r#"{ "USDC": "1" }"#, "not a coin"),
        (r#"{ "USDT@spot": "1" }"#, "not a coin"),
        (r#"{ "BTC-PERP": "1" }"#, "not a coin"),
        (r#"{ "USDT": "x" }"#, "not a decimal"),
        (r#"{ "USDT": 1 }"#, "expected a string"),
        (r#"{ "USDT": "1", "USDT": "2" }"#, "duplicate field"),
        ("[]", "expected an object"),
    ] {
        let error = reserves(text).unwrap_err();
        assert!(error.problem.contains(problem), "{text}: {error}");
        assert!(!error.remedy.is_empty(), "{text}");
    }
}

fn prices(text: &str, tolerance: &str) -> PricesReport {
    let tolerance = Decimal::parse(tolerance).unwrap();
    Prices::parse("prices.json", text.as_bytes())
        .unwrap()
        .check(&source(), tolerance)
}

#[test]
fn accepts_prices_within_the_tolerance() {
    let report = prices(
        r#"{ "USDT": "1", "BTC": "65000", "BTC-PERP": "65000", "ETH": "3000" }"#,
        "0.01",
    );
    assert!(report.holds());
    // The spot variant takes the price of its coin; the perpetual is 100 off of 65,000.
    assert_eq!(report.deviations.len(), 4);
    assert_eq!(report.deviations[0].symbol, "BTC-PERP");
    assert_eq!(report.deviations[0].deviation.as_deref(), Some("0.001539"));
    assert!(report.unpriced.is_empty());

    // Exactly at the tolerance, and just beyond it.
    assert!(prices(r#"{ "BTC": "50000" }"#, "0.3").holds());
    let beyond = prices(r#"{ "BTC": "50000" }"#, "0.299999999999999999");
    assert!(!beyond.holds());
    assert_eq!(beyond.deviations[0].deviation.as_deref(), Some("0.3"));
    assert_eq!(beyond.unpriced, ["USDT", "BTC-PERP", "USDT@spot"]);
}

#[test]
fn rejects_prices_beyond_measure_and_none_at_all() {
    let report = prices(r#"{ "BTC": "0", "USDT": "1" }"#, "0.01");
    assert!(!report.holds());
    assert_eq!(report.deviations[0].symbol, "BTC");
    assert_eq!(report.deviations[0].deviation, None);
    assert!(!prices("{}", "0.01").holds());
    assert!(Prices::parse("prices.json", br#"{ "BTC": "1e3" }"#).is_err());
    let extremes = r#"{ "BTC": "0.000000000000000001", "USDT": "9999999999999999999999999999" }"#;
    assert!(!prices(extremes, "9999999999.999999999999999999").holds());
}
