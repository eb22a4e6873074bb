//! Every field of every published JSON file, elements that are none, and what may be left away.

use rayon::prelude::*;
use serde_json::Value;
use zkmargin_verifier::bundle::{verify, Bundle, Options};
use zkmargin_verifier::report::{CheckName, Report, Status};
use zkmargin_verifier::transcript::ELEMENT_BYTES;

use super::{others, places, refused, spread, File, Swept};

/// 32 bytes that are no field element or no point, or rare ones: zero, one, both moduli and their
/// neighbours, all ones, infinity, small abscissas (some on the curve, some off it).
pub fn odd_elements() -> Vec<[u8; ELEMENT_BYTES]> {
    use ff::PrimeField;
    use halo2_proofs::halo2curves::bn256::{Fq, Fr};
    let next = |mut bytes: [u8; ELEMENT_BYTES]| {
        // Both moduli end in a byte that does not carry.
        bytes[0] += 1;
        bytes
    };
    let flagged = |flag: u8| {
        let mut bytes = [0; ELEMENT_BYTES];
        bytes[ELEMENT_BYTES - 1] = flag;
        bytes
    };
    let (scalar, coordinate) = ((-Fr::from(1)).to_repr(), (-Fq::from(1)).to_repr());
    let mut all = vec![
        [0; ELEMENT_BYTES],
        [0xff; ELEMENT_BYTES],
        flagged(0x80),
        flagged(0x40),
        flagged(0xc0),
        scalar,
        next(scalar),
        coordinate,
        next(coordinate),
    ];
    all.extend((1..=8).map(|x| {
        let mut bytes = [0; ELEMENT_BYTES];
        bytes[0] = x;
        bytes
    }));
    all
}

/// Puts each of [`odd_elements`], and the same element plus the modulus, into `most` places of a
/// proof or of the totals.
pub fn odd(bundle: &Bundle, options: &Options<'_>, file: File, most: usize) -> Swept {
    let good = file.of(&mut bundle.clone()).cloned().unwrap_or_default();
    let (elements, _) = good.as_chunks::<ELEMENT_BYTES>();
    let odd = odd_elements();
    let outcomes: Vec<_> = spread(elements.len(), most)
        .into_par_iter()
        .flat_map_iter(|place| {
            let here = elements[place];
            let second = plus_modulus(&here);
            let others = odd.iter().copied().chain(second);
            others
                .filter(move |other| *other != here)
                .map(|other| {
                    let mut changed = bundle.clone();
                    if let Some(bytes) = file.of(&mut changed) {
                        let at = place * ELEMENT_BYTES;
                        bytes[at..at + ELEMENT_BYTES].copy_from_slice(&other);
                    }
                    let change = format!("element {place} as {other:?}");
                    (change, refused(&changed, options))
                })
                .collect::<Vec<_>>()
        })
        .collect();
    Swept::of(outcomes.into_iter())
}

/// A scalar's second form, where it fits 256 bits.
fn plus_modulus(element: &[u8; ELEMENT_BYTES]) -> Option<[u8; ELEMENT_BYTES]> {
    use ff::PrimeField;
    let minus_one = (-halo2_proofs::halo2curves::bn256::Fr::from(1)).to_repr();
    let mut sum = [0; ELEMENT_BYTES];
    let mut carry = 1;
    for ((sum, a), b) in sum.iter_mut().zip(element).zip(minus_one) {
        let all = u16::from(*a) + u16::from(b) + carry;
        *sum = all as u8;
        carry = all >> 8;
    }
    (carry == 0).then_some(sum)
}

/// Changes a place of the market or of the model, `most` of them; removes and adds fields; and writes
/// the file again as it was, with other blanks. None of it is what the statement names.
///
/// # Panics
/// When the file is not there, or no JSON.
pub fn json(bundle: &Bundle, options: &Options<'_>, file: File, most: usize) -> Swept {
    let good = file.of(&mut bundle.clone()).cloned().expect("the file");
    let value: Value = serde_json::from_slice(&good).expect("JSON");
    let mut pointers = Vec::new();
    places(&value, String::new(), &mut pointers);
    let mut changes = vec![("other blanks".to_owned(), value.to_string().into_bytes())];
    for place in spread(pointers.len(), most) {
        let pointer = &pointers[place];
        let before = value.pointer(pointer).cloned().unwrap_or_default();
        for after in others(pointer, &before) {
            let mut changed = value.clone();
            if let Some(place) = changed.pointer_mut(pointer) {
                *place = after.clone();
            }
            let change = format!("{pointer}: {before} to {after}");
            changes.push((change, changed.to_string().into_bytes()));
        }
        let (parent, name) = pointer.rsplit_once('/').unwrap_or_default();
        for added in [false, true] {
            let mut changed = value.clone();
            if let Some(Value::Object(fields)) = changed.pointer_mut(parent) {
                match added {
                    true => drop(fields.insert("more".to_owned(), before.clone())),
                    false => drop(fields.remove(name)),
                }
            }
            let change = format!("{pointer}: {}", if added { "one more" } else { "removed" });
            changes.push((change, changed.to_string().into_bytes()));
        }
    }
    let outcomes: Vec<_> = changes
        .into_par_iter()
        .filter(|(_, bytes)| *bytes != good)
        .map(|(change, bytes)| {
            let mut changed = bundle.clone();
            if let Some(place) = file.of(&mut changed) {
                *place = bytes;
            }
            let outcome = refused(&changed, options);
            (change, outcome)
        })
        .collect();
    Swept::of(outcomes.into_iter())
}

/// Changes every byte of the signature, and its length. Whose signature it is is asked for; the proof
/// holds without it, so what must not be is a report that is valid.
pub fn signature(bundle: &Bundle, options: &Options<'_>) -> Swept {
    let good = bundle.signature.clone().unwrap_or_default();
    let mut changes: Vec<(String, Option<Vec<u8>>)> = (0..good.len())
        .map(|place| {
            let mut bytes = good.clone();
            bytes[place] ^= 1 << (place % 8);
            (format!("byte {place}"), Some(bytes))
        })
        .collect();
    changes.push(("left away".to_owned(), None));
    changes.push(("twice".to_owned(), Some([good.as_slice(), &good].concat())));
    changes.push(("a byte less".to_owned(), Some(good[1..].to_vec())));
    let outcomes = changes.into_iter().map(|(change, signature)| {
        let changed = Bundle {
            signature,
            ..bundle.clone()
        };
        let report = verify(&changed, options, &mut |_| ()).expect("no file of the caller's own");
        let outcome = match report.failure() {
            Some(check) if !report.valid && !report.is_good() => Ok(check.name.name().to_owned()),
            _ => Err("is accepted".to_owned()),
        };
        (change, outcome)
    });
    Swept::of(outcomes)
}

/// A change that is accepted.
pub struct Allowed {
    /// What is changed.
    pub change: &'static str,
    /// Why it means nothing, or shows.
    pub reason: &'static str,
    /// Makes the change.
    pub make: fn(&mut Bundle),
    /// Whether the report says so.
    pub shows: fn(&Report) -> bool,
}

/// Every change of a bundle that `verify` accepts where the caller asks for neither model nor
/// signature. There is no other.
pub const ALLOWED: &[Allowed] = &[
    Allowed {
        change: "risk.json left away",
        reason: "the statement commits to the model; that it is not shown is a qualification",
        make: |bundle| bundle.risk = None,
        shows: |report| {
            report.status(CheckName::Model) == Status::NotPerformed
                && report.qualifications.iter().any(|q| q == "private model")
        },
    },
    Allowed {
        change: "statement.sig left away",
        reason: "nobody asked whose it is: the check is not performed, and says so",
        make: |bundle| bundle.signature = None,
        shows: |report| report.status(CheckName::Signature) == Status::NotPerformed,
    },
    Allowed {
        change: "statement.sig of other bytes",
        reason: "nobody asked whose it is: the check is not performed, and says so",
        make: |bundle| bundle.signature = Some(b"anything".to_vec()),
        shows: |report| report.status(CheckName::Signature) == Status::NotPerformed,
    },
];
