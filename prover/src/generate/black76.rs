//! Black's formula of 1976: a European option on a forward.
//!
//! Floating point is right here and nowhere near money: it only makes the arrays of a synthetic
//! model, which are rounded to ticks and are then the rule. `libm` is the same software on every
//! machine, so the files come out the same.

use super::options::Right;

/// Undiscounted value of an option on `forward`, in its units; `volatility` a year, `years` to expiry.
pub fn value(right: Right, forward: f64, strike: f64, volatility: f64, years: f64) -> f64 {
    let sign = match right {
        Right::Call => 1.0,
        Right::Put => -1.0,
    };
    let deviation = volatility * libm::sqrt(years);
    if forward <= 0.0 || deviation <= 0.0 {
        return (sign * (forward - strike)).max(0.0);
    }
    let d1 = libm::log(forward / strike) / deviation + deviation / 2.0;
    let d2 = d1 - deviation;
    sign * (forward * normal(sign * d1) - strike * normal(sign * d2))
}

/// Distribution function of the standard normal.
fn normal(x: f64) -> f64 {
    libm::erfc(-x * core::f64::consts::FRAC_1_SQRT_2) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_closed_form_at_the_money() {
        // F (2 N(s / 2) - 1) with s = 0.2: N(0.1) = 0.539827837277029 from tables.
        let expected = 100.0 * (2.0 * 0.539_827_837_277_029 - 1.0);
        for right in [Right::Call, Right::Put] {
            assert!((value(right, 100.0, 100.0, 0.2, 1.0) - expected).abs() < 1e-10);
        }
    }

    #[test]
    fn keeps_put_call_parity_and_bounds() {
        for (forward, strike, volatility, years) in [
            (65_000.0, 58_600.0, 0.65, 68.0 / 365.0),
            (3_450.0, 3_800.0, 0.8, 5.0 / 365.0),
            (100.0, 400.0, 0.1, 0.01),
        ] {
            let call = value(Right::Call, forward, strike, volatility, years);
            let put = value(Right::Put, forward, strike, volatility, years);
            assert!((call - put - (forward - strike)).abs() < 1e-8 * forward);
            assert!(call >= (forward - strike).max(0.0) - 1e-8 && call <= forward);
            assert!(put >= (strike - forward).max(0.0) - 1e-8 && put <= strike);
        }
    }

    #[test]
    fn rises_with_volatility() {
        let at = |volatility| value(Right::Put, 100.0, 90.0, volatility, 0.5);
        assert!(at(0.3) < at(0.5) && at(0.5) < at(0.9));
    }

    #[test]
    fn is_intrinsic_at_expiry() {
        assert_eq!(value(Right::Call, 110.0, 100.0, 0.6, 0.0), 10.0);
        assert_eq!(value(Right::Put, 110.0, 100.0, 0.6, 0.0), 0.0);
    }
}
