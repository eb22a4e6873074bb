//! `zkmargin audit`: a bundle, and an auditor's pack against it.

use std::io::{self, Write};

use serde::Serialize;
use zkmargin_circuits::error::printable;
use zkmargin_verifier::audit::{audit, AuditError, AuditReport, Concentration, Held};
use zkmargin_verifier::report::{Report, Status};

use super::auditor_pack::sample;
use super::print_json;
use super::verify::outcome;
use crate::args::AuditArgs;
use crate::bundle::{read_bundle, verify_bundle, Asked};
use crate::failure::Failure;
use crate::files::read_file;
use crate::report::{self, short, Table};

/// Pools and rankings a person is shown.
const SHOWN: usize = 20;

/// What `--json` prints.
#[derive(Serialize)]
struct AuditJson<'a> {
    bundle: &'a Report,
    /// None where the bundle does not hold.
    audit: Option<&'a AuditReport>,
}

/// Verifies the bundle, then the pack; fails unless everything holds and the verdict is a good one.
pub fn run(args: &AuditArgs) -> Result<(), Failure> {
    let pack = read_file(&args.pack)?;
    let asked = match (&args.sample_seed, args.sample) {
        (Some(seed), Some(slots)) => Some(sample(seed, slots)?),
        _ => None,
    };
    let bundle = read_bundle(&args.bundle)?;
    let model = Asked::of_risk(args.risk.as_deref())?;
    let (report, _) = verify_bundle(&bundle, &model, &args.trust)?;
    let found = match audit(&pack, asked.as_ref(), &report) {
        Ok(found) => Some(found),
        Err(AuditError::NotProven) => None,
        Err(error @ AuditError::Malformed(_)) => return Err(Failure::input(error)),
    };
    if args.json {
        print_json(&AuditJson {
            bundle: &report,
            audit: found.as_ref(),
        })?;
    } else {
        let text = human(&report, found.as_ref());
        io::stdout()
            .lock()
            .write_all(text.as_bytes())
            .map_err(Failure::internal)?;
    }
    match found.as_ref().and_then(AuditReport::failure) {
        Some(item) => Err(Failure::refused(format!(
            "the item `{}` failed: {}",
            item.name.name(),
            item.detail
        ))),
        None => outcome(&report),
    }
}

/// What an auditor reads.
fn human(report: &Report, found: Option<&AuditReport>) -> String {
    let mut out = String::new();
    if let Some(statement) = &report.statement {
        out += &report::heading(statement);
    }
    let Some(found) = found else {
        return out + "NOT VALID: the bundle does not hold, and the pack is not looked at\n";
    };
    let mut items = Table::default();
    for item in &found.items {
        let status = match item.status {
            Status::Pass => "pass",
            Status::Fail => "FAIL",
            Status::NotPerformed => "not performed",
        };
        items.left([item.name.name(), status, &item.detail]);
    }
    out += &items.render();
    if let Some(pools) = found.deficient.as_ref().filter(|pools| !pools.is_empty()) {
        let mut table = Table::default();
        table.row(["deficient pool", "shortfall"]);
        for pool in pools.iter().take(SHOWN) {
            table.row([
                format!("{} {}", pool.account, pool.pool),
                pool.shortfall.clone(),
            ]);
        }
        out += &format!("\n{}{}", table.render(), more(pools.len()));
    }
    if let Some(classes) = &found.classes {
        out += "\n";
        for (name, ids) in [("house", &classes.house), ("fund", &classes.fund)] {
            out += &format!("  {name}: {}\n", printable(&ids.join(", ")));
        }
    }
    if let Some(largest) = &found.largest {
        out += &format!("\n{}{}", rankings(largest), more(largest.len()));
    }
    if let Some(sample) = &found.sample {
        let drawn = sample.accounts.join(", ");
        out += &format!("\naccounts drawn: {}\n", printable(&drawn));
    }
    out += &match report.verdict {
        Some(verdict) if found.valid => format!("\nverdict: {verdict} ({})\n", report.basis),
        Some(verdict) => format!("\nNOT VALID: an item failed (the proof says {verdict})\n"),
        None => "\nNOT VALID: nothing is proven\n".to_owned(),
    };
    for qualification in &report.qualifications {
        out += &format!("  but: {qualification}\n");
    }
    out
}

fn more(all: usize) -> String {
    match all.checked_sub(SHOWN) {
        None | Some(0) => String::new(),
        Some(more) => format!("  and {more} more; --json lists them all\n"),
    }
}

fn rankings(largest: &[Concentration]) -> String {
    let mut table = Table::default();
    table.row(["largest of", "all", "of which", "share", "all others", ""]);
    for found in largest.iter().take(SHOWN) {
        let held = match found.held {
            Held::Claims => "claims",
            Held::Debts => "debts",
            Held::Long => "long",
            Held::Short => "short",
        };
        let word = match found.shown_to_be_largest {
            true => "no larger one",
            false => "the venue's word",
        };
        for (place, account) in found.accounts.iter().enumerate() {
            let first = |text: String| if place == 0 { text } else { String::new() };
            table.row([
                first(format!("{held}, {}", found.id)),
                first(short(&found.total)),
                format!("{} {}", account.account, short(&account.amount)),
                account.share.clone(),
                first(short(&found.rest)),
                first(word.to_owned()),
            ]);
        }
    }
    table.render()
}
