//! Poseidon: the hash alone, and with every cell that the circuit wants of it.

use std::hint::black_box;

use criterion::{criterion_group, criterion_main, Criterion, Throughput};
use halo2_proofs::halo2curves::bn256::Fr;
use zkmargin_circuits::circuit::hash::permute;
use zkmargin_circuits::poseidon::{hash8, RATE};

fn hash(bench: &mut Criterion) {
    let inputs: [Fr; RATE] = std::array::from_fn(|i| Fr::from(i as u64));
    let mut group = bench.benchmark_group("poseidon");
    group.throughput(Throughput::Elements(1));
    group.bench_function("hash8", |bench| bench.iter(|| hash8(black_box(inputs))));
    group.bench_function("witness of hash8", |bench| {
        bench.iter(|| permute(black_box(&inputs)));
    });
    group.finish();
}

criterion_group!(benches, hash);
criterion_main!(benches);
