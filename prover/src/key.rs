//! Proving and verifying keys of a shape under a setup.

use halo2_proofs::halo2curves::bn256::G1Affine;
use halo2_proofs::plonk::{Error, VerifyingKey};
use zkmargin_circuits::circuit::MarginCircuit;
use zkmargin_circuits::shape::Shape;

use crate::engine::key;
use crate::engine::simd::Portable;
#[cfg(target_arch = "x86_64")]
use crate::engine::simd::{Fma, Ifma};
use crate::params::Parameters;

/// A proving key, for the instructions of this machine.
#[derive(Debug)]
pub enum ProvingKey {
    /// With AVX-512 IFMA.
    #[cfg(target_arch = "x86_64")]
    Ifma(key::ProvingKey<Ifma>),
    /// With AVX2 and fused multiply-add.
    #[cfg(target_arch = "x86_64")]
    Fma(key::ProvingKey<Fma>),
    /// Without either.
    Portable(key::ProvingKey<Portable>),
}

/// The verifying key of a shape, from parameters of exactly its size.
///
/// # Errors
/// When the parameters are too small.
pub fn verifying_key(shape: &Shape, params: &Parameters) -> Result<VerifyingKey<G1Affine>, Error> {
    let circuit = MarginCircuit::keygen(shape);
    #[cfg(target_arch = "x86_64")]
    if let Some(simd) = Ifma::try_new() {
        return key::verifying_key(simd, &params.points(), &circuit);
    }
    #[cfg(target_arch = "x86_64")]
    if let Some(simd) = Fma::try_new() {
        return key::verifying_key(simd, &params.points(), &circuit);
    }
    key::verifying_key(Portable, &params.points(), &circuit)
}

/// The proving key of a shape; its verifying key is made anew where none is given.
///
/// # Errors
/// When the parameters are too small.
pub fn proving_key(
    shape: &Shape,
    params: &Parameters,
    verifying: Option<VerifyingKey<G1Affine>>,
) -> Result<ProvingKey, Error> {
    let circuit = MarginCircuit::keygen(shape);
    #[cfg(target_arch = "x86_64")]
    if let Some(simd) = Ifma::try_new() {
        return key::proving_key(simd, &params.points(), &circuit, verifying).map(ProvingKey::Ifma);
    }
    #[cfg(target_arch = "x86_64")]
    if let Some(simd) = Fma::try_new() {
        return key::proving_key(simd, &params.points(), &circuit, verifying).map(ProvingKey::Fma);
    }
    key::proving_key(Portable, &params.points(), &circuit, verifying).map(ProvingKey::Portable)
}

impl ProvingKey {
    /// The verifying key.
    pub fn verifying(&self) -> &VerifyingKey<G1Affine> {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Ifma(key) => &key.verifying,
            #[cfg(target_arch = "x86_64")]
            Self::Fma(key) => &key.verifying,
            Self::Portable(key) => &key.verifying,
        }
    }
}
