//! Generated snapshots keep their promises.

use super::*;

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
