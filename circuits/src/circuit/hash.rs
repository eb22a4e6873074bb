//! Poseidon, one permutation in a window of eight rows.
//!
//! Nine S-boxes are a unit: those of a full round, or of nine partial rounds. A row has two units,
//! early and late, and a permutation fifteen; the sixteenth place holds the hash.
//!
//! | row | early | late | kind |
//! |---|---|---|---|
//! | 0 | full round | full round | first |
//! | 1 | full round | full round | enter |
//! | 2, 3, 4 | nine partial rounds | nine partial rounds | partial |
//! | 5 | nine partial rounds | full round | leave |
//! | 6 | full round | full round | full |
//! | 7 | full round | the hash | last |
//!
//! Cells are the input of each S-box, with all constants added; no cell holds its fifth power. Only
//! the words of row 0 stand without their constants: they are what others copy and constrain.
//!
//! | constraint | degree | formula |
//! |---|---|---|
//! | capacity is zero | 2 | `input[0] = 0` in row 0 |
//! | next inputs | 6 | linear in inputs and fifth powers before: [`mod@forms`] |
//!
//! Every input is pinned by those before it, row 0's by the gates of whoever hashes.

pub mod forms;

use std::sync::OnceLock;

use ff::Field;
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::plonk::ConstraintSystem;

use super::columns::{constant, sum, Columns, Expr};
use crate::poseidon::{boxes, boxes_by_definition, constants, Boxes, RATE, WIDTH};
use crate::shape::WINDOW_ROWS;
use forms::{forms, Form, Step};

/// Units of a window, two a row.
pub const UNITS: usize = 2 * WINDOW_ROWS;

/// What a row of the lane computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RowKind {
    /// Two full rounds, of the words that are hashed.
    First,
    /// Two full rounds, partial ones after them.
    Enter,
    /// Eighteen partial rounds, others after them.
    Partial,
    /// Nine partial rounds and a full one.
    Leave,
    /// Two full rounds, a full one after them.
    Full,
    /// A full round and the output.
    Last,
}

/// The kinds of a window's rows.
const ROW_KINDS: [RowKind; WINDOW_ROWS] = [
    RowKind::First,
    RowKind::Enter,
    RowKind::Partial,
    RowKind::Partial,
    RowKind::Partial,
    RowKind::Leave,
    RowKind::Full,
    RowKind::Last,
];

/// How each unit but the first follows from the one before it.
pub fn steps() -> [Step; UNITS - 1] {
    std::array::from_fn(|before| {
        let late = match ROW_KINDS[before / 2] {
            RowKind::First | RowKind::Enter | RowKind::Full | RowKind::Last => Step::Full,
            RowKind::Partial => Step::Partial,
            RowKind::Leave => Step::Leave,
        };
        let next = match ROW_KINDS[before / 2] {
            RowKind::Enter => Step::Enter,
            RowKind::Partial => Step::Partial,
            RowKind::First | RowKind::Leave | RowKind::Full | RowKind::Last => Step::Full,
        };
        [late, next][before % 2]
    })
}

/// The cells of nine S-boxes: their inputs.
pub type Unit = [Fr; WIDTH];

/// All cells of a permutation over eight inputs: two units a row.
pub fn permute(words: &[Fr; RATE]) -> [Unit; UNITS] {
    units(words, &boxes(*words))
}

/// All cells of a permutation over eight inputs, given the inputs of its S-boxes.
pub fn units(words: &[Fr; RATE], boxes: &Boxes) -> [Unit; UNITS] {
    let mut units = in_units(boxes);
    units[0][0] = Fr::ZERO;
    units[0][1..].copy_from_slice(words);
    units
}

/// The inputs of S-boxes by units; after them the hash.
fn in_units(boxes: &Boxes) -> [Unit; UNITS] {
    let mut units = [[Fr::ZERO; WIDTH]; UNITS];
    for (unit, inputs) in units.iter_mut().zip(boxes.inputs.chunks_exact(WIDTH)) {
        unit.copy_from_slice(inputs);
    }
    units[UNITS - 1][0] = boxes.output;
    units
}

/// What is added to the inputs of each unit: in the first, to the S-boxes' inputs alone, in all
/// others to what follows from the unit before.
pub fn added() -> &'static [[Fr; WIDTH]; UNITS] {
    static ADDED: OnceLock<[[Fr; WIDTH]; UNITS]> = OnceLock::new();
    ADDED.get_or_init(|| {
        // Whatever one permutation has that the linear forms do not give.
        let inputs = in_units(&boxes_by_definition([Fr::ZERO; RATE]));
        let mut added = [constants().rounds[0]; UNITS];
        for (after, step) in steps().into_iter().enumerate() {
            let forms = forms(step);
            let [before, own] = [&inputs[after], &inputs[after + 1]];
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

/// Constrains the lane.
pub fn configure(meta: &mut ConstraintSystem<Fr>, columns: &Columns) {
    let (early, late) = (&columns.hash.early, &columns.hash.late);
    let rows = columns.fixed.hash.map(|column| column.cur());
    let [first, ..] = &rows;

    meta.create_gate("hash: capacity is zero", |_| {
        vec![("input[0] = 0", first.clone() * early[0].cur())]
    });

    // Row 0 has its words without constants.
    let words: [Expr; WIDTH] =
        std::array::from_fn(|word| early[word].cur() + first.clone() * constant(added()[0][word]));
    let here = Nine::new(words);
    let beside = Nine::new(late.map(|column| column.cur()));
    let below = Nine::new(early.map(|column| column.next()));
    // What follows in some rows, with the constants of each: one constraint for every word.
    let follow = |name, step: Step, half: usize, before: &Nine, own: &Nine| -> Vec<_> {
        let follows = |word: usize| {
            let steps = steps().into_iter().skip(half).step_by(2).enumerate();
            // Of the last unit only the hash is needed.
            let followed =
                steps.filter(|(row, of)| *of == step && (word == 0 || 2 * row + half + 2 < UNITS));
            let followed: Vec<usize> = followed.map(|(row, _)| row).collect();
            let rows_of = sum(followed.iter().map(|row| rows[*row].clone()));
            let constants = followed
                .iter()
                .map(|row| rows[*row].clone() * constant(added()[2 * row + half + 1][word]));
            let linear = forms(step)[word].expression(before, own) - own.inputs[word].clone();
            (name, rows_of * linear + sum(constants))
        };
        (0..WIDTH).map(follows).collect()
    };
    let late_inputs = |step| follow("late: inputs follow", step, 0, &here, &beside);
    let next_inputs = |step| follow("next row: inputs follow", step, 1, &beside, &below);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::poseidon::hash8;

    #[test]
    fn accepts_the_hash() {
        let words = std::array::from_fn(|i| Fr::from(7 * i as u64 + 3));
        let units = permute(&words);
        assert_eq!(units[UNITS - 1][0], hash8(words));
    }

    /// The forms and constants, which come from one permutation, give every other.
    #[test]
    fn accepts_that_every_unit_follows_from_the_one_before() {
        let words = std::array::from_fn(|i| Fr::from(91 * i as u64 + 5));
        let mut units = permute(&words);
        for (input, added) in units[0].iter_mut().zip(&added()[0]) {
            *input += added;
        }
        for (after, step) in steps().into_iter().enumerate() {
            let [before, own] = [&units[after], &units[after + 1]];
            let words = if after + 2 == UNITS { 1 } else { WIDTH };
            for word in 0..words {
                let followed = forms(step)[word].value(before, own) + added()[after + 1][word];
                assert_eq!(followed, own[word], "unit {} word {word}", after + 1);
            }
        }
    }
}
