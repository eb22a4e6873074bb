//! What can go wrong, by exit code.

use std::fmt::Display;
use std::process::ExitCode;

/// Why a command did not end well.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A proof, digest or inclusion does not hold, or the verdict is `uncovered` or `unmatched`: exit code 1.
    #[error("{0}")]
    Refused(String),
    /// Unusable input or arguments: exit code 2.
    #[error("{0}")]
    Input(String),
    /// An internal or I/O failure: exit code 3.
    #[error("{0}")]
    Internal(String),
}

impl Failure {
    /// Something that does not hold.
    pub fn refused(what: impl Display) -> Self {
        Failure::Refused(what.to_string())
    }

    /// Unusable input.
    pub fn input(what: impl Display) -> Self {
        Failure::Input(what.to_string())
    }

    /// A failure that is not the input's.
    pub fn internal(what: impl Display) -> Self {
        Failure::Internal(what.to_string())
    }

    /// The exit code.
    pub fn code(&self) -> ExitCode {
        ExitCode::from(match self {
            Failure::Refused(_) => 1,
            Failure::Input(_) => 2,
            Failure::Internal(_) => 3,
        })
    }
}
