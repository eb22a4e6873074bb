//! `risk.json` as written: amounts as decimal strings.

use serde::{Deserialize, Serialize};

/// The whole file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RiskFile {
    /// Name of the model.
    pub name: String,
    /// Number of scenarios, 1 to 64.
    pub scenarios: u64,
    /// 0 or 1 for each scenario: whether floors count in it; none do when not given.
    #[serde(default)]
    pub floor_weights: Option<Vec<u64>>,
    /// Risk groups.
    pub groups: Vec<GroupEntry>,
    /// Salt of a private model; not given for a public one.
    #[serde(default)]
    pub salt: Option<String>,
    /// One entry for every asset of the market.
    pub assets: Vec<AssetRiskEntry>,
    /// One entry for every instrument of the market.
    pub instruments: Vec<InstrumentRiskEntry>,
}

/// A risk group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupEntry {
    /// Name.
    pub id: String,
    /// Multiplies the group's maintenance; 1 when not given.
    #[serde(default)]
    pub maintenance_factor: Option<String>,
    /// Multiplies the group's initial; 1 when not given.
    #[serde(default)]
    pub initial_factor: Option<String>,
}

/// What the model says of an asset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssetRiskEntry {
    /// Name, as in the market.
    pub id: String,
    /// Unit in which a group counts it, in units of the asset; required with a group.
    #[serde(default)]
    pub lot: Option<String>,
    /// Slope of equity below zero, at least 1; 1 when not given.
    #[serde(default)]
    pub debt_weight: Option<String>,
    /// Risk group, if any.
    #[serde(default)]
    pub group: Option<String>,
    /// Profit of one unit in each scenario, in the quote currency.
    #[serde(default)]
    pub pnl: Option<Vec<String>>,
    /// Charge on a debt's value.
    #[serde(default)]
    pub debt_brackets: Option<Vec<BracketEntry>>,
    /// Share of the value that counts as equity, by tiers.
    pub weights: Vec<WeightEntry>,
}

/// A tier of collateral weights.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeightEntry {
    /// Where the tier ends, in the quote currency; the last has no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub up_to: Option<String>,
    /// Share that counts, 0 to 1.
    pub ratio: String,
}

/// What the model says of an instrument.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstrumentRiskEntry {
    /// Name, as in the market.
    pub id: String,
    /// Risk group, if any.
    #[serde(default)]
    pub group: Option<String>,
    /// Profit of one unit held long in each scenario, in the settlement asset.
    #[serde(default)]
    pub pnl: Option<Vec<String>>,
    /// Least scan of one unit, in the scenarios that count it.
    #[serde(default)]
    pub floor: Option<FloorEntry>,
    /// Charge on notional.
    #[serde(default)]
    pub brackets: Option<Vec<BracketEntry>>,
    /// Replaces `brackets` for short positions.
    #[serde(default)]
    pub short_brackets: Option<Vec<BracketEntry>>,
    /// Replaces `brackets` for long positions.
    #[serde(default)]
    pub long_brackets: Option<Vec<BracketEntry>>,
}

/// Floors of one unit, in the settlement asset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FloorEntry {
    /// Held long.
    pub long: String,
    /// Held short.
    pub short: String,
}

/// A bracket of charges: `notional * rate - cum` from `floor`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BracketEntry {
    /// Where it begins, in the quote currency.
    pub floor: String,
    /// Charge on each further unit of notional.
    pub rate: String,
    /// What is taken off, in the quote currency; checked, not trusted.
    pub cum: String,
    /// Whether the charge may step up at `floor`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<bool>,
}
