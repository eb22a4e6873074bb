//! A job, written.

use sha2::{Digest as _, Sha256};
use zkmargin_circuits::field::to_hex;
use zkmargin_circuits::statement::{context_digest, Digest};
use zkmargin_verifier::setup::Setup;

use super::files::{
    input_name, sealed_name, with_assembler, JobFile, JobShard, JOB, MARKET, RISK, STATEMENT,
    VERSION,
};
use crate::error::ProveError;
use crate::seal::{AssemblerKey, Recipients};
use crate::shard::{ShardRoot, Shards};
use crate::store::{Readers, Store};

/// Who may read what is private in a job.
#[derive(Debug, Clone)]
pub struct Seal<'a> {
    /// Who may read the shards.
    pub recipients: &'a Recipients,
    /// Who may read the free rows that workers draw.
    pub assembler: AssemblerKey,
}

/// Writes the job of a statement, encrypted where it is sealed. What a place holds of the same job is
/// written again; one that holds anything else is refused, also the same job sealed otherwise.
///
/// # Errors
/// [`ProveError::Io`], [`ProveError::Store`], [`ProveError::Recipients`], and [`ProveError::Exists`] or
/// [`ProveError::Taken`].
pub fn write(
    store: &Store,
    shards: &Shards<'_>,
    setup: Setup,
    statement: &[u8],
    roots: &[ShardRoot],
    seal: Option<&Seal<'_>>,
) -> Result<(), ProveError> {
    if let Some(seal) = seal {
        seal.recipients.check(roots.len())?;
    }
    let begun = store.read_if_there(STATEMENT)?;
    if begun.as_deref() != Some(statement) {
        store.check_free()?;
    }
    check_same_seal(store, seal.is_some())?;
    store.make()?;
    store.write(STATEMENT, statement, Readers::Anyone)?;
    store.write(MARKET, &shards.snapshot.market_bytes, Readers::Anyone)?;
    let risk = &shards.snapshot.risk_bytes;
    match seal {
        None => store.write(RISK, risk, Readers::Anyone)?,
        Some(seal) => {
            let sealed = seal.recipients.seal_all(risk)?;
            store.write(&sealed_name(RISK), &sealed, Readers::Anyone)?;
        }
    }
    let mut of_shards = Vec::with_capacity(roots.len());
    for (index, root) in roots.iter().enumerate() {
        let bytes = shards.input(index)?.to_bytes();
        let name = input_name(index);
        match seal {
            None => store.write(&name, &bytes, Readers::Owner)?,
            Some(seal) => {
                let bytes = with_assembler(&seal.assembler, &bytes);
                let sealed = seal.recipients.seal_shard(index, &bytes)?;
                store.write(&sealed_name(&name), &sealed, Readers::Anyone)?;
            }
        }
        of_shards.push(JobShard {
            root: to_hex(&root.root),
            counts: to_hex(&root.counts),
            input: Digest(Sha256::digest(&bytes).into()),
        });
    }
    let job = JobFile {
        version: VERSION,
        shape: shards.shape.name.to_owned(),
        setup: setup.to_string(),
        statement: Digest(context_digest(statement)),
        assembler: seal.map(|seal| seal.assembler.to_string()),
        shards: of_shards,
    };
    let bytes = serde_json::to_vec_pretty(&job).map_err(|error| ProveError::Job {
        place: store.place(JOB),
        problem: error.to_string(),
    })?;
    store.write(JOB, &bytes, Readers::Anyone)?;
    store.sync()
}

/// Refuses a place with files of the job that are sealed where these are not, or the reverse: they
/// would stay beside them.
fn check_same_seal(store: &Store, sealed: bool) -> Result<(), ProveError> {
    for name in [RISK.to_owned(), input_name(0)] {
        let (other, found) = match sealed {
            true => (name, "in the plain"),
            false => (sealed_name(&name), "encrypted"),
        };
        if store.exists(&other)? {
            return Err(ProveError::Recipients(format!(
                "{} is there {found}, from an earlier plan, and would stay; remove the job or choose another place",
                store.place(&other)
            )));
        }
    }
    Ok(())
}
