//! Bytes that are kept in memory as long as they are few, and in a file without a name when they are not.

use std::borrow::Cow;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use super::ReadError;
use crate::write::parent;

/// Bytes of accounts that are kept in memory.
const MEMORY: usize = 256 << 20;

/// Bytes that are written to a file at once.
const BUFFER: usize = 1 << 20;

/// Where the accounts of a book are kept while it is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scratch {
    /// Folder of the file that holds what memory does not. The file holds the whole book, so none but
    /// its owner may read it. It has no name: it is gone as soon as the program is, however that ends.
    pub folder: PathBuf,
    /// Bytes of accounts that are kept in memory before there is such a file.
    pub memory: usize,
}

impl Default for Scratch {
    /// In the system's folder for temporary files.
    fn default() -> Self {
        Self::within(std::env::temp_dir())
    }
}

impl Scratch {
    /// In the given folder.
    pub fn within(folder: PathBuf) -> Self {
        Self {
            folder,
            memory: MEMORY,
        }
    }

    /// In the folder that `path` stands in, or the first above it that is there.
    pub fn beside(path: &Path) -> Self {
        let above = parent(path).ancestors().find(|folder| folder.is_dir());
        Self::within(above.unwrap_or(Path::new(".")).to_owned())
    }

    /// The error of a file in the folder.
    pub(super) fn error(&self, source: io::Error) -> ReadError {
        ReadError::Scratch {
            folder: self.folder.clone(),
            source,
        }
    }
}

/// Bytes that are appended, and read again anywhere.
#[derive(Debug)]
pub(super) struct Store {
    scratch: Scratch,
    file: Option<File>,
    /// Bytes in the file.
    written: u64,
    /// What follows them.
    bytes: Vec<u8>,
}

impl Store {
    pub(super) fn new(scratch: &Scratch) -> Self {
        Self {
            scratch: scratch.clone(),
            file: None,
            written: 0,
            bytes: Vec::new(),
        }
    }

    pub(super) fn scratch(&self) -> &Scratch {
        &self.scratch
    }

    /// Bytes so far.
    pub(super) fn end(&self) -> u64 {
        self.written + self.bytes.len() as u64
    }

    /// Takes bytes; returns where they are.
    pub(super) fn append(&mut self, bytes: &[u8]) -> Result<u64, ReadError> {
        let place = self.end();
        self.bytes.extend_from_slice(bytes);
        let held = match self.file {
            None => self.scratch.memory,
            Some(_) => BUFFER,
        };
        if self.bytes.len() > held {
            self.write().map_err(|error| self.scratch.error(error))?;
        }
        Ok(place)
    }

    fn write(&mut self) -> io::Result<()> {
        if self.file.is_none() {
            let file = tempfile::tempfile_in(&self.scratch.folder)?;
            keep_from_others(&file)?;
            self.file = Some(file);
        }
        if let Some(file) = &mut self.file {
            io::Write::write_all(file, &self.bytes)?;
            self.written += self.bytes.len() as u64;
            self.bytes.clear();
            self.bytes.shrink_to(2 * BUFFER);
        }
        Ok(())
    }

    /// The bytes from `place` on.
    pub(super) fn read(&self, place: u64, length: usize) -> Result<Cow<'_, [u8]>, ReadError> {
        if let Some(from) = place.checked_sub(self.written) {
            let from = usize::try_from(from).unwrap_or(usize::MAX);
            let held = self.bytes.get(from..from.saturating_add(length));
            return held.map(Cow::Borrowed).ok_or_else(|| self.damaged());
        }
        let mut bytes = vec![0; length];
        let in_file = usize::try_from(self.written - place).unwrap_or(usize::MAX);
        let (first, rest) = bytes.split_at_mut(in_file.min(length));
        let file = self.file.as_ref().ok_or_else(|| self.damaged())?;
        read_at(file, first, place).map_err(|error| self.scratch.error(error))?;
        rest.copy_from_slice(self.bytes.get(..rest.len()).ok_or_else(|| self.damaged())?);
        Ok(Cow::Owned(bytes))
    }

    /// The error of bytes that are not what was written.
    pub(super) fn damaged(&self) -> ReadError {
        let problem = "what was written there reads as something else";
        let error = io::Error::new(io::ErrorKind::InvalidData, problem);
        self.scratch.error(error)
    }
}

/// Before anything is in a file: nobody but its owner may read it, by whatever way they come to it.
#[cfg(unix)]
fn keep_from_others(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
fn keep_from_others(_file: &File) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn read_at(file: &File, bytes: &mut [u8], place: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, place)
}

#[cfg(windows)]
fn read_at(file: &File, mut bytes: &mut [u8], mut place: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        let read = std::os::windows::fs::FileExt::seek_read(file, bytes, place)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        bytes = &mut bytes[read..];
        place += read as u64;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch(folder: &Path, memory: usize) -> Scratch {
        Scratch {
            folder: folder.to_owned(),
            memory,
        }
    }

    #[test]
    fn reads_what_was_appended_wherever_it_is() {
        let folder = tempfile::tempdir().unwrap();
        for memory in [0, 100, 1 << 30] {
            let mut store = Store::new(&scratch(folder.path(), memory));
            let all: Vec<u8> = (0..5 * BUFFER / 2).map(|i| (i % 251) as u8).collect();
            for part in all.chunks(999) {
                let place = store.append(part).unwrap();
                assert_eq!(&*store.read(place, part.len()).unwrap(), part);
            }
            assert_eq!(store.file.is_some(), memory < all.len());
            for (place, length) in [(0, 10), (BUFFER - 5, 10), (0, all.len()), (all.len(), 0)] {
                let read = store.read(place as u64, length).unwrap();
                assert_eq!(&*read, &all[place..place + length]);
            }
            assert!(store.read(all.len() as u64 - 1, 2).is_err());
            assert!(store.read(all.len() as u64 + 1, 0).is_err());
            let names = std::fs::read_dir(folder.path()).unwrap().count();
            assert_eq!(names, 0, "the file has no name");
        }
    }

    #[cfg(unix)]
    #[test]
    fn keeps_the_file_from_others() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::new(&scratch(folder.path(), 0));
        store.append(b"secret").unwrap();
        let mode = store.file.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0);
    }

    #[test]
    fn names_the_folder_and_the_remedy_when_nothing_can_be_written() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("missing");
        let error = Store::new(&scratch(&missing, 0)).append(b"1").unwrap_err();
        let message = error.to_string();
        assert!(
            message.contains(&missing.display().to_string()),
            "{message}"
        );
        assert!(message.contains("--scratch"), "{message}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn says_when_the_disk_is_full() {
        let mut store = Store::new(&Scratch::default());
        store.file = Some(File::options().write(true).open("/dev/full").unwrap());
        let message = store.append(&vec![0; BUFFER + 1]).unwrap_err().to_string();
        assert!(message.contains("No space left"), "{message}");
        assert!(message.contains("free space there"), "{message}");
    }

    #[test]
    fn stands_beside_what_is_not_there_yet() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("a/b/bundle");
        assert_eq!(Scratch::beside(&deep).folder, folder.path());
        assert_eq!(Scratch::beside(Path::new("bundle")).folder, Path::new("."));
    }
}
