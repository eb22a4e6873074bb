//! `zkmargin auditor-pack`: what opens a bundle to the venue's auditor.

use zkmargin_circuits::statement::Digest;
use zkmargin_prover::accounts::Scratch;
use zkmargin_prover::audit::{write_pack, Secret};
use zkmargin_verifier::audit::Sample;

use super::spinner;
use crate::args::AuditorPackArgs;
use crate::bundle::read_statement;
use crate::failure::Failure;
use crate::snapshot::{load, scratch};

/// Makes the pack and writes it.
pub fn run(args: &AuditorPackArgs) -> Result<(), Failure> {
    let sample = sample(&args.sample_seed, args.sample)?;
    let secret = Secret::read(&args.secret)?;
    let statement = read_statement(&args.bundle)?;
    let progress = spinner("reading the snapshot");
    let scratch = scratch(args.scratch.as_deref(), Scratch::beside(&args.out))?;
    let snapshot = load(&args.snapshot, &scratch)?;
    progress.set_message("hashing the accounts, and opening what is asked for");
    let pack = write_pack(&snapshot, &statement, &secret, &sample, &args.out)?;
    progress.finish_and_clear();
    eprintln!(
        "wrote {}: {} shards, {} accounts opened, {} deficient pools, {} slots of the sample; it names accounts and is the auditor's only",
        args.out.display(),
        pack.counts.len(),
        pack.openings.len(),
        pack.deficient.len(),
        pack.sample.slots.len()
    );
    Ok(())
}

/// What an auditor asks for.
pub fn sample(seed: &str, slots: u64) -> Result<Sample, Failure> {
    let seed = Digest::from_hex(seed).ok_or_else(|| {
        Failure::input(format!(
            "--sample-seed {seed:?} is not 64 lower-case hex digits, as `openssl rand -hex 32` draws them"
        ))
    })?;
    Ok(Sample {
        seed: seed.0,
        slots,
    })
}
