//! Writes the verifying key of a shape, to be pinned: `pin SHAPE FOLDER [PARAMS]`.
//!
//! Without parameters the insecure ones are used. Prints the entry for `PINNED_KEYS`.

use std::path::Path;

use sha2::{Digest, Sha256};
use zkmargin_circuits::shape::Shape;
use zkmargin_prover::key::verifying_key;
use zkmargin_prover::params::{import_raw, insecure};
use zkmargin_verifier::key::{key_bytes, key_digest};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [shape, folder, rest @ ..] = args.as_slice() else {
        return Err("usage: pin SHAPE FOLDER [PARAMS]".into());
    };
    let shape = Shape::by_name(shape).ok_or("no such shape")?;
    let params = match rest.first() {
        Some(path) => import_raw(Path::new(path), &mut |_| ())?.downsize(shape.k)?,
        None => insecure(shape.k, &mut |_| ())?,
    };
    let key = verifying_key(shape, &params)?;
    let bytes = key_bytes(&key);
    let name = format!("{}.{}.vk", shape.name, params.setup());
    std::fs::write(Path::new(folder).join(&name), &bytes)?;
    println!(
        "{} {} {} {name}",
        shape.name,
        hex::encode(key_digest(shape, &key)),
        hex::encode(Sha256::digest(&bytes))
    );
    Ok(())
}
