//! The totals column's free rows, and its opening over all shards.
//!
//! A shard's free rows are random, drawn for its proof and kept with it: the opening needs their
//! sums, and who knows those of one shard and its commitment can test guesses of its totals.

use ff::{BatchInvert, Field, PrimeField};
use halo2_proofs::arithmetic::best_multiexp;
use halo2_proofs::halo2curves::bn256::{Fr, G1Affine};
use halo2_proofs::halo2curves::group::Curve;
use rand::{CryptoRng, RngCore};
use rayon::prelude::*;
use zkmargin_circuits::shape::{Shape, BLINDING_ROWS, SPARE_ROWS};
use zkmargin_circuits::totals_column::{free_rows, FREE_ROWS};
use zkmargin_verifier::totals::{point, root_of_unity, value, TotalsOpening};
use zkmargin_verifier::transcript::{decode_scalar, ELEMENT_BYTES};

use crate::params::Parameters;

/// Values of the free rows of a totals column: one shard's, or their sums. They are written over when
/// they are dropped, as far as the compiler can be told to.
#[derive(Clone, PartialEq, Eq)]
pub struct FreeRows([Fr; FREE_ROWS]);

impl Drop for FreeRows {
    fn drop(&mut self) {
        // Elements of the library cannot be wiped by `zeroize`.
        self.0 = [Fr::ZERO; FREE_ROWS];
        std::hint::black_box(&self.0);
    }
}

impl std::fmt::Debug for FreeRows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FreeRows(..)")
    }
}

impl FreeRows {
    /// Random ones.
    pub fn draw<R: RngCore + CryptoRng>(rng: &mut R) -> Self {
        Self(std::array::from_fn(|_| Fr::random(&mut *rng)))
    }

    /// Zeros, for a sum to begin with.
    pub fn zero() -> Self {
        Self([Fr::ZERO; FREE_ROWS])
    }

    /// Adds those of another shard.
    pub fn add(&mut self, other: &Self) {
        for (sum, value) in self.0.iter_mut().zip(&other.0) {
            *sum += value;
        }
    }

    /// Those among the active rows.
    pub fn spare(&self) -> &[Fr; SPARE_ROWS] {
        self.0
            .first_chunk()
            .unwrap_or_else(|| unreachable!("spare rows are free"))
    }

    /// Those of the blinding rows.
    pub fn blinding(&self) -> &[Fr; BLINDING_ROWS] {
        self.0
            .last_chunk()
            .unwrap_or_else(|| unreachable!("blinding rows are free"))
    }

    /// As bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(PrimeField::to_repr).collect()
    }

    /// From bytes; none when they are no free rows.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (elements, rest) = bytes.as_chunks::<ELEMENT_BYTES>();
        let values: Option<Vec<Fr>> = elements.iter().map(|e| decode_scalar(e).ok()).collect();
        let values = values.filter(|_| rest.is_empty())?;
        values.try_into().ok().map(Self)
    }
}

/// Opens the sum of all shards' totals columns, which has `totals` in its first rows and `free` in
/// the free ones. `params` are of the shape's size.
pub fn open(
    shape: &Shape,
    params: &Parameters,
    context: &[u8; 32],
    commitments: &[G1Affine],
    totals: &[Fr],
    free: &FreeRows,
) -> TotalsOpening {
    let n = 1usize << shape.k;
    let z = point(context, commitments, &free.0);
    let value = value(shape, totals, &free.0, z).unwrap_or(Fr::ZERO);
    // (P(omega^i) - P(z)) / (omega^i - z), row by row.
    let mut column = vec![-value; n];
    for (row, cell) in (0..totals.len())
        .chain(free_rows(shape))
        .zip(totals.iter().chain(&free.0))
    {
        column[row] += cell;
    }
    let omega = root_of_unity(shape.k);
    const TASK: usize = 1 << 12;
    column
        .par_chunks_mut(TASK)
        .enumerate()
        .for_each(|(task, cells)| {
            let mut power = omega.pow_vartime([(task * TASK) as u64]);
            let mut poles: Vec<Fr> = Vec::with_capacity(cells.len());
            for _ in 0..cells.len() {
                poles.push(power - z);
                power *= omega;
            }
            poles.iter_mut().batch_invert();
            for (cell, pole) in cells.iter_mut().zip(&poles) {
                *cell *= pole;
            }
        });
    TotalsOpening {
        free: free.0.to_vec(),
        witness: best_multiexp(&column, params.points().lagrange).to_affine(),
    }
}
