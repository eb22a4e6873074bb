//! The 8-ary Poseidon trees: over the slots of a shard, and over the roots of a book's shards.
//!
//! Slots beyond the capacity, and nodes above nothing but such slots, are 0.

use ff::Field;
use halo2_proofs::halo2curves::bn256::Fr;
use rayon::prelude::*;

use crate::poseidon::{hash8, Hasher, Plain, RATE};
use crate::shape::Shape;

/// Nodes that a hasher is given at once.
const AT_ONCE: usize = 16;

/// All levels of the tree above the slots, root last.
#[derive(Debug, Clone)]
pub struct Tree {
    /// `levels[0]` are the slots, the last level is the root alone.
    pub levels: Vec<Vec<Fr>>,
}

impl Tree {
    /// The tree over all slots of a shard.
    pub fn new(slots: Vec<Fr>) -> Self {
        Self::hashed_by(&Plain, slots)
    }

    /// [`Self::new`], its hashes made by `hasher`.
    pub fn hashed_by(hasher: &dyn Hasher, slots: Vec<Fr>) -> Self {
        let counts = Shape::tree_levels(slots.len());
        let mut levels = vec![slots];
        for count in counts {
            let below = levels.last().map(Vec::as_slice).unwrap_or_default();
            let nodes = (0..count).into_par_iter();
            let level = nodes
                .chunks(AT_ONCE)
                .map(|nodes| {
                    let blocks = nodes.into_iter().map(|node| children(below, node));
                    hasher.hashes(&blocks.collect::<Vec<_>>())
                })
                .flatten()
                .collect();
            levels.push(level);
        }
        Self { levels }
    }

    /// The tree over what the shards of a book have, their roots or their counts digests: that of a
    /// single shard stands for itself.
    pub fn over_shards(shards: Vec<Fr>) -> Self {
        match shards.len() {
            1 => Self {
                levels: vec![shards],
            },
            _ => Self::new(shards),
        }
    }

    /// Levels of [`Self::over_shards`] above the shards.
    pub fn levels_over(shards: usize) -> usize {
        match shards {
            1 => 0,
            _ => Shape::tree_levels(shards).len(),
        }
    }

    /// The root.
    pub fn root(&self) -> Fr {
        self.levels
            .last()
            .and_then(|level| level.first())
            .copied()
            .unwrap_or(Fr::ZERO)
    }

    /// The seven siblings at each level from a slot up, in order of position.
    pub fn path(&self, slot: usize) -> Vec<[Fr; RATE - 1]> {
        let mut index = slot;
        let mut path = Vec::new();
        for level in self.levels.iter().take(self.levels.len().saturating_sub(1)) {
            let family = children(level, index / RATE);
            let mut siblings = [Fr::ZERO; RATE - 1];
            let others = family
                .iter()
                .enumerate()
                .filter(|(i, _)| *i != index % RATE);
            for (target, (_, value)) in siblings.iter_mut().zip(others) {
                *target = *value;
            }
            path.push(siblings);
            index /= RATE;
        }
        path
    }
}

/// The children of a node: zeros beyond the level.
pub fn children(below: &[Fr], node: usize) -> [Fr; RATE] {
    let first = node.saturating_mul(RATE);
    std::array::from_fn(|i| {
        let child = below.get(first.saturating_add(i));
        child.copied().unwrap_or(Fr::ZERO)
    })
}

/// The root of a book that a leaf implies, at a slot counted over all shards of `capacity` slots
/// each, or `None` if slot or path do not fit.
pub fn root_from_path(
    leaf: Fr,
    slot: usize,
    capacity: usize,
    shards: usize,
    path: &[[Fr; RATE - 1]],
) -> Option<Fr> {
    let shard = slot.checked_div(capacity)?;
    let within = Shape::tree_levels(capacity).len();
    if shard >= shards || path.len() != within.saturating_add(Tree::levels_over(shards)) {
        return None;
    }
    let (lower, upper) = path.split_at_checked(within)?;
    let root = climb(leaf, slot.checked_rem(capacity)?, lower)?;
    climb(root, shard, upper)
}

/// The value at the top of a path.
fn climb(leaf: Fr, slot: usize, path: &[[Fr; RATE - 1]]) -> Option<Fr> {
    let mut index = slot;
    let mut value = leaf;
    for siblings in path {
        let mut family = [Fr::ZERO; RATE];
        let mut others = siblings.iter();
        for (i, target) in family.iter_mut().enumerate() {
            *target = if i == index % RATE {
                value
            } else {
                *others.next()?
            };
        }
        value = hash8(family);
        index /= RATE;
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_every_slot() {
        let slots: Vec<Fr> = (0..75).map(|i| Fr::from(i + 1)).collect();
        let tree = Tree::new(slots.clone());
        for (slot, leaf) in slots.iter().enumerate() {
            let path = tree.path(slot);
            let root = |leaf, shards| root_from_path(leaf, slot, 75, shards, &path);
            assert_eq!(root(*leaf, 1), Some(tree.root()));
            assert_ne!(root(*leaf + Fr::ONE, 1), Some(tree.root()));
            assert_eq!(root(*leaf, 2), None);
        }
    }

    #[test]
    fn accepts_every_slot_of_every_shard() {
        let trees: Vec<Tree> = (0..11)
            .map(|shard| Tree::new((0..75).map(|i| Fr::from(100 * shard + i)).collect()))
            .collect();
        let top = Tree::over_shards(trees.iter().map(Tree::root).collect());
        for (shard, tree) in trees.iter().enumerate() {
            let mut path = tree.path(7);
            path.extend(top.path(shard));
            let leaf = tree.levels[0][7];
            let root = |slot| root_from_path(leaf, slot, 75, trees.len(), &path);
            assert_eq!(root(75 * shard + 7), Some(top.root()));
            assert_ne!(root(75 * ((shard + 1) % 11) + 7), Some(top.root()));
            assert_eq!(root(75 * 11 + 7), None);
        }
    }

    #[test]
    fn one_shard_stands_for_itself() {
        let top = Tree::over_shards(vec![Fr::from(5)]);
        assert_eq!(top.root(), Fr::from(5));
        assert!(top.path(0).is_empty());
    }
}
