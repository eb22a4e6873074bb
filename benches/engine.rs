//! The proving engine's arithmetic on one core, beside the library's.

use std::env;
use std::hint::black_box;

use criterion::measurement::WallTime;
use criterion::{
    criterion_group, criterion_main, BatchSize, BenchmarkGroup, BenchmarkId, Criterion, Throughput,
};
use ff::Field;
use halo2_proofs::arithmetic::best_multiexp;
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::poly::EvaluationDomain;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use zkmargin_circuits::circuit::DEGREE;
use zkmargin_prover::engine::column::elements;
use zkmargin_prover::engine::fft::Domain;
use zkmargin_prover::engine::msm::Bases;
use zkmargin_prover::engine::simd::{Arithmetic, Block, Portable, Scalar, Simd, LANES};
#[cfg(target_arch = "x86_64")]
use zkmargin_prover::engine::simd::{Fma, Ifma};
use zkmargin_prover::params::insecure;

/// Blocks multiplied at once: two columns and their product fit a core's first cache.
const BLOCKS: usize = 32;

/// Base-2 logarithms of the sizes.
fn sizes() -> &'static [u32] {
    let once = env::args().any(|argument| argument == "--test");
    if once {
        &[8]
    } else {
        &[14, 17]
    }
}

type Group<'a> = BenchmarkGroup<'a, WallTime>;

/// The arithmetic of this machine, and the one of every machine.
fn each(run: &mut dyn FnMut(&str, &dyn Instructions)) {
    run("portable", &Portable);
    #[cfg(target_arch = "x86_64")]
    if let Some(simd) = Ifma::try_new() {
        run("ifma", &simd);
    }
    #[cfg(target_arch = "x86_64")]
    if let Some(simd) = Fma::try_new() {
        run("fma", &simd);
    }
}

/// What is measured of an arithmetic.
trait Instructions {
    fn multiply(&self, group: &mut Group<'_>, name: &str);
    fn transform(&self, group: &mut Group<'_>, name: &str, k: u32);
    fn commit(&self, group: &mut Group<'_>, name: &str, columns: &Columns);
}

impl<S: Arithmetic> Instructions for S {
    fn multiply(&self, group: &mut Group<'_>, name: &str) {
        let s = *self;
        let a = column(s, &random(BLOCKS * LANES));
        let mut out = a.clone();
        group.bench_function(name, |bench| {
            bench.iter(|| multiply(s, black_box(&a), &mut out));
        });
    }

    fn transform(&self, group: &mut Group<'_>, name: &str, k: u32) {
        let domain = Domain::new(*self, k);
        let mut values = column(*self, &random(1 << k));
        group.bench_function(BenchmarkId::new(name, k), |bench| {
            bench.iter(|| domain.interpolate(black_box(&mut values)));
        });
    }

    fn commit(&self, group: &mut Group<'_>, name: &str, columns: &Columns) {
        let bases = Bases::new(*self, columns.params.points().lagrange);
        for (kind, scalars) in columns.kinds() {
            let column = column(*self, scalars);
            let id = BenchmarkId::new(format!("{name}, {kind}"), columns.k);
            group.bench_function(id, |bench| bench.iter(|| bases.commit(black_box(&column))));
        }
    }
}

/// Multiplies `out` by `a`.
fn multiply<S: Simd<Scalar>>(s: S, a: &[Block], out: &mut [Block]) {
    s.vectorize(
        #[inline(always)]
        || {
            for (out, a) in out.iter_mut().zip(a) {
                *out = s.store(s.mul(s.load(out), s.load(a)));
            }
        },
    );
}

fn column<S: Simd<Scalar>>(s: S, cells: &[Fr]) -> Vec<Block> {
    elements(s, cells.len(), cells, &[])
}

fn random(count: usize) -> Vec<Fr> {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    (0..count).map(|_| Fr::random(&mut rng)).collect()
}

/// Columns to commit to, and what to commit with.
struct Columns {
    k: u32,
    params: zkmargin_prover::params::Parameters,
    random: Vec<Fr>,
    /// Limbs of 16 bits.
    limbs: Vec<Fr>,
}

impl Columns {
    fn new(k: u32) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(2);
        let mut limb = || Fr::from(u64::from(rng.gen::<u16>()));
        Self {
            k,
            params: insecure(k, &mut |_| ()).expect("parameters"),
            random: random(1 << k),
            limbs: (0..1 << k).map(|_| limb()).collect(),
        }
    }

    fn kinds(&self) -> [(&'static str, &[Fr]); 2] {
        [("random", &self.random), ("16 bits", &self.limbs)]
    }
}

fn engine(bench: &mut Criterion) {
    // One core: both sides take as many as they find.
    rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build_global()
        .expect("no threads yet");

    let mut group = bench.benchmark_group("multiplication");
    group.throughput(Throughput::Elements((BLOCKS * LANES) as u64));
    each(&mut |name, simd| simd.multiply(&mut group, name));
    group.finish();

    let mut group = bench.benchmark_group("transform");
    group.sample_size(20);
    for k in sizes() {
        group.throughput(Throughput::Elements(1 << k));
        each(&mut |name, simd| simd.transform(&mut group, name, *k));
        let domain = EvaluationDomain::<Fr>::new(DEGREE as u32, *k);
        let values = random(1 << k);
        group.bench_function(BenchmarkId::new("library", k), |bench| {
            bench.iter_batched(
                || domain.lagrange_from_vec(values.clone()),
                |values| domain.lagrange_to_coeff(values),
                BatchSize::LargeInput,
            );
        });
    }
    group.finish();

    let mut group = bench.benchmark_group("multi-exponentiation");
    group.sample_size(10);
    for k in sizes() {
        group.throughput(Throughput::Elements(1 << k));
        let columns = Columns::new(*k);
        each(&mut |name, simd| simd.commit(&mut group, name, &columns));
        for (kind, scalars) in columns.kinds() {
            let points = columns.params.points().lagrange;
            let id = BenchmarkId::new(format!("library, {kind}"), k);
            group.bench_function(id, |bench| {
                bench.iter(|| best_multiexp(black_box(scalars), points));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, engine);
criterion_main!(benches);
