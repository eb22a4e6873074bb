//! Which slots an auditor's seed draws.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

/// What the hash of a draw begins with.
const DOMAIN: &[u8] = b"zkmargin sample v1";

/// What an auditor asks for: a seed that nobody at the venue knew when the statement was made, and
/// how many slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// Drawn by the auditor.
    pub seed: [u8; 32],
    /// How many slots, each drawn once.
    pub slots: u64,
}

impl Sample {
    /// The slots drawn of `capacity`, in order: the first steps of a shuffle of all of them. None
    /// where more are asked for than there are.
    ///
    /// Step `j` exchanges slot `j` with slot `j + h mod (capacity - j)`, where `h` is the first 16
    /// bytes of SHA-256 of domain, statement, seed and `j`. Every slot is as likely to be drawn as
    /// any other, to 2^-80.
    pub fn draw(&self, statement: &[u8; 32], capacity: u64) -> Option<Vec<u64>> {
        if self.slots > capacity {
            return None;
        }
        // Where a slot is not what it was.
        let mut moved: BTreeMap<u64, u64> = BTreeMap::new();
        let mut drawn = Vec::new();
        for step in 0..self.slots {
            let rest = u128::from(capacity.checked_sub(step)?);
            let offset = self.word(statement, step).checked_rem(rest)?;
            let place = step.checked_add(u64::try_from(offset).ok()?)?;
            let at = |moved: &BTreeMap<u64, u64>, slot: u64| *moved.get(&slot).unwrap_or(&slot);
            drawn.push(at(&moved, place));
            let displaced = at(&moved, step);
            moved.insert(place, displaced);
        }
        Some(drawn)
    }

    fn word(&self, statement: &[u8; 32], step: u64) -> u128 {
        let mut hash = Sha256::new();
        hash.update(DOMAIN);
        hash.update(statement);
        hash.update(self.seed);
        hash.update(step.to_le_bytes());
        let digest: [u8; 32] = hash.finalize().into();
        let (first, _) = digest.split_first_chunk::<16>().unwrap_or((&[0; 16], &[]));
        u128::from_be_bytes(*first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(seed: u8, slots: u64, capacity: u64) -> Vec<u64> {
        let seed = [seed; 32];
        Sample { seed, slots }.draw(&[1; 32], capacity).unwrap()
    }

    #[test]
    fn draws_every_slot_once() {
        let mut all = drawn(7, 50, 50);
        all.sort_unstable();
        assert!(all.into_iter().eq(0..50));
        assert_eq!(drawn(7, 10, 50), drawn(7, 50, 50)[..10]);
        assert!(drawn(7, 0, 0).is_empty());
        let more = Sample {
            seed: [7; 32],
            slots: 51,
        };
        assert_eq!(more.draw(&[1; 32], 50), None);
    }

    #[test]
    fn draws_by_seed_and_statement() {
        let sample = Sample {
            seed: [7; 32],
            slots: 20,
        };
        let of = |statement: u8| sample.draw(&[statement; 32], 1 << 40).unwrap();
        assert_eq!(of(1), of(1));
        assert_ne!(of(1), of(2));
        assert_ne!(drawn(7, 20, 1 << 40), drawn(8, 20, 1 << 40));
    }

    #[test]
    fn draws_all_slots_alike() {
        let mut hits = [0u32; 10];
        for seed in 0..=255 {
            for slot in drawn(seed, 3, 10) {
                hits[slot as usize] += 1;
            }
        }
        // 76.8 each are expected, with a deviation of 7.3.
        assert!(hits.iter().all(|hits| (45..110).contains(hits)), "{hits:?}");
    }

    #[test]
    fn is_pinned() {
        let sample = Sample {
            seed: [0; 32],
            slots: 4,
        };
        assert_eq!(sample.draw(&[0; 32], 1000), Some(vec![761, 406, 306, 678]));
    }
}
