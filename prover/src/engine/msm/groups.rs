//! Rows of equal scalars.

use std::collections::HashMap;
use std::ops::Range;

use halo2_proofs::halo2curves::bn256::Fr;

use super::digits::Integer;
use super::sums::{Entry, Exceptional, Lists};
use crate::engine::simd::{Base, PointWords, Simd};

/// Spans of rows that are looked at, and rows of each: equal neighbours show in a span, what comes
/// again elsewhere between spans.
const SPANS: usize = 64;
const SPAN: usize = 64;

/// A scalar is subtracted from all rows if one row in so many holds it.
const COMMON: usize = 16;

/// Rows are grouped if one in so many of those looked at repeats another.
const REPEATED: usize = 64;

/// What some rows tell of a column.
#[derive(Debug)]
pub struct Sample {
    rows: usize,
    /// The scalar that most of them hold, and how many.
    common: (Integer, usize),
    /// The other rows, and how many scalars they hold.
    others: (usize, usize),
}

impl Sample {
    /// Looks at some rows.
    pub fn new(integers: &[Integer]) -> Self {
        let mut counts: HashMap<&Integer, usize> = HashMap::new();
        let rows = spans(integers.len());
        for integer in rows.flat_map(|span| &integers[span]) {
            *counts.entry(integer).or_default() += 1;
        }
        let rows = counts.values().sum();
        let common = counts.iter().max_by_key(|(_, count)| **count);
        let common = common.map_or((Integer::default(), 0), |(integer, count)| {
            (**integer, *count)
        });
        Self {
            rows,
            common,
            others: (rows - common.1, counts.len().saturating_sub(1)),
        }
    }

    /// A scalar other than 0 that many rows hold, if there is one.
    pub fn constant(&self) -> Option<Fr> {
        let (integer, count) = self.common;
        (integer != Integer::default() && count * COMMON > self.rows).then(|| integer.element())
    }

    /// Whether rows of other scalars than the commonest repeat each other.
    pub fn repeats(&self) -> bool {
        let (rows, scalars) = self.others;
        (rows - scalars) * REPEATED > rows
    }
}

/// The spans of rows that are looked at.
fn spans(rows: usize) -> impl Iterator<Item = Range<usize>> {
    let step = (rows / SPANS).max(SPAN);
    (0..rows)
        .step_by(step)
        .map(move |start| start..rows.min(start + SPAN))
}

/// Rows by their scalars, those of 0 left out.
#[derive(Debug)]
pub struct Groups {
    /// The scalars.
    pub integers: Vec<Integer>,
    lists: Lists,
}

impl Groups {
    /// The groups of a column, unless they are so many that they save nothing.
    pub fn new(integers: &[Integer]) -> Option<Self> {
        let most = integers.len() / 2;
        let mut known: HashMap<&Integer, u32> = HashMap::new();
        let mut group_of = Vec::with_capacity(integers.len());
        let mut groups = Vec::new();
        for integer in integers {
            if *integer == Integer::default() {
                group_of.push(None);
                continue;
            }
            let next = groups.len() as u32;
            let group = *known.entry(integer).or_insert(next);
            if group == next {
                groups.push(*integer);
                if groups.len() > most {
                    return None;
                }
            }
            group_of.push(Some(group));
        }
        let group_of = group_of.iter().enumerate();
        let listed =
            group_of.filter_map(|(row, group)| Some(((*group)? as usize, Entry::new(row, false))));
        Some(Self {
            lists: Lists::new(groups.len(), listed),
            integers: groups,
        })
    }

    /// The sum of each group's points.
    pub fn sums<S: Simd<Base>>(
        &self,
        s: S,
        points: &[PointWords],
    ) -> Result<Vec<PointWords>, Exceptional> {
        let sums = self.lists.sums(s, points)?;
        // No group is empty.
        Ok(sums.into_iter().flatten().collect())
    }
}
