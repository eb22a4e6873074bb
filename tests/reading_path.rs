//! The README's reading path: its files are there, and as long as it says.
//!
//! `UPDATE_PINNED=1` writes the lengths again.

use std::fs;
use std::path::Path;

/// By how much a length may be off before the README has to be mended.
const SLACK: f64 = 0.2;

/// Lines of a file, or of all in a folder, without tests.
fn lines(path: &Path) -> usize {
    if path.is_dir() {
        let entries = fs::read_dir(path)
            .unwrap()
            .map(|entry| entry.unwrap().path());
        return entries.map(|path| lines(&path)).sum();
    }
    if path.file_name().is_some_and(|name| name == "tests.rs") {
        return 0;
    }
    let text =
        fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let code = text
        .split("\n#[cfg(test)]\nmod tests {")
        .next()
        .unwrap_or_default();
    code.lines().count()
}

#[test]
fn lengths_are_as_written() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let (before, rest) = readme.split_once("## Reading path for an auditor").unwrap();
    let (section, after) = rest.split_once("\n## ").unwrap();
    let mut written = String::new();
    let mut steps = 0;
    for line in section.lines() {
        let cells: Vec<&str> = line.split(" | ").collect();
        let [step, files, said, what] = cells.as_slice() else {
            written += line;
            written.push('\n');
            continue;
        };
        if step.trim_start_matches("| ").parse::<u32>().is_err() {
            written += line;
            written.push('\n');
            continue;
        }
        steps += 1;
        let found: usize = files
            .split(", ")
            .map(|file| lines(&root.join(file.trim_matches('`'))))
            .sum();
        written += &format!("{step} | {files} | {found} | {what}\n");
        if std::env::var_os("UPDATE_PINNED").is_none() {
            let said: f64 = said
                .parse()
                .unwrap_or_else(|_| panic!("{said} is no number of lines"));
            let off = (said - found as f64).abs() / found as f64;
            assert!(
                off < SLACK,
                "step {steps}: {found} lines, and the README says {said}"
            );
        }
    }
    assert_eq!(steps, 8);
    if std::env::var_os("UPDATE_PINNED").is_some() {
        let page = format!(
            "{before}## Reading path for an auditor{}\n## {after}",
            written.trim_end_matches('\n').to_owned() + "\n"
        );
        fs::write(root.join("README.md"), page).unwrap();
    }
}
