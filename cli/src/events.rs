//! The event log of a long command: a JSON object a line, as it happens. `docs/events.md` says what each has.
//!
//! Whoever runs a venue's machines may collect these logs, and sees nothing in them that the bundle
//! hides: no account, no amount, no number of accounts, no place of private files.

mod scrub;

use std::cell::RefCell;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::process;
use std::time::SystemTime;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use zkmargin_prover::job::ShardReport;
use zkmargin_prover::meter::{Cost, Meter};

use crate::failure::Failure;
use scrub::without;

/// What happens.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Line<'a> {
    /// A command begins.
    Start {
        command: &'a str,
        version: &'static str,
        pid: u32,
        threads: usize,
    },
    /// What will be done is known.
    Plan {
        shape: &'a str,
        /// Base-2 logarithm of the rows of a proof.
        k: u32,
        setup: String,
        /// Proofs of the bundle.
        shards: usize,
        /// The first and the last of the shards that this command is to prove.
        indices: Option<[usize; 2]>,
        resumes: bool,
        memory_bytes: u64,
        available_bytes: Option<u64>,
    },
    PhaseBegin {
        phase: &'a str,
        shard: Option<usize>,
    },
    PhaseEnd {
        phase: &'a str,
        shard: Option<usize>,
        wall_s: f64,
        cpu_s: f64,
    },
    PartBegin {
        part: &'a str,
        shard: Option<usize>,
        remaining_s: Option<f64>,
    },
    ShardBegin {
        shard: usize,
        shards: usize,
        remaining_s: Option<f64>,
    },
    /// A finished proof was there, and holds.
    ShardKept {
        shard: usize,
    },
    ShardDone {
        shard: usize,
        wall_s: f64,
        cpu_s: f64,
        proof_bytes: usize,
        peak_rss_bytes: u64,
        remaining_s: Option<f64>,
    },
    Warning {
        text: &'a str,
    },
    End {
        ok: bool,
        exit_code: u8,
        wall_s: f64,
        cpu_s: f64,
        summary: Option<Summary>,
        error: Option<String>,
        /// Whether the error's words are left out, as what they show is private.
        withheld: bool,
    },
}

/// What a command that ended well has done.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Summary {
    /// Shards that the command was about.
    pub shards: usize,
    /// Those whose proofs were there already.
    pub kept: usize,
    /// Evaluation, hashing, witness and proofs; keys are apart.
    pub proving_wall_s: f64,
    pub proving_cpu_s: f64,
    pub keygen_wall_s: f64,
    pub peak_rss_bytes: u64,
    pub proof_bytes: usize,
    /// None where no bundle was written.
    pub bundle_bytes: Option<u64>,
    /// Accounts, if their number is published.
    pub accounts: Option<usize>,
}

impl Summary {
    /// Counts a shard of a job.
    pub fn add(&mut self, report: &ShardReport) {
        self.shards += 1;
        self.kept += usize::from(report.kept);
        self.proving_wall_s = milliseconds(self.proving_wall_s + report.proving.wall_s);
        self.proving_cpu_s = milliseconds(self.proving_cpu_s + report.proving.cpu_s);
        self.keygen_wall_s = milliseconds(self.keygen_wall_s + report.keygen.wall_s);
        self.peak_rss_bytes = report.peak_rss_bytes;
        self.proof_bytes += report.proof_bytes;
    }
}

#[derive(Serialize)]
struct Stamped<'a> {
    time: String,
    elapsed_s: f64,
    #[serde(flatten)]
    line: &'a Line<'a>,
}

/// The log of a command; none is kept if the user named no file.
pub struct EventLog {
    file: RefCell<Option<File>>,
    meter: Meter,
    /// Paths that are not shown, and what stands for each.
    private: Vec<(String, &'static str)>,
}

impl EventLog {
    /// Opens the file, to append to it, and says that the command begins. Of `private` paths errors
    /// in the log show the names that stand beside them.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn begin(
        path: Option<&Path>,
        command: &str,
        private: &[(Option<&Path>, &'static str)],
    ) -> Result<Self, Failure> {
        let open = |path: &Path| {
            let mut options = OpenOptions::new();
            let opened = options.create(true).append(true).open(path);
            opened.map_err(|error| Failure::input(format!("--log {}: {error}", path.display())))
        };
        let private = private
            .iter()
            .filter_map(|(path, name)| Some((path.as_ref()?.display().to_string(), *name)));
        let log = Self {
            file: RefCell::new(path.map(open).transpose()?),
            meter: Meter::start(),
            private: private.collect(),
        };
        log.write(&Line::Start {
            command,
            version: env!("CARGO_PKG_VERSION"),
            pid: process::id(),
            threads: rayon::current_num_threads(),
        });
        Ok(log)
    }

    /// What the command has cost so far.
    pub fn cost(&self) -> Cost {
        self.meter.cost()
    }

    /// Appends a line. A log that can be written no longer is given up, and the command goes on.
    pub fn write(&self, line: &Line<'_>) {
        let mut file = self.file.borrow_mut();
        let Some(out) = file.as_mut() else { return };
        let stamped = Stamped {
            time: DateTime::<Utc>::from(SystemTime::now())
                .to_rfc3339_opts(SecondsFormat::Millis, true),
            elapsed_s: milliseconds(self.meter.cost().wall_s),
            line,
        };
        let written = serde_json::to_vec(&stamped)
            .map_err(Into::into)
            .and_then(|mut bytes| {
                bytes.push(b'\n');
                // Whole lines: whoever follows the file never sees a part of one.
                out.write_all(&bytes)
            });
        if let Err(error) = written {
            eprintln!("warning: the event log cannot be written and ends here: {error}");
            *file = None;
        }
    }

    /// Something that the user should know, shown by the caller.
    pub fn warning(&self, text: &str) {
        let text = self.scrubbed(text);
        self.write(&Line::Warning { text: &text });
    }

    /// Says how the command ended, and passes on whether it did well.
    ///
    /// # Errors
    /// That of the command.
    pub fn end(&self, result: Result<Summary, Failure>) -> Result<(), Failure> {
        let cost = self.meter.cost();
        let (summary, failure) = match result {
            Ok(summary) => (Some(summary), None),
            Err(failure) => (None, Some(failure)),
        };
        self.write(&Line::End {
            ok: failure.is_none(),
            exit_code: failure.as_ref().map_or(0, Failure::status),
            wall_s: milliseconds(cost.wall_s),
            cpu_s: milliseconds(cost.cpu_s),
            summary,
            error: failure.as_ref().map(|failure| match failure {
                Failure::Private { logged, .. } => logged.clone(),
                shown => self.scrubbed(&shown.to_string()),
            }),
            withheld: matches!(failure, Some(Failure::Private { .. })),
        });
        failure.map_or(Ok(()), Err)
    }

    /// The text without private paths and what is within them.
    fn scrubbed(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (path, name) in &self.private {
            text = without(&text, path, name);
        }
        text
    }
}

/// Seconds to a thousandth.
pub fn milliseconds(seconds: f64) -> f64 {
    (seconds * 1e3).round() / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn a_log_that_ends_keeps_the_command_going() {
        let log = EventLog::begin(Some(Path::new("/dev/full")), "prove", &[]).unwrap();
        assert!(log.file.borrow().is_none());
        assert!(log.end(Err(Failure::input("no"))).is_err());
    }
}
