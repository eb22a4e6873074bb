//! Inclusion records: one file an account, found by the account's id alone.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use halo2_proofs::halo2curves::bn256::Fr;
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use zkmargin_circuits::base::RowPrice;
use zkmargin_circuits::field::to_hex;
use zkmargin_circuits::relation::PoolOutcome;
use zkmargin_circuits::statement;
use zkmargin_circuits::tree::Tree;
use zkmargin_verifier::record::{Figures, Record, RecordPool, RecordRow, Standing};

use crate::bundle::in_folder;
use crate::error::ProveError;
use crate::snapshot::LoadedSnapshot;

/// Marks a folder of records, so that an interrupted run's may be replaced and nothing else is.
const MARKER: &str = "RECORDS.txt";

/// What the marker says.
const MARKER_TEXT: &str =
    "Inclusion records: private, one for each customer, written by `zkmargin prove`.\n";

/// What opens the leaves of a shard.
#[derive(Debug, Clone, Copy)]
pub struct Openings<'a> {
    /// The tree.
    pub tree: &'a Tree,
    /// For each account, the salts of its blocks.
    pub salts: &'a [Vec<Fr>],
    /// For each account, the slot of its leaf.
    pub leaves: &'a [usize],
}

/// Refuses a place where something else than records stands.
///
/// # Errors
/// [`ProveError::Exists`].
pub fn check_free(folder: &Path) -> Result<(), ProveError> {
    if folder.join(MARKER).exists() {
        return Ok(());
    }
    crate::bundle::check_free(folder)
}

/// Writes the records of all accounts; records of an earlier run in the same place give way.
///
/// # Errors
/// [`ProveError::Io`].
pub fn write_all(
    snapshot: &LoadedSnapshot,
    outcomes: &[Vec<PoolOutcome>],
    openings: &Openings<'_>,
    context: [u8; 32],
    folder: &Path,
) -> Result<(), ProveError> {
    check_free(folder)?;
    if folder.join(MARKER).exists() {
        fs::remove_dir_all(folder).map_err(|source| ProveError::Io {
            path: folder.to_owned(),
            source,
        })?;
    }
    in_folder(folder, |aside| {
        for first in 0..=u8::MAX {
            let path = aside.join(hex::encode([first]));
            fs::create_dir(&path).map_err(|source| ProveError::Io { path, source })?;
        }
        (0..snapshot.book.accounts.len())
            .into_par_iter()
            .try_for_each(|i| {
                let record = record(snapshot, &outcomes[i], openings, context, i);
                let path = record_path(aside, &record.account);
                put(&path, &record.to_bytes())
            })?;
        put(&aside.join(MARKER), MARKER_TEXT.as_bytes())
    })
}

fn put(path: &Path, bytes: &[u8]) -> Result<(), ProveError> {
    fs::File::create(path)
        .and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_data()
        })
        .map_err(|source| ProveError::Io {
            path: path.to_owned(),
            source,
        })
}

fn record(
    snapshot: &LoadedSnapshot,
    outcomes: &[PoolOutcome],
    openings: &Openings<'_>,
    context: [u8; 32],
    index: usize,
) -> Record {
    let account = &snapshot.book.accounts[index];
    let rows = snapshot.book.rows_of(index);
    let quantum = snapshot.market.quote_quantum;
    // A private model is not in the customer's hands: its figures are the venue's word.
    let standing = match snapshot.risk.model.salt {
        None => Standing::Recomputable,
        Some(_) => Standing::Claim,
    };
    let pools = account
        .pools
        .iter()
        .zip(outcomes)
        .enumerate()
        .map(|(p, (pool, outcome))| RecordPool {
            pool: pool.name.clone(),
            holdings: rows
                .iter()
                .filter(|row| row.pool() == p)
                .map(|row| {
                    let (entry_price, cost) = match row.price() {
                        RowPrice::Balance => (None, None),
                        RowPrice::Entry(entry) => (Some(entry.to_string()), None),
                        RowPrice::Cost(cost) => (None, Some(cost.to_string())),
                    };
                    let symbol = &snapshot.market.market.symbols[usize::from(row.row()) - 1];
                    RecordRow {
                        symbol: symbol.id.clone(),
                        quantity: row.quantity().to_string(),
                        entry_price,
                        cost,
                    }
                })
                .collect(),
            figures: Figures::of(outcome, quantum, standing),
        })
        .collect();
    let slot = openings.leaves[index];
    Record {
        version: Default::default(),
        statement: statement::Digest(context),
        account: account.id.clone(),
        class: account.class.name().to_owned(),
        pools,
        slot: slot as u64,
        salts: openings.salts[index].iter().map(to_hex).collect(),
        path: openings
            .tree
            .path(slot)
            .iter()
            .map(|siblings| siblings.each_ref().map(to_hex))
            .collect(),
    }
}

/// The file of an account's record: an id may hold anything, so files are named by its hash,
/// and spread over folders that a file system can still list at millions of accounts.
pub fn record_path(folder: &Path, account: &str) -> PathBuf {
    let name = hex::encode(Sha256::digest(account.as_bytes()));
    folder
        .join(&name[..2])
        .join(format!("{}.json", &name[..40]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stays_inside_the_folder() {
        for account in [
            "alice@example",
            "../../etc/passwd",
            "",
            "a/b\\c\0d",
            "\u{1f600}",
        ] {
            let path = record_path(Path::new("records"), account);
            assert_eq!(path.components().count(), 3, "{}", path.display());
            assert_eq!(path.extension().unwrap(), "json");
        }
        assert_ne!(
            record_path(Path::new("r"), "a"),
            record_path(Path::new("r"), "b")
        );
    }
}
