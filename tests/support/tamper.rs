//! A bundle and its records, changed in one place after the other: nothing that was changed is
//! accepted, nothing panics, and every refusal has a reason.

mod published;

pub use published::{json, odd, odd_elements, signature, Allowed, ALLOWED};

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde_json::Value;
use zkmargin_circuits::market::MarketSource;
use zkmargin_circuits::statement::{Amount, Classes, Digest, Statement, TotalFigures};
use zkmargin_verifier::bundle::{verify, Bundle, Options};
use zkmargin_verifier::record::{verify_record, Figure, Record, RecordError};
use zkmargin_verifier::report::Report;
use zkmargin_verifier::shard::file_name;
use zkmargin_verifier::signature::SIGNATURE_FILE;
use zkmargin_verifier::transcript::ELEMENT_BYTES;

/// What came of many changes.
#[derive(Debug, Default)]
pub struct Swept {
    /// How many changes were refused, by what refused them.
    pub refused: BTreeMap<String, usize>,
    /// The changes that were accepted, made the verifier panic or were refused without a reason.
    pub wrong: Vec<String>,
}

impl Swept {
    /// How many changes were tried.
    pub fn tried(&self) -> usize {
        self.refused.values().sum::<usize>() + self.wrong.len()
    }

    /// How many changes this refused.
    pub fn refused_by(&self, name: &str) -> usize {
        self.refused.get(name).copied().unwrap_or(0)
    }

    fn of(outcomes: impl Iterator<Item = (String, Outcome)>) -> Self {
        let mut swept = Self::default();
        for (change, outcome) in outcomes {
            match outcome {
                Ok(name) => *swept.refused.entry(name).or_insert(0) += 1,
                Err(problem) => swept.wrong.push(format!("{change}: {problem}")),
            }
        }
        swept
    }
}

/// What refused a change, or what went wrong.
type Outcome = Result<String, String>;

/// The files of a bundle folder.
///
/// # Errors
/// When one cannot be read.
pub fn read_bundle(folder: &Path) -> io::Result<Bundle> {
    let read = |name: &str| fs::read(folder.join(name));
    let optional = |name: &str| match read(name) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        other => other.map(Some),
    };
    let mut proofs = Vec::new();
    while let Some(proof) = optional(&file_name(proofs.len()))? {
        proofs.push(proof);
    }
    Ok(Bundle {
        statement: read("statement.json")?,
        market: read("market.json")?,
        risk: optional("risk.json")?,
        totals: read("totals.bin")?,
        proofs,
        signature: optional(SIGNATURE_FILE)?,
    })
}

/// The records in a folder that `prove --records` wrote, in order of their files.
///
/// # Errors
/// When one cannot be read, or is none.
pub fn read_records(folder: &Path) -> io::Result<Vec<Record>> {
    let mut records = Vec::new();
    for place in sorted(folder)? {
        if place.is_dir() {
            for file in sorted(&place)? {
                let record = Record::parse(&fs::read(file)?);
                records.push(record.map_err(io::Error::other)?);
            }
        }
    }
    Ok(records)
}

fn sorted(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

/// A file of a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum File {
    /// `statement.json`.
    Statement,
    /// `market.json`.
    Market,
    /// `risk.json`.
    Risk,
    /// `totals.bin`.
    Totals,
    /// The proof of a shard: `proof-00000.bin` and so on.
    Proof(usize),
}

impl File {
    /// Every file of a bundle.
    pub fn all(bundle: &Bundle) -> Vec<File> {
        let mut all = vec![File::Statement, File::Market, File::Risk, File::Totals];
        all.extend((0..bundle.proofs.len()).map(File::Proof));
        all
    }

    /// Its name in the folder.
    pub fn name(self) -> String {
        match self {
            File::Statement => "statement.json".to_owned(),
            File::Market => "market.json".to_owned(),
            File::Risk => "risk.json".to_owned(),
            File::Totals => "totals.bin".to_owned(),
            File::Proof(index) => file_name(index),
        }
    }

    fn of(self, bundle: &mut Bundle) -> Option<&mut Vec<u8>> {
        match self {
            File::Statement => Some(&mut bundle.statement),
            File::Market => Some(&mut bundle.market),
            File::Risk => bundle.risk.as_mut(),
            File::Totals => Some(&mut bundle.totals),
            File::Proof(index) => bundle.proofs.get_mut(index),
        }
    }
}

/// Verifies a bundle that was changed: by name the check that refuses it, or what is wrong.
fn refused(bundle: &Bundle, options: &Options<'_>) -> Outcome {
    let report = catch_unwind(AssertUnwindSafe(|| verify(bundle, options, &mut |_| ())))
        .map_err(|_| "the verifier panics".to_owned())?
        .map_err(|error| format!("is called a fault of the caller's files: {error}"))?;
    if report.valid || report.verdict.is_some() || report.proven.is_some() {
        return Err("is accepted".to_owned());
    }
    match report.failure() {
        Some(check) if !check.detail.is_empty() => Ok(check.name.name().to_owned()),
        _ => Err("is refused without a reason".to_owned()),
    }
}

/// Numbers below `count`, at most `most` of them and evenly spread. The step is odd, so that it meets
/// every byte of elements of 32.
fn spread(count: usize, most: usize) -> Vec<usize> {
    let step = match count.div_ceil(most.max(1)) {
        0 | 1 => 1,
        more => more | 1,
    };
    (0..count).step_by(step).collect()
}

/// Changes one bit of a byte of a file, at `most` bytes and every bit in its turn; then its end.
pub fn bytes(bundle: &Bundle, options: &Options<'_>, file: File, most: usize) -> Swept {
    let Some(good) = file.of(&mut bundle.clone()).cloned() else {
        return Swept::default();
    };
    let attempt = |change: String, bytes: Vec<u8>| {
        let mut changed = bundle.clone();
        if let Some(place) = file.of(&mut changed) {
            *place = bytes;
        }
        (change, refused(&changed, options))
    };
    let mut outcomes: Vec<_> = spread(good.len(), most)
        .into_par_iter()
        .enumerate()
        .map(|(turn, place)| {
            let mut bytes = good.clone();
            bytes[place] ^= 1 << (turn % 8);
            attempt(format!("byte {place}"), bytes)
        })
        .collect();
    let shorter = good.len().saturating_sub(1);
    for (change, bytes) in [
        ("nothing", Vec::new()),
        ("a byte less", good[..shorter].to_vec()),
        ("a byte more", [good.as_slice(), b"\n"].concat()),
        ("twice", [good.as_slice(), good.as_slice()].concat()),
    ] {
        outcomes.push(attempt(change.to_owned(), bytes));
    }
    Swept::of(outcomes.into_iter())
}

/// Puts another element in the place of one of a proof or of the totals, at `most` places: its neighbour, zero, one
/// beyond all, and the point mirrored, which is on the curve too.
pub fn elements(bundle: &Bundle, options: &Options<'_>, file: File, most: usize) -> Swept {
    let good = file.of(&mut bundle.clone()).cloned().unwrap_or_default();
    let outcomes: Vec<_> = spread(good.len() / ELEMENT_BYTES, most)
        .into_par_iter()
        .flat_map_iter(|place| {
            let at = place * ELEMENT_BYTES..(place + 1) * ELEMENT_BYTES;
            let mut swapped = good.clone();
            let next = at.end..at.end + ELEMENT_BYTES;
            if next.end <= good.len() {
                swapped.copy_within(next.clone(), at.start);
                swapped[next].copy_from_slice(&good[at.clone()]);
            }
            let filled = |byte: u8| {
                let mut bytes = good.clone();
                bytes[at.clone()].fill(byte);
                bytes
            };
            let mut mirrored = good.clone();
            mirrored[at.end - 1] ^= 0x40;
            [
                ("swapped with the next", swapped),
                ("zero", filled(0)),
                ("beyond all", filled(0xff)),
                ("mirrored", mirrored),
            ]
            .into_iter()
            .filter(|(_, bytes)| *bytes != good)
            .map(|(how, bytes)| {
                let mut changed = bundle.clone();
                if let Some(place) = file.of(&mut changed) {
                    *place = bytes;
                }
                (format!("element {place} {how}"), refused(&changed, options))
            })
            .collect::<Vec<_>>()
        })
        .collect();
    Swept::of(outcomes.into_iter())
}

/// Changes a field of the statement, `most` of them, and writes it back in its one serialisation.
///
/// # Panics
/// When the bundle's own statement cannot be read.
pub fn fields(bundle: &Bundle, options: &Options<'_>, most: usize) -> Swept {
    let pointers = pointers(bundle, |_| true);
    restated(bundle, options, &pointers, most, |_, value| {
        // What is no statement has no canonical form, and is refused as it stands.
        match serde_json::from_value::<Statement>(value.clone()) {
            Ok(statement) => Some(statement.to_bytes()),
            Err(_) => Some(value.to_string().into_bytes()),
        }
    })
}

/// Changes a figure of a class, `most` of them, and makes the totals agree: of these no check but the
/// proof can know better.
///
/// # Panics
/// When the bundle's own statement or market cannot be read.
pub fn figures(bundle: &Bundle, options: &Options<'_>, most: usize) -> Swept {
    let market = MarketSource::parse("market.json", &bundle.market).expect("a market");
    let pointers = pointers(bundle, |pointer| {
        pointer.starts_with("/classes/") && !pointer.contains("/coins")
    });
    restated(bundle, options, &pointers, most, |pointer, value| {
        let statement = serde_json::from_value(value).ok()?;
        agreeing(statement, pointer, &market).map(|agreed| agreed.to_bytes())
    })
}

fn pointers(bundle: &Bundle, wanted: impl Fn(&str) -> bool) -> Vec<String> {
    let good: Value = serde_json::from_slice(&bundle.statement).expect("a statement");
    let mut pointers = Vec::new();
    places(&good, String::new(), &mut pointers);
    pointers.retain(|pointer| wanted(pointer));
    pointers
}

/// Other values at these places of the statement, as `write` puts them into bytes.
fn restated(
    bundle: &Bundle,
    options: &Options<'_>,
    pointers: &[String],
    most: usize,
    write: impl Fn(&str, Value) -> Option<Vec<u8>> + Sync,
) -> Swept {
    let good: Value = serde_json::from_slice(&bundle.statement).expect("a statement");
    let outcomes: Vec<_> = spread(pointers.len(), most)
        .into_par_iter()
        .flat_map_iter(|place| {
            let pointer = &pointers[place];
            let before = good.pointer(pointer).cloned().unwrap_or_default();
            others(pointer, &before)
                .into_iter()
                .filter_map(|after| {
                    let change = format!("{pointer}: {before} to {after}");
                    let mut value = good.clone();
                    *value.pointer_mut(pointer)? = after;
                    let changed = Bundle {
                        statement: write(pointer, value)?,
                        ..bundle.clone()
                    };
                    Some((change, refused(&changed, options)))
                })
                .collect::<Vec<_>>()
        })
        .collect();
    Swept::of(outcomes.into_iter())
}

/// JSON pointers of every leaf and list.
fn places(value: &Value, pointer: String, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                places(value, format!("{pointer}/{name}"), found);
            }
        }
        Value::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                places(value, format!("{pointer}/{index}"), found);
            }
            found.push(pointer);
        }
        _ => found.push(pointer),
    }
}

/// Other values for a place, near to what is there.
fn others(pointer: &str, value: &Value) -> Vec<Value> {
    match value {
        Value::Null if pointer == "/counts" => {
            vec![serde_json::json!({ "accounts": 1, "pools": 1, "salt": "0".repeat(64) })]
        }
        Value::Null => vec!["0".repeat(64).into()],
        Value::Number(number) => {
            let number = number.as_u64().unwrap_or(0);
            let less = number.checked_sub(1).map(Value::from);
            [Some(Value::from(number.saturating_add(1))), less]
                .into_iter()
                .flatten()
                .collect()
        }
        Value::String(text) if Digest::from_hex(text).is_some() => {
            vec![bumped(text, true).into(), bumped(text, false).into()]
        }
        Value::String(text) if Amount::parse(text).is_ok() => {
            vec![bumped(text, true).into(), bumped(text, false).into()]
        }
        Value::String(text) => {
            let mut shorter = text.clone();
            shorter.pop();
            vec![format!("{text}x").into(), shorter.into()]
        }
        Value::Array(values) => {
            let shorter = &values[..values.len().saturating_sub(1)];
            let longer = values.iter().chain(values.last()).cloned();
            let mut turned = values.clone();
            turned.rotate_left(usize::from(values.len() > 1));
            [shorter.to_vec(), longer.collect(), turned]
                .into_iter()
                .filter(|other| other != values)
                .map(Value::from)
                .collect()
        }
        _ => Vec::new(),
    }
}

/// A number with its last or its first digit moved to another from 1 to 9.
fn bumped(text: &str, last: bool) -> String {
    let digit = |(_, digit): &(usize, char)| digit.is_ascii_hexdigit();
    let place = match last {
        true => text.char_indices().rfind(digit),
        false => text.char_indices().find(digit),
    };
    let Some((at, digit)) = place else {
        return format!("{text}1");
    };
    let next = digit.to_digit(16).unwrap_or(0) % 9 + 1;
    format!("{}{next}{}", &text[..at], &text[at + 1..])
}

type AmountOf = fn(&mut TotalFigures) -> &mut Amount;
type CountOf = fn(&mut TotalFigures) -> &mut u64;

const AMOUNTS: [AmountOf; 7] = [
    |t| &mut t.equity_positive,
    |t| &mut t.equity_negative,
    |t| &mut t.maintenance,
    |t| &mut t.initial,
    |t| &mut t.shortfall,
    |t| &mut t.bankruptcy,
    |t| &mut t.underwater,
];

const COUNTS: [CountOf; 3] = [
    |t| &mut t.deficient_pools,
    |t| &mut t.bankrupt_pools,
    |t| &mut t.underwater_pools,
];

/// The statement with its totals the sums of its classes, of which a figure was changed.
fn agreeing(mut statement: Statement, pointer: &str, market: &MarketSource) -> Option<Statement> {
    let field = pointer.rsplit('/').next()?;
    let quantum = market.quote_quantum;
    let mut classes = each_class(&mut statement.classes);
    for totals in &mut classes {
        // They are one number with two names.
        match field {
            "bankruptcy" => totals.equity_negative = totals.bankruptcy.clone(),
            _ => totals.bankruptcy = totals.equity_negative.clone(),
        }
    }
    for amount in AMOUNTS {
        let units = classes
            .iter_mut()
            .map(|totals| amount(totals).units(quantum).ok());
        let sum = units.sum::<Option<i128>>()?;
        *amount(&mut statement.totals) = Amount::signed(sum, quantum);
    }
    for count in COUNTS {
        *count(&mut statement.totals) = classes.iter_mut().map(|totals| *count(totals)).sum();
    }
    Some(statement)
}

fn each_class(classes: &mut Classes) -> [&mut TotalFigures; 3] {
    [
        &mut classes.customer.totals,
        &mut classes.house.totals,
        &mut classes.fund.totals,
    ]
}

/// Changes of a record, and the identity that asks with each.
fn lies(record: &Record) -> Vec<(String, Record, String)> {
    let mut lies = Vec::new();
    let mut lie = |what: String, change: &dyn Fn(&mut Record)| {
        let mut changed = record.clone();
        change(&mut changed);
        let identity = changed.account.clone();
        lies.push((what, changed, identity));
    };
    // Two customers shown one account: the record says what the customer types.
    lie("another identity".into(), &|r| r.account.push('x'));
    for class in ["customer", "house", "fund"] {
        if class != record.class {
            lie(format!("class {class}"), &|r| r.class = class.into());
        }
    }
    lie("another statement".into(), &|r| r.statement.0[31] ^= 1);
    lie("the next slot".into(), &|r| r.slot += 1);
    for salt in 0..record.salts.len() {
        lie(format!("salt {salt}"), &|r| {
            r.salts[salt] = bumped(&r.salts[salt], true);
        });
    }
    for level in 0..record.path.len() {
        for sibling in 0..record.path[level].len() {
            lie(format!("level {level}, sibling {sibling}"), &|r| {
                r.path[level][sibling] = bumped(&r.path[level][sibling], true);
            });
        }
    }
    for (p, pool) in record.pools.iter().enumerate() {
        for (h, row) in pool.holdings.iter().enumerate() {
            let at = format!("{}, {}", pool.pool, row.symbol);
            for last in [true, false] {
                lie(format!("{at}: another quantity"), &|r| {
                    let quantity = &mut r.pools[p].holdings[h].quantity;
                    *quantity = bumped(quantity, last);
                });
            }
            lie(format!("{at}: another entry"), &|r| {
                let row = &mut r.pools[p].holdings[h];
                for price in [&mut row.entry_price, &mut row.cost].into_iter().flatten() {
                    *price = bumped(price, false);
                }
            });
            // A balance of nothing may be left out: the account is the same.
            if row.quantity != "0" {
                lie(format!("{at}: left out"), &|r| {
                    r.pools[p].holdings.remove(h);
                });
            }
        }
        type FigureOf = fn(&mut zkmargin_verifier::record::Figures) -> &mut Figure;
        let figures: [FigureOf; 5] = [
            |f| &mut f.equity,
            |f| &mut f.value,
            |f| &mut f.maintenance,
            |f| &mut f.initial,
            |f| &mut f.liquidation_distance,
        ];
        for (f, figure) in figures.into_iter().enumerate() {
            lie(format!("{}, figure {f}", pool.pool), &|r| {
                let amount = &mut figure(&mut r.pools[p].figures).amount;
                *amount = bumped(amount, true);
            });
        }
    }
    lies.retain(|(_, changed, _)| changed != record);
    lies
}

/// Changes `most` records in every place that a customer reads or that leads to the root, and asks
/// for each in another name. The report must be of a bundle that holds, with a public model.
pub fn records(report: &Report, records: &[Record], most: usize) -> Swept {
    let outcomes: Vec<_> = spread(records.len(), most)
        .into_par_iter()
        .flat_map_iter(|place| {
            let record = &records[place];
            let asked = |bytes: &[u8], identity: &str| {
                catch_unwind(AssertUnwindSafe(|| verify_record(bytes, identity, report)))
                    .map_err(|_| "the verifier panics".to_owned())
            };
            let refused = |bytes: &[u8], identity: &str| -> Outcome {
                match asked(bytes, identity)? {
                    Ok(_) => Err("is accepted".to_owned()),
                    Err(error) => Ok(kind(&error).to_owned()),
                }
            };
            let bytes = record.to_bytes();
            let honest = asked(&bytes, &record.account).and_then(|shown| {
                shown
                    .map(|_| "nothing: unchanged, it holds".to_owned())
                    .map_err(|error| format!("is refused: {error}"))
            });
            let stranger = refused(&bytes, &format!("{}x", record.account));
            let mut outcomes = vec![
                ("as it is".to_owned(), honest),
                ("asked by a stranger".to_owned(), stranger),
            ];
            outcomes.extend(
                lies(record)
                    .into_iter()
                    .map(|(what, lie, identity)| (what, refused(&lie.to_bytes(), &identity))),
            );
            outcomes
                .into_iter()
                .map(|(what, outcome)| (format!("{}: {what}", record.account), outcome))
                .collect::<Vec<_>>()
        })
        .collect();
    Swept::of(outcomes.into_iter())
}

fn kind(error: &RecordError) -> &'static str {
    match error {
        RecordError::NotProven => "the bundle",
        RecordError::Malformed(_) => "its form",
        RecordError::AnotherStatement { .. } => "the statement",
        RecordError::AnotherIdentity { .. } => "the identity",
        RecordError::NotIncluded => "the root",
        RecordError::Figure { .. } => "the figures",
        _ => "a field",
    }
}
