//! An auditor's pack against a verified bundle: what a venue opens to its auditor only.
//!
//! Whatever the pack says of an account is read from an inclusion record, which leads to the proven
//! root, and computed anew. That lists are complete follows from sums: figures that cannot be below
//! zero, added over the accounts that are opened, come to the proven totals, so nothing is left for
//! any other account.

mod largest;
mod opened;
mod pack;
mod sample;

use std::collections::BTreeSet;

use serde::Serialize;
use zkmargin_circuits::book::Class;
use zkmargin_circuits::digest::counts_digest;
use zkmargin_circuits::field;
use zkmargin_circuits::relation::Totals;
use zkmargin_circuits::statement::{Amount, Digest};

use self::opened::{open_all, slot_holds, Accounts};
use crate::report::{Proven, Report, Status};

pub use largest::{Concentration, Held, Share};
pub use pack::{
    ClassLists, DeficientPool, Holds, Largest, Pack, Path, Ranked, Ranking, SampleOpening,
    SampledSlot, ShardCounts, LARGEST,
};
pub use sample::Sample;

/// Why a pack is not looked at.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuditError {
    /// The bundle it is held against does not hold itself.
    #[error("the bundle does not hold, so what opens it means nothing")]
    NotProven,
    /// Not a pack of version 1.
    #[error("not an auditor's pack of version 1: {0}")]
    Malformed(String),
}

/// What is checked of a pack, in the order in which it is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemName {
    /// The pack is of the bundle's statement.
    Statement,
    /// The counts of every shard open its counts digest.
    Counts,
    /// Every record leads from its account to the proven root.
    Openings,
    /// The deficient pools are those listed, and no others.
    Deficient,
    /// The accounts of house and fund are those listed, and no others hold anything.
    Classes,
    /// The accounts listed hold and owe what is said.
    Largest,
    /// The slots are those of the auditor's seed, and hold what is said.
    Sample,
}

impl ItemName {
    /// All items, in the order in which they are reported.
    pub const ALL: [ItemName; 7] = [
        ItemName::Statement,
        ItemName::Counts,
        ItemName::Openings,
        ItemName::Deficient,
        ItemName::Classes,
        ItemName::Largest,
        ItemName::Sample,
    ];

    /// Name as in `--json`.
    pub fn name(self) -> &'static str {
        match self {
            ItemName::Statement => "statement",
            ItemName::Counts => "counts",
            ItemName::Openings => "openings",
            ItemName::Deficient => "deficient",
            ItemName::Classes => "classes",
            ItemName::Largest => "largest",
            ItemName::Sample => "sample",
        }
    }
}

/// An item and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Item {
    /// Which item.
    pub name: ItemName,
    /// What came of it.
    pub status: Status,
    /// What was seen, or why it was not looked at.
    pub detail: String,
}

/// What the counts of all shards come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct BookCounts {
    /// Accounts with a holding.
    pub accounts: u64,
    /// Pools with a holding.
    pub pools: u64,
}

/// What the drawn slots hold.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Sampled {
    /// Slots that were drawn.
    pub slots: u64,
    /// Accounts whose leaf was drawn, in order of slots drawn. Each account has one leaf: among all
    /// accounts these are drawn alike.
    pub accounts: Vec<String>,
    /// Slots that hold another window of an account.
    pub inner: u64,
    /// Empty slots.
    pub empty: u64,
}

/// What an audit found. Each part is there where its item passed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditReport {
    /// Whether every item that was looked at holds.
    pub valid: bool,
    /// Every item, in the order of [`ItemName::ALL`].
    pub items: Vec<Item>,
    /// The numbers of accounts and pools.
    pub counts: Option<BookCounts>,
    /// Every deficient pool.
    pub deficient: Option<Vec<DeficientPool>>,
    /// The accounts of house and fund.
    pub classes: Option<ClassLists>,
    /// The largest accounts by coin and contract.
    pub largest: Option<Vec<Concentration>>,
    /// What was drawn.
    pub sample: Option<Sampled>,
}

impl AuditReport {
    /// The first item that failed.
    pub fn failure(&self) -> Option<&Item> {
        self.items.iter().find(|item| item.status == Status::Fail)
    }

    /// What came of an item.
    pub fn status(&self, name: ItemName) -> Status {
        let found = self.items.iter().find(|item| item.name == name);
        found.map_or(Status::NotPerformed, |item| item.status)
    }

    /// Notes what came of an item, and hands on what it found.
    fn note<T>(&mut self, name: ItemName, outcome: Result<(T, String), Trouble>) -> Option<T> {
        let (status, detail, found) = match outcome {
            Ok((found, detail)) => (Status::Pass, detail, Some(found)),
            Err(Trouble::False(detail)) => (Status::Fail, detail, None),
            Err(Trouble::NotAsked(detail)) => (Status::NotPerformed, detail, None),
        };
        self.items.push(Item {
            name,
            status,
            detail,
        });
        found
    }
}

/// Why an item does not pass.
enum Trouble {
    /// It does not hold.
    False(String),
    /// There is nothing to hold it against.
    NotAsked(String),
}

impl From<String> for Trouble {
    fn from(detail: String) -> Self {
        Trouble::False(detail)
    }
}

/// Checks a pack against a verified bundle, item by item. The sample is looked at where the auditor
/// says what they asked for; a model that is not known leaves deficits unlooked at.
///
/// # Errors
/// See [`AuditError`].
pub fn audit(
    pack: &[u8],
    sample: Option<&Sample>,
    report: &Report,
) -> Result<AuditReport, AuditError> {
    let proven = report
        .proven
        .as_ref()
        .filter(|_| report.valid)
        .ok_or(AuditError::NotProven)?;
    let pack = Pack::parse(pack)?;
    let mut found = AuditReport {
        valid: false,
        items: Vec::new(),
        counts: None,
        deficient: None,
        classes: None,
        largest: None,
        sample: None,
    };
    if found
        .note(ItemName::Statement, of_statement(&pack, proven))
        .is_some()
    {
        found.counts = found.note(ItemName::Counts, counts(&pack, proven));
        let opened = open_all(&pack.openings, proven).map_err(Trouble::from);
        if let Some(accounts) = found.note(ItemName::Openings, opened) {
            let audit = Audit {
                pack: &pack,
                proven,
                accounts: &accounts,
            };
            found.deficient = found.note(ItemName::Deficient, audit.deficient());
            found.classes = found.note(ItemName::Classes, audit.classes());
            let largest = largest::check(&pack.largest, &accounts, proven);
            found.largest = found.note(ItemName::Largest, largest.map_err(Trouble::from));
            found.sample = found.note(ItemName::Sample, audit.sample(sample));
        }
    }
    let failed = found.failure().map(|item| item.name.name());
    for name in ItemName::ALL {
        if !found.items.iter().any(|item| item.name == name) {
            found.items.push(Item {
                name,
                status: Status::NotPerformed,
                detail: format!("the item `{}` failed", failed.unwrap_or_default()),
            });
        }
    }
    found.valid = found.failure().is_none();
    Ok(found)
}

fn of_statement(pack: &Pack, proven: &Proven) -> Result<((), String), Trouble> {
    let bundle = Digest(proven.context());
    if pack.statement != bundle {
        return Err(Trouble::False(format!(
            "the pack opens the statement {}, the bundle is {bundle}",
            pack.statement
        )));
    }
    Ok(((), bundle.to_string()))
}

fn counts(pack: &Pack, proven: &Proven) -> Result<(BookCounts, String), Trouble> {
    let digests = proven.counts();
    if pack.counts.len() != digests.len() {
        return Err(Trouble::False(format!(
            "counts of {} shards, the book has {}",
            pack.counts.len(),
            digests.len()
        )));
    }
    let mut sum = BookCounts {
        accounts: 0,
        pools: 0,
    };
    for ((index, counts), digest) in (0u64..).zip(&pack.counts).zip(digests) {
        if counts.shard != index {
            return Err(Trouble::False(format!(
                "shard {} stands in the place of shard {index}",
                counts.shard
            )));
        }
        let salt = field::from_hex(&counts.salt.to_string())
            .ok_or_else(|| format!("shard {index}: the salt is not a field element"))?;
        if counts_digest(salt, counts.accounts, counts.pools) != *digest {
            return Err(Trouble::False(format!(
                "shard {index}: {} accounts and {} pools do not open its counts digest",
                counts.accounts, counts.pools
            )));
        }
        // Each is proven, and far below 2^64 with all the others.
        sum.accounts = sum.accounts.saturating_add(counts.accounts);
        sum.pools = sum.pools.saturating_add(counts.pools);
    }
    let detail = format!(
        "{} accounts and {} pools, opened shard by shard",
        sum.accounts, sum.pools
    );
    Ok((sum, detail))
}

struct Audit<'a> {
    pack: &'a Pack,
    proven: &'a Proven,
    accounts: &'a Accounts<'a>,
}

impl Audit<'_> {
    /// The deficient pools of the accounts that are opened are those listed, and come to the proven
    /// numbers and amounts class by class.
    fn deficient(&self) -> Result<(Vec<DeficientPool>, String), Trouble> {
        let Some(outcomes) = self.accounts.outcomes() else {
            return Err(Trouble::NotAsked(
                "the model is private; give it with --risk to check it".to_owned(),
            ));
        };
        let quantum = self.proven.market().quote_quantum;
        let mut found = Vec::new();
        let mut lacking: [Vec<Totals>; Class::ALL.len()] = Default::default();
        for (account, outcomes) in outcomes {
            for (pool, outcome) in account.pools.iter().zip(outcomes) {
                let totals = Totals::from(outcome);
                if totals.shortfall == 0 {
                    continue;
                }
                found.push(DeficientPool {
                    account: account.id.clone(),
                    pool: pool.name.clone(),
                    shortfall: Amount::unsigned(totals.shortfall, quantum).to_string(),
                });
                if let Some(of_class) = lacking.get_mut(account.class.index()) {
                    of_class.push(totals);
                }
            }
        }
        let listed: BTreeSet<&DeficientPool> = self.pack.deficient.iter().collect();
        if let Some(missing) = found.iter().find(|pool| !listed.contains(pool)) {
            return Err(Trouble::False(format!(
                "the pool {:?} of {:?} lacks {}, which the pack does not list",
                missing.pool, missing.account, missing.shortfall
            )));
        }
        if self.pack.deficient != found {
            return Err(Trouble::False(
                "the pack lists pools that are not opened, that lack something else, or out of order".to_owned(),
            ));
        }
        for (class, pools) in Class::ALL.into_iter().zip(&lacking) {
            let sum: Totals = pools.iter().sum();
            let proven = self.proven.totals().of(class);
            let deficits = |totals: &Totals| {
                (
                    (totals.deficient_pools, totals.shortfall),
                    (totals.bankrupt_pools, totals.bankruptcy),
                    (totals.underwater_pools, totals.underwater),
                )
            };
            if deficits(&sum) != deficits(proven) {
                return Err(Trouble::False(format!(
                    "{} pools of class {} lack {}, those listed are {} and lack {}",
                    proven.deficient_pools,
                    class.name(),
                    Amount::unsigned(proven.shortfall, quantum),
                    sum.deficient_pools,
                    Amount::unsigned(sum.shortfall, quantum)
                )));
            }
        }
        let detail = format!("{} pools, and there are no others", found.len());
        Ok((found, detail))
    }

    /// The accounts of house and fund that are opened are those listed, and hold and owe all that
    /// their class does.
    fn classes(&self) -> Result<(ClassLists, String), Trouble> {
        let lists = &self.pack.classes;
        for class in Class::ALL {
            let Some(listed) = lists.of(class) else {
                continue;
            };
            if !self
                .accounts
                .of_class(class)
                .eq(listed.iter().map(String::as_str))
            {
                return Err(Trouble::False(format!(
                    "the accounts of class {} that are opened are not those listed, in order of id",
                    class.name()
                )));
            }
            self.accounts
                .hold_all_of(class, self.proven)
                .map_err(|what| {
                    format!(
                        "accounts of class {} that are not opened have a part in its {what}",
                        class.name()
                    )
                })?;
        }
        let by = match self.accounts.outcomes() {
            Some(_) => "every total of their classes",
            None => "every claim and debt of their classes; the model is private",
        };
        let detail = format!(
            "{} of the house, {} of the fund: they are {by}",
            lists.house.len(),
            lists.fund.len()
        );
        Ok((lists.clone(), detail))
    }

    fn sample(&self, asked: Option<&Sample>) -> Result<(Sampled, String), Trouble> {
        let Some(asked) = asked else {
            return Err(Trouble::NotAsked(
                "give the seed and number that you asked for with --sample-seed and --sample: a sample of the venue's choosing shows nothing".to_owned(),
            ));
        };
        let opened = &self.pack.sample;
        if opened.seed.0 != asked.seed {
            return Err(Trouble::False(format!(
                "the slots were drawn by the seed {}, not by the auditor's",
                opened.seed
            )));
        }
        let capacity =
            (self.proven.shards() as u64).saturating_mul(self.proven.shape().capacity() as u64);
        let drawn = asked
            .draw(&self.proven.context(), capacity)
            .ok_or_else(|| format!("{} slots of {capacity} cannot be drawn", asked.slots))?;
        if drawn.len() != opened.slots.len() {
            return Err(Trouble::False(format!(
                "{} slots were drawn, the pack opens {}",
                drawn.len(),
                opened.slots.len()
            )));
        }
        let mut found = Sampled {
            slots: asked.slots,
            ..Sampled::default()
        };
        for (slot, opened) in drawn.into_iter().zip(&opened.slots) {
            if opened.slot != slot {
                return Err(Trouble::False(format!(
                    "slot {slot} was drawn, the pack opens slot {} in its place",
                    opened.slot
                )));
            }
            slot_holds(opened, self.accounts, self.proven)
                .map_err(|problem| format!("slot {slot}: {problem}"))?;
            match &opened.holds {
                Holds::Leaf { account } => found.accounts.push(account.clone()),
                Holds::Block { .. } | Holds::Scan { .. } => {
                    found.inner = found.inner.saturating_add(1);
                }
                Holds::Empty { .. } => found.empty = found.empty.saturating_add(1),
            }
        }
        let detail = format!(
            "{} slots of {capacity} by the auditor's seed: {} accounts, {} other windows of accounts, {} empty",
            found.slots,
            found.accounts.len(),
            found.inner,
            found.empty
        );
        Ok((found, detail))
    }
}
