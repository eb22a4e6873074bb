//! Integers to field elements and back.

use ethnum::{I256, U256};
use ff::PrimeField;
use halo2_proofs::halo2curves::bn256::Fr;

/// The scalar field of BN254.
pub type Field = Fr;

pub use crate::relation::{EQUITY_SCALE, FINE, RATE as RATE_ONE, REQUIREMENT_SCALE};

/// A non-negative integer below 2^253 as a field element.
pub fn from_unsigned(value: U256) -> Fr {
    let (high, low) = value.into_words();
    Fr::from_raw([
        low as u64,
        (low >> 64) as u64,
        high as u64,
        (high >> 64) as u64,
    ])
}

/// A non-negative integer as a field element. The library's own conversion doubles 64 times.
pub fn from_u128(value: u128) -> Fr {
    Fr::from_raw([value as u64, (value >> 64) as u64, 0, 0])
}

/// An integer of magnitude below 2^253 as a field element.
pub fn from_signed(value: I256) -> Fr {
    let magnitude = from_unsigned(value.unsigned_abs());
    if value.is_negative() {
        -magnitude
    } else {
        magnitude
    }
}

/// An integer as a field element.
pub fn from_i128(value: i128) -> Fr {
    let magnitude = from_u128(value.unsigned_abs());
    if value < 0 {
        -magnitude
    } else {
        magnitude
    }
}

/// A power of two.
pub fn two_to(exponent: u32) -> Fr {
    let mut bytes = [0u8; 32];
    let (byte, bit) = (exponent as usize / 8, exponent % 8);
    if let Some(target) = bytes.get_mut(byte) {
        *target = 1 << bit;
    }
    // In range for every exponent below 254; others cannot come up (asserted where layouts are made).
    Option::from(Fr::from_repr(bytes)).unwrap_or_default()
}

/// The element's big-endian hexadecimal form: 64 lower-case digits.
pub fn to_hex(value: &Fr) -> String {
    let mut bytes: [u8; 32] = value.to_repr();
    bytes.reverse();
    hex::encode(bytes)
}

/// The element of a canonical hexadecimal form.
pub fn from_hex(text: &str) -> Option<Fr> {
    if text.len() != 64
        || text
            .bytes()
            .any(|b| !matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    {
        return None;
    }
    let mut bytes = [0u8; 32];
    hex::decode_to_slice(text, &mut bytes).ok()?;
    bytes.reverse();
    Option::from(Fr::from_repr(bytes))
}

/// Bytes, at most 31 of them, as a big-endian integer.
pub fn from_be_bytes(bytes: &[u8]) -> Fr {
    let mut repr = [0u8; 32];
    for (target, byte) in repr.iter_mut().zip(bytes.iter().rev().take(31)) {
        *target = *byte;
    }
    Option::from(Fr::from_repr(repr)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ff::Field;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn accepts_the_librarys_conversions(low: u128, high in 0u128..1 << 125) {
            prop_assert_eq!(from_u128(low), Fr::from_u128(low));
            let expected = Fr::from_u128(high) * two_to(128) + Fr::from_u128(low);
            prop_assert_eq!(from_unsigned(U256::from_words(high, low)), expected);
            let value = I256::from_words(high as i128, low as i128);
            prop_assert_eq!(from_signed(value), expected);
            prop_assert_eq!(from_signed(-value) + expected, Fr::ZERO);
            prop_assert_eq!(from_i128(-(low as i128 >> 1)) + from_i128(low as i128 >> 1), Fr::ZERO);
        }
    }
}
