//! `accounts.parquet`: the columns of `accounts.csv`, as strings or (for numbers) decimals.

mod pages;

use std::fs::File;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::path::Path;

use parquet::basic::{ConvertedType, LogicalType, Type as Physical};
use parquet::data_type::Decimal;
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, RowGroupReader, SerializedFileReader};
use parquet::record::Field;
use parquet::schema::types::Type;
use zkmargin_circuits::error::InputError;
use zkmargin_circuits::units;

use super::collect::Collector;
use super::columns::{find_columns, TextRow, COLUMNS};
use super::ReadError;
use pages::Checked;

/// Most decimal places of a number that is written out, to be judged as text is.
const MOST_PLACES: usize = 2 * units::MAX_DIGITS;

/// Columns from here on are numbers.
const FIRST_NUMBER: usize = 3;

/// Reads a file into the collector, row by row.
///
/// Memory for a page is the library's to take, up to the 2 to 6 GiB that a damaged one may say it takes.
///
/// The library panics at some damaged files, such as one whose columns begin before it does: that is
/// an error of the file too.
pub(super) fn read(path: &Path, collector: &mut Collector<'_>) -> Result<(), ReadError> {
    let file = collector.file();
    // A collector that was left in the middle of a row is not used again.
    let read = AssertUnwindSafe(|| read_rows(path, collector));
    catch_unwind(read).unwrap_or_else(|_| {
        let problem = "is not a readable Parquet file: what it says of itself makes no sense";
        Err(InputError::new(file, "", problem, "write it again").into())
    })
}

fn read_rows(path: &Path, collector: &mut Collector<'_>) -> Result<(), ReadError> {
    let file = collector.file();
    let opened = File::open(path).map_err(|source| ReadError::Io {
        path: path.to_owned(),
        source,
    })?;
    let unreadable = |error: ParquetError| {
        let problem = format!("is not a readable Parquet file: {error}");
        let remedy = "write it with Snappy, Zstandard or no compression";
        ReadError::Input(InputError::new(file, "", problem, remedy))
    };
    let reader = SerializedFileReader::new(opened).map_err(unreadable)?;
    let schema = reader.metadata().file_metadata().schema();
    let columns = schema.get_fields();
    let places = find_columns(file, columns.iter().map(|column| column.name()))?;
    for (index, place) in places.iter().enumerate() {
        if let Some(column) = place.and_then(|place| columns.get(place)) {
            check_type(file, column, index >= FIRST_NUMBER)?;
        }
    }
    let mut texts: [String; COLUMNS.len()] = Default::default();
    let mut lines = 1..;
    for group in 0..reader.num_row_groups() {
        let group = Checked(reader.get_row_group(group).map_err(unreadable)?);
        let rows = group.get_row_iter(None).map_err(unreadable)?;
        for (row, line) in rows.zip(&mut lines) {
            let row = row.map_err(unreadable)?;
            for (place, (_, field)) in row.get_column_iter().enumerate() {
                let column = places.iter().position(|column| *column == Some(place));
                if let Some(text) = column.and_then(|column| texts.get_mut(column)) {
                    write_text(field, text);
                }
            }
            collector.add(line, &TextRow::new(texts.each_ref().map(String::as_str)))?;
        }
    }
    Ok(())
}

/// Strings, and decimals for numbers; floats would have been rounded.
fn check_type(file: &str, column: &Type, number: bool) -> Result<(), InputError> {
    if column.is_primitive() {
        let info = column.get_basic_info();
        let text = column.get_physical_type() == Physical::BYTE_ARRAY
            && (info.converted_type() == ConvertedType::UTF8
                || info.logical_type_ref() == Some(&LogicalType::String));
        if text || number && info.converted_type() == ConvertedType::DECIMAL {
            return Ok(());
        }
    }
    let problem = match column {
        Type::PrimitiveType {
            physical_type: Physical::FLOAT | Physical::DOUBLE,
            ..
        } => "is a column of floats, which are not exact".to_owned(),
        Type::PrimitiveType { physical_type, .. } => format!("is a column of {physical_type}"),
        Type::GroupType { .. } => "is a column of groups".to_owned(),
    };
    let remedy = if number {
        "write it as strings, or as decimals such as decimal(38, 18)"
    } else {
        "write it as strings"
    };
    Err(InputError::new(file, column.name(), problem, remedy))
}

/// Replaces `text` by the value; null is empty.
fn write_text(field: &Field, text: &mut String) {
    text.clear();
    match field {
        Field::Str(value) => text.push_str(value),
        Field::Decimal(value) => match decimal(value) {
            Some(value) if value.scale() as usize <= MOST_PLACES => {
                text.push_str(&value.to_string());
            }
            // A file may say any number of places: what none can have is refused as too many.
            Some(_) => {
                text.push_str("0.");
                text.extend(std::iter::repeat_n('0', units::MAX_DECIMALS));
                text.push('1');
            }
            // No decimal of the statement has so many digits: refused as one that has too many.
            None => text.extend(std::iter::repeat_n('9', units::MAX_DIGITS + 1)),
        },
        _ => {}
    }
}

fn decimal(value: &Decimal) -> Option<units::Decimal> {
    // Two's complement, highest byte first.
    let (bytes, mut wide) = (value.data(), [0u8; 16]);
    let sign = if bytes.first()? >> 7 == 1 { 0xff } else { 0 };
    let (extension, kept) = bytes.split_at(bytes.len().saturating_sub(wide.len()));
    if extension.iter().any(|byte| *byte != sign) || kept.first()? >> 7 != sign >> 7 {
        return None;
    }
    wide.fill(sign);
    wide.get_mut(16 - kept.len()..)?.copy_from_slice(kept);
    let scale = u32::try_from(value.scale()).ok()?;
    Some(units::Decimal::new(i128::from_be_bytes(wide), scale))
}
