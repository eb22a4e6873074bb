//! Pieces that come after ones of greater ids: kept aside, sorted in runs, and merged.
//!
//! Small crates that sort outside of memory were looked at. They bound what they hold by the number of
//! items, whose sizes differ a thousandfold here, and they give the runs names and permissions of
//! ordinary files; these runs hold a book, in a file without a name.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::vec;

use super::piece::Piece;
use super::scratch::{Scratch, Store};
use super::stored::{decode, decode_id, encode};
use super::ReadError;

/// Bytes of a run that are read at once, at most.
const READ: usize = 256 << 10;

/// A piece as bytes, in order of id and line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Record {
    id: String,
    /// Line of its first row, which no other piece has.
    line: u32,
    bytes: Vec<u8>,
}

/// Gathers pieces in any order.
pub(super) struct Late {
    /// Bytes of records that are sorted at once.
    limit: usize,
    held: Vec<Record>,
    held_bytes: usize,
    store: Store,
    /// Where each run begins and ends.
    runs: Vec<(u64, u64)>,
}

impl Late {
    pub(super) fn new(scratch: &Scratch) -> Self {
        let in_file = Scratch {
            memory: 0,
            ..scratch.clone()
        };
        Self {
            limit: scratch.memory / 4,
            held: Vec::new(),
            held_bytes: 0,
            store: Store::new(&in_file),
            runs: Vec::new(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.held.is_empty() && self.runs.is_empty()
    }

    /// Takes a piece.
    pub(super) fn push(&mut self, piece: Piece) -> Result<(), ReadError> {
        let (line, bytes) = (piece.line(), encode(&piece));
        let id = piece.id;
        self.held_bytes += size_of::<Record>() + id.len() + bytes.len();
        self.held.push(Record { id, line, bytes });
        if self.held_bytes > self.limit {
            self.write_run()?;
        }
        Ok(())
    }

    fn write_run(&mut self) -> Result<(), ReadError> {
        self.held.sort_unstable();
        let start = self.store.end();
        for record in self.held.drain(..) {
            let length = record.bytes.len() as u64;
            self.store.append(&length.to_le_bytes())?;
            self.store.append(&record.line.to_le_bytes())?;
            self.store.append(&record.bytes)?;
        }
        self.held_bytes = 0;
        self.runs.push((start, self.store.end()));
        Ok(())
    }

    /// All pieces, by id, those of one id in the order of their lines.
    pub(super) fn sorted(mut self) -> Result<Merge, ReadError> {
        self.held.sort_unstable();
        let mut merge = Merge {
            store: self.store,
            heap: BinaryHeap::with_capacity(self.runs.len() + 1),
            runs: Vec::with_capacity(self.runs.len() + 1),
        };
        merge.runs.push(Run::Held(self.held.into_iter()));
        let in_file = |(next, end)| Run::File {
            next,
            end,
            bytes: Vec::new(),
            used: 0,
        };
        merge.runs.extend(self.runs.into_iter().map(in_file));
        for run in 0..merge.runs.len() {
            merge.fill(run)?;
        }
        Ok(merge)
    }
}

/// A sorted run, from where it has been read to.
enum Run {
    Held(vec::IntoIter<Record>),
    File {
        /// Where the bytes end that have been read.
        next: u64,
        end: u64,
        bytes: Vec<u8>,
        /// How many of them are done with.
        used: usize,
    },
}

impl Run {
    fn next(&mut self, store: &Store) -> Result<Option<Record>, ReadError> {
        if let Self::Held(records) = self {
            return Ok(records.next());
        }
        let Some(length) = self.take::<8>(store)? else {
            return Ok(None);
        };
        let length = usize::try_from(u64::from_le_bytes(length)).unwrap_or(usize::MAX);
        let line = self.take::<4>(store)?.unwrap_or_default();
        let bytes = self.bytes(length, store)?.unwrap_or_default().to_vec();
        let id = decode_id(&bytes).ok_or_else(|| store.damaged())?;
        Ok(Some(Record {
            id: id.to_owned(),
            line: u32::from_le_bytes(line),
            bytes,
        }))
    }

    fn take<const N: usize>(&mut self, store: &Store) -> Result<Option<[u8; N]>, ReadError> {
        let bytes = self.bytes(N, store)?;
        Ok(bytes.and_then(|bytes| bytes.try_into().ok()))
    }

    /// The next bytes; none at the end.
    fn bytes(&mut self, length: usize, store: &Store) -> Result<Option<&[u8]>, ReadError> {
        let Self::File {
            next,
            end,
            bytes,
            used,
        } = self
        else {
            return Ok(None);
        };
        let rest = bytes.len() - *used;
        if rest < length {
            let left = usize::try_from(*end - *next).unwrap_or(usize::MAX);
            let more = READ.max(length - rest).min(left);
            if rest + more < length {
                return match rest + more {
                    0 => Ok(None),
                    _ => Err(store.damaged()),
                };
            }
            bytes.drain(..*used);
            *used = 0;
            bytes.extend_from_slice(&store.read(*next, more)?);
            *next += more as u64;
        }
        *used += length;
        Ok(bytes.get(*used - length..*used))
    }
}

/// Merges the runs.
pub(super) struct Merge {
    store: Store,
    runs: Vec<Run>,
    /// The next record of each run.
    heap: BinaryHeap<Reverse<(Record, usize)>>,
}

impl Merge {
    fn fill(&mut self, run: usize) -> Result<(), ReadError> {
        let next = match self.runs.get_mut(run) {
            Some(records) => records.next(&self.store)?,
            None => None,
        };
        self.heap.extend(next.map(|record| Reverse((record, run))));
        Ok(())
    }

    /// The next piece.
    pub(super) fn next(&mut self) -> Result<Option<Piece>, ReadError> {
        let Some(Reverse((record, run))) = self.heap.pop() else {
            return Ok(None);
        };
        self.fill(run)?;
        let piece = decode(&record.bytes).ok_or_else(|| self.store.damaged())?;
        Ok(Some(piece))
    }
}
