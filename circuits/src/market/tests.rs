//! Compiled markets, against numbers worked out by hand.

use serde_json::{json, Value};

use super::*;
use crate::error::InputError;

/// USDT with a linear future, a spread and its variant; BTC with an inverse future and an option.
fn market() -> Value {
    json!({
        "quote_quantum": "0.000001",
        "assets": [
            { "id": "USDT", "price": "1.0002", "quantum": "0.00000001" },
            { "id": "BTC", "coin": "BTC", "price": "65000", "quantum": "0.00000001" },
            { "id": "USDT@pm", "coin": "USDT", "price": "1.00020", "quantum": "0.00000001" },
        ],
        "instruments": [
            { "id": "BTC-INV", "style": "inverse", "settlement": "BTC", "multiplier": "100", "lot": "1", "mark": "64000", "basis": null },
            { "id": "BTC-PERP", "style": "linear", "settlement": "USDT", "multiplier": "1", "lot": "0.001", "mark": "65100.2" },
            { "id": "BTC-CALL", "style": "linear", "settlement": "BTC", "multiplier": "1", "lot": "0.1", "mark": "0.0375", "basis": "1" },
            { "id": "SPREAD", "style": "linear", "settlement": "USDT", "multiplier": "10", "lot": "1", "mark": "-0.5", "basis": null },
            { "id": "BTC-PERP@pm", "contract": "BTC-PERP", "style": "linear", "settlement": "USDT@pm", "multiplier": "1.0", "lot": "0.001", "mark": "65100.20" },
        ]
    })
}

fn parse(market: &Value) -> Result<MarketSource, InputError> {
    MarketSource::parse("market.json", market.to_string().as_bytes())
}

#[test]
fn accepts_rows_in_order_of_settlement() {
    let source = parse(&market()).unwrap();
    let ids: Vec<&str> = source.rows.iter().map(|row| row.id.as_str()).collect();
    let expected = [
        "USDT",
        "BTC-PERP",
        "SPREAD",
        "BTC",
        "BTC-INV",
        "BTC-CALL",
        "USDT@pm",
        "BTC-PERP@pm",
    ];
    assert_eq!(ids, expected);
    for (row, id) in (1..).zip(expected) {
        assert_eq!(source.row_of(id), Some(row));
        assert_eq!(source.row(row).unwrap().id, id);
    }
    assert_eq!(
        (source.row_of("ETH"), source.row(0), source.row(9)),
        (None, None, None)
    );
    let rows = |of: fn(&Symbol) -> u16| source.market.symbols.iter().map(of).collect::<Vec<_>>();
    assert_eq!(rows(|symbol| symbol.settlement), [1, 1, 1, 4, 4, 4, 7, 7]);
    assert_eq!(rows(|symbol| symbol.first), [1, 2, 3, 4, 5, 6, 1, 2]);
    assert_eq!(source.market.symbols[7].family, "BTC-PERP");
}

#[test]
fn accepts_integers_worked_out_by_hand() {
    let source = parse(&market()).unwrap();
    let symbol = |id: &str| &source.market.symbols[usize::from(source.row_of(id).unwrap()) - 1];
    // 1.0002 USD * 10^-8 / 10^-6 = 0.010002 quote quanta.
    let usdt = 10_002_000_000_000_000;
    assert_eq!((symbol("USDT").unit, symbol("USDT").mark), (usdt, 0));
    // 65000 * 10^-8 / 10^-6 = 650 quote quanta.
    let btc = 650 * 10u128.pow(18);
    assert_eq!(symbol("BTC").unit, btc);
    // 0.001 * 65100.2 = 65.1002 USDT.
    assert_eq!(symbol("BTC-PERP").mark, 6_510_020_000);
    assert_eq!(symbol("BTC-PERP").unit, 6_510_020_000 * usdt);
    // -10 * 0.5 = -5 USDT, with a notional of 5.
    assert_eq!(
        (symbol("SPREAD").mark, symbol("SPREAD").unit),
        (-500_000_000, 500_000_000 * usdt)
    );
    // -100 / 64000 = -0.0015625 BTC.
    assert_eq!(
        (symbol("BTC-INV").mark, symbol("BTC-INV").unit),
        (-156_250, 156_250 * btc)
    );
    // 0.1 * 0.0375 = 0.00375 BTC, with a notional of 0.1 BTC.
    assert_eq!(
        (symbol("BTC-CALL").mark, symbol("BTC-CALL").unit),
        (375_000, 10_000_000 * btc)
    );
}

#[test]
fn accepts_inverse_marks_rounded_to_nearest() {
    for (mark, expected) in [
        ("60000", -166_667),
        ("64000", -156_250),
        ("70000", -142_857),
    ] {
        let mut market = market();
        market["instruments"][0]["mark"] = json!(mark);
        assert_eq!(parse(&market).unwrap().market.symbols[4].mark, expected);
    }
}

#[test]
fn accepts_a_byte_order_mark_and_digests_it() {
    let text = market().to_string();
    let marked = format!("\u{feff}{text}");
    let plain = MarketSource::parse("market.json", text.as_bytes()).unwrap();
    let read = MarketSource::parse("market.json", marked.as_bytes()).unwrap();
    assert_eq!(read.market.symbols, plain.market.symbols);
    assert_ne!(read.market.file_digest, plain.market.file_digest);
}

#[test]
fn accepts_the_quantum_that_a_mark_was_refused_for() {
    let mut market = market();
    market["instruments"][1]["mark"] = json!("65100.2000001");
    let error = parse(&market).unwrap_err();
    assert_eq!(error.field, "instruments[1].mark");
    assert_eq!(
        error.remedy,
        "a quantum of 0.0000000001 for `USDT` would do"
    );
    for asset in [0, 2] {
        market["assets"][asset]["quantum"] = json!("0.0000000001");
    }
    market["instruments"][4]["mark"] = json!("65100.2000001");
    assert_eq!(
        parse(&market).unwrap().market.symbols[1].mark,
        651_002_000_001
    );
}
