//! A folder of the process for readers that take paths, in memory where the system has such a place.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use tempfile::TempDir;

/// The folder; it goes when the process ends well.
pub fn folder() -> &'static Path {
    static FOLDER: OnceLock<TempDir> = OnceLock::new();
    FOLDER
        .get_or_init(|| {
            let memory = Path::new("/dev/shm");
            match memory.is_dir() {
                true => tempfile::tempdir_in(memory),
                false => tempfile::tempdir(),
            }
            .expect("a folder of this process")
        })
        .path()
}

/// Writes a file in it, over what was there.
pub fn file(name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder().join(name);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).expect("a folder in the folder of this process");
    }
    fs::write(&path, bytes).expect("a file of this process");
    path
}
