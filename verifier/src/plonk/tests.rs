//! This verifier against the library's.
//!
//! Under a setup whose `tau` is known any proof can be completed: [`Forge::proof`] fills one with
//! random points and random evaluations and finds the last point that settles it. The library accepts
//! it only if it computes the same linear combination of all its points and all the key's from all
//! those evaluations: the same constraints, copies, lookups, quotient, sets and weights.
//!
//! The library's proofs open every cell, so these do. That proofs which leave cells to sums say the
//! same is shown in [`sums`].

mod order;
mod sums;

use std::path::Path;

use ff::{Field, PrimeField};
use halo2_proofs::circuit::{Layouter, SimpleFloorPlanner};
use halo2_proofs::halo2curves::bn256::{Bn256, Fr, G1Affine, G2Affine, G1};
use halo2_proofs::halo2curves::group::prime::PrimeCurveAffine;
use halo2_proofs::halo2curves::group::{Curve, Group, GroupEncoding};
use halo2_proofs::plonk::{
    self, Circuit, ConstraintSystem, Error, FirstPhase, SecondPhase, VerifyingKey,
};
use halo2_proofs::poly::kzg::commitment::KZGCommitmentScheme;
use halo2_proofs::poly::kzg::multiopen::VerifierSHPLONK;
use halo2_proofs::poly::kzg::strategy::SingleStrategy;
use halo2_proofs::poly::Rotation;
use rand::rngs::StdRng;
use rand::{RngCore, SeedableRng};
use zkmargin_circuits::circuit::MarginCircuit;
use zkmargin_circuits::field;
use zkmargin_circuits::public_inputs::PublicInputs;
use zkmargin_circuits::shape::{Shape, PUBLIC_INPUTS};
use zkmargin_circuits::statement::{context_digest, Digest, Statement};

use super::sums::Sums;
use super::{Claim, ProofVerifier};
use crate::key::{pinned_key, read_key};
use crate::proof::ProofError;
use crate::setup::{insecure_tau, verifier_params, Setup, INSECURE_TAU_G2};
use crate::shard::ShardFile;
use crate::transcript::StrictReader;

/// The library's verdict, through the same strict reader.
fn library(
    key: &VerifyingKey<G1Affine>,
    tau_g2: G2Affine,
    instance: &[Fr],
    proof: &[u8],
) -> Result<(), String> {
    let params = verifier_params(key.get_domain().k(), tau_g2);
    let mut reader = StrictReader::new(proof);
    plonk::verify_proof::<KZGCommitmentScheme<Bn256>, VerifierSHPLONK<Bn256>, _, _, _>(
        &params,
        key,
        SingleStrategy::new(&params),
        &[&[instance]],
        &mut reader,
    )
    .map_err(|error| error.to_string())?;
    reader.finish().map_err(|error| error.to_string())
}

fn ours(verifier: &ProofVerifier<'_>, instance: &[Fr], proof: &[u8]) -> Result<(), ProofError> {
    verifier.settle(&[verifier.read(instance, proof)?])
}

/// Makes proofs of anything under the insecure setup.
struct Forge<'k> {
    key: &'k VerifyingKey<G1Affine>,
    verifier: ProofVerifier<'k>,
    rng: StdRng,
}

impl<'k> Forge<'k> {
    fn new(key: &'k VerifyingKey<G1Affine>) -> Self {
        Self::with_sums(key, Sums::new(key.cs()).unwrap())
    }

    /// Of proofs that open every cell, as the library's do.
    fn whole(key: &'k VerifyingKey<G1Affine>) -> Self {
        Self::with_sums(key, Sums::none(key.cs()).unwrap())
    }

    fn with_sums(key: &'k VerifyingKey<G1Affine>, sums: Sums) -> Self {
        Self {
            key,
            verifier: ProofVerifier::with_sums(key, *INSECURE_TAU_G2, sums).unwrap(),
            rng: StdRng::seed_from_u64(7),
        }
    }

    fn instance(&mut self, rows: usize) -> Vec<Fr> {
        (0..rows).map(|_| Fr::random(&mut self.rng)).collect()
    }

    /// A proof that settles but for `error`.
    fn proof(&mut self, instance: &[Fr], error: G1) -> Vec<u8> {
        let layout = &self.verifier.layout;
        let mut proof = Vec::new();
        for _ in 0..layout.points {
            proof.extend_from_slice(G1::random(&mut self.rng).to_affine().to_bytes().as_ref());
        }
        for _ in 0..layout.scalars {
            proof.extend_from_slice(&Fr::random(&mut self.rng).to_repr());
        }
        for _ in 0..2 {
            proof.extend_from_slice(G1::random(&mut self.rng).to_affine().to_bytes().as_ref());
        }
        self.complete(instance, &proof, error)
    }

    /// Replaces the last point, by which no challenge of the proof is moved.
    fn complete(&self, instance: &[Fr], proof: &[u8], error: G1) -> Vec<u8> {
        let claim = self.verifier.read(instance, proof).unwrap();
        let ((u, _), terms) = claim.terms.split_last().unwrap();
        let shared = self.key.fixed_commitments().iter();
        let shared = shared.chain(self.key.permutation().commitments());
        let sum = terms
            .iter()
            .map(|(scalar, point)| point * scalar)
            .chain(
                shared
                    .zip(&claim.shared)
                    .map(|(point, scalar)| point * scalar),
            )
            .sum::<G1>()
            + G1::generator() * claim.generator;
        let last = (sum + error) * (insecure_tau() - u).invert().unwrap();
        let mut proof = proof.to_vec();
        let end = proof.len() - 32;
        proof[end..].copy_from_slice(last.to_affine().to_bytes().as_ref());
        proof
    }

    fn library(&self, instance: &[Fr], proof: &[u8]) -> Result<(), String> {
        library(self.key, *INSECURE_TAU_G2, instance, proof)
    }

    fn ours(&self, instance: &[Fr], proof: &[u8]) -> Result<(), ProofError> {
        ours(&self.verifier, instance, proof)
    }
}

/// Circuits of every kind of argument, present and absent.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Kind {
    /// One gate.
    #[default]
    Gate,
    /// Copies in one running product.
    Copies,
    /// Copies in several, lookups of tuples, challenges of both phases, rotations both ways, and the
    /// instance in a gate, in a lookup and in a copy.
    Everything,
}

#[derive(Clone, Default)]
struct Odd;

impl Circuit<Fr> for Odd {
    type Config = ();
    type FloorPlanner = SimpleFloorPlanner;
    type Params = Kind;

    fn without_witnesses(&self) -> Self {
        Self
    }

    fn configure(_: &mut ConstraintSystem<Fr>) {
        unreachable!("configured with its parameters")
    }

    fn configure_with_params(meta: &mut ConstraintSystem<Fr>, kind: Kind) {
        let q = meta.fixed_column();
        let public = meta.instance_column();
        let [a, b, c] = [(); 3].map(|()| meta.advice_column_in(FirstPhase));
        meta.create_gate("product", |cells| {
            let q = cells.query_fixed(q, Rotation::cur());
            let a = cells.query_advice(a, Rotation::cur());
            let b = cells.query_advice(b, Rotation::next());
            let c = cells.query_advice(c, Rotation(-3));
            vec![q.clone() * (a.clone() * b - c.clone()), q * (-a + c)]
        });
        if kind == Kind::Copies {
            meta.enable_equality(a);
            meta.enable_equality(q);
        }
        if kind == Kind::Everything {
            let table = meta.fixed_column();
            // Of the second phase, and declared before columns of the first.
            let late = meta.advice_column_in(SecondPhase);
            let early = meta.advice_column_in(FirstPhase);
            let second = meta.challenge_usable_after(SecondPhase);
            let first = meta.challenge_usable_after(FirstPhase);
            for column in [a, b, c, early] {
                meta.enable_equality(column);
            }
            meta.enable_equality(public);
            meta.enable_equality(table);
            let (late_column, early_column) = (late, early);
            meta.create_gate("challenges", |cells| {
                let first = cells.query_challenge(first);
                let second = cells.query_challenge(second);
                let late = cells.query_advice(late, Rotation::prev());
                let early = cells.query_advice(early, Rotation::cur());
                let shown = cells.query_instance(public, Rotation(2));
                let q = cells.query_fixed(q, Rotation::next());
                // Two cells of one row that nothing multiplies by each other.
                let linear = [late_column, early_column]
                    .map(|column| cells.query_advice(column, Rotation(4)));
                let [one, other] = linear;
                vec![q * (late * first * Fr::from(5) + early * second + shown + one - other)]
            });
            meta.lookup_any("pairs", |cells| {
                let a = cells.query_advice(a, Rotation::cur());
                let late = cells.query_advice(late, Rotation::cur());
                let table = cells.query_fixed(table, Rotation::cur());
                let early = cells.query_advice(early, Rotation::cur());
                vec![(a, table), (late, early)]
            });
            meta.lookup_any("public", |cells| {
                let b = cells.query_advice(b, Rotation::cur());
                vec![(b, cells.query_instance(public, Rotation::cur()))]
            });
        }
        meta.set_minimum_degree(5);
    }

    fn synthesize(&self, (): (), _: impl Layouter<Fr>) -> Result<(), Error> {
        Ok(())
    }
}

/// A key of an odd circuit, of random points.
fn odd(kind: Kind, k: u32) -> VerifyingKey<G1Affine> {
    let mut meta = ConstraintSystem::default();
    Odd::configure_with_params(&mut meta, kind);
    let columns = meta.num_fixed_columns() as u32;
    let points = columns as usize + meta.permutation().get_columns().len();
    let mut bytes = vec![2];
    bytes.extend(k.to_le_bytes());
    bytes.push(0);
    bytes.extend(columns.to_le_bytes());
    let mut rng = StdRng::seed_from_u64(3);
    for _ in 0..points {
        use halo2_proofs::{SerdeCurveAffine, SerdeFormat};
        let point = G1::random(&mut rng).to_affine();
        point.write(&mut bytes, SerdeFormat::RawBytes).unwrap();
    }
    read_key::<Odd>(&bytes, k, kind).unwrap()
}

const KINDS: [Kind; 3] = [Kind::Gate, Kind::Copies, Kind::Everything];

fn pinned(name: &str) -> VerifyingKey<G1Affine> {
    let shape = Shape::by_name(name).unwrap();
    let pinned = pinned_key(name, Setup::Insecure).unwrap();
    pinned.read::<MarginCircuit>(shape).unwrap()
}

#[test]
fn the_library_combines_the_same_points_with_the_same_factors() {
    for kind in KINDS {
        let key = odd(kind, 5);
        let mut forge = Forge::whole(&key);
        for rows in [0, 1, 7, forge.verifier.rows.usable] {
            let instance = forge.instance(rows);
            let proof = forge.proof(&instance, G1::identity());
            forge.ours(&instance, &proof).unwrap();
            forge.library(&instance, &proof).unwrap();
        }
    }
}

#[test]
fn the_library_combines_the_same_in_every_shape() {
    for name in ["tiny-11", "small-14", "retail-17", "retail-18", "desk-18"] {
        let key = pinned(name);
        let mut forge = Forge::whole(&key);
        let instance = forge.instance(PUBLIC_INPUTS);
        let proof = forge.proof(&instance, G1::identity());
        forge.ours(&instance, &proof).unwrap();
        forge.library(&instance, &proof).unwrap();
    }
}

#[test]
fn both_refuse_every_changed_element() {
    for kind in KINDS {
        let key = odd(kind, 5);
        for whole in [true, false] {
            // The library reads only proofs that open every cell.
            let mut forge = if whole {
                Forge::whole(&key)
            } else {
                Forge::new(&key)
            };
            let instance = forge.instance(3);
            let good = forge.proof(&instance, G1::identity());
            let mut tried = 0;
            for at in 0..good.len() / 32 {
                for (byte, bit) in [(0, 0), (0, 1), (13, 5), (31, 4), (31, 6), (31, 7)] {
                    let mut proof = good.clone();
                    proof[32 * at + byte] ^= 1 << bit;
                    let found = forge.ours(&instance, &proof);
                    assert!(
                        found.is_err(),
                        "{kind:?}, element {at}, byte {byte}, bit {bit}"
                    );
                    assert!(!whole || forge.library(&instance, &proof).is_err());
                    tried += usize::from(found == Err(ProofError::False));
                }
                // Another point, another scalar: well formed.
                let mut proof = good.clone();
                let other = (at + 1..good.len() / 32).find(|other| {
                    let scalars = forge.verifier.layout.points..good.len() / 32 - 2;
                    scalars.contains(other) == scalars.contains(&at)
                });
                if let Some(other) = other {
                    proof.copy_within(32 * other..32 * other + 32, 32 * at);
                    proof[32 * other..32 * other + 32]
                        .copy_from_slice(&good[32 * at..32 * at + 32]);
                    assert_eq!(
                        forge.ours(&instance, &proof),
                        Err(ProofError::False),
                        "swapped {at}"
                    );
                    assert!(!whole || forge.library(&instance, &proof).is_err());
                }
            }
            assert!(tried > good.len() / 32);
        }
    }
}

#[test]
fn both_refuse_other_public_inputs() {
    let key = odd(Kind::Everything, 5);
    let mut forge = Forge::whole(&key);
    let good = forge.instance(9);
    let proof = forge.proof(&good, G1::identity());
    let refused = |instance: &[Fr]| {
        assert_eq!(forge.ours(instance, &proof), Err(ProofError::False));
        assert!(forge.library(instance, &proof).is_err());
    };
    for row in 0..good.len() {
        let mut instance = good.clone();
        instance[row] += Fr::ONE;
        refused(&instance);
        instance[row] = Fr::ZERO;
        refused(&instance);
    }
    refused(&good[..8]);
    refused(&[&good[..], &[Fr::ZERO]].concat());
    let mut swapped = good.clone();
    swapped.swap(2, 5);
    refused(&swapped);
}

#[test]
fn rejects_any_bytes_without_a_panic() {
    let key = odd(Kind::Everything, 5);
    let mut forge = Forge::new(&key);
    let instance = forge.instance(4);
    let good = forge.proof(&instance, G1::identity());
    for length in [
        0,
        1,
        31,
        32,
        good.len() - 32,
        good.len() - 1,
        good.len() + 1,
        good.len() + 32,
    ] {
        let mut proof = good.clone();
        proof.resize(length, 0);
        let found = forge.ours(&instance, &proof);
        assert!(
            matches!(found, Err(ProofError::Length { .. })),
            "{length} bytes"
        );
    }
    for fill in [0, 1, 0x3f, 0x40, 0x80, 0xff] {
        assert!(forge.ours(&instance, &vec![fill; good.len()]).is_err());
    }
    for _ in 0..50 {
        let mut proof = good.clone();
        let at = forge.rng.next_u64() as usize % (proof.len() - 40);
        forge.rng.fill_bytes(&mut proof[at..at + 40]);
        assert!(forge.ours(&instance, &proof).is_err());
    }
    let rows = vec![Fr::ONE; forge.verifier.rows.usable + 1];
    assert!(matches!(
        forge.ours(&rows, &good),
        Err(ProofError::Mismatch(_))
    ));
}

#[test]
fn rejects_another_setup() {
    let key = odd(Kind::Everything, 5);
    let mut forge = Forge::new(&key);
    let instance = forge.instance(4);
    let proof = forge.proof(&instance, G1::identity());
    let tau_g2 = (G2Affine::generator() * Fr::from(5)).to_affine();
    let other = ProofVerifier::new(&key, tau_g2).unwrap();
    assert_eq!(ours(&other, &instance, &proof), Err(ProofError::False));
}

/// The proof of the fixture, which the prover made, with its key and public inputs.
fn golden() -> (VerifyingKey<G1Affine>, Vec<Fr>, Vec<u8>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/golden-insecure-11");
    let read = |name: &str| std::fs::read(folder.join(name)).unwrap();
    let bytes = read("statement.json");
    let statement = Statement::parse_canonical(&bytes).unwrap();
    let element = |digest: &Digest| field::from_hex(&digest.to_string()).unwrap();
    let public = PublicInputs {
        context: context_digest(&bytes),
        shard: 0,
        shards: 1,
        market: element(&statement.market),
        model: element(&statement.risk_model),
        root: element(&statement.accounts_root),
        counts: element(&statement.counts_digest),
    };
    let file = read("proof-00000.bin");
    let proof = ShardFile::parse(&file).unwrap().proof.to_vec();
    (pinned("tiny-11"), public.column().to_vec(), proof)
}

#[test]
fn accepts_a_proof_that_was_made_and_refuses_it_changed() {
    let (key, instance, good) = golden();
    let forge = Forge::new(&key);
    forge.ours(&instance, &good).unwrap();
    for at in (0..good.len() / 32).step_by(31) {
        let mut proof = good.clone();
        proof[32 * at] ^= 2;
        assert!(forge.ours(&instance, &proof).is_err(), "element {at}");
    }
    for row in (0..instance.len()).step_by(3) {
        let mut other = instance.clone();
        other[row] += Fr::ONE;
        assert_eq!(
            forge.ours(&other, &good),
            Err(ProofError::False),
            "row {row}"
        );
    }
}

#[test]
fn a_claim_gives_the_commitment_of_the_first_column() {
    for key in [odd(Kind::Everything, 5), golden().0] {
        let mut forge = Forge::new(&key);
        let proof = forge.proof(&[], G1::identity());
        let claim = forge.verifier.read(&[], &proof).unwrap();
        // The first column is of the first phase, so it is the first point.
        let first = claim.first_column().unwrap();
        assert_eq!(first.to_bytes().as_ref(), &proof[..32]);
    }
}

/// Claims of proofs that are off by these multiples of the generator.
fn claims(forge: &mut Forge<'_>, errors: &[i64]) -> Vec<Claim> {
    errors
        .iter()
        .map(|error| {
            let scalar = Fr::from(error.unsigned_abs());
            let scalar = if *error < 0 { -scalar } else { scalar };
            let instance = forge.instance(2);
            let proof = forge.proof(&instance, G1::generator() * scalar);
            forge.verifier.read(&instance, &proof).unwrap()
        })
        .collect()
}

#[test]
fn accepts_any_number_of_true_claims_at_once() {
    let key = odd(Kind::Everything, 5);
    let mut forge = Forge::new(&key);
    let claims = claims(&mut forge, &[0; 9]);
    for count in 0..=claims.len() {
        forge.verifier.settle(&claims[..count]).unwrap();
        assert_eq!(forge.verifier.first_false(&claims[..count]), None);
    }
    // The same points many times over meet in the sums.
    let twice: Vec<Claim> = claims.iter().cycle().take(300).cloned().collect();
    forge.verifier.settle(&twice).unwrap();
}

#[test]
fn rejects_one_false_claim_among_many_and_names_it() {
    let key = odd(Kind::Everything, 5);
    let mut forge = Forge::new(&key);
    let good = claims(&mut forge, &[0; 7]);
    let bad = claims(&mut forge, &[1]).remove(0);
    for at in 0..good.len() {
        let mut claims = good.clone();
        claims[at] = bad.clone();
        assert_eq!(forge.verifier.settle(&claims), Err(ProofError::False));
        assert_eq!(forge.verifier.first_false(&claims), Some(at));
        claims[6] = bad.clone();
        assert_eq!(forge.verifier.first_false(&claims), Some(at));
    }
}

#[test]
fn forged_errors_that_cancel_are_rejected() {
    let key = odd(Kind::Everything, 5);
    let mut forge = Forge::new(&key);
    for errors in [&[5, -5][..], &[-1, 0, 1], &[1, -2, 1], &[1, -3, 3, -1]] {
        let claims = claims(&mut forge, errors);
        let unweighed = |point: fn(&Claim) -> Vec<(Fr, G1Affine)>| {
            let points = claims.iter().flat_map(point);
            points.map(|(scalar, point)| point * scalar).sum::<G1>()
        };
        // Without weights the sum would hold.
        let shared = key.fixed_commitments().iter();
        let shared = shared.chain(key.permutation().commitments()).enumerate();
        let shared =
            shared.map(|(i, point)| point * claims.iter().map(|claim| claim.shared[i]).sum::<Fr>());
        let right = unweighed(|claim| claim.terms.clone())
            + shared.sum::<G1>()
            + G1::generator() * claims.iter().map(|claim| claim.generator).sum::<Fr>();
        let left = unweighed(|claim| vec![(Fr::ONE, claim.witness)]);
        assert_eq!(left * insecure_tau(), right);
        assert_eq!(forge.verifier.settle(&claims), Err(ProofError::False));
        let first = errors.iter().position(|error| *error != 0);
        assert_eq!(forge.verifier.first_false(&claims), first);
    }
}

#[test]
fn claims_are_weighed_by_all_of_them() {
    let key = odd(Kind::Gate, 5);
    let mut forge = Forge::new(&key);
    let claims = claims(&mut forge, &[0; 3]);
    let weight = super::claim::weight;
    let all = weight(&claims);
    assert_ne!(all, weight(&claims[..2]));
    for at in 0..3 {
        let mut changed = claims.clone();
        changed[at].tag[0] ^= 1;
        assert_ne!(all, weight(&changed));
        changed = claims.clone();
        changed[at].key = None;
        assert_ne!(all, weight(&changed));
    }
    // A proof's tag follows from its last byte.
    let instance = forge.instance(1);
    let proof = forge.proof(&instance, G1::identity());
    let other = forge.complete(&instance, &proof, G1::generator());
    let [one, two] = [proof, other].map(|proof| forge.verifier.read(&instance, &proof).unwrap());
    assert_ne!(one.tag, two.tag);
}

#[test]
fn rejects_a_claim_about_another_key() {
    let (one, two) = (odd(Kind::Everything, 5), odd(Kind::Everything, 6));
    let mut forge = Forge::new(&one);
    let claims = claims(&mut forge, &[0, 0]);
    let other = ProofVerifier::new(&two, *INSECURE_TAU_G2).unwrap();
    assert!(matches!(
        other.settle(&claims),
        Err(ProofError::Mismatch(_))
    ));
}

/// A polynomial's commitment, its value at a point, and the opening there.
fn opened(coefficients: &[u64], point: Fr) -> (G1Affine, Fr, G1Affine) {
    let at = |x: Fr| {
        let terms = coefficients.iter().rev();
        terms.fold(Fr::ZERO, |sum, term| sum * x + Fr::from(*term))
    };
    let (committed, value) = (at(insecure_tau()), at(point));
    let witness = (committed - value) * (insecure_tau() - point).invert().unwrap();
    let [commitment, witness] = [committed, witness].map(|c| (G1::generator() * c).to_affine());
    (commitment, value, witness)
}

#[test]
fn accepts_openings_together_with_proofs() {
    let key = odd(Kind::Everything, 5);
    let mut forge = Forge::new(&key);
    let point = Fr::from(77);
    let (first, first_value, first_witness) = opened(&[1, 2, 3], point);
    let (second, second_value, second_witness) = opened(&[4, 0, 0, 9], point);
    let witness = (first_witness + second_witness).to_affine();
    let opening = Claim::opening(&[first, second], point, first_value + second_value, witness);
    assert!(opening.first_column().is_none());
    forge
        .verifier
        .settle(std::slice::from_ref(&opening))
        .unwrap();
    let mut all = claims(&mut forge, &[0, 0]);
    all.insert(1, opening);
    forge.verifier.settle(&all).unwrap();
    // Of a constant, and of nothing: the point at infinity opens both.
    let (constant, value, witness) = opened(&[5], point);
    assert_eq!(witness, G1Affine::identity());
    all.push(Claim::opening(&[constant], point, value, witness));
    all.push(Claim::opening(&[], point, Fr::ZERO, witness));
    forge.verifier.settle(&all).unwrap();
}

#[test]
fn rejects_openings_to_anything_else() {
    let key = odd(Kind::Gate, 5);
    let verifier = ProofVerifier::new(&key, *INSECURE_TAU_G2).unwrap();
    let point = Fr::from(77);
    let (commitment, value, witness) = opened(&[1, 2, 3], point);
    let false_ones = [
        Claim::opening(&[commitment], point, value + Fr::ONE, witness),
        Claim::opening(&[commitment], point + Fr::ONE, value, witness),
        Claim::opening(&[commitment], point, value, commitment),
        Claim::opening(&[commitment], point, value, G1Affine::identity()),
        Claim::opening(&[commitment, commitment], point, value, witness),
        Claim::opening(&[], point, value, witness),
    ];
    for (i, claim) in false_ones.iter().enumerate() {
        let found = verifier.settle(std::slice::from_ref(claim));
        assert_eq!(found, Err(ProofError::False), "{i}");
    }
}
