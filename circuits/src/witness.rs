//! A shard's witness: the plan of its windows, and every cell of the first phase made from it.
//!
//! The plan holds what the prover claims; the cells are computed from it without asking whether it
//! is true, so that a test can build the whole consistent witness of a lie.

mod chains;
mod fill;
pub mod grid;
pub mod plan;
mod second;
mod tables;

use std::ops::Range;
use std::sync::Arc;

use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::plonk::ConstraintSystem;
use rayon::prelude::*;

use crate::circuit::columns::Columns;
use crate::circuit::hash::{units, UNITS};
use crate::digest::{check_fit, ShapeError};
use crate::layout::{Lane, Layout};
use crate::market::Market;
use crate::poseidon::{Boxes, Hasher, Plain, RATE};
use crate::public_inputs::PublicInputs;
use crate::relation::BookTotals;
use crate::risk::RiskModel;
use crate::shape::{Shape, NODE_ROWS, SPARE_ROWS};
use crate::totals_column;
use crate::tree::{children, Tree};
use grid::{Grid, WindowCells};
use plan::ShardPlan;

pub use second::{range_fractions, second_phase, second_phase_without_ranges, ChallengeValues};

/// Everything of the first phase, and what the proof makes public.
#[derive(Debug)]
pub struct Witness {
    /// Rows of the shape.
    pub layout: Layout,
    /// Columns of the shape.
    pub columns: Columns,
    /// Cells of the first phase.
    pub grid: Grid,
    /// The tree over the slots.
    pub tree: Tree,
    /// Market digest.
    pub market: Fr,
    /// Model digest.
    pub model: Fr,
    /// Counts digest.
    pub counts: Fr,
    /// The totals claimed.
    pub totals: BookTotals,
}

/// What the whole shard has in common.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The market.
    pub market: &'a Market,
    /// The model.
    pub risk: &'a RiskModel,
}

/// The columns of a shape, as every witness and key of it lays them out.
pub fn columns(shape: &Shape) -> Columns {
    Columns::new(&mut ConstraintSystem::default(), shape)
}

impl Witness {
    /// The witness of a plan.
    ///
    /// # Errors
    /// A market or model beyond the shape.
    pub fn new(shape: &Shape, context: &Context<'_>, plan: &ShardPlan) -> Result<Self, ShapeError> {
        Self::hashed_by(&Plain, shape, context, plan)
    }

    /// [`Self::new`], its hashes made by `hasher`.
    ///
    /// # Errors
    /// A market or model beyond the shape.
    pub fn hashed_by(
        hasher: &dyn Hasher,
        shape: &Shape,
        context: &Context<'_>,
        plan: &ShardPlan,
    ) -> Result<Self, ShapeError> {
        check_fit(shape, context.market, context.risk)?;
        let layout = Layout::new(shape);
        let columns = columns(shape);
        let mut grid = Grid::new(shape, &columns);
        let tables = tables::Tables::new(&layout, context)?;

        let slots = fill::accounts(&mut grid, &columns, &layout, context, plan, &tables, hasher);
        let tree = hash_tree(&mut grid, &columns, &layout, slots, hasher);
        tables.fill(&mut grid, &columns, &layout, context);
        let (market, model) = tables::hash(&mut grid, &columns, &layout, context, hasher)?;
        let inputs = fill::counts_inputs(&grid, &columns, &layout, plan.counts_salt);
        let counts = layout.counts..layout.counts + 1;
        let counts = hash_nodes(&mut grid, &columns, &layout, counts, &[inputs], hasher);
        let counts = counts.first().copied().unwrap_or_default();
        for (row, total) in totals_column::cells(shape, context.market, &plan.totals)
            .into_iter()
            .enumerate()
        {
            grid.set(columns.totals, row, total);
        }
        fill::range_uses(&mut grid, &columns);
        let totals = plan.totals.clone();
        Ok(Self {
            layout,
            columns,
            grid,
            tree,
            market,
            model,
            counts,
            totals,
        })
    }

    /// Puts random values into the spare rows of the totals column, which hide the totals.
    pub fn blind_totals(&mut self, spare: &[Fr; SPARE_ROWS]) {
        let first = self.layout.shape.total_rows();
        for (i, value) in spare.iter().enumerate() {
            self.grid.set(self.columns.totals, first + i, *value);
        }
    }

    /// The public inputs of this witness.
    pub fn public_inputs(&self, context: [u8; 32], shard: u64, shards: u64) -> PublicInputs {
        PublicInputs {
            context,
            shard,
            shards,
            market: self.market,
            model: self.model,
            root: self.tree.root(),
            counts: self.counts,
        }
    }

    /// The witness behind a circuit.
    pub fn shared(self) -> Arc<Self> {
        Arc::new(self)
    }
}

/// Puts a permutation into the rows of its window or node.
fn put_hash(
    cells: &mut WindowCells<'_>,
    columns: &Columns,
    lane: Lane,
    block: &[Fr; RATE],
    boxes: &Boxes,
) {
    let hash = &columns.hash;
    for (unit, inputs) in units(block, boxes).iter().enumerate() {
        for (column, value) in hash.unit(lane, unit).iter().zip(inputs) {
            cells.set(*column, lane.row(unit), *value);
        }
    }
    cells.set(hash.output(lane), lane.row(UNITS - 1), boxes.output);
}

/// Blocks that a hasher is given at once.
const AT_ONCE: usize = 16;

/// Hashes a block in each of some permutations of tree and digests; gives the outputs.
fn hash_nodes(
    grid: &mut Grid,
    columns: &Columns,
    layout: &Layout,
    nodes: Range<usize>,
    blocks: &[[Fr; RATE]],
    hasher: &dyn Hasher,
) -> Vec<Fr> {
    let outputs: Vec<Vec<Fr>> = grid
        .span(layout.node_rows(nodes))
        .split(NODE_ROWS)
        .par_chunks_mut(AT_ONCE)
        .zip(blocks.par_chunks(AT_ONCE))
        .map(|(nodes, blocks)| {
            let hashed = nodes.iter_mut().zip(blocks).zip(hasher.boxes(blocks));
            hashed
                .map(|((cells, block), boxes)| {
                    put_hash(cells, columns, Lane::Nodes, block, &boxes);
                    boxes.output
                })
                .collect()
        })
        .collect();
    outputs.concat()
}

fn hash_tree(
    grid: &mut Grid,
    columns: &Columns,
    layout: &Layout,
    slots: Vec<Fr>,
    hasher: &dyn Hasher,
) -> Tree {
    let mut levels = vec![slots];
    for nodes in &layout.levels {
        let below = levels.last().map(Vec::as_slice).unwrap_or_default();
        let blocks = 0..nodes.len();
        let blocks: Vec<_> = blocks.map(|node| children(below, node)).collect();
        levels.push(hash_nodes(
            grid,
            columns,
            layout,
            nodes.clone(),
            &blocks,
            hasher,
        ));
    }
    Tree { levels }
}
