//! Reads the JSON files of a snapshot, with errors that say where.

mod place;

use serde::de::DeserializeOwned;

use crate::error::InputError;
use crate::json::place::{line_of, path_at};
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
                .at_line((line as u64).saturating_add(1))
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
        InputError::new(self.name, path, problem, remedy).at_line(line)
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
        let mut path = path_at(self.text, error.line(), error.column());
        if let Some(missing) = problem.strip_prefix("missing field `") {
            let dot = if path.is_empty() { "" } else { "." };
            path.extend([dot, missing.trim_end_matches('`')]);
        }
        InputError {
            line: u64::try_from(error.line()).ok().filter(|line| *line > 0),
            ..InputError::new(self.name, path, problem, remedy)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    type Amounts = BTreeMap<String, Vec<String>>;

    #[test]
    fn accepts_a_byte_order_mark_and_windows_lines() {
        let bytes = b"\xef\xbb\xbf{\r\n \"a\": [\"1\",\r\n \"x\"] }";
        let file = JsonFile::new("f.json", bytes).unwrap();
        assert_eq!(file.parse::<Amounts>().unwrap()["a"], ["1", "x"]);
        let error = file.decimal("a[1]", "x").unwrap_err();
        assert_eq!(
            error.to_string(),
            "f.json:3: a[1]: \"x\" is not a decimal number; \
             write digits with an optional minus sign and point, such as -1234.5"
        );
    }

    #[test]
    fn rejects_numbers_text_and_bytes() {
        for (text, line, field, problem) in [
            ("{\n\"a\": [\"1\", 1.5] }", 2, "a[1]", "expected a string"),
            ("{\"a\": [\"1\",\n\n]}", 3, "a", "trailing comma"),
            ("{\"a\": []} x", 1, "", "trailing characters"),
            ("", 1, "", "EOF"),
            ("{\"a\": [\n\"\\q\"]}", 2, "a[0]", "invalid escape"),
        ] {
            let file = JsonFile::new("f.json", text.as_bytes()).unwrap();
            let error = file.parse::<Amounts>().unwrap_err();
            assert_eq!(
                (error.line, error.field.as_str()),
                (Some(line), field),
                "{error}"
            );
            assert!(error.problem.contains(problem), "{error}");
        }
        let error = JsonFile::new("f.json", b"{\n\"a\": \"\xff\"}").unwrap_err();
        assert_eq!(
            (error.line, error.problem.as_str()),
            (Some(2), "is not UTF-8 text")
        );
    }
}
