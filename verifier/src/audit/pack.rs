//! What a pack's file has.

use serde::{Deserialize, Serialize};
use zkmargin_circuits::book::Class;
use zkmargin_circuits::poseidon::RATE;
use zkmargin_circuits::statement::{Amount, Digest, Version};

use super::AuditError;
use crate::record::Record;

/// Accounts that a ranking lists, if there are as many.
pub const LARGEST: usize = 3;

/// A pack: what a venue opens of a bundle to its auditor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pack {
    /// Always 1.
    pub version: Version,
    /// SHA-256 of the statement it opens.
    pub statement: Digest,
    /// The counts of every shard, in order.
    pub counts: Vec<ShardCounts>,
    /// The venue's own accounts and those of the fund.
    pub classes: ClassLists,
    /// Every pool with equity below maintenance, in order of account and pool.
    pub deficient: Vec<DeficientPool>,
    /// Who holds and owes most.
    pub largest: Largest,
    /// Slots that the auditor drew.
    pub sample: SampleOpening,
    /// Inclusion records of every account that any of the above names, in order of slot.
    pub openings: Vec<Record>,
}

/// Counts of a shard and the salt of their digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShardCounts {
    /// Which shard, from 0.
    pub shard: u64,
    /// Accounts with a holding.
    pub accounts: u64,
    /// Pools with a holding.
    pub pools: u64,
    /// Salt of their digest, a field element.
    pub salt: Digest,
}

/// Accounts by class, in order of id. All others are customers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassLists {
    /// The venue's own.
    pub house: Vec<String>,
    /// Those of the insurance fund.
    pub fund: Vec<String>,
}

impl ClassLists {
    /// The list of a class; customers are not listed.
    pub fn of(&self, class: Class) -> Option<&[String]> {
        match class {
            Class::Customer => None,
            Class::House => Some(&self.house),
            Class::Fund => Some(&self.fund),
        }
    }
}

/// A pool with equity below maintenance.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeficientPool {
    /// The account.
    pub account: String,
    /// Name of the pool.
    pub pool: String,
    /// What it lacks, in the quote currency.
    pub shortfall: String,
}

/// The largest accounts of every coin and contract of which anything is held, in market order.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Largest {
    /// Claims by coin.
    pub claims: Vec<Ranking>,
    /// Debts by coin.
    pub debts: Vec<Ranking>,
    /// Long positions by contract.
    pub long: Vec<Ranking>,
    /// Short positions by contract, as magnitudes.
    pub short: Vec<Ranking>,
}

/// The largest accounts of a coin or contract, largest first: [`LARGEST`] of them, or all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ranking {
    /// The coin or contract.
    pub id: String,
    /// The accounts.
    pub accounts: Vec<Ranked>,
}

/// An account of a ranking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ranked {
    /// The account.
    pub account: String,
    /// What its pools hold or owe together, in units.
    pub amount: Amount,
}

/// The slots that a seed drew, and what they hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SampleOpening {
    /// The seed.
    pub seed: Digest,
    /// In the order in which they were drawn.
    pub slots: Vec<SampledSlot>,
}

/// A slot and what it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SampledSlot {
    /// Number of the slot over all shards.
    pub slot: u64,
    /// What it holds.
    pub holds: Holds,
}

/// The seven siblings at each level from a slot up, as 64 hex digits.
pub type Path = Vec<[String; RATE - 1]>;

/// What a slot holds. Accounts are those of the openings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Holds {
    /// An account's leaf: its last block.
    Leaf {
        /// The account.
        account: String,
    },
    /// A block of an account's leaf before the last.
    Block {
        /// The account.
        account: String,
        /// Which block, from 0.
        block: u64,
        /// From the slot to the root.
        path: Path,
    },
    /// A window of an account that only scans.
    Scan {
        /// The account.
        account: String,
        /// In which of its pools, from 0.
        pool: u64,
        /// Salt of the window.
        salt: String,
        /// From the slot to the root.
        path: Path,
    },
    /// Nothing.
    Empty {
        /// Salt of the slot.
        salt: String,
        /// From the slot to the root.
        path: Path,
    },
}

impl Pack {
    /// Reads a pack; whether it holds is for [`super::audit`].
    ///
    /// # Errors
    /// [`AuditError::Malformed`].
    pub fn parse(bytes: &[u8]) -> Result<Self, AuditError> {
        serde_json::from_slice(bytes).map_err(|error| AuditError::Malformed(error.to_string()))
    }

    /// The bytes of its file.
    pub fn to_bytes(&self) -> Vec<u8> {
        // Strings, integers and lists of them: serialisation to memory cannot fail.
        let mut bytes = serde_json::to_vec_pretty(self).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }
}
