//! Changes a bundle and its records in every place and verifies each change:
//! `cargo run --release --example tamper -- BUNDLE RECORDS [MOST]`.
//!
//! With MOST, at most so many places of each kind are changed, evenly spread: every byte of a large
//! bundle would take days. The bundle must be one that `verify` accepts with
//! `--allow-insecure-setup`. Exits 1 when a change is accepted, panics or is refused without reason.

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use zkmargin_tests::tamper::{
    bytes, elements, fields, figures, json, odd, read_bundle, read_records, records, File, Swept,
};
use zkmargin_verifier::bundle::{verify, Options};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (bundle, folder, most) = match args.as_slice() {
        [bundle, records] => (bundle, records, usize::MAX),
        [bundle, records, most] => (bundle, records, most.parse()?),
        _ => return Err("usage: tamper BUNDLE RECORDS [MOST]".into()),
    };
    let bundle = read_bundle(Path::new(bundle))?;
    let options = Options {
        allow_insecure_setup: true,
        ..Options::default()
    };
    let report = verify(&bundle, &options, &mut |_| ())?;
    if let Some(check) = report.failure() {
        return Err(format!("the bundle itself is refused: {}", check.detail).into());
    }

    let mut good = true;
    let mut sweep = |what: &str, run: &dyn Fn() -> Swept| {
        let start = Instant::now();
        let swept = run();
        let refused: Vec<String> = swept
            .refused
            .iter()
            .map(|(name, times)| format!("{name} {times}"))
            .collect();
        println!(
            "{what}: {} changes in {:.1} s, refused by {}",
            swept.tried(),
            start.elapsed().as_secs_f64(),
            refused.join(", ")
        );
        for wrong in &swept.wrong {
            println!("  WRONG: {wrong}");
        }
        good &= swept.wrong.is_empty();
    };
    let files = File::all(&bundle);
    for file in &files {
        sweep(&format!("bytes of {}", file.name()), &|| {
            bytes(&bundle, &options, *file, most)
        });
    }
    for file in &files {
        if matches!(file, File::Totals | File::Proof(_)) {
            sweep(&format!("elements of {}", file.name()), &|| {
                elements(&bundle, &options, *file, most)
            });
            sweep(&format!("odd elements in {}", file.name()), &|| {
                odd(&bundle, &options, *file, most)
            });
        }
        let absent = *file == File::Risk && bundle.risk.is_none();
        if matches!(file, File::Market | File::Risk) && !absent {
            sweep(&format!("fields of {}", file.name()), &|| {
                json(&bundle, &options, *file, most)
            });
        }
    }
    sweep("fields of the statement", &|| {
        fields(&bundle, &options, most)
    });
    sweep("figures of it, totals agreeing", &|| {
        figures(&bundle, &options, most)
    });
    let written = read_records(Path::new(folder))?;
    sweep("records", &|| records(&report, &written, most));
    Ok(ExitCode::from(u8::from(!good)))
}
