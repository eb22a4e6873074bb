//! Poseidon of many blocks at once: where arithmetic on several elements may stand in for this
//! crate's own.
//!
//! Whoever verifies hashes with [`super::hash8`] alone. Roots and witnesses of a prover need no
//! trust: a wrong hash among them makes a proof that does not verify.

use halo2_proofs::halo2curves::bn256::Fr;

use super::{boxes, hash8, Boxes, RATE};

/// Hashes blocks of eight elements, none of which depends on another.
pub trait Hasher: Sync {
    /// [`hash8`] of each block.
    fn hashes(&self, blocks: &[[Fr; RATE]]) -> Vec<Fr>;

    /// [`boxes`] of each block.
    fn boxes(&self, blocks: &[[Fr; RATE]]) -> Vec<Boxes>;
}

/// Block by block, as this crate hashes everywhere else.
#[derive(Debug, Clone, Copy)]
pub struct Plain;

impl Hasher for Plain {
    fn hashes(&self, blocks: &[[Fr; RATE]]) -> Vec<Fr> {
        blocks.iter().map(|block| hash8(*block)).collect()
    }

    fn boxes(&self, blocks: &[[Fr; RATE]]) -> Vec<Boxes> {
        blocks.iter().map(|block| boxes(*block)).collect()
    }
}
