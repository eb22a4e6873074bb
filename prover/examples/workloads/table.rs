//! Figures as tables of Markdown.

use std::fmt::{self, Write};

use zkmargin_prover::memory::shown;

use crate::figures::{BookFigures, Figures};

/// What one cell of a row says.
type Cell = fn(&BookFigures) -> String;

const BOOK: &[(&str, Cell)] = &[
    ("workload", |b| format!("`{}`", b.workload)),
    ("accounts", |b| thousands(b.book.accounts)),
    ("holdings", |b| thousands(b.book.holdings)),
    ("shape", |b| {
        let proofs = match b.proven.shards {
            1 => String::new(),
            shards => format!("{shards} x "),
        };
        format!("{proofs}{}, {:.0}% full", b.book.shape, fullness(b))
    }),
];

const PROVING: &[(&str, Cell)] = &[
    ("accounts / core-second", |b| {
        significant(b.accounts_per_core_s)
    }),
    ("holdings / core-second", |b| {
        significant(b.holdings_per_core_s)
    }),
    ("MSM points / account", |b| {
        significant(b.msm_points_per_account)
    }),
    ("CPU", |b| {
        format!("{} s", significant(b.proven.proving_cpu_s))
    }),
    ("wall", |b| {
        format!("{} s", significant(b.proven.proving_wall_s))
    }),
    ("cores busy", |b| format!("{:.2}", b.cores_busy)),
    ("peak memory", |b| shown(b.proven.peak_rss_bytes)),
];

const SIZES: &[(&str, Cell)] = &[
    ("proof", |b| {
        format!("{} bytes", thousands(b.proven.proof_bytes))
    }),
    ("bundle", |b| {
        format!("{} KiB", thousands(b.proven.bundle_bytes >> 10))
    }),
    ("verify", |b| {
        format!("{} ms", significant(b.verified.verify_ms))
    }),
    ("digests", |b| {
        format!("{} ms", significant(b.verified.digests_ms))
    }),
    ("verifying key", |b| {
        format!("{} bytes", thousands(b.proven.key_bytes))
    }),
    ("making keys, CPU", |b| {
        format!("{} s", significant(b.proven.keys_cpu_s))
    }),
    ("2^k MSM, CPU", |b| {
        format!("{} s", significant(b.yardstick.msm_cpu_s))
    }),
    ("2^k FFT, CPU", |b| {
        format!("{} ms", significant(b.yardstick.fft_cpu_s * 1e3))
    }),
];

/// Both tables, and what they were measured on.
///
/// # Errors
/// None but those of formatting.
pub fn markdown(figures: &Figures) -> Result<String, fmt::Error> {
    let mut out = String::new();
    let runs = figures
        .books
        .iter()
        .map(|book| book.runs)
        .min()
        .unwrap_or(0);
    let runs = match runs {
        1 => "one run".to_owned(),
        _ => format!("medians of {runs} runs"),
    };
    writeln!(out, "{}; {runs}.\n", figures.machine)?;
    table(&mut out, figures, &[BOOK, PROVING].concat())?;
    writeln!(out)?;
    table(&mut out, figures, &[BOOK, SIZES].concat())?;
    Ok(out)
}

fn table(out: &mut String, figures: &Figures, columns: &[(&str, Cell)]) -> fmt::Result {
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    writeln!(out, "| {} |", names.join(" | "))?;
    writeln!(out, "|{}", "---|".repeat(columns.len()))?;
    for book in &figures.books {
        let cells: Vec<String> = columns.iter().map(|(_, cell)| cell(book)).collect();
        writeln!(out, "| {} |", cells.join(" | "))?;
    }
    Ok(())
}

fn fullness(book: &BookFigures) -> f64 {
    100.0 * book.book.windows as f64 / book.capacity as f64
}

/// Three digits, or all there are before the point.
fn significant(value: f64) -> String {
    match value {
        v if v >= 100.0 => thousands(v.round() as u64),
        v if v >= 10.0 => format!("{v:.1}"),
        v => format!("{v:.2}"),
    }
}

fn thousands(value: u64) -> String {
    let digits = value.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
