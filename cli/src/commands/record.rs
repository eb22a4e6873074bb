//! `zkmargin record`: one account's inclusion record.

use std::io::{self, Write};

use zkmargin_prover::records::record_path;

use crate::args::RecordArgs;
use crate::failure::Failure;
use crate::snapshot::read_file;

/// Prints the record.
pub fn run(args: &RecordArgs) -> Result<(), Failure> {
    if !args.records.is_dir() {
        return Err(Failure::input(format!(
            "{} is not a folder; give the one that `zkmargin prove --records` wrote",
            args.records.display()
        )));
    }
    let path = record_path(&args.records, &args.account);
    if !path.exists() {
        return Err(Failure::input(format!(
            "no record of account {:?} in {}; ids are exact, capitals and spaces included",
            args.account,
            args.records.display()
        )));
    }
    let bytes = read_file(&path)?;
    io::stdout()
        .lock()
        .write_all(&bytes)
        .map_err(Failure::internal)
}
