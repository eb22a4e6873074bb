//! A book of examples: one account an example, in dollars of 10^-6.

use std::fmt::Write;
use std::path::Path;

use serde_json::{json, Value};
use zkmargin_circuits::relation::PoolOutcome;
use zkmargin_circuits::units::Decimal;
use zkmargin_prover::snapshot::LoadedSnapshot;
use zkmargin_tests::mock;

const HEADER: &str = r#"{ "venue": "Worked examples", "epoch": 1, "time": "2026-11-22T00:00:00Z",
  "quote": "USD", "previous": null, "classes": { "fund": [], "house": [] } }"#;

/// Scenarios of SPAN, and one without profit or loss in which floors count.
pub const SCENARIOS: usize = 17;

/// What an example is expected to come to, in 10^-6 dollars.
#[derive(Debug, Clone, Default)]
pub struct Expected {
    /// Name of the example.
    pub vector: String,
    /// Its account.
    pub account: String,
    /// Scan of the one group.
    pub scan: Option<i128>,
    /// Equity.
    pub equity: Option<i128>,
    /// Maintenance requirement.
    pub maintenance: Option<i128>,
    /// Whether equity is below maintenance.
    pub deficient: Option<bool>,
}

impl Expected {
    /// Compares with what the relation says.
    pub fn check(&self, pool: &PoolOutcome) {
        let vector = &self.vector;
        let amounts = [self.scan, self.equity, self.maintenance];
        assert!(
            amounts.iter().any(Option::is_some) || self.deficient.is_some(),
            "{vector}: nothing expected"
        );
        if let Some(scan) = self.scan {
            assert_eq!(pool.scans.len(), 1, "{vector}: groups");
            assert_eq!(pool.scans[0].max, scan, "{vector}: scan");
        }
        if let Some(equity) = self.equity {
            assert_eq!(pool.equity, equity, "{vector}: equity");
        }
        if let Some(maintenance) = self.maintenance {
            assert_eq!(pool.maintenance, maintenance, "{vector}: maintenance");
        }
        if let Some(deficient) = self.deficient {
            assert_eq!(pool.equity < pool.maintenance, deficient, "{vector}");
        }
    }
}

/// A book in the making.
#[derive(Debug)]
pub struct Draft {
    assets: Vec<Value>,
    instruments: Vec<Value>,
    asset_models: Vec<Value>,
    instrument_models: Vec<Value>,
    rows: String,
    /// What each account is expected to come to.
    pub expected: Vec<Expected>,
}

impl Draft {
    /// A book with a plain dollar, `USD`, in which instruments settle.
    pub fn new() -> Self {
        let mut draft = Self {
            assets: Vec::new(),
            instruments: Vec::new(),
            asset_models: Vec::new(),
            instrument_models: Vec::new(),
            rows: "account,pool,symbol,quantity,entry_price\n".into(),
            expected: Vec::new(),
        };
        draft.asset("USD", "1", "0.00000001", json!([{ "ratio": "1" }]));
        draft
    }

    /// Adds an asset.
    pub fn asset(&mut self, id: &str, price: &str, quantum: &str, weights: Value) {
        self.assets
            .push(json!({ "id": id, "price": price, "quantum": quantum }));
        self.asset_models
            .push(json!({ "id": id, "weights": weights }));
    }

    /// Adds a linear contract of one dollar a point, with brackets on its notional.
    pub fn bracketed(&mut self, id: &str, lot: &str, mark: &str, brackets: Value) {
        self.listed(id, lot, mark);
        self.instrument_models
            .push(json!({ "id": id, "brackets": brackets }));
    }

    /// Adds a contract with the profits of one unit held long, and a floor of one held short.
    pub fn scanned(&mut self, id: &str, mut profits: Vec<String>, floor_short: Option<String>) {
        self.listed(id, "1", "1");
        profits.resize(SCENARIOS, "0".into());
        let floor = floor_short.map(|short| json!({ "long": "0", "short": short }));
        self.instrument_models
            .push(json!({ "id": id, "group": "ALL", "pnl": profits, "floor": floor }));
    }

    fn listed(&mut self, id: &str, lot: &str, mark: &str) {
        self.instruments
            .push(json!({ "id": id, "style": "linear", "settlement": "USD",
            "multiplier": "1", "lot": lot, "mark": mark }));
    }

    /// Adds the account of an example; holdings are symbol, quantity and entry price.
    pub fn account(&mut self, vector: &str, holdings: &[(&str, &str, &str)]) -> &mut Expected {
        let account = format!("v{:02}", self.expected.len());
        for (symbol, quantity, entry) in holdings {
            writeln!(self.rows, "{account},cross,{symbol},{quantity},{entry}").expect("text");
        }
        self.expected.push(Expected {
            vector: vector.into(),
            account,
            ..Expected::default()
        });
        self.expected.last_mut().expect("pushed")
    }

    /// Writes the book into a folder and reads it back.
    pub fn load(&self, dir: &Path) -> LoadedSnapshot {
        let market = json!({ "quote_quantum": "0.000001", "assets": self.assets,
            "instruments": self.instruments });
        let weights: Vec<u8> = (1..=SCENARIOS).map(|s| (s == SCENARIOS).into()).collect();
        let risk = json!({ "name": "examples", "scenarios": SCENARIOS, "floor_weights": weights,
            "groups": [{ "id": "ALL", "maintenance_factor": "1", "initial_factor": "1" }],
            "assets": self.asset_models, "instruments": self.instrument_models });
        mock::load(
            dir,
            HEADER,
            &market.to_string(),
            &risk.to_string(),
            &self.rows,
        )
    }
}

/// A number or string of a vector as a decimal string.
pub fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        other => panic!("{other} is no number"),
    }
}

/// The numbers of a vector as decimal strings.
pub fn texts(value: &Value) -> Vec<String> {
    value
        .as_array()
        .expect("numbers")
        .iter()
        .map(text)
        .collect()
}

/// The decimal string with its sign turned.
pub fn negated(text: &str) -> String {
    match text.strip_prefix('-') {
        Some(magnitude) => magnitude.into(),
        None if text.trim_matches(['0', '.']).is_empty() => "0".into(),
        None => format!("-{text}"),
    }
}

/// Millionths of a decimal that has no more than six decimals.
pub fn exact(text: &str) -> i128 {
    let number = Decimal::parse(text).expect("a decimal").ratio();
    number
        .times_ten_to(6)
        .exact()
        .expect("six decimals at most")
}

/// Millionths of a decimal, rounded down.
pub fn floor(text: &str) -> i128 {
    let number = Decimal::parse(text).expect("a decimal").ratio();
    number.times_ten_to(6).floor().expect("in range")
}
