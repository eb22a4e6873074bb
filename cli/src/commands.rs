//! One module a command.

pub mod audit;
pub mod auditor_pack;
pub mod check;
pub mod demo;
pub mod generate;
pub mod inspect;
pub mod job;
pub mod prove;
pub mod record;
pub mod setup;
pub mod verify;
pub mod verify_record;

use std::io::{self, Write};
use std::time::Duration;

use serde::Serialize;

use crate::failure::Failure;

use indicatif::{ProgressBar, ProgressStyle};

/// A bar on standard error; nothing where that is no terminal.
pub fn bar(total: u64, what: &'static str) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg} [{bar:30}] {human_pos}/{human_len} {elapsed}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::new(total).with_style(style).with_message(what);
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// A spinner on standard error; nothing where that is no terminal.
pub fn spinner(what: &'static str) -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {msg} {elapsed}")
        .unwrap_or_else(|_| ProgressStyle::default_spinner());
    let spinner = ProgressBar::new_spinner()
        .with_style(style)
        .with_message(what);
    spinner.enable_steady_tick(Duration::from_millis(200));
    spinner
}

/// Prints JSON on standard output.
pub fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    serde_json::to_writer(&mut out, value).map_err(Failure::internal)?;
    writeln!(out).map_err(Failure::internal)
}
