//! Reads files that others may have made: regular ones where a folder of theirs holds them, and never
//! more than their kind can have.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use crate::failure::Failure;

/// Most bytes of a file that the user names.
const NAMED_BYTES: u64 = 1 << 30;

/// The bytes of a file that a folder must have, at most so many. A link to a file is that file; a
/// pipe or a device, which may never end, is refused without being opened.
pub fn read_in(folder: &Path, name: &str, most: u64) -> Result<Vec<u8>, Failure> {
    let path = folder.join(name);
    let regular = |metadata: &fs::Metadata| match metadata.is_file() {
        true => Ok(()),
        false => Err(Failure::input(format!(
            "{} is no file; a bundle holds files alone",
            path.display()
        ))),
    };
    // Opening a pipe waits for whoever writes to it.
    regular(&fs::metadata(&path).map_err(|error| failure(&path, &error))?)?;
    let file = File::open(&path).map_err(|error| failure(&path, &error))?;
    regular(&file.metadata().map_err(|error| failure(&path, &error))?)?;
    read(file, &path, most)
}

/// The bytes of a file that the user named, which may be a pipe.
pub fn read_file(path: &Path) -> Result<Vec<u8>, Failure> {
    let file = File::open(path).map_err(|error| failure(path, &error))?;
    read(file, path, NAMED_BYTES)
}

fn read(file: File, path: &Path, most: u64) -> Result<Vec<u8>, Failure> {
    let too_long = || {
        Failure::input(format!(
            "{} has more than {most} bytes, which no such file has",
            path.display()
        ))
    };
    let length = file.metadata().map_or(0, |metadata| metadata.len());
    if length > most {
        return Err(too_long());
    }
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
    // A file can grow while it is read.
    file.take(most.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| failure(path, &error))?;
    match bytes.len() as u64 > most {
        true => Err(too_long()),
        false => Ok(bytes),
    }
}

/// A file that cannot be read.
pub fn failure(path: &Path, error: &io::Error) -> Failure {
    let message = format!("{}: {error}", path.display());
    match is_missing(error) {
        true => Failure::input(message),
        false => Failure::internal(message),
    }
}

/// Whether a path names nothing that could be read, which is the user's to mend.
pub fn is_missing(error: &io::Error) -> bool {
    use io::ErrorKind;
    matches!(
        error.kind(),
        ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::IsADirectory
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_up_to_the_last_byte_that_is_due() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a"), b"12345").unwrap();
        assert_eq!(read_in(folder.path(), "a", 5).unwrap(), b"12345");
        let error = read_in(folder.path(), "a", 4).unwrap_err();
        assert!(matches!(error, Failure::Input(_)), "{error}");
        assert!(error.to_string().contains("more than 4 bytes"), "{error}");
        let error = read_in(folder.path(), "b", 4).unwrap_err();
        assert!(matches!(error, Failure::Input(_)), "{error}");
        fs::create_dir(folder.path().join("c")).unwrap();
        let error = read_in(folder.path(), "c", 4).unwrap_err();
        assert!(error.to_string().contains("is no file"), "{error}");
    }

    #[test]
    fn does_not_read_what_is_too_long() {
        let folder = tempfile::tempdir().unwrap();
        let file = File::create(folder.path().join("a")).unwrap();
        // Sparse: it takes no room, and would take more memory than there is.
        file.set_len(1 << 40).unwrap();
        assert!(read_in(folder.path(), "a", 1 << 20).is_err());
        assert!(read_file(&folder.path().join("a")).is_err());
    }
}
