//! What can go wrong, by exit code.

use std::fmt::Display;
use std::process::ExitCode;

use zkmargin_circuits::error::printable;

/// Why a command did not end well.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A proof, digest or inclusion does not hold, or the verdict is `uncovered` or `unmatched`: exit code 1.
    #[error("{0}")]
    Refused(String),
    /// Unusable input or arguments: exit code 2.
    #[error("{0}")]
    Input(String),
    /// Unusable input whose error may show what is private: exit code 2.
    #[error("{shown}")]
    Private {
        /// What the user is shown.
        shown: String,
        /// What an event log has in its place.
        logged: String,
    },
    /// An internal or I/O failure: exit code 3.
    #[error("{0}")]
    Internal(String),
}

/// A message, which may say what others wrote: its further lines stand in from the first.
fn shown(what: &impl Display) -> String {
    let text = what.to_string();
    let lines: Vec<_> = text.split('\n').map(printable).collect();
    lines.join("\n  ")
}

impl Failure {
    /// Something that does not hold.
    pub fn refused(what: impl Display) -> Self {
        Failure::Refused(shown(&what))
    }

    /// Unusable input.
    pub fn input(what: impl Display) -> Self {
        Failure::Input(shown(&what))
    }

    /// A failure that is not the input's.
    pub fn internal(what: impl Display) -> Self {
        Failure::Internal(shown(&what))
    }

    /// The exit code.
    pub fn code(&self) -> ExitCode {
        ExitCode::from(self.status())
    }

    /// The exit code as a number.
    pub fn status(&self) -> u8 {
        match self {
            Failure::Refused(_) => 1,
            Failure::Input(_) | Failure::Private { .. } => 2,
            Failure::Internal(_) => 3,
        }
    }
}
