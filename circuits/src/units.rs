//! Exact decimals: how a decimal string becomes an integer, and an integer a decimal string.
//!
//! A [`Decimal`] is what a file says. A [`Ratio`] is a product and quotient of such numbers on its
//! way to an integer; it stays exact until one of [`Ratio::exact`], [`Ratio::nearest`],
//! [`Ratio::floor`] or [`Ratio::ceil`] says how it becomes one.

use std::fmt;

use ethnum::{I256, U256};
use rust_decimal::Decimal as Parsed;

/// Most digits after the decimal point that input may have.
pub const MAX_DECIMALS: usize = 18;

/// Most digits input may have in all, leading zeros not counted.
pub const MAX_DIGITS: usize = 28;

/// `mantissa * 10^-scale`, without trailing zeros in the mantissa's fraction, so that equal numbers
/// are equal values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Decimal {
    mantissa: i128,
    scale: u32,
}

/// Why a string is no decimal number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    /// Not digits with an optional minus sign and an optional fraction.
    #[error("is not a decimal number")]
    Syntax,
    /// More than [`MAX_DECIMALS`] digits after the point.
    #[error("has more than 18 decimals")]
    TooManyDecimals,
    /// More than [`MAX_DIGITS`] digits.
    #[error("has more than 28 digits")]
    TooManyDigits,
}

impl DecimalError {
    /// What would make it right.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::Syntax => "write digits with an optional minus sign and point, such as -1234.5",
            Self::TooManyDecimals => "give it with at most 18 decimals",
            Self::TooManyDigits => "give it with at most 28 digits",
        }
    }
}

impl Decimal {
    /// Zero.
    pub const ZERO: Self = Self {
        mantissa: 0,
        scale: 0,
    };

    /// One.
    pub const ONE: Self = Self {
        mantissa: 1,
        scale: 0,
    };

    /// `mantissa * 10^-scale`.
    pub const fn new(mut mantissa: i128, mut scale: u32) -> Self {
        if mantissa == 0 {
            return Self::ZERO;
        }
        while scale > 0 && mantissa % 10 == 0 {
            mantissa /= 10;
            scale -= 1;
        }
        Self { mantissa, scale }
    }

    /// Parses `-?digits[.digits]` exactly.
    ///
    /// # Errors
    /// For anything else (exponents, separators, a plus sign, blanks) and for more digits than the
    /// statement allows.
    pub fn parse(text: &str) -> Result<Self, DecimalError> {
        let magnitude = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = match magnitude.split_once('.') {
            Some((_, "")) => return Err(DecimalError::Syntax),
            Some(parts) => parts,
            None => (magnitude, ""),
        };
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(fraction) {
            return Err(DecimalError::Syntax);
        }
        if fraction.len() > MAX_DECIMALS {
            return Err(DecimalError::TooManyDecimals);
        }
        let whole = whole.trim_start_matches('0');
        let significant = match whole.len() {
            0 => fraction.trim_start_matches('0').len(),
            length => length + fraction.len(),
        };
        if significant > MAX_DIGITS {
            return Err(DecimalError::TooManyDigits);
        }
        let parsed = Parsed::from_str_exact(text).map_err(|_| DecimalError::Syntax)?;
        Ok(Self::new(parsed.mantissa(), parsed.scale()))
    }

    /// The integer over `10^scale`.
    pub const fn mantissa(self) -> i128 {
        self.mantissa
    }

    /// Digits after the decimal point.
    pub const fn scale(self) -> u32 {
        self.scale
    }

    /// -1, 0 or 1.
    pub const fn signum(self) -> i128 {
        self.mantissa.signum()
    }

    /// The number without its sign.
    #[must_use]
    pub const fn abs(self) -> Self {
        Self {
            mantissa: self.mantissa.saturating_abs(),
            scale: self.scale,
        }
    }

    /// The number times `10^-places`.
    #[must_use]
    pub const fn shifted_down(self, places: u32) -> Self {
        Self::new(self.mantissa, self.scale.saturating_add(places))
    }

    /// The number as a fraction to compute with.
    pub fn ratio(self) -> Ratio {
        Ratio::ONE.times(self)
    }
}

impl fmt::Display for Decimal {
    /// The shortest decimal string.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&point(
            self.mantissa < 0,
            U256::from(self.mantissa.unsigned_abs()),
            self.scale,
        ))
    }
}

/// `amount * quantum`, exactly, as the shortest decimal string (no exponent, no `-0`).
pub fn format_signed(amount: i128, quantum: Decimal) -> String {
    format_scaled(amount < 0, amount.unsigned_abs(), quantum)
}

/// [`format_signed`] of an unsigned amount.
pub fn format_unsigned(amount: u128, quantum: Decimal) -> String {
    format_scaled(false, amount, quantum)
}

fn format_scaled(negative: bool, amount: u128, quantum: Decimal) -> String {
    // 128 by 127 bits: the product fits.
    let magnitude = U256::from(amount).wrapping_mul(U256::from(quantum.mantissa.unsigned_abs()));
    point(negative != (quantum.mantissa < 0), magnitude, quantum.scale)
}

/// Writes `magnitude * 10^-scale` without needless zeros.
fn point(negative: bool, magnitude: U256, scale: u32) -> String {
    let scale = scale as usize;
    let digits = format!("{magnitude:0>width$}", width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    let fraction = fraction.trim_end_matches('0');
    let sign = if negative && magnitude != 0 { "-" } else { "" };
    let dot = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{whole}{dot}{fraction}")
}

/// Why a [`Ratio`] has no integer value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ScaleError {
    /// The value is not a whole number.
    #[error("is not a whole number")]
    Inexact,
    /// The value, or a number on the way to it, passes 255 bits or the integer asked for, or a
    /// divisor is zero.
    #[error("is out of range")]
    Range,
}

/// An exact fraction `numerator / denominator * 10^exponent`. Once a number on the way passes 255
/// bits (or a divisor is zero) it is lost for good, and every conversion is [`ScaleError::Range`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ratio(Option<Parts>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Parts {
    numerator: I256,
    denominator: I256,
    exponent: i64,
}

impl Ratio {
    /// One.
    pub const ONE: Self = Self(Some(Parts {
        numerator: I256::ONE,
        denominator: I256::ONE,
        exponent: 0,
    }));

    /// The product with a decimal.
    #[must_use]
    pub fn times(self, factor: Decimal) -> Self {
        Self(self.0.and_then(|parts| {
            let numerator = parts.numerator.checked_mul(I256::from(factor.mantissa))?;
            let exponent = parts.exponent - i64::from(factor.scale);
            Some(Parts {
                numerator,
                exponent,
                ..parts
            })
        }))
    }

    /// The quotient by a decimal.
    #[must_use]
    pub fn over(self, divisor: Decimal) -> Self {
        Self(self.0.filter(|_| divisor.mantissa != 0).and_then(|parts| {
            let magnitude = I256::from(divisor.mantissa.unsigned_abs());
            let denominator = parts.denominator.checked_mul(magnitude)?;
            let numerator = parts.numerator.checked_mul(I256::from(divisor.signum()))?;
            let exponent = parts.exponent + i64::from(divisor.scale);
            Some(Parts {
                numerator,
                denominator,
                exponent,
            })
        }))
    }

    /// The product with a power of ten.
    #[must_use]
    pub fn times_ten_to(self, power: i32) -> Self {
        Self(self.0.map(|parts| Parts {
            exponent: parts.exponent + i64::from(power),
            ..parts
        }))
    }

    /// Numerator and denominator, the denominator above zero.
    ///
    /// # Errors
    /// [`ScaleError::Range`].
    pub fn fraction(self) -> Result<(I256, I256), ScaleError> {
        let parts = self.0.ok_or(ScaleError::Range)?;
        if parts.numerator == 0 {
            return Ok((I256::ZERO, I256::ONE));
        }
        let places = u32::try_from(parts.exponent.unsigned_abs()).map_err(|_| ScaleError::Range)?;
        let power = I256::from(10).checked_pow(places);
        let scaled = |number: I256| power.and_then(|power| number.checked_mul(power));
        let (numerator, denominator) = if parts.exponent >= 0 {
            (scaled(parts.numerator), Some(parts.denominator))
        } else {
            (Some(parts.numerator), scaled(parts.denominator))
        };
        numerator.zip(denominator).ok_or(ScaleError::Range)
    }

    /// The value, which must be whole.
    ///
    /// # Errors
    /// [`ScaleError::Inexact`] when it is not, [`ScaleError::Range`] when it does not fit `T`.
    pub fn exact<T: TryFrom<I256>>(self) -> Result<T, ScaleError> {
        let (numerator, denominator) = self.fraction()?;
        if numerator % denominator != 0 {
            return Err(ScaleError::Inexact);
        }
        fit(numerator / denominator)
    }

    /// The nearest whole number, halves away from zero.
    ///
    /// # Errors
    /// [`ScaleError::Range`] when it does not fit `T`.
    pub fn nearest<T: TryFrom<I256>>(self) -> Result<T, ScaleError> {
        let (numerator, denominator) = self.fraction()?;
        let (quotient, rest) = (numerator / denominator, numerator % denominator);
        // rest >= denominator - rest, without a product that could overflow.
        let up = rest.abs() >= denominator - rest.abs();
        fit(if up {
            quotient + numerator.signum()
        } else {
            quotient
        })
    }

    /// The greatest whole number not above the value.
    ///
    /// # Errors
    /// [`ScaleError::Range`] when it does not fit `T`.
    pub fn floor<T: TryFrom<I256>>(self) -> Result<T, ScaleError> {
        let (numerator, denominator) = self.fraction()?;
        fit(numerator.div_euclid(denominator))
    }

    /// The least whole number not below the value.
    ///
    /// # Errors
    /// [`ScaleError::Range`] when it does not fit `T`.
    pub fn ceil<T: TryFrom<I256>>(self) -> Result<T, ScaleError> {
        let (numerator, denominator) = self.fraction()?;
        let whole = numerator.div_euclid(denominator);
        let rest = numerator.rem_euclid(denominator);
        fit(if rest == 0 { whole } else { whole + I256::ONE })
    }
}

fn fit<T: TryFrom<I256>>(value: I256) -> Result<T, ScaleError> {
    T::try_from(value).map_err(|_| ScaleError::Range)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decimal(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    #[test]
    fn accepts_decimals_exactly() {
        for (text, mantissa, scale, shortest) in [
            ("0", 0, 0, "0"),
            ("-0", 0, 0, "0"),
            ("-0.00", 0, 0, "0"),
            ("1.50", 15, 1, "1.5"),
            ("-0.350", -35, 2, "-0.35"),
            ("007", 7, 0, "7"),
            ("100", 100, 0, "100"),
            ("0.000000000000000001", 1, 18, "0.000000000000000001"),
            (
                "9999999999.999999999999999999",
                9_999_999_999_999_999_999_999_999_999,
                18,
                "9999999999.999999999999999999",
            ),
            (
                "9999999999999999999999999999",
                9_999_999_999_999_999_999_999_999_999,
                0,
                "9999999999999999999999999999",
            ),
        ] {
            let parsed = decimal(text);
            assert_eq!(
                (parsed.mantissa(), parsed.scale()),
                (mantissa, scale),
                "{text}"
            );
            assert_eq!(parsed.to_string(), shortest, "{text}");
        }
    }

    #[test]
    fn rejects_what_is_no_decimal() {
        for text in [
            "", "-", ".", ".5", "5.", "+1", "1e3", "1_000", "1,5", " 1", "1 ", "--1", "0x1", "NaN",
            "1.2.3", "1.-2", "\u{0661}",
        ] {
            assert_eq!(Decimal::parse(text), Err(DecimalError::Syntax), "{text}");
        }
        assert_eq!(
            Decimal::parse("0.0000000000000000000"),
            Err(DecimalError::TooManyDecimals)
        );
        assert_eq!(
            Decimal::parse("10000000000000000000000000000"),
            Err(DecimalError::TooManyDigits)
        );
        assert_eq!(
            Decimal::parse("10000000000.000000000000000001"),
            Err(DecimalError::TooManyDigits)
        );
    }

    #[test]
    fn accepts_scaling_by_hand() {
        let ratio = decimal("0.001")
            .ratio()
            .times(decimal("65100.2"))
            .over(decimal("0.00000001"));
        assert_eq!(ratio.exact::<i64>(), Ok(6_510_020_000));
        let third = Decimal::ONE.ratio().over(decimal("-3"));
        assert_eq!(third.exact::<i64>(), Err(ScaleError::Inexact));
        assert_eq!(third.times_ten_to(3).nearest::<i64>(), Ok(-333));
        assert_eq!(third.times_ten_to(3).floor::<i64>(), Ok(-334));
        assert_eq!(third.times_ten_to(3).ceil::<i64>(), Ok(-333));
        for (text, nearest) in [
            ("0.5", 1),
            ("-0.5", -1),
            ("0.49", 0),
            ("-0.49", 0),
            ("1.5", 2),
            ("-2.5", -3),
        ] {
            assert_eq!(
                decimal(text).ratio().nearest::<i64>(),
                Ok(nearest),
                "{text}"
            );
        }
    }

    #[test]
    fn rejects_what_does_not_fit() {
        assert_eq!(
            Decimal::ONE.ratio().over(Decimal::ZERO).exact::<i64>(),
            Err(ScaleError::Range)
        );
        assert_eq!(decimal("-1").ratio().exact::<u64>(), Err(ScaleError::Range));
        assert_eq!(
            Decimal::ONE.ratio().times_ten_to(19).exact::<i64>(),
            Err(ScaleError::Range)
        );
        let huge = decimal("9999999999999999999999999999");
        let lost = huge.ratio().times(huge).times(huge).over(huge).over(huge);
        assert_eq!(lost.floor::<I256>(), Err(ScaleError::Range));
        assert_eq!(
            Decimal::ONE
                .ratio()
                .times_ten_to(i32::MAX)
                .nearest::<I256>(),
            Err(ScaleError::Range)
        );
    }

    #[test]
    fn accepts_any_quantum_in_formats() {
        assert_eq!(format_signed(-150, decimal("0.01")), "-1.5");
        assert_eq!(format_signed(0, decimal("0.01")), "0");
        assert_eq!(format_signed(3, decimal("2.5")), "7.5");
        assert_eq!(format_signed(-4, decimal("2.5")), "-10");
        assert_eq!(
            format_unsigned(1, decimal("0.000001").shifted_down(18)),
            "0.000000000000000000000001"
        );
        let widest = format_unsigned(u128::MAX, Decimal::new(i128::MAX, 0));
        assert_eq!(
            widest,
            "57896044618658097711785492504343953926124568782438874324533730092808912502785"
        );
    }

    proptest! {
        #[test]
        fn accepts_round_trips(amount in any::<i64>(), mantissa in 1i128..1_000_000, scale in 0u32..12) {
            let quantum = Decimal::new(mantissa, scale);
            let text = format_signed(amount.into(), quantum);
            prop_assert!(!text.contains('.') || !text.ends_with('0'));
            let parsed = text.parse::<Parsed>();
            if let (Ok(value), Ok(_)) = (Decimal::parse(&text), parsed) {
                prop_assert_eq!(value.ratio().over(quantum).exact::<i64>(), Ok(amount));
                prop_assert_eq!(value.to_string(), text);
            }
        }

        #[test]
        fn accepts_roundings_in_order(
            numerator in (1i128 << 90).wrapping_neg()..1i128 << 90,
            denominator in 1i128..1_000_000_000,
        ) {
            let ratio = Decimal::new(numerator, 0).ratio().over(Decimal::new(denominator, 0));
            let (floor, nearest, ceil) =
                (ratio.floor::<i128>()?, ratio.nearest::<i128>()?, ratio.ceil::<i128>()?);
            prop_assert!(floor <= nearest && nearest <= ceil && ceil - floor <= 1);
            prop_assert!(floor * denominator <= numerator && ceil * denominator >= numerator);
            prop_assert!((2 * (nearest * denominator - numerator)).abs() <= denominator);
        }
    }
}
