//! One customer's inclusion record: their numbers, and what leads from them to the proven root.

mod figures;

pub use figures::{Figure, Figures, Standing};

use halo2_proofs::halo2curves::bn256::Fr;
use serde::{Deserialize, Serialize};
use zkmargin_circuits::base::{self, RowPrice};
use zkmargin_circuits::book::{Account, Class, Holding, Pool};
use zkmargin_circuits::field;
use zkmargin_circuits::leaf::states;
use zkmargin_circuits::market::{Kind, MarketSource};
use zkmargin_circuits::poseidon::RATE;
use zkmargin_circuits::relation::{evaluate, Limits, RangeError};
use zkmargin_circuits::statement::{Digest, Version};
use zkmargin_circuits::tree::root_from_path;
use zkmargin_circuits::units::Decimal;

use crate::report::{Proven, Report};
use crate::signature::{Signature, SignatureError, VenueKey};

/// A record as its file has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Always 1.
    pub version: Version,
    /// SHA-256 of the statement the account is in.
    pub statement: Digest,
    /// The customer's identity as the venue knows it.
    pub account: String,
    /// `customer`, `house` or `fund`.
    pub class: String,
    /// In order of name.
    pub pools: Vec<RecordPool>,
    /// Place of the account in the tree.
    pub slot: u64,
    /// One for each block of the leaf, as 64 hex digits.
    pub salts: Vec<String>,
    /// The seven siblings at each level from the leaf up, as 64 hex digits.
    pub path: Vec<[String; RATE - 1]>,
    /// The venue's signature of the statement, where it signs: evidence that stays with the
    /// customer when the bundle is replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<Signature>,
}

/// A pool of a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordPool {
    /// Name of the pool: a label. The leaf binds where a pool ends, not what it is called.
    pub pool: String,
    /// Balances and positions, as the customer knows them.
    pub holdings: Vec<RecordRow>,
    /// What they come to.
    pub figures: Figures,
}

/// A balance or a position in ordinary units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordRow {
    /// Asset or instrument.
    pub symbol: String,
    /// Balance, or signed quantity.
    pub quantity: String,
    /// Entry price of a position, unless its cost is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry_price: Option<String>,
    /// Cost of a position in its settlement asset, unless its entry price is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<String>,
}

/// Why a record does not show the account to be in the statement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// The bundle it is held against does not hold itself.
    #[error("the bundle does not hold, so inclusion in it means nothing")]
    NotProven,
    /// Not a record of version 1.
    #[error("not an inclusion record of version 1: {0}")]
    Malformed(String),
    /// A record of another statement.
    #[error("the record is for statement {record}, the bundle is {bundle}")]
    AnotherStatement {
        /// Digest of the statement the record is for.
        record: Digest,
        /// Digest of the bundle's statement.
        bundle: Digest,
    },
    /// The record has no signature.
    #[error("the record has no signature")]
    Unsigned,
    /// The record's signature is not one of its statement by the key given.
    #[error("the record's signature: {0}")]
    Signature(SignatureError),
    /// A record of another identity than the customer's own.
    #[error("the record is of account {record:?}, not of {asked:?}")]
    AnotherIdentity {
        /// As in the record.
        record: String,
        /// As the customer says.
        asked: String,
    },
    /// A field that cannot be what it says.
    #[error("{field}: {problem}")]
    Field {
        /// Path of the field.
        field: String,
        /// What is wrong.
        problem: String,
    },
    /// A pool beyond the statement's ranges: the circuit could not have taken it.
    #[error("{0}")]
    Range(Box<RangeError>),
    /// Everything is well formed, and not in the tree.
    #[error(
        "an account with this identity, these holdings and this class is not in the tree at this place: \
         the numbers are not those that were proven"
    )]
    NotIncluded,
    /// The account is in the tree, and the venue shows figures that do not follow from it.
    #[error("pool {pool:?}: the record shows {figure} {shown}, the holdings come to {found}")]
    Figure {
        /// Name of the pool.
        pool: String,
        /// Name of the figure.
        figure: &'static str,
        /// As in the record.
        shown: String,
        /// As recomputed.
        found: String,
    },
}

/// An account that is in a proven statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecordReport {
    /// SHA-256 of the statement.
    pub statement: Digest,
    /// The account's identity, as the customer gave it.
    pub account: String,
    /// Its class: a customer should read `customer` here.
    pub class: String,
    /// The pools, with proven holdings, and figures with what they rest on now.
    pub pools: Vec<RecordPool>,
}

impl Record {
    /// Reads a record; whether it holds is for [`verify_record`].
    ///
    /// # Errors
    /// [`RecordError::Malformed`].
    pub fn parse(bytes: &[u8]) -> Result<Self, RecordError> {
        serde_json::from_slice(bytes).map_err(|error| RecordError::Malformed(error.to_string()))
    }

    /// The bytes of its file.
    pub fn to_bytes(&self) -> Vec<u8> {
        // Strings, integers and lists of them: serialisation to memory cannot fail.
        let mut bytes = serde_json::to_vec_pretty(self).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }
}

/// Checks that a record carries the signature of the statement that it is for, by the venue's key.
///
/// This stands without a bundle. With the statement's own bytes, which have the digest returned, it
/// shows what the venue has signed.
///
/// # Errors
/// [`RecordError::Malformed`], [`RecordError::Unsigned`] and [`RecordError::Signature`].
pub fn verify_signature(record: &[u8], key: &VenueKey) -> Result<Digest, RecordError> {
    let record = Record::parse(record)?;
    let signature = record.signature.ok_or(RecordError::Unsigned)?;
    key.verify(&record.statement, &signature)
        .map_err(RecordError::Signature)?;
    Ok(record.statement)
}

/// Checks that the account called `identity` is in the statement of a verified bundle, with the
/// numbers of the record.
///
/// # Errors
/// See [`RecordError`]; every one of them means that the record shows nothing.
pub fn verify_record(
    record: &[u8],
    identity: &str,
    report: &Report,
) -> Result<RecordReport, RecordError> {
    let proven = report
        .proven
        .as_ref()
        .filter(|_| report.valid)
        .ok_or(RecordError::NotProven)?;
    verify_against(&Record::parse(record)?, identity, proven)
}

/// The account that a record shows to be in a proven statement, and the state after each block of
/// its leaf. Its figures are not looked at.
pub(crate) fn open(
    record: &Record,
    identity: &str,
    proven: &Proven,
) -> Result<(Account, Vec<Fr>), RecordError> {
    let bundle = Digest(proven.context());
    if record.statement != bundle {
        return Err(RecordError::AnotherStatement {
            record: record.statement,
            bundle,
        });
    }
    if record.account != identity {
        return Err(RecordError::AnotherIdentity {
            record: record.account.clone(),
            asked: identity.to_owned(),
        });
    }
    let account = rebuild(record, identity, proven.market(), proven.shape().money_bits)?;
    let salts = elements("salts", record.salts.iter())?;
    let states = states(proven.shape().money_bits, &account, &salts);
    let states = states.filter(|states| !states.is_empty()).ok_or_else(|| {
        wrong(
            "salts",
            format!(
                "{} of them, one for each block of the leaf are due",
                salts.len()
            ),
        )
    })?;
    let leaf = states.last().copied().unwrap_or_default();
    climb(leaf, record.slot, &record.path, proven)?;
    Ok((account, states))
}

/// Checks that a slot holds a value, by what leads from it to the proven root.
pub(crate) fn climb(
    value: Fr,
    slot: u64,
    siblings: &[[String; RATE - 1]],
    proven: &Proven,
) -> Result<(), RecordError> {
    let mut path = Vec::with_capacity(siblings.len());
    for siblings in siblings {
        let siblings = elements("path", siblings.iter())?;
        path.push(
            <[Fr; RATE - 1]>::try_from(siblings)
                .map_err(|_| wrong("path", "seven siblings a level are due"))?,
        );
    }
    let (capacity, shards) = (proven.shape().capacity(), proven.shards());
    let root = usize::try_from(slot)
        .ok()
        .and_then(|slot| root_from_path(value, slot, capacity, shards, &path))
        .ok_or_else(|| {
            wrong(
                "slot",
                format!(
                    "{} with a path of {} levels is no place in a tree of {shards} times {capacity}",
                    slot,
                    path.len()
                ),
            )
        })?;
    if root != proven.root() {
        return Err(RecordError::NotIncluded);
    }
    Ok(())
}

fn verify_against(
    record: &Record,
    identity: &str,
    proven: &Proven,
) -> Result<RecordReport, RecordError> {
    let (account, _) = open(record, identity, proven)?;
    Ok(RecordReport {
        statement: record.statement,
        account: identity.to_owned(),
        class: record.class.clone(),
        pools: shown_pools(record, &account, proven)?,
    })
}

/// The pools of a record whose account is in the statement, with what their figures rest on.
///
/// # Errors
/// Where a figure does not follow from the holdings.
pub(crate) fn shown_pools(
    record: &Record,
    account: &Account,
    proven: &Proven,
) -> Result<Vec<RecordPool>, RecordError> {
    let mut pools = Vec::with_capacity(record.pools.len());
    for (shown, pool) in record.pools.iter().zip(&account.pools) {
        let figures = recompute(shown, pool, proven)?;
        pools.push(RecordPool {
            figures,
            ..shown.clone()
        });
    }
    Ok(pools)
}

fn wrong(field: impl Into<String>, problem: impl Into<String>) -> RecordError {
    RecordError::Field {
        field: field.into(),
        problem: problem.into(),
    }
}

fn elements<'a>(
    field: &str,
    texts: impl Iterator<Item = &'a String>,
) -> Result<Vec<Fr>, RecordError> {
    texts
        .map(|text| {
            field::from_hex(text).ok_or_else(|| {
                wrong(
                    field,
                    format!("{text:?} is not a field element of 64 hex digits"),
                )
            })
        })
        .collect()
}

/// The account in the statement's integers, from the customer's numbers and identity.
fn rebuild(
    record: &Record,
    identity: &str,
    market: &MarketSource,
    money_bits: u32,
) -> Result<Account, RecordError> {
    let class = Class::ALL
        .into_iter()
        .find(|class| class.name() == record.class)
        .ok_or_else(|| {
            wrong(
                "class",
                format!("{:?} is not customer, house or fund", record.class),
            )
        })?;
    if record.pools.is_empty() || !record.pools.is_sorted_by(|a, b| a.pool < b.pool) {
        return Err(wrong("pools", "one or more are due, in order of name"));
    }
    let mut pools = Vec::with_capacity(record.pools.len());
    for (index, pool) in record.pools.iter().enumerate() {
        let place = format!("pools[{index}].holdings");
        let mut rows = Vec::with_capacity(pool.holdings.len());
        for (index, row) in pool.holdings.iter().enumerate() {
            rows.push(
                read_row(row, market)
                    .map_err(|problem| wrong(format!("{place}[{index}]"), problem))?,
            );
        }
        rows.sort_by_key(|row| row.row);
        let holdings =
            base::holdings(&rows, market).map_err(|error| wrong(&place, error.to_string()))?;
        if !holdings
            .iter()
            .all(|holding| fits(holding, market, money_bits))
        {
            return Err(wrong(
                &place,
                format!("an amount beyond {money_bits} bits, which the circuit cannot have taken"),
            ));
        }
        pools.push(Pool {
            name: pool.pool.clone(),
            holdings,
        });
    }
    Ok(Account {
        id: identity.to_owned(),
        class,
        pools,
    })
}

/// A leaf packs amounts side by side: one that is too large would read as another symbol's.
fn fits(holding: &Holding, market: &MarketSource, money_bits: u32) -> bool {
    let kind = market.row(holding.row).map(|row| row.terms.kind());
    let bits = if kind == Some(Kind::Instrument) {
        64
    } else {
        money_bits
    };
    let limit = 1_u128
        .checked_shl(bits.saturating_sub(1))
        .unwrap_or(u128::MAX);
    holding.amount.unsigned_abs() < limit
}

fn read_row(row: &RecordRow, market: &MarketSource) -> Result<base::Row, String> {
    let number = |text: &str| Decimal::parse(text).map_err(|error| format!("{text:?} {error}"));
    let price = match (&row.entry_price, &row.cost) {
        (None, None) => RowPrice::Balance,
        (Some(entry), None) => RowPrice::Entry(number(entry)?),
        (None, Some(cost)) => RowPrice::Cost(number(cost)?),
        (Some(_), Some(_)) => return Err("both an entry price and a cost".to_owned()),
    };
    Ok(base::Row {
        row: market
            .row_of(&row.symbol)
            .ok_or_else(|| format!("{:?} is not a symbol of the market", row.symbol))?,
        quantity: number(&row.quantity)?,
        price,
    })
}

/// The figures with what they rest on: recomputed where the model is known, the venue's word where not.
fn recompute(shown: &RecordPool, pool: &Pool, proven: &Proven) -> Result<Figures, RecordError> {
    let Some(risk) = proven.risk() else {
        return Ok(shown.figures.clone().as_claims());
    };
    let limits = Limits::from(proven.shape());
    let outcome = evaluate(&proven.market().market, &risk.model, pool, limits)
        .map_err(|error| RecordError::Range(Box::new(error)))?;
    let found = Figures::of(
        &outcome,
        proven.market().quote_quantum,
        Standing::Recomputable,
    );
    for ((figure, shown), (_, found)) in shown.figures.named().into_iter().zip(found.named()) {
        if shown.amount != found.amount {
            return Err(RecordError::Figure {
                pool: pool.name.clone(),
                figure,
                shown: shown.amount.clone(),
                found: found.amount.clone(),
            });
        }
    }
    Ok(found)
}
