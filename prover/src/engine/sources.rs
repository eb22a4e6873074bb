//! Where a polynomial's values on a coset come from: as a rule from a transform, and cheaper where
//! the circuit's layout repeats itself.
//!
//! The values of `p(omega^r X)` on a coset are those of `p`, `r` rows on. So a column that is another
//! one moved by some rows is read there, and what is a sum of such columns is added up. A column of
//! one row is the column of row 0 moved; one of few rows, and one that is the same in all rows but a
//! few, are sums of those; so is a permutation that copies few cells, beside the points of the coset;
//! and a run of rows is a sum of columns that have one row in each stretch of it.
//!
//! What comes from where is found by comparing cells: nothing is assumed of a circuit.

use ff::Field;
use halo2_proofs::halo2curves::bn256::Fr;
use rayon::prelude::*;

use super::column::{export, fill, rotated, View};
use super::graph::Cell;
use super::simd::{Block, Scalar, Simd, LANES};

/// Rows, or columns, that are added up at most: more would take as long as a transform.
const FEW: usize = 32;

/// Where values on a coset come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A transform of the coefficients.
    Transform,
    /// They are the coset's points.
    Points,
    /// Those of another column, some rows on.
    Moved(Cell),
    /// `constant + sum of weight * cell`.
    Sum {
        /// What is added in all rows.
        constant: Fr,
        /// Cells of columns that are transformed, or are the points, with their weights.
        terms: Vec<(Cell, Fr)>,
    },
}

/// Columns that others are made of.
#[derive(Debug, Clone, Copy)]
pub struct Bases {
    /// 1 in row 0, and 0 elsewhere.
    pub first: usize,
    /// The points of the domain.
    pub identity: usize,
}

impl Source {
    /// The columns that this one is made of.
    pub fn columns(&self) -> impl Iterator<Item = usize> + '_ {
        let (moved, terms) = match self {
            Source::Moved((column, _)) => (Some(*column), [].as_slice()),
            Source::Sum { terms, .. } => (None, terms.as_slice()),
            Source::Transform | Source::Points => (None, [].as_slice()),
        };
        let added = terms.iter().map(|((column, _), _)| *column);
        moved.into_iter().chain(added)
    }

    /// The source of a column which is 0 but in its first rows: none but a transform where these are
    /// many.
    pub fn of_first_rows(cells: &[Fr], first: usize) -> Self {
        if cells.len() > FEW {
            return Source::Transform;
        }
        let cells = cells.iter().copied().enumerate();
        Self::of_rows(Fr::ZERO, cells, first)
    }

    /// The source of a column of `usual` cells but in some rows, which have so much more.
    fn of_rows(usual: Fr, rows: impl Iterator<Item = (usize, Fr)>, first: usize) -> Self {
        let at = |row: usize| (first, -(row as i32));
        let terms: Vec<(Cell, Fr)> = rows.map(|(row, more)| (at(row), more)).collect();
        match terms[..] {
            [(cell, Fr::ONE)] if usual == Fr::ZERO => Source::Moved(cell),
            _ => Source::Sum {
                constant: usual,
                terms,
            },
        }
    }
}

/// The sources of a circuit's columns, given by their cells; those of `permutations` are powers of
/// `delta` times the points, but for the cells that are copied.
pub fn sources<S: Simd<Scalar>>(
    s: S,
    columns: &[Vec<Block>],
    permutations: std::ops::Range<usize>,
    bases: Bases,
    delta: Fr,
) -> Vec<Source> {
    let points = export(s, &columns[bases.identity]);
    let found: Vec<(Source, Option<Vec<Run>>)> = columns
        .par_iter()
        .enumerate()
        .map(|(place, column)| {
            if place == bases.identity {
                return (Source::Points, None);
            }
            if place == bases.first {
                return (Source::Transform, None);
            }
            let cells = export(s, column);
            let few = if permutations.contains(&place) {
                let own = delta.pow_vartime([(place - permutations.start) as u64]);
                of_permutation(&cells, &points, own, bases)
            } else {
                of_few_rows(&cells, bases.first)
            };
            match few {
                Some(source) => (source, None),
                None => (Source::Transform, runs(&cells)),
            }
        })
        .collect();
    let (mut sources, runs): (Vec<_>, Vec<_>) = found.into_iter().unzip();
    move_columns(&mut sources, &runs);
    add_columns(&mut sources, &runs);
    sources
}

/// Where cells differ from what they would be, and by how much; None if they do in many rows.
fn but_for_few(cells: &[Fr], usual: impl Fn(usize) -> Fr) -> Option<Vec<(usize, Fr)>> {
    let differing = cells
        .iter()
        .enumerate()
        .map(|(row, cell)| (row, *cell - usual(row)))
        .filter(|(_, more)| *more != Fr::ZERO);
    let rows: Vec<(usize, Fr)> = differing.take(FEW + 1).collect();
    (rows.len() <= FEW).then_some(rows)
}

/// 0 but in few rows, or the same as in the middle.
fn of_few_rows(cells: &[Fr], first: usize) -> Option<Source> {
    let usual = [Fr::ZERO, cells[cells.len() / 2]];
    usual.into_iter().find_map(|usual| {
        let rows = but_for_few(cells, |_| usual)?;
        Some(Source::of_rows(usual, rows.into_iter(), first))
    })
}

/// `own` times the points, but for few cells that are copied.
fn of_permutation(cells: &[Fr], points: &[Fr], own: Fr, bases: Bases) -> Option<Source> {
    let rows = but_for_few(cells, |row| own * points[row])?;
    let rows = rows.into_iter();
    let copied = rows.map(|(row, more)| ((bases.first, -(row as i32)), more));
    Some(Source::Sum {
        constant: Fr::ZERO,
        terms: std::iter::once(((bases.identity, 0), own))
            .chain(copied)
            .collect(),
    })
}

/// Equal cells, one below the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Run {
    row: usize,
    rows: usize,
    cell: Fr,
}

/// The runs of cells that are not 0; None where they are too many for rows to repeat themselves.
fn runs(cells: &[Fr]) -> Option<Vec<Run>> {
    let mut runs: Vec<Run> = Vec::new();
    for (row, cell) in cells.iter().enumerate() {
        if *cell == Fr::ZERO {
            continue;
        }
        let above = runs.last_mut();
        if let Some(run) = above.filter(|run| run.cell == *cell && run.row + run.rows == row) {
            run.rows += 1;
        } else if runs.len() < cells.len() / 4 {
            runs.push(Run {
                row,
                rows: 1,
                cell: *cell,
            });
        } else {
            return None;
        }
    }
    Some(runs)
}

/// Finds columns that are one before them, moved.
fn move_columns(sources: &mut [Source], runs: &[Option<Vec<Run>>]) {
    for place in 0..sources.len() {
        let Some(own) = &runs[place] else { continue };
        let moved = (0..place).find_map(|base| {
            let from = runs[base]
                .as_ref()
                .filter(|_| is_transform(&sources[base]))?;
            let by = from.first()?.row as i32 - own.first()?.row as i32;
            let equal = |(from, own): (&Run, &Run)| {
                from.row as i32 - own.row as i32 == by
                    && (from.rows, from.cell) == (own.rows, own.cell)
            };
            let same = from.len() == own.len() && from.iter().zip(own).all(equal);
            same.then_some((base, by))
        });
        if let Some(cell) = moved {
            sources[place] = Source::Moved(cell);
        }
    }
}

/// Finds columns of one run that is made of stretches, of each of which another has the first row.
fn add_columns(sources: &mut [Source], runs: &[Option<Vec<Run>>]) {
    let is_base = |sources: &[Source], place: usize| {
        let moved = |source: &Source| matches!(source, Source::Moved((base, _)) if *base == place);
        sources.iter().any(moved)
    };
    for place in 0..sources.len() {
        let Some([whole]) = runs[place].as_deref() else {
            continue;
        };
        if !is_transform(&sources[place]) || is_base(sources, place) {
            continue;
        }
        let stretches = (0..sources.len()).find_map(|base| {
            let from = runs[base]
                .as_ref()
                .filter(|_| is_transform(&sources[base]))?;
            let stretch = whole.rows.checked_div(from.len())?;
            let first = |(i, run): (usize, &Run)| {
                *run == Run {
                    row: whole.row + i * stretch,
                    rows: 1,
                    cell: whole.cell,
                }
            };
            let whole = stretch * from.len() == whole.rows;
            let fits = (2..=FEW).contains(&stretch) && whole;
            (fits && from.iter().enumerate().all(first)).then_some((base, stretch))
        });
        if let Some((base, stretch)) = stretches {
            let terms = (0..stretch).map(|row| ((base, -(row as i32)), Fr::ONE));
            sources[place] = Source::Sum {
                constant: Fr::ZERO,
                terms: terms.collect(),
            };
        }
    }
}

fn is_transform(source: &Source) -> bool {
    matches!(source, Source::Transform)
}

/// `constant + sum of weight * cell`, in all rows.
pub fn sum<S: Simd<Scalar>>(s: S, constant: Fr, terms: &[(View<'_>, Fr)], out: &mut [Block]) {
    /// Products that share a reduction.
    const TOGETHER: usize = 16;
    let block = |element: Fr| s.import(&[element; LANES]);
    let views = |chosen: &dyn Fn(Fr) -> bool| -> Vec<View<'_>> {
        let chosen = terms.iter().filter(|(_, weight)| chosen(*weight));
        chosen.map(|(view, _)| *view).collect()
    };
    // Most weights are 1 or -1.
    let added = views(&|weight| weight == Fr::ONE);
    let taken = views(&|weight| weight == -Fr::ONE);
    let weighed: Vec<(View<'_>, Block)> = terms
        .iter()
        .filter(|(_, weight)| ![Fr::ONE, -Fr::ONE].contains(weight))
        .map(|(view, weight)| (*view, block(*weight)))
        .collect();
    let constant = block(constant);
    fill(s, out, |at, _| {
        let cell = |(cells, rotation): &View<'_>| rotated(s, cells, at, *rotation);
        let mut total = s.load(&constant);
        for view in &added {
            total = s.add_narrow(total, cell(view));
        }
        for view in &taken {
            total = s.sub_narrow(total, cell(view));
        }
        for terms in weighed.chunks(TOGETHER) {
            let products = terms.iter().map(
                #[inline(always)]
                |(view, weight)| (cell(view), s.load(weight)),
            );
            total = s.add_narrow(total, s.sum(products));
        }
        total
    });
}

#[cfg(test)]
mod tests;
