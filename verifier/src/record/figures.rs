//! What a pool's holdings come to, and on what each figure rests.

use serde::{Deserialize, Serialize};
use zkmargin_circuits::relation::PoolOutcome;
use zkmargin_circuits::units::{format_signed, Decimal};

/// What a figure rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It follows from the holdings, the public market and the public model: anyone can recompute it.
    Recomputable,
    /// The venue says so; its model is private.
    Claim,
}

/// An amount in the quote currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figure {
    /// Decimal, in the quote currency.
    pub amount: String,
    /// What it rests on.
    pub standing: Standing,
}

/// The figures of a pool, in the quote currency. (Its holdings are proven, and so is that these
/// figures went into the totals.)
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figures {
    /// Worth after haircuts.
    pub equity: Figure,
    /// Worth before haircuts.
    pub value: Figure,
    /// What the pool must be worth not to be liquidated.
    pub maintenance: Figure,
    /// What it must be worth to open.
    pub initial: Figure,
    /// What it can lose before it is liquidated: equity less maintenance. Below zero it is deficient.
    pub liquidation_distance: Figure,
}

impl Figures {
    /// The figures of an outcome, in a quote quantum.
    pub fn of(outcome: &PoolOutcome, quote_quantum: Decimal, standing: Standing) -> Self {
        let figure = |amount| Figure {
            amount: format_signed(amount, quote_quantum),
            standing,
        };
        Self {
            equity: figure(outcome.equity),
            value: figure(outcome.value),
            maintenance: figure(outcome.maintenance),
            initial: figure(outcome.initial),
            // Both are below 2^95.
            liquidation_distance: figure(outcome.equity.saturating_sub(outcome.maintenance)),
        }
    }

    /// The same amounts on the venue's word.
    #[must_use]
    pub fn as_claims(mut self) -> Self {
        for figure in [
            &mut self.equity,
            &mut self.value,
            &mut self.maintenance,
            &mut self.initial,
            &mut self.liquidation_distance,
        ] {
            figure.standing = Standing::Claim;
        }
        self
    }

    /// The figures by name.
    pub fn named(&self) -> [(&'static str, &Figure); 5] {
        [
            ("equity", &self.equity),
            ("value", &self.value),
            ("maintenance", &self.maintenance),
            ("initial", &self.initial),
            ("liquidation distance", &self.liquidation_distance),
        ]
    }
}
