//! The advice columns, phase by phase: laid out, committed to, kept as polynomials.

use std::collections::BTreeMap;
use std::io;

use ff::Field;
use halo2_proofs::halo2curves::bn256::{Fr, G1};
use halo2_proofs::plonk::Any;
use rand_chacha::ChaCha20Rng;
use rand_core::CryptoRngCore;
use rayon::prelude::*;

use super::super::column::{edges, lay_elements, lay_function, lay_small, put, Cells};
use super::super::key::ProvingKey;
use super::super::msm::Buckets;
use super::super::simd::{Arithmetic, Block};
use super::{fork, write_points, Part, ProofError, Step, Witness, Work, Writer};

/// Columns whose cells are fetched together.
const TOGETHER: usize = 8;

/// Columns that were committed to.
#[derive(Default)]
pub(super) struct Columns {
    /// Coefficients.
    pub polynomials: Vec<Vec<Block>>,
    /// Their values in the first and last rows.
    pub edges: Vec<Vec<Block>>,
    /// Values of those that lookups or copies read.
    pub values: Vec<Option<Vec<Block>>>,
}

/// The phases of a proof.
pub(super) struct Phases<'a, S> {
    key: &'a ProvingKey<S>,
    usable: usize,
    /// Whether lookups or copies read a column.
    read: Vec<bool>,
    /// Columns of small integers, for those that are functions of them.
    small: BTreeMap<usize, Small>,
    columns: Columns,
}

struct Small {
    cells: Vec<u16>,
    buckets: Option<Buckets>,
}

/// A column that is laid out.
pub(super) struct Laid {
    /// Which.
    pub column: usize,
    /// All of its rows.
    pub values: Vec<Block>,
    /// What its cells are, which says how they are committed to.
    cells: Cells,
    /// Its last rows.
    tail: Vec<Fr>,
}

impl<'a, S: Arithmetic> Phases<'a, S> {
    /// No phase yet.
    pub(super) fn new(key: &'a ProvingKey<S>, usable: usize) -> Self {
        let columns = key.verifying.cs().num_advice_columns();
        Self {
            key,
            usable,
            read: read_columns(key),
            small: BTreeMap::new(),
            columns: Columns {
                polynomials: vec![Vec::new(); columns],
                edges: vec![Vec::new(); columns],
                values: vec![None; columns],
            },
        }
    }

    /// The columns of all phases.
    pub(super) fn finish(self) -> Columns {
        self.columns
    }

    /// The columns of a phase, in their order, with random last rows.
    pub(super) fn lay_out(
        &self,
        phase: u8,
        witness: &dyn Witness,
        rng: &mut dyn CryptoRngCore,
    ) -> Result<Vec<Laid>, ProofError> {
        let phases = self.key.verifying.cs().advice_column_phase();
        let seeded: Vec<(usize, ChaCha20Rng)> = (0..phases.len())
            .filter(|column| phases[*column] == phase)
            .map(|column| (column, fork(rng)))
            .collect();
        // Several columns at a time: their cells stand in the same rows of the witness.
        let mut laid = seeded
            .par_chunks(TOGETHER)
            .flat_map_iter(|seeded| {
                let columns: Vec<usize> = seeded.iter().map(|(column, _)| *column).collect();
                let cells = witness.cells(&columns);
                seeded
                    .iter()
                    .zip(cells)
                    .map(|((column, rng), cells)| self.lay(*column, cells, rng.clone()))
            })
            .collect::<Result<Vec<Laid>, ProofError>>()?;
        self.lay_elements(&mut laid, witness);
        Ok(laid)
    }

    /// A column, without its elements.
    fn lay(&self, column: usize, cells: Cells, mut rng: ChaCha20Rng) -> Result<Laid, ProofError> {
        let s = self.key.domain.simd;
        let n = self.key.domain.n();
        let whole = matches!(cells, Cells::Elements(rows) if rows == n);
        let blinding = if whole { n } else { self.usable }..n;
        let tail: Vec<Fr> = blinding.map(|_| Fr::random(&mut rng)).collect();
        let mut values = self.key.pool.take();
        match &cells {
            Cells::Elements(rows) => assert!(rows + tail.len() <= n, "cells reach into the tail"),
            Cells::Small(cells) => lay_small(s, &mut values, cells, &tail),
            Cells::Function { of, values: at } => {
                let small = |column: &usize| {
                    let small = self.small.get(column);
                    let small = small.ok_or(ProofError::NotSmall(*column))?;
                    Ok(small.cells.as_slice())
                };
                let columns = of
                    .iter()
                    .map(small)
                    .collect::<Result<Vec<_>, ProofError>>()?;
                lay_function(s, &mut values, &columns, at, &tail);
            }
        }
        Ok(Laid {
            column,
            values,
            cells,
            tail,
        })
    }

    /// Lays out the columns of elements, row by row of all.
    fn lay_elements(&self, laid: &mut [Laid], witness: &dyn Witness) {
        let s = self.key.domain.simd;
        let mut laid: Vec<&mut Laid> = laid
            .iter_mut()
            .filter(|laid| matches!(laid.cells, Cells::Elements(_)))
            .collect();
        let columns: Vec<usize> = laid.iter().map(|laid| laid.column).collect();
        let values = laid.iter_mut().map(|laid| laid.values.as_mut_slice());
        lay_elements(s, values.collect(), |row, cells| {
            witness.elements(&columns, row, cells);
        });
        laid.par_iter_mut().for_each(|laid| {
            let row = self.key.domain.n() - laid.tail.len();
            put(s, &mut laid.values, row, &laid.tail);
        });
    }

    /// Commits to the columns of a phase, writes the commitments in their order, and keeps the
    /// polynomials.
    pub(super) fn commit(
        &mut self,
        part: Part,
        mut laid: Vec<Laid>,
        transcript: &mut Writer,
        watch: &mut dyn FnMut(Step),
    ) -> io::Result<()> {
        watch(Step(part, Work::Commitments));
        let (points, buckets): (Vec<G1>, Vec<Option<Buckets>>) =
            laid.par_iter().map(|laid| self.commitment(laid)).unzip();
        write_points(transcript, &points)?;
        watch(Step(part, Work::Transforms(laid.len())));
        let kept: Vec<(Vec<Block>, Option<Vec<Block>>)> = laid
            .par_iter_mut()
            .map(|laid| {
                let edges = edges(&laid.values);
                let kept = self.read[laid.column].then(|| {
                    let mut kept = self.key.pool.take();
                    kept.copy_from_slice(&laid.values);
                    kept
                });
                self.key.domain.interpolate(&mut laid.values);
                (edges, kept)
            })
            .collect();
        for ((laid, (edges, kept)), buckets) in laid.into_iter().zip(kept).zip(buckets) {
            self.columns.polynomials[laid.column] = laid.values;
            self.columns.edges[laid.column] = edges;
            self.columns.values[laid.column] = kept;
            if let Cells::Small(cells) = laid.cells {
                self.small.insert(laid.column, Small { cells, buckets });
            }
        }
        Ok(())
    }

    fn commitment(&self, laid: &Laid) -> (G1, Option<Buckets>) {
        let bases = &self.key.lagrange;
        let tail = || bases.rows(self.key.domain.n() - laid.tail.len(), &laid.tail);
        match &laid.cells {
            Cells::Small(cells) => {
                let (sum, buckets) = bases.commit_small(cells);
                return (sum + tail(), buckets);
            }
            Cells::Function { of, values } => {
                let buckets = |column| self.small.get(column)?.buckets.as_ref();
                let buckets: Option<Vec<&Buckets>> = of.iter().map(buckets).collect();
                if let Some(sum) = buckets.and_then(|all| bases.commit_function(&all, values)) {
                    return (sum + tail(), None);
                }
            }
            Cells::Elements(_) => {}
        }
        (bases.commit(&laid.values), None)
    }
}

fn read_columns<S>(key: &ProvingKey<S>) -> Vec<bool> {
    let cs = key.verifying.cs();
    let mut read = vec![false; cs.num_advice_columns()];
    for column in cs.permutation().get_columns() {
        if matches!(column.column_type(), Any::Advice(_)) {
            read[column.index()] = true;
        }
    }
    for lookup in cs.lookups() {
        let sides = [lookup.input_expressions(), lookup.table_expressions()];
        for column in sides
            .into_iter()
            .flatten()
            .flat_map(|e| e.extract_advices())
        {
            read[column] = true;
        }
    }
    read
}
