//! Reads the accounts of a snapshot: `accounts.csv` or `accounts.parquet`, in any order of rows.
//!
//! `rows of text -> rows of numbers (collect) -> pieces of accounts (piece) -> accounts in order (order,
//! late) -> bytes in memory or in a file (scratch, stored, table) -> accounts by index (book)`. The file
//! is read once, and memory holds no more of it than [`Scratch::memory`] and 12 bytes an account.

mod base;
mod book;
mod collect;
mod columns;
mod csv;
mod late;
mod order;
mod parquet;
mod piece;
mod row;
mod scratch;
mod stored;
mod table;

#[cfg(test)]
mod streamed;
#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};

pub use zkmargin_circuits::base::RowPrice;
use zkmargin_circuits::error::InputError;
use zkmargin_circuits::market::MarketSource;
use zkmargin_circuits::snapshot::Snapshot;

pub use book::{Book, Entry};
use collect::Collector;
pub(crate) use columns::COLUMNS;
pub use row::BookRow;
pub use scratch::Scratch;

/// The two names an accounts file may have.
const CSV: &str = "accounts.csv";
const PARQUET: &str = "accounts.parquet";

/// Why a book could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file has a defect.
    #[error(transparent)]
    Input(#[from] InputError),
    /// The file cannot be read.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// What memory does not hold of the book cannot be kept in a file.
    #[error("the part of the book that memory does not hold is kept in {}, and that fails: {source}; free space there, or name another folder with --scratch", folder.display())]
    Scratch {
        /// The folder of the file.
        folder: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
}

/// Reads the accounts of the snapshot in `dir`, and keeps them as [`Scratch::default`] says.
///
/// # Errors
/// As [`read_book_into`].
pub fn read_book(dir: &Path, header: &Snapshot, market: &MarketSource) -> Result<Book, ReadError> {
    read_book_into(&Scratch::default(), dir, header, market)
}

/// Reads the accounts of the snapshot in `dir`.
///
/// # Errors
/// For the first defect found, naming file, line and field, and for files that cannot be read or
/// written.
pub fn read_book_into(
    scratch: &Scratch,
    dir: &Path,
    header: &Snapshot,
    market: &MarketSource,
) -> Result<Book, ReadError> {
    let (csv_path, parquet_path) = (dir.join(CSV), dir.join(PARQUET));
    let collector = match (csv_path.exists(), parquet_path.exists()) {
        (true, true) => {
            let problem = format!("{CSV} and {PARQUET} are both there");
            return Err(InputError::new(CSV, "", problem, "remove one of them").into());
        }
        (_, false) => {
            let mut collector = Collector::new(CSV, market, scratch);
            csv::read(&csv_path, &mut collector)?;
            collector
        }
        (false, true) => {
            let mut collector = Collector::new(PARQUET, market, scratch);
            parquet::read(&parquet_path, &mut collector)?;
            collector
        }
    };
    collector.finish(header)
}
