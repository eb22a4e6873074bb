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
        digest: "ef0898e22f7e40ef0edd334edad57dc0fcb885aa284dad05861908476bfd0839",
        bytes_digest: "ad77922699708792862a3ff16c706c1bc26c462791ac4acff28a697d81be1437",
        bytes: include_bytes!("../keys/tiny-11.insecure.vk"),
    },
    PinnedKey {
        shape: "small-14",
        setup: Setup::Insecure,
        digest: "d98f46b5e88cf36a6a87aecabe38d2573b170751a9cbbd2d338e623aa8809306",
        bytes_digest: "a70f4144fd6e8f91bf2cf665a8bacd7aefed3de47e6e231620e40dab786f143b",
        bytes: include_bytes!("../keys/small-14.insecure.vk"),
    },
    PinnedKey {
        shape: "tiny-11",
        setup: Setup::HermezPpot,
        digest: "3fd2ae862e3554ed7a8d5b9aad9ecd010241e8ffad2b94f5a355e2dd4d15ec02",
        bytes_digest: "4bb2f6805f959fd8059f56579d985fc324d669b6fd73a6932b304dededa8687d",
        bytes: include_bytes!("../keys/tiny-11.hermez-ppot.vk"),
    },
    PinnedKey {
        shape: "retail-17",
        setup: Setup::Insecure,
        digest: "abc0897250cdc1686a05d4e0250457ec353f7fc7f0ebd39d11f0aca2b42addb2",
        bytes_digest: "36fea859c997ff232e8c7a2c01f6edf3df9a66ffccb0879590e7ac5a5f7750f8",
        bytes: include_bytes!("../keys/retail-17.insecure.vk"),
    },
    PinnedKey {
        shape: "retail-18",
        setup: Setup::Insecure,
        digest: "dba7dd653e995facd5be25943fcc210b89772b275fdfe8571bd347d47d12b96b",
        bytes_digest: "8b61ab4b2267eb72068b2fc2635bf413fb9b27e5af380dd658f2043bbe811975",
        bytes: include_bytes!("../keys/retail-18.insecure.vk"),
    },
    PinnedKey {
        shape: "desk-18",
        setup: Setup::Insecure,
        digest: "92685e94ad5fab957658878f24c4d2fc7d2914cbba60eb2a3c28cbff3a108c66",
        bytes_digest: "69f73982f1b5120dff36d73049cde646bb6973ac709d815326e354c94a0e985c",
        bytes: include_bytes!("../keys/desk-18.insecure.vk"),
    },
    PinnedKey {
        shape: "desk-19",
        setup: Setup::Insecure,
        digest: "a5c04820287e2a30dd509c45568c69b277f75aae921b8cf9664309b82b217fea",
        bytes_digest: "23442ff75a51951d8c9098db326ad27c48d5b139096740552dcc8352dcb6e0ab",
        bytes: include_bytes!("../keys/desk-19.insecure.vk"),
    },
];

/// The pinned key of a shape under a setup.
pub fn pinned_key(shape: &str, setup: Setup) -> Option<&'static PinnedKey> {
    PINNED_KEYS
        .iter()
        .find(|key| key.shape == shape && key.setup == setup)
}
