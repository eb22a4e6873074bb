//! Where a field stands in JSON text: from its path to its line, and back from a position.
//!
//! Runs only when there is an error to place, and reads no further than it understands.

/// The line, from 1, of the field at `path`, or of the innermost part of the path that exists.
pub(super) fn line_of(text: &str, path: &str) -> u64 {
    let mut cursor = Cursor {
        bytes: text.as_bytes(),
        at: 0,
    };
    cursor.skip_blanks();
    for step in path.split(['.', '[']).filter(|step| !step.is_empty()) {
        let found = match step.strip_suffix(']').map(str::parse) {
            Some(Ok(index)) => cursor.children().nth(index),
            _ => cursor
                .children()
                .find(|child| child.key == Some(step.as_bytes())),
        };
        let Some(child) = found else { break };
        cursor.at = child.start;
    }
    let before = cursor.bytes.iter().take(cursor.at);
    let lines = before.filter(|byte| **byte == b'\n').count() as u64;
    lines.saturating_add(1)
}

/// The path of the innermost field that covers the byte at `line` and `column`, both from 1.
pub(super) fn path_at(text: &str, line: usize, column: usize) -> String {
    let lines = text.split_inclusive('\n').take(line.saturating_sub(1));
    let before = lines.map(str::len).sum::<usize>();
    let position = before.saturating_add(column.saturating_sub(1));
    let mut cursor = Cursor {
        bytes: text.as_bytes(),
        at: 0,
    };
    cursor.skip_blanks();
    let mut path = String::new();
    loop {
        let mut children = cursor.children().enumerate();
        let covering = children.find(|(_, child)| child.end.is_none_or(|end| position < end));
        let Some((index, child)) = covering.filter(|(_, child)| position >= child.name) else {
            return path;
        };
        match child.key.map(std::str::from_utf8) {
            Some(Ok(key)) if path.is_empty() => path.push_str(key),
            Some(Ok(key)) => path.extend([".", key]),
            _ => path.push_str(&format!("[{index}]")),
        }
        if position < child.start {
            return path;
        }
        cursor.at = child.start;
    }
}

/// A member of an object or an element of a list.
struct Child<'a> {
    /// A member's key, as written.
    key: Option<&'a [u8]>,
    /// Where its key, or else its value, begins.
    name: usize,
    /// Where its value begins.
    start: usize,
    /// Where its value ends; unknown when it is malformed.
    end: Option<usize>,
}

#[derive(Clone, Copy)]
struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn peek(self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn step(&mut self, bytes: usize) {
        self.at = self.at.saturating_add(bytes);
    }

    fn skip_blanks(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.step(1);
        }
    }

    /// Steps over `byte` and the blanks around it.
    fn skip(&mut self, byte: u8) -> Option<()> {
        self.skip_blanks();
        if self.peek() != Some(byte) {
            return None;
        }
        self.step(1);
        self.skip_blanks();
        Some(())
    }

    /// Steps over a string; returns what is between its quotes.
    fn skip_string(&mut self) -> Option<&'a [u8]> {
        self.step(1);
        let start = self.at;
        loop {
            match self.peek()? {
                b'"' => break,
                b'\\' => self.step(2),
                _ => self.step(1),
            }
        }
        let text = self.bytes.get(start..self.at);
        self.step(1);
        text
    }

    /// Steps over a value, whatever is in it.
    fn skip_value(&mut self) -> Option<()> {
        let mut depth = 0usize;
        loop {
            match self.peek()? {
                b'"' => {
                    self.skip_string()?;
                }
                b'{' | b'[' => {
                    depth = depth.saturating_add(1);
                    self.step(1);
                }
                b'}' | b']' => {
                    depth = depth.checked_sub(1)?;
                    self.step(1);
                }
                byte if byte.is_ascii_whitespace() || matches!(byte, b',' | b':') => self.step(1),
                _ => {
                    let scalar = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
                    let start = self.at;
                    while self.peek().is_some_and(scalar) {
                        self.step(1);
                    }
                    if self.at == start {
                        return None;
                    }
                }
            }
            if depth == 0 {
                return Some(());
            }
        }
    }

    /// The children of the value at the cursor, up to the first that is malformed.
    fn children(mut self) -> impl Iterator<Item = Child<'a>> {
        let object = self.peek() == Some(b'{');
        let mut open = object || self.peek() == Some(b'[');
        self.step(1);
        self.skip_blanks();
        std::iter::from_fn(move || {
            if !open || matches!(self.peek(), None | Some(b'}' | b']')) {
                return None;
            }
            let name = self.at;
            let key = match object {
                true => {
                    let key = self.skip_string();
                    open = self.skip(b':').is_some();
                    key
                }
                false => None,
            };
            let start = self.at;
            let end = self.skip_value().map(|()| self.at);
            open = open && end.is_some() && self.skip(b',').is_some();
            Some(Child {
                key,
                name,
                start,
                end,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"{
  "scenarios": 2, "salt": null,
  "assets": [
    { "id": "a\"]", "pnl": ["0",
        "x"] },
    {}
  ],
  "last": "\\"
}"#;

    #[test]
    fn accepts_paths_as_lines() {
        for (path, line) in [
            ("", 1),
            ("salt", 2),
            ("assets", 3),
            ("assets[0]", 4),
            ("assets[0].id", 4),
            ("assets[0].pnl[0]", 4),
            ("assets[0].pnl[1]", 5),
            ("assets[1]", 6),
            ("assets[1].weights[3].ratio", 6),
            ("last", 8),
            ("none", 1),
        ] {
            assert_eq!(line_of(TEXT, path), line, "{path}");
        }
    }

    #[test]
    fn accepts_positions_as_paths() {
        for (line, column, path) in [
            (1, 1, ""),
            (2, 4, "scenarios"),
            (2, 16, "scenarios"),
            (4, 5, "assets[0]"),
            (4, 10, "assets[0].id"),
            (4, 30, "assets[0].pnl[0]"),
            (5, 10, "assets[0].pnl[1]"),
            (6, 6, "assets[1]"),
            (8, 11, "last"),
            (9, 1, ""),
            (99, 99, ""),
        ] {
            assert_eq!(path_at(TEXT, line, column), path, "{line}:{column}");
        }
    }

    #[test]
    fn rejects_no_text_by_panic() {
        for end in 0..TEXT.len() {
            let text = &TEXT[..end];
            line_of(text, "assets[0].pnl[1]");
            for line in 1..10 {
                path_at(text, line, 8);
            }
        }
        for text in [
            "", "}", "[", "{:", "{\"a\"", "[[[[", "\"\\", "{a:1}", "[1 2]", "{\"a\":}",
        ] {
            line_of(text, "a[1].b");
            path_at(text, 1, 3);
        }
    }
}
