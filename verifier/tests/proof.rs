//! Proofs of a small circuit with all that the real one uses: two phases, a challenge, a lookup, copies.

use ff::Field;
use halo2_proofs::circuit::{Layouter, SimpleFloorPlanner, Value};
use halo2_proofs::halo2curves::bn256::{Bn256, Fr, G1Affine};
use halo2_proofs::plonk::{
    create_proof, keygen_pk, keygen_vk, Advice, Challenge, Circuit, Column, ConstraintSystem,
    Error, FirstPhase, Fixed, Instance, ProvingKey, SecondPhase, VerifyingKey,
};
use halo2_proofs::poly::kzg::commitment::{KZGCommitmentScheme, ParamsKZG};
use halo2_proofs::poly::kzg::multiopen::ProverSHPLONK;
use halo2_proofs::poly::Rotation;
use halo2_proofs::transcript::{Blake2bWrite, Challenge255, TranscriptWriterBuffer};
use rand::rngs::OsRng;
use zkmargin_circuits::shape::{Shape, SHAPES};
use zkmargin_verifier::key::{key_bytes, key_digest, read_key};
use zkmargin_verifier::plonk::sums::Sums;
use zkmargin_verifier::plonk::ProofVerifier;
use zkmargin_verifier::proof::{verify_proof, ProofError};
use zkmargin_verifier::setup::verifier_params;

const K: u32 = 6;

/// b = r * a for a challenge r; a is public and a row number of the table below 8.
#[derive(Clone, Default)]
struct Stub {
    a: [u64; 2],
}

#[derive(Clone)]
struct StubConfig {
    a: Column<Advice>,
    b: Column<Advice>,
    q: Column<Fixed>,
    table: Column<Fixed>,
    public: Column<Instance>,
    r: Challenge,
}

impl Circuit<Fr> for Stub {
    type Config = StubConfig;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = ();

    fn without_witnesses(&self) -> Self {
        Self::default()
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> StubConfig {
        let a = meta.advice_column_in(FirstPhase);
        let b = meta.advice_column_in(SecondPhase);
        let (q, table, public) = (
            meta.fixed_column(),
            meta.fixed_column(),
            meta.instance_column(),
        );
        let r = meta.challenge_usable_after(FirstPhase);
        meta.enable_equality(a);
        meta.enable_equality(public);
        meta.create_gate("b = r * a", |cells| {
            let q = cells.query_fixed(q, Rotation::cur());
            let r = cells.query_challenge(r);
            let a = cells.query_advice(a, Rotation::cur());
            let b = cells.query_advice(b, Rotation::cur());
            vec![q * (b - r * a)]
        });
        meta.lookup_any("a is below 8", |cells| {
            vec![(
                cells.query_advice(a, Rotation::cur()),
                cells.query_fixed(table, Rotation::cur()),
            )]
        });
        meta.set_minimum_degree(4);
        StubConfig {
            a,
            b,
            q,
            table,
            public,
            r,
        }
    }

    fn synthesize(&self, config: StubConfig, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        let cells = layouter.assign_region(
            || "stub",
            |mut region| {
                for row in 0..8 {
                    region.assign_fixed(config.table, row, Fr::from(row as u64));
                }
                let mut cells = vec![];
                for (row, a) in self.a.iter().enumerate() {
                    region.assign_fixed(config.q, row, Fr::ONE);
                    let cell = region.assign_advice(config.a, row, Value::known(Fr::from(*a)));
                    cells.push(cell.cell());
                }
                region.next_phase();
                let r = region.get_challenge(config.r);
                for (row, a) in self.a.iter().enumerate() {
                    region.assign_advice(config.b, row, r.map(|r| r * Fr::from(*a)));
                }
                Ok(cells)
            },
        )?;
        for (row, cell) in cells.into_iter().enumerate() {
            layouter.constrain_instance(cell, config.public, row);
        }
        Ok(())
    }
}

struct Made {
    params: ParamsKZG<Bn256>,
    key: ProvingKey<G1Affine>,
}

impl Made {
    fn new() -> Self {
        let params = ParamsKZG::setup(K, OsRng);
        let circuit = Stub::default();
        let key = keygen_pk(&params, keygen_vk(&params, &circuit).unwrap(), &circuit).unwrap();
        Self { params, key }
    }

    fn prove(&self, a: [u64; 2]) -> Vec<u8> {
        let mut transcript = Blake2bWrite::<_, _, Challenge255<_>>::init(vec![]);
        create_proof::<KZGCommitmentScheme<Bn256>, ProverSHPLONK<Bn256>, _, _, _, _>(
            &self.params,
            &self.key,
            &[Stub { a }],
            &[&[&instance(a)]],
            OsRng,
            &mut transcript,
        )
        .unwrap();
        transcript.finalize()
    }

    fn verifier<'k>(&self, key: &'k VerifyingKey<G1Affine>) -> ProofVerifier<'k> {
        // The library opens every cell.
        let sums = Sums::none(key.cs()).unwrap();
        ProofVerifier::with_sums(key, self.params.s_g2(), sums).unwrap()
    }

    fn verify_under(
        &self,
        key: &VerifyingKey<G1Affine>,
        instance: &[Fr],
        proof: &[u8],
    ) -> Result<(), ProofError> {
        let verifier = self.verifier(key);
        verifier.settle(&[verifier.read(instance, proof)?])
    }

    fn verify(&self, instance: &[Fr], proof: &[u8]) -> Result<(), ProofError> {
        self.verify_under(self.key.get_vk(), instance, proof)
    }
}

fn instance(a: [u64; 2]) -> Vec<Fr> {
    a.map(Fr::from).to_vec()
}

#[test]
fn accepts_a_proof_with_three_points_of_the_parameters() {
    let made = Made::new();
    let proof = made.prove([3, 7]);
    assert_eq!(proof.len(), made.verifier(made.key.get_vk()).proof_bytes());
    made.verify(&instance([3, 7]), &proof).unwrap();
}

#[test]
fn rejects_other_public_inputs() {
    let made = Made::new();
    let proof = made.prove([3, 7]);
    assert_eq!(
        made.verify(&instance([3, 6]), &proof),
        Err(ProofError::False)
    );
    assert_eq!(
        made.verify(&instance([3, 7])[..1], &proof),
        Err(ProofError::False)
    );
    let more: Vec<Fr> = vec![Fr::ONE; 1 << K];
    assert!(matches!(
        made.verify(&more, &proof),
        Err(ProofError::Mismatch(_))
    ));
    let false_proof = made.prove([3, 9]);
    assert_eq!(
        made.verify(&instance([3, 9]), &false_proof),
        Err(ProofError::False)
    );
}

#[test]
fn rejects_every_changed_byte_and_every_other_length() {
    let made = Made::new();
    let good = made.prove([3, 7]);
    let public = instance([3, 7]);
    for at in 0..good.len() {
        for bit in [0, 6, 7] {
            let mut proof = good.clone();
            proof[at] ^= 1 << bit;
            assert!(
                made.verify(&public, &proof).is_err(),
                "byte {at}, bit {bit}"
            );
        }
    }
    for length in [0, 1, 31, 32, good.len() - 32, good.len() - 1] {
        assert!(matches!(
            made.verify(&public, &good[..length]),
            Err(ProofError::Length { .. })
        ));
    }
    for tail in [1, 32] {
        let mut proof = good.clone();
        proof.resize(good.len() + tail, 0);
        assert!(matches!(
            made.verify(&public, &proof),
            Err(ProofError::Length { .. })
        ));
    }
    made.verify(&public, &good).unwrap();
}

#[test]
fn rejects_another_setup_key_or_size() {
    let made = Made::new();
    let other = Made::new();
    let proof = made.prove([3, 7]);
    let public = instance([3, 7]);
    assert!(other.verify(&public, &proof).is_err());
    assert_eq!(
        other.verify_under(made.key.get_vk(), &public, &proof),
        Err(ProofError::False)
    );
    let larger = verifier_params(K + 1, made.params.s_g2());
    assert!(matches!(
        verify_proof(&larger, made.key.get_vk(), &public, &proof),
        Err(ProofError::Mismatch(_))
    ));
}

fn read(bytes: &[u8]) -> Result<VerifyingKey<G1Affine>, zkmargin_verifier::key::KeyError> {
    read_key::<Stub>(bytes, K, ())
}

#[test]
fn accepts_a_key_that_was_written() {
    let made = Made::new();
    let bytes = key_bytes(made.key.get_vk());
    let key = read(&bytes).unwrap();
    let shape = SHAPES[0];
    assert_eq!(
        key_digest(&shape, &key),
        key_digest(&shape, made.key.get_vk())
    );
    let proof = made.prove([3, 7]);
    made.verify_under(&key, &instance([3, 7]), &proof).unwrap();
}

#[test]
fn rejects_keys_of_another_length_or_size() {
    let made = Made::new();
    let good = key_bytes(made.key.get_vk());
    for length in 0..good.len() {
        assert!(read(&good[..length]).is_err(), "{length} bytes");
    }
    let mut bytes = good.clone();
    bytes.push(0);
    assert!(read(&bytes).is_err());
    for (at, value) in [(0, 3), (1, 7), (4, 255), (5, 1), (6, 1), (6, 3), (9, 255)] {
        let mut bytes = good.clone();
        bytes[at] = value;
        assert!(read(&bytes).is_err(), "byte {at} = {value}");
    }
}

#[test]
fn a_key_is_another_for_another_shape_setup_or_circuit() {
    let made = Made::new();
    let digest = |shape: &Shape| key_digest(shape, made.key.get_vk());
    let mut digests: Vec<_> = SHAPES.iter().map(digest).collect();
    let mut renamed = SHAPES[0];
    renamed.name = "other";
    digests.push(digest(&renamed));
    digests.push(key_digest(&SHAPES[0], Made::new().key.get_vk()));
    digests.sort_unstable();
    let count = digests.len();
    digests.dedup();
    assert_eq!(digests.len(), count);
}
