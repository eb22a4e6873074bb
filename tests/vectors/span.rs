//! SPAN scans over sixteen scenarios, the short-option minimum as a floor.
//!
//! Not expressed: the two `marginism` examples, whose risk arrays are not published with them.

use serde_json::Value;

use super::draft::{exact, negated, text, texts, Draft};

fn profits(losses: &Value) -> Vec<String> {
    texts(losses).iter().map(|loss| negated(loss)).collect()
}

/// Adds every example that can be expressed, and says how many there are.
pub fn add(draft: &mut Draft, vectors: &[Value]) -> usize {
    let mut done = 0;
    let mut listed: Vec<(Vec<String>, String)> = Vec::new();
    let mut shorts = Vec::new();
    for vector in vectors {
        let (name, inputs) = (vector["id"].as_str().expect("a name"), &vector["inputs"]);
        let expected = &vector["expected"];
        let mut scan = expected.get("scan_risk");
        let quantity;
        let mut floor = None;
        let array = if let Some(losses) = inputs.get("risk_array_loss_long1") {
            quantity = text(&inputs["qty"]);
            profits(losses)
        } else if let Some(position) = inputs["positions"].get(0) {
            quantity = text(&position["qty"]);
            profits(&position["loss_array"])
        } else if let Some(losses) = inputs.get("loss_array") {
            quantity = text(&inputs["qty"]);
            scan = expected.get("scan_risk_per_unit");
            profits(losses)
        } else if let Some(short) = inputs.get("short_pnl_by_scenario") {
            quantity = text(&inputs["contracts"]);
            floor = Some(text(&inputs["short_option_minimum"]));
            profits(short)
        } else if name.starts_with("takasbank") && inputs.get("psr_pct").is_some() {
            quantity = text(&inputs["contracts"]);
            future(inputs)
        } else if expected.get("portfolio_short_pnl").is_some() {
            // The two short options before it, in one account.
            let legs: Vec<(&str, &str, &str)> = shorts
                .iter()
                .map(|id: &String| (id.as_str(), "-1", "1"))
                .collect();
            assert_eq!(legs.len(), 2, "{name}");
            draft.account(name, &legs).scan = Some(exact(&text(&expected["scan_risk"])));
            done += 1;
            continue;
        } else {
            eprintln!("not expressed: {name}");
            continue;
        };
        assert_eq!(array.len(), 16, "{name}");
        let known = listed.iter().find(|(other, _)| *other == array);
        let id = match known {
            Some((_, id)) => id.clone(),
            None => {
                let id = format!("SPAN-{}", listed.len());
                draft.scanned(&id, array.clone(), floor.clone());
                listed.push((array, id.clone()));
                id
            }
        };
        let expected = draft.account(name, &[(&id, &quantity, "1")]);
        expected.scan = scan.map(|scan| exact(&text(scan)));
        expected.maintenance = expected.scan;
        assert!(expected.scan.is_some(), "{name}");
        if let Some(floor) = floor {
            // Where the minimum exceeds the scan it is the requirement: held long it asks for nothing,
            // and a contract without scenario losses asks for exactly the minimum.
            let minimum = format!("{id}-MINIMUM");
            draft.scanned(&minimum, Vec::new(), Some(floor.clone()));
            let vector = format!("{name}, short-option minimum");
            draft.account(&vector, &[(&minimum, "-2", "1")]).scan = Some(2 * exact(&floor));
            let vector = format!("{name}, no minimum when long");
            draft.account(&vector, &[(&minimum, "2", "1")]).scan = Some(0);
            shorts.push(id);
        }
        done += 1;
    }
    done
}

/// Profits of a future from its scan range: a third, two thirds and all of it up and down, each
/// twice (volatility does not matter), and the covered part of the extreme moves.
fn future(inputs: &Value) -> Vec<String> {
    let millionths = |name: &str| exact(&text(&inputs[name]));
    let size = millionths("contract_size") / 1_000_000;
    let range = millionths("price") * millionths("psr_pct") / 1_000_000 * size;
    let extreme = range * (millionths("extreme_mult") / 1_000_000) * millionths("extreme_cover");
    let third = range / 3;
    let moves = [0, third, -third, 2 * third, -2 * third, range, -range];
    let extremes = [extreme / 1_000_000, -extreme / 1_000_000];
    moves
        .into_iter()
        .flat_map(|profit| [profit, profit])
        .chain(extremes)
        .map(|profit| {
            let magnitude = profit.unsigned_abs();
            let sign = if profit < 0 { "-" } else { "" };
            format!(
                "{sign}{}.{:06}",
                magnitude / 1_000_000,
                magnitude % 1_000_000
            )
        })
        .collect()
}
