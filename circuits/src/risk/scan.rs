//! What a group scans: losses, floors and lots of the compiled model.

use crate::error::InputError;
use crate::market::SourceRow;
use crate::risk::compile::Compiler;
use crate::risk::curves::RATE_ONE;
use crate::risk::AssetRiskEntry;
use crate::units::{Decimal, Ratio};

/// Bound of losses and floors of one lot, in quote quanta.
const LOSS_LIMIT: u64 = 1 << 62;

/// Bound of the value of one lot of an asset, in 10^-24 quote quanta.
const LOT_VALUE_LIMIT: u128 = 1 << 127;

impl Compiler<'_> {
    pub(super) fn group(
        &self,
        path: &str,
        id: &str,
        group: Option<&str>,
    ) -> Result<u16, InputError> {
        let Some(group) = group else { return Ok(0) };
        self.groups.get(group).copied().ok_or_else(|| {
            self.file.error(
                format!("{path}.group"),
                format!("group `{group}` of `{id}` is not in groups"),
                "name the id of a group of this file, or give null",
            )
        })
    }

    /// What is scanned must be in a group.
    pub(super) fn grouped(
        &self,
        path: &str,
        field: &str,
        id: &str,
        group: u16,
        given: bool,
    ) -> Result<(), InputError> {
        if group > 0 || !given {
            return Ok(());
        }
        Err(self.file.error(
            format!("{path}.{field}"),
            format!("`{id}` has a {field} but no group"),
            format!("name its group, or give null for {field}"),
        ))
    }

    /// Losses of one lot in quote quanta, from profits of one unit.
    pub(super) fn losses(
        &self,
        path: &str,
        id: &str,
        pnl: &[String],
        lot: Ratio,
    ) -> Result<Vec<i64>, InputError> {
        let path = format!("{path}.pnl");
        if pnl.len() != self.scenarios {
            return Err(self.file.error(
                path,
                format!(
                    "pnl of `{id}` has length {}, for {} scenarios",
                    pnl.len(),
                    self.scenarios
                ),
                "give one number for each scenario",
            ));
        }
        let quantum = self.market.quote_quantum;
        let loss = |(index, text): (usize, &String)| {
            let path = format!("{path}[{index}]");
            let profit = self.file.decimal(&path, text)?;
            self.bounded(&path, id, lot.times(profit).over(quantum).nearest())
                .map(i64::wrapping_neg)
        };
        pnl.iter().enumerate().map(loss).collect()
    }

    /// A floor of one lot in quote quanta.
    pub(super) fn floor(
        &self,
        path: &str,
        id: &str,
        text: &str,
        lot: Ratio,
    ) -> Result<u64, InputError> {
        let floor = self.file.not_negative(path, text)?;
        let floor = lot.times(floor).over(self.market.quote_quantum).nearest();
        self.bounded(path, id, floor).map(i64::unsigned_abs)
    }

    fn bounded<E>(&self, path: &str, id: &str, value: Result<i64, E>) -> Result<i64, InputError> {
        value
            .ok()
            .filter(|value| value.unsigned_abs() < LOSS_LIMIT)
            .ok_or_else(|| {
                self.file.error(
                    path,
                    format!("is 2^62 quote quanta or more for one lot of `{id}`"),
                    "give a smaller number, or the symbol a smaller lot",
                )
            })
    }

    /// The lot of an asset, as written and in quanta.
    pub(super) fn lot(
        &self,
        path: &str,
        entry: &AssetRiskEntry,
        group: u16,
        row: u16,
        source: &SourceRow,
    ) -> Result<Option<(Decimal, u64)>, InputError> {
        let path = format!("{path}.lot");
        let id = &entry.id;
        let Some(text) = &entry.lot else {
            if group == 0 {
                return Ok(None);
            }
            let problem = format!("`{id}` has a group but no lot");
            let remedy = "give the unit in which the group counts it";
            return Err(self.file.error(path, problem, remedy));
        };
        let lot = self.file.positive(&path, text)?;
        let quantum = source.terms.unit();
        let Ok(quanta) = lot.ratio().over(quantum).exact::<u64>() else {
            return Err(self.file.error(
                path,
                format!(
                    "lot {lot} of `{id}` is no whole number of its quantum {quantum} below 2^64"
                ),
                format!("give a multiple of {quantum}"),
            ));
        };
        let unit = self
            .market
            .market
            .symbols
            .get(usize::from(row).wrapping_sub(1))
            .map_or(0, |symbol| symbol.unit);
        let value = unit
            .checked_mul(quanta.into())
            .and_then(|value| value.checked_mul(RATE_ONE.into()));
        if value.is_none_or(|value| value > LOT_VALUE_LIMIT) {
            return Err(self.file.error(
                path,
                format!("lot {lot} of `{id}` is worth more than 2^127 * 10^-24 quote quanta"),
                "give a smaller lot",
            ));
        }
        Ok(Some((lot, quanta)))
    }
}
