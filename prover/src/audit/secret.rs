//! What opens a bundle later: the seed of its salts and places, kept where the venue says.

use std::fmt;
use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};
use zkmargin_circuits::statement::{Digest, Version};

use crate::error::ProveError;
use crate::placement::Seed;
use crate::work::beside;
use crate::write::write_private;

/// The file of the secret that opens a bundle. Who has it can tell where every account stands. It is
/// wiped when it is dropped.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Secret {
    version: Version,
    /// SHA-256 of the statement it opens.
    pub(super) statement: Digest,
    /// The seed of salts and places.
    pub(super) seed: Digest,
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret(of {})", self.statement)
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.seed.0.zeroize();
    }
}

impl ZeroizeOnDrop for Secret {}

impl Secret {
    /// What opens the statement of this digest, whose salts and places come from `seed`.
    pub fn new(context: [u8; 32], seed: &Seed) -> Self {
        Self {
            version: Version,
            statement: Digest(context),
            seed: Digest(*seed.bytes()),
        }
    }

    /// Refuses a place where something other than this very secret stands.
    ///
    /// # Errors
    /// [`ProveError::Exists`], and [`ProveError::Io`].
    pub fn check_free(&self, path: &Path) -> Result<(), ProveError> {
        match fs::read(path) {
            Ok(bytes) if bytes == self.to_bytes() => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Ok(_) | Err(_) => Err(ProveError::Exists(path.to_owned())),
        }
    }

    /// Keeps it in a file that its owner alone may read.
    ///
    /// # Errors
    /// As [`Self::check_free`].
    pub fn keep(&self, path: &Path) -> Result<(), ProveError> {
        self.check_free(path)?;
        write_private(path, &self.to_bytes()).map_err(|source| ProveError::Io {
            path: path.to_owned(),
            source,
        })
    }

    /// Reads the file.
    ///
    /// # Errors
    /// [`ProveError::Io`], and [`ProveError::Secret`] for any other file.
    pub fn read(path: &Path) -> Result<Self, ProveError> {
        let bytes = fs::read(path).map_err(|source| ProveError::Io {
            path: path.to_owned(),
            source,
        })?;
        let bytes = Zeroizing::new(bytes);
        // What is wrong is not said: it would show a part of a secret.
        serde_json::from_slice(&bytes).map_err(|_| ProveError::Secret(path.to_owned()))
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }
}

/// Refuses a place for the secret within the bundle or the records, which are published or given
/// away, or within the work folder, which is removed.
///
/// # Errors
/// [`ProveError::Exposed`].
pub fn check_apart(secret: &Path, bundle: &Path, records: &Path) -> Result<(), ProveError> {
    let work = beside(bundle, ".partial")?;
    for folder in [bundle, records, &work] {
        if secret.starts_with(folder) {
            return Err(ProveError::Exposed {
                secret: secret.to_owned(),
                folder: folder.to_owned(),
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_a_secret_and_overwrites_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret.json");
        let secret = |byte: u8| Secret::new([byte; 32], &Seed::chosen([7; 32], 1));
        secret(1).keep(&path).unwrap();
        secret(1).keep(&path).unwrap();
        assert_eq!(Secret::read(&path).unwrap(), secret(1));
        assert!(matches!(secret(2).keep(&path), Err(ProveError::Exists(_))));
        assert!(!format!("{:?}", secret(1)).contains("0707"));
        fn wiped<T: ZeroizeOnDrop>(_: &T) {}
        wiped(&secret(1));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace("\"seed\": \"07", "\"seed\": \"zz")).unwrap();
        let error = Secret::read(&path).unwrap_err();
        assert!(matches!(error, ProveError::Secret(_)));
        assert!(!error.to_string().contains("0707"), "{error}");
    }
}
