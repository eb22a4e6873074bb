//! `zkmargin plan`, `shard` and `assemble`: a snapshot proven by many machines.

use serde::Serialize;
use zkmargin_prover::job::{prove_shards, Job, ShardReport};
use zkmargin_prover::memory;
use zkmargin_prover::phases::Phase;
use zkmargin_prover::prove::Goal;

use super::prove::run_with;
use super::{print_json, setup};
use crate::args::{AssembleArgs, PlanArgs, ShardArgs};
use crate::events::{EventLog, Summary};
use crate::failure::Failure;
use crate::keys;
use crate::watch::Watch;

/// Writes a job.
pub fn plan(args: &PlanArgs) -> Result<(), Failure> {
    run_with(&args.prove, Goal::Plan(&args.job))
}

/// Makes the bundle of a job.
pub fn assemble(args: &AssembleArgs) -> Result<(), Failure> {
    run_with(&args.prove, Goal::Assemble(&args.job))
}

/// What `shard --json` prints for each shard.
#[derive(Serialize)]
struct ShardJson {
    index: usize,
    kept: bool,
    wall_s: f64,
    cpu_s: f64,
    keygen_s: f64,
    peak_rss_bytes: u64,
    proof_bytes: usize,
}

/// Proves shards.
pub fn shard(args: &ShardArgs) -> Result<(), Failure> {
    let log = EventLog::begin(args.log.as_deref(), "shard", &[])?;
    let watch = Watch::new(log, "the job");
    watch.end(prove_those(args, &watch))
}

fn prove_those(args: &ShardArgs, watch: &Watch) -> Result<Summary, Failure> {
    if !args.job.is_dir() {
        return Err(Failure::input(format!(
            "{} is not a folder; give the job folder that `zkmargin plan` wrote",
            args.job.display()
        )));
    }
    let job = Job::read(&args.job)?;
    let needed = memory::needed(job.shape);
    if let Some(available) = memory::available().filter(|_| !args.ignore_memory) {
        if memory::is_short(needed, available) {
            return Err(Failure::input(format!(
                "a proof of shape {} is expected to take {} of memory and {} are available; free memory, use a larger machine, or go ahead with --ignore-memory",
                job.shape.name,
                memory::shown(needed),
                memory::shown(available)
            )));
        }
    }
    let indices = [*args.index.start(), *args.index.end()];
    watch.job(job.shape, job.setup, job.shards(), indices);
    let parameters = watch.phase(Phase::Parameters, || {
        setup::load(&args.params, watch.steps.bar())
    })?;
    let mut summary = Summary::default();
    let mut printed = Ok(());
    let mut each = |index: usize, report: &ShardReport| {
        summary.add(report);
        let done = match report.kept {
            true => "was proven already".to_owned(),
            false => format!(
                "proven in {:.1} s, {:.1} s of CPU, peak memory {}",
                report.proving.wall_s,
                report.proving.cpu_s,
                memory::shown(report.peak_rss_bytes)
            ),
        };
        watch
            .steps
            .note(format_args!("shard {index} of {}: {done}", job.shards()));
        if args.json && printed.is_ok() {
            printed = print_json(&ShardJson {
                index,
                kept: report.kept,
                wall_s: report.proving.wall_s,
                cpu_s: report.proving.cpu_s,
                keygen_s: report.keygen.wall_s,
                peak_rss_bytes: report.peak_rss_bytes,
                proof_bytes: report.proof_bytes,
            });
        }
    };
    let keys = keys::folder();
    prove_shards(
        &job,
        args.index.clone(),
        &parameters,
        keys.as_deref(),
        &mut |event| watch.event(event),
        &mut each,
    )?;
    printed.map(|()| summary)
}
