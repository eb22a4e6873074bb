//! The scenario scan: every risk group's loss in each scenario, floors included.

use ethnum::I256;

use super::{HoldingOutcome, Limits, PoolOutcome, Quantity, RangeError};
use crate::book::Pool;
use crate::risk::{RiskModel, SymbolRisk};

/// Below this many lots a scan of 2^16 holdings, with losses and floors below 2^62, sums in 128 bits.
pub(super) const SHORT_SCAN: i128 = 1 << 46;

/// Fills in the losses of all scans and their greatest, from the scanned quantities. `long` asks
/// for sums in 256 bits, for a quantity that reaches [`SHORT_SCAN`].
pub(super) fn losses(
    risk: &RiskModel,
    pool: &Pool,
    outcome: &mut PoolOutcome,
    limits: Limits,
    long: bool,
) -> Result<(), RangeError> {
    if long {
        long_scans(risk, pool, outcome, limits)?;
    } else {
        short_scans(risk, pool, outcome);
    }
    for scan in &mut outcome.scans {
        for loss in &scan.losses {
            limits.check(pool, None, Quantity::ScanLoss, I256::from(*loss))?;
            scan.max = scan.max.max(*loss);
        }
    }
    Ok(())
}

/// Losses where 128 bits are enough.
fn short_scans(risk: &RiskModel, pool: &Pool, outcome: &mut PoolOutcome) {
    let PoolOutcome {
        holdings, scans, ..
    } = outcome;
    for (outcome, holding) in holdings.iter().zip(&pool.holdings) {
        let model = &risk.symbols[usize::from(holding.row) - 1];
        if model.group == 0 || outcome.scanned == 0 {
            continue;
        }
        let Ok(index) = scans.binary_search_by_key(&model.group, |scan| scan.group) else {
            continue;
        };
        let floor = outcome.scanned.abs() * i128::from(floor_of(model, outcome));
        let sums = &mut scans[index].losses;
        for ((sum, loss), weight) in sums.iter_mut().zip(&model.losses).zip(&risk.floor_weights) {
            *sum += outcome.scanned * i128::from(*loss) + if *weight { floor } else { 0 };
        }
    }
}

/// As [`short_scans`] in 256 bits.
fn long_scans(
    risk: &RiskModel,
    pool: &Pool,
    outcome: &mut PoolOutcome,
    limits: Limits,
) -> Result<(), RangeError> {
    let PoolOutcome {
        holdings, scans, ..
    } = outcome;
    for scan in scans {
        for (scenario, loss) in scan.losses.iter_mut().enumerate() {
            let mut sum = I256::ZERO;
            for (outcome, holding) in holdings.iter().zip(&pool.holdings) {
                let model = &risk.symbols[usize::from(holding.row) - 1];
                if model.group != scan.group {
                    continue;
                }
                let scanned = I256::from(outcome.scanned);
                sum += scanned * I256::from(model.losses[scenario]);
                if risk.floor_weights[scenario] {
                    sum += scanned.abs() * I256::from(floor_of(model, outcome));
                }
            }
            *loss = limits.check(pool, None, Quantity::ScanLoss, sum)?;
        }
    }
    Ok(())
}

/// Floor of one lot on the side held.
fn floor_of(model: &SymbolRisk, outcome: &HoldingOutcome) -> u64 {
    if outcome.negative {
        model.floor_short
    } else {
        model.floor_long
    }
}
