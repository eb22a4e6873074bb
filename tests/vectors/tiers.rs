//! Tiered collateral weights of Binance's proof of solvency: the accepted values.
//!
//! Not expressed: the refused witnesses (index and flag), which are forgeries of a witness and not of
//! an input; the relation takes no such witness, and the circuit's own gadget is attacked elsewhere.

use serde_json::{json, Value};

use super::draft::{exact, text, Draft};

/// Adds every accepted value, and says how many there are.
pub fn add(draft: &mut Draft, vectors: &[Value]) -> usize {
    let mut done = 0;
    let mut tables: Vec<Value> = Vec::new();
    for vector in vectors {
        if vector["expected"]["accept"] != true {
            continue;
        }
        let inputs = &vector["inputs"];
        let index = match tables.iter().position(|tiers| *tiers == inputs["tiers"]) {
            Some(index) => index,
            None => {
                let index = tables.len();
                tables.push(inputs["tiers"].clone());
                draft.asset(
                    &format!("TIERS-{index}"),
                    "1",
                    "1",
                    weights(&inputs["tiers"]),
                );
                index
            }
        };
        let symbol = format!("TIERS-{index}");
        let value = text(&inputs["collateral_value"]);
        let name = vector["id"].as_str().expect("a name");
        let account = draft.account(name, &[(&symbol, &value, "")]);
        account.equity = Some(exact(&text(&vector["expected"]["adjusted_value"])));
        done += 1;
    }
    done
}

/// Beyond the last boundary nothing counts.
fn weights(tiers: &Value) -> Value {
    let mut weights: Vec<Value> = tiers
        .as_array()
        .expect("tiers")
        .iter()
        .map(|tier| {
            let percent = tier["ratio_pct"].as_u64().expect("a percentage");
            let ratio = format!("{}.{:02}", percent / 100, percent % 100);
            json!({ "up_to": text(&tier["boundary"]), "ratio": ratio })
        })
        .collect();
    weights.push(json!({ "ratio": "0" }));
    Value::Array(weights)
}
