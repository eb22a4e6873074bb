//! Where a job is: a folder, or a prefix of an object store.
//!
//! What is written appears whole or not at all in both. A folder's files are written aside, synced and
//! renamed ([`crate::write`]); an object is put by one request, which stores repeat or refuse as a whole.

mod objects;

use std::ffi::OsStr;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use url::Url;

use crate::bundle;
use crate::error::{io_error, ProveError};
use crate::write::{private_folder, read_if_there, sync_folder, write_private, write_whole};

use objects::Objects;

/// Schemes of object stores, for people.
const SCHEMES: &str = "s3://BUCKET/PREFIX, gs://BUCKET/PREFIX and az://CONTAINER/PREFIX";

/// The place of a job, as it is written: a path, or a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A folder: a path, or `file:///PATH`.
    Folder(PathBuf),
    /// A prefix of an object store: `s3://`, `gs://` or `az://`.
    Objects(Url),
}

impl Location {
    /// What has `://` is a URL, all else a path.
    ///
    /// # Errors
    /// What is wrong with a URL.
    pub fn parse(text: &OsStr) -> Result<Self, String> {
        let Some(url) = text.to_str().filter(|text| text.contains("://")) else {
            return Ok(Self::Folder(text.into()));
        };
        let url = Url::parse(url).map_err(|error| error.to_string())?;
        if url.scheme() == "file" {
            let path = url.to_file_path();
            return path
                .map(Self::Folder)
                .map_err(|()| "a folder of this machine is file:///PATH".to_owned());
        }
        if !matches!(url.scheme(), "s3" | "s3a" | "gs" | "az" | "abfs" | "abfss") {
            return Err(format!(
                "{}:// is no object store that is known; known are {SCHEMES}, and file:///PATH",
                url.scheme()
            ));
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(format!("it names no bucket; forms are {SCHEMES}"));
        }
        if url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
            return Err("a URL of a bucket and a prefix has no password, query or fragment; credentials are read from the environment".to_owned());
        }
        Ok(Self::Objects(url))
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path) => path.display().fmt(f),
            Self::Objects(url) => f.write_str(url.as_str().trim_end_matches('/')),
        }
    }
}

/// Who may read a file of a folder. Who may read an object is the store's own setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    /// Everybody who may look into the folder.
    Anyone,
    /// Its owner.
    Owner,
}

/// The files of a job, by name.
#[derive(Debug)]
pub enum Store {
    /// In a folder.
    Folder(PathBuf),
    /// In an object store.
    Objects(Box<Objects>),
}

impl Store {
    /// A folder, which need not be there yet.
    pub fn folder(path: &Path) -> Self {
        Self::Folder(path.to_owned())
    }

    /// The files at a location. An object store is not asked for anything yet; its settings are those
    /// of the environment.
    ///
    /// # Errors
    /// [`ProveError::Store`] when the settings are not complete, or this program has no such stores.
    pub fn open(location: &Location) -> Result<Self, ProveError> {
        Ok(match location {
            Location::Folder(path) => Self::folder(path),
            Location::Objects(url) => Self::Objects(Box::new(Objects::open(url)?)),
        })
    }

    /// Whether others than this machine have it.
    pub fn is_remote(&self) -> bool {
        matches!(self, Self::Objects(_))
    }

    /// The place of a file, for errors.
    pub fn place(&self, name: &str) -> String {
        match self {
            Self::Folder(path) => path.join(name).display().to_string(),
            Self::Objects(objects) => objects.place(name),
        }
    }

    /// The bytes of a file.
    ///
    /// # Errors
    /// [`ProveError::Io`] and [`ProveError::Store`], also where there is none.
    pub fn read(&self, name: &str) -> Result<Vec<u8>, ProveError> {
        match self {
            Self::Folder(path) => {
                let path = path.join(name);
                fs::read(&path).map_err(io_error(&path))
            }
            Self::Objects(objects) => objects.read(name),
        }
    }

    /// The bytes of a file; none where there is none.
    ///
    /// # Errors
    /// [`ProveError::Io`] and [`ProveError::Store`].
    pub fn read_if_there(&self, name: &str) -> Result<Option<Vec<u8>>, ProveError> {
        match self {
            Self::Folder(path) => read_if_there(&path.join(name)),
            Self::Objects(objects) => objects.read_if_there(name),
        }
    }

    /// Whether there is a file.
    ///
    /// # Errors
    /// [`ProveError::Io`] and [`ProveError::Store`].
    pub fn exists(&self, name: &str) -> Result<bool, ProveError> {
        match self {
            Self::Folder(path) => {
                let path = path.join(name);
                path.try_exists().map_err(io_error(&path))
            }
            Self::Objects(objects) => objects.exists(name),
        }
    }

    /// Asks an object store for anything, to know whether it can be used before much is computed.
    ///
    /// # Errors
    /// [`ProveError::Store`].
    pub fn reach(&self) -> Result<(), ProveError> {
        match self {
            Self::Folder(_) => Ok(()),
            Self::Objects(objects) => objects.is_empty().map(drop),
        }
    }

    /// Refuses a place where something stands.
    ///
    /// # Errors
    /// [`ProveError::Exists`], [`ProveError::Taken`] and [`ProveError::Store`].
    pub fn check_free(&self) -> Result<(), ProveError> {
        match self {
            Self::Folder(path) => bundle::check_free(path),
            Self::Objects(objects) => match objects.is_empty()? {
                true => Ok(()),
                false => Err(ProveError::Taken(objects.to_string())),
            },
        }
    }

    /// Makes the place: a folder that nobody but its owner may look into, if there is none.
    ///
    /// # Errors
    /// [`ProveError::Io`].
    pub fn make(&self) -> Result<(), ProveError> {
        match self {
            Self::Folder(path) => private_folder(path).map_err(io_error(path)),
            Self::Objects(_) => Ok(()),
        }
    }

    /// Makes what was written last.
    ///
    /// # Errors
    /// [`ProveError::Io`].
    pub fn sync(&self) -> Result<(), ProveError> {
        match self {
            Self::Folder(path) => sync_folder(path).map_err(io_error(path)),
            Self::Objects(_) => Ok(()),
        }
    }

    /// Writes a file whole, in the place of one that is there.
    ///
    /// # Errors
    /// [`ProveError::Io`] and [`ProveError::Store`].
    pub fn write(&self, name: &str, bytes: &[u8], readers: Readers) -> Result<(), ProveError> {
        match self {
            Self::Folder(path) => {
                let path = path.join(name);
                let write: fn(&Path, &[u8]) -> io::Result<()> = match readers {
                    Readers::Anyone => write_whole,
                    Readers::Owner => write_private,
                };
                write(&path, bytes).map_err(io_error(&path))
            }
            Self::Objects(objects) => objects.write(name, bytes),
        }
    }
}

impl fmt::Display for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path) => path.display().fmt(f),
            Self::Objects(objects) => objects.fmt(f),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
