//! A small book from its files to its verdict, against figures worked out by hand.

use std::fs;

use zkmargin_circuits::book::Class;
use zkmargin_circuits::market::MarketSource;
use zkmargin_circuits::relation::{evaluate_account, BookTotals, Limits, PoolOutcome};
use zkmargin_circuits::risk::RiskSource;
use zkmargin_circuits::snapshot::Snapshot;
use zkmargin_circuits::statement::{InputDigests, ProofFields, Statement};
use zkmargin_circuits::verdict::{Reserves, Verdict};
use zkmargin_prover::accounts::{read_book, Book};

const SNAPSHOT: &str = r#"{ "venue": "Example Exchange", "epoch": 1, "time": "2026-11-22T00:00:00Z",
  "quote": "USD", "previous": null, "classes": { "fund": ["insurance"], "house": ["prop-1"] } }"#;

/// Hedge mode as two variants of one contract.
const MARKET: &str = r#"{ "quote_quantum": "0.000001",
  "assets": [ { "id": "USDT", "price": "1", "quantum": "0.00000001" },
              { "id": "BTC", "price": "65000", "quantum": "0.00000001" } ],
  "instruments": [
    { "id": "BTC-PERP", "style": "linear", "settlement": "USDT", "multiplier": "1", "lot": "0.001", "mark": "65100.2", "basis": null },
    { "id": "BTC-PERP:long", "contract": "BTC-PERP", "style": "linear", "settlement": "USDT", "multiplier": "1", "lot": "0.001", "mark": "65100.2", "basis": null },
    { "id": "BTC-PERP:short", "contract": "BTC-PERP", "style": "linear", "settlement": "USDT", "multiplier": "1", "lot": "0.001", "mark": "65100.2", "basis": null },
    { "id": "BTC-INV", "style": "inverse", "settlement": "BTC", "multiplier": "100", "lot": "1", "mark": "65000", "basis": null } ] }"#;

/// A perpetual loses 2,000 USDT a bitcoin either way, an inverse contract 0.00004 BTC.
fn risk() -> String {
    let instrument = |id: &str, pnl: &str| {
        format!(
            r#"{{ "id": "{id}", "group": "BTC", "pnl": ["{pnl}", "-{pnl}"], "floor": null,
              "brackets": [ {{ "floor": "0", "rate": "0.004", "cum": "0" }}, {{ "floor": "50000", "rate": "0.005", "cum": "50" }} ],
              "short_brackets": null, "long_brackets": null }}"#
        )
    };
    let asset = |id: &str, ratio: &str| {
        format!(
            r#"{{ "id": "{id}", "lot": "1", "debt_weight": "1", "group": null, "pnl": null,
              "debt_brackets": null, "weights": [ {{ "ratio": "{ratio}" }} ] }}"#
        )
    };
    let instruments = [
        instrument("BTC-PERP", "2000"),
        instrument("BTC-PERP:long", "2000"),
        instrument("BTC-PERP:short", "2000"),
        instrument("BTC-INV", "0.00004"),
    ];
    format!(
        r#"{{ "name": "small", "scenarios": 2, "floor_weights": null, "salt": null,
          "groups": [ {{ "id": "BTC", "maintenance_factor": "1", "initial_factor": "1.25" }} ],
          "assets": [ {}, {} ], "instruments": [ {} ] }}"#,
        asset("USDT", "1"),
        asset("BTC", "0.9"),
        instruments.join(", ")
    )
}

const ACCOUNTS: &str = "account,pool,symbol,quantity,entry_price
alice,cross,USDT,12000.5,
alice,cross,BTC-PERP,-0.350,64800
alice,iso-1,USDT,500,
bob,cross,USDT,1000,
bob,cross,BTC-PERP:long,1,65000
bob,cross,BTC-PERP:short,-0.65,65000
carol,cross,BTC,0.5,
carol,cross,BTC-INV,-650,60000
insurance,cross,USDT,1000000,
prop-1,cross,BTC,1,
prop-1,cross,BTC-INV,650,60000
";

struct Evaluated {
    market: MarketSource,
    header: Snapshot,
    book: Book,
    outcomes: Vec<Vec<PoolOutcome>>,
    totals: BookTotals,
}

fn evaluate(accounts: &str) -> Evaluated {
    let dir = tempfile::tempdir().expect("a folder");
    fs::write(dir.path().join("accounts.csv"), accounts).expect("the file");
    let header = Snapshot::parse("snapshot.json", SNAPSHOT.as_bytes()).expect("the header");
    let market = MarketSource::parse("market.json", MARKET.as_bytes()).expect("the market");
    let risk = RiskSource::parse("risk.json", risk().as_bytes(), &market).expect("the model");
    let book = read_book(dir.path(), &header, &market).expect("the book");
    let mut totals = BookTotals::new(&market.market);
    let outcomes: Vec<_> = book
        .accounts()
        .map(|account| {
            let (account, limits) = (account.expect("an account"), Limits::NARROW);
            let outcomes = evaluate_account(&market.market, &risk.model, &account, limits)
                .expect("amounts in range");
            totals.add_account(&market.market, &account, &outcomes);
            outcomes
        })
        .collect();
    Evaluated {
        market,
        header,
        book,
        outcomes,
        totals,
    }
}

fn statement(evaluated: &Evaluated) -> Statement {
    let Evaluated {
        market,
        header,
        totals,
        ..
    } = evaluated;
    Statement::from_totals(
        header,
        ProofFields::default(),
        InputDigests::default(),
        totals,
        market,
    )
}

#[test]
fn accepts_every_pool_by_hand() {
    let evaluated = evaluate(ACCOUNTS);
    let of = |id: &str, pool: usize| {
        let index = evaluated.book.index_of(id).expect("a book");
        let index = index.expect("an account");
        let outcome = &evaluated.outcomes[index][pool];
        (
            outcome.value,
            outcome.equity,
            outcome.maintenance,
            outcome.initial,
        )
    };
    // 12,000.5 - 0.35 * 300.2; 0.35 * 2,000 and 0.4 % of 22,785.07.
    assert_eq!(
        of("alice", 0),
        (11_895_430_000, 11_895_430_000, 791_140_280, 988_925_350)
    );
    assert_eq!(of("alice", 1), (500_000_000, 500_000_000, 0, 0));
    // 1,000 + 0.35 * 100.2; the sides net in the scan, but each has its charge:
    // 0.5 % of 65,100.2 less 50, and 0.4 % of 42,315.13.
    assert_eq!(
        of("bob", 0),
        (1_035_070_000, 1_035_070_000, 1_144_761_520, 1_430_951_900)
    );
    // A lot is marked at -0.00153846 BTC: 0.5 - 1.08333334 + 650 * 0.00153846 = 0.41666566 BTC.
    assert_eq!(
        of("carol", 0),
        (27_083_267_900, 24_374_941_110, 1_964_999_675, 2_456_249_594)
    );
    // And 1 + 1.08333333 - 0.999999 = 1.08333433 BTC.
    assert_eq!(
        of("prop-1", 0),
        (70_416_731_450, 63_375_058_305, 1_964_999_675, 2_456_249_594)
    );
}

#[test]
fn accepts_totals_and_verdict_by_hand() {
    let evaluated = evaluate(ACCOUNTS);
    let statement = statement(&evaluated);
    let customer = &statement.classes.of(Class::Customer).totals;
    assert_eq!(customer.equity_positive.as_str(), "37805.44111");
    assert_eq!(customer.maintenance.as_str(), "3900.901475");
    assert_eq!(customer.initial.as_str(), "4876.126844");
    assert_eq!(
        (customer.deficient_pools, customer.shortfall.as_str()),
        (1, "109.69152")
    );
    assert_eq!((customer.bankrupt_pools, customer.underwater_pools), (0, 0));
    let coins = &statement.classes.of(Class::Customer).coins;
    assert_eq!(
        (coins[0].id.as_str(), coins[0].claims.as_str()),
        ("USDT", "13430.5")
    );
    assert_eq!(
        (coins[1].id.as_str(), coins[1].claims.as_str()),
        ("BTC", "0.41666566")
    );
    assert_eq!(
        statement.classes.of(Class::House).coins[1].claims.as_str(),
        "1.08333433"
    );
    assert_eq!(
        statement
            .classes
            .of(Class::Fund)
            .totals
            .equity_positive
            .as_str(),
        "1000000"
    );
    let contracts: Vec<_> = statement
        .contracts
        .iter()
        .map(|contract| {
            (
                contract.id.as_str(),
                contract.net.as_str(),
                contract.long.as_str(),
            )
        })
        .collect();
    assert_eq!(contracts, [("BTC-PERP", "0", "1"), ("BTC-INV", "0", "650")]);
    assert_eq!((evaluated.totals.accounts, evaluated.totals.pools), (5, 6));
    assert_eq!(Verdict::of(&evaluated.totals), Verdict::Covered);

    let again = Statement::parse_canonical(&statement.to_bytes()).expect("its own bytes");
    let read = again
        .book_totals(&evaluated.market)
        .expect("its own totals");
    assert_eq!(read.classes, evaluated.totals.classes);
    assert_eq!(read.coins, evaluated.totals.coins);
    assert_eq!(read.contracts, evaluated.totals.contracts);
}

/// The verdict on the book with one line changed.
fn verdict(from: &str, to: &str) -> Verdict {
    assert!(ACCOUNTS.contains(from), "{from}");
    Verdict::of(&evaluate(&ACCOUNTS.replace(from, to)).totals)
}

#[test]
fn accepts_each_verdict() {
    assert_eq!(
        verdict("bob,cross,USDT,1000,", "bob,cross,USDT,2000,"),
        Verdict::Solvent
    );
    // Bob owes 8,964.93: the fund pays it, or not.
    assert_eq!(
        verdict("bob,cross,USDT,1000,", "bob,cross,USDT,-9000,"),
        Verdict::Covered
    );
    let broke = ACCOUNTS.replace("bob,cross,USDT,1000,", "bob,cross,USDT,-9000,");
    let with_fund = |fund: &str| {
        let accounts = broke.replace("insurance,cross,USDT,1000000,", fund);
        Verdict::of(&evaluate(&accounts).totals)
    };
    assert_eq!(with_fund("insurance,cross,USDT,8964.93,"), Verdict::Covered);
    assert_eq!(
        with_fund("insurance,cross,USDT,8964.929999,"),
        Verdict::Uncovered
    );
    // The fund's pools add up.
    assert_eq!(
        with_fund("insurance,cross,USDT,8964.929999,\ninsurance,other,USDT,1,"),
        Verdict::Covered
    );
    // The loser dropped: nobody stands against alice's gain.
    assert_eq!(
        verdict("bob,cross,BTC-PERP:long,1,65000\n", ""),
        Verdict::Unmatched
    );
    assert_eq!(
        verdict("carol,cross,BTC-INV,-650,60000\n", ""),
        Verdict::Unmatched
    );
}

#[test]
fn accepts_reserves_that_reach_net_claims() {
    let evaluated = evaluate(ACCOUNTS);
    let holds = |reserves: &str| {
        Reserves::parse("reserves.json", reserves.as_bytes(), &evaluated.market)
            .expect("reserves")
            .check(&evaluated.totals, &evaluated.market)
            .holds()
    };
    assert!(holds(r#"{ "USDT": "1013430.5", "BTC": "0.41666566" }"#));
    assert!(!holds(
        r#"{ "USDT": "1013430.49999999", "BTC": "0.41666566" }"#
    ));
    assert!(!holds(r#"{ "USDT": "1013430.5", "BTC": "0.41666565" }"#));
}

#[test]
fn accepts_a_surplus_only_in_its_own_pool() {
    // Bob's other pool does not help his cross pool; one pool with both would be fine.
    let apart = ACCOUNTS.replace(
        "bob,cross,USDT,1000,",
        "bob,cross,USDT,1000,\nbob,spot,USDT,1000,",
    );
    let together = ACCOUNTS.replace("bob,cross,USDT,1000,", "bob,cross,USDT,2000,");
    let deficient = |accounts: &str| evaluate(accounts).totals.total().deficient_pools;
    assert_eq!((deficient(&apart), deficient(&together)), (1, 0));
}
