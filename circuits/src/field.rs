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
    let mut result = Fr::from_u128(low);
    if high != 0 {
        result += Fr::from_u128(high) * two_to(128);
    }
    result
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
    let magnitude = Fr::from_u128(value.unsigned_abs());
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
