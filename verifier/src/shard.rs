//! The file of one shard's proof: what is public of the shard, and the proof.
//!
//! | bytes | what |
//! |---|---|
//! | 32 | root of the shard's tree, a field element, little-endian |
//! | 32 | counts digest of the shard |
//! | the rest | the proof |

use ff::PrimeField;
use halo2_proofs::halo2curves::bn256::Fr;

use crate::proof::ProofError;
use crate::transcript::{decode_scalar, ELEMENT_BYTES};

/// The name of a shard's file in a bundle.
pub fn file_name(index: usize) -> String {
    format!("proof-{index:05}.bin")
}

/// Whether a shard's file can have this name.
pub fn has_name(name: &str) -> bool {
    let index = name.strip_prefix("proof-");
    let index = index.and_then(|rest| rest.strip_suffix(".bin"));
    let index = index.and_then(|index| index.parse().ok());
    index.is_some_and(|index| file_name(index) == name)
}

/// A shard's file, read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShardFile<'a> {
    /// Root of its tree.
    pub root: Fr,
    /// Its counts digest.
    pub counts: Fr,
    /// The proof.
    pub proof: &'a [u8],
}

impl<'a> ShardFile<'a> {
    /// Reads a file. The proof is looked at by whoever verifies it.
    ///
    /// # Errors
    /// [`ProofError::Encoding`] when it is too short, or begins with what is no field element.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ProofError> {
        let short = || ProofError::Encoding("the file ends early".to_owned());
        let scalar =
            |bytes| decode_scalar(bytes).map_err(|error| ProofError::Encoding(error.to_string()));
        let (root, rest) = bytes
            .split_first_chunk::<ELEMENT_BYTES>()
            .ok_or_else(short)?;
        let (counts, proof) = rest
            .split_first_chunk::<ELEMENT_BYTES>()
            .ok_or_else(short)?;
        Ok(Self {
            root: scalar(root)?,
            counts: scalar(counts)?,
            proof,
        })
    }

    /// The bytes of the file.
    pub fn to_bytes(&self) -> Vec<u8> {
        [
            self.root.to_repr().as_ref(),
            self.counts.to_repr().as_ref(),
            self.proof,
        ]
        .concat()
    }
}
