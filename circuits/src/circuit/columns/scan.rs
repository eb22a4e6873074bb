//! The columns of a scan.

use super::allocator::Allocator;
use super::kinds::{Free, Limbs, Second, WindowCell, WindowLimbs};
use crate::shape::Shape;

/// The scan of one risk group in a window.
#[derive(Debug, Clone)]
pub struct ScanLane {
    /// Group row, 0 for an empty lane.
    pub group: WindowCell<Free>,
    /// Whether the lane scans a group.
    pub on: WindowCell<Free>,
    /// Greatest group of the pool so far.
    pub key: WindowCell<Free>,
    /// Factors of the group.
    pub maintenance_factor: WindowCell<Free>,
    /// See above.
    pub initial_factor: WindowCell<Free>,
    /// The greatest loss, or zero.
    pub max: WindowLimbs,
    /// Step from the previous key, less one.
    pub step: WindowLimbs,
    /// `max - loss` of each scenario, some to a row.
    pub slacks: Vec<Limbs>,
    /// Running products of up to three slacks a row.
    pub products: Vec<Free>,
    /// Horner sum of the slacks.
    pub horner: Second,
    /// `1 / (xi - group)`.
    pub weight: WindowCell<Second>,
    /// Helper of the group lookup.
    pub helper: WindowCell<Second>,
}

/// Slacks multiplied into one product column.
pub const SLACKS_A_PRODUCT: usize = 3;

impl ScanLane {
    pub(super) fn new(a: &mut Allocator<'_>, shape: &Shape) -> Self {
        let row = shape.scenarios_a_row();
        Self {
            group: a.window_free(),
            on: a.window_free(),
            key: a.window_free(),
            maintenance_factor: a.window_free(),
            initial_factor: a.window_free(),
            max: a.window_limbs(shape.money_bits),
            step: a.window_limbs(16),
            slacks: (0..row).map(|_| a.limbs(shape.money_bits)).collect(),
            products: (0..row.div_ceil(SLACKS_A_PRODUCT))
                .map(|_| a.free())
                .collect(),
            horner: a.second(),
            weight: a.window_second(),
            helper: a.window_second(),
        }
    }
}
