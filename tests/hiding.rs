//! What two bundles of one book share: with the same seed and epoch the statement and the records and
//! nothing of the proofs, and else not even a leaf.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use ff::Field;
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::plonk::ConstraintSystem;
use tempfile::TempDir;
use zkmargin_circuits::circuit::configure;
use zkmargin_circuits::field::to_hex;
use zkmargin_circuits::statement::Statement;
use zkmargin_prover::params::{insecure, Parameters};
use zkmargin_prover::prove::{prove, ProveOptions};
use zkmargin_tests::forge::shape;
use zkmargin_tests::mock;
use zkmargin_verifier::plonk::sums::Sums;
use zkmargin_verifier::record::Record;
use zkmargin_verifier::shard::ShardFile;
use zkmargin_verifier::totals::TOTALS_BYTES;

/// More customers than one proof of the smallest shape holds.
const CUSTOMERS: usize = 250;

const SHARDS: usize = 2;

static PARAMS: LazyLock<Parameters> =
    LazyLock::new(|| insecure(shape().k, &mut |_| ()).expect("parameters"));

/// A bundle and its records.
struct Proven(TempDir);

impl Proven {
    /// The book of an epoch, proven with this seed, or without.
    fn new(epoch: u64, seed: Option<[u8; 32]>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let book = folder.path().join("book");
        fs::create_dir(&book).unwrap();
        let header = format!(
            r#"{{ "venue": "Tiny Exchange", "epoch": {epoch}, "time": "2026-11-22T00:00:00Z", "quote": "USD",
  "previous": null, "classes": {{ "fund": [], "house": [] }} }}"#
        );
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tiny-book");
        let read = |name: &str| fs::read_to_string(fixture.join(name)).unwrap();
        let mut accounts = "account,pool,symbol,quantity,entry_price\n".to_owned();
        for i in 0..CUSTOMERS {
            // Many have the very same holdings: only salts tell their leaves apart.
            accounts += &format!("customer-{i:03},cross,USDT,{},\n", 100 + i / 50);
        }
        let snapshot = mock::load(
            &book,
            &header,
            &read("market.json"),
            &read("risk.json"),
            &accounts,
        );
        let options = ProveOptions {
            shape: Some(shape()),
            seed,
            publish_counts: false,
            keys: None,
            out: folder.path().join("bundle"),
            records: folder.path().join("records"),
            restart: false,
            sign: None,
            audit: None,
            memory: None,
        };
        let report = prove(&snapshot, &PARAMS, &options, &mut |_| ()).unwrap();
        assert_eq!(report.shards, SHARDS);
        Self(folder)
    }

    fn file(&self, name: &str) -> Vec<u8> {
        fs::read(self.0.path().join("bundle").join(name)).unwrap()
    }

    fn statement(&self) -> Statement {
        Statement::parse_canonical(&self.file("statement.json")).unwrap()
    }

    fn proof(&self, index: usize) -> Vec<[u8; 32]> {
        let file = self.file(&format!("proof-{index:05}.bin"));
        let file = ShardFile::parse(&file).unwrap();
        file.proof.as_chunks::<32>().0.to_vec()
    }

    fn records(&self) -> BTreeMap<String, Record> {
        let mut records = BTreeMap::new();
        for folder in fs::read_dir(self.0.path().join("records")).unwrap() {
            let folder = folder.unwrap().path();
            if !folder.is_dir() {
                continue;
            }
            for file in fs::read_dir(folder).unwrap() {
                let record = Record::parse(&fs::read(file.unwrap().path()).unwrap()).unwrap();
                records.insert(record.account.clone(), record);
            }
        }
        assert_eq!(records.len(), CUSTOMERS);
        records
    }
}

static SEEDED: LazyLock<Proven> = LazyLock::new(|| Proven::new(7, Some([0x5e; 32])));
static DRAWN: LazyLock<Proven> = LazyLock::new(|| Proven::new(7, None));

/// How many of a proof's first elements are points or evaluations of advice columns, and how many of
/// the last are sums of cells or points of the opening.
fn counts() -> (usize, usize) {
    let mut cs = ConstraintSystem::<Fr>::default();
    configure(&mut cs, shape());
    let chunk = cs.degree() - 2;
    let products = cs.permutation().get_columns().len().div_ceil(chunk);
    let points = cs.num_advice_columns() + 3 * cs.lookups().len() + products + cs.degree();
    let (cs, _) = cs.directly_convert_selectors_to_fixed(Vec::new());
    let sums = Sums::new(&cs).unwrap();
    let alone = sums.advice_alone().filter(|alone| *alone).count();
    (points + alone, sums.rows().len() + 2)
}

/// Neither a commitment, nor an evaluation of the witness, nor a free row of totals.
fn demand_apart(bundles: &[&Proven]) {
    let (first, last) = counts();
    let mut seen = HashSet::new();
    let mut count = 0;
    for bundle in bundles {
        for index in 0..SHARDS {
            let proof = bundle.proof(index);
            let end = &proof[proof.len() - last..];
            for element in proof[..first].iter().chain(end) {
                seen.insert(*element);
                count += 1;
            }
        }
        let totals = bundle.file("totals.bin");
        assert_eq!(totals.len(), TOTALS_BYTES);
        let (elements, _) = totals.as_chunks::<32>();
        seen.extend(elements);
        count += elements.len();
    }
    assert!(count > bundles.len() * SHARDS * 150);
    assert_eq!(seen.len(), count, "elements that are equal");
}

/// No salt, no hash of the tree and not the places.
fn demand_other_leaves(one: &Proven, two: &Proven) {
    let (first, second) = (one.statement(), two.statement());
    assert_ne!(first.accounts_root, second.accounts_root);
    assert_ne!(first.counts_digest, second.counts_digest);
    let shown = |proven: &Proven| {
        let mut all = HashSet::new();
        let mut salts = 0;
        for record in proven.records().into_values() {
            salts += record.salts.len();
            let before = all.len();
            all.extend(record.salts.iter().cloned());
            assert_eq!(all.len(), before + record.salts.len(), "a salt used twice");
        }
        assert!(salts >= CUSTOMERS);
        for record in proven.records().into_values() {
            all.extend(record.path.into_iter().flatten());
        }
        // What stands beyond the slots.
        all.remove(&to_hex(&Fr::ZERO));
        assert!(all.len() > 2 * CUSTOMERS);
        all
    };
    let shared: Vec<String> = shown(one).intersection(&shown(two)).cloned().collect();
    assert_eq!(shared, Vec::<String>::new());
    let places = |proven: &Proven| {
        let records = proven.records().into_values();
        records.map(|record| record.slot).collect::<Vec<u64>>()
    };
    let (one, two) = (places(one), places(two));
    let same = one.iter().zip(&two).filter(|(one, two)| one == two).count();
    assert!(
        same < CUSTOMERS / 10,
        "{same} accounts stand where they stood"
    );
}

#[test]
fn one_seed_proven_twice_shares_the_statement_and_no_commitment() {
    let again = Proven::new(7, Some([0x5e; 32]));
    assert_eq!(SEEDED.file("statement.json"), again.file("statement.json"));
    assert_eq!(SEEDED.records(), again.records());
    demand_apart(&[&SEEDED, &again, &DRAWN]);
}

#[test]
fn two_runs_without_a_seed_share_no_leaf_and_no_root() {
    let again = Proven::new(7, None);
    demand_other_leaves(&DRAWN, &again);
    demand_other_leaves(&DRAWN, &SEEDED);
    demand_apart(&[&DRAWN, &again]);
}

#[test]
fn one_seed_in_the_next_epoch_shares_no_leaf_and_no_root() {
    let next = Proven::new(8, Some([0x5e; 32]));
    demand_other_leaves(&SEEDED, &next);
    demand_apart(&[&SEEDED, &next]);
}

#[cfg(unix)]
#[test]
fn records_are_their_owners_alone_and_the_bundle_is_not() {
    use std::os::unix::fs::PermissionsExt;
    let mode = |name: &str| {
        let folder = fs::metadata(DRAWN.0.path().join(name)).unwrap();
        folder.permissions().mode() & 0o777
    };
    assert_eq!(mode("records"), 0o700);
    assert_eq!(mode("bundle"), 0o755);
}
