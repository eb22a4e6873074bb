//! A snapshot folder in, a bundle and its inclusion records out.

use std::path::PathBuf;

use halo2_proofs::halo2curves::bn256::Fr;

use zkmargin_circuits::field::to_hex;
use zkmargin_circuits::shape::{Shape, SHAPES};
use zkmargin_circuits::statement::{
    context_digest, CircuitId, Counts, Digest, InputDigests, ProofFields, Statement,
};
use zkmargin_verifier::key::key_digest;
use zkmargin_verifier::proof::{verify_proof, ProofError};
use zkmargin_verifier::setup::{verifier_params, Setup};

use crate::bundle::{self, BundleFiles};
use crate::engine::proof::{Part, Step};
use crate::error::ProveError;
use crate::kept::pinned_or_kept;
use crate::key::proving_key;
use crate::memory;
use crate::meter::{peak_rss_bytes, Cost, Meter};
use crate::params::Parameters;
use crate::placement::Seed;
use crate::records;
use crate::shard::{self, Evaluated, Phase, Placed};
use crate::snapshot::LoadedSnapshot;
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
    /// Bytes of memory there are: a shape that clearly takes more is refused. None refuses nothing.
    pub memory: Option<u64>,
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event<'a> {
    /// The book is evaluated, and this is what will be done.
    Planned(&'a Plan),
    /// A phase begins.
    Begun(Phase),
    /// A part of the proof begins.
    Part(Part),
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
    let mut phases = Phases {
        progress,
        done: Vec::new(),
    };

    let evaluated = phases.run(Phase::Evaluating, || {
        shard::evaluate(snapshot, options.shape, params.k())
    })?;
    let shape = evaluated.shape;
    let begun = match options.restart {
        true => None,
        false => work.job()?,
    };
    let plan = Plan {
        shape,
        setup: params.setup(),
        accounts: snapshot.book.accounts.len(),
        windows: evaluated.windows,
        shards: 1,
        memory: memory::needed(shape),
        resumes: begun.is_some(),
    };
    (phases.progress)(Event::Planned(&plan));
    check_memory(snapshot, params, options, &plan)?;
    let seed = begin(&work, begun, snapshot, options, &plan)?;
    let seed = Seed::chosen(seed, snapshot.header.epoch);

    let library = |error: halo2_proofs::plonk::Error| ProveError::Library(error.to_string());
    let (params, verifying) = phases.run(Phase::Keys, || -> Result<_, ProveError> {
        let params = params.downsize(shape.k)?;
        let verifying = pinned_or_kept(shape, &params, options.keys.as_deref()).map_err(library)?;
        Ok((params, verifying))
    })?;
    let placed = phases.run(Phase::Witness, || shard::place(snapshot, &evaluated, &seed))?;
    let circuit_id = CircuitId {
        shape: shape.name.to_owned(),
        key: Digest(key_digest(shape, &verifying)),
    };
    let statement = statement(snapshot, &params, circuit_id, &evaluated, &placed, options);
    let statement_bytes = statement.to_bytes();
    let context = context_digest(&statement_bytes);
    if let Some(earlier) = work.context()?.filter(|earlier| *earlier != context) {
        (phases.progress)(Event::OtherStatement);
        records::discard(&options.records, earlier)?;
    }
    records::check_free(&options.records, Some(context))?;
    work.keep_statement(&statement_bytes)?;

    let instance = placed
        .witness
        .instance(&snapshot.market.market, context, 0, 1);
    let Placed {
        witness,
        salts,
        leaves,
        ..
    } = placed;
    let tree = witness.tree.clone();
    let check = |proof: &[u8]| {
        let params = verifier_params(shape.k, params.tau_g2());
        verify_proof(&params, &verifying, &instance, proof)
    };
    let kept = phases.keep(0, work.proof(0)?, check)?;
    let kept_proofs = usize::from(kept.is_some());
    let proof = match kept {
        Some(proof) => proof,
        None => {
            let proving = phases.run(Phase::ProvingKey, || {
                proving_key(shape, &params, Some(verifying.clone())).map_err(library)
            })?;
            let proof = phases.watched(Phase::Proving, |progress| {
                let mut begun = None;
                shard::create(&proving, witness, &instance, &mut |Step(part, _)| {
                    if begun.replace(part) != Some(part) {
                        progress(Event::Part(part));
                    }
                })
            })?;
            drop(proving);
            phases.run(Phase::Checking, || {
                check(&proof).map_err(|error| ProveError::SelfCheck(error.to_string()))
            })?;
            work.keep_proof(0, &proof)?;
            proof
        }
    };
    phases.run(Phase::Writing, || -> Result<_, ProveError> {
        let openings = records::Openings {
            tree: &tree,
            salts: &salts,
            leaves: &leaves,
        };
        records::write_all(
            snapshot,
            &evaluated.outcomes,
            &openings,
            context,
            &options.records,
        )?;
        let private = snapshot.risk.model.salt.is_some();
        let files = BundleFiles {
            statement: &statement_bytes,
            market: &snapshot.market_bytes,
            risk: (!private).then_some(snapshot.risk_bytes.as_slice()),
            proofs: std::slice::from_ref(&proof),
        };
        bundle::write(&files, &work.bundle(), &options.out)?;
        work.finish()
    })?;

    Ok(ProveReport {
        accounts: plan.accounts,
        shards: plan.shards,
        kept: kept_proofs,
        proving: phases.cost(&[Phase::Evaluating, Phase::Witness, Phase::Proving]),
        keygen: phases.cost(&[Phase::Keys, Phase::ProvingKey]),
        peak_rss_bytes: peak_rss_bytes(),
        proof_bytes: proof.len(),
        statement,
        phases: phases.done,
    })
}

/// Takes the work folder, if the places of bundle and records are free.
fn open_work(options: &ProveOptions) -> Result<WorkFolder, ProveError> {
    let (out, folder) = (&options.out, &options.records);
    if out.starts_with(folder) || folder.starts_with(out) {
        return Err(ProveError::Nested(out.clone(), folder.clone()));
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

/// The seed: that of the run that was begun, or another for a run that begins.
fn begin(
    work: &WorkFolder,
    begun: Option<Job>,
    snapshot: &LoadedSnapshot,
    options: &ProveOptions,
    plan: &Plan,
) -> Result<[u8; 32], ProveError> {
    let seed = options.seed.unwrap_or_else(Seed::draw);
    let setup = plan.setup.to_string();
    let job = Job::new(
        snapshot,
        plan.shape.name,
        setup,
        options.publish_counts,
        &seed,
    )?;
    match begun {
        Some(begun) => work.resume(&begun, &job, options.seed.is_some()),
        None => {
            if let Some(earlier) = work.context()? {
                records::discard(&options.records, earlier)?;
            }
            work.begin(&job, &seed)?;
            Ok(seed)
        }
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
        .filter(|(_, shape)| shard::evaluate(snapshot, Some(shape), params.k()).is_ok())
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

struct Phases<'a> {
    progress: &'a mut dyn FnMut(Event<'_>),
    done: Vec<(Phase, Cost)>,
}

impl Phases<'_> {
    fn run<T, E>(&mut self, phase: Phase, work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        self.watched(phase, |_| work())
    }

    fn watched<T, E>(
        &mut self,
        phase: Phase,
        work: impl FnOnce(&mut dyn FnMut(Event<'_>)) -> Result<T, E>,
    ) -> Result<T, E> {
        (self.progress)(Event::Begun(phase));
        let meter = Meter::start();
        let result = work(self.progress)?;
        self.done.push((phase, meter.cost()));
        Ok(result)
    }

    /// What an interrupted run left as a proof, if it proves what this run proves.
    fn keep(
        &mut self,
        index: usize,
        proof: Option<Vec<u8>>,
        check: impl Fn(&[u8]) -> Result<(), ProofError>,
    ) -> Result<Option<Vec<u8>>, ProveError> {
        let Some(proof) = proof else { return Ok(None) };
        let checked = self.run(Phase::Checking, || Ok::<_, ProveError>(check(&proof)))?;
        if let Err(error) = &checked {
            (self.progress)(Event::Discarded { index, error });
            return Ok(None);
        }
        (self.progress)(Event::Kept { index });
        Ok(Some(proof))
    }

    fn cost(&self, wanted: &[Phase]) -> Cost {
        self.done
            .iter()
            .filter(|(phase, _)| wanted.contains(phase))
            .fold(Cost::default(), |sum, (_, cost)| Cost {
                wall_s: sum.wall_s + cost.wall_s,
                cpu_s: sum.cpu_s + cost.cpu_s,
            })
    }
}

fn statement(
    snapshot: &LoadedSnapshot,
    params: &Parameters,
    circuit: CircuitId,
    evaluated: &Evaluated,
    placed: &Placed,
    options: &ProveOptions,
) -> Statement {
    let witness = &placed.witness;
    let digest = |value: &Fr| Digest::from_hex(&to_hex(value)).unwrap_or_default();
    let counts = options.publish_counts.then(|| Counts {
        accounts: evaluated.totals.accounts,
        pools: evaluated.totals.pools,
        salt: digest(&placed.counts_salt),
    });
    let proof = ProofFields {
        circuit,
        setup: params.setup().to_string(),
        accounts_root: digest(&witness.tree.root()),
        capacity: witness.layout.capacity as u64,
        counts,
        counts_digest: digest(&witness.counts),
    };
    let digests = InputDigests {
        market: digest(&witness.market),
        risk_model: digest(&witness.model),
    };
    Statement::from_totals(
        &snapshot.header,
        proof,
        digests,
        &evaluated.totals,
        &snapshot.market,
    )
}
