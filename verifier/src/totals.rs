//! The totals of a book: the sum of its shards' totals columns, opened at one point.
//!
//! Every shard's proof commits to its totals column and proves it right; none shows it. Commitments
//! add, so the sum of them commits to the sum of the columns, which holds the totals of the statement
//! in their rows, zeros elsewhere, and random values in the free rows. The file `totals.bin` gives
//! the sums of those, so the whole sum is known. At a point drawn from all commitments it must open
//! to the value that this known column has there.
//!
//! | bytes of `totals.bin` | what |
//! |---|---|
//! | 32 for each free row | its sum over the shards, a field element, little-endian |
//! | 32 | the witness `[(P(tau) - P(z)) / (tau - z)]`, a compressed point |

use ff::{BatchInvert, Field, FromUniformBytes, PrimeField};
use halo2_proofs::halo2curves::bn256::{Fr, G1Affine};
use halo2_proofs::halo2curves::group::GroupEncoding;
use sha2::{Digest, Sha512};
use zkmargin_circuits::shape::Shape;
use zkmargin_circuits::totals_column::{free_rows, FREE_ROWS};

use crate::plonk::Claim;
use crate::proof::ProofError;
use crate::transcript::{decode_point, decode_scalar, ELEMENT_BYTES};

/// Bytes of `totals.bin`.
pub const TOTALS_BYTES: usize = (FREE_ROWS + 1) * ELEMENT_BYTES;

/// `totals.bin`, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TotalsOpening {
    /// The sums of the free rows, in their order.
    pub free: Vec<Fr>,
    /// The witness of the opening.
    pub witness: G1Affine,
}

impl TotalsOpening {
    /// Reads the file.
    ///
    /// # Errors
    /// [`ProofError::Encoding`] when it is not [`TOTALS_BYTES`] long, or holds what is no field
    /// element or no point in its one encoding.
    pub fn parse(bytes: &[u8]) -> Result<Self, ProofError> {
        let encoding = |problem: std::io::Error| ProofError::Encoding(problem.to_string());
        if bytes.len() != TOTALS_BYTES {
            return Err(ProofError::Encoding(format!(
                "{} bytes, where {TOTALS_BYTES} are due",
                bytes.len()
            )));
        }
        let (elements, _) = bytes.as_chunks::<ELEMENT_BYTES>();
        let (witness, free) = elements
            .split_last()
            .ok_or_else(|| ProofError::Encoding("it is empty".to_owned()))?;
        Ok(Self {
            free: free
                .iter()
                .map(|bytes| decode_scalar(bytes).map_err(encoding))
                .collect::<Result<_, _>>()?,
            witness: decode_point(witness).map_err(encoding)?,
        })
    }

    /// The bytes of the file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(TOTALS_BYTES);
        for value in &self.free {
            bytes.extend_from_slice(value.to_repr().as_ref());
        }
        bytes.extend_from_slice(self.witness.to_bytes().as_ref());
        bytes
    }
}

/// The point of the opening: SHA-512 of everything it depends on, as a field element.
pub fn point(context: &[u8; 32], commitments: &[G1Affine], free: &[Fr]) -> Fr {
    let mut hash = Sha512::new();
    hash.update(b"zkmargin totals v1");
    hash.update(context);
    hash.update((commitments.len() as u64).to_le_bytes());
    for commitment in commitments {
        hash.update(commitment.to_bytes());
    }
    for value in free {
        hash.update(value.to_repr());
    }
    Fr::from_uniform_bytes(&hash.finalize().into())
}

/// The value at `z` of the column whose first rows are `totals` and whose free rows are `free`, zeros
/// elsewhere. None when `z` is a root of unity.
pub fn value(shape: &Shape, totals: &[Fr], free: &[Fr], z: Fr) -> Option<Fr> {
    let omega = root_of_unity(shape.k);
    let rows = (0..totals.len()).chain(free_rows(shape));
    // Rows mostly follow each other, and so do the powers.
    let (mut next, mut power) = (0, Fr::ONE);
    let cells: Vec<(Fr, Fr)> = rows
        .zip(totals.iter().chain(free))
        .filter_map(|(row, cell)| {
            if row != next {
                power = omega.pow_vartime([row as u64]);
            }
            let here = power;
            power *= omega;
            next = row.saturating_add(1);
            (*cell != Fr::ZERO).then_some((here, *cell))
        })
        .collect();
    // The Lagrange polynomial of a row is omega^row (z^n - 1) / (n (z - omega^row)).
    let mut poles: Vec<Fr> = cells.iter().map(|(power, _)| z - power).collect();
    if poles.contains(&Fr::ZERO) {
        return None;
    }
    poles.iter_mut().batch_invert();
    let sum: Fr = cells
        .iter()
        .zip(&poles)
        .map(|((power, cell), pole)| *power * cell * pole)
        .sum();
    let n = 1u64 << shape.k;
    let vanishing = z.pow_vartime([n]) - Fr::ONE;
    Some(sum * vanishing * Fr::from(n).invert().unwrap_or(Fr::ZERO))
}

/// A generator of the 2^k-th roots of unity, that of the proving library.
pub fn root_of_unity(k: u32) -> Fr {
    (k..Fr::S).fold(Fr::ROOT_OF_UNITY, |root, _| root.square())
}

/// The claim that the commitments of all shards add up to the totals; none when the point of the
/// opening is a root of unity.
pub fn claim(
    shape: &Shape,
    context: &[u8; 32],
    commitments: &[G1Affine],
    totals: &[Fr],
    opening: &TotalsOpening,
) -> Option<Claim> {
    let z = point(context, commitments, &opening.free);
    let value = value(shape, totals, &opening.free, z)?;
    Some(Claim::opening(commitments, z, value, opening.witness))
}

#[cfg(test)]
mod tests;
