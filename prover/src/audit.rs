//! What opens a bundle to the venue's auditor: a secret that is kept, and the pack made with it.
//!
//! A sample says something only if whoever chose the places did not know the seed it is drawn by. So
//! a pack is made after the bundle: `prove` keeps the seed of salts and places, and with it and the
//! snapshot everything that the bundle commits to is made again and opened.

mod secret;
mod survey;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use zkmargin_circuits::field::{from_hex, to_hex};
use zkmargin_circuits::shape::Shape;
use zkmargin_circuits::statement::{context_digest, Digest, Statement, Version};
use zkmargin_circuits::tree::Tree;
use zkmargin_circuits::witness::plan::PlannedWindow;
use zkmargin_verifier::audit::{DeficientPool, Holds, Pack, Sample, SampleOpening, SampledSlot};
use zkmargin_verifier::record::Record;

use self::survey::Survey;
use crate::bundle::check_free;
use crate::error::ProveError;
use crate::evaluate::evaluate;
use crate::placement::Seed;
use crate::records::Opening;
use crate::shard::{PlannedShard, Shards};
use crate::snapshot::LoadedSnapshot;
use crate::write::write_private;

pub use secret::{check_apart, Secret};

/// Makes the pack of a bundle, given the bytes of its `statement.json`, and writes it to a file that
/// its owner alone may read.
///
/// # Errors
/// [`ProveError::OtherBundle`] when snapshot and secret are not the bundle's, and see [`ProveError`].
pub fn write_pack(
    snapshot: &LoadedSnapshot,
    statement: &[u8],
    secret: &Secret,
    sample: &Sample,
    path: &Path,
) -> Result<Pack, ProveError> {
    check_free(path)?;
    let pack = pack(snapshot, statement, secret, sample)?;
    write_private(path, &pack.to_bytes()).map_err(|source| ProveError::Io {
        path: path.to_owned(),
        source,
    })?;
    Ok(pack)
}

/// Makes the pack of a bundle.
///
/// # Errors
/// As [`write_pack`].
pub fn pack(
    snapshot: &LoadedSnapshot,
    statement: &[u8],
    secret: &Secret,
    sample: &Sample,
) -> Result<Pack, ProveError> {
    let other = |problem: String| ProveError::OtherBundle(problem);
    let context = context_digest(statement);
    if secret.statement.0 != context {
        return Err(other(format!(
            "the secret opens the statement {}, the bundle is {}",
            secret.statement,
            Digest(context)
        )));
    }
    let statement =
        Statement::parse_canonical(statement).map_err(|error| other(error.to_string()))?;
    let shape = Shape::by_name(&statement.circuit.shape)
        .ok_or_else(|| other(format!("{:?} is no shape", statement.circuit.shape)))?;
    let drawn = sample
        .draw(&context, statement.capacity)
        .ok_or(ProveError::Sample {
            asked: sample.slots,
            capacity: statement.capacity,
        })?;

    let evaluated = evaluate(snapshot, Some(shape), shape.k, None)?;
    let seed = Seed::chosen(secret.seed.0, snapshot.header.epoch);
    let places = evaluated.places(&seed);
    let shards = Shards::new(snapshot, &evaluated, &seed, &places);
    let mut survey = Survey::new(snapshot)?;
    let mut roots = Vec::with_capacity(shards.count());
    for index in 0..shards.count() {
        let shard = shards.plan(index)?;
        survey.add(&shard, shards.accounts(index))?;
        roots.push(shard.root(shape).root);
    }
    survey.named.extend(survey.tops.accounts());
    let top = Tree::over_shards(roots);
    if from_hex(&statement.accounts_root.to_string()) != Some(top.root()) {
        return Err(other(
            "the snapshot and the secret come to another root than the bundle's; give the files that were proven".to_owned(),
        ));
    }

    let mut by_shard: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for slot in &drawn {
        let slot = *slot as usize;
        let within = by_shard.entry(slot / shape.capacity()).or_default();
        within.insert(slot % shape.capacity());
    }
    let mut openings = Vec::new();
    let mut holds = BTreeMap::new();
    for (index, placed) in places.shards.iter().enumerate() {
        let within = by_shard.remove(&index).unwrap_or_default();
        let mut accounts = placed.iter().flatten();
        if within.is_empty() && !accounts.any(|account| survey.named.contains(account)) {
            continue;
        }
        let shard = shards.plan(index)?;
        let opening = Opening {
            context,
            signature: None,
            tree: &shard.tree(shape),
            first: index * shape.capacity(),
            above: &top.path(index),
        };
        let opened = OpenedShard {
            snapshot,
            shard: &shard,
            accounts: shards.accounts(index).collect(),
            opening: &opening,
        };
        openings.extend(opened.records(&survey.named, &within)?);
        for slot in within {
            if let Some(found) = opened.holds(slot)? {
                holds.insert((opening.first + slot) as u64, found);
            }
        }
    }
    let slots = drawn
        .into_iter()
        .filter_map(|slot| {
            let holds = holds.get(&slot)?.clone();
            Some(SampledSlot { slot, holds })
        })
        .collect();
    let Survey {
        counts,
        classes,
        deficient,
        tops,
        ..
    } = survey;
    Ok(Pack {
        version: Version,
        statement: Digest(context),
        counts,
        classes,
        deficient: in_order(deficient),
        largest: tops.rankings(snapshot)?,
        sample: SampleOpening {
            seed: Digest(sample.seed),
            slots,
        },
        openings,
    })
}

fn in_order(mut pools: Vec<DeficientPool>) -> Vec<DeficientPool> {
    pools.sort();
    pools
}

/// A shard of which something is opened.
struct OpenedShard<'a> {
    snapshot: &'a LoadedSnapshot,
    shard: &'a PlannedShard,
    /// Indices in the book of the shard's accounts.
    accounts: Vec<usize>,
    opening: &'a Opening<'a>,
}

/// What stands at a slot.
struct Found<'a> {
    /// The windows of an account, or an empty one.
    run: &'a [PlannedWindow],
    /// Which of them is at the slot.
    window: usize,
    /// The account's index in the book, if it is one's.
    account: Option<usize>,
}

impl OpenedShard<'_> {
    fn at(&self, slot: usize) -> Option<Found<'_>> {
        let mut end = 0;
        let run = self.shard.plan.runs.iter().find(|run| {
            end += run.windows.len();
            slot < end
        })?;
        let accounts = &self.shard.accounts;
        let account = accounts.binary_search_by_key(&(end - 1), |account| account.slot);
        Some(Found {
            run: &run.windows,
            window: slot + run.windows.len() - end,
            account: account.ok().map(|place| self.accounts[place]),
        })
    }

    /// The records of the accounts that are named, and of those with a window at a drawn slot.
    fn records(
        &self,
        named: &BTreeSet<u32>,
        drawn: &BTreeSet<usize>,
    ) -> Result<Vec<Record>, ProveError> {
        let drawn: BTreeSet<usize> = drawn
            .iter()
            .filter_map(|slot| self.at(*slot)?.account)
            .collect();
        let wanted = |index: &usize| named.contains(&(*index as u32)) || drawn.contains(index);
        let accounts = self.accounts.iter().zip(&self.shard.accounts);
        accounts
            .filter(|(index, _)| wanted(index))
            .map(|(index, placed)| self.opening.record(self.snapshot, *index, placed))
            .collect()
    }

    fn holds(&self, slot: usize) -> Result<Option<Holds>, ProveError> {
        let Some(found) = self.at(slot) else {
            return Ok(None);
        };
        let (before, rest) = found.run.split_at(found.window);
        let Some((window, after)) = rest.split_first() else {
            return Ok(None);
        };
        let salt = to_hex(&window.salt);
        let path = self.opening.path(slot);
        let Some(account) = found.account else {
            return Ok(Some(Holds::Empty { salt, path }));
        };
        let account = self.snapshot.book.account(account)?.id;
        Ok(Some(if after.is_empty() {
            Holds::Leaf { account }
        } else if window.header.absorbed {
            let blocks = before.iter().filter(|window| window.header.absorbed);
            Holds::Block {
                account,
                block: blocks.count() as u64,
                path,
            }
        } else {
            let pools = before.iter().filter(|window| window.header.pool_end);
            Holds::Scan {
                account,
                pool: pools.count() as u64,
                salt,
                path,
            }
        }))
    }
}
