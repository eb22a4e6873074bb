//! Text without a private path.

/// The text with `name` wherever `path` stands as a word, or begins a longer path.
pub fn without(text: &str, path: &str, name: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(path).filter(|_| !path.is_empty()) {
        let begins = !before
            .chars()
            .next_back()
            .or(out.chars().next_back())
            .is_some_and(|c| c.is_alphanumeric() || "/._-".contains(c));
        let ends = !after.starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '-');
        out += before;
        if begins && ends {
            out += name;
            let within = after.starts_with('/');
            let end = after.find([':', ' ', ';', ',', '"']).unwrap_or(after.len());
            rest = match within {
                true => after.get(end..).unwrap_or_default(),
                false => after,
            };
        } else {
            out += path;
            rest = after;
        }
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_paths_are_not_in_what_is_logged() {
        let shown = |text: &str, path: &str| without(text, path, "RECORDS");
        assert_eq!(
            shown("r exists; remove it", "r"),
            "RECORDS exists; remove it"
        );
        assert_eq!(
            shown("/a/records/0b/17.json: no space", "/a/records"),
            "RECORDS: no space"
        );
        assert_eq!(
            shown("out and records are one within the other", "records"),
            "out and RECORDS are one within the other"
        );
        assert_eq!(
            shown("the /b/records2 folder", "records"),
            "the /b/records2 folder"
        );
        assert_eq!(shown("records, records", "records"), "RECORDS, RECORDS");
        assert_eq!(shown("nothing", ""), "nothing");
    }
}
