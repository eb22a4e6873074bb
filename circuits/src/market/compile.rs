//! From `market.json` to integers.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::error::InputError;
use crate::json::JsonFile;
use crate::market::scale::{asset_unit, lot_worth, notional_unit};
use crate::market::{AssetEntry, InstrumentEntry, Kind, Market, MarketFile, Style, Symbol};
use crate::units::Decimal;

/// Most decimals of an asset's price.
const MAX_PRICE_DECIMALS: u32 = 12;

/// Rows are numbered from 1 in 16 bits.
const MAX_ROWS: usize = u16::MAX as usize;

/// What a market row was compiled from, in decimals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceRow {
    /// Name.
    pub id: String,
    /// Coin or contract.
    pub family: String,
    /// Row of the settlement asset (an asset's own row).
    pub settlement: u16,
    /// Where the row stands in the file, e.g. `instruments[3]`.
    pub path: String,
    /// Prices and units.
    pub terms: Terms,
}

/// Prices and units of a market row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Terms {
    /// Of an asset.
    Asset {
        /// Price of one unit in the quote currency.
        price: Decimal,
        /// Unit of counting.
        quantum: Decimal,
    },
    /// Of an instrument.
    Instrument {
        /// Linear or inverse.
        style: Style,
        /// Multiplier of one unit.
        multiplier: Decimal,
        /// Unit of counting.
        lot: Decimal,
        /// The ordinary price.
        mark: Decimal,
        /// Price of notional, where it is not `|mark|`.
        basis: Option<Decimal>,
    },
}

impl Terms {
    /// Whether the row is an asset or an instrument.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Asset { .. } => Kind::Asset,
            Self::Instrument { .. } => Kind::Instrument,
        }
    }

    /// The unit in which the row's amounts are counted: an asset's quantum, an instrument's lot.
    pub fn unit(&self) -> Decimal {
        match *self {
            Self::Asset { quantum, .. } => quantum,
            Self::Instrument { lot, .. } => lot,
        }
    }

    /// The word for what the row is a variant of.
    fn family_word(&self) -> &'static str {
        match self {
            Self::Asset { .. } => "coin",
            Self::Instrument { .. } => "contract",
        }
    }

    /// The fields that variants of one coin or contract share, by name.
    fn shared(&self, settlement_coin: &str) -> Vec<(&'static str, String)> {
        match *self {
            Self::Asset { price, quantum } => {
                vec![
                    ("price", price.to_string()),
                    ("quantum", quantum.to_string()),
                ]
            }
            Self::Instrument {
                style,
                multiplier,
                lot,
                mark,
                ..
            } => vec![
                ("style", style.name().to_owned()),
                ("multiplier", multiplier.to_string()),
                ("lot", lot.to_string()),
                ("mark", mark.to_string()),
                ("settlement", format!("in coin `{settlement_coin}`")),
            ],
        }
    }
}

/// The market of a snapshot: as written and as compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarketSource {
    /// The unit of money.
    pub quote_quantum: Decimal,
    /// `rows[i]` is row `i + 1`, as in [`Market::symbols`].
    pub rows: Vec<SourceRow>,
    /// The integers.
    pub market: Market,
    by_id: BTreeMap<String, u16>,
}

impl MarketSource {
    /// Reads and compiles `market.json`.
    ///
    /// # Errors
    /// For the first defect found, see [`InputError`].
    pub fn parse(file_name: &str, bytes: &[u8]) -> Result<Self, InputError> {
        let file = JsonFile::new(file_name, bytes)?;
        let entries: MarketFile = file.parse()?;
        let quote_quantum = file.positive("quote_quantum", &entries.quote_quantum)?;
        let rows = ordered(file, &entries)?;

        let mut by_id = BTreeMap::new();
        let mut families = BTreeMap::new();
        let mut symbols: Vec<Symbol> = Vec::with_capacity(rows.len());
        for (row, source) in (1..=u16::MAX).zip(&rows) {
            let kind = source.terms.kind();
            let first = *families
                .entry((kind, source.family.as_str()))
                .or_insert(row);
            if let Some(other) = at(&rows, first) {
                agree(file, source, other, &rows)?;
            }
            let settlement = at(&symbols, source.settlement);
            let (unit, mark) = match source.terms {
                Terms::Asset { price, quantum } => {
                    (asset_unit(file, source, price, quantum, quote_quantum)?, 0)
                }
                Terms::Instrument { mark, basis, .. } => {
                    // Every row settles in an asset of the list.
                    let coin = at(&rows, source.settlement).unwrap_or(source);
                    let worth = lot_worth(file, source, coin, "mark", mark)?;
                    let notional = match basis {
                        Some(basis) => lot_worth(file, source, coin, "basis", basis)?,
                        None => worth,
                    };
                    let price = settlement.map_or(0, |asset| asset.unit);
                    (notional_unit(file, source, notional, price)?, worth)
                }
            };
            by_id.insert(source.id.clone(), row);
            symbols.push(Symbol {
                id: source.id.clone(),
                family: source.family.clone(),
                kind,
                first,
                settlement: source.settlement,
                unit,
                mark,
            });
        }
        let market = Market {
            symbols,
            file_digest: Sha256::digest(bytes).into(),
        };
        Ok(Self {
            quote_quantum,
            rows,
            market,
            by_id,
        })
    }

    /// The row of a symbol, from 1.
    pub fn row_of(&self, id: &str) -> Option<u16> {
        self.by_id.get(id).copied()
    }

    /// The row's source; `None` for row 0 and rows past the end.
    pub fn row(&self, row: u16) -> Option<&SourceRow> {
        at(&self.rows, row)
    }
}

/// What a row has; rows are numbered from 1.
fn at<T>(rows: &[T], row: u16) -> Option<&T> {
    rows.get(usize::from(row).checked_sub(1)?)
}

/// Decodes the entries, in the statement's row order.
fn ordered(file: JsonFile, entries: &MarketFile) -> Result<Vec<SourceRow>, InputError> {
    if entries.assets.is_empty() {
        return Err(file.error("assets", "is empty", "list at least one asset"));
    }
    let count = entries
        .assets
        .len()
        .saturating_add(entries.instruments.len());
    if count > MAX_ROWS {
        return Err(file.error(
            "instruments",
            format!("assets and instruments are {count} together"),
            format!("list at most {MAX_ROWS}"),
        ));
    }
    let mut seen = BTreeMap::new();
    let mut settled: BTreeMap<&str, Vec<SourceRow>> = BTreeMap::new();
    for (index, entry) in entries.assets.iter().enumerate() {
        let path = format!("assets[{index}]");
        name(file, &path, &entry.id, &mut seen)?;
        settled.insert(&entry.id, vec![asset_row(file, path, entry)?]);
    }
    for (index, entry) in entries.instruments.iter().enumerate() {
        let path = format!("instruments[{index}]");
        name(file, &path, &entry.id, &mut seen)?;
        let row = instrument_row(file, path, entry)?;
        let Some(rows) = settled.get_mut(entry.settlement.as_str()) else {
            return Err(file.error(
                format!("{}.settlement", row.path),
                format!(
                    "`{}` settles in `{}`, which is no asset",
                    entry.id, entry.settlement
                ),
                "name the id of an asset of this file",
            ));
        };
        rows.push(row);
    }
    let mut rows: Vec<SourceRow> = Vec::with_capacity(count);
    for asset in &entries.assets {
        let settlement = u16::try_from(rows.len().saturating_add(1)).unwrap_or(u16::MAX);
        let own = settled.remove(asset.id.as_str()).unwrap_or_default();
        rows.extend(own.into_iter().map(|row| SourceRow { settlement, ..row }));
    }
    Ok(rows)
}

/// Checks an id, and that it is the first of its name.
fn name(
    file: JsonFile,
    path: &str,
    id: &str,
    seen: &mut BTreeMap<String, String>,
) -> Result<(), InputError> {
    let field = format!("{path}.id");
    file.name(&field, id)?;
    match seen.insert(id.to_owned(), path.to_owned()) {
        Some(other) => Err(file.error(
            field,
            format!("`{id}` is the id of {other} already"),
            "give every asset and instrument an id of its own",
        )),
        None => Ok(()),
    }
}

/// The coin or contract of a variant.
fn family(
    file: JsonFile,
    path: &str,
    family: Option<&String>,
    id: &str,
) -> Result<String, InputError> {
    let family = family.map_or(id, String::as_str);
    file.name(path, family)?;
    Ok(family.to_owned())
}

fn asset_row(file: JsonFile, path: String, entry: &AssetEntry) -> Result<SourceRow, InputError> {
    let price_path = format!("{path}.price");
    let price = file.positive(&price_path, &entry.price)?;
    if price.scale() > MAX_PRICE_DECIMALS {
        return Err(file.error(
            price_path,
            format!("price {price} of `{}` has more than 12 decimals", entry.id),
            "give it with at most 12 decimals",
        ));
    }
    let quantum = file.positive(&format!("{path}.quantum"), &entry.quantum)?;
    Ok(SourceRow {
        id: entry.id.clone(),
        family: family(
            file,
            &format!("{path}.coin"),
            entry.coin.as_ref(),
            &entry.id,
        )?,
        settlement: 0,
        path,
        terms: Terms::Asset { price, quantum },
    })
}

fn instrument_row(
    file: JsonFile,
    path: String,
    entry: &InstrumentEntry,
) -> Result<SourceRow, InputError> {
    let multiplier = file.positive(&format!("{path}.multiplier"), &entry.multiplier)?;
    let lot = file.positive(&format!("{path}.lot"), &entry.lot)?;
    // A spread may trade at or below zero; a reciprocal of such a price means nothing.
    let price = match entry.style {
        Style::Linear => JsonFile::decimal,
        Style::Inverse => JsonFile::positive,
    };
    let mark = price(file, &format!("{path}.mark"), &entry.mark)?;
    let basis = match &entry.basis {
        Some(basis) => Some(price(file, &format!("{path}.basis"), basis)?),
        None => None,
    };
    Ok(SourceRow {
        id: entry.id.clone(),
        family: family(
            file,
            &format!("{path}.contract"),
            entry.contract.as_ref(),
            &entry.id,
        )?,
        settlement: 0,
        path,
        terms: Terms::Instrument {
            style: entry.style,
            multiplier,
            lot,
            mark,
            basis,
        },
    })
}

/// Variants of one coin or contract must be worth the same: claims, reserves and matching are by
/// coin and contract, so a variant marked apart would create value between two books.
fn agree(
    file: JsonFile,
    row: &SourceRow,
    first: &SourceRow,
    rows: &[SourceRow],
) -> Result<(), InputError> {
    let coin = |row: &SourceRow| {
        let settlement = at(rows, row.settlement);
        settlement.map_or_else(String::new, |asset| asset.family.clone())
    };
    for ((field, value), (_, expected)) in row
        .terms
        .shared(&coin(row))
        .into_iter()
        .zip(first.terms.shared(&coin(first)))
    {
        if value != expected {
            return Err(file.error(
                format!("{}.{field}", row.path),
                format!(
                    "{field} of `{}` is {value}, of `{}` of the same {} {expected}",
                    row.id,
                    first.id,
                    row.terms.family_word(),
                ),
                format!("give all variants of `{}` the same {field}", row.family),
            ));
        }
    }
    Ok(())
}
