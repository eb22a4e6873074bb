//! What is measured in a process of its own, so that its memory and its caches are its own.
//!
//! A child is this very program; it prints what it found as JSON.

use std::env;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use clap::Subcommand;
use ff::Field;
use halo2_proofs::arithmetic::best_multiexp;
use halo2_proofs::halo2curves::bn256::{Fr, G1Affine};
use halo2_proofs::poly::EvaluationDomain;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use zkmargin_circuits::circuit::DEGREE;
use zkmargin_circuits::shape::{Shape, SHAPES};
use zkmargin_prover::evaluate::evaluate;
use zkmargin_prover::meter::Meter;
use zkmargin_prover::prove::{prove, ProveOptions};
use zkmargin_prover::snapshot::LoadedSnapshot;
use zkmargin_verifier::bundle::{verify, Bundle, Options};
use zkmargin_verifier::key::pinned_key;
use zkmargin_verifier::report::CheckName;
use zkmargin_verifier::shard::file_name;

use crate::setup::parameters;
use crate::workload::Workload;

/// What a child does.
#[derive(Debug, Subcommand)]
pub enum Child {
    /// Writes a book and finds a shape for it.
    Book {
        workload: Workload,
        accounts: u64,
        folder: PathBuf,
        #[arg(long)]
        shape: Option<String>,
    },
    /// Proves it.
    Prove {
        book: PathBuf,
        shape: String,
        bundle: PathBuf,
        records: PathBuf,
    },
    /// Verifies the bundle.
    Verify { bundle: PathBuf },
    /// One multi-exponentiation and one Fourier transform of 2^k elements, by the library.
    Yardstick { k: u32 },
}

/// A book and its shape.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Book {
    /// Name of the shape.
    pub shape: String,
    /// Accounts.
    pub accounts: u64,
    /// Balances and positions.
    pub holdings: u64,
    /// Windows that they take.
    pub windows: usize,
}

/// What a proof took.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Proven {
    /// Evaluation, witness and proof: seconds.
    pub proving_cpu_s: f64,
    pub proving_wall_s: f64,
    /// Keys: seconds.
    pub keys_cpu_s: f64,
    pub keys_wall_s: f64,
    /// Greatest resident memory.
    pub peak_rss_bytes: u64,
    /// Proofs of the bundle.
    pub shards: usize,
    /// Bytes of the proof, of all files of the bundle, and of the verifying key.
    pub proof_bytes: u64,
    pub bundle_bytes: u64,
    pub key_bytes: u64,
}

/// What a verification took, from files to verdict.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Verified {
    /// Milliseconds, without the digests of market and model.
    pub verify_ms: f64,
    /// Milliseconds of these.
    pub digests_ms: f64,
}

/// CPU seconds of the library.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Yardstick {
    /// One multi-exponentiation of 2^k random scalars.
    pub msm_cpu_s: f64,
    /// One Fourier transform of 2^k elements.
    pub fft_cpu_s: f64,
}

/// Has a child do its work, and reads what it found.
///
/// # Errors
/// When it fails; it has said why on standard error.
pub fn spawn<T: DeserializeOwned>(arguments: &[&str]) -> Result<T, Box<dyn Error>> {
    let output = Command::new(env::current_exe()?)
        .args(arguments)
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err(format!("`{}` failed", arguments.join(" ")).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

impl Child {
    /// Does the work, and gives what it found.
    ///
    /// # Errors
    /// Whatever stops it.
    pub fn run(&self) -> Result<serde_json::Value, Box<dyn Error>> {
        let found = match self {
            Child::Book {
                workload,
                accounts,
                folder,
                shape,
            } => serde_json::to_value(book(*workload, *accounts, folder, shape.as_deref())?),
            Child::Prove {
                book,
                shape,
                bundle,
                records,
            } => serde_json::to_value(proven(book, named(shape)?, bundle, records)?),
            Child::Verify { bundle } => serde_json::to_value(verified(bundle)?),
            Child::Yardstick { k } => serde_json::to_value(yardstick(*k)?),
        };
        Ok(found?)
    }
}

/// The shape of a name.
///
/// # Errors
/// When there is none.
pub fn named(shape: &str) -> Result<&'static Shape, String> {
    Shape::by_name(shape).ok_or_else(|| {
        let names: Vec<&str> = SHAPES.iter().map(|shape| shape.name).collect();
        format!("{shape}: not among the shapes {}", names.join(", "))
    })
}

fn book(
    workload: Workload,
    accounts: u64,
    folder: &Path,
    shape: Option<&str>,
) -> Result<Book, Box<dyn Error>> {
    let holdings = workload.write(accounts, folder)?;
    let shape = shape.map(named).transpose()?;
    let largest = SHAPES.iter().map(|shape| shape.k).max().unwrap_or_default();
    let evaluated = evaluate(&LoadedSnapshot::read(folder)?, shape, largest, None)?;
    Ok(Book {
        shape: evaluated.shape.name.to_owned(),
        accounts,
        holdings,
        windows: evaluated.windows(),
    })
}

fn proven(
    book: &Path,
    shape: &'static Shape,
    bundle: &Path,
    records: &Path,
) -> Result<Proven, Box<dyn Error>> {
    let parameters = parameters(shape.k)?;
    let snapshot = LoadedSnapshot::read(book)?;
    let options = ProveOptions {
        shape: Some(shape),
        seed: None,
        publish_counts: false,
        out: bundle.to_owned(),
        records: records.to_owned(),
        restart: false,
        sign: None,
        audit: None,
        memory: None,
        keys: None,
    };
    let report = prove(&snapshot, &parameters, &options, &mut |_| ())?;
    let mut bundle_bytes = 0;
    for entry in fs::read_dir(bundle)? {
        bundle_bytes += entry?.metadata()?.len();
    }
    let key = pinned_key(shape.name, parameters.setup());
    Ok(Proven {
        proving_cpu_s: report.proving.cpu_s,
        proving_wall_s: report.proving.wall_s,
        keys_cpu_s: report.keygen.cpu_s,
        keys_wall_s: report.keygen.wall_s,
        peak_rss_bytes: report.peak_rss_bytes,
        shards: report.shards,
        proof_bytes: report.proof_bytes as u64,
        bundle_bytes,
        key_bytes: key.map_or(0, |key| key.bytes.len() as u64),
    })
}

fn verified(folder: &Path) -> Result<Verified, Box<dyn Error>> {
    let start = Instant::now();
    let read = |name: &str| fs::read(folder.join(name));
    let bundle = Bundle {
        statement: read("statement.json")?,
        market: read("market.json")?,
        risk: Some(read("risk.json")?),
        totals: read("totals.bin")?,
        proofs: proofs(folder)?,
        signature: None,
    };
    let options = Options {
        allow_insecure_setup: true,
        ..Options::default()
    };
    let mut marks = Vec::new();
    let report = verify(&bundle, &options, &mut |check| {
        marks.push((check, Instant::now()));
    })?;
    let end = Instant::now();
    if !report.valid {
        return Err(format!("the bundle does not hold: {:?}", report.failure()).into());
    }
    let ends = marks.iter().skip(1).map(|(_, at)| *at).chain([end]);
    let digests: Duration = marks
        .iter()
        .zip(ends)
        .filter(|((check, _), _)| matches!(check, CheckName::Market | CheckName::Model))
        .map(|((_, from), to)| to - *from)
        .sum();
    let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
    Ok(Verified {
        verify_ms: milliseconds(end - start - digests),
        digests_ms: milliseconds(digests),
    })
}

/// The proofs of a bundle.
fn proofs(folder: &Path) -> std::io::Result<Vec<Vec<u8>>> {
    (0..)
        .map(|index| folder.join(file_name(index)))
        .take_while(|path| path.exists())
        .map(fs::read)
        .collect()
}

fn yardstick(k: u32) -> Result<Yardstick, Box<dyn Error>> {
    let parameters = parameters(k)?;
    let points: &[G1Affine] = parameters.points().powers;
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let scalars: Vec<Fr> = points.iter().map(|_| Fr::random(&mut rng)).collect();
    let domain = EvaluationDomain::<Fr>::new(DEGREE as u32, k);
    Ok(Yardstick {
        msm_cpu_s: repeated(|| {
            std::hint::black_box(best_multiexp(&scalars, points));
        }),
        fft_cpu_s: repeated(|| {
            let values = domain.lagrange_from_vec(scalars.clone());
            std::hint::black_box(domain.lagrange_to_coeff(values));
        }),
    })
}

/// CPU seconds of one call, from as many as take a second.
fn repeated(mut work: impl FnMut()) -> f64 {
    let meter = Meter::start();
    let mut calls = 0.0;
    loop {
        work();
        calls += 1.0;
        let spent = meter.cost().cpu_s;
        if spent > 1.0 {
            return spent / calls;
        }
    }
}
