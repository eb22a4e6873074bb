//! `zkmargin plan`, `shard` and `assemble`: a snapshot proven by many machines.

use serde::Serialize;
use zkmargin_prover::job::{prove_shards, Job, ShardReport};
use zkmargin_prover::memory;
use zkmargin_prover::phases::Event;
use zkmargin_prover::prove::Goal;

use super::prove::{run_with, Remaining, Show};
use super::{print_json, setup};
use crate::args::{AssembleArgs, PlanArgs, ShardArgs};
use crate::failure::Failure;
use crate::keys;

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
    let show = Show::new();
    let parameters = setup::load(&args.params, show.steps.bar())?;
    let mut eta = Remaining::default();
    let mut printed = Ok(());
    let mut each = |index: usize, report: &ShardReport| {
        let done = match report.kept {
            true => "was proven already".to_owned(),
            false => format!(
                "proven in {:.1} s, {:.1} s of CPU, peak memory {}",
                report.proving.wall_s,
                report.proving.cpu_s,
                memory::shown(report.peak_rss_bytes)
            ),
        };
        show.steps
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
    let mut watch = |event: Event<'_>| show.event(event, &mut eta, None);
    prove_shards(
        &job,
        args.index.clone(),
        &parameters,
        keys.as_deref(),
        &mut watch,
        &mut each,
    )?;
    printed
}
