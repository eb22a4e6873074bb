//! A job: everything that machines need to prove the shards of a book, and what they proved. It is in
//! a folder or an object store ([`crate::store`]).
//!
//! | file | what |
//! |---|---|
//! | `statement.json`, `market.json` | what is proven: published with the bundle |
//! | `risk.json` | the model |
//! | `input-00000.bin` and so on | the accounts of each shard: private ([`ShardInput`]) |
//! | `job.json` | shape, setup, who assembles, and for each shard what its proof will show and the digest of its input; written last |
//! | `proof-00000.bin`, `free-00000.bin` and so on | finished shards ([`crate::results`]) |
//!
//! A worker sees the accounts of the shards it is given, without names, and the model. It does not
//! see the seed: what stands in other shards, and where, stays hidden from it.
//!
//! In an encrypted job model and inputs are `risk.json.age` and `input-00000.bin.age`, for the job's
//! recipients ([`crate::seal`]). An input begins with a line that names whom the free rows are for:
//! who can write to the store, but not read the input, cannot name another. The digest of an input
//! is that of its plaintext without the line. It gives nothing away: an input holds a random salt of 31
//! bytes for the counts and for every slot, so nobody can try which one has the digest.

mod files;
mod prove;
mod write;

use std::path::Path;

use halo2_proofs::halo2curves::bn256::Fr;
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

use crate::error::ProveError;
use crate::input::ShardInput;
use crate::results::{Eyes, Results};
use crate::seal::{Assembler, AssemblerKey, Identities};
use crate::shard::{PlannedShard, ShardRoot};
use crate::store::Store;

use files::{
    damaged, input_name, read_sealed, sealed_name, with_assembler, JobFile, JOB, MARKET, RISK,
    STATEMENT,
};

pub use prove::{prove_shards, ShardReport};
pub use write::{write, Seal};

/// A job that was read.
#[derive(Debug)]
pub struct Job {
    store: Store,
    /// The shape.
    pub shape: &'static Shape,
    /// The setup.
    pub setup: Setup,
    /// What all shards' proofs show in common.
    public: PublicInputs,
    shards: Vec<(ShardRoot, Digest)>,
    market: MarketSource,
    risk: RiskSource,
    sealed: Option<Sealed>,
}

/// What a worker needs for an encrypted job.
#[derive(Debug)]
struct Sealed {
    identities: Identities,
    assembler: AssemblerKey,
}

/// The finished shards of a job, for who planned it and has its work folder.
///
/// # Errors
/// [`ProveError::NoPlan`] when the folder is not that of the plan, [`ProveError::Job`], and what a
/// store fails with.
pub fn results<'a>(store: &'a Store, work: &Path) -> Result<Results<'a>, ProveError> {
    let eyes = match JobFile::read(store)?.assembler(store)? {
        None => Eyes::Anyone,
        Some(key) => {
            let kept = Assembler::kept(work)?;
            let own = kept.filter(|kept| kept.recipient() == key);
            Eyes::Own(own.ok_or_else(|| ProveError::NoPlan {
                job: store.to_string(),
                work: work.to_owned(),
            })?)
        }
    };
    Ok(Results::new(store, eyes))
}

impl Job {
    /// Reads a job, and checks that its files are of one statement. An encrypted one takes the keys of
    /// a recipient, for one in the plain they are not used.
    ///
    /// # Errors
    /// [`ProveError::Io`], [`ProveError::Store`], [`ProveError::Job`], [`ProveError::NoIdentity`] and
    /// [`ProveError::OtherIdentity`].
    pub fn read(store: Store, identities: Option<Identities>) -> Result<Self, ProveError> {
        let damaged = |name: &str, problem: &dyn ToString| damaged(&store, name, problem);
        let job = JobFile::read(&store)?;
        let sealed = match (job.assembler(&store)?, identities) {
            (None, _) => None,
            (Some(assembler), Some(identities)) => Some(Sealed {
                identities,
                assembler,
            }),
            (Some(_), None) => return Err(ProveError::NoIdentity(store.to_string())),
        };
        let shape = Shape::by_name(&job.shape).ok_or_else(|| damaged(JOB, &"no such shape"))?;
        let setup = Setup::parse(&job.setup).ok_or_else(|| damaged(JOB, &"no such setup"))?;
        let bytes = store.read(STATEMENT)?;
        let statement =
            Statement::parse_canonical(&bytes).map_err(|error| damaged(STATEMENT, &error))?;
        let context = context_digest(&bytes);
        if Digest(context) != job.statement {
            return Err(damaged(STATEMENT, &"it is not the job's"));
        }
        let market = MarketSource::parse(MARKET, &store.read(MARKET)?)?;
        let risk = match &sealed {
            None => store.read(RISK)?,
            Some(sealed) => read_sealed(&store, RISK, &sealed.identities)?,
        };
        let risk = RiskSource::parse(RISK, &risk, &market)?;
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
            (MARKET, to_hex(&public.market), statement.market),
            (RISK, to_hex(&public.model), statement.risk_model),
            (JOB, over(|shard| shard.root), statement.accounts_root),
            (JOB, over(|shard| shard.counts), statement.counts_digest),
        ] {
            if found != stated.to_string() {
                return Err(damaged(name, &"it is not what the statement is of"));
            }
        }
        Ok(Self {
            store,
            shape,
            setup,
            public,
            shards,
            market,
            risk,
            sealed,
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

    /// Its finished shards, for a worker.
    pub fn results(&self) -> Results<'_> {
        let eyes = match &self.sealed {
            None => Eyes::Anyone,
            Some(sealed) => Eyes::Others(sealed.assembler.clone()),
        };
        Results::new(&self.store, eyes)
    }

    /// Reads the input of a shard and lays it out.
    ///
    /// # Errors
    /// What a store fails with, [`ProveError::OtherIdentity`], and [`ProveError::Job`] when it is not
    /// what the job says.
    pub fn plan(&self, index: usize) -> Result<PlannedShard, ProveError> {
        let name = input_name(index);
        let place = match &self.sealed {
            None => name.clone(),
            Some(_) => sealed_name(&name),
        };
        let damaged = |problem: String| damaged(&self.store, &place, &problem);
        let bytes = match &self.sealed {
            None => self.store.read(&name)?,
            Some(sealed) => self.opened(&name, sealed)?,
        };
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

    /// An encrypted input, which names who assembles as the job does.
    fn opened(&self, name: &str, sealed: &Sealed) -> Result<Vec<u8>, ProveError> {
        let mut bytes = read_sealed(&self.store, name, &sealed.identities)?;
        let line = with_assembler(&sealed.assembler, &[]);
        if !bytes.starts_with(&line) {
            let problem = "its assembler is not the one that the input was encrypted with; somebody may want to read the free rows";
            return Err(damaged(&self.store, JOB, &problem));
        }
        bytes.drain(..line.len());
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests;
