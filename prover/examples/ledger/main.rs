//! Proves a book and writes down what every part of the proof took.
//!
//! `cargo run --release -p zkmargin-prover --example ledger`
//!
//! The figures replace those in `docs/ledger.md`; what is written around them by hand stays.

mod columns;
#[path = "../support/machine.rs"]
mod machine;
mod page;
mod run;
#[path = "../support/setup.rs"]
mod setup;
#[path = "../support/workload.rs"]
mod workload;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Parser;
use zkmargin_circuits::shape::{Shape, SHAPES};
use zkmargin_prover::snapshot::LoadedSnapshot;

use run::Run;
use workload::Workload;

/// What stands around the figures.
const BEGIN: &str =
    "<!-- figures, by `cargo run --release -p zkmargin-prover --example ledger` -->\n";
const END: &str = "<!-- end of figures -->\n";

/// Explains the cost of one proof.
#[derive(Debug, Parser)]
struct Args {
    /// Kind of book.
    #[arg(long, value_enum, default_value = "retail")]
    workload: Workload,
    /// Accounts; the workload's largest book if not given.
    #[arg(long)]
    accounts: Option<u64>,
    /// A snapshot, instead of a generated book.
    #[arg(long, value_name = "DIR")]
    snapshot: Option<PathBuf>,
    /// Shape, instead of the smallest that holds the book.
    #[arg(long)]
    shape: Option<String>,
    /// The page whose figures are replaced; `-` prints them.
    #[arg(long, default_value_os_t = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/ledger.md"))]
    page: PathBuf,
}

fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    let page = match args.page.to_str() {
        Some("-") => None,
        _ => Some(fs::read_to_string(&args.page)?),
    };
    let shape = match &args.shape {
        Some(name) => Some(Shape::by_name(name).ok_or_else(|| format!("{name}: no such shape"))?),
        None => None,
    };
    let generated = tempfile::tempdir()?;
    let (folder, book) = match &args.snapshot {
        Some(folder) => (folder.as_path(), "a snapshot".to_owned()),
        None => {
            let sizes = args.workload.accounts();
            let largest = sizes.iter().max().copied().unwrap_or_default();
            let accounts = args.accounts.unwrap_or(largest);
            args.workload.write(accounts, generated.path())?;
            (
                generated.path(),
                format!("the workload `{}`", args.workload),
            )
        }
    };
    let snapshot = LoadedSnapshot::read(folder)?;
    let largest = SHAPES.iter().map(|shape| shape.k).max().unwrap_or_default();
    let figures = page::page(&Run::new(&snapshot, shape, largest)?, &book)?;
    match page {
        None => print!("{figures}"),
        Some(page) => fs::write(&args.page, replaced(&page, &figures)?)?,
    }
    Ok(())
}

/// The page with other figures between the two marks.
fn replaced(page: &str, figures: &str) -> Result<String, String> {
    let missing = |mark: &str| format!("the page lacks the line {}", mark.trim_end());
    let (head, rest) = page.split_once(BEGIN).ok_or_else(|| missing(BEGIN))?;
    let (_, end) = rest.split_once(END).ok_or_else(|| missing(END))?;
    Ok(format!("{head}{BEGIN}\n{figures}\n{END}{end}"))
}
