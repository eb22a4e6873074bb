//! The document of vectors. Integers that may pass 2^53 are decimal strings, field elements hex.

use ff::Field;
use halo2_proofs::halo2curves::bn256::{Fr, G1Affine};
use halo2_proofs::halo2curves::group::GroupEncoding;
use serde_json::{json, Value};
use zkmargin_circuits::base::{self, Row, RowPrice};
use zkmargin_circuits::book::{Account, Class, Holding, Pool};
use zkmargin_circuits::digest::{
    counts_digest, market_digest, market_elements, model_digest, model_elements,
};
use zkmargin_circuits::field::{from_be_bytes, to_hex};
use zkmargin_circuits::leaf::{
    block, holding_elements, identity, leaf, leaf_tag, pack_holding, tag, Header,
};
use zkmargin_circuits::market::{Kind, Market, MarketSource};
use zkmargin_circuits::poseidon::{hash8, RATE};
use zkmargin_circuits::public_inputs::PublicInputs;
use zkmargin_circuits::relation::BookTotals;
use zkmargin_circuits::risk::{RiskModel, RiskSource, Segment};
use zkmargin_circuits::shape::{Shape, SHAPES};
use zkmargin_circuits::statement::context_digest;
use zkmargin_circuits::totals_column::{cells, scalars, FREE_ROWS};
use zkmargin_circuits::tree::{root_from_path, Tree};
use zkmargin_circuits::units::Decimal;
use zkmargin_circuits::witness::plan::PlannedRun;
use zkmargin_verifier::totals::{point, value};

const MARKET: &str = include_str!("../fixtures/format-market.json");
const RISK: &str = include_str!("../fixtures/format-risk.json");
const STATEMENT: &str = "{\"version\":1}";

/// No named shape: the wide amounts and the several losses a row of `desk-18`, in few elements.
const WIDE: Shape = Shape {
    name: "wide-12",
    k: 12,
    limb_bits: 8,
    money_bits: 96,
    symbols: 7,
    groups: 3,
    scenarios: 40,
    segments: 10,
    scan_lanes: 1,
};

fn hexes<'a>(elements: impl IntoIterator<Item = &'a Fr>) -> Vec<String> {
    elements.into_iter().map(to_hex).collect()
}

/// Salts of tests: 31 bytes, all different.
fn salt(n: u8) -> Fr {
    from_be_bytes(&std::array::from_fn::<u8, 31, _>(|i| {
        n.wrapping_mul(31).wrapping_add(i as u8 * 7)
    }))
}

/// Every vector.
pub fn document() -> Value {
    let market = MarketSource::parse("market.json", MARKET.as_bytes()).unwrap();
    let private = RISK.replace(
        "\"salt\": null",
        "\"salt\": \"000102030405060708090a0b0c0d0e0f\"",
    );
    let tiny = Shape::by_name("tiny-11").unwrap();
    let small = Shape::by_name("small-14").unwrap();
    json!({
        "poseidon": poseidon(),
        "tags": tags(),
        "identities": identities(),
        "holdings": holdings(),
        "leaves": leaves(),
        "slots": slots(),
        "tree": tree(),
        "shapes": SHAPES.iter().chain([&WIDE]).map(shape).collect::<Vec<_>>(),
        "market": { "file": MARKET, "symbols": symbols(&market.market) },
        "bases": bases(&market),
        "books": [
            book(tiny, RISK, &market, true),
            book(small, &private, &market, false),
            book(&WIDE, &private, &market, true),
        ],
        "counts": { "salt": to_hex(&salt(9)), "accounts": 1234, "pools": 2345,
            "digest": to_hex(&counts_digest(salt(9), 1234, 2345)) },
        "shards": shards(),
        "instance": instance_column(),
        "totals": totals_column(tiny, &market.market),
    })
}

fn poseidon() -> Vec<Value> {
    let largest = -Fr::ONE;
    [
        [Fr::ZERO; RATE],
        std::array::from_fn(|i| Fr::from(i as u64 + 1)),
        [largest; RATE],
    ]
    .map(|inputs| json!({ "inputs": hexes(&inputs), "hash": to_hex(&hash8(inputs)) }))
    .to_vec()
}

fn tags() -> Vec<Value> {
    ["leaf", "market", "model", "counts"]
        .map(|name| format!("zkmargin {name} v1"))
        .map(|name| json!({ "name": name, "element": to_hex(&tag(&name)) }))
        .to_vec()
}

fn identities() -> Vec<Value> {
    ["alice@example", "Zoë", "", "0"]
        .map(|id| json!({ "id": id, "element": to_hex(&identity(id)) }))
        .to_vec()
}

fn holding_json(holding: &Holding) -> Value {
    json!([holding.row, holding.amount.to_string()])
}

fn holdings() -> Vec<Value> {
    let most = i128::from(i64::MAX);
    let wide = (1_i128 << 95) - 1;
    [
        (64, 1, 0),
        (64, 6, -350),
        (64, 65535, most),
        (64, 3, -most),
        (96, 4352, wide),
        (96, 2, -wide),
    ]
    .map(|(money_bits, row, amount)| {
        let holding = Holding { row, amount };
        json!({ "money_bits": money_bits, "holding": holding_json(&holding),
            "packed": to_hex(&pack_holding(money_bits, &holding)) })
    })
    .to_vec()
}

fn leaves() -> Vec<Value> {
    let pool = |name: &str, count: u16, seed: i128| Pool {
        name: name.into(),
        holdings: (1..=count)
            .map(|i| Holding {
                row: 3 * i - 2,
                amount: seed * i128::from(i * i) * if i % 3 == 0 { -1 } else { 1 },
            })
            .collect(),
    };
    let account = |id: &str, class, pools| Account {
        id: id.into(),
        class,
        pools,
    };
    let two_pools = vec![
        pool("cross", 11, 987_654_321_012_345),
        pool("iso-1", 2, -77),
    ];
    [
        (64, account("alice@example", Class::Customer, vec![pool("cross", 1, 5)])),
        (64, account("Zoë", Class::Customer, two_pools.clone())),
        (96, account("prop-1", Class::House, two_pools)),
        (96, account("insurance", Class::Fund, vec![pool("cross", 9, 1 << 80)])),
    ]
    .into_iter()
    .enumerate()
    .map(|(i, (money_bits, account))| {
        let count = zkmargin_circuits::leaf::blocks(&account);
        let salts: Vec<Fr> = (0..count).map(|b| salt((10 * i + b) as u8)).collect();
        let pools = account.pools.iter();
        json!({
            "money_bits": money_bits, "account": account.id, "class": account.class.name(),
            "pools": pools.map(|pool| pool.holdings.iter().map(holding_json).collect()).collect::<Vec<Value>>(),
            "salts": hexes(&salts),
            "leaf": to_hex(&leaf(money_bits, &account, &salts).unwrap()),
        })
    })
    .collect()
}

/// Slots without a leaf: an unused one, and one in which an account only scans.
fn slots() -> Value {
    let unused = PlannedRun::empty(salt(50));
    let [window] = &unused.windows[..] else {
        panic!("an unused slot is one window")
    };
    let empty = block(
        leaf_tag(),
        holding_elements(64, &[]),
        &window.header,
        window.identity,
        window.salt,
    );
    let header = Header {
        absorbed: false,
        pool_end: false,
        account_end: false,
        class: Class::House,
    };
    let state = salt(52);
    let scans = block(
        state,
        holding_elements(64, &[]),
        &header,
        Fr::ZERO,
        salt(51),
    );
    json!({
        "unused": { "salt": to_hex(&salt(50)), "hash": to_hex(&empty) },
        "scanning": { "class": "house", "state": to_hex(&state), "salt": to_hex(&salt(51)), "hash": to_hex(&scans) },
    })
}

fn tree() -> Value {
    let slots: Vec<Fr> = (0..75).map(|i| salt(100 + i)).collect();
    let tree = Tree::new(slots.clone());
    let paths = [0, 9, 74].map(|slot| {
        let path = tree.path(slot);
        assert_eq!(
            root_from_path(slots[slot], slot, slots.len(), 1, &path),
            Some(tree.root())
        );
        json!({ "slot": slot, "path": path.iter().map(hexes).collect::<Vec<_>>() })
    });
    json!({ "capacity": slots.len(), "slots": hexes(&slots), "root": to_hex(&tree.root()), "paths": paths })
}

fn shape(shape: &Shape) -> Value {
    json!({
        "name": shape.name, "k": shape.k, "money_bits": shape.money_bits,
        "symbols": shape.symbols, "groups": shape.groups, "scenarios": shape.scenarios, "segments": shape.segments,
        "market_elements": shape.market_elements(), "model_elements": shape.model_elements(),
        "capacity": shape.capacity(), "total_rows": shape.total_rows(),
    })
}

fn symbols(market: &Market) -> Vec<Value> {
    let symbols = market.symbols.iter();
    symbols
        .map(|symbol| {
            json!({
                "id": symbol.id, "asset": symbol.kind == Kind::Asset, "first": symbol.first,
                "settlement": symbol.settlement, "mark": symbol.mark.to_string(), "unit": symbol.unit.to_string(),
            })
        })
        .collect()
}

fn model(risk: &RiskModel) -> Value {
    let segments = |list: &[Segment]| -> Vec<Value> {
        list.iter()
            .map(|s| json!([s.floor.to_string(), s.coefficient, s.jump.to_string()]))
            .collect()
    };
    let symbols = risk.symbols.iter().map(|entry| {
        json!({
            "group": entry.group, "lot": entry.lot.to_string(), "debt_weight": entry.debt_weight,
            "floor_long": entry.floor_long.to_string(), "floor_short": entry.floor_short.to_string(),
            "losses": entry.losses.iter().map(i64::to_string).collect::<Vec<_>>(),
            "long": segments(&entry.long), "short": segments(&entry.short),
        })
    });
    json!({
        "floor_weights": risk.floor_weights.iter().map(|w| u8::from(*w)).collect::<Vec<_>>(),
        "groups": risk.groups.iter().map(|g| [g.maintenance_factor, g.initial_factor]).collect::<Vec<_>>(),
        "symbols": symbols.collect::<Vec<_>>(),
    })
}

/// A market and model under a shape: the integers, what the digests absorb, and the digests.
fn book(shape: &Shape, risk: &str, market: &MarketSource, elements: bool) -> Value {
    let source = RiskSource::parse("risk.json", risk.as_bytes(), market).unwrap();
    let (market, risk_model) = (&market.market, &source.model);
    let mut book = json!({
        "shape": shape.name, "risk_file": risk, "model": model(risk_model),
        "market_digest": to_hex(&market_digest(shape, market).unwrap()),
        "model_digest": to_hex(&model_digest(shape, risk_model, market).unwrap()),
    });
    if elements {
        book["market_elements"] = json!(hexes(&market_elements(shape, market)));
        book["model_elements"] = json!(hexes(&model_elements(shape, risk_model, market).unwrap()));
    }
    book
}

/// Pools as a person reads them, and their holdings.
fn bases(market: &MarketSource) -> Vec<Value> {
    let cross = [
        ("USDT", "12000.50000001", "", ""),
        ("BTC-PERP", "-0.350", "64800.123456789", ""),
        ("BTC", "0.5", "", ""),
        ("BTCUSD", "20", "64001", ""),
    ];
    let short = [("BTCUSD", "-7", "64001", "")];
    let cost = [("BTC-PERP@pm", "0.002", "", "130.000000015")];
    [&cross[..], &short, &cost]
        .map(|rows| {
            let given = rows.iter().map(|(symbol, quantity, entry, cost)| {
                json!({ "symbol": symbol, "quantity": quantity, "entry_price": entry, "cost": cost })
            });
            let number = |text: &str| Decimal::parse(text).unwrap();
            let read: Vec<Row> = rows
                .iter()
                .map(|(symbol, quantity, entry, cost)| Row {
                    row: market.row_of(symbol).unwrap(),
                    quantity: number(quantity),
                    price: match (*entry, *cost) {
                        ("", "") => RowPrice::Balance,
                        (entry, "") => RowPrice::Entry(number(entry)),
                        (_, cost) => RowPrice::Cost(number(cost)),
                    },
                })
                .collect();
            let holdings = base::holdings(&read, market).unwrap();
            json!({ "rows": given.collect::<Vec<_>>(), "holdings": holdings.iter().map(holding_json).collect::<Vec<_>>() })
        })
        .to_vec()
}

/// The roots of eleven shards of 75 slots, and the path of a slot through the tree over them.
fn shards() -> Value {
    let trees: Vec<Tree> = (0..11)
        .map(|shard| Tree::new((0..75).map(|i| Fr::from(1_000 + 75 * shard + i)).collect()))
        .collect();
    let top = Tree::over_shards(trees.iter().map(Tree::root).collect());
    let (shard, slot) = (9, 30);
    let mut path = trees[shard].path(slot);
    path.extend(top.path(shard));
    let (leaf, slot) = (trees[shard].levels[0][slot], 75 * shard + slot);
    assert_eq!(root_from_path(leaf, slot, 75, 11, &path), Some(top.root()));
    json!({
        "capacity": 75, "roots": hexes(&top.levels[0]), "root": to_hex(&top.root()),
        "leaf": to_hex(&leaf), "slot": slot, "path": path.iter().map(hexes).collect::<Vec<_>>(),
    })
}

fn instance_column() -> Value {
    let inputs = PublicInputs {
        context: context_digest(STATEMENT.as_bytes()),
        shard: 3,
        shards: 11,
        market: salt(201),
        model: salt(202),
        root: salt(203),
        counts: salt(204),
    };
    json!({
        "statement": STATEMENT, "shard": inputs.shard, "shards": inputs.shards,
        "market": to_hex(&inputs.market), "model": to_hex(&inputs.model),
        "root": to_hex(&inputs.root), "counts": to_hex(&inputs.counts),
        "column": hexes(&inputs.column()),
    })
}

fn totals_column(shape: &Shape, market: &Market) -> Value {
    // Every number its own, so that none can stand in another's row.
    let mut next = 1_000_000_007_u128;
    let mut number = || {
        next += 1_000_003;
        next
    };
    let mut totals = BookTotals::new(market);
    for class in &mut totals.classes {
        class.equity_positive = number();
        class.equity_negative = number();
        class.maintenance = number();
        class.initial = number();
        class.deficient_pools = number() as u64;
        class.shortfall = number();
        class.bankrupt_pools = number() as u64;
        class.bankruptcy = class.equity_negative;
        class.underwater_pools = number() as u64;
        class.underwater = number();
    }
    let (mut coins, mut contracts) = (Vec::new(), Vec::new());
    for (i, symbol) in market.symbols.iter().enumerate() {
        if usize::from(symbol.first) != i + 1 {
            continue;
        }
        if symbol.kind == Kind::Asset {
            let by_class: Vec<_> = (0..Class::ALL.len())
                .map(|class| {
                    let pair = (number(), number());
                    totals.coins[class][i] = pair;
                    [pair.0.to_string(), pair.1.to_string()]
                })
                .collect();
            coins.push(json!({ "row": symbol.first, "claims_and_debts": by_class }));
        } else {
            let (net, long) = (-(number() as i128), number());
            totals.contracts[i] = (net, long);
            contracts.push(
                json!({ "row": symbol.first, "net": net.to_string(), "long": long.to_string() }),
            );
        }
    }
    let scalars = totals.classes.iter().map(scalars);
    let cells = cells(shape, market, &totals);
    let free: Vec<Fr> = (0..FREE_ROWS as u8).map(|i| salt(210 + i)).collect();
    let commitments: Vec<G1Affine> = (2..5u64)
        .map(|i| (G1Affine::generator() * Fr::from(i)).into())
        .collect();
    let z = point(&context_digest(STATEMENT.as_bytes()), &commitments, &free);
    json!({
        "shape": shape.name, "statement": STATEMENT, "free": hexes(&free),
        "commitments": commitments.iter().map(|c| hex::encode(c.to_bytes())).collect::<Vec<_>>(),
        "point": to_hex(&z), "value": to_hex(&value(shape, &cells, &free, z).unwrap()),
        "scalars": scalars.map(|class| class.map(|n| n.to_string())).collect::<Vec<_>>(),
        "coins": coins, "contracts": contracts,
        "column": hexes(&cells),
    })
}
