//! Exact decimals: how a decimal string becomes an integer, and an integer a decimal string.
//!
//! A [`Decimal`] is what a file says. A [`Ratio`] is a product and quotient of such numbers on its
//! way to an integer; it stays exact until one of [`Ratio::exact`], [`Ratio::nearest`],
//! [`Ratio::floor`] or [`Ratio::ceil`] says how it becomes one.

#[cfg(test)]
mod tests;

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
            scale = scale.saturating_sub(1);
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
            length => length.saturating_add(fraction.len()),
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
    let digits = magnitude.to_string();
    // Not by a width of the format: one beyond 16 bits panics.
    let zeros = scale.saturating_add(1).saturating_sub(digits.len());
    let digits = format!("{}{digits}", "0".repeat(zeros));
    let (whole, fraction) = digits.split_at(digits.len().saturating_sub(scale));
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
            let exponent = parts.exponent.checked_sub(factor.scale.into())?;
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
            let exponent = parts.exponent.checked_add(divisor.scale.into())?;
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
        Self(self.0.and_then(|parts| {
            let exponent = parts.exponent.checked_add(power.into())?;
            Some(Parts { exponent, ..parts })
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
        let (quotient, rest) = divided(numerator, denominator)?;
        if rest != 0 {
            return Err(ScaleError::Inexact);
        }
        fit(quotient)
    }

    /// The nearest whole number, halves away from zero.
    ///
    /// # Errors
    /// [`ScaleError::Range`] when it does not fit `T`.
    pub fn nearest<T: TryFrom<I256>>(self) -> Result<T, ScaleError> {
        let (numerator, denominator) = self.fraction()?;
        let (quotient, rest) = divided(numerator, denominator)?;
        // rest >= denominator - rest, without a product that could overflow: both are below
        // 2^255, and rest is nearer to zero than the denominator.
        let rest = rest.wrapping_abs();
        let away = match rest >= denominator.wrapping_sub(rest) {
            true => numerator.signum(),
            false => I256::ZERO,
        };
        fit(quotient.checked_add(away).ok_or(ScaleError::Range)?)
    }

    /// The greatest whole number not above the value.
    ///
    /// # Errors
    /// [`ScaleError::Range`] when it does not fit `T`.
    pub fn floor<T: TryFrom<I256>>(self) -> Result<T, ScaleError> {
        let (numerator, denominator) = self.fraction()?;
        let whole = numerator.checked_div_euclid(denominator);
        fit(whole.ok_or(ScaleError::Range)?)
    }

    /// The least whole number not below the value.
    ///
    /// # Errors
    /// [`ScaleError::Range`] when it does not fit `T`.
    pub fn ceil<T: TryFrom<I256>>(self) -> Result<T, ScaleError> {
        let (numerator, denominator) = self.fraction()?;
        let (whole, rest) = numerator
            .checked_div_euclid(denominator)
            .zip(numerator.checked_rem_euclid(denominator))
            .ok_or(ScaleError::Range)?;
        let up = match rest {
            I256::ZERO => I256::ZERO,
            _ => I256::ONE,
        };
        fit(whole.checked_add(up).ok_or(ScaleError::Range)?)
    }
}

fn divided(numerator: I256, denominator: I256) -> Result<(I256, I256), ScaleError> {
    let quotient = numerator.checked_div(denominator);
    quotient
        .zip(numerator.checked_rem(denominator))
        .ok_or(ScaleError::Range)
}

fn fit<T: TryFrom<I256>>(value: I256) -> Result<T, ScaleError> {
    T::try_from(value).map_err(|_| ScaleError::Range)
}
