//! From `risk.json` to integers.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::error::InputError;
use crate::json::JsonFile;
use crate::market::{MarketSource, SourceRow, Terms};
use crate::risk::curves::{zero_function, Scale, RATE_ONE};
use crate::risk::{
    AssetRiskEntry, BracketEntry, FloorEntry, Group, GroupEntry, InstrumentRiskEntry, RiskFile,
    RiskModel, Segment, SymbolRisk,
};
use crate::units::Decimal;

/// Most scenarios.
const MAX_SCENARIOS: u64 = 64;

/// Fewest bytes of a private model's salt.
const MIN_SALT: usize = 16;

/// The risk model of a snapshot: as written and as compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RiskSource {
    /// As written.
    pub file: RiskFile,
    /// The integers.
    pub model: RiskModel,
}

impl RiskSource {
    /// Reads and compiles `risk.json` for a market.
    ///
    /// # Errors
    /// For the first defect found, see [`InputError`].
    pub fn parse(file_name: &str, bytes: &[u8], market: &MarketSource) -> Result<Self, InputError> {
        let file = JsonFile::new(file_name, bytes)?;
        let entries: RiskFile = file.parse()?;
        let (scenarios, floor_weights) = scenarios(file, &entries)?;
        let mut compiler = Compiler {
            file,
            market,
            scale: Scale {
                file,
                quote_quantum: market.quote_quantum,
            },
            scenarios,
            groups: BTreeMap::new(),
        };
        let groups = compiler.groups(&entries.groups)?;
        let model = RiskModel {
            name: entries.name.clone(),
            scenarios,
            floor_weights,
            groups,
            symbols: compiler.symbols(&entries)?,
            salt: salt(file, entries.salt.as_deref())?,
            file_digest: Sha256::digest(bytes).into(),
        };
        Ok(Self {
            file: entries,
            model,
        })
    }
}

fn scenarios(file: JsonFile, entries: &RiskFile) -> Result<(usize, Vec<bool>), InputError> {
    let count = entries.scenarios;
    let scenarios = match usize::try_from(count) {
        Ok(scenarios) if (1..=MAX_SCENARIOS).contains(&count) => scenarios,
        _ => {
            let problem = format!("{count} scenarios");
            return Err(file.error("scenarios", problem, "give a number from 1 to 64"));
        }
    };
    let Some(weights) = &entries.floor_weights else {
        return Ok((scenarios, vec![false; scenarios]));
    };
    if weights.len() != scenarios {
        return Err(file.error(
            "floor_weights",
            format!("has length {}, for {scenarios} scenarios", weights.len()),
            "give one 0 or 1 for each scenario, or null",
        ));
    }
    for (index, weight) in weights.iter().enumerate() {
        if *weight > 1 {
            let path = format!("floor_weights[{index}]");
            return Err(file.error(path, format!("{weight} is not 0 or 1"), "give 0 or 1"));
        }
    }
    Ok((
        scenarios,
        weights.iter().map(|weight| *weight == 1).collect(),
    ))
}

/// A salt of hex digits is the bytes they spell, any other the bytes of its text.
fn salt(file: JsonFile, text: Option<&str>) -> Result<Option<Vec<u8>>, InputError> {
    let Some(text) = text else { return Ok(None) };
    let salt = hex::decode(text).unwrap_or_else(|_| text.as_bytes().to_vec());
    if salt.len() < MIN_SALT {
        // The salt hides the model: its text stays out of the message.
        return Err(file.error(
            "salt",
            format!("is {} bytes", salt.len()),
            "give at least 16 random bytes as 32 hex digits, or null for a public model",
        ));
    }
    Ok(Some(salt))
}

pub(super) struct Compiler<'a> {
    pub file: JsonFile<'a>,
    pub market: &'a MarketSource,
    pub scale: Scale<'a>,
    pub scenarios: usize,
    pub groups: BTreeMap<String, u16>,
}

impl Compiler<'_> {
    /// Compiles the groups, and remembers their rows.
    fn groups(&mut self, entries: &[GroupEntry]) -> Result<Vec<Group>, InputError> {
        let mut groups = Vec::with_capacity(entries.len());
        for (index, entry) in entries.iter().enumerate() {
            let path = format!("groups[{index}]");
            let id = format!("{path}.id");
            self.file.name(&id, &entry.id)?;
            let row = u16::try_from(index.saturating_add(1)).map_err(|_| {
                self.file
                    .error("groups", "are more than 65535", "give fewer groups")
            })?;
            if self.groups.insert(entry.id.clone(), row).is_some() {
                let problem = format!("group `{}` is given twice", entry.id);
                return Err(self
                    .file
                    .error(id, problem, "give every group an id of its own"));
            }
            let maintenance_factor =
                self.factor(&path, "maintenance_factor", &entry.maintenance_factor)?;
            let initial_factor = self.factor(&path, "initial_factor", &entry.initial_factor)?;
            if initial_factor < maintenance_factor {
                return Err(self.file.error(
                    format!("{path}.initial_factor"),
                    format!(
                        "initial_factor of `{}` is below its maintenance_factor",
                        entry.id
                    ),
                    "give an initial_factor not below the maintenance_factor",
                ));
            }
            groups.push(Group {
                id: entry.id.clone(),
                maintenance_factor,
                initial_factor,
            });
        }
        Ok(groups)
    }

    fn factor(&self, path: &str, field: &str, text: &Option<String>) -> Result<u32, InputError> {
        let Some(text) = text else {
            return Ok(RATE_ONE);
        };
        let path = format!("{path}.{field}");
        self.scale.rate(&path, self.file.not_negative(&path, text)?)
    }

    /// Compiles the entries into the market's row order.
    fn symbols(&self, entries: &RiskFile) -> Result<Vec<SymbolRisk>, InputError> {
        let mut compiled: BTreeMap<u16, SymbolRisk> = BTreeMap::new();
        for (index, entry) in entries.assets.iter().enumerate() {
            let path = format!("assets[{index}]");
            let (row, source) = self.find(&path, &entry.id, "asset", &compiled)?;
            compiled.insert(row, self.asset(&path, entry, row, source)?);
        }
        for (index, entry) in entries.instruments.iter().enumerate() {
            let path = format!("instruments[{index}]");
            let (row, source) = self.find(&path, &entry.id, "instrument", &compiled)?;
            compiled.insert(row, self.instrument(&path, entry, source)?);
        }
        for (row, source) in (1..=u16::MAX).zip(&self.market.rows) {
            if !compiled.contains_key(&row) {
                let word = word(source);
                return Err(self.file.error(
                    format!("{word}s"),
                    format!("no entry for {word} `{}` of the market", source.id),
                    format!("give every {word} of the market an entry"),
                ));
            }
        }
        Ok(compiled.into_values().collect())
    }

    /// The market row an entry is about.
    fn find(
        &self,
        path: &str,
        id: &str,
        expected: &str,
        compiled: &BTreeMap<u16, SymbolRisk>,
    ) -> Result<(u16, &SourceRow), InputError> {
        let path = format!("{path}.id");
        let found = self
            .market
            .row_of(id)
            .and_then(|row| Some((row, self.market.row(row)?)));
        let (problem, remedy) = match found {
            None => (
                format!("`{id}` is not in the market"),
                "name a symbol of the market",
            ),
            Some((_, source)) if word(source) != expected => (
                format!(
                    "`{id}` is an {} of the market, not an {expected}",
                    word(source)
                ),
                "list assets under assets and instruments under instruments",
            ),
            Some((row, _)) if compiled.contains_key(&row) => (
                format!("`{id}` has an entry already"),
                "give every symbol one entry",
            ),
            Some(found) => return Ok(found),
        };
        Err(self.file.error(path, problem, remedy))
    }

    fn asset(
        &self,
        path: &str,
        entry: &AssetRiskEntry,
        row: u16,
        source: &SourceRow,
    ) -> Result<SymbolRisk, InputError> {
        let group = self.group(path, &entry.id, entry.group.as_deref())?;
        let lot = self.lot(path, entry, group, row, source)?;
        self.grouped(path, "pnl", &entry.id, group, entry.pnl.is_some())?;
        let losses = match (&entry.pnl, lot) {
            (Some(pnl), Some((lot, _))) => self.losses(path, &entry.id, pnl, lot.ratio())?,
            _ => vec![0; self.scenarios],
        };
        let weight_path = format!("{path}.debt_weight");
        let debt_weight = self.factor(path, "debt_weight", &entry.debt_weight)?;
        if debt_weight < RATE_ONE {
            return Err(self.file.error(
                weight_path,
                format!("debt_weight of `{}` is below 1", entry.id),
                "give a debt_weight of 1 or more",
            ));
        }
        Ok(SymbolRisk {
            group,
            losses,
            lot: lot.filter(|_| group > 0).map_or(0, |(_, quanta)| quanta),
            debt_weight,
            floor_long: 0,
            floor_short: 0,
            long: self
                .scale
                .weights(&format!("{path}.weights"), &entry.id, &entry.weights)?,
            short: self.brackets(
                path,
                "debt_brackets",
                &entry.id,
                entry.debt_brackets.as_deref(),
            )?,
        })
    }

    fn instrument(
        &self,
        path: &str,
        entry: &InstrumentRiskEntry,
        source: &SourceRow,
    ) -> Result<SymbolRisk, InputError> {
        let group = self.group(path, &entry.id, entry.group.as_deref())?;
        self.grouped(path, "pnl", &entry.id, group, entry.pnl.is_some())?;
        self.grouped(path, "floor", &entry.id, group, entry.floor.is_some())?;
        let price = match self.market.row(source.settlement).map(|row| row.terms) {
            Some(Terms::Asset { price, .. }) => price,
            _ => Decimal::ZERO,
        };
        let lot = source.terms.unit().ratio().times(price);
        let losses = match &entry.pnl {
            Some(pnl) => self.losses(path, &entry.id, pnl, lot)?,
            None => vec![0; self.scenarios],
        };
        let (floor_long, floor_short) = match &entry.floor {
            Some(FloorEntry { long, short }) => (
                self.floor(&format!("{path}.floor.long"), &entry.id, long, lot)?,
                self.floor(&format!("{path}.floor.short"), &entry.id, short, lot)?,
            ),
            None => (0, 0),
        };
        // Every list given is checked, even one that both sides replace.
        let both = self.brackets(path, "brackets", &entry.id, entry.brackets.as_deref())?;
        let side = |field: &str, brackets: &Option<Vec<BracketEntry>>| match brackets {
            Some(brackets) => self.brackets(path, field, &entry.id, Some(brackets)),
            None => Ok(both.clone()),
        };
        Ok(SymbolRisk {
            group,
            losses,
            lot: 0,
            debt_weight: 0,
            floor_long,
            floor_short,
            long: side("long_brackets", &entry.long_brackets)?,
            short: side("short_brackets", &entry.short_brackets)?,
        })
    }

    fn brackets(
        &self,
        path: &str,
        field: &str,
        id: &str,
        brackets: Option<&[BracketEntry]>,
    ) -> Result<Vec<Segment>, InputError> {
        match brackets {
            Some(brackets) => self
                .scale
                .brackets(&format!("{path}.{field}"), id, brackets),
            None => Ok(zero_function()),
        }
    }
}

/// The word for a row's kind.
fn word(source: &SourceRow) -> &'static str {
    match source.terms {
        Terms::Asset { .. } => "asset",
        Terms::Instrument { .. } => "instrument",
    }
}
