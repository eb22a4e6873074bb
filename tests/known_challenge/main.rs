//! A witness made for challenges that are known beforehand must fail in the real prover.
//!
//! Sums and lookups hold only up to challenges that are drawn after the witness is committed. Who
//! knew them could choose multiplicities that pay for any lie. The mock prover's challenges are
//! constants, so there the lies of this file break no constraint at all: that is what makes them
//! lies about challenges and nothing else. The real prover draws challenges from the commitments,
//! and the same witness is refused, whether its second phase is computed for the challenges that
//! were assumed or for those that were drawn.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock, OnceLock};

use ethnum::I256;
use ff::{Field, PrimeField};
use halo2_proofs::circuit::{Layouter, SimpleFloorPlanner, Value};
use halo2_proofs::halo2curves::bn256::{Bn256, Fr, G1Affine};
use halo2_proofs::plonk::{
    create_proof, keygen_pk, keygen_vk_custom, Circuit, ConstraintSystem, Error, ProvingKey,
};
use halo2_proofs::poly::kzg::commitment::{KZGCommitmentScheme, ParamsKZG};
use halo2_proofs::poly::kzg::multiopen::ProverSHPLONK;
use halo2_proofs::transcript::{Blake2bWrite, Challenge255, TranscriptWriterBuffer};
use rand::rngs::OsRng;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use zkmargin_circuits::circuit::{Config, MarginCircuit};
use zkmargin_circuits::field::FINE;
use zkmargin_circuits::shape::{Shape, WINDOW_ROWS};
use zkmargin_circuits::totals_column::{pole_row, scalar_row};
use zkmargin_circuits::witness::{second_phase, ChallengeValues, Witness};
use zkmargin_tests::forge::{
    book, failures, integer, public, shape, Cells, CAROL, FUND, INVERSE, PERP, PERP_PM,
};
use zkmargin_tests::sample::Sample;
use zkmargin_verifier::proof::{verify_proof, ProofError};
use zkmargin_verifier::setup::verifier_params;

/// Parameters and key of the circuit, by the library's own functions.
struct Keys {
    params: ParamsKZG<Bn256>,
    key: ProvingKey<G1Affine>,
}

static KEYS: LazyLock<Keys> = LazyLock::new(|| {
    let params = ParamsKZG::setup(shape().k, ChaCha20Rng::seed_from_u64(11));
    let circuit = MarginCircuit::keygen(shape());
    let verifying = keygen_vk_custom(&params, &circuit, false).expect("the shape fits its rows");
    let key = keygen_pk(&params, verifying, &circuit).expect("the shape fits its rows");
    Keys { params, key }
});

/// The challenges of the mock prover, which depend on nothing.
fn assumed() -> &'static ChallengeValues {
    static ASSUMED: OnceLock<ChallengeValues> = OnceLock::new();
    if ASSUMED.get().is_none() {
        let witness = book().witness(shape());
        let instance = public(&witness);
        let seen = failures(
            witness,
            instance,
            Some(|cells| {
                ASSUMED.get_or_init(|| cells.c);
            }),
        );
        assert_eq!(seen, BTreeSet::new());
    }
    ASSUMED.get().expect("the mock prover draws challenges")
}

/// A lie, and what hides it from whoever uses the challenges that were assumed.
struct Lie {
    /// Changes the book before anything is computed.
    book: fn(&mut Sample),
    /// Tells the lie in the first phase.
    tell: fn(&mut Cells),
    /// Hides it from the pool identities.
    hide: fn(&mut Witness),
    /// What stops it where nothing is assumed.
    stops: &'static [&'static str],
}

const EVERYTHING_CANCELS: &str = "sum: everything cancels / ends at 0";

/// Carol is deficient, and the totals do not say so.
const DROPPED_DEFICIT: Lie = Lie {
    book: |_| (),
    tell: |cells| {
        let row = |scalar| scalar_row(shape(), 0, scalar);
        let (totals, window) = (cells.columns.totals, cells.columns.window.clone());
        let shortfall = -cells.amount(&window.surplus, CAROL);
        let [pools, amounts] = [3, 4].map(|scalar| cells.get(totals, row(scalar)));
        cells.set(totals, row(3), pools - Fr::ONE);
        cells.set(totals, row(4), amounts - shortfall);
    },
    hide: |_| (),
    stops: &[EVERYTHING_CANCELS],
};

/// The house is left out, and its counterparties are called matched.
const UNMATCHED: Lie = Lie {
    book: |sample| {
        sample.accounts.remove(3);
    },
    tell: |cells| {
        for symbol in [PERP, INVERSE] {
            let (totals, row) = (cells.columns.totals, pole_row(shape(), 0, symbol - 1));
            assert_ne!(cells.get(totals, row), Fr::ZERO);
            cells.set(totals, row, Fr::ZERO);
        }
    },
    hide: |_| (),
    stops: &[EVERYTHING_CANCELS],
};

/// The fund's collateral counts for more than the model says.
const OWN_RATIO: Lie = Lie {
    book: |_| (),
    tell: |cells| {
        let (h, row) = (cells.columns.holding.clone(), cells.row(FUND, 0));
        cells.add(h.equity_intercept, row, 1_000_000_000);
        let equity = cells.get(h.equity_intercept, row) * Fr::from_u128(FINE);
        cells.put(&h.remainder, row, integer(equity));
        let below = (I256::ONE << 128) - I256::from(2) - integer(equity);
        cells.put(&h.remainder_below, row, below);
        cells.put_signed_limbs(&h.scanned, row, I256::ZERO);
        cells.repair();
    },
    hide: |_| (),
    stops: &[EVERYTHING_CANCELS],
};

/// Carol's worst scenario loses 5,800, and her requirement is said to be of 3,800.
const UNDERSTATED_SCAN: Lie = Lie {
    book: |_| (),
    tell: |cells| {
        let lane = cells.columns.lanes[0].clone();
        assert_eq!(cells.window_limbs(&lane.max, CAROL), I256::from(5_800));
        cells.put_window(&lane.max, CAROL, I256::from(3_800));
        for row in 0..WINDOW_ROWS {
            let slack = cells.limbs(&lane.slacks[0], CAROL * WINDOW_ROWS + row) - 2_000;
            let row = CAROL * WINDOW_ROWS + row;
            cells.put(&lane.slacks[0], row, slack.max(I256::ZERO));
        }
        cells.products(CAROL);
        cells.resum();
        cells.round();
        cells.settle();
    },
    hide: |witness| {
        // A floor of carol's position that is just what the identity of her pool wants for.
        let (columns, c) = (witness.columns.clone(), assumed());
        let rows = CAROL * WINDOW_ROWS..(CAROL + 1) * WINDOW_ROWS;
        let (h, index) = (&columns.holding, Fr::from(PERP_PM as u64));
        let row = rows
            .clone()
            .find(|row| witness.grid.free(h.index, *row) == index)
            .expect("carol has a position");
        let second = second_phase(&columns, witness, c);
        let residual = second.get(h.identity, rows.end - 1);
        assert_ne!(residual, Fr::ZERO);
        let mut cells = Cells::new(witness);
        let quantity = Fr::from(cells.signed(&h.amount, row).as_u64());
        let share = (quantity * second.get(h.sigma, row)).invert();
        let share = share.expect("the floor of a position counts");
        let floor = cells.get(h.side_floor, row) - residual * share;
        cells.set(h.side_floor, row, floor);
        cells.recount();
    },
    stops: &["scan: pool identity / pool end: identity = 0"],
};

impl Lie {
    fn told(&self) -> Witness {
        let mut sample = book();
        (self.book)(&mut sample);
        let mut witness = sample.witness(shape());
        let mut cells = Cells::new(&mut witness);
        (self.tell)(&mut cells);
        cells.recount();
        witness
    }

    /// The lie, made good under the assumed challenges.
    fn hidden(&self) -> Witness {
        let mut witness = self.told();
        (self.hide)(&mut witness);
        // What the sum ends with is paid for by uses of the range table, which may be any element.
        let (columns, c) = (witness.columns.clone(), assumed());
        let end = second_phase(&columns, &witness, c).get(columns.sum, witness.grid.rows);
        let uses = witness.grid.free(columns.range_uses, 0);
        witness.grid.set(columns.range_uses, 0, uses + end * c.x);
        witness
    }

    /// No constraint stops the lie under the challenges it was made for, and the real prover's stop
    /// it under its own.
    fn demand(&self) {
        let told = self.told();
        let instance = public(&told);
        let stops = self.stops.iter().map(ToString::to_string).collect();
        assert_eq!(failures(told, instance, None), stops);

        let hidden = self.hidden();
        let instance = public(&hidden);
        assert_eq!(
            failures(hidden, instance.clone(), None),
            BTreeSet::new(),
            "the lie is not hidden from who uses the assumed challenges"
        );
        let hidden = self.hidden().shared();
        for challenges in [Some(assumed()), None] {
            let proof = prove(&hidden, challenges, &instance);
            assert_eq!(
                verify(&instance, &proof),
                Err(ProofError::False),
                "second phase for assumed challenges: {}",
                challenges.is_some()
            );
        }
    }
}

/// The circuit, with its second phase for the challenges that were assumed, or for those drawn.
struct Forged {
    honest: MarginCircuit,
    witness: Arc<Witness>,
    assumed: Option<ChallengeValues>,
}

impl Circuit<Fr> for Forged {
    type Config = Config;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = Shape;

    fn without_witnesses(&self) -> Self {
        unimplemented!("never used for keys")
    }

    fn params(&self) -> Shape {
        *self.honest.shape()
    }

    fn configure_with_params(meta: &mut ConstraintSystem<Fr>, shape: Shape) -> Config {
        MarginCircuit::configure_with_params(meta, shape)
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> Config {
        MarginCircuit::configure(meta)
    }

    fn synthesize(&self, config: Config, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        self.honest
            .synthesize(config.clone(), layouter.namespace(|| "first phase"))?;
        let Some(assumed) = &self.assumed else {
            return Ok(());
        };
        let columns = &config.columns;
        let cells = second_phase(columns, &self.witness, assumed);
        layouter.assign_region(
            || "second phase for other challenges",
            |mut region| {
                for column in &columns.second {
                    for row in 0..=self.witness.grid.rows {
                        let value = Value::known(cells.get(*column, row));
                        region.assign_advice(column.column, row, value);
                    }
                }
                Ok(())
            },
        )
    }
}

fn prove(witness: &Arc<Witness>, assumed: Option<&ChallengeValues>, instance: &[Fr]) -> Vec<u8> {
    let circuit = Forged {
        honest: MarginCircuit::prove(witness.clone()),
        witness: witness.clone(),
        assumed: assumed.copied(),
    };
    let mut transcript = Blake2bWrite::<_, G1Affine, Challenge255<_>>::init(Vec::new());
    create_proof::<KZGCommitmentScheme<Bn256>, ProverSHPLONK<'_, Bn256>, _, _, _, _>(
        &KEYS.params,
        &KEYS.key,
        &[circuit],
        &[&[instance]],
        OsRng,
        &mut transcript,
    )
    .expect("the library proves whatever it is given");
    transcript.finalize()
}

fn verify(instance: &[Fr], proof: &[u8]) -> Result<(), ProofError> {
    let params = verifier_params(shape().k, KEYS.params.s_g2());
    verify_proof(&params, KEYS.key.get_vk(), instance, proof)
}

#[test]
fn accepts_the_true_book_and_no_second_phase_for_other_challenges() {
    let witness = book().witness(shape()).shared();
    let instance = public(&witness);
    let proof = prove(&witness, None, &instance);
    assert_eq!(verify(&instance, &proof), Ok(()));
    let proof = prove(&witness, Some(assumed()), &instance);
    assert_eq!(verify(&instance, &proof), Err(ProofError::False));
}

#[test]
fn rejects_a_dropped_deficit_paid_for_by_a_multiplicity() {
    DROPPED_DEFICIT.demand();
}

#[test]
fn rejects_an_unmatched_book_paid_for_by_a_multiplicity() {
    UNMATCHED.demand();
}

#[test]
fn rejects_a_collateral_ratio_of_the_prover_paid_for_by_a_multiplicity() {
    OWN_RATIO.demand();
}

#[test]
fn rejects_an_understated_scan_paid_for_by_a_floor_and_a_multiplicity() {
    UNDERSTATED_SCAN.demand();
}
