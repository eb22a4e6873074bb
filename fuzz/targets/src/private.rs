//! What a venue gives to one customer or to its auditor: inclusion records and packs.

use serde_json::Value;
use zkmargin_circuits::units::Decimal;
use zkmargin_verifier::audit::{audit, Pack};
use zkmargin_verifier::record::{verify_record, verify_signature, Record};
use zkmargin_verifier::signature::VenueKey;

use crate::bundle::edit_file;
use crate::edits::{edit_bytes, edited, Script};
use crate::fixture::{fixture, PUBLIC_KEY, RECORDED, SAMPLE};

const EDITS: usize = 4;

fn edit(script: &mut Script<'_>, bytes: &mut Vec<u8>) {
    match script.byte() % 4 {
        0 => edit_bytes(script, bytes),
        _ => edit_file(script, bytes),
    }
}

/// Edits a customer's record and checks it: what is shown as proven is what was proven.
pub fn record(data: &[u8]) {
    let good = fixture();
    let bytes = edited(data, &good.record, EDITS, edit);
    let key = VenueKey::from_pem(PUBLIC_KEY).expect("a public key");
    if let Ok(statement) = verify_signature(&bytes, &key) {
        assert_eq!(
            statement.0,
            good.report.proven.as_ref().map_or([0; 32], |p| p.context())
        );
    }
    let identity = Record::parse(&bytes).map(|record| record.account);
    for identity in [RECORDED, identity.as_deref().unwrap_or_default()] {
        let Ok(shown) = verify_record(&bytes, identity, &good.report) else {
            continue;
        };
        let record = Record::parse(&good.record).expect("the record");
        assert_eq!(
            (shown.account.as_str(), &shown.class),
            (RECORDED, &record.class)
        );
        assert_eq!(shown.pools.len(), record.pools.len());
        for (shown, proven) in shown.pools.iter().zip(&record.pools) {
            assert_eq!(shown.figures, proven.figures);
            // Positions one for one. (Of a balance and the costs of its positions the difference is
            // proven, so those may be told apart otherwise.)
            let positions = |rows: &[zkmargin_verifier::record::RecordRow]| {
                let mut rows: Vec<(String, Option<Decimal>)> = rows
                    .iter()
                    .filter(|row| row.entry_price.is_some() || row.cost.is_some())
                    .map(|row| (row.symbol.clone(), Decimal::parse(&row.quantity).ok()))
                    .collect();
                rows.sort_by(|a, b| a.0.cmp(&b.0));
                rows
            };
            assert_eq!(positions(&shown.holdings), positions(&proven.holdings));
        }
    }
}

/// Edits the auditor's pack and audits it: what is found is what was true.
pub fn pack(data: &[u8]) {
    let good = fixture();
    let bytes = edited(data, &good.pack, EDITS, edit);
    let sample = Some(&SAMPLE).filter(|_| data.len() % 8 != 7);
    let Ok(found) = audit(&bytes, sample, &good.report) else {
        assert!(Pack::parse(&bytes).is_err());
        return;
    };
    assert_eq!(found.valid, found.failure().is_none());
    if found.valid {
        let honest = audit(&good.pack, sample, &good.report).expect("the pack");
        let of = |report| serde_json::to_value(report).unwrap_or(Value::Null);
        let (found, honest) = (of(&found), of(&honest));
        for part in ["counts", "classes", "largest", "sample"] {
            assert_eq!(found[part], honest[part]);
        }
    }
}
