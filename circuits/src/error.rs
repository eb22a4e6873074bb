//! Errors of input: what, where and what to do about it.

use std::fmt;

/// A defect of the input, located as closely as it can be.
///
/// Displayed as `file:line: field: problem; remedy`, leaving out what is unknown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct InputError {
    /// File name as the user knows it, e.g. `accounts.csv`.
    pub file: String,
    /// Line, counted from 1, where the format has lines.
    pub line: Option<u64>,
    /// Column or path of the field, e.g. `quantity` or `assets[2].weights[0].up_to`.
    pub field: String,
    /// What is wrong, with the offending value.
    pub problem: String,
    /// What would make it right.
    pub remedy: String,
}

impl InputError {
    /// An error in a file without lines (or whose line is not known).
    pub fn new(
        file: impl Into<String>,
        field: impl Into<String>,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            file: file.into(),
            line: None,
            field: field.into(),
            problem: problem.into(),
            remedy: remedy.into(),
        }
    }

    /// The same error at a line.
    #[must_use]
    pub fn at_line(mut self, line: u64) -> Self {
        self.line = Some(line);
        self
    }
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if !self.field.is_empty() {
            write!(f, ": {}", self.field)?;
        }
        write!(f, ": {}", self.problem)?;
        if !self.remedy.is_empty() {
            write!(f, "; {}", self.remedy)?;
        }
        Ok(())
    }
}
