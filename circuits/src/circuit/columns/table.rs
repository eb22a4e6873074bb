//! The columns of the tables, most of them borrowed from the holdings and scans.

use super::allocator::Allocator;
use super::holding::HoldingColumns;
use super::kinds::{Free, Limb, Limbs, Second};
use crate::shape::Shape;

/// The market and model tables, in rows below the account windows: most of their columns are
/// those of the holdings, which are not in use there.
#[derive(Debug, Clone)]
pub struct TableColumns {
    /// Group row of the symbol.
    pub group: Free,
    /// Row of the settlement asset.
    pub settlement: Free,
    /// Mark of one lot.
    pub mark: Free,
    /// Debt weight.
    pub debt_weight: Free,
    /// Floors of one lot.
    pub floor_long: Free,
    /// See above.
    pub floor_short: Free,
    /// The row's segment serves amounts from zero up.
    pub long: Free,
    /// The row's segment serves amounts below zero.
    pub short: Free,
    /// The next row continues the list.
    pub continues: Free,
    /// Slope of the segment.
    pub coefficient: Free,
    /// Intercept of the segment.
    pub intercept: Free,
    /// Step at the segment's floor.
    pub jump: Free,
    /// Whether the asset is scanned (first rows).
    pub scanned: Free,
    /// Lot of a scanned asset (first rows).
    pub lot: Free,
    /// Losses of the row's scenarios.
    pub losses: Vec<Free>,
    /// How often the long entry is looked up; a group row's entry.
    pub long_uses: Free,
    /// How often the short entry is looked up.
    pub short_uses: Free,
    /// Market and model element of the symbol (first rows).
    pub symbol_elements: [Free; 2],
    /// Elements of the row's losses, where they are not beside the segment.
    pub loss_elements: Vec<Free>,
    /// Limbs of the row.
    pub limbs: TableLimbs,
    /// Horner sum of the losses.
    pub horner: Second,
    /// `1 / (xi - group)` (last rows).
    pub group_weight: Second,
    /// `1 / (upsilon - settlement)` (last rows).
    pub settlement_weight: Second,
    /// Horner sum of the floor weights, on all table rows.
    pub floor_weight: Second,
}

impl TableColumns {
    pub(super) fn new(a: &mut Allocator<'_>, h: &HoldingColumns, shape: &Shape) -> Self {
        let limbs = TableLimbs::new(a, shape);
        Self {
            group: h.key,
            settlement: h.equity,
            mark: h.value,
            debt_weight: h.maintenance,
            floor_long: h.initial,
            floor_short: h.side_floor,
            long: h.house,
            short: h.fund,
            continues: h.negative,
            coefficient: h.equity_slope,
            intercept: h.equity_intercept,
            jump: h.charge_slope,
            scanned: h.index,
            lot: h.charge_intercept,
            losses: (0..shape.losses_a_row()).map(|_| a.free()).collect(),
            long_uses: a.free(),
            short_uses: a.free(),
            symbol_elements: std::array::from_fn(|_| a.free()),
            loss_elements: (1..shape.elements_a_row()).map(|_| a.free()).collect(),
            limbs,
            horner: h.identity,
            group_weight: h.long_helper,
            settlement_weight: a.second(),
            floor_weight: a.second(),
        }
    }
}

/// Ranges of table cells, in limb columns of the holdings and scans.
#[derive(Debug, Clone)]
pub struct TableLimbs {
    /// Every row: end less floor less one.
    pub gap: Limbs,
    /// Every row: slope.
    pub coefficient: Limbs,
    /// Every row: step.
    pub jump: Limbs,
    /// Every row: fall of a collateral ratio to the next row.
    pub fall: Limbs,
    /// Every row: losses, offset.
    pub losses: Vec<Limbs>,
    /// Every row: twice the top limb of each loss, where a loss has a bit less than its limbs.
    pub loss_tops: Vec<Limbs>,
    /// First rows: unit (less one for an asset).
    pub unit: Limbs,
    /// First rows: lot value less one.
    pub lot_value: Limbs,
    /// First rows: mark, offset.
    pub mark: Limbs,
    /// First rows: lot.
    pub lot: Limbs,
    /// First rows: floors.
    pub floor_long: Limbs,
    /// See above.
    pub floor_short: Limbs,
    /// First rows: first variant, settlement, group.
    pub first: Limbs,
    /// See above.
    pub settlement: Limbs,
    /// See above.
    pub group: Limbs,
    /// First rows: debt weight less one.
    pub debt: Limbs,
    /// First rows: debt weight, as packed. The limbs of the group rows' first factor.
    pub debt_weight: Limbs,
    /// First rows: one less the first collateral ratio.
    pub ratio: Limbs,
    /// Group rows: factors, and initial less maintenance.
    pub factors: [Limbs; 3],
}

impl TableLimbs {
    fn new(a: &mut Allocator<'_>, shape: &Shape) -> Self {
        let mut pool = LimbPool {
            columns: a.limbs.clone(),
            limb_bits: shape.limb_bits,
        };
        pool.columns.reverse();
        let money = shape.money_bits;
        let factors: [Limbs; 3] = std::array::from_fn(|_| pool.take(a, 32));
        let tops = match shape.loss_bits() {
            64 => 0,
            _ => shape.losses_a_row(),
        };
        Self {
            gap: pool.take(a, money),
            coefficient: pool.take(a, 32),
            jump: pool.take(a, money),
            fall: pool.take(a, 32),
            losses: (0..shape.losses_a_row())
                .map(|_| pool.take(a, 64))
                .collect(),
            unit: pool.take(a, 112),
            lot_value: pool.take(a, money + 64),
            mark: pool.take(a, 64),
            lot: pool.take(a, 64),
            floor_long: pool.take(a, 64),
            floor_short: pool.take(a, 64),
            first: pool.take(a, 16),
            settlement: pool.take(a, 16),
            group: pool.take(a, 16),
            debt: pool.take(a, 32),
            ratio: pool.take(a, 32),
            loss_tops: (0..tops).map(|_| pool.take(a, shape.limb_bits)).collect(),
            debt_weight: factors[0].clone(),
            factors,
        }
    }
}

/// Takes limb columns that account windows use, for table rows.
struct LimbPool {
    columns: Vec<Limb>,
    limb_bits: u32,
}

impl LimbPool {
    fn take(&mut self, a: &mut Allocator<'_>, bits: u32) -> Limbs {
        let count = (bits / self.limb_bits) as usize;
        assert_eq!(bits % self.limb_bits, 0, "limbs divide {bits} bits");
        let columns = (0..count)
            .map(|_| self.columns.pop().unwrap_or_else(|| a.limb()))
            .collect();
        Limbs {
            columns,
            limb_bits: self.limb_bits,
        }
    }
}
