//! Verifies zkmargin bundles and inclusion records.
//!
//! Pure functions over bytes: no files, no clocks, no randomness, no panics on any input.
//! Everything that decides is a constant of this crate or passed in by the caller; a bundle only
//! selects among what is already trusted.
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::unreachable,
        clippy::todo,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects
    )
)]

pub mod audit;
pub mod bundle;
pub mod chain;
pub mod files;
pub mod key;
pub mod plonk;
pub mod proof;
pub mod record;
pub mod report;
pub mod setup;
pub mod shard;
pub mod signature;
pub mod totals;
pub mod transcript;
