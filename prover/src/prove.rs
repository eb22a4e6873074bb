//! A snapshot folder in, a bundle and its inclusion records out.

use std::path::PathBuf;

use ff::Field;
use halo2_proofs::halo2curves::bn256::{Fr, G1Affine};
use zeroize::Zeroizing;
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
use zkmargin_verifier::proof::ProofError;
use zkmargin_verifier::setup::Setup;
use zkmargin_verifier::totals::claim;

use crate::audit::{self, Secret};
use crate::bundle::{self, BundleFiles};
use crate::error::ProveError;
use crate::evaluate::{evaluate, Evaluated};
use crate::job;
use crate::kept::pinned_or_kept;
use crate::memory;
use crate::meter::{peak_rss_bytes, Cost};
use crate::params::Parameters;
use crate::phases::{Event, Phase, Phases, Plan};
use crate::placement::Seed;
use crate::records;
use crate::results::{Eyes, Results};
use crate::seal::{Assembler, Recipients};
use crate::shard::{ShardRoot, Shards};
use crate::shard_prover::{library, self_check, ShardProver};
use crate::sign::SigningKey;
use crate::snapshot::LoadedSnapshot;
use crate::store::Store;
use crate::totals::{open, FreeRows};
use crate::work::{Job, WorkFolder};

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
    run(snapshot, params, options, Goal::Prove, progress)
}

/// What is done when everything is ready for proofs.
#[derive(Debug, Clone, Copy)]
pub enum Goal<'a> {
    /// All shards are proven, and the bundle is made.
    Prove,
    /// A job is written, from which machines can prove the shards ([`crate::job`]); its private files
    /// are encrypted where there are recipients. The work folder stays, for [`Goal::Assemble`].
    Plan(&'a Store, Option<&'a Recipients>),
    /// The bundle is made from the shards of a job that were proven. [`ProveError::Missing`] names
    /// those that are to be proven still.
    Assemble(&'a Store),
}

/// [`prove`], or a part of it.
///
/// # Errors
/// See [`ProveError`]; nothing is written then but the work folder.
pub fn run(
    snapshot: &LoadedSnapshot,
    params: &Parameters,
    options: &ProveOptions,
    goal: Goal<'_>,
    progress: &mut dyn FnMut(Event<'_>),
) -> Result<ProveReport, ProveError> {
    let job = match goal {
        Goal::Prove => None,
        Goal::Plan(job, _) | Goal::Assemble(job) => Some(job),
    };
    if let (Some(secret), Some(Store::Folder(job))) = (&options.audit, job) {
        // Workers see the job's folder.
        audit::check_apart(secret, job, &options.records)?;
    }
    let work = open_work(options)?;
    let mut phases = Phases::new(progress);

    let begun = match options.restart {
        true => None,
        false => work.job()?,
    };
    // A run that was begun goes on in its own shape, whatever memory there is by now.
    let own = begun.as_ref().and_then(Job::shape);
    let evaluated = phases.run(Phase::Evaluating, || {
        let choose = |shape| evaluate(snapshot, shape, params.k(), options.memory);
        match (options.shape, own) {
            (None, Some(own)) => choose(Some(own)).or_else(|_| choose(None)),
            (asked, _) => choose(asked),
        }
    })?;
    let shape = evaluated.shape;
    if let (Goal::Assemble(job), None) = (goal, &begun) {
        return Err(ProveError::NoPlan {
            job: job.to_string(),
            work: work.path().to_owned(),
        });
    }
    let resumes = begun.is_some();
    let (seed, fresh) = seed_and_job(&work, begun, snapshot, options, shape, params.setup())?;
    let seed = Seed::chosen(*seed, snapshot.header.epoch);
    let places = evaluated.places(&seed);
    let shards = Shards::new(snapshot, &evaluated, &seed, &places);
    let plan = Plan {
        shape,
        setup: params.setup(),
        accounts: snapshot.book.len(),
        windows: evaluated.windows(),
        shards: shards.count(),
        memory: memory::needed(shape),
        resumes,
    };
    phases.tell(Event::Planned(&plan));
    if matches!(goal, Goal::Prove) {
        check_memory(snapshot, params, options, &plan)?;
    }
    if options.publish_counts && plan.shards > 1 {
        return Err(ProveError::Counts {
            shape: shape.name,
            shards: plan.shards,
        });
    }
    if let Some(job) = fresh {
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

    let mut report = ProveReport {
        accounts: plan.accounts,
        shards: plan.shards,
        kept: 0,
        proving: Cost::default(),
        keygen: Cost::default(),
        peak_rss_bytes: 0,
        proof_bytes: 0,
        statement,
        phases: Vec::new(),
    };
    if let Goal::Plan(store, recipients) = goal {
        phases.run(Phase::Writing, || -> Result<_, ProveError> {
            let seal = match recipients {
                None => None,
                Some(recipients) => Some(job::Seal {
                    recipients,
                    assembler: Assembler::kept_or_new(work.path())?.recipient(),
                }),
            };
            let seal = seal.as_ref();
            job::write(store, &shards, plan.setup, &statement_bytes, &roots, seal)
        })?;
    } else {
        let mut prover = ShardProver::new(shape, &params, &verifying)?;
        let own = Store::folder(work.path());
        let source = Source {
            own: Results::new(&own, Eyes::Anyone),
            job: match goal {
                Goal::Assemble(job) => Some(job::results(job, work.path())?),
                _ => None,
            },
        };
        let public = PublicInputs {
            context,
            shard: 0,
            shards: plan.shards as u64,
            market: digests.market,
            model: digests.model,
            root: Fr::ZERO,
            counts: Fr::ZERO,
        };
        let proven = prove_shards(&mut prover, &shards, &roots, &public, &source, &mut phases)?;
        report.kept = proven.kept;
        report.proof_bytes = proven.files.iter().map(Vec::len).sum();
        let totals = phases.run(Phase::Totals, || {
            let totals = cells(shape, &snapshot.market.market, &evaluated.totals);
            let Proven {
                commitments, free, ..
            } = &proven;
            let opening = open(shape, &params, &context, commitments, &totals, free);
            let claim = claim(shape, &context, commitments, &totals, &opening)
                .ok_or_else(|| self_check(ProofError::False))?;
            prover.verifier().settle(&[claim]).map_err(self_check)?;
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
                proofs: &proven.files,
                signature,
            };
            bundle::write(&files, &work.bundle(), &options.out)?;
            work.finish()
        })?;
    }
    report.proving = phases.cost(&[
        Phase::Evaluating,
        Phase::Hashing,
        Phase::Witness,
        Phase::Proving,
        Phase::Totals,
    ]);
    report.keygen = phases.cost(&[Phase::Keys, Phase::ProvingKey]);
    report.peak_rss_bytes = peak_rss_bytes();
    report.phases = phases.done;
    Ok(report)
}

/// The proofs of all shards, and what their totals' opening is made of.
struct Proven {
    files: Vec<Vec<u8>>,
    commitments: Vec<G1Affine>,
    /// The sums of the free rows.
    free: FreeRows,
    /// How many were there already.
    kept: usize,
}

/// Where finished shards are looked for.
struct Source<'a> {
    /// The folder of the run, for which shards that lack are proven.
    own: Results<'a>,
    /// The job that is assembled, of which none is.
    job: Option<Results<'a>>,
}

fn prove_shards(
    prover: &mut ShardProver<'_>,
    shards: &Shards<'_>,
    roots: &[ShardRoot],
    public: &PublicInputs,
    source: &Source<'_>,
    phases: &mut Phases<'_>,
) -> Result<Proven, ProveError> {
    let mut proven = Proven {
        files: Vec::with_capacity(roots.len()),
        commitments: Vec::with_capacity(roots.len()),
        free: FreeRows::zero(),
        kept: 0,
    };
    let mut missing = Vec::new();
    let places: Vec<&Results<'_>> = [&source.own].into_iter().chain(&source.job).collect();
    for (index, root) in roots.iter().enumerate() {
        phases.tell(Event::Shard {
            index,
            shards: shards.count(),
        });
        let public = PublicInputs {
            shard: index as u64,
            root: root.root,
            counts: root.counts,
            ..*public
        };
        let shard = match prover.kept(&public, &places, phases)? {
            Some(kept) => {
                proven.kept += 1;
                kept
            }
            None if source.job.is_none() => {
                let planned = || shards.plan(index);
                prover.prove(&public, planned, &shards.context(), &source.own, phases)?
            }
            None => {
                missing.push(index);
                continue;
            }
        };
        let Some(free) = &shard.free else {
            missing.push(index);
            continue;
        };
        proven.free.add(free);
        proven.commitments.push(shard.commitment);
        proven.files.push(shard.file);
    }
    if !missing.is_empty() {
        return Err(ProveError::Missing { missing });
    }
    Ok(proven)
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
fn seed_and_job(
    work: &WorkFolder,
    begun: Option<Job>,
    snapshot: &LoadedSnapshot,
    options: &ProveOptions,
    shape: &Shape,
    setup: Setup,
) -> Result<(Zeroizing<[u8; 32]>, Option<Job>), ProveError> {
    let seed = options.seed.map_or_else(Seed::draw, Zeroizing::new);
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
        salt: digest(&shards.counts_salt(0)),
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
