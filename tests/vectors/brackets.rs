//! Maintenance brackets on notional: `notional * rate - cum`.
//!
//! Of `binance-cross/2 positions` the requirement, equity and which side of the liquidation prices a
//! mark is on are checked; a liquidation price itself is no part of the statement.

use serde_json::{json, Value};

use super::draft::{exact, text, Draft};

fn table(tiers: &Value) -> Value {
    let brackets = tiers.as_array().expect("tiers").iter().map(|tier| {
        json!({ "floor": text(&tier["floor"]), "rate": text(&tier["mmr"]), "cum": text(&tier["cum"]) })
    });
    Value::Array(brackets.collect())
}

/// Adds every example, and says how many there are.
pub fn add(draft: &mut Draft, vectors: &[Value]) -> usize {
    let mut done = 0;
    let mut bitcoin = Value::Null;
    for (index, vector) in vectors.iter().enumerate() {
        let (name, inputs) = (vector["id"].as_str().expect("a name"), &vector["inputs"]);
        let id = format!("BRACKETS-{index}");
        if inputs.get("positions").is_some() {
            cross(draft, vector, &bitcoin);
        } else if let Some(notional) = inputs.get("notional") {
            if inputs["symbol"] == "BTC/USDT:USDT" {
                bitcoin = table(&inputs["tiers"]);
            }
            draft.bracketed(&id, "0.01", "1", table(&inputs["tiers"]));
            let maintenance = exact(&text(&vector["expected"]["maintenance_margin"]));
            for sign in ["", "-"] {
                let quantity = format!("{sign}{}", text(notional));
                let account = draft.account(name, &[(&id, &quantity, "1")]);
                account.maintenance = Some(maintenance);
            }
        } else {
            // A table alone: its `cum` holds or the model is refused. At each floor the bracket
            // that begins there charges floor * rate - cum.
            assert_eq!(vector["expected"]["cum_recurrence_holds"], true, "{name}");
            draft.bracketed(&id, "0.01", "1", table(&inputs["tiers"]));
            for tier in inputs["tiers"].as_array().expect("tiers") {
                let millionths = |field: &str| exact(&text(&tier[field]));
                let charge =
                    millionths("floor") * millionths("mmr") / 1_000_000 - millionths("cum");
                let floor = text(&tier["floor"]);
                let account = draft.account(name, &[(&id, &floor, "1")]);
                account.maintenance = Some(charge);
            }
        }
        done += 1;
    }
    done
}

/// Two positions against one wallet: at the mark, and on both sides of either liquidation price.
fn cross(draft: &mut Draft, vector: &Value, bitcoin: &Value) {
    let (name, inputs) = (vector["id"].as_str().expect("a name"), &vector["inputs"]);
    // Of the ether table only the bracket that holds is given; it begins where it charges nothing.
    let ether = &inputs["positions"][1];
    let begins = exact(&text(&ether["cum"])) * 1_000_000 / exact(&text(&ether["mmr"])) / 1_000_000;
    let ether_table = json!([
        { "floor": "0", "rate": "0", "cum": "0" },
        { "floor": begins.to_string(), "rate": ether["mmr"], "cum": ether["cum"] }
    ]);
    let tables = [bitcoin.clone(), ether_table];
    let given: Vec<[String; 3]> = (0..2)
        .map(|i| ["qty", "entry", "mark"].map(|field| text(&inputs["positions"][i][field])))
        .collect();
    let wallet = text(&inputs["wallet_balance"]);
    let recomputed = &vector["recomputed"];

    let account = |draft: &mut Draft, suffix: &str, marks: [&str; 2]| -> usize {
        let ids: Vec<String> = ["BTC", "ETH"].map(|coin| format!("{coin}{suffix}")).into();
        for ((id, mark), brackets) in ids.iter().zip(marks).zip(&tables) {
            draft.bracketed(id, "0.001", mark, brackets.clone());
        }
        draft.account(
            name,
            &[
                ("USD", &wallet, ""),
                (&ids[0], &given[0][0], &given[0][1]),
                (&ids[1], &given[1][0], &given[1][1]),
            ],
        );
        draft.expected.len() - 1
    };
    let marks = [given[0][2].as_str(), given[1][2].as_str()];
    let at_mark = account(draft, "-AT-MARK", marks);
    // The nearest cents on both sides of each recomputed liquidation price.
    let mut sides = Vec::new();
    for (coin, field) in ["liq_BTC", "liq_ETH"].into_iter().enumerate() {
        let (whole, fraction) = recomputed[field]
            .as_str()
            .and_then(|price| price.split_once('.'))
            .expect("a price");
        let below: u64 = format!("{whole}{}", &fraction[..2]).parse().expect("cents");
        for (cents, deficient) in [(below, true), (below + 1, false)] {
            let price = format!("{}.{:02}", cents / 100, cents % 100);
            let mut moved = marks;
            moved[coin] = &price;
            let suffix = format!("-{field}-{cents}");
            sides.push((account(draft, &suffix, moved), deficient));
        }
    }
    let expected = &mut draft.expected[at_mark];
    expected.maintenance = Some(exact(&text(&recomputed["account_mm"])));
    expected.equity = Some(exact(&text(&recomputed["equity"])));
    expected.deficient = Some(recomputed["solvent_at_mark"] == false);
    for (side, deficient) in sides {
        draft.expected[side].deficient = Some(deficient);
    }
}
