//! Errors of input: what, where and what to do about it.

use std::borrow::Cow;
use std::fmt;

/// Text of others for people to read: control characters, line breaks among them, and characters that
/// do not show are written out (`\u{1b}`), so that no name can move a terminal's cursor, hide or
/// reverse what stands beside it, or make a line of its own.
pub fn printable(text: &str) -> Cow<'_, str> {
    // A mark that joins the letter before it shows, on a letter.
    let shows = |c: char| match c.is_ascii() {
        true => !c.is_control(),
        false => format!("a{c}").escape_debug().count() == 2,
    };
    if text.chars().all(shows) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match shows(c) {
            true => escaped.push(c),
            false => escaped.extend(c.escape_debug()),
        }
    }
    Cow::Owned(escaped)
}

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
        write!(f, "{}", printable(&self.file))?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if !self.field.is_empty() {
            write!(f, ": {}", printable(&self.field))?;
        }
        write!(f, ": {}", printable(&self.problem))?;
        if !self.remedy.is_empty() {
            write!(f, "; {}", printable(&self.remedy))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_what_can_be_shown() {
        for text in ["", "Börse \"A\" \\ 'b'", "交易所 1", "e\u{301}"] {
            assert!(matches!(printable(text), Cow::Borrowed(_)), "{text:?}");
        }
        for (text, shown) in [
            ("a\nverdict: solvent", "a\\nverdict: solvent"),
            ("\u{1b}[2J", "\\u{1b}[2J"),
            ("\u{202e}abc", "\\u{202e}abc"),
            ("US\u{200b}DT", "US\\u{200b}DT"),
            ("\u{9b}x\u{7f}\r", "\\u{9b}x\\u{7f}\\r"),
        ] {
            assert_eq!(printable(text), shown);
        }
    }

    #[test]
    fn prints_a_defect_on_one_line() {
        let error = InputError::new("f", "a\nb", "`x\u{1b}[1A` is unknown", "remove it");
        let text = error.at_line(3).to_string();
        assert_eq!(text, "f:3: a\\nb: `x\\u{1b}[1A` is unknown; remove it");
    }
}
