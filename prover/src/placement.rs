//! Salts and places: everything a bundle's secrecy rests on, from one seed.
//!
//! Salts are SHA-256 of seed, epoch and what they are for, cut to 31 bytes; places are a shuffle of
//! accounts and empty slots by a ChaCha20 stream. The seed never leaves the venue.

use halo2_proofs::halo2curves::bn256::Fr;
use rand::seq::SliceRandom;
use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha20Rng;
use sha2::{Digest, Sha256};
use zkmargin_circuits::leaf::salt_from_bytes;

/// The secret of one bundle.
#[derive(Clone)]
pub struct Seed {
    bytes: [u8; 32],
    epoch: u64,
}

impl std::fmt::Debug for Seed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seed(..)")
    }
}

impl Seed {
    /// From the operating system's generator.
    pub fn random(epoch: u64) -> Self {
        Self::chosen(Self::draw(), epoch)
    }

    /// 32 bytes from the operating system's generator.
    pub fn draw() -> [u8; 32] {
        let mut bytes = [0; 32];
        rand::rngs::OsRng.fill_bytes(&mut bytes);
        bytes
    }

    /// A chosen seed: the same salts and places again for the same book and epoch.
    pub fn chosen(bytes: [u8; 32], epoch: u64) -> Self {
        Self { bytes, epoch }
    }

    fn derive(&self, purpose: &str, name: &[u8], index: u64) -> [u8; 32] {
        let mut hash = Sha256::new();
        for part in [b"zkmargin seed v1".as_slice(), purpose.as_bytes(), name] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        hash.update(self.epoch.to_le_bytes());
        hash.update(index.to_le_bytes());
        hash.update(self.bytes);
        hash.finalize().into()
    }

    fn salt(&self, purpose: &str, name: &[u8], index: u64) -> Fr {
        let mut bytes = [0; 31];
        bytes.copy_from_slice(&self.derive(purpose, name, index)[..31]);
        salt_from_bytes(&bytes)
    }

    /// The salt of an account's window.
    pub fn window_salt(&self, account: &str, window: usize) -> Fr {
        self.salt("window", account.as_bytes(), window as u64)
    }

    /// The salt of an empty slot.
    pub fn empty_salt(&self, slot: usize) -> Fr {
        self.salt("empty", b"", slot as u64)
    }

    /// The salt of the counts digest.
    pub fn counts_salt(&self) -> Fr {
        self.salt("counts", b"", 0)
    }

    /// Shuffles what stands in the slots.
    pub fn shuffle<T>(&self, runs: &mut [T]) {
        let mut rng = ChaCha20Rng::from_seed(self.derive("order", b"", 0));
        runs.shuffle(&mut rng);
    }
}
