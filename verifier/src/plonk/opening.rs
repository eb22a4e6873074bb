//! All evaluations of a proof in one equation of commitments (SHPLONK).
//!
//! Commitments opened at the same points are one set. With `Z_S` the polynomial that is 0 at the
//! points outside set `S`, `R_c` the one of least degree that has the claimed values of commitment
//! `c` at the points of its set, `y` and `v` the challenges within and among sets, `Q` and `W` the two
//! points of the opening and `u` the challenge between them,
//!
//! ```text
//! sum over S, c of v^S y^c Z_S(u) / Z_0(u) * ([c] - R_c(u) [1]) - prod over S_0 of (u - p) * Q + u W
//! ```
//!
//! is `[tau] W`. What multiplies a commitment is computed here, the points are added up later.

use ff::{BatchInvert, Field};
use halo2_proofs::halo2curves::bn256::{Fr, G1Affine};

use super::lagrange::{AtX, Rows};
use super::layout::{Commitment, Layout, Query, Summed};
use crate::proof::ProofError;

/// What a proof says after its evaluations, and what is drawn between.
pub(super) struct Messages {
    /// Weighs the commitments of a set.
    pub among: Fr,
    /// Weighs the sets.
    pub sets: Fr,
    /// The first point.
    pub quotient: G1Affine,
    /// Where the sets are combined.
    pub u: Fr,
    /// The second point.
    pub witness: G1Affine,
}

/// Commitments that are opened at the same points.
struct Set {
    /// Which points, and for each the inverse of the product of its distances from the others, for
    /// x = 1.
    points: Vec<(usize, Fr)>,
    /// The points of other sets.
    others: Vec<usize>,
    members: Vec<Member>,
}

struct Member {
    commitment: Commitment,
    /// Where its values stand, in the order of the set's points.
    evaluations: Vec<usize>,
}

/// What is opened where.
pub(super) struct Opening {
    /// The points, for x = 1.
    points: Vec<Fr>,
    sets: Vec<Set>,
}

/// What multiplies each commitment.
pub(super) struct Weights {
    /// Points of the proof before the opening.
    pub own: Vec<Fr>,
    /// Points of the key.
    pub shared: Vec<Fr>,
    /// The generator.
    pub generator: Fr,
    /// The first point of the opening.
    pub quotient: Fr,
}

impl Opening {
    /// Sorts queries into sets, both in the order they first come.
    ///
    /// # Errors
    /// When one commitment is opened twice in one row: two values could be claimed there.
    pub(super) fn new(queries: &[Query], rows: &Rows) -> Result<Self, ProofError> {
        let mut rotations: Vec<i32> = queries.iter().map(|query| query.rotation).collect();
        rotations.sort_unstable();
        rotations.dedup();
        let points: Vec<Fr> = rotations.iter().map(|at| rows.step(*at)).collect();

        let mut opened: Vec<(Commitment, Vec<(i32, usize)>)> = Vec::new();
        for query in queries {
            let at = (query.rotation, query.evaluation);
            match opened
                .iter_mut()
                .find(|(commitment, _)| *commitment == query.commitment)
            {
                Some((_, places)) => places.push(at),
                None => opened.push((query.commitment, vec![at])),
            }
        }
        let mut sets: Vec<(Vec<i32>, Vec<Member>)> = Vec::new();
        for (commitment, mut places) in opened {
            places.sort_unstable();
            let (at, evaluations): (Vec<i32>, Vec<usize>) = places.into_iter().unzip();
            if !at.is_sorted_by(|a, b| a < b) {
                return Err(ProofError::Mismatch("a row is opened twice"));
            }
            let member = Member {
                commitment,
                evaluations,
            };
            match sets.iter_mut().find(|(rotations, _)| *rotations == at) {
                Some((_, members)) => members.push(member),
                None => sets.push((at, vec![member])),
            }
        }
        let sets = sets
            .into_iter()
            .map(|(at, members)| {
                let (inside, others): (Vec<usize>, Vec<usize>) =
                    (0..rotations.len()).partition(|place| {
                        let rotation = rotations.get(*place);
                        rotation.is_some_and(|rotation| at.contains(rotation))
                    });
                let of = |place: &usize| points.get(*place).copied();
                let roots = inside.iter().map(of).collect::<Option<Vec<Fr>>>()?;
                let mut slopes: Vec<Fr> = roots
                    .iter()
                    .map(|root| distance(*root, roots.iter().filter(|other| *other != root)))
                    .collect();
                slopes.iter_mut().batch_invert();
                Some(Set {
                    points: inside.into_iter().zip(slopes).collect(),
                    others,
                    members,
                })
            })
            .collect::<Option<Vec<Set>>>()
            .ok_or(ProofError::Mismatch("the key is not whole"))?;
        Ok(Self { points, sets })
    }

    /// Weighs the commitments for the claimed values `scalars`, where the cells of sums have these
    /// `factors`. None for a challenge u that is one of the points, or an x that is 0.
    pub(super) fn weigh(
        &self,
        layout: &Layout,
        x: Fr,
        at: &AtX,
        messages: &Messages,
        scalars: &[Fr],
        factors: &[Fr],
    ) -> Option<Weights> {
        let u = messages.u;
        let points: Vec<Fr> = self.points.iter().map(|point| x * point).collect();
        let of = |place: &usize| points.get(*place);
        let mut weights = Weights {
            own: vec![Fr::ZERO; layout.points],
            shared: vec![Fr::ZERO; layout.shared],
            generator: Fr::ZERO,
            quotient: Fr::ZERO,
        };
        let x_inverse = Option::<Fr>::from(x.invert())?;
        let mut normal = None;
        let mut quotient = Fr::ZERO;
        let mut sums = vec![Fr::ZERO; layout.sums];
        let mut power_of_set = Fr::ONE;
        for set in &self.sets {
            let inside = set.points.iter().map(|(place, _)| of(place));
            let inside = inside.collect::<Option<Vec<&Fr>>>()?;
            let others = set.others.iter().map(of).collect::<Option<Vec<&Fr>>>()?;
            // The first set's factor is taken out of all of them.
            let factor = distance(u, others);
            let normal = match normal {
                Some(normal) => normal,
                None => {
                    weights.quotient = -distance(u, inside.iter().copied());
                    *normal.insert(Option::<Fr>::from(factor.invert())?)
                }
            };
            let factor = factor * normal * power_of_set;
            power_of_set *= messages.sets;

            // The polynomials that are 1 at one of the set's points and 0 at the others, in u.
            let scale = x_inverse.pow_vartime([inside.len().saturating_sub(1) as u64]);
            let slopes = set.points.iter().map(|(_, slope)| *slope * scale);
            let lagrange: Vec<Fr> = inside
                .iter()
                .zip(slopes)
                .map(|(point, slope)| {
                    slope * distance(u, inside.iter().copied().filter(|other| other != point))
                })
                .collect();
            let mut weight = factor;
            for member in &set.members {
                let mut value = Fr::ZERO;
                for (place, lagrange) in member.evaluations.iter().zip(&lagrange) {
                    value += *lagrange * scalars.get(*place)?;
                }
                weights.generator -= weight * value;
                match member.commitment {
                    Commitment::Own(place) => *weights.own.get_mut(place)? += weight,
                    Commitment::Key(place) => *weights.shared.get_mut(place)? += weight,
                    Commitment::Quotient => quotient += weight,
                    Commitment::Sum(place) => *sums.get_mut(place)? += weight,
                }
                weight *= messages.among;
            }
        }
        let in_row_of_x = -quotient * at.vanishing_inverse;
        for (Summed { commitment, sum }, factor) in layout.summed.iter().zip(factors) {
            let weight = match sum {
                Some(place) => *sums.get(*place)?,
                None => in_row_of_x,
            };
            let all = match commitment {
                Commitment::Own(place) => weights.own.get_mut(*place)?,
                Commitment::Key(place) => weights.shared.get_mut(*place)?,
                Commitment::Quotient | Commitment::Sum(_) => return None,
            };
            *all += weight * factor;
        }
        for place in &layout.quotient {
            *weights.own.get_mut(*place)? += quotient;
            quotient *= at.xn;
        }
        Some(weights)
    }
}

/// The product of the distances of a point from others.
fn distance<'a>(point: Fr, others: impl IntoIterator<Item = &'a Fr>) -> Fr {
    let distances = others.into_iter().map(|other| point - other);
    distances.product()
}
