//! One proof against one key, one instance column and one `[tau]G2`.

use halo2_proofs::halo2curves::bn256::{Bn256, Fr, G1Affine};
use halo2_proofs::plonk::VerifyingKey;
use halo2_proofs::poly::commitment::Params;
use halo2_proofs::poly::kzg::commitment::ParamsKZG;

use crate::plonk::ProofVerifier;

/// Why a proof is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// Key, parameters and public inputs do not belong together. No proof is to blame.
    #[error("key, parameters and public inputs do not belong together: {0}")]
    Mismatch(&'static str),
    /// Every proof under a key has the same length.
    #[error("the proof has {found} bytes, where every proof under this key has {expected}")]
    Length {
        /// Bytes of every proof under the key.
        expected: usize,
        /// Bytes there are.
        found: usize,
    },
    /// Not the one encoding of points and scalars.
    #[error("the proof is not well formed: {0}")]
    Encoding(String),
    /// Well formed, and does not prove these public inputs.
    #[error("the proof does not hold for these public inputs")]
    False,
}

/// Checks that `proof` proves the public inputs `instance`, the circuit's one instance column.
///
/// The caller decides the length of `instance`: what lacks is 0. For many proofs under one key there
/// is [`ProofVerifier`].
///
/// # Errors
/// See [`ProofError`].
pub fn verify_proof(
    params: &ParamsKZG<Bn256>,
    key: &VerifyingKey<G1Affine>,
    instance: &[Fr],
    proof: &[u8],
) -> Result<(), ProofError> {
    if key.get_domain().k() != params.k() {
        return Err(ProofError::Mismatch("parameters of another size"));
    }
    let verifier = ProofVerifier::new(key, params.s_g2())?;
    let claim = verifier.read(instance, proof)?;
    verifier.settle(&[claim])
}
