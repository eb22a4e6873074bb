//! A snapshot folder, read and compiled.

use std::path::Path;

use halo2_proofs::halo2curves::bn256::Fr;
use zkmargin_circuits::digest::{check_fit, market_digest, model_digest};
use zkmargin_circuits::field::to_hex;
use zkmargin_circuits::relation::PoolOutcome;
use zkmargin_circuits::shape::{Shape, SHAPES};
use zkmargin_circuits::statement::{Digest, InputDigests};
use zkmargin_circuits::witness::plan::PlannedRun;
use zkmargin_prover::accounts::ReadError;
use zkmargin_prover::error::ProveError;
use zkmargin_prover::snapshot::LoadedSnapshot;

use crate::commands::setup;
use crate::failure::Failure;
use crate::files::is_missing;

/// Reads and compiles a snapshot folder.
pub fn load(folder: &Path) -> Result<LoadedSnapshot, Failure> {
    if !folder.is_dir() {
        return Err(Failure::input(format!(
            "{} is not a folder; give the folder that holds snapshot.json, market.json, risk.json and the accounts",
            folder.display()
        )));
    }
    LoadedSnapshot::read(folder).map_err(Failure::from)
}

impl From<ProveError> for Failure {
    fn from(error: ProveError) -> Self {
        match error {
            ProveError::Params(error) => setup::failure(error),
            ProveError::Io { ref source, .. }
            | ProveError::Read(ReadError::Io { ref source, .. })
                if !is_missing(source) =>
            {
                Failure::internal(error)
            }
            ProveError::Library(_) | ProveError::SelfCheck(_) => Failure::internal(error),
            _ => Failure::input(error),
        }
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
