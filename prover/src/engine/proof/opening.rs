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
//! so one division a point serves all sets, and interpolations are not needed at all. Each `N` is
//! known by its values on the domain, row by row: there a division is a product, and values are
//! committed to as those of a column are.

use ff::Field;
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::halo2curves::group::Curve;
use halo2_proofs::poly::Rotation;
use halo2_proofs::transcript::TranscriptWrite;
use rayon::prelude::*;

use super::super::barycentric::Barycentric;
use super::super::column::fill;
use super::super::key::ProvingKey;
use super::super::simd::{Arithmetic, Block, Scalar, Simd, LANES};
use super::super::weighed::{combine, dots};
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
    let values = values(key, polynomials, &sets, y);

    let mut rotations: Vec<i32> = sets.iter().flat_map(|set| set.rotations.clone()).collect();
    rotations.sort_unstable();
    rotations.dedup();
    let outside = Barycentric::new(domain, x);
    let divisions: Vec<Division<'_>> = rotations
        .iter()
        .map(|rotation| {
            let p = point(*rotation);
            // What an inverse is short of.
            let factor = self::point(key, Fr::ONE, -*rotation);
            let weighed: Vec<(&[Block], Fr)> = sets
                .iter()
                .zip(&values)
                .zip(powers_of(v))
                .filter(|((set, _), _)| set.rotations.contains(rotation))
                .map(|((set, values), power)| {
                    let others = set.rotations.iter().filter(|other| *other != rotation);
                    let slope =
                        others.fold(Fr::ONE, |product, other| product * (p - point(*other)));
                    (values.as_slice(), factor * power * invert(slope))
                })
                .collect();
            let at_point = weighed
                .iter()
                .map(|(values, weight)| outside.evaluate(values, *rotation) * weight);
            let at_point: Fr = at_point.sum();
            let block = |value| <S as Simd<Scalar>>::import(s, &[value; LANES]);
            Division {
                rotation: *rotation,
                less: block(-at_point),
                weighed: weighed
                    .iter()
                    .map(|(values, weight)| (*values, block(*weight)))
                    .collect(),
            }
        })
        .collect();
    let quotient = divide(&outside, &divisions, key);
    drop(outside);
    watch(Work::Commitments);
    transcript.write_point(key.lagrange.commit(&quotient).to_affine())?;

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
    // The first set's factor is taken out of all of them, as the verifier does.
    let scale = absent.first().map_or(Fr::ONE, |first| invert(*first));
    let mut weighed: Vec<(&[Block], Fr)> = values
        .iter()
        .zip(powers_of(v))
        .zip(&absent)
        .map(|((values, power), absent)| (values.as_slice(), power * absent * scale))
        .collect();
    weighed.push((&quotient, -all * scale));
    let mut linear = combine(s, &key.pool, &weighed);
    Barycentric::new(domain, u).divide(&mut linear);
    watch(Work::Commitments);
    transcript.write_point(key.lagrange.commit(&linear).to_affine())?;
    key.pool.give(values.into_iter().chain([quotient, linear]));
    Ok(())
}

/// What is divided at one point.
struct Division<'a> {
    rotation: i32,
    /// Each times the weight, eight times.
    weighed: Vec<(&'a [Block], Block)>,
    /// Their sum's value at the point, negated, eight times.
    less: Block,
}

/// The values of all divisions' sum.
fn divide<S: Simd<Scalar>>(
    outside: &Barycentric<'_, S>,
    divisions: &[Division<'_>],
    key: &ProvingKey<S>,
) -> Vec<Block> {
    let s = key.domain.simd;
    let mut out = key.pool.zeros();
    fill(s, &mut out, |i, zero| {
        divisions.iter().fold(s.load(zero), |sum, division| {
            let weighed = division.weighed.iter();
            let dividend = weighed.fold(s.load(&division.less), |sum, (values, weight)| {
                s.add_narrow(sum, s.mul(s.load(&values[i]), s.load(weight)))
            });
            let inverse = outside.inverse(i, division.rotation);
            s.add_narrow(sum, s.mul(dividend, inverse))
        })
    });
    out
}

/// Values on the domain of each set's polynomials, combined by powers of `y`.
fn values<S: Arithmetic>(
    key: &ProvingKey<S>,
    polynomials: &[&[Block]],
    sets: &[Set],
    y: Fr,
) -> Vec<Vec<Block>> {
    let domain = &key.domain;
    let unshifted = domain.coset(Fr::ONE);
    sets.par_iter()
        .map(|set| {
            let mut out = key.pool.take();
            if let [only] = set.polynomials[..] {
                domain.evaluate(polynomials[only], &unshifted, &mut out);
                return out;
            }
            let places = set.polynomials.iter();
            let weighed: Vec<(&[Block], Fr)> = places
                .map(|place| polynomials[*place])
                .zip(powers_of(y))
                .collect();
            let sum = combine(domain.simd, &key.pool, &weighed);
            domain.evaluate(&sum, &unshifted, &mut out);
            key.pool.give([sum]);
            out
        })
        .collect()
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
        let at = |query: &&Query| query.rotation == rotation;
        let read: Vec<&[Block]> = queries
            .iter()
            .filter(at)
            .map(|query| polynomials[query.polynomial])
            .collect();
        let values = dots(key.domain.simd, &read, &powers);
        let places = queries.iter().zip(&mut out).filter(|(query, _)| at(query));
        for ((_, out), value) in places.zip(values) {
            *out = value;
        }
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
