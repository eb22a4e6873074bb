//! Lookup arguments of the library.

use std::collections::{BTreeSet, HashSet};

use ff::{Field, PrimeField};
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::plonk::Expression;

use super::expression::advice;
use super::{Matrix, System};

/// Every row's tuple of inputs is some row's tuple of the table.
pub struct Lookup {
    /// Its name.
    pub name: String,
    inputs: Vec<Expression<Fr>>,
    table: Vec<Expression<Fr>>,
    usable: usize,
}

impl Lookup {
    /// A lookup in rows `0..usable` of expressions in expressions.
    pub(super) fn new(
        name: &str,
        inputs: &[Expression<Fr>],
        table: &[Expression<Fr>],
        usable: usize,
    ) -> Self {
        Self {
            name: name.to_owned(),
            inputs: inputs.to_vec(),
            table: table.to_vec(),
            usable,
        }
    }

    /// The advice columns it reads.
    pub(super) fn reads(&self) -> BTreeSet<usize> {
        let mut reads = BTreeSet::new();
        for expression in self.inputs.iter().chain(&self.table) {
            advice(expression, &mut reads);
        }
        reads.into_iter().map(|(column, _)| column).collect()
    }

    /// Rows whose tuple is not in the table.
    pub(super) fn failures(&self, system: &System, matrix: &Matrix) -> Vec<usize> {
        // Tuples as polynomials at a point nobody aims at.
        let point = Fr::from(0x1234_5678_9abc_def1).square();
        let tuple = |expressions: &[Expression<Fr>], row: usize| -> [u8; 32] {
            expressions
                .iter()
                .fold(Fr::ZERO, |sum, expression| {
                    sum * point + system.evaluate(expression, row, matrix)
                })
                .to_repr()
        };
        let table: HashSet<[u8; 32]> = (0..self.usable)
            .map(|row| tuple(&self.table, row))
            .collect();
        (0..self.usable)
            .filter(|row| !table.contains(&tuple(&self.inputs, *row)))
            .collect()
    }
}
