//! What every challenge depends on, by changing it.
//!
//! A proof made by this project's prover is read again and again, each time with one value changed:
//! of the key, of the public inputs, of the proof. Every challenge that is drawn after the value
//! must be another, and every one before it the same: so nothing is drawn before what it depends on,
//! and nothing that is read goes unabsorbed.

use ff::{Field, PrimeField};
use halo2_proofs::halo2curves::bn256::{Bn256, Fr, G1Affine, G1};
use halo2_proofs::halo2curves::group::{Curve, Group};
use halo2_proofs::plonk::{self, VerifyingKey};
use halo2_proofs::poly::kzg::commitment::KZGCommitmentScheme;
use halo2_proofs::poly::kzg::multiopen::VerifierSHPLONK;
use halo2_proofs::poly::kzg::strategy::SingleStrategy;
use halo2_proofs::transcript::{Challenge255, EncodedChallenge, Transcript, TranscriptRead};
use halo2_proofs::{SerdeCurveAffine, SerdeFormat};
use zkmargin_circuits::circuit::MarginCircuit;
use zkmargin_circuits::shape::{Shape, PUBLIC_INPUTS};

use super::super::claim::weight;
use super::super::{Claim, ProofVerifier};
use super::{golden, odd, Forge, Kind, KINDS};
use crate::key::{key_bytes, read_key};
use crate::setup::{verifier_params, INSECURE_TAU_G2};
use crate::transcript::StrictReader;

/// All challenges of a proof in the order they are drawn, and the tag last.
fn drawn(verifier: &ProofVerifier<'_>, instance: &[Fr], proof: &[u8]) -> Vec<Fr> {
    let read = verifier.transcript(instance, proof).unwrap();
    let (drawn, opening) = (read.drawn, read.opening);
    let phases = verifier.layout.phases.iter();
    let order = phases.flat_map(|phase| &phase.challenges);
    let mut all: Vec<Fr> = order.map(|index| drawn.circuit[*index]).collect();
    all.extend([drawn.theta, drawn.beta, drawn.gamma, drawn.y, drawn.x]);
    all.extend([opening.among, opening.sets, opening.u, read.tag]);
    all
}

/// Elements of a proof that follow each other, and how many challenges are drawn before
/// them.
struct Message {
    name: &'static str,
    elements: usize,
    before: usize,
    scalars: bool,
}

/// The messages of a proof, from the constraint system and what it leaves to sums.
fn messages(verifier: &ProofVerifier<'_>) -> Vec<Message> {
    let cs = verifier.key.cs();
    let sums = &verifier.sums;
    let (lookups, columns) = (cs.lookups().len(), cs.permutation().get_columns().len());
    let products = columns.div_ceil(cs.degree() - 2);
    let of = |phases: &[u8], phase: u8| phases.iter().filter(|found| **found == phase).count();
    let mut groups = Vec::new();
    let mut before = 0;
    let mut group = |name, elements, drawn: usize, scalars| {
        groups.push(Message {
            name,
            elements,
            before,
            scalars,
        });
        before += drawn;
    };
    let phases = cs.advice_column_phase();
    for phase in 0..=phases.iter().copied().max().unwrap_or(0) {
        let last = phases.iter().all(|other| *other <= phase);
        let own = of(&cs.challenge_phase(), phase);
        // The last phase's are followed by theta, too.
        group(
            "a phase",
            of(&phases, phase),
            own + usize::from(last),
            false,
        );
    }
    group("permuted lookups", 2 * lookups, 2, false);
    group(
        "products, random polynomial",
        products + lookups + 1,
        1,
        false,
    );
    group("the quotient", cs.degree() - 1, 1, false);
    let evaluations = cs.advice_queries().len()
        + cs.fixed_queries().len()
        + 1
        + columns
        + (3 * products).saturating_sub(1)
        + 5 * lookups
        + sums.rows().len()
        - sums.cells().len();
    group("evaluations", evaluations, 2, true);
    group("the opening's quotient", 1, 1, false);
    group("the opening's witness", 1, 1, false);
    groups
}

/// The challenges before `first` are the same, and all from it on are others.
fn others_from(first: usize, good: &[Fr], found: &[Fr], what: &str) {
    assert_eq!(good.len(), found.len());
    for (place, (good, found)) in good.iter().zip(found).enumerate() {
        assert_eq!(
            good != found,
            place >= first,
            "{what}: challenge {place}, where {first} are drawn before it"
        );
    }
}

/// Changes an element: a point to its opposite, a scalar by one.
fn change(proof: &mut [u8], at: usize, scalar: bool) {
    let element: &mut [u8; 32] = (&mut proof[32 * at..32 * at + 32]).try_into().unwrap();
    if scalar {
        *element = (Fr::from_repr(*element).unwrap() + Fr::ONE).to_repr();
    } else {
        element[31] ^= 0x40;
    }
}

/// Everything that is read of a proof, and of what it is about.
fn demand(
    verifier: &ProofVerifier<'_>,
    instance: &[Fr],
    proof: &[u8],
    others: &[VerifyingKey<G1Affine>],
) {
    let good = drawn(verifier, instance, proof);
    let mut apart = good.clone();
    apart.sort_unstable();
    apart.dedup();
    assert_eq!(apart.len(), good.len(), "challenges that are the same");

    for (i, other) in others.iter().enumerate() {
        let verifier = ProofVerifier::new(other, *INSECURE_TAU_G2).unwrap();
        let found = drawn(&verifier, instance, proof);
        others_from(0, &good, &found, &format!("key {i}"));
    }
    for row in 0..instance.len() {
        let mut changed = instance.to_vec();
        changed[row] += Fr::ONE;
        let found = drawn(verifier, &changed, proof);
        others_from(0, &good, &found, &format!("public input {row}"));
    }
    let longer = [instance, &[Fr::ZERO]].concat();
    let found = drawn(verifier, &longer, proof);
    others_from(0, &good, &found, "one public input more");

    let mut at = 0;
    for group in messages(verifier) {
        for _ in 0..group.elements {
            let mut changed = proof.to_vec();
            change(&mut changed, at, group.scalars);
            let found = drawn(verifier, instance, &changed);
            let what = format!("{}, element {at}", group.name);
            others_from(group.before, &good, &found, &what);
            at += 1;
        }
    }
    assert_eq!(32 * at, proof.len(), "elements that nothing was said of");
    assert_eq!(
        good.len(),
        messages(verifier)
            .iter()
            .map(|group| group.before)
            .max()
            .unwrap()
            + 1
    );
}

/// Keys that differ from this one in a single point, and one of the last bytes of a column.
fn other_keys(key: &VerifyingKey<G1Affine>, step: usize) -> Vec<VerifyingKey<G1Affine>> {
    let shape = Shape::by_name("tiny-11").unwrap();
    let bytes = key_bytes(key);
    let points = key.fixed_commitments().len() + key.permutation().commitments().len();
    let mut other = Vec::new();
    let point = (G1::generator() * Fr::from(0x5eed)).to_affine();
    point.write(&mut other, SerdeFormat::RawBytes).unwrap();
    let first = bytes.len() - points * other.len();
    (0..points)
        .step_by(step)
        .map(|place| {
            let mut bytes = bytes.clone();
            let at = first + place * other.len();
            bytes[at..at + other.len()].copy_from_slice(&other);
            read_key::<MarginCircuit>(&bytes, shape.k, *shape).unwrap()
        })
        .collect()
}

#[test]
fn every_challenge_follows_what_it_depends_on_in_a_proof_that_was_made() {
    let (key, instance, proof) = golden();
    let others = other_keys(&key, 7);
    assert!(others.len() > 5);
    let verifier = ProofVerifier::new(&key, *INSECURE_TAU_G2).unwrap();
    demand(&verifier, &instance, &proof, &others);
}

#[test]
fn every_challenge_follows_what_it_depends_on_in_circuits_of_every_kind() {
    for kind in KINDS {
        let key = odd(kind, 5);
        for mut forge in [Forge::new(&key), Forge::whole(&key)] {
            let instance = forge.instance(4);
            let proof = forge.proof(&instance, G1::identity());
            demand(&forge.verifier, &instance, &proof, &[]);
        }
    }
}

/// What a verifier does with a transcript.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Event {
    Absorbed,
    Drew(Fr),
}

/// A transcript that keeps what is done with it.
struct Recorder<'a> {
    reader: StrictReader<'a>,
    events: Vec<Event>,
}

impl Transcript<G1Affine, Challenge255<G1Affine>> for Recorder<'_> {
    fn squeeze_challenge(&mut self) -> Challenge255<G1Affine> {
        let challenge = self.reader.squeeze_challenge();
        self.events.push(Event::Drew(challenge.get_scalar()));
        challenge
    }

    fn common_point(&mut self, point: G1Affine) -> std::io::Result<()> {
        self.events.push(Event::Absorbed);
        self.reader.common_point(point)
    }

    fn common_scalar(&mut self, scalar: Fr) -> std::io::Result<()> {
        self.events.push(Event::Absorbed);
        self.reader.common_scalar(scalar)
    }
}

impl TranscriptRead<G1Affine, Challenge255<G1Affine>> for Recorder<'_> {
    fn read_point(&mut self) -> std::io::Result<G1Affine> {
        self.events.push(Event::Absorbed);
        self.reader.read_point()
    }

    fn read_scalar(&mut self) -> std::io::Result<Fr> {
        self.events.push(Event::Absorbed);
        self.reader.read_scalar()
    }
}

#[test]
fn the_library_draws_the_same_challenges_after_as_many_values() {
    let key = golden().0;
    let mut forge = Forge::whole(&key);
    let instance = forge.instance(PUBLIC_INPUTS);
    let proof = forge.proof(&instance, G1::identity());
    let params = verifier_params(key.get_domain().k(), *INSECURE_TAU_G2);
    let mut recorder = Recorder {
        reader: StrictReader::new(&proof),
        events: Vec::new(),
    };
    plonk::verify_proof::<KZGCommitmentScheme<Bn256>, VerifierSHPLONK<Bn256>, _, _, _>(
        &params,
        &key,
        SingleStrategy::new(&params),
        &[&[&instance]],
        &mut recorder,
    )
    .unwrap();
    let mut ours = drawn(&forge.verifier, &instance, &proof);
    // The library has no use for a tag.
    ours.pop();
    let mut expected = Vec::new();
    let (mut absorbed, mut challenges) = (1 + instance.len(), ours.iter());
    for group in messages(&forge.verifier) {
        let due = group.before - expected.len();
        expected.extend(
            challenges
                .by_ref()
                .take(due)
                .map(|drawn| (absorbed, *drawn)),
        );
        absorbed += group.elements;
    }
    let mut found = Vec::new();
    let mut absorbed = 0;
    for event in recorder.events {
        match event {
            Event::Absorbed => absorbed += 1,
            Event::Drew(challenge) => found.push((absorbed, challenge)),
        }
    }
    assert_eq!(found, expected);
    assert_eq!(absorbed, 1 + instance.len() + proof.len() / 32);
}

/// Claims of these proofs of one instance.
fn read(forge: &Forge<'_>, instance: &[Fr], proofs: &[Vec<u8>]) -> Vec<Claim> {
    let claim = |proof: &Vec<u8>| forge.verifier.read(instance, proof).unwrap();
    proofs.iter().map(claim).collect()
}

#[test]
fn every_value_of_every_proof_moves_the_weights() {
    let key = odd(Kind::Everything, 5);
    let mut forge = Forge::new(&key);
    let instance = forge.instance(3);
    let proofs = [(); 3].map(|()| forge.proof(&instance, G1::identity()));
    let good = read(&forge, &instance, &proofs);
    let all = weight(&good);
    for which in 0..proofs.len() {
        let mut at = 0;
        for group in messages(&forge.verifier) {
            for _ in 0..group.elements {
                let mut proof = proofs[which].clone();
                change(&mut proof, at, group.scalars);
                let mut claims = good.clone();
                claims[which] = forge.verifier.read(&instance, &proof).unwrap();
                assert_ne!(weight(&claims), all, "proof {which}, element {at}");
                at += 1;
            }
        }
        for row in 0..instance.len() {
            let mut other = instance.clone();
            other[row] += Fr::ONE;
            let mut claims = good.clone();
            claims[which] = forge.verifier.read(&other, &proofs[which]).unwrap();
            assert_ne!(weight(&claims), all, "proof {which}, public input {row}");
        }
        let mut claims = good.clone();
        claims.swap(which, (which + 1) % 3);
        assert_ne!(weight(&claims), all, "order");
        claims.push(good[which].clone());
        assert_ne!(weight(&claims), all, "number");
    }
    let [a, b] = [3, 5].map(|scalar| (G1::generator() * Fr::from(scalar)).to_affine());
    let opening = |commitments: &[G1Affine], point: u64, value: u64, witness| {
        let opening = Claim::opening(commitments, Fr::from(point), Fr::from(value), witness);
        weight(&[&good[..], &[opening]].concat())
    };
    let mut weights = vec![
        all,
        opening(&[a], 7, 9, b),
        opening(&[a, a], 7, 9, b),
        opening(&[b], 7, 9, b),
        opening(&[a], 8, 9, b),
        opening(&[a], 7, 8, b),
        opening(&[a], 7, 9, a),
    ];
    weights.sort_unstable();
    weights.dedup();
    assert_eq!(weights.len(), 7);
}

#[test]
fn forged_errors_that_cancel_at_a_weight_that_was_guessed_are_rejected() {
    let key = odd(Kind::Everything, 5);
    let mut forge = Forge::new(&key);
    let instance = forge.instance(2);
    let honest = [(); 2].map(|()| forge.proof(&instance, G1::identity()));
    // The weight that these proofs would have, to be used for others.
    let mut guessed = weight(&read(&forge, &instance, &honest));
    for _ in 0..3 {
        // Off by -guessed and by 1: weighed by 1 and by what was guessed they come to nothing.
        let forged = [
            forge.complete(&instance, &honest[0], G1::generator() * -guessed),
            forge.complete(&instance, &honest[1], G1::generator()),
        ];
        let claims = read(&forge, &instance, &forged);
        let found = weight(&claims);
        assert_ne!(found, guessed);
        assert!(forge.verifier.settle(&claims).is_err());
        // What the verifier would do if it let the prover say the weight.
        assert!(cancels(&forge, &claims, guessed));
        assert!(!cancels(&forge, &claims, found));
        guessed = found;
    }
}

/// Whether claims hold together, weighed by powers of this.
fn cancels(forge: &Forge<'_>, claims: &[Claim], weight: Fr) -> bool {
    let shared = forge.key.fixed_commitments().iter();
    let shared: Vec<G1Affine> = shared
        .chain(forge.key.permutation().commitments())
        .copied()
        .collect();
    let (mut left, mut right, mut power) = (G1::identity(), G1::identity(), Fr::ONE);
    for claim in claims {
        let own = claim.terms.iter().map(|(scalar, point)| point * scalar);
        let keys = shared.iter().zip(&claim.shared);
        let sum: G1 = own.chain(keys.map(|(point, scalar)| point * scalar)).sum();
        right += (sum + G1::generator() * claim.generator) * power;
        left += claim.witness * power;
        power *= weight;
    }
    left * crate::setup::insecure_tau() == right
}
