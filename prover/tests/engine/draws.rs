//! Which message each draw of randomness hides: every draw is changed by itself, and the first
//! element of the proof that changes is the commitment that it is to hide.

use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::plonk::keygen_vk;
use rand::{CryptoRng, RngCore, SeedableRng};
use rand_chacha::ChaCha20Rng;
use zkmargin_prover::engine::key::{proving_key, ProvingKey};
use zkmargin_prover::engine::proof::create_proof;
use zkmargin_prover::engine::simd::Portable;

use crate::{Any, Book, Setup, Shape, PUBLIC};

/// A source of randomness that keeps what sizes were asked for, and can answer one call otherwise.
struct Source {
    rng: ChaCha20Rng,
    calls: Vec<usize>,
    other: Option<usize>,
}

impl RngCore for Source {
    fn next_u32(&mut self) -> u32 {
        unreachable!("elements are drawn by 64 bits")
    }

    fn next_u64(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.fill_bytes(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        self.rng.fill_bytes(bytes);
        if self.other == Some(self.calls.len()) {
            bytes[0] ^= 1;
        }
        self.calls.push(bytes.len());
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand::Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

impl CryptoRng for Source {}

fn prove(key: &ProvingKey<Portable>, shape: &Shape, other: Option<usize>) -> (Vec<u8>, Vec<usize>) {
    let mut source = Source {
        rng: ChaCha20Rng::seed_from_u64(1),
        calls: Vec::new(),
        other,
    };
    let witness = &mut Book::new(shape, None);
    let public = PUBLIC.map(Fr::from);
    let proof = create_proof(key, witness, &public, &mut source, &mut |_| ()).unwrap();
    (proof, source.calls)
}

#[test]
fn every_draw_hides_its_own_message() {
    let shape = Shape {
        k: 7,
        degree: 5,
        copied: 5,
        lookups: 3,
        second: 2,
        ..Shape::default()
    };
    let setup = Setup::new(shape.k);
    let circuit = Any {
        shape: shape.clone(),
    };
    let verifying = keygen_vk(&setup.params, &circuit).unwrap();
    let key = proving_key(Portable, &setup.points(), &circuit, Some(verifying)).unwrap();
    let cs = key.verifying.cs();
    let (advice, lookups) = (cs.num_advice_columns(), cs.lookups().len());
    let columns = cs.permutation().get_columns().len();
    let products = columns.div_ceil(cs.degree() - 2);
    let factors = cs.blinding_factors();
    assert!(lookups == 3 && products > 1);

    // The element that each draw is to hide: a seed for every column, then cells, then a seed for
    // the random polynomial.
    let (permuted, random) = (advice, advice + 3 * lookups + products);
    let mut hides: Vec<usize> = (0..advice).collect();
    for side in 0..2 * lookups {
        hides.extend([permuted + side].repeat(factors + 1));
    }
    for product in 0..products + lookups {
        hides.extend([permuted + 2 * lookups + product].repeat(factors));
    }
    hides.push(random);

    let (good, calls) = prove(&key, &shape, None);
    let mut draws = Vec::new();
    let mut call = 0;
    while call < calls.len() {
        draws.push(call);
        // An element is drawn as 64 bytes, at once or by words.
        call += match calls[call] {
            8 => 8,
            size => {
                assert!(size == 32 || size == 64);
                1
            }
        };
    }
    assert_eq!(draws.len(), hides.len());
    for (call, hidden) in draws.into_iter().zip(hides) {
        let (proof, _) = prove(&key, &shape, Some(call));
        let elements = good.chunks(32).zip(proof.chunks(32));
        let first = elements
            .enumerate()
            .find(|(_, (good, found))| good != found);
        assert_eq!(first.map(|(place, _)| place), Some(hidden), "call {call}");
    }
}
