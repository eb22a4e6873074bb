//! A snapshot folder, read and compiled.

use std::path::Path;

use halo2_proofs::halo2curves::bn256::Fr;
use zkmargin_circuits::digest::{check_fit, market_digest, model_digest};
use zkmargin_circuits::field::to_hex;
use zkmargin_circuits::relation::PoolOutcome;
use zkmargin_circuits::shape::{Shape, SHAPES};
use zkmargin_circuits::statement::{Digest, InputDigests};
use zkmargin_circuits::witness::plan::PlannedRun;
use zkmargin_prover::accounts::{ReadError, Scratch};
use zkmargin_prover::error::ProveError;
use zkmargin_prover::snapshot::LoadedSnapshot;

use crate::commands::setup;
use crate::failure::Failure;
use crate::files::is_missing;

/// Reads and compiles a snapshot folder.
pub fn load(folder: &Path, scratch: &Scratch) -> Result<LoadedSnapshot, Failure> {
    if !folder.is_dir() {
        return Err(Failure::input(format!(
            "{} is not a folder; give the folder that holds snapshot.json, market.json, risk.json and the accounts",
            folder.display()
        )));
    }
    LoadedSnapshot::read_into(folder, scratch).map_err(Failure::from)
}

/// Where the part of a book stands that memory does not hold: in the folder that was named, or else in
/// `usual`.
pub fn scratch(named: Option<&Path>, usual: Scratch) -> Result<Scratch, Failure> {
    match named {
        None => Ok(usual),
        Some(folder) if folder.is_dir() => Ok(Scratch::within(folder.to_owned())),
        Some(folder) => Err(Failure::input(format!(
            "--scratch {} is not a folder; name one that is there",
            folder.display()
        ))),
    }
}

impl From<ProveError> for Failure {
    fn from(error: ProveError) -> Self {
        match error {
            ProveError::Params(error) => setup::failure(error),
            ProveError::Io { ref source, .. }
            | ProveError::Read(
                ReadError::Io { ref source, .. } | ReadError::Scratch { ref source, .. },
            ) if !is_missing(source) => Failure::internal(error),
            ProveError::Store { missing: false, .. } => Failure::internal(error),
            ProveError::Library(_) | ProveError::SelfCheck(_) => Failure::internal(error),
            _ => match unspecific(&error) {
                Some(logged) => Failure::Private {
                    shown: error.to_string(),
                    logged,
                },
                None => Failure::input(error),
            },
        }
    }
}

/// An error about what a snapshot holds, without what it holds: accounts, amounts, the risk model.
fn unspecific(error: &ProveError) -> Option<String> {
    match error {
        ProveError::Input(input) | ProveError::Read(ReadError::Input(input)) => {
            let line = input
                .line
                .map_or_else(String::new, |line| format!(":{line}"));
            Some(format!("{}{line} is not as it should be", input.file))
        }
        ProveError::Range(_) => Some("an amount is beyond its range".to_owned()),
        ProveError::Account { shape, .. } => Some(format!(
            "an account is larger than a proof of shape {shape}"
        )),
        ProveError::NoShape { params_k, .. } => Some(format!(
            "no shape holds this book under parameters of 2^{params_k}"
        )),
        _ => None,
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        ProveError::from(error).into()
    }
}

/// The first shape that holds the book in one proof, or else the one that holds most of it.
///
/// # Errors
/// When no shape holds the market and the model: what is too much for the last of them.
pub fn shape(book: &LoadedSnapshot, windows: &Windows) -> Result<&'static Shape, String> {
    let mut most = Err("money beyond every shape's range".to_owned());
    for shape in SHAPES
        .iter()
        .filter(|shape| shape.money_bits >= windows.money_bits)
    {
        match check_fit(shape, &book.market.market, &book.risk.model) {
            Ok(()) if windows.of(shape) <= shape.capacity() => return Ok(shape),
            Ok(()) => most = Ok(shape),
            Err(error) if most.is_err() => most = Err(error.to_string()),
            Err(_) => {}
        }
    }
    most
}

/// Digests of market and model in a shape that holds them.
pub fn digests(book: &LoadedSnapshot, shape: &Shape) -> Option<InputDigests> {
    let market = &book.market.market;
    Some(InputDigests {
        market: element(&market_digest(shape, market).ok()?)?,
        risk_model: element(&model_digest(shape, &book.risk.model, market).ok()?)?,
    })
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
