//! Reads the JSON files of a snapshot, with errors that say where.

use serde::de::DeserializeOwned;

use crate::error::InputError;
use crate::units::{Decimal, DecimalError};

/// A JSON file being read: its name as the user knows it, and its text.
#[derive(Debug, Clone, Copy)]
pub struct JsonFile<'a> {
    name: &'a str,
    text: &'a str,
}

impl<'a> JsonFile<'a> {
    /// Takes the bytes of a file; a byte-order mark at the start is skipped.
    ///
    /// # Errors
    /// When the bytes are not UTF-8.
    pub fn new(name: &'a str, bytes: &'a [u8]) -> Result<Self, InputError> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let line = bytes
                .iter()
                .take(error.valid_up_to())
                .filter(|byte| **byte == b'\n')
                .count();
            InputError::new(name, "", "is not UTF-8 text", "save the file as UTF-8")
                .at_line(line as u64 + 1)
        })?;
        Ok(Self { name, text })
    }

    /// The file as a `T`.
    ///
    /// # Errors
    /// When it is not JSON, or its fields are not those of `T`.
    pub fn parse<T: DeserializeOwned>(self) -> Result<T, InputError> {
        serde_json::from_str(self.text).map_err(|error| self.malformed(&error))
    }

    /// A defect of the field at `path`, such as `assets[2].weights[0].up_to`.
    pub fn error(
        self,
        path: impl Into<String>,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) -> InputError {
        let path = path.into();
        let line = line_of(self.text, &path);
        InputError {
            line,
            ..InputError::new(self.name, path, problem, remedy)
        }
    }

    /// The decimal `text` of the field at `path`.
    ///
    /// # Errors
    /// When it is no decimal within the statement's digits.
    pub fn decimal(self, path: &str, text: &str) -> Result<Decimal, InputError> {
        Decimal::parse(text).map_err(|error: DecimalError| {
            self.error(path, format!("\"{text}\" {error}"), error.remedy())
        })
    }

    /// [`JsonFile::decimal`] of a number above zero.
    ///
    /// # Errors
    /// When it is not.
    pub fn positive(self, path: &str, text: &str) -> Result<Decimal, InputError> {
        let value = self.decimal(path, text)?;
        if value.signum() > 0 {
            return Ok(value);
        }
        Err(self.error(
            path,
            format!("\"{text}\" is not above zero"),
            "give a number above zero",
        ))
    }

    /// [`JsonFile::decimal`] of a number that is zero or above.
    ///
    /// # Errors
    /// When it is not.
    pub fn not_negative(self, path: &str, text: &str) -> Result<Decimal, InputError> {
        let value = self.decimal(path, text)?;
        if value.signum() >= 0 {
            return Ok(value);
        }
        Err(self.error(
            path,
            format!("\"{text}\" is below zero"),
            "give zero or a number above it",
        ))
    }

    /// Checks that `text` can be a name.
    ///
    /// # Errors
    /// When it is empty, begins or ends with a blank, or has a control character.
    pub fn name(self, path: &str, text: &str) -> Result<(), InputError> {
        if !text.is_empty() && text.trim() == text && !text.chars().any(char::is_control) {
            return Ok(());
        }
        let remedy = "give a name without blanks around it or control characters";
        Err(self.error(path, format!("{text:?} is no name"), remedy))
    }

    fn malformed(self, error: &serde_json::Error) -> InputError {
        let message = error.to_string();
        let problem = message
            .rsplit_once(" at line ")
            .map_or(message.as_str(), |(text, _)| text);
        let remedy = if problem.contains("expected a string") {
            "write amounts and names as strings, in quotes"
        } else if problem.starts_with("unknown field") {
            "remove the field, or correct its name"
        } else if problem.starts_with("missing field") {
            "add the field"
        } else if problem.starts_with("duplicate field") {
            "give the field once"
        } else if error.is_data() {
            "give the value the type that the field has"
        } else {
            "make the file well-formed JSON"
        };
        InputError {
            line: u64::try_from(error.line()).ok().filter(|line| *line > 0),
            ..InputError::new(self.name, "", problem, remedy)
        }
    }
}

fn line_of(_text: &str, _path: &str) -> Option<u64> {
    None
}
