//! The cells of a shard's witness, column by column, as the engine asks for them.

use halo2_proofs::halo2curves::bn256::Fr;
use zkmargin_circuits::circuit::columns::{Columns, Free, Limb, Second};
use zkmargin_circuits::witness::grid::SecondGrid;
use zkmargin_circuits::witness::{second_phase, ChallengeValues, Witness};

use crate::engine::column::Cells;
use crate::engine::proof;

#[derive(Debug, Clone, Copy)]
enum Kind {
    Free(Free),
    Limb(Limb),
    Second(Second),
}

/// A witness on its way into a proof.
#[derive(Debug)]
pub struct ShardCells {
    kinds: Vec<Kind>,
    columns: Columns,
    rows: usize,
    witness: Option<Witness>,
    second: Option<SecondGrid>,
}

impl ShardCells {
    /// The cells of a witness.
    pub fn new(witness: Witness) -> Self {
        let columns = witness.columns.clone();
        let free = columns.free.iter().map(|c| (c.column, Kind::Free(*c)));
        let limbs = columns.limbs.iter().map(|c| (c.column, Kind::Limb(*c)));
        let second = columns.second.iter().map(|c| (c.column, Kind::Second(*c)));
        let mut kinds: Vec<_> = free.chain(limbs).chain(second).collect();
        kinds.sort_by_key(|(column, _)| column.index());
        Self {
            kinds: kinds.into_iter().map(|(_, kind)| kind).collect(),
            rows: witness.grid.rows,
            columns,
            witness: Some(witness),
            second: None,
        }
    }
}

impl proof::Witness for ShardCells {
    fn first(&self, column: usize) -> Cells {
        let Some(witness) = &self.witness else {
            return Cells::Small(Vec::new());
        };
        let grid = &witness.grid;
        match self.kinds[column] {
            Kind::Free(free) => {
                Cells::Elements((0..self.rows).map(|row| grid.free(free, row)).collect())
            }
            Kind::Limb(limb) => {
                Cells::Small((0..self.rows).map(|row| grid.limb(limb, row)).collect())
            }
            Kind::Second(_) => Cells::Small(Vec::new()),
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
        self.second = self
            .witness
            .take()
            .map(|witness| second_phase(&self.columns, &witness, &values));
    }

    fn second(&self, column: usize) -> Cells {
        match (&self.second, self.kinds[column]) {
            (Some(grid), Kind::Second(second)) => {
                Cells::Elements((0..=self.rows).map(|row| grid.get(second, row)).collect())
            }
            _ => Cells::Small(Vec::new()),
        }
    }

    fn done(&mut self) {
        self.second = None;
    }
}
