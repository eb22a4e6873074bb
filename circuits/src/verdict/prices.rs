//! Prices given from outside, against the market's.

use std::collections::BTreeMap;
use std::fmt;

use ethnum::I256;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::error::InputError;
use crate::json::JsonFile;
use crate::market::{MarketSource, Terms};
use crate::units::Decimal;

/// A JSON object of decimal strings, in which no key comes twice.
pub(super) struct DecimalMap(pub BTreeMap<String, String>);

impl<'de> Deserialize<'de> for DecimalMap {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = DecimalMap;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of decimal strings")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<DecimalMap, A::Error> {
                let mut entries = BTreeMap::new();
                while let Some((key, value)) = map.next_entry::<String, String>()? {
                    if entries.contains_key(&key) {
                        return Err(A::Error::custom(format!("duplicate field `{key}`")));
                    }
                    entries.insert(key, value);
                }
                Ok(DecimalMap(entries))
            }
        }
        deserializer.deserialize_map(Entries)
    }
}

/// Prices of symbols, or of the coins and contracts they are variants of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Prices(BTreeMap<String, Decimal>);

/// A symbol whose price was compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Deviation {
    /// The symbol.
    pub symbol: String,
    /// The market's price or mark.
    pub market: String,
    /// The price from outside.
    pub outside: String,
    /// `|market - outside| / |outside|`, rounded up to 6 decimals; none when it is beyond measure.
    pub deviation: Option<String>,
    /// Whether it is within the tolerance.
    pub within: bool,
}

/// Every compared symbol, the largest deviation first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PricesReport {
    /// Compared symbols.
    pub deviations: Vec<Deviation>,
    /// Symbols of the market without a price from outside, in market order.
    pub unpriced: Vec<String>,
}

impl PricesReport {
    /// Whether something was compared, and all of it was within the tolerance.
    pub fn holds(&self) -> bool {
        !self.deviations.is_empty() && self.deviations.iter().all(|deviation| deviation.within)
    }
}

impl Prices {
    /// Reads a file of `symbol: price`. Symbols that no market has do no harm.
    ///
    /// # Errors
    /// For a symbol given twice, and a price that is no decimal.
    pub fn parse(file_name: &str, bytes: &[u8]) -> Result<Self, InputError> {
        let file = JsonFile::new(file_name, bytes)?;
        let map: DecimalMap = file.parse()?;
        let prices = map
            .0
            .into_iter()
            .map(|(symbol, text)| file.decimal(&symbol, &text).map(|price| (symbol, price)))
            .collect::<Result<_, _>>()?;
        Ok(Self(prices))
    }

    /// Compares the market's prices and marks, as people read them, with these.
    /// `tolerance` is a part of one: 0.01 is a percent.
    pub fn check(&self, source: &MarketSource, tolerance: Decimal) -> PricesReport {
        let mut compared = Vec::new();
        let mut unpriced = Vec::new();
        for row in &source.rows {
            let outside = self.0.get(&row.id).or_else(|| self.0.get(&row.family));
            let Some(outside) = outside.copied() else {
                unpriced.push(row.id.clone());
                continue;
            };
            let market = match row.terms {
                Terms::Asset { price, .. } => price,
                Terms::Instrument { mark, .. } => mark,
            };
            let (millionths, within) = deviation(market, outside, tolerance);
            compared.push((
                millionths.unwrap_or(i128::MAX),
                Deviation {
                    symbol: row.id.clone(),
                    market: market.to_string(),
                    outside: outside.to_string(),
                    deviation: millionths.map(|part| Decimal::new(part, 6).to_string()),
                    within,
                },
            ));
        }
        compared.sort_by_key(|(millionths, _)| std::cmp::Reverse(*millionths));
        PricesReport {
            deviations: compared
                .into_iter()
                .map(|(_, deviation)| deviation)
                .collect(),
            unpriced,
        }
    }
}

/// The deviation in millionths, rounded up, and whether it is within the tolerance, exactly.
fn deviation(market: Decimal, outside: Decimal, tolerance: Decimal) -> (Option<i128>, bool) {
    // 94 bits and 18 decimals each: nothing here passes 250 bits, and what would is no match.
    let measure = || {
        let scale = market.scale().max(outside.scale());
        let aligned = |number: Decimal| {
            let power = I256::new(10).checked_pow(scale.checked_sub(number.scale())?)?;
            I256::new(number.mantissa()).checked_mul(power)
        };
        let (market, outside) = (aligned(market)?, aligned(outside)?);
        let gap = market.checked_sub(outside)?.checked_abs()?;
        let base = outside.checked_abs()?;
        let allowed = base.checked_mul(I256::new(tolerance.mantissa()))?;
        let unit = I256::new(10).checked_pow(tolerance.scale())?;
        let within = gap.checked_mul(unit)? <= allowed;
        let rounding = base.checked_sub(I256::ONE)?;
        let scaled = gap
            .checked_mul(I256::new(1_000_000))?
            .checked_add(rounding)?;
        let millionths = match gap {
            I256::ZERO => Some(0),
            _ => scaled
                .checked_div(base)
                .and_then(|part| i128::try_from(part).ok()),
        };
        Some((millionths, within))
    };
    measure().unwrap_or((None, false))
}
