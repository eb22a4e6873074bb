//! Generated snapshots keep their promises.

use zkmargin_circuits::book::Class;
use zkmargin_circuits::market::Kind;
use zkmargin_circuits::relation::{evaluate_account, BookTotals, Limits, Totals};
use zkmargin_circuits::snapshot::Snapshot;
use zkmargin_circuits::units::Decimal;
use zkmargin_circuits::verdict::Verdict;

use super::*;
use crate::accounts::read_book;

fn options(profile: Profile, accounts: u64) -> GenerateOptions {
    GenerateOptions {
        profile,
        accounts,
        seed: 7,
        deficient: 0,
        bankrupt: 0,
        format: AccountFormat::Csv,
    }
}

fn generated(options: &GenerateOptions) -> (tempfile::TempDir, GenerateReport) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let report = generate(options, folder.path(), &|_| ()).expect("a snapshot");
    (folder, report)
}

fn bytes(folder: &Path, name: &str) -> Vec<u8> {
    fs::read(folder.join(name)).expect(name)
}

#[test]
fn accepts_every_profile() {
    for (profile, accounts) in [
        (Profile::Retail, 400),
        (Profile::Collateral50, 40),
        (Profile::Desk, 20),
        (Profile::Demo, 40),
        (Profile::Venue, 60),
    ] {
        let (folder, report) = generated(&options(profile, accounts));
        let table = String::from_utf8(bytes(folder.path(), "accounts.csv")).expect("text");
        assert_eq!(
            table.lines().count() as u64,
            report.holdings + 1,
            "{profile:?}"
        );
        let ids: std::collections::BTreeSet<&str> = table
            .lines()
            .skip(1)
            .filter_map(|line| line.split(',').next())
            .collect();
        assert_eq!(ids.len() as u64, accounts, "{profile:?}");
        println!("{profile:?}: {report:?}");
    }
}

#[test]
fn repeats_itself_by_seed() {
    let first = generated(&options(Profile::Retail, 200)).0;
    let second = generated(&options(Profile::Retail, 200)).0;
    let other = generated(&GenerateOptions {
        seed: 8,
        ..options(Profile::Retail, 200)
    })
    .0;
    for name in ["market.json", "risk.json", "accounts.csv", "reserves.json"] {
        assert_eq!(
            bytes(first.path(), name),
            bytes(second.path(), name),
            "{name}"
        );
    }
    assert_ne!(
        bytes(first.path(), "accounts.csv"),
        bytes(other.path(), "accounts.csv")
    );
}

#[test]
fn rejects_options_that_do_not_fit() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (accounts, deficient, bankrupt) in [(2, 0, 0), (10, 9, 0), (10, 1, 2)] {
        let options = GenerateOptions {
            deficient,
            bankrupt,
            ..options(Profile::Retail, accounts)
        };
        let error = generate(&options, folder.path(), &|_| ()).expect_err("refused");
        assert!(matches!(error, GenerateError::Options(_)), "{error}");
    }
}

/// A generated folder, read back and evaluated.
struct Evaluated {
    market: MarketSource,
    totals: BookTotals,
    /// Account, pool and what each pool lacks.
    deficient: Vec<(String, String, u128)>,
}

fn evaluated(folder: &Path) -> Evaluated {
    let header = Snapshot::parse("snapshot.json", &bytes(folder, "snapshot.json")).expect("header");
    let market = MarketSource::parse("market.json", &bytes(folder, "market.json")).expect("market");
    let risk = RiskSource::parse("risk.json", &bytes(folder, "risk.json"), &market).expect("risk");
    let book = read_book(folder, &header, &market).expect("accounts");
    let mut totals = BookTotals::new(&market.market);
    let mut deficient = Vec::new();
    for account in book.accounts() {
        let account = account.expect("an account");
        let outcomes = evaluate_account(&market.market, &risk.model, &account, Limits::WIDE)
            .expect("within the ranges");
        totals.add_account(&market.market, &account, &outcomes);
        for (pool, outcome) in account.pools.iter().zip(&outcomes) {
            let lacks = Totals::from(outcome).shortfall;
            if lacks > 0 {
                deficient.push((account.id.clone(), pool.name.clone(), lacks));
            }
        }
    }
    Evaluated {
        market,
        totals,
        deficient,
    }
}

#[test]
fn matches_quantities_and_conserves_money() {
    for (profile, accounts) in [
        (Profile::Retail, 500),
        (Profile::Collateral50, 60),
        (Profile::Desk, 12),
        (Profile::Demo, 40),
        (Profile::Venue, 60),
    ] {
        let (folder, _) = generated(&options(profile, accounts));
        let Evaluated {
            market,
            totals,
            deficient,
        } = evaluated(folder.path());
        assert_eq!(totals.accounts, accounts, "{profile:?}");
        assert!(deficient.is_empty(), "{profile:?}: {deficient:?}");
        assert_eq!(Verdict::of(&totals), Verdict::Solvent, "{profile:?}");
        assert!(
            totals.contracts.iter().all(|(net, _)| *net == 0),
            "{profile:?}"
        );
        let reserves: BTreeMap<String, String> =
            serde_json::from_slice(&bytes(folder.path(), "reserves.json")).expect("reserves");
        for (index, symbol) in market.market.symbols.iter().enumerate() {
            if symbol.kind != Kind::Asset || usize::from(symbol.first) != index + 1 {
                continue;
            }
            let sum: i128 = totals
                .coins
                .iter()
                .map(|coins| coins[index].0 as i128 - coins[index].1 as i128)
                .sum();
            let written = Decimal::parse(&reserves[&symbol.family]).expect("a decimal");
            let unit = market.rows[index].terms.unit();
            assert_eq!(
                written.ratio().over(unit).exact::<i128>().expect("exact"),
                sum,
                "{}",
                symbol.id
            );
            assert_eq!(
                totals.coins[Class::House.index()][index].1,
                0,
                "the house owes {}",
                symbol.id
            );
            assert!(sum >= 0);
        }
    }
}

#[test]
fn makes_as_many_deficient_and_bankrupt_as_asked() {
    for (profile, accounts, deficient, bankrupt) in [
        (Profile::Retail, 300, 5, 1),
        (Profile::Collateral50, 40, 3, 2),
        (Profile::Desk, 10, 2, 0),
        (Profile::Demo, 40, 1, 0),
        (Profile::Venue, 60, 3, 1),
    ] {
        let (folder, _) = generated(&GenerateOptions {
            deficient,
            bankrupt,
            ..options(profile, accounts)
        });
        let found = evaluated(folder.path());
        let total = found.totals.total();
        assert_eq!(
            total.deficient_pools, deficient,
            "{profile:?}: {:?}",
            found.deficient
        );
        assert_eq!(total.bankrupt_pools, bankrupt, "{profile:?}");
        assert_eq!(Verdict::of(&found.totals), Verdict::Covered, "{profile:?}");
    }
}

#[test]
fn writes_the_same_book_as_parquet() {
    let csv = generated(&options(Profile::Retail, 120)).0;
    let parquet = generated(&GenerateOptions {
        format: AccountFormat::Parquet,
        ..options(Profile::Retail, 120)
    })
    .0;
    assert_eq!(
        evaluated(csv.path()).totals,
        evaluated(parquet.path()).totals
    );
}

#[test]
fn draws_the_averages_of_the_profile() {
    let (folder, report) = generated(&options(Profile::Retail, 4000));
    let found = evaluated(folder.path());
    let holdings = (report.holdings as f64 - report.house_positions as f64) / 4000.0;
    assert!(
        (7.0..9.0).contains(&holdings),
        "{holdings} holdings an account"
    );
    assert!((1.0..1.05).contains(&(found.totals.pools as f64 / 4000.0)));
}

#[test]
fn demo_fits_the_small_shape() {
    let universe = demo::universe();
    assert!(universe.assets.len() + universe.instruments.len() <= 64);
    assert!(universe.groups.len() <= 16 && universe.scenarios <= 16);
}
