//! The files of a job, by name.

use serde::{Deserialize, Serialize};
use zkmargin_circuits::statement::Digest;

use crate::error::ProveError;
use crate::seal::{AssemblerKey, Identities, OpenError};
use crate::store::Store;

/// Version of a job's files.
pub(super) const VERSION: u32 = 2;

pub(super) const JOB: &str = "job.json";
pub(super) const STATEMENT: &str = "statement.json";
pub(super) const MARKET: &str = "market.json";
pub(super) const RISK: &str = "risk.json";

/// `job.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct JobFile {
    pub(super) version: u32,
    pub(super) shape: String,
    pub(super) setup: String,
    pub(super) statement: Digest,
    /// Whom free rows are encrypted for; none where the job is in the plain.
    pub(super) assembler: Option<String>,
    pub(super) shards: Vec<JobShard>,
}

/// A shard in `job.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct JobShard {
    pub(super) root: String,
    pub(super) counts: String,
    /// SHA-256 of its input.
    pub(super) input: Digest,
}

pub(super) fn input_name(index: usize) -> String {
    format!("input-{index:05}.bin")
}

/// The name of an encrypted file.
pub(super) fn sealed_name(name: &str) -> String {
    format!("{name}.age")
}

/// An input with the line that names who assembles.
pub(super) fn with_assembler(assembler: &AssemblerKey, input: &[u8]) -> Vec<u8> {
    [format!("{assembler}\n").as_bytes(), input].concat()
}

pub(super) fn damaged(store: &Store, name: &str, problem: &dyn ToString) -> ProveError {
    ProveError::Job {
        place: store.place(name),
        problem: problem.to_string(),
    }
}

impl JobFile {
    pub(super) fn read(store: &Store) -> Result<Self, ProveError> {
        let job: Self = serde_json::from_slice(&store.read(JOB)?)
            .map_err(|error| damaged(store, JOB, &error))?;
        if job.version != VERSION {
            let problem = format!("it is of version {}", job.version);
            return Err(damaged(store, JOB, &problem));
        }
        Ok(job)
    }

    pub(super) fn assembler(&self, store: &Store) -> Result<Option<AssemblerKey>, ProveError> {
        let key = self.assembler.as_deref().map(AssemblerKey::parse);
        key.map(|key| key.ok_or_else(|| damaged(store, JOB, &"its assembler is no key of age")))
            .transpose()
    }
}

/// Decrypts a file of a job.
pub(super) fn read_sealed(
    store: &Store,
    name: &str,
    identities: &Identities,
) -> Result<Vec<u8>, ProveError> {
    let name = sealed_name(name);
    identities
        .open(&store.read(&name)?)
        .map_err(|error| match error {
            OpenError::Others => ProveError::OtherIdentity(store.place(&name)),
            OpenError::Damaged(problem) => {
                let problem = format!("it is not what was encrypted ({problem})");
                damaged(store, &name, &problem)
            }
        })
}
