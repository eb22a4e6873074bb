//! What a walk over all shards of a book comes upon.

use std::collections::{BTreeMap, BTreeSet};

use zkmargin_circuits::book::{Account, Class};
use zkmargin_circuits::field::to_hex;
use zkmargin_circuits::market::{Kind, Market};
use zkmargin_circuits::relation::Totals;
use zkmargin_circuits::statement::{Amount, Digest};
use zkmargin_circuits::units::Decimal;
use zkmargin_verifier::audit::{
    ClassLists, DeficientPool, Largest, Ranked, Ranking, ShardCounts, LARGEST,
};

use crate::error::ProveError;
use crate::shard::{PlacedAccount, PlannedShard};
use crate::snapshot::LoadedSnapshot;

/// What a walk over all shards comes upon.
pub(super) struct Survey<'a> {
    snapshot: &'a LoadedSnapshot,
    pub counts: Vec<ShardCounts>,
    pub classes: ClassLists,
    pub deficient: Vec<DeficientPool>,
    pub tops: Tops,
    /// Accounts that the pack names, by index in the book.
    pub named: BTreeSet<u32>,
}

impl<'a> Survey<'a> {
    pub fn new(snapshot: &'a LoadedSnapshot) -> Result<Self, ProveError> {
        let mut classes = ClassLists::default();
        let mut named = BTreeSet::new();
        // In order of id.
        for (id, class) in &snapshot.header.classes {
            match class {
                Class::Customer => continue,
                Class::House => classes.house.push(id.clone()),
                Class::Fund => classes.fund.push(id.clone()),
            }
            let index = snapshot.book.index_of(id)?;
            named.extend(index.and_then(|index| u32::try_from(index).ok()));
        }
        Ok(Self {
            snapshot,
            counts: Vec::new(),
            classes,
            deficient: Vec::new(),
            tops: Tops::new(&snapshot.market.market),
            named,
        })
    }

    pub fn add(
        &mut self,
        shard: &PlannedShard,
        accounts: impl Iterator<Item = usize>,
    ) -> Result<(), ProveError> {
        self.counts.push(ShardCounts {
            shard: self.counts.len() as u64,
            accounts: shard.plan.totals.accounts,
            pools: shard.plan.totals.pools,
            salt: Digest::from_hex(&to_hex(&shard.plan.counts_salt)).unwrap_or_default(),
        });
        for (index, placed) in accounts.zip(&shard.accounts) {
            let account = self.snapshot.book.account(index)?;
            for (pool, outcome) in account.pools.iter().zip(&placed.outcomes) {
                let lacks = Totals::from(outcome).shortfall;
                if lacks == 0 {
                    continue;
                }
                let quantum = self.snapshot.market.quote_quantum;
                self.deficient.push(DeficientPool {
                    account: account.id.clone(),
                    pool: pool.name.clone(),
                    shortfall: Amount::unsigned(lacks, quantum).to_string(),
                });
                self.named.insert(index as u32);
            }
            self.tops.add(self.snapshot, index, &account, placed);
        }
        Ok(())
    }
}

/// Amounts and whose they are, largest first: no more than a ranking lists.
type Top = Vec<(u128, u32)>;

/// The largest accounts by market row - 1 of a first variant.
pub(super) struct Tops {
    claims: Vec<Top>,
    debts: Vec<Top>,
    long: Vec<Top>,
    short: Vec<Top>,
}

impl Tops {
    fn new(market: &Market) -> Self {
        let none = || vec![Top::new(); market.symbols.len()];
        Self {
            claims: none(),
            debts: none(),
            long: none(),
            short: none(),
        }
    }

    /// Ranks an account among the others.
    fn add(
        &mut self,
        snapshot: &LoadedSnapshot,
        index: usize,
        account: &Account,
        placed: &PlacedAccount,
    ) {
        let symbols = &snapshot.market.market.symbols;
        // By row, what its pools have above and below zero.
        let mut sums: BTreeMap<usize, (u128, u128)> = BTreeMap::new();
        for (pool, outcome) in account.pools.iter().zip(&placed.outcomes) {
            for (holding, outcome) in pool.holdings.iter().zip(&outcome.holdings) {
                let first = usize::from(symbols[usize::from(holding.row) - 1].first) - 1;
                let (above, below) = sums.entry(first).or_default();
                let side = if outcome.negative { below } else { above };
                *side += outcome.amount.unsigned_abs();
            }
        }
        for (row, (above, below)) in sums {
            let (positive, negative) = match symbols[row].kind {
                Kind::Asset => (&mut self.claims, &mut self.debts),
                Kind::Instrument => (&mut self.long, &mut self.short),
            };
            for (top, amount) in [(&mut positive[row], above), (&mut negative[row], below)] {
                if amount > 0 {
                    rank(top, amount, index as u32);
                }
            }
        }
    }

    /// Every account that is ranked.
    pub fn accounts(&self) -> impl Iterator<Item = u32> + '_ {
        let all = [&self.claims, &self.debts, &self.long, &self.short];
        let tops = all.into_iter().flatten().flatten();
        tops.map(|(_, account)| *account)
    }

    pub fn rankings(&self, snapshot: &LoadedSnapshot) -> Result<Largest, ProveError> {
        let ranked = |(amount, account): &(u128, u32), unit: Decimal| {
            Ok(Ranked {
                account: snapshot.book.account(*account as usize)?.id,
                amount: Amount::unsigned(*amount, unit),
            })
        };
        let of = |tops: &[Top]| -> Result<Vec<Ranking>, ProveError> {
            let rows = tops.iter().zip(&snapshot.market.market.symbols);
            rows.zip(&snapshot.market.rows)
                .filter(|((top, _), _)| !top.is_empty())
                .map(|((top, symbol), row)| {
                    let accounts = top.iter().map(|place| ranked(place, row.terms.unit()));
                    Ok(Ranking {
                        id: symbol.family.clone(),
                        accounts: accounts.collect::<Result<_, ProveError>>()?,
                    })
                })
                .collect()
        };
        Ok(Largest {
            claims: of(&self.claims)?,
            debts: of(&self.debts)?,
            long: of(&self.long)?,
            short: of(&self.short)?,
        })
    }
}

fn rank(top: &mut Top, amount: u128, account: u32) {
    let place = top.partition_point(|(other, _)| *other >= amount);
    if place < LARGEST {
        top.insert(place, (amount, account));
        top.truncate(LARGEST);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_the_largest() {
        let mut top = Top::new();
        for (account, amount) in [5, 1, 9, 5, 7, 0, 9].into_iter().enumerate() {
            rank(&mut top, amount, account as u32);
        }
        assert_eq!(top, [(9, 2), (9, 6), (7, 4)]);
    }
}
