//! Verifying keys remade from parameters, and kept so that the next verification is quick.
//!
//! A kept key is found by the digest of the very parameter file it was made from, which passed
//! every check then; keys come from nowhere else. It is used only where it is the key that the
//! statement names: one of another version of the circuit is made again.

use std::env;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use zkmargin_circuits::shape::Shape;
use zkmargin_circuits::statement::Digest;
use zkmargin_prover::kept::{kept_path, read_kept, write_kept};
use zkmargin_prover::key::verifying_key;
use zkmargin_verifier::bundle::RemadeKey;
use zkmargin_verifier::key::key_digest;

use crate::commands::{setup, spinner};
use crate::failure::Failure;
use crate::files::failure;

/// The key of a shape under the parameters in a file.
pub fn remake(shape: &Shape, params: &Path, expected: Digest) -> Result<RemadeKey, Failure> {
    let digest = digest_of(params)?;
    let kept = folder().map(|folder| kept_path(&folder, shape, &digest));
    if let Some((tau_g2, key)) = kept.as_deref().and_then(|path| read_kept(path, shape)) {
        if key_digest(shape, &key) == expected.0 {
            return Ok(RemadeKey { tau_g2, key });
        }
    }
    let progress = spinner("parameters");
    let parameters = setup::load(params, &progress)?;
    let parameters = parameters.downsize(shape.k).map_err(setup::failure)?;
    progress.set_message("making the key");
    let key = verifying_key(shape, &parameters)
        .map_err(|error| Failure::internal(format!("making the key: {error:?}")))?;
    progress.finish_and_clear();
    let remade = RemadeKey {
        tau_g2: parameters.tau_g2(),
        key,
    };
    // A key that cannot be kept is made again the next time.
    if let Some(path) = kept {
        let _ = write_kept(&path, &remade.tau_g2, &remade.key);
    }
    Ok(remade)
}

/// SHA-256 of a file that may be larger than memory.
fn digest_of(path: &Path) -> Result<[u8; 32], Failure> {
    let mut hash = Sha256::new();
    File::open(path)
        .and_then(|mut file| io::copy(&mut file, &mut hash))
        .map_err(|error| failure(path, &error))?;
    Ok(hash.finalize().into())
}

/// Where this user's keys are kept.
pub fn folder() -> Option<PathBuf> {
    let named = |name: &str| env::var_os(name).filter(|folder| !folder.is_empty());
    if let Some(folder) = named("ZKMARGIN_CACHE") {
        return Some(PathBuf::from(folder));
    }
    if let Some(folder) = named("XDG_CACHE_HOME") {
        return Some(PathBuf::from(folder).join("zkmargin"));
    }
    Some(PathBuf::from(named("HOME")?).join(".cache/zkmargin"))
}
