//! The accounts of a book, by index.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::ops::Range;

use rayon::prelude::*;
use zkmargin_circuits::book::{Account, Class, Pool};

use super::piece::Piece;
use super::scratch::Store;
use super::stored::{decode, decode_id};
use super::table::Table;
use super::{BookRow, ReadError};

/// Accounts that are read at once.
const CHUNK: usize = 1 << 10;

/// Chunks that are worked on before their results are taken.
const CHUNKS: usize = 64;

/// Every account of a snapshot, in order of id. Accounts are read when they are asked for, from memory
/// or from a file: what a book takes of memory is 12 bytes an account, and no more than
/// [`Scratch::memory`](super::Scratch::memory).
#[derive(Debug)]
pub struct Book {
    /// Name of the file they came from.
    pub file: &'static str,
    store: Store,
    table: Table,
    classes: BTreeMap<String, Class>,
}

/// An account, and what its holdings were computed from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The account: pools in order of name, holdings in order of market row.
    pub account: Account,
    /// The rows of each of its pools as they were written, in order of market row. (A pool also holds
    /// the assets its positions settle in; those without a row of their own are not here.)
    pub rows: Vec<Vec<BookRow>>,
}

impl Book {
    pub(super) fn new(
        file: &'static str,
        store: Store,
        table: Table,
        classes: BTreeMap<String, Class>,
    ) -> Self {
        Self {
            file,
            store,
            table,
            classes,
        }
    }

    /// Number of accounts.
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether there are none, which no book that was read has.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// An account, by its index.
    ///
    /// # Errors
    /// [`ReadError::Scratch`].
    pub fn account(&self, index: usize) -> Result<Account, ReadError> {
        Ok(self.entry(index)?.account)
    }

    /// An account with its rows, by its index.
    ///
    /// # Errors
    /// [`ReadError::Scratch`].
    pub fn entry(&self, index: usize) -> Result<Entry, ReadError> {
        Ok(self.entry_of(self.piece(index)?))
    }

    /// All accounts, in order.
    ///
    /// # Errors
    /// [`ReadError::Scratch`], for each account that cannot be read.
    pub fn accounts(&self) -> impl Iterator<Item = Result<Account, ReadError>> + '_ {
        (0..self.len()).map(|index| self.account(index))
    }

    /// Index of an account.
    ///
    /// # Errors
    /// [`ReadError::Scratch`].
    pub fn index_of(&self, id: &str) -> Result<Option<usize>, ReadError> {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            let (place, length) = self.place(middle)?;
            let bytes = self.store.read(place, length)?;
            let found = decode_id(&bytes).ok_or_else(|| self.store.damaged())?;
            match found.cmp(id) {
                Ordering::Equal => return Ok(Some(middle)),
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
            }
        }
        Ok(None)
    }

    /// Works on all accounts, a chunk at a time and many chunks at once, and takes the results in the
    /// order of accounts.
    ///
    /// # Errors
    /// The first in that order, and [`ReadError::Scratch`].
    pub fn each_chunk<P: Send, E: From<ReadError> + Send>(
        &self,
        work: impl Fn(&[Account]) -> Result<P, E> + Sync,
        mut take: impl FnMut(P),
    ) -> Result<(), E> {
        let chunk = |first: usize| first..self.len().min(first + CHUNK);
        for start in (0..self.len()).step_by(CHUNK * CHUNKS) {
            let end = self.len().min(start + CHUNK * CHUNKS);
            let firsts: Vec<usize> = (start..end).step_by(CHUNK).collect();
            let parts: Vec<Result<P, E>> = firsts
                .into_par_iter()
                .map(|first| work(&self.chunk(chunk(first))?))
                .collect();
            for part in parts {
                take(part?);
            }
        }
        Ok(())
    }

    /// Accounts one after the other.
    fn chunk(&self, indices: Range<usize>) -> Result<Vec<Account>, ReadError> {
        let Some((start, length)) = self.table.span(indices.clone()) else {
            return indices.map(|index| self.account(index)).collect();
        };
        let bytes = self.store.read(start, length)?;
        let account = |index| {
            let (place, length) = self.place(index)?;
            let rest = place.checked_sub(start).and_then(|from| {
                let from = usize::try_from(from).ok()?;
                bytes.get(from..from.checked_add(length)?)
            });
            let piece = rest.and_then(decode).ok_or_else(|| self.store.damaged())?;
            Ok(self.entry_of(piece).account)
        };
        indices.map(account).collect()
    }

    fn place(&self, index: usize) -> Result<(u64, usize), ReadError> {
        let (place, length) = self.table.get(index).ok_or_else(|| self.store.damaged())?;
        Ok((place, length as usize))
    }

    /// The rows of an account, by its index.
    pub(super) fn piece(&self, index: usize) -> Result<Piece, ReadError> {
        let (place, length) = self.place(index)?;
        let bytes = self.store.read(place, length)?;
        decode(&bytes).ok_or_else(|| self.store.damaged())
    }

    fn entry_of(&self, piece: Piece) -> Entry {
        let class = self.classes.get(&piece.id).copied();
        let mut rows = Vec::with_capacity(piece.pools.len());
        let pools = piece.pools.into_iter().map(|pool| {
            rows.push(pool.rows);
            Pool {
                name: pool.name,
                holdings: pool.holdings.unwrap_or_default(),
            }
        });
        Entry {
            account: Account {
                pools: pools.collect(),
                id: piece.id,
                class: class.unwrap_or(Class::Customer),
            },
            rows,
        }
    }
}
