//! The fixed cells and copies of a circuit, as its synthesis makes them.

use ff::Field;
use halo2_proofs::circuit::{SimpleFloorPlanner, Value};
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::plonk::{
    Advice, Any, Assigned, Assignment, Challenge, Column, Error, Fixed, FloorPlanner, Instance,
    Selector,
};
use zkmargin_circuits::circuit::{Config, MarginCircuit};

use super::Place;

/// Fixed cells and copies.
pub struct Recorder {
    /// By column and row.
    pub fixed: Vec<Vec<Fr>>,
    /// Pairs of cells, in order.
    pub copies: Vec<[Place; 2]>,
}

/// Synthesizes a circuit without a witness.
pub fn record(circuit: &MarginCircuit, config: Config, columns: usize, rows: usize) -> Recorder {
    let mut recorder = Recorder {
        fixed: vec![vec![Fr::ZERO; rows]; columns],
        copies: Vec::new(),
    };
    SimpleFloorPlanner::synthesize(&mut recorder, circuit, config, Vec::new()).expect("synthesis");
    recorder
}

impl Assignment<Fr> for Recorder {
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
        unreachable!("the circuit has no selectors of the library")
    }

    fn query_instance(&self, _: Column<Instance>, _: usize) -> Result<Value<Fr>, Error> {
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
        self.fixed[column.index()][row] = to.evaluate();
    }

    fn copy(&mut self, left: Column<Any>, left_row: usize, right: Column<Any>, right_row: usize) {
        self.copies.push([(left, left_row), (right, right_row)]);
    }

    fn fill_from_row(
        &mut self,
        _: Column<Fixed>,
        _: usize,
        _: Value<Assigned<Fr>>,
    ) -> Result<(), Error> {
        unreachable!("the circuit has no tables of the library")
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
