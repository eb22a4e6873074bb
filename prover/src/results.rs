//! Finished shards: the proof, and the free rows of its totals.
//!
//! | file | what |
//! |---|---|
//! | `proof-00000.bin` and so on | the shard as the bundle has it |
//! | `free-00000.bin` and so on | SHA-256 of that file, then the free rows: private |
//! | `free-00000.sealed` and so on | in an encrypted job: SHA-256 of the proof's file, SHA-256 of the rest, and the rest, which is the above for the eyes of who assembles |
//!
//! Nothing here is believed: a proof is verified before it is used, and free rows that are not of the
//! proof beside them count as lost. The two digests of a sealed file let a worker tell that, who cannot
//! open it.

use sha2::{Digest, Sha256};
use zkmargin_verifier::shard::file_name;

use crate::error::ProveError;
use crate::seal::{Assembler, AssemblerKey};
use crate::store::{Readers, Store};
use crate::totals::FreeRows;

/// Bytes of a digest.
const DIGEST: usize = 32;

/// A place that keeps finished shards.
#[derive(Debug, Clone)]
pub struct Results<'a> {
    store: &'a Store,
    eyes: Eyes,
}

/// Who reads free rows.
#[derive(Debug, Clone)]
pub enum Eyes {
    /// Who can read the files.
    Anyone,
    /// Who assembles, and not who is here.
    Others(AssemblerKey),
    /// Who assembles, and is here.
    Own(Assembler),
}

/// What is kept of a shard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptShard {
    /// Its file, as the bundle has it.
    pub file: Vec<u8>,
    /// The free rows of its totals.
    pub rows: KeptRows,
}

/// Free rows that are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeptRows {
    /// They are the proof's.
    Open(Box<FreeRows>),
    /// They are the proof's, for who assembles.
    Sealed,
    /// There are none, or they are of another proof.
    Lost,
    /// They were sealed with the proof, but not by who has its free rows, or not for who assembles.
    Unreadable,
}

fn free_name(index: usize) -> String {
    format!("free-{index:05}.bin")
}

fn sealed_name(index: usize) -> String {
    format!("free-{index:05}.sealed")
}

/// The free rows of a proof's file.
fn rows_of(file: &[u8], bytes: &[u8]) -> Option<FreeRows> {
    FreeRows::from_bytes(bytes.strip_prefix(Sha256::digest(file).as_slice())?)
}

fn opened(rows: FreeRows) -> KeptRows {
    KeptRows::Open(Box::new(rows))
}

impl<'a> Results<'a> {
    /// A place whose free rows are read by `eyes`.
    pub fn new(store: &'a Store, eyes: Eyes) -> Self {
        Self { store, eyes }
    }

    /// What is kept of a shard, if its proof is.
    ///
    /// # Errors
    /// [`ProveError::Io`] and [`ProveError::Store`].
    pub fn read_shard(&self, index: usize) -> Result<Option<KeptShard>, ProveError> {
        let Some(file) = self.store.read_if_there(&file_name(index))? else {
            return Ok(None);
        };
        let name = match self.eyes {
            Eyes::Anyone => free_name(index),
            Eyes::Others(_) | Eyes::Own(_) => sealed_name(index),
        };
        let rows = match self.store.read_if_there(&name)? {
            Some(bytes) => self.rows(&file, &bytes),
            None => KeptRows::Lost,
        };
        Ok(Some(KeptShard { file, rows }))
    }

    fn rows(&self, file: &[u8], bytes: &[u8]) -> KeptRows {
        if let Eyes::Anyone = self.eyes {
            return rows_of(file, bytes).map_or(KeptRows::Lost, opened);
        }
        let sealed = bytes
            .strip_prefix(Sha256::digest(file).as_slice())
            .and_then(|bytes| bytes.split_first_chunk::<DIGEST>())
            .filter(|(digest, sealed)| Sha256::digest(sealed).as_slice() == digest.as_slice());
        match (&self.eyes, sealed) {
            (_, None) => KeptRows::Lost,
            (Eyes::Own(assembler), Some((_, sealed))) => {
                let bytes = assembler.open(sealed).ok();
                let rows = bytes.and_then(|bytes| rows_of(file, &bytes));
                rows.map_or(KeptRows::Unreadable, opened)
            }
            (_, Some(_)) => KeptRows::Sealed,
        }
    }

    /// Keeps a shard: its free rows first, so that where a proof is they are.
    ///
    /// # Errors
    /// [`ProveError::Io`], [`ProveError::Store`] and [`ProveError::Recipients`].
    pub fn keep_shard(&self, index: usize, file: &[u8], free: &FreeRows) -> Result<(), ProveError> {
        let digest = Sha256::digest(file);
        let bytes = [digest.as_slice(), &free.to_bytes()].concat();
        let key = match &self.eyes {
            Eyes::Anyone => None,
            Eyes::Others(key) => Some(key.clone()),
            Eyes::Own(assembler) => Some(assembler.recipient()),
        };
        match key {
            None => self
                .store
                .write(&free_name(index), &bytes, Readers::Owner)?,
            Some(key) => {
                let sealed = key.seal(&bytes)?;
                let own = Sha256::digest(&sealed);
                let bytes = [digest.as_slice(), own.as_slice(), &sealed].concat();
                self.store
                    .write(&sealed_name(index), &bytes, Readers::Anyone)?;
            }
        }
        self.store.write(&file_name(index), file, Readers::Anyone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn() -> FreeRows {
        FreeRows::draw(&mut rand::rngs::OsRng)
    }

    #[test]
    fn keeps_a_proof_with_its_free_rows() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::folder(folder.path());
        let results = Results::new(&store, Eyes::Anyone);
        let free = drawn();
        results.keep_shard(3, b"proof", &free).unwrap();
        let kept = results.read_shard(3).unwrap().unwrap();
        assert_eq!(kept.file, b"proof");
        assert_eq!(kept.rows, opened(free));
        assert_eq!(results.read_shard(0).unwrap(), None);
        std::fs::write(folder.path().join(file_name(3)), b"another").unwrap();
        let kept = results.read_shard(3).unwrap().unwrap();
        assert_eq!(kept.rows, KeptRows::Lost);
    }

    #[test]
    fn free_rows_that_are_sealed_are_for_who_assembles() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::folder(folder.path());
        let assembler = Assembler::generate();
        let worker = Results::new(&store, Eyes::Others(assembler.recipient()));
        let own = Results::new(&store, Eyes::Own(assembler));
        let free = drawn();
        worker.keep_shard(3, b"proof", &free).unwrap();
        let rows = |results: &Results<'_>| results.read_shard(3).unwrap().unwrap().rows;
        assert_eq!(rows(&worker), KeptRows::Sealed);
        assert_eq!(rows(&own), opened(free.clone()));
        let path = folder.path().join("free-00003.sealed");
        let bytes = std::fs::read(&path).unwrap();
        assert!(!folder.path().join("free-00003.bin").exists());
        let first = &free.to_bytes()[..32];
        assert!(!bytes.windows(32).any(|part| part == first));

        // What is damaged on the way is lost for both: the worker makes it again.
        for at in [0, 40, 70, bytes.len() - 1] {
            let mut other = bytes.clone();
            other[at] ^= 1;
            std::fs::write(&path, other).unwrap();
            assert_eq!(rows(&worker), KeptRows::Lost, "byte {at}");
            assert_eq!(rows(&own), KeptRows::Lost, "byte {at}");
        }
        // One that was made up, with digests that fit, only who assembles can tell.
        let foreign = Results::new(&store, Eyes::Others(Assembler::generate().recipient()));
        foreign.keep_shard(3, b"proof", &free).unwrap();
        assert_eq!(rows(&worker), KeptRows::Sealed);
        assert_eq!(rows(&own), KeptRows::Unreadable);
        // Those of another proof, moved beside this one with digests that fit.
        worker.keep_shard(4, b"other", &drawn()).unwrap();
        let other = std::fs::read(folder.path().join("free-00004.sealed")).unwrap();
        let moved = [Sha256::digest(b"proof").as_slice(), &other[DIGEST..]].concat();
        std::fs::write(&path, moved).unwrap();
        assert_eq!(rows(&own), KeptRows::Unreadable);
    }
}
