//! zkmargin prover.
