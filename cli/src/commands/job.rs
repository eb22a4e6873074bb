//! `zkmargin plan`, `shard` and `assemble`: a snapshot proven by many machines.

use std::ffi::OsString;
use std::ops::RangeInclusive;

use serde::Serialize;
use zkmargin_prover::job::{prove_shards, Job, ShardReport};
use zkmargin_prover::memory;
use zkmargin_prover::phases::Phase;
use zkmargin_prover::prove::Goal;
use zkmargin_prover::seal::{indices, Identities, Recipients};
use zkmargin_prover::store::{Location, Store};

use super::prove::run_with;
use super::{print_json, setup};
use crate::args::{AssembleArgs, PlanArgs, ShardArgs};
use crate::events::{EventLog, Summary};
use crate::failure::Failure;
use crate::keys;
use crate::watch::Watch;

/// Variables that say which shard is to be proven, the program's own first.
const INDEX_VARIABLES: [&str; 3] = [
    "ZKMARGIN_INDEX",
    "JOB_COMPLETION_INDEX",
    "SLURM_ARRAY_TASK_ID",
];

/// Writes a job.
pub fn plan(args: &PlanArgs) -> Result<(), Failure> {
    let mut recipients = Recipients::default();
    for recipient in &args.recipient {
        recipients.add(recipient.clone());
    }
    for path in &args.recipients_file {
        recipients.read(path)?;
    }
    let store = Store::open(&args.job)?;
    let named = !args.recipient.is_empty() || !args.recipients_file.is_empty();
    if named && recipients.is_empty() {
        return Err(Failure::input(
            "the files of --recipients-file name no recipient",
        ));
    }
    if store.is_remote() && !named && !args.plain {
        return Err(Failure::input(format!(
            "in {store} whoever can read the store would see the positions of every account; give --recipient with the age key of the worker, or --plain to write them as they are"
        )));
    }
    store.reach()?;
    let recipients = named.then_some(&recipients);
    run_with(&args.prove, Goal::Plan(&store, recipients))
}

/// Makes the bundle of a job.
pub fn assemble(args: &AssembleArgs) -> Result<(), Failure> {
    let store = Store::open(&args.job)?;
    store.reach()?;
    run_with(&args.prove, Goal::Assemble(&store))
}

/// The shards that a variable names: the first of [`INDEX_VARIABLES`] that is set.
fn scheduled(
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<RangeInclusive<usize>, Failure> {
    let set = INDEX_VARIABLES
        .iter()
        .find_map(|name| Some((name, variable(name)?)));
    let Some((name, value)) = set else {
        return Err(Failure::input(format!(
            "no shard is named: give --index, or set one of {}",
            INDEX_VARIABLES.join(", ")
        )));
    };
    indices(&value.to_string_lossy())
        .map_err(|problem| Failure::input(format!("{name}: {problem}")))
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
    let private = [(args.identity.as_deref(), "IDENTITY")];
    let log = EventLog::begin(args.log.as_deref(), "shard", &private)?;
    let watch = Watch::new(log, "the job");
    watch.end(prove_those(args, &watch))
}

fn prove_those(args: &ShardArgs, watch: &Watch) -> Result<Summary, Failure> {
    if let Location::Folder(path) = &args.job {
        if !path.is_dir() {
            return Err(Failure::input(format!(
                "{} is not a folder; give the job folder that `zkmargin plan` wrote",
                path.display()
            )));
        }
    }
    let wanted = match &args.index {
        Some(wanted) => wanted.clone(),
        None => scheduled(|name| std::env::var_os(name))?,
    };
    let identities = args.identity.as_deref().map(Identities::read).transpose()?;
    let job = Job::read(Store::open(&args.job)?, identities)?;
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
    let indices = [*wanted.start(), *wanted.end()];
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
        wanted,
        &parameters,
        keys.as_deref(),
        &mut |event| watch.event(event),
        &mut each,
    )?;
    printed.map(|()| summary)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(set: &[(&str, &str)]) -> Result<RangeInclusive<usize>, String> {
        let value = |name: &str| set.iter().find(|(other, _)| *other == name);
        scheduled(|name| value(name).map(|(_, value)| value.into()))
            .map_err(|failure| failure.to_string())
    }

    #[test]
    fn takes_the_shard_that_a_scheduler_names() {
        assert_eq!(of(&[("JOB_COMPLETION_INDEX", "7")]), Ok(7..=7));
        assert_eq!(of(&[("SLURM_ARRAY_TASK_ID", "0")]), Ok(0..=0));
        let both = [("JOB_COMPLETION_INDEX", "7"), ("ZKMARGIN_INDEX", "3-5")];
        assert_eq!(of(&both), Ok(3..=5));
        let error = of(&[]).unwrap_err();
        assert!(error.contains("JOB_COMPLETION_INDEX"), "{error}");
        let error = of(&[("SLURM_ARRAY_TASK_ID", "x")]).unwrap_err();
        assert!(error.starts_with("SLURM_ARRAY_TASK_ID: "), "{error}");
    }
}
