//! Which cells a proof opens one by one, and which only in sums.
//!
//! The identities at `x`, weighed by powers of `y`, are a polynomial in the cells that constraints
//! read there. Where no two of some cells are multiplied by each other, it is
//!
//! ```text
//! rest + sum over these cells of factor * cell
//! ```
//!
//! and `rest` and the factors follow from the cells that are left. So these are opened one by one,
//! and of the others, for each row that they stand in, the polynomial `sum of factor * column`, whose
//! value there is all that is needed. In the row of `x` not even that: the sum is opened together
//! with the quotient, to the one value that the identities leave it.
//!
//! Which cells are left to sums follows from the constraint system alone: see [`Sums::new`].

mod choice;

use ff::Field;
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::plonk::ConstraintSystem;

use super::identities;
use super::program::{Program, Run};
use crate::proof::ProofError;

/// The cells of a circuit, by how proofs open them.
#[derive(Debug)]
pub struct Sums {
    pub(super) program: Program,
    /// Whether a cell is opened by itself: cells of advice, then of fixed columns, in the order of
    /// the constraint system's queries.
    alone: Vec<bool>,
    /// Those that are not.
    cells: Vec<Cell>,
    rows: Vec<i32>,
    /// What depends on them.
    depend: Vec<bool>,
    /// Identities that are weighed after the constraints.
    after: u64,
}

/// A cell that is opened in a sum only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    /// Its column.
    pub column: Column,
    /// Its row, from that of `x`.
    pub row: i32,
    /// Its place among the program's inputs.
    place: usize,
}

/// A column of a circuit that proofs open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// An advice column.
    Advice(usize),
    /// A fixed column.
    Fixed(usize),
}

impl Sums {
    /// Leaves to sums as many cells as it finds of which no two are multiplied by each other and none
    /// is read by copies or a lookup, and of which a row has two at least, or is that of `x`.
    ///
    /// Prover and verifier come to the same choice, which is of the circuit and not of a proof.
    ///
    /// # Errors
    /// [`ProofError::Mismatch`] when a constraint asks for a cell that proofs do not open.
    pub fn new(cs: &ConstraintSystem<Fr>) -> Result<Self, ProofError> {
        Self::of(cs, |program, queried| {
            let rows: Vec<i32> = queried.iter().map(|(_, row)| *row).collect();
            choice::choose(&program.products(), &rows)
        })
    }

    /// Leaves nothing to sums: for proofs that open every cell, as the library's do.
    ///
    /// # Errors
    /// See [`Self::new`].
    pub fn none(cs: &ConstraintSystem<Fr>) -> Result<Self, ProofError> {
        Self::of(cs, |_, queried| vec![true; queried.len()])
    }

    fn of(
        cs: &ConstraintSystem<Fr>,
        choose: impl Fn(&Program, &[(Column, i32)]) -> Vec<bool>,
    ) -> Result<Self, ProofError> {
        let program = Program::new(cs)?;
        let advice = cs.advice_queries().iter();
        let advice = advice.map(|(column, row)| (Column::Advice(column.index()), row.0));
        let fixed = cs.fixed_queries().iter();
        let fixed = fixed.map(|(column, row)| (Column::Fixed(column.index()), row.0));
        let queried: Vec<(Column, i32)> = advice.chain(fixed).collect();
        let alone = choose(&program, &queried);
        let cells: Vec<Cell> = queried
            .into_iter()
            .zip(&alone)
            .enumerate()
            .filter(|(_, (_, alone))| !**alone)
            .map(|(place, ((column, row), _))| Cell { column, row, place })
            .collect();
        let mut rows: Vec<i32> = cells.iter().map(|cell| cell.row).collect();
        rows.retain(|row| *row != 0);
        rows.sort_unstable();
        rows.dedup();
        let summed: Vec<bool> = alone.iter().map(|alone| !alone).collect();
        let depend = program.depend(&summed);
        Ok(Self {
            program,
            alone,
            cells,
            rows,
            depend,
            after: identities::after_constraints(cs),
        })
    }

    /// Whether each advice cell is opened by itself, in the order of the constraint system's
    /// queries.
    pub fn advice_alone(&self) -> impl Iterator<Item = bool> + '_ {
        let [advice, _] = self.program.cells();
        self.alone.iter().copied().take(advice)
    }

    /// Whether each fixed cell is opened by itself, in the order of the constraint system's queries.
    pub fn fixed_alone(&self) -> impl Iterator<Item = bool> + '_ {
        let [advice, _] = self.program.cells();
        self.alone.iter().copied().skip(advice)
    }

    /// The cells that are not.
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// The rows, in rising order, that have a sum to which a proof says a value: all but that of `x`.
    pub fn rows(&self) -> &[i32] {
        &self.rows
    }

    /// Runs the constraints with 0 for every cell that is not opened by itself. `advice` and `fixed`
    /// are those that are. None when these are of another circuit.
    pub fn run(
        &self,
        advice: &[Fr],
        fixed: &[Fr],
        instance: &[Fr],
        challenges: &[Fr],
    ) -> Option<Run> {
        let advice = filled(self.advice_alone(), advice)?;
        let fixed = filled(self.fixed_alone(), fixed)?;
        self.program.run([&advice, &fixed, instance, challenges])
    }

    /// The factor of each of [`Self::cells`] in the sum of all identities. None for a run of another
    /// circuit.
    pub fn factors(&self, run: &Run, y: Fr) -> Option<Vec<Fr>> {
        let last = y.pow_vartime([self.after]);
        let slopes = self.program.slopes(run, &self.depend, y, last)?;
        let cells = self.cells.iter();
        cells.map(|cell| slopes.get(cell.place).copied()).collect()
    }
}

/// Values of all cells, of those that are opened alone: 0 for the others. None when there are too
/// few or too many.
fn filled(alone: impl Iterator<Item = bool>, values: &[Fr]) -> Option<Vec<Fr>> {
    let mut values = values.iter().copied();
    let all = alone.map(|alone| if alone { values.next() } else { Some(Fr::ZERO) });
    let all = all.collect::<Option<Vec<Fr>>>()?;
    values.next().is_none().then_some(all)
}
