//! zkmargin's statement, in plain integers and as a circuit.

pub mod base;
pub mod book;
pub mod circuit;
pub mod digest;
pub mod error;
pub mod field;
pub mod json;
pub mod layout;
pub mod leaf;
pub mod market;
pub mod poseidon;
pub mod public_inputs;
pub mod relation;
pub mod risk;
pub mod shape;
pub mod snapshot;
pub mod statement;
pub mod totals_column;
pub mod tree;
pub mod units;
pub mod verdict;
pub mod witness;
