//! The relation and the circuit are twins: what the one evaluates the other proves, and nothing else.

use ethnum::I256;
use halo2_proofs::halo2curves::bn256::{Bn256, G1Affine};
use halo2_proofs::plonk::{keygen_vk, ConstraintSystem};
use halo2_proofs::poly::kzg::commitment::ParamsKZG;
use halo2_proofs::SerdeFormat;
use proptest::prelude::*;
use rand::SeedableRng;
use zkmargin_circuits::circuit::{configure, MarginCircuit, DEGREE};
use zkmargin_circuits::relation::{evaluate, Limits};
use zkmargin_circuits::shape::SHAPES;
use zkmargin_circuits::witness::plan::ShardPlan;
use zkmargin_circuits::witness::Witness;
use zkmargin_tests::forge::{book, failures, public, shape, Cells};
use zkmargin_tests::sample::Sample;

/// What a witness of this plan breaks. `settled`: totals follow the claims of the pools.
fn breaks(sample: &Sample, plan: &ShardPlan, settled: bool) -> usize {
    let mut witness = Witness::new(shape(), &sample.context(), plan).expect("fits the shape");
    if settled {
        Cells::new(&mut witness).settle();
    }
    let instance = public(&witness);
    failures(witness, instance, None).len()
}

/// Windows in which pools end, of the accounts of a sample.
fn ends(plan: &ShardPlan) -> Vec<(usize, usize)> {
    let runs = plan.runs.iter().enumerate();
    let windows = runs.flat_map(|(r, run)| {
        run.windows
            .iter()
            .enumerate()
            .map(move |(w, window)| (r, w, window))
    });
    windows
        .filter(|(_, _, window)| window.header.pool_end && !window.holdings.is_empty())
        .map(|(r, w, _)| (r, w))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn accepts_what_the_relation_evaluates(seed: u64, accounts in 1usize..25) {
        let sample = Sample::new(shape(), seed, accounts);
        prop_assert_eq!(breaks(&sample, &sample.plan(shape()), false), 0);
    }

    #[test]
    fn rejects_other_amounts_of_a_pool(seed: u64, which: prop::sample::Index, field in 0usize..4, up: bool) {
        let sample = Sample::new(shape(), seed, 6);
        let mut plan = sample.plan(shape());
        let ends = ends(&plan);
        let (run, window) = ends[which.index(ends.len())];
        let amounts = plan.runs[run].windows[window].amounts.as_mut().expect("a pool ends");
        let amounts =
            [&mut amounts.equity, &mut amounts.value, &mut amounts.maintenance, &mut amounts.initial];
        *amounts.into_iter().nth(field).expect("four") += if up { 1 } else { -1 };
        prop_assert_ne!(breaks(&sample, &plan, true), 0);
    }

    #[test]
    fn rejects_other_outcomes_of_a_holding(
        seed: u64,
        which: prop::sample::Index,
        held: prop::sample::Index,
        scanned: bool,
        up: bool,
    ) {
        let sample = Sample::new(shape(), seed, 6);
        let mut plan = sample.plan(shape());
        let ends = ends(&plan);
        let (run, window) = ends[which.index(ends.len())];
        let holdings = &mut plan.runs[run].windows[window].holdings;
        let held = held.index(holdings.len());
        let symbol = usize::from(holdings[held].holding.row) - 1;
        let outcome = &mut holdings[held].outcome;
        let delta = if up { 1 } else { -1 };
        // What is not scanned has no lots to lie about.
        if scanned && sample.risk.symbols[symbol].lot != 0 {
            outcome.scanned += delta;
        } else {
            outcome.amount += delta;
        }
        let mut witness = Witness::new(shape(), &sample.context(), &plan).expect("fits the shape");
        Cells::new(&mut witness).repair();
        let instance = public(&witness);
        prop_assert!(!failures(witness, instance, None).is_empty());
    }

    #[test]
    fn rejects_other_totals(seed: u64, class in 0usize..3, field in 0usize..13, row: prop::sample::Index) {
        let sample = Sample::new(shape(), seed, 6);
        let mut plan = sample.plan(shape());
        let totals = &mut plan.totals;
        let assets: Vec<_> = (0..totals.contracts.len()).filter(|i| i % 3 == 0).collect();
        let asset = assets[row.index(assets.len())];
        let class_totals = &mut totals.classes[class];
        match field {
            0 => class_totals.equity_positive += 1,
            1 => class_totals.maintenance += 1,
            2 => class_totals.initial += 1,
            3 => class_totals.deficient_pools += 1,
            4 => class_totals.shortfall += 1,
            5 => class_totals.bankrupt_pools += 1,
            6 => class_totals.bankruptcy += 1,
            7 => class_totals.underwater_pools += 1,
            8 => class_totals.underwater += 1,
            9 => totals.coins[class][asset].0 += 1,
            10 => totals.coins[class][asset].1 += 1,
            11 => totals.contracts[asset + 1].0 += 1,
            _ => totals.contracts[asset + 1].1 += 1,
        }
        prop_assert_ne!(breaks(&sample, &plan, false), 0);
    }

    /// A pool that the relation refuses, with every outcome as if it did not.
    #[test]
    fn rejects_pools_that_the_relation_refuses(seed: u64, which: prop::sample::Index, at: prop::sample::Index, swap: bool) {
        let sample = Sample::new(shape(), seed, 6);
        let mut plan = sample.plan(shape());
        let ends: Vec<_> = ends(&plan)
            .into_iter()
            .filter(|(run, window)| plan.runs[*run].windows[*window].holdings.len() > 1)
            .collect();
        prop_assume!(!ends.is_empty());
        let (run, window) = ends[which.index(ends.len())];
        let holdings = &mut plan.runs[run].windows[window].holdings;
        let at = at.index(holdings.len() - 1);
        if swap {
            holdings.swap(at, at + 1);
        } else {
            let mut double = holdings[at];
            (double.holding.amount, double.outcome.amount, double.outcome.scanned) = (0, 0, 0);
            (double.outcome.negative, double.outcome.segment) = (false, 0);
            holdings.insert(at, double);
        }
        let pool = zkmargin_circuits::book::Pool {
            name: "forged".into(),
            holdings: holdings.iter().map(|planned| planned.holding).collect(),
        };
        let limits = Limits { money_bits: shape().money_bits };
        prop_assert!(evaluate(&sample.market, &sample.risk, &pool, limits).is_err());
        let mut witness = Witness::new(shape(), &sample.context(), &plan).expect("fits the shape");
        Cells::new(&mut witness).repair();
        let instance = public(&witness);
        prop_assert!(!failures(witness, instance, None).is_empty());
    }
}

/// The library cuts the degree of a circuit at an environment variable, and a proof under a cut degree
/// does not verify: every shape says its degree itself.
#[test]
fn accepts_one_degree_whatever_the_environment() {
    for value in ["3", "5", "99"] {
        std::env::set_var("MAX_DEGREE", value);
        for shape in SHAPES {
            let mut system = ConstraintSystem::default();
            configure(&mut system, shape);
            assert_eq!(
                system.degree(),
                DEGREE,
                "{} under MAX_DEGREE={value}",
                shape.name
            );
        }
    }
    std::env::remove_var("MAX_DEGREE");
}

/// The key of a shape is that of the empty circuit, whatever book is proven with it.
#[test]
fn accepts_one_key_whatever_the_book() {
    let rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
    let params = ParamsKZG::<Bn256>::setup(shape().k, rng);
    let key = |circuit: &MarginCircuit| {
        keygen_vk::<G1Affine, _, _>(&params, circuit)
            .expect("a key")
            .to_bytes(SerdeFormat::RawBytes)
    };
    let empty = key(&MarginCircuit::keygen(shape()));
    for sample in [book(), Sample::new(shape(), 7, 12)] {
        let proven = key(&MarginCircuit::prove(sample.witness(shape()).shared()));
        assert!(proven == empty, "the key depends on the book");
    }
}

/// Amounts at the ends of their ranges are proven, and those beyond cannot be planned.
#[test]
fn accepts_amounts_at_the_end_of_their_range() {
    let mut sample = book();
    // 2^63 - 1 quanta less the worth of the positions settled in the asset.
    let most = I256::from(i64::MAX).as_i128();
    sample.accounts[4].pools[0].holdings[0].amount = most;
    sample.accounts[3].pools[0].holdings[0].amount = most / 4;
    assert_eq!(breaks(&sample, &sample.plan(shape()), false), 0);
}
