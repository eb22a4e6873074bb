//! `zkmargin check`: the whole statement in plain integers.

use std::cmp::Reverse;
use std::io::{self, Write};

use serde::Serialize;
use zkmargin_circuits::book::Account;
use zkmargin_circuits::relation::{evaluate_account, BookTotals, Limits, PoolOutcome, Totals};
use zkmargin_circuits::shape::Shape;
use zkmargin_circuits::statement::{Amount, ProofFields, Statement, Unproven};
use zkmargin_circuits::units::Decimal;
use zkmargin_circuits::verdict::{fund, Basis, Verdict};
use zkmargin_prover::accounts::Scratch;
use zkmargin_prover::snapshot::LoadedSnapshot;

use super::print_json;
use crate::args::{CheckArgs, PoolsArg};
use crate::failure::Failure;
use crate::report::{self, short, Table};
use crate::snapshot::{digests, load, scratch, shape, Windows};

/// Pools a person is shown.
const SHOWN: usize = 20;

/// One line of `pools`.
#[derive(Debug, Clone, Serialize)]
struct PoolLine {
    account: String,
    pool: String,
    class: &'static str,
    equity: Amount,
    value: Amount,
    maintenance: Amount,
    initial: Amount,
    shortfall: Amount,
    #[serde(skip)]
    lacks: u128,
}

#[derive(Serialize)]
struct CheckJson<'a> {
    verdict: Verdict,
    basis: Basis,
    qualifications: [&'static str; 1],
    statement: Unproven<'a>,
    pools: &'a [PoolLine],
}

/// What evaluating a part of the book gives.
struct Part {
    totals: BookTotals,
    windows: Windows,
    pools: Vec<PoolLine>,
}

/// Reads, evaluates and prints.
pub fn run(args: &CheckArgs) -> Result<(), Failure> {
    let scratch = scratch(args.scratch.as_deref(), Scratch::default())?;
    let loaded = load(&args.snapshot, &scratch)?;
    let Part {
        totals,
        windows,
        mut pools,
    } = evaluate(&loaded, args.pools)?;
    // Worst first; pools that lack nothing stay in the order of accounts.
    pools.sort_by_key(|pool| Reverse(pool.lacks));
    let verdict = Verdict::of(&totals);
    let shape = shape(&loaded, &windows);
    let statement = Statement::from_totals(
        &loaded.header,
        ProofFields::default(),
        shape
            .as_ref()
            .ok()
            .and_then(|shape| digests(&loaded, shape))
            .unwrap_or_default(),
        &totals,
        &loaded.market,
    );
    if args.json {
        print_json(&CheckJson {
            verdict,
            basis: Basis::Margin,
            qualifications: ["not proven"],
            statement: statement.unproven(),
            pools: &pools,
        })
    } else {
        let fund = Amount::unsigned(fund(&totals), loaded.market.quote_quantum);
        let mut text = human(&statement, &totals, verdict, &fund, &pools, args.pools);
        text += &match &shape {
            Ok(shape) => fit(shape, windows.of(shape)),
            Err(problem) => format!("no shape holds it: {problem}\n"),
        };
        io::stdout()
            .lock()
            .write_all(text.as_bytes())
            .map_err(Failure::internal)
    }
}

/// How much of a shape the book takes.
fn fit(shape: &Shape, windows: usize) -> String {
    let capacity = shape.capacity();
    match windows.div_ceil(capacity.max(1)) {
        0 | 1 => format!("one proof of shape {} holds it: {windows} of {capacity} windows\n", shape.name),
        _ => format!(
            "it takes {windows} windows; one proof of the largest shape for it, {}, holds {capacity}\n",
            shape.name
        ),
    }
}

fn evaluate(loaded: &LoadedSnapshot, listed: PoolsArg) -> Result<Part, Failure> {
    let market = &loaded.market.market;
    let quantum = loaded.market.quote_quantum;
    let part = |accounts: &[Account]| -> Result<Part, Failure> {
        let mut totals = BookTotals::new(market);
        let mut windows = Windows::default();
        let mut pools = Vec::new();
        for account in accounts {
            let in_range = |limits| evaluate_account(market, &loaded.risk.model, account, limits);
            let (outcomes, limits) = match in_range(Limits::NARROW) {
                Ok(outcomes) => (outcomes, Limits::NARROW),
                Err(_) => {
                    let outcomes = in_range(Limits::WIDE)
                        .map_err(|error| Failure::input(error.in_file(loaded.book.file)))?;
                    (outcomes, Limits::WIDE)
                }
            };
            windows.add(&outcomes, limits.money_bits);
            totals.add_account(market, account, &outcomes);
            for (pool, outcome) in account.pools.iter().zip(&outcomes) {
                let line = line(account, &pool.name, outcome, quantum);
                if listed == PoolsArg::All || line.lacks > 0 {
                    pools.push(line);
                }
            }
        }
        Ok(Part {
            totals,
            windows,
            pools,
        })
    };
    let mut whole = Part {
        totals: BookTotals::new(market),
        windows: Windows::default(),
        pools: Vec::new(),
    };
    loaded.book.each_chunk(part, |part| {
        whole.totals.merge(&part.totals);
        whole.windows.merge(&part.windows);
        whole.pools.extend(part.pools);
    })?;
    Ok(whole)
}

fn line(account: &Account, pool: &str, outcome: &PoolOutcome, quantum: Decimal) -> PoolLine {
    let lacks = Totals::from(outcome).shortfall;
    let amount = |value| Amount::signed(value, quantum);
    PoolLine {
        account: account.id.clone(),
        pool: pool.to_owned(),
        class: account.class.name(),
        equity: amount(outcome.equity),
        value: amount(outcome.value),
        maintenance: amount(outcome.maintenance),
        initial: amount(outcome.initial),
        shortfall: Amount::unsigned(lacks, quantum),
        lacks,
    }
}

fn human(
    statement: &Statement,
    totals: &BookTotals,
    verdict: Verdict,
    fund: &Amount,
    pools: &[PoolLine],
    listed: PoolsArg,
) -> String {
    let mut out = format!(
        "{}, epoch {}, {}: {} accounts, {} pools\n\n",
        statement.venue, statement.epoch, statement.time, totals.accounts, totals.pools
    );
    out += &report::totals(statement);
    out += &format!("\nthe fund can pay {} {}\n\n", short(fund), statement.quote);
    out += &report::coins(statement);
    out += &format!("\n{}", report::contracts(statement));
    let shown = if listed == PoolsArg::All {
        pools.len()
    } else {
        SHOWN
    };
    if !pools.is_empty() {
        let mut table = Table::default();
        let what = if listed == PoolsArg::All {
            "pool"
        } else {
            "deficient pool, worst first"
        };
        table.row([
            what,
            "class",
            "equity",
            "maintenance",
            "initial",
            "shortfall",
        ]);
        for pool in pools.iter().take(shown) {
            table.row([
                format!("{} {}", pool.account, pool.pool),
                pool.class.to_owned(),
                short(&pool.equity),
                short(&pool.maintenance),
                short(&pool.initial),
                short(&pool.shortfall),
            ]);
        }
        out += &format!("\n{}", table.render());
        if pools.len() > shown {
            out += &format!(
                "  and {} more; --json lists them all\n",
                pools.len() - shown
            );
        }
    }
    out + &format!("\nverdict: {verdict} (evaluated, not proven)\n")
}
