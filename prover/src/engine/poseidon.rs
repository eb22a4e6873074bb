//! Poseidon of eight blocks at once: [`zkmargin_circuits::poseidon`]'s permutation, a block in each
//! lane.
//!
//! The partial rounds are the same recurrence, `x` the inputs of their S-boxes and `y` the outputs.
//! In the order in which they come, `y_{r-8}, x_{r-7}, y_{r-7}, .., x_r, y_r`, the seventeen that the
//! next input follows from stand in a row, the one that is known last at the end.

use std::sync::OnceLock;

use ff::Field;
use halo2_proofs::halo2curves::bn256::Fr;
use zkmargin_circuits::poseidon::{
    constants, schedule, Boxes, Hasher, Plain, Schedule, BOXES, PARTIAL_ROUNDS, RATE, WIDTH,
};

#[cfg(target_arch = "x86_64")]
use super::simd::Ifma;
use super::simd::{Block, Scalar, Simd, LANES};

/// What an input of a partial round follows from.
const BEFORE: usize = RATE + WIDTH;

/// All inputs and outputs of the recurrence: those it begins with, and those of the partial rounds.
const TRAIL: usize = 2 * (RATE + PARTIAL_ROUNDS);

/// The fastest hashes of this machine.
pub fn hasher() -> &'static dyn Hasher {
    #[cfg(target_arch = "x86_64")]
    {
        static EIGHT: OnceLock<Option<EightBlocks<Ifma>>> = OnceLock::new();
        if let Some(eight) = EIGHT.get_or_init(|| Ifma::try_new().map(EightBlocks::new)) {
            return eight;
        }
    }
    // Faster than eight elements one by one, and as fast as with AVX2: its sums of products are
    // reduced once.
    &Plain
}

/// Hashes eight blocks in the time of one or two.
#[derive(Debug)]
pub struct EightBlocks<S: Simd<Scalar>> {
    simd: S,
    weights: Box<Weights<S::Wide>>,
}

/// Weights and constants, each in all lanes. Bound 1.
#[derive(Debug)]
struct Weights<W> {
    /// Added to the input words.
    first: [W; WIDTH],
    schedule: Schedule<W>,
    /// From the last outputs and inputs, in their order, to the next input.
    next: [W; BEFORE],
    /// From the last outputs and inputs, in their order, to the words after the partial rounds.
    leave: [[W; 2 * RATE]; RATE],
}

impl<S: Simd<Scalar>> EightBlocks<S> {
    /// A hasher with some arithmetic.
    pub fn new(simd: S) -> Self {
        let weights = simd.vectorize(
            #[inline(always)]
            || {
                let schedule = schedule().map(
                    #[inline(always)]
                    |weight| simd.splat(weight),
                );
                let turns = |inputs: &[S::Wide], outputs: &[S::Wide], place: usize| {
                    [outputs, inputs][place % 2][place / 2]
                };
                let leave = &schedule.leave;
                Box::new(Weights {
                    first: constants().rounds[0].map(
                        #[inline(always)]
                        |constant| simd.splat(constant),
                    ),
                    next: std::array::from_fn(|place| {
                        turns(&schedule.inputs, &schedule.outputs, place)
                    }),
                    leave: std::array::from_fn(|word| {
                        let (inputs, outputs, _) = &leave[word];
                        std::array::from_fn(|place| turns(inputs, outputs, place))
                    }),
                    schedule,
                })
            },
        );
        Self { simd, weights }
    }

    /// The hashes of eight blocks, and where asked for the input of every S-box.
    fn run(
        &self,
        blocks: &[[Fr; RATE]; LANES],
        inputs: Option<&mut [Block; BOXES]>,
    ) -> [Fr; LANES] {
        let s = self.simd;
        let words: [Block; RATE] =
            std::array::from_fn(|word| s.import(&blocks.each_ref().map(|block| block[word])));
        let output = s.vectorize(
            #[inline(always)]
            || match inputs {
                None => s.store(permute(s, &self.weights, &words, |_| ())),
                Some(inputs) => {
                    let mut places = inputs.iter_mut();
                    let output = permute(
                        s,
                        &self.weights,
                        &words,
                        #[inline(always)]
                        |input| {
                            if let Some(place) = places.next() {
                                *place = s.store(input);
                            }
                        },
                    );
                    s.store(output)
                }
            },
        );
        s.export(&output)
    }
}

/// `x^5` for `x` of bound 3. Gives bound 2.
#[inline(always)]
fn quintic<S: Simd<Scalar>>(s: S, x: S::Wide) -> S::Wide {
    s.mul(s.square(s.square(x)), x)
}

/// `constant + sum weight * value`. Gives bound 3.
#[inline(always)]
fn linear<S: Simd<Scalar>>(
    s: S,
    weights: &[S::Wide],
    values: &[S::Wide],
    constant: S::Wide,
) -> S::Wide {
    let products = weights.iter().copied().zip(values.iter().copied());
    s.add(s.sum(products), constant)
}

/// The permutation's output of eight blocks, of bound 2; `see` is given the input of every S-box, of
/// bound 3, in the order of [`Boxes`].
#[inline(always)]
fn permute<S: Simd<Scalar>>(
    s: S,
    weights: &Weights<S::Wide>,
    words: &[Block; RATE],
    mut see: impl FnMut(S::Wide),
) -> S::Wide {
    let Weights {
        first,
        schedule,
        next,
        leave,
    } = weights;
    let mut state = *first;
    for (word, block) in state.iter_mut().skip(1).zip(words) {
        *word = s.add(s.load(block), *word);
    }
    for added in &schedule.early {
        state = full(s, &schedule.mix, added, state, &mut see);
    }

    let boxed = boxed(s, state, &mut see);
    let mut trail = [s.load(&Block::ZERO); TRAIL];
    for (row, place) in schedule
        .enter
        .iter()
        .zip(trail.iter_mut().skip(1).step_by(2))
    {
        *place = s.sum(row.iter().copied().zip(boxed));
    }
    let mut input = linear(s, &schedule.mix[0], &boxed, schedule.head);
    for (round, added) in schedule.added.iter().enumerate() {
        see(input);
        let end = 2 * round + BEFORE;
        trail[end - 1] = quintic(s, input);
        input = linear(s, next, &trail[end - BEFORE..end], *added);
        trail[end] = input;
    }
    state[0] = input;
    let last = &trail[TRAIL - 2 * RATE..];
    for ((word, row), (_, _, constant)) in state[1..].iter_mut().zip(leave).zip(&schedule.leave) {
        *word = linear(s, row, last, *constant);
    }

    for added in &schedule.late {
        state = full(s, &schedule.mix, added, state, &mut see);
    }
    let boxed = self::boxed(s, state, &mut see);
    s.sum(schedule.mix[0].iter().copied().zip(boxed))
}

/// The words after a full round's S-boxes.
#[inline(always)]
fn boxed<S: Simd<Scalar>>(
    s: S,
    mut state: [S::Wide; WIDTH],
    see: &mut impl FnMut(S::Wide),
) -> [S::Wide; WIDTH] {
    for word in &mut state {
        see(*word);
        *word = quintic(s, *word);
    }
    state
}

/// The inputs of the round after a full one.
#[inline(always)]
fn full<S: Simd<Scalar>>(
    s: S,
    mix: &[[S::Wide; WIDTH]; WIDTH],
    added: &[S::Wide; WIDTH],
    state: [S::Wide; WIDTH],
    see: &mut impl FnMut(S::Wide),
) -> [S::Wide; WIDTH] {
    let boxed = boxed(s, state, see);
    let mut mixed = *added;
    for (word, row) in mixed.iter_mut().zip(mix) {
        *word = linear(s, row, &boxed, *word);
    }
    mixed
}

/// Eight blocks, the last of those there are in all other lanes.
fn lanes(blocks: &[[Fr; RATE]]) -> [[Fr; RATE]; LANES] {
    let last = blocks.len().saturating_sub(1);
    std::array::from_fn(|lane| blocks.get(lane.min(last)).copied().unwrap_or_default())
}

impl<S: Simd<Scalar>> Hasher for EightBlocks<S>
where
    S::Wide: Send + Sync,
{
    fn hashes(&self, blocks: &[[Fr; RATE]]) -> Vec<Fr> {
        let mut hashes = Vec::with_capacity(blocks.len());
        for blocks in blocks.chunks(LANES) {
            match blocks {
                // All lanes take longer than one block.
                [_] => hashes.extend(Plain.hashes(blocks)),
                _ => hashes.extend_from_slice(&self.run(&lanes(blocks), None)[..blocks.len()]),
            }
        }
        hashes
    }

    fn boxes(&self, blocks: &[[Fr; RATE]]) -> Vec<Boxes> {
        let none = Boxes {
            inputs: [Fr::ZERO; BOXES],
            output: Fr::ZERO,
        };
        let mut all = vec![none; blocks.len()];
        let mut inputs = [Block::ZERO; BOXES];
        for (boxes, blocks) in all.chunks_mut(LANES).zip(blocks.chunks(LANES)) {
            let outputs = self.run(&lanes(blocks), Some(&mut inputs));
            for (boxes, output) in boxes.iter_mut().zip(outputs) {
                boxes.output = output;
            }
            for (place, input) in inputs.iter().enumerate() {
                for (boxes, input) in boxes.iter_mut().zip(self.simd.export(input)) {
                    boxes.inputs[place] = input;
                }
            }
        }
        all
    }
}

#[cfg(test)]
mod tests;
