//! The circuit: rules 1 to 8 of the statement for all accounts of a shard.
//!
//! | part | file | rules |
//! |---|---|---|
//! | Poseidon: leaves, tree, digests | [`hash`] | 1, 8 |
//! | holdings: value, collateral, charge, order | [`holding`] | 2, 3, 4 |
//! | scans and the pool identity | [`scan`] | 3, 4 |
//! | windows: leaf, rounding, deficits, counts | [`window`] | 1, 5, 6 |
//! | market and model: well-formed and committed | [`table`] | 8 |
//! | lookups, totals | [`sums`] | 2, 6, 7 |
//! | how wide sums get | [`headroom`] | 2 |

pub mod columns;
pub mod hash;
pub mod headroom;
pub mod holding;
pub mod scan;
pub mod sums;
pub mod table;
pub mod window;

mod assign;

use std::sync::Arc;

use halo2_proofs::circuit::{Layouter, SimpleFloorPlanner};
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::plonk::{Circuit, ConstraintSystem, Error};

use crate::layout::{Lane, Layout};
use crate::shape::{Shape, BLINDING_ROWS, SHAPES};
use crate::witness::Witness;
use columns::Columns;

/// The constraint degree of every shape: the quotient has five pieces.
pub const DEGREE: usize = 6;

/// One shard of a book, or the circuit alone.
#[derive(Debug, Clone)]
pub struct MarginCircuit {
    shape: Shape,
    witness: Option<Arc<Witness>>,
}

impl MarginCircuit {
    /// The circuit of a shape, for keys.
    pub fn keygen(shape: &Shape) -> Self {
        Self {
            shape: *shape,
            witness: None,
        }
    }

    /// The circuit with a witness, for proofs.
    pub fn prove(witness: Arc<Witness>) -> Self {
        Self {
            shape: witness.layout.shape,
            witness: Some(witness),
        }
    }

    /// The circuit's shape.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }
}

/// Configured columns and the layout of their rows.
#[derive(Debug, Clone)]
pub struct Config {
    /// Columns.
    pub columns: Columns,
    /// Rows.
    pub layout: Layout,
}

/// Configures a shape's columns and gates.
pub fn configure(meta: &mut ConstraintSystem<Fr>, shape: &Shape) -> Config {
    let columns = Columns::new(meta, shape);
    meta.enable_equality(columns.instance);
    meta.enable_equality(columns.fixed.constants);
    meta.enable_equality(columns.holding.packed.column);
    meta.enable_equality(columns.window.accounts.column.column);
    if columns.window.pools.column != columns.window.accounts.column {
        meta.enable_equality(columns.window.pools.column.column);
    }
    for column in columns.hash.words(Lane::Nodes) {
        meta.enable_equality(column.column);
    }
    meta.enable_equality(columns.hash.output(Lane::Windows).column);
    for column in columns
        .table
        .symbol_elements
        .iter()
        .chain(&columns.table.loss_elements)
    {
        meta.enable_equality(column.column);
    }
    hash::configure(meta, &columns);
    holding::configure(meta, &columns);
    scan::configure(meta, &columns);
    window::configure(meta, &columns);
    table::configure(meta, &columns);
    sums::configure(meta, &columns);
    headroom::assert_headroom(shape);
    // The library cuts the degree it computes by an environment variable; this one it does not.
    meta.set_minimum_degree(DEGREE);
    assert!(
        meta.blinding_factors() + 2 <= BLINDING_ROWS,
        "rows are left to blinding"
    );
    Config {
        columns,
        layout: Layout::new(shape),
    }
}

impl Circuit<Fr> for MarginCircuit {
    type Config = Config;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = Shape;

    fn without_witnesses(&self) -> Self {
        Self::keygen(&self.shape)
    }

    fn params(&self) -> Shape {
        self.shape
    }

    fn configure_with_params(meta: &mut ConstraintSystem<Fr>, shape: Shape) -> Config {
        configure(meta, &shape)
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> Config {
        configure(meta, &Shape::default())
    }

    fn synthesize(&self, config: Config, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        layouter.assign_region(
            || "shard",
            |mut region| {
                assign::fixed(&mut region, &config);
                assign::copies(&mut region, &config);
                if let Some(witness) = &self.witness {
                    assign::first_phase(&mut region, &config, witness);
                }
                region.next_phase();
                if let Some(witness) = &self.witness {
                    assign::second_phase(&mut region, &config, witness);
                }
                Ok(())
            },
        )
    }
}

impl Default for Shape {
    fn default() -> Self {
        SHAPES[0]
    }
}
