//! All cells of a witness, column by column.

use ff::Field;
use halo2_proofs::halo2curves::bn256::Fr;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use zkmargin_circuits::circuit::columns::{Columns, Second};
use zkmargin_circuits::field::from_i128;
use zkmargin_circuits::witness::grid::SecondGrid;
use zkmargin_circuits::witness::{second_phase, Witness};

use super::{Constraint, System};
use crate::forge::SecondCells;

/// The arguments of the running sum, lowest power of the challenge first.
pub const ARGUMENTS: [&str; 5] = ["range", "symbols", "groups", "families", "scalars"];

/// All cells of a witness. Rows left to blinding are zeros, which serve a forger best: what reads them
/// from the first row finds nothing there.
#[derive(Clone)]
pub struct Matrix {
    /// By column and row.
    pub advice: Vec<Vec<Fr>>,
    /// Public inputs.
    pub instance: Vec<Fr>,
    /// Another value of the challenge that separates the arguments.
    pub(super) kappa: Option<Fr>,
}

impl Matrix {
    /// The cells of a witness, and what a lie makes of those of the second phase.
    pub fn new(
        system: &System,
        witness: &Witness,
        instance: Vec<Fr>,
        lie: Option<fn(&mut SecondCells)>,
    ) -> Self {
        let mut matrix = Self {
            advice: vec![vec![Fr::ZERO; system.size]; system.readers.len()],
            instance,
            kappa: None,
        };
        matrix.set_first(witness);
        let columns = &witness.columns;
        let mut cells = SecondCells {
            grid: second_phase(columns, witness, &system.c),
            witness,
            columns: columns.clone(),
            layout: witness.layout.clone(),
            c: system.c,
        };
        if let Some(lie) = lie {
            lie(&mut cells);
        }
        matrix.set_second(columns, &cells.grid, witness.grid.rows);
        matrix
    }

    /// Puts random elements into the rows left to blinding, but where the running sum ends.
    pub fn blind(&mut self, system: &System) {
        let mut rng = ChaCha8Rng::seed_from_u64(11);
        let rows = system.config.layout.shape.rows();
        let sum = system.config.columns.sum.column.index();
        for (column, cells) in self.advice.iter_mut().enumerate() {
            let cells = cells.iter_mut().skip(rows + usize::from(column == sum));
            cells.for_each(|cell| *cell = Fr::random(&mut rng));
        }
    }

    /// Sets the cells of the first phase.
    fn set_first(&mut self, witness: &Witness) {
        let grid = &witness.grid;
        for column in &witness.columns.free {
            for row in 0..grid.rows {
                self.advice[column.column.index()][row] = grid.free(*column, row);
            }
        }
        for column in &witness.columns.limbs {
            for row in 0..grid.rows {
                self.advice[column.column.index()][row] =
                    Fr::from(u64::from(grid.limb(*column, row)));
            }
        }
    }

    fn set_second(&mut self, columns: &Columns, second: &SecondGrid, rows: usize) {
        for column in &columns.second {
            let end = rows + usize::from(*column == columns.sum);
            for row in 0..end {
                self.advice[column.column.index()][row] = second.get(*column, row);
            }
        }
    }

    /// Moves something of a helper from one row down to another, and with it the running sum, which
    /// counts `sign` times the helper in the argument of this number.
    pub fn smuggle(
        &mut self,
        system: &System,
        helper: Second,
        rows: [usize; 2],
        argument: u64,
        sign: i128,
    ) {
        let [from, to] = rows;
        self.advice[helper.column.index()][from] -= Fr::ONE;
        self.advice[helper.column.index()][to] += Fr::ONE;
        let weight = system.c.kappa.pow_vartime([argument]) * from_i128(sign);
        let sum = system.config.columns.sum.column.index();
        for row in from + 1..to + 1 {
            self.advice[sum][row] -= weight;
        }
    }

    /// The cells that differ.
    pub fn differences(&self, other: &Self) -> Vec<(usize, usize)> {
        let columns = self.advice.iter().zip(&other.advice).enumerate();
        columns
            .flat_map(|(column, (own, other))| {
                let rows = own.iter().zip(other).enumerate();
                rows.filter(|(_, (own, other))| own != other)
                    .map(move |(row, _)| (column, row))
            })
            .collect()
    }

    /// What the helpers of each argument of the running sum add up to: 0 where it holds.
    pub fn arguments(&self, system: &System) -> [Fr; 5] {
        let Constraint::Polynomial(next) =
            system.named("sum: everything cancels / next = sum + terms")
        else {
            unreachable!("a polynomial")
        };
        let mut matrix = self.clone();
        matrix.advice[system.config.columns.sum.column.index()].fill(Fr::ZERO);
        // A polynomial of degree 4 in the challenge, from its values at 0 to 4.
        let values: Vec<Fr> = (0..5u64)
            .map(|kappa| {
                matrix.kappa = Some(Fr::from(kappa));
                let rows = &system.polynomials[next].live;
                rows.iter()
                    .map(|row| -system.value(next, *row as usize, &matrix))
                    .sum()
            })
            .collect();
        interpolate(&values)
    }
}

/// The coefficients of the polynomial of degree 4 with these values at 0, 1, 2, 3, 4.
fn interpolate(values: &[Fr]) -> [Fr; 5] {
    let mut coefficients = [Fr::ZERO; 5];
    for (i, value) in values.iter().enumerate() {
        let point = |i: usize| Fr::from(i as u64);
        let mut basis = [Fr::ZERO; 5];
        basis[0] = *value;
        for (degree, j) in (0..5).filter(|j| *j != i).enumerate() {
            let scale = (point(i) - point(j)).invert().unwrap_or(Fr::ZERO);
            for place in (0..=degree + 1).rev() {
                let shifted = match place {
                    0 => Fr::ZERO,
                    _ => basis[place - 1],
                };
                basis[place] = (shifted - basis[place] * point(j)) * scale;
            }
        }
        for (sum, term) in coefficients.iter_mut().zip(basis) {
            *sum += term;
        }
    }
    coefficients
}
