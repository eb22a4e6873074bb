//! `zkmargin demo`: everything, on a small book, as the commands a user would type.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use zkmargin_prover::generate::Profile;

use super::{generate, prove, record, setup, verify, verify_record};
use crate::args::{
    DemoArgs, FormatArg, GenerateArgs, ProfileArg, ProveArgs, SetupArgs, SetupSource, TrustArgs,
    VerifyArgs, VerifyRecordArgs,
};
use crate::failure::Failure;

/// The customer whose inclusion is checked.
const CUSTOMER: &str = "alice@example";

/// Size of the demo's parameters: that of the shape that holds its book.
const K: u32 = 14;

/// Runs every step.
pub fn run(args: &DemoArgs) -> Result<(), Failure> {
    let start = Instant::now();
    // Removed with all its files when it goes out of scope.
    let temporary = match &args.out {
        Some(_) => None,
        None => Some(tempfile::tempdir().map_err(Failure::internal)?),
    };
    let folder = match (&args.out, &temporary) {
        (Some(out), _) => out.clone(),
        (None, Some(temporary)) => temporary.path().to_owned(),
        (None, None) => return Err(Failure::internal("no folder for the demo")),
    };
    fs::create_dir_all(&folder).map_err(Failure::internal)?;
    let at = |name: &str| folder.join(name);
    steps(&at)?;
    eprintln!("\nthe demo took {:.0} s", start.elapsed().as_secs_f64());
    match args.out {
        Some(_) => eprintln!("its files are in {}", folder.display()),
        None => eprintln!("its files are gone; `zkmargin demo --out DIR` keeps them"),
    }
    Ok(())
}

fn steps(at: &impl Fn(&str) -> PathBuf) -> Result<(), Failure> {
    let (book, params, bundle, records) =
        (at("book"), at("params.srs"), at("bundle"), at("records"));

    step(
        "A book of derivatives accounts, one of them deficient",
        "generate --profile demo --seed 1 --out book",
    );
    generate::run(&GenerateArgs {
        accounts: Some(Profile::Demo.default_accounts()),
        profile: ProfileArg::Demo,
        seed: 1,
        out: book.clone(),
        deficient: None,
        bankrupt: 0,
        format: FormatArg::Csv,
    })?;

    step(
        "Parameters for trying out: a real exchange imports those of a ceremony",
        "setup --insecure -k 14 --out params.srs",
    );
    setup::run(&SetupArgs {
        source: SetupSource {
            ptau: None,
            params: None,
            insecure: true,
        },
        k: Some(K),
        out: params.clone(),
    })?;

    step(
        "The exchange proves its book",
        "prove book --params params.srs --out bundle --records records",
    );
    prove::run(&ProveArgs {
        snapshot: book,
        params: params.clone(),
        out: bundle.clone(),
        records: records.clone(),
        shape: None,
        sign: None,
        audit: None,
        publish_counts: false,
        restart: false,
        ignore_memory: false,
        log: None,
        scratch: None,
        json: false,
    })?;

    let trust = TrustArgs {
        params: Some(params),
        allow_insecure_setup: true,
        trust_setup: None,
        venue_key: None,
    };
    step(
        "Anyone verifies the bundle, with the reserves given beside it",
        "verify bundle --reserves book/reserves.json --params params.srs --allow-insecure-setup",
    );
    verify::run(&VerifyArgs {
        bundle: bundle.clone(),
        risk: None,
        previous: Vec::new(),
        reserves: Some(at("book").join("reserves.json")),
        prices: None,
        tolerance: "0.01".into(),
        trust: trust.clone(),
        json: false,
    })?;

    step(
        "A customer checks that they are in it",
        "record --records records --account alice@example > alice.json\n  \
         $ zkmargin verify-record alice.json bundle --identity alice@example --params params.srs --allow-insecure-setup",
    );
    let file = at("alice.json");
    write(&file, &record::find(&records, CUSTOMER)?)?;
    verify_record::run(&VerifyRecordArgs {
        record: file,
        bundle,
        identity: CUSTOMER.into(),
        trust,
        json: false,
    })
}

fn step(what: &str, command: &str) {
    eprintln!("\n{what}\n  $ zkmargin {command}\n");
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    fs::write(path, bytes)
        .map_err(|error| Failure::internal(format!("{}: {error}", path.display())))
}
