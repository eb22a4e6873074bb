//! `zkmargin prove`: a snapshot in, a bundle and its inclusion records out.

use serde::Serialize;
use zkmargin_circuits::shape::{Shape, SHAPES};
use zkmargin_circuits::statement::Statement;
use zkmargin_prover::prove::{prove, ProveOptions, ProveReport};
use zkmargin_prover::shard::Phase;

use super::{print_json, setup, spinner};
use crate::args::ProveArgs;
use crate::failure::Failure;
use crate::snapshot::load;

/// What `--json` prints. `wall_s` and `cpu_s` are of proving; setup and key generation are apart.
#[derive(Serialize)]
struct ProveJson<'a> {
    statement: &'a Statement,
    accounts: usize,
    shards: usize,
    wall_s: f64,
    cpu_s: f64,
    keygen_s: f64,
    peak_rss_bytes: u64,
    proof_bytes: usize,
}

/// Reads, proves and writes.
pub fn run(args: &ProveArgs) -> Result<(), Failure> {
    let shape = args.shape.as_deref().map(named).transpose()?;
    let progress = spinner("prove");
    progress.set_message(Phase::Reading.to_string());
    let snapshot = load(&args.snapshot)?;
    let parameters = setup::load(&args.params, &progress)?;
    let options = ProveOptions {
        shape,
        seed: None,
        publish_counts: args.publish_counts,
        out: args.out.clone(),
        records: args.records.clone(),
    };
    let report = prove(&snapshot, &parameters, &options, &mut |phase| {
        progress.set_message(phase.to_string());
    })?;
    progress.finish_and_clear();
    for (phase, cost) in &report.phases {
        eprintln!(
            "  {:<26} {:>8.1} s, {:>8.1} s of CPU",
            phase.to_string(),
            cost.wall_s,
            cost.cpu_s
        );
    }
    eprintln!(
        "proved {} accounts in shape {}: {:.1} s, {:.0} accounts a core-second, {} proof bytes, peak memory {} MiB",
        report.accounts,
        report.statement.circuit.shape,
        report.proving.wall_s,
        report.accounts as f64 / report.proving.cpu_s.max(1e-9),
        report.proof_bytes,
        report.peak_rss_bytes >> 20
    );
    eprintln!(
        "wrote {} to publish, and {} with one record for each customer",
        args.out.display(),
        args.records.display()
    );
    if args.json {
        print_json(&json(&report))?;
    }
    Ok(())
}

fn json(report: &ProveReport) -> ProveJson<'_> {
    ProveJson {
        statement: &report.statement,
        accounts: report.accounts,
        shards: report.shards,
        wall_s: report.proving.wall_s,
        cpu_s: report.proving.cpu_s,
        keygen_s: report.keygen.wall_s,
        peak_rss_bytes: report.peak_rss_bytes,
        proof_bytes: report.proof_bytes,
    }
}

fn named(name: &str) -> Result<&'static Shape, Failure> {
    Shape::by_name(name).ok_or_else(|| {
        let names: Vec<&str> = SHAPES.iter().map(|shape| shape.name).collect();
        Failure::input(format!("--shape {name:?} is none of {}", names.join(", ")))
    })
}
