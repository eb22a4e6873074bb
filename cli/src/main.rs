//! The zkmargin command line.
fn main() {}
