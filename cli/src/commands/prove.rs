//! `zkmargin prove`: a snapshot in, a bundle and its inclusion records out.

use std::fs;
use std::path::Path;

use serde::Serialize;
use zkmargin_circuits::shape::{Shape, SHAPES};
use zkmargin_circuits::statement::Statement;
use zkmargin_prover::accounts::Scratch;
use zkmargin_prover::memory::shown;
use zkmargin_prover::meter::Cost;
use zkmargin_prover::phases::Phase;
use zkmargin_prover::prove::{self, Goal, ProveOptions, ProveReport};
use zkmargin_prover::sign::{others_may_read, SigningKey};

use super::{print_json, setup};
use crate::args::ProveArgs;
use crate::events::{milliseconds, EventLog, Summary};
use crate::failure::Failure;
use crate::keys;
use crate::report::Table;
use crate::snapshot::{load, scratch};
use crate::watch::Watch;

/// What `--json` prints. `wall_s` and `cpu_s` are of proving; setup and key generation are apart,
/// and `run_wall_s` and `run_cpu_s` are of everything.
#[derive(Serialize)]
struct ProveJson<'a> {
    statement: &'a Statement,
    accounts: usize,
    shards: usize,
    kept: usize,
    wall_s: f64,
    cpu_s: f64,
    keygen_s: f64,
    run_wall_s: f64,
    run_cpu_s: f64,
    peak_rss_bytes: u64,
    proof_bytes: usize,
    bundle_bytes: Option<u64>,
    records_bytes: Option<u64>,
}

/// Reads, proves and writes.
pub fn run(args: &ProveArgs) -> Result<(), Failure> {
    run_with(args, Goal::Prove)
}

/// Reads, does the work, and shows what it took.
pub fn run_with(args: &ProveArgs, goal: Goal<'_>) -> Result<(), Failure> {
    let (command, kept_of) = match goal {
        Goal::Prove => ("prove", "the interrupted run"),
        Goal::Plan(..) => ("plan", "the interrupted run"),
        Goal::Assemble(_) => ("assemble", "the job"),
    };
    let private = [
        (Some(args.records.as_path()), "RECORDS"),
        (args.audit.as_deref(), "AUDIT"),
        (args.sign.as_deref(), "KEY"),
    ];
    let log = EventLog::begin(args.log.as_deref(), command, &private)?;
    let watch = Watch::new(log, kept_of);
    watch.end(work(args, goal, &watch))
}

fn work(args: &ProveArgs, goal: Goal<'_>, watch: &Watch) -> Result<Summary, Failure> {
    let shape = args.shape.as_deref().map(named).transpose()?;
    let sign = match &args.sign {
        Some(path) => Some(signing_key(path, watch)?),
        None => None,
    };
    let scratch = scratch(args.scratch.as_deref(), Scratch::beside(&args.out))?;
    let snapshot = watch.phase(Phase::Reading, || load(&args.snapshot, &scratch))?;
    let parameters = watch.phase(Phase::Parameters, || {
        setup::load(&args.params, watch.steps.bar())
    })?;
    let options = ProveOptions {
        shape,
        seed: None,
        publish_counts: args.publish_counts,
        keys: keys::folder(),
        out: args.out.clone(),
        records: args.records.clone(),
        restart: args.restart,
        sign,
        audit: args.audit.clone(),
        memory: watch.available().filter(|_| !args.ignore_memory),
    };
    let report = prove::run(&snapshot, &parameters, &options, goal, &mut |event| {
        watch.event(event);
    })?;
    watch.steps.finish();
    show_phases(&report.phases);
    let run = watch.cost();
    let written = |folder: &Path| (report.proof_bytes > 0).then(|| bytes(folder));
    let (bundle, records) = (written(&args.out), written(&args.records));
    eprint!("{}", summary(&report, run, bundle.zip(records)));
    if let (Some(path), true) = (&args.audit, report.proof_bytes > 0) {
        eprintln!(
            "wrote {}, which opens the bundle to an auditor: keep it as private as the records",
            path.display()
        );
    }
    match goal {
        Goal::Plan(job, _) => eprintln!(
            "wrote {job}, whose shards `zkmargin shard` proves; keep {}.partial for `zkmargin assemble`",
            args.out.display()
        ),
        Goal::Prove | Goal::Assemble(_) => eprintln!(
            "wrote {} to publish, and {} with one record for each customer",
            args.out.display(),
            args.records.display()
        ),
    }
    if args.json {
        print_json(&ProveJson {
            statement: &report.statement,
            accounts: report.accounts,
            shards: report.shards,
            kept: report.kept,
            wall_s: report.proving.wall_s,
            cpu_s: report.proving.cpu_s,
            keygen_s: report.keygen.wall_s,
            run_wall_s: run.wall_s,
            run_cpu_s: run.cpu_s,
            peak_rss_bytes: report.peak_rss_bytes,
            proof_bytes: report.proof_bytes,
            bundle_bytes: bundle,
            records_bytes: records,
        })?;
    }
    Ok(Summary {
        shards: report.shards,
        kept: report.kept,
        proving_wall_s: milliseconds(report.proving.wall_s),
        proving_cpu_s: milliseconds(report.proving.cpu_s),
        keygen_wall_s: milliseconds(report.keygen.wall_s),
        peak_rss_bytes: report.peak_rss_bytes,
        proof_bytes: report.proof_bytes,
        bundle_bytes: bundle,
        accounts: args.publish_counts.then_some(report.accounts),
    })
}

/// What each phase took.
fn show_phases(phases: &[(Phase, Cost)]) {
    for (phase, cost) in phases {
        eprintln!(
            "  {:<26} {:>8.1} s, {:>8.1} s of CPU",
            phase.to_string(),
            cost.wall_s,
            cost.cpu_s
        );
    }
}

/// The secret key in a file.
fn signing_key(path: &Path, watch: &Watch) -> Result<SigningKey, Failure> {
    let key = SigningKey::read(path)?;
    if others_may_read(path) {
        watch.warn(format_args!(
            "others than its owner may read {}, and sign in the venue's name; chmod 600 takes that from them",
            path.display()
        ));
    }
    Ok(key)
}

/// Bytes of the files in a folder and those within it.
fn bytes(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries
        .filter_map(Result::ok)
        .filter_map(|entry| Some((entry.path(), entry.metadata().ok()?)))
        .map(|(path, metadata)| match metadata.is_dir() {
            true => bytes(&path),
            false => metadata.len(),
        })
        .sum()
}

/// What a run came to, `run` what all of it cost, and `sizes` those of bundle and records.
fn summary(report: &ProveReport, run: Cost, sizes: Option<(u64, u64)>) -> String {
    let mut table = Table::default();
    let shape = &report.statement.circuit.shape;
    let (accounts, shards) = (report.accounts, report.shards);
    let plural = if shards == 1 { "" } else { "s" };
    table.left([
        "accounts".to_owned(),
        format!("{accounts} in {shards} proof{plural} of shape {shape}"),
    ]);
    if report.proof_bytes > 0 {
        let kept = report.kept;
        table.left([
            "proofs".to_owned(),
            format!(
                "{} made, {kept} kept that were there already",
                shards - kept
            ),
        ]);
    }
    table.left([
        "time".to_owned(),
        format!(
            "{:.1} s, {:.1} s of it proving",
            run.wall_s, report.proving.wall_s
        ),
    ]);
    table.left([
        "CPU".to_owned(),
        format!(
            "{:.1} s, {:.1} s of it proving; {:.1} cores busy",
            run.cpu_s,
            report.proving.cpu_s,
            run.cpu_s / run.wall_s.max(1e-9)
        ),
    ]);
    // A proof that was there already cost nothing now.
    if report.kept == 0 && report.proof_bytes > 0 {
        let rate = accounts as f64 / report.proving.cpu_s.max(1e-9);
        table.left([
            "rate".to_owned(),
            format!("{rate:.0} accounts a core-second"),
        ]);
    }
    table.left(["peak memory".to_owned(), shown(report.peak_rss_bytes)]);
    if let Some((bundle, records)) = sizes {
        table.left([
            "sizes".to_owned(),
            format!(
                "bundle {}, {} bytes of it proofs; records {}",
                size(bundle),
                report.proof_bytes,
                size(records)
            ),
        ]);
    }
    table.render()
}

/// A number of bytes for people.
fn size(bytes: u64) -> String {
    match bytes {
        0..=0xf_ffff => format!("{} KiB", bytes >> 10),
        _ => shown(bytes),
    }
}

fn named(name: &str) -> Result<&'static Shape, Failure> {
    Shape::by_name(name).ok_or_else(|| {
        let names: Vec<&str> = SHAPES.iter().map(|shape| shape.name).collect();
        Failure::input(format!("--shape {name:?} is none of {}", names.join(", ")))
    })
}
