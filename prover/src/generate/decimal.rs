//! Fixed-point integers at twelve decimals, and their shortest decimal strings.

/// Decimals of every price, lot, rate and profit the generator draws.
pub const SCALE: u32 = 12;

/// One, at [`SCALE`].
pub const ONE: i128 = 10i128.pow(SCALE);

/// The shortest decimal string of `mantissa * 10^-scale`.
pub fn decimal(mantissa: i128, scale: u32) -> String {
    let sign = if mantissa < 0 { "-" } else { "" };
    let magnitude = mantissa.unsigned_abs();
    let one = 10u128.pow(scale);
    let (whole, fraction) = (magnitude / one, magnitude % one);
    if fraction == 0 {
        return format!("{sign}{whole}");
    }
    let digits = format!("{fraction:0width$}", width = scale as usize);
    format!("{sign}{whole}.{}", digits.trim_end_matches('0'))
}

/// `value` to the nearest multiple of `step` (which is above zero), half away from zero.
pub fn snap(value: i128, step: i128) -> i128 {
    (value.abs() + step / 2) / step * step * value.signum()
}

/// `10^exponent` at [`SCALE`]; `exponent` is not below `-12`.
pub fn power(exponent: i32) -> i128 {
    10i128.pow((SCALE as i32 + exponent).max(0) as u32)
}

/// The power of ten that begins `value`, a number above zero at [`SCALE`]: 4 for 65,000, -2 for 0.05.
pub fn exponent(value: i128) -> i32 {
    value.unsigned_abs().max(1).ilog10() as i32 - SCALE as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_the_shortest_decimal() {
        assert_eq!(decimal(0, 8), "0");
        assert_eq!(decimal(-50_000_000, 8), "-0.5");
        assert_eq!(decimal(1_200_000_001, 8), "12.00000001");
        assert_eq!(decimal(-7, 0), "-7");
    }

    #[test]
    fn snaps_half_away_from_zero() {
        assert_eq!(snap(15, 10), 20);
        assert_eq!(snap(-15, 10), -20);
        assert_eq!(snap(14, 10), 10);
    }

    #[test]
    fn knows_the_leading_power_of_ten() {
        assert_eq!(exponent(65_000 * ONE), 4);
        assert_eq!(exponent(ONE / 20), -2);
    }
}
