//! The header of a snapshot: venue, epoch, time and the classes of accounts.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::book::Class;
use crate::error::InputError;
use crate::json::JsonFile;
use crate::statement::Digest;

/// Remedy for a time that is none.
const TIME_REMEDY: &str = "write UTC as YYYY-MM-DDTHH:MM:SSZ, such as 2026-11-22T00:00:00Z";

/// `snapshot.json`, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Name of the venue.
    pub venue: String,
    /// Number of the publication.
    pub epoch: u64,
    /// Time of the snapshot, UTC, as `YYYY-MM-DDTHH:MM:SSZ`.
    pub time: String,
    /// Quote currency.
    pub quote: String,
    /// SHA-256 of the previous statement's bytes; none for the first.
    pub previous: Option<Digest>,
    /// Class of every account that is no customer's.
    pub classes: BTreeMap<String, Class>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SnapshotFile {
    venue: String,
    epoch: u64,
    time: String,
    quote: String,
    previous: Option<String>,
    #[serde(default)]
    classes: ClassesFile,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ClassesFile {
    #[serde(default)]
    fund: Vec<String>,
    #[serde(default)]
    house: Vec<String>,
}

impl Snapshot {
    /// Reads `snapshot.json`.
    ///
    /// # Errors
    /// For the first defect found.
    pub fn parse(file_name: &str, bytes: &[u8]) -> Result<Self, InputError> {
        let file = JsonFile::new(file_name, bytes)?;
        let SnapshotFile {
            venue,
            epoch,
            time,
            quote,
            previous,
            classes,
        } = file.parse().map_err(|error: InputError| {
            if error.problem.contains("`fund`") && error.problem.starts_with("unknown field") {
                InputError {
                    field: "classes".into(),
                    remedy:
                        "the classes are `fund` and `house`; every other account is a customer's"
                            .into(),
                    ..error
                }
            } else {
                error
            }
        })?;
        for (field, text) in [("venue", &venue), ("quote", &quote)] {
            if !is_name(text) {
                return Err(file.error(
                    field,
                    "is empty, or has control characters",
                    "give it a name",
                ));
            }
        }
        if !is_utc(&time) {
            return Err(file.error("time", format!("{time:?} is not a time"), TIME_REMEDY));
        }
        let previous = previous
            .map(|text| {
                Digest::from_hex(&text).ok_or_else(|| {
                    file.error(
                        "previous",
                        format!("{text:?} is not a digest"),
                        "give the 64 lower-case hex digits of the previous statement's SHA-256, or null",
                    )
                })
            })
            .transpose()?;
        let mut members = BTreeMap::new();
        for (class, ids) in [(Class::Fund, classes.fund), (Class::House, classes.house)] {
            for (index, id) in ids.into_iter().enumerate() {
                let path = format!("classes.{}[{index}]", class.name());
                if id.is_empty() {
                    return Err(file.error(path, "is empty", "name an account"));
                }
                if let Some(other) = members.insert(id.clone(), class) {
                    let problem = format!("{id:?} is already of class {}", other.name());
                    return Err(file.error(path, problem, "list each account once"));
                }
            }
        }
        Ok(Self {
            venue,
            epoch,
            time,
            quote,
            previous,
            classes: members,
        })
    }

    /// The class of an account.
    pub fn class_of(&self, account: &str) -> Class {
        self.classes
            .get(account)
            .copied()
            .unwrap_or(Class::Customer)
    }

    /// Checks that every account with a class is in the book.
    ///
    /// # Errors
    /// Naming the first that is not.
    pub fn check_members(
        &self,
        file_name: &str,
        mut is_in_book: impl FnMut(&str) -> bool,
    ) -> Result<(), InputError> {
        match self.classes.iter().find(|(id, _)| !is_in_book(id)) {
            None => Ok(()),
            Some((id, class)) => Err(InputError::new(
                file_name,
                format!("classes.{}", class.name()),
                format!("account {id:?} is not in the accounts file"),
                "remove it from the class, or add its rows",
            )),
        }
    }
}

/// Whether `text` can name a venue or a currency: something shows, and nothing moves a cursor.
pub(crate) fn is_name(text: &str) -> bool {
    !text.trim().is_empty() && !text.chars().any(char::is_control)
}

/// Whether `text` is `YYYY-MM-DDTHH:MM:SSZ` and a time of the calendar.
pub(crate) fn is_utc(text: &str) -> bool {
    let pattern = b"dddd-dd-ddTdd:dd:ddZ";
    let bytes = text.as_bytes();
    let shaped = bytes.len() == pattern.len()
        && bytes
            .iter()
            .zip(pattern)
            .all(|(byte, expected)| match expected {
                b'd' => byte.is_ascii_digit(),
                _ => byte == expected,
            });
    if !shaped {
        return false;
    }
    let number = |from: usize, to: usize| {
        text.get(from..to)
            .and_then(|digits| digits.parse::<u32>().ok())
            .unwrap_or(u32::MAX)
    };
    let (year, month, day) = (number(0, 4), number(5, 7), number(8, 10));
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    (1..=days).contains(&day) && number(11, 13) < 24 && number(14, 16) < 60 && number(17, 19) < 60
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = r#"{ "venue": "Example Exchange", "epoch": 42, "time": "2026-11-22T00:00:00Z", "quote": "USD",
        "previous": null, "classes": { "fund": ["insurance"], "house": ["prop-1"] } }"#;

    fn parse(text: &str) -> Result<Snapshot, InputError> {
        Snapshot::parse("snapshot.json", text.as_bytes())
    }

    #[test]
    fn accepts_the_example() {
        let snapshot = parse(EXAMPLE).unwrap();
        assert_eq!(snapshot.epoch, 42);
        assert_eq!(snapshot.class_of("insurance"), Class::Fund);
        assert_eq!(snapshot.class_of("prop-1"), Class::House);
        assert_eq!(snapshot.class_of("alice"), Class::Customer);
        assert!(snapshot.check_members("snapshot.json", |_| true).is_ok());
        let error = snapshot
            .check_members("snapshot.json", |id| id != "prop-1")
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "snapshot.json: classes.house: account \"prop-1\" is not in the accounts file; \
             remove it from the class, or add its rows"
        );
        let digest = format!("\"{}\"", "0a".repeat(32));
        let snapshot = parse(&EXAMPLE.replace("null", &digest)).unwrap();
        assert_eq!(snapshot.previous, Some(Digest([10; 32])));
        assert!(parse(&format!("\u{feff}{EXAMPLE}").replace('\n', "\r\n")).is_ok());
    }

    #[test]
    fn rejects_what_is_not_a_header() {
        for (from, to, field, problem) in [
            (
                "\"prop-1\"",
                "\"insurance\"",
                "classes.house[0]",
                "already of class fund",
            ),
            ("\"prop-1\"", "\"\"", "classes.house[0]", "empty"),
            ("\"house\"", "\"staff\"", "classes", "unknown field `staff`"),
            ("null", "\"0A\"", "previous", "not a digest"),
            ("42", "-1", "epoch", "invalid value"),
            ("\"epoch\": 42,", "", "epoch", "missing field `epoch`"),
            ("\"USD\"", "\" \"", "quote", "empty"),
            ("Example Exchange", "\\u001b[2J", "venue", "control"),
            ("\"USD\"", "\"U\\nD\"", "quote", "control"),
            ("2026-11-22", "2026-02-29", "time", "not a time"),
            ("T00:00:00Z", "T24:00:00Z", "time", "not a time"),
            ("T00:00:00Z", " 00:00:00Z", "time", "not a time"),
            ("T00:00:00Z", "T00:00:00+00:00", "time", "not a time"),
        ] {
            let error = parse(&EXAMPLE.replace(from, to)).unwrap_err();
            assert_eq!(error.field, field, "{error}");
            assert!(error.problem.contains(problem), "{error}");
            assert!(!error.remedy.is_empty(), "{error}");
        }
    }

    #[test]
    fn accepts_times_of_the_calendar() {
        assert!(is_utc("2028-02-29T23:59:59Z"));
        assert!(is_utc("2000-02-29T00:00:00Z"));
        assert!(!is_utc("2100-02-29T00:00:00Z"));
        assert!(!is_utc("2026-13-01T00:00:00Z"));
        assert!(!is_utc("2026-00-01T00:00:00Z"));
        assert!(!is_utc("2026-04-31T00:00:00Z"));
        assert!(!is_utc("2026-04-00T00:00:00Z"));
        assert!(!is_utc("2026-11-22T00:00:60Z"));
    }
}
