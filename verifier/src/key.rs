//! Verifying keys: pinned here, or remade by the caller from checked parameters. Never the bundle's.

mod domain;

use ff::PrimeField;
use halo2_proofs::halo2curves::bn256::{Fr, G1Affine};
use halo2_proofs::plonk::{permutation, Circuit, ConstraintSystem, VerifyingKey};
use halo2_proofs::{SerdeCurveAffine, SerdeFormat};
use sha2::{Digest, Sha256};
use zkmargin_circuits::shape::Shape;

use self::domain::verifying_domain;
use crate::setup::Setup;

/// Form of keys in files: uncompressed, so that reading one is not spent on square roots.
const FORMAT: SerdeFormat = SerdeFormat::RawBytes;

/// First byte of every key this library version writes.
const KEY_VERSION: u8 = 2;

/// Why a key cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The bytes are not those that were pinned.
    #[error(
        "the pinned key of {shape} under {setup} is not the one it was: this build is damaged"
    )]
    Damaged {
        /// Name of the shape.
        shape: String,
        /// Name of the setup.
        setup: String,
    },
    /// The bytes are not a key of the circuit.
    #[error("not a key of this circuit: {0}")]
    NotOfThisCircuit(String),
}

/// The identity of a key: SHA-256 of everything that decides what a proof under it says.
///
/// That is the shape's sizes, the degree of the constraint system (which the environment can bend
/// in the library), the library's own representative of constraints and commitments, and the key's
/// bytes. Lengths precede what has no fixed one.
pub fn key_digest(shape: &Shape, key: &VerifyingKey<G1Affine>) -> [u8; 32] {
    let mut hash = Sha256::new();
    let mut absorb = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    absorb(b"zkmargin key v1");
    absorb(shape.name.as_bytes());
    let sizes = [
        shape.k as usize,
        shape.limb_bits as usize,
        shape.money_bits as usize,
        shape.symbols,
        shape.groups,
        shape.scenarios,
        shape.segments,
        shape.scan_lanes,
        key.cs().degree(),
    ];
    for size in sizes {
        absorb(&(size as u64).to_le_bytes());
    }
    absorb(key.transcript_repr().to_repr().as_ref());
    absorb(&key_bytes(key));
    hash.finalize().into()
}

/// A key as files have it.
pub fn key_bytes(key: &VerifyingKey<G1Affine>) -> Vec<u8> {
    key.to_bytes(FORMAT)
}

/// Reads a key of circuit `C` from bytes that are trusted to be one, for verifying only.
///
/// The library's own reader also prepares transforms of the whole extended domain, which take ten
/// times as long as a proof takes to verify and which only a prover uses. A key read here lacks them.
///
/// # Errors
/// When the bytes cannot be a key of 2^k rows of this circuit, or go on after it.
pub fn read_key<C: Circuit<Fr>>(
    bytes: &[u8],
    k: u32,
    params: C::Params,
) -> Result<VerifyingKey<G1Affine>, KeyError> {
    let not = |why: &str| KeyError::NotOfThisCircuit(why.to_owned());
    // Version, k, whether selectors are compressed (never), number of fixed columns.
    let (head, mut rest) = bytes
        .split_first_chunk::<10>()
        .ok_or_else(|| not("too short"))?;
    let [version, k0, k1, k2, k3, compressed, columns @ ..] = *head;
    if version != KEY_VERSION || compressed != 0 {
        return Err(not("written by another version"));
    }
    if u32::from_le_bytes([k0, k1, k2, k3]) != k {
        return Err(not("another number of rows"));
    }
    let mut cs = ConstraintSystem::default();
    C::configure_with_params(&mut cs, params);
    let domain = verifying_domain(k, cs.degree()).ok_or_else(|| not("too many rows"))?;
    // As the library does with selectors it does not compress. The circuits here have none.
    let selectors = cs.num_selectors();
    if selectors != 0 {
        (cs, _) = cs.directly_convert_selectors_to_fixed(vec![vec![false]; selectors]);
    }
    if usize::try_from(u32::from_le_bytes(columns)) != Ok(cs.num_fixed_columns()) {
        return Err(not("another number of columns"));
    }
    let mut points = |count: usize| -> Result<Vec<G1Affine>, KeyError> {
        (0..count)
            .map(|_| G1Affine::read(&mut rest, FORMAT))
            .collect::<Result<_, _>>()
            .map_err(|error| KeyError::NotOfThisCircuit(error.to_string()))
    };
    let fixed = points(cs.num_fixed_columns())?;
    let permuted = points(cs.permutation().get_columns().len())?;
    if !rest.is_empty() {
        return Err(not("bytes after its end"));
    }
    let permutation = permutation::VerifyingKey::from_commitments(permuted);
    Ok(VerifyingKey::from_parts(
        domain,
        fixed,
        permutation,
        cs,
        Vec::new(),
        false,
    ))
}

/// A key that this crate vouches for.
#[derive(Debug, Clone, Copy)]
pub struct PinnedKey {
    /// Name of the shape.
    pub shape: &'static str,
    /// The setup it was made under.
    pub setup: Setup,
    /// [`key_digest`], in hexadecimal.
    pub digest: &'static str,
    /// SHA-256 of `bytes`, in hexadecimal.
    pub bytes_digest: &'static str,
    /// [`key_bytes`].
    pub bytes: &'static [u8],
}

impl PinnedKey {
    /// Reads the key, once its bytes are known to be those that were pinned.
    ///
    /// # Errors
    /// When this build does not hold the key it was pinned with, or the circuit has changed since.
    pub fn read<C: Circuit<Fr, Params = Shape>>(
        &self,
        shape: &Shape,
    ) -> Result<VerifyingKey<G1Affine>, KeyError> {
        let damaged = || KeyError::Damaged {
            shape: self.shape.to_owned(),
            setup: self.setup.to_string(),
        };
        if shape.name != self.shape || hex::encode(Sha256::digest(self.bytes)) != self.bytes_digest
        {
            return Err(damaged());
        }
        let key = read_key::<C>(self.bytes, shape.k, *shape)?;
        if hex::encode(key_digest(shape, &key)) != self.digest {
            return Err(damaged());
        }
        Ok(key)
    }
}

/// The pinned keys. One is added with its file in `keys/`, made by the prover's key generation.
pub const PINNED_KEYS: &[PinnedKey] = &[
    PinnedKey {
        shape: "tiny-11",
        setup: Setup::Insecure,
        digest: "f37f5d2d038a1ed487040036b92210cac20c0da4791ab7e2cbc96054e7f08bc3",
        bytes_digest: "c5f0a038c88a9f16978e883a55e25f6cbce1bf4e2fdc160b120b8a3a54b1f37b",
        bytes: include_bytes!("../keys/tiny-11.insecure.vk"),
    },
    PinnedKey {
        shape: "small-14",
        setup: Setup::Insecure,
        digest: "9d0a78e9ce4c7097f4ca3ad1dca61e1cd4b85d76e4a0bd2b2f48b41a6248bf69",
        bytes_digest: "0da985f70f844bf38c9809acb893f61191ff53e474d65eb290142b5101cf4aea",
        bytes: include_bytes!("../keys/small-14.insecure.vk"),
    },
    PinnedKey {
        shape: "tiny-11",
        setup: Setup::HermezPpot,
        digest: "bd51bf40fc1a16153a949ce66c8658051a3f0b7919f6c2c0ab1e13930f5aa694",
        bytes_digest: "e1dde0bac1226cdaafc567b49bab56e8a33b6daeb2ce9509c91b36e11621a138",
        bytes: include_bytes!("../keys/tiny-11.hermez-ppot.vk"),
    },
    PinnedKey {
        shape: "retail-17",
        setup: Setup::Insecure,
        digest: "99297bfb5fc39ea498b3bcb3b6b871495b4fecbf588d7b8a0956fc09f98c45b8",
        bytes_digest: "8e60096222f5720c477ce8a0981f837e7b3a1b98fad20947dfade45aff285e24",
        bytes: include_bytes!("../keys/retail-17.insecure.vk"),
    },
    PinnedKey {
        shape: "retail-18",
        setup: Setup::Insecure,
        digest: "552b792ead6b027524c1d1dbec2797008279af3d9175b6130d022a5ec720af31",
        bytes_digest: "008e1a23dba2725e1b7a951d813fe00f18d9d70ad5d37737f8e77db3b13fe9a8",
        bytes: include_bytes!("../keys/retail-18.insecure.vk"),
    },
    PinnedKey {
        shape: "desk-18",
        setup: Setup::Insecure,
        digest: "db2c9b5ab084fd9fa22965e2acfc3d094116aadb5cc593c4f72f2a9bb84ef013",
        bytes_digest: "cee603c19e911a01f0410f3e91255b264c4d030c1e0c5f46f03261ec4641f8eb",
        bytes: include_bytes!("../keys/desk-18.insecure.vk"),
    },
    PinnedKey {
        shape: "desk-19",
        setup: Setup::Insecure,
        digest: "a93c9dc8d51afbd1ccaf39c2f83652325d38da7c7c6dd33055bb6f433594d386",
        bytes_digest: "bd2318b5e802cd683731c86e4e32af8a9e2eede1c31e54387fe671e961ebd71c",
        bytes: include_bytes!("../keys/desk-19.insecure.vk"),
    },
];

/// The pinned key of a shape under a setup.
pub fn pinned_key(shape: &str, setup: Setup) -> Option<&'static PinnedKey> {
    PINNED_KEYS
        .iter()
        .find(|key| key.shape == shape && key.setup == setup)
}
