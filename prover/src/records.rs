//! Where inclusion records lie: one file an account, found by the account's id alone.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// The file of an account's record: an id may hold anything, so files are named by its hash,
/// and spread over folders that a file system can still list at millions of accounts.
pub fn record_path(folder: &Path, account: &str) -> PathBuf {
    let name = hex::encode(Sha256::digest(account.as_bytes()));
    folder.join(&name[..2]).join(format!("{}.json", &name[..40]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stays_inside_the_folder() {
        for account in ["alice@example", "../../etc/passwd", "", "a/b\\c\0d", "\u{1f600}"] {
            let path = record_path(Path::new("records"), account);
            assert_eq!(path.components().count(), 3, "{}", path.display());
            assert_eq!(path.extension().unwrap(), "json");
        }
        assert_ne!(record_path(Path::new("r"), "a"), record_path(Path::new("r"), "b"));
    }
}
