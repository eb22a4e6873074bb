//! The 8-ary Poseidon tree over the slots of a shard.
//!
//! Slots beyond the capacity, and nodes above nothing but such slots, are 0.

use ff::Field;
use halo2_proofs::halo2curves::bn256::Fr;
use rayon::prelude::*;

use crate::poseidon::{hash8, RATE};
use crate::shape::Shape;

/// All levels of the tree above the slots, root last.
#[derive(Debug, Clone)]
pub struct Tree {
    /// `levels[0]` are the slots, the last level is the root alone.
    pub levels: Vec<Vec<Fr>>,
}

impl Tree {
    /// The tree over all slots of a shard.
    pub fn new(slots: Vec<Fr>) -> Self {
        let counts = Shape::tree_levels(slots.len());
        let mut levels = vec![slots];
        for count in counts {
            let below = levels.last().map(Vec::as_slice).unwrap_or_default();
            let level = (0..count)
                .into_par_iter()
                .map(|node| hash8(children(below, node)))
                .collect();
            levels.push(level);
        }
        Self { levels }
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
    std::array::from_fn(|i| below.get(node * RATE + i).copied().unwrap_or(Fr::ZERO))
}

/// The root a leaf at a slot implies, or `None` if slot or path do not fit the capacity.
pub fn root_from_path(
    leaf: Fr,
    slot: usize,
    capacity: usize,
    path: &[[Fr; RATE - 1]],
) -> Option<Fr> {
    if slot >= capacity || path.len() != Shape::tree_levels(capacity).len() {
        return None;
    }
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
            assert_eq!(root_from_path(*leaf, slot, 75, &path), Some(tree.root()));
            assert_ne!(
                root_from_path(*leaf + Fr::ONE, slot, 75, &path),
                Some(tree.root())
            );
        }
    }
}
