//! The work folder of a run, `BUNDLE.partial`: what an interrupted run leaves for the next to go on from.
//!
//! | file | what |
//! |---|---|
//! | `zkmargin.lock` | locked while a run uses the folder, and the mark of a folder that is ours |
//! | `seed` | the bundle's secret, drawn once: a rerun has the same salts and places, so the same statement |
//! | `job.json` | what is proven: a rerun of anything else is refused. Written after the seed and removed first, so that a folder without it holds nothing to go on from |
//! | `statement.json` | the statement as soon as it is known: it tells which records are this job's |
//! | `assembler.key` | the key that the free rows of an encrypted job are for ([`crate::seal`]) |
//! | `proof-00000.bin`, `free-00000.bin` and so on | finished shards ([`crate::results`]), each verified again before it is used |
//! | `bundle` | the bundle while it is filled |
//!
//! Each file is written aside, synced and moved. Nothing here is believed for what it is called: a
//! damaged or foreign proof fails verification and is made again, a damaged seed does not have the
//! digest that the job names.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;
use zkmargin_circuits::shape::Shape;
use zkmargin_circuits::statement::context_digest;

use crate::bundle;
use crate::error::{io_error, ProveError};
use crate::snapshot::LoadedSnapshot;
use crate::write::{
    parent, private_folder, read_if_there, remove_folder, sync_folder, write_private,
};

/// Version of the folder's files.
const VERSION: u32 = 1;

const LOCK: &str = "zkmargin.lock";
const SEED: &str = "seed";
const JOB: &str = "job.json";
const STATEMENT: &str = "statement.json";

/// What is proven: everything that the statement follows from, besides the program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Job {
    version: u32,
    /// SHA-256 of each file of the snapshot.
    inputs: BTreeMap<String, String>,
    shape: String,
    setup: String,
    publish_counts: bool,
    /// SHA-256 of the seed: 32 random bytes are not found by it.
    seed_sha256: String,
}

impl Job {
    /// The job of a snapshot.
    ///
    /// # Errors
    /// When a file of the snapshot cannot be read again.
    pub fn new(
        snapshot: &LoadedSnapshot,
        shape: &str,
        setup: String,
        publish_counts: bool,
        seed: &[u8; 32],
    ) -> Result<Self, ProveError> {
        let header = snapshot.dir.join("snapshot.json");
        let accounts = snapshot.dir.join(snapshot.book.file);
        let inputs = [
            ("snapshot.json", file_digest(&header)?),
            ("market.json", digest(&snapshot.market_bytes)),
            ("risk.json", digest(&snapshot.risk_bytes)),
            (snapshot.book.file, file_digest(&accounts)?),
        ];
        Ok(Self {
            version: VERSION,
            inputs: inputs
                .map(|(name, digest)| (name.to_owned(), digest))
                .into(),
            shape: shape.to_owned(),
            setup,
            publish_counts,
            seed_sha256: digest(seed),
        })
    }

    /// The shape; none where this program knows none of that name.
    pub fn shape(&self) -> Option<&'static Shape> {
        Shape::by_name(&self.shape)
    }

    /// What makes `other` another job, apart from the seed.
    fn differences(&self, other: &Job) -> Vec<String> {
        let mut differences = Vec::new();
        let names = self.inputs.keys().chain(other.inputs.keys());
        let mut names: Vec<&String> = names.collect();
        names.sort();
        names.dedup();
        for name in names {
            match (self.inputs.get(name), other.inputs.get(name)) {
                (Some(_), None) => differences.push(format!("{name} is gone")),
                (None, Some(_)) => differences.push(format!("{name} is new")),
                (then, now) if then != now => differences.push(format!("{name} has changed")),
                _ => {}
            }
        }
        let mut compare = |what: &str, then: &str, now: &str| {
            if then != now {
                differences.push(format!("{what} was {then} and is {now}"));
            }
        };
        compare("the shape", &self.shape, &other.shape);
        compare("the setup", &self.setup, &other.setup);
        let published = |yes| if yes { "published" } else { "not published" };
        compare(
            "the numbers of accounts and pools",
            published(self.publish_counts),
            published(other.publish_counts),
        );
        differences
    }
}

fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

fn file_digest(path: &Path) -> Result<String, ProveError> {
    let mut hash = Sha256::new();
    File::open(path)
        .and_then(|mut file| io::copy(&mut file, &mut hash))
        .map_err(io_error(path))?;
    Ok(hex::encode(hash.finalize()))
}

/// The path beside `path` whose name goes on with `suffix`.
///
/// # Errors
/// [`ProveError::NoName`] for a path such as `..`.
pub(crate) fn beside(path: &Path, suffix: &str) -> Result<PathBuf, ProveError> {
    let mut name = match path.file_name() {
        Some(name) => name.to_owned(),
        None => return Err(ProveError::NoName(path.to_owned())),
    };
    name.push(suffix);
    Ok(parent(path).join(name))
}

/// A work folder, locked. One without a job is removed when it is dropped.
#[derive(Debug)]
pub struct WorkFolder {
    path: PathBuf,
    _lock: File,
}

impl WorkFolder {
    /// Makes or takes up the work folder of a bundle.
    ///
    /// # Errors
    /// [`ProveError::Busy`] while another run uses it, [`ProveError::Exists`] when its place is
    /// taken by something else.
    pub fn open(out: &Path) -> Result<Self, ProveError> {
        let path = beside(out, ".partial")?;
        let lock_path = path.join(LOCK);
        loop {
            if !lock_path.exists() {
                bundle::check_free(&path)?;
            }
            private_folder(&path).map_err(io_error(&path))?;
            sync_folder(parent(&path)).map_err(io_error(&path))?;
            let lock = File::options()
                .create(true)
                .truncate(false)
                .write(true)
                .open(&lock_path)
                .map_err(io_error(&lock_path))?;
            match lock.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(ProveError::Busy(path)),
                Err(TryLockError::Error(error)) => return Err(io_error(&lock_path)(error)),
            }
            // A run that ended in between has removed the file that is locked now.
            if is_at(&lock, &lock_path) {
                return Ok(Self { path, _lock: lock });
            }
        }
    }

    /// Removes what a run that finished its bundle left when it was interrupted after that. Anything
    /// else stays; nothing is reported.
    pub fn tidy(out: &Path) {
        let left = beside(out, ".partial").is_ok_and(|path| path.join(LOCK).exists());
        if !left {
            return;
        }
        let Ok(work) = Self::open(out) else { return };
        let published = fs::read(out.join(STATEMENT)).ok();
        if published.is_some() && matches!(work.statement(), Ok(kept) if kept == published) {
            let _ = work.clear();
        }
    }

    /// The job that was begun here, if one was.
    ///
    /// # Errors
    /// [`ProveError::DamagedJob`].
    pub fn job(&self) -> Result<Option<Job>, ProveError> {
        let Some(bytes) = self.read(JOB)? else {
            return Ok(None);
        };
        let damaged = |problem: String| ProveError::DamagedJob {
            path: self.path.join(JOB),
            problem,
        };
        let job: Job =
            serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
        if job.version != VERSION {
            return Err(damaged(format!("it is of version {}", job.version)));
        }
        Ok(Some(job))
    }

    /// Begins a job, in place of whatever was here.
    ///
    /// # Errors
    /// [`ProveError::Io`].
    pub fn begin(&self, job: &Job, seed: &[u8; 32]) -> Result<(), ProveError> {
        self.clear()?;
        let mut line = Zeroizing::new([b'\n'; 65]);
        hex::encode_to_slice(seed, &mut line[..64])
            .unwrap_or_else(|_| unreachable!("two digits a byte"));
        self.write(SEED, line.as_slice())?;
        let mut bytes = serde_json::to_vec_pretty(job)
            .map_err(|error| io_error(&self.path.join(JOB))(error.into()))?;
        bytes.push(b'\n');
        self.write(JOB, &bytes)
    }

    /// The seed of the job that was begun here, for the same job begun again; with the same seed if
    /// that was `chosen`.
    ///
    /// # Errors
    /// [`ProveError::OtherJob`] and [`ProveError::DamagedJob`].
    pub fn resume(
        &self,
        begun: &Job,
        wanted: &Job,
        chosen: bool,
    ) -> Result<Zeroizing<[u8; 32]>, ProveError> {
        let mut differences = begun.differences(wanted);
        if chosen && begun.seed_sha256 != wanted.seed_sha256 {
            differences.push("the seed is another".to_owned());
        }
        if !differences.is_empty() {
            return Err(ProveError::OtherJob {
                folder: self.path.clone(),
                differences: differences.join(", "),
            });
        }
        let bytes = Zeroizing::new(self.read(SEED)?.unwrap_or_default());
        let mut seed = Zeroizing::new([0; 32]);
        let whole = bytes
            .strip_suffix(b"\n")
            .is_some_and(|digits| hex::decode_to_slice(digits, &mut *seed).is_ok());
        if !whole || digest(&*seed) != begun.seed_sha256 {
            return Err(ProveError::DamagedJob {
                path: self.path.join(SEED),
                problem: "it is not the seed that the job was begun with".into(),
            });
        }
        Ok(seed)
    }

    /// The statement of the job that was begun here, once it was known.
    ///
    /// # Errors
    /// [`ProveError::Io`].
    pub fn statement(&self) -> Result<Option<Vec<u8>>, ProveError> {
        match self.path.join(JOB).exists() {
            true => self.read(STATEMENT),
            false => Ok(None),
        }
    }

    /// The digest of [`Self::statement`].
    ///
    /// # Errors
    /// [`ProveError::Io`].
    pub fn context(&self) -> Result<Option<[u8; 32]>, ProveError> {
        Ok(self.statement()?.map(|bytes| context_digest(&bytes)))
    }

    /// Keeps the statement.
    ///
    /// # Errors
    /// [`ProveError::Io`].
    pub fn keep_statement(&self, bytes: &[u8]) -> Result<(), ProveError> {
        self.write(STATEMENT, bytes)
    }

    /// The folder itself, which finished shards are kept in ([`crate::results`]).
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the bundle is filled.
    pub fn bundle(&self) -> PathBuf {
        self.path.join("bundle")
    }

    /// Removes the folder, when the bundle stands in its place.
    ///
    /// # Errors
    /// [`ProveError::Io`].
    pub fn finish(self) -> Result<(), ProveError> {
        self.clear()
        // And the folder itself as it is dropped: it has no job now.
    }

    /// Removes everything but the lock, the job first.
    fn clear(&self) -> Result<(), ProveError> {
        let job = self.path.join(JOB);
        match fs::remove_file(&job) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(io_error(&job)(error))
            }
            _ => sync_folder(&self.path).map_err(io_error(&self.path))?,
        }
        for entry in fs::read_dir(&self.path).map_err(io_error(&self.path))? {
            let entry = entry.map_err(io_error(&self.path))?;
            if entry.file_name() == LOCK {
                continue;
            }
            let path = entry.path();
            let removed = match entry.file_type() {
                Ok(kind) if kind.is_dir() => fs::remove_dir_all(&path),
                _ => fs::remove_file(&path),
            };
            removed.map_err(io_error(&path))?;
        }
        Ok(())
    }

    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, ProveError> {
        read_if_there(&self.path.join(name))
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), ProveError> {
        let path = self.path.join(name);
        write_private(&path, bytes).map_err(io_error(&path))
    }
}

impl Drop for WorkFolder {
    fn drop(&mut self) {
        // Nothing to go on from: leave no trace. What cannot be removed does no harm.
        if !self.path.join(JOB).exists() {
            let _ = remove_folder(&self.path);
        }
    }
}

/// Whether an open file is still the one at a path.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let place = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    match (file.metadata(), fs::metadata(path)) {
        (Ok(open), Ok(there)) => place(open) == place(there),
        _ => false,
    }
}

#[cfg(not(unix))]
fn is_at(_file: &File, path: &Path) -> bool {
    path.exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED_BYTES: [u8; 32] = [7; 32];

    fn job() -> Job {
        Job {
            version: VERSION,
            inputs: [("accounts.csv".to_owned(), "00".to_owned())].into(),
            shape: "tiny-11".into(),
            setup: "insecure".into(),
            publish_counts: false,
            seed_sha256: digest(&SEED_BYTES),
        }
    }

    fn begun(out: &Path) -> WorkFolder {
        let work = WorkFolder::open(out).unwrap();
        work.begin(&job(), &SEED_BYTES).unwrap();
        work
    }

    #[test]
    fn goes_on_from_what_was_begun() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("bundle");
        let work = begun(&out);
        work.keep_statement(b"{}").unwrap();
        fs::write(work.path.join("proof-00003.bin"), b"proof").unwrap();
        drop(work);
        let work = WorkFolder::open(&out).unwrap();
        let kept = work.job().unwrap().unwrap();
        assert_eq!(*work.resume(&kept, &job(), true).unwrap(), SEED_BYTES);
        assert_eq!(work.statement().unwrap().unwrap(), b"{}");
        assert!(work.path().join("proof-00003.bin").exists());
        work.finish().unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn leaves_nothing_when_no_job_was_begun() {
        let folder = tempfile::tempdir().unwrap();
        drop(WorkFolder::open(&folder.path().join("bundle")).unwrap());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn begins_anew_where_the_job_is_missing() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("bundle");
        let work = begun(&out);
        work.keep_statement(b"{}").unwrap();
        fs::write(work.path.join("proof-00000.bin"), b"proof").unwrap();
        fs::remove_file(work.path.join(JOB)).unwrap();
        assert!(work.job().unwrap().is_none());
        assert!(work.statement().unwrap().is_none());
        work.begin(&job(), &SEED_BYTES).unwrap();
        assert!(!work.path.join("proof-00000.bin").exists());
    }

    #[test]
    fn refuses_a_folder_in_use_or_of_somebody_else() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("bundle");
        let work = begun(&out);
        assert!(matches!(WorkFolder::open(&out), Err(ProveError::Busy(_))));
        drop(work);
        WorkFolder::open(&out).unwrap();
        let theirs = folder.path().join("other.partial");
        fs::create_dir(&theirs).unwrap();
        fs::write(theirs.join("letter.txt"), "dear").unwrap();
        let other = WorkFolder::open(&folder.path().join("other"));
        assert!(matches!(other, Err(ProveError::Exists(_))));
        assert!(theirs.join("letter.txt").exists());
        assert!(matches!(
            WorkFolder::open(Path::new("..")),
            Err(ProveError::NoName(_))
        ));
    }

    #[test]
    fn names_what_differs() {
        let folder = tempfile::tempdir().unwrap();
        let work = begun(&folder.path().join("bundle"));
        let mut wanted = job();
        wanted.inputs = [("accounts.parquet".to_owned(), "00".to_owned())].into();
        wanted.shape = "small-14".into();
        wanted.publish_counts = true;
        let error = work.resume(&job(), &wanted, false).unwrap_err().to_string();
        for part in [
            "accounts.csv is gone",
            "accounts.parquet is new",
            "the shape was tiny-11 and is small-14",
            "not published and is published",
            "--restart",
        ] {
            assert!(error.contains(part), "{part} in {error}");
        }
        assert!(!error.contains("setup"), "{error}");
    }

    #[test]
    fn refuses_damage() {
        let folder = tempfile::tempdir().unwrap();
        let work = begun(&folder.path().join("bundle"));
        let seed = work.path.join(SEED);
        let whole = fs::read(&seed).unwrap();
        let mut flipped = whole.clone();
        flipped[5] ^= 1;
        for bytes in [&whole[..30], &flipped, b"", b"\xff\xfe"] {
            fs::write(&seed, bytes).unwrap();
            let error = work.resume(&job(), &job(), false).unwrap_err();
            assert!(matches!(error, ProveError::DamagedJob { .. }), "{error}");
        }
        let text = fs::read_to_string(work.path.join(JOB)).unwrap();
        for damaged in [
            text[..text.len() / 2].to_owned(),
            text.replace("\"version\": 1", "\"version\": 2"),
            String::new(),
        ] {
            fs::write(work.path.join(JOB), damaged).unwrap();
            let error = work.job().unwrap_err();
            assert!(matches!(error, ProveError::DamagedJob { .. }), "{error}");
            assert!(error.to_string().contains("--restart"), "{error}");
        }
    }

    #[test]
    fn tidies_up_after_a_finished_bundle_only() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("bundle");
        let work = begun(&out);
        work.keep_statement(b"mine").unwrap();
        let path = work.path.clone();
        drop(work);
        fs::create_dir(&out).unwrap();
        fs::write(out.join(STATEMENT), b"another").unwrap();
        WorkFolder::tidy(&out);
        assert!(path.join(SEED).exists());
        fs::write(out.join(STATEMENT), b"mine").unwrap();
        WorkFolder::tidy(&out);
        assert!(!path.exists());
    }
}
