//! Polynomials: where they can fail, what they read, and their values.

use std::collections::BTreeSet;

use ff::Field;
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::plonk::Expression;

use super::{Matrix, System};

/// A polynomial of a gate.
pub struct Polynomial {
    /// `gate / constraint`.
    pub name: String,
    /// Its number among those of that name, from 1.
    pub number: usize,
    /// Whether it is the only one of that name.
    pub alone: bool,
    /// The polynomial.
    pub expression: Expression<Fr>,
    /// Rows where it is not 0 by its fixed cells alone.
    pub live: Vec<u32>,
    /// Advice columns and rotations.
    pub reads: BTreeSet<(usize, i32)>,
    fixed: BTreeSet<(usize, i32)>,
    lives: Vec<bool>,
}

impl Polynomial {
    pub(super) fn new(
        name: String,
        number: usize,
        expression: Expression<Fr>,
        system: &System,
    ) -> Self {
        let lives: Vec<bool> = (0..system.size)
            .map(|row| system.known(&expression, row) != Some(Fr::ZERO))
            .collect();
        let live = lives.iter().enumerate().filter(|(_, live)| **live);
        let (mut reads, mut fixed) = (BTreeSet::new(), BTreeSet::new());
        advice(&expression, &mut reads);
        fixed_cells(&expression, &mut fixed);
        Self {
            name,
            number,
            alone: true,
            live: live.map(|(row, _)| row as u32).collect(),
            expression,
            reads,
            fixed,
            lives,
        }
    }

    /// The name, with a number where several have the same.
    pub fn label(&self) -> String {
        if self.alone {
            self.name.clone()
        } else {
            format!("{} [{}]", self.name, self.number)
        }
    }

    /// Whether it can fail in a row.
    pub fn is_live(&self, row: usize) -> bool {
        self.lives[row]
    }
}

/// The advice columns and rotations of an expression.
pub fn advice(expression: &Expression<Fr>, reads: &mut BTreeSet<(usize, i32)>) {
    match expression {
        Expression::Advice(query) => {
            reads.insert((query.column_index(), query.rotation().0));
        }
        Expression::Negated(a) | Expression::Scaled(a, _) => advice(a, reads),
        Expression::Sum(a, b) | Expression::Product(a, b) => {
            advice(a, reads);
            advice(b, reads);
        }
        _ => {}
    }
}

/// The fixed columns and rotations of an expression.
fn fixed_cells(expression: &Expression<Fr>, reads: &mut BTreeSet<(usize, i32)>) {
    match expression {
        Expression::Fixed(query) => {
            reads.insert((query.column_index(), query.rotation().0));
        }
        Expression::Negated(a) | Expression::Scaled(a, _) => fixed_cells(a, reads),
        Expression::Sum(a, b) | Expression::Product(a, b) => {
            fixed_cells(a, reads);
            fixed_cells(b, reads);
        }
        _ => {}
    }
}

impl System {
    /// The fixed columns that a polynomial reads and that are not 0 in a row.
    pub fn fixed_at(&self, polynomial: usize, row: usize) -> Vec<usize> {
        let set = self.polynomials[polynomial]
            .fixed
            .iter()
            .filter(|(column, rotation)| self.fixed[*column][self.at(row, *rotation)] != Fr::ZERO);
        set.map(|(column, _)| *column).collect()
    }

    /// The value of an expression in a row.
    pub(super) fn evaluate(&self, expression: &Expression<Fr>, row: usize, matrix: &Matrix) -> Fr {
        match expression {
            Expression::Constant(value) => *value,
            Expression::Selector(_) => Fr::ZERO,
            Expression::Fixed(query) => {
                self.fixed[query.column_index()][self.at(row, query.rotation().0)]
            }
            Expression::Advice(query) => {
                matrix.advice[query.column_index()][self.at(row, query.rotation().0)]
            }
            Expression::Instance(query) => {
                let row = self.at(row, query.rotation().0);
                matrix.instance.get(row).copied().unwrap_or(Fr::ZERO)
            }
            Expression::Challenge(challenge) => matrix
                .kappa
                .filter(|_| *challenge == self.config.columns.challenges.kappa)
                .unwrap_or(self.challenges[challenge.index()]),
            Expression::Negated(a) => -self.evaluate(a, row, matrix),
            Expression::Sum(a, b) => self.evaluate(a, row, matrix) + self.evaluate(b, row, matrix),
            Expression::Product(a, b) => {
                let a = self.evaluate(a, row, matrix);
                if a == Fr::ZERO {
                    return a;
                }
                a * self.evaluate(b, row, matrix)
            }
            Expression::Scaled(a, scale) => self.evaluate(a, row, matrix) * scale,
        }
    }

    /// The value of an expression in a row as far as fixed cells and constants give it.
    fn known(&self, expression: &Expression<Fr>, row: usize) -> Option<Fr> {
        match expression {
            Expression::Constant(value) => Some(*value),
            Expression::Selector(_) => Some(Fr::ZERO),
            Expression::Fixed(query) => {
                Some(self.fixed[query.column_index()][self.at(row, query.rotation().0)])
            }
            Expression::Advice(_) | Expression::Instance(_) | Expression::Challenge(_) => None,
            Expression::Negated(a) => Some(-self.known(a, row)?),
            Expression::Sum(a, b) => Some(self.known(a, row)? + self.known(b, row)?),
            Expression::Product(a, b) => match self.known(a, row) {
                Some(a) if a == Fr::ZERO => Some(a),
                a => match self.known(b, row) {
                    Some(b) if b == Fr::ZERO => Some(b),
                    b => Some(a? * b?),
                },
            },
            Expression::Scaled(a, scale) => Some(self.known(a, row)? * scale),
        }
    }
}
