//! Measures the reference workloads and prints the tables of the README.
//!
//! `cargo run --release -p zkmargin-prover --example workloads -- --runs 3`
//!
//! Every proof, every verification and the yardstick run in processes of their own. The figures go
//! to `docs/figures/workloads.json` and the plot beside it; books that were not asked for are kept
//! from there if they are of the same machine.

mod child;
mod figures;
#[path = "../support/machine.rs"]
mod machine;
mod plot;
#[path = "../support/setup.rs"]
mod setup;
mod table;
#[path = "../support/workload.rs"]
mod workload;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use clap::{Parser, ValueEnum};

use child::{named, spawn, Book, Child};
use figures::{BookFigures, Figures};
use machine::Machine;
use workload::Workload;

/// Measures the reference workloads.
#[derive(Debug, Parser)]
#[command(args_conflicts_with_subcommands = true, disable_help_subcommand = true)]
struct Args {
    /// Workloads; all of them if none is named.
    #[arg(long, value_enum, value_delimiter = ',')]
    workload: Vec<Workload>,
    /// Numbers of accounts, instead of each workload's own.
    #[arg(long, value_delimiter = ',')]
    accounts: Vec<u64>,
    /// Shape, instead of the smallest that holds the book.
    #[arg(long)]
    shape: Option<String>,
    /// Runs that the medians are of.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    runs: u16,
    /// Folder of the figures.
    #[arg(long, default_value_os_t = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/figures"))]
    out: PathBuf,
    /// What a process of its own does.
    #[command(subcommand)]
    child: Option<Child>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    if let Some(child) = &args.child {
        println!("{}", child.run()?);
        return Ok(());
    }
    fs::create_dir_all(&args.out)?;
    let json = args.out.join("workloads.json");
    let mut figures = Figures::kept(&json, Machine::this())?;
    let workloads = match args.workload.as_slice() {
        [] => Workload::value_variants(),
        some => some,
    };
    for workload in workloads {
        let sizes = match args.accounts.as_slice() {
            [] => workload.accounts(),
            some => some,
        };
        for accounts in sizes {
            let name = format!("{workload}, {accounts} accounts");
            figures.forget(*workload, *accounts);
            match measure(*workload, *accounts, &args) {
                Ok(book) => figures.add(book),
                Err(error) => eprintln!("{name}: left out: {error}"),
            }
            figures.write(&json)?;
        }
    }
    plot::draw(&figures, &args.out.join("workloads.svg"))?;
    print!("{}", table::markdown(&figures)?);
    Ok(())
}

fn measure(workload: Workload, accounts: u64, args: &Args) -> Result<BookFigures, Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name).display().to_string();
    let snapshot = path("book");
    let mut arguments = vec![
        "book".to_owned(),
        workload.to_string(),
        accounts.to_string(),
    ];
    arguments.push(snapshot.clone());
    if let Some(shape) = &args.shape {
        arguments.extend(["--shape".to_owned(), shape.clone()]);
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let book: Book = spawn(&arguments)?;
    let shape = named(&book.shape)?;
    let k = shape.k.to_string();
    eprintln!(
        "{workload}, {accounts} accounts: {} windows, {} of {}",
        book.windows,
        shape.name,
        shape.capacity()
    );
    let mut runs = Vec::new();
    for run in 1..=args.runs {
        let (bundle, records) = (path("bundle"), path("records"));
        let proven: child::Proven = spawn(&["prove", &snapshot, shape.name, &bundle, &records])?;
        let verified: child::Verified = spawn(&["verify", &bundle])?;
        let yardstick: child::Yardstick = spawn(&["yardstick", &k])?;
        eprintln!(
            "  run {run} of {}: {:.1} s of CPU, {:.1} s",
            args.runs, proven.proving_cpu_s, proven.proving_wall_s
        );
        fs::remove_dir_all(&bundle)?;
        fs::remove_dir_all(&records)?;
        runs.push((proven, verified, yardstick));
    }
    Ok(BookFigures::new(workload, book, shape, &runs))
}
