//! The zkmargin command line: data on standard output, everything else on standard error.

mod args;
mod bundle;
mod commands;
mod events;
mod failure;
mod files;
mod keys;
mod progress;
mod report;
mod snapshot;
mod watch;

use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command};
use failure::Failure;

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("zkmargin: {failure}");
            failure.code()
        }
    }
}

fn run(cli: Cli) -> Result<(), Failure> {
    match cli.command {
        Command::Audit(args) => commands::audit::run(&args),
        Command::AuditorPack(args) => commands::auditor_pack::run(&args),
        Command::Check(args) => commands::check::run(&args),
        Command::Demo(args) => commands::demo::run(&args),
        Command::Generate(args) => commands::generate::run(&args),
        Command::Inspect(args) => commands::inspect::run(&args),
        Command::Prove(args) => commands::prove::run(&args),
        Command::Plan(args) => commands::job::plan(&args),
        Command::Shard(args) => commands::job::shard(&args),
        Command::Assemble(args) => commands::job::assemble(&args),
        Command::Record(args) => commands::record::run(&args),
        Command::Setup(args) => commands::setup::run(&args),
        Command::Verify(args) => commands::verify::run(&args),
        Command::VerifyRecord(args) => commands::verify_record::run(&args),
    }
}
