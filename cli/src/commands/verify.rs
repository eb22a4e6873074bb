//! `zkmargin verify`: a bundle, against everything that was asked for.

use std::io::{self, Write};

use zkmargin_verifier::report::{Report, Status};

use super::print_json;
use crate::args::VerifyArgs;
use crate::bundle::{read_bundle, verify_bundle, Asked, Timing};
use crate::failure::Failure;
use crate::report::{self, Table};

/// Reads, verifies and prints; fails unless everything holds and the verdict is a good one.
pub fn run(args: &VerifyArgs) -> Result<(), Failure> {
    let bundle = read_bundle(&args.bundle)?;
    let asked = Asked::read(args)?;
    let (report, timing) = verify_bundle(&bundle, &asked, &args.trust)?;
    if args.json {
        print_json(&report)?;
    } else {
        let mut out = io::stdout().lock();
        out.write_all(human(&report).as_bytes())
            .map_err(Failure::internal)?;
    }
    eprintln!("{}", timed(&timing));
    outcome(&report)
}

/// The timing in words.
pub fn timed(timing: &Timing) -> String {
    format!(
        "verified in {:.1} ms, and {:.1} ms for the digests of market and model",
        timing.verification.as_secs_f64() * 1e3,
        timing.digests.as_secs_f64() * 1e3
    )
}

/// Whether a report lets the command end well.
pub fn outcome(report: &Report) -> Result<(), Failure> {
    if report.is_good() {
        return Ok(());
    }
    Err(match report.failure() {
        Some(check) => Failure::refused(format!(
            "the check `{}` failed: {}",
            check.name.name(),
            check.detail
        )),
        None => Failure::refused(match report.verdict {
            Some(verdict) => format!("the proof holds, and the book is {verdict}"),
            None => "the bundle does not hold".to_owned(),
        }),
    })
}

/// What a person reads.
pub fn human(report: &Report) -> String {
    let mut out = String::new();
    if let Some(statement) = &report.statement {
        out += &report::heading(statement);
    }
    let mut checks = Table::default();
    for check in &report.checks {
        let status = match check.status {
            Status::Pass => "pass",
            Status::Fail => "FAIL",
            Status::NotPerformed => "not performed",
        };
        checks.left([check.name.name(), status, &check.detail]);
    }
    out += &checks.render();
    if let (Some(statement), Some(_)) = (&report.statement, report.verdict) {
        out += &format!("\n{}", report::totals(statement));
        out += &format!("\n{}", report::coins(statement));
        out += &format!("\n{}", report::contracts(statement));
        if let Some(changes) = &report.changes {
            out += &format!("\n{}", report::changes(changes));
        }
    }
    out += &match report.verdict {
        Some(verdict) if report.valid => format!("\nverdict: {verdict} ({})\n", report.basis),
        Some(verdict) => format!("\nNOT VALID: a check failed (the proof says {verdict})\n"),
        None => "\nNOT VALID: nothing is proven\n".to_owned(),
    };
    for qualification in &report.qualifications {
        out += &format!("  but: {qualification}\n");
    }
    out
}
