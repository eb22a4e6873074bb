//! A book in which exactly five pools are deficient, one of them an account that is bankrupt. Every
//! figure below is worked out by hand: a bitcoin of the perpetual requires 3,750 + 0.4% of 50,000,
//! which is 3,950, and a quarter more initially.

use serde_json::{json, Value};

use crate::book::Book;
use crate::program::{Folder, INSECURE};

/// | pool | worth | requires | lacks |
/// |---|---|---|---|
/// | ann, cross | 10,000 | 3,950 | |
/// | ben, cross | 3,000 | 3,950 | 950 |
/// | cat, cross | 3,949.999999 | 3,950 | 0.000001 |
/// | dan, cross | 9,000 | 0 | |
/// | dan, iso-1 | 500 | half of 3,950 | 1,475 |
/// | eve, cross | 8,000 less 2 x 2,000 | 7,900 | 3,900 |
/// | fay, cross | 1,000 less 2,500 | 3,950 | 5,450 |
/// | prop-1, cross | 100,000 | 9,875 | |
fn book(fund: Option<&str>) -> Book {
    let mut book = Book::new(&[
        "ann,cross,USDT,10000,",
        "ann,cross,BTC-PERP,1,50000",
        "ben,cross,USDT,3000,",
        "ben,cross,BTC-PERP,1,50000",
        "cat,cross,USDT,3949.999999,",
        "cat,cross,BTC-PERP,1,50000",
        "dan,cross,USDT,9000,",
        "dan,iso-1,USDT,500,",
        "dan,iso-1,BTC-PERP,0.5,50000",
        "eve,cross,USDT,8000,",
        "eve,cross,BTC-PERP,-2,48000",
        "fay,cross,USDT,1000,",
        "fay,cross,BTC-PERP,1,52500",
        "prop-1,cross,USDT,100000,",
        "prop-1,cross,BTC-PERP,-2.5,50000",
    ]);
    book.house = vec!["prop-1"];
    if let Some(fund) = fund {
        book.add(&[&format!("insurance,cross,USDT,{fund},")]);
        book.fund = vec!["insurance"];
    }
    book
}

/// What a statement says of the pools above, with a fund of this many dollars.
fn expect(statement: &Value, fund: &str) {
    let scalars = |of: [&str; 4], counts: [u64; 3], lacks: [&str; 3]| {
        json!({
            "equity_positive": of[0], "equity_negative": of[1], "maintenance": of[2], "initial": of[3],
            "deficient_pools": counts[0], "shortfall": lacks[0],
            "bankrupt_pools": counts[1], "bankruptcy": lacks[1],
            "underwater_pools": counts[2], "underwater": lacks[2],
        })
    };
    // 10,000 + 3,000 + 3,949.999999 + 9,000 + 500 + 4,000, and 1 + 1 + 1 + 0.5 + 2 + 1 bitcoins.
    let mut customers = scalars(
        ["30449.999999", "1500", "25675", "32093.75"],
        [5, 1, 1],
        ["11775.000001", "1500", "1500"],
    );
    customers["coins"] = json!([
        { "id": "USDT", "claims": "30449.999999", "debts": "1500" },
        { "id": "BTC", "claims": "0", "debts": "0" },
        { "id": "TOK", "claims": "0", "debts": "0" },
    ]);
    assert_eq!(statement["classes"]["customer"], customers);
    let house = &statement["classes"]["house"];
    assert_eq!(
        (&house["equity_positive"], &house["maintenance"]),
        (&json!("100000"), &json!("9875"))
    );
    assert_eq!(house["deficient_pools"], 0);
    assert_eq!(statement["classes"]["fund"]["equity_positive"], fund);
    assert_eq!(
        statement["contracts"],
        json!([{ "id": "BTC-PERP", "net": "0", "long": "4.5" }])
    );
    let totals = &statement["totals"];
    for (field, value) in [
        ("equity_negative", json!("1500")),
        ("maintenance", json!("35550")),
        ("initial", json!("44437.5")),
        ("deficient_pools", json!(5)),
        ("shortfall", json!("11775.000001")),
        ("bankrupt_pools", json!(1)),
        ("bankruptcy", json!("1500")),
        ("underwater_pools", json!(1)),
        ("underwater", json!("1500")),
    ] {
        assert_eq!(totals[field], value, "{field}");
    }
}

/// Proves and verifies the book; the verdict's exit code is that of `verify`.
fn proves(fund: Option<&str>, verdict: &str, code: i32) {
    let folder = Folder::of(&book(fund));
    assert_eq!(folder.check().ends(0).json()["verdict"], verdict);
    let proven = folder.prove(&INSECURE).ends(0).json();
    assert_eq!(proven["accounts"], 7 + u64::from(fund.is_some()));
    let report = folder.verify(&["--allow-insecure-setup"]).ends(code).json();
    assert_eq!(report["valid"], true);
    assert_eq!(report["verdict"], verdict);
    assert_eq!(report["statement"], proven["statement"]);
    expect(&report["statement"], fund.unwrap_or("0"));
}

/// The fund pays fay's 1,500 with nothing to spare.
#[test]
fn covers_five_deficient_pools_and_a_bankrupt_account() {
    proves(Some("1500"), "covered", 0);
}

/// Nobody pays them.
#[test]
fn leaves_a_bankrupt_account_uncovered_without_a_fund() {
    proves(None, "uncovered", 1);
}

/// A millionth of a dollar too little is too little, and the pools are listed, worst first.
#[test]
fn checks_five_deficient_pools_under_a_fund_that_is_just_too_small() {
    let checked = Folder::of(&book(Some("1499.999999")))
        .check()
        .ends(0)
        .json();
    assert_eq!(checked["verdict"], "uncovered");
    expect(&checked["statement"], "1499.999999");
    let pools: Vec<_> = checked["pools"]
        .as_array()
        .unwrap()
        .iter()
        .map(|pool| ["account", "pool", "equity", "shortfall"].map(|field| &pool[field]))
        .collect();
    let expected = [
        ["fay", "cross", "-1500", "5450"],
        ["eve", "cross", "4000", "3900"],
        ["dan", "iso-1", "500", "1475"],
        ["ben", "cross", "3000", "950"],
        ["cat", "cross", "3949.999999", "0.000001"],
    ];
    assert_eq!(pools, expected);
}
