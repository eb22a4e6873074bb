//! `zkmargin generate`: a synthetic snapshot.

use std::time::Instant;

use zkmargin_prover::generate::{generate, AccountFormat, GenerateError, GenerateOptions, Profile};

use super::bar;
use crate::args::{FormatArg, GenerateArgs, ProfileArg};
use crate::failure::Failure;

/// Writes the snapshot.
pub fn run(args: &GenerateArgs) -> Result<(), Failure> {
    let profile = match args.profile {
        ProfileArg::Retail => Profile::Retail,
        ProfileArg::Collateral50 => Profile::Collateral50,
        ProfileArg::Desk => Profile::Desk,
        ProfileArg::Demo => Profile::Demo,
        ProfileArg::Venue => Profile::Venue,
    };
    let least = u64::from(profile == Profile::Demo).max(args.bankrupt);
    let options = GenerateOptions {
        profile,
        accounts: args.accounts.unwrap_or_else(|| profile.default_accounts()),
        seed: args.seed,
        deficient: args.deficient.unwrap_or(least),
        bankrupt: args.bankrupt,
        format: match args.format {
            FormatArg::Csv => AccountFormat::Csv,
            FormatArg::Parquet => AccountFormat::Parquet,
        },
    };
    let start = Instant::now();
    let progress = bar(options.accounts, "accounts");
    let report =
        generate(&options, &args.out, &|done| progress.set_position(done)).map_err(failure)?;
    progress.finish_and_clear();
    eprintln!(
        "wrote {}: {} accounts, {} holdings, {} house positions, {:.1} s",
        args.out.display(),
        report.accounts,
        report.holdings,
        report.house_positions,
        start.elapsed().as_secs_f64()
    );
    Ok(())
}

fn failure(error: GenerateError) -> Failure {
    match error {
        GenerateError::Options(_) => Failure::input(error),
        _ => Failure::internal(error),
    }
}
