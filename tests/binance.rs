//! Binance's open proof-of-solvency sample: 100 accounts with tiered collateral and debts.
//!
//! A coin becomes five assets: collateral of loans, of margin and of the portfolio account, each with
//! its own tier table; `@spot`, what equity holds beyond the three, which counts nothing against
//! debts (ratio 0); and `@debt`, owed in full. Without a maintenance requirement a pool is deficient
//! when its debts exceed its haircut collateral: Binance's own rule. Accounts that list more
//! collateral than equity owe the difference under `@spot`.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use serde_json::{json, Value};
use zkmargin_circuits::book::Class;
use zkmargin_circuits::relation::{evaluate_account, BookTotals, Limits};
use zkmargin_circuits::shape::Shape;
use zkmargin_circuits::units::{format_signed, Decimal};
use zkmargin_circuits::verdict::Verdict;
use zkmargin_prover::params::insecure;
use zkmargin_prover::prove::{prove, ProveOptions};
use zkmargin_prover::snapshot::LoadedSnapshot;
use zkmargin_tests::mock;

const HEADER: &str = r#"{ "venue": "Binance sample", "epoch": 1, "time": "2026-11-22T00:00:00Z",
  "quote": "USDT", "previous": null, "classes": { "fund": [], "house": [] } }"#;

/// Column prefix and variant of the three kinds of collateral, in the order of the tier columns.
const KINDS: [(&str, &str); 3] = [("vl_", "loan"), ("m_", "margin"), ("pm_", "portfolio")];

/// The sample, if it is at hand.
fn folder() -> Option<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let found = [root.join(".."), root.join("../..")]
        .into_iter()
        .map(|parent| parent.join("shared/data/binance-por"))
        .find(|folder| folder.is_dir());
    if found.is_none() {
        eprintln!("SKIPPED: ../shared/data/binance-por is not here");
    }
    found
}

/// Cells of a line; quoted cells may hold commas.
fn cells(line: &str) -> Vec<String> {
    let mut quoted = false;
    let mut cells = vec![String::new()];
    for letter in line.trim_end().chars() {
        match letter {
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            letter => cells.last_mut().expect("one cell").push(letter),
        }
    }
    cells
}

/// Tiers as `[0-10000:100,10000-20000:90]`, ratios in percent; above the last nothing counts.
fn weights(table: &str) -> Vec<Value> {
    let tiers = table.trim_matches(['[', ']']);
    let mut weights: Vec<Value> = tiers
        .split(',')
        .filter(|tier| !tier.is_empty())
        .map(|tier| {
            let (range, percent) = tier.split_once(':').expect("a ratio");
            let (_, up_to) = range.split_once('-').expect("an end");
            let percent: u32 = percent.parse().expect("a percentage");
            json!({ "up_to": up_to, "ratio": format!("{}.{:02}", percent / 100, percent % 100) })
        })
        .collect();
    weights.push(json!({ "ratio": "0" }));
    weights
}

/// Amount in 10^-8.
fn quanta(text: &str) -> i128 {
    let amount = Decimal::parse(text).expect("a decimal").ratio();
    amount
        .times_ten_to(8)
        .exact()
        .expect("eight decimals at most")
}

/// The sample as a snapshot, and the identities of its accounts in order.
fn snapshot(folder: &std::path::Path, out: &std::path::Path) -> (LoadedSnapshot, Vec<String>) {
    let text = |name: &str| fs::read_to_string(folder.join(name)).expect(name);
    let coins: Vec<Vec<String>> = text("cex_assets_info.csv")
        .lines()
        .skip(1)
        .map(cells)
        .collect();
    let (mut assets, mut models) = (Vec::new(), Vec::new());
    for coin in &coins {
        let (name, price) = (&coin[0], &coin[1]);
        let mut variants: Vec<(&str, Vec<Value>)> = KINDS
            .iter()
            .zip(&coin[2..])
            .map(|((_, variant), table)| (*variant, weights(table)))
            .collect();
        variants.extend(["spot", "debt"].map(|variant| (variant, weights(""))));
        for (variant, weights) in variants {
            let id = format!("{name}@{variant}");
            assets.push(json!({ "id": id, "coin": name, "price": price, "quantum": "0.00000001" }));
            models.push(json!({ "id": id, "weights": weights }));
        }
    }
    let market = json!({ "quote_quantum": "0.000001", "assets": assets, "instruments": [] });
    let risk = json!({ "name": "binance-por", "scenarios": 1, "groups": [], "assets": models,
                       "instruments": [] });

    let users = text("sample_users0.csv");
    let mut lines = users.lines().map(cells);
    let header = lines.next().expect("a header");
    let column = |name: String| {
        let at = header.iter().position(|cell| *cell == name);
        at.unwrap_or_else(|| panic!("column {name}"))
    };
    let mut rows = String::from("account,pool,symbol,quantity,entry_price\n");
    let mut ids = Vec::new();
    for user in lines {
        let id = &user[column("id".into())];
        let eight = Decimal::parse("0.00000001").expect("a quantum");
        let mut add = |symbol: String, amount: i128| {
            let amount = format_signed(amount, eight);
            writeln!(rows, "{id},cross,{symbol},{amount},").expect("text");
        };
        for coin in &coins {
            let name = &coin[0];
            let cell = |prefix: &str| quanta(&user[column(format!("{prefix}{name}"))]);
            let mut beyond = cell("e_");
            for (prefix, variant) in KINDS {
                add(format!("{name}@{variant}"), cell(prefix));
                beyond -= cell(prefix);
            }
            add(format!("{name}@spot"), beyond);
            add(format!("{name}@debt"), -cell("d_"));
        }
        ids.push(id.clone());
    }
    let loaded = mock::load(out, HEADER, &market.to_string(), &risk.to_string(), &rows);
    (loaded, ids)
}

#[test]
fn accepts_the_binance_sample_with_its_ten_deficient_accounts() {
    let Some(folder) = folder() else { return };
    let out = tempfile::tempdir().expect("a folder");
    let (snapshot, ids) = snapshot(&folder, out.path());
    let market = &snapshot.market.market;
    assert_eq!((ids.len(), market.symbols.len()), (100, 20));

    let mut totals = BookTotals::new(market);
    let mut deficient = BTreeSet::new();
    for account in snapshot.book.accounts() {
        let account = account.expect("an account");
        let pools = evaluate_account(market, &snapshot.risk.model, &account, Limits::NARROW)
            .expect("amounts in range");
        totals.add_account(market, &account, &pools);
        if pools.iter().any(|pool| pool.equity < pool.maintenance) {
            deficient.insert(account.id);
        }
    }
    let first_ten: BTreeSet<String> = ids[..10].iter().cloned().collect();
    assert_eq!(deficient, first_ten);
    let customers = totals.of(Class::Customer);
    assert_eq!(
        (customers.deficient_pools, customers.bankrupt_pools),
        (10, 10)
    );
    assert_eq!(totals.accounts, 100);
    // The sample has no fund to pay for them.
    assert_eq!(Verdict::of(&totals), Verdict::Uncovered);

    let start = Instant::now();
    let shape = Shape::by_name("small-14").expect("a shape");
    mock::accepts(shape, &mock::sample(&snapshot));
    eprintln!("{}: {:.0?}", shape.name, start.elapsed());
}

/// A real proof, which the prover verifies before it gives it out.
#[test]
fn proves_the_binance_sample() {
    let Some(folder) = folder() else { return };
    let out = tempfile::tempdir().expect("a folder");
    let (snapshot, _) = snapshot(&folder, out.path());
    let params = insecure(14, &mut |_| ()).expect("parameters");
    let options = ProveOptions {
        shape: Shape::by_name("small-14"),
        seed: Some([7; 32]),
        publish_counts: true,
        keys: None,
        out: out.path().join("bundle"),
        records: out.path().join("records"),
        restart: false,
        sign: None,
        audit: None,
        memory: None,
    };
    let report = prove(&snapshot, &params, &options, &mut |_| ()).expect("a proof");
    assert_eq!((report.accounts, report.shards), (100, 1));
    for (phase, cost) in &report.phases {
        eprintln!("{phase}: {:.1} s", cost.wall_s);
    }
}
