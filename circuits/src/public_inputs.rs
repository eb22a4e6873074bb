//! What a proof is verified against: the instance column.

use halo2_proofs::halo2curves::bn256::Fr;

use crate::field::from_be_bytes;
use crate::shape::PUBLIC_INPUTS;

/// The public inputs, in the order of the instance column (the context takes two rows, high half
/// first).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicInputs {
    /// SHA-256 of the bytes of `statement.json`.
    pub context: [u8; 32],
    /// Index of the shard, from 0.
    pub shard: u64,
    /// Number of shards.
    pub shards: u64,
    /// Market digest.
    pub market: Fr,
    /// Model digest.
    pub model: Fr,
    /// Root of the shard's tree.
    pub root: Fr,
    /// Counts digest of the shard.
    pub counts: Fr,
}

/// Row of the market digest.
pub const MARKET_ROW: usize = 4;
/// Row of the model digest.
pub const MODEL_ROW: usize = 5;
/// Row of the root.
pub const ROOT_ROW: usize = 6;
/// Row of the counts digest.
pub const COUNTS_ROW: usize = 7;

impl PublicInputs {
    /// The instance column.
    pub fn column(&self) -> [Fr; PUBLIC_INPUTS] {
        [
            from_be_bytes(&self.context[..16]),
            from_be_bytes(&self.context[16..]),
            Fr::from(self.shard),
            Fr::from(self.shards),
            self.market,
            self.model,
            self.root,
            self.counts,
        ]
    }
}
