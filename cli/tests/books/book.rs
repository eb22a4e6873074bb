//! A book small enough to know by heart, as the files of a snapshot.
//!
//! One dollar coin, bitcoin, the venue's own token and one perpetual. A bitcoin of the perpetual may
//! lose 3,750 in the worse of two scenarios and is charged 200 or 300, at 0.4% of a mark of 50,000 or
//! 75,000.

/// A snapshot, to be changed before it is written.
pub struct Book {
    /// Accounts of class `fund`.
    pub fund: Vec<&'static str>,
    /// Accounts of class `house`.
    pub house: Vec<&'static str>,
    /// Mark of the perpetual.
    pub mark: &'static str,
    rows: Vec<String>,
}

impl Book {
    /// A book of these rows of `accounts.csv`.
    pub fn new(rows: &[&str]) -> Self {
        Self {
            fund: Vec::new(),
            house: Vec::new(),
            mark: "50000",
            rows: rows.iter().map(ToString::to_string).collect(),
        }
    }

    /// Leaves out every row of an account.
    pub fn drop(&mut self, account: &str) {
        let before = self.rows.len();
        let of = |row: &String| row.split(',').next() == Some(account);
        self.rows.retain(|row| !of(row));
        assert!(self.rows.len() < before, "{account} is not in the book");
    }

    /// Writes other rows in the place of one.
    pub fn replace(&mut self, row: &str, others: &[&str]) {
        let at = self.rows.iter().position(|found| found == row);
        let at = at.unwrap_or_else(|| panic!("{row} is not in the book"));
        self.rows
            .splice(at..=at, others.iter().map(ToString::to_string));
    }

    /// Adds rows.
    pub fn add(&mut self, rows: &[&str]) {
        self.rows.extend(rows.iter().map(ToString::to_string));
    }

    /// The files of the snapshot, by name.
    pub fn files(&self) -> [(&'static str, String); 4] {
        [
            ("snapshot.json", self.snapshot()),
            ("market.json", self.market()),
            ("risk.json", RISK.to_owned()),
            (
                "accounts.csv",
                format!(
                    "account,pool,symbol,quantity,entry_price\n{}\n",
                    self.rows.join("\n")
                ),
            ),
        ]
    }

    fn snapshot(&self) -> String {
        format!(
            r#"{{ "venue": "Forged Exchange", "epoch": 3, "time": "2026-11-22T00:00:00Z", "quote": "USD",
  "previous": null, "classes": {{ "fund": {:?}, "house": {:?} }} }}"#,
            self.fund, self.house
        )
    }

    fn market(&self) -> String {
        format!(
            r#"{{ "quote_quantum": "0.000001",
  "assets": [ {{ "id": "USDT", "price": "1", "quantum": "0.00000001" }},
              {{ "id": "BTC", "price": "75000", "quantum": "0.00000001" }},
              {{ "id": "TOK", "price": "2", "quantum": "0.00000001" }} ],
  "instruments": [ {{ "id": "BTC-PERP", "style": "linear", "settlement": "USDT", "multiplier": "1", "lot": "0.001",
                     "mark": "{}", "basis": null }} ] }}"#,
            self.mark
        )
    }
}

const RISK: &str = r#"{ "name": "forged-1", "scenarios": 2, "floor_weights": null, "salt": null,
  "groups": [ { "id": "BTC", "maintenance_factor": "1", "initial_factor": "1.25" } ],
  "assets": [
    { "id": "USDT", "lot": "1", "debt_weight": "1", "group": null, "pnl": null, "debt_brackets": null, "weights": [ { "ratio": "1" } ] },
    { "id": "BTC", "lot": "1", "debt_weight": "1", "group": null, "pnl": null, "debt_brackets": null, "weights": [ { "ratio": "0.95" } ] },
    { "id": "TOK", "lot": "1", "debt_weight": "1", "group": null, "pnl": null, "debt_brackets": null, "weights": [ { "ratio": "1" } ] } ],
  "instruments": [
    { "id": "BTC-PERP", "group": "BTC", "pnl": ["3750", "-3750"], "floor": null,
      "brackets": [ { "floor": "0", "rate": "0.004", "cum": "0" } ], "short_brackets": null, "long_brackets": null } ] }"#;
