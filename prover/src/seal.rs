//! Files for some eyes only, encrypted with age (<https://age-encryption.org/v1>).
//!
//! A job's private files are read by two: the worker of a shard, and who assembles. A worker's key is
//! one of the recipients that the job is planned with; who assembles has a key that is made with the
//! plan and never leaves its work folder.

mod recipients;

use std::fmt;
use std::fs;
use std::io::{Read, Write};
use std::path::Path;

use age::secrecy::ExposeSecret;
use age::{x25519, DecryptError, Decryptor, Encryptor, IdentityFile};

use crate::error::{io_error, ProveError};
use crate::write::{read_if_there, write_private};

pub use recipients::{indices, Recipient, Recipients};

/// File of the work folder with the key of who assembles.
const ASSEMBLER: &str = "assembler.key";

fn seal<'a>(
    keys: impl Iterator<Item = &'a x25519::Recipient>,
    bytes: &[u8],
) -> Result<Vec<u8>, ProveError> {
    let failed = |problem: &dyn ToString| ProveError::Recipients(problem.to_string());
    let encryptor = Encryptor::with_recipients(keys.map(|key| key as &dyn age::Recipient))
        .map_err(|error| failed(&error))?;
    let mut sealed = Vec::with_capacity(bytes.len() + 1024);
    let written = encryptor.wrap_output(&mut sealed).and_then(|mut writer| {
        writer.write_all(bytes)?;
        writer.finish()
    });
    written.map_err(|error| failed(&error))?;
    Ok(sealed)
}

/// Why a file was not decrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OpenError {
    /// It is encrypted for others.
    Others,
    /// It is not what was encrypted.
    Damaged(String),
}

fn open(identities: &[&dyn age::Identity], bytes: &[u8]) -> Result<Vec<u8>, OpenError> {
    let failed = |error| match error {
        DecryptError::NoMatchingKeys => OpenError::Others,
        error => OpenError::Damaged(error.to_string()),
    };
    let decryptor = Decryptor::new_buffered(bytes).map_err(failed)?;
    let mut reader = decryptor
        .decrypt(identities.iter().copied())
        .map_err(failed)?;
    let mut opened = Vec::with_capacity(bytes.len());
    reader
        .read_to_end(&mut opened)
        .map_err(|error| OpenError::Damaged(error.to_string()))?;
    Ok(opened)
}

/// A worker's keys.
pub struct Identities(Vec<Box<dyn age::Identity + Send + Sync>>);

impl Identities {
    /// Those of a file, as `age-keygen` writes it.
    ///
    /// # Errors
    /// [`ProveError::Io`] and [`ProveError::IdentityFile`].
    pub fn read(path: &Path) -> Result<Self, ProveError> {
        let bytes = fs::read(path).map_err(io_error(path))?;
        let wrong = |problem: String| ProveError::IdentityFile {
            path: path.to_owned(),
            problem,
        };
        let file =
            IdentityFile::from_buffer(&bytes[..]).map_err(|error| wrong(error.to_string()))?;
        let identities = file
            .into_identities()
            .map_err(|error| wrong(error.to_string()))?;
        if identities.is_empty() {
            return Err(wrong("it holds no key".to_owned()));
        }
        Ok(Self(identities))
    }

    /// Decrypts a file.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(&self, bytes: &[u8]) -> Result<Vec<u8>, OpenError> {
        let keys: Vec<&dyn age::Identity> = self.0.iter().map(|key| &**key as _).collect();
        open(&keys, bytes)
    }
}

impl fmt::Debug for Identities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identities(..)")
    }
}

/// The key of who assembles a job.
#[derive(Clone)]
pub struct Assembler(x25519::Identity);

impl Assembler {
    /// A new one.
    pub fn generate() -> Self {
        Self(x25519::Identity::generate())
    }

    /// The one that a work folder keeps, if it keeps one.
    ///
    /// # Errors
    /// [`ProveError::Io`] and [`ProveError::DamagedJob`].
    pub fn kept(work: &Path) -> Result<Option<Self>, ProveError> {
        let path = work.join(ASSEMBLER);
        let Some(bytes) = read_if_there(&path)? else {
            return Ok(None);
        };
        let text = String::from_utf8_lossy(&bytes);
        match text.trim_end().parse() {
            Ok(key) => Ok(Some(Self(key))),
            Err(problem) => Err(ProveError::DamagedJob {
                path,
                problem: problem.to_owned(),
            }),
        }
    }

    /// The one that a work folder keeps; a new one is made and kept if it keeps none.
    ///
    /// # Errors
    /// [`ProveError::Io`] and [`ProveError::DamagedJob`].
    pub fn kept_or_new(work: &Path) -> Result<Self, ProveError> {
        if let Some(kept) = Self::kept(work)? {
            return Ok(kept);
        }
        let new = Self::generate();
        let path = work.join(ASSEMBLER);
        let line = format!("{}\n", new.0.to_string().expose_secret());
        write_private(&path, line.as_bytes()).map_err(io_error(&path))?;
        Ok(new)
    }

    /// Whom workers encrypt for.
    pub fn recipient(&self) -> AssemblerKey {
        AssemblerKey(self.0.to_public())
    }

    /// Decrypts a file.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(&self, bytes: &[u8]) -> Result<Vec<u8>, OpenError> {
        open(&[&self.0], bytes)
    }
}

impl fmt::Debug for Assembler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Assembler(..)")
    }
}

/// Whom workers encrypt for: the public key of who assembles.
#[derive(Clone, PartialEq, Eq)]
pub struct AssemblerKey(x25519::Recipient);

impl AssemblerKey {
    /// From `age1…`; none when it is no key.
    pub fn parse(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }

    /// Encrypts a file.
    ///
    /// # Errors
    /// [`ProveError::Recipients`].
    pub fn seal(&self, bytes: &[u8]) -> Result<Vec<u8>, ProveError> {
        seal([&self.0].into_iter(), bytes)
    }
}

impl fmt::Display for AssemblerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for AssemblerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests;
