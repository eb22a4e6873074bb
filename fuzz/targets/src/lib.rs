//! What an attacker sends to zkmargin's readers and verifier.
//!
//! A target takes any bytes and must not panic, whatever they are; where it says what may be
//! accepted, that is asserted too. `cargo fuzz` drives the targets from `fuzz/fuzz_targets`, and
//! `tests/smoke.rs` with a few thousand mutations that are the same each time.
//!
//! Files that hold digests or proofs cannot be guessed: for those the bytes are a script of edits
//! ([`edits`]) of a bundle that is proven when the process begins ([`fixture`]), so that what is
//! tried gets past the first check.

pub mod accounts;
pub mod bundle;
pub mod edits;
pub mod fixture;
pub mod inputs;
pub mod job;
pub mod private;
pub mod scratch;
pub mod setups;

/// A target: its name, what it does with bytes, and bytes to begin with.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Name, as of the fuzz target.
    pub name: &'static str,
    /// Takes any bytes; panics where something does not hold.
    pub run: fn(&[u8]),
    /// Bytes from which mutations get far.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// Mutations of the smoke test: fewer where one takes long.
    pub smoke: usize,
}

/// Every target.
pub const TARGETS: &[Target] = &[
    Target {
        name: "bundle",
        run: bundle::bundle,
        seeds: bundle::scripts,
        smoke: 1000,
    },
    Target {
        name: "proof",
        run: bundle::proof,
        seeds: bundle::scripts,
        smoke: 1000,
    },
    Target {
        name: "totals",
        run: bundle::totals,
        seeds: bundle::scripts,
        smoke: 1000,
    },
    Target {
        name: "statement",
        run: bundle::statement,
        seeds: bundle::statement_seeds,
        smoke: 4000,
    },
    Target {
        name: "record",
        run: private::record,
        seeds: bundle::scripts,
        smoke: 3000,
    },
    Target {
        name: "pack",
        run: private::pack,
        seeds: bundle::scripts,
        smoke: 1000,
    },
    Target {
        name: "market",
        run: inputs::market,
        seeds: inputs::market_seeds,
        smoke: 4000,
    },
    Target {
        name: "risk",
        run: inputs::risk,
        seeds: inputs::risk_seeds,
        smoke: 4000,
    },
    Target {
        name: "snapshot",
        run: inputs::snapshot,
        seeds: inputs::snapshot_seeds,
        smoke: 4000,
    },
    Target {
        name: "outside",
        run: inputs::outside,
        seeds: inputs::outside_seeds,
        smoke: 4000,
    },
    Target {
        name: "keys",
        run: inputs::keys,
        seeds: inputs::key_seeds,
        smoke: 4000,
    },
    Target {
        name: "csv",
        run: accounts::csv,
        seeds: accounts::csv_seeds,
        smoke: 4000,
    },
    Target {
        name: "parquet",
        run: accounts::parquet,
        seeds: accounts::parquet_seeds,
        smoke: 2000,
    },
    Target {
        name: "srs",
        run: setups::srs,
        seeds: setups::srs_seeds,
        smoke: 2000,
    },
    Target {
        name: "ptau",
        run: setups::ptau,
        seeds: setups::ptau_seeds,
        smoke: 2000,
    },
    Target {
        name: "job",
        run: job::job,
        seeds: bundle::scripts,
        smoke: 1000,
    },
    Target {
        name: "input",
        run: job::input,
        seeds: job::input_seeds,
        smoke: 1000,
    },
];

/// The target of a name.
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}

/// Runs a target by its name.
///
/// # Panics
/// When there is no such target, and where something does not hold.
pub fn run(name: &str, data: &[u8]) {
    let target = target(name).expect("a target of this name");
    (target.run)(data);
}

/// Makes what a target takes long to make, before anything is timed.
///
/// # Panics
/// When there is no such target.
pub fn prepare(name: &str) {
    run(name, &[]);
}
