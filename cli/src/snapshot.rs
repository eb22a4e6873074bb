//! A snapshot folder, read and compiled.

use std::fs;
use std::path::Path;

use halo2_proofs::halo2curves::bn256::Fr;
use zkmargin_circuits::digest::{check_fit, market_digest, model_digest};
use zkmargin_circuits::field::to_hex;
use zkmargin_circuits::market::MarketSource;
use zkmargin_circuits::relation::PoolOutcome;
use zkmargin_circuits::risk::RiskSource;
use zkmargin_circuits::shape::{Shape, SHAPES};
use zkmargin_circuits::snapshot::Snapshot;
use zkmargin_circuits::statement::{Digest, InputDigests};
use zkmargin_circuits::witness::plan::PlannedRun;
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

    /// The first shape that holds the book in one proof, or else the one that holds most of it.
    ///
    /// # Errors
    /// When no shape holds the market and the model: what is too much for the last of them.
    pub fn shape(&self, windows: &Windows) -> Result<&'static Shape, String> {
        let mut most = Err("money beyond every shape's range".to_owned());
        for shape in SHAPES
            .iter()
            .filter(|shape| shape.money_bits >= windows.money_bits)
        {
            match check_fit(shape, &self.market.market, &self.risk.model) {
                Ok(()) if windows.of(shape) <= shape.capacity() => return Ok(shape),
                Ok(()) => most = Ok(shape),
                Err(error) if most.is_err() => most = Err(error.to_string()),
                Err(_) => {}
            }
        }
        most
    }

    /// Digests of market and model in a shape that holds them.
    pub fn digests(&self, shape: &Shape) -> Option<InputDigests> {
        let market = &self.market.market;
        Some(InputDigests {
            market: element(&market_digest(shape, market).ok()?)?,
            risk_model: element(&model_digest(shape, &self.risk.model, market).ok()?)?,
        })
    }
}

fn element(value: &Fr) -> Option<Digest> {
    Digest::from_hex(&to_hex(value))
}

/// What accounts need of a shape.
#[derive(Debug, Clone, Copy, Default)]
pub struct Windows {
    /// Windows in each of [`SHAPES`].
    pub needed: [usize; SHAPES.len()],
    /// Bits of money.
    pub money_bits: u32,
}

impl Windows {
    /// Counts an account.
    pub fn add(&mut self, pools: &[PoolOutcome], money_bits: u32) {
        for (needed, shape) in self.needed.iter_mut().zip(SHAPES) {
            *needed += PlannedRun::length(shape, pools);
        }
        self.money_bits = self.money_bits.max(money_bits);
    }

    /// Adds what other accounts need.
    pub fn merge(&mut self, other: &Windows) {
        for (needed, more) in self.needed.iter_mut().zip(other.needed) {
            *needed += more;
        }
        self.money_bits = self.money_bits.max(other.money_bits);
    }

    /// Windows in one shape.
    pub fn of(&self, shape: &Shape) -> usize {
        SHAPES
            .iter()
            .position(|other| other.name == shape.name)
            .map_or(0, |index| self.needed[index])
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
