//! Who may read the shards of a job.

use std::fmt;
use std::fs;
use std::ops::RangeInclusive;
use std::path::Path;
use std::str::FromStr;

use age::x25519;

use super::seal;
use crate::error::{io_error, ProveError};

/// Who may read the shards of a job.
#[derive(Clone, Default)]
pub struct Recipients(Vec<Recipient>);

/// One who may read shards.
#[derive(Clone)]
pub struct Recipient {
    /// Which shards; all when none are named.
    shards: Option<RangeInclusive<usize>>,
    key: x25519::Recipient,
}

impl FromStr for Recipient {
    type Err = String;

    /// `age1…`, or `I-J=age1…` for some shards.
    fn from_str(text: &str) -> Result<Self, String> {
        let (shards, key) = match text.split_once('=') {
            Some((shards, key)) => (Some(indices(shards)?), key),
            None => (None, text),
        };
        let key = key.parse().map_err(|error| {
            format!("{key:?} is no recipient of age ({error}); `age-keygen` prints one, age1...")
        })?;
        Ok(Self { shards, key })
    }
}

/// Shards, as they are written: `I`, or `I-J` from first to last.
///
/// # Errors
/// What is wrong with the text.
pub fn indices(text: &str) -> Result<RangeInclusive<usize>, String> {
    let number = |text: &str| {
        text.parse::<usize>()
            .map_err(|error| format!("{text:?}: {error}"))
    };
    let (first, last) = match text.split_once('-') {
        Some((first, last)) => (number(first)?, number(last)?),
        None => (number(text)?, number(text)?),
    };
    if first > last {
        return Err(format!("{first} comes after {last}"));
    }
    Ok(first..=last)
}

impl Recipients {
    /// Adds those of a file: one a line, as [`Recipient`] is written; lines that are empty or begin
    /// with `#` are passed over.
    ///
    /// # Errors
    /// [`ProveError::Io`] and [`ProveError::Recipients`].
    pub fn read(&mut self, path: &Path) -> Result<(), ProveError> {
        let text = fs::read_to_string(path).map_err(io_error(path))?;
        for (line, text) in text.lines().map(str::trim).enumerate() {
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            self.0.push(text.parse().map_err(|problem| {
                ProveError::Recipients(format!("{}, line {}: {problem}", path.display(), line + 1))
            })?);
        }
        Ok(())
    }

    /// Adds one.
    pub fn add(&mut self, recipient: Recipient) {
        self.0.push(recipient);
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Refuses recipients that leave a shard unread, or read shards that are not there.
    ///
    /// # Errors
    /// [`ProveError::Recipients`].
    pub fn check(&self, shards: usize) -> Result<(), ProveError> {
        let beyond = self
            .0
            .iter()
            .filter_map(|recipient| recipient.shards.as_ref());
        if let Some(beyond) = beyond
            .map(RangeInclusive::end)
            .max()
            .filter(|end| **end >= shards)
        {
            return Err(ProveError::Recipients(format!(
                "a recipient reads shard {beyond}, and the job has {shards}, from 0"
            )));
        }
        match (0..shards).find(|index| self.of(*index).next().is_none()) {
            Some(unread) => Err(ProveError::Recipients(format!(
                "no recipient reads shard {unread} of {shards}; name one for it, or one for all shards without I-J="
            ))),
            None => Ok(()),
        }
    }

    fn of(&self, index: usize) -> impl Iterator<Item = &x25519::Recipient> {
        let reads = move |recipient: &&Recipient| match &recipient.shards {
            Some(shards) => shards.contains(&index),
            None => true,
        };
        self.0.iter().filter(reads).map(|recipient| &recipient.key)
    }

    /// Encrypts what the readers of a shard may read.
    ///
    /// # Errors
    /// [`ProveError::Recipients`].
    pub fn seal_shard(&self, index: usize, bytes: &[u8]) -> Result<Vec<u8>, ProveError> {
        seal(self.of(index), bytes)
    }

    /// Encrypts what the readers of any shard may read.
    ///
    /// # Errors
    /// [`ProveError::Recipients`].
    pub fn seal_all(&self, bytes: &[u8]) -> Result<Vec<u8>, ProveError> {
        seal(self.0.iter().map(|recipient| &recipient.key), bytes)
    }
}

impl fmt::Debug for Recipients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.0).finish()
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} for {:?}", self.key, self.shards)
    }
}
