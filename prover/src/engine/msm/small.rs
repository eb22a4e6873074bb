//! Columns of small integers, and columns that are a function of them.
//!
//! The points of each integer are added up once. The sums, each times its integer, are the column's
//! commitment; each times the value of a function at its integer, they are the commitment to the
//! function's column, which takes as many products as there are integers, not as there are rows.

use std::collections::HashMap;

use ff::Field;
use halo2_proofs::arithmetic::best_multiexp;
use halo2_proofs::halo2curves::bn256::{Fr, G1};

use super::digits::Integer;
use super::sums::{Entry, Exceptional, Lists};
use super::Bases;
use crate::engine::simd::{Arithmetic, PointWords};

/// The sum of the points of each integer of a column.
#[derive(Debug, Clone)]
pub struct Buckets {
    /// Integers other than 0 that the column holds, rising.
    values: Vec<u16>,
    /// The sum of the points of each.
    points: Vec<PointWords>,
    /// Rows of the column.
    rows: usize,
}

impl<S: Arithmetic> Bases<S> {
    /// The sum of a column's small integers times the points, and what is needed for functions of
    /// it; `None` where points meet.
    pub fn commit_small(&self, cells: &[u16]) -> (G1, Option<Buckets>) {
        let found = self.buckets(cells).and_then(|sums| {
            let sum = self.weigh(sums.get(1..).unwrap_or_default())?;
            Ok((sum, Buckets::new(cells.len(), sums)))
        });
        match found {
            Ok((sum, buckets)) => (sum, Some(buckets)),
            Err(Exceptional) => {
                let scalars: Vec<Fr> = cells
                    .iter()
                    .map(|cell| Fr::from(u64::from(*cell)))
                    .collect();
                (best_multiexp(&scalars, &self.library[..cells.len()]), None)
            }
        }
    }

    /// The sum of the points of each integer, 0 left out.
    fn buckets(&self, cells: &[u16]) -> Result<Vec<Option<PointWords>>, Exceptional> {
        if self.infinite {
            return Err(Exceptional);
        }
        let most = cells.iter().max().map_or(0, |most| usize::from(*most));
        let cells = cells.iter().enumerate().filter(|(_, cell)| **cell != 0);
        let listed = cells.map(|(row, cell)| (usize::from(*cell), Entry::new(row, false)));
        Lists::new(most + 1, listed).sums(self.simd, &self.points)
    }

    /// The sum over rows of `sum of function[cell]`, over columns of the same rows, times the row's
    /// point; `None` where points meet.
    ///
    /// # Panics
    /// When the function has no value at an integer, or columns have other rows than each other.
    pub fn commit_function(&self, columns: &[&Buckets], function: &[Fr]) -> Option<G1> {
        let rows = columns.first().map_or(0, |buckets| buckets.rows);
        assert!(columns.iter().all(|buckets| buckets.rows == rows));
        let zero = function.first().copied().unwrap_or(Fr::ZERO);
        let change = |value: u16| function[usize::from(value)] - zero;
        let united = United::new(columns, function.len(), change);
        let sums = united.lists.sums(self.simd, &united.points).ok()?;
        let (points, scalars): (Vec<PointWords>, Vec<Integer>) = sums
            .into_iter()
            .zip(&united.scalars)
            .filter_map(|(sum, scalar)| Some((sum?, Integer::from(*scalar))))
            .unzip();
        let changes = self.windows(&points, &scalars).ok()?;
        Some(self.first(rows).ok()? * (zero * Fr::from(columns.len() as u64)) + changes)
    }
}

/// Points of several columns in lists, and the scalar that the sum of each list is multiplied by.
///
/// A list for each integer; and one for each point that occurs more than once, as it does where
/// integers of two columns stand in the same rows, since a point is not added to itself.
struct United {
    points: Vec<PointWords>,
    lists: Lists,
    scalars: Vec<Fr>,
}

impl United {
    fn new(columns: &[&Buckets], values: usize, scalar: impl Fn(u16) -> Fr) -> Self {
        let mut points: Vec<PointWords> = Vec::new();
        // The integer of a point, or the scalar of one that occurs again.
        let mut of: Vec<Result<u16, Fr>> = Vec::new();
        let mut known: HashMap<u64, usize> = HashMap::new();
        for buckets in columns {
            for (value, point) in buckets.values.iter().zip(&buckets.points) {
                let place = *known.entry(point.0[0]).or_insert(points.len());
                if points.get(place) == Some(point) {
                    let before = of[place].map_or_else(|sum| sum, &scalar);
                    of[place] = Err(before + scalar(*value));
                } else {
                    points.push(*point);
                    of.push(Ok(*value));
                }
            }
        }
        let listed = of.iter().enumerate().filter_map(|(place, of)| {
            let value = of.as_ref().ok()?;
            Some((usize::from(*value), Entry::new(place, false)))
        });
        let mut lists = Lists::new(values, listed);
        let mut scalars: Vec<Fr> = (0..=u16::MAX).take(values).map(scalar).collect();
        for (place, of) in of.iter().enumerate() {
            if let Err(sum) = of {
                lists.push(Entry::new(place, false));
                scalars.push(*sum);
            }
        }
        Self {
            points,
            lists,
            scalars,
        }
    }
}

impl Buckets {
    fn new(rows: usize, sums: Vec<Option<PointWords>>) -> Self {
        let (values, points) = present(sums);
        Self {
            values,
            points,
            rows,
        }
    }
}

/// The sums that are there, and where they stood.
fn present(sums: Vec<Option<PointWords>>) -> (Vec<u16>, Vec<PointWords>) {
    (0..=u16::MAX)
        .zip(sums)
        .filter_map(|(value, sum)| Some((value, sum?)))
        .unzip()
}
