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
use super::rounds::{rounds, Takes};

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

/// The constraints of one number of pieces, of one round.
#[derive(Debug, Clone, Copy)]
struct Part {
    /// All of them.
    whole: Value,
    /// All but those of [`Numerator::behind`].
    rest: Value,
}

/// Constraints that are evaluated together.
#[derive(Debug)]
struct Round {
    /// By the number of pieces that their quotients fit in: those of [`Numerator::parts`].
    parts: BTreeMap<usize, Part>,
    /// What they add to each of [`Numerator::behind`].
    behind: Vec<Value>,
}

/// The weighed sum of all constraints, in parts: few of them need all cosets of the quotient.
#[derive(Debug)]
pub struct Numerator {
    graph: Graph,
    /// Pieces that the quotient of each part fits in; the quotient's own number is among them.
    parts: BTreeSet<usize>,
    rounds: Vec<Round>,
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
        let takes: Vec<Takes> = constraints
            .iter()
            .map(|constraint| Takes::new(&graph, &constraint.values()))
            .collect();
        let rounds = rounds(&takes);
        let count = rounds.iter().max().map_or(1, |last| last + 1);
        let mut weight = Fr::ONE;
        let mut groups: Vec<BTreeMap<Group, Vec<(Value, Fr)>>> = vec![BTreeMap::new(); count];
        for (constraint, round) in constraints.iter().zip(rounds).rev() {
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
                let terms = groups[round].entry(group).or_default();
                terms.push((term.value, weight));
            }
            weight *= y;
        }
        let mut sums: BTreeMap<Group, Value> = BTreeMap::new();
        let zero = graph.constant(Fr::ZERO);
        let rounds: Vec<BTreeMap<Group, Value>> = groups
            .into_iter()
            .map(|groups| {
                let mut of_round = BTreeMap::new();
                for (group, terms) in groups {
                    let own = graph.combine(&terms);
                    let sum = sums.entry(group).or_insert(zero);
                    *sum = graph.add(*sum, own);
                    of_round.insert(group, own);
                }
                of_round
            })
            .collect();
        let behind = behind(&graph, &sums, covers);
        let parts = sums.keys().map(|group| group.pieces);
        let parts: BTreeSet<usize> = parts.chain([pieces]).collect();
        let rounds = rounds
            .into_iter()
            .map(|groups| Round::new(&mut graph, &groups, &parts, &behind))
            .collect();
        Self {
            graph,
            parts,
            rounds,
            behind: behind.into_values().collect(),
        }
    }

    /// Pieces that the quotient of each part fits in, ascending.
    pub fn parts(&self) -> impl Iterator<Item = usize> + '_ {
        self.parts.iter().copied()
    }

    /// Constraints that take a coset less than they have pieces.
    pub fn behind(&self) -> &[Behind] {
        &self.behind
    }

    /// How many values there are on a coset with so many before it: of the parts whose quotients have
    /// more pieces, in their order, then the sums of [`Self::behind`] that have more than one piece
    /// more. A part with no more cosets to come is without its own of those.
    pub fn outputs(&self, before: usize) -> usize {
        let behind = self.behind.iter().filter(|own| own.pieces > before + 1);
        self.parts.range(before + 1..).count() + behind.count()
    }

    /// The programs whose results add up to [`Self::outputs`], one after the other.
    pub fn programs(&self, before: usize) -> Vec<Program> {
        let outputs = |round: &Round| -> Vec<Value> {
            let parts = round.parts.range(before + 1..).map(|(pieces, part)| {
                if *pieces == before + 1 {
                    part.rest
                } else {
                    part.whole
                }
            });
            let behind = self.behind.iter().zip(&round.behind);
            let behind = behind.filter(|(own, _)| own.pieces > before + 1);
            parts.chain(behind.map(|(_, value)| *value)).collect()
        };
        let zero = |value: &Value| self.graph.constant_of(*value) == Some(Fr::ZERO);
        self.rounds
            .iter()
            .map(outputs)
            .filter(|outputs| !outputs.iter().all(zero))
            .map(|outputs| Program::new(&self.graph, &outputs))
            .collect()
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
        for round in &mut self.rounds {
            round.behind.clear();
            for part in round.parts.values_mut() {
                part.rest = part.whole;
            }
        }
        self
    }

    /// The same constraints in one part of all pieces, and in one round.
    #[cfg(test)]
    pub fn in_one_part(self) -> Self {
        let mut all = self.in_full();
        let parts = all.rounds.iter().flat_map(|round| round.parts.values());
        let terms: Vec<_> = parts.map(|part| (part.whole, Fr::ONE)).collect();
        let pieces = all.parts.last().copied().unwrap_or(0);
        let whole = all.graph.combine(&terms);
        all.parts = BTreeSet::from([pieces]);
        all.rounds = vec![Round {
            parts: BTreeMap::from([(pieces, Part { whole, rest: whole })]),
            behind: Vec::new(),
        }];
        all
    }
}

impl Constraint {
    /// Everything that it is made of.
    fn values(&self) -> Vec<Value> {
        let terms = self.0.iter();
        terms
            .flat_map(|term| term.selector.into_iter().chain([term.value]))
            .collect()
    }
}

impl Round {
    fn new(
        graph: &mut Graph,
        groups: &BTreeMap<Group, Value>,
        parts: &BTreeSet<usize>,
        behind: &BTreeMap<Group, Behind>,
    ) -> Self {
        let zero = graph.constant(Fr::ZERO);
        let none = Part {
            whole: zero,
            rest: zero,
        };
        let mut parts: BTreeMap<usize, Part> = parts.iter().map(|own| (*own, none)).collect();
        for (group, value) in groups {
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
        let own = |group: &Group| groups.get(group).copied().unwrap_or(zero);
        Self {
            parts,
            behind: behind.keys().map(own).collect(),
        }
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
    let nodes = graph.made_of(values);
    nodes
        .filter_map(|(_, node)| match node {
            Node::Cell(cell) => Some(*cell),
            _ => None,
        })
        .collect()
}

/// The columns that cells stand in.
fn columns(cells: &BTreeSet<Cell>) -> BTreeSet<usize> {
    cells.iter().map(|(column, _)| *column).collect()
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
        let read = |before: usize| -> usize {
            let programs = power(3, 4, true, 4).programs(before);
            programs.iter().map(|program| program.columns().len()).sum()
        };
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
