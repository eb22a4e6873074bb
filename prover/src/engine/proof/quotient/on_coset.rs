//! Values of all columns on one coset after another.

use std::collections::BTreeSet;

use halo2_proofs::halo2curves::bn256::Fr;
use rayon::prelude::*;

use super::super::super::column::View;
use super::super::super::fft::{fill_powers, Coset, Domain};
use super::super::super::pool::Pool;
use super::super::super::simd::{Block, Scalar, Simd};
use super::super::super::sources::{sum, Source};
use super::super::{Part, Step, Work};

/// All columns that constraints read.
#[derive(Clone, Copy)]
pub struct Columns<'a> {
    /// Coefficients of the polynomials that interpolate them.
    pub polynomials: &'a [&'a [Block]],
    /// Their [`edges`](super::super::super::column::edges).
    pub ends: &'a [&'a [Block]],
    /// Where their values on a coset come from.
    pub sources: &'a [Source],
}

/// Values of polynomials on a coset.
pub(super) struct OnCoset<'a> {
    columns: Columns<'a>,
    pool: &'a Pool,
    /// Those that are there; the others are empty.
    values: Vec<Vec<Block>>,
}

impl<'a> OnCoset<'a> {
    /// None yet.
    pub(super) fn new(columns: Columns<'a>, pool: &'a Pool) -> Self {
        Self {
            columns,
            pool,
            values: vec![Vec::new(); columns.polynomials.len()],
        }
    }

    /// Columns that are read, and those that they are made of.
    pub(super) fn needed(&self, read: &BTreeSet<usize>) -> BTreeSet<usize> {
        let sources = self.columns.sources;
        let made_of = read.iter().flat_map(|column| sources[*column].columns());
        read.iter().copied().chain(made_of).collect()
    }

    /// Lets all columns go but some.
    pub(super) fn keep(&mut self, some: &BTreeSet<usize>) {
        let values = self.values.iter_mut().enumerate();
        let gone = values.filter(|(column, values)| !values.is_empty() && !some.contains(column));
        self.pool
            .give(gone.map(|(_, values)| std::mem::take(values)));
    }

    /// Adds those of some columns that are not there. All that are there are values on this coset.
    pub(super) fn add<S: Simd<Scalar>>(
        &mut self,
        domain: &Domain<S>,
        coset: &Coset,
        needed: &BTreeSet<usize>,
        watch: &mut dyn FnMut(Step),
    ) {
        let Columns {
            polynomials,
            sources,
            ..
        } = self.columns;
        let missing = needed.iter().copied();
        let missing: Vec<usize> = missing
            .filter(|column| self.values[*column].is_empty())
            .collect();
        let transformed = missing.iter().copied();
        let transformed: Vec<usize> = transformed
            .filter(|column| sources[*column] == Source::Transform)
            .collect();
        watch(Step(Part::Quotient, Work::Transforms(transformed.len())));
        let transforms: Vec<Vec<Block>> = transformed
            .par_iter()
            .map(|column| {
                let mut values = self.pool.take();
                domain.evaluate(polynomials[*column], coset, &mut values);
                values
            })
            .collect();
        for (column, values) in transformed.into_iter().zip(transforms) {
            self.values[column] = values;
        }
        watch(Step(Part::Quotient, Work::Columns));
        let s = domain.simd;
        let points = |column: &&usize| sources[**column] == Source::Points;
        for column in missing.iter().filter(points) {
            let mut values = self.pool.take();
            fill_powers(s, coset.shift, domain.omega, &mut values);
            self.values[*column] = values;
        }
        for column in missing {
            let Source::Sum { constant, terms } = &sources[column] else {
                continue;
            };
            let mut values = self.pool.take();
            let terms: Vec<(View<'_>, Fr)> = terms
                .iter()
                .map(|((column, rotation), weight)| {
                    ((self.values[*column].as_slice(), *rotation), *weight)
                })
                .collect();
            sum(s, *constant, &terms, &mut values);
            self.values[column] = values;
        }
    }

    /// The values of a column, once they are there.
    pub(super) fn view(&self, column: usize) -> View<'_> {
        let (column, rotation) = match self.columns.sources[column] {
            Source::Moved(cell) => cell,
            _ => (column, 0),
        };
        (&self.values[column], rotation)
    }
}
