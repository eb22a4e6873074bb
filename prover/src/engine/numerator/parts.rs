//! The constraints' weighed sum by degree, and what of it takes a coset less than its degree says.
//!
//! A constraint `s C` of degree `d + 1`, where `s` is a selector, has a quotient of `d` pieces and so
//! takes `d` cosets. But `C` itself, of degree `d`, has `d n` coefficients: where its values on the
//! domain are known, they and those on `d - 1` cosets give it whole, and on the last coset it follows
//! by a transform of one polynomial instead of all that it reads. Its values on the domain are known
//! if the selector is anything but 0 in all rows but a few at the end: there `C` is 0 as the constraint
//! says, and in the few rows at the end it is computed ([`Behind`]).

use std::collections::{BTreeMap, BTreeSet};

use ff::Field;
use halo2_proofs::halo2curves::bn256::Fr;

use super::super::column::{EDGE_ROWS, ENDING_ROWS};
use super::super::graph::{Cell, Graph, Node, Value};
use super::super::program::Program;

/// A constraint: a sum of what is 0 wherever its selector is not.
#[derive(Debug)]
pub struct Constraint(pub Vec<Selected>);

/// A value, and what it is multiplied by.
#[derive(Debug, Clone, Copy)]
pub struct Selected {
    /// What selects rows.
    pub selector: Option<Value>,
    /// What is 0 in them.
    pub value: Value,
}

impl Constraint {
    /// In how many pieces of `n` coefficients its quotient fits: a product of `d` columns has less
    /// than `d n` coefficients, and the division takes `n` of them.
    fn pieces(&self, graph: &Graph) -> usize {
        let degree = |term: &Selected| {
            let selector = term.selector.map_or(0, |selector| graph.degree(selector));
            graph.degree(term.value).saturating_add(selector)
        };
        let degree = self.0.iter().map(degree).max().unwrap_or(0);
        degree.saturating_sub(1)
    }
}

/// Constraints that are added up before they are multiplied by their selector: those of one part
/// with other terms beside them, and those that stand alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Group {
    pieces: usize,
    selector: Option<Value>,
    alone: bool,
}

/// Constraints whose sum is 0 in all rows but the last few, times a selector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Behind {
    /// Pieces of their quotient.
    pub pieces: usize,
    /// The selector's column.
    pub selector: usize,
    /// The sum.
    pub value: Value,
}

/// The constraints of one number of pieces.
#[derive(Debug, Clone, Copy)]
struct Part {
    /// All of them.
    whole: Value,
    /// All but those of [`Numerator::behind`].
    rest: Value,
}

/// The weighed sum of all constraints, in parts: few of them need all cosets of the quotient.
#[derive(Debug)]
pub struct Numerator {
    graph: Graph,
    /// By the number of pieces that their quotients fit in; the quotient's own is among them.
    parts: BTreeMap<usize, Part>,
    behind: Vec<Behind>,
}

impl Numerator {
    /// The constraints' parts, for a quotient of so many pieces. `covers` says of a column whether it
    /// is anything but 0 in all rows but the last [`ENDING_ROWS`].
    ///
    /// # Panics
    /// When a constraint is of too high a degree for it.
    pub fn new(
        mut graph: Graph,
        constraints: &[Constraint],
        pieces: usize,
        y: Fr,
        covers: &dyn Fn(usize) -> bool,
    ) -> Self {
        let mut weight = Fr::ONE;
        let mut groups: BTreeMap<Group, Vec<(Value, Fr)>> = BTreeMap::new();
        for constraint in constraints.iter().rev() {
            let own = constraint.pieces(&graph);
            assert!(
                own <= pieces,
                "a constraint whose quotient takes {own} pieces, and not {pieces}"
            );
            for term in &constraint.0 {
                let group = Group {
                    pieces: own,
                    selector: term.selector,
                    alone: constraint.0.len() == 1,
                };
                groups.entry(group).or_default().push((term.value, weight));
            }
            weight *= y;
        }
        let groups: BTreeMap<Group, Value> = groups
            .into_iter()
            .map(|(group, terms)| (group, graph.combine(&terms)))
            .collect();
        let behind = behind(&graph, &groups, covers);
        let zero = graph.constant(Fr::ZERO);
        let none = Part {
            whole: zero,
            rest: zero,
        };
        let mut parts = BTreeMap::from([(pieces, none)]);
        for (group, value) in &groups {
            let selected = match group.selector {
                Some(selector) => graph.mul(selector, *value),
                None => *value,
            };
            let part = parts.entry(group.pieces).or_insert(none);
            part.whole = graph.add(part.whole, selected);
            if !behind.contains_key(group) {
                part.rest = graph.add(part.rest, selected);
            }
        }
        Self {
            graph,
            parts,
            behind: behind.into_values().collect(),
        }
    }

    /// Pieces that the quotient of each part fits in, ascending.
    pub fn parts(&self) -> impl Iterator<Item = usize> + '_ {
        self.parts.keys().copied()
    }

    /// Constraints that take a coset less than they have pieces.
    pub fn behind(&self) -> &[Behind] {
        &self.behind
    }

    /// The program for a coset with so many before it: the parts whose quotients have more pieces,
    /// in their order, then the sums of [`Self::behind`] that have more than one piece more. A part
    /// with no more cosets to come is without its own of those.
    pub fn program(&self, before: usize) -> Program {
        let parts = self.parts.range(before + 1..);
        let parts = parts.map(|(pieces, part)| {
            if *pieces == before + 1 {
                part.rest
            } else {
                part.whole
            }
        });
        let behind = self.behind.iter().filter(|own| own.pieces > before + 1);
        let outputs: Vec<Value> = parts.chain(behind.map(|own| own.value)).collect();
        Program::new(&self.graph, &outputs)
    }

    /// The program of the sums of [`Self::behind`].
    pub fn behind_program(&self) -> Program {
        let outputs: Vec<Value> = self.behind.iter().map(|own| own.value).collect();
        Program::new(&self.graph, &outputs)
    }

    /// The same constraints with none behind a selector.
    #[cfg(test)]
    pub fn in_full(mut self) -> Self {
        self.behind.clear();
        for part in self.parts.values_mut() {
            part.rest = part.whole;
        }
        self
    }

    /// The same constraints in one part of all pieces.
    #[cfg(test)]
    pub fn in_one_part(self) -> Self {
        let mut all = self.in_full();
        let terms: Vec<_> = all
            .parts
            .values()
            .map(|part| (part.whole, Fr::ONE))
            .collect();
        let pieces = all.parts.keys().max().copied().unwrap_or(0);
        let whole = all.graph.combine(&terms);
        all.parts = BTreeMap::from([(pieces, Part { whole, rest: whole })]);
        all
    }
}

/// The groups for which it pays to go without their last coset: those that alone read more columns
/// there than it takes transforms.
fn behind(
    graph: &Graph,
    groups: &BTreeMap<Group, Value>,
    covers: &dyn Fn(usize) -> bool,
) -> BTreeMap<Group, Behind> {
    let mut chosen: BTreeMap<Group, Behind> = BTreeMap::new();
    for (group, value) in groups.iter().rev() {
        let selector = group.selector.map(|selector| graph.node(selector));
        let Some(Node::Cell((selector, 0))) = selector else {
            continue;
        };
        if !group.alone || !covers(selector) {
            continue;
        }
        let others = groups
            .range(..)
            .filter(|(other, _)| other.pieces >= group.pieces)
            .filter(|(other, _)| *other != group && !chosen.contains_key(other));
        let others: Vec<Value> = others
            .flat_map(|(other, value)| other.selector.into_iter().chain([*value]))
            .collect();
        let columns = |cells: &BTreeSet<Cell>| -> BTreeSet<usize> {
            cells.iter().map(|(column, _)| *column).collect()
        };
        let others = columns(&cells(graph, &others));
        let own = cells(graph, &[*value]);
        let reach = own.iter().map(|(_, rotation)| rotation.unsigned_abs());
        let near = reach
            .max()
            .is_none_or(|rows| rows as usize + ENDING_ROWS <= EDGE_ROWS);
        let alone = columns(&own).difference(&others).count();
        // One for each coset before, for the domain, the last coset and the selector.
        if near && alone > group.pieces + 2 {
            let own = Behind {
                pieces: group.pieces,
                selector,
                value: *value,
            };
            chosen.insert(*group, own);
        }
    }
    chosen
}

/// The cells that values are made of.
fn cells(graph: &Graph, values: &[Value]) -> BTreeSet<Cell> {
    graph
        .uses(values)
        .into_iter()
        .zip(graph.nodes())
        .filter(|(uses, _)| *uses > 0)
        .filter_map(|(_, node)| match node {
            Node::Cell(cell) => Some(*cell),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numerator of one constraint that a power of a cell is another cell, `more` columns beside.
    fn power(exponent: usize, more: usize, selector: bool, pieces: usize) -> Numerator {
        let mut graph = Graph::default();
        let (base, other) = (graph.cell(0, 0), graph.cell(1, -1));
        let power = (1..exponent).fold(base, |power, _| graph.mul(power, base));
        let selector = selector.then(|| graph.cell(2, 0));
        let other = (3..3 + more).fold(other, |sum, column| {
            let cell = graph.cell(column, 0);
            graph.add(sum, cell)
        });
        let value = graph.sub(other, power);
        let constraint = Constraint(vec![Selected { selector, value }]);
        Numerator::new(graph, &[constraint], pieces, Fr::from(7), &|column| {
            column == 2
        })
    }

    #[test]
    fn accepts_constraints_by_degree() {
        let parts = |numerator: Numerator| numerator.parts().collect::<Vec<usize>>();
        assert_eq!(parts(power(1, 0, false, 4)), [0, 4]);
        assert_eq!(parts(power(3, 0, false, 4)), [2, 4]);
        assert_eq!(parts(power(3, 0, true, 4)), [3, 4]);
        assert_eq!(parts(power(5, 0, false, 4)), [4]);
    }

    #[test]
    #[should_panic(expected = "takes 4 pieces, and not 3")]
    fn rejects_a_constraint_of_too_high_a_degree() {
        power(4, 0, true, 3);
    }

    #[test]
    fn accepts_a_selector_of_all_rows_where_it_pays() {
        let behind = |numerator: Numerator| numerator.behind().len();
        assert_eq!(behind(power(3, 3, true, 4)), 0);
        assert_eq!(behind(power(3, 4, true, 4)), 1);
        assert_eq!(behind(power(3, 4, false, 4)), 0);
        let read = |before: usize| power(3, 4, true, 4).program(before).columns().len();
        // The last piece of the whole quotient has no constraint here.
        assert_eq!([0, 1, 2, 3].map(read), [7, 7, 0, 0]);
    }

    #[test]
    fn rejects_selectors_that_share_a_constraint() {
        let mut graph = Graph::default();
        let cells: Vec<Value> = (0..9).map(|column| graph.cell(column, 0)).collect();
        let value = cells[..8].iter().fold(cells[0], |a, b| graph.mul(a, *b));
        let term = |selector: Value| Selected {
            selector: Some(selector),
            value,
        };
        let constraint = Constraint(vec![term(cells[8]), term(cells[7])]);
        let numerator = Numerator::new(graph, &[constraint], 9, Fr::from(7), &|_| true);
        assert!(numerator.behind().is_empty());
    }
}
