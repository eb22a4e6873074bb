//! Keys are pinned, their costs readable, and a proof of the real ceremony's setup still verifies.
//!
//! A change of the circuit shows here. `UPDATE_PINNED=1` writes the cost files again; keys are written
//! by `cargo run --release -p zkmargin-prover --example pin`.

use std::fs;
use std::path::{Path, PathBuf};

use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::plonk::ConstraintSystem;
use zkmargin_circuits::circuit::{configure, DEGREE};
use zkmargin_circuits::shape::{Shape, SHAPES};
use zkmargin_prover::key::verifying_key;
use zkmargin_prover::params::{import_raw, insecure};
use zkmargin_verifier::bundle::{verify, Bundle, Options};
use zkmargin_verifier::key::{key_bytes, key_digest, pinned_key, PINNED_KEYS};
use zkmargin_verifier::setup::Setup;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// What a shape costs, for people.
fn cost(shape: &Shape) -> String {
    let mut meta = ConstraintSystem::<Fr>::default();
    let config = configure(&mut meta, shape);
    let columns = &config.columns;
    let constraints: usize = meta
        .gates()
        .iter()
        .map(|gate| gate.polynomials().len())
        .sum();
    format!(
        "shape {}\nrows 2^{}\ncapacity {} windows of {} holdings\nadvice columns {} ({} elements, {} limbs of {} bits, {} second phase)\n\
         fixed columns {}\npermuted columns {}\nlookups {}\nconstraints {}\ndegree {}\nadvice queries {}\nfixed queries {}\ninstance rows {}\n",
        shape.name,
        shape.k,
        shape.capacity(),
        zkmargin_circuits::shape::WINDOW_ROWS,
        meta.num_advice_columns(),
        columns.free.len(),
        columns.limbs.len(),
        shape.limb_bits,
        columns.second.len(),
        meta.num_fixed_columns(),
        meta.permutation().get_columns().len(),
        meta.lookups().len(),
        constraints,
        meta.degree(),
        meta.advice_queries().len(),
        meta.fixed_queries().len(),
        zkmargin_circuits::shape::PUBLIC_INPUTS,
    )
}

#[test]
fn costs_are_those_written_down() {
    for shape in SHAPES {
        let path = fixtures().join("cost").join(format!("{}.txt", shape.name));
        let found = cost(shape);
        if std::env::var_os("UPDATE_PINNED").is_some() {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, &found).unwrap();
        }
        let expected = fs::read_to_string(&path).expect("a cost file for each shape");
        assert_eq!(found, expected, "the cost of {} changed", shape.name);
    }
}

#[test]
fn degree_is_six_whatever_the_constraints_ask_for() {
    for shape in SHAPES {
        let mut meta = ConstraintSystem::<Fr>::default();
        configure(&mut meta, shape);
        let degrees = meta
            .gates()
            .iter()
            .flat_map(|gate| gate.polynomials().iter().map(|p| p.degree()));
        assert!(degrees.max().unwrap() <= DEGREE, "{}", shape.name);
        assert_eq!(meta.minimum_degree(), Some(DEGREE));
    }
}

#[test]
fn pinned_keys_are_remade_from_source() {
    for name in ["tiny-11", "small-14"] {
        let shape = Shape::by_name(name).unwrap();
        let params = insecure(shape.k, &mut |_| ()).unwrap();
        let key = verifying_key(shape, &params).unwrap();
        let pinned = pinned_key(name, Setup::Insecure).expect("pinned");
        assert_eq!(
            hex::encode(key_digest(shape, &key)),
            pinned.digest,
            "{name}"
        );
        assert_eq!(key_bytes(&key), pinned.bytes, "{name}");
    }
}

#[test]
fn every_pinned_key_reads() {
    for pinned in PINNED_KEYS {
        let shape = Shape::by_name(pinned.shape).expect("a shape");
        pinned
            .read::<zkmargin_circuits::circuit::MarginCircuit>(shape)
            .expect(pinned.shape);
    }
}

#[test]
fn the_ceremony_key_is_remade_from_its_powers() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/srs/hermez-raw-11");
    if !file.exists() {
        eprintln!("SKIPPED: {} is not here", file.display());
        return;
    }
    let shape = Shape::by_name("tiny-11").unwrap();
    let params = import_raw(&file, &mut |_| ()).unwrap();
    assert_eq!(params.setup(), Setup::HermezPpot);
    let key = verifying_key(shape, &params).unwrap();
    let pinned = pinned_key("tiny-11", Setup::HermezPpot).expect("pinned");
    assert_eq!(hex::encode(key_digest(shape, &key)), pinned.digest);
}

fn golden(name: &str) -> Bundle {
    let folder = fixtures().join(name);
    let read = |name: &str| fs::read(folder.join(name)).expect(name);
    Bundle {
        statement: read("statement.json"),
        market: read("market.json"),
        risk: Some(read("risk.json")),
        totals: read("totals.bin"),
        proofs: vec![read("proof-00000.bin")],
        signature: None,
    }
}

#[test]
fn the_golden_proof_of_the_ceremony_setup_verifies() {
    let report = verify(
        &golden("golden-hermez-11"),
        &Options::default(),
        &mut |_| (),
    )
    .unwrap();
    assert!(report.is_good(), "{:?}", report.failure());
}

#[test]
fn the_golden_proof_of_the_insecure_setup_is_refused_unless_allowed() {
    let bundle = golden("golden-insecure-11");
    let report = verify(&bundle, &Options::default(), &mut |_| ()).unwrap();
    assert!(!report.is_good());
    let options = Options {
        allow_insecure_setup: true,
        ..Options::default()
    };
    let report = verify(&bundle, &options, &mut |_| ()).unwrap();
    assert!(report.is_good(), "{:?}", report.failure());
    assert!(!report.qualifications.is_empty());
}
