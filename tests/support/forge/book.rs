//! The book of the forgeries, and variants of it.

use zkmargin_circuits::book::{Account, Class, Holding, Pool};
use zkmargin_circuits::field::FINE;
use zkmargin_circuits::market::{Kind, Market, Symbol};
use zkmargin_circuits::risk::{intercepts, Group, RiskModel, Segment, SymbolRisk};

use crate::sample::Sample;

/// Segments of a function, by floor and slope.
pub fn function(list: &[(u128, u32)]) -> Vec<Segment> {
    stepped(
        &list
            .iter()
            .map(|(floor, slope)| (*floor, *slope, 0))
            .collect::<Vec<_>>(),
    )
}

/// Segments of a function, by floor, slope and step.
pub fn stepped(list: &[(u128, u32, u128)]) -> Vec<Segment> {
    let mut list: Vec<_> = list
        .iter()
        .map(|(floor, coefficient, jump)| Segment {
            floor: *floor,
            coefficient: *coefficient,
            intercept: 0,
            jump: *jump,
        })
        .collect();
    assert!(intercepts(&mut list), "intercepts in range");
    list
}

fn symbol(id: &str, kind: Kind, first: u16, settlement: u16, unit: u128, mark: i64) -> Symbol {
    Symbol {
        id: id.into(),
        family: id.into(),
        kind,
        first,
        settlement,
        unit: unit * FINE,
        mark,
    }
}

fn risk(group: u16, losses: [i64; 7], long: Vec<Segment>, short: Vec<Segment>) -> SymbolRisk {
    let (lot, debt_weight, floor_long, floor_short) = (0, 0, 0, 0);
    SymbolRisk {
        group,
        losses: losses.to_vec(),
        lot,
        debt_weight,
        floor_long,
        floor_short,
        long,
        short,
    }
}

/// Windows of the accounts of [`book`].
pub const ALICE: [usize; 2] = [0, 1];
/// See [`ALICE`]. Her second pool is bankrupt.
pub const BOB: [usize; 2] = [2, 3];
/// See [`ALICE`]. Deficient.
pub const CAROL: usize = 4;
/// See [`ALICE`]. The house.
pub const HOUSE: [usize; 2] = [5, 6];
/// See [`ALICE`]. The fund.
pub const FUND: usize = 7;
/// See [`ALICE`]. The first empty slot.
pub const EMPTY: usize = 8;

/// Market rows of [`book`].
pub const USDT: usize = 1;
/// See [`USDT`].
pub const PERP: usize = 2;
/// See [`USDT`]. A variant of [`PERP`].
pub const PERP_PM: usize = 3;
/// See [`USDT`]. Scanned as collateral.
pub const BTC: usize = 4;
/// See [`USDT`]. Inverse, with a step in its charge.
pub const INVERSE: usize = 5;
/// Not in [`book`].
pub const SPARE: usize = 6;

/// The book of the forgeries.
pub fn book() -> Sample {
    let (asset, instrument) = (Kind::Asset, Kind::Instrument);
    let symbols = vec![
        symbol("USDT", asset, 1, 1, 1, 0),
        symbol("PERP", instrument, 2, 1, 100, 100),
        symbol("PERP@pm", instrument, 2, 1, 100, 100),
        symbol("BTC", asset, 4, 4, 50, 0),
        symbol("INV", instrument, 5, 4, 350, -7),
    ];
    let shared = function(&[(0, 5_000), (40_000, 6_000)]);
    let mut models = vec![
        risk(
            0,
            [0; 7],
            function(&[(0, 1_000_000), (10_000, 900_000), (1_000_000, 0)]),
            function(&[(0, 10_000), (500, 30_000)]),
        ),
        risk(
            1,
            [-30, -20, -10, 0, 10, 20, 30],
            function(&[(0, 4_000), (10_000, 5_000), (200_000, 6_500)]),
            function(&[(0, 8_000)]),
        ),
        risk(2, [-29, -19, -9, 0, 9, 19, 29], shared.clone(), shared),
        risk(
            1,
            [50, 40, 20, 0, -20, -40, -50],
            function(&[(0, 950_000), (100_000, 500_000)]),
            function(&[(0, 0)]),
        ),
        risk(
            2,
            [5, 3, 1, 0, -1, -3, -5],
            stepped(&[(0, 7_000, 0), (10_000, 9_000, 50)]),
            function(&[(0, 7_000)]),
        ),
    ];
    models[0].debt_weight = 1_100_000;
    models[1].floor_long = 3;
    models[1].floor_short = 25;
    models[3].debt_weight = 1_200_000;
    models[3].lot = 10;
    let group = |id: &str, maintenance_factor, initial_factor| Group {
        id: id.into(),
        maintenance_factor,
        initial_factor,
    };
    let model = RiskModel {
        name: "forged".into(),
        scenarios: 7,
        floor_weights: [true, false, false, true, false, false, true].to_vec(),
        groups: vec![
            group("G1", 1_000_000, 1_250_000),
            group("G2", 1_100_000, 1_300_000),
        ],
        symbols: models,
        salt: None,
        file_digest: [3; 32],
    };
    let account = |id: &str, class, pools: &[&[(u16, i128)]]| Account {
        id: id.into(),
        class,
        pools: pools
            .iter()
            .map(|holdings| Pool {
                name: "cross".into(),
                holdings: holdings
                    .iter()
                    .map(|(row, amount)| Holding {
                        row: *row,
                        amount: *amount,
                    })
                    .collect(),
            })
            .collect(),
    };
    let accounts = vec![
        account(
            "alice",
            Class::Customer,
            &[&[(1, 5_000_000), (2, 300), (3, -100), (4, 2_003), (5, -40)]],
        ),
        account(
            "bob",
            Class::Customer,
            &[&[(1, 20_000), (2, -150)], &[(4, -30)]],
        ),
        account("carol", Class::Customer, &[&[(1, -19_900), (3, 200)]]),
        account(
            "house",
            Class::House,
            &[&[(1, 900_000), (2, -150), (3, -100), (4, 5_000), (5, 40)]],
        ),
        account("fund", Class::Fund, &[&[(1, 1_000_000)]]),
    ];
    Sample {
        market: Market {
            symbols,
            file_digest: [2; 32],
        },
        risk: model,
        accounts,
    }
}

/// [`book`] with a sixth symbol that nobody holds: two long segments, one short.
pub fn book_with_spare() -> Sample {
    let mut book = book();
    book.market
        .symbols
        .push(symbol("SPARE", Kind::Instrument, 6, 4, 50, 1));
    book.risk.symbols.push(risk(
        0,
        [0; 7],
        function(&[(0, 1_000), (10, 2_000)]),
        function(&[(0, 3_000)]),
    ));
    book
}

/// [`book`] with a worthless option that bob is short of: without notional, with a floor.
pub fn book_with_option() -> Sample {
    let mut book = book();
    book.market
        .symbols
        .push(symbol("CALL", Kind::Instrument, 6, 4, 0, 0));
    let mut model = risk(1, [0; 7], function(&[(0, 0)]), function(&[(0, 0)]));
    model.floor_long = 3;
    model.floor_short = 25;
    book.risk.symbols.push(model);
    book.accounts[1].pools[1]
        .holdings
        .push(Holding { row: 6, amount: -5 });
    book.accounts[0].pools[0]
        .holdings
        .push(Holding { row: 6, amount: 5 });
    book
}

/// [`book`] with an asset that nobody holds, of a price so small that every lot fits.
pub fn book_with_dust() -> Sample {
    let mut book = book();
    book.market.symbols.push(Symbol {
        unit: 1,
        ..symbol("DUST", Kind::Asset, 6, 6, 1, 0)
    });
    let mut model = risk(1, [0; 7], function(&[(0, 900_000)]), function(&[(0, 0)]));
    (model.lot, model.debt_weight) = (5, 1_000_000);
    book.risk.symbols.push(model);
    book
}
