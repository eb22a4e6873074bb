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
        digest: "0ba987cd35d32db7c133c58a4f8cd9fca57c2069f86c3f66e3eeb7afb315159c",
        bytes_digest: "2bc26f05d1bd228f0fb5bdaaf5d050cccc79f9eea7e07efaa175d74e741baa22",
        bytes: include_bytes!("../keys/tiny-11.insecure.vk"),
    },
    PinnedKey {
        shape: "small-14",
        setup: Setup::Insecure,
        digest: "efb5fe699fe577e0bef537c689939c1323df54fdb37755cdd1559c5564ec8fb7",
        bytes_digest: "e44c75c07ff8cd42c093512a333da94243b5503984ba90a752eec8b865cf59e7",
        bytes: include_bytes!("../keys/small-14.insecure.vk"),
    },
    PinnedKey {
        shape: "tiny-11",
        setup: Setup::HermezPpot,
        digest: "121045e802e42a8854eb1c1a7701f62acb6de79016ebb99fc59bdfb00cf96be2",
        bytes_digest: "c25b7bd625595b80f5dc1ea3b6e0ee632f06639cd5a96b37edc4c270fe1a5cdc",
        bytes: include_bytes!("../keys/tiny-11.hermez-ppot.vk"),
    },
    PinnedKey {
        shape: "retail-17",
        setup: Setup::Insecure,
        digest: "f13e66470bb42acf10ffd3ebffb6910f0b2301e7b5b9e18e6a0385953543e409",
        bytes_digest: "09c26bc476cca96e15f6bc88c916ba77f0b7094919fc849a013d927fdd46793f",
        bytes: include_bytes!("../keys/retail-17.insecure.vk"),
    },
    PinnedKey {
        shape: "retail-18",
        setup: Setup::Insecure,
        digest: "b123d6c55bb2dbaf7666666e547aab0074c3b04382148ad37265ea3e2198faa4",
        bytes_digest: "b64ffe3302f748b81539495eea6155ae3175a54be823c820d36bf3a0263f1d7c",
        bytes: include_bytes!("../keys/retail-18.insecure.vk"),
    },
    PinnedKey {
        shape: "desk-18",
        setup: Setup::Insecure,
        digest: "7f55b24c93d3225d0caae8408ab1bc670f1791067a3dba27d570a90f5c5ec6d7",
        bytes_digest: "1c1d215ec33bbe20acb79d9694a24b8404c33162cb34a9cd0c18e23eb627bcad",
        bytes: include_bytes!("../keys/desk-18.insecure.vk"),
    },
    PinnedKey {
        shape: "desk-19",
        setup: Setup::Insecure,
        digest: "7fcfb962bd9a16f96873d4dbbbd5f9309ce253cf61bf5780f83b00d75d8c9b36",
        bytes_digest: "c7e50e627370f3379b2885446defc181a8b75755dde2f644741e4158bc9a1858",
        bytes: include_bytes!("../keys/desk-19.insecure.vk"),
    },
];

/// The pinned key of a shape under a setup.
pub fn pinned_key(shape: &str, setup: Setup) -> Option<&'static PinnedKey> {
    PINNED_KEYS
        .iter()
        .find(|key| key.shape == shape && key.setup == setup)
}
