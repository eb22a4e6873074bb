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
        digest: "7f9e26235d11fb67f3d8c43f3c905759c5b9bd23082ef0ae85890e1c5ff4a635",
        bytes_digest: "9fb025e78809bf6782ad1bdc263483b713e39882da09c93859e64c2e1c35bd02",
        bytes: include_bytes!("../keys/tiny-11.insecure.vk"),
    },
    PinnedKey {
        shape: "small-14",
        setup: Setup::Insecure,
        digest: "f174d9a7117f6ea1abb25afd8948064eed5aa4f5cd428377cf26fb9ff186791f",
        bytes_digest: "ca5bfbae64402c9bc3ecfdf24f8c2e5102b42a8fa899d1be6ee608277aaab372",
        bytes: include_bytes!("../keys/small-14.insecure.vk"),
    },
    PinnedKey {
        shape: "tiny-11",
        setup: Setup::HermezPpot,
        digest: "3e79beb04f41795fe5034797b9ec4ea5c1f5860014b7432cec2c2cd0b76418fb",
        bytes_digest: "9eafd6a8bcd90ab01cf759c74a0e8f0925afb12877922ea80718cdc915f2f5b3",
        bytes: include_bytes!("../keys/tiny-11.hermez-ppot.vk"),
    },
    PinnedKey {
        shape: "retail-17",
        setup: Setup::Insecure,
        digest: "d340cd7ae1a0d397ac6f971c843b971e8536c506ffbf993f39b4e29d34bd82eb",
        bytes_digest: "649400525958b3aad197bea20423b7127458e0da81ed31cc6d458e2bc7a4422e",
        bytes: include_bytes!("../keys/retail-17.insecure.vk"),
    },
    PinnedKey {
        shape: "retail-18",
        setup: Setup::Insecure,
        digest: "598fa4afd470b964870a349928ffa55b3e5bbd2729b8c89f9a1ac16c35146d98",
        bytes_digest: "fefb3b704ce1ce7ea4da1ad835d512d5d6efe564377ef151eb9ff3edb6a356f0",
        bytes: include_bytes!("../keys/retail-18.insecure.vk"),
    },
    PinnedKey {
        shape: "desk-18",
        setup: Setup::Insecure,
        digest: "645327d3708f97bd96bad5aad2d08b0cdb4a94d9867df224e59b219fcd477da8",
        bytes_digest: "62e28ced190367a4842605143de2959f502b4eeb4c18a1524cc68e056b80ec7d",
        bytes: include_bytes!("../keys/desk-18.insecure.vk"),
    },
    PinnedKey {
        shape: "desk-19",
        setup: Setup::Insecure,
        digest: "fe7a47ca02347fbffc00d09e120cb63381a9a5355682c368857caa69dda4aa98",
        bytes_digest: "6350820e6ce62caac35f6c562a3aa12d41287895d41893a534ab819cf8112ef9",
        bytes: include_bytes!("../keys/desk-19.insecure.vk"),
    },
];

/// The pinned key of a shape under a setup.
pub fn pinned_key(shape: &str, setup: Setup) -> Option<&'static PinnedKey> {
    PINNED_KEYS
        .iter()
        .find(|key| key.shape == shape && key.setup == setup)
}
