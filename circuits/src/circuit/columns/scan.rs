//! The columns of a scan.

use super::allocator::Allocator;
use super::kinds::{Free, Limbs, Second, WindowCell, WindowLimbs};
use crate::shape::Shape;

/// The scan of one risk group, in a window or in some that follow each other.
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
    /// How the windows of a scan follow each other, where it takes more than one.
    pub span: Option<ScanSpan>,
    /// Horner sum of the slacks.
    pub horner: Second,
    /// `1 / (xi - group)`.
    pub weight: WindowCell<Second>,
    /// Helper of the group lookup.
    pub helper: WindowCell<Second>,
}

/// The place of a window among those of its scan.
#[derive(Debug, Clone)]
pub struct ScanSpan {
    /// Windows of the scan before this one.
    pub place: WindowCell<Free>,
    /// Whether the scan ends with this window: only there it has a maximum, and counts.
    pub ends: WindowCell<Free>,
    /// Each running product as the scan's window before left it; 1 in its first.
    pub carried: Vec<WindowCell<Free>>,
}

/// Slacks multiplied into one product column.
pub const SLACKS_A_PRODUCT: usize = 3;

impl ScanLane {
    pub(super) fn new(a: &mut Allocator<'_>, shape: &Shape) -> Self {
        let row = shape.slacks_a_row();
        let products = row.div_ceil(SLACKS_A_PRODUCT);
        assert!(
            shape.scan_windows() == 1 || shape.scan_lanes == 1,
            "a scan of several windows has the only lane"
        );
        Self {
            group: a.window_free(),
            on: a.window_free(),
            key: a.window_free(),
            maintenance_factor: a.window_free(),
            initial_factor: a.window_free(),
            max: a.window_limbs(shape.money_bits),
            step: a.window_limbs(16),
            slacks: (0..row).map(|_| a.limbs(shape.money_bits)).collect(),
            products: (0..products).map(|_| a.free()).collect(),
            span: (shape.scan_windows() > 1).then(|| ScanSpan {
                place: a.window_free(),
                ends: a.window_free(),
                carried: (0..products).map(|_| a.window_free()).collect(),
            }),
            horner: a.second(),
            weight: a.window_second(),
            helper: a.window_second(),
        }
    }
}
