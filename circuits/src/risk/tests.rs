//! Compiled models, against numbers worked out by hand and against the naive marginal sum.

use ethnum::{AsI256, AsU256, I256};
use proptest::prelude::*;
use serde_json::{json, Value};

use super::*;
use crate::error::InputError;
use crate::market::MarketSource;
use crate::relation::{line, segment_of, FINE};
use crate::units::{format_unsigned, Decimal};

fn market() -> MarketSource {
    let market = json!({
        "quote_quantum": "0.000001",
        "assets": [
            { "id": "USDT", "price": "1.0002", "quantum": "0.00000001" },
            { "id": "BTC", "price": "65000", "quantum": "0.00000001" },
        ],
        "instruments": [
            { "id": "BTC-INV", "style": "inverse", "settlement": "BTC", "multiplier": "100", "lot": "1", "mark": "64000" },
            { "id": "BTC-PERP", "style": "linear", "settlement": "USDT", "multiplier": "1", "lot": "0.001", "mark": "65100.2" },
        ]
    });
    MarketSource::parse("market.json", market.to_string().as_bytes()).unwrap()
}

fn risk() -> Value {
    json!({
        "name": "example-pm-1", "scenarios": 3, "floor_weights": [0, 1, 1], "salt": null,
        "groups": [
            { "id": "ETH", "maintenance_factor": null, "initial_factor": null },
            { "id": "BTC", "maintenance_factor": "1.1", "initial_factor": "1.25" },
        ],
        "assets": [
            { "id": "BTC", "lot": "0.001", "group": "BTC", "debt_weight": "1.05", "pnl": ["-650.0000005", "0", "650"],
              "debt_brackets": [{ "floor": "0", "rate": "0.02", "cum": "0" }, { "floor": "1000", "rate": "0.1", "cum": "80" }],
              "weights": [{ "ratio": "0.95" }] },
            { "id": "USDT", "lot": "1", "debt_weight": "1", "group": null, "pnl": null, "debt_brackets": null,
              "weights": [{ "up_to": "1000000", "ratio": "1" }, { "up_to": "5000000", "ratio": "0.95" }, { "ratio": "0" }] },
        ],
        "instruments": [
            { "id": "BTC-PERP", "group": "BTC", "pnl": ["0", "2170", "-1000.5"], "floor": { "long": "0", "short": "25.5" },
              "brackets": [{ "floor": "0", "rate": "0.004", "cum": "0" }, { "floor": "50000", "rate": "0.005", "cum": "50" },
                           { "floor": "250000", "rate": "0.01", "cum": "1290", "step": true }],
              "short_brackets": [{ "floor": "0", "rate": "0.5", "cum": "0" }], "long_brackets": null },
            { "id": "BTC-INV" },
        ]
    })
}

fn parse(risk: &Value) -> Result<RiskSource, InputError> {
    RiskSource::parse("risk.json", risk.to_string().as_bytes(), &market())
}

fn segment(floor: u128, coefficient: u32, intercept: i128, jump: u128) -> Segment {
    Segment {
        floor,
        coefficient,
        intercept,
        jump,
    }
}

#[test]
fn accepts_integers_worked_out_by_hand() {
    let source = parse(&risk()).unwrap();
    let model = &source.model;
    assert_eq!((model.name.as_str(), model.scenarios), ("example-pm-1", 3));
    assert_eq!(model.floor_weights, [false, true, true]);
    let factors = |group: &Group| (group.maintenance_factor, group.initial_factor);
    assert_eq!(
        model.groups.iter().map(factors).collect::<Vec<_>>(),
        [(1_000_000, 1_000_000), (1_100_000, 1_250_000)]
    );

    // Rows: USDT, BTC-PERP, BTC, BTC-INV.
    let [usdt, perp, btc, inverse] = model.symbols.as_slice() else {
        panic!("four rows")
    };
    assert_eq!((usdt.group, usdt.lot, usdt.debt_weight), (0, 0, 1_000_000));
    assert_eq!(usdt.losses, [0, 0, 0]);
    // A slope of 0.95 from 10^6 USD on leaves 0.05 * 10^6 USD above the line through zero.
    assert_eq!(
        usdt.long,
        [
            segment(0, 1_000_000, 0, 0),
            segment(1_000_000_000_000, 950_000, 50_000_000_000_000_000, 0),
            segment(5_000_000_000_000, 0, 4_800_000_000_000_000_000, 0),
        ]
    );
    assert_eq!(usdt.short, zero_function());

    // 0.001 * 2170 * 1.0002 = 2.170434 USD, 0.001 * 1000.5 * 1.0002 = 1.0007001 USD.
    assert_eq!((perp.group, perp.lot, perp.debt_weight), (2, 0, 0));
    assert_eq!(perp.losses, [0, -2_170_434, 1_000_700]);
    // 0.001 * 25.5 * 1.0002 = 0.0255051 USD.
    assert_eq!((perp.floor_long, perp.floor_short), (0, 25_505));
    // Continuous at 250,000 would be cum 1,300: a cum of 1,290 steps up by 10 USD.
    assert_eq!(
        perp.long,
        [
            segment(0, 4_000, 0, 0),
            segment(50_000_000_000, 5_000, -50_000_000_000_000, 0),
            segment(250_000_000_000, 10_000, -1_290_000_000_000_000, 10_000_000),
        ]
    );
    assert_eq!(perp.short, [segment(0, 500_000, 0, 0)]);

    // 0.001 * 650.0000005 = 0.6500000005 USD.
    assert_eq!(
        (btc.group, btc.lot, btc.debt_weight),
        (2, 100_000, 1_050_000)
    );
    assert_eq!(btc.losses, [650_000, 0, -650_000]);
    assert_eq!(btc.long, [segment(0, 950_000, 0, 0)]);
    assert_eq!(
        btc.short,
        [
            segment(0, 20_000, 0, 0),
            segment(1_000_000_000, 100_000, -80_000_000_000_000, 0)
        ]
    );

    assert_eq!(inverse.group, 0);
    assert_eq!(
        (&inverse.long, &inverse.short),
        (&zero_function(), &zero_function())
    );
}

#[test]
fn accepts_losses_rounded_half_away_from_zero() {
    // One lot of BTC-PERP earns 0.001 * pnl * 1.0002 USD: 0.0005 USDT come to 0.5001 quanta.
    for (pnl, loss) in [
        ("0.0005", -1),
        ("-0.0005", 1),
        ("0.0004", 0),
        ("-0.0004", 0),
    ] {
        let mut risk = risk();
        risk["instruments"][0]["pnl"][0] = json!(pnl);
        assert_eq!(
            parse(&risk).unwrap().model.symbols[1].losses[0],
            loss,
            "{pnl}"
        );
    }
    // One lot of BTC earns 0.001 * pnl USD exactly.
    for (pnl, loss) in [
        ("0.0005", -1),
        ("-0.0005", 1),
        ("0.000499", 0),
        ("0.0015", -2),
    ] {
        let mut risk = risk();
        risk["assets"][0]["pnl"][0] = json!(pnl);
        assert_eq!(
            parse(&risk).unwrap().model.symbols[2].losses[0],
            loss,
            "{pnl}"
        );
    }
}

#[test]
fn accepts_a_salt_as_hex_or_text() {
    let salt = |salt: &str| {
        let mut risk = risk();
        risk["salt"] = json!(salt);
        parse(&risk).map(|source| source.model.salt)
    };
    assert_eq!(parse(&risk()).unwrap().model.salt, None);
    assert_eq!(
        salt("000102030405060708090a0b0c0d0e0F"),
        Ok(Some((0..16).collect()))
    );
    assert_eq!(
        salt("sixteen letters!"),
        Ok(Some(b"sixteen letters!".to_vec()))
    );
    for short in ["", "000102030405060708090a0b0c0d0e", "fifteen letters"] {
        let error = salt(short).unwrap_err();
        assert_eq!(error.field, "salt");
        assert!(
            short.is_empty() || !error.to_string().contains(short),
            "{error}"
        );
    }
}

#[test]
fn accepts_regressive_rates() {
    let brackets = json!([
        { "floor": "0", "rate": "0.05", "cum": "0" },
        { "floor": "1000", "rate": "0.01", "cum": "-40" },
    ]);
    let mut risk = risk();
    risk["instruments"][1]["brackets"] = brackets;
    let symbol = &parse(&risk).unwrap().model.symbols[3];
    assert_eq!(
        symbol.long[1],
        segment(1_000_000_000, 10_000, 40_000_000_000_000, 0)
    );
    assert_eq!(symbol.long, symbol.short);
}

#[test]
fn rejects_what_passes_the_integers() {
    let mut segments = vec![segment(0, u32::MAX, 0, 0), segment(u128::MAX, 0, 0, 0)];
    assert!(!intercepts(&mut segments));
    segments[1] = segment(1 << 95, 0, 0, u128::MAX);
    assert!(!intercepts(&mut segments));
    let mut risk = risk();
    risk["instruments"][1]["brackets"] = json!([
        { "floor": "0", "rate": "4000", "cum": "0" },
        { "floor": "39000000000000000000000", "rate": "0", "cum": "-156000000000000000000000000" },
    ]);
    assert!(parse(&risk).is_ok());
    risk["instruments"][1]["brackets"][1]["floor"] = json!("40000000000000000000000");
    assert_eq!(
        parse(&risk).unwrap_err().field,
        "instruments[1].brackets[1].floor"
    );
}

/// The function by its definition: each slice of `x` at its own rate, and every step passed.
fn marginal(segments: &[Segment], x: u128) -> I256 {
    let ends = segments
        .iter()
        .skip(1)
        .map(|next| next.floor)
        .chain([u128::MAX]);
    let slices = segments
        .iter()
        .zip(ends)
        .filter(|(segment, _)| segment.floor <= x);
    slices.fold(I256::ZERO, |sum, (segment, end)| {
        let slice = (x.min(end) - segment.floor).as_i256();
        sum + slice * segment.coefficient.as_i256() + segment.jump.as_i256() * 1_000_000
    })
}

/// The relation's value of the function, in 10^-6 quote quanta.
fn at(segments: &[Segment], x: u128) -> I256 {
    let x = x.as_u256() * FINE.as_u256();
    line(&segments[segment_of(segments, x)], x) / FINE.as_i256()
}

const CENT: Decimal = Decimal::new(1, 2);

/// Brackets as a file would have them, from slice widths in cents, rates and steps.
fn brackets(pieces: &[(u64, u32, u64)]) -> Value {
    let (mut floor, mut charge) = (0u128, 0u128);
    let mut brackets = Vec::new();
    for (index, (width, rate, step)) in pieces.iter().enumerate() {
        let jump = if index == 0 { 0 } else { u128::from(*step) };
        charge += jump * 1_000_000;
        let cum = (floor * u128::from(*rate)) as i128 - charge as i128;
        brackets.push(json!({
            "floor": format_unsigned(floor, CENT),
            "rate": Decimal::new((*rate).into(), 6).to_string(),
            "cum": Decimal::new(cum, 8).to_string(),
            "step": jump > 0,
        }));
        charge += u128::from(*width) * u128::from(*rate);
        floor += u128::from(*width);
    }
    json!(brackets)
}

proptest! {
    #[test]
    fn accepts_brackets_as_the_marginal_sum(
        pieces in prop::collection::vec((1u64..1 << 40, 0u32..2_000_000, 0u64..1000), 1..12),
        x in 0u128..1 << 44,
        piece in 0usize..12,
    ) {
        let mut market = market();
        market.quote_quantum = CENT;
        let mut risk = risk();
        risk["instruments"][1]["brackets"] = brackets(&pieces);
        let source = RiskSource::parse("risk.json", risk.to_string().as_bytes(), &market);
        let segments = source.unwrap().model.symbols[3].long.clone();
        prop_assert_eq!(segments.len(), pieces.len());
        let floor = segments[piece % segments.len()].floor;
        for x in [x, floor, floor + 1, floor.saturating_sub(1)] {
            prop_assert_eq!(at(&segments, x), marginal(&segments, x));
        }
        let mut derived = segments.clone();
        derived.iter_mut().for_each(|segment| segment.intercept = -7);
        prop_assert!(intercepts(&mut derived));
        prop_assert_eq!(derived, segments);
    }

    #[test]
    fn accepts_weights_as_the_marginal_sum(
        ends in prop::collection::btree_set(1u64..1 << 40, 0..12),
        ratios in prop::collection::vec(0u32..=1_000_000, 12),
        x in 0u128..1 << 60,
    ) {
        let mut ratios = ratios;
        ratios.sort_by(|a, b| b.cmp(a));
        let ends = ends.into_iter().map(Some).chain([None]);
        let tiers: Vec<Value> = ends.zip(&ratios).map(|(end, ratio)| {
            let ratio = Decimal::new((*ratio).into(), 6).to_string();
            match end {
                Some(end) => json!({ "up_to": end.to_string(), "ratio": ratio }),
                None => json!({ "ratio": ratio }),
            }
        }).collect();
        let mut risk = risk();
        risk["assets"][1]["weights"] = json!(tiers);
        let segments = parse(&risk).unwrap().model.symbols[0].long.clone();
        prop_assert_eq!(segments.len(), tiers.len());
        prop_assert_eq!(at(&segments, x), marginal(&segments, x));
    }
}
