//! Accounts of very different sizes in one book: one holding, and three thousand positions.

use std::fs;

use serde_json::{json, Value};

use crate::book::Book;
use crate::program::{zkmargin, Folder};

const CONTRACTS: usize = 60;
const POOLS: usize = 50;

/// A book of a maker with 3,000 positions, a house that holds the other side, and a customer with one
/// balance. Every position is entered at its mark of 10 and requires 1.5% of it.
fn write(folder: &Folder) {
    let id = |contract: usize| format!("C{contract:02}");
    let instruments: Vec<Value> = (0..CONTRACTS)
        .map(|contract| {
            json!({ "id": id(contract), "style": "linear", "settlement": "USDT", "multiplier": "1",
                    "lot": "1", "mark": "10", "basis": null })
        })
        .collect();
    let market = json!({ "quote_quantum": "0.000001",
        "assets": [ { "id": "USDT", "price": "1", "quantum": "0.00000001" } ], "instruments": instruments });
    let charges: Vec<Value> = (0..CONTRACTS)
        .map(|contract| {
            json!({ "id": id(contract), "group": "G", "pnl": ["1", "-1"], "floor": null,
                    "brackets": [ { "floor": "0", "rate": "0.015", "cum": "0" } ],
                    "short_brackets": null, "long_brackets": null })
        })
        .collect();
    let risk = json!({ "name": "sizes-1", "scenarios": 2, "floor_weights": null, "salt": null,
        "groups": [ { "id": "G", "maintenance_factor": "1", "initial_factor": "1" } ],
        "assets": [ { "id": "USDT", "lot": "1", "debt_weight": "1", "group": null, "pnl": null,
                      "debt_brackets": null, "weights": [ { "ratio": "1" } ] } ],
        "instruments": charges });
    let mut rows = vec![
        "small,cross,USDT,5,".to_owned(),
        "prop,cross,USDT,50000,".to_owned(),
    ];
    for contract in 0..CONTRACTS {
        rows.push(format!("prop,cross,{},-{POOLS},10", id(contract)));
    }
    for pool in 0..POOLS {
        rows.push(format!("maker,p{pool:02},USDT,100,"));
        rows.extend(
            (0..CONTRACTS).map(|contract| format!("maker,p{pool:02},{},1,10", id(contract))),
        );
    }
    let put = |name: &str, text: String| fs::write(folder.at("book").join(name), text).unwrap();
    put("market.json", market.to_string());
    put("risk.json", risk.to_string());
    put(
        "accounts.csv",
        format!(
            "account,pool,symbol,quantity,entry_price\n{}\n",
            rows.join("\n")
        ),
    );
}

#[test]
fn proves_three_thousand_positions_beside_one_balance() {
    let mut book = Book::new(&[]);
    book.house = vec!["prop"];
    let folder = Folder::of(&book);
    write(&folder);
    let params = folder.at("params.srs");
    let setup = ["setup", "--insecure", "-k", "14", "--out"].map(AsRef::as_ref);
    zkmargin(setup.into_iter().chain([params.as_os_str()])).ends(0);
    let proven = folder
        .prove_with(&params, &["--publish-counts"])
        .ends(0)
        .json();
    let statement = &proven["statement"];
    assert_eq!(statement["circuit"]["shape"], "small-14");
    assert_eq!(statement["counts"]["accounts"], 3);
    assert_eq!(statement["counts"]["pools"], POOLS + 2);
    // A pool of 60 contracts at 10, of which one may fall by 1: 60 and 1.5% of 600 are 69 of its 100.
    let customer = &statement["classes"]["customer"];
    assert_eq!(customer["equity_positive"], "5005");
    assert_eq!(customer["maintenance"], "3450");
    assert_eq!(customer["deficient_pools"], 0);
    // The house stands alone: 3,000 and 1.5% of 30,000.
    assert_eq!(statement["classes"]["house"]["maintenance"], "3450");
    for contract in statement["contracts"].as_array().unwrap() {
        assert_eq!(
            (&contract["net"], &contract["long"]),
            (&json!("0"), &json!("50"))
        );
    }
    let report = folder.verify(&["--allow-insecure-setup"]).ends(0).json();
    assert_eq!(report["verdict"], "solvent");
    for customer in ["maker", "small"] {
        let records = folder.at("records");
        let record = zkmargin([
            "record".as_ref(),
            "--records".as_ref(),
            records.as_os_str(),
            "--account".as_ref(),
            customer.as_ref(),
        ]);
        let record = folder.file("record.json", &record.ends(0).out);
        let bundle = folder.at("bundle");
        zkmargin([
            "verify-record".as_ref(),
            record.as_os_str(),
            bundle.as_os_str(),
            "--identity".as_ref(),
            customer.as_ref(),
            "--allow-insecure-setup".as_ref(),
        ])
        .ends(0);
    }
}
