//! Salts and places: everything a bundle's secrecy rests on, from one seed.
//!
//! Salts are SHA-256 of seed, epoch and what they are for, cut to 31 bytes; places are a shuffle of
//! accounts and empty slots by a ChaCha20 stream. The seed never leaves the venue.

use std::collections::VecDeque;

use halo2_proofs::halo2curves::bn256::Fr;
use rand::seq::SliceRandom;
use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha20Rng;
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};
use zkmargin_circuits::leaf::salt_from_bytes;

/// The secret of one bundle. It is wiped when it is dropped, and shows nothing.
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

impl Drop for Seed {
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}

impl ZeroizeOnDrop for Seed {}

impl Seed {
    /// From the operating system's generator.
    pub fn random(epoch: u64) -> Self {
        Self::chosen(*Self::draw(), epoch)
    }

    /// 32 bytes from the operating system's generator.
    pub fn draw() -> Zeroizing<[u8; 32]> {
        let mut bytes = Zeroizing::new([0; 32]);
        rand::rngs::OsRng.fill_bytes(&mut *bytes);
        bytes
    }

    /// A chosen seed: the same salts and places again for the same book and epoch.
    pub fn chosen(bytes: [u8; 32], epoch: u64) -> Self {
        Self { bytes, epoch }
    }

    /// The bytes, for who keeps them.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.bytes
    }

    fn derive(&self, purpose: &str, name: &[u8], index: u64) -> Zeroizing<[u8; 32]> {
        let mut hash = Sha256::new();
        for part in [b"zkmargin seed v1".as_slice(), purpose.as_bytes(), name] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        hash.update(self.epoch.to_le_bytes());
        hash.update(index.to_le_bytes());
        hash.update(self.bytes);
        Zeroizing::new(hash.finalize().into())
    }

    fn salt(&self, purpose: &str, name: &[u8], index: u64) -> Fr {
        let mut bytes = Zeroizing::new([0; 31]);
        bytes.copy_from_slice(&self.derive(purpose, name, index)[..31]);
        salt_from_bytes(&bytes)
    }

    /// The salt of an account's window.
    pub fn window_salt(&self, account: &str, window: usize) -> Fr {
        self.salt("window", account.as_bytes(), window as u64)
    }

    /// The salt of an empty slot, by its number over all shards.
    pub fn empty_salt(&self, slot: usize) -> Fr {
        self.salt("empty", b"", slot as u64)
    }

    /// The salt of a shard's counts digest.
    pub fn counts_salt(&self, shard: usize) -> Fr {
        self.salt("counts", b"", shard as u64)
    }

    /// Shuffles: another order for each purpose and index.
    fn shuffle<T>(&self, purpose: &str, index: usize, items: &mut [T]) {
        let mut rng = ChaCha20Rng::from_seed(*self.derive(purpose, b"", index as u64));
        items.shuffle(&mut rng);
    }
}

/// What stands at a place of a shard: an account, by its index in the book, or an empty slot.
pub type Place = Option<u32>;

/// Where every account of a book stands: a secret order over all shards, so that a shard says
/// nothing about whose accounts are in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// The places of each shard, in order; together they fill its windows.
    pub shards: Vec<Vec<Place>>,
}

impl Places {
    /// Places accounts of `lengths` windows each, none longer than `capacity`, in as few shards of
    /// `capacity` windows as a shuffle of them fits.
    pub fn new(lengths: &[u32], capacity: usize, seed: &Seed) -> Self {
        let windows: usize = lengths.iter().map(|length| *length as usize).sum();
        let least = windows.div_ceil(capacity).max(1);
        (least..)
            .find_map(|shards| Self::pack(lengths, capacity, shards, seed))
            .unwrap_or_else(|| unreachable!("an account for each shard fits"))
    }

    fn pack(lengths: &[u32], capacity: usize, shards: usize, seed: &Seed) -> Option<Self> {
        let windows: usize = lengths.iter().map(|length| *length as usize).sum();
        let length = |place: Place| place.map_or(1, |account| lengths[account as usize] as usize);
        let accounts = (0..lengths.len() as u32).map(Some);
        let empty = (shards * capacity).checked_sub(windows)?;
        let mut order: Vec<Place> = accounts.chain(std::iter::repeat_n(None, empty)).collect();
        seed.shuffle("order", 0, &mut order);

        let mut order = VecDeque::from(order);
        let mut waiting: VecDeque<Place> = VecDeque::new();
        let mut packed = Vec::with_capacity(shards);
        for shard in 0..shards {
            let mut room = capacity;
            let mut places = Vec::new();
            let mut take = |place: Place, room: &mut usize| {
                let fits = length(place) <= *room;
                if fits {
                    *room -= length(place);
                    places.push(place);
                }
                fits
            };
            // First those that found no room in the shard before, then on in the order.
            waiting.retain(|place| !take(*place, &mut room));
            while room > 0 {
                let next = order.pop_front()?;
                if !take(next, &mut room) {
                    waiting.push_back(next);
                }
            }
            seed.shuffle("order", 1 + shard, &mut places);
            packed.push(places);
        }
        (waiting.is_empty() && order.is_empty()).then_some(Self { shards: packed })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(lengths: &[u32], capacity: usize) -> usize {
        let places = Places::new(lengths, capacity, &Seed::chosen([3; 32], 1));
        let mut seen = vec![0; lengths.len()];
        for shard in &places.shards {
            let mut windows = 0;
            for place in shard {
                windows += place.map_or(1, |account| lengths[account as usize] as usize);
                if let Some(account) = place {
                    seen[*account as usize] += 1;
                }
            }
            assert_eq!(windows, capacity, "a shard is filled exactly");
        }
        assert!(seen.iter().all(|times| *times == 1), "every account once");
        places.shards.len()
    }

    #[test]
    fn places_every_account_once() {
        assert_eq!(check(&[], 10), 1);
        assert_eq!(check(&[10], 10), 1);
        assert_eq!(check(&[1; 100], 10), 10);
        assert_eq!(check(&[6; 10], 10), 10, "two do not fit into one");
        let mixed: Vec<u32> = (0..1_000).map(|i| 1 + i % 3).collect();
        assert_eq!(check(&mixed, 100), 20);
        let long: Vec<u32> = (0..50).map(|i| 20 + i % 9).collect();
        assert!(check(&long, 100) <= 15);
    }

    #[test]
    fn places_depend_on_the_seed_alone() {
        let lengths = [1, 2, 3, 1, 1, 2];
        let of = |seed: [u8; 32]| Places::new(&lengths, 12, &Seed::chosen(seed, 1));
        assert_eq!(of([1; 32]), of([1; 32]));
        assert_ne!(of([1; 32]), of([2; 32]));
    }
    /// Salts of accounts and slots of every kind, as integers.
    fn salts(seed: &Seed) -> Vec<Fr> {
        let accounts = ["", "a", "ab", "alice@example"];
        let windows = accounts.iter().flat_map(|account| {
            let salt = |window| seed.window_salt(account, window);
            (0..20).map(salt)
        });
        let slots = (0..200).map(|slot| seed.empty_salt(slot));
        let counts = (0..50).map(|shard| seed.counts_salt(shard));
        windows.chain(slots).chain(counts).collect()
    }

    #[test]
    fn no_salt_and_no_order_is_used_twice() {
        let epochs = [0, 1, 2, 3, 1 << 32, u64::MAX];
        let seeds = epochs.into_iter().flat_map(|epoch| {
            let of = |bytes| Seed::chosen(bytes, epoch);
            [
                of([7; 32]),
                of([8; 32]),
                Seed::random(epoch),
                Seed::random(epoch),
            ]
        });
        let seeds: Vec<Seed> = seeds.collect();
        let mut all: Vec<Fr> = seeds.iter().flat_map(salts).collect();
        let count = all.len();
        assert_eq!(count, 24 * 330);
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count, "salts that are the same");

        let lengths = [1; 200];
        let mut orders: Vec<Vec<Place>> = Vec::new();
        for seed in &seeds {
            orders.extend(Places::new(&lengths, 100, seed).shards);
        }
        let count = orders.len();
        assert_eq!(count, 24 * 2);
        orders.sort_unstable();
        orders.dedup();
        assert_eq!(orders.len(), count, "orders that are the same");
    }

    #[test]
    fn salts_of_one_epoch_repeat_for_the_same_seed_alone() {
        let salts = |bytes, epoch| salts(&Seed::chosen(bytes, epoch));
        assert_eq!(salts([7; 32], 4), salts([7; 32], 4));
        let mut other = [7; 32];
        other[31] ^= 1;
        let both = salts([7; 32], 4).into_iter().zip(salts(other, 4));
        both.for_each(|(one, two)| assert_ne!(one, two));
    }

    #[test]
    fn a_seed_is_wiped_and_shows_nothing() {
        fn wiped<T: ZeroizeOnDrop>(_: &T) {}
        let mut seed = Seed::chosen([0xab; 32], 1);
        wiped(&seed);
        assert_eq!(format!("{seed:?} {seed:#?}"), "Seed(..) Seed(..)");
        seed.bytes.zeroize();
        assert_eq!(*seed.bytes(), [0; 32]);
    }
}
