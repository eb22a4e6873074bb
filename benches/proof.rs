//! A proof of the smallest shape, made and verified.

use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};

use criterion::{criterion_group, criterion_main, Criterion};
use rand::rngs::OsRng;
use zkmargin_circuits::shape::Shape;
use zkmargin_prover::evaluate::evaluate;
use zkmargin_prover::kept::pinned_or_kept;
use zkmargin_prover::key::proving_key;
use zkmargin_prover::params::insecure;
use zkmargin_prover::placement::Seed;
use zkmargin_prover::shard::{self, Shards};
use zkmargin_prover::snapshot::LoadedSnapshot;
use zkmargin_prover::totals::FreeRows;
use zkmargin_verifier::bundle::{verify, Bundle, Options};

fn fixture(name: &str) -> PathBuf {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    fixtures.join(name)
}

fn verification(bench: &mut Criterion) {
    let folder = fixture("golden-insecure-11");
    let read = |name: &str| fs::read(folder.join(name)).expect(name);
    let bundle = Bundle {
        statement: read("statement.json"),
        market: read("market.json"),
        risk: Some(read("risk.json")),
        totals: read("totals.bin"),
        proofs: vec![read("proof-00000.bin")],
        signature: None,
    };
    let options = Options {
        allow_insecure_setup: true,
        ..Options::default()
    };
    bench.bench_function("verify a bundle of tiny-11", |bench| {
        bench.iter(|| {
            let report = verify(black_box(&bundle), &options, &mut |_| ()).expect("a report");
            assert!(report.valid);
        });
    });
}

fn proving(bench: &mut Criterion) {
    let shape = Shape::by_name("tiny-11").expect("a shape");
    let params = insecure(shape.k, &mut |_| ()).expect("parameters");
    let snapshot = LoadedSnapshot::read(&fixture("tiny-book")).expect("a snapshot");
    let verifying = pinned_or_kept(shape, &params, None).expect("a key");
    let key = proving_key(shape, &params, Some(verifying)).expect("a key");
    let mut group = bench.benchmark_group("prove in tiny-11");
    group.sample_size(10);
    group.bench_function("evaluation, witness and proof", |bench| {
        bench.iter(|| {
            let evaluated =
                evaluate(&snapshot, Some(shape), shape.k, None).expect("a book that fits");
            let seed = Seed::random(1);
            let places = evaluated.places(&seed);
            let shards = Shards::new(&snapshot, &evaluated, &seed, &places);
            let planned = shards.plan(0).expect("accounts in range");
            let witness = planned
                .witness(&shards.context(), shape)
                .expect("a witness");
            let instance = witness.public_inputs([0; 32], 0, 1).column();
            let free = FreeRows::draw(&mut OsRng);
            shard::create(&key, witness, &free, &instance, &mut |_| ()).expect("a proof")
        });
    });
    group.finish();
}

criterion_group!(benches, verification, proving);
criterion_main!(benches);
