//! A snapshot, from its files to the mock prover.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use halo2_proofs::dev::MockProver;
use zkmargin_circuits::circuit::MarginCircuit;
use zkmargin_circuits::shape::Shape;
use zkmargin_prover::snapshot::LoadedSnapshot;

use crate::sample::{instance, Sample};

/// Writes the four files of a snapshot into a folder, and reads them as the prover does.
pub fn load(dir: &Path, header: &str, market: &str, risk: &str, accounts: &str) -> LoadedSnapshot {
    for (name, text) in [
        ("snapshot.json", header),
        ("market.json", market),
        ("risk.json", risk),
        ("accounts.csv", accounts),
    ] {
        fs::write(dir.join(name), text).expect("a file");
    }
    read(dir)
}

/// Reads a snapshot folder.
pub fn read(dir: &Path) -> LoadedSnapshot {
    LoadedSnapshot::read(dir).unwrap_or_else(|error| panic!("{}: {error}", dir.display()))
}

/// The integers of a snapshot.
pub fn sample(snapshot: &LoadedSnapshot) -> Sample {
    Sample {
        market: snapshot.market.market.clone(),
        risk: snapshot.risk.model.clone(),
        accounts: snapshot
            .book
            .accounts()
            .collect::<Result<_, _>>()
            .expect("the accounts"),
    }
}

/// Every constraint holds on the honest witness of a book.
pub fn accepts(shape: &Shape, sample: &Sample) {
    let witness = sample.witness(shape);
    let instance = instance(&witness);
    let circuit = MarginCircuit::prove(witness.shared());
    let prover = MockProver::run(shape.k, &circuit, vec![instance]).expect("synthesis");
    if let Err(failures) = prover.verify() {
        let seen: BTreeSet<String> = failures
            .iter()
            .map(|failure| format!("{failure}").lines().take(2).collect())
            .collect();
        for line in seen.iter().take(12) {
            eprintln!("{line}");
        }
        panic!("{} constraints fail", failures.len());
    }
}
