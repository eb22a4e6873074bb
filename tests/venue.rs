//! `examples/venue`: a book of the shape of a real venue, its documented figures, and its circuit.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use zkmargin_circuits::book::{Account, Class};
use zkmargin_circuits::digest::check_fit;
use zkmargin_circuits::market::{Kind, Market, Style, Terms};
use zkmargin_circuits::relation::{evaluate_account, BookTotals, Limits};
use zkmargin_circuits::shape::Shape;
use zkmargin_circuits::units::{format_unsigned, Decimal};
use zkmargin_circuits::verdict::{Reserves, Verdict};
use zkmargin_prover::generate::{generate, AccountFormat, GenerateOptions, Profile};
use zkmargin_prover::snapshot::LoadedSnapshot;
use zkmargin_tests::mock;

const OPTIONS: GenerateOptions = GenerateOptions {
    profile: Profile::Venue,
    accounts: 200,
    seed: 1,
    deficient: 3,
    bankrupt: 1,
    format: AccountFormat::Csv,
};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/venue")
}

fn evaluate(snapshot: &LoadedSnapshot) -> BookTotals {
    let market = &snapshot.market.market;
    let mut totals = BookTotals::new(market);
    for account in snapshot.book.accounts() {
        let account = account.expect("an account");
        let pools = evaluate_account(market, &snapshot.risk.model, &account, Limits::NARROW)
            .expect("amounts in range");
        totals.add_account(market, &account, &pools);
    }
    totals
}

/// The figures of the README, line by line.
fn figures(totals: &BookTotals, quantum: Decimal) -> Vec<String> {
    let total = totals.total();
    let money = |amount: u128| format_unsigned(amount, quantum);
    [
        ("accounts", totals.accounts.to_string()),
        ("pools", totals.pools.to_string()),
        ("positive equity", money(total.equity_positive)),
        ("negative equity", money(total.equity_negative)),
        ("maintenance", money(total.maintenance)),
        ("initial", money(total.initial)),
        ("deficient pools", total.deficient_pools.to_string()),
        ("shortfall", money(total.shortfall)),
        ("bankrupt pools", total.bankrupt_pools.to_string()),
        ("bankruptcy", money(total.bankruptcy)),
        ("underwater pools", total.underwater_pools.to_string()),
        ("underwater", money(total.underwater)),
        ("verdict", Verdict::of(totals).name().to_owned()),
    ]
    .map(|(name, figure)| format!("| {name} | {figure} |"))
    .into()
}

#[test]
fn accepts_the_venue_with_its_documented_figures() {
    let snapshot = mock::read(&folder());
    let totals = evaluate(&snapshot);
    let readme = fs::read_to_string(folder().join("README.md")).expect("README.md");
    for line in figures(&totals, snapshot.market.quote_quantum) {
        assert!(readme.contains(&line), "README.md lacks: {line}");
    }
    assert_eq!(Verdict::of(&totals), Verdict::Covered);
    let bytes = fs::read(folder().join("reserves.json")).expect("reserves");
    let reserves = Reserves::parse("reserves.json", &bytes, &snapshot.market).expect("reserves");
    assert!(reserves.check(&totals, &snapshot.market).holds());
}

#[test]
fn accepts_the_venue_in_the_circuit() {
    let snapshot = mock::read(&folder());
    let shape = Shape::by_name("small-14").expect("a shape");
    check_fit(shape, &snapshot.market.market, &snapshot.risk.model).expect("fits");
    mock::accepts(shape, &mock::sample(&snapshot));
}

#[test]
fn repeats_the_venue_byte_for_byte() {
    let out = tempfile::tempdir().expect("a folder");
    generate(&OPTIONS, out.path(), &|_| ()).expect("a snapshot");
    for file in fs::read_dir(out.path()).expect("files") {
        let name = file.expect("a file").file_name();
        let read = |dir: &Path| fs::read(dir.join(&name)).expect("bytes");
        assert_eq!(read(out.path()), read(&folder()), "{name:?}");
    }
}

#[test]
fn shows_what_a_venue_has() {
    let snapshot = mock::read(&folder());
    let (market, risk) = (&snapshot.market.market, &snapshot.risk.model);
    assert_eq!(risk.scenarios, 16);
    let tiered = market
        .symbols
        .iter()
        .zip(&risk.symbols)
        .filter(|(symbol, model)| symbol.kind == Kind::Asset && model.long.len() > 1);
    assert!(tiered.count() >= 24, "dozens of coins with tiered ratios");
    let inverse = snapshot.market.rows.iter().filter(|row| {
        matches!(
            row.terms,
            Terms::Instrument {
                style: Style::Inverse,
                ..
            }
        )
    });
    assert!(inverse.count() >= 2, "inverse contracts");
    let options = market
        .symbols
        .iter()
        .zip(&risk.symbols)
        .filter(|(_, model)| model.floor_short > 0);
    assert!(options.count() >= 12, "options with a short minimum");

    let accounts: Result<Vec<Account>, _> = snapshot.book.accounts().collect();
    let accounts = accounts.expect("the accounts");
    let classes: BTreeSet<Class> = accounts.iter().map(|account| account.class).collect();
    assert_eq!(classes.len(), 3, "customers, house and fund");
    assert!(accounts.iter().any(|account| hedged(market, account)));
    assert!(accounts.iter().any(|account| account.pools.len() > 1));
    assert!(
        accounts.iter().any(|account| borrows(market, account)),
        "margin loans"
    );
}

/// Owes a coin in a pool that has no positions: a loan against collateral.
fn borrows(market: &Market, account: &Account) -> bool {
    account.pools.iter().any(|pool| {
        let mut holdings = pool.holdings.iter();
        let asset = |row: u16| market.symbols[usize::from(row) - 1].kind == Kind::Asset;
        holdings.clone().all(|holding| asset(holding.row))
            && holdings.any(|holding| holding.amount < 0)
    })
}

/// Holds both variants of a contract in one pool, long and short.
fn hedged(market: &Market, account: &Account) -> bool {
    account.pools.iter().any(|pool| {
        let sides: Vec<(&str, bool)> = pool
            .holdings
            .iter()
            .map(|holding| (&market.symbols[usize::from(holding.row) - 1], holding))
            .filter(|(symbol, _)| symbol.id.contains(':'))
            .map(|(symbol, holding)| (symbol.family.as_str(), holding.amount < 0))
            .collect();
        sides
            .iter()
            .any(|(family, short)| sides.contains(&(family, !short)))
    })
}
