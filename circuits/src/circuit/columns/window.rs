//! A window's own cells.

use super::allocator::Allocator;
use super::expression::{int, Expr};
use super::kinds::{Free, WindowCell, WindowLimbs};
use crate::shape::Shape;

/// A quotient rounded to the quantum: remainder and its complement.
#[derive(Debug, Clone)]
pub struct Rounding {
    /// The remainder.
    pub remainder: WindowLimbs,
    /// The scale less one less the remainder.
    pub complement: WindowLimbs,
}

impl Rounding {
    pub(super) fn new(a: &mut Allocator<'_>, bits: u32) -> Self {
        Self {
            remainder: a.window_limbs(bits),
            complement: a.window_limbs(bits),
        }
    }
}

/// A signed amount as magnitude and sign: `magnitude` if not `negative`, else `-(magnitude + 1)`.
#[derive(Debug, Clone)]
pub struct Signed {
    /// Whether below zero.
    pub negative: WindowCell<Free>,
    /// Magnitude, less one below zero.
    pub magnitude: WindowLimbs,
}

impl Signed {
    pub(super) fn new(a: &mut Allocator<'_>, bits: u32) -> Self {
        Self {
            negative: a.window_free(),
            magnitude: a.window_limbs(bits),
        }
    }

    /// The amount.
    pub fn value(&self) -> Expr {
        let m = self.magnitude.cur();
        m.clone() - self.negative.cur() * (m * int(2) + int(1))
    }

    /// The amount where above zero, else 0.
    pub fn positive_part(&self) -> Expr {
        (int(1) - self.negative.cur()) * self.magnitude.cur()
    }

    /// The amount's magnitude where below zero, else 0.
    pub fn negative_part(&self) -> Expr {
        self.negative.cur() * (self.magnitude.cur() + int(1))
    }
}

/// A window's own cells: flags, the pool's rounded amounts, counts.
#[derive(Debug, Clone)]
pub struct WindowColumns {
    /// A pool begins with this window.
    pub pool_start: WindowCell<Free>,
    /// An account begins with this window.
    pub account_start: WindowCell<Free>,
    /// A pool ends with this window.
    pub pool_end: WindowCell<Free>,
    /// An account ends with this window.
    pub account_end: WindowCell<Free>,
    /// The window's block belongs to the leaf.
    pub absorbed: WindowCell<Free>,
    /// State of the leaf after this window.
    pub chain: WindowCell<Free>,
    /// Equity.
    pub equity: Signed,
    /// Value.
    pub value: Signed,
    /// Maintenance requirement.
    pub maintenance: WindowLimbs,
    /// Initial requirement.
    pub initial: WindowLimbs,
    /// Equity less maintenance requirement.
    pub surplus: Signed,
    /// Rounding of equity.
    pub equity_rounding: Rounding,
    /// Rounding of value.
    pub value_rounding: Rounding,
    /// Rounding of the maintenance requirement.
    pub maintenance_rounding: Rounding,
    /// Rounding of the initial requirement.
    pub initial_rounding: Rounding,
    /// The pool that ends here has a holding.
    pub pool_used: WindowCell<Free>,
    /// Its greatest index less one.
    pub last_key: WindowLimbs,
    /// The account has a pool with a holding so far.
    pub account_used: WindowCell<Free>,
    /// Accounts counted so far.
    pub accounts: WindowCell<Free>,
    /// Pools counted so far.
    pub pools: WindowCell<Free>,
}

impl WindowColumns {
    pub(super) fn new(a: &mut Allocator<'_>, shape: &Shape) -> Self {
        let money = shape.money_bits;
        // `pool_start` stands in a first row: running values look at it without a rotation.
        let mut first = a.window_free();
        while first.offset != 0 {
            first = a.window_free();
        }
        Self {
            pool_start: first,
            account_start: a.window_free(),
            pool_end: a.window_free(),
            account_end: a.window_free(),
            absorbed: a.window_free(),
            chain: a.window_free(),
            equity: Signed::new(a, money),
            value: Signed::new(a, money),
            maintenance: a.window_limbs(money),
            initial: a.window_limbs(money),
            surplus: Signed::new(a, money + 16),
            equity_rounding: Rounding::new(a, 80),
            value_rounding: Rounding::new(a, 64),
            maintenance_rounding: Rounding::new(a, 112),
            initial_rounding: Rounding::new(a, 112),
            pool_used: a.window_free(),
            last_key: a.window_limbs(16),
            account_used: a.window_free(),
            accounts: a.window_free(),
            pools: a.window_free(),
        }
    }
}
