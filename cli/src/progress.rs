//! Progress of a long command on standard error: a bar on a terminal, else a line for each step.

use std::cell::RefCell;
use std::fmt::Display;
use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use indicatif::{HumanDuration, ProgressBar, ProgressStyle};

/// Steps of a command, and which of them is being taken.
#[derive(Debug)]
pub struct Steps {
    bar: ProgressBar,
    /// Which of many proofs, and what remains; shown beside what is done for it.
    shard: RefCell<Option<String>>,
    start: Instant,
    terminal: bool,
}

impl Steps {
    /// A command of `total` steps.
    pub fn new(total: usize) -> Self {
        let style = ProgressStyle::with_template("{spinner} [{bar:24}] {elapsed_precise} {msg}")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        // Shows nothing where standard error is no terminal.
        let bar = ProgressBar::new(total as u64).with_style(style);
        bar.enable_steady_tick(Duration::from_millis(200));
        Self {
            bar,
            shard: RefCell::default(),
            start: Instant::now(),
            terminal: io::stderr().is_terminal(),
        }
    }

    /// A step begins, after `done` others. While many proofs are made, the bar is of them.
    pub fn step(&self, done: usize, what: impl Display) {
        if self.shard.borrow().is_none() {
            self.bar.set_position(done as u64);
        }
        self.message(&what);
        self.line("", &what);
    }

    /// One of many proofs begins, after `done` of `total`.
    pub fn shard(&self, done: usize, total: usize, which: impl Display) {
        self.bar.set_length(total as u64);
        self.bar.set_position(done as u64);
        self.beside(&which);
        self.message(&"");
        self.line("", &which);
    }

    /// What is shown beside the steps of a proof, where there are many.
    pub fn beside(&self, which: impl Display) {
        *self.shard.borrow_mut() = Some(which.to_string());
    }

    /// All proofs are made: `total` steps again.
    pub fn shards_done(&self, total: usize) {
        *self.shard.borrow_mut() = None;
        self.bar.set_length(total as u64);
    }

    /// Where there is no bar, a line.
    fn line(&self, indent: &str, what: &impl Display) {
        if !self.terminal {
            let elapsed = self.start.elapsed().as_secs_f64();
            eprintln!("[{elapsed:8.1} s] {indent}{what}");
        }
    }

    fn message(&self, what: &impl Display) {
        self.bar.set_message(match self.shard.borrow().as_ref() {
            Some(shard) => format!("{shard}: {what}"),
            None => what.to_string(),
        });
    }

    /// A time in hours, minutes and seconds, for people.
    pub fn duration(seconds: f64) -> String {
        HumanDuration(Duration::from_secs(seconds.max(0.0).round() as u64)).to_string()
    }

    /// What is done within the step.
    pub fn within(&self, what: impl Display) {
        self.message(&what);
        self.line("  ", &what);
    }

    /// Something to know besides.
    pub fn note(&self, what: impl Display) {
        self.bar.suspend(|| eprintln!("{what}"));
    }

    /// The bar, for stages within a step.
    pub fn bar(&self) -> &ProgressBar {
        &self.bar
    }

    /// The command is done.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Drop for Steps {
    fn drop(&mut self) {
        // A command that fails leaves its error, not its bar.
        self.finish();
    }
}
