//! `zkmargin prove`: a snapshot in, a bundle and its inclusion records out.

use std::path::Path;
use std::time::Instant;

use serde::Serialize;
use zkmargin_circuits::shape::{Shape, SHAPES};
use zkmargin_circuits::statement::Statement;
use zkmargin_prover::accounts::Scratch;
use zkmargin_prover::memory;
use zkmargin_prover::meter::Cost;
use zkmargin_prover::phases::{Event, Phase, Plan};
use zkmargin_prover::prove::{self, Goal, ProveOptions, ProveReport};
use zkmargin_prover::sign::{others_may_read, SigningKey};

use super::{print_json, setup};
use crate::args::ProveArgs;
use crate::failure::Failure;
use crate::keys;
use crate::progress::Steps;
use crate::snapshot::{load, scratch};

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
    run_with(args, Goal::Prove)
}

/// Reads, does the work, and shows what it took.
pub fn run_with(args: &ProveArgs, goal: Goal<'_>) -> Result<(), Failure> {
    let shape = args.shape.as_deref().map(named).transpose()?;
    let sign = args.sign.as_deref().map(signing_key).transpose()?;
    let show = Show::new();
    show.begin(Phase::Reading);
    let scratch = scratch(args.scratch.as_deref(), Scratch::beside(&args.out))?;
    let snapshot = load(&args.snapshot, &scratch)?;
    show.begin(Phase::Parameters);
    let parameters = setup::load(&args.params, show.steps.bar())?;
    let available = memory::available();
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
        memory: available.filter(|_| !args.ignore_memory),
    };
    let mut eta = Remaining::default();
    let mut watch = |event: Event<'_>| show.event(event, &mut eta, available);
    let report = prove::run(&snapshot, &parameters, &options, goal, &mut watch)?;
    show.steps.finish();
    show_phases(&report.phases);
    if report.proof_bytes > 0 {
        eprintln!("{}", summary(&report));
    }
    if let (Some(path), true) = (&args.audit, report.proof_bytes > 0) {
        eprintln!(
            "wrote {}, which opens the bundle to an auditor: keep it as private as the records",
            path.display()
        );
    }
    match goal {
        Goal::Plan(job) => eprintln!(
            "wrote {}, whose shards `zkmargin shard` proves; keep {}.partial for `zkmargin assemble`",
            job.display(),
            args.out.display()
        ),
        Goal::Prove | Goal::Assemble(_) => eprintln!(
            "wrote {} to publish, and {} with one record for each customer",
            args.out.display(),
            args.records.display()
        ),
    }
    if args.json {
        print_json(&json(&report))?;
    }
    Ok(())
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

/// Shows what happens.
pub struct Show {
    /// The bar or the lines.
    pub steps: Steps,
}

impl Show {
    /// Nothing has happened.
    pub fn new() -> Self {
        Self {
            steps: Steps::new(Phase::ALL.len()),
        }
    }

    /// A phase begins.
    pub fn begin(&self, phase: Phase) {
        let done = Phase::ALL.iter().position(|other| *other == phase);
        self.steps.step(done.unwrap_or_default(), phase);
    }

    /// Something happens.
    pub fn event(&self, event: Event<'_>, eta: &mut Remaining, available: Option<u64>) {
        let steps = &self.steps;
        match event {
            Event::Begun(phase) => self.begin(phase),
            Event::Shard { index, shards } => eta.shard(steps, index, shards),
            Event::Part(part) => steps.within(part),
            Event::Planned(plan) => steps.note(planned(plan, available)),
            Event::Kept { index } => {
                eta.kept();
                steps.note(format_args!("proof {index} of the interrupted run holds and is kept"));
            }
            Event::Discarded { index, error } => steps.note(format_args!(
                "proof {index} of the interrupted run is discarded and made again: {error}"
            )),
            Event::OtherStatement => steps.note(
                "the interrupted run was for another statement of this book, as of another version of this program",
            ),
        }
    }
}

/// The secret key in a file.
fn signing_key(path: &Path) -> Result<SigningKey, Failure> {
    let key = SigningKey::read(path)?;
    if others_may_read(path) {
        eprintln!(
            "warning: others than its owner may read {}, and sign in the venue's name; chmod 600 takes that from them",
            path.display()
        );
    }
    Ok(key)
}

/// What remains to be done, judged by the proofs that were made.
#[derive(Default)]
pub struct Remaining {
    since: Option<Instant>,
    begun: usize,
    kept: usize,
}

impl Remaining {
    /// A shard's turn begins.
    fn shard(&mut self, steps: &Steps, index: usize, shards: usize) {
        let since = *self.since.get_or_insert_with(Instant::now);
        let made = self.begun - self.kept;
        self.begun += 1;
        if shards == 1 {
            return;
        }
        let remaining = match made {
            0 => String::new(),
            made => {
                let each = since.elapsed().as_secs_f64() / made as f64;
                let seconds = (each * (shards - index) as f64).round() as u64;
                format!(", about {} remain", Steps::duration(seconds))
            }
        };
        steps.shard(format_args!("proof {} of {shards}{remaining}", index + 1));
    }

    /// The shard whose turn it is had its proof.
    fn kept(&mut self) {
        self.kept += 1;
    }
}

/// What is about to be done.
fn planned(plan: &Plan, available: Option<u64>) -> String {
    let proofs = match plan.shards {
        1 => "one proof".to_owned(),
        shards => format!("{shards} proofs"),
    };
    let available = match available {
        Some(bytes) => format!(", {} are available", memory::shown(bytes)),
        None => String::new(),
    };
    let resumes = if plan.resumes {
        "going on with an interrupted run: "
    } else {
        ""
    };
    format!(
        "{resumes}{} accounts in {} of the {} windows of shape {} (2^{} rows), setup {}, {proofs}, about {} of memory{available}",
        plan.accounts,
        plan.windows,
        plan.shape.capacity() * plan.shards,
        plan.shape.name,
        plan.shape.k,
        plan.setup,
        memory::shown(plan.memory),
    )
}

fn summary(report: &ProveReport) -> String {
    // A proof that was there already cost nothing now.
    let rate = match report.kept {
        0 => format!(
            "{:.0} accounts a core-second",
            report.accounts as f64 / report.proving.cpu_s.max(1e-9)
        ),
        kept => format!(
            "{kept} of {} proofs kept from the interrupted run",
            report.shards
        ),
    };
    format!(
        "proved {} accounts in shape {}: {:.1} s, {rate}, {} proof bytes, peak memory {}",
        report.accounts,
        report.statement.circuit.shape,
        report.proving.wall_s,
        report.proof_bytes,
        memory::shown(report.peak_rss_bytes)
    )
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
