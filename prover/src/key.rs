//! Proving and verifying keys of a shape under a setup.

use halo2_proofs::halo2curves::bn256::{Fr, G1Affine};
use halo2_proofs::plonk::{Error, VerifyingKey};
use rand_core::CryptoRngCore;
use zkmargin_circuits::circuit::MarginCircuit;
use zkmargin_circuits::shape::Shape;

use crate::engine::key;
use crate::engine::proof::{create_proof, ProofError, Step, Witness};
use crate::engine::simd::{Fastest, Portable};
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
    /// With the library's arithmetic.
    Portable(key::ProvingKey<Portable>),
}

/// The verifying key of a shape, from parameters of exactly its size.
///
/// # Errors
/// When the parameters are too small.
pub fn verifying_key(shape: &Shape, params: &Parameters) -> Result<VerifyingKey<G1Affine>, Error> {
    let circuit = MarginCircuit::keygen(shape);
    let points = params.points();
    match Fastest::of_this_machine() {
        #[cfg(target_arch = "x86_64")]
        Fastest::Ifma(simd) => key::verifying_key(simd, &points, &circuit),
        #[cfg(target_arch = "x86_64")]
        Fastest::Fma(simd) => key::verifying_key(simd, &points, &circuit),
        Fastest::Portable(simd) => key::verifying_key(simd, &points, &circuit),
    }
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
    let points = params.points();
    Ok(match Fastest::of_this_machine() {
        #[cfg(target_arch = "x86_64")]
        Fastest::Ifma(simd) => {
            ProvingKey::Ifma(key::proving_key(simd, &points, &circuit, verifying)?)
        }
        #[cfg(target_arch = "x86_64")]
        Fastest::Fma(simd) => {
            ProvingKey::Fma(key::proving_key(simd, &points, &circuit, verifying)?)
        }
        Fastest::Portable(simd) => {
            ProvingKey::Portable(key::proving_key(simd, &points, &circuit, verifying)?)
        }
    })
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

    /// [`create_proof`] with this key.
    ///
    /// # Errors
    /// See there.
    pub fn prove(
        &self,
        witness: &mut dyn Witness,
        instance: &[Fr],
        rng: &mut dyn CryptoRngCore,
        watch: &mut dyn FnMut(Step),
    ) -> Result<Vec<u8>, ProofError> {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Ifma(key) => create_proof(key, witness, instance, rng, watch),
            #[cfg(target_arch = "x86_64")]
            Self::Fma(key) => create_proof(key, witness, instance, rng, watch),
            Self::Portable(key) => create_proof(key, witness, instance, rng, watch),
        }
    }
}
