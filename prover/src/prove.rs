//! A snapshot folder in, a bundle and its inclusion records out.

use std::path::PathBuf;

use ff::Field;
use halo2_proofs::halo2curves::bn256::{Fr, G1Affine};
use halo2_proofs::plonk::VerifyingKey;
use rand::rngs::OsRng;

use zkmargin_circuits::digest::{market_digest, model_digest};
use zkmargin_circuits::field::to_hex;
use zkmargin_circuits::public_inputs::PublicInputs;
use zkmargin_circuits::shape::{Shape, SHAPES};
use zkmargin_circuits::statement::{
    context_digest, CircuitId, Counts, Digest, InputDigests, ProofFields, Statement,
};
use zkmargin_circuits::totals_column::cells;
use zkmargin_circuits::tree::Tree;
use zkmargin_verifier::key::key_digest;
use zkmargin_verifier::plonk::ProofVerifier;
use zkmargin_verifier::proof::ProofError;
use zkmargin_verifier::setup::Setup;
use zkmargin_verifier::shard::ShardFile;
use zkmargin_verifier::totals::claim;

use crate::audit::{self, Secret};
use crate::bundle::{self, BundleFiles};
use crate::engine::proof::Step;
use crate::error::ProveError;
use crate::evaluate::{evaluate, Evaluated};
use crate::kept::pinned_or_kept;
use crate::key::{proving_key, ProvingKey};
use crate::memory;
use crate::meter::{peak_rss_bytes, Cost};
use crate::params::Parameters;
use crate::phases::{Event, Phase, Phases, Plan};
use crate::placement::{Places, Seed};
use crate::records;
use crate::shard::{self, ShardRoot, Shards};
use crate::sign::SigningKey;
use crate::snapshot::LoadedSnapshot;
use crate::totals::{open, FreeRows};
use crate::work::{Job, KeptShard, WorkFolder};

/// How to prove.
#[derive(Debug, Clone)]
pub struct ProveOptions {
    /// The shape; the smallest that fits if none is named.
    pub shape: Option<&'static Shape>,
    /// Where salts and places come from; the operating system if nothing is given.
    pub seed: Option<[u8; 32]>,
    /// Whether the numbers of accounts and pools are published.
    pub publish_counts: bool,
    /// Folder that verifying keys are kept in, where none is pinned.
    pub keys: Option<PathBuf>,
    /// Folder of the bundle.
    pub out: PathBuf,
    /// Folder of the inclusion records.
    pub records: PathBuf,
    /// Whether an interrupted run is discarded and not gone on with.
    pub restart: bool,
    /// The key that signs the statement, if it is signed.
    pub sign: Option<SigningKey>,
    /// File that keeps what opens the bundle to an auditor, if it is kept.
    pub audit: Option<PathBuf>,
    /// Bytes of memory there are: a shape that clearly takes more is refused. None refuses nothing.
    pub memory: Option<u64>,
}

/// What was proven and what it cost.
#[derive(Debug, Clone)]
pub struct ProveReport {
    /// The statement.
    pub statement: Statement,
    /// Accounts of the book.
    pub accounts: usize,
    /// Proofs of the bundle.
    pub shards: usize,
    /// Proofs of an interrupted run among them.
    pub kept: usize,
    /// Witness and proof, in this run.
    pub proving: Cost,
    /// Keys.
    pub keygen: Cost,
    /// Greatest resident memory.
    pub peak_rss_bytes: u64,
    /// Bytes of the proofs.
    pub proof_bytes: usize,
    /// Each phase, in order.
    pub phases: Vec<(Phase, Cost)>,
}

/// Proves a snapshot: every account, and the book as a whole.
///
/// The bundle folder appears whole or not at all, after the records it needs; nothing is overwritten.
/// What an interrupted run finished is kept in a [`WorkFolder`], and gone on with.
///
/// # Errors
/// See [`ProveError`]; nothing is written then but the work folder.
pub fn prove(
    snapshot: &LoadedSnapshot,
    params: &Parameters,
    options: &ProveOptions,
    progress: &mut dyn FnMut(Event<'_>),
) -> Result<ProveReport, ProveError> {
    let work = open_work(options)?;
    let mut phases = Phases::new(progress);

    let evaluated = phases.run(Phase::Evaluating, || {
        evaluate(snapshot, options.shape, params.k(), options.memory)
    })?;
    let shape = evaluated.shape;
    let begun = match options.restart {
        true => None,
        false => work.job()?,
    };
    let resumes = begun.is_some();
    let (seed, job) = job(&work, begun, snapshot, options, shape, params.setup())?;
    let seed = Seed::chosen(seed, snapshot.header.epoch);
    let places = Places::new(&evaluated.lengths, shape.capacity(), &seed);
    let shards = Shards {
        snapshot,
        shape,
        seed: &seed,
        places: &places,
    };
    let plan = Plan {
        shape,
        setup: params.setup(),
        accounts: snapshot.book.accounts.len(),
        windows: evaluated.windows(),
        shards: shards.count(),
        memory: memory::needed(shape),
        resumes,
    };
    phases.tell(Event::Planned(&plan));
    check_memory(snapshot, params, options, &plan)?;
    if options.publish_counts && plan.shards > 1 {
        return Err(ProveError::Counts {
            shape: shape.name,
            shards: plan.shards,
        });
    }
    if let Some(job) = job {
        if let Some(earlier) = work.context()? {
            records::discard(&options.records, earlier)?;
        }
        work.begin(&job, seed.bytes())?;
    }

    let (params, verifying) = phases.run(Phase::Keys, || -> Result<_, ProveError> {
        let params = params.downsize(shape.k)?;
        let verifying = pinned_or_kept(shape, &params, options.keys.as_deref()).map_err(library)?;
        Ok((params, verifying))
    })?;
    let (roots, digests) = phases.run(Phase::Hashing, || -> Result<_, ProveError> {
        let digests = Digests::new(snapshot, shape)?;
        Ok((shards.roots()?, digests))
    })?;
    let circuit = CircuitId {
        shape: shape.name.to_owned(),
        key: Digest(key_digest(shape, &verifying)),
    };
    let top = Tree::over_shards(roots.iter().map(|shard| shard.root).collect());
    let statement = statement(
        &shards, &params, circuit, &evaluated, &digests, &roots, options,
    );
    let statement_bytes = statement.to_bytes();
    let context = context_digest(&statement_bytes);
    if let Some(earlier) = work.context()?.filter(|earlier| *earlier != context) {
        phases.tell(Event::OtherStatement);
        records::discard(&options.records, earlier)?;
    }
    records::check_free(&options.records, Some(context))?;
    let secret = options
        .audit
        .as_deref()
        .map(|path| (path, Secret::new(context, &seed)));
    if let Some((path, secret)) = &secret {
        secret.check_free(path)?;
    }
    work.keep_statement(&statement_bytes)?;

    let verifier = ProofVerifier::new(&verifying, params.tau_g2()).map_err(self_check)?;
    let mut proofs = Proofs {
        shards: &shards,
        params: &params,
        verifying: &verifying,
        verifier: &verifier,
        proving: None,
        public: PublicInputs {
            context,
            shard: 0,
            shards: plan.shards as u64,
            market: digests.market,
            model: digests.model,
            root: Fr::ZERO,
            counts: Fr::ZERO,
        },
        work: &work,
        kept: 0,
    };
    let mut files = Vec::with_capacity(plan.shards);
    let mut commitments = Vec::with_capacity(plan.shards);
    let mut free = FreeRows::zero();
    for (index, root) in roots.iter().enumerate() {
        let shard = proofs.of_shard(index, root, &mut phases)?;
        free.add(&shard.free);
        commitments.extend(shard.commitment);
        files.push(shard.file);
    }
    let kept = proofs.kept;
    drop(proofs);
    let totals = phases.run(Phase::Totals, || {
        let totals = cells(shape, &snapshot.market.market, &evaluated.totals);
        let opening = open(shape, &params, &context, &commitments, &totals, &free);
        let claim = claim(shape, &context, &commitments, &totals, &opening)
            .ok_or_else(|| self_check(ProofError::False))?;
        verifier.settle(&[claim]).map_err(self_check)?;
        Ok::<_, ProveError>(opening.to_bytes())
    })?;
    phases.run(Phase::Writing, || -> Result<_, ProveError> {
        if let Some((path, secret)) = &secret {
            secret.keep(path)?;
        }
        let signature = options.sign.as_ref().map(|key| key.sign(&Digest(context)));
        let signature = signature.as_ref();
        records::write_all(&shards, &top, context, signature, &options.records)?;
        let private = snapshot.risk.model.salt.is_some();
        let files = BundleFiles {
            statement: &statement_bytes,
            market: &snapshot.market_bytes,
            risk: (!private).then_some(snapshot.risk_bytes.as_slice()),
            totals: &totals,
            proofs: &files,
            signature,
        };
        bundle::write(&files, &work.bundle(), &options.out)?;
        work.finish()
    })?;

    Ok(ProveReport {
        accounts: plan.accounts,
        shards: plan.shards,
        kept,
        proving: phases.cost(&[
            Phase::Evaluating,
            Phase::Hashing,
            Phase::Witness,
            Phase::Proving,
            Phase::Totals,
        ]),
        keygen: phases.cost(&[Phase::Keys, Phase::ProvingKey]),
        peak_rss_bytes: peak_rss_bytes(),
        proof_bytes: files.iter().map(Vec::len).sum(),
        statement,
        phases: phases.done,
    })
}

fn library(error: halo2_proofs::plonk::Error) -> ProveError {
    ProveError::Library(error.to_string())
}

fn self_check(error: ProofError) -> ProveError {
    ProveError::SelfCheck(error.to_string())
}

/// The proofs of all shards, one after the other.
struct Proofs<'a> {
    shards: &'a Shards<'a>,
    params: &'a Parameters,
    verifying: &'a VerifyingKey<G1Affine>,
    verifier: &'a ProofVerifier<'a>,
    /// Made when the first proof is.
    proving: Option<ProvingKey>,
    /// What all shards have in common.
    public: PublicInputs,
    work: &'a WorkFolder,
    /// Proofs of an interrupted run that were kept.
    kept: usize,
}

/// A shard that is proven.
struct ProvenShard {
    file: Vec<u8>,
    /// The free rows of its totals column.
    free: FreeRows,
    /// The commitment to that column.
    commitment: Option<G1Affine>,
}

impl Proofs<'_> {
    /// A shard with its proof: that of an interrupted run, or a new one.
    fn of_shard(
        &mut self,
        index: usize,
        root: &ShardRoot,
        phases: &mut Phases<'_>,
    ) -> Result<ProvenShard, ProveError> {
        let shards = self.shards.count();
        phases.tell(Event::Shard { index, shards });
        let public = PublicInputs {
            shard: index as u64,
            root: root.root,
            counts: root.counts,
            ..self.public
        };
        let instance = public.column();
        let shape = self.shards.shape;
        let mut commitment = None;
        let mut check = |proof: &[u8]| {
            let claim = self.verifier.read(&instance, proof)?;
            commitment = claim.first_column();
            self.verifier.settle(&[claim])
        };
        let kept = phases.keep(index, self.work.shard(index)?, |kept| {
            let file = ShardFile::parse(&kept.file)?;
            if kept.free.is_none() {
                return Err(ProofError::Encoding("its free rows are missing".to_owned()));
            }
            if (file.root, file.counts) != (root.root, root.counts) {
                return Err(ProofError::False);
            }
            check(file.proof)
        })?;
        if let Some(KeptShard {
            file,
            free: Some(free),
        }) = kept
        {
            self.kept += 1;
            return Ok(ProvenShard {
                file,
                free,
                commitment,
            });
        }
        let proving = match self.proving.take() {
            Some(key) => key,
            None => phases.run(Phase::ProvingKey, || {
                proving_key(shape, self.params, Some(self.verifying.clone())).map_err(library)
            })?,
        };
        let witness = phases.run(Phase::Witness, || {
            self.shards
                .plan(index)?
                .witness(self.shards.snapshot, shape)
        })?;
        let free = FreeRows::draw(&mut OsRng);
        let proof = phases.watched(Phase::Proving, |progress| {
            let mut begun = None;
            shard::create(&proving, witness, &free, &instance, &mut |Step(part, _)| {
                if begun.replace(part) != Some(part) {
                    progress(Event::Part(part));
                }
            })
        })?;
        self.proving = Some(proving);
        phases.run(Phase::Checking, || check(&proof).map_err(self_check))?;
        let file = ShardFile {
            root: root.root,
            counts: root.counts,
            proof: &proof,
        }
        .to_bytes();
        self.work.keep_shard(index, &file, &free)?;
        Ok(ProvenShard {
            file,
            free,
            commitment,
        })
    }
}

/// Takes the work folder, if the places of bundle and records are free.
fn open_work(options: &ProveOptions) -> Result<WorkFolder, ProveError> {
    let (out, folder) = (&options.out, &options.records);
    if out.starts_with(folder) || folder.starts_with(out) {
        return Err(ProveError::Nested(out.clone(), folder.clone()));
    }
    if let Some(secret) = &options.audit {
        audit::check_apart(secret, out, folder)?;
    }
    if let Err(taken) = bundle::check_free(out) {
        WorkFolder::tidy(out);
        return Err(taken);
    }
    let work = WorkFolder::open(out)?;
    // Another run may have ended in between.
    bundle::check_free(out)?;
    let own = match options.restart {
        true => None,
        false => work.context()?,
    };
    records::check_free(folder, own)?;
    Ok(work)
}

/// The seed, and the job of a run that begins; one that was begun goes on with its own.
fn job(
    work: &WorkFolder,
    begun: Option<Job>,
    snapshot: &LoadedSnapshot,
    options: &ProveOptions,
    shape: &Shape,
    setup: Setup,
) -> Result<([u8; 32], Option<Job>), ProveError> {
    let seed = options.seed.unwrap_or_else(Seed::draw);
    let (setup, counts) = (setup.to_string(), options.publish_counts);
    let job = Job::new(snapshot, shape.name, setup, counts, &seed)?;
    match begun {
        Some(begun) => {
            let seed = work.resume(&begun, &job, options.seed.is_some())?;
            Ok((seed, None))
        }
        None => Ok((seed, Some(job))),
    }
}

/// Refuses what clearly takes more memory than there is.
fn check_memory(
    snapshot: &LoadedSnapshot,
    params: &Parameters,
    options: &ProveOptions,
    plan: &Plan,
) -> Result<(), ProveError> {
    let Some(available) = options.memory else {
        return Ok(());
    };
    if !memory::is_short(plan.memory, available) {
        return Ok(());
    }
    let smaller = SHAPES
        .iter()
        .map(|shape| (memory::needed(shape), shape))
        .filter(|(needed, _)| *needed < plan.memory && !memory::is_short(*needed, available))
        .filter(|(_, shape)| evaluate(snapshot, Some(shape), params.k(), None).is_ok())
        .min_by_key(|(needed, _)| *needed);
    let remedy = match smaller {
        Some((needed, shape)) => format!(
            "use --shape {}, which holds this book in {}, or go ahead with --ignore-memory",
            shape.name,
            memory::shown(needed)
        ),
        None => "no smaller shape holds this book: free memory or use a larger machine, \
                 or go ahead with --ignore-memory"
            .to_owned(),
    };
    Err(ProveError::Memory {
        shape: plan.shape.name,
        needed: plan.memory,
        available,
        remedy,
    })
}

/// Digests of market and model.
struct Digests {
    market: Fr,
    model: Fr,
}

impl Digests {
    fn new(snapshot: &LoadedSnapshot, shape: &Shape) -> Result<Self, ProveError> {
        let market = &snapshot.market.market;
        Ok(Self {
            market: market_digest(shape, market)?,
            model: model_digest(shape, &snapshot.risk.model, market)?,
        })
    }
}

fn statement(
    shards: &Shards<'_>,
    params: &Parameters,
    circuit: CircuitId,
    evaluated: &Evaluated,
    digests: &Digests,
    roots: &[ShardRoot],
    options: &ProveOptions,
) -> Statement {
    let digest = |value: &Fr| Digest::from_hex(&to_hex(value)).unwrap_or_default();
    let over = |each: fn(&ShardRoot) -> Fr| {
        digest(&Tree::over_shards(roots.iter().map(each).collect()).root())
    };
    // Of a book of one shard only.
    let counts = options.publish_counts.then(|| Counts {
        accounts: evaluated.totals.accounts,
        pools: evaluated.totals.pools,
        salt: digest(&shards.seed.counts_salt(0)),
    });
    let proof = ProofFields {
        circuit,
        setup: params.setup().to_string(),
        accounts_root: over(|shard| shard.root),
        capacity: (shards.count() * shards.shape.capacity()) as u64,
        counts,
        counts_digest: over(|shard| shard.counts),
    };
    let digests = InputDigests {
        market: digest(&digests.market),
        risk_model: digest(&digests.model),
    };
    Statement::from_totals(
        &shards.snapshot.header,
        proof,
        digests,
        &evaluated.totals,
        &shards.snapshot.market,
    )
}
