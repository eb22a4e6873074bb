//! Every target with its seeds and some thousand mutations of them, the same each time.

use rand::seq::SliceRandom;
use rand::{Rng, RngCore, SeedableRng};
use rand_chacha::ChaCha20Rng;
use zkmargin_attack::{target, TARGETS};

/// A mutation of a seed: pieces of it and of others, bytes turned, numbers at the edge.
fn mutated(seeds: &[Vec<u8>], rng: &mut ChaCha20Rng) -> Vec<u8> {
    let mut bytes = seeds.choose(rng).cloned().unwrap_or_default();
    for _ in 0..rng.gen_range(1..=4) {
        let at = rng.gen_range(0..=bytes.len());
        match rng.gen_range(0..6) {
            0 if at < bytes.len() => bytes[at] ^= 1 << rng.gen_range(0..8),
            1 if at < bytes.len() => bytes[at] = rng.gen(),
            2 => {
                let mut some = vec![0; rng.gen_range(1..16)];
                rng.fill_bytes(&mut some);
                bytes.splice(at..at, some);
            }
            3 => {
                let end = (at + rng.gen_range(1..32)).min(bytes.len());
                bytes.drain(at..end);
            }
            4 => {
                let other = seeds.choose(rng).cloned().unwrap_or_default();
                let from = rng.gen_range(0..=other.len());
                let to = (from + rng.gen_range(0..64)).min(other.len());
                bytes.splice(at..at, other[from..to].iter().copied());
            }
            _ => {
                let edge: [&[u8]; 6] = [b"0", b"9", b"-", b"\"", &[0xff; 8], &[0; 8]];
                let edge = edge[rng.gen_range(0..edge.len())];
                let end = (at + edge.len()).min(bytes.len());
                bytes.splice(at..end, edge.iter().copied());
            }
        }
    }
    bytes
}

fn smoke(name: &str) {
    let target = target(name).expect("a target");
    let seeds = (target.seeds)();
    for seed in &seeds {
        (target.run)(seed);
    }
    let mut rng = ChaCha20Rng::seed_from_u64(20);
    for _ in 0..target.smoke {
        (target.run)(&mutated(&seeds, &mut rng));
    }
}

macro_rules! smoke {
    ($($name:ident),*) => {
        $(#[test]
        fn $name() {
            smoke(stringify!($name));
        })*

        #[test]
        fn leaves_no_target_out() {
            let tested = [$(stringify!($name)),*];
            for target in TARGETS {
                assert!(tested.contains(&target.name), "{}", target.name);
            }
        }
    };
}

smoke!(
    bundle, proof, totals, statement, record, pack, market, risk, snapshot, outside, keys, csv,
    parquet, srs, ptau, job, input
);
