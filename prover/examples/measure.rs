//! Proves a snapshot and prints what each phase costs: `measure SNAPSHOT K [SHAPE]`.

use std::path::Path;

use zkmargin_circuits::shape::Shape;
use zkmargin_prover::meter::{peak_rss_bytes, Meter};
use zkmargin_prover::placement::Seed;
use zkmargin_prover::snapshot::LoadedSnapshot;
use zkmargin_prover::{key, params, shard};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().collect();
    let k: u32 = args[2].parse()?;
    let shape = args.get(3).and_then(|name| Shape::by_name(name));
    let meter = Meter::start();
    let snapshot = LoadedSnapshot::read(Path::new(&args[1]))?;
    println!("read {:?}", meter.cost());
    let cache = std::env::temp_dir().join(format!("zkmargin-insecure-{k}"));
    let meter = Meter::start();
    let parameters = match params::import_raw(&cache, &mut |_| ()) {
        Ok(parameters) => parameters,
        Err(_) => {
            let made = params::insecure(k, &mut |_| ())?;
            made.write(&cache)?;
            made
        }
    };
    println!("params {:?}", meter.cost());
    let meter = Meter::start();
    let evaluated = shard::evaluate(&snapshot, shape, k)?;
    println!(
        "evaluate {:?}: {} windows, shape {}",
        meter.cost(),
        evaluated.windows,
        evaluated.shape.name
    );
    let meter = Meter::start();
    let vk = key::verifying_key(evaluated.shape, &parameters)?;
    println!(
        "vk {:?}; advice columns {}",
        meter.cost(),
        vk.cs().num_advice_columns()
    );
    println!(
        "proof bytes {}",
        zkmargin_verifier::proof::proof_length(&vk)
    );
    let meter = Meter::start();
    let pk = key::proving_key(evaluated.shape, &parameters, Some(vk.clone()))?;
    println!("pk {:?}; rss {}", meter.cost(), peak_rss_bytes());
    let seed = Seed::random(1);
    let whole = Meter::start();
    let placed = shard::place(&snapshot, &evaluated, &seed)?;
    println!("witness {:?}; rss {}", whole.cost(), peak_rss_bytes());
    let instance = placed
        .witness
        .instance(&snapshot.market.market, [7; 32], 0, 1);
    let mut steps = Meter::start();
    let proof = shard::create(&pk, placed.witness, &instance, &mut |step| {
        println!("{:?}; rss {}; {step:?}", steps.cost(), peak_rss_bytes());
        steps = Meter::start();
    })?;
    println!("{:?}", steps.cost());
    let cost = whole.cost();
    println!(
        "proof {cost:?}: {} bytes; rss {}",
        proof.len(),
        peak_rss_bytes()
    );
    println!(
        "accounts per core-second {:.1}",
        snapshot.book.accounts.len() as f64 / cost.cpu_s
    );
    let meter = Meter::start();
    let tau = zkmargin_verifier::setup::verifier_params(evaluated.shape.k, parameters.tau_g2());
    zkmargin_verifier::proof::verify_proof(&tau, &vk, &instance, &proof)?;
    println!("verify {:?}", meter.cost());
    Ok(())
}
