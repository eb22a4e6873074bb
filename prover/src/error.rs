//! Why a book is not proven.

use std::io;
use std::path::PathBuf;

use zkmargin_circuits::digest::ShapeError;
use zkmargin_circuits::error::InputError;
use zkmargin_circuits::relation::RangeError;

use crate::accounts::ReadError;
use crate::engine::proof::ProofError;
use crate::params::ParamsError;

/// Why a book is not proven.
#[derive(Debug, thiserror::Error)]
pub enum ProveError {
    /// The snapshot is not well formed.
    #[error(transparent)]
    Input(#[from] InputError),
    /// The accounts cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// An amount is beyond its range.
    #[error(transparent)]
    Range(#[from] RangeError),
    /// Market or model are beyond the shape.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// Parameters cannot be used.
    #[error(transparent)]
    Params(#[from] ParamsError),
    /// The shape needs more powers of tau.
    #[error("shape {shape} needs parameters of 2^{needs}, these have 2^{has}; make larger ones with `zkmargin setup`")]
    SmallParameters {
        /// The shape.
        shape: &'static str,
        /// What it needs.
        needs: u32,
        /// What there is.
        has: u32,
    },
    /// The book has more windows than the shape.
    #[error("shape {shape} holds {capacity} windows of up to 8 holdings, {accounts} accounts take {windows}; choose a larger shape")]
    Capacity {
        /// The shape.
        shape: &'static str,
        /// Its windows.
        capacity: usize,
        /// Accounts of the book.
        accounts: usize,
        /// Windows they take.
        windows: usize,
    },
    /// No named shape holds the book.
    #[error("no shape holds this book under parameters of 2^{params_k}:\n  {reasons}")]
    NoShape {
        /// What parameters there are.
        params_k: u32,
        /// Why each shape does not.
        reasons: String,
    },
    /// The place of the output is taken.
    #[error("{} exists; nothing is overwritten: remove it or choose another place", .0.display())]
    Exists(PathBuf),
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The proving library failed.
    #[error("the proving library failed: {0}")]
    Library(String),
    /// There is no proof of this witness.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// The proof does not verify: a defect of this program.
    #[error("the finished proof does not verify, which is a defect of this program: {0}")]
    SelfCheck(String),
}
