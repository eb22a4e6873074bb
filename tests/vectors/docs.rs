//! Worked examples of venues' documentation.
//!
//! Of `okx-pm/MR7` the tiered charge is expressed; the maximum of it and the scan is not, because the
//! statement adds charges to the scan. Where a page shows rounded figures the recomputed ones hold.

use serde_json::{json, Value};

use super::draft::{exact, floor, text, Draft};

/// Adds every example, and says how many there are.
pub fn add(draft: &mut Draft, vectors: &[Value]) -> usize {
    let mut done = 0;
    for vector in vectors {
        let name = vector["id"].as_str().expect("a name");
        let (inputs, expected) = (&vector["inputs"], &vector["expected"]);
        match name.split(['/', ' ']).next().expect("a word") {
            "okx-pm" => {
                draft.bracketed("OKX-MR7", "1", "1", multiples(&inputs["tier_table"]));
                let raw = text(&inputs["MR7_raw"]);
                let account = draft.account(name, &[("OKX-MR7", &raw, "1")]);
                account.maintenance = Some(exact(&text(&expected["MR7_adj"])));
            }
            "okx-collateral" => {
                draft.asset("OKX-USDT", "1", "0.01", weights(&inputs["tiers"]));
                let amount = text(&inputs["amount"]);
                let account = draft.account(name, &[("OKX-USDT", &amount, "")]);
                account.equity = Some(exact(&text(&expected["discounted"])));
            }
            "bit.com" => bit(draft, vector),
            "dederi-pm" => {
                let brackets = json!([{ "floor": "0", "rate": "0.006", "cum": "0" }]);
                draft.bracketed("DEDERI", "1", &text(&inputs["index"]), brackets);
                let quantity = text(&inputs["gross_qty"]);
                let account =
                    draft.account(name, &[("DEDERI", &quantity, &text(&inputs["index"]))]);
                account.maintenance = Some(exact(&text(&vector["recomputed"])));
            }
            "hyperliquid" => {
                draft.bracketed("HYPERLIQUID", "1", "1", leverage(&inputs["tiers"]));
                let notional = text(&inputs["notional"]);
                let account = draft.account(name, &[("HYPERLIQUID", &notional, "1")]);
                account.maintenance = Some(exact(&text(&expected["mm"])));
            }
            _ => {
                eprintln!("not expressed: {name}");
                continue;
            }
        }
        done += 1;
    }
    done
}

/// Collateral at one ratio: each asset, and both.
fn bit(draft: &mut Draft, vector: &Value) {
    let name = vector["id"].as_str().expect("a name");
    let mut amounts = Vec::new();
    for coin in ["BTC", "USDT"] {
        let input = &vector["inputs"][coin];
        let weights = json!([{ "ratio": text(&input[2]) }]);
        draft.asset(
            &format!("BIT-{coin}"),
            &text(&input[1]),
            "0.000000001",
            weights,
        );
        amounts.push((coin, format!("BIT-{coin}"), text(&input[0])));
    }
    for (coin, symbol, amount) in &amounts {
        let account = draft.account(name, &[(symbol, amount, "")]);
        account.equity = Some(floor(&text(&vector["recomputed"][coin])));
    }
    let both: Vec<(&str, &str, &str)> = amounts
        .iter()
        .map(|(_, symbol, amount)| (symbol.as_str(), amount.as_str(), ""))
        .collect();
    draft.account(name, &both).equity = Some(floor(&text(&vector["recomputed"]["total"])));
}

/// Tiers as (end, ratio), the last without an end.
fn weights(tiers: &Value) -> Value {
    let tiers = tiers.as_array().expect("tiers").iter();
    let weights = tiers.map(|tier| match text(&tier[0]).as_str() {
        "inf" => json!({ "ratio": tier[1] }),
        up_to => json!({ "up_to": up_to, "ratio": tier[1] }),
    });
    Value::Array(weights.collect())
}

/// Brackets from (floor, rate), both whole and rates in `1/parts`, each continuous with the one before.
fn continuous(steps: impl Iterator<Item = (i128, i128)>, parts: i128) -> Value {
    let (mut cum, mut before) = (0, 0);
    let brackets = steps.map(|(floor, rate)| {
        cum += floor * (rate - before);
        before = rate;
        assert_eq!(cum % parts, 0, "a whole cum");
        let millionths = rate * 1_000_000 / parts;
        let rate = format!("{}.{:06}", millionths / 1_000_000, millionths % 1_000_000);
        json!({ "floor": floor.to_string(), "rate": rate, "cum": (cum / parts).to_string() })
    });
    Value::Array(brackets.collect())
}

/// Marginal multiples as (end, multiple).
fn multiples(tiers: &Value) -> Value {
    let mut begin = 0;
    let steps = tiers.as_array().expect("tiers").iter().map(|tier| {
        let step = (begin, exact(&text(&tier[1])) / 1_000_000);
        begin = text(&tier[0]).parse().unwrap_or(0);
        step
    });
    continuous(steps.collect::<Vec<_>>().into_iter(), 1)
}

/// Largest leverage by notional: maintenance is half of the margin it opens with.
fn leverage(tiers: &Value) -> Value {
    let steps = tiers.as_array().expect("tiers").iter().map(|tier| {
        let floor = exact(&text(&tier[0])) / 1_000_000;
        let leverage = exact(&text(&tier[1])) / 1_000_000;
        // 1 / (2 * leverage), in 10^-6.
        (floor, 1_000_000 / (2 * leverage))
    });
    continuous(steps, 1_000_000)
}
