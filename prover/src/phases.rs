//! The phases of a run, what each costs, and what watchers are told.

use std::fmt;

use zkmargin_circuits::shape::Shape;
use zkmargin_verifier::proof::ProofError;
use zkmargin_verifier::setup::Setup;

use crate::engine::proof::Part;
use crate::error::ProveError;
use crate::meter::{Cost, Meter};

/// What is being done, for those who watch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Files are read.
    Reading,
    /// Parameters are read and checked.
    Parameters,
    /// The statement is evaluated in plain integers.
    Evaluating,
    /// The verifying key is generated.
    Keys,
    /// The accounts of all shards are hashed.
    Hashing,
    /// The proving key is generated.
    ProvingKey,
    /// The witness of a shard is made.
    Witness,
    /// The proof of a shard is made.
    Proving,
    /// A proof is verified before it is used.
    Checking,
    /// The totals are opened.
    Totals,
    /// Bundle and records are written.
    Writing,
}

impl Phase {
    /// Every phase, in the order they come in.
    pub const ALL: [Phase; 11] = [
        Phase::Reading,
        Phase::Parameters,
        Phase::Evaluating,
        Phase::Keys,
        Phase::Hashing,
        Phase::ProvingKey,
        Phase::Witness,
        Phase::Proving,
        Phase::Checking,
        Phase::Totals,
        Phase::Writing,
    ];

    /// Its name for programs.
    pub fn name(self) -> &'static str {
        match self {
            Phase::Reading => "reading",
            Phase::Parameters => "parameters",
            Phase::Evaluating => "evaluating",
            Phase::Keys => "keys",
            Phase::Hashing => "hashing",
            Phase::ProvingKey => "proving_key",
            Phase::Witness => "witness",
            Phase::Proving => "proving",
            Phase::Checking => "checking",
            Phase::Totals => "totals",
            Phase::Writing => "writing",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Phase::Reading => "reading the snapshot",
            Phase::Parameters => "reading the parameters",
            Phase::Evaluating => "evaluating the statement",
            Phase::Keys => "making the verifying key",
            Phase::Hashing => "hashing the accounts",
            Phase::ProvingKey => "making the proving key",
            Phase::Witness => "making the witness",
            Phase::Proving => "proving",
            Phase::Checking => "checking the proof",
            Phase::Totals => "opening the totals",
            Phase::Writing => "writing",
        })
    }
}

/// What is about to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// The shape.
    pub shape: &'static Shape,
    /// The setup.
    pub setup: Setup,
    /// Accounts of the book.
    pub accounts: usize,
    /// Windows they take.
    pub windows: usize,
    /// Proofs of the bundle.
    pub shards: usize,
    /// Bytes of memory that are expected to be taken.
    pub memory: u64,
    /// Whether an interrupted run is gone on with.
    pub resumes: bool,
}

/// What happens, for those who watch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Event<'a> {
    /// The book is evaluated, and this is what will be done.
    Planned(&'a Plan),
    /// A phase begins.
    Begun(Phase),
    /// The phase that began last has come to its end, at this cost.
    Ended(Phase, Cost),
    /// A shard's turn begins.
    Shard {
        /// Which one, from 0.
        index: usize,
        /// Of how many.
        shards: usize,
    },
    /// A part of a proof begins.
    Part(Part),
    /// A shard is proven, and its proof kept.
    Proven {
        /// Which one.
        index: usize,
        /// From its witness to its file; keys are apart.
        cost: Cost,
        /// Bytes of its file.
        bytes: usize,
    },
    /// A proof of an interrupted run holds and is kept.
    Kept {
        /// Which shard's.
        index: usize,
    },
    /// A proof of an interrupted run does not hold and is made again.
    Discarded {
        /// Which shard's.
        index: usize,
        /// Why.
        error: &'a ProofError,
    },
    /// The interrupted run was for another statement, though the book is the same: it was another
    /// version of this program's.
    OtherStatement,
}

/// The phases of a run as they are done.
pub struct Phases<'a> {
    progress: &'a mut dyn FnMut(Event<'_>),
    /// What each cost; one that comes again adds to what it cost before.
    pub done: Vec<(Phase, Cost)>,
}

impl<'a> Phases<'a> {
    /// Nothing is done yet.
    pub fn new(progress: &'a mut dyn FnMut(Event<'_>)) -> Self {
        Self {
            progress,
            done: Vec::new(),
        }
    }

    /// Tells whoever watches.
    pub fn tell(&mut self, event: Event<'_>) {
        (self.progress)(event);
    }

    /// Does what a phase is.
    pub fn run<T, E>(&mut self, phase: Phase, work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        self.watched(phase, |_| work())
    }

    /// Does what a phase is, which tells more than that it begins.
    pub fn watched<T, E>(
        &mut self,
        phase: Phase,
        work: impl FnOnce(&mut dyn FnMut(Event<'_>)) -> Result<T, E>,
    ) -> Result<T, E> {
        (self.progress)(Event::Begun(phase));
        let meter = Meter::start();
        let result = work(self.progress)?;
        let cost = meter.cost();
        (self.progress)(Event::Ended(phase, cost));
        match self.done.iter_mut().find(|(done, _)| *done == phase) {
            Some((_, before)) => *before += cost,
            None => self.done.push((phase, cost)),
        }
        Ok(result)
    }

    /// What an interrupted run left as a proof, if it proves what this run proves.
    pub fn keep<T>(
        &mut self,
        index: usize,
        kept: Option<T>,
        check: impl FnOnce(&T) -> Result<(), ProofError>,
    ) -> Result<Option<T>, ProveError> {
        let Some(kept) = kept else { return Ok(None) };
        let checked = self.run(Phase::Checking, || Ok::<_, ProveError>(check(&kept)))?;
        if let Err(error) = &checked {
            self.tell(Event::Discarded { index, error });
            return Ok(None);
        }
        self.tell(Event::Kept { index });
        Ok(Some(kept))
    }

    /// What some phases cost together.
    pub fn cost(&self, wanted: &[Phase]) -> Cost {
        let mut sum = Cost::default();
        for (phase, cost) in &self.done {
            if wanted.contains(phase) {
                sum += *cost;
            }
        }
        sum
    }
}
