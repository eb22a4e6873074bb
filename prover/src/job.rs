//! A job folder: everything that machines need to prove the shards of a book, and what they proved.
//!
//! | file | what |
//! |---|---|
//! | `statement.json`, `market.json`, `risk.json` | what is proven |
//! | `input-00000.bin` and so on | the accounts of each shard: private ([`ShardInput`]) |
//! | `job.json` | shape, setup, and for each shard what its proof will show and the digest of its input; written last |
//! | `proof-00000.bin`, `free-00000.bin` and so on | finished shards ([`crate::results`]) |
//!
//! A worker sees the accounts of the shards it is given, without names, and the model. It does not
//! see the seed: what stands in other shards, and where, stays hidden from it.

use std::fs;
use std::path::{Path, PathBuf};

use halo2_proofs::halo2curves::bn256::Fr;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use zkmargin_circuits::digest::{market_digest, model_digest};
use zkmargin_circuits::field::{from_hex, to_hex};
use zkmargin_circuits::market::MarketSource;
use zkmargin_circuits::public_inputs::PublicInputs;
use zkmargin_circuits::risk::RiskSource;
use zkmargin_circuits::shape::Shape;
use zkmargin_circuits::statement::{context_digest, Digest, Statement};
use zkmargin_circuits::tree::Tree;
use zkmargin_circuits::witness::Context;
use zkmargin_verifier::setup::Setup;

use crate::error::{io_error, ProveError};
use crate::input::ShardInput;
use crate::kept::pinned_or_kept;
use crate::meter::{peak_rss_bytes, Cost};
use crate::params::Parameters;
use crate::phases::{Event, Phase, Phases};
use crate::shard::{PlannedShard, ShardRoot, Shards};
use crate::shard_prover::{library, ShardProver};
use crate::write::{private_folder, sync_folder, write_private, write_whole};

/// Version of the folder's files.
const VERSION: u32 = 1;

const JOB: &str = "job.json";

/// `job.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct JobFile {
    version: u32,
    shape: String,
    setup: String,
    statement: Digest,
    shards: Vec<JobShard>,
}

/// A shard in `job.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct JobShard {
    root: String,
    counts: String,
    /// SHA-256 of its input.
    input: Digest,
}

/// A job that was read.
#[derive(Debug)]
pub struct Job {
    folder: PathBuf,
    /// The shape.
    pub shape: &'static Shape,
    /// The setup.
    pub setup: Setup,
    /// What all shards' proofs show in common.
    public: PublicInputs,
    shards: Vec<(ShardRoot, Digest)>,
    market: MarketSource,
    risk: RiskSource,
}

fn input_path(folder: &Path, index: usize) -> PathBuf {
    folder.join(format!("input-{index:05}.bin"))
}

/// Writes the job of a statement. What a folder holds of the same job is written again; one that
/// holds anything else is refused.
///
/// # Errors
/// [`ProveError::Io`], and [`ProveError::Exists`].
pub fn write(
    folder: &Path,
    shards: &Shards<'_>,
    setup: Setup,
    statement: &[u8],
    roots: &[ShardRoot],
) -> Result<(), ProveError> {
    let context = Digest(context_digest(statement));
    let begun = fs::read(folder.join("statement.json")).ok();
    if begun.as_deref() != Some(statement) {
        crate::bundle::check_free(folder)?;
    }
    private_folder(folder).map_err(io_error(folder))?;
    let put = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        write_whole(&path, bytes).map_err(io_error(&path))
    };
    put("statement.json", statement)?;
    put("market.json", &shards.snapshot.market_bytes)?;
    put("risk.json", &shards.snapshot.risk_bytes)?;
    let mut of_shards = Vec::with_capacity(roots.len());
    for (index, root) in roots.iter().enumerate() {
        let bytes = shards.input(index)?.to_bytes();
        let path = input_path(folder, index);
        write_private(&path, &bytes).map_err(io_error(&path))?;
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
        statement: context,
        shards: of_shards,
    };
    let bytes = serde_json::to_vec_pretty(&job)
        .map_err(|error| io_error(&folder.join(JOB))(error.into()))?;
    put(JOB, &bytes)?;
    sync_folder(folder).map_err(io_error(folder))
}

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
    for index in indices {
        let public = job.public(index).ok_or(ProveError::NoShard {
            index,
            shards: job.shards(),
        })?;
        phases.tell(Event::Shard {
            index,
            shards: job.shards(),
        });
        let kept = prover.kept(&public, &[&job.folder], &mut phases)?;
        let was_kept = kept.is_some();
        let shard = match kept {
            Some(kept) => kept,
            None => {
                let planned = || job.plan(index);
                let context = job.context();
                prover.prove(&public, planned, &context, &job.folder, &mut phases)?
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

impl Job {
    /// Reads a job, and checks that its files are of one statement.
    ///
    /// # Errors
    /// [`ProveError::Io`] and [`ProveError::Job`].
    pub fn read(folder: &Path) -> Result<Self, ProveError> {
        let damaged = |name: &str, problem: &dyn ToString| ProveError::Job {
            path: folder.join(name),
            problem: problem.to_string(),
        };
        let read = |name: &str| {
            let path = folder.join(name);
            fs::read(&path).map_err(io_error(&path))
        };
        let job: JobFile =
            serde_json::from_slice(&read(JOB)?).map_err(|error| damaged(JOB, &error))?;
        if job.version != VERSION {
            return Err(damaged(JOB, &format!("it is of version {}", job.version)));
        }
        let shape = Shape::by_name(&job.shape).ok_or_else(|| damaged(JOB, &"no such shape"))?;
        let setup = Setup::parse(&job.setup).ok_or_else(|| damaged(JOB, &"no such setup"))?;
        let bytes = read("statement.json")?;
        let statement = Statement::parse_canonical(&bytes)
            .map_err(|error| damaged("statement.json", &error))?;
        let context = context_digest(&bytes);
        if Digest(context) != job.statement {
            return Err(damaged("statement.json", &"it is not the job's"));
        }
        let market = MarketSource::parse("market.json", &read("market.json")?)?;
        let risk = RiskSource::parse("risk.json", &read("risk.json")?, &market)?;
        let element = |text: &str| from_hex(text).ok_or_else(|| damaged(JOB, &"no element"));
        let shards = job
            .shards
            .into_iter()
            .map(|shard| {
                let root = ShardRoot {
                    root: element(&shard.root)?,
                    counts: element(&shard.counts)?,
                };
                Ok((root, shard.input))
            })
            .collect::<Result<Vec<_>, ProveError>>()?;
        let public = PublicInputs {
            context,
            shard: 0,
            shards: shards.len() as u64,
            market: market_digest(shape, &market.market)?,
            model: model_digest(shape, &risk.model, &market.market)?,
            root: Fr::default(),
            counts: Fr::default(),
        };
        let over = |each: fn(&ShardRoot) -> Fr| {
            to_hex(&Tree::over_shards(shards.iter().map(|(root, _)| each(root)).collect()).root())
        };
        for (name, found, stated) in [
            ("market.json", to_hex(&public.market), statement.market),
            ("risk.json", to_hex(&public.model), statement.risk_model),
            (JOB, over(|shard| shard.root), statement.accounts_root),
            (JOB, over(|shard| shard.counts), statement.counts_digest),
        ] {
            if found != stated.to_string() {
                return Err(damaged(name, &"it is not what the statement is of"));
            }
        }
        Ok(Self {
            folder: folder.to_owned(),
            shape,
            setup,
            public,
            shards,
            market,
            risk,
        })
    }

    /// Number of shards.
    pub fn shards(&self) -> usize {
        self.shards.len()
    }

    /// What the proof of a shard shows; none where the job has no such shard.
    pub fn public(&self, index: usize) -> Option<PublicInputs> {
        self.shards.get(index).map(|(root, _)| PublicInputs {
            shard: index as u64,
            root: root.root,
            counts: root.counts,
            ..self.public
        })
    }

    /// Market and model.
    pub fn context(&self) -> Context<'_> {
        Context {
            market: &self.market.market,
            risk: &self.risk.model,
        }
    }

    /// Reads the input of a shard and lays it out.
    ///
    /// # Errors
    /// [`ProveError::Io`], and [`ProveError::Job`] when it is not what the job says.
    pub fn plan(&self, index: usize) -> Result<PlannedShard, ProveError> {
        let path = input_path(&self.folder, index);
        let damaged = |problem: String| ProveError::Job {
            path: path.clone(),
            problem,
        };
        let bytes = fs::read(&path).map_err(io_error(&path))?;
        let (root, digest) = self
            .shards
            .get(index)
            .ok_or_else(|| damaged(format!("the job has {} shards", self.shards.len())))?;
        if Digest(Sha256::digest(&bytes).into()) != *digest {
            return Err(damaged(
                "it is not the input that the job was made with".to_owned(),
            ));
        }
        let input = ShardInput::from_bytes(&bytes).map_err(damaged)?;
        let planned = PlannedShard::new(&self.context(), self.shape, &input)?;
        if planned.windows() != self.shape.capacity() || planned.root(self.shape) != *root {
            return Err(damaged("it does not hash to the shard's root".to_owned()));
        }
        Ok(planned)
    }
}
