//! zkmargin prover.

pub mod params;
