//! Why a book is not proven.

use std::io;
use std::path::{Path, PathBuf};

use zkmargin_circuits::digest::ShapeError;
use zkmargin_circuits::error::InputError;
use zkmargin_circuits::relation::RangeError;

use crate::accounts::ReadError;
use crate::engine::proof::ProofError;
use crate::memory::shown;
use crate::params::ParamsError;

/// Why a book is not proven.
#[derive(Debug, thiserror::Error)]
pub enum ProveError {
    /// The snapshot is not well formed.
    #[error(transparent)]
    Input(#[from] InputError),
    /// The accounts cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// An amount is beyond its range.
    #[error(transparent)]
    Range(#[from] RangeError),
    /// Market or model are beyond the shape.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// Parameters cannot be used.
    #[error(transparent)]
    Params(#[from] ParamsError),
    /// The shape needs more powers of tau.
    #[error("shape {shape} needs parameters of 2^{needs}, these have 2^{has}; make larger ones with `zkmargin setup`")]
    SmallParameters {
        /// The shape.
        shape: &'static str,
        /// What it needs.
        needs: u32,
        /// What there is.
        has: u32,
    },
    /// An account has more windows than the shape: accounts are not divided among proofs.
    #[error("account {account:?} takes {windows} windows of up to 8 holdings, a proof of shape {shape} holds {capacity}; choose a larger shape")]
    Account {
        /// The shape.
        shape: &'static str,
        /// Its windows.
        capacity: usize,
        /// The account.
        account: String,
        /// Windows it takes.
        windows: usize,
    },
    /// The counts of many shards have no one opening.
    #[error("the book takes {shards} proofs of shape {shape}, and the numbers of accounts and pools are hidden in each: they can be published for a book of one proof only; leave out --publish-counts or choose a larger shape")]
    Counts {
        /// The shape.
        shape: &'static str,
        /// Number of proofs.
        shards: usize,
    },
    /// No named shape holds the book.
    #[error("no shape holds this book under parameters of 2^{params_k}:\n  {reasons}")]
    NoShape {
        /// What parameters there are.
        params_k: u32,
        /// Why each shape does not.
        reasons: String,
    },
    /// The place of the output is taken.
    #[error("{} exists; nothing is overwritten: remove it or choose another place", .0.display())]
    Exists(PathBuf),
    /// The place of a job is taken.
    #[error("{0} holds something else; nothing is overwritten: remove it or choose another place")]
    Taken(String),
    /// An object store does not do what it is asked.
    #[error("{place}: {problem}")]
    Store {
        /// URL of the object.
        place: String,
        /// Why, and what to do.
        problem: String,
        /// Whether there is no such object.
        missing: bool,
    },
    /// Nobody, or not everybody, can read the shards of a job.
    #[error("{0}")]
    Recipients(String),
    /// A file of keys that cannot be used.
    #[error("{} is no file of age identities, as `age-keygen -o FILE` writes it: {problem}", path.display())]
    IdentityFile {
        /// Which file.
        path: PathBuf,
        /// Why.
        problem: String,
    },
    /// An encrypted job without a key.
    #[error("{0} is encrypted; give --identity with the key of one of the recipients that `zkmargin plan` was given")]
    NoIdentity(String),
    /// An encrypted job with the key of somebody else.
    #[error("{0} is encrypted for others than this key; give --identity with the key of one of its recipients that `zkmargin plan` was given")]
    OtherIdentity(String),
    /// The path of an output does not end in a name.
    #[error("{} does not end in the name of a folder; give one that does", .0.display())]
    NoName(PathBuf),
    /// The bundle is published, the records are private.
    #[error("{} and {} are one within the other; the bundle is published and the records are private: give folders apart", .0.display(), .1.display())]
    Nested(PathBuf, PathBuf),
    /// Another run has the work folder.
    #[error("another run is using {}; wait for it, or choose another place for the bundle", .0.display())]
    Busy(PathBuf),
    /// The interrupted run proved something else.
    #[error("{} holds an interrupted run for something else: {differences}; give it what it had to go on, or discard it with --restart", folder.display())]
    OtherJob {
        /// The work folder.
        folder: PathBuf,
        /// What is not the same.
        differences: String,
    },
    /// A job folder does not hold what it should.
    #[error("{place}: {problem}; plan the job again")]
    Job {
        /// Which file.
        place: String,
        /// What is wrong.
        problem: String,
    },
    /// A job has no shard of this index.
    #[error("the job has {shards} shards, from 0 to {}; there is no shard {index}", shards.saturating_sub(1))]
    NoShard {
        /// The index asked for.
        index: usize,
        /// How many there are.
        shards: usize,
    },
    /// A job was planned under another setup.
    #[error("the job is under setup {job}, these parameters are of {found}")]
    OtherSetup {
        /// The job's.
        job: String,
        /// Of the parameters.
        found: String,
    },
    /// A job is assembled where it was not planned.
    #[error("{} holds no plan, so the job in {job} cannot be assembled: give the same --out as `plan` was given", work.display())]
    NoPlan {
        /// Where the job is.
        job: String,
        /// The work folder.
        work: PathBuf,
    },
    /// Shards of a job are not proven.
    #[error("{}", missing_shards(missing))]
    Missing {
        /// Their indices.
        missing: Vec<usize>,
    },
    /// What an interrupted run left is damaged.
    #[error("{} is damaged: {problem}; discard the interrupted run with --restart", path.display())]
    DamagedJob {
        /// Which file.
        path: PathBuf,
        /// Why.
        problem: String,
    },
    /// There is clearly less memory than the proof takes.
    #[error("shape {shape} is expected to take {} of memory and {} are available; {remedy}", shown(*needed), shown(*available))]
    Memory {
        /// The shape.
        shape: &'static str,
        /// Bytes it is expected to take.
        needed: u64,
        /// Bytes there are.
        available: u64,
        /// What to do.
        remedy: String,
    },
    /// A secret key that cannot be used.
    #[error("{} is not a secret key of ed25519 in PEM (PKCS#8), as `openssl genpkey -algorithm ed25519` writes it: {problem}", path.display())]
    Key {
        /// Which file.
        path: PathBuf,
        /// Why.
        problem: String,
    },
    /// Finished records of the same statement are signed otherwise.
    #[error("{} holds the records of this statement, signed with another key or not at all; remove them, or give --sign as for the run that wrote them", .0.display())]
    OtherSignature(PathBuf),
    /// Not the secret that opens a bundle.
    #[error("{} is no file that `zkmargin prove --audit` wrote", .0.display())]
    Secret(PathBuf),
    /// Snapshot or secret are not those of the bundle.
    #[error("the bundle is not opened: {0}")]
    OtherBundle(String),
    /// More slots are asked for than there are.
    #[error("{asked} slots are asked for, the bundle has {capacity}")]
    Sample {
        /// Slots asked for.
        asked: u64,
        /// Slots there are.
        capacity: u64,
    },
    /// What opens a bundle is not published with it.
    #[error("{} is within {}, which is published or given away or removed, and it opens the bundle to whoever has it: give a place apart", secret.display(), folder.display())]
    Exposed {
        /// Where the secret was to stand.
        secret: PathBuf,
        /// The folder it is within.
        folder: PathBuf,
    },
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The proving library failed.
    #[error("the proving library failed: {0}")]
    Library(String),
    /// There is no proof of this witness.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// The proof does not verify: a defect of this program.
    #[error("the finished proof does not verify, which is a defect of this program: {0}")]
    SelfCheck(String),
}

/// Names the file that an input or output error is about.
pub(crate) fn io_error(path: &Path) -> impl Fn(io::Error) -> ProveError + '_ {
    move |source| ProveError::Io {
        path: path.to_owned(),
        source,
    }
}

fn missing_shards(missing: &[usize]) -> String {
    const SHOWN: usize = 20;
    let shown: Vec<String> = missing
        .iter()
        .take(SHOWN)
        .map(ToString::to_string)
        .collect();
    let more = match missing.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!(
        "{} shards are not proven: {}{more}; prove them with `zkmargin shard --index`, and assemble again",
        missing.len(),
        shown.join(", ")
    )
}
