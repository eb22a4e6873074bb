//! Insecure parameters, made once and kept in the folder `.cache` of the repository.

use std::path::{Path, PathBuf};

use zkmargin_prover::params::{import_raw, insecure, Parameters, ParamsError};

fn cached(k: u32) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../.cache/insecure-{k}"))
}

/// Parameters of 2^k powers.
///
/// # Errors
/// When they are neither there nor can be kept.
pub fn parameters(k: u32) -> Result<Parameters, ParamsError> {
    let path = cached(k);
    if let Ok(parameters) = import_raw(&path, &mut |_| ()) {
        return Ok(parameters);
    }
    let made = insecure(k, &mut |_| ())?;
    made.write(&path)?;
    Ok(made)
}
