//! The challenges.

use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::plonk::{Challenge, ConstraintSystem, FirstPhase};

/// Challenges drawn after the first phase.
#[derive(Debug, Clone, Copy)]
pub struct Challenges {
    /// Compresses tuples and scalar totals.
    pub theta: Challenge,
    /// Pole of the lookups and sums.
    pub x: Challenge,
    /// Separates scenarios.
    pub gamma: Challenge,
    /// Separates risk groups.
    pub xi: Challenge,
    /// Separates settlement assets.
    pub upsilon: Challenge,
    /// Separates the summed arguments.
    pub kappa: Challenge,
}

impl Challenges {
    pub(super) fn new(meta: &mut ConstraintSystem<Fr>) -> Self {
        let mut challenge = || meta.challenge_usable_after(FirstPhase);
        Self {
            theta: challenge(),
            x: challenge(),
            gamma: challenge(),
            xi: challenge(),
            upsilon: challenge(),
            kappa: challenge(),
        }
    }
}
