//! Scenario arrays of synthetic futures and options, in integers.
//!
//! An option is worth `(d + sqrt(d^2 + w^2)) / 2` with `d = forward - strike` for a call (put-call
//! parity gives the put): convex, never below intrinsic value, `w / 2` at the money. It is the
//! shape of an option's value, not a pricing model, and needs no floating point.

use super::decimal::snap;

/// Put or call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// Right to buy.
    Call,
    /// Right to sell.
    Put,
}

/// What moves in one scenario.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    /// Price move, in 10^-6 of the scan range.
    pub price: i128,
    /// Width of the option's distribution, in 10^-6 of today's.
    pub width: i128,
    /// Part of profit or loss that counts, in 10^-6.
    pub weight: i128,
}

const MILLION: i128 = 1_000_000;

/// The sixteen scenarios of SPAN: seven price moves by volatility up and down, and two extremes of which a third counts.
pub fn span16() -> Vec<Scenario> {
    let mut scenarios = Vec::with_capacity(16);
    for price in [0, 333_333, -333_333, 666_667, -666_667, MILLION, -MILLION] {
        for width in [1_250_000, 750_000] {
            scenarios.push(Scenario {
                price,
                width,
                weight: MILLION,
            });
        }
    }
    for price in [3 * MILLION, -3 * MILLION] {
        scenarios.push(Scenario {
            price,
            width: MILLION,
            weight: 330_000,
        });
    }
    scenarios
}

/// Thirty-three scenarios: eleven price moves by volatility down, unchanged and up.
pub fn grid33() -> Vec<Scenario> {
    let mut scenarios = Vec::with_capacity(33);
    for step in -5..=5i128 {
        for width in [700_000, MILLION, 1_300_000] {
            scenarios.push(Scenario {
                price: step * 200_000,
                width,
                weight: MILLION,
            });
        }
    }
    scenarios
}

/// Value of an option on `forward` with `strike` and distribution width `width`.
pub fn option_value(right: Right, forward: i128, strike: i128, width: i128) -> i128 {
    let distance = forward - strike;
    let root = (distance.unsigned_abs().pow(2) + width.unsigned_abs().pow(2)).isqrt() as i128;
    match right {
        Right::Call => (root + distance) / 2,
        Right::Put => (root - distance) / 2,
    }
}

/// Profit of one unit of a linear future in each scenario, to the tick.
pub fn future_array(scenarios: &[Scenario], mark: i128, range: i128, tick: i128) -> Vec<i128> {
    scenarios
        .iter()
        .map(|s| {
            let moved = mark * range / MILLION * s.price / MILLION;
            snap(moved * s.weight / MILLION, tick)
        })
        .collect()
}

/// Profit of one unit of an option in each scenario, to the tick; `mark` is its price today.
#[allow(clippy::too_many_arguments)]
pub fn option_array(
    scenarios: &[Scenario],
    right: Right,
    forward: i128,
    strike: i128,
    width: i128,
    mark: i128,
    range: i128,
    tick: i128,
) -> Vec<i128> {
    scenarios
        .iter()
        .map(|s| {
            let moved = (forward + forward * range / MILLION * s.price / MILLION).max(0);
            let value = option_value(right, moved, strike, width * s.width / MILLION);
            snap((value - mark) * s.weight / MILLION, tick)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::decimal::ONE;

    #[test]
    fn keeps_parity_and_intrinsic_value() {
        let (forward, strike, width) = (65_000 * ONE, 60_000 * ONE, 9_000 * ONE);
        let call = option_value(Right::Call, forward, strike, width);
        let put = option_value(Right::Put, forward, strike, width);
        assert!((call - put - (forward - strike)).abs() <= 1);
        assert!(call > forward - strike && put > 0);
    }

    #[test]
    fn never_loses_more_than_the_premium() {
        let mark = option_value(Right::Put, 100 * ONE, 90 * ONE, 10 * ONE);
        let array = option_array(
            &span16(),
            Right::Put,
            100 * ONE,
            90 * ONE,
            10 * ONE,
            mark,
            150_000,
            1,
        );
        assert!(array.iter().all(|pnl| *pnl >= -mark - 1));
        assert_eq!(array.len(), 16);
        assert_eq!(grid33().len(), 33);
    }
}
