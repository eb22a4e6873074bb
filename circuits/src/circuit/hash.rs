//! Poseidon, one permutation in a window of eight rows.
//!
//! | row | does |
//! |---|---|
//! | 0, 1 | two full rounds each |
//! | 2, 3, 4 | twenty-one partial rounds each |
//! | 5, 6 | two full rounds each |
//! | 7 | holds the output, `state[0]` |
//!
//! The state cells leave out round constants that partial rounds would add to words other than the
//! first: the mixing is linear, so they are carried to the next S-box (`pending` in [`RoundRows`]).
//!
//! | constraint | degree | formula |
//! |---|---|---|
//! | capacity is zero | 2 | `state[0] = 0` in row 0 |
//! | square | 3 | `square = input^2` |
//! | fifth power | 4 | `fifth = square^2 * input` |
//! | next state | 2 | `next = M * fifth` (full), or the row's rounds unrolled (partial) |
//!
//! Every state cell is pinned by the row above it, row 0's by the gates of whoever hashes.

use std::sync::OnceLock;

use ff::Field;
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::plonk::ConstraintSystem;

use super::columns::{constant, sum, Columns, Expr, PARTIAL_A_ROW};
use crate::poseidon::{constants, mix, quintic, RATE, WIDTH};
use crate::shape::WINDOW_ROWS;

/// What a row of the lane computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowKind {
    /// Two full rounds.
    Full,
    /// Twenty-one partial rounds.
    Partial,
    /// The output.
    Output,
}

/// The kinds of a window's rows.
pub const ROW_KINDS: [RowKind; WINDOW_ROWS] = [
    RowKind::Full,
    RowKind::Full,
    RowKind::Partial,
    RowKind::Partial,
    RowKind::Partial,
    RowKind::Full,
    RowKind::Full,
    RowKind::Output,
];

/// Row-wise round constants.
#[derive(Debug)]
pub struct RoundRows {
    /// For each row, what is added to each S-box input.
    pub rows: [[Fr; PARTIAL_A_ROW]; WINDOW_ROWS],
}

impl RoundRows {
    /// The constants, with those of idle words carried forward.
    pub fn new() -> Self {
        let constants = constants();
        let mut rounds = constants.rounds.iter();
        let mut pending = [Fr::ZERO; WIDTH];
        let mut rows = [[Fr::ZERO; PARTIAL_A_ROW]; WINDOW_ROWS];
        for (row, kind) in rows.iter_mut().zip(ROW_KINDS) {
            match kind {
                RowKind::Full => {
                    for half in 0..2 {
                        let Some(round) = rounds.next() else {
                            return Self { rows };
                        };
                        for word in 0..WIDTH {
                            row[half * WIDTH + word] = round[word] + pending[word];
                        }
                        pending = [Fr::ZERO; WIDTH];
                    }
                }
                RowKind::Partial => {
                    for slot in row.iter_mut() {
                        let Some(round) = rounds.next() else {
                            return Self { rows };
                        };
                        for word in 0..WIDTH {
                            pending[word] += round[word];
                        }
                        *slot = pending[0];
                        pending[0] = Fr::ZERO;
                        pending = mix(&constants.mix, &pending);
                    }
                }
                RowKind::Output => {}
            }
        }
        Self { rows }
    }
}

impl Default for RoundRows {
    fn default() -> Self {
        Self::new()
    }
}

/// One row's cells.
#[derive(Debug, Clone, Copy)]
pub struct HashRow {
    /// State cells.
    pub state: [Fr; WIDTH],
    /// Squares.
    pub squares: [Fr; PARTIAL_A_ROW],
    /// Fifth powers.
    pub fifths: [Fr; PARTIAL_A_ROW],
}

/// All cells of a permutation over eight inputs.
pub fn permute(rounds: &RoundRows, inputs: &[Fr; RATE]) -> [HashRow; WINDOW_ROWS] {
    let matrix = &constants().mix;
    let empty = HashRow {
        state: [Fr::ZERO; WIDTH],
        squares: [Fr::ZERO; PARTIAL_A_ROW],
        fifths: [Fr::ZERO; PARTIAL_A_ROW],
    };
    let mut rows = [empty; WINDOW_ROWS];
    let mut state = [Fr::ZERO; WIDTH];
    state[1..].copy_from_slice(inputs);
    for ((row, kind), added) in rows.iter_mut().zip(ROW_KINDS).zip(&rounds.rows) {
        row.state = state;
        match kind {
            RowKind::Full => {
                for (slot, constant) in added.iter().enumerate().take(2 * WIDTH) {
                    let word = slot % WIDTH;
                    state[word] = row.substitute(slot, state[word] + constant);
                    if word + 1 == WIDTH {
                        state = mix(matrix, &state);
                    }
                }
            }
            // As the constraints have it: words other than the first are not needed in between.
            RowKind::Partial => {
                let (inputs, next) = unrolled();
                for (slot, (input, constant)) in inputs.iter().zip(added).enumerate() {
                    row.substitute(slot, input.value(row, slot) + constant);
                }
                for (word, form) in state.iter_mut().zip(next) {
                    *word = form.value(row, PARTIAL_A_ROW);
                }
            }
            RowKind::Output => {}
        }
    }
    rows
}

impl HashRow {
    /// Puts the cells of an S-box, and gives its output.
    fn substitute(&mut self, slot: usize, input: Fr) -> Fr {
        self.squares[slot] = input.square();
        self.fifths[slot] = quintic(input);
        self.fifths[slot]
    }
}

/// A word as a linear form: coefficients of the row's state and of its fifth powers.
#[derive(Debug, Clone)]
struct Linear {
    state: [Fr; WIDTH],
    fifths: [Fr; PARTIAL_A_ROW],
}

impl Linear {
    /// The word in a row whose first S-boxes, `fifths` of them, are known; it reads no others.
    fn value(&self, row: &HashRow, fifths: usize) -> Fr {
        let state = self.state.iter().zip(&row.state);
        let fifths = self.fifths.iter().zip(&row.fifths).take(fifths);
        state
            .chain(fifths)
            .map(|(factor, cell)| *factor * cell)
            .sum()
    }

    fn expression(&self, columns: &Columns) -> Expr {
        let state = self.state.iter().zip(&columns.hash.state);
        let fifths = self.fifths.iter().zip(&columns.hash.fifths);
        sum(state
            .chain(fifths)
            .filter(|(coefficient, _)| **coefficient != Fr::ZERO)
            .map(|(coefficient, column)| {
                if *coefficient == Fr::ONE {
                    column.cur()
                } else {
                    column.cur() * constant(*coefficient)
                }
            }))
    }
}

/// [`unroll`], once.
fn unrolled() -> &'static (Vec<Linear>, Vec<Linear>) {
    static FORMS: OnceLock<(Vec<Linear>, Vec<Linear>)> = OnceLock::new();
    FORMS.get_or_init(unroll)
}

/// The linear forms of the S-box inputs of a partial row, and of the state after it.
fn unroll() -> (Vec<Linear>, Vec<Linear>) {
    let matrix = &constants().mix;
    let zero = Linear {
        state: [Fr::ZERO; WIDTH],
        fifths: [Fr::ZERO; PARTIAL_A_ROW],
    };
    let mut words: Vec<Linear> = (0..WIDTH)
        .map(|i| {
            let mut word = zero.clone();
            word.state[i] = Fr::ONE;
            word
        })
        .collect();
    let mut inputs = Vec::with_capacity(PARTIAL_A_ROW);
    for round in 0..PARTIAL_A_ROW {
        inputs.push(words[0].clone());
        words[0] = zero.clone();
        words[0].fifths[round] = Fr::ONE;
        words = (0..WIDTH)
            .map(|i| {
                let mut mixed = zero.clone();
                for (word, m) in words.iter().zip(&matrix[i]) {
                    for (target, value) in mixed.state.iter_mut().zip(&word.state) {
                        *target += *m * value;
                    }
                    // Later rounds' S-boxes are in no word yet.
                    let fifths = mixed.fifths.iter_mut().zip(&word.fifths);
                    for (target, value) in fifths.take(round + 1) {
                        *target += *m * value;
                    }
                }
                mixed
            })
            .collect();
    }
    (inputs, words)
}

/// Constrains the lane.
pub fn configure(meta: &mut ConstraintSystem<Fr>, columns: &Columns) {
    let hash = &columns.hash;
    let fixed = &columns.fixed;
    let matrix = &constants().mix;

    meta.create_gate("hash: capacity is zero", |_| {
        vec![("state[0] = 0", fixed.hash_first.cur() * hash.state[0].cur())]
    });

    let boxes = |selector: Expr, inputs: Vec<Expr>| -> Vec<(&'static str, Expr)> {
        let mut gates = Vec::new();
        for (slot, input) in inputs.into_iter().enumerate() {
            let square = hash.squares[slot].cur();
            let fifth = hash.fifths[slot].cur();
            gates.push((
                "square = input^2",
                selector.clone() * (input.clone() * input.clone() - square.clone()),
            ));
            gates.push((
                "fifth = square^2 * input",
                selector.clone() * (square.clone() * square * input - fifth),
            ));
        }
        gates
    };
    let mixed = |half: usize, word: usize| {
        sum((0..WIDTH).map(|j| hash.fifths[half * WIDTH + j].cur() * constant(matrix[word][j])))
    };

    meta.create_gate("hash: two full rounds", |_| {
        let selector = fixed.hash_full.cur();
        let inputs = (0..2 * WIDTH)
            .map(|slot| {
                let word = slot % WIDTH;
                let input = if slot < WIDTH {
                    hash.state[word].cur()
                } else {
                    mixed(0, word)
                };
                input + fixed.rounds[slot].cur()
            })
            .collect();
        let mut gates = boxes(selector.clone(), inputs);
        for word in 0..WIDTH {
            gates.push((
                "next state = M * fifth",
                selector.clone() * (mixed(1, word) - hash.state[word].next()),
            ));
        }
        gates
    });

    meta.create_gate("hash: partial rounds", |_| {
        let selector = fixed.hash_partial.cur();
        let (inputs, words) = unroll();
        let inputs = inputs
            .iter()
            .zip(&fixed.rounds)
            .map(|(input, round)| input.expression(columns) + round.cur())
            .collect();
        let mut gates = boxes(selector.clone(), inputs);
        for (word, state) in words.iter().zip(&hash.state) {
            gates.push((
                "next state = rounds unrolled",
                selector.clone() * (word.expression(columns) - state.next()),
            ));
        }
        gates
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::poseidon::hash8;

    #[test]
    fn accepts_the_hash() {
        let inputs = std::array::from_fn(|i| Fr::from(7 * i as u64 + 3));
        let rows = permute(&RoundRows::new(), &inputs);
        assert_eq!(rows[WINDOW_ROWS - 1].state[0], hash8(inputs));
    }
}
