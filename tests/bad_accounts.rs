//! Every kind of bad accounts file, with the error that it gets.

use std::fs;

use zkmargin_circuits::book::Account;
use zkmargin_circuits::market::MarketSource;
use zkmargin_circuits::relation::{evaluate_account, Limits};
use zkmargin_circuits::risk::RiskSource;
use zkmargin_circuits::snapshot::Snapshot;
use zkmargin_prover::accounts::{read_book, read_book_into, Book, ReadError, Scratch};

const SNAPSHOT: &str = r#"{ "venue": "Example Exchange", "epoch": 1, "time": "2026-11-22T00:00:00Z",
  "quote": "USD", "previous": null, "classes": { "fund": ["insurance"], "house": [] } }"#;

const MARKET: &str = r#"{ "quote_quantum": "0.000001",
  "assets": [ { "id": "USDT", "price": "1.0002", "quantum": "0.00000001" },
              { "id": "BTC", "price": "65000", "quantum": "0.00000001" } ],
  "instruments": [
    { "id": "BTC-PERP", "style": "linear", "settlement": "USDT", "multiplier": "1", "lot": "0.001", "mark": "65100.2", "basis": null },
    { "id": "BTC-INV", "style": "inverse", "settlement": "BTC", "multiplier": "100", "lot": "1", "mark": "65000", "basis": null } ] }"#;

const RISK: &str = r#"{ "name": "plain", "scenarios": 1, "floor_weights": null, "groups": [], "salt": null,
  "assets": [ { "id": "USDT", "lot": "1", "debt_weight": "1", "group": null, "pnl": null, "debt_brackets": null, "weights": [ { "ratio": "1" } ] },
              { "id": "BTC", "lot": "1", "debt_weight": "1", "group": null, "pnl": null, "debt_brackets": null, "weights": [ { "ratio": "1" } ] } ],
  "instruments": [
    { "id": "BTC-PERP", "group": null, "pnl": null, "floor": null, "brackets": null, "short_brackets": null, "long_brackets": null },
    { "id": "BTC-INV", "group": null, "pnl": null, "floor": null, "brackets": null, "short_brackets": null, "long_brackets": null } ] }"#;

const HEADER: &str = "account,pool,symbol,quantity,entry_price,cost\n";

fn read(csv: &[u8]) -> Result<Book, ReadError> {
    let dir = tempfile::tempdir().expect("a folder");
    fs::write(dir.path().join("accounts.csv"), csv).expect("the file");
    let header = Snapshot::parse("snapshot.json", SNAPSHOT.as_bytes()).expect("the header");
    let market = MarketSource::parse("market.json", MARKET.as_bytes()).expect("the market");
    let book = read_book(dir.path(), &header, &market);
    // The same through files, with next to nothing in memory.
    let scratch = Scratch {
        folder: dir.path().to_owned(),
        memory: 0,
    };
    let streamed = read_book_into(&scratch, dir.path(), &header, &market);
    assert_eq!(
        book.as_ref().map_err(ToString::to_string).err(),
        streamed.map_err(|error| error.to_string()).err()
    );
    book
}

struct Bad<'a> {
    csv: &'a [u8],
    /// The beginning of the message: file, line and field.
    place: &'a str,
    /// What the message says of the value.
    problem: &'a str,
    /// What it says to do.
    remedy: &'a str,
}

fn check(bad: &Bad<'_>) {
    let text = String::from_utf8_lossy(bad.csv);
    let error = match read(bad.csv) {
        Err(ReadError::Input(error)) => error,
        other => panic!("{text}: {other:?}"),
    };
    let message = error.to_string();
    assert!(
        message.starts_with(&format!("{}: ", bad.place)),
        "{text}: {message}"
    );
    assert!(error.problem.contains(bad.problem), "{text}: {message}");
    assert!(error.remedy.contains(bad.remedy), "{text}: {message}");
}

#[test]
fn rejects_bad_headers() {
    for (header, field, problem) in [
        (
            "account,pool,symbol,quantity",
            "entry_price",
            "missing column \"entry_price\"",
        ),
        (
            "account,pool,symbol,entry_price",
            "quantity",
            "missing column \"quantity\"",
        ),
        (
            "pool,symbol,quantity,cost",
            "account",
            "missing column \"account\"",
        ),
        (
            "account,pool,symbol,quantity,price",
            "price",
            "unknown column \"price\"",
        ),
        (
            "account,pool,symbol,quantity,Cost",
            "Cost",
            "unknown column \"Cost\"",
        ),
        (
            "account,pool,symbol,quantity,cost,pool",
            "pool",
            "column \"pool\" twice",
        ),
        (
            "account,pool,symbol,quantity, cost",
            " cost",
            "unknown column \" cost\"",
        ),
    ] {
        check(&Bad {
            csv: format!("{header}\na,p,USDT,1,\n").as_bytes(),
            place: &format!("accounts.csv:1: {field}"),
            problem,
            remedy: "the columns are",
        });
    }
}

#[test]
fn rejects_bad_rows() {
    // Each stands on line 3, after a good row.
    for (row, field, problem, remedy) in [
        ("a,p,USDC,1,,", "symbol", "unknown symbol \"USDC\"", "market.json"),
        ("a,p,,1,,", "symbol", "unknown symbol \"\"", "market.json"),
        ("a,p,usdt,1,,", "symbol", "unknown symbol \"usdt\"", "market.json"),
        (",p,USDT,1,,", "account", "is empty", "name the account"),
        ("a,,USDT,1,,", "pool", "is empty", "name the pool"),
        ("a,p,USDT,,,", "quantity", "\"\" is not a decimal", "digits"),
        ("a,p,USDT,1e3,,", "quantity", "\"1e3\" is not a decimal", "digits"),
        ("a,p,USDT,\"1,000\",,", "quantity", "\"1,000\" is not a decimal", "digits"),
        ("a,p,USDT, 1,,", "quantity", "\" 1\" is not a decimal", "digits"),
        ("a,p,USDT,0.1234567890123456789,,", "quantity", "more than 18 decimals", "18"),
        ("a,p,USDT,12345678901234567890123456789,,", "quantity", "more than 28 digits", "28"),
        ("a,p,USDT,1,1,", "entry_price", "\"1\" on a row of the asset USDT", "leave it empty"),
        ("a,p,USDT,1,,1", "cost", "\"1\" on a row of the asset USDT", "leave it empty"),
        ("a,p,BTC-PERP,1,,", "entry_price", "neither entry price nor cost", "give one"),
        ("a,p,BTC-PERP,1,1,1", "cost", "both entry price \"1\" and cost \"1\"", "give one"),
        ("a,p,BTC-PERP,1,x,", "entry_price", "\"x\" is not a decimal", "digits"),
        ("a,p,BTC-PERP,1,,x", "cost", "\"x\" is not a decimal", "digits"),
        ("a,p,BTC-PERP,0.0005,1,", "quantity", "\"0.0005\" is not a whole number of lots of 0.001", "BTC-PERP, which is 0.001"),
        ("a,p,BTC-INV,1,0,", "entry_price", "\"0\" for the inverse BTC-INV", "above zero"),
        ("a,p,BTC-INV,1,-1,", "entry_price", "\"-1\" for the inverse BTC-INV", "above zero"),
        ("a,p,BTC-PERP,9223372036854775.808,1,", "quantity", "account \"a\", pool \"p\": \"9223372036854775.808\" is beyond the limit of 2^63 - 1 lots", "coarser lot"),
        ("a,p,BTC-PERP,-9223372036854775.808,1,", "quantity", "beyond the limit of 2^63 - 1 lots", "coarser lot"),
        ("a,p,USDT,396140812571321687968,,", "quantity", "account \"a\", pool \"p\": the balance of USDT less the costs of its positions is beyond the limit of 2^95 - 1 quanta", "coarser quantum"),
        ("a,p,BTC-PERP,1000,9999999999999999999999999999,", "entry_price", "beyond the limit of 2^95 - 1 quanta", "coarser quantum"),
        ("insurance,p,USDT,2,,", "symbol", "account \"insurance\", pool \"p\" and symbol \"USDT\" are already on line 2", "add the rows up"),
    ] {
        check(&Bad {
            csv: format!("{HEADER}insurance,p,USDT,1,,\n{row}\n").as_bytes(),
            place: &format!("accounts.csv:3: {field}"),
            problem,
            remedy,
        });
    }
}

#[test]
fn rejects_bad_files() {
    let good = format!("{HEADER}insurance,p,USDT,1,,\n");
    assert!(read(good.as_bytes()).is_ok());
    let latin = [HEADER.as_bytes(), b"caf\xe9,p,USDT,1,,\n"].concat();
    for (csv, place, problem, remedy) in [
        (
            b"".as_slice(),
            "accounts.csv",
            "the file is empty",
            "begin with the line",
        ),
        (
            HEADER.as_bytes(),
            "accounts.csv",
            "the book is empty",
            "at least one row",
        ),
        (
            b"\xef\xbb\xbf",
            "accounts.csv",
            "the file is empty",
            "begin with the line",
        ),
        (
            &latin,
            "accounts.csv:2",
            "not UTF-8",
            "save the file as UTF-8",
        ),
        (
            &[good.as_bytes(), b"a,p,USDT,1\n"].concat(),
            "accounts.csv:3",
            "4 fields where the header has 6",
            "every column",
        ),
        (
            &[good.as_bytes(), b"a,p,USDT,1,,,\n"].concat(),
            "accounts.csv:3",
            "7 fields where the header has 6",
            "every column",
        ),
        (
            &[good.as_bytes(), b"a,p,USDT,\"1,,\n"].concat(),
            "accounts.csv:3",
            "does not end on its line",
            "quote a whole field",
        ),
        (
            &[good.as_bytes(), b"a,p,USDT,\"1\"0,,\n"].concat(),
            "accounts.csv:3",
            "goes on after its quote",
            "quote a whole field",
        ),
        (
            &[HEADER.as_bytes(), b"a,p,USDT,1,,\n"].concat(),
            "snapshot.json: classes.fund",
            "account \"insurance\" is not in the accounts file",
            "remove it",
        ),
    ] {
        check(&Bad {
            csv,
            place,
            problem,
            remedy,
        });
    }
}

#[test]
fn rejects_the_first_of_several_repeated_rows() {
    let rows = "insurance,p,USDT,1,,\nb,p,USDT,1,,\na,p,USDT,1,,\nb,p,USDT,2,,\na,p,USDT,2,,\n";
    check(&Bad {
        csv: format!("{HEADER}{rows}").as_bytes(),
        place: "accounts.csv:5: symbol",
        problem: "account \"b\", pool \"p\" and symbol \"USDT\" are already on line 3",
        remedy: "add the rows up",
    });
}

#[test]
fn rejects_amounts_beyond_a_shape() {
    let market = MarketSource::parse("market.json", MARKET.as_bytes()).expect("the market");
    let risk = RiskSource::parse("risk.json", RISK.as_bytes(), &market).expect("the model");
    let evaluate = |account: &Account, limits| {
        evaluate_account(&market.market, &risk.model, account, limits)
            .map_err(|error| error.in_file("accounts.csv").to_string())
    };
    let book = read(format!("{HEADER}insurance,p,USDT,92233720368.54775808,,\n").as_bytes());
    let account = &book.expect("a wide amount").account(0).expect("an account");
    assert_eq!(
        evaluate(account, Limits::NARROW).unwrap_err(),
        "accounts.csv: account \"insurance\", pool \"p\", symbol \"USDT\": balance less costs, in \
         quanta is 9223372036854775808, beyond the limit of 2^63 - 1; use a coarser lot, quantum or \
         quote_quantum, or a shape with 96-bit money"
    );
    assert!(evaluate(account, Limits::WIDE).is_ok());
}
