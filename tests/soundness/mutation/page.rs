//! docs/mutation.md, which the tests are held against: what it lists is what they find, and no more.

use std::fs;
use std::path::Path;

/// The rows of the table below a heading of the page, without its head; cells without backticks.
pub fn table(heading: &str) -> Vec<Vec<String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/mutation.md");
    let text = fs::read_to_string(&path).expect("the page");
    let lines = text
        .lines()
        .skip_while(|line| *line != format!("## {heading}"))
        .skip(1)
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'));
    let rows: Vec<Vec<String>> = lines
        .skip(2)
        .map(|line| {
            let cells = line.trim_matches('|').split(" | ");
            cells.map(|cell| cell.trim().replace('`', "")).collect()
        })
        .collect();
    assert!(
        !rows.is_empty(),
        "{}: a table below {heading}",
        path.display()
    );
    rows
}
