//! Statements of several epochs: whether each follows the one before, and what changed.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use zkmargin_circuits::book::Class;
use zkmargin_circuits::statement::{
    context_digest, Amount, ClassFigures, CoinFigures, Digest, Statement,
};

/// What changed from the statement before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Changes {
    /// Epoch of the statement before.
    pub epoch: u64,
    /// Its time.
    pub time: String,
    /// Shape of the circuit: digests of market and model depend on it too.
    pub shape: Change<String>,
    /// Market digest. It changes with every price.
    pub market: Change<Digest>,
    /// Model digest. It changes with the market's list of symbols and their units too.
    pub risk_model: Change<Digest>,
    /// Coins that came and went.
    pub coins: Symbols,
    /// Contracts that came and went.
    pub contracts: Symbols,
    /// Claims and debts by class and coin, of both statements' coins.
    pub amounts: Vec<CoinChange>,
}

/// A value before and now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change<T> {
    /// In the statement before.
    pub old: T,
    /// In this one.
    pub new: T,
    /// Whether they differ.
    pub changed: bool,
}

/// What came to a list and what went from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Symbols {
    /// In this statement only.
    pub added: Vec<String>,
    /// In the statement before only.
    pub removed: Vec<String>,
    /// Whether any did, or the order is another.
    pub changed: bool,
}

/// What a class holds of a coin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CoinChange {
    /// Name of the class.
    pub class: &'static str,
    /// The coin.
    pub coin: String,
    /// Its claims.
    pub claims: AmountChange,
    /// Its debts.
    pub debts: AmountChange,
}

/// An amount in units of its coin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AmountChange {
    /// In the statement before; none where it had no such coin.
    pub old: Option<Amount>,
    /// In this one; none where it has no such coin.
    pub new: Option<Amount>,
    /// New less old, a coin that is not there counting as zero. None beyond what can be computed,
    /// which no amount of a statement that holds is.
    pub difference: Option<Amount>,
}

/// A statement, read, and its digest.
struct Link {
    statement: Statement,
    digest: Digest,
}

/// Whether statements follow each other, `earlier` in order of time and `statement` last, and what
/// changed from the last of them. Their proofs are not looked at.
///
/// # Errors
/// What does not follow, in words.
pub(crate) fn follows(
    statement: &Statement,
    earlier: &[&[u8]],
) -> Result<(Changes, String), String> {
    let links = earlier
        .iter()
        .map(|bytes| {
            let statement =
                Statement::parse_canonical(bytes).map_err(|error| format!("a previous {error}"))?;
            let digest = Digest(context_digest(bytes));
            Ok(Link { statement, digest })
        })
        .collect::<Result<Vec<_>, String>>()?;
    let later = links.iter().skip(1).map(|link| &link.statement);
    for (link, later) in links.iter().zip(later.chain([statement])) {
        link.leads_to(later)?;
    }
    let (Some(first), Some(last)) = (links.first(), links.last()) else {
        return Err("no previous statement was given".to_owned());
    };
    let last = &last.statement;
    let detail = match links.len() {
        1 => format!(
            "follows epoch {} of {}; that one's proof was not checked here",
            last.epoch, last.time
        ),
        _ => format!(
            "follows epochs {} to {}, the last of {}; their proofs were not checked here",
            first.statement.epoch, last.epoch, last.time
        ),
    };
    Ok((Changes::between(last, statement), detail))
}

impl Link {
    fn leads_to(&self, later: &Statement) -> Result<(), String> {
        let earlier = &self.statement;
        if later.previous != Some(self.digest) {
            let stated = later
                .previous
                .map_or_else(|| "none".to_owned(), |digest| digest.to_string());
            return Err(format!(
                "the statement of epoch {} has digest {}, that of epoch {} says {stated}; previous ones are given in order of time",
                earlier.epoch, self.digest, later.epoch
            ));
        }
        if later.venue != earlier.venue {
            return Err(format!(
                "epoch {} is of {:?}, epoch {} of {:?}",
                earlier.epoch, earlier.venue, later.epoch, later.venue
            ));
        }
        if Some(later.epoch) != earlier.epoch.checked_add(1) {
            return Err(format!(
                "epoch {} does not follow {}",
                later.epoch, earlier.epoch
            ));
        }
        // One form, UTC, to the second: the order of the text is that of time.
        if later.time <= earlier.time {
            return Err(format!("{} is not later than {}", later.time, earlier.time));
        }
        Ok(())
    }
}

impl Changes {
    fn between(old: &Statement, new: &Statement) -> Self {
        let contracts = |statement: &Statement| -> Vec<String> {
            let contracts = statement.contracts.iter();
            contracts.map(|contract| contract.id.clone()).collect()
        };
        let coins = |statement: &Statement| -> Vec<String> {
            let coins = statement.classes.customer.coins.iter();
            coins.map(|coin| coin.id.clone()).collect()
        };
        let amounts = Class::ALL
            .into_iter()
            .flat_map(|class| amounts(class, old.classes.of(class), new.classes.of(class)))
            .collect();
        Self {
            epoch: old.epoch,
            time: old.time.clone(),
            shape: Change::of(old.circuit.shape.clone(), new.circuit.shape.clone()),
            market: Change::of(old.market, new.market),
            risk_model: Change::of(old.risk_model, new.risk_model),
            coins: Symbols::between(&coins(old), &coins(new)),
            contracts: Symbols::between(&contracts(old), &contracts(new)),
            amounts,
        }
    }
}

impl<T: PartialEq> Change<T> {
    fn of(old: T, new: T) -> Self {
        let changed = old != new;
        Self { old, new, changed }
    }
}

impl Symbols {
    fn between(old: &[String], new: &[String]) -> Self {
        let without = |list: &[String], other: &[String]| -> Vec<String> {
            let other: BTreeSet<_> = other.iter().collect();
            let only = list.iter().filter(|id| !other.contains(id));
            only.cloned().collect()
        };
        Self {
            added: without(new, old),
            removed: without(old, new),
            changed: old != new,
        }
    }
}

/// Every coin of the new statement in its order, then those that went.
fn amounts(class: Class, old: &ClassFigures, new: &ClassFigures) -> Vec<CoinChange> {
    let by_id = |figures: &ClassFigures| -> BTreeMap<String, CoinFigures> {
        let coins = figures.coins.iter();
        coins.map(|coin| (coin.id.clone(), coin.clone())).collect()
    };
    let (before, now) = (by_id(old), by_id(new));
    let ids = new.coins.iter().map(|coin| &coin.id);
    let gone = old.coins.iter().map(|coin| &coin.id);
    ids.chain(gone.filter(|id| !now.contains_key(*id)))
        .map(|id| {
            let change = |amount: fn(&CoinFigures) -> &Amount| {
                let of = |coins: &BTreeMap<String, CoinFigures>| {
                    coins.get(id).map(|coin| amount(coin).clone())
                };
                AmountChange::of(of(&before), of(&now))
            };
            CoinChange {
                class: class.name(),
                coin: id.clone(),
                claims: change(|coin| &coin.claims),
                debts: change(|coin| &coin.debts),
            }
        })
        .collect()
}

impl AmountChange {
    fn of(old: Option<Amount>, new: Option<Amount>) -> Self {
        let or_zero = |amount: &Option<Amount>| amount.clone().unwrap_or_default();
        let difference = or_zero(&new).minus(&or_zero(&old));
        Self {
            old,
            new,
            difference,
        }
    }
}
