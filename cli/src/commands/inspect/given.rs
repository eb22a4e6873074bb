//! Files that a venue gives to one reader: a signature, an inclusion record, what opens a bundle.

use std::path::Path;

use serde_json::Value;
use zkmargin_prover::audit::Secret;
use zkmargin_verifier::audit::{Pack, ShardCounts};
use zkmargin_verifier::record::Record;
use zkmargin_verifier::signature::Signature;

use crate::failure::Failure;
use crate::report::Table;

/// What the file is, if it is one of these. Of what is private it shows how much there is.
pub fn text(path: &Path, bytes: &[u8], value: &Value) -> Result<Option<String>, Failure> {
    let name = path.display();
    let has = |field: &str| value.get(field).is_some();
    Ok(if has("openings") {
        let pack =
            Pack::parse(bytes).map_err(|error| Failure::input(format!("{name}: {error}")))?;
        Some(pack_text(&name.to_string(), &pack))
    } else if has("salts") {
        let record =
            Record::parse(bytes).map_err(|error| Failure::input(format!("{name}: {error}")))?;
        Some(record_text(&name.to_string(), &record))
    } else if has("seed") {
        Secret::read(path)?;
        Some(format!(
            "{name}: what opens a bundle to an auditor, private: whoever has it can tell where accounts stand; `zkmargin auditor-pack --secret` takes it\n"
        ))
    } else {
        None
    })
}

/// A file of a signature.
pub fn signature(bytes: &[u8]) -> Option<String> {
    let signature = Signature::from_file(bytes).ok()?;
    Some(format!(
        "the venue's signature of a statement (ed25519), as it says of itself; `zkmargin verify --venue-key` checks it\n  {signature}\n"
    ))
}

fn pack_text(name: &str, pack: &Pack) -> String {
    let sum =
        |each: fn(&ShardCounts) -> u64| pack.counts.iter().map(each).fold(0, u64::saturating_add);
    let mut table = Table::default();
    table.left(["of the statement", &pack.statement.to_string()]);
    let rows = [
        ("shards", pack.counts.len() as u64),
        ("accounts", sum(|shard| shard.accounts)),
        ("pools", sum(|shard| shard.pools)),
        ("deficient pools", pack.deficient.len() as u64),
        ("accounts of the house", pack.classes.house.len() as u64),
        ("accounts of the fund", pack.classes.fund.len() as u64),
        ("slots of the sample", pack.sample.slots.len() as u64),
        ("accounts opened", pack.openings.len() as u64),
    ];
    for (what, count) in rows {
        table.left([what, &count.to_string()]);
    }
    table.left(["seed of the sample", &pack.sample.seed.to_string()]);
    format!(
        "{name}: an auditor's pack, private: it names accounts and what they hold; as it says of itself, `zkmargin audit` checks it\n{}",
        table.render()
    )
}

fn record_text(name: &str, record: &Record) -> String {
    let holdings: usize = record.pools.iter().map(|pool| pool.holdings.len()).sum();
    let mut table = Table::default();
    table.left(["of the statement", &record.statement.to_string()]);
    table.left(["account", &record.account]);
    table.left(["class", &record.class]);
    table.left(["pools", &record.pools.len().to_string()]);
    table.left(["holdings", &holdings.to_string()]);
    table.left(["slot", &record.slot.to_string()]);
    let signed = match &record.signature {
        Some(_) => "by the venue, as it says of itself",
        None => "no",
    };
    table.left(["signed", signed]);
    format!(
        "{name}: an inclusion record, private to its customer; `zkmargin verify-record` checks it\n{}",
        table.render()
    )
}
