//! What a verification found.

use halo2_proofs::halo2curves::bn256::Fr;
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use zkmargin_circuits::market::MarketSource;
use zkmargin_circuits::relation::BookTotals;
use zkmargin_circuits::risk::RiskSource;
use zkmargin_circuits::shape::Shape;
use zkmargin_circuits::statement::Statement;
use zkmargin_circuits::verdict::{Basis, PricesReport, ReservesReport, Verdict};

use crate::chain::Changes;

/// The checks, in the order in which they are reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckName {
    /// `statement.json` is canonical, its amounts are in range and of this market.
    Statement,
    /// The setup is one the caller accepts.
    Setup,
    /// The key is pinned, or was remade from checked parameters, and is the one the statement names.
    Key,
    /// The market digest is that of `market.json`.
    Market,
    /// The model digest is that of the model given.
    Model,
    /// The proofs of all shards hold for all of the above.
    Proof,
    /// The totals are the sum over all shards.
    Totals,
    /// The signature of the statement is that of the key given.
    Signature,
    /// The statement follows the previous one given.
    Previous,
    /// The counts given open the counts digest.
    Counts,
    /// The reserves given reach what is required, coin by coin.
    Reserves,
    /// The market's prices are those given, within the tolerance.
    Prices,
}

impl CheckName {
    /// All checks, in the order in which they are reported.
    pub const ALL: [CheckName; 12] = [
        CheckName::Statement,
        CheckName::Setup,
        CheckName::Key,
        CheckName::Market,
        CheckName::Model,
        CheckName::Proof,
        CheckName::Totals,
        CheckName::Signature,
        CheckName::Previous,
        CheckName::Counts,
        CheckName::Reserves,
        CheckName::Prices,
    ];

    /// Name as in `--json`.
    pub fn name(self) -> &'static str {
        match self {
            CheckName::Statement => "statement",
            CheckName::Setup => "setup",
            CheckName::Key => "key",
            CheckName::Market => "market",
            CheckName::Model => "model",
            CheckName::Proof => "proof",
            CheckName::Totals => "totals",
            CheckName::Signature => "signature",
            CheckName::Previous => "previous",
            CheckName::Counts => "counts",
            CheckName::Reserves => "reserves",
            CheckName::Prices => "prices",
        }
    }

    /// Whether a verdict is worth nothing when this check does not pass.
    pub fn is_essential(self) -> bool {
        matches!(
            self,
            CheckName::Statement
                | CheckName::Setup
                | CheckName::Key
                | CheckName::Market
                | CheckName::Proof
                | CheckName::Totals
        )
    }
}

/// What came of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It holds.
    Pass,
    /// It does not hold.
    Fail,
    /// It was not asked for, or an earlier check left it nothing to work on.
    NotPerformed,
}

/// A check and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Which check.
    pub name: CheckName,
    /// What came of it.
    pub status: Status,
    /// What was seen, or why it was not looked at.
    pub detail: String,
}

/// What a verification found. Serialises as `verify --json` prints it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Whether every performed check passed, the essential ones among them.
    pub valid: bool,
    /// What the proven totals come to; none when the proof does not hold.
    pub verdict: Option<Verdict>,
    /// What the verdict stands on.
    pub basis: Basis,
    /// What limits the verdict, each in a few words.
    pub qualifications: Vec<String>,
    /// Every check, in the order of [`CheckName::ALL`].
    pub checks: Vec<Check>,
    /// The statement, where it could be read.
    pub statement: Option<Statement>,
    /// What was proven, to build further checks on; none when the proof does not hold.
    pub proven: Option<Proven>,
    /// Coin by coin, when reserves were given.
    pub reserves: Option<ReservesReport>,
    /// Symbol by symbol, when prices were given.
    pub prices: Option<PricesReport>,
    /// What changed from the epoch before, when its statement was given and this one follows it.
    pub changes: Option<Changes>,
}

impl Report {
    /// Whether everything holds and the book can meet its margin.
    pub fn is_good(&self) -> bool {
        self.valid && self.verdict.is_some_and(Verdict::is_good)
    }

    /// What came of a check.
    pub fn status(&self, name: CheckName) -> Status {
        let found = self.checks.iter().find(|check| check.name == name);
        found.map_or(Status::NotPerformed, |check| check.status)
    }

    /// The first check that failed.
    pub fn failure(&self) -> Option<&Check> {
        self.checks
            .iter()
            .find(|check| check.status == Status::Fail)
    }
}

/// What a verified proof is about. Only verification makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proven {
    pub(crate) context: [u8; 32],
    pub(crate) shape: &'static Shape,
    pub(crate) shards: usize,
    pub(crate) root: Fr,
    pub(crate) counts: Vec<Fr>,
    pub(crate) totals: BookTotals,
    pub(crate) market: MarketSource,
    pub(crate) risk: Option<RiskSource>,
}

impl Proven {
    /// SHA-256 of the statement's bytes.
    pub fn context(&self) -> [u8; 32] {
        self.context
    }

    /// Sizes of the circuit.
    pub fn shape(&self) -> &'static Shape {
        self.shape
    }

    /// Number of shards.
    pub fn shards(&self) -> usize {
        self.shards
    }

    /// Root of the account tree.
    pub fn root(&self) -> Fr {
        self.root
    }

    /// The counts digest of every shard, in order.
    pub fn counts(&self) -> &[Fr] {
        &self.counts
    }

    /// The totals in integers.
    pub fn totals(&self) -> &BookTotals {
        &self.totals
    }

    /// The market.
    pub fn market(&self) -> &MarketSource {
        &self.market
    }

    /// The model, where one was given and has the digest of the statement.
    pub fn risk(&self) -> Option<&RiskSource> {
        self.risk.as_ref()
    }
}

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fields = if self.changes.is_some() { 7 } else { 6 };
        let mut fields = serializer.serialize_struct("Report", fields)?;
        fields.serialize_field("valid", &self.valid)?;
        fields.serialize_field("verdict", &self.verdict)?;
        fields.serialize_field("basis", &self.basis)?;
        fields.serialize_field("qualifications", &self.qualifications)?;
        fields.serialize_field("checks", &self.checks)?;
        fields.serialize_field("statement", &self.statement)?;
        if let Some(changes) = &self.changes {
            fields.serialize_field("changes", changes)?;
        }
        fields.end()
    }
}
