//! The vectors of `docs/format.md`: made here, pinned in `fixtures/format.json`, recomputed by
//! other people's Poseidon in `js/format.mjs`.
//!
//! `UPDATE_FIXTURES=1 cargo test -p zkmargin-tests --test format` writes the vectors again.

mod vectors;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use zkmargin_circuits::shape::SHAPES;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(name)
}

fn fixture() -> PathBuf {
    folder("fixtures").join("format.json")
}

/// The first place where two documents differ.
fn difference(path: &str, pinned: &Value, made: &Value) -> Option<String> {
    match (pinned, made) {
        (Value::Object(a), Value::Object(b)) if a.keys().eq(b.keys()) => a
            .iter()
            .find_map(|(key, value)| difference(&format!("{path}.{key}"), value, &b[key])),
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => a
            .iter()
            .zip(b)
            .enumerate()
            .find_map(|(i, (a, b))| difference(&format!("{path}[{i}]"), a, b)),
        _ => (pinned != made).then(|| format!("{path}: pinned {pinned}, made {made}")),
    }
}

#[test]
fn accepts_pinned_vectors() {
    let made = vectors::document();
    if std::env::var_os("UPDATE_FIXTURES").is_some() {
        let mut text = serde_json::to_string_pretty(&made).unwrap();
        text.push('\n');
        fs::write(fixture(), text).unwrap();
    }
    let pinned = fs::read(fixture()).expect("the fixture is committed");
    let pinned: Value = serde_json::from_slice(&pinned).unwrap();
    assert_eq!(difference("format", &pinned, &made), None);
}

#[test]
fn accepts_the_shapes_of_the_page() {
    let page = folder("../docs/format.md");
    let page = fs::read_to_string(page).expect("the page is committed");
    for shape in SHAPES {
        let sizes = [
            shape.k as usize,
            shape.money_bits as usize,
            shape.symbols,
            shape.groups,
            shape.scenarios,
            shape.segments,
            shape.scan_lanes,
            shape.capacity(),
        ];
        let row = format!(
            "| {} | {} |",
            shape.name,
            sizes.map(|n| n.to_string()).join(" | ")
        );
        assert!(page.contains(&row), "docs/format.md lacks {row}");
    }
}

#[test]
fn accepts_recomputation_in_javascript() {
    let folder = folder("js");
    let run = |program: &str, args: &[&str]| {
        Command::new(program)
            .args(args)
            .current_dir(&folder)
            .output()
    };
    let there = |program, args: &[&str]| run(program, args).is_ok_and(|out| out.status.success());
    let installed = there("node", &["--version"])
        && (folder.join("node_modules/poseidon-lite").exists()
            || there(
                "npm",
                &["ci", "--no-audit", "--no-fund", "--ignore-scripts"],
            ));
    if !installed {
        eprintln!(
            "SKIPPED: node with poseidon-lite is not here, the vectors are not recomputed in JavaScript"
        );
        return;
    }
    let fixture = fixture();
    let out = run("node", &["format.mjs", fixture.to_str().unwrap()]).unwrap();
    assert!(
        out.status.success(),
        "{}{}",
        String::from_utf8_lossy(&out.stdout),
        String::from_utf8_lossy(&out.stderr)
    );
}
