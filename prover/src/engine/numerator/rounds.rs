//! Constraints in rounds: those of a round are evaluated together, on a coset that holds the columns
//! of this round and of those to come that are there already, and no others.

use std::collections::{BTreeMap, BTreeSet};

use super::super::graph::{Graph, Node, Value};

/// Rounds at most: each goes over all rows.
const ROUNDS: usize = 3;

/// What a constraint takes.
#[derive(Debug, Clone, Default)]
pub(super) struct Takes {
    /// The columns that it reads.
    columns: BTreeSet<usize>,
    /// Products of which none is a constant.
    products: BTreeSet<usize>,
}

impl Takes {
    /// What values take.
    pub(super) fn new(graph: &Graph, values: &[Value]) -> Self {
        let mut takes = Self::default();
        for (place, node) in graph.made_of(values) {
            match node {
                Node::Cell((column, _)) => {
                    takes.columns.insert(*column);
                }
                Node::Mul(_, b) if graph.constant_of(*b).is_none() => {
                    takes.products.insert(place);
                }
                _ => {}
            }
        }
        takes
    }
}

/// The round of each constraint, so that few columns are held at a time. What shares a product is in
/// one round: nothing dear is computed twice.
pub(super) fn rounds(constraints: &[Takes]) -> Vec<usize> {
    let units = units(constraints);
    let mut reads: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for (unit, takes) in units.iter().zip(constraints) {
        reads.entry(*unit).or_default().extend(&takes.columns);
    }
    let (names, reads): (Vec<usize>, Vec<BTreeSet<usize>>) = reads.into_iter().unzip();
    let rounds: BTreeMap<usize, usize> = names.into_iter().zip(of_units(&reads)).collect();
    units.iter().map(|unit| rounds[unit]).collect()
}

/// For each constraint the first of those that it shares products with, directly or through others.
fn units(constraints: &[Takes]) -> Vec<usize> {
    let mut units: Vec<usize> = (0..constraints.len()).collect();
    let mut first: BTreeMap<usize, usize> = BTreeMap::new();
    for (constraint, takes) in constraints.iter().enumerate() {
        for product in &takes.products {
            let other = *first.entry(*product).or_insert(constraint);
            let (a, b) = (units[other], units[constraint]);
            let (kept, joined) = (a.min(b), a.max(b));
            for unit in units.iter_mut().filter(|unit| **unit == joined) {
                *unit = kept;
            }
        }
    }
    units
}

/// The rounds of constraints that share nothing but columns.
fn of_units(reads: &[BTreeSet<usize>]) -> Vec<usize> {
    let (order, least) = order(reads);
    let columns = reads.iter().flatten().max().map_or(0, |last| last + 1);
    // All columns take one round.
    (least..=columns)
        .map(|most| cut(reads, &order, most))
        .find(|rounds| rounds.iter().all(|round| *round < ROUNDS))
        .unwrap_or_else(|| vec![0; reads.len()])
}

/// The columns that are held, and how many constraints to come read each.
struct Held {
    uses: Vec<usize>,
    held: BTreeSet<usize>,
}

impl Held {
    fn new(reads: &[BTreeSet<usize>]) -> Self {
        let columns = reads.iter().flatten().max().map_or(0, |last| last + 1);
        let mut uses = vec![0; columns];
        for column in reads.iter().flatten() {
            uses[*column] += 1;
        }
        Self {
            uses,
            held: BTreeSet::new(),
        }
    }

    /// Columns that a constraint reads and that are not held.
    fn new_columns(&self, reads: &BTreeSet<usize>) -> usize {
        reads.difference(&self.held).count()
    }

    /// Columns that no other constraint to come reads.
    fn last_columns(&self, reads: &BTreeSet<usize>) -> usize {
        reads
            .iter()
            .filter(|column| self.uses[**column] == 1)
            .count()
    }

    fn hold(&mut self, reads: &BTreeSet<usize>) {
        self.held.extend(reads);
    }

    /// Lets a constraint's columns go where no other to come reads them.
    fn done(&mut self, reads: &BTreeSet<usize>) {
        for column in reads {
            self.uses[*column] -= 1;
            if self.uses[*column] == 0 {
                self.held.remove(column);
            }
        }
    }
}

/// An order of the constraints, next always one that adds the fewest columns to those that are held
/// after it, and how many are held at most.
fn order(reads: &[BTreeSet<usize>]) -> (Vec<usize>, usize) {
    let mut held = Held::new(reads);
    let mut to_come: BTreeSet<usize> = (0..reads.len()).collect();
    let mut order = Vec::with_capacity(reads.len());
    let mut most = 0;
    let rank = |held: &Held, constraint: usize| {
        let new = held.new_columns(&reads[constraint]);
        let more = new as isize - held.last_columns(&reads[constraint]) as isize;
        (more, new, constraint)
    };
    while let Some(next) = to_come.iter().copied().min_by_key(|i| rank(&held, *i)) {
        to_come.remove(&next);
        held.hold(&reads[next]);
        most = most.max(held.held.len());
        held.done(&reads[next]);
        order.push(next);
    }
    (order, most)
}

/// Rounds of constraints in an order, none of which holds more than `most` columns if its first
/// constraint does not.
fn cut(reads: &[BTreeSet<usize>], order: &[usize], most: usize) -> Vec<usize> {
    let mut held = Held::new(reads);
    let mut rounds = vec![0; reads.len()];
    let mut round = 0;
    let mut begun: Vec<usize> = Vec::new();
    for constraint in order {
        let reads_here = &reads[*constraint];
        if !begun.is_empty() && held.held.len() + held.new_columns(reads_here) > most {
            begun.drain(..).for_each(|done| held.done(&reads[done]));
            round += 1;
        }
        held.hold(reads_here);
        begun.push(*constraint);
        rounds[*constraint] = round;
    }
    rounds
}

#[cfg(test)]
mod tests {
    use halo2_proofs::halo2curves::bn256::Fr;

    use super::*;

    /// The most columns that are held in any round.
    fn most(reads: &[BTreeSet<usize>], rounds: &[usize]) -> usize {
        let last = rounds.iter().copied().max().unwrap_or(0);
        let of = |chosen: &dyn Fn(usize) -> bool| -> BTreeSet<usize> {
            let chosen = reads
                .iter()
                .zip(rounds)
                .filter(|(_, round)| chosen(**round));
            chosen.flat_map(|(reads, _)| reads).copied().collect()
        };
        (0..=last)
            .map(|round| {
                let before = of(&|other| other < round);
                let later = of(&|other| other > round);
                let kept = before.intersection(&later).copied();
                kept.chain(of(&|other| other == round))
                    .collect::<BTreeSet<_>>()
                    .len()
            })
            .max()
            .unwrap_or(0)
    }

    #[test]
    fn accepts_constraints_that_share_few_columns() {
        // Three gadgets of ten columns each beside a selector, their constraints in turn.
        let reads: Vec<BTreeSet<usize>> = (0..30)
            .map(|i| BTreeSet::from([0, 1 + i % 3 * 10 + i / 3, 1 + i % 3 * 10]))
            .collect();
        let rounds = of_units(&reads);
        assert_eq!(most(&reads, &rounds), 11);
        assert!((0..ROUNDS).all(|round| rounds.contains(&round)));
        for gadget in 0..3 {
            assert!((0..30)
                .step_by(3)
                .all(|i| rounds[gadget + i] == rounds[gadget]));
        }
    }

    #[test]
    fn accepts_constraints_that_share_all_columns() {
        let reads = vec![BTreeSet::from([3, 4, 5]); 9];
        assert_eq!(of_units(&reads), [0; 9]);
        assert!(of_units(&[]).is_empty());
        assert_eq!(of_units(&[BTreeSet::new(), BTreeSet::new()]), [0, 0]);
    }

    #[test]
    fn accepts_more_columns_at_a_time_than_more_rounds() {
        // Each constraint alone would hold three columns, in as many rounds as constraints.
        let reads: Vec<BTreeSet<usize>> = (0..30)
            .map(|i| BTreeSet::from([3 * i, 3 * i + 1, 3 * i + 2]))
            .collect();
        let rounds = of_units(&reads);
        assert_eq!(most(&reads, &rounds), 30);
        assert_eq!(rounds.iter().max(), Some(&(ROUNDS - 1)));
    }

    #[test]
    fn accepts_constraints_that_share_products() {
        let mut graph = Graph::default();
        let cells: Vec<Value> = (0..9).map(|column| graph.cell(column, 0)).collect();
        let [ab, bc] = [0, 1].map(|i| graph.mul(cells[i], cells[i + 1]));
        let three = graph.constant(Fr::from(3));
        let scaled = graph.mul(cells[0], three);
        let values = [
            graph.sub(ab, cells[3]),
            graph.sub(bc, scaled),
            graph.add(scaled, cells[4]),
            graph.add(ab, bc),
        ];
        let takes: Vec<Takes> = values
            .iter()
            .map(|value| Takes::new(&graph, &[*value]))
            .collect();
        assert_eq!(takes[3].columns, BTreeSet::from([0, 1, 2]));
        assert_eq!(units(&takes), [0, 0, 2, 0]);
        let rounds = rounds(&takes);
        assert!(rounds[0] == rounds[1] && rounds[1] == rounds[3]);
    }
}
