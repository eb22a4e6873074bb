//! A snapshot folder, read and compiled.

use std::fs;
use std::path::{Path, PathBuf};

use zkmargin_circuits::market::MarketSource;
use zkmargin_circuits::risk::RiskSource;
use zkmargin_circuits::snapshot::Snapshot;

use crate::accounts::{read_book_into, Book, Scratch};
use crate::error::ProveError;

/// Everything of a snapshot.
#[derive(Debug)]
pub struct LoadedSnapshot {
    /// Where it came from.
    pub dir: PathBuf,
    /// `snapshot.json`.
    pub header: Snapshot,
    /// `market.json`, compiled.
    pub market: MarketSource,
    /// The bytes of `market.json`.
    pub market_bytes: Vec<u8>,
    /// `risk.json`, compiled.
    pub risk: RiskSource,
    /// The bytes of `risk.json`.
    pub risk_bytes: Vec<u8>,
    /// The accounts.
    pub book: Book,
}

impl LoadedSnapshot {
    /// Reads a snapshot folder, and keeps its accounts as [`Scratch::default`] says.
    ///
    /// # Errors
    /// What is missing or wrong, by file, line and field.
    pub fn read(dir: &Path) -> Result<Self, ProveError> {
        Self::read_into(dir, &Scratch::default())
    }

    /// Reads a snapshot folder.
    ///
    /// # Errors
    /// What is missing or wrong, by file, line and field; what cannot be kept.
    pub fn read_into(dir: &Path, scratch: &Scratch) -> Result<Self, ProveError> {
        let bytes = |name: &str| {
            let path = dir.join(name);
            fs::read(&path).map_err(|source| ProveError::Io { path, source })
        };
        let header = Snapshot::parse("snapshot.json", &bytes("snapshot.json")?)?;
        let market_bytes = bytes("market.json")?;
        let market = MarketSource::parse("market.json", &market_bytes)?;
        let risk_bytes = bytes("risk.json")?;
        let risk = RiskSource::parse("risk.json", &risk_bytes, &market)?;
        let book = read_book_into(scratch, dir, &header, &market)?;
        Ok(Self {
            dir: dir.to_owned(),
            header,
            market,
            market_bytes,
            risk,
            risk_bytes,
            book,
        })
    }
}
