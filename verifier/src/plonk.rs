//! The verifier of proofs: PLONK over KZG commitments, opened by SHPLONK.
//!
//! [`ProofVerifier::read`] does all of it but the pairing: the transcript, every identity, and the
//! linear combination of commitments that the last check is about. What it hands on is a [`Claim`].
//! [`ProofVerifier::settle`] holds any number of claims against `[tau]G2` at once.

mod claim;
mod identities;
mod lagrange;
mod layout;
mod opening;
mod program;
pub mod sums;
#[cfg(test)]
mod tests;

use std::io;

use ff::{Field, PrimeField};
use halo2_proofs::halo2curves::bn256::{Fr, G1Affine, G2Affine, G2Prepared};
use halo2_proofs::plonk::VerifyingKey;
use halo2_proofs::transcript::{EncodedChallenge, Transcript, TranscriptRead};

pub use self::claim::Claim;
use self::identities::{Drawn, Fold};
use self::lagrange::Rows;
use self::layout::{Evaluations, Layout};
use self::opening::Opening;
use self::sums::Sums;
use crate::proof::ProofError;
use crate::transcript::{StrictReader, ELEMENT_BYTES};

/// Verifies proofs under one key and one setup. Whatever depends on these alone is computed once;
/// proofs can be read from several threads.
pub struct ProofVerifier<'k> {
    key: &'k VerifyingKey<G1Affine>,
    tau_g2: G2Prepared,
    minus_g2: G2Prepared,
    sums: Sums,
    layout: Layout,
    rows: Rows,
    opening: Opening,
}

impl<'k> ProofVerifier<'k> {
    /// A verifier of proofs under `key`, made with the setup of `tau_g2`.
    ///
    /// The caller vouches for both: see [`crate::key`] and [`crate::setup`].
    ///
    /// # Errors
    /// [`ProofError::Mismatch`] when the key is not one of a circuit with one instance column.
    pub fn new(key: &'k VerifyingKey<G1Affine>, tau_g2: G2Affine) -> Result<Self, ProofError> {
        Self::with_sums(key, tau_g2, Sums::new(key.cs())?)
    }

    /// A verifier of proofs that open cells as `sums` says: with [`Sums::none`] it reads the
    /// library's proofs.
    ///
    /// # Errors
    /// See [`Self::new`].
    pub fn with_sums(
        key: &'k VerifyingKey<G1Affine>,
        tau_g2: G2Affine,
        sums: Sums,
    ) -> Result<Self, ProofError> {
        let layout = Layout::new(key, &sums)?;
        let rows = Rows::new(key).ok_or(ProofError::Mismatch("the key has no rows"))?;
        let opening = Opening::new(&layout.queries, &rows)?;
        Ok(Self {
            key,
            tau_g2: tau_g2.into(),
            minus_g2: (-G2Affine::generator()).into(),
            sums,
            layout,
            rows,
            opening,
        })
    }

    /// Bytes of every proof under the key: its points, its scalars, and two points of the opening.
    pub fn proof_bytes(&self) -> usize {
        let Layout {
            points, scalars, ..
        } = self.layout;
        let elements = points.saturating_add(scalars).saturating_add(2);
        elements.saturating_mul(ELEMENT_BYTES)
    }

    /// Reads a proof of the public inputs `instance`, the circuit's one instance column, up to the
    /// one thing that is left to [`Self::settle`].
    ///
    /// The caller decides the length of `instance`: what lacks is 0.
    ///
    /// # Errors
    /// See [`ProofError`]. A proof that no claim can be had from is refused for its encoding or its
    /// length; whether it holds is seen when its claim is settled.
    pub fn read(&self, instance: &[Fr], proof: &[u8]) -> Result<Claim, ProofError> {
        if instance.len() > self.rows.usable {
            return Err(ProofError::Mismatch("more public inputs than rows"));
        }
        let expected = self.proof_bytes();
        if proof.len() != expected {
            return Err(ProofError::Length {
                expected,
                found: proof.len(),
            });
        }
        let read = self.transcript(instance, proof);
        let read = read.map_err(|error| ProofError::Encoding(error.to_string()))?;
        self.claim(instance, read).ok_or(ProofError::False)
    }

    /// Reads a proof from its first byte to its last, and draws every challenge where it is due.
    fn transcript(&self, instance: &[Fr], proof: &[u8]) -> io::Result<Read> {
        let layout = &self.layout;
        let mut reader = StrictReader::new(proof);
        let challenge = |reader: &mut StrictReader<'_>| reader.squeeze_challenge().get_scalar();
        reader.common_scalar(self.key.transcript_repr())?;
        for cell in instance {
            reader.common_scalar(*cell)?;
        }

        let mut points = Vec::with_capacity(layout.points);
        let mut circuit = vec![Fr::ZERO; layout.challenges];
        for phase in &layout.phases {
            points.extend(reader.read_points(phase.columns)?);
            for index in &phase.challenges {
                let drawn = challenge(&mut reader);
                if let Some(challenge) = circuit.get_mut(*index) {
                    *challenge = drawn;
                }
            }
        }
        let theta = challenge(&mut reader);
        points.extend(reader.read_points(layout.permuted)?);
        let beta = challenge(&mut reader);
        let gamma = challenge(&mut reader);
        points.extend(reader.read_points(layout.products)?);
        let y = challenge(&mut reader);
        points.extend(reader.read_points(layout.quotient.len())?);
        let x = challenge(&mut reader);

        let mut scalars = Vec::with_capacity(layout.scalars);
        let evaluations = Evaluations::gather(&layout.counts, || {
            let scalar = reader.read_scalar()?;
            scalars.push(scalar);
            Ok::<_, io::Error>(scalar)
        })?;
        let among = challenge(&mut reader);
        let sets = challenge(&mut reader);
        let quotient = reader.read_point()?;
        let u = challenge(&mut reader);
        let witness = reader.read_point()?;
        let tag = challenge(&mut reader);
        reader.finish()?;
        Ok(Read {
            points,
            scalars,
            evaluations,
            drawn: Drawn {
                circuit,
                theta,
                beta,
                gamma,
                y,
                x,
            },
            opening: opening::Messages {
                among,
                sets,
                quotient,
                u,
                witness,
            },
            tag,
        })
    }

    /// None for a challenge that no honest proof meets but by a chance of about 2^-230.
    fn claim(&self, instance: &[Fr], read: Read) -> Option<Claim> {
        let Read {
            points,
            mut scalars,
            evaluations,
            drawn,
            opening,
            tag,
        } = read;
        let at = self.rows.at(drawn.x)?;
        let rotations = self.key.cs().instance_queries().iter();
        let instance = rotations
            .map(|(_, rotation)| self.rows.interpolate(instance, drawn.x, *rotation))
            .collect::<Option<Vec<Fr>>>()?;
        let run = self.sums.run(
            &evaluations.advice,
            &evaluations.fixed,
            &instance,
            &drawn.circuit,
        )?;
        let values = self.sums.program.values(&run)?;
        let factors = self.sums.factors(&run, drawn.y)?;
        let mut fold = Fold::new(drawn.y);
        values.gates.iter().for_each(|gate| fold.add(*gate));
        identities::copies(
            &mut fold,
            self.layout.columns_a_product,
            &at,
            &drawn,
            &values,
            &evaluations,
        )?;
        identities::lookups(&mut fold, &at, &drawn, &values, &evaluations);
        let summed: Fr = evaluations.sums.iter().sum();
        scalars.push((fold.sum() + summed) * at.vanishing_inverse);

        let weights =
            self.opening
                .weigh(&self.layout, drawn.x, &at, &opening, &scalars, &factors)?;
        let first = self
            .layout
            .first_advice
            .and_then(|place| points.get(place).copied());
        let own = weights.own.into_iter().zip(points);
        let terms = own
            .chain([
                (weights.quotient, opening.quotient),
                (opening.u, opening.witness),
            ])
            .collect();
        Some(Claim {
            key: Some(self.key.transcript_repr()),
            tag: tag.to_repr(),
            shared: weights.shared,
            generator: weights.generator,
            terms,
            witness: opening.witness,
            first,
        })
    }
}

/// All that a proof says, and all that was drawn from it.
struct Read {
    points: Vec<G1Affine>,
    scalars: Vec<Fr>,
    evaluations: Evaluations<Fr>,
    drawn: Drawn,
    opening: opening::Messages,
    tag: Fr,
}
