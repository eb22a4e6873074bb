//! `zkmargin record`: one account's inclusion record.

use std::io::{self, Write};
use std::path::Path;

use zkmargin_prover::records::record_path;

use crate::args::RecordArgs;
use crate::failure::Failure;
use crate::files::read_file;

/// Prints the record.
pub fn run(args: &RecordArgs) -> Result<(), Failure> {
    let bytes = find(&args.records, &args.account)?;
    io::stdout()
        .lock()
        .write_all(&bytes)
        .map_err(Failure::internal)
}

/// The bytes of an account's record.
pub fn find(records: &Path, account: &str) -> Result<Vec<u8>, Failure> {
    if !records.is_dir() {
        return Err(Failure::input(format!(
            "{} is not a folder; give the one that `zkmargin prove --records` wrote",
            records.display()
        )));
    }
    let path = record_path(records, account);
    if !path.exists() {
        return Err(Failure::input(format!(
            "no record of account {account:?} in {}; ids are exact, capitals and spaces included",
            records.display()
        )));
    }
    read_file(&path)
}
