//! The files of a bundle by name, and how long each may be: whoever reads one reads no further.
//!
//! Nobody has checked a bundle before it is read. A file that says it has a terabyte must not be
//! taken into memory to be refused.

use crate::shard;
use crate::signature::SIGNATURE_FILE;
use crate::totals::TOTALS_BYTES;

/// What is stated.
pub const STATEMENT: &str = "statement.json";
/// The market.
pub const MARKET: &str = "market.json";
/// The model, where it is public.
pub const RISK: &str = "risk.json";
/// The opening of the totals.
pub const TOTALS: &str = "totals.bin";

/// Most bytes of a statement: the widest shape's has 4,352 symbols of some hundred bytes.
const STATEMENT_BYTES: u64 = 1 << 24;
/// Most bytes of a market or a model.
const MODEL_BYTES: u64 = 1 << 26;
/// Most bytes of a proof: no shape's has a quarter of that.
pub const PROOF_BYTES: u64 = 1 << 18;
/// Bytes of a signature's file.
const SIGNATURE_BYTES: u64 = 129;

/// Most bytes that the file of this name can have and be one of a bundle; none where no file of a
/// bundle has the name.
pub fn most_bytes(name: &str) -> Option<u64> {
    match name {
        STATEMENT => Some(STATEMENT_BYTES),
        MARKET | RISK => Some(MODEL_BYTES),
        TOTALS => Some(TOTALS_BYTES as u64),
        SIGNATURE_FILE => Some(SIGNATURE_BYTES),
        _ if shard::has_name(name) => Some(PROOF_BYTES),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::PINNED_KEYS;
    use crate::plonk::ProofVerifier;
    use crate::setup::INSECURE_TAU_G2;
    use crate::signature::Signature;
    use zkmargin_circuits::circuit::MarginCircuit;
    use zkmargin_circuits::shape::SHAPES;

    #[test]
    fn leaves_room_for_every_proof() {
        for pinned in PINNED_KEYS {
            let shape = SHAPES.iter().find(|shape| shape.name == pinned.shape);
            let key = pinned.read::<MarginCircuit>(shape.unwrap()).unwrap();
            let verifier = ProofVerifier::new(&key, *INSECURE_TAU_G2).unwrap();
            let bytes = verifier.proof_bytes() as u64;
            assert!(4 * bytes <= PROOF_BYTES, "{}: {bytes}", pinned.shape);
        }
    }

    #[test]
    fn knows_the_files_of_a_bundle() {
        assert_eq!(most_bytes("proof-00000.bin"), Some(PROOF_BYTES));
        assert_eq!(most_bytes("proof-100000.bin"), Some(PROOF_BYTES));
        let signature = Signature([7; 64]).to_file();
        assert_eq!(most_bytes(SIGNATURE_FILE), Some(signature.len() as u64));
        for name in [
            "",
            "proof-0.bin",
            "proof-000000.bin",
            "proof-0000a.bin",
            "proof-00000.bin.bak",
            "proof-99999999999999999999.bin",
            "../statement.json",
            "Statement.json",
        ] {
            assert_eq!(most_bytes(name), None, "{name}");
        }
    }
}
