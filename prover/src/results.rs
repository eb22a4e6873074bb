//! Finished shards in a folder: the proof, and the free rows of its totals.
//!
//! | file | what |
//! |---|---|
//! | `proof-00000.bin` and so on | the shard as the bundle has it |
//! | `free-00000.bin` and so on | SHA-256 of that file, then the free rows: private |
//!
//! Nothing here is believed: a proof is verified before it is used, and free rows that are not of the
//! proof beside them count as lost.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use zkmargin_verifier::shard::file_name;

use crate::error::{io_error, ProveError};
use crate::totals::FreeRows;
use crate::write::{write_private, write_whole};

/// What is kept of a shard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptShard {
    /// Its file, as the bundle has it.
    pub file: Vec<u8>,
    /// The free rows of its totals; none when those kept are not this proof's.
    pub free: Option<FreeRows>,
}

/// The file of a shard's proof.
fn proof_path(folder: &Path, index: usize) -> PathBuf {
    folder.join(file_name(index))
}

fn free_path(folder: &Path, index: usize) -> PathBuf {
    folder.join(format!("free-{index:05}.bin"))
}

/// What a folder keeps of a shard, if it keeps its proof.
///
/// # Errors
/// [`ProveError::Io`].
pub fn read_shard(folder: &Path, index: usize) -> Result<Option<KeptShard>, ProveError> {
    let Some(file) = read_if_there(&proof_path(folder, index))? else {
        return Ok(None);
    };
    let free = read_if_there(&free_path(folder, index))?.and_then(|bytes| {
        let free = bytes.strip_prefix(Sha256::digest(&file).as_slice())?;
        FreeRows::from_bytes(free)
    });
    Ok(Some(KeptShard { file, free }))
}

/// Keeps a shard: its free rows first, so that where a proof is they are.
///
/// # Errors
/// [`ProveError::Io`].
pub fn keep_shard(
    folder: &Path,
    index: usize,
    file: &[u8],
    free: &FreeRows,
) -> Result<(), ProveError> {
    let mut bytes = Sha256::digest(file).to_vec();
    bytes.extend(free.to_bytes());
    let path = free_path(folder, index);
    write_private(&path, &bytes).map_err(io_error(&path))?;
    let path = proof_path(folder, index);
    write_whole(&path, file).map_err(io_error(&path))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_a_proof_with_its_free_rows() {
        let folder = tempfile::tempdir().unwrap();
        let free = FreeRows::draw(&mut rand::rngs::OsRng);
        keep_shard(folder.path(), 3, b"proof", &free).unwrap();
        let kept = read_shard(folder.path(), 3).unwrap().unwrap();
        assert_eq!(kept.file, b"proof");
        assert_eq!(kept.free, Some(free));
        assert_eq!(read_shard(folder.path(), 0).unwrap(), None);
        fs::write(proof_path(folder.path(), 3), b"another").unwrap();
        let kept = read_shard(folder.path(), 3).unwrap().unwrap();
        assert_eq!(kept.free, None);
    }
}
