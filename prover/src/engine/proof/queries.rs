//! What a proof opens, and in which order.

use super::super::key::ProvingKey;
use super::super::numerator::{columns_a_product, Places};

/// A polynomial, opened at the point this many rows on, fewer than there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Query {
    pub polynomial: usize,
    pub rotation: i32,
}

/// Everything that is opened.
pub(super) struct Queries {
    /// Of single polynomials, in the order that their values are written.
    pub written: Vec<Query>,
    /// Of sums of cells, whose values are written after those.
    pub sums: Vec<Query>,
    /// In the order that the verifier combines them.
    pub opened: Vec<Query>,
    /// How many of the first that are written are of advice, and of fixed columns.
    pub cells: [usize; 2],
}

impl Queries {
    /// The random polynomial stands at `random`, the quotient after it, and then the sums.
    pub(super) fn new<S>(key: &ProvingKey<S>, places: &Places, random: usize) -> Self
    where
        S: Copy,
    {
        let cs = key.verifying.cs();
        let columns = cs.permutation().get_columns().len();
        let sets = columns.div_ceil(columns_a_product(cs));
        let last = -(cs.blinding_factors() as i32 + 1);
        // The verifier knows points, not rotations: those that lead to one row are one.
        let rows = 1i32 << key.verifying.get_domain().k();
        let query = |polynomial: usize, rotation: i32| Query {
            polynomial,
            rotation: rotation.rem_euclid(rows),
        };
        let advice = cs.advice_queries().iter().zip(key.sums.advice_alone());
        let advice: Vec<Query> = advice
            .filter(|(_, alone)| *alone)
            .map(|((column, at), _)| query(places.advice + column.index(), at.0))
            .collect();
        let fixed = cs.fixed_queries().iter().zip(key.sums.fixed_alone());
        let fixed: Vec<Query> = fixed
            .filter(|(_, alone)| *alone)
            .map(|((column, at), _)| query(places.fixed + column.index(), at.0))
            .collect();
        let permutations = (0..columns).map(|i| query(places.permutations + i, 0));
        let product = |set: usize| places.products + set;
        let lookup = |i: usize| places.lookups + 3 * i;
        let quotient = random + 1;
        let sums = key.sums.rows().iter().zip(quotient + 1..);
        let sums: Vec<Query> = sums.map(|(row, place)| query(place, *row)).collect();

        let mut written: Vec<Query> = advice.iter().chain(&fixed).copied().collect();
        written.push(query(random, 0));
        written.extend(permutations.clone());
        for set in 0..sets {
            written.extend([query(product(set), 0), query(product(set), 1)]);
            if set + 1 < sets {
                written.push(query(product(set), last));
            }
        }
        for i in 0..cs.lookups().len() {
            let (input, table, product) = (lookup(i), lookup(i) + 1, lookup(i) + 2);
            written.extend([query(product, 0), query(product, 1)]);
            written.extend([query(input, 0), query(input, -1), query(table, 0)]);
        }

        let cells = [advice.len(), fixed.len()];
        let mut opened = advice;
        for set in 0..sets {
            opened.extend([query(product(set), 0), query(product(set), 1)]);
        }
        opened.extend(
            (0..sets.saturating_sub(1))
                .rev()
                .map(|set| query(product(set), last)),
        );
        for i in 0..cs.lookups().len() {
            let (input, table, product) = (lookup(i), lookup(i) + 1, lookup(i) + 2);
            opened.extend([query(product, 0), query(input, 0), query(table, 0)]);
            opened.extend([query(input, -1), query(product, 1)]);
        }
        opened.extend(fixed);
        opened.extend(permutations);
        opened.extend([query(quotient, 0), query(random, 0)]);
        opened.extend(&sums);
        Self {
            written,
            sums,
            opened,
            cells,
        }
    }
}
