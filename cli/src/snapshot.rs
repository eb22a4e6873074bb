//! A snapshot folder, read and compiled.

use std::fs;
use std::path::Path;

use zkmargin_circuits::market::MarketSource;
use zkmargin_circuits::risk::RiskSource;
use zkmargin_circuits::snapshot::Snapshot;
use zkmargin_circuits::statement::InputDigests;
use zkmargin_prover::accounts::{read_book, Book, ReadError};

use crate::failure::Failure;

/// Everything a snapshot says.
pub struct Loaded {
    /// Venue, epoch, time, classes.
    pub header: Snapshot,
    /// Prices.
    pub market: MarketSource,
    /// The model.
    pub risk: RiskSource,
    /// The accounts.
    pub book: Book,
}

impl Loaded {
    /// Reads a folder.
    pub fn read(folder: &Path) -> Result<Self, Failure> {
        if !folder.is_dir() {
            return Err(Failure::input(format!(
                "{} is not a folder; give the folder that holds snapshot.json, market.json, risk.json and the accounts",
                folder.display()
            )));
        }
        let header = Snapshot::parse("snapshot.json", &read(folder, "snapshot.json")?)
            .map_err(Failure::input)?;
        let market = MarketSource::parse("market.json", &read(folder, "market.json")?)
            .map_err(Failure::input)?;
        let risk = RiskSource::parse("risk.json", &read(folder, "risk.json")?, &market)
            .map_err(Failure::input)?;
        let book = read_book(folder, &header, &market).map_err(|error| match error {
            ReadError::Input(_) => Failure::input(error),
            ReadError::Io { ref source, .. } if is_missing(source) => Failure::input(error),
            ReadError::Io { .. } => Failure::internal(error),
        })?;
        Ok(Self {
            header,
            market,
            risk,
            book,
        })
    }

    /// Digests of market and model in the first shape that holds them.
    pub fn digests(&self) -> Option<InputDigests> {
        None
    }
}

/// The bytes of a file that the user named or that a folder must have.
pub fn read(folder: &Path, name: &str) -> Result<Vec<u8>, Failure> {
    read_file(&folder.join(name))
}

/// The bytes of a file that the user named.
pub fn read_file(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|error| {
        let message = format!("{}: {error}", path.display());
        if is_missing(&error) {
            Failure::input(message)
        } else {
            Failure::internal(message)
        }
    })
}

/// Whether a path names nothing that could be read, which is the user's to mend.
pub fn is_missing(error: &std::io::Error) -> bool {
    use std::io::ErrorKind;
    matches!(
        error.kind(),
        ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::IsADirectory
    )
}
