//! Files that are there whole or not at all.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use tempfile::NamedTempFile;

use crate::error::{io_error, ProveError};

/// Writes `bytes` aside, syncs them, and moves them to `path`: a reader sees the old file or the
/// new one, and after a crash neither half.
///
/// # Errors
/// When the folder cannot be written to.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    put_whole(path, bytes, readable)
}

/// [`write_whole`], of a file that nobody but its owner may read.
///
/// # Errors
/// When the folder cannot be written to.
pub fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // Temporary files are made so.
    put_whole(path, bytes, |_| Ok(()))
}

fn put_whole(
    path: &Path,
    bytes: &[u8],
    permit: impl FnOnce(&fs::File) -> io::Result<()>,
) -> io::Result<()> {
    let folder = parent(path);
    fs::create_dir_all(folder)?;
    let mut aside = NamedTempFile::new_in(folder)?;
    aside.write_all(bytes)?;
    permit(aside.as_file())?;
    aside.as_file().sync_all()?;
    aside.persist(path)?;
    sync_folder(folder)
}

/// The bytes of a file; none where there is none.
///
/// # Errors
/// [`ProveError::Io`].
pub(crate) fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, ProveError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io_error(path)(error)),
    }
}

/// The folder that a path stands in.
pub(crate) fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Makes a folder that nobody but its owner may look into; one that is there stays as it is.
pub(crate) fn private_folder(path: &Path) -> io::Result<()> {
    fs::create_dir_all(parent(path))?;
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}

/// Removes a folder and what is in it, if it is there.
pub(crate) fn remove_folder(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// Gives a file the permissions that one made in the ordinary way has.
#[cfg(unix)]
fn readable(file: &fs::File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable(_file: &fs::File) -> io::Result<()> {
    Ok(())
}

/// Makes moves within a folder last.
#[cfg(unix)]
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    fs::File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
pub(crate) fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_a_file_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/er/file");
        write_whole(&path, b"one").unwrap();
        write_whole(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn keeps_private_files_from_others() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let secrets = folder.path().join("secrets");
        private_folder(&secrets).unwrap();
        write_private(&secrets.join("one"), b"1").unwrap();
        write_whole(&secrets.join("two"), b"2").unwrap();
        assert_eq!(mode(&secrets), 0o700);
        assert_eq!(mode(&secrets.join("one")), 0o600);
        assert_eq!(mode(&secrets.join("two")), 0o644);
    }

    #[test]
    fn leaves_the_old_file_when_the_new_one_cannot_be_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::create_dir(&path).unwrap();
        assert!(write_whole(&path, b"one").is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
