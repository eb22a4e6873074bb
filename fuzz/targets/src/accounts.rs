//! Accounts of a snapshot, as CSV and as Parquet.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use parquet::basic::{Compression, ZstdLevel};
use parquet::data_type::{ByteArray, ByteArrayType};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use zkmargin_circuits::market::MarketSource;
use zkmargin_circuits::snapshot::Snapshot;
use zkmargin_prover::accounts::{read_book, ReadError};

use crate::fixture::{ACCOUNTS, MARKET};
use crate::scratch;

const HEADER: &str = r#"{ "venue": "V", "epoch": 1, "time": "2026-11-22T00:00:00Z", "quote": "USD",
  "previous": null, "classes": {} }"#;

fn read(folder: &Path) {
    let header = Snapshot::parse("snapshot.json", HEADER.as_bytes()).expect("a header");
    let market = MarketSource::parse("market.json", MARKET.as_bytes()).expect("a market");
    match read_book(folder, &header, &market) {
        Ok(book) => {
            assert!(!book.is_empty());
            let entries = (0..book.len()).map(|index| book.entry(index).expect("an account"));
            let entries: Vec<_> = entries.collect();
            assert!(entries.is_sorted_by(|a, b| a.account.id < b.account.id));
            assert!(entries.iter().all(|entry| !entry.rows.is_empty()));
        }
        Err(ReadError::Input(error)) => assert!(!error.problem.is_empty()),
        Err(ReadError::Io { source, .. } | ReadError::Scratch { source, .. }) => panic!("{source}"),
    }
}

/// Reads the bytes as `accounts.csv`.
pub fn csv(data: &[u8]) {
    let path = scratch::file("csv/accounts.csv", data);
    read(path.parent().expect("a folder"));
}

/// Books.
pub fn csv_seeds() -> Vec<Vec<u8>> {
    let costs =
        "account,pool,symbol,quantity,cost\na,p,BTC-PERP,1,-5\n\"a,\"\"b\",p,USDT,0001.50,\n";
    [
        ACCOUNTS,
        costs,
        "",
        "account,pool,symbol,quantity,entry_price\r\n",
    ]
    .map(Vec::from)
    .to_vec()
}

/// Reads the bytes as `accounts.parquet`.
pub fn parquet(data: &[u8]) {
    let path = scratch::file("parquet/accounts.parquet", data);
    read(path.parent().expect("a folder"));
}

/// Books with each compression, and one whose decimals have more places than any number.
pub fn parquet_seeds() -> Vec<Vec<u8>> {
    let zstd = Compression::ZSTD(ZstdLevel::default());
    vec![
        written("BYTE_ARRAY quantity (UTF8)", Compression::UNCOMPRESSED),
        written("BYTE_ARRAY quantity (UTF8)", Compression::SNAPPY),
        written("BYTE_ARRAY quantity (UTF8)", zstd),
        written(
            "BYTE_ARRAY quantity (DECIMAL(38,18))",
            Compression::UNCOMPRESSED,
        ),
        written(
            "BYTE_ARRAY quantity (DECIMAL(100000,100000))",
            Compression::UNCOMPRESSED,
        ),
        b"PAR1PAR1".to_vec(),
    ]
}

/// The accounts that have no position, with this type of quantity.
fn written(quantity: &str, compression: Compression) -> Vec<u8> {
    let schema = format!(
        "message schema {{ REQUIRED BYTE_ARRAY account (UTF8); REQUIRED BYTE_ARRAY pool (UTF8);
         REQUIRED BYTE_ARRAY symbol (UTF8); REQUIRED {quantity}; OPTIONAL BYTE_ARRAY entry_price (UTF8); }}"
    );
    let schema = Arc::new(parse_message_type(&schema).expect("a schema"));
    let properties = WriterProperties::builder()
        .set_compression(compression)
        .build();
    let path = scratch::folder().join("seed.parquet");
    let file = fs::File::create(&path).expect("a file of this process");
    let mut writer =
        SerializedFileWriter::new(file, schema, Arc::new(properties)).expect("a writer");
    let mut group = writer.next_row_group().expect("a group");
    let rows: Vec<Vec<&str>> = ACCOUNTS
        .lines()
        .skip(1)
        .map(|line| line.split(',').collect())
        .filter(|row: &Vec<&str>| row[4].is_empty())
        .collect();
    for index in 0..5 {
        let mut column = group.next_column().expect("a column").expect("a column");
        let texts = rows.iter().map(|row| row[index]);
        let levels = vec![0; rows.len()];
        let (values, levels): (Vec<ByteArray>, _) = match index {
            3 if quantity.contains("DECIMAL") => (
                texts.map(|_| ByteArray::from(vec![1u8, 2, 3])).collect(),
                None,
            ),
            4 => (Vec::new(), Some(&levels[..])),
            _ => (texts.map(ByteArray::from).collect(), None),
        };
        column
            .typed::<ByteArrayType>()
            .write_batch(&values, levels, None)
            .expect("a batch");
        column.close().expect("a column");
    }
    group.close().expect("a group");
    writer.close().expect("a file");
    fs::read(path).expect("a file of this process")
}
