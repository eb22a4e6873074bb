//! One proof, and what each step of it took.

use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

use halo2_proofs::halo2curves::bn256::{Fr, G1Affine};
use halo2_proofs::plonk::VerifyingKey;
use rand::rngs::OsRng;
use zkmargin_circuits::poseidon::RATE;
use zkmargin_circuits::shape::Shape;
use zkmargin_prover::engine::poseidon::hasher;
use zkmargin_prover::engine::proof::{Part, Step};
use zkmargin_prover::evaluate::evaluate;
use zkmargin_prover::kept::pinned_or_kept;
use zkmargin_prover::key::proving_key;
use zkmargin_prover::meter::{Cost, Meter};
use zkmargin_prover::placement::Seed;
use zkmargin_prover::shard::{self, Shards};
use zkmargin_prover::snapshot::LoadedSnapshot;
use zkmargin_prover::totals::FreeRows;
use zkmargin_verifier::proof::verify_proof;
use zkmargin_verifier::setup::verifier_params;

use crate::setup::parameters;

/// Permutations that are timed to know what one takes, and of how many at once.
const SAMPLE: usize = 1_024;
const TOGETHER: usize = 16;

/// What a proof took.
pub struct Run {
    /// The shape.
    pub shape: &'static Shape,
    /// The verifying key, for its constraint system.
    pub key: VerifyingKey<G1Affine>,
    /// Accounts, holdings and windows of the book.
    pub accounts: usize,
    pub holdings: usize,
    pub windows: usize,
    /// Keys; no part of proving.
    pub keys: Cost,
    /// The statement in plain integers.
    pub evaluation: Cost,
    /// Hashing the accounts for the statement.
    pub hashing: Cost,
    /// Cells of the first phase.
    pub witness: Cost,
    /// Permutations among them, and CPU seconds of one.
    pub permutations: usize,
    pub permutation_s: f64,
    /// Steps of the proof, in their order.
    pub steps: Vec<(Step, Cost)>,
    /// Bytes of the proof.
    pub proof_bytes: usize,
}

impl Run {
    /// Proves a book, and verifies the proof.
    ///
    /// # Errors
    /// Whatever stops that.
    pub fn new(
        snapshot: &LoadedSnapshot,
        shape: Option<&'static Shape>,
        largest: u32,
    ) -> Result<Self, Box<dyn Error>> {
        let meter = Meter::start();
        let evaluated = evaluate(snapshot, shape, largest, None)?;
        let evaluation = meter.cost();
        let shape = evaluated.shape;

        let parameters = parameters(shape.k)?;
        let meter = Meter::start();
        let verifying = pinned_or_kept(shape, &parameters, None)?;
        let key = proving_key(shape, &parameters, Some(verifying.clone()))?;
        let keys = meter.cost();

        let meter = Meter::start();
        let seed = Seed::random(snapshot.header.epoch);
        let places = evaluated.places(&seed);
        let shards = Shards::new(snapshot, &evaluated, &seed, &places);
        if shards.count() > 1 {
            return Err(format!("the book takes {} proofs, not one", shards.count()).into());
        }
        let root = shards.plan(0)?.root(shape);
        let hashing = meter.cost();
        let meter = Meter::start();
        let cells = shards.plan(0)?.witness(&shards.context(), shape)?;
        let witness = meter.cost();
        let permutations = cells.layout.permutations();
        let instance = cells.public_inputs([0; 32], 0, 1).column();
        assert_eq!(cells.tree.root(), root.root);
        let free = FreeRows::draw(&mut OsRng);

        let meter = Meter::start();
        let mut begun: Vec<(Step, Cost)> = Vec::new();
        let proof = shard::create(&key, cells, &free, &instance, &mut |step| {
            begun.push((step, meter.cost()));
        })?;
        let end = meter.cost();
        let ends = begun.iter().skip(1).map(|(_, cost)| *cost).chain([end]);
        let steps = begun
            .iter()
            .zip(ends)
            .map(|((step, from), to)| (step.clone(), difference(to, *from)))
            .collect();
        let tau = verifier_params(shape.k, parameters.tau_g2());
        verify_proof(&tau, &verifying, &instance, &proof)?;

        let mut holdings = 0;
        for account in snapshot.book.accounts() {
            let pools = account?.pools;
            holdings += pools.iter().map(|pool| pool.holdings.len()).sum::<usize>();
        }
        Ok(Self {
            shape,
            key: verifying,
            accounts: snapshot.book.len(),
            holdings,
            windows: evaluated.windows(),
            keys,
            evaluation,
            hashing,
            witness,
            permutations,
            permutation_s: permutation(),
            steps,
            proof_bytes: proof.len(),
        })
    }

    /// Everything but the keys.
    pub fn proving(&self) -> Cost {
        let steps = self.steps.iter().map(|(_, cost)| *cost);
        total(steps.chain([self.evaluation, self.hashing, self.witness]))
    }

    /// The steps of a part.
    pub fn part(&self, part: Part) -> impl Iterator<Item = &(Step, Cost)> {
        self.steps.iter().filter(move |(step, _)| step.0 == part)
    }
}

fn difference(to: Cost, from: Cost) -> Cost {
    Cost {
        wall_s: to.wall_s - from.wall_s,
        cpu_s: to.cpu_s - from.cpu_s,
    }
}

/// The sum of costs.
pub fn total(costs: impl Iterator<Item = Cost>) -> Cost {
    costs.fold(Cost::default(), |sum, cost| Cost {
        wall_s: sum.wall_s + cost.wall_s,
        cpu_s: sum.cpu_s + cost.cpu_s,
    })
}

/// Seconds of one permutation with all its cells, among many.
fn permutation() -> f64 {
    let block = |i: usize| std::array::from_fn(|j| Fr::from((i * RATE + j) as u64));
    let blocks: Vec<[Fr; RATE]> = (0..SAMPLE).map(block).collect();
    let start = Instant::now();
    for blocks in blocks.chunks(TOGETHER) {
        black_box(hasher().boxes(blocks));
    }
    start.elapsed().as_secs_f64() / SAMPLE as f64
}
