//! The shards of a job, proven one after the other.

use std::path::Path;

use super::Job;
use crate::error::ProveError;
use crate::kept::pinned_or_kept;
use crate::meter::{peak_rss_bytes, Cost};
use crate::params::Parameters;
use crate::phases::{Event, Phase, Phases};
use crate::shard_prover::{library, ShardProver};

/// Proves shards of a job, those whose proofs are not there already. `each` is told of every one.
///
/// # Errors
/// See [`ProveError`]; the shards before the one that fails are kept.
pub fn prove_shards(
    job: &Job,
    indices: impl IntoIterator<Item = usize>,
    params: &Parameters,
    keys: Option<&Path>,
    progress: &mut dyn FnMut(Event<'_>),
    each: &mut dyn FnMut(usize, &ShardReport),
) -> Result<(), ProveError> {
    let shape = job.shape;
    if params.setup() != job.setup {
        return Err(ProveError::OtherSetup {
            job: job.setup.to_string(),
            found: params.setup().to_string(),
        });
    }
    if params.k() < shape.k {
        return Err(ProveError::SmallParameters {
            shape: shape.name,
            needs: shape.k,
            has: params.k(),
        });
    }
    let mut phases = Phases::new(progress);
    let (params, verifying) = phases.run(Phase::Keys, || -> Result<_, ProveError> {
        let params = params.downsize(shape.k)?;
        let verifying = pinned_or_kept(shape, &params, keys).map_err(library)?;
        Ok((params, verifying))
    })?;
    let mut prover = ShardProver::new(shape, &params, &verifying)?;
    let results = job.results();
    for index in indices {
        let public = job.public(index).ok_or(ProveError::NoShard {
            index,
            shards: job.shards(),
        })?;
        phases.tell(Event::Shard {
            index,
            shards: job.shards(),
        });
        let kept = prover.kept(&public, &[&results], &mut phases)?;
        let was_kept = kept.is_some();
        let shard = match kept {
            Some(kept) => kept,
            None => {
                let planned = || job.plan(index);
                let context = job.context();
                prover.prove(&public, planned, &context, &results, &mut phases)?
            }
        };
        let report = ShardReport {
            kept: was_kept,
            proof_bytes: shard.file.len(),
            proving: phases.cost(&[Phase::Witness, Phase::Proving]),
            keygen: phases.cost(&[Phase::Keys, Phase::ProvingKey]),
            peak_rss_bytes: peak_rss_bytes(),
        };
        phases.done.clear();
        each(index, &report);
    }
    Ok(())
}

/// What proving a shard of a job took.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ShardReport {
    /// Whether its proof was there already.
    pub kept: bool,
    /// Bytes of its file.
    pub proof_bytes: usize,
    /// Witness and proof.
    pub proving: Cost,
    /// Keys.
    pub keygen: Cost,
    /// Greatest resident memory.
    pub peak_rss_bytes: u64,
}
