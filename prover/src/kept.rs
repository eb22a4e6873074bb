//! Verifying keys kept in files, so that they are made once for a shape and a setup.
//!
//! A kept key is a convenience of whoever made it: it is read with a checksum, and used only for the
//! very name it was kept under. Nobody else's key comes this way.

use std::fs;
use std::path::{Path, PathBuf};

use halo2_proofs::halo2curves::bn256::{G1Affine, G2Affine};
use halo2_proofs::halo2curves::group::GroupEncoding;
use halo2_proofs::plonk::{Error, VerifyingKey};
use sha2::{Digest as _, Sha256};
use zkmargin_circuits::circuit::MarginCircuit;
use zkmargin_circuits::shape::Shape;
use zkmargin_verifier::key::{key_bytes, pinned_key, read_key};
use zkmargin_verifier::setup::tau_g2_digest;

use crate::key::verifying_key;
use crate::params::Parameters;
use crate::write::write_whole;

/// Bytes before the key: a checksum of the rest, and `[tau]G2`.
const CHECKSUM: usize = 32;
const TAU: usize = 64;

/// The verifying key of a shape under parameters of its size: the pinned one where there is one, or
/// the one kept in `folder`, or else made and kept there.
///
/// # Errors
/// When it has to be made and the parameters are too small. A key that cannot be kept is made again
/// the next time.
pub fn pinned_or_kept(
    shape: &Shape,
    params: &Parameters,
    folder: Option<&Path>,
) -> Result<VerifyingKey<G1Affine>, Error> {
    let pinned = pinned_key(shape.name, params.setup());
    if let Some(Ok(key)) = pinned.map(|pinned| pinned.read::<MarginCircuit>(shape)) {
        return Ok(key);
    }
    let tau_g2 = params.tau_g2();
    let path = folder.map(|folder| kept_path(folder, shape, &tau_g2_digest(&tau_g2)));
    let kept = path.as_deref().and_then(|path| read_kept(path, shape));
    if let Some((_, key)) = kept.filter(|(kept, _)| *kept == tau_g2) {
        return Ok(key);
    }
    let key = verifying_key(shape, params)?;
    if let Some(path) = path {
        let _ = write_kept(&path, &tau_g2, &key);
    }
    Ok(key)
}

/// Where the key of a shape is kept, by the digest of what it was made from.
pub fn kept_path(folder: &Path, shape: &Shape, digest: &[u8; 32]) -> PathBuf {
    folder.join(format!("{}-{}.key", shape.name, hex::encode(digest)))
}

/// Keeps a key and the `[tau]G2` it was made under.
///
/// # Errors
/// When the file cannot be written.
pub fn write_kept(
    path: &Path,
    tau_g2: &G2Affine,
    key: &VerifyingKey<G1Affine>,
) -> std::io::Result<()> {
    let mut rest = tau_g2.to_bytes().as_ref().to_vec();
    rest.extend(key_bytes(key));
    let mut bytes = Sha256::digest(&rest).to_vec();
    bytes.extend(rest);
    write_whole(path, &bytes)
}

/// A kept key and its `[tau]G2`; none where there is none, or none of this version of the circuit.
pub fn read_kept(path: &Path, shape: &Shape) -> Option<(G2Affine, VerifyingKey<G1Affine>)> {
    let bytes = fs::read(path).ok()?;
    let (checksum, rest) = bytes.split_at_checked(CHECKSUM)?;
    if Sha256::digest(rest).as_slice() != checksum {
        return None;
    }
    let (tau, key) = rest.split_at_checked(TAU)?;
    let mut encoding = <G2Affine as GroupEncoding>::Repr::default();
    encoding.as_mut().copy_from_slice(tau);
    Some((
        Option::from(G2Affine::from_bytes(&encoding))?,
        read_key::<MarginCircuit>(key, shape.k, *shape).ok()?,
    ))
}
