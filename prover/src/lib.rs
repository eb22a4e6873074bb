//! zkmargin prover.

pub mod accounts;
pub mod bundle;
pub mod error;
pub mod generate;
pub mod key;
pub mod memory;
pub mod meter;
pub mod params;
pub mod placement;
pub mod prove;
pub mod records;
pub mod shard;
pub mod snapshot;
pub mod work;
pub mod write;
