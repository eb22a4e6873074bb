//! `accounts.csv`.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use csv::{ByteRecord, ErrorKind, ReaderBuilder};
use zkmargin_circuits::error::InputError;

use super::collect::{find_columns, Collector, TextRow, COLUMNS};
use super::ReadError;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads a file into the collector, row by row.
pub(super) fn read(path: &Path, collector: &mut Collector<'_>) -> Result<(), ReadError> {
    let io = |source| ReadError::Io {
        path: path.to_owned(),
        source,
    };
    let file = File::open(path).map_err(io)?;
    read_from(file, collector, io)
}

pub(super) fn read_from(
    source: impl Read,
    collector: &mut Collector<'_>,
    io: impl Fn(io::Error) -> ReadError,
) -> Result<(), ReadError> {
    let file = collector.file();
    let mut source = BufReader::with_capacity(1 << 20, source);
    let mut start = Vec::new();
    source
        .by_ref()
        .take(3)
        .read_to_end(&mut start)
        .map_err(&io)?;
    if start == BYTE_ORDER_MARK {
        start.clear();
    }
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(start.chain(source));
    let fail = |error: csv::Error| match error.into_kind() {
        ErrorKind::Io(source) => io(source),
        other => InputError::new(file, "", format!("{other:?}"), "save the file as CSV").into(),
    };

    let mut record = ByteRecord::new();
    if !reader.read_byte_record(&mut record).map_err(fail)? {
        let remedy = "begin with the line account,pool,symbol,quantity,entry_price";
        return Err(InputError::new(file, "", "the file is empty", remedy).into());
    }
    let text = |field: &[u8], name: &str, line: u64| {
        std::str::from_utf8(field).map(str::to_owned).map_err(|_| {
            let problem = format!("{:?} is not UTF-8 text", String::from_utf8_lossy(field));
            InputError::new(file, name, problem, "save the file as UTF-8").at_line(line)
        })
    };
    let header = record
        .iter()
        .map(|name| text(name, "", 1))
        .collect::<Result<Vec<_>, InputError>>()?;
    let places =
        find_columns(file, header.iter().map(String::as_str)).map_err(|error| error.at_line(1))?;

    while reader.read_byte_record(&mut record).map_err(fail)? {
        let line = record.position().map_or(0, csv::Position::line);
        if record.len() != header.len() {
            let problem = format!(
                "{} fields where the header has {}",
                record.len(),
                header.len()
            );
            let remedy = "give every column, and quote a field that has a comma";
            return Err(InputError::new(file, "", problem, remedy)
                .at_line(line)
                .into());
        }
        let mut fields = [""; COLUMNS.len()];
        for ((field, place), name) in fields.iter_mut().zip(places).zip(COLUMNS) {
            let bytes = place
                .and_then(|place| record.get(place))
                .unwrap_or_default();
            *field = match std::str::from_utf8(bytes) {
                Ok(text) => text,
                Err(_) => {
                    text(bytes, name, line)?;
                    ""
                }
            };
        }
        let [account, pool, symbol, quantity, entry_price, cost] = fields;
        collector.add(
            line,
            &TextRow {
                account,
                pool,
                symbol,
                quantity,
                entry_price,
                cost,
            },
        )?;
    }
    Ok(())
}
