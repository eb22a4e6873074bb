//! A proof, message by message, as the verifier reads it.

#[cfg(test)]
mod hidden;
mod lookup;
mod opening;
mod phase;
mod product;
mod queries;
mod quotient;
mod sums;

use std::collections::BTreeMap;
use std::fmt;
use std::io;

use ff::Field;
use halo2_proofs::halo2curves::bn256::{Fr, G1Affine, G1};
use halo2_proofs::halo2curves::group::Curve;
use halo2_proofs::plonk::{Any, Column};
use halo2_proofs::transcript::{
    Blake2bWrite, Challenge255, EncodedChallenge, Transcript, TranscriptWrite,
    TranscriptWriterBuffer,
};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use rand_core::CryptoRngCore;
use rayon::prelude::*;

use super::column::{edges, elements, Cells};
use super::key::{ProvingKey, Special};
use super::numerator::{columns_a_product, numerator, Drawn, Places};
use super::simd::{Arithmetic, Block, Scalar, Simd, LANES};
use super::sources::Source;
use phase::Phases;
use queries::Queries;
use sums::Summed;

/// What a proof is about: the cells of every advice column.
pub trait Witness: Sync {
    /// Cells of columns of a phase, which stand side by side as a rule. The last rows of a column are
    /// filled at random, unless it has cells for all rows and so its own randomness.
    fn cells(&self, columns: &[usize]) -> Vec<Cells>;

    /// Puts elements of columns that have [`Cells::Elements`], those of [`LANES`] rows from `row` on,
    /// in the place of zeros.
    fn elements(&self, columns: &[usize], row: usize, cells: &mut [[Fr; LANES]]);

    /// Fills the columns of the second phase, once the challenges are known.
    fn draw(&mut self, challenges: &[Fr]);

    /// Called when no more cells are needed, so that their memory can go.
    fn done(&mut self);
}

/// A step of a proof, for those who watch: for which part of it, and what is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step(pub Part, pub Work);

/// Parts of a proof, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Advice columns of the first phase.
    FirstPhase,
    /// Advice columns of the second phase.
    SecondPhase,
    /// Lookups and copies.
    Arguments,
    /// The quotient, on one coset after another.
    Quotient,
    /// Evaluations and their opening.
    Opening,
}

/// Kinds of work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// The witness is asked for what follows from the challenges.
    Witness,
    /// Columns are computed.
    Columns,
    /// Columns are committed to.
    Commitments,
    /// So many columns become polynomials, or polynomials columns.
    Transforms(usize),
    /// A program of constraints runs over the rows of a coset.
    Constraints {
        /// Which coset, from 0 on.
        coset: usize,
        /// Instructions of each kind for each row.
        counts: BTreeMap<&'static str, usize>,
    },
    /// Polynomials are evaluated at single points.
    Evaluations,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Part::FirstPhase => "committing to the first phase",
            Part::SecondPhase => "making and committing to the second phase",
            Part::Arguments => "lookups and copies",
            Part::Quotient => "the quotient",
            Part::Opening => "opening",
        })
    }
}

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// A lookup whose input is not in its table.
    #[error("the witness is false: row {row} of the lookup `{lookup}` is not in its table")]
    Lookup {
        /// Which lookup.
        lookup: String,
        /// The first such row.
        row: usize,
    },
    /// The instance column has another length than the circuit leaves room for.
    #[error("{0} public inputs do not fit the circuit")]
    Instance(usize),
    /// The sums of cells are of another circuit than the key.
    #[error("the key and its sums of cells do not belong together")]
    Sums,
    /// A column that is to be a function of one that has no small integers.
    #[error("column {0} has no small integers that another could be a function of")]
    NotSmall(usize),
    /// The transcript could not be written.
    #[error("the transcript: {0}")]
    Transcript(#[from] io::Error),
}

type Writer = Blake2bWrite<Vec<u8>, G1Affine, Challenge255<G1Affine>>;

fn challenge(transcript: &mut Writer) -> Fr {
    transcript.squeeze_challenge().get_scalar()
}

fn write_points(transcript: &mut Writer, points: &[G1]) -> io::Result<()> {
    let mut affine = vec![G1Affine::default(); points.len()];
    G1::batch_normalize(points, &mut affine);
    affine
        .into_iter()
        .try_for_each(|point| transcript.write_point(point))
}

/// Makes a proof for one instance column.
///
/// # Errors
/// A witness that is false in a way that stops the prover, or a transcript that cannot be written.
/// Most false witnesses make a proof, which does not verify.
pub fn create_proof<S: Arithmetic>(
    key: &ProvingKey<S>,
    witness: &mut dyn Witness,
    instance: &[Fr],
    rng: &mut dyn CryptoRngCore,
    watch: &mut dyn FnMut(Step),
) -> Result<Vec<u8>, ProofError> {
    let s = key.domain.simd;
    let n = key.domain.n();
    let cs = key.verifying.cs();
    let usable = n - (cs.blinding_factors() + 1);
    if instance.len() > usable {
        return Err(ProofError::Instance(instance.len()));
    }
    let mut transcript = Writer::init(Vec::new());
    key.verifying.hash_into(&mut transcript)?;
    for value in instance {
        transcript.common_scalar(*value)?;
    }
    let prover = Prover { key };

    let mut advice = Phases::new(key, usable);
    watch(Step(Part::FirstPhase, Work::Columns));
    let laid = advice.lay_out(0, witness, rng)?;
    advice.commit(Part::FirstPhase, laid, &mut transcript, watch)?;
    let challenges: Vec<Fr> = cs
        .challenge_phase()
        .iter()
        .map(|_| challenge(&mut transcript))
        .collect();
    watch(Step(Part::SecondPhase, Work::Witness));
    witness.draw(&challenges);
    watch(Step(Part::SecondPhase, Work::Columns));
    let laid = advice.lay_out(1, witness, rng)?;
    witness.done();
    advice.commit(Part::SecondPhase, laid, &mut transcript, watch)?;
    let mut advice = advice.finish();

    watch(Step(Part::Arguments, Work::Columns));
    let instance_values = elements(s, n, instance, &[]);
    let theta = challenge(&mut transcript);
    let places = prover.places();
    let values = Values {
        key,
        places: &places,
        advice: &advice.values,
        instance: &instance_values,
    };
    let mut drawn = Drawn {
        circuit: challenges,
        theta,
        beta: Fr::ZERO,
        gamma: Fr::ZERO,
    };
    let permuted = lookup::permute(&values, &drawn, usable, rng)?;
    watch(Step(Part::Arguments, Work::Commitments));
    for lookup in &permuted {
        let points = [&lookup.input, &lookup.table].map(|column| key.lagrange.commit(column));
        write_points(&mut transcript, &points)?;
    }
    drawn.beta = challenge(&mut transcript);
    drawn.gamma = challenge(&mut transcript);
    watch(Step(Part::Arguments, Work::Columns));
    let products = product::copies(&values, &drawn, usable, rng);
    let lookup_products: Vec<Vec<Block>> = permuted
        .iter()
        .map(|lookup| product::lookup(key, lookup, &drawn, usable, rng))
        .collect();
    watch(Step(Part::Arguments, Work::Commitments));
    let points: Vec<G1> = products
        .iter()
        .chain(&lookup_products)
        .map(|column| key.lagrange.commit(column))
        .collect();
    write_points(&mut transcript, &points)?;
    let transforms = 1 + products.len() + 3 * permuted.len();
    watch(Step(Part::Arguments, Work::Transforms(transforms)));
    let lookups = permuted
        .into_iter()
        .zip(lookup_products)
        .flat_map(|(lookup, product)| [lookup.input, lookup.table, product]);
    let mut own: Vec<Vec<Block>> = products.into_iter().chain(lookups).collect();
    own.insert(0, instance_values);
    let own_edges: Vec<Vec<Block>> = own.iter().map(|column| edges(column)).collect();
    own.par_iter_mut()
        .for_each(|column| key.domain.interpolate(column));
    watch(Step(Part::Arguments, Work::Columns));
    let random = prover.random_polynomial(rng);
    watch(Step(Part::Arguments, Work::Commitments));
    write_points(&mut transcript, &[key.powers.commit(&random)])?;
    let y = challenge(&mut transcript);
    let read = std::mem::take(&mut advice.values);
    key.pool.give(read.into_iter().flatten());

    let mut polynomials: Vec<&[Block]> = key.polynomials.iter().map(Vec::as_slice).collect();
    polynomials.extend(advice.polynomials.iter().map(Vec::as_slice));
    polynomials.extend(own.iter().map(Vec::as_slice));
    watch(Step(Part::Quotient, Work::Columns));
    let covers = |place: usize| key.covers.get(place) == Some(&true);
    let numerator = numerator(cs, &places, &drawn, y, &covers);
    let ends: Vec<&[Block]> = [&key.edges, &advice.edges, &own_edges]
        .into_iter()
        .flatten()
        .map(Vec::as_slice)
        .collect();
    let mut sources = key.sources.clone();
    sources.resize(polynomials.len(), Source::Transform);
    sources[places.instance] = Source::of_first_rows(instance, places.first);
    let columns = quotient::Columns {
        polynomials: &polynomials,
        ends: &ends,
        sources: &sources,
    };
    let on = quotient::On {
        domain: &key.domain,
        cosets: &key.cosets,
        pool: &key.pool,
    };
    let pieces = quotient::quotient(&on, &numerator, columns, watch);
    watch(Step(Part::Quotient, Work::Commitments));
    let points: Vec<G1> = pieces
        .iter()
        .map(|piece| key.powers.commit(piece))
        .collect();
    write_points(&mut transcript, &points)?;

    watch(Step(Part::Opening, Work::Columns));
    let x = challenge(&mut transcript);
    let xn = x.pow_vartime([n as u64]);
    let random_place = polynomials.len();
    polynomials.push(&random);
    let queries = Queries::new(key, &places, random_place);
    watch(Step(Part::Opening, Work::Evaluations));
    let evaluations = opening::evaluate(key, &polynomials, &queries.written, x);
    let shown = sums::instance(key, &places, &polynomials, x);
    watch(Step(Part::Opening, Work::Columns));
    let sums = Summed::new(key, &queries, &evaluations, &shown, &drawn.circuit, y)?;
    let whole = sums.quotient(key, &places, &polynomials, &pieces, xn);
    key.pool.give(pieces);
    let others = sums.others(key, &places, &polynomials);
    polynomials.push(&whole);
    polynomials.extend(others.iter().map(Vec::as_slice));
    for evaluation in evaluations {
        transcript.write_scalar(evaluation)?;
    }
    watch(Step(Part::Opening, Work::Evaluations));
    for value in opening::evaluate(key, &polynomials, &queries.sums, x) {
        transcript.write_scalar(value)?;
    }
    opening::open(
        key,
        &polynomials,
        &queries.opened,
        x,
        &mut transcript,
        watch,
    )?;
    let columns = advice.polynomials.into_iter().chain(own).chain(others);
    key.pool.give(columns.chain([random, whole]));
    Ok(transcript.finalize())
}

/// Values of the columns that lookups and copies read.
struct Values<'a, S> {
    key: &'a ProvingKey<S>,
    places: &'a Places,
    advice: &'a [Option<Vec<Block>>],
    instance: &'a [Block],
}

impl<S: Simd<Scalar>> Values<'_, S> {
    /// The values of the column at a place.
    fn at(&self, place: usize) -> &[Block] {
        let values = if place >= self.places.instance {
            Some(self.instance)
        } else if place >= self.places.advice {
            self.advice[place - self.places.advice].as_deref()
        } else {
            self.key.fixed[place - self.places.fixed].as_deref()
        };
        values.unwrap_or_else(|| unreachable!("columns that are read are kept"))
    }

    fn column(&self, column: &Column<Any>) -> &[Block] {
        self.at(self.places.column(column))
    }
}

/// What stays the same over a proof.
struct Prover<'a, S> {
    key: &'a ProvingKey<S>,
}

impl<S: Arithmetic> Prover<'_, S> {
    fn places(&self) -> Places {
        let key = self.key;
        let cs = key.verifying.cs();
        let advice = key.polynomials.len();
        let instance = advice + cs.num_advice_columns();
        let products = instance + cs.num_instance_columns();
        let columns = cs.permutation().get_columns().len();
        Places {
            fixed: 0,
            permutations: key.permutation(0),
            first: key.special(Special::First),
            last: key.special(Special::Last),
            active: key.special(Special::Active),
            identity: key.special(Special::Identity),
            advice,
            instance,
            products,
            lookups: products + columns.div_ceil(columns_a_product(cs)),
        }
    }

    /// A polynomial that hides what the quotient's evaluation would tell.
    fn random_polynomial(&self, rng: &mut dyn CryptoRngCore) -> Vec<Block> {
        let s = self.key.domain.simd;
        let mut out = self.key.pool.take();
        let mut tasks: Vec<(&mut [Block], ChaCha20Rng)> = out
            .chunks_mut(1 << 10)
            .map(|chunk| (chunk, fork(rng)))
            .collect();
        tasks.par_iter_mut().for_each(|(chunk, rng)| {
            for block in chunk.iter_mut() {
                let elements = std::array::from_fn(|_| Fr::random(&mut *rng));
                *block = Simd::<Scalar>::import(s, &elements);
            }
        });
        out
    }
}

fn fork(rng: &mut dyn CryptoRngCore) -> ChaCha20Rng {
    let mut seed = [0; 32];
    rng.fill_bytes(&mut seed);
    ChaCha20Rng::from_seed(seed)
}

/// The inverse of an element that is not 0, and 0 of 0.
fn invert(value: Fr) -> Fr {
    value.invert().unwrap_or(Fr::ZERO)
}
