//! `accounts.csv`: one row a line, commas, fields quoted where they need to be.
//!
//! A field cannot span lines, so that a line's number is what an editor shows.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use zkmargin_circuits::error::InputError;

use super::collect::Collector;
use super::columns::{find_columns, TextRow, COLUMNS};
use super::ReadError;

/// Reads a file into the collector, row by row.
pub(super) fn read(path: &Path, collector: &mut Collector<'_>) -> Result<(), ReadError> {
    let io = |source| ReadError::Io {
        path: path.to_owned(),
        source,
    };
    let file = File::open(path).map_err(io)?;
    read_from(BufReader::with_capacity(1 << 20, file), collector, io)
}

fn read_from(
    mut source: impl BufRead,
    collector: &mut Collector<'_>,
    io: impl Fn(io::Error) -> ReadError,
) -> Result<(), ReadError> {
    let file = collector.file();
    let mut places = None;
    let mut bytes = Vec::new();
    for number in 1.. {
        bytes.clear();
        if source.read_until(b'\n', &mut bytes).map_err(&io)? == 0 {
            break;
        }
        let error = |problem: String, remedy: &str| {
            InputError::new(file, "", problem, remedy).at_line(number)
        };
        let text = std::str::from_utf8(&bytes).map_err(|_| {
            let problem = format!("{:?} is not UTF-8 text", String::from_utf8_lossy(&bytes));
            error(problem, "save the file as UTF-8")
        })?;
        let text = if number == 1 {
            text.strip_prefix('\u{feff}').unwrap_or(text)
        } else {
            text
        };
        let line = text.strip_suffix('\n').unwrap_or(text);
        let line = line.strip_suffix('\r').unwrap_or(line);
        if line.is_empty() {
            continue;
        }
        let fields = split(line).map_err(|problem| {
            error(
                problem.into(),
                "quote a whole field, on one line, and double the quotes in it",
            )
        })?;
        let Some((places, columns)) = &places else {
            let found = find_columns(file, fields.iter().map(AsRef::as_ref))
                .map_err(|error| error.at_line(number))?;
            places = Some((found, fields.len()));
            continue;
        };
        if fields.len() != *columns {
            let problem = format!("{} fields where the header has {columns}", fields.len());
            let remedy = "give every column, and quote a field that has a comma";
            return Err(error(problem, remedy).into());
        }
        let field = |column: usize| {
            let place = places.get(column).copied().flatten();
            place
                .and_then(|place| fields.get(place))
                .map_or("", AsRef::as_ref)
        };
        collector.add(number, &TextRow::new(std::array::from_fn(field)))?;
    }
    if places.is_none() {
        let remedy = "begin with the line account,pool,symbol,quantity,entry_price";
        return Err(InputError::new(file, "", "the file is empty", remedy).into());
    }
    Ok(())
}

/// The fields of a line. (RFC 4180, without fields that span lines.)
fn split(line: &str) -> Result<Vec<Cow<'_, str>>, &'static str> {
    let mut fields = Vec::with_capacity(COLUMNS.len());
    let mut rest = line;
    loop {
        let next = match rest.strip_prefix('"') {
            None => {
                let (field, next) = match rest.split_once(',') {
                    Some((field, next)) => (field, Some(next)),
                    None => (rest, None),
                };
                fields.push(Cow::Borrowed(field));
                next
            }
            Some(quoted) => {
                let (field, next) = unquote(quoted)?;
                fields.push(field);
                next
            }
        };
        match next {
            Some(next) => rest = next,
            None => return Ok(fields),
        }
    }
}

/// The field that ends at the closing quote, and what follows the comma after it.
fn unquote(quoted: &str) -> Result<(Cow<'_, str>, Option<&str>), &'static str> {
    let mut field = Cow::Borrowed("");
    let mut rest = quoted;
    loop {
        let (part, after) = rest
            .split_once('"')
            .ok_or("a quoted field does not end on its line")?;
        field += part;
        match after.strip_prefix('"') {
            Some(next) => {
                field += "\"";
                rest = next;
            }
            None if after.is_empty() => return Ok((field, None)),
            None => {
                let next = after
                    .strip_prefix(',')
                    .ok_or("a quoted field goes on after its quote")?;
                return Ok((field, Some(next)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_quoted_fields() {
        for (line, fields) in [
            ("a,b,,c", vec!["a", "b", "", "c"]),
            ("a,", vec!["a", ""]),
            (",", vec!["", ""]),
            ("\"a,b\",c", vec!["a,b", "c"]),
            ("\"\",\"\"", vec!["", ""]),
            ("\"say \"\"hi\"\"\",x\"y", vec!["say \"hi\"", "x\"y"]),
            ("\"\"\"\"", vec!["\""]),
        ] {
            assert_eq!(split(line).unwrap(), fields, "{line}");
        }
    }

    #[test]
    fn rejects_quotes_that_do_not_match() {
        for line in ["\"a", "\"a\"b,c", "a,\"", "\"a\"\"", "\"a\" ,b"] {
            assert!(split(line).is_err(), "{line}");
        }
    }
}
