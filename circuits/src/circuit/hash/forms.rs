//! How the inputs of nine S-boxes follow from the nine before.
//!
//! Between S-boxes everything is linear. A full round mixes the outputs before it. Partial rounds are
//! the recurrence of [`crate::poseidon::Schedule`]: an input is a combination of the eight inputs and
//! the nine outputs before it. So no state has to stand anywhere between them.

use std::sync::OnceLock;

use ff::Field;
use halo2_proofs::halo2curves::bn256::Fr;

use crate::poseidon::{constants, mix, quintic, schedule, RATE, WIDTH};

/// From which S-boxes to which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A full round after a full one.
    Full,
    /// Nine partial rounds after a full one.
    Enter,
    /// Nine partial rounds after nine.
    Partial,
    /// A full round after nine partial ones.
    Leave,
}

/// An S-box input without its constant: weights of what it follows from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Form {
    /// Inputs of the nine before.
    pub inputs: [Fr; WIDTH],
    /// Outputs of the nine before.
    pub fifths: [Fr; WIDTH],
    /// Inputs of its own nine, those before it.
    pub own_inputs: [Fr; WIDTH],
    /// Outputs of its own nine, those before it.
    pub own_fifths: [Fr; WIDTH],
}

impl Form {
    const NONE: Self = Self {
        inputs: [Fr::ZERO; WIDTH],
        fifths: [Fr::ZERO; WIDTH],
        own_inputs: [Fr::ZERO; WIDTH],
        own_fifths: [Fr::ZERO; WIDTH],
    };

    /// Its value, given the inputs of the nine before and of its own nine as far as they are known.
    pub fn value(&self, before: &[Fr; WIDTH], own: &[Fr; WIDTH]) -> Fr {
        dot(&self.inputs, before)
            + dot(&self.fifths, &before.map(quintic))
            + dot(&self.own_inputs, own)
            + dot(&self.own_fifths, &own.map(quintic))
    }
}

fn dot(weights: &[Fr; WIDTH], cells: &[Fr; WIDTH]) -> Fr {
    weights.iter().zip(cells).map(|(a, b)| *a * b).sum()
}

/// The forms of a step's nine inputs.
pub fn forms(step: Step) -> &'static [Form; WIDTH] {
    static FORMS: OnceLock<[[Form; WIDTH]; 4]> = OnceLock::new();
    let [full, enter, partial, leave] =
        FORMS.get_or_init(|| [full_forms(), enter_forms(), partial_forms(), leave_forms()]);
    match step {
        Step::Full => full,
        Step::Enter => enter,
        Step::Partial => partial,
        Step::Leave => leave,
    }
}

fn full_forms() -> [Form; WIDTH] {
    constants().mix.map(|fifths| Form {
        fifths,
        ..Form::NONE
    })
}

/// The rounds unrolled: what each output, of the nine before and then of their own, adds to the first
/// word in each round.
fn enter_forms() -> [Form; WIDTH] {
    let matrix = &constants().mix;
    let mut forms = [Form::NONE; WIDTH];
    let mut unroll =
        |from: usize, mut state: [Fr; WIDTH], weight: &dyn Fn(&mut Form) -> &mut Fr| {
            for form in forms.iter_mut().skip(from) {
                *weight(form) = state[0];
                // The S-box takes the first word: its output is a cell of its own.
                state[0] = Fr::ZERO;
                state = mix(matrix, &state);
            }
        };
    for word in 0..WIDTH {
        let mut state = [Fr::ZERO; WIDTH];
        state[word] = Fr::ONE;
        let mixed = mix(matrix, &state);
        unroll(0, mixed, &|form| &mut form.fifths[word]);
    }
    let mut state = [Fr::ZERO; WIDTH];
    state[0] = Fr::ONE;
    let mixed = mix(matrix, &state);
    for round in 0..WIDTH {
        unroll(round + 1, mixed, &|form| &mut form.own_fifths[round]);
    }
    forms
}

fn partial_forms() -> [Form; WIDTH] {
    let schedule = schedule();
    std::array::from_fn(|round| {
        let mut form = Form::NONE;
        // Places in both nines: `x_r` stands at `WIDTH + round`.
        for (i, weight) in schedule.inputs.iter().enumerate() {
            let place = WIDTH + round - RATE + i;
            match place.checked_sub(WIDTH) {
                None => form.inputs[place] = *weight,
                Some(own) => form.own_inputs[own] = *weight,
            }
        }
        for (i, weight) in schedule.outputs.iter().enumerate() {
            let place = round + i;
            match place.checked_sub(WIDTH) {
                None => form.fifths[place] = *weight,
                Some(own) => form.own_fifths[own] = *weight,
            }
        }
        form
    })
}

fn leave_forms() -> [Form; WIDTH] {
    let schedule = schedule();
    let [first, ..] = partial_forms();
    std::array::from_fn(|word| {
        let Some((inputs, outputs, _)) = word.checked_sub(1).map(|rest| &schedule.leave[rest])
        else {
            return first;
        };
        let mut form = Form::NONE;
        // The last of the eight inputs is the first word itself, an input of the full round.
        let [earlier @ .., last] = inputs;
        form.inputs[2..].copy_from_slice(earlier);
        form.own_inputs[0] = *last;
        form.fifths[1..].copy_from_slice(outputs);
        form
    })
}
