//! Every kind of bad `market.json` and `risk.json`, with the error it must give.
//!
//! Each case changes one thing in a good file and names the field that the error must point at,
//! and words that its problem and remedy must have.

use serde_json::{json, Value};
use zkmargin_circuits::error::InputError;
use zkmargin_circuits::market::MarketSource;
use zkmargin_circuits::risk::RiskSource;

fn good_market() -> Value {
    json!({
        "quote_quantum": "0.000001",
        "assets": [
            { "id": "USDT", "coin": "USDT", "price": "1.0002", "quantum": "0.00000001" },
            { "id": "USDT@pm", "coin": "USDT", "price": "1.0002", "quantum": "0.00000001" },
            { "id": "BTC", "coin": "BTC", "price": "65000", "quantum": "0.00000001" }
        ],
        "instruments": [
            { "id": "BTC-PERP", "contract": "BTC-PERP", "style": "linear", "settlement": "USDT",
              "multiplier": "1", "lot": "0.001", "mark": "65100.2", "basis": null },
            { "id": "BTC-PERP@pm", "contract": "BTC-PERP", "style": "linear", "settlement": "USDT@pm",
              "multiplier": "1", "lot": "0.001", "mark": "65100.2", "basis": null },
            { "id": "BTC-INV", "contract": "BTC-INV", "style": "inverse", "settlement": "BTC",
              "multiplier": "100", "lot": "1", "mark": "65050", "basis": null },
            { "id": "BTC-CALL", "contract": "BTC-CALL", "style": "linear", "settlement": "USDT",
              "multiplier": "1", "lot": "0.1", "mark": "1200.5", "basis": "65000" }
        ]
    })
}

fn good_risk() -> Value {
    let weights = json!([{ "up_to": "1000", "ratio": "1" }, { "up_to": "2000", "ratio": "0.9" }, { "ratio": "0.5" }]);
    let brackets = json!([
        { "floor": "0", "rate": "0.004", "cum": "0" },
        { "floor": "50000", "rate": "0.005", "cum": "50" },
        { "floor": "250000", "rate": "0.01", "cum": "1200", "step": true }
    ]);
    json!({
        "name": "example", "scenarios": 3, "floor_weights": [1, 0, 1], "salt": null,
        "groups": [
            { "id": "BTC", "maintenance_factor": "1", "initial_factor": "1.25" },
            { "id": "ETH", "maintenance_factor": "1", "initial_factor": "1" }
        ],
        "assets": [
            { "id": "USDT", "lot": "1", "debt_weight": "1", "group": null, "pnl": null,
              "debt_brackets": null, "weights": weights },
            { "id": "USDT@pm", "lot": "1", "debt_weight": "1.1", "group": null, "pnl": null,
              "debt_brackets": brackets, "weights": weights },
            { "id": "BTC", "lot": "0.001", "debt_weight": "1", "group": "BTC", "pnl": ["1", "0", "-1"],
              "debt_brackets": null, "weights": weights }
        ],
        "instruments": [
            { "id": "BTC-PERP", "group": "BTC", "pnl": ["1", "0", "-1"], "floor": { "long": "0", "short": "25" },
              "brackets": brackets, "short_brackets": null, "long_brackets": null },
            { "id": "BTC-PERP@pm", "group": null, "pnl": null, "floor": null,
              "brackets": brackets, "short_brackets": brackets, "long_brackets": brackets },
            { "id": "BTC-INV", "group": "BTC", "pnl": ["1", "0", "-1"], "floor": null,
              "brackets": null, "short_brackets": null, "long_brackets": null },
            { "id": "BTC-CALL", "group": "BTC", "pnl": ["1", "0", "-1"], "floor": null,
              "brackets": null, "short_brackets": null, "long_brackets": null }
        ]
    })
}

/// One change to a good file.
enum Change {
    /// Put a value at a JSON pointer.
    Set(&'static str, Value),
    /// Take the member or element at a JSON pointer away.
    Remove(&'static str),
    /// Append to the list at a JSON pointer.
    Push(&'static str, Value),
}
use Change::{Push, Remove, Set};

impl Change {
    fn apply(self, file: &mut Value) {
        match self {
            Set(pointer, value) => {
                let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
                match file.pointer_mut(parent).expect("a parent") {
                    Value::Object(members) => {
                        members.insert(key.to_owned(), value);
                    }
                    Value::Array(items) => items[key.parse::<usize>().expect("an index")] = value,
                    other => panic!("{other} has no members"),
                }
            }
            Remove(pointer) => {
                let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
                match file.pointer_mut(parent).expect("a parent") {
                    Value::Object(members) => drop(members.remove(key).expect("a member")),
                    Value::Array(items) => drop(items.remove(key.parse().expect("an index"))),
                    other => panic!("{other} has no members"),
                }
            }
            Push(pointer, value) => {
                let list = file.pointer_mut(pointer).and_then(Value::as_array_mut);
                list.expect("a list").push(value);
            }
        }
    }
}

fn text(file: &Value) -> String {
    serde_json::to_string_pretty(file).expect("a JSON value")
}

fn market(file: &str) -> Result<MarketSource, InputError> {
    MarketSource::parse("market.json", file.as_bytes())
}

fn risk(file: &str) -> Result<RiskSource, InputError> {
    let market = market(&text(&good_market())).expect("a good market");
    RiskSource::parse("risk.json", file.as_bytes(), &market)
}

/// What is wrong with an error: its file, its field, its line in the text, or what it says.
fn misplaced(
    error: &InputError,
    file: &Value,
    name: &str,
    field: &str,
    words: &str,
) -> Option<String> {
    let said = format!("{}; {}", error.problem, error.remedy);
    let place = (error.file.as_str(), error.field.as_str());
    if place != (name, field) || !said.contains(words) || error.remedy.is_empty() {
        return Some(format!("expected {field}, {words}; got {error}"));
    }
    let pointer = format!("/{}", field.replace(['.', '['], "/").replace(']', ""));
    let key = field.rsplit('.').next().unwrap_or_default();
    // An element of a list has no key on its line, a missing field no line.
    if file.pointer(&pointer).is_none() || key.ends_with(']') {
        return error.line.is_none().then(|| format!("no line in {error}"));
    }
    let text = text(file);
    let line = error
        .line
        .and_then(|line| text.lines().nth(line as usize - 1))
        .unwrap_or_default();
    let found = line.contains(&format!("\"{key}\":"));
    (!found).then(|| format!("{line} is not the line of {error}"))
}

/// Runs a table; shows every case that fails.
fn run<T>(
    cases: Vec<Case>,
    good: fn() -> Value,
    name: &str,
    parse: fn(&str) -> Result<T, InputError>,
) {
    let mut failed = Vec::new();
    for (case, change, field, words) in cases {
        let mut file = good();
        change.apply(&mut file);
        let wrong = match parse(&text(&file)) {
            Ok(_) => Some("is accepted".to_owned()),
            Err(error) => misplaced(&error, &file, name, field, words),
        };
        failed.extend(wrong.map(|wrong| format!("{case}: {wrong}")));
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

type Case = (&'static str, Change, &'static str, &'static str);

fn market_cases() -> Vec<Case> {
    vec![
        // Names.
        ("no asset", Set("/assets", json!([])), "assets", "is empty"),
        (
            "duplicate asset",
            Set("/assets/1/id", json!("USDT")),
            "assets[1].id",
            "`USDT` is the id of assets[0] already",
        ),
        (
            "instrument with an asset's id",
            Set("/instruments/2/id", json!("BTC")),
            "instruments[2].id",
            "`BTC` is the id of assets[2] already",
        ),
        (
            "empty id",
            Set("/assets/0/id", json!("")),
            "assets[0].id",
            "is no name",
        ),
        (
            "id with a blank",
            Set("/instruments/0/id", json!("BTC-PERP ")),
            "instruments[0].id",
            "is no name",
        ),
        (
            "empty coin",
            Set("/assets/0/coin", json!("")),
            "assets[0].coin",
            "is no name",
        ),
        (
            "unknown settlement",
            Set("/instruments/0/settlement", json!("USDC")),
            "instruments[0].settlement",
            "`BTC-PERP` settles in `USDC`, which is no asset",
        ),
        (
            "settlement in an instrument",
            Set("/instruments/0/settlement", json!("BTC-INV")),
            "instruments[0].settlement",
            "which is no asset",
        ),
        // Decimals.
        (
            "price as a number",
            Set("/assets/0/price", json!(1.5)),
            "assets[0].price",
            "in quotes",
        ),
        (
            "bad decimal",
            Set("/assets/0/price", json!("1,5")),
            "assets[0].price",
            "\"1,5\" is not a decimal number",
        ),
        (
            "exponent",
            Set("/instruments/0/lot", json!("1e-3")),
            "instruments[0].lot",
            "\"1e-3\" is not a decimal number",
        ),
        (
            "empty decimal",
            Set("/quote_quantum", json!("")),
            "quote_quantum",
            "\"\" is not a decimal number",
        ),
        (
            "too many decimals",
            Set("/instruments/0/mark", json!("1.0000000000000000001")),
            "instruments[0].mark",
            "more than 18 decimals",
        ),
        (
            "too many digits",
            Set(
                "/instruments/0/mark",
                json!("12345678901234567890123456789"),
            ),
            "instruments[0].mark",
            "more than 28 digits",
        ),
        (
            "price with 13 decimals",
            Set("/assets/2/price", json!("1.0000000000001")),
            "assets[2].price",
            "more than 12 decimals",
        ),
        // Signs.
        (
            "quote_quantum of zero",
            Set("/quote_quantum", json!("0")),
            "quote_quantum",
            "\"0\" is not above zero",
        ),
        (
            "price of zero",
            Set("/assets/2/price", json!("0")),
            "assets[2].price",
            "\"0\" is not above zero",
        ),
        (
            "negative price",
            Set("/assets/2/price", json!("-1")),
            "assets[2].price",
            "\"-1\" is not above zero",
        ),
        (
            "quantum of zero",
            Set("/assets/2/quantum", json!("0.0")),
            "assets[2].quantum",
            "is not above zero",
        ),
        (
            "multiplier of zero",
            Set("/instruments/3/multiplier", json!("0")),
            "instruments[3].multiplier",
            "is not above zero",
        ),
        (
            "negative lot",
            Set("/instruments/3/lot", json!("-1")),
            "instruments[3].lot",
            "is not above zero",
        ),
        (
            "inverse mark of zero",
            Set("/instruments/2/mark", json!("0")),
            "instruments[2].mark",
            "is not above zero",
        ),
        (
            "inverse basis below zero",
            Set("/instruments/2/basis", json!("-5")),
            "instruments[2].basis",
            "is not above zero",
        ),
        // Variants that differ where they must not.
        (
            "coin with two prices",
            Set("/assets/1/price", json!("1.0003")),
            "assets[1].price",
            "price of `USDT@pm` is 1.0003, of `USDT` of the same coin 1.0002",
        ),
        (
            "coin with two quanta",
            Set("/assets/1/quantum", json!("0.000000001")),
            "assets[1].quantum",
            "quantum of `USDT@pm`",
        ),
        (
            "contract with two styles",
            Set("/instruments/1/style", json!("inverse")),
            "instruments[1].style",
            "style of `BTC-PERP@pm` is inverse",
        ),
        (
            "contract with two multipliers",
            Set("/instruments/1/multiplier", json!("2")),
            "instruments[1].multiplier",
            "multiplier of `BTC-PERP@pm` is 2",
        ),
        (
            "contract with two lots",
            Set("/instruments/1/lot", json!("0.01")),
            "instruments[1].lot",
            "lot of `BTC-PERP@pm` is 0.01",
        ),
        (
            "contract with two marks",
            Set("/instruments/1/mark", json!("65100.3")),
            "instruments[1].mark",
            "give all variants of `BTC-PERP` the same mark",
        ),
        (
            "contract settled in two coins",
            Set("/instruments/1/settlement", json!("BTC")),
            "instruments[1].settlement",
            "same contract",
        ),
        // Integers.
        (
            "inexact mark",
            Set("/instruments/3/mark", json!("0.00000012")),
            "instruments[3].mark",
            "a quantum of 0.000000001 for `USDT` would do",
        ),
        (
            "inexact basis",
            Set("/instruments/3/basis", json!("0.00000012")),
            "instruments[3].basis",
            "a quantum of 0.000000001 for `USDT` would do",
        ),
        (
            "mark that no quantum expresses",
            Set("/instruments/3/mark", json!("0.000000000000000001")),
            "instruments[3].mark",
            "no quantum of 18 decimals would do",
        ),
        (
            "mark out of range",
            Set("/instruments/3/mark", json!("10000000000000")),
            "instruments[3].mark",
            "more than 2^63 - 1 quanta",
        ),
        (
            "inverse mark that rounds to nothing",
            Set("/instruments/2/mark", json!("30000000000")),
            "instruments[2].mark",
            "rounds to no quantum",
        ),
        (
            "inexact price",
            Set("/quote_quantum", json!("0.7")),
            "assets[0].price",
            "not a whole number of 10^-18 quote quanta",
        ),
        (
            "price out of range",
            Set("/assets/2/price", json!("10000000000000000000000")),
            "assets[2].price",
            "2^112",
        ),
        (
            "notional out of range",
            Set("/instruments/3/basis", json!("10000000000000")),
            "instruments[3].basis",
            "2^63",
        ),
        (
            "notional out of range in value",
            Set("/instruments/2/multiplier", json!("100000000000000")),
            "instruments[2].lot",
            "2^112",
        ),
        // Shape of the file.
        (
            "unknown style",
            Set("/instruments/0/style", json!("quanto")),
            "instruments[0].style",
            "unknown variant `quanto`",
        ),
        (
            "missing field",
            Remove("/instruments/0/lot"),
            "instruments[0].lot",
            "missing field",
        ),
        (
            "missing list",
            Remove("/instruments"),
            "instruments",
            "missing field",
        ),
        (
            "unknown field",
            Set("/assets/0/haircut", json!("1")),
            "assets[0].haircut",
            "unknown field",
        ),
        (
            "null for a name",
            Set("/assets/0/id", json!(null)),
            "assets[0].id",
            "expected a string",
        ),
        (
            "list for an object",
            Set("/instruments/0", json!([])),
            "instruments[0]",
            "invalid length",
        ),
    ]
}

fn risk_cases() -> Vec<Case> {
    let bracket =
        |floor: &str, rate: &str, cum: &str| json!({ "floor": floor, "rate": rate, "cum": cum });
    vec![
        // Scenarios, weights of floors, salt.
        (
            "no scenario",
            Set("/scenarios", json!(0)),
            "scenarios",
            "0 scenarios",
        ),
        (
            "65 scenarios",
            Set("/scenarios", json!(65)),
            "scenarios",
            "from 1 to 64",
        ),
        (
            "negative scenarios",
            Set("/scenarios", json!(-1)),
            "scenarios",
            "invalid value",
        ),
        (
            "floor weight of 2",
            Set("/floor_weights/1", json!(2)),
            "floor_weights[1]",
            "2 is not 0 or 1",
        ),
        (
            "floor weight as text",
            Set("/floor_weights/1", json!("1")),
            "floor_weights[1]",
            "invalid type",
        ),
        (
            "floor weights too few",
            Set("/floor_weights", json!([1])),
            "floor_weights",
            "has length 1, for 3 scenarios",
        ),
        (
            "short salt",
            Set("/salt", json!("00112233445566778899aabbccddee")),
            "salt",
            "is 15 bytes",
        ),
        // Groups.
        (
            "duplicate group",
            Set("/groups/1/id", json!("BTC")),
            "groups[1].id",
            "`BTC` is given twice",
        ),
        (
            "negative factor",
            Set("/groups/0/maintenance_factor", json!("-1")),
            "groups[0].maintenance_factor",
            "\"-1\" is below zero",
        ),
        (
            "factor with 7 decimals",
            Set("/groups/0/initial_factor", json!("1.2500001")),
            "groups[0].initial_factor",
            "more than 6 decimals",
        ),
        (
            "factor out of range",
            Set("/groups/0/initial_factor", json!("4001")),
            "groups[0].initial_factor",
            "outside 0..4000",
        ),
        (
            "initial below maintenance",
            Set("/groups/0/initial_factor", json!("0.9")),
            "groups[0].initial_factor",
            "below its maintenance_factor",
        ),
        // Entries.
        (
            "missing asset",
            Remove("/assets/1"),
            "assets",
            "no entry for asset `USDT@pm`",
        ),
        (
            "missing instrument",
            Remove("/instruments/3"),
            "instruments",
            "no entry for instrument `BTC-CALL`",
        ),
        (
            "unknown symbol",
            Set("/instruments/0/id", json!("DOGE-PERP")),
            "instruments[0].id",
            "`DOGE-PERP` is not in the market",
        ),
        (
            "duplicate entry",
            Set("/instruments/1/id", json!("BTC-PERP")),
            "instruments[1].id",
            "`BTC-PERP` has an entry already",
        ),
        (
            "asset among instruments",
            Set("/instruments/1/id", json!("BTC")),
            "instruments[1].id",
            "is an asset of the market",
        ),
        // What is scanned.
        (
            "unknown group",
            Set("/instruments/0/group", json!("SOL")),
            "instruments[0].group",
            "group `SOL` of `BTC-PERP` is not in groups",
        ),
        (
            "pnl without group",
            Set("/instruments/0/group", json!(null)),
            "instruments[0].pnl",
            "`BTC-PERP` has a pnl but no group",
        ),
        (
            "asset's pnl without group",
            Set("/assets/2/group", json!(null)),
            "assets[2].pnl",
            "`BTC` has a pnl but no group",
        ),
        (
            "floor without group",
            Set("/instruments/1/floor", json!({ "long": "0", "short": "1" })),
            "instruments[1].floor",
            "has a floor but no group",
        ),
        (
            "wrong array length",
            Remove("/instruments/0/pnl/2"),
            "instruments[0].pnl",
            "has length 2, for 3 scenarios",
        ),
        (
            "wrong array length of an asset",
            Push("/assets/2/pnl", json!("0")),
            "assets[2].pnl",
            "has length 4, for 3 scenarios",
        ),
        (
            "bad decimal in an array",
            Set("/instruments/0/pnl/1", json!("1..0")),
            "instruments[0].pnl[1]",
            "\"1..0\" is not a decimal number",
        ),
        (
            "number in an array",
            Set("/instruments/0/pnl/1", json!(0)),
            "instruments[0].pnl[1]",
            "in quotes",
        ),
        (
            "loss out of range",
            Set("/instruments/0/pnl/2", json!("-9999999999999999")),
            "instruments[0].pnl[2]",
            "2^62",
        ),
        (
            "negative floor",
            Set("/instruments/0/floor/short", json!("-1")),
            "instruments[0].floor.short",
            "\"-1\" is below zero",
        ),
        (
            "floor out of range",
            Set("/instruments/0/floor/long", json!("9999999999999999")),
            "instruments[0].floor.long",
            "2^62",
        ),
        (
            "floor of one side",
            Remove("/instruments/0/floor/long"),
            "instruments[0].floor.long",
            "missing field",
        ),
        // Lots.
        (
            "group without lot",
            Set("/assets/2/lot", json!(null)),
            "assets[2].lot",
            "`BTC` has a group but no lot",
        ),
        (
            "lot off the quantum",
            Set("/assets/2/lot", json!("0.000000005")),
            "assets[2].lot",
            "give a multiple of 0.00000001",
        ),
        (
            "lot of zero",
            Set("/assets/2/lot", json!("0")),
            "assets[2].lot",
            "is not above zero",
        ),
        (
            "lot out of range",
            Set("/assets/2/lot", json!("10000000")),
            "assets[2].lot",
            "2^127",
        ),
        // Collateral weights.
        (
            "missing weights",
            Remove("/assets/0/weights"),
            "assets[0].weights",
            "missing field",
        ),
        (
            "empty weights",
            Set("/assets/0/weights", json!([])),
            "assets[0].weights",
            "has no tier",
        ),
        (
            "weight above 1",
            Set("/assets/0/weights/0/ratio", json!("1.01")),
            "assets[0].weights[0].ratio",
            "ratio 1.01 of `USDT` is outside 0..1",
        ),
        (
            "negative weight",
            Set("/assets/0/weights/2/ratio", json!("-0.1")),
            "assets[0].weights[2].ratio",
            "outside 0..1",
        ),
        (
            "weight with 7 decimals",
            Set("/assets/0/weights/1/ratio", json!("0.9000001")),
            "assets[0].weights[1].ratio",
            "more than 6 decimals",
        ),
        (
            "rising weights",
            Set("/assets/0/weights/2/ratio", json!("0.95")),
            "assets[0].weights[2].ratio",
            "above that of the tier before",
        ),
        (
            "tiers out of order",
            Set("/assets/0/weights/1/up_to", json!("1000")),
            "assets[0].weights[1].up_to",
            "not above where it begins",
        ),
        (
            "tier up to zero",
            Set("/assets/0/weights/0/up_to", json!("0")),
            "assets[0].weights[0].up_to",
            "not above where it begins",
        ),
        (
            "missing open end",
            Set("/assets/0/weights/2/up_to", json!("5000")),
            "assets[0].weights[2].up_to",
            "the open end is missing",
        ),
        (
            "open end in the middle",
            Remove("/assets/0/weights/0/up_to"),
            "assets[0].weights[0].up_to",
            "has no up_to",
        ),
        (
            "tier off the quote quantum",
            Set("/assets/0/weights/0/up_to", json!("0.0000001")),
            "assets[0].weights[0].up_to",
            "not a whole number of quote quanta",
        ),
        (
            "tier out of range",
            Set(
                "/assets/0/weights/1/up_to",
                json!("40000000000000000000000"),
            ),
            "assets[0].weights[1].up_to",
            "2^95",
        ),
        (
            "debt_weight below 1",
            Set("/assets/0/debt_weight", json!("0.99")),
            "assets[0].debt_weight",
            "below 1",
        ),
        // Brackets.
        (
            "empty brackets",
            Set("/instruments/0/brackets", json!([])),
            "instruments[0].brackets",
            "has no bracket",
        ),
        (
            "first floor not zero",
            Set("/instruments/0/brackets/0/floor", json!("1")),
            "instruments[0].brackets[0].floor",
            "let the first floor be 0",
        ),
        (
            "first cum not zero",
            Set("/instruments/0/brackets/0/cum", json!("-1")),
            "instruments[0].brackets[0].cum",
            "let the first cum be 0",
        ),
        (
            "floors out of order",
            Set("/instruments/0/brackets/2/floor", json!("50000")),
            "instruments[0].brackets[2].floor",
            "not above the one before",
        ),
        (
            "negative rate",
            Set("/instruments/0/brackets/1/rate", json!("-0.005")),
            "instruments[0].brackets[1].rate",
            "is below zero",
        ),
        (
            "rate with 7 decimals",
            Set("/instruments/0/brackets/1/rate", json!("0.0050001")),
            "instruments[0].brackets[1].rate",
            "more than 6 decimals",
        ),
        (
            "rate out of range",
            Set("/instruments/0/brackets/2/rate", json!("4000.1")),
            "instruments[0].brackets[2].rate",
            "outside 0..4000",
        ),
        (
            "wrong cum",
            Set("/instruments/0/brackets/1/cum", json!("49.99")),
            "instruments[0].brackets[1].cum",
            "it should be 50,",
        ),
        (
            "wrong cum below the money's quantum",
            Set(
                "/instruments/0/brackets/1/cum",
                json!("49.99999999999999999"),
            ),
            "instruments[0].brackets[1].cum",
            "it should be 50,",
        ),
        (
            "discontinuous brackets",
            Set("/instruments/0/brackets/2/step", json!(false)),
            "instruments[0].brackets[2].cum",
            "makes the charge discontinuous at 250000; it should be 1300,",
        ),
        (
            "falling brackets",
            Set("/instruments/0/brackets/2/cum", json!("1300.01")),
            "instruments[0].brackets[2].cum",
            "lets the charge fall at 250000; it should be 1300",
        ),
        (
            "step off the quote quantum",
            Set("/instruments/0/brackets/2/cum", json!("1200.0000001")),
            "instruments[0].brackets[2].cum",
            "no whole number of quote quanta",
        ),
        (
            "bad short_brackets",
            Set("/instruments/1/short_brackets/0/floor", json!("1")),
            "instruments[1].short_brackets[0].floor",
            "let the first floor be 0",
        ),
        (
            "bad long_brackets",
            Set("/instruments/1/long_brackets/1/cum", json!("0")),
            "instruments[1].long_brackets[1].cum",
            "discontinuous",
        ),
        (
            "bad brackets that both sides replace",
            Set("/instruments/1/brackets/1/cum", json!("0")),
            "instruments[1].brackets[1].cum",
            "discontinuous",
        ),
        (
            "bad debt_brackets",
            Push("/assets/1/debt_brackets", bracket("300000", "0.02", "0")),
            "assets[1].debt_brackets[3].cum",
            "discontinuous",
        ),
        (
            "debt_brackets first floor",
            Set("/assets/1/debt_brackets/0", bracket("5", "0.02", "0")),
            "assets[1].debt_brackets[0].floor",
            "let the first floor be 0",
        ),
        // Shape of the file.
        ("missing name", Remove("/name"), "name", "missing field"),
        (
            "missing groups",
            Remove("/groups"),
            "groups",
            "missing field",
        ),
        (
            "unknown field",
            Set("/instruments/0/delta", json!("1")),
            "instruments[0].delta",
            "unknown field",
        ),
        (
            "number for a rate",
            Set("/instruments/0/brackets/1/rate", json!(0.005)),
            "instruments[0].brackets[1].rate",
            "in quotes",
        ),
        (
            "text for step",
            Set("/instruments/0/brackets/2/step", json!("true")),
            "instruments[0].brackets[2].step",
            "invalid type",
        ),
    ]
}

#[test]
fn accepts_the_files_that_the_cases_change() {
    let (market_text, risk_text) = (text(&good_market()), text(&good_risk()));
    let good = (market(&market_text).unwrap(), risk(&risk_text).unwrap());
    // With a byte-order mark and Windows line ends they mean the same.
    let windows = |text: &str| format!("\u{feff}{}", text.replace('\n', "\r\n"));
    let same = (
        market(&windows(&market_text)).unwrap(),
        risk(&windows(&risk_text)).unwrap(),
    );
    assert_eq!(good.0.market.symbols, same.0.market.symbols);
    assert_eq!(good.1.model.symbols, same.1.model.symbols);
}

#[test]
fn accepts_marks_at_and_below_zero() {
    for mark in ["0", "-37.63"] {
        let mut file = good_market();
        Set("/instruments/3/mark", json!(mark)).apply(&mut file);
        market(&text(&file)).unwrap();
    }
}

#[test]
fn rejects_every_bad_market_by_field() {
    run(market_cases(), good_market, "market.json", market);
}

#[test]
fn rejects_every_bad_model_by_field() {
    run(risk_cases(), good_risk, "risk.json", risk);
}

#[test]
fn rejects_text_that_is_no_json() {
    let good = text(&good_market());
    for (name, text, line, words) in [
        ("empty file", String::new(), 1, "EOF"),
        ("cut short", good[..good.len() / 2].to_owned(), 0, "EOF"),
        (
            "trailing comma",
            good.replacen("\"0.000001\"\n", "\"0.000001\",\n", 1),
            0,
            "trailing comma",
        ),
        (
            "two values",
            format!("{good}\n{{}}"),
            0,
            "trailing characters",
        ),
        (
            "field given twice",
            good.replacen('{', "{\n\"assets\": [],", 1),
            0,
            "duplicate field `assets`",
        ),
    ] {
        let error = market(&text).expect_err(name);
        assert!(error.problem.contains(words), "{name}: {error}");
        assert!(
            error.line.is_some_and(|at| line == 0 || at == line),
            "{name}: {error}"
        );
        assert!(!error.remedy.is_empty(), "{name}: {error}");
    }
    let mut bytes = good.into_bytes();
    bytes.push(0xff);
    let error = MarketSource::parse("market.json", &bytes).unwrap_err();
    assert_eq!(error.problem, "is not UTF-8 text");
}
