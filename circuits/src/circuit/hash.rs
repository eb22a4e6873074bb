//! Poseidon, in two lanes: a permutation of a leaf in the eight rows of a window, one of the tree or of
//! a digest in sixteen rows beside the windows.
//!
//! Nine S-boxes are a unit: those of a full round, or of nine partial rounds. A permutation has
//! fifteen; the sixteenth place holds the hash. A row of a window has two, early and late; a row of a
//! node has one.
//!
//! | unit | kind | row of a window | row of a node |
//! |---|---|---|---|
//! | 0, 1, 2, 3 | full round | 0, 0, 1, 1 | 0 to 3 |
//! | 4 to 10 | nine partial rounds | 2, 2, 3, 3, 4, 4, 5 | 4 to 10 |
//! | 11, 12, 13, 14 | full round | 5, 6, 6, 7 | 11 to 14 |
//! | 15 | the hash | 7 | 15 |
//!
//! Cells are the input of each S-box, with all constants added; no cell holds its fifth power. Only
//! the words of unit 0 stand without their constants: they are what others copy and constrain.
//!
//! | constraint | degree | formula |
//! |---|---|---|
//! | capacity is zero | 2 | `input[0] = 0` of unit 0 |
//! | inputs follow | 6 | linear in inputs and fifth powers before: [`mod@forms`] |
//!
//! Every input is pinned by those before it, unit 0's by the gates of whoever hashes.

pub mod forms;

use std::sync::OnceLock;

use ff::Field;
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::plonk::ConstraintSystem;

use super::columns::{constant, sum, Columns, Expr, Free};
use crate::layout::Lane;
use crate::poseidon::{boxes_by_definition, constants, Boxes, RATE, WIDTH};
use crate::shape::NODE_ROWS;
use forms::{forms, Form, Step};

/// Units of a permutation, and after them the hash.
pub const UNITS: usize = NODE_ROWS;

/// How each unit but the first follows from the one before it.
pub fn steps() -> [Step; UNITS - 1] {
    std::array::from_fn(|before| match before {
        0..3 | 11.. => Step::Full,
        3 => Step::Enter,
        4..10 => Step::Partial,
        10 => Step::Leave,
    })
}

/// The cells of nine S-boxes: their inputs.
pub type Unit = [Fr; WIDTH];

/// The cells of a permutation over eight inputs but the hash, given the inputs of its S-boxes.
pub fn units(words: &[Fr; RATE], boxes: &Boxes) -> [Unit; UNITS - 1] {
    let mut units = in_units(boxes);
    units[0][0] = Fr::ZERO;
    units[0][1..].copy_from_slice(words);
    units
}

/// The inputs of S-boxes by units.
fn in_units(boxes: &Boxes) -> [Unit; UNITS - 1] {
    let mut units = [[Fr::ZERO; WIDTH]; UNITS - 1];
    for (unit, inputs) in units.iter_mut().zip(boxes.inputs.chunks_exact(WIDTH)) {
        unit.copy_from_slice(inputs);
    }
    units
}

/// What is added to the inputs of each unit: in the first, to the S-boxes' inputs alone, in all
/// others to what follows from the unit before. Of the last it is added to the hash, in the first place.
pub fn added() -> &'static [[Fr; WIDTH]; UNITS] {
    static ADDED: OnceLock<[[Fr; WIDTH]; UNITS]> = OnceLock::new();
    ADDED.get_or_init(|| {
        // Whatever one permutation has that the linear forms do not give.
        let boxes = boxes_by_definition([Fr::ZERO; RATE]);
        let inputs = in_units(&boxes);
        let mut hash = [Fr::ZERO; WIDTH];
        hash[0] = boxes.output;
        let mut added = [constants().rounds[0]; UNITS];
        for (after, step) in steps().into_iter().enumerate() {
            let forms = forms(step);
            let before = &inputs[after];
            let own = inputs.get(after + 1).unwrap_or(&hash);
            added[after + 1] =
                std::array::from_fn(|word| own[word] - forms[word].value(before, own));
        }
        added[UNITS - 1][1..].fill(Fr::ZERO);
        added
    })
}

/// Inputs and outputs of nine S-boxes.
struct Nine {
    inputs: [Expr; WIDTH],
    fifths: [Expr; WIDTH],
}

impl Nine {
    fn new(inputs: [Expr; WIDTH]) -> Self {
        let fifth = |input: &Expr| {
            let square = input.clone() * input.clone();
            square.clone() * square * input.clone()
        };
        Self {
            fifths: inputs.each_ref().map(fifth),
            inputs,
        }
    }
}

impl Form {
    fn expression(&self, before: &Nine, own: &Nine) -> Expr {
        let weights = [
            &self.inputs,
            &self.fifths,
            &self.own_inputs,
            &self.own_fifths,
        ];
        let cells = [&before.inputs, &before.fifths, &own.inputs, &own.fifths];
        let terms = weights.into_iter().zip(cells);
        sum(terms
            .flat_map(|(weights, cells)| weights.iter().zip(cells))
            .filter(|(weight, _)| **weight != Fr::ZERO)
            .map(|(weight, cell)| cell.clone() * constant(*weight)))
    }
}

/// Some units that others follow, each with the selector of its rows.
type Before = Vec<(usize, Expr)>;

/// Inputs that follow from those of some units before, with the constants of each: one constraint for
/// every word.
fn follow(
    name: &'static str,
    step: Step,
    rows: &Before,
    before: &Nine,
    own: &Nine,
) -> Vec<(&'static str, Expr)> {
    let follows = |word: usize| {
        let of = |unit: usize| steps()[unit] == step && followed(unit).contains(&word);
        let rows = rows.iter().filter(|(unit, _)| of(*unit));
        let constants = rows
            .clone()
            .map(|(unit, row)| row.clone() * constant(added()[unit + 1][word]));
        let linear = forms(step)[word].expression(before, own) - own.inputs[word].clone();
        let here = sum(rows.clone().map(|(_, row)| row.clone()));
        (name, here * linear + sum(constants))
    };
    (0..WIDTH).map(follows).collect()
}

/// Places that follow from a unit: in the last only the hash.
fn followed(unit: usize) -> std::ops::Range<usize> {
    match unit + 2 {
        UNITS => 0..1,
        _ => 0..WIDTH,
    }
}

/// The words of unit 0 with their constants, and any other unit as it stands.
fn with_constants(cells: &[Free; WIDTH], first: &Expr) -> Nine {
    Nine::new(std::array::from_fn(|word| {
        cells[word].cur() + first.clone() * constant(added()[0][word])
    }))
}

/// Constrains both lanes.
pub fn configure(meta: &mut ConstraintSystem<Fr>, columns: &Columns) {
    windows(meta, columns);
    nodes(meta, columns);
}

fn windows(meta: &mut ConstraintSystem<Fr>, columns: &Columns) {
    let (early, late) = (&columns.hash.early, &columns.hash.late);
    let first = columns.fixed.first.cur();
    let after_first = columns.fixed.after_first.map(|column| column.cur());
    let rows: Vec<Expr> = [first.clone()].into_iter().chain(after_first).collect();

    meta.create_gate("hash: capacity is zero", |_| {
        vec![("input[0] = 0", first.clone() * early[0].cur())]
    });

    let here = with_constants(early, &first);
    let beside = Nine::new(late.map(|column| column.cur()));
    let below = Nine::new(early.map(|column| column.next()));
    // The last unit of a row is followed in the next row, but for the last row's: that is the hash.
    let of = |half: usize| -> Before {
        let units = (half..UNITS - 1).step_by(2);
        units.zip(rows.iter().cloned()).collect()
    };
    let (early, late) = (of(0), of(1));
    let late_inputs = |step| follow("late: inputs follow", step, &early, &here, &beside);
    let next_inputs = |step| follow("next row: inputs follow", step, &late, &beside, &below);
    meta.create_gate("hash: full round after a full round", |_| {
        [late_inputs(Step::Full), next_inputs(Step::Full)].concat()
    });
    meta.create_gate("hash: partial rounds after a full round", |_| {
        next_inputs(Step::Enter)
    });
    meta.create_gate("hash: partial rounds after partial rounds", |_| {
        [late_inputs(Step::Partial), next_inputs(Step::Partial)].concat()
    });
    meta.create_gate("hash: full round after partial rounds", |_| {
        late_inputs(Step::Leave)
    });
}

fn nodes(meta: &mut ConstraintSystem<Fr>, columns: &Columns) {
    let node = &columns.hash.node;
    let rows = columns.fixed.node.map(|column| column.cur());
    let [first, .., last] = &rows;

    meta.create_gate("node hash: capacity is zero", |_| {
        vec![("input[0] = 0", first.clone() * node[0].cur())]
    });

    let here = with_constants(node, first);
    let below = Nine::new(node.map(|column| column.next()));
    let units: Before = rows[..UNITS - 2].iter().cloned().enumerate().collect();
    let inputs = |step| follow("next row: inputs follow", step, &units, &here, &below);
    meta.create_gate("node hash: full round after a full round", |_| {
        inputs(Step::Full)
    });
    meta.create_gate("node hash: partial rounds after a full round", |_| {
        inputs(Step::Enter)
    });
    meta.create_gate("node hash: partial rounds after partial rounds", |_| {
        inputs(Step::Partial)
    });
    meta.create_gate("node hash: full round after partial rounds", |_| {
        inputs(Step::Leave)
    });
    // The hash stands in a column of words, as those are copied.
    meta.create_gate("node hash: hash after a full round", |_| {
        let [mixed, ..] = forms(Step::Full);
        let follows = mixed.expression(&here, &below) + constant(added()[UNITS - 1][0])
            - columns.hash.output(Lane::Nodes).next();
        vec![("next row: hash follows", last.clone() * follows)]
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::poseidon::{boxes, hash8};

    /// The forms and constants, which come from one permutation, give every other.
    #[test]
    fn accepts_that_every_unit_follows_from_the_one_before() {
        let words = std::array::from_fn(|i| Fr::from(91 * i as u64 + 5));
        let boxes = boxes(words);
        let mut units = units(&words, &boxes).to_vec();
        for (input, added) in units[0].iter_mut().zip(&added()[0]) {
            *input += added;
        }
        units.push([hash8(words); WIDTH]);
        for (after, step) in steps().into_iter().enumerate() {
            let [before, own] = [&units[after], &units[after + 1]];
            for word in followed(after) {
                let value = forms(step)[word].value(before, own) + added()[after + 1][word];
                assert_eq!(value, own[word], "unit {} word {word}", after + 1);
            }
        }
    }
}
