//! Verifying keys remade from parameters, and kept so that the next verification is quick.
//!
//! A kept key is found by the digest of the very parameter file it was made from, which passed
//! every check then; keys come from nowhere else. It is used only where it is the key that the
//! statement names: one of another version of the circuit is made again.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use halo2_proofs::halo2curves::bn256::G2Affine;
use halo2_proofs::halo2curves::group::GroupEncoding;
use sha2::{Digest as _, Sha256};
use zkmargin_circuits::circuit::MarginCircuit;
use zkmargin_circuits::shape::Shape;
use zkmargin_circuits::statement::Digest;
use zkmargin_prover::key::verifying_key;
use zkmargin_prover::write::write_whole;
use zkmargin_verifier::bundle::RemadeKey;
use zkmargin_verifier::key::{key_bytes, key_digest, read_key};

use crate::commands::{setup, spinner};
use crate::failure::Failure;
use crate::snapshot::read_file;

/// Bytes before the key: a checksum of the rest, and `[tau]G2`.
const CHECKSUM: usize = 32;
const TAU: usize = 64;

/// The key of a shape under the parameters in a file.
pub fn remake(shape: &Shape, params: &Path, expected: Digest) -> Result<RemadeKey, Failure> {
    let kept = kept_path(shape, &read_file(params)?);
    if let Some(key) = kept.as_deref().and_then(|path| read_kept(path, shape)) {
        if key_digest(shape, &key.key) == expected.0 {
            return Ok(key);
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
        let _ = write_whole(&path, &kept_bytes(&remade));
    }
    Ok(remade)
}

fn kept_path(shape: &Shape, params: &[u8]) -> Option<PathBuf> {
    let folder = match env::var_os("ZKMARGIN_CACHE").filter(|folder| !folder.is_empty()) {
        Some(folder) => PathBuf::from(folder),
        None => match env::var_os("XDG_CACHE_HOME").filter(|folder| !folder.is_empty()) {
            Some(folder) => PathBuf::from(folder).join("zkmargin"),
            None => PathBuf::from(env::var_os("HOME")?).join(".cache/zkmargin"),
        },
    };
    let digest = hex::encode(Sha256::digest(params));
    Some(folder.join(format!("{}-{digest}.key", shape.name)))
}

fn kept_bytes(key: &RemadeKey) -> Vec<u8> {
    let mut rest = key.tau_g2.to_bytes().as_ref().to_vec();
    rest.extend(key_bytes(&key.key));
    let mut bytes = Sha256::digest(&rest).to_vec();
    bytes.extend(rest);
    bytes
}

fn read_kept(path: &Path, shape: &Shape) -> Option<RemadeKey> {
    let bytes = fs::read(path).ok()?;
    let (checksum, rest) = bytes.split_at_checked(CHECKSUM)?;
    if Sha256::digest(rest).as_slice() != checksum {
        return None;
    }
    let (tau, key) = rest.split_at_checked(TAU)?;
    let mut encoding = <G2Affine as GroupEncoding>::Repr::default();
    encoding.as_mut().copy_from_slice(tau);
    Some(RemadeKey {
        tau_g2: Option::from(G2Affine::from_bytes(&encoding))?,
        key: read_key::<MarginCircuit>(key, shape.k, *shape).ok()?,
    })
}
