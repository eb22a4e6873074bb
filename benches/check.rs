//! The statement in plain integers: reading a book, and evaluating it.

use criterion::{criterion_group, criterion_main, Criterion, Throughput};
use std::fs;
use std::path::Path;
use zkmargin_circuits::market::MarketSource;
use zkmargin_circuits::relation::{evaluate_account, BookTotals, Limits};
use zkmargin_circuits::risk::RiskSource;
use zkmargin_circuits::snapshot::Snapshot;
use zkmargin_prover::accounts::read_book;
use zkmargin_prover::generate::{generate, AccountFormat, GenerateOptions, Profile};

const ACCOUNTS: u64 = 2_000;

struct Folder {
    header: Snapshot,
    market: MarketSource,
    risk: RiskSource,
}

fn compile(folder: &Path) -> Folder {
    let bytes = |name: &str| fs::read(folder.join(name)).expect("a generated file");
    let header = Snapshot::parse("snapshot.json", &bytes("snapshot.json")).expect("a header");
    let market = MarketSource::parse("market.json", &bytes("market.json")).expect("a market");
    let risk = RiskSource::parse("risk.json", &bytes("risk.json"), &market).expect("a model");
    Folder {
        header,
        market,
        risk,
    }
}

fn check(bench: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let options = GenerateOptions {
        profile: Profile::Retail,
        accounts: ACCOUNTS,
        seed: 1,
        deficient: 5,
        bankrupt: 1,
        format: AccountFormat::Csv,
    };
    generate(&options, folder.path(), &|_| ()).expect("a snapshot");
    let Folder {
        header,
        market,
        risk,
    } = compile(folder.path());
    let book = read_book(folder.path(), &header, &market).expect("accounts");

    let mut group = bench.benchmark_group("retail");
    group.throughput(Throughput::Elements(ACCOUNTS));
    group.sample_size(20);
    group.bench_function("compile", |b| b.iter(|| compile(folder.path())));
    group.bench_function("read", |b| {
        b.iter(|| read_book(folder.path(), &header, &market).expect("accounts"));
    });
    group.bench_function("evaluate", |b| {
        b.iter(|| {
            let mut totals = BookTotals::new(&market.market);
            for account in book.accounts() {
                let account = account.expect("an account");
                let pools = evaluate_account(&market.market, &risk.model, &account, Limits::NARROW)
                    .expect("in range");
                totals.add_account(&market.market, &account, &pools);
            }
            totals
        });
    });
    group.finish();
}

criterion_group!(benches, check);
criterion_main!(benches);
