//! A job folder between machines, and the input of a shard in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde_json::Value;
use sha2::{Digest, Sha256};
use zkmargin_prover::input::ShardInput;
use zkmargin_prover::job::Job;
use zkmargin_prover::results::{Eyes, Results};
use zkmargin_prover::store::Store;

use crate::bundle::edit_file;
use crate::edits::{edit_bytes, edited, Script};
use crate::fixture::fixture;
use crate::scratch;

const EDITS: usize = 3;

/// Files of a job that are edited.
const FILES: [&str; 6] = [
    "job.json",
    "statement.json",
    "market.json",
    "risk.json",
    "input-00000.bin",
    "proof-00000.bin",
];

fn file(name: &str) -> Vec<u8> {
    fs::read(fixture().job.join(name)).unwrap_or_default()
}

/// A folder of the job's files, to be changed.
fn copy() -> PathBuf {
    let folder = scratch::folder().join("fuzzed-job");
    for name in FILES {
        scratch::file(&format!("fuzzed-job/{name}"), &file(name));
    }
    folder
}

/// Edits files of a job and takes its first shard; a job that is edited is none.
pub fn job(data: &[u8]) {
    let mut script = Script::new(data);
    let folder = copy();
    let mut edited = Vec::new();
    for _ in 0..EDITS {
        if script.is_done() {
            break;
        }
        let name = FILES[script.below(FILES.len())];
        let mut bytes = file(name);
        match script.byte() % 3 {
            0 => edit_bytes(&mut script, &mut bytes),
            _ => edit_file(&mut script, &mut bytes),
        }
        fs::write(folder.join(name), &bytes).expect("a file of this process");
        edited.push(name);
    }
    let store = Store::folder(&folder);
    let _ = Results::new(&store, Eyes::Anyone).read_shard(0);
    match Job::read(store, None) {
        Ok(job) => {
            let _ = (job.public(0), job.public(usize::MAX), job.shards());
            let _ = job.plan(0);
            let _ = job.plan(usize::MAX);
        }
        Err(error) => {
            assert!(!edited.is_empty(), "{error}");
            assert!(!error.to_string().is_empty());
        }
    }
}

/// The market and the shape of the job are kept, so that inputs are laid out and not only read.
fn with_input(bytes: &[u8]) -> Option<Job> {
    static JOB: OnceLock<Vec<u8>> = OnceLock::new();
    let folder = scratch::folder().join("fuzzed-input");
    let job = JOB.get_or_init(|| {
        for name in ["statement.json", "market.json", "risk.json"] {
            scratch::file(&format!("fuzzed-input/{name}"), &file(name));
        }
        file("job.json")
    });
    let mut value: Value = serde_json::from_slice(job).ok()?;
    *value.pointer_mut("/shards/0/input")? = hex::encode(Sha256::digest(bytes)).into();
    put(&folder, "job.json", value.to_string().as_bytes());
    put(&folder, "input-00000.bin", bytes);
    Job::read(Store::folder(&folder), None).ok()
}

fn put(folder: &Path, name: &str, bytes: &[u8]) {
    fs::write(folder.join(name), bytes).expect("a file of this process");
}

/// Reads the bytes as a shard's input and as edits of one, and lays both out as whoever wrote the
/// job's digest would have it: only the input as it was comes to the shard's root.
pub fn input(data: &[u8]) {
    let bytes = edited(data, &file("input-00000.bin"), EDITS, edit_bytes);
    for bytes in [data, &bytes] {
        if let Ok(input) = ShardInput::from_bytes(bytes) {
            assert_eq!(ShardInput::from_bytes(&input.to_bytes()), Ok(input));
            let job = with_input(bytes).expect("a job");
            let _ = job.plan(0);
        }
    }
}

/// Scripts, and the beginning of an input.
pub fn input_seeds() -> Vec<Vec<u8>> {
    let mut seeds = crate::bundle::scripts();
    seeds.push(
        file("input-00000.bin")
            .get(..400)
            .unwrap_or_default()
            .to_vec(),
    );
    let element = [0; 32];
    let mut small = vec![1];
    small.extend(element);
    // One account of class 0 with a pool of one holding, its identity and a salt.
    small.extend([1, 1, 0, 1, 1, 1, 20]);
    small.extend(element);
    small.push(1);
    small.extend(element);
    seeds.push(small);
    seeds
}
