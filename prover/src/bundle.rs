//! Bundle folders, written aside and moved into place.

use std::fs;
use std::path::Path;

use zkmargin_verifier::shard::file_name;
use zkmargin_verifier::signature::{Signature, SIGNATURE_FILE};

use crate::error::{io_error, ProveError};
use crate::write::{parent, private_folder, remove_folder, sync_folder, write_whole};

/// The files of a bundle.
#[derive(Debug, Clone, Copy)]
pub struct BundleFiles<'a> {
    /// `statement.json`.
    pub statement: &'a [u8],
    /// `market.json`.
    pub market: &'a [u8],
    /// `risk.json`, unless the model is private.
    pub risk: Option<&'a [u8]>,
    /// `totals.bin`.
    pub totals: &'a [u8],
    /// `proof-00000.bin` and so on.
    pub proofs: &'a [Vec<u8>],
    /// `statement.sig`, if the statement is signed.
    pub signature: Option<&'a Signature>,
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

/// Writes a bundle to the folder `aside`, then gives it its own name. What an interrupted run left
/// in `aside` is removed.
///
/// # Errors
/// [`ProveError::Io`], and [`ProveError::Exists`] when the place has been taken.
pub fn write(files: &BundleFiles<'_>, aside: &Path, out: &Path) -> Result<(), ProveError> {
    in_folder(aside, out, |folder| {
        let put = |name: &str, bytes: &[u8]| {
            let path = folder.join(name);
            write_whole(&path, bytes).map_err(|source| ProveError::Io { path, source })
        };
        put("market.json", files.market)?;
        if let Some(risk) = files.risk {
            put("risk.json", risk)?;
        }
        for (index, proof) in files.proofs.iter().enumerate() {
            put(&file_name(index), proof)?;
        }
        put("totals.bin", files.totals)?;
        if let Some(signature) = files.signature {
            put(SIGNATURE_FILE, &signature.to_file())?;
        }
        put("statement.json", files.statement)?;
        open_to_read(folder).map_err(io_error(folder))
    })
}

/// Fills the folder `aside` anew and moves it to `out`, where nothing or an empty folder stands.
/// Nobody but its owner may look into it, unless `fill` says otherwise.
pub(crate) fn in_folder(
    aside: &Path,
    out: &Path,
    fill: impl FnOnce(&Path) -> Result<(), ProveError>,
) -> Result<(), ProveError> {
    let io = |path: &Path| {
        let path = path.to_owned();
        move |source| ProveError::Io { path, source }
    };
    check_free(out)?;
    remove_folder(aside).map_err(io(aside))?;
    private_folder(aside).map_err(io(aside))?;
    fill(aside)?;
    sync_folder(aside).map_err(io(aside))?;
    fs::create_dir_all(parent(out)).map_err(io(out))?;
    // Fails where another run has put something meanwhile.
    fs::rename(aside, out).map_err(io(out))?;
    sync_folder(parent(out)).map_err(io(out))
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
