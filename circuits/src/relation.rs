//! The statement in plain integers: the circuit's twin.
//!
//! Everything inside a pool is exact at a finer scale and rounded once, against the venue:
//! prices are in 10^-18 quote quanta, weights and rates in 10^-6, so a collateral value is in
//! 10^-24 and a requirement, after its group's factor, in 10^-30 quote quanta.

mod limits;
mod outcome;
mod scan;
mod totals;

#[cfg(test)]
pub(crate) mod strategies;
#[cfg(test)]
mod tests;

use ethnum::{AsI256, I256, U256};

use crate::book::{Account, Pool};
use crate::market::{Kind, Market, Symbol};
use crate::risk::{RiskModel, Segment, SymbolRisk};

pub use limits::{Limits, Quantity, RangeError, RangeProblem};
pub use outcome::{HoldingOutcome, PoolOutcome, Scan};
pub use totals::{BookTotals, Totals};

/// 10^18: prices and values are exact in this part of a quote quantum.
pub const FINE: u128 = 1_000_000_000_000_000_000;
/// 10^6: weights, rates and factors are in this part of one.
pub const RATE: u128 = 1_000_000;
/// 10^24: scale of collateral values and charges.
pub const EQUITY_SCALE: u128 = FINE * RATE;
/// 10^30: scale of a requirement.
pub const REQUIREMENT_SCALE: u128 = EQUITY_SCALE * RATE;
const COUNTED: I256 = I256::new(EQUITY_SCALE as i128);
const REQUIRED: I256 = I256::new(REQUIREMENT_SCALE as i128);

/// The statement of every pool of an account, in order.
///
/// # Errors
/// The first amount beyond its range, naming account, pool and symbol.
pub fn evaluate_account(
    market: &Market,
    risk: &RiskModel,
    account: &Account,
    limits: Limits,
) -> Result<Vec<PoolOutcome>, RangeError> {
    account
        .pools
        .iter()
        .map(|pool| {
            evaluate(market, risk, pool, limits).map_err(|error| error.of_account(&account.id))
        })
        .collect()
}

/// Rules 2 to 5 of the statement for one pool.
///
/// # Errors
/// The first amount beyond its range, or a pool that is none: holdings out of order, a row the
/// market or model does not have, a position without its settlement asset.
pub fn evaluate(
    market: &Market,
    risk: &RiskModel,
    pool: &Pool,
    limits: Limits,
) -> Result<PoolOutcome, RangeError> {
    let mut evaluation = Evaluation::new(risk, pool, limits);
    let mut asset: Option<OpenAsset> = None;
    let mut last_row = 0;
    for (index, holding) in pool.holdings.iter().enumerate() {
        let rows = usize::from(holding.row)
            .checked_sub(1)
            .and_then(|i| Some((market.symbols.get(i)?, risk.symbols.get(i)?)));
        let Some((symbol, model)) = rows else {
            return Err(RangeError::malformed(
                pool,
                None,
                RangeProblem::UnknownRow(holding.row),
            ));
        };
        if holding.row <= last_row {
            return Err(RangeError::malformed(
                pool,
                Some(symbol),
                RangeProblem::NotRising,
            ));
        }
        last_row = holding.row;
        match symbol.kind {
            Kind::Asset => {
                if let Some(open) = asset.take() {
                    evaluation.close_asset(open)?;
                }
                evaluation.check(Some(symbol), Quantity::Base, I256::from(holding.amount))?;
                let worth = I256::from(holding.amount);
                asset = Some(OpenAsset {
                    index,
                    row: holding.row,
                    symbol,
                    model,
                    worth,
                });
                // Replaced when the asset is closed, after the positions settled in it.
                evaluation.outcome.holdings.push(HoldingOutcome {
                    amount: 0,
                    negative: false,
                    segment: 0,
                    scanned: 0,
                });
            }
            Kind::Instrument => {
                match asset.as_mut() {
                    Some(open) if open.row == symbol.settlement => {
                        evaluation.check(
                            Some(symbol),
                            Quantity::Position,
                            I256::from(holding.amount),
                        )?;
                        // |quantity| < 2^63 and the mark is 64 bits: exact.
                        open.worth += I256::from(holding.amount * i128::from(symbol.mark));
                    }
                    _ => {
                        let problem = RangeProblem::NoSettlementAsset(symbol.settlement);
                        return Err(RangeError::malformed(pool, Some(symbol), problem));
                    }
                }
                evaluation.position(symbol, model, holding.amount)?;
            }
        }
    }
    if let Some(open) = asset {
        evaluation.close_asset(open)?;
    }
    evaluation.finish(market)
}

/// Index of the segment that holds `x`, in 10^-18 quote quanta: the last whose floor it reaches.
pub fn segment_of(segments: &[Segment], x: U256) -> usize {
    let fine = U256::from(FINE);
    segments
        .partition_point(|segment| U256::from(segment.floor) * fine <= x)
        .saturating_sub(1)
}

/// Value of a segment's line at `x` (10^-18 quote quanta), in 10^-24 quote quanta.
pub fn line(segment: &Segment, x: U256) -> I256 {
    x.as_i256() * I256::from(segment.coefficient)
        + I256::from(segment.intercept) * I256::new(FINE as i128)
}

/// The asset whose positions are being read.
struct OpenAsset<'a> {
    index: usize,
    row: u16,
    symbol: &'a Symbol,
    model: &'a SymbolRisk,
    /// `base` and what the positions so far are worth, in quanta.
    worth: I256,
}

/// A pool half evaluated.
struct Evaluation<'a> {
    risk: &'a RiskModel,
    pool: &'a Pool,
    limits: Limits,
    outcome: PoolOutcome,
    /// Charges beside each scan, in 10^-24 quote quanta.
    charges: Vec<I256>,
    /// Charges of holdings without a group.
    plain_charges: I256,
    /// Value before haircuts, in 10^-18 quote quanta.
    value: I256,
    /// Value after haircuts, in 10^-24 quote quanta.
    counted: I256,
    /// Whether some scanned quantity is too long for sums in 128 bits.
    long_scan: bool,
}

impl<'a> Evaluation<'a> {
    fn new(risk: &'a RiskModel, pool: &'a Pool, limits: Limits) -> Self {
        Self {
            risk,
            pool,
            limits,
            outcome: PoolOutcome {
                holdings: Vec::with_capacity(pool.holdings.len()),
                scans: Vec::new(),
                equity: 0,
                value: 0,
                maintenance: 0,
                initial: 0,
            },
            charges: Vec::new(),
            plain_charges: I256::ZERO,
            value: I256::ZERO,
            counted: I256::ZERO,
            long_scan: false,
        }
    }

    fn check(
        &self,
        symbol: Option<&Symbol>,
        quantity: Quantity,
        amount: I256,
    ) -> Result<i128, RangeError> {
        self.limits.check(self.pool, symbol, quantity, amount)
    }

    /// As [`Self::check`] for a magnitude in 10^-18 quote quanta.
    fn check_fine(
        &self,
        symbol: &Symbol,
        quantity: Quantity,
        magnitude: U256,
    ) -> Result<(), RangeError> {
        if magnitude >= self.limits.money() * U256::from(FINE) {
            let amount = (magnitude / U256::from(FINE)).as_i256();
            self.check(Some(symbol), quantity, amount)?;
        }
        Ok(())
    }

    /// Notional and charge of a position.
    fn position(
        &mut self,
        symbol: &Symbol,
        model: &SymbolRisk,
        amount: i128,
    ) -> Result<(), RangeError> {
        let negative = amount < 0;
        let notional = U256::from(amount.unsigned_abs()) * U256::from(symbol.unit);
        self.check_fine(symbol, Quantity::Notional, notional)?;
        let segments = if negative { &model.short } else { &model.long };
        let segment = segment_of(segments, notional);
        let scan = self.scan(model.group);
        *self.charge(scan) += line(&segments[segment], notional);
        let scanned = if scan.is_some() { amount } else { 0 };
        self.long_scan |= scanned.abs() >= scan::SHORT_SCAN;
        self.outcome.holdings.push(HoldingOutcome {
            amount,
            negative,
            segment,
            scanned,
        });
        Ok(())
    }

    /// Worth, counted value and debt charge of an asset whose positions are all read.
    fn close_asset(&mut self, asset: OpenAsset<'_>) -> Result<(), RangeError> {
        let OpenAsset {
            index,
            symbol,
            model,
            worth,
            ..
        } = asset;
        let amount = self.check(Some(symbol), Quantity::Worth, worth)?;
        let negative = amount < 0;
        let magnitude = U256::from(amount.unsigned_abs()) * U256::from(symbol.unit);
        self.check_fine(symbol, Quantity::AssetValue, magnitude)?;
        let segments = if negative { &model.short } else { &model.long };
        let segment = segment_of(segments, magnitude);
        let line = line(&segments[segment], magnitude);
        let scan = self.scan(model.group);
        let counted = if negative {
            *self.charge(scan) += line;
            self.value -= magnitude.as_i256();
            -(magnitude.as_i256() * I256::from(model.debt_weight))
        } else {
            self.value += magnitude.as_i256();
            line
        };
        self.counted += counted;
        let mut scanned = 0;
        if scan.is_some() {
            // The lot's value is between 1 and 2^127 by the compilation of the model.
            let lot = I256::from(model.lot) * symbol.unit.as_i256() * I256::new(RATE as i128);
            if lot > 0 {
                scanned =
                    self.check(Some(symbol), Quantity::ScannedLots, counted.div_euclid(lot))?;
            }
            self.long_scan |= scanned.abs() >= scan::SHORT_SCAN;
        }
        self.outcome.holdings[index] = HoldingOutcome {
            amount,
            negative,
            segment,
            scanned,
        };
        Ok(())
    }

    /// Index of the scan of a group, begun if it is new; none for group 0.
    fn scan(&mut self, group: u16) -> Option<usize> {
        if group == 0 {
            return None;
        }
        match self
            .outcome
            .scans
            .binary_search_by_key(&group, |scan| scan.group)
        {
            Ok(index) => Some(index),
            Err(index) => {
                let losses = vec![0; self.risk.scenarios];
                self.outcome.scans.insert(
                    index,
                    Scan {
                        group,
                        losses,
                        max: 0,
                    },
                );
                self.charges.insert(index, I256::ZERO);
                Some(index)
            }
        }
    }

    fn charge(&mut self, scan: Option<usize>) -> &mut I256 {
        match scan {
            Some(index) => &mut self.charges[index],
            None => &mut self.plain_charges,
        }
    }

    /// Scans, requirement and the four rounded amounts.
    fn finish(mut self, market: &Market) -> Result<PoolOutcome, RangeError> {
        scan::losses(
            self.risk,
            self.pool,
            &mut self.outcome,
            self.limits,
            self.long_scan,
        )?;
        debug_assert_eq!(market.symbols.len(), self.risk.symbols.len());

        let mut maintenance = self.plain_charges * I256::new(RATE as i128);
        let mut initial = maintenance;
        for (scan, charges) in self.outcome.scans.iter().zip(&self.charges) {
            let group = usize::from(scan.group)
                .checked_sub(1)
                .and_then(|i| self.risk.groups.get(i))
                .ok_or_else(|| {
                    RangeError::malformed(self.pool, None, RangeProblem::UnknownGroup(scan.group))
                })?;
            let required = I256::from(scan.max) * COUNTED + charges;
            maintenance += required * I256::from(group.maintenance_factor);
            initial += required * I256::from(group.initial_factor);
        }
        let fine = I256::new(FINE as i128);
        self.outcome.value = self.check(None, Quantity::Value, self.value.div_euclid(fine))?;
        self.outcome.equity =
            self.check(None, Quantity::Equity, self.counted.div_euclid(COUNTED))?;
        let ceil = |amount: I256| -((-amount).div_euclid(REQUIRED));
        self.outcome.maintenance = self.check(None, Quantity::Maintenance, ceil(maintenance))?;
        self.outcome.initial = self.check(None, Quantity::Initial, ceil(initial))?;
        Ok(self.outcome)
    }
}
