//! The real prover, made to use challenges of the attacker's.

use std::sync::LazyLock;

use halo2_proofs::halo2curves::bn256::Fr;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use zkmargin_circuits::circuit::columns::Challenges;
use zkmargin_circuits::witness::{ChallengeValues, Witness};
use zkmargin_prover::cells::ShardCells;
use zkmargin_prover::engine::column::Cells;
use zkmargin_prover::engine::proof;
use zkmargin_prover::engine::simd::LANES;
use zkmargin_prover::kept::pinned_or_kept;
use zkmargin_prover::key::{proving_key, ProvingKey};
use zkmargin_prover::params::insecure;
use zkmargin_prover::totals::FreeRows;
use zkmargin_tests::forge::shape;
use zkmargin_verifier::proof::{verify_proof, ProofError};
use zkmargin_verifier::setup::{verifier_params, INSECURE_TAU_G2};

static KEY: LazyLock<ProvingKey> = LazyLock::new(|| {
    let params = insecure(shape().k, &mut |_| ()).expect("parameters");
    let verifying = pinned_or_kept(shape(), &params, None).expect("a key");
    proving_key(shape(), &params, Some(verifying)).expect("a key")
});

/// The prover's own cells, with a second phase for whatever challenges are assumed.
struct Guessing {
    cells: ShardCells,
    order: Challenges,
    assumed: Option<ChallengeValues>,
    drawn: Vec<Fr>,
}

impl proof::Witness for Guessing {
    fn cells(&self, columns: &[usize]) -> Vec<Cells> {
        self.cells.cells(columns)
    }

    fn elements(&self, columns: &[usize], row: usize, cells: &mut [[Fr; LANES]]) {
        self.cells.elements(columns, row, cells);
    }

    fn draw(&mut self, challenges: &[Fr]) {
        self.drawn = challenges.to_vec();
        let mut used = challenges.to_vec();
        if let Some(assumed) = &self.assumed {
            for (challenge, value) in in_order(&self.order)
                .into_iter()
                .zip(super::values(assumed))
            {
                used[challenge] = value;
            }
        }
        self.cells.draw(&used);
    }

    fn done(&mut self) {
        self.cells.done();
    }
}

/// Where the challenges stand among those drawn.
fn in_order(c: &Challenges) -> [usize; 6] {
    [c.theta, c.x, c.gamma, c.xi, c.upsilon, c.kappa].map(|challenge| challenge.index())
}

/// A proof of a witness, its second phase for the challenges assumed, or for those drawn if none
/// are; and those drawn. What is random is the same every time.
pub fn prove(
    witness: Witness,
    assumed: Option<&ChallengeValues>,
    instance: &[Fr],
) -> (Vec<u8>, ChallengeValues) {
    let mut rng = ChaCha20Rng::seed_from_u64(11);
    let free = FreeRows::draw(&mut rng);
    let order = witness.columns.challenges;
    let mut guessing = Guessing {
        cells: ShardCells::new(witness, &free),
        order,
        assumed: assumed.copied(),
        drawn: Vec::new(),
    };
    let proof = KEY.prove(&mut guessing, instance, &mut rng, &mut |_| ());
    let drawn = in_order(&order).map(|place| guessing.drawn[place]);
    let proof = proof.expect("the engine proves whatever it is given");
    (proof, super::challenges(drawn))
}

/// The verdict on a proof.
pub fn verify(instance: &[Fr], proof: &[u8]) -> Result<(), ProofError> {
    let params = verifier_params(shape().k, *INSECURE_TAU_G2);
    verify_proof(&params, KEY.verifying(), instance, proof)
}
