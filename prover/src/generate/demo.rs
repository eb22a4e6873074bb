//! The demonstration book: a few accounts that show every feature, and random ones beside them.

use super::decimal::{snap, ONE, SCALE};
use super::draw::{open, reciprocal_entry};
use super::engine::{DraftAccount, DraftPool, DraftPosition, Engine, Entry};
use super::listings::{
    coin_price, collateral, dollar, future, option, scan_range, scanned_collateral, six_brackets,
    steps, USDC, USDT,
};
use super::options::{span16, Right, Scenario};
use super::universe::{AssetSpec, GroupSpec, InstrumentSpec, Style, Universe, QUANTUM_DECIMALS};

/// Number of accounts that are written out below.
pub const SCRIPTED: u64 = 6;

/// Indexes of the assets and coins of this book.
const SPOT: usize = 2;
const BTC: usize = 3;
const ETH: usize = 4;
const SOL: usize = 5;

/// Everything the demonstration venue lists: within 64 symbols, 16 groups, 16 scenarios.
pub fn universe() -> Universe {
    let scenarios = span16();
    let spot = AssetSpec {
        id: "USDT@spot".into(),
        weights: steps(&[(0, 1_000_000)]),
        ..dollar("USDT", 10_002)
    };
    let assets = vec![
        dollar("USDT", 10_002),
        dollar("USDC", 9_999),
        spot,
        scanned_collateral(0, 0, &scenarios),
        scanned_collateral(1, 1, &scenarios),
        collateral(2),
    ];
    let group = |id: &str, initial| GroupSpec {
        id: id.into(),
        factors: (100, initial),
    };
    Universe {
        model: "demo-pm-1".into(),
        scenarios: scenarios.len(),
        floor_weights: scenarios
            .iter()
            .map(|scenario| scenario.price == 0)
            .collect(),
        groups: vec![group("BTC", 125), group("ETH", 125), group("SOL", 140)],
        assets,
        instruments: instruments(&scenarios),
    }
}

fn instruments(scenarios: &[Scenario]) -> Vec<InstrumentSpec> {
    let mut perpetual = future("BTC-PERP".into(), 0, 0, USDT, 120, scenarios);
    // Crowded longs: short positions pay less.
    perpetual.short = steps(&[
        (0, 2_000),
        (500_000, 3_000),
        (2_500_000, 6_000),
        (10_000_000, 16_000),
    ]);
    let variant = |suffix: &str| InstrumentSpec {
        id: format!("BTC-PERP:{suffix}"),
        ..perpetual.clone()
    };
    let (long, short) = (variant("long"), variant("short"));
    let mut rows = vec![
        perpetual,
        long,
        short,
        future("BTC-25DEC26".into(), 0, 0, USDT, 7_000, scenarios),
        future("ETH-PERP".into(), 1, 1, USDT, 120, scenarios),
        future("ETH-USDC-PERP".into(), 1, 1, USDC, -80, scenarios),
        future("ETH-25DEC26".into(), 1, 1, USDT, 7_000, scenarios),
        future("SOL-PERP".into(), 2, 2, USDT, 150, scenarios),
        inverse("BTCUSD-PERP", 0, 0, BTC, 100, scenarios),
        inverse("ETHUSD-PERP", 1, 1, ETH, 10, scenarios),
    ];
    for (coin, strikes) in [(0, [90, 100, 110]), (1, [90, 100, 110])] {
        for strike in strikes {
            for right in [Right::Call, Right::Put] {
                rows.push(option(
                    coin,
                    coin,
                    USDT,
                    ("29JAN27", 68),
                    strike,
                    right,
                    scenarios,
                ));
            }
        }
    }
    rows
}

/// An inverse perpetual worth `face` dollars a contract, settled in the coin.
fn inverse(
    id: &str,
    coin: usize,
    group: usize,
    settlement: usize,
    face: i128,
    scenarios: &[Scenario],
) -> InstrumentSpec {
    let tick = snap(coin_price(coin) / 100_000, ONE / 100);
    let mark = snap(coin_price(coin), tick);
    let pnl = scenarios
        .iter()
        .map(|scenario| {
            let moved = mark + mark * scan_range(coin) / 1_000_000 * scenario.price / 1_000_000;
            let gain = face * ONE * ONE / mark - face * ONE * ONE / moved;
            gain * scenario.weight / 1_000_000
        })
        .collect();
    InstrumentSpec {
        id: id.into(),
        contract: id.into(),
        style: Style::Inverse,
        settlement,
        multiplier: face * ONE,
        lot: ONE,
        tick,
        mark,
        basis: None,
        group,
        pnl,
        floor_short: 0,
        long: six_brackets(coin),
        short: six_brackets(coin),
    }
}

/// One of the accounts that are written out.
pub fn account(engine: &Engine, index: u64) -> DraftAccount {
    match index {
        // A cross pool, an isolated one, and a spot balance in a pool of its own.
        0 => DraftAccount {
            id: "alice@example".into(),
            pools: vec![
                pool(
                    engine,
                    "cross",
                    &[(USDT, 12_000, 5)],
                    &[("BTC-PERP", -350, 64_800), ("ETH-PERP", 200, 3_390)],
                ),
                pool(
                    engine,
                    "iso-1",
                    &[(USDT, 500, 0)],
                    &[("ETH-PERP", 50, 3_600)],
                ),
                pool(engine, "spot", &[(SPOT, 3_000, 0)], &[]),
            ],
        },
        // Hedge mode: the same contract held long and short.
        1 => DraftAccount {
            id: "bob@example".into(),
            pools: vec![pool(
                engine,
                "cross",
                &[(USDT, 20_000, 0)],
                &[
                    ("BTC-PERP:long", 500, 61_250),
                    ("BTC-PERP:short", -300, 66_400),
                ],
            )],
        },
        // A margin loan: ether borrowed against bitcoin.
        2 => DraftAccount {
            id: "carol@example".into(),
            pools: vec![pool(
                engine,
                "cross",
                &[(USDC, 5_000, 0), (BTC, 1, 5), (ETH, -4, 0)],
                &[],
            )],
        },
        // Inverse contracts against the coins they settle in.
        3 => DraftAccount {
            id: "dave@example".into(),
            pools: vec![pool(
                engine,
                "cross",
                &[(BTC, 2, 0), (ETH, 5, 0)],
                &[("BTCUSD-PERP", -900, 0), ("ETHUSD-PERP", 120, 0)],
            )],
        },
        // Calls written on bitcoin held, and puts bought.
        4 => DraftAccount {
            id: "erin@example".into(),
            pools: vec![pool(
                engine,
                "cross",
                &[(USDT, 10_000, 0), (BTC, 3, 0)],
                &[
                    ("BTC-29JAN27-71600-C", -2_000, 2_400),
                    ("BTC-29JAN27-58600-P", 1_000, 2_150),
                    ("BTC-25DEC26", 400, 65_900),
                ],
            )],
        },
        // Isolated pools alone.
        _ => DraftAccount {
            id: "frank@example".into(),
            pools: vec![
                pool(
                    engine,
                    "iso-1",
                    &[(USDT, 900, 0)],
                    &[("SOL-PERP", 300, 168)],
                ),
                pool(
                    engine,
                    "iso-2",
                    &[(USDT, 1_200, 0), (SOL, 10, 0)],
                    &[("ETH-USDC-PERP", -100, 3_470)],
                ),
            ],
        },
    }
}

/// Balances as (asset, units, tenths), positions as (instrument, lots, entry in whole dollars or 0 for one near the mark).
fn pool(
    engine: &Engine,
    name: &str,
    balances: &[(usize, i128, i128)],
    positions: &[(&str, i64, i128)],
) -> DraftPool {
    let quanta = 10i128.pow(QUANTUM_DECIMALS);
    let mut pool = DraftPool {
        name: name.into(),
        reserve: USDT,
        ..DraftPool::default()
    };
    for (asset, units, tenths) in balances {
        pool.balances
            .insert(*asset, units * quanta + tenths * quanta / 10);
    }
    for (id, lots, entry) in positions {
        let Some(instrument) = engine
            .universe
            .instruments
            .iter()
            .position(|row| row.id == *id)
        else {
            debug_assert!(false, "{id} is not listed");
            continue;
        };
        let entry = match entry {
            0 => reciprocal_entry(engine.universe.instruments[instrument].mark),
            dollars => dollars * 10i128.pow(SCALE),
        };
        open(
            engine,
            &mut pool,
            DraftPosition {
                instrument,
                lots: *lots,
                entry: Entry::Price(entry),
            },
        );
    }
    pool
}
