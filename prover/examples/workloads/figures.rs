//! Figures of books, as kept in a file.

use std::error::Error;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::child::{Book, Proven, Verified, Yardstick};
use crate::machine::Machine;
use crate::workload::Workload;
use zkmargin_circuits::shape::Shape;

/// The figures of a machine.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Figures {
    /// Which.
    pub machine: Machine,
    /// By workload and number of accounts.
    pub books: Vec<BookFigures>,
}

/// The figures of one book: medians of some runs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BookFigures {
    /// Kind of book.
    pub workload: Workload,
    /// Size and shape.
    #[serde(flatten)]
    pub book: Book,
    /// Windows that the shape has.
    pub capacity: usize,
    /// Base-2 logarithm of the shape's rows.
    pub k: u32,
    /// Runs that the medians are of.
    pub runs: usize,
    /// Accounts a core-second of proving.
    pub accounts_per_core_s: f64,
    /// Holdings a core-second of proving.
    pub holdings_per_core_s: f64,
    /// CPU time over wall time while proving.
    pub cores_busy: f64,
    /// Proving of an account, in points of the library's multi-exponentiation of 2^k.
    pub msm_points_per_account: f64,
    /// The proof.
    #[serde(flatten)]
    pub proven: Proven,
    /// The verification.
    #[serde(flatten)]
    pub verified: Verified,
    /// What the library's own functions took in the same runs.
    #[serde(flatten)]
    pub yardstick: Yardstick,
}

impl BookFigures {
    /// The figures of one run or more.
    pub fn new(
        workload: Workload,
        book: Book,
        shape: &Shape,
        runs: &[(Proven, Verified, Yardstick)],
    ) -> Self {
        let of = |figure: fn(&Proven) -> f64| median(runs.iter().map(|(p, ..)| figure(p)));
        let bytes =
            |figure: fn(&Proven) -> u64| median(runs.iter().map(|(p, ..)| figure(p) as f64)) as u64;
        let proven = Proven {
            proving_cpu_s: of(|p| p.proving_cpu_s),
            proving_wall_s: of(|p| p.proving_wall_s),
            keys_cpu_s: of(|p| p.keys_cpu_s),
            keys_wall_s: of(|p| p.keys_wall_s),
            peak_rss_bytes: bytes(|p| p.peak_rss_bytes),
            shards: runs.first().map_or(1, |(proven, ..)| proven.shards),
            proof_bytes: bytes(|p| p.proof_bytes),
            bundle_bytes: bytes(|p| p.bundle_bytes),
            key_bytes: bytes(|p| p.key_bytes),
        };
        let verified = Verified {
            verify_ms: median(runs.iter().map(|(_, v, _)| v.verify_ms)),
            digests_ms: median(runs.iter().map(|(_, v, _)| v.digests_ms)),
        };
        let yardstick = Yardstick {
            msm_cpu_s: median(runs.iter().map(|(.., y)| y.msm_cpu_s)),
            fft_cpu_s: median(runs.iter().map(|(.., y)| y.fft_cpu_s)),
        };
        let accounts = book.accounts as f64;
        let point = yardstick.msm_cpu_s / f64::from(1u32 << shape.k);
        Self {
            workload,
            capacity: shape.capacity() * proven.shards,
            k: shape.k,
            runs: runs.len(),
            accounts_per_core_s: accounts / proven.proving_cpu_s,
            holdings_per_core_s: book.holdings as f64 / proven.proving_cpu_s,
            cores_busy: proven.proving_cpu_s / proven.proving_wall_s,
            msm_points_per_account: proven.proving_cpu_s / accounts / point,
            book,
            proven,
            verified,
            yardstick,
        }
    }
}

/// The middle one, or the mean of the two in the middle.
fn median(figures: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = figures.collect();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() % 2 {
        0 => (sorted[middle - 1] + sorted[middle]) / 2.0,
        _ => sorted[middle],
    }
}

impl Figures {
    /// Those in a file, if they are of this machine; none otherwise.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn kept(path: &Path, machine: Machine) -> Result<Self, Box<dyn Error>> {
        let kept = match fs::read(path) {
            Ok(bytes) => serde_json::from_slice::<Figures>(&bytes).ok(),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error.into()),
        };
        Ok(kept.filter(|kept| kept.machine == machine).unwrap_or(Self {
            machine,
            books: Vec::new(),
        }))
    }

    /// Leaves out the book of a workload that has so many accounts.
    pub fn forget(&mut self, workload: Workload, accounts: u64) {
        self.books
            .retain(|book| (book.workload, book.book.accounts) != (workload, accounts));
    }

    /// Adds a book.
    pub fn add(&mut self, book: BookFigures) {
        self.books.push(book);
        self.books
            .sort_by_key(|book| (book.workload, book.book.accounts));
    }

    /// Writes the file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), Box<dyn Error>> {
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        Ok(fs::write(path, text)?)
    }
}
