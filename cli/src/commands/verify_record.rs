//! `zkmargin verify-record`: a customer's own check.

use std::io::{self, Write};
use std::time::Instant;

use serde::Serialize;
use zkmargin_circuits::error::printable;
use zkmargin_verifier::record::{
    verify_record, verify_signature, RecordError, RecordReport, Standing,
};
use zkmargin_verifier::report::{Report, Status};

use super::print_json;
use super::verify::{outcome, timed};
use crate::args::VerifyRecordArgs;
use crate::bundle::{read_bundle, venue_key, verify_bundle, Asked};
use crate::failure::Failure;
use crate::files::read_file;
use crate::report::Table;

/// What `--json` prints.
#[derive(Serialize)]
struct RecordJson<'a> {
    #[serde(flatten)]
    report: &'a RecordReport,
    /// What came of the record's own signature.
    signature: Status,
    timing: TimingJson,
}

/// Seconds, those of reading files not among them.
#[derive(Serialize)]
struct TimingJson {
    /// Verification of the bundle, without the digests of market and model.
    bundle_s: f64,
    /// Those digests.
    digests_s: f64,
    /// The record, against the bundle.
    record_s: f64,
}

/// Verifies the record's signature if the venue's key is given, the bundle, and the record against it.
pub fn run(args: &VerifyRecordArgs) -> Result<(), Failure> {
    let record = read_file(&args.record)?;
    let mut signature = Status::NotPerformed;
    if let Some(path) = &args.trust.venue_key {
        let statement = verify_signature(&record, &venue_key(path)?).map_err(failure)?;
        signature = Status::Pass;
        // Said before the bundle is looked at: it may be another one than the venue signed.
        eprintln!("the venue's signature in the record holds, of the statement {statement}");
    }
    let bundle = read_bundle(&args.bundle)?;
    let (report, timing) = verify_bundle(&bundle, &Asked::default(), &args.trust)?;
    if !report.valid {
        outcome(&report)?;
    }
    let start = Instant::now();
    let found = verify_record(&record, &args.identity, &report).map_err(failure)?;
    let own = start.elapsed();
    if args.json {
        print_json(&RecordJson {
            report: &found,
            signature,
            timing: TimingJson {
                bundle_s: timing.verification.as_secs_f64(),
                digests_s: timing.digests.as_secs_f64(),
                record_s: own.as_secs_f64(),
            },
        })?;
    } else {
        io::stdout()
            .lock()
            .write_all(human(&found, &report, signature).as_bytes())
            .map_err(Failure::internal)?;
    }
    eprintln!(
        "{}; the record in {:.1} ms",
        timed(&timing),
        own.as_secs_f64() * 1e3
    );
    outcome(&report)
}

fn failure(error: RecordError) -> Failure {
    match error {
        RecordError::Malformed(_) => Failure::input(error),
        _ => Failure::refused(error),
    }
}

/// What a customer reads.
pub fn human(found: &RecordReport, report: &Report, signature: Status) -> String {
    let mut out = format!(
        "{} is in the book, as a {}\n",
        printable(&found.account),
        found.class
    );
    for pool in &found.pools {
        let mut holdings = Table::default();
        holdings.row([&pool.pool, "quantity", "entry price", "cost"]);
        for row in &pool.holdings {
            let shown = |text: &Option<String>| text.clone().unwrap_or_default();
            holdings.row([
                row.symbol.clone(),
                row.quantity.clone(),
                shown(&row.entry_price),
                shown(&row.cost),
            ]);
        }
        out += &format!("\n{}", holdings.render());
        let mut figures = Table::default();
        for (name, figure) in pool.figures.named() {
            let standing = match figure.standing {
                Standing::Recomputable => "recomputed here",
                Standing::Claim => "the venue's claim",
            };
            figures.row([name, &figure.amount, standing]);
        }
        out += &figures.render();
    }
    out += "\nholdings are proven: compare them with your own\n";
    out += match signature {
        Status::Pass => "the venue has signed it\n",
        _ => "the record's signature is not checked: the venue's public key is given with --venue-key\n",
    };
    if let Some(verdict) = report.verdict {
        out += &format!("the book: {verdict} ({})\n", report.basis);
    }
    for qualification in &report.qualifications {
        out += &format!("  but: {qualification}\n");
    }
    out
}
