//! Amounts as the statement writes them: shortest decimals.

use std::fmt;

use ethnum::{I256, U256};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::units::{format_signed, format_unsigned, Decimal};

/// Digits an amount may have: any sum below 2^120 of any quantum is shorter.
const MAX_LENGTH: usize = 72;

/// Bits of a sum of amounts: every total is below `2^SUM_BITS`.
pub(super) const SUM_BITS: u32 = 120;

/// A decimal in its shortest form: no `+`, exponent, needless zero or `-0`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amount(String);

impl Default for Amount {
    /// Zero.
    fn default() -> Self {
        Self("0".to_owned())
    }
}

/// Why an amount is no integer of its quantum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Not a decimal in its shortest form.
    #[error("is not a decimal in its shortest form")]
    Syntax,
    /// Not a whole number of quanta.
    #[error("is not a whole number of quanta")]
    OffQuantum,
    /// Beyond the range of sums, or below zero where it cannot be.
    #[error("is out of range")]
    Range,
}

impl Amount {
    /// `units` quanta.
    pub fn signed(units: i128, quantum: Decimal) -> Self {
        Self(format_signed(units, quantum))
    }

    /// `units` quanta.
    pub fn unsigned(units: u128, quantum: Decimal) -> Self {
        Self(format_unsigned(units, quantum))
    }

    /// Reads the shortest form.
    ///
    /// # Errors
    /// [`AmountError::Syntax`] for any other.
    pub fn parse(text: &str) -> Result<Self, AmountError> {
        let magnitude = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = match magnitude.split_once('.') {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (magnitude, None),
        };
        let digits = |part: &str| {
            !part.is_empty() && part.len() <= MAX_LENGTH && part.bytes().all(|b| b.is_ascii_digit())
        };
        let shortest = digits(whole)
            && (whole == "0" || !whole.starts_with('0'))
            && fraction.is_none_or(|fraction| digits(fraction) && !fraction.ends_with('0'))
            && text != "-0";
        if shortest {
            Ok(Self(text.to_owned()))
        } else {
            Err(AmountError::Syntax)
        }
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `self` less `other`, exactly; none where digits run beyond 255 bits, as no two amounts below
    /// 2^120 quanta do.
    pub fn minus(&self, other: &Amount) -> Option<Amount> {
        let (one, two) = (Digits::of(self)?, Digits::of(other)?);
        let scale = one.scale.max(two.scale);
        let difference = one.at(scale)?.checked_sub(two.at(scale)?)?;
        let text = difference.unsigned_abs().to_string();
        let scale = usize::try_from(scale).ok()?;
        let text = format!("{text:0>width$}", width = scale.checked_add(1)?);
        let (whole, fraction) = text.split_at_checked(text.len().checked_sub(scale)?)?;
        let fraction = fraction.trim_end_matches('0');
        let sign = if difference < 0 { "-" } else { "" };
        Some(Self(match fraction {
            "" => format!("{sign}{whole}"),
            _ => format!("{sign}{whole}.{fraction}"),
        }))
    }

    /// In quanta, of a magnitude below 2^120.
    ///
    /// # Errors
    /// [`AmountError::OffQuantum`] or [`AmountError::Range`].
    pub fn units(&self, quantum: Decimal) -> Result<i128, AmountError> {
        let magnitude = self.0.strip_prefix('-').unwrap_or(&self.0);
        let (whole, fraction) = magnitude.split_once('.').unwrap_or((magnitude, ""));
        let decimals = u32::try_from(fraction.len()).map_err(|_| AmountError::Range)?;
        // A multiple of the quantum has no more decimals than the quantum.
        let places = quantum
            .scale()
            .checked_sub(decimals)
            .ok_or(AmountError::OffQuantum)?;
        let mut mantissa = U256::ZERO;
        for byte in whole.bytes().chain(fraction.bytes()) {
            let digit = byte.checked_sub(b'0').ok_or(AmountError::Syntax)?;
            mantissa = mantissa
                .checked_mul(U256::new(10))
                .and_then(|mantissa| mantissa.checked_add(U256::from(digit)))
                .ok_or(AmountError::Range)?;
        }
        let mantissa = U256::new(10)
            .checked_pow(places)
            .and_then(|power| mantissa.checked_mul(power))
            .ok_or(AmountError::Range)?;
        let quantum = U256::from(quantum.mantissa().unsigned_abs());
        let rest = mantissa.checked_rem(quantum).ok_or(AmountError::Range)?;
        if rest != U256::ZERO {
            return Err(AmountError::OffQuantum);
        }
        let units = mantissa.checked_div(quantum).ok_or(AmountError::Range)?;
        if units.leading_zeros() < U256::BITS.saturating_sub(SUM_BITS) {
            return Err(AmountError::Range);
        }
        let units = i128::try_from(units).map_err(|_| AmountError::Range)?;
        Ok(if self.0.starts_with('-') {
            units.wrapping_neg()
        } else {
            units
        })
    }
}

/// An amount as its digits and how many of them are decimals.
struct Digits {
    mantissa: I256,
    scale: u32,
}

impl Digits {
    fn of(amount: &Amount) -> Option<Self> {
        let (whole, fraction) = amount.0.split_once('.').unwrap_or((&amount.0, ""));
        let digits = format!("{whole}{fraction}");
        Some(Self {
            mantissa: I256::from_str_radix(&digits, 10).ok()?,
            scale: u32::try_from(fraction.len()).ok()?,
        })
    }

    /// The mantissa with this many decimals, no fewer than there are.
    fn at(&self, scale: u32) -> Option<I256> {
        let more = I256::new(10).checked_pow(scale.checked_sub(self.scale)?)?;
        self.mantissa.checked_mul(more)
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Amount::parse(&text)
            .map_err(|error| serde::de::Error::custom(format!("amount {text:?} {error}")))
    }
}
