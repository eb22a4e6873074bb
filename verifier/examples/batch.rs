//! What verifying proofs takes, part by part: `batch BUNDLE COUNT` reads the bundle's proof COUNT
//! times, and settles one claim and all of them.
//!
//! Nothing of it is a check: `zkmargin verify` is.

use std::error::Error;
use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use halo2_proofs::halo2curves::bn256::Fr;
use zkmargin_circuits::circuit::MarginCircuit;
use zkmargin_circuits::field;
use zkmargin_circuits::public_inputs::PublicInputs;
use zkmargin_circuits::shape::Shape;
use zkmargin_circuits::statement::{context_digest, Digest, Statement};
use zkmargin_verifier::key::pinned_key;
use zkmargin_verifier::plonk::ProofVerifier;
use zkmargin_verifier::setup::Setup;
use zkmargin_verifier::shard::ShardFile;

/// Runs of each part; their median is written.
const RUNS: usize = 15;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [bundle, count] = arguments.as_slice() else {
        return Err("usage: batch BUNDLE COUNT".into());
    };
    let folder = Path::new(bundle);
    let count: usize = count.parse()?;
    let (shape, setup, column) = public_inputs(folder)?;
    let file = fs::read(folder.join("proof-00000.bin"))?;
    let proof = ShardFile::parse(&file)?.proof;

    let pinned = pinned_key(shape.name, setup).ok_or("no key is pinned")?;
    let tau_g2 = setup.tau_g2().ok_or("no setup of that name")?;
    let key = pinned.read::<MarginCircuit>(shape)?;
    report("reading the key", || pinned.read::<MarginCircuit>(shape));
    let verifier = ProofVerifier::new(&key, tau_g2)?;
    report("preparing the verifier", || {
        ProofVerifier::new(&key, tau_g2).map(|_| ())
    });
    let claim = verifier.read(&column, proof)?;
    report("reading a proof", || verifier.read(&column, proof));
    verifier.settle(std::slice::from_ref(&claim))?;
    report("settling one", || {
        verifier.settle(std::slice::from_ref(&claim))
    });

    let begun = Instant::now();
    let claims = (0..count)
        .map(|_| verifier.read(&column, proof))
        .collect::<Result<Vec<_>, _>>()?;
    let read = begun.elapsed();
    verifier.settle(&claims)?;
    let all = begun.elapsed();
    println!(
        "{count} proofs: {:.2} s, of which settling {:.2} s",
        all.as_secs_f64(),
        (all - read).as_secs_f64()
    );
    Ok(())
}

fn report<T>(part: &str, mut run: impl FnMut() -> T) {
    let mut times: Vec<Duration> = (0..RUNS)
        .map(|_| {
            let begun = Instant::now();
            black_box(run());
            begun.elapsed()
        })
        .collect();
    times.sort_unstable();
    println!("{part}: {:.2} ms", times[RUNS / 2].as_secs_f64() * 1e3);
}

fn public_inputs(folder: &Path) -> Result<(&'static Shape, Setup, Vec<Fr>), Box<dyn Error>> {
    let bytes = fs::read(folder.join("statement.json"))?;
    let statement = Statement::parse_canonical(&bytes)?;
    let shape = Shape::by_name(&statement.circuit.shape).ok_or("no shape of that name")?;
    let setup = Setup::parse(&statement.setup).ok_or("no setup of that name")?;
    let element = |digest: &Digest| field::from_hex(&digest.to_string()).ok_or("not an element");
    let public = PublicInputs {
        context: context_digest(&bytes),
        shard: 0,
        shards: 1,
        market: element(&statement.market)?,
        model: element(&statement.risk_model)?,
        root: element(&statement.accounts_root)?,
        counts: element(&statement.counts_digest)?,
    };
    Ok((shape, setup, public.column().to_vec()))
}
