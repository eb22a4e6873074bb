//! Cells that are opened in sums, not one by one: see the verifier's
//! [`sums`](zkmargin_verifier::plonk::sums).

use ff::Field;
use halo2_proofs::halo2curves::bn256::Fr;
use zkmargin_verifier::plonk::sums::{Cell, Column};

use super::super::key::ProvingKey;
use super::super::numerator::Places;
use super::super::simd::{Arithmetic, Block, Scalar, Simd};
use super::super::weighed::combine;
use super::opening::{evaluate, powers_of};
use super::queries::{Queries, Query};
use super::{invert, ProofError};

/// The cells of sums with their factors.
pub(super) struct Summed<'a> {
    cells: Vec<(&'a Cell, Fr)>,
    rows: &'a [i32],
}

/// Values of the instance cells that constraints read, at `x`.
pub(super) fn instance<S: Arithmetic>(
    key: &ProvingKey<S>,
    places: &Places,
    polynomials: &[&[Block]],
    x: Fr,
) -> Vec<Fr> {
    let queries = key.verifying.cs().instance_queries().iter();
    let queries: Vec<Query> = queries
        .map(|(_, at)| Query {
            polynomial: places.instance,
            rotation: at.0,
        })
        .collect();
    evaluate(key, polynomials, &queries, x)
}

impl<'a> Summed<'a> {
    /// The factors that follow from the values of the cells that are opened one by one, the first
    /// among the `evaluations` that are written.
    pub(super) fn new<S>(
        key: &'a ProvingKey<S>,
        queries: &Queries,
        evaluations: &[Fr],
        instance: &[Fr],
        challenges: &[Fr],
        y: Fr,
    ) -> Result<Self, ProofError> {
        let [advice, fixed] = queries.cells;
        let (advice, others) = evaluations.split_at(advice);
        let sums = &key.sums;
        let factors = sums
            .run(advice, &others[..fixed], instance, challenges)
            .and_then(|run| sums.factors(&run, y))
            .ok_or(ProofError::Sums)?;
        Ok(Self {
            cells: sums.cells().iter().zip(factors).collect(),
            rows: sums.rows(),
        })
    }

    /// The quotient in one piece, less the sum in the row of `x` divided by `xn - 1`.
    pub(super) fn quotient<S: Simd<Scalar>>(
        &self,
        key: &ProvingKey<S>,
        places: &Places,
        polynomials: &[&[Block]],
        pieces: &[Vec<Block>],
        xn: Fr,
    ) -> Vec<Block> {
        let pieces = pieces.iter().map(Vec::as_slice).zip(powers_of(xn));
        let mut weighed: Vec<(&[Block], Fr)> = pieces.collect();
        let scale = -invert(xn - Fr::ONE);
        let terms = self.terms(0, places, polynomials);
        weighed.extend(terms.map(|(polynomial, factor)| (polynomial, factor * scale)));
        combine(key.domain.simd, &key.pool, &weighed)
    }

    /// The sums in other rows, one after another.
    pub(super) fn others<S: Simd<Scalar>>(
        &self,
        key: &ProvingKey<S>,
        places: &Places,
        polynomials: &[&[Block]],
    ) -> Vec<Vec<Block>> {
        let rows = self.rows.iter();
        rows.map(|row| {
            let terms: Vec<_> = self.terms(*row, places, polynomials).collect();
            combine(key.domain.simd, &key.pool, &terms)
        })
        .collect()
    }

    fn terms<'p>(
        &'p self,
        row: i32,
        places: &'p Places,
        polynomials: &'p [&'p [Block]],
    ) -> impl Iterator<Item = (&'p [Block], Fr)> {
        let cells = self.cells.iter().filter(move |(cell, _)| cell.row == row);
        cells.map(|(cell, factor)| {
            let place = match cell.column {
                Column::Advice(column) => places.advice + column,
                Column::Fixed(column) => places.fixed + column,
            };
            (polynomials[place], *factor)
        })
    }
}
