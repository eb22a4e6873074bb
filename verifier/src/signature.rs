//! A venue's signature of its statement: who published it, in a form that outlives the bundle.
//!
//! Ed25519 over [`message`], which binds what is signed and the statement's digest. Verification is
//! strict: a scalar below the group's order, points in their one encoding and none of small order,
//! so nobody makes a second signature of one that there is. Whose key it is is for the caller to
//! know: none is taken from a bundle.

use std::fmt;

use ed25519_dalek::pkcs8::DecodePublicKey;
use ed25519_dalek::{VerifyingKey, SIGNATURE_LENGTH};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zkmargin_circuits::statement::Digest;

/// The file of a bundle that holds the signature of its statement.
pub const SIGNATURE_FILE: &str = "statement.sig";

/// What a signed message begins with: a key's other signatures are none of a statement.
const DOMAIN: &[u8] = b"zkmargin statement v1";

/// What a venue signs: the domain, a zero byte, and the statement's digest.
pub fn message(statement: &Digest) -> Vec<u8> {
    [DOMAIN, &[0], &statement.0].concat()
}

/// A signature, shown as 128 lower-case hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signature(pub [u8; SIGNATURE_LENGTH]);

/// Why a signature is none of this statement by this key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The key cannot be used.
    #[error("not a public key of ed25519 in PEM (SubjectPublicKeyInfo): {0}")]
    Key(String),
    /// Not a signature's one serialisation.
    #[error("a signature is {} lower-case hex digits", 2 * SIGNATURE_LENGTH)]
    Encoding,
    /// Another key's, or another statement's.
    #[error("it is not this key's signature of this statement")]
    False,
}

impl Signature {
    /// Reads exactly 128 lower-case hex digits.
    ///
    /// # Errors
    /// [`SignatureError::Encoding`].
    pub fn from_hex(text: &str) -> Result<Self, SignatureError> {
        let mut bytes = [0; SIGNATURE_LENGTH];
        let lower = !text.bytes().any(|byte| byte.is_ascii_uppercase());
        match hex::decode_to_slice(text, &mut bytes) {
            Ok(()) if lower => Ok(Self(bytes)),
            _ => Err(SignatureError::Encoding),
        }
    }

    /// Reads the file of a bundle: the digits and a line's end, nothing else.
    ///
    /// # Errors
    /// [`SignatureError::Encoding`].
    pub fn from_file(bytes: &[u8]) -> Result<Self, SignatureError> {
        let line = bytes.strip_suffix(b"\n").ok_or(SignatureError::Encoding)?;
        let text = std::str::from_utf8(line).map_err(|_| SignatureError::Encoding)?;
        Self::from_hex(text)
    }

    /// The bytes of the file.
    pub fn to_file(&self) -> Vec<u8> {
        format!("{self}\n").into_bytes()
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl Serialize for Signature {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Signature {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Signature::from_hex(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// A venue's public key, from wherever the caller got it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VenueKey(VerifyingKey);

impl VenueKey {
    /// Reads PEM as `openssl pkey -pubout` writes it.
    ///
    /// # Errors
    /// [`SignatureError::Key`] for any other, for a point in another than its one encoding, and for
    /// one of small order, under which a signature of one message is one of others.
    pub fn from_pem(text: &str) -> Result<Self, SignatureError> {
        let key = VerifyingKey::from_public_key_pem(text)
            .map_err(|error| SignatureError::Key(error.to_string()))?;
        Self::checked(key)
    }

    /// Reads the 32 bytes of the point.
    ///
    /// # Errors
    /// As [`Self::from_pem`].
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, SignatureError> {
        let key = VerifyingKey::from_bytes(bytes)
            .map_err(|error| SignatureError::Key(error.to_string()))?;
        Self::checked(key)
    }

    fn checked(key: VerifyingKey) -> Result<Self, SignatureError> {
        let refused = |problem: &str| Err(SignatureError::Key(problem.to_owned()));
        if key.to_edwards().compress().to_bytes() != key.to_bytes() {
            return refused("the point is not in its one encoding");
        }
        if key.is_weak() {
            return refused("the point is of small order");
        }
        Ok(Self(key))
    }

    /// Checks a signature of the statement of this digest.
    ///
    /// # Errors
    /// [`SignatureError::False`].
    pub fn verify(&self, statement: &Digest, signature: &Signature) -> Result<(), SignatureError> {
        let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
        self.0
            .verify_strict(&message(statement), &signature)
            .map_err(|_| SignatureError::False)
    }
}

impl fmt::Display for VenueKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0.to_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::{Signer, SigningKey};

    /// The order of the group, little-endian.
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];

    const STATEMENT: Digest = Digest([5; 32]);

    fn signer() -> SigningKey {
        SigningKey::from_bytes(&[7; 32])
    }

    fn key() -> VenueKey {
        VenueKey::from_bytes(&signer().verifying_key().to_bytes()).unwrap()
    }

    fn signed() -> Signature {
        Signature(signer().sign(&message(&STATEMENT)).to_bytes())
    }

    #[test]
    fn accepts_the_signature_of_the_statement_alone() {
        assert_eq!(key().verify(&STATEMENT, &signed()), Ok(()));
        let other = Digest([6; 32]);
        assert_eq!(key().verify(&other, &signed()), Err(SignatureError::False));
        // The digest signed without its domain, as for something else.
        let bare = Signature(signer().sign(&STATEMENT.0).to_bytes());
        assert_eq!(key().verify(&STATEMENT, &bare), Err(SignatureError::False));
    }

    #[test]
    fn rejects_every_changed_bit() {
        for bit in 0..8 * SIGNATURE_LENGTH {
            let mut forged = signed();
            forged.0[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(
                key().verify(&STATEMENT, &forged),
                Err(SignatureError::False)
            );
        }
    }

    #[test]
    fn rejects_a_second_form_of_a_signature() {
        // The scalar plus the group's order, which is the same scalar.
        let mut second = signed();
        let mut carry = 0;
        for (byte, order) in second.0[32..].iter_mut().zip(ORDER) {
            let sum = u16::from(*byte) + u16::from(order) + carry;
            *byte = sum as u8;
            carry = sum >> 8;
        }
        assert_eq!(carry, 0);
        assert_eq!(
            key().verify(&STATEMENT, &second),
            Err(SignatureError::False)
        );
    }

    #[test]
    fn rejects_keys_of_small_order_or_in_a_second_encoding() {
        let mut one = [0; 32];
        one[0] = 1;
        // The neutral point, and the same with y = 1 + p.
        let mut again = [0xff; 32];
        (again[0], again[31]) = (0xee, 0x7f);
        for bytes in [one, again, [0; 32]] {
            assert!(matches!(
                VenueKey::from_bytes(&bytes),
                Err(SignatureError::Key(_))
            ));
        }
        // y = 3 + p, where y = 3 is the point of a good key.
        let mut good = [0; 32];
        good[0] = 3;
        assert!(VenueKey::from_bytes(&good).is_ok());
        let mut second = [0xff; 32];
        (second[0], second[31]) = (0xf0, 0x7f);
        let error = VenueKey::from_bytes(&second).unwrap_err().to_string();
        assert!(error.contains("one encoding"), "{error}");
    }

    #[test]
    fn reads_one_file_only() {
        let file = signed().to_file();
        assert_eq!(Signature::from_file(&file), Ok(signed()));
        let text = String::from_utf8(file).unwrap();
        for other in [
            text.trim_end().to_owned(),
            format!("{text}\n"),
            format!(" {text}"),
            text.to_uppercase(),
            text.replace('\n', "\r\n"),
            text[2..].to_owned(),
            String::new(),
        ] {
            assert_eq!(
                Signature::from_file(other.as_bytes()),
                Err(SignatureError::Encoding),
                "{other:?}"
            );
        }
    }
}
