//! The columns of holdings.

use super::allocator::Allocator;
use super::kinds::{Free, Limbs, Second};
use crate::shape::Shape;

/// One holding a row. Empty rows are all zero.
#[derive(Debug, Clone)]
pub struct HoldingColumns {
    /// Market row, 0 for none; looked up with the next fourteen.
    pub index: Free,
    /// Whether an asset.
    pub is_asset: Free,
    /// Whether an instrument.
    pub is_instrument: Free,
    /// Whether the amount is below zero.
    pub negative: Free,
    /// Value of one quantum or notional of one lot, 10^-18 quote quanta.
    pub unit: Free,
    /// Row of the coin's or contract's first variant.
    pub first: Free,
    /// Value of a lot of collateral, 10^-24 quote quanta; 0 for an instrument.
    pub lot_value: Free,
    /// The group's factors, 10^-6.
    pub maintenance_factor: Free,
    /// See above.
    pub initial_factor: Free,
    /// The segment's floor, quote quanta.
    pub floor: Free,
    /// The segment's end, quote quanta.
    pub cap: Free,
    /// Equity's slope on the segment, 10^-6.
    pub equity_slope: Free,
    /// Equity's intercept, 10^-6 quote quanta.
    pub equity_intercept: Free,
    /// The charge's slope, 10^-6.
    pub charge_slope: Free,
    /// The charge's intercept, 10^-6 quote quanta.
    pub charge_intercept: Free,
    /// The floor of one lot on the position's side, negative for a short.
    pub side_floor: Free,
    /// Greatest index of the pool so far.
    pub key: Free,
    /// The holding as packed into the leaf.
    pub packed: Free,
    /// Running equity of the pool, 10^-24 quote quanta.
    pub equity: Free,
    /// Running value of the pool, 10^-18 quote quanta.
    pub value: Free,
    /// Running maintenance requirement of the pool, 10^-30 quote quanta.
    pub maintenance: Free,
    /// Running initial requirement.
    pub initial: Free,
    /// Account is of class house; constant over an account.
    pub house: Free,
    /// Account is of class fund.
    pub fund: Free,
    /// Step from the previous key, less one.
    pub step: Limbs,
    /// An asset's base; magnitude of an instrument's quantity, without offset.
    pub base: Limbs,
    /// An asset's `u`, an instrument's quantity.
    pub amount: Limbs,
    /// Magnitude above the segment's floor.
    pub above: Limbs,
    /// Magnitude below the segment's end.
    pub below: Limbs,
    /// What the scan counts.
    pub scanned: Limbs,
    /// Remainder of collateral over its lot's value.
    pub remainder: Limbs,
    /// Lot value less one less the remainder.
    pub remainder_below: Limbs,
    /// Scan coefficient of the symbol.
    pub rho: Second,
    /// Second coefficient: settlement of an asset, floor of an instrument.
    pub sigma: Second,
    /// Helper of the symbol lookup.
    pub entry_helper: Second,
    /// Helper of the sums by coin and contract.
    pub family_helper: Second,
    /// Helper of the long open interest.
    pub long_helper: Second,
    /// Running identity of the pool.
    pub identity: Second,
}

impl HoldingColumns {
    pub(super) fn new(a: &mut Allocator<'_>, shape: &Shape) -> Self {
        let money = shape.money_bits;
        let fine = money + 64;
        Self {
            index: a.free(),
            is_asset: a.free(),
            is_instrument: a.free(),
            negative: a.free(),
            unit: a.free(),
            first: a.free(),
            lot_value: a.free(),
            maintenance_factor: a.free(),
            initial_factor: a.free(),
            floor: a.free(),
            cap: a.free(),
            equity_slope: a.free(),
            equity_intercept: a.free(),
            charge_slope: a.free(),
            charge_intercept: a.free(),
            side_floor: a.free(),
            key: a.free(),
            packed: a.free(),
            equity: a.free(),
            value: a.free(),
            maintenance: a.free(),
            initial: a.free(),
            house: a.free(),
            fund: a.free(),
            step: a.limbs(16),
            base: a.limbs(money),
            amount: a.limbs(money),
            above: a.limbs(fine),
            below: a.limbs(fine),
            scanned: a.limbs(64),
            remainder: a.limbs(fine),
            remainder_below: a.limbs(fine),
            rho: a.second(),
            sigma: a.second(),
            entry_helper: a.second(),
            family_helper: a.second(),
            long_helper: a.second(),
            identity: a.second(),
        }
    }

    /// The tuple looked up in the symbol table, in order.
    pub fn tuple(&self) -> [Free; 16] {
        [
            self.index,
            self.is_asset,
            self.is_instrument,
            self.negative,
            self.unit,
            self.first,
            self.lot_value,
            self.maintenance_factor,
            self.initial_factor,
            self.floor,
            self.cap,
            self.equity_slope,
            self.equity_intercept,
            self.charge_slope,
            self.charge_intercept,
            self.side_floor,
        ]
    }
}
