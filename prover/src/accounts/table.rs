//! Where each account of a book is in its store.

use std::ops::Range;

use super::scratch::Store;
use super::ReadError;

/// Bytes that a window reads at once, at least.
const WINDOW: usize = 1 << 20;

/// Places and lengths: twelve bytes an account.
#[derive(Debug, Default)]
pub(super) struct Table {
    places: Vec<u64>,
    lengths: Vec<u32>,
}

impl Table {
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// Adds an entry, which is set later.
    pub(super) fn reserve(&mut self) -> usize {
        self.places.push(0);
        self.lengths.push(0);
        self.places.len() - 1
    }

    pub(super) fn set(&mut self, entry: usize, place: u64, length: u32) {
        if let (Some(at), Some(bytes)) = (self.places.get_mut(entry), self.lengths.get_mut(entry)) {
            (*at, *bytes) = (place, length);
        }
    }

    /// Where an account is.
    pub(super) fn get(&self, entry: usize) -> Option<(u64, u32)> {
        Some((*self.places.get(entry)?, *self.lengths.get(entry)?))
    }

    /// Where accounts are that are side by side, so that they can be read at once.
    pub(super) fn span(&self, entries: Range<usize>) -> Option<(u64, usize)> {
        let (first, length) = self.get(entries.start)?;
        let mut length = length as usize;
        for entry in entries.skip(1) {
            let (place, more) = self.get(entry)?;
            if place != first + length as u64 {
                return None;
            }
            length += more as usize;
        }
        Some((first, length))
    }
}

/// Bytes of a store, read ahead.
#[derive(Debug, Default)]
pub(super) struct Window {
    place: u64,
    bytes: Vec<u8>,
}

impl Window {
    /// Bytes that mostly come after those that were asked for before.
    pub(super) fn read(
        &mut self,
        store: &Store,
        place: u64,
        length: usize,
    ) -> Result<&[u8], ReadError> {
        let within = |window: &Self| {
            let from = usize::try_from(place.checked_sub(window.place)?).ok()?;
            let to = from.checked_add(length)?;
            (to <= window.bytes.len()).then_some(from..to)
        };
        if within(self).is_none() {
            let left = usize::try_from(store.end().saturating_sub(place)).unwrap_or(usize::MAX);
            let bytes = store.read(place, WINDOW.min(left).max(length))?;
            self.bytes.clear();
            self.bytes.extend_from_slice(&bytes);
            self.place = place;
        }
        let range = within(self).unwrap_or_default();
        self.bytes.get(range).ok_or_else(|| store.damaged())
    }
}
