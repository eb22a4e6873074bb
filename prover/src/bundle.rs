//! Bundle folders, written aside and moved into place.

use std::fs;
use std::path::Path;

use crate::error::ProveError;
use crate::write::write_whole;

/// The files of a bundle.
#[derive(Debug, Clone, Copy)]
pub struct BundleFiles<'a> {
    /// `statement.json`.
    pub statement: &'a [u8],
    /// `market.json`.
    pub market: &'a [u8],
    /// `risk.json`, unless the model is private.
    pub risk: Option<&'a [u8]>,
    /// `proof-00000.bin` and so on.
    pub proofs: &'a [Vec<u8>],
}

/// Refuses a place where something stands.
///
/// # Errors
/// [`ProveError::Exists`].
pub fn check_free(out: &Path) -> Result<(), ProveError> {
    let taken = match fs::read_dir(out) {
        Ok(mut entries) => entries.next().is_some(),
        Err(_) => out.exists(),
    };
    if taken {
        return Err(ProveError::Exists(out.to_owned()));
    }
    Ok(())
}

/// Writes a bundle to a folder of another name, then gives it its own.
///
/// # Errors
/// [`ProveError::Io`].
pub fn write(files: &BundleFiles<'_>, out: &Path) -> Result<(), ProveError> {
    check_free(out)?;
    in_folder(out, |folder| {
        let put = |name: &str, bytes: &[u8]| {
            let path = folder.join(name);
            write_whole(&path, bytes).map_err(|source| ProveError::Io { path, source })
        };
        put("market.json", files.market)?;
        if let Some(risk) = files.risk {
            put("risk.json", risk)?;
        }
        for (i, proof) in files.proofs.iter().enumerate() {
            put(&format!("proof-{i:05}.bin"), proof)?;
        }
        put("statement.json", files.statement)
    })
}

/// Fills a new folder beside `out` and moves it there; an empty folder in its place is replaced.
pub(crate) fn in_folder(
    out: &Path,
    fill: impl FnOnce(&Path) -> Result<(), ProveError>,
) -> Result<(), ProveError> {
    let io = |source| ProveError::Io {
        path: out.to_owned(),
        source,
    };
    let parent = match out.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    fs::create_dir_all(parent).map_err(io)?;
    let aside = tempfile::Builder::new()
        .prefix(".zkmargin-")
        .tempdir_in(parent)
        .map_err(io)?;
    fill(aside.path())?;
    open_to_read(aside.path()).map_err(io)?;
    let path = aside.keep();
    fs::rename(&path, out).map_err(io)?;
    fs::File::open(parent)
        .and_then(|folder| folder.sync_all())
        .map_err(io)
}

#[cfg(unix)]
fn open_to_read(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn open_to_read(_folder: &Path) -> std::io::Result<()> {
    Ok(())
}
