//! Poseidon: the hash alone, and with every cell that the circuit wants of it, one by one and as the
//! prover hashes many.

use std::hint::black_box;

use criterion::{criterion_group, criterion_main, Criterion, Throughput};
use halo2_proofs::halo2curves::bn256::Fr;
use zkmargin_circuits::circuit::hash::units;
use zkmargin_circuits::poseidon::{boxes, hash8, RATE};
use zkmargin_prover::engine::poseidon::hasher;

fn hash(bench: &mut Criterion) {
    let inputs: [Fr; RATE] = std::array::from_fn(|i| Fr::from(i as u64));
    let mut group = bench.benchmark_group("poseidon");
    group.throughput(Throughput::Elements(1));
    group.bench_function("hash8", |bench| bench.iter(|| hash8(black_box(inputs))));
    group.bench_function("witness of hash8", |bench| {
        bench.iter(|| units(&inputs, &boxes(black_box(inputs))));
    });
    let blocks = [inputs; 16];
    group.throughput(Throughput::Elements(blocks.len() as u64));
    group.bench_function("hashes of the prover", |bench| {
        bench.iter(|| hasher().hashes(black_box(&blocks)));
    });
    group.bench_function("witnesses of the prover", |bench| {
        bench.iter(|| hasher().boxes(black_box(&blocks)));
    });
    group.finish();
}

criterion_group!(benches, hash);
criterion_main!(benches);
