//! A circuit of the real one's public interface that proves nothing: what the proof cannot catch,
//! the checks around it must.

use ff::Field;
use halo2_proofs::circuit::{Layouter, SimpleFloorPlanner, Value};
use halo2_proofs::halo2curves::bn256::{Bn256, Fr, G1Affine, G2Affine};
use halo2_proofs::plonk::{
    create_proof, keygen_pk, keygen_vk, Advice, Circuit, Column, ConstraintSystem, Error, Instance,
    ProvingKey,
};
use halo2_proofs::poly::kzg::commitment::{KZGCommitmentScheme, ParamsKZG};
use halo2_proofs::poly::kzg::multiopen::ProverSHPLONK;
use halo2_proofs::transcript::{Blake2bWrite, Challenge255, TranscriptWriterBuffer};
use rand::rngs::{OsRng, StdRng};
use rand::{RngCore, SeedableRng};
use sha2::{Digest, Sha512};
use zkmargin_circuits::shape::Shape;
use zkmargin_verifier::setup::INSECURE_SENTENCE;

#[derive(Clone, Default)]
pub struct Stub {
    first: Fr,
}

impl Circuit<Fr> for Stub {
    type Config = (Column<Advice>, Column<Instance>);
    type FloorPlanner = SimpleFloorPlanner;
    type Params = Shape;

    fn without_witnesses(&self) -> Self {
        Self::default()
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> Self::Config {
        let columns = (meta.advice_column(), meta.instance_column());
        meta.enable_equality(columns.0);
        meta.enable_equality(columns.1);
        meta.set_minimum_degree(4);
        columns
    }

    fn synthesize(
        &self,
        (a, public): Self::Config,
        mut layouter: impl Layouter<Fr>,
    ) -> Result<(), Error> {
        let cell = layouter.assign_region(
            || "the first public input",
            |mut region| Ok(region.assign_advice(a, 0, Value::known(self.first)).cell()),
        )?;
        layouter.constrain_instance(cell, public, 0);
        Ok(())
    }
}

/// Draws the insecure setup's secret from its sentence.
struct Sentence(std::vec::IntoIter<u8>);

impl RngCore for Sentence {
    fn next_u32(&mut self) -> u32 {
        unreachable!("field elements are drawn in words of 64 bits")
    }

    fn next_u64(&mut self) -> u64 {
        let mut word = [0; 8];
        self.fill_bytes(&mut word);
        u64::from_le_bytes(word)
    }

    fn fill_bytes(&mut self, dest: &mut [u8]) {
        dest.iter_mut()
            .for_each(|byte| *byte = self.0.next().expect("64 bytes are enough"));
    }

    fn try_fill_bytes(&mut self, dest: &mut [u8]) -> Result<(), rand::Error> {
        self.fill_bytes(dest);
        Ok(())
    }
}

pub struct Prover {
    pub params: ParamsKZG<Bn256>,
    pub key: ProvingKey<G1Affine>,
    /// The secret of the parameters.
    pub tau: Fr,
}

impl Prover {
    /// Under the insecure setup.
    pub fn insecure(shape: &Shape) -> Self {
        let digest = Sha512::digest(INSECURE_SENTENCE).to_vec();
        Self::new(shape, || Sentence(digest.clone().into_iter()))
    }

    /// Under a ceremony that nobody knows.
    pub fn unknown(shape: &Shape) -> Self {
        let seed = OsRng.next_u64();
        Self::new(shape, || StdRng::seed_from_u64(seed))
    }

    /// `secret` gives a generator that draws the same tau each time.
    fn new<R: RngCore>(shape: &Shape, secret: impl Fn() -> R) -> Self {
        let tau = Fr::random(secret());
        let params = ParamsKZG::setup(shape.k, secret());
        let circuit = Stub::default();
        let key = keygen_pk(&params, keygen_vk(&params, &circuit).unwrap(), &circuit).unwrap();
        assert_eq!(params.s_g2(), (G2Affine::generator() * tau).into());
        Self { params, key, tau }
    }

    pub fn prove(&self, instance: &[Fr]) -> Vec<u8> {
        let mut transcript = Blake2bWrite::<_, _, Challenge255<_>>::init(vec![]);
        create_proof::<KZGCommitmentScheme<Bn256>, ProverSHPLONK<Bn256>, _, _, _, _>(
            &self.params,
            &self.key,
            &[Stub { first: instance[0] }],
            &[&[instance]],
            OsRng,
            &mut transcript,
        )
        .unwrap();
        transcript.finalize()
    }
}
