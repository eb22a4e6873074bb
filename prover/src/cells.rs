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
use crate::engine::simd::LANES;
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
    /// The limbs of some columns, row by row: those of a row stand together.
    fn limbs(&self, limbs: &[Limb]) -> Vec<Vec<u16>> {
        let column = |_: &Limb| Vec::with_capacity(self.rows);
        let mut cells: Vec<Vec<u16>> = limbs.iter().map(column).collect();
        let Some(witness) = &self.witness else {
            return cells;
        };
        for row in 0..self.rows {
            let limb_row = witness.grid.limb_row(row);
            for (limb, cells) in limbs.iter().zip(&mut cells) {
                cells.push(limb_row[limb.slot]);
            }
        }
        cells
    }

    fn range(&self, number: usize) -> Cells {
        let limbs = self.columns.limbs.chunks(LIMBS_A_HELPER).nth(number);
        let limbs = limbs.unwrap_or_default().iter();
        Cells::Function {
            of: limbs.map(|limb| limb.column.index()).collect(),
            values: Arc::clone(&self.fractions),
        }
    }

    /// An element of a column, none beyond its rows.
    fn element(&self, kind: Kind, row: usize) -> Option<Fr> {
        match kind {
            Kind::Free(free) if row < self.rows => {
                let witness = self.witness.as_ref()?;
                Some(witness.grid.free(free, row))
            }
            Kind::Free(free) if free.column == self.columns.totals.column => {
                self.blinding.get(row - self.rows).copied()
            }
            Kind::Second(second) if row <= self.rows => {
                let grid = self.second.as_ref()?;
                Some(grid.get(second, row))
            }
            _ => None,
        }
    }
}

impl proof::Witness for ShardCells {
    fn cells(&self, columns: &[usize]) -> Vec<Cells> {
        let kinds = columns.iter().map(|column| self.kinds[*column]);
        let limbs = kinds.clone().filter_map(|kind| match kind {
            Kind::Limb(limb) => Some(limb),
            _ => None,
        });
        let mut limbs = self.limbs(&limbs.collect::<Vec<Limb>>()).into_iter();
        kinds
            .map(|kind| match kind {
                Kind::Limb(_) => Cells::Small(limbs.next().unwrap_or_default()),
                Kind::Range(number) => self.range(number),
                Kind::Second(_) => Cells::Elements(self.rows + 1),
                Kind::Free(free) if free.column == self.columns.totals.column => {
                    Cells::Elements(self.rows + BLINDING_ROWS)
                }
                Kind::Free(_) => Cells::Elements(self.rows),
            })
            .collect()
    }

    fn elements(&self, columns: &[usize], row: usize, cells: &mut [[Fr; LANES]]) {
        for (column, cells) in columns.iter().zip(cells) {
            let kind = self.kinds[*column];
            for (lane, cell) in cells.iter_mut().enumerate() {
                if let Some(element) = self.element(kind, row + lane) {
                    *cell = element;
                }
            }
        }
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

    fn done(&mut self) {
        self.second = None;
    }
}
