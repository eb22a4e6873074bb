//! A long run as it is shown on standard error and written to its event log.

mod remaining;

use std::cell::{Cell, RefCell};
use std::fmt::Display;

use zkmargin_circuits::shape::Shape;
use zkmargin_prover::engine::proof::Part;
use zkmargin_prover::memory;
use zkmargin_prover::meter::{peak_rss_bytes, Cost, Meter};
use zkmargin_prover::phases::{Event, Phase, Plan};
use zkmargin_verifier::setup::Setup;

use crate::events::{milliseconds, EventLog, Line, Summary};
use crate::failure::Failure;
use crate::progress::Steps;
use remaining::Remaining;

/// Whoever is told what happens in a run.
pub struct Watch {
    /// The bar or the lines.
    pub steps: Steps,
    log: EventLog,
    remaining: RefCell<Remaining>,
    /// The shard whose turn it is.
    shard: Cell<Option<usize>>,
    available: Option<u64>,
    /// What finished proofs that are kept are of.
    kept_of: &'static str,
}

impl Watch {
    /// A command begins that writes to this log.
    pub fn new(log: EventLog, kept_of: &'static str) -> Self {
        Self {
            steps: Steps::new(Phase::ALL.len()),
            log,
            remaining: RefCell::default(),
            shard: Cell::default(),
            available: memory::available(),
            kept_of,
        }
    }

    /// Bytes of memory that there were when the command began.
    pub fn available(&self) -> Option<u64> {
        self.available
    }

    /// What the command has cost so far.
    pub fn cost(&self) -> Cost {
        self.log.cost()
    }

    /// Does what a phase is.
    ///
    /// # Errors
    /// That of the work.
    pub fn phase<T>(
        &self,
        phase: Phase,
        work: impl FnOnce() -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        self.event(Event::Begun(phase));
        let meter = Meter::start();
        let done = work()?;
        self.event(Event::Ended(phase, meter.cost()));
        Ok(done)
    }

    /// These shards of a job will be proven, the first and the last given.
    pub fn job(&self, shape: &Shape, setup: Setup, shards: usize, indices: [usize; 2]) {
        self.remaining.borrow_mut().until(indices[1]);
        self.log.write(&Line::Plan {
            shape: shape.name,
            k: shape.k,
            setup: setup.to_string(),
            shards,
            indices: Some(indices),
            resumes: false,
            memory_bytes: memory::needed(shape),
            available_bytes: self.available,
        });
    }

    /// Something that the user should know.
    pub fn warn(&self, text: impl Display) {
        let text = text.to_string();
        self.steps.note(format_args!("warning: {text}"));
        self.log.warning(&text);
    }

    /// The command has ended.
    ///
    /// # Errors
    /// That of the command.
    pub fn end(&self, result: Result<Summary, Failure>) -> Result<(), Failure> {
        self.steps.finish();
        self.log.end(result)
    }

    /// Something happens.
    pub fn event(&self, event: Event<'_>) {
        let steps = &self.steps;
        match event {
            Event::Planned(plan) => {
                self.log.write(&Line::Plan {
                    shape: plan.shape.name,
                    k: plan.shape.k,
                    setup: plan.setup.to_string(),
                    shards: plan.shards,
                    indices: None,
                    resumes: plan.resumes,
                    memory_bytes: plan.memory,
                    available_bytes: self.available,
                });
                steps.note(planned(plan, self.available));
            }
            Event::Begun(phase) => {
                self.log.write(&Line::PhaseBegin {
                    phase: phase.name(),
                    shard: self.shard_of(phase),
                });
                if phase == Phase::Totals {
                    steps.shards_done(Phase::ALL.len());
                    self.shard.set(None);
                }
                if phase == Phase::Witness {
                    self.remaining.borrow_mut().proving();
                }
                self.update();
                let done = Phase::ALL.iter().position(|other| *other == phase);
                steps.step(done.unwrap_or_default(), phase);
            }
            Event::Ended(phase, cost) => self.log.write(&Line::PhaseEnd {
                phase: phase.name(),
                shard: self.shard_of(phase),
                wall_s: milliseconds(cost.wall_s),
                cpu_s: milliseconds(cost.cpu_s),
            }),
            Event::Part(part) => {
                self.remaining.borrow_mut().part(part);
                self.log.write(&Line::PartBegin {
                    part: name(part),
                    shard: self.shard.get(),
                    remaining_s: self.estimate(),
                });
                self.update();
                match self.remaining.borrow().of_one_proof() {
                    Some(seconds) => {
                        let left = Steps::duration(seconds);
                        steps.within(format_args!("{part}, about {left} left"));
                    }
                    None => steps.within(part),
                }
            }
            Event::Shard { index, shards } => {
                self.shard.set(Some(index));
                self.remaining.borrow_mut().begin(index, shards);
                self.log.write(&Line::ShardBegin {
                    shard: index,
                    shards,
                    remaining_s: self.estimate(),
                });
                if let Some(which) = self.which() {
                    steps.shard(index, shards, which);
                }
            }
            Event::Proven { index, cost, bytes } => {
                self.remaining.borrow_mut().done(cost.wall_s);
                self.log.write(&Line::ShardDone {
                    shard: index,
                    wall_s: milliseconds(cost.wall_s),
                    cpu_s: milliseconds(cost.cpu_s),
                    proof_bytes: bytes,
                    peak_rss_bytes: peak_rss_bytes(),
                    remaining_s: self.estimate(),
                });
            }
            Event::Kept { index } => {
                self.log.write(&Line::ShardKept { shard: index });
                let of = self.kept_of;
                steps.note(format_args!("proof {index} of {of} holds and is kept"));
            }
            Event::Discarded { index, error } => {
                let of = self.kept_of;
                self.note(format_args!(
                    "proof {index} of {of} is discarded and made again: {error}"
                ));
            }
            Event::OtherStatement => self.note(
                "the interrupted run was for another statement of this book, as of another version of this program",
            ),
        }
    }

    /// Something that a log has as a warning.
    fn note(&self, text: impl Display) {
        let text = text.to_string();
        self.steps.note(&text);
        self.log.warning(&text);
    }

    /// The shard that a phase is of.
    fn shard_of(&self, phase: Phase) -> Option<usize> {
        match phase {
            Phase::Witness | Phase::Proving | Phase::Checking => self.shard.get(),
            _ => None,
        }
    }

    /// Seconds that remain, as the log has them.
    fn estimate(&self) -> Option<f64> {
        self.remaining.borrow().seconds().map(milliseconds)
    }

    /// Which of many shards it is, and what remains.
    fn which(&self) -> Option<String> {
        let remaining = self.remaining.borrow();
        let (index, shards) = remaining.place()?;
        let mut which = format!("proof {} of {shards}", index + 1);
        if let Some(seconds) = remaining.seconds() {
            which += &format!(", about {} left", Steps::duration(seconds));
        }
        Some(which)
    }

    /// Shows what remains by now.
    fn update(&self) {
        if self.shard.get().is_some() {
            if let Some(which) = self.which() {
                self.steps.beside(which);
            }
        }
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

/// A part of a proof, for programs.
fn name(part: Part) -> &'static str {
    match part {
        Part::FirstPhase => "first_phase",
        Part::SecondPhase => "second_phase",
        Part::Arguments => "arguments",
        Part::Quotient => "quotient",
        Part::Opening => "opening",
    }
}
