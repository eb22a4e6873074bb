//! What is left of a proof once it is read, and how any number of them are settled at once.

use ff::{Field, FromUniformBytes, PrimeField};
use halo2_proofs::arithmetic::best_multiexp;
use halo2_proofs::halo2curves::bn256::{Bn256, Fr, G1Affine, G1};
use halo2_proofs::halo2curves::group::prime::PrimeCurveAffine;
use halo2_proofs::halo2curves::group::{Curve, Group, GroupEncoding};
use halo2_proofs::halo2curves::pairing::{MillerLoopResult, MultiMillerLoop};
use sha2::{Digest, Sha256, Sha512};

use super::ProofVerifier;
use crate::proof::ProofError;

/// An equation of commitments, the one thing a proof leaves to check:
///
/// ```text
/// e(witness, [tau]G2) = e(sum of terms, G2)
/// ```
///
/// Terms are points of the proof, points of the key, and the generator. It holds or it does not:
/// see [`ProofVerifier::settle`].
#[derive(Debug, Clone)]
pub struct Claim {
    /// The key whose points `shared` multiplies; none where it is about no key.
    pub(super) key: Option<Fr>,
    /// A hash of all that the claim follows from.
    pub(super) tag: [u8; 32],
    /// What multiplies the points of the key: fixed columns, then permutations.
    pub(super) shared: Vec<Fr>,
    /// What multiplies the generator.
    pub(super) generator: Fr,
    /// What multiplies the claim's own points.
    pub(super) terms: Vec<(Fr, G1Affine)>,
    /// The point on the other side.
    pub(super) witness: G1Affine,
    /// The commitment to the first advice column.
    pub(super) first: Option<G1Affine>,
}

impl Claim {
    /// That the sum of `commitments` is `value` at `point`, by the opening `witness`: the commitment
    /// to the quotient of `polynomial - value` by `X - point`.
    ///
    /// Points are on the curve by their type; any of them may be the point at infinity.
    pub fn opening(commitments: &[G1Affine], point: Fr, value: Fr, witness: G1Affine) -> Self {
        let sum = commitments
            .iter()
            .fold(G1::identity(), |sum, commitment| sum + commitment)
            .to_affine();
        let mut hash = Sha256::new_with_prefix(b"zkmargin opening v1");
        for point in [sum, witness] {
            hash.update(point.to_bytes());
        }
        for scalar in [point, value] {
            hash.update(scalar.to_repr());
        }
        Self {
            key: None,
            tag: hash.finalize().into(),
            shared: Vec::new(),
            generator: -value,
            terms: vec![(Fr::ONE, sum), (point, witness)],
            witness,
            first: None,
        }
    }

    /// The commitment to the circuit's first advice column. None for an opening.
    ///
    /// It says what the proof says only once the claim is settled.
    pub fn first_column(&self) -> Option<G1Affine> {
        self.first
    }
}

/// A linear combination of points, to be added up at once.
#[derive(Default)]
struct Sum {
    scalars: Vec<Fr>,
    points: Vec<G1Affine>,
}

impl Sum {
    /// The point at infinity adds nothing, and the library's sums do not expect it.
    fn add(&mut self, scalar: Fr, point: G1Affine) {
        if !bool::from(point.is_identity()) {
            self.scalars.push(scalar);
            self.points.push(point);
        }
    }

    fn total(&self) -> G1Affine {
        best_multiexp(&self.scalars, &self.points).to_affine()
    }
}

impl ProofVerifier<'_> {
    /// Checks all `claims` with one pairing: their equations are added up, each weighed by another
    /// power of a hash of them all.
    ///
    /// If one of `m` claims is false, the sum holds for at most `m - 1` of the values that the hash
    /// can take, of about 2^254. Sums of points use the library's threads.
    ///
    /// # Errors
    /// [`ProofError::False`] when one of them does not hold: [`Self::first_false`] says which.
    /// [`ProofError::Mismatch`] when one is about another key.
    pub fn settle(&self, claims: &[Claim]) -> Result<(), ProofError> {
        let repr = self.key.transcript_repr();
        let points = self.key.fixed_commitments().iter();
        let points = points.chain(self.key.permutation().commitments());
        let mut shared = vec![Fr::ZERO; points.clone().count()];
        let mut generator = Fr::ZERO;
        let (mut left, mut right) = (Sum::default(), Sum::default());
        let weight = weight(claims);
        let mut power = Fr::ONE;
        for claim in claims {
            if claim.key.is_some_and(|key| key != repr) {
                return Err(ProofError::Mismatch("a claim about another key"));
            }
            left.add(power, claim.witness);
            for (scalar, point) in &claim.terms {
                right.add(power * scalar, *point);
            }
            for (sum, scalar) in shared.iter_mut().zip(&claim.shared) {
                *sum += power * scalar;
            }
            generator += power * claim.generator;
            power *= weight;
        }
        right.add(generator, G1Affine::generator());
        for (scalar, point) in shared.into_iter().zip(points) {
            right.add(scalar, *point);
        }
        let terms = [
            (&left.total(), &self.tau_g2),
            (&right.total(), &self.minus_g2),
        ];
        let product = Bn256::multi_miller_loop(&terms).final_exponentiation();
        if bool::from(product.is_identity()) {
            Ok(())
        } else {
            Err(ProofError::False)
        }
    }

    /// The place of the first claim that does not hold; none where all do. What it takes is about
    /// twice what [`Self::settle`] takes.
    pub fn first_false(&self, claims: &[Claim]) -> Option<usize> {
        let (mut before, mut rest) = (0usize, claims);
        while rest.len() > 1 {
            let (low, high) = rest.split_at(rest.len().div_ceil(2));
            if self.settle(low).is_err() {
                rest = low;
            } else {
                before = before.saturating_add(low.len());
                rest = high;
            }
        }
        self.settle(rest).is_err().then_some(before)
    }
}

/// What claims are weighed by powers of: it is known only once all of them are.
pub(super) fn weight(claims: &[Claim]) -> Fr {
    let mut hash = Sha512::new_with_prefix(b"zkmargin batch v1");
    hash.update((claims.len() as u64).to_le_bytes());
    for claim in claims {
        hash.update([u8::from(claim.key.is_some())]);
        hash.update(claim.key.unwrap_or_default().to_repr());
        hash.update(claim.tag);
    }
    Fr::from_uniform_bytes(&hash.finalize().into())
}
