//! zkmargin prover.

pub mod accounts;
pub mod generate;
pub mod params;
pub mod records;
pub mod write;
