//! Inclusion records: one file an account, found by the account's id alone.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use halo2_proofs::halo2curves::bn256::Fr;
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use zkmargin_circuits::base::RowPrice;
use zkmargin_circuits::field::to_hex;
use zkmargin_circuits::poseidon::RATE;
use zkmargin_circuits::statement;
use zkmargin_circuits::tree::Tree;
use zkmargin_verifier::record::{Figures, Record, RecordPool, RecordRow, Standing};
use zkmargin_verifier::signature::Signature;

use crate::accounts::Entry;
use crate::bundle::in_folder;
use crate::error::{io_error, ProveError};
use crate::shard::{PlacedAccount, Shards};
use crate::snapshot::LoadedSnapshot;
use crate::work::beside;
use crate::write::{parent, remove_folder, write_whole};

/// Marks a folder of records and says of which statement they are.
const MARKER: &str = "RECORDS.txt";

/// Records that are made before they are written.
const RECORDS: usize = 1 << 12;

fn marker(context: [u8; 32]) -> String {
    format!(
        "Inclusion records: private, one for each customer, written by `zkmargin prove`.\n\
         Of the statement whose SHA-256 is {}.\n",
        hex::encode(context)
    )
}

/// The line that the marker of signed records goes on with.
fn signed_line(signature: Option<&Signature>) -> String {
    signature.map_or_else(String::new, |signature| format!("Signed: {signature}.\n"))
}

/// Whether the records of a statement stand in `folder`, all of them, signed or not.
pub fn are_of(folder: &Path, context: [u8; 32]) -> bool {
    marked(folder, context).is_some()
}

/// What follows the statement in the marker of its records.
fn marked(folder: &Path, context: [u8; 32]) -> Option<String> {
    let text = fs::read_to_string(folder.join(MARKER)).ok()?;
    Some(text.strip_prefix(&marker(context))?.to_owned())
}

/// Refuses a place where something stands other than the records of the statement `own`.
///
/// # Errors
/// [`ProveError::Exists`].
pub fn check_free(folder: &Path, own: Option<[u8; 32]>) -> Result<(), ProveError> {
    if own.is_some_and(|context| are_of(folder, context)) {
        return Ok(());
    }
    crate::bundle::check_free(folder)
}

/// Removes the unfinished records of a statement that will not be published. Finished ones stay:
/// whoever made them knows whether their bundle was published after all.
///
/// # Errors
/// [`ProveError::Io`].
pub fn discard(folder: &Path, context: [u8; 32]) -> Result<(), ProveError> {
    let path = aside(folder, context)?;
    remove_folder(&path).map_err(|source| ProveError::Io { path, source })
}

/// Where the records of a statement stand until there are all of them: a place of their own, that
/// no run for another statement writes to.
fn aside(folder: &Path, context: [u8; 32]) -> Result<PathBuf, ProveError> {
    beside(folder, &format!(".partial-{}", hex::encode(&context[..8])))
}

/// Writes the records of all accounts, shard by shard, unless they stand there already. `top` is the
/// tree over the shards, `signature` the venue's of the statement.
///
/// # Errors
/// [`ProveError::Io`], [`ProveError::Exists`] when the place has been taken, and
/// [`ProveError::OtherSignature`].
pub fn write_all(
    shards: &Shards<'_>,
    top: &Tree,
    context: [u8; 32],
    signature: Option<&Signature>,
    folder: &Path,
) -> Result<(), ProveError> {
    match marked(folder, context) {
        Some(signed) if signed == signed_line(signature) => return Ok(()),
        Some(_) => return Err(ProveError::OtherSignature(folder.to_owned())),
        None => {}
    }
    in_folder(&aside(folder, context)?, folder, |aside| {
        let mut folders = BTreeSet::new();
        for index in 0..shards.count() {
            let shard = shards.plan(index)?;
            let opening = Opening {
                context,
                signature,
                tree: &shard.tree(shards.shape),
                first: index * shards.shape.capacity(),
                above: &top.path(index),
            };
            let placed: Vec<_> = shards.accounts(index).zip(&shard.accounts).collect();
            // Some thousands at a time, so that one shard's records are not all held at once.
            for placed in placed.chunks(RECORDS) {
                let records = placed.par_iter().map(|(account, placed)| {
                    let record = opening.record(shards.snapshot, *account, placed)?;
                    Ok((record_path(aside, &record.account), record.to_bytes()))
                });
                let records = records.collect::<Result<Vec<_>, ProveError>>()?;
                for (path, _) in &records {
                    let folder = parent(path);
                    if !folders.contains(folder) {
                        fs::create_dir(folder).map_err(io_error(folder))?;
                        folders.insert(folder.to_owned());
                    }
                }
                records
                    .par_iter()
                    .try_for_each(|(path, bytes)| put(path, bytes))?;
            }
        }
        // Everything is on the disk before the mark says so.
        sync_all(aside, &folders).map_err(|source| ProveError::Io {
            path: aside.to_owned(),
            source,
        })?;
        let path = aside.join(MARKER);
        let marker = marker(context) + &signed_line(signature);
        write_whole(&path, marker.as_bytes()).map_err(|source| ProveError::Io { path, source })
    })
}

/// What opens the leaves of a shard.
pub(crate) struct Opening<'a> {
    /// SHA-256 of the statement.
    pub context: [u8; 32],
    /// The venue's signature of it.
    pub signature: Option<&'a Signature>,
    /// The tree over the shard's slots.
    pub tree: &'a Tree,
    /// Number of its first slot over all shards.
    pub first: usize,
    /// What leads from its root to that of the book.
    pub above: &'a [[Fr; RATE - 1]],
}

fn put(path: &Path, bytes: &[u8]) -> Result<(), ProveError> {
    fs::write(path, bytes).map_err(|source| ProveError::Io {
        path: path.to_owned(),
        source,
    })
}

/// Waits until all files below `aside` are on the disk: at once, where the system can, which takes
/// seconds where a hundred thousand files by themselves take minutes.
#[cfg(target_os = "linux")]
fn sync_all(aside: &Path, _folders: &BTreeSet<PathBuf>) -> io::Result<()> {
    nix::unistd::syncfs(fs::File::open(aside)?)?;
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn sync_all(_aside: &Path, folders: &BTreeSet<PathBuf>) -> io::Result<()> {
    folders.par_iter().try_for_each(|folder| {
        for entry in fs::read_dir(folder)? {
            fs::File::open(entry?.path())?.sync_data()?;
        }
        crate::write::sync_folder(folder)
    })
}

impl Opening<'_> {
    /// What leads from a slot of the shard to the root of the book.
    pub fn path(&self, slot: usize) -> Vec<[String; RATE - 1]> {
        let within = self.tree.path(slot);
        let siblings = within.iter().chain(self.above);
        siblings
            .map(|siblings| siblings.each_ref().map(to_hex))
            .collect()
    }

    /// The record of an account, by its index in the book.
    ///
    /// # Errors
    /// [`ProveError::Read`] when the book's scratch file cannot be read.
    pub fn record(
        &self,
        snapshot: &LoadedSnapshot,
        index: usize,
        placed: &PlacedAccount,
    ) -> Result<Record, ProveError> {
        let Entry { account, rows } = snapshot.book.entry(index)?;
        let quantum = snapshot.market.quote_quantum;
        // A private model is not in the customer's hands: its figures are the venue's word.
        let standing = match snapshot.risk.model.salt {
            None => Standing::Recomputable,
            Some(_) => Standing::Claim,
        };
        let pools = account
            .pools
            .into_iter()
            .zip(rows)
            .zip(&placed.outcomes)
            .map(|((pool, rows), outcome)| RecordPool {
                pool: pool.name,
                holdings: rows
                    .iter()
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
        Ok(Record {
            version: Default::default(),
            statement: statement::Digest(self.context),
            account: account.id,
            class: account.class.name().to_owned(),
            pools,
            slot: (self.first + placed.slot) as u64,
            salts: placed.salts.iter().map(to_hex).collect(),
            path: self.path(placed.slot),
            signature: self.signature.copied(),
        })
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
