//! Proving and verifying keys of a shape under a setup.

use halo2_proofs::halo2curves::bn256::G1Affine;
use halo2_proofs::plonk::{keygen_pk, keygen_vk_custom, Error, ProvingKey, VerifyingKey};
use zkmargin_circuits::circuit::MarginCircuit;
use zkmargin_circuits::shape::Shape;

use crate::params::Parameters;

/// The verifying key of a shape, from parameters of exactly its size.
///
/// # Errors
/// When the parameters are too small.
pub fn verifying_key(shape: &Shape, params: &Parameters) -> Result<VerifyingKey<G1Affine>, Error> {
    // Selectors are fixed columns of ours already: there is nothing to compress.
    keygen_vk_custom(params.kzg(), &MarginCircuit::keygen(shape), false)
}

/// The proving key that goes with a verifying key.
///
/// # Errors
/// When the parameters are too small.
pub fn proving_key(
    shape: &Shape,
    params: &Parameters,
    key: VerifyingKey<G1Affine>,
) -> Result<ProvingKey<G1Affine>, Error> {
    keygen_pk(params.kzg(), key, &MarginCircuit::keygen(shape))
}
