//! zkmargin prover.

pub mod generate;
pub mod params;
