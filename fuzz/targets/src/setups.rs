//! Parameters: raw ones, and those of a ceremony.

use std::fs;
use std::sync::OnceLock;

use ff::PrimeField;
use halo2_proofs::halo2curves::bn256::{Fq, G1Affine, G2Affine};
use halo2_proofs::halo2curves::serde::SerdeObject;
use zkmargin_prover::params::{import_ptau, import_raw, insecure, Parameters, ParamsError};

use crate::edits::{edit_bytes, edited};
use crate::scratch;

/// Small: 2^5 powers.
const K: u32 = 5;

const EDITS: usize = 4;

fn good() -> &'static (Parameters, Vec<u8>) {
    static GOOD: OnceLock<(Parameters, Vec<u8>)> = OnceLock::new();
    GOOD.get_or_init(|| {
        let params = insecure(K, &mut |_| ()).expect("parameters");
        let path = scratch::folder().join("good.srs");
        params.write(&path).expect("a file of this process");
        (params, fs::read(path).expect("a file of this process"))
    })
}

fn check(outcome: Result<Parameters, ParamsError>) {
    match outcome {
        // What passes is of the one tau that it says: any other would be another setup.
        Ok(found) => {
            assert_eq!(found.setup(), good().0.setup());
            assert_eq!(found.tau_g2(), good().0.tau_g2());
            let powers = good().0.points().powers;
            assert_eq!(Some(found.points().powers), powers.get(..1 << found.k()));
        }
        Err(ParamsError::Input(error)) => assert!(!error.problem.is_empty()),
        Err(ParamsError::Io { source, .. }) => panic!("{source}"),
    }
}

/// Reads the bytes as raw parameters, and as edits of good ones.
pub fn srs(data: &[u8]) {
    for bytes in [data.to_vec(), edited(data, &good().1, EDITS, edit_bytes)] {
        check(import_raw(
            &scratch::file("fuzzed.srs", &bytes),
            &mut |_| (),
        ));
    }
}

/// Scripts, and a beginning of a file.
pub fn srs_seeds() -> Vec<Vec<u8>> {
    let mut seeds = crate::bundle::scripts();
    seeds.push(28u32.to_le_bytes().to_vec());
    seeds
}

/// A ceremony's file of the same powers, as snarkjs lays it out.
fn ceremony() -> &'static [u8] {
    static FILE: OnceLock<Vec<u8>> = OnceLock::new();
    FILE.get_or_init(|| {
        let params = &good().0;
        let g1 = |point: &G1Affine| [point.x.to_raw_bytes(), point.y.to_raw_bytes()].concat();
        let g2 = |point: &G2Affine| {
            let (x, y) = (point.x, point.y);
            [x.c0, x.c1, y.c0, y.c1].map(|c| c.to_raw_bytes()).concat()
        };
        let mut modulus = (-Fq::one()).to_repr();
        modulus[0] += 1;
        // A file of 2^(K-1) says 2^K - 1 powers in G1.
        let power = K - 1;
        let header = [
            &32u32.to_le_bytes()[..],
            &modulus,
            &power.to_le_bytes(),
            &power.to_le_bytes(),
        ]
        .concat();
        let powers: Vec<u8> = params
            .points()
            .powers
            .iter()
            .take((1 << K) - 1)
            .flat_map(g1)
            .collect();
        let mut second = g2(&G2Affine::generator());
        second.extend(g2(&params.tau_g2()));
        second.resize(128 << power, 0);
        let mut file = b"ptau".to_vec();
        file.extend(1u32.to_le_bytes());
        file.extend(3u32.to_le_bytes());
        for (kind, section) in [(1u32, header), (2, powers), (3, second)] {
            file.extend(kind.to_le_bytes());
            file.extend((section.len() as u64).to_le_bytes());
            file.extend(section);
        }
        let path = scratch::file("good.ptau", &file);
        import_ptau(&path, None, &mut |_| ()).expect("a ceremony");
        file
    })
}

/// Reads the bytes as a ceremony's file, and as edits of a good one.
pub fn ptau(data: &[u8]) {
    for bytes in [data.to_vec(), edited(data, ceremony(), EDITS, edit_bytes)] {
        let path = scratch::file("fuzzed.ptau", &bytes);
        check(import_ptau(&path, None, &mut |_| ()));
        check(import_ptau(
            &path,
            Some(u32::from(data.first().copied().unwrap_or(3) % 8)),
            &mut |_| (),
        ));
    }
}

/// Scripts, and a beginning of a file.
pub fn ptau_seeds() -> Vec<Vec<u8>> {
    let mut seeds = crate::bundle::scripts();
    seeds.push(ceremony().get(..68).unwrap_or_default().to_vec());
    seeds
}
