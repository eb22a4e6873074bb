//! The cells of a shard's witness, column by column, as the engine asks for them.

use std::sync::Arc;

use halo2_proofs::halo2curves::bn256::Fr;
use zkmargin_circuits::circuit::columns::{Columns, Free, Limb, Second, LIMBS_A_HELPER};
use zkmargin_circuits::shape::BLINDING_ROWS;
use zkmargin_circuits::witness::grid::SecondGrid;
use zkmargin_circuits::witness::{
    range_fractions, second_phase_without_ranges, ChallengeValues, Witness,
};

use crate::engine::column::Cells;
use crate::engine::proof;
use crate::totals::FreeRows;

#[derive(Debug, Clone, Copy)]
enum Kind {
    Free(Free),
    Limb(Limb),
    Second(Second),
    /// A helper of range lookups, by its number.
    Range(usize),
}

/// A witness on its way into a proof.
#[derive(Debug)]
pub struct ShardCells {
    kinds: Vec<Kind>,
    columns: Columns,
    rows: usize,
    blinding: [Fr; BLINDING_ROWS],
    witness: Option<Witness>,
    second: Option<SecondGrid>,
    /// What helpers of range lookups sum at their limbs.
    fractions: Arc<Vec<Fr>>,
}

impl ShardCells {
    /// The cells of a witness, with the free rows of its totals.
    pub fn new(mut witness: Witness, free: &FreeRows) -> Self {
        witness.blind_totals(free.spare());
        let columns = witness.columns.clone();
        let elements = columns.free.iter().map(|c| (c.column, Kind::Free(*c)));
        let limbs = columns.limbs.iter().map(|c| (c.column, Kind::Limb(*c)));
        let second = columns.second.iter().map(|c| (c.column, Kind::Second(*c)));
        let mut kinds: Vec<_> = elements.chain(limbs).chain(second).collect();
        kinds.sort_by_key(|(column, _)| column.index());
        for (number, helper) in columns.range_helpers.iter().enumerate() {
            kinds[helper.column.index()].1 = Kind::Range(number);
        }
        Self {
            kinds: kinds.into_iter().map(|(_, kind)| kind).collect(),
            rows: witness.grid.rows,
            columns,
            blinding: *free.blinding(),
            witness: Some(witness),
            second: None,
            fractions: Arc::default(),
        }
    }
}

impl ShardCells {
    /// The cells of some columns, row by row: those of a row stand together.
    fn gather(
        &self,
        columns: &[usize],
        rows: usize,
        put: impl Fn(&mut Cells, Kind, usize),
    ) -> Vec<Cells> {
        let mut cells: Vec<(Kind, Cells)> = columns
            .iter()
            .map(|column| {
                let kind = self.kinds[*column];
                let cells = match kind {
                    Kind::Limb(_) => Cells::Small(Vec::with_capacity(rows)),
                    Kind::Range(number) => self.range(number),
                    _ => Cells::Elements(Vec::with_capacity(rows)),
                };
                (kind, cells)
            })
            .collect();
        // Functions of other columns have nothing of their own.
        let has_own = |(kind, _): &&mut (Kind, Cells)| !matches!(kind, Kind::Range(_));
        let mut own: Vec<_> = cells.iter_mut().filter(has_own).collect();
        for row in 0..rows {
            for (kind, cells) in &mut own {
                put(cells, *kind, row);
            }
        }
        cells.into_iter().map(|(_, cells)| cells).collect()
    }

    fn range(&self, number: usize) -> Cells {
        let limbs = self.columns.limbs.chunks(LIMBS_A_HELPER).nth(number);
        let limbs = limbs.unwrap_or_default().iter();
        Cells::Function {
            of: limbs.map(|limb| limb.column.index()).collect(),
            values: Arc::clone(&self.fractions),
        }
    }
}

impl proof::Witness for ShardCells {
    fn first(&self, columns: &[usize]) -> Vec<Cells> {
        let grid = self.witness.as_ref().map(|witness| &witness.grid);
        let mut cells = self.gather(columns, self.rows, |cells, kind, row| {
            match (grid, kind, cells) {
                (Some(grid), Kind::Free(free), Cells::Elements(cells)) => {
                    cells.push(grid.free(free, row));
                }
                (Some(grid), Kind::Limb(limb), Cells::Small(cells)) => {
                    cells.push(grid.limb(limb, row));
                }
                _ => {}
            }
        });
        let totals = self.columns.totals.column.index();
        for (column, cells) in columns.iter().zip(&mut cells) {
            if let (true, Cells::Elements(cells)) = (*column == totals, cells) {
                cells.extend_from_slice(&self.blinding);
            }
        }
        cells
    }

    fn draw(&mut self, challenges: &[Fr]) {
        let drawn = &self.columns.challenges;
        let of = |challenge: halo2_proofs::plonk::Challenge| challenges[challenge.index()];
        let values = ChallengeValues {
            theta: of(drawn.theta),
            x: of(drawn.x),
            gamma: of(drawn.gamma),
            xi: of(drawn.xi),
            upsilon: of(drawn.upsilon),
            kappa: of(drawn.kappa),
        };
        self.fractions = Arc::new(range_fractions(self.columns.shape.limb_bits, values.x));
        self.second = self.witness.take().map(|witness| {
            second_phase_without_ranges(&self.columns, &witness, &values, &self.fractions)
        });
    }

    fn second(&self, columns: &[usize]) -> Vec<Cells> {
        let grid = self.second.as_ref();
        self.gather(columns, self.rows + 1, |cells, kind, row| {
            if let (Some(grid), Kind::Second(second), Cells::Elements(cells)) = (grid, kind, cells)
            {
                cells.push(grid.get(second, row));
            }
        })
    }

    fn done(&mut self) {
        self.second = None;
    }
}
