//! Who holds and owes most of each coin and contract, and what that leaves for others.

use std::collections::BTreeMap;

use serde::Serialize;
use zkmargin_circuits::market::Kind;
use zkmargin_circuits::statement::Amount;
use zkmargin_circuits::units::Decimal;

use super::opened::{Accounts, OpenedAccount};
use super::{Largest, Ranking, LARGEST};
use crate::report::Proven;

/// What is ranked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Held {
    /// Claims of a coin.
    Claims,
    /// Debts of a coin.
    Debts,
    /// Long positions of a contract.
    Long,
    /// Short positions of a contract.
    Short,
}

/// An account's part in what is held of a coin or contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Share {
    /// The account.
    pub account: String,
    /// In units.
    pub amount: Amount,
    /// Of the total, rounded down to four decimals.
    pub share: String,
}

/// The largest accounts of a coin or contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Concentration {
    /// What is ranked.
    pub held: Held,
    /// The coin or contract.
    pub id: String,
    /// What all accounts hold or owe together: proven.
    pub total: Amount,
    /// The accounts listed, largest first.
    pub accounts: Vec<Share>,
    /// What all others hold or owe together.
    pub rest: Amount,
    /// Whether no other account can have more than the last one listed, because the rest is no more.
    /// Where it is false that is the venue's word.
    pub shown_to_be_largest: bool,
}

/// A coin or contract of which anything is held.
struct Family<'a> {
    /// Market row - 1 of its first variant.
    row: usize,
    id: &'a str,
    unit: Decimal,
    total: u128,
}

impl Held {
    const ALL: [Held; 4] = [Held::Claims, Held::Debts, Held::Long, Held::Short];

    fn listed(self, lists: &Largest) -> &[Ranking] {
        match self {
            Held::Claims => &lists.claims,
            Held::Debts => &lists.debts,
            Held::Long => &lists.long,
            Held::Short => &lists.short,
        }
    }

    /// What an account has, by market row - 1.
    fn of(self, account: &OpenedAccount) -> impl Iterator<Item = (usize, u128)> + '_ {
        let sides = match self {
            Held::Claims | Held::Debts => &account.coins,
            Held::Long | Held::Short => &account.contracts,
        };
        sides.iter().map(move |(row, (first, second))| match self {
            Held::Claims | Held::Long => (*row, *first),
            Held::Debts | Held::Short => (*row, *second),
        })
    }

    /// What is proven to be held of a row's coin or contract. None where it is neither.
    fn total(self, row: usize, proven: &Proven) -> Option<u128> {
        let totals = proven.totals();
        let coins = || {
            let classes = totals.coins.iter();
            let mut sum = (0u128, 0u128);
            for (claims, debts) in classes.filter_map(|coins| coins.get(row)) {
                sum = (sum.0.saturating_add(*claims), sum.1.saturating_add(*debts));
            }
            sum
        };
        let (net, long) = *totals.contracts.get(row)?;
        match self {
            Held::Claims => Some(coins().0),
            Held::Debts => Some(coins().1),
            Held::Long => Some(long),
            // Net is long less short.
            Held::Short => i128::try_from(long)
                .ok()?
                .checked_sub(net)
                .and_then(|short| u128::try_from(short).ok()),
        }
    }

    fn families(self, proven: &Proven) -> Vec<Family<'_>> {
        let kind = match self {
            Held::Claims | Held::Debts => Kind::Asset,
            Held::Long | Held::Short => Kind::Instrument,
        };
        let market = proven.market();
        let symbols = market.market.symbols.iter().zip(&market.rows).enumerate();
        symbols
            .filter(|(row, (symbol, _))| {
                symbol.kind == kind && usize::from(symbol.first) == row.saturating_add(1)
            })
            .filter_map(|(row, (symbol, source))| {
                let total = self.total(row, proven).filter(|total| *total > 0)?;
                Some(Family {
                    row,
                    id: &symbol.family,
                    unit: source.terms.unit(),
                    total,
                })
            })
            .collect()
    }
}

/// Checks all rankings against the accounts that are opened and the proven totals.
pub(super) fn check(
    lists: &Largest,
    accounts: &Accounts<'_>,
    proven: &Proven,
) -> Result<(Vec<Concentration>, String), String> {
    let mut found = Vec::new();
    for held in Held::ALL {
        let mut by_row: BTreeMap<usize, BTreeMap<&str, u128>> = BTreeMap::new();
        for account in accounts.iter() {
            for (row, amount) in held.of(account).filter(|(_, amount)| *amount > 0) {
                let of_row = by_row.entry(row).or_default();
                of_row.insert(&account.account.id, amount);
            }
        }
        let families = held.families(proven);
        let listed = held.listed(lists);
        if !families
            .iter()
            .map(|family| family.id)
            .eq(listed.iter().map(|ranking| ranking.id.as_str()))
        {
            return Err(format!(
                "{held:?}: the rankings are not one for each coin or contract of which there is any, in the order of the market"
            ));
        }
        for (family, ranking) in families.iter().zip(listed) {
            let opened = by_row.remove(&family.row).unwrap_or_default();
            let concentration = rank(held, family, ranking, &opened)
                .map_err(|problem| format!("{held:?} of {}: {problem}", family.id))?;
            found.push(concentration);
        }
    }
    let shown = found
        .iter()
        .filter(|found| found.shown_to_be_largest)
        .count();
    let detail = format!(
        "{} rankings of accounts that are opened; {shown} leave no room for a larger one",
        found.len()
    );
    Ok((found, detail))
}

fn rank(
    held: Held,
    family: &Family<'_>,
    ranking: &Ranking,
    opened: &BTreeMap<&str, u128>,
) -> Result<Concentration, String> {
    let amount = |units| Amount::unsigned(units, family.unit);
    let mut others = opened.clone();
    let mut accounts = Vec::new();
    let (mut least, mut rest) = (u128::MAX, family.total);
    for ranked in &ranking.accounts {
        let id = ranked.account.as_str();
        let units = others
            .remove(id)
            .ok_or_else(|| format!("{id:?} is not opened, has none or is listed twice"))?;
        if ranked.amount != amount(units) {
            return Err(format!(
                "{id:?} has {}, the pack says {}",
                amount(units),
                ranked.amount
            ));
        }
        if units > least {
            return Err(format!("{id:?} is listed after one that has less"));
        }
        least = units;
        rest = rest
            .checked_sub(units)
            .ok_or("more is listed than there is")?;
        accounts.push(Share {
            account: ranked.account.clone(),
            amount: amount(units),
            share: share(units, family.total),
        });
    }
    if accounts.len() > LARGEST || (accounts.len() < LARGEST && rest > 0) {
        return Err(format!(
            "{} accounts are listed, where {LARGEST} are due, or all",
            accounts.len()
        ));
    }
    if let Some((id, _)) = others.iter().find(|(_, units)| **units > least) {
        return Err(format!("{id:?} has more than the last one listed"));
    }
    Ok(Concentration {
        held,
        id: ranking.id.clone(),
        total: amount(family.total),
        accounts,
        rest: amount(rest),
        shown_to_be_largest: rest <= least,
    })
}

/// A part of a whole that is not 0, rounded down to four decimals.
fn share(part: u128, whole: u128) -> String {
    // Of amounts of more than 114 bits the last digits do not show.
    let parts = match part.checked_mul(10_000) {
        Some(parts) => parts.checked_div(whole),
        None => part.checked_div(whole.checked_div(10_000).unwrap_or_default()),
    };
    let parts = parts.unwrap_or_default();
    let of = |divisor: u128| parts.checked_div(divisor).unwrap_or_default();
    let fraction = parts.checked_rem(10_000).unwrap_or_default();
    format!("{}.{fraction:04}", of(10_000))
}
