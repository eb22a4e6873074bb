//! Memory of columns, which one proof leaves to the next.
//!
//! A proof holds gigabytes of columns. A system clears memory page by page when it is first touched,
//! which takes a tenth to a fifth of a proof where the system is itself a guest: what a key's proofs
//! have taken stays with the key.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::simd::Block;

/// Columns of one length that nobody holds.
#[derive(Debug)]
pub struct Pool {
    blocks: usize,
    free: Mutex<Vec<Vec<Block>>>,
}

impl Pool {
    /// None yet, of so many blocks.
    pub fn new(blocks: usize) -> Self {
        Self {
            blocks,
            free: Mutex::default(),
        }
    }

    /// A column, its values anything.
    pub fn take(&self) -> Vec<Block> {
        let known = self.free().pop();
        known.unwrap_or_else(|| bytemuck::zeroed_vec(self.blocks))
    }

    /// A column of zeros.
    pub fn zeros(&self) -> Vec<Block> {
        let mut column = self.take();
        column.fill(Block::ZERO);
        column
    }

    /// Takes columns back.
    pub fn give(&self, columns: impl IntoIterator<Item = Vec<Block>>) {
        let whole = |column: &Vec<Block>| column.len() == self.blocks;
        self.free().extend(columns.into_iter().filter(whole));
    }

    fn free(&self) -> MutexGuard<'_, Vec<Vec<Block>>> {
        // Columns are whole whatever happened to those who held the lock.
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use ff::Field;
    use halo2_proofs::halo2curves::bn256::Fr;

    use super::super::simd::{Portable, Scalar, Simd, LANES};
    use super::*;

    #[test]
    fn accepts_columns_of_its_length_only() {
        let pool = Pool::new(4);
        let [a, b] = [pool.take(), pool.take()];
        let zeros = |column: &[Block]| column.iter().all(|block| block.0 == Block::ZERO.0);
        assert!(a.len() == 4 && zeros(&a));
        let own = [a.as_ptr(), b.as_ptr()];
        pool.give([a, Vec::new(), vec![Block::ZERO; 8], b]);
        let again = [pool.take(), pool.take()];
        assert!(again.iter().all(|column| own.contains(&column.as_ptr())));
        assert_eq!(pool.take().len(), 4);
        let one = Simd::<Scalar>::import(Portable, &[Fr::ONE; LANES]);
        pool.give([vec![one; 4]]);
        assert!(!zeros(&pool.take()));
        pool.give([vec![one; 4]]);
        assert!(zeros(&pool.zeros()));
        assert!(pool.free().is_empty());
    }
}
