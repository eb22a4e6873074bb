//! What is published: the files of a bundle.

use serde_json::Value;
use zkmargin_circuits::digest::{market_digest, model_digest};
use zkmargin_circuits::field::to_hex;
use zkmargin_circuits::market::MarketSource;
use zkmargin_circuits::risk::RiskSource;
use zkmargin_circuits::statement::{Digest, Statement};
use zkmargin_verifier::bundle::{key_to_remake, verify, Bundle, Options};
use zkmargin_verifier::report::CheckName;
use zkmargin_verifier::shard::ShardFile;
use zkmargin_verifier::totals::TotalsOpening;

use crate::edits::{edit_bytes, edit_json, Script};
use crate::fixture::{fixture, options, Fixture};

/// Most edits of one script: more would only make what the first check refuses.
const EDITS: usize = 6;

/// Scripts to begin with: each edits one file in one way.
pub fn scripts() -> Vec<Vec<u8>> {
    let mut scripts = vec![vec![]];
    for file in 0..10u8 {
        for kind in 0..9u8 {
            scripts.push(vec![file, kind, 40, 1, 0, 0, 3, 7, 9, 11, 13, 17, 19, 23]);
        }
    }
    scripts
}

/// Edits files of the bundle and verifies it: only the bundle as it is holds, and what stands beside
/// it (model, signature) may be left away where it is not asked for.
pub fn bundle(data: &[u8]) {
    let good = fixture();
    let mut script = Script::new(data);
    let mut changed = good.bundle.clone();
    for _ in 0..EDITS {
        if script.is_done() {
            break;
        }
        edit(&mut script, &mut changed);
    }
    let asked = options();
    let unasked = Options {
        venue_key: None,
        previous: vec![&changed.statement],
        ..options()
    };
    for options in [&asked, &unasked] {
        let report = verify(&changed, options, &mut |_| ()).expect("no file of the caller's own");
        assert_eq!(report.checks.len(), CheckName::ALL.len());
        assert_eq!(report.valid, report.failure().is_none());
        if report.verdict.is_some() || report.proven.is_some() {
            assert_same(&changed, good);
        }
    }
    let _ = key_to_remake(&changed.statement);
}

/// What is proven rests on these files as they were.
fn assert_same(changed: &Bundle, good: &Fixture) {
    assert_eq!(changed.statement, good.bundle.statement);
    assert_eq!(changed.market, good.bundle.market);
    assert_eq!(changed.totals, good.bundle.totals);
    assert_eq!(changed.proofs, good.bundle.proofs);
    if changed.risk.is_some() {
        assert_eq!(changed.risk, good.bundle.risk);
    }
}

fn edit(script: &mut Script<'_>, bundle: &mut Bundle) {
    match script.byte() % 10 {
        0 => edit_bytes(script, &mut bundle.statement),
        1 => edit_bytes(script, &mut bundle.market),
        2 => edit_bytes(script, bundle.risk.get_or_insert_with(Vec::new)),
        3 => edit_bytes(script, &mut bundle.totals),
        4 => {
            let index = script.below(bundle.proofs.len());
            if let Some(proof) = bundle.proofs.get_mut(index) {
                edit_bytes(script, proof);
            }
        }
        5 => edit_proofs(script, &mut bundle.proofs),
        6 => edit_statement(script, &mut bundle.statement),
        7 => {
            edit_file(script, &mut bundle.market);
            restate(bundle);
        }
        8 => {
            if let Some(risk) = &mut bundle.risk {
                edit_file(script, risk);
            }
            restate(bundle);
        }
        _ => match script.byte() % 3 {
            0 => bundle.risk = None,
            1 => bundle.signature = None,
            _ => {
                if let Some(signature) = &mut bundle.signature {
                    edit_bytes(script, signature);
                }
            }
        },
    }
}

fn edit_proofs(script: &mut Script<'_>, proofs: &mut Vec<Vec<u8>>) {
    let (one, two) = (script.below(proofs.len()), script.below(proofs.len()));
    match script.byte() % 4 {
        _ if proofs.is_empty() => {}
        0 => proofs.swap(one, two),
        1 => proofs.insert(one, proofs[two].clone()),
        2 => drop(proofs.remove(one)),
        _ => proofs[one] = proofs[two].clone(),
    }
}

/// Edits a place of the statement, and writes it in its one serialisation where it is a statement.
fn edit_statement(script: &mut Script<'_>, bytes: &mut Vec<u8>) {
    edit_file(script, bytes);
    if let Ok(statement) = serde_json::from_slice::<Statement>(bytes) {
        *bytes = statement.to_bytes();
    }
}

/// Edits a place of a JSON file.
pub fn edit_file(script: &mut Script<'_>, bytes: &mut Vec<u8>) {
    if let Ok(mut value) = serde_json::from_slice::<Value>(bytes) {
        edit_json(script, &mut value);
        *bytes = value.to_string().into_bytes();
    }
}

/// Makes the statement name the digests of the market and the model that are there, as a lying venue
/// would: what is tried then gets to the proofs.
fn restate(bundle: &mut Bundle) {
    let Ok(mut statement) = Statement::parse_canonical(&bundle.statement) else {
        return;
    };
    let Ok(market) = MarketSource::parse("market.json", &bundle.market) else {
        return;
    };
    let shape = fixture().shape;
    let digest = |element| Digest::from_hex(&to_hex(&element)).expect("64 digits");
    if let Ok(element) = market_digest(shape, &market.market) {
        statement.market = digest(element);
    }
    let risk = bundle.risk.as_deref();
    if let Some(Ok(risk)) = risk.map(|risk| RiskSource::parse("risk.json", risk, &market)) {
        if let Ok(element) = model_digest(shape, &risk.model, &market.market) {
            statement.risk_model = digest(element);
        }
    }
    bundle.statement = statement.to_bytes();
}

/// Edits one proof and nothing else: no other bytes prove the same, and none make a panic.
pub fn proof(data: &[u8]) {
    let good = fixture();
    let mut script = Script::new(data);
    let mut changed = good.bundle.clone();
    let index = script.below(changed.proofs.len());
    for _ in 0..EDITS {
        if script.is_done() {
            break;
        }
        edit_bytes(&mut script, &mut changed.proofs[index]);
    }
    if let Ok(file) = ShardFile::parse(&changed.proofs[index]) {
        assert_eq!(file.to_bytes(), changed.proofs[index]);
    }
    let report = verify(&changed, &options(), &mut |_| ()).expect("no file of the caller's own");
    assert_eq!(report.valid, changed == good.bundle);
}

/// Reads the bytes as `totals.bin`, and as edits of it.
pub fn totals(data: &[u8]) {
    if let Ok(opening) = TotalsOpening::parse(data) {
        assert_eq!(opening.to_bytes(), data);
    }
    let good = fixture();
    let mut script = Script::new(data);
    let mut changed = good.bundle.clone();
    while !script.is_done() {
        edit_bytes(&mut script, &mut changed.totals);
    }
    if let Ok(opening) = TotalsOpening::parse(&changed.totals) {
        assert_eq!(opening.to_bytes(), changed.totals);
        let report =
            verify(&changed, &options(), &mut |_| ()).expect("no file of the caller's own");
        assert_eq!(report.valid, changed == good.bundle);
    }
}

/// Reads the bytes as `statement.json`, and as edits of one.
pub fn statement(data: &[u8]) {
    let good = fixture();
    read_statement(data);
    let mut script = Script::new(data);
    let mut bytes = good.bundle.statement.clone();
    for _ in 0..EDITS {
        if script.is_done() {
            break;
        }
        edit_statement(&mut script, &mut bytes);
    }
    read_statement(&bytes);
}

fn read_statement(bytes: &[u8]) {
    if let Ok(statement) = Statement::parse_canonical(bytes) {
        assert_eq!(statement.to_bytes(), bytes);
        let _ = statement.book_totals(&fixture().market);
        let _ = serde_json::to_string(&statement.unproven());
        let _ = key_to_remake(bytes);
    }
}

/// A statement, and scripts.
pub fn statement_seeds() -> Vec<Vec<u8>> {
    let mut seeds = scripts();
    seeds.push(fixture().bundle.statement.clone());
    seeds
}
