use std::fs;
use std::sync::Arc;

use ::parquet::data_type::{ByteArray, ByteArrayType, DoubleType, FixedLenByteArray};
use ::parquet::data_type::{FixedLenByteArrayType, Int64Type};
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::writer::SerializedFileWriter;
use ::parquet::schema::parser::parse_message_type;

use zkmargin_circuits::book::{Account, Class, Pool};
use zkmargin_circuits::units::Decimal;

use super::*;

const MARKET: &str = r#"{ "quote_quantum": "0.000001",
  "assets": [ { "id": "USDT", "price": "1.0002", "quantum": "0.00000001" },
              { "id": "BTC", "price": "65000", "quantum": "0.00000001" } ],
  "instruments": [
    { "id": "BTC-PERP", "style": "linear", "settlement": "USDT", "multiplier": "1", "lot": "0.001", "mark": "65100.2", "basis": null },
    { "id": "ETH-PERP", "style": "linear", "settlement": "USDT", "multiplier": "0.1", "lot": "1", "mark": "3600", "basis": null },
    { "id": "BTC-INV", "style": "inverse", "settlement": "BTC", "multiplier": "100", "lot": "1", "mark": "65000", "basis": null },
    { "id": "BTC-INV-Q", "style": "inverse", "settlement": "BTC", "multiplier": "100", "lot": "1", "mark": "65000", "basis": null } ] }"#;

const HEADER: &str = r#"{ "venue": "V", "epoch": 1, "time": "2026-11-22T00:00:00Z", "quote": "USD", "previous": null,
  "classes": { "fund": ["zed"] } }"#;

/// Rows of the market.
const USDT: u16 = 1;
const BTC_PERP: u16 = 2;
const ETH_PERP: u16 = 3;
const BTC: u16 = 4;
const BTC_INV: u16 = 5;

fn market() -> MarketSource {
    MarketSource::parse("market.json", MARKET.as_bytes()).unwrap()
}

fn header() -> Snapshot {
    Snapshot::parse("snapshot.json", HEADER.as_bytes()).unwrap()
}

/// All accounts of a book.
fn accounts(book: &Book) -> Vec<Account> {
    book.accounts().map(Result::unwrap).collect()
}

fn read(csv: &str) -> Result<Book, ReadError> {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join(CSV), csv).unwrap();
    read_book(dir.path(), &header(), &market())
}

fn holdings(pool: &Pool) -> Vec<(u16, i128)> {
    pool.holdings
        .iter()
        .map(|holding| (holding.row, holding.amount))
        .collect()
}

const EXAMPLE: &str = "account,pool,symbol,quantity,entry_price
zed,cross,USDT,1000000,
alice@example,cross,USDT,12000.5,
alice@example,iso-1,ETH-PERP,2,3600
alice@example,cross,BTC-PERP,-0.350,64800
alice@example,iso-1,USDT,500,
bob,cross,BTC-INV,-650,60000
";

#[test]
fn accepts_rows_in_any_order() {
    let book = read(EXAMPLE).unwrap();
    let all = accounts(&book);
    let ids: Vec<_> = all.iter().map(|account| account.id.as_str()).collect();
    assert_eq!(ids, ["alice@example", "bob", "zed"]);
    let alice = &all[0];
    assert_eq!(alice.class, Class::Customer);
    assert_eq!(alice.pools[0].name, "cross");
    // 12,000.5 + 0.35 * 64,800, and 500 - 2 * 0.1 * 3,600.
    assert_eq!(
        holdings(&alice.pools[0]),
        [(USDT, 3_468_050_000_000), (BTC_PERP, -350)]
    );
    assert_eq!(
        holdings(&alice.pools[1]),
        [(USDT, -22_000_000_000), (ETH_PERP, 2)]
    );
    // Without a balance row: -650 * 100 / 60,000 = -1.08333333... BTC, rounded down.
    assert_eq!(
        holdings(&all[1].pools[0]),
        [(BTC, -108_333_334), (BTC_INV, -650)]
    );
    assert_eq!(all[2].class, Class::Fund);

    let mut lines: Vec<&str> = EXAMPLE.lines().collect();
    lines[1..].reverse();
    let reversed = read(&lines.join("\n")).unwrap();
    assert_eq!(accounts(&reversed), all);

    let Entry { account, rows } = book.entry(0).unwrap();
    assert_eq!(account, *alice);
    let lines = |pool: usize| {
        let rows = rows[pool].iter();
        rows.map(|row| (row.row(), row.line())).collect::<Vec<_>>()
    };
    assert_eq!(lines(0), [(USDT, 3), (BTC_PERP, 5)]);
    assert_eq!(lines(1), [(USDT, 6), (ETH_PERP, 4)]);
    assert_eq!(rows[0][1].quantity().to_string(), "-0.35");
    assert_eq!(
        rows[0][1].price(),
        RowPrice::Entry(Decimal::parse("64800").unwrap())
    );
    assert_eq!(rows[0][0].price(), RowPrice::Balance);
    assert_eq!(book.len(), 3);
    assert!(book.entry(3).is_err());
    assert_eq!(book.index_of("bob").unwrap(), Some(1));
    assert_eq!(book.index_of("carol").unwrap(), None);
}

#[test]
fn accepts_the_file_in_its_varieties() {
    let book = read(EXAMPLE).unwrap();
    let same = |csv: &str| assert_eq!(accounts(&read(csv).unwrap()), accounts(&book), "{csv}");
    same(&format!("\u{feff}{EXAMPLE}"));
    same(&EXAMPLE.replace('\n', "\r\n"));
    same(&format!("\u{feff}{}", EXAMPLE.replace('\n', "\r\n")));
    same(EXAMPLE.trim_end());
    same(&EXAMPLE.replace('\n', "\n\n"));
    same(&EXAMPLE.replace("alice@example", "\"alice@example\""));
    same(
        &EXAMPLE
            .replace("500,\n", "500.00,\n")
            .replace("-0.350", "-0.35"),
    );
    let cost = EXAMPLE
        .replace("-0.350,64800", "-0.350,-22680")
        .replace("2,3600", "2,720")
        .replace("-650,60000", "-650,1.083333333333333333")
        .replace("entry_price", "cost");
    same(&cost);
    let mut reordered: Vec<String> = Vec::new();
    for line in EXAMPLE.lines() {
        let [account, pool, symbol, quantity, entry] = line.splitn(5, ',').collect::<Vec<_>>()[..]
        else {
            panic!("{line}")
        };
        let cost = if reordered.is_empty() { "cost" } else { "" };
        reordered.push(format!(
            "{entry},{cost},{quantity},{symbol},{pool},{account}"
        ));
    }
    same(&reordered.join("\n"));
}

#[test]
fn accepts_line_numbers_with_either_line_end() {
    for (end, line) in [("\n", 5), ("\r\n", 5), ("\n\n", 9), ("\r\n\r\n", 9)] {
        let csv = EXAMPLE.replace("64800", "x").replace('\n', end);
        let error = read(&csv).unwrap_err().to_string();
        assert!(
            error.starts_with(&format!("accounts.csv:{line}: entry_price: ")),
            "{error}"
        );
    }
}

#[test]
fn accepts_a_base_rounded_once_and_down() {
    let base_of = |rows: &str| {
        let csv = format!("account,pool,symbol,quantity,entry_price,cost\nzed,p,USDT,0,,\n{rows}");
        read(&csv).unwrap().account(0).unwrap().pools[0].holdings[0].amount
    };
    // A third and two thirds of a bitcoin: exactly one, which bounds alone cannot tell.
    assert_eq!(
        base_of("a,p,BTC-INV,1,300,\na,p,BTC-INV-Q,2,300,\n"),
        100_000_000
    );
    assert_eq!(base_of("a,p,BTC-INV,1,300,\n"), 33_333_333);
    assert_eq!(base_of("a,p,BTC-INV,-1,300,\n"), -33_333_334);
    assert_eq!(base_of("a,p,BTC,1.000000009,,\n"), 100_000_000);
    assert_eq!(base_of("a,p,BTC,-1.000000001,,\n"), -100_000_001);
    // A balance that the thirds complete: 0.333333333333333333 + 2/3 is just below one.
    assert_eq!(
        base_of("a,p,BTC,0.333333333333333333,,\na,p,BTC-INV,2,300,\n"),
        99_999_999
    );
    let long = "1234567890.123456789012345678";
    assert_eq!(
        base_of(&format!("a,p,BTC-PERP,-0.001,{long},\n")),
        123_456_789_012_345
    );
    // An option paid in cash, and an entry below zero.
    assert_eq!(base_of("a,p,BTC-PERP,5,0,\n"), 0);
    assert_eq!(base_of("a,p,BTC-PERP,5,-2,\n"), 1_000_000_000);
}

const COLUMNS: [&str; 5] = ["account", "pool", "symbol", "quantity", "entry_price"];

/// Writes the example with the given types of quantity and entry price.
fn write_parquet(dir: &Path, quantity: &str, entry: &str) {
    let schema = format!(
        "message schema {{ REQUIRED BYTE_ARRAY account (UTF8); REQUIRED BYTE_ARRAY pool (UTF8);
         REQUIRED BYTE_ARRAY symbol (UTF8); REQUIRED {quantity}; OPTIONAL {entry}; }}"
    );
    let schema = Arc::new(parse_message_type(&schema).unwrap());
    let file = fs::File::create(dir.join(PARQUET)).unwrap();
    let properties = Arc::new(WriterProperties::builder().build());
    let mut writer = SerializedFileWriter::new(file, schema, properties).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let rows: Vec<Vec<&str>> = EXAMPLE
        .lines()
        .skip(1)
        .map(|l| l.split(',').collect())
        .collect();
    for (index, name) in COLUMNS.iter().enumerate() {
        let mut column = group.next_column().unwrap().unwrap();
        let texts: Vec<&str> = rows.iter().map(|row| row[index]).collect();
        let levels: Vec<i16> = texts
            .iter()
            .map(|text| i16::from(!text.is_empty()))
            .collect();
        let levels = (*name == "entry_price").then_some(&levels[..]);
        let texts = texts.iter().filter(|text| !text.is_empty());
        let units = |text: &str, places: u32| {
            let number = Decimal::parse(text).unwrap();
            number.mantissa() * 10i128.pow(places - number.scale())
        };
        let kind = if *name == "quantity" { quantity } else { entry };
        if index < 3 || kind.contains("UTF8") {
            let values: Vec<ByteArray> = texts.map(|text| ByteArray::from(*text)).collect();
            column
                .typed::<ByteArrayType>()
                .write_batch(&values, levels, None)
                .unwrap();
        } else if kind.contains("INT64") {
            let values: Vec<i64> = texts.map(|text| units(text, 4) as i64).collect();
            column
                .typed::<Int64Type>()
                .write_batch(&values, levels, None)
                .unwrap();
        } else if kind.contains("DOUBLE") {
            let values: Vec<f64> = texts.map(|text| text.parse().unwrap()).collect();
            column
                .typed::<DoubleType>()
                .write_batch(&values, levels, None)
                .unwrap();
        } else {
            let values: Vec<FixedLenByteArray> = texts
                .map(|text| ByteArray::from(units(text, 18).to_be_bytes().to_vec()).into())
                .collect();
            column
                .typed::<FixedLenByteArrayType>()
                .write_batch(&values, levels, None)
                .unwrap();
        }
        column.close().unwrap();
    }
    group.close().unwrap();
    writer.close().unwrap();
}

#[test]
fn accepts_parquet_with_strings_and_decimals() {
    let book = read(EXAMPLE).unwrap();
    let wide = "FIXED_LEN_BYTE_ARRAY(16) quantity (DECIMAL(38,18))";
    for (quantity, entry) in [
        (
            "BYTE_ARRAY quantity (UTF8)",
            "BYTE_ARRAY entry_price (UTF8)",
        ),
        (wide, "INT64 entry_price (DECIMAL(18,4))"),
        (
            "INT64 quantity (DECIMAL(18,4))",
            &wide.replace("quantity", "entry_price"),
        ),
    ] {
        let dir = tempfile::tempdir().unwrap();
        write_parquet(dir.path(), quantity, entry);
        let read = read_book(dir.path(), &header(), &market()).unwrap();
        assert_eq!(accounts(&read), accounts(&book));
        let rows = |book: &Book| book.entry(1).unwrap().rows;
        assert_eq!(rows(&read)[0][0].line(), 6);
        assert_eq!(rows(&read)[0][0].price(), rows(&book)[0][0].price());
    }
}

#[test]
fn rejects_parquet_that_is_not_exact_or_not_parquet() {
    let dir = tempfile::tempdir().unwrap();
    write_parquet(
        dir.path(),
        "DOUBLE quantity",
        "BYTE_ARRAY entry_price (UTF8)",
    );
    let error = read_book(dir.path(), &header(), &market())
        .unwrap_err()
        .to_string();
    assert!(error.contains("quantity: is a column of floats"), "{error}");
    write_parquet(
        dir.path(),
        "BYTE_ARRAY quantity (UTF8)",
        "BYTE_ARRAY price (UTF8)",
    );
    let error = read_book(dir.path(), &header(), &market())
        .unwrap_err()
        .to_string();
    assert!(error.contains("unknown column \"price\""), "{error}");
    fs::write(dir.path().join(PARQUET), "PAR1 nothing PAR1").unwrap();
    let error = read_book(dir.path(), &header(), &market())
        .unwrap_err()
        .to_string();
    assert!(error.contains("not a readable Parquet file"), "{error}");
}

/// Found by the fuzzer: the library made room for 913 million values before it looked for one.
#[test]
fn rejects_a_dictionary_that_cannot_hold_its_values() {
    let dir = tempfile::tempdir().unwrap();
    let file = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = file.join("../tests/fixtures/huge-dictionary.parquet");
    fs::copy(file, dir.path().join(PARQUET)).unwrap();
    let error = read_book(dir.path(), &header(), &market())
        .unwrap_err()
        .to_string();
    assert!(error.contains("accounts.parquet"), "{error}");
    assert!(error.contains("says that it has"), "{error}");
}

#[test]
fn rejects_two_files_or_none() {
    let dir = tempfile::tempdir().unwrap();
    let error = read_book(dir.path(), &header(), &market()).unwrap_err();
    assert!(matches!(error, ReadError::Io { .. }), "{error}");
    assert!(error.to_string().contains("accounts.csv"), "{error}");
    fs::write(dir.path().join(CSV), EXAMPLE).unwrap();
    fs::write(dir.path().join(PARQUET), "").unwrap();
    let error = read_book(dir.path(), &header(), &market())
        .unwrap_err()
        .to_string();
    assert!(error.contains("both there"), "{error}");
}
