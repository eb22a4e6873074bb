//! Writes the account rows of a snapshot, as CSV or as Parquet.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use parquet::basic::{Compression, ZstdLevel};
use parquet::data_type::{ByteArray, ByteArrayType};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use super::decimal::{decimal, SCALE};
use super::engine::{DraftAccount, Entry};
use super::universe::{Universe, QUANTUM_DECIMALS};
use super::{AccountFormat, GenerateError};
use crate::accounts::COLUMNS;

/// Rows of a Parquet row group.
const GROUP_ROWS: usize = 1 << 16;

/// The account table being written.
#[derive(Debug)]
pub struct AccountWriter {
    sink: Sink,
    rows: u64,
}

#[derive(Debug)]
enum Sink {
    Csv(BufWriter<File>),
    Parquet(Box<Table>),
}

struct Table {
    writer: SerializedFileWriter<File>,
    columns: [Vec<String>; COLUMNS.len()],
}

impl std::fmt::Debug for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Table")
            .field("rows", &self.columns[0].len())
            .finish_non_exhaustive()
    }
}

impl AccountWriter {
    /// Begins `accounts.csv` or `accounts.parquet` in a folder.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn create(folder: &Path, format: AccountFormat) -> Result<Self, GenerateError> {
        let path = folder.join(format.file_name());
        let file = File::create(&path).map_err(|error| GenerateError::io(&path, error))?;
        let sink = match format {
            AccountFormat::Csv => {
                let mut out = BufWriter::with_capacity(1 << 20, file);
                writeln!(out, "{}", COLUMNS.join(","))
                    .map_err(|error| GenerateError::io(&path, error))?;
                Sink::Csv(out)
            }
            AccountFormat::Parquet => {
                let fields: Vec<String> = COLUMNS
                    .iter()
                    .map(|name| format!("required binary {name} (utf8);"))
                    .collect();
                let schema =
                    parse_message_type(&format!("message accounts {{ {} }}", fields.join(" ")))?;
                let properties = WriterProperties::builder()
                    .set_compression(Compression::ZSTD(ZstdLevel::default()))
                    .build();
                let writer =
                    SerializedFileWriter::new(file, Arc::new(schema), Arc::new(properties))?;
                Sink::Parquet(Box::new(Table {
                    writer,
                    columns: Default::default(),
                }))
            }
        };
        Ok(Self { sink, rows: 0 })
    }

    /// Writes every holding of an account.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn account(
        &mut self,
        universe: &Universe,
        account: &DraftAccount,
    ) -> Result<(), GenerateError> {
        for pool in &account.pools {
            for (asset, balance) in &pool.balances {
                let quantity = decimal(*balance, QUANTUM_DECIMALS);
                let symbol = &universe.assets[*asset].id;
                self.row([&account.id, &pool.name, symbol, &quantity, "", ""])?;
            }
            for position in &pool.positions {
                let row = &universe.instruments[position.instrument];
                let quantity = decimal(row.lot * i128::from(position.lots), SCALE);
                let (entry, cost) = match position.entry {
                    Entry::Price(price) => (decimal(price, SCALE), String::new()),
                    Entry::Cost(cost) => (String::new(), decimal(cost, QUANTUM_DECIMALS)),
                };
                self.row([&account.id, &pool.name, &row.id, &quantity, &entry, &cost])?;
            }
        }
        Ok(())
    }

    fn row(&mut self, fields: [&str; COLUMNS.len()]) -> Result<(), GenerateError> {
        self.rows += 1;
        match &mut self.sink {
            Sink::Csv(out) => {
                // Names of the generator need no quotes.
                let [account, pool, symbol, quantity, entry, cost] = fields;
                writeln!(out, "{account},{pool},{symbol},{quantity},{entry},{cost}")?;
            }
            Sink::Parquet(table) => {
                for (column, field) in table.columns.iter_mut().zip(fields) {
                    column.push(field.to_owned());
                }
                if table.columns[0].len() >= GROUP_ROWS {
                    table.flush()?;
                }
            }
        }
        Ok(())
    }

    /// Finishes the file; returns the number of rows.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn finish(self) -> Result<u64, GenerateError> {
        match self.sink {
            Sink::Csv(mut out) => out.flush()?,
            Sink::Parquet(mut table) => {
                table.flush()?;
                table.writer.close()?;
            }
        }
        Ok(self.rows)
    }
}

impl Table {
    fn flush(&mut self) -> Result<(), GenerateError> {
        if self.columns[0].is_empty() {
            return Ok(());
        }
        let mut group = self.writer.next_row_group()?;
        for column in &mut self.columns {
            let Some(mut writer) = group.next_column()? else {
                break;
            };
            let values: Vec<ByteArray> = column
                .drain(..)
                .map(|field| ByteArray::from(field.into_bytes()))
                .collect();
            writer
                .typed::<ByteArrayType>()
                .write_batch(&values, None, None)?;
            writer.close()?;
        }
        group.close()?;
        Ok(())
    }
}
