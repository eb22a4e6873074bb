//! `market.json` as written: amounts as decimal strings.

use serde::{Deserialize, Serialize};

/// The whole file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MarketFile {
    /// The unit of money, in the quote currency.
    pub quote_quantum: String,
    /// What is held as a balance.
    pub assets: Vec<AssetEntry>,
    /// What is held as a position.
    pub instruments: Vec<InstrumentEntry>,
}

/// One asset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssetEntry {
    /// Name.
    pub id: String,
    /// Coin it is a variant of; the id when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coin: Option<String>,
    /// Price of one unit in the quote currency.
    pub price: String,
    /// The unit in which it is counted, in units of the asset.
    pub quantum: String,
}

/// One instrument.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstrumentEntry {
    /// Name.
    pub id: String,
    /// Contract it is a variant of; the id when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract: Option<String>,
    /// How its value follows its mark.
    pub style: Style,
    /// Asset in which profit and loss are paid.
    pub settlement: String,
    /// Units of the settlement asset that one unit of quantity earns when the mark rises by one
    /// (linear); face value in marks' currency (inverse).
    pub multiplier: String,
    /// The unit in which quantities are counted.
    pub lot: String,
    /// The ordinary price of one unit.
    pub mark: String,
    /// Price that notional is computed with; `|mark|` when not given.
    #[serde(default)]
    pub basis: Option<String>,
}

/// How an instrument's value follows its mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Style {
    /// Value is `multiplier * mark`.
    Linear,
    /// Value is `-multiplier / mark`.
    Inverse,
}

impl Style {
    /// Name as in the file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Linear => "linear",
            Self::Inverse => "inverse",
        }
    }
}
