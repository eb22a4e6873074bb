//! The permutation with its partial rounds as a linear recurrence: what [`super::hash8`] runs.
//!
//! Write the mixing matrix as `[[m, w], [v, A]]`, the first word apart from the other eight. Between
//! two S-boxes of the partial rounds everything is linear: with `x_r` the input and `y_r = x_r^5` the
//! output of round `r`'s S-box, and `u_r` the other eight words,
//!
//! ```text
//! x_{r+1} = m y_r + w u_r + constants        u_{r+1} = v y_r + A u_r + constants
//! ```
//!
//! By Cayley and Hamilton `w A^8` is a combination of `w, w A, .., w A^7`, which eliminates `u`:
//!
//! ```text
//! x_{r+1} = sum of 8 c_i x_{r-7+i} + sum of 9 b_i y_{r-8+i} + k_r
//! ```
//!
//! Seventeen products a round and one reduction, where the matrix takes 81. The recurrence begins
//! with eight inputs that no S-box had, such that all outputs before round 0 are 0: they are a
//! linear map of `u_0`, which the mixing before the partial rounds absorbs. After them the eight
//! words are a linear map of the last eight `x` and `y`.
//!
//! Everything here is derived from [`super::constants`]; a test holds it to
//! [`super::hash8_by_definition`].

use std::sync::OnceLock;

use ff::Field;
use halo2_proofs::halo2curves::bn256::Fr;

use super::lazy::{quintic, sum, sum_of_two, Lazy};
use super::{constants, mix, Boxes, Constants, BOXES, FULL_ROUNDS, PARTIAL_ROUNDS, RATE, WIDTH};

/// Full rounds on each side of the partial rounds.
const SIDE: usize = FULL_ROUNDS / 2;

/// Words beside the first one.
const REST: usize = WIDTH - 1;

type Square = [[Fr; REST]; REST];

/// Weights and constants of a permutation, as elements of some form. What is added to the input words
/// stands in [`super::Constants`] alone.
#[derive(Debug)]
pub struct Schedule<E> {
    /// A full round's words by the outputs of the S-boxes before it.
    pub mix: [[E; WIDTH]; WIDTH],
    /// Added after each of the full rounds but the last, before the partial rounds.
    pub early: [[E; WIDTH]; SIDE - 1],
    /// From the S-boxes of the last of those full rounds to the inputs the recurrence begins with.
    pub enter: [[E; WIDTH]; REST],
    /// Added to the first partial round's input.
    pub head: E,
    /// `c`: `x_{r+1}` by the last inputs, `x_{r-7}, .., x_r`.
    pub inputs: [E; REST],
    /// `b`: `x_{r+1}` by the last outputs, `y_{r-8}, .., y_r`.
    pub outputs: [E; WIDTH],
    /// `k`, added to `x_{r+1}` of each round `r`.
    pub added: [E; PARTIAL_ROUNDS],
    /// The words after the partial rounds but the first, by the last inputs and outputs, and a
    /// constant: `u_r` by `x_{r-7}, .., x_r` and by `y_{r-8}, .., y_{r-1}`.
    pub leave: [([E; REST], [E; REST], E); REST],
    /// Added after each of the full rounds but the last, after the partial rounds.
    pub late: [[E; WIDTH]; SIDE - 1],
}

impl<E: Copy> Schedule<E> {
    /// The same, with elements of another form.
    pub fn map<F>(&self, form: impl Fn(E) -> F) -> Schedule<F> {
        let form = &form;
        let eight = |row: [E; REST]| row.map(form);
        let nine = |row: [E; WIDTH]| row.map(form);
        Schedule {
            mix: self.mix.map(nine),
            early: self.early.map(nine),
            enter: self.enter.map(nine),
            head: form(self.head),
            inputs: eight(self.inputs),
            outputs: nine(self.outputs),
            added: self.added.map(form),
            leave: self
                .leave
                .map(|(inputs, outputs, constant)| (eight(inputs), eight(outputs), form(constant))),
            late: self.late.map(nine),
        }
    }
}

/// The schedule, derived from the constants.
pub(super) fn schedule() -> &'static Schedule<Fr> {
    static SCHEDULE: OnceLock<Schedule<Fr>> = OnceLock::new();
    SCHEDULE.get_or_init(|| derive(constants()))
}

fn lazy_schedule() -> &'static Schedule<Lazy> {
    static SCHEDULE: OnceLock<Schedule<Lazy>> = OnceLock::new();
    SCHEDULE.get_or_init(|| schedule().map(|element| Lazy::from(&element)))
}

/// The hash of eight elements.
pub(super) fn hash8(words: &[Fr; RATE]) -> Fr {
    lazy_schedule().run(words, |_| ())
}

/// Every S-box input of a permutation.
pub(super) fn boxes(words: &[Fr; RATE]) -> Boxes {
    let mut inputs = [Fr::ZERO; BOXES];
    let mut next = inputs.iter_mut();
    let output = lazy_schedule().run(words, |input| {
        if let Some(place) = next.next() {
            *place = (*input).into();
        }
    });
    Boxes { inputs, output }
}

impl Schedule<Lazy> {
    /// The hash of `words`; `see` is given the input of every S-box, in order.
    #[inline(always)]
    fn run(&self, words: &[Fr; RATE], mut see: impl FnMut(&Lazy)) -> Fr {
        let capacity = std::iter::once(&Fr::ZERO);
        let mut state = [Lazy::default(); WIDTH];
        let first = &constants().rounds[0];
        for ((word, value), constant) in state.iter_mut().zip(capacity.chain(words)).zip(first) {
            *word = Lazy::from(&(*value + constant));
        }
        for added in &self.early {
            state.iter().for_each(&mut see);
            state = self.full(&state, added);
        }
        state.iter().for_each(&mut see);
        state = self.partial(&state.map(|word| quintic(&word)), &mut see);
        for added in &self.late {
            state.iter().for_each(&mut see);
            state = self.full(&state, added);
        }
        state.iter().for_each(&mut see);
        let boxed = state.map(|word| quintic(&word));
        sum(&Lazy::default(), &self.mix[0], &boxed).into()
    }

    fn full(&self, state: &[Lazy; WIDTH], added: &[Lazy; WIDTH]) -> [Lazy; WIDTH] {
        let boxed = state.map(|word| quintic(&word));
        std::array::from_fn(|i| sum(&added[i], &self.mix[i], &boxed))
    }

    /// From the S-boxes of the full round before the partial rounds to those of the one after.
    #[inline(always)]
    fn partial(&self, boxed: &[Lazy; WIDTH], mut see: impl FnMut(&Lazy)) -> [Lazy; WIDTH] {
        let mut x = [Lazy::default(); REST + PARTIAL_ROUNDS];
        let mut y = [Lazy::default(); REST + PARTIAL_ROUNDS];
        for (x, row) in x.iter_mut().zip(&self.enter) {
            *x = sum(&Lazy::default(), row, boxed);
        }
        let mut input = sum(&self.head, &self.mix[0], boxed);
        for (round, added) in self.added.iter().enumerate() {
            see(&input);
            y[REST + round] = quintic(&input);
            input = sum_of_two(
                added,
                (&self.inputs, &window(&x, round)),
                (&self.outputs, &window(&y, round)),
            );
            x[REST + round] = input;
        }
        let x = window(&x, PARTIAL_ROUNDS);
        let y = window(&y, PARTIAL_ROUNDS);
        std::array::from_fn(|i| match i.checked_sub(1) {
            None => input,
            Some(i) => {
                let (inputs, outputs, added) = &self.leave[i];
                sum_of_two(added, (inputs, &x), (outputs, &y))
            }
        })
    }
}

/// `N` elements from the `start`th on.
#[inline(always)]
fn window<const N: usize>(elements: &[Lazy; REST + PARTIAL_ROUNDS], start: usize) -> [Lazy; N] {
    std::array::from_fn(|i| elements[start + i])
}

fn derive(constants: &Constants) -> Schedule<Fr> {
    let matrix = &constants.mix;
    let m = matrix[0][0];
    let w: [Fr; REST] = std::array::from_fn(|i| matrix[0][i + 1]);
    let v: [Fr; REST] = std::array::from_fn(|i| matrix[i + 1][0]);
    let a: Square = std::array::from_fn(|i| std::array::from_fn(|j| matrix[i + 1][j + 1]));

    // `w A^i`, `A^i v` and `w A^i v` for i below 8; `w A^8` and `A^8`.
    let mut observed: Square = [[Fr::ZERO; REST]; REST];
    let mut reached: Square = [[Fr::ZERO; REST]; REST];
    let (mut row, mut column) = (w, v);
    let mut power = identity();
    for i in 0..REST {
        observed[i] = row;
        reached[i] = column;
        row = std::array::from_fn(|j| (0..REST).map(|k| row[k] * a[k][j]).sum());
        column = std::array::from_fn(|j| (0..REST).map(|k| a[j][k] * column[k]).sum());
        power = product(&power, &a);
    }
    let echo: [Fr; REST] = std::array::from_fn(|i| dot(&observed[i], &v));
    let unobserve = inverse(&observed);

    let inputs: [Fr; REST] =
        std::array::from_fn(|i| (0..REST).map(|k| row[k] * unobserve[k][i]).sum());
    let outputs: [Fr; WIDTH] = std::array::from_fn(|t| {
        if t == REST {
            return m;
        }
        let j = REST - 1 - t;
        let earlier: Fr = (REST - j..REST)
            .map(|i| inputs[i] * echo[i + j - REST])
            .sum();
        echo[j] - earlier - inputs[t] * m
    });

    // Constants of idle words are carried forward, so that each partial round adds one, to its input.
    let mut pending = [Fr::ZERO; WIDTH];
    let mut carried = Vec::with_capacity(PARTIAL_ROUNDS + 1);
    for round in &constants.rounds[SIDE..SIDE + PARTIAL_ROUNDS] {
        pending = std::array::from_fn(|i| pending[i] + round[i]);
        carried.push(std::mem::take(&mut pending[0]));
        pending = mix(matrix, &pending);
    }
    let after: [Fr; WIDTH] =
        std::array::from_fn(|i| pending[i] + constants.rounds[SIDE + PARTIAL_ROUNDS][i]);
    carried.push(after[0]);
    // The inputs the recurrence begins with, up to that of round 0, have none.
    let carried_by = |round: usize| match round {
        0 => Fr::ZERO,
        _ => carried[round],
    };
    let added = std::array::from_fn(|round| {
        let before: Fr = (0..REST)
            .filter_map(|i| Some(inputs[i] * carried_by((round + i).checked_sub(REST - 1)?)))
            .sum();
        carried[round + 1] - before
    });

    let begin = product(&observed, &inverse(&power));
    let enter = begin
        .map(|row| std::array::from_fn(|j| (0..REST).map(|k| row[k] * matrix[k + 1][j]).sum()));
    let end = product(&power, &unobserve);
    let leave = std::array::from_fn(|i| {
        let row = &end[i];
        let outputs: [Fr; REST] = std::array::from_fn(|t| {
            let later: Fr = (t + 1..REST).map(|k| row[k] * echo[k - 1 - t]).sum();
            reached[REST - 1 - t][i] - row[t] * m - later
        });
        let carried = &carried[PARTIAL_ROUNDS + 1 - REST..];
        let constant = after[i + 1] - (0..REST).map(|k| row[k] * carried[k]).sum::<Fr>();
        (*row, outputs, constant)
    });

    Schedule {
        mix: *matrix,
        early: std::array::from_fn(|i| constants.rounds[1 + i]),
        enter,
        head: carried[0],
        inputs,
        outputs,
        added,
        leave,
        late: std::array::from_fn(|i| constants.rounds[SIDE + PARTIAL_ROUNDS + 1 + i]),
    }
}

fn dot(a: &[Fr; REST], b: &[Fr; REST]) -> Fr {
    a.iter().zip(b).map(|(a, b)| *a * b).sum()
}

fn identity() -> Square {
    std::array::from_fn(|i| std::array::from_fn(|j| Fr::from(u64::from(i == j))))
}

fn product(a: &Square, b: &Square) -> Square {
    std::array::from_fn(|i| std::array::from_fn(|j| (0..REST).map(|k| a[i][k] * b[k][j]).sum()))
}

/// The inverse by Gauss and Jordan. The two matrices it is used on have one; a zero pivot would fail
/// the vectors.
fn inverse(matrix: &Square) -> Square {
    let mut left = *matrix;
    let mut right = identity();
    for column in 0..REST {
        let pivot = (column..REST)
            .find(|row| left[*row][column] != Fr::ZERO)
            .unwrap_or(column);
        left.swap(column, pivot);
        right.swap(column, pivot);
        let scale = left[column][column].invert().unwrap_or(Fr::ZERO);
        left[column] = left[column].map(|value| value * scale);
        right[column] = right[column].map(|value| value * scale);
        let (pivot_left, pivot_right) = (left[column], right[column]);
        for row in (0..REST).filter(|row| *row != column) {
            let factor = left[row][column];
            for j in 0..REST {
                left[row][j] -= factor * pivot_left[j];
                right[row][j] -= factor * pivot_right[j];
            }
        }
    }
    right
}
