//! The raw form in which halo2 keeps parameters: k, powers, Lagrange basis, G2, `[tau]G2`.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use halo2_proofs::halo2curves::bn256::G2Affine;

use super::{
    assemble, damaged, g1_points, g2_point, Parameters, ParamsError, Stage, G1_BYTES, G2_BYTES,
    MAX_K,
};

/// Reads and checks raw parameters: those of others, and our own from [`Parameters::write`].
///
/// # Errors
/// When the file cannot be read, has another length than its `k` says, or any check fails.
pub fn import_raw(path: &Path, progress: &mut dyn FnMut(Stage)) -> Result<Parameters, ParamsError> {
    let file_name = path.display().to_string();
    let io = |source| ParamsError::Io {
        path: path.to_owned(),
        source,
    };
    let file = File::open(path).map_err(io)?;
    let length = file.metadata().map_err(io)?.len();
    let mut reader = BufReader::new(file);

    let mut k = [0; 4];
    if length < k.len() as u64 {
        return Err(damaged(
            &file_name,
            "k",
            format!("the file has {length} bytes"),
        ));
    }
    reader.read_exact(&mut k).map_err(io)?;
    let k = u32::from_le_bytes(k);
    if k == 0 || k > MAX_K {
        return Err(damaged(
            &file_name,
            "k",
            format!("{k} is not from 1 to {MAX_K}, so these are not raw KZG parameters"),
        ));
    }
    // k <= 28, so that none of this overflows.
    let basis_bytes = G1_BYTES << k;
    let expected = 4 + 2 * basis_bytes as u64 + 2 * G2_BYTES as u64;
    if length != expected {
        return Err(damaged(
            &file_name,
            "length",
            format!("{length} bytes, where 2^{k} powers take {expected}"),
        ));
    }

    progress(Stage::Reading);
    let mut bytes = vec![0; basis_bytes];
    reader.read_exact(&mut bytes).map_err(io)?;
    let powers = g1_points(&file_name, "powers", &bytes)?;
    reader.read_exact(&mut bytes).map_err(io)?;
    let lagrange = g1_points(&file_name, "Lagrange basis", &bytes)?;
    drop(bytes);
    let mut bytes = [0; 2 * G2_BYTES];
    reader.read_exact(&mut bytes).map_err(io)?;
    let (generator, tau_g2) = bytes.split_at(G2_BYTES);
    if g2_point(&file_name, "G2", generator)? != G2Affine::generator() {
        return Err(damaged(&file_name, "G2", "not the generator"));
    }
    let tau_g2 = g2_point(&file_name, "[tau]G2", tau_g2)?;
    assemble(&file_name, k, powers, Some(lagrange), tau_g2, progress)
}
