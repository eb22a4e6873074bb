//! What a synthetic venue lists, and its market and risk files.

use std::fmt::Write;

use super::decimal::{decimal, ONE, SCALE};

/// Decimals of an asset's quantum: every quantum is 10^-8.
pub const QUANTUM_DECIMALS: u32 = 8;

/// Decimals of the quote quantum.
pub const QUOTE_DECIMALS: u32 = 6;

/// One step of a piecewise-linear function: where it begins (quote currency) and its rate.
pub type Step = (i128, i128);

/// An asset of the synthetic venue. Numbers are at [`SCALE`].
#[derive(Debug, Clone)]
pub struct AssetSpec {
    /// Name.
    pub id: String,
    /// Coin it is a variant of.
    pub coin: String,
    /// Price of one unit.
    pub price: i128,
    /// Weight tiers, from zero up.
    pub weights: Vec<Step>,
    /// Slope below zero.
    pub debt_weight: i128,
    /// Brackets on a debt.
    pub debt_brackets: Vec<Step>,
    /// Index of the risk group, and profit of one unit in each scenario.
    pub scan: Option<(usize, Vec<i128>)>,
    /// Lot of the scan.
    pub lot: i128,
}

/// Linear or inverse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Settled at the mark.
    Linear,
    /// Settled at its negative reciprocal.
    Inverse,
}

/// An instrument of the synthetic venue. Numbers are at [`SCALE`].
#[derive(Debug, Clone)]
pub struct InstrumentSpec {
    /// Name.
    pub id: String,
    /// Contract it is a variant of.
    pub contract: String,
    /// Linear or inverse.
    pub style: Style,
    /// Index of the settlement asset.
    pub settlement: usize,
    /// Units of one contract.
    pub multiplier: i128,
    /// Lot.
    pub lot: i128,
    /// Smallest step of the price.
    pub tick: i128,
    /// Mark.
    pub mark: i128,
    /// Price the notional is taken at, when it is not the mark.
    pub basis: Option<i128>,
    /// Index of the risk group.
    pub group: usize,
    /// Profit of one unit held long in each scenario, in the settlement asset.
    pub pnl: Vec<i128>,
    /// Floor of one unit held short, in the settlement asset.
    pub floor_short: i128,
    /// Brackets of a long position.
    pub long: Vec<Step>,
    /// Brackets of a short position.
    pub short: Vec<Step>,
}

impl InstrumentSpec {
    /// The price that the notional is taken at.
    pub fn notional_price(&self) -> i128 {
        self.basis.unwrap_or(self.mark)
    }

    /// What `lots` bought at `price` cost, in quanta of the settlement asset; `None` when it does not come out exact.
    pub fn cost(&self, lots: i64, price: i128) -> Option<i128> {
        let quanta = 10i128.pow(QUANTUM_DECIMALS);
        let lot = self.lot.checked_mul(self.multiplier)? / ONE;
        let size = lot.checked_mul(i128::from(lots))?;
        let (numerator, denominator) = match self.style {
            Style::Linear => (size.checked_mul(price)?, ONE * (ONE / quanta)),
            Style::Inverse => (-size.checked_mul(quanta)?, price),
        };
        (numerator % denominator == 0).then(|| numerator / denominator)
    }
}

/// A risk group: name, maintenance and initial factor in 10^-2.
#[derive(Debug, Clone)]
pub struct GroupSpec {
    /// Name.
    pub id: String,
    /// Factors, maintenance and initial, in hundredths.
    pub factors: (i128, i128),
}

/// Everything a synthetic venue lists.
#[derive(Debug, Clone)]
pub struct Universe {
    /// Name of the risk model.
    pub model: String,
    /// Number of scenarios.
    pub scenarios: usize,
    /// Scenarios in which floors count.
    pub floor_weights: Vec<bool>,
    /// Risk groups.
    pub groups: Vec<GroupSpec>,
    /// Assets; the first is the one accounts are topped up in.
    pub assets: Vec<AssetSpec>,
    /// Instruments.
    pub instruments: Vec<InstrumentSpec>,
}

impl Universe {
    /// Bytes of `market.json`: one row a line.
    pub fn market_json(&self) -> String {
        let mut out = format!(
            "{{ \"quote_quantum\": \"{}\",\n  \"assets\": [",
            decimal(1, QUOTE_DECIMALS)
        );
        rows(&mut out, &self.assets, |asset| {
            format!(
                r#"{{ "id": "{}", "coin": "{}", "price": "{}", "quantum": "{}" }}"#,
                asset.id,
                asset.coin,
                decimal(asset.price, SCALE),
                decimal(1, QUANTUM_DECIMALS)
            )
        });
        out.push_str(",\n  \"instruments\": [");
        rows(&mut out, &self.instruments, |row| {
            let style = match row.style {
                Style::Linear => "linear",
                Style::Inverse => "inverse",
            };
            format!(
                r#"{{ "id": "{}", "contract": "{}", "style": "{style}", "settlement": "{}", "multiplier": "{}", "lot": "{}", "mark": "{}", "basis": {} }}"#,
                row.id,
                row.contract,
                self.assets[row.settlement].id,
                decimal(row.multiplier, SCALE),
                decimal(row.lot, SCALE),
                decimal(row.mark, SCALE),
                row.basis.map_or("null".into(), |basis| format!(
                    "\"{}\"",
                    decimal(basis, SCALE)
                )),
            )
        });
        out.push_str(" }\n");
        out
    }

    /// Bytes of `risk.json`: one row a line.
    pub fn risk_json(&self) -> String {
        let weights = if self.floor_weights.contains(&true) {
            let bits: Vec<&str> = self
                .floor_weights
                .iter()
                .map(|w| if *w { "1" } else { "0" })
                .collect();
            format!("[{}]", bits.join(", "))
        } else {
            "null".into()
        };
        let mut out = format!(
            "{{ \"name\": \"{}\", \"scenarios\": {}, \"floor_weights\": {weights}, \"salt\": null,\n  \"groups\": [",
            self.model, self.scenarios
        );
        rows(&mut out, &self.groups, |group| {
            format!(
                r#"{{ "id": "{}", "maintenance_factor": "{}", "initial_factor": "{}" }}"#,
                group.id,
                decimal(group.factors.0, 2),
                decimal(group.factors.1, 2)
            )
        });
        out.push_str(",\n  \"assets\": [");
        rows(&mut out, &self.assets, |asset| {
            let (group, pnl) = match &asset.scan {
                Some((group, pnl)) => (format!("\"{}\"", self.groups[*group].id), array(pnl)),
                None => ("null".into(), "null".into()),
            };
            let debts = if asset.debt_brackets.is_empty() {
                "null".into()
            } else {
                brackets(&asset.debt_brackets)
            };
            format!(
                r#"{{ "id": "{}", "lot": "{}", "debt_weight": "{}", "group": {group}, "pnl": {pnl}, "debt_brackets": {debts}, "weights": {} }}"#,
                asset.id,
                decimal(asset.lot, SCALE),
                decimal(asset.debt_weight, SCALE),
                tiers(&asset.weights),
            )
        });
        out.push_str(",\n  \"instruments\": [");
        rows(&mut out, &self.instruments, |row| {
            let floor = if row.floor_short == 0 {
                "null".into()
            } else {
                format!(
                    r#"{{ "long": "0", "short": "{}" }}"#,
                    decimal(row.floor_short, SCALE)
                )
            };
            let charges = if row.long == row.short {
                format!(
                    r#""brackets": {}, "short_brackets": null, "long_brackets": null"#,
                    brackets(&row.long)
                )
            } else {
                format!(
                    r#""brackets": null, "short_brackets": {}, "long_brackets": {}"#,
                    brackets(&row.short),
                    brackets(&row.long)
                )
            };
            format!(
                r#"{{ "id": "{}", "group": "{}", "pnl": {}, "floor": {floor}, {charges} }}"#,
                row.id,
                self.groups[row.group].id,
                array(&row.pnl),
            )
        });
        out.push_str(" }\n");
        out
    }
}

fn rows<T>(out: &mut String, items: &[T], row: impl Fn(&T) -> String) {
    for (index, item) in items.iter().enumerate() {
        let _ = write!(
            out,
            "{}\n    {}",
            if index == 0 { "" } else { "," },
            row(item)
        );
    }
    out.push_str(" ]");
}

fn array(values: &[i128]) -> String {
    let quoted: Vec<String> = values
        .iter()
        .map(|value| format!("\"{}\"", decimal(*value, SCALE)))
        .collect();
    format!("[{}]", quoted.join(", "))
}

fn brackets(steps: &[Step]) -> String {
    let mut cum = 0;
    let mut previous = 0;
    let rows: Vec<String> = steps
        .iter()
        .map(|(floor, rate)| {
            // Continuous: at its floor a bracket charges what the one before does.
            cum += floor * (rate - previous) / ONE;
            previous = *rate;
            format!(
                r#"{{ "floor": "{}", "rate": "{}", "cum": "{}" }}"#,
                decimal(*floor, SCALE),
                decimal(*rate, SCALE),
                decimal(cum, SCALE)
            )
        })
        .collect();
    format!("[{}]", rows.join(", "))
}

fn tiers(steps: &[Step]) -> String {
    let rows: Vec<String> = steps
        .iter()
        .enumerate()
        .map(|(index, (_, ratio))| match steps.get(index + 1) {
            Some((end, _)) => {
                format!(
                    r#"{{ "up_to": "{}", "ratio": "{}" }}"#,
                    decimal(*end, SCALE),
                    decimal(*ratio, SCALE)
                )
            }
            None => format!(r#"{{ "ratio": "{}" }}"#, decimal(*ratio, SCALE)),
        })
        .collect();
    format!("[{}]", rows.join(", "))
}
