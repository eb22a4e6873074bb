//! A snapshot folder in, a bundle and its inclusion records out.

use std::path::PathBuf;

use halo2_proofs::halo2curves::bn256::Fr;

use zkmargin_circuits::field::to_hex;
use zkmargin_circuits::shape::Shape;
use zkmargin_circuits::statement::{
    context_digest, CircuitId, Counts, Digest, InputDigests, ProofFields, Statement,
};
use zkmargin_verifier::key::key_digest;
use zkmargin_verifier::proof::verify_proof;
use zkmargin_verifier::setup::verifier_params;

use crate::bundle::{self, BundleFiles};
use crate::error::ProveError;
use crate::key::proving_key;
use crate::meter::{peak_rss_bytes, Cost, Meter};
use crate::params::Parameters;
use crate::placement::Seed;
use crate::records;
use crate::shard::{self, Evaluated, Phase, Placed};
use crate::snapshot::LoadedSnapshot;

/// How to prove.
#[derive(Debug, Clone)]
pub struct ProveOptions {
    /// The shape; the smallest that fits if none is named.
    pub shape: Option<&'static Shape>,
    /// Where salts and places come from; the operating system if nothing is given.
    pub seed: Option<[u8; 32]>,
    /// Whether the numbers of accounts and pools are published.
    pub publish_counts: bool,
    /// Folder of the bundle.
    pub out: PathBuf,
    /// Folder of the inclusion records.
    pub records: PathBuf,
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
    /// Witness and proof.
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
///
/// # Errors
/// See [`ProveError`]; nothing is written then but what an interrupted run may replace.
pub fn prove(
    snapshot: &LoadedSnapshot,
    params: &Parameters,
    options: &ProveOptions,
    progress: &mut dyn FnMut(Phase),
) -> Result<ProveReport, ProveError> {
    bundle::check_free(&options.out)?;
    records::check_free(&options.records)?;
    let mut phases = Phases {
        progress,
        done: Vec::new(),
    };

    let evaluated = phases.run(Phase::Evaluating, || {
        shard::evaluate(snapshot, options.shape, params.k())
    })?;
    let shape = evaluated.shape;
    let keys = phases.run(Phase::Keys, || -> Result<_, ProveError> {
        let params = params.downsize(shape.k)?;
        let library = |error: halo2_proofs::plonk::Error| ProveError::Library(error.to_string());
        let proving = proving_key(shape, &params, None).map_err(library)?;
        Ok((params, proving))
    })?;
    let (params, proving) = keys;
    let verifying = proving.verifying().clone();

    let seed = match options.seed {
        Some(bytes) => Seed::chosen(bytes, snapshot.header.epoch),
        None => Seed::random(snapshot.header.epoch),
    };
    let placed = phases.run(Phase::Witness, || shard::place(snapshot, &evaluated, &seed))?;
    let circuit_id = CircuitId {
        shape: shape.name.to_owned(),
        key: Digest(key_digest(shape, &verifying)),
    };
    let statement = statement(snapshot, &params, circuit_id, &evaluated, &placed, options);
    let statement_bytes = statement.to_bytes();
    let context = context_digest(&statement_bytes);
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
    let proof = phases.run(Phase::Proving, || {
        shard::create(&proving, witness, &instance, &mut |_| ())
    })?;
    drop(proving);
    phases.run(Phase::Checking, || {
        let params = verifier_params(shape.k, params.tau_g2());
        verify_proof(&params, &verifying, &instance, &proof)
            .map_err(|error| ProveError::SelfCheck(error.to_string()))
    })?;
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
        bundle::write(&files, &options.out)
    })?;

    let cost = |wanted: &[Phase]| {
        phases
            .done
            .iter()
            .filter(|(phase, _)| wanted.contains(phase))
            .fold(Cost::default(), |sum, (_, cost)| Cost {
                wall_s: sum.wall_s + cost.wall_s,
                cpu_s: sum.cpu_s + cost.cpu_s,
            })
    };
    Ok(ProveReport {
        accounts: snapshot.book.accounts.len(),
        shards: 1,
        proving: cost(&[Phase::Evaluating, Phase::Witness, Phase::Proving]),
        keygen: cost(&[Phase::Keys]),
        peak_rss_bytes: peak_rss_bytes(),
        proof_bytes: proof.len(),
        statement,
        phases: phases.done,
    })
}

struct Phases<'a> {
    progress: &'a mut dyn FnMut(Phase),
    done: Vec<(Phase, Cost)>,
}

impl Phases<'_> {
    fn run<T, E>(&mut self, phase: Phase, work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        (self.progress)(phase);
        let meter = Meter::start();
        let result = work()?;
        self.done.push((phase, meter.cost()));
        Ok(result)
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
