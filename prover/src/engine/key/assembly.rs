//! Fixed cells and copies, as a circuit's layout gives them.

use ff::Field;
use halo2_proofs::circuit::Value;
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::plonk::{
    Advice, Any, Assigned, Assignment, Challenge, Column, ConstraintSystem, Error, Fixed, Instance,
    Selector,
};

/// Collects fixed cells and copies.
#[derive(Debug)]
pub struct Assembly {
    usable: usize,
    k: u32,
    fixed: Vec<Vec<Fr>>,
    copies: Copies,
}

/// Cycles of equal cells. The order in which the library merges them is kept: a key depends on it.
#[derive(Debug)]
pub struct Copies {
    columns: Vec<Column<Any>>,
    next: Vec<Vec<(u32, u32)>>,
    leader: Vec<Vec<(u32, u32)>>,
    size: Vec<Vec<u32>>,
}

impl Assembly {
    /// Nothing assigned yet.
    pub fn new(usable: usize, k: u32, cs: &ConstraintSystem<Fr>) -> Self {
        let columns = cs.permutation().get_columns();
        let n = 1usize << k;
        let own: Vec<Vec<(u32, u32)>> = (0..columns.len() as u32)
            .map(|column| (0..n as u32).map(|row| (column, row)).collect())
            .collect();
        Self {
            usable,
            k,
            fixed: vec![Vec::new(); cs.num_fixed_columns()],
            copies: Copies {
                size: vec![vec![1; n]; columns.len()],
                columns,
                next: own.clone(),
                leader: own,
            },
        }
    }

    /// The fixed columns' cells, and the copies.
    pub fn finish(self) -> (Vec<Vec<Fr>>, Copies) {
        (self.fixed, self.copies)
    }

    fn check(&self, row: usize) {
        // As the library does: a circuit that does not fit its shape is a defect of the program.
        assert!(
            row < self.usable,
            "row {row} of a circuit of 2^{} rows is for blinding",
            self.k
        );
    }
}

impl Copies {
    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.columns.len()
    }

    /// The next cell of a cell's cycle.
    pub fn next(&self, column: usize, row: usize) -> (usize, usize) {
        let (column, row) = self.next[column][row];
        (column as usize, row as usize)
    }

    fn index(&self, column: Column<Any>) -> usize {
        self.columns
            .iter()
            .position(|known| *known == column)
            .unwrap_or_else(|| panic!("{:?}", Error::ColumnNotInPermutation(column)))
    }

    fn merge(&mut self, left: (usize, usize), right: (usize, usize)) {
        let at = |cells: &[Vec<(u32, u32)>], cell: (usize, usize)| cells[cell.0][cell.1];
        let wide = |cell: (u32, u32)| (cell.0 as usize, cell.1 as usize);
        let mut kept = wide(at(&self.leader, left));
        let mut joined = wide(at(&self.leader, right));
        if kept == joined {
            return;
        }
        if self.size[kept.0][kept.1] < self.size[joined.0][joined.1] {
            std::mem::swap(&mut kept, &mut joined);
        }
        self.size[kept.0][kept.1] += self.size[joined.0][joined.1];
        let mut cell = joined;
        loop {
            self.leader[cell.0][cell.1] = (kept.0 as u32, kept.1 as u32);
            cell = wide(at(&self.next, cell));
            if cell == joined {
                break;
            }
        }
        let next = at(&self.next, left);
        self.next[left.0][left.1] = at(&self.next, right);
        self.next[right.0][right.1] = next;
    }
}

impl Assignment<Fr> for Assembly {
    fn enter_region<NR, N>(&mut self, _: N)
    where
        NR: Into<String>,
        N: FnOnce() -> NR,
    {
    }

    fn annotate_column<A, AR>(&mut self, _: A, _: Column<Any>)
    where
        A: FnOnce() -> AR,
        AR: Into<String>,
    {
    }

    fn exit_region(&mut self) {}

    fn enable_selector<A, AR>(&mut self, _: A, _: &Selector, _: usize) -> Result<(), Error>
    where
        A: FnOnce() -> AR,
        AR: Into<String>,
    {
        // Every selector of this project is a fixed column.
        Err(Error::Synthesis)
    }

    fn query_instance(&self, _: Column<Instance>, row: usize) -> Result<Value<Fr>, Error> {
        self.check(row);
        Ok(Value::unknown())
    }

    fn assign_advice<'v>(
        &mut self,
        _: Column<Advice>,
        _: usize,
        _: Value<Assigned<Fr>>,
    ) -> Value<&'v Assigned<Fr>> {
        Value::unknown()
    }

    fn assign_fixed(&mut self, column: Column<Fixed>, row: usize, to: Assigned<Fr>) {
        self.check(row);
        let cells = &mut self.fixed[column.index()];
        if cells.len() <= row {
            cells.resize(row + 1, Fr::ZERO);
        }
        cells[row] = to.evaluate();
    }

    fn copy(
        &mut self,
        left_column: Column<Any>,
        left_row: usize,
        right_column: Column<Any>,
        right_row: usize,
    ) {
        self.check(left_row);
        self.check(right_row);
        let left = (self.copies.index(left_column), left_row);
        let right = (self.copies.index(right_column), right_row);
        self.copies.merge(left, right);
    }

    fn fill_from_row(
        &mut self,
        column: Column<Fixed>,
        row: usize,
        to: Value<Assigned<Fr>>,
    ) -> Result<(), Error> {
        let mut filler = None;
        to.map(|value| filler = Some(value));
        let filler = filler.ok_or(Error::Synthesis)?;
        for row in row..self.usable {
            self.assign_fixed(column, row, filler);
        }
        Ok(())
    }

    fn get_challenge(&self, _: Challenge) -> Value<Fr> {
        Value::unknown()
    }

    fn push_namespace<NR, N>(&mut self, _: N)
    where
        NR: Into<String>,
        N: FnOnce() -> NR,
    {
    }

    fn pop_namespace(&mut self, _: Option<String>) {}
}
