//! The proof of evaluations in two points (SHPLONK).
//!
//! Polynomials opened at the same points are combined by powers of `y` into one `N` a set, sets by
//! powers of `v`. Instead of dividing each `N - R` by the points of its set, the first message is
//! put together point by point: with `1 / Z(X) = sum of c_p / (X - p)`,
//!
//! ```text
//! (N(X) - R(X)) / Z(X) = sum over p of c_p (N(X) - N(p)) / (X - p)
//! ```
//!
//! so one division a point serves all sets, and interpolations are not needed at all.

use ff::Field;
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::halo2curves::group::Curve;
use halo2_proofs::poly::Rotation;
use halo2_proofs::transcript::TranscriptWrite;
use rayon::prelude::*;

use super::super::column::{combine, dot, elements, export};
use super::super::key::ProvingKey;
use super::super::simd::{Arithmetic, Block};
use super::queries::Query;
use super::{challenge, invert, Part, ProofError, Step, Work, Writer};

/// Polynomials that are opened at the same points.
struct Set {
    rotations: Vec<i32>,
    polynomials: Vec<usize>,
}

/// Writes the proof of the evaluations that were written before.
pub(super) fn open<S: Arithmetic>(
    key: &ProvingKey<S>,
    polynomials: &[&[Block]],
    queries: &[Query],
    x: Fr,
    transcript: &mut Writer,
    watch: &mut dyn FnMut(Step),
) -> Result<(), ProofError> {
    let mut watch = |work| watch(Step(Part::Opening, work));
    let domain = &key.domain;
    let s = domain.simd;
    let point = |rotation: i32| point(key, x, rotation);
    watch(Work::Columns);
    let y = challenge(transcript);
    let sets = sets(queries);
    let v = challenge(transcript);
    let combined: Vec<Vec<Block>> = sets
        .iter()
        .map(|set| {
            let weighed: Vec<(&[Block], Fr)> = set
                .polynomials
                .iter()
                .zip(powers_of(y))
                .map(|(polynomial, power)| (polynomials[*polynomial], power))
                .collect();
            combine(s, &weighed)
        })
        .collect();

    let mut rotations: Vec<i32> = sets.iter().flat_map(|set| set.rotations.clone()).collect();
    rotations.sort_unstable();
    rotations.dedup();
    let quotients: Vec<Vec<Fr>> = rotations
        .par_iter()
        .map(|rotation| {
            let p = point(*rotation);
            let weighed: Vec<(&[Block], Fr)> = sets
                .iter()
                .zip(&combined)
                .zip(powers_of(v))
                .filter(|((set, _), _)| set.rotations.contains(rotation))
                .map(|((set, combined), power)| {
                    let others = set.rotations.iter().filter(|other| *other != rotation);
                    let slope =
                        others.fold(Fr::ONE, |product, other| product * (p - point(*other)));
                    (combined.as_slice(), power * invert(slope))
                })
                .collect();
            divide(&natural(key, &combine(s, &weighed)), p)
        })
        .collect();
    let quotient = quotients
        .into_iter()
        .reduce(|mut sum, quotient| {
            for (sum, value) in sum.iter_mut().zip(quotient) {
                *sum += value;
            }
            sum
        })
        .unwrap_or_else(|| vec![Fr::ZERO; domain.n()]);
    let quotient = ordered(key, &quotient);
    watch(Work::Commitments);
    transcript.write_point(key.powers.commit(&quotient).to_affine())?;

    watch(Work::Columns);
    let u = challenge(transcript);
    let absent: Vec<Fr> = sets
        .iter()
        .map(|set| {
            let others = rotations.iter().filter(|r| !set.rotations.contains(r));
            others.fold(Fr::ONE, |product, rotation| {
                product * (u - point(*rotation))
            })
        })
        .collect();
    let all = rotations.iter().fold(Fr::ONE, |product, rotation| {
        product * (u - point(*rotation))
    });
    let mut weighed: Vec<(&[Block], Fr)> = combined
        .iter()
        .zip(powers_of(v))
        .zip(&absent)
        .map(|((combined, power), absent)| (combined.as_slice(), power * absent))
        .collect();
    weighed.push((&quotient, -all));
    // The first set's factor is taken out of all of them, as the verifier does.
    let scale = absent.first().map_or(Fr::ONE, |first| invert(*first));
    for (_, weight) in &mut weighed {
        *weight *= scale;
    }
    let linear = ordered(key, &divide(&natural(key, &combine(s, &weighed)), u));
    watch(Work::Commitments);
    transcript.write_point(key.powers.commit(&linear).to_affine())?;
    Ok(())
}

pub(super) fn powers_of(base: Fr) -> impl Iterator<Item = Fr> {
    std::iter::successors(Some(Fr::ONE), move |power| Some(*power * base))
}

/// The point this many rows on from x.
fn point<S>(key: &ProvingKey<S>, x: Fr, rotation: i32) -> Fr {
    let domain = key.verifying.get_domain();
    domain.rotate_omega(x, Rotation(rotation))
}

/// The value of each query.
pub(super) fn evaluate<S: Arithmetic>(
    key: &ProvingKey<S>,
    polynomials: &[&[Block]],
    queries: &[Query],
    x: Fr,
) -> Vec<Fr> {
    let mut out = vec![Fr::ZERO; queries.len()];
    let mut rotations: Vec<i32> = queries.iter().map(|query| query.rotation).collect();
    rotations.sort_unstable();
    rotations.dedup();
    for rotation in rotations {
        let powers = key.domain.ordered_powers(point(key, x, rotation));
        out.par_iter_mut().zip(queries).for_each(|(out, query)| {
            if query.rotation == rotation {
                *out = dot(key.domain.simd, polynomials[query.polynomial], &powers);
            }
        });
    }
    out
}

/// Polynomials by the points they are opened at, both in the order they first come.
fn sets(queries: &[Query]) -> Vec<Set> {
    let mut opened: Vec<(usize, Vec<i32>)> = Vec::new();
    for query in queries {
        match opened
            .iter_mut()
            .find(|(polynomial, _)| *polynomial == query.polynomial)
        {
            Some((_, rotations)) => rotations.push(query.rotation),
            None => opened.push((query.polynomial, vec![query.rotation])),
        }
    }
    let mut sets: Vec<Set> = Vec::new();
    for (polynomial, mut rotations) in opened {
        rotations.sort_unstable();
        rotations.dedup();
        match sets.iter_mut().find(|set| set.rotations == rotations) {
            Some(set) => set.polynomials.push(polynomial),
            None => sets.push(Set {
                rotations,
                polynomials: vec![polynomial],
            }),
        }
    }
    sets
}

/// Coefficients from the constant one up.
fn natural<S: Arithmetic>(key: &ProvingKey<S>, polynomial: &[Block]) -> Vec<Fr> {
    let coefficients = export(key.domain.simd, polynomial);
    let mut out = vec![Fr::ZERO; coefficients.len()];
    for (place, coefficient) in coefficients.into_iter().enumerate() {
        out[key.domain.order(place)] = coefficient;
    }
    out
}

/// Coefficients in the order of the transform.
fn ordered<S: Arithmetic>(key: &ProvingKey<S>, coefficients: &[Fr]) -> Vec<Block> {
    let cells: Vec<Fr> = (0..coefficients.len())
        .map(|place| coefficients[key.domain.order(place)])
        .collect();
    elements(key.domain.simd, coefficients.len(), &cells, &[])
}

/// `(a(X) - a(point)) / (X - point)`.
fn divide(a: &[Fr], point: Fr) -> Vec<Fr> {
    let mut quotient = vec![Fr::ZERO; a.len()];
    let mut carried = Fr::ZERO;
    for i in (1..a.len()).rev() {
        carried = carried * point + a[i];
        quotient[i - 1] = carried;
    }
    quotient
}
