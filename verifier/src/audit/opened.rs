//! Accounts that records open, and what their slots and others hold.

use std::collections::BTreeMap;

use ff::Field;
use halo2_proofs::halo2curves::bn256::Fr;
use rayon::prelude::*;
use zkmargin_circuits::book::{Account, Class};
use zkmargin_circuits::field;
use zkmargin_circuits::leaf::{block, leaf_tag, Header, HOLDING_ELEMENTS};
use zkmargin_circuits::market::{Kind, Market};
use zkmargin_circuits::relation::{evaluate_account, Limits, PoolOutcome, Totals};
use zkmargin_circuits::shape::WINDOW_ROWS;

use super::{Holds, SampledSlot};
use crate::record::{climb, open, shown_pools, Record, RecordError};
use crate::report::Proven;

/// Two magnitudes of a coin or contract: claims and debts in quanta, or long and short in lots.
type Sides = (u128, u128);

/// An account that a record opens.
pub(super) struct OpenedAccount {
    pub account: Account,
    slot: u64,
    /// The state after each block of its leaf.
    states: Vec<Fr>,
    /// Claims and debts, by market row - 1 of a coin's first variant.
    pub coins: BTreeMap<usize, Sides>,
    /// Long and short, by market row - 1 of a contract's first variant.
    pub contracts: BTreeMap<usize, Sides>,
    /// What the statement says of its pools, where the model is known.
    outcomes: Option<Vec<PoolOutcome>>,
}

/// All accounts that a pack opens, by id.
pub(super) struct Accounts<'a>(BTreeMap<&'a str, OpenedAccount>);

/// Opens every record.
pub(super) fn open_all<'a>(
    records: &'a [Record],
    proven: &Proven,
) -> Result<(Accounts<'a>, String), String> {
    if !records.is_sorted_by(|a, b| a.slot < b.slot) {
        return Err("the records are not in order of slot, each slot once".to_owned());
    }
    let opened: Vec<Result<OpenedAccount, String>> = records
        .par_iter()
        .map(|record| {
            OpenedAccount::new(record, proven)
                .map_err(|problem| format!("{:?}: {problem}", record.account))
        })
        .collect();
    let mut accounts = BTreeMap::new();
    for (record, opened) in records.iter().zip(opened) {
        if accounts.insert(record.account.as_str(), opened?).is_some() {
            return Err(format!("{:?} is in the tree twice", record.account));
        }
    }
    let detail = format!("{} accounts lead to the proven root", accounts.len());
    Ok((Accounts(accounts), detail))
}

impl<'a> Accounts<'a> {
    fn get(&self, id: &str) -> Result<&OpenedAccount, String> {
        self.0
            .get(id)
            .ok_or_else(|| format!("{id:?} is not opened"))
    }

    /// All of them, in order of id.
    pub fn iter(&self) -> impl Iterator<Item = &OpenedAccount> {
        self.0.values()
    }

    /// The accounts with what the statement says of their pools; none where the model is not known.
    pub fn outcomes(&self) -> Option<Vec<(&Account, &[PoolOutcome])>> {
        self.iter()
            .map(|opened| Some((&opened.account, opened.outcomes.as_deref()?)))
            .collect()
    }

    /// The ids of a class, in order.
    pub fn of_class(&self, class: Class) -> impl Iterator<Item = &str> {
        self.of(class).map(|opened| opened.account.id.as_str())
    }

    fn of(&self, class: Class) -> impl Iterator<Item = &OpenedAccount> {
        self.iter()
            .filter(move |opened| opened.account.class == class)
    }

    /// Whether the accounts of a class that are opened come to all that is proven of the class. No
    /// total can be below zero, so then no other account has a part in one.
    ///
    /// # Errors
    /// A total that they do not come to, in words.
    pub fn hold_all_of(&self, class: Class, proven: &Proven) -> Result<(), String> {
        let mut coins: BTreeMap<usize, Sides> = BTreeMap::new();
        for opened in self.of(class) {
            for (row, amounts) in &opened.coins {
                add(coins.entry(*row).or_default(), *amounts);
            }
        }
        let outcomes: Option<Vec<_>> = self
            .of(class)
            .map(|opened| opened.outcomes.as_ref())
            .collect();
        // Each is of a pool in range, and records are too few to leave 128 bits.
        let totals = outcomes.map(|outcomes| {
            let pools = outcomes.into_iter().flatten().map(Totals::from);
            pools.collect::<Vec<_>>().iter().sum::<Totals>()
        });
        let market = &proven.market().market;
        let proven_coins = proven.totals().coins.get(class.index());
        for (row, proven) in proven_coins.into_iter().flatten().enumerate() {
            let found = coins.get(&row).copied().unwrap_or_default();
            if found != *proven {
                let coin = market.symbols.get(row).map_or("", |symbol| &symbol.family);
                return Err(format!("claims or debts of {coin}"));
            }
        }
        match (proven.risk(), totals) {
            (Some(_), Some(totals)) if totals != *proven.totals().of(class) => {
                Err("equity, requirements or deficits".to_owned())
            }
            _ => Ok(()),
        }
    }
}

fn add(sum: &mut Sides, more: Sides) {
    // A sum that does not fit is none of any proven total.
    sum.0 = sum.0.saturating_add(more.0);
    sum.1 = sum.1.saturating_add(more.1);
}

impl OpenedAccount {
    fn new(record: &Record, proven: &Proven) -> Result<Self, String> {
        let false_record = |error: RecordError| error.to_string();
        let opened = open(record, &record.account, proven).map_err(false_record)?;
        let (account, states) = opened;
        shown_pools(record, &account, proven).map_err(false_record)?;
        let market = &proven.market().market;
        let (coins, contracts) =
            amounts(&account, market).ok_or("amounts beyond any statement's range")?;
        let outcomes = proven
            .risk()
            .map(|risk| {
                let limits = Limits::from(proven.shape());
                evaluate_account(market, &risk.model, &account, limits)
            })
            .transpose()
            .map_err(|error| error.to_string())?;
        Ok(Self {
            account,
            slot: record.slot,
            states,
            coins,
            contracts,
            outcomes,
        })
    }

    /// The state before the first block of a pool.
    fn state_before(&self, pool: usize) -> Option<Fr> {
        let before = self.account.pools.get(..pool)?;
        self.account.pools.get(pool)?;
        let blocks = before.iter().map(|pool| {
            let blocks = pool.holdings.len().div_ceil(WINDOW_ROWS);
            blocks.max(1)
        });
        match blocks.sum::<usize>().checked_sub(1) {
            None => Some(leaf_tag()),
            Some(last) => self.states.get(last).copied(),
        }
    }
}

/// What an account's pools claim and owe by coin, and hold by contract. None beyond 128 bits.
fn amounts(
    account: &Account,
    market: &Market,
) -> Option<(BTreeMap<usize, Sides>, BTreeMap<usize, Sides>)> {
    let symbol = |row: u16| market.symbols.get(usize::from(row).checked_sub(1)?);
    let mut coins: BTreeMap<usize, Sides> = BTreeMap::new();
    let mut contracts: BTreeMap<usize, Sides> = BTreeMap::new();
    let mut put = |to: Kind, row: u16, amount: i128| {
        let sides = match amount >= 0 {
            true => (amount.unsigned_abs(), 0),
            false => (0, amount.unsigned_abs()),
        };
        let family = usize::from(symbol(row)?.first).checked_sub(1)?;
        let of_kind = match to {
            Kind::Asset => &mut coins,
            Kind::Instrument => &mut contracts,
        };
        add(of_kind.entry(family).or_default(), sides);
        Some(())
    };
    for pool in &account.pools {
        // What each asset of the pool comes to, with the positions settled in it.
        let mut worth: BTreeMap<u16, i128> = BTreeMap::new();
        for holding in &pool.holdings {
            let symbol = symbol(holding.row)?;
            let (asset, amount) = match symbol.kind {
                Kind::Asset => (holding.row, holding.amount),
                Kind::Instrument => {
                    put(Kind::Instrument, holding.row, holding.amount)?;
                    let marked = holding.amount.checked_mul(symbol.mark.into())?;
                    (symbol.settlement, marked)
                }
            };
            let sum = worth.entry(asset).or_default();
            *sum = sum.checked_add(amount)?;
        }
        for (asset, amount) in worth {
            put(Kind::Asset, asset, amount)?;
        }
    }
    Some((coins, contracts))
}

/// Whether a slot holds what a pack says.
///
/// # Errors
/// Why it does not, in words.
pub(super) fn slot_holds(
    opened: &SampledSlot,
    accounts: &Accounts<'_>,
    proven: &Proven,
) -> Result<(), String> {
    let index = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let window = |state, header: &Header, salt: &str| {
        let salt = field::from_hex(salt).ok_or("the salt is not a field element")?;
        let elements = [Fr::ZERO; HOLDING_ELEMENTS];
        Ok::<Fr, String>(block(state, elements, header, Fr::ZERO, salt))
    };
    let (value, path, what) = match &opened.holds {
        Holds::Leaf { account } => {
            let slot = accounts.get(account)?.slot;
            if slot != opened.slot {
                return Err(format!("the leaf of {account:?} is at slot {slot}"));
            }
            // The record has led to the root.
            return Ok(());
        }
        Holds::Block {
            account,
            block,
            path,
        } => {
            let found = accounts.get(account)?;
            let inner = found
                .states
                .split_last()
                .map_or(&[][..], |(_, inner)| inner);
            let state = inner.get(index(*block)).copied();
            let state =
                state.ok_or_else(|| format!("{account:?} has no such block before its leaf"))?;
            (state, path, "block of that account")
        }
        Holds::Scan {
            account,
            pool,
            salt,
            path,
        } => {
            let found = accounts.get(account)?;
            let state = found.state_before(index(*pool));
            let state = state.ok_or_else(|| format!("{account:?} has no such pool"))?;
            let header = Header {
                absorbed: false,
                pool_end: false,
                account_end: false,
                class: found.account.class,
            };
            (window(state, &header, salt)?, path, "scan of that pool")
        }
        Holds::Empty { salt, path } => {
            let header = Header {
                absorbed: true,
                pool_end: true,
                account_end: true,
                class: Class::Customer,
            };
            (
                window(leaf_tag(), &header, salt)?,
                path,
                "empty slot of that salt",
            )
        }
    };
    climb(value, opened.slot, path, proven).map_err(|error| format!("it is no {what}: {error}"))
}
