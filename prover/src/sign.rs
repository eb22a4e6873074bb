//! The venue's secret key, and what it signs.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use ed25519_dalek::pkcs8::DecodePrivateKey;
use ed25519_dalek::Signer;
use zeroize::Zeroizing;
use zkmargin_circuits::statement::Digest;
use zkmargin_verifier::signature::{message, Signature};

use crate::error::ProveError;

/// More than a key's file has: whatever is longer is none.
const MAX_BYTES: u64 = 1 << 12;

/// A secret key of ed25519. It is wiped when it is dropped, and shows nothing.
#[derive(Clone)]
pub struct SigningKey(ed25519_dalek::SigningKey);

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(..)")
    }
}

impl SigningKey {
    /// Reads PEM (PKCS#8) as `openssl genpkey -algorithm ed25519` writes it.
    ///
    /// # Errors
    /// [`ProveError::Io`], and [`ProveError::Key`] for any other file.
    pub fn read(path: &Path) -> Result<Self, ProveError> {
        // With room for all of it, so that no copy is left where the text grew.
        let mut text = Zeroizing::new(String::with_capacity(2 * MAX_BYTES as usize));
        File::open(path)
            .and_then(|file| file.take(MAX_BYTES).read_to_string(&mut text))
            .map_err(|source| match source.kind() {
                std::io::ErrorKind::InvalidData => unusable(path, "it is no text"),
                _ => ProveError::Io {
                    path: path.to_owned(),
                    source,
                },
            })?;
        ed25519_dalek::SigningKey::from_pkcs8_pem(&text)
            .map(Self)
            .map_err(|error| unusable(path, error))
    }

    /// Signs the statement of this digest.
    pub fn sign(&self, statement: &Digest) -> Signature {
        Signature(self.0.sign(&message(statement)).to_bytes())
    }
}

fn unusable(path: &Path, problem: impl fmt::Display) -> ProveError {
    ProveError::Key {
        path: path.to_owned(),
        problem: problem.to_string(),
    }
}

/// Whether others than its owner may read a file.
#[cfg(unix)]
pub fn others_may_read(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o044 != 0)
}

/// Whether others than its owner may read a file: not known here.
#[cfg(not(unix))]
pub fn others_may_read(_path: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use zkmargin_verifier::signature::VenueKey;

    /// As `openssl genpkey -algorithm ed25519` wrote it, and `openssl pkey -pubout` of it.
    const SECRET: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIFUItcrIrlemppMHvCNxDmXi2IKUc+SJb8fQNVdJLeas
-----END PRIVATE KEY-----
";
    const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAxuk1VNQr3Xfa9kh3F7LF6fbmz+0j9Kpm9TalWVCbSKQ=
-----END PUBLIC KEY-----
";

    fn read(text: &[u8]) -> Result<SigningKey, ProveError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.pem");
        fs::write(&path, text).unwrap();
        SigningKey::read(&path)
    }

    #[test]
    fn signs_what_the_public_key_verifies() {
        let statement = Digest([9; 32]);
        let key = read(SECRET.as_bytes()).unwrap();
        let public = VenueKey::from_pem(PUBLIC).unwrap();
        assert_eq!(public.verify(&statement, &key.sign(&statement)), Ok(()));
        assert_eq!(key.sign(&statement), key.sign(&statement));
        assert_eq!(format!("{key:?}"), "SigningKey(..)");
    }

    #[test]
    fn refuses_what_is_no_key_and_shows_none_of_it() {
        let cut = SECRET.replace("MC4C", "MC4");
        let long = format!("{}{SECRET}", "x".repeat(MAX_BYTES as usize));
        for text in [
            PUBLIC.as_bytes(),
            cut.as_bytes(),
            long.as_bytes(),
            b"",
            b"\xff\xfe",
        ] {
            let error = read(text).unwrap_err();
            assert!(matches!(error, ProveError::Key { .. }), "{error}");
            assert!(!error.to_string().contains(&SECRET[40..60]), "{error}");
        }
        let missing = SigningKey::read(Path::new("no-such-key.pem"));
        assert!(matches!(missing, Err(ProveError::Io { .. })));
    }

    #[cfg(unix)]
    #[test]
    fn knows_who_may_read_a_file() {
        use std::os::unix::fs::PermissionsExt;
        let file = tempfile::NamedTempFile::new().unwrap();
        for (mode, others) in [(0o600, false), (0o400, false), (0o640, true), (0o604, true)] {
            file.as_file()
                .set_permissions(fs::Permissions::from_mode(mode))
                .unwrap();
            assert_eq!(others_may_read(file.path()), others, "{mode:o}");
        }
    }
}
