//! Values of all columns on one coset after another.

use std::collections::BTreeSet;

use halo2_proofs::halo2curves::bn256::Fr;
use rayon::prelude::*;

use super::super::super::column::View;
use super::super::super::fft::{fill_powers, Coset, Domain};
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
    buffers: Vec<Vec<Block>>,
}

impl<'a> OnCoset<'a> {
    /// On no coset yet.
    pub(super) fn new(columns: Columns<'a>) -> Self {
        Self {
            columns,
            buffers: vec![Vec::new(); columns.polynomials.len()],
        }
    }

    /// Goes on to a coset, with the columns that are read on it.
    pub(super) fn go_on<S: Simd<Scalar>>(
        &mut self,
        domain: &Domain<S>,
        coset: &Coset,
        read: &BTreeSet<usize>,
        watch: &mut dyn FnMut(Step),
    ) {
        let Columns {
            polynomials,
            sources,
            ..
        } = self.columns;
        let made_of = read.iter().flat_map(|column| sources[*column].columns());
        let needed: BTreeSet<usize> = read.iter().copied().chain(made_of).collect();
        let mut transformed: Vec<(&mut Vec<Block>, &[Block])> = self
            .buffers
            .iter_mut()
            .zip(polynomials.iter().copied())
            .enumerate()
            .filter(|(column, _)| needed.contains(column) && sources[*column] == Source::Transform)
            .map(|(_, pair)| pair)
            .collect();
        // Several gigabytes, touched for the first time on the first coset: by all cores.
        transformed
            .par_iter_mut()
            .for_each(|(values, _)| values.resize(domain.blocks(), Block::ZERO));
        watch(Step(Part::Quotient, Work::Transforms(transformed.len())));
        transformed
            .par_iter_mut()
            .for_each(|(values, polynomial)| domain.evaluate(polynomial, coset, values));
        watch(Step(Part::Quotient, Work::Columns));
        let s = domain.simd;
        let points = |column: &&usize| sources[**column] == Source::Points;
        for column in needed.iter().filter(points) {
            let values = &mut self.buffers[*column];
            values.resize(domain.blocks(), Block::ZERO);
            fill_powers(s, coset.shift, domain.omega, values);
        }
        for column in needed {
            let Source::Sum { constant, terms } = &sources[column] else {
                continue;
            };
            let mut values = std::mem::take(&mut self.buffers[column]);
            values.resize(domain.blocks(), Block::ZERO);
            let terms: Vec<(View<'_>, Fr)> = terms
                .iter()
                .map(|((column, rotation), weight)| {
                    ((self.buffers[*column].as_slice(), *rotation), *weight)
                })
                .collect();
            sum(s, *constant, &terms, &mut values);
            self.buffers[column] = values;
        }
    }

    /// The values of a column, once they are there.
    pub(super) fn view(&self, column: usize) -> View<'_> {
        let (column, rotation) = match self.columns.sources[column] {
            Source::Moved(cell) => cell,
            _ => (column, 0),
        };
        (&self.buffers[column], rotation)
    }
}
