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
    shard: RefCell<String>,
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

    /// A step begins, after `done` others.
    pub fn step(&self, done: usize, what: impl Display) {
        self.bar.set_position(done as u64);
        self.message(&what);
        self.line("", &what);
    }

    /// One of many proofs begins: shown beside what is done for it.
    pub fn shard(&self, which: impl Display) {
        *self.shard.borrow_mut() = format!("{which}: ");
        self.line("", &which);
    }

    /// Where there is no bar, a line.
    fn line(&self, indent: &str, what: &impl Display) {
        if !self.terminal {
            let elapsed = self.start.elapsed().as_secs_f64();
            eprintln!("[{elapsed:8.1} s] {indent}{what}");
        }
    }

    fn message(&self, what: &impl Display) {
        let shard = self.shard.borrow();
        self.bar.set_message(format!("{shard}{what}"));
    }

    /// A time in hours, minutes and seconds, for people.
    pub fn duration(seconds: u64) -> String {
        HumanDuration(Duration::from_secs(seconds)).to_string()
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
