//! `statement.json`, version 1: what is published, and its one serialisation.

mod amount;
mod figures;

#[cfg(test)]
mod tests;

use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::Sha256;

use crate::market::MarketSource;
use crate::relation::BookTotals;
use crate::snapshot::{is_name, is_utc, Snapshot};

pub use amount::{Amount, AmountError};
pub use figures::{ClassFigures, Classes, CoinFigures, ContractFigures, TotalFigures};

/// Why bytes are no statement, or a statement no totals of a market.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// Not JSON of version 1.
    #[error("statement.json is not a statement of version 1: {0}")]
    Malformed(String),
    /// Another serialisation than the one and only.
    #[error("statement.json is not in its canonical serialisation")]
    NotCanonical,
    /// A field whose text is not what it must be.
    #[error("statement.json: {field}: {problem}")]
    Field {
        /// Path of the field.
        field: String,
        /// What is wrong.
        problem: String,
    },
    /// Coins or contracts are not those of the market, in its order.
    #[error("statement.json: {field}: expected {expected}, got {got}")]
    Symbol {
        /// Path of the field.
        field: String,
        /// What the market has there.
        expected: String,
        /// What the statement has there.
        got: String,
    },
    /// An amount out of range or off its quantum.
    #[error("statement.json: {field}: {source}")]
    Amount {
        /// Path of the field.
        field: String,
        /// What is wrong.
        source: AmountError,
    },
    /// Figures that contradict each other.
    #[error("statement.json: {0}")]
    Inconsistent(String),
}

/// 32 bytes, shown as 64 lower-case hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// Reads exactly 64 lower-case hex digits.
    pub fn from_hex(text: &str) -> Option<Self> {
        if text.len() != 64 || text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return None;
        }
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        Some(Self(bytes))
    }
}

impl std::fmt::Display for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Digest::from_hex(&text)
            .ok_or_else(|| serde::de::Error::custom("a digest is 64 lower-case hex digits"))
    }
}

/// SHA-256 of a statement's bytes: the context of its proofs, and `previous` of the next one.
pub fn context_digest(bytes: &[u8]) -> [u8; 32] {
    <Sha256 as sha2::Digest>::digest(bytes).into()
}

/// The number 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Version;

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(1)
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u64::deserialize(deserializer)? {
            1 => Ok(Version),
            other => Err(serde::de::Error::custom(format!(
                "version {other}, this program knows version 1"
            ))),
        }
    }
}

/// Which circuit the proof is of.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CircuitId {
    /// Name of the shape.
    pub shape: String,
    /// Digest of the verifying key.
    pub key: Digest,
}

/// The numbers of accounts and pools, opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// Accounts with a holding.
    pub accounts: u64,
    /// Pools with a holding.
    pub pools: u64,
    /// Salt of their digest, a field element.
    pub salt: Digest,
}

/// What only a proof knows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProofFields {
    /// Which circuit the proof is of.
    pub circuit: CircuitId,
    /// Which setup: `hermez-ppot`, `insecure` or `tau:<digest>`.
    pub setup: String,
    /// Root of the account tree.
    pub accounts_root: Digest,
    /// Slots of the tree.
    pub capacity: u64,
    /// The counts, if they are published.
    pub counts: Option<Counts>,
    /// Digest of the counts.
    pub counts_digest: Digest,
}

/// Digests of market and model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct InputDigests {
    /// Of the compiled market and its file.
    pub market: Digest,
    /// Of the compiled model, its file and its salt.
    pub risk_model: Digest,
}

/// The statement, field by field in the order of its serialisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// Always 1.
    pub version: Version,
    /// Which circuit the proof is of.
    pub circuit: CircuitId,
    /// Which setup; it only selects, and lying in it makes verification fail.
    pub setup: String,
    /// The venue.
    pub venue: String,
    /// Number of the publication.
    pub epoch: u64,
    /// Time of the snapshot, UTC.
    pub time: String,
    /// Quote currency.
    pub quote: String,
    /// SHA-256 of the previous statement.
    pub previous: Option<Digest>,
    /// Market digest.
    pub market: Digest,
    /// Model digest.
    pub risk_model: Digest,
    /// Root of the account tree.
    pub accounts_root: Digest,
    /// Slots of the tree.
    pub capacity: u64,
    /// The counts, if they are published.
    pub counts: Option<Counts>,
    /// Digest of the counts.
    pub counts_digest: Digest,
    /// Totals over all classes.
    pub totals: TotalFigures,
    /// Totals, claims and debts by class.
    pub classes: Classes,
    /// Net quantity and long open interest by contract.
    pub contracts: Vec<ContractFigures>,
}

impl Statement {
    /// The statement of a book's totals.
    pub fn from_totals(
        snapshot: &Snapshot,
        proof: ProofFields,
        digests: InputDigests,
        totals: &BookTotals,
        source: &MarketSource,
    ) -> Self {
        let ProofFields {
            circuit,
            setup,
            accounts_root,
            capacity,
            counts,
            counts_digest,
        } = proof;
        let (totals, classes, contracts) = figures::write(totals, source);
        Self {
            version: Version,
            circuit,
            setup,
            venue: snapshot.venue.clone(),
            epoch: snapshot.epoch,
            time: snapshot.time.clone(),
            quote: snapshot.quote.clone(),
            previous: snapshot.previous,
            market: digests.market,
            risk_model: digests.risk_model,
            accounts_root,
            capacity,
            counts,
            counts_digest,
            totals,
            classes,
            contracts,
        }
    }

    /// The canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        // Strings, integers and lists of them: serialisation to memory cannot fail, and no bytes
        // would be no statement.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Reads a statement that is exactly its own serialisation.
    ///
    /// # Errors
    /// For anything else: other fields, another order, spaces, longer decimals, trailing bytes.
    pub fn parse_canonical(bytes: &[u8]) -> Result<Self, StatementError> {
        let statement: Statement = serde_json::from_slice(bytes)
            .map_err(|error| StatementError::Malformed(error.to_string()))?;
        if statement.to_bytes() != bytes {
            return Err(StatementError::NotCanonical);
        }
        for (field, text) in [("venue", &statement.venue), ("quote", &statement.quote)] {
            if !is_name(text) {
                return Err(StatementError::Field {
                    field: field.into(),
                    problem: "is empty, or has control characters".into(),
                });
            }
        }
        if !is_utc(&statement.time) {
            return Err(StatementError::Field {
                field: "time".into(),
                problem: "is not YYYY-MM-DDTHH:MM:SSZ".into(),
            });
        }
        Ok(statement)
    }

    /// The totals in integers of a market, every one of them range-checked; without published
    /// counts the numbers of accounts and pools are 0.
    ///
    /// # Errors
    /// When a figure is out of range, off its quantum, missing or out of order, or when the totals
    /// are not the sums of the classes.
    pub fn book_totals(&self, source: &MarketSource) -> Result<BookTotals, StatementError> {
        figures::read(self, source)
    }

    /// The statement without what only a proof knows: those fields are null.
    pub fn unproven(&self) -> Unproven<'_> {
        Unproven(self)
    }
}

/// Serialises a statement with null for what only a proof knows.
#[derive(Debug, Clone, Copy)]
pub struct Unproven<'a>(&'a Statement);

impl Serialize for Unproven<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let statement = self.0;
        let null = None::<()>;
        let mut fields = serializer.serialize_struct("Statement", 17)?;
        fields.serialize_field("version", &statement.version)?;
        fields.serialize_field("circuit", &null)?;
        fields.serialize_field("setup", &null)?;
        fields.serialize_field("venue", &statement.venue)?;
        fields.serialize_field("epoch", &statement.epoch)?;
        fields.serialize_field("time", &statement.time)?;
        fields.serialize_field("quote", &statement.quote)?;
        fields.serialize_field("previous", &statement.previous)?;
        // Digests depend on the shape: all zeros where none holds the book.
        let known = |digest: Digest| (digest != Digest::default()).then_some(digest);
        fields.serialize_field("market", &known(statement.market))?;
        fields.serialize_field("risk_model", &known(statement.risk_model))?;
        fields.serialize_field("accounts_root", &null)?;
        fields.serialize_field("capacity", &null)?;
        fields.serialize_field("counts", &null)?;
        fields.serialize_field("counts_digest", &null)?;
        fields.serialize_field("totals", &statement.totals)?;
        fields.serialize_field("classes", &statement.classes)?;
        fields.serialize_field("contracts", &statement.contracts)?;
        fields.end()
    }
}
