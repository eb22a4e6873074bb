//! A book comes out the same whether memory holds it or files do, in whatever order its rows are.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

use ::parquet::data_type::{ByteArray, ByteArrayType};
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::writer::SerializedFileWriter;
use ::parquet::schema::parser::parse_message_type;
use rand::seq::SliceRandom;
use rand::SeedableRng;
use rand_chacha::ChaCha12Rng;
use zkmargin_circuits::shape::Shape;
use zkmargin_circuits::tree::Tree;

use super::*;
use crate::evaluate::evaluate;
use crate::generate::{generate, AccountFormat, GenerateOptions, Profile};
use crate::placement::Seed;
use crate::records;
use crate::shard::Shards;
use crate::snapshot::LoadedSnapshot;

/// A snapshot folder, and the rows of its accounts.
struct Folder {
    dir: tempfile::TempDir,
    header: String,
    rows: Vec<String>,
}

fn folder(profile: Profile, accounts: u64) -> Folder {
    let dir = tempfile::tempdir().unwrap();
    let options = GenerateOptions {
        profile,
        accounts,
        seed: 5,
        deficient: 2,
        bankrupt: 1,
        format: AccountFormat::Csv,
    };
    generate(&options, dir.path(), &|_| ()).unwrap();
    let text = fs::read_to_string(dir.path().join(CSV)).unwrap();
    let mut lines = text.lines().map(str::to_owned);
    Folder {
        dir,
        header: lines.next().unwrap(),
        rows: lines.collect(),
    }
}

impl Folder {
    fn path(&self) -> &Path {
        self.dir.path()
    }

    fn write_csv(&self, rows: &[String]) {
        let _ = fs::remove_file(self.path().join(PARQUET));
        let text = format!("{}\n{}\n", self.header, rows.join("\n"));
        fs::write(self.path().join(CSV), text).unwrap();
    }

    /// In groups of a few rows.
    fn write_parquet(&self, rows: &[String]) {
        let _ = fs::remove_file(self.path().join(CSV));
        let fields: Vec<String> = self
            .header
            .split(',')
            .map(|name| format!("REQUIRED BYTE_ARRAY {name} (UTF8);"))
            .collect();
        let schema = format!("message schema {{ {} }}", fields.join(" "));
        let schema = Arc::new(parse_message_type(&schema).unwrap());
        let file = fs::File::create(self.path().join(PARQUET)).unwrap();
        let properties = Arc::new(WriterProperties::builder().build());
        let mut writer = SerializedFileWriter::new(file, schema, properties).unwrap();
        for rows in rows.chunks(97) {
            let mut group = writer.next_row_group().unwrap();
            for column in 0..fields.len() {
                let texts = rows.iter().map(|row| row.split(',').nth(column).unwrap());
                let values: Vec<ByteArray> = texts.map(ByteArray::from).collect();
                let mut writer = group.next_column().unwrap().unwrap();
                let typed = writer.typed::<ByteArrayType>();
                typed.write_batch(&values, None, None).unwrap();
                writer.close().unwrap();
            }
            group.close().unwrap();
        }
        writer.close().unwrap();
    }

    /// Reads it with so many bytes of memory, and leaves nothing behind.
    fn read(&self, memory: usize) -> LoadedSnapshot {
        let apart = tempfile::tempdir().unwrap();
        let scratch = Scratch {
            folder: apart.path().to_owned(),
            memory,
        };
        let snapshot = LoadedSnapshot::read_into(self.path(), &scratch).unwrap();
        assert_eq!(fs::read_dir(apart.path()).unwrap().count(), 0);
        snapshot
    }
}

/// Rows in several orders: as they are, backwards, at random, accounts together but not in order, and
/// every account in two places.
fn orders(rows: &[String]) -> Vec<Vec<String>> {
    let backwards = rows.iter().rev().cloned().collect();
    let mut random = rows.to_vec();
    random.shuffle(&mut ChaCha12Rng::seed_from_u64(3));
    let account = |row: &String| row.split(',').next().unwrap_or_default().to_owned();
    let mut groups: Vec<&[String]> = rows.chunk_by(|a, b| account(a) == account(b)).collect();
    groups.shuffle(&mut ChaCha12Rng::seed_from_u64(4));
    let together = groups.concat();
    let (even, odd): (Vec<_>, Vec<_>) = rows
        .iter()
        .cloned()
        .enumerate()
        .partition(|(i, _)| i % 2 == 0);
    let twice = even.into_iter().chain(odd).map(|(_, row)| row).collect();
    vec![rows.to_vec(), backwards, random, together, twice]
}

fn entries(book: &Book) -> Vec<Entry> {
    (0..book.len())
        .map(|index| book.entry(index).unwrap())
        .collect()
}

#[test]
fn accepts_every_order_of_rows_in_memory_and_in_files() {
    let folder = folder(Profile::Retail, 300);
    let accounts: Vec<_> = folder
        .read(usize::MAX)
        .book
        .accounts()
        .map(Result::unwrap)
        .collect();
    for rows in orders(&folder.rows) {
        let mut by_format = Vec::new();
        for write in [Folder::write_csv, Folder::write_parquet] {
            write(&folder, &rows);
            let in_memory = entries(&folder.read(usize::MAX).book);
            for memory in [0, 999, 50_000] {
                let book = folder.read(memory).book;
                assert_eq!(entries(&book), in_memory);
                let mut chunks = Vec::new();
                let read = |accounts: &[_]| Ok::<_, ReadError>(accounts.to_vec());
                book.each_chunk(read, |chunk| chunks.extend(chunk)).unwrap();
                assert_eq!(chunks, accounts);
                for (index, account) in accounts.iter().enumerate() {
                    assert_eq!(book.index_of(&account.id).unwrap(), Some(index));
                }
                assert_eq!(book.index_of("user-").unwrap(), None);
            }
            by_format.push(in_memory);
        }
        // Lines of a CSV file count from its header.
        let rows = |entries: &[Entry], header: u64| -> Vec<_> {
            let rows = entries.iter().flat_map(|entry| entry.rows.iter().flatten());
            rows.map(|row| (row.line() - header, row.as_written()))
                .collect()
        };
        assert_eq!(rows(&by_format[0], 1), rows(&by_format[1], 0));
    }
}

/// Files by their paths below a folder.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = PathBuf::from(path.file_name().unwrap());
        if path.is_dir() {
            let within = files(&path).into_iter();
            all.extend(within.map(|(below, bytes)| (name.join(below), bytes)));
        } else {
            all.insert(name, fs::read(&path).unwrap());
        }
    }
    all
}

/// Everything that is made of a book but its proofs.
fn results(snapshot: &LoadedSnapshot) -> (Vec<Vec<u8>>, String, BTreeMap<PathBuf, Vec<u8>>) {
    let shape = Shape::by_name("small-14").unwrap();
    let evaluated = evaluate(snapshot, Some(shape), shape.k, None).unwrap();
    let seed = Seed::chosen([9; 32], 1);
    let places = evaluated.places(&seed);
    let shards = Shards::new(snapshot, &evaluated, &seed, &places);
    let inputs = (0..shards.count()).map(|index| shards.input(index).unwrap().to_bytes());
    let roots = shards.roots().unwrap();
    let top = Tree::over_shards(roots.iter().map(|shard| shard.root).collect());
    let out = tempfile::tempdir().unwrap();
    let folder = out.path().join("records");
    records::write_all(&shards, &top, [7; 32], None, &folder).unwrap();
    (
        inputs.collect(),
        format!("{:?} {roots:?}", evaluated.totals),
        files(&folder),
    )
}

#[test]
fn gives_the_same_shards_and_records_from_files() {
    let folder = folder(Profile::Demo, 60);
    let expected = results(&folder.read(usize::MAX));
    assert_eq!(expected.2.len(), 61, "records and their mark");
    for rows in orders(&folder.rows) {
        for write in [Folder::write_csv, Folder::write_parquet] {
            write(&folder, &rows);
            assert!(results(&folder.read(500)) == expected);
        }
    }
}

#[test]
fn chooses_the_same_shape_for_all_as_for_each() {
    let folder = folder(Profile::Demo, 60);
    let snapshot = folder.read(500);
    let chosen = evaluate(&snapshot, None, 18, None).unwrap();
    let alone = evaluate(&snapshot, Some(chosen.shape), 18, None).unwrap();
    assert_eq!(chosen.lengths, alone.lengths);
    assert_eq!(chosen.totals, alone.totals);
    let error = evaluate(&snapshot, None, 11, None).unwrap_err().to_string();
    assert!(error.contains("tiny-11: "), "{error}");
}

/// What reading the rows after `header` of a CSV file gives, through files.
fn streamed(folder: &Folder, rows: &[String]) -> Result<Book, String> {
    folder.write_csv(rows);
    let read = |memory| {
        let scratch = Scratch {
            folder: folder.path().to_owned(),
            memory,
        };
        LoadedSnapshot::read_into(folder.path(), &scratch)
            .map(|snapshot| snapshot.book)
            .map_err(|error| error.to_string())
    };
    let (in_memory, in_files) = (read(usize::MAX), read(300));
    assert_eq!(in_memory.as_ref().err(), in_files.as_ref().err());
    in_files
}

#[test]
fn rejects_through_the_sort_what_it_rejects_in_memory() {
    let folder = folder(Profile::Demo, 60);
    let mut rows = folder.rows.clone();
    rows.shuffle(&mut ChaCha12Rng::seed_from_u64(6));
    let error = |rows: &[String]| streamed(&folder, rows).unwrap_err();

    // Two rows are repeated; the first repetition in the file is named, with where the row was.
    let mut repeated = rows.clone();
    repeated.extend([rows[50].clone(), rows[3].clone(), rows[50].clone()]);
    let message = error(&repeated);
    let line = rows.len() + 2;
    assert!(
        message.starts_with(&format!("accounts.csv:{line}: symbol: ")),
        "{message}"
    );
    assert!(message.contains("are already on line 52"), "{message}");

    // A bad row is found before a repeated one.
    let mut bad = repeated.clone();
    bad.push("zoe,cross,NONE,1,,".into());
    let message = error(&bad);
    assert!(
        message.starts_with(&format!("accounts.csv:{}: symbol: ", bad.len() + 1)),
        "{message}"
    );
    assert!(message.contains("unknown symbol"), "{message}");

    // An account that a class names is not there.
    let without: Vec<String> = rows
        .iter()
        .filter(|row| !row.starts_with("insurance,"))
        .cloned()
        .collect();
    let message = error(&without);
    assert!(
        message.starts_with("snapshot.json: classes.fund"),
        "{message}"
    );

    // A balance beyond the widest range, in two accounts: the first in order of id is named.
    let mut large = rows.clone();
    large.insert(0, "zoe,far,USDT,396140812571321687968,,".into());
    large.insert(9, "abe,far,USDT,396140812571321687968,,".into());
    let message = error(&large);
    assert!(
        message.starts_with("accounts.csv:11: quantity: account \"abe\""),
        "{message}"
    );
    assert!(message.contains("coarser quantum"), "{message}");
}

#[test]
fn accepts_a_balance_that_later_rows_bring_back_into_range() {
    let folder = folder(Profile::Demo, 60);
    let perpetual = folder.rows.iter().find_map(|row| {
        let symbol = row.split(',').nth(2)?;
        symbol.ends_with("-PERP").then(|| symbol.to_owned())
    });
    let mut rows = folder.rows.clone();
    rows.insert(0, "zoe,far,USDT,396140812571321687968,,".into());
    rows.push(format!("zoe,far,{},1,,1000000", perpetual.unwrap()));
    let book = streamed(&folder, &rows).unwrap();
    let zoe = book
        .account(book.index_of("zoe").unwrap().unwrap())
        .unwrap();
    assert_eq!(zoe.pools[0].holdings.len(), 2);
}

#[test]
fn names_the_folder_when_a_book_cannot_be_kept() {
    let folder = folder(Profile::Demo, 60);
    let scratch = Scratch {
        folder: folder.path().join("missing"),
        memory: 1000,
    };
    let error = LoadedSnapshot::read_into(folder.path(), &scratch)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("missing") && error.contains("--scratch"),
        "{error}"
    );
}
