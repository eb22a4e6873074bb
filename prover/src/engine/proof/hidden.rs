//! What hides the witness of this project's circuit: random rows of every column, drawn for every
//! proof, and the random polynomial.

use std::collections::HashSet;
use std::path::Path;

use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::plonk::ConstraintSystem;
use rand::rngs::OsRng;
use rand::{CryptoRng, RngCore};
use zkmargin_circuits::circuit::configure;
use zkmargin_circuits::shape::{Shape, BLINDING_ROWS, SHAPES};
use zkmargin_circuits::totals_column::free_rows;
use zkmargin_circuits::witness::{columns, Witness as ShardWitness};

use super::super::column::{elements, export};
use super::*;
use crate::cells::ShardCells;
use crate::evaluate::evaluate;
use crate::key;
use crate::params::insecure;
use crate::placement::Seed;
use crate::shard::Shards;
use crate::snapshot::LoadedSnapshot;
use crate::totals::FreeRows;

fn shape() -> &'static Shape {
    Shape::by_name("tiny-11").unwrap()
}

/// The witness of the small book of the fixtures, the same every time.
fn witness() -> ShardWitness {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/tiny-book");
    let snapshot = LoadedSnapshot::read(&folder).unwrap();
    let evaluated = evaluate(&snapshot, Some(shape()), shape().k, None).unwrap();
    let seed = Seed::chosen([5; 32], 1);
    let places = evaluated.places(&seed);
    let shards = Shards::new(&snapshot, &evaluated, &seed, &places);
    let planned = shards.plan(0).unwrap();
    planned.witness(&shards.context(), shape()).unwrap()
}

fn proving_key() -> key::ProvingKey {
    key::proving_key(shape(), &insecure(shape().k, &mut |_| ()).unwrap(), None).unwrap()
}

/// Columns of a proof, as rows, and how many of the last rows of each are to be random.
struct Rows {
    name: String,
    cells: Vec<Fr>,
    random: usize,
}

/// Every column that a proof commits to, at challenges that are the same every time.
fn rows<S: Arithmetic>(key: &ProvingKey<S>, rng: &mut dyn CryptoRngCore) -> Vec<Rows> {
    let s = key.domain.simd;
    let n = key.domain.n();
    let cs = key.verifying.cs();
    let usable = n - (cs.blinding_factors() + 1);
    let prover = Prover { key };
    let challenge = |i: u64| Fr::from(0xc0ffee + i).square();
    let circuit: Vec<Fr> = (0..cs.num_challenges() as u64).map(challenge).collect();
    let mut rows = Vec::new();
    let mut push = |name: String, column: &[Block], random| {
        let cells = export(s, column);
        rows.push(Rows {
            name,
            cells,
            random,
        });
    };

    let free = FreeRows::draw(&mut &mut *rng);
    let mut cells = ShardCells::new(witness(), &free);
    let mut phases = Phases::new(key, usable);
    let mut transcript = Writer::init(Vec::new());
    for (phase, part) in [Part::FirstPhase, Part::SecondPhase]
        .into_iter()
        .enumerate()
    {
        let laid = phases.lay_out(phase as u8, &cells, rng).unwrap();
        for laid in &laid {
            push(format!("advice {}", laid.column), &laid.values, n - usable);
        }
        let watch = &mut |_| ();
        phases.commit(part, laid, &mut transcript, watch).unwrap();
        if part == Part::FirstPhase {
            cells.draw(&circuit);
        }
    }
    let advice = phases.finish().values;
    assert_eq!(advice.len(), cs.num_advice_columns());
    let instance = elements(s, n, &[Fr::ZERO; 8], &[]);
    let places = prover.places();
    let values = Values {
        key,
        places: &places,
        advice: &advice,
        instance: &instance,
    };
    let drawn = Drawn {
        circuit,
        theta: challenge(90),
        beta: challenge(91),
        gamma: challenge(92),
    };
    let permuted = lookup::permute(&values, &drawn, usable, rng).unwrap();
    for (i, lookup) in permuted.iter().enumerate() {
        push(format!("input {i}"), &lookup.input, n - usable);
        push(format!("table {i}"), &lookup.table, n - usable);
    }
    let products = product::copies(&values, &drawn, usable, rng);
    for (i, product) in products.iter().enumerate() {
        push(format!("copies {i}"), product, n - usable - 1);
    }
    for (i, lookup) in permuted.iter().enumerate() {
        let product = product::lookup(key, lookup, &drawn, usable, rng);
        push(format!("lookup {i}"), &product, n - usable - 1);
    }
    push("random".into(), &prover.random_polynomial(rng), n);
    let (lookups, sets) = (cs.lookups().len(), products.len());
    assert!(lookups > 0 && sets > 0);
    assert_eq!(rows.len(), cs.num_advice_columns() + 3 * lookups + sets + 1);
    rows
}

fn check<S: Arithmetic>(key: &ProvingKey<S>) {
    let first = rows(key, &mut OsRng);
    let second = rows(key, &mut OsRng);
    let totals = format!("advice {}", columns(shape()).totals.column.index());
    let free: HashSet<usize> = free_rows(shape()).collect();
    let mut random = HashSet::new();
    let mut count = 0;
    for (first, second) in first.iter().zip(&second) {
        assert_eq!(first.name, second.name);
        let n = first.cells.len();
        for row in 0..n {
            let cells = [first.cells[row], second.cells[row]];
            let hidden = row >= n - first.random || first.name == totals && free.contains(&row);
            if hidden {
                random.extend(cells);
                count += 2;
            } else {
                // Sums and lookups are those of the same witness at the same challenges.
                assert_eq!(cells[0], cells[1], "{} in row {row}", first.name);
            }
        }
    }
    assert_eq!(random.len(), count, "random cells that are equal");
    assert!(!random.contains(&Fr::ZERO));
    assert!(free.len() == 40 && first.iter().any(|rows| rows.name == totals));
}

#[test]
fn the_last_rows_of_every_column_are_random_and_drawn_for_every_proof() {
    match proving_key() {
        #[cfg(target_arch = "x86_64")]
        key::ProvingKey::Ifma(key) => check(&key),
        #[cfg(target_arch = "x86_64")]
        key::ProvingKey::Fma(key) => check(&key),
        key::ProvingKey::Portable(key) => check(&key),
    }
}

/// A source of randomness that keeps how much was asked for, and what it gave as seeds.
struct Recorder {
    rng: ChaCha20Rng,
    seeds: Vec<Vec<u8>>,
    words: usize,
}

impl RngCore for Recorder {
    fn next_u32(&mut self) -> u32 {
        unreachable!("elements are drawn by 64 bits")
    }

    fn next_u64(&mut self) -> u64 {
        self.words += 1;
        self.rng.next_u64()
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        self.rng.fill_bytes(bytes);
        if bytes.len() == 32 {
            self.seeds.push(bytes.to_vec());
        } else {
            self.words += bytes.len() / 8;
        }
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand::Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

impl CryptoRng for Recorder {}

/// Of two proofs of one witness and one set of free rows: what was drawn, and the points.
fn check_proofs<S: Arithmetic>(key: &ProvingKey<S>) {
    let cs = key.verifying.cs();
    let (lookups, factors) = (cs.lookups().len(), cs.blinding_factors());
    let chunk = cs.degree() - 2;
    let products = cs.permutation().get_columns().len().div_ceil(chunk);
    let chunks = key.domain.n().div_ceil(8 << 10);
    let sums = &key.sums;
    let points = cs.num_advice_columns() + 3 * lookups + products + 1 + cs.degree() - 1;
    let shown = points + sums.advice_alone().filter(|alone| *alone).count();
    let last = sums.rows().len() + 2;
    assert!(!sums.rows().is_empty());
    let instance = witness().public_inputs([3; 32], 0, 1).column();
    let mut seeds = HashSet::new();
    let mut elements = HashSet::new();
    for seed in 0..2 {
        let mut rng = Recorder {
            rng: ChaCha20Rng::seed_from_u64(seed),
            seeds: Vec::new(),
            words: 0,
        };
        let free = FreeRows::draw(&mut ChaCha20Rng::seed_from_u64(100 + seed));
        let cells = &mut ShardCells::new(witness(), &free);
        let proof = create_proof(key, cells, &instance, &mut rng, &mut |_| ()).unwrap();
        assert_eq!(rng.seeds.len(), cs.num_advice_columns() + chunks);
        let cells = lookups * (2 * (factors + 1) + factors) + products * factors;
        assert_eq!(rng.words, 8 * cells);
        seeds.extend(rng.seeds);
        let (elements_of, _) = proof.as_chunks::<32>();
        // Points, evaluations of advice columns, and at the end those of sums and two points.
        elements.extend(elements_of.iter().take(shown).copied());
        elements.extend(elements_of.iter().rev().take(last).copied());
    }
    assert_eq!(seeds.len(), 2 * (cs.num_advice_columns() + chunks));
    assert_eq!(elements.len(), 2 * (shown + last));
}

#[test]
fn two_proofs_of_one_witness_share_nothing_and_draw_a_seed_for_every_column() {
    match proving_key() {
        #[cfg(target_arch = "x86_64")]
        key::ProvingKey::Ifma(key) => check_proofs(&key),
        #[cfg(target_arch = "x86_64")]
        key::ProvingKey::Fma(key) => check_proofs(&key),
        key::ProvingKey::Portable(key) => check_proofs(&key),
    }
}

/// Rows of randomness of each column against the number of values that a proof shows of it: its
/// commitment, its evaluations, those of sums that it is part of, and one more by which the opening
/// mixes them.
#[test]
fn every_column_of_every_shape_has_more_random_rows_than_a_proof_shows_values_of_it() {
    for shape in SHAPES {
        let mut cs = ConstraintSystem::<Fr>::default();
        configure(&mut cs, shape);
        let random = cs.blinding_factors() + 1;
        let mut opened = vec![0; cs.num_advice_columns()];
        for (column, _) in cs.advice_queries() {
            opened[column.index()] += 1;
        }
        let most = opened.iter().copied().max().unwrap();
        eprintln!(
            "{}: {random} random rows, at most {most} openings",
            shape.name
        );
        assert!(most + 2 < random + 1, "{}: {most} of {random}", shape.name);
        // Products are opened in three rows, permuted inputs in two; products have a random row less.
        assert!(3 + 2 < random, "{}", shape.name);
        // No constraint and no lookup looks into the random rows.
        assert!(random <= BLINDING_ROWS, "{}", shape.name);
        let totals = columns(shape).totals.column.index();
        assert_eq!(opened[totals], 1, "{}: the totals column", shape.name);
    }
}
