//! Pieces of accounts become accounts in order of their ids.
//!
//! A piece whose id is greater than all before it goes straight to the store; in a file that is in
//! order, that is every one. Others are late: they are sorted apart and merged with what is in the
//! store, of which nothing is written again but the accounts that get further rows.

use std::mem;

use rayon::prelude::*;
use zkmargin_circuits::error::InputError;
use zkmargin_circuits::market::MarketSource;
use zkmargin_circuits::snapshot::Snapshot;

use super::late::Late;
use super::piece::{by_asset, Piece, PoolRows, Repeat};
use super::scratch::{Scratch, Store};
use super::stored::{decode, decode_id, encode};
use super::table::{Table, Window};
use super::{base, Book, ReadError};

/// Rows that are sealed at once.
const BATCH: usize = 1 << 16;

/// Puts pieces in order.
pub(super) struct Order<'a> {
    file: &'static str,
    market: &'a MarketSource,
    store: Store,
    /// The accounts in the store, in order of id.
    table: Table,
    /// The greatest id so far.
    last: String,
    late: Late,
    /// Pieces that are to be sealed, and their entries in the table.
    batch: Vec<(usize, Piece)>,
    /// Rows of those.
    rows: usize,
    /// The first row in the file that another one repeats.
    repeat: Option<Repeat>,
    /// Whether there are pools with a base beyond the widest range.
    too_large: bool,
}

impl<'a> Order<'a> {
    pub(super) fn new(file: &'static str, market: &'a MarketSource, scratch: &Scratch) -> Self {
        Self {
            file,
            market,
            store: Store::new(scratch),
            table: Table::default(),
            last: String::new(),
            late: Late::new(scratch),
            batch: Vec::new(),
            rows: 0,
            repeat: None,
            too_large: false,
        }
    }

    /// Takes a piece as it comes in the file.
    pub(super) fn push(&mut self, piece: Piece) -> Result<(), ReadError> {
        if piece.id <= self.last {
            return self.late.push(piece);
        }
        self.last.clone_from(&piece.id);
        self.put(piece)
    }

    /// Puts a piece at the end of the table.
    fn put(&mut self, piece: Piece) -> Result<(), ReadError> {
        self.rows += piece
            .pools
            .iter()
            .map(|pool| pool.rows.len())
            .sum::<usize>();
        self.batch.push((self.table.reserve(), piece));
        if self.rows >= BATCH {
            self.seal()?;
        }
        Ok(())
    }

    /// Seals the pieces of the batch, and stores them.
    fn seal(&mut self) -> Result<(), ReadError> {
        let market = self.market;
        let sealed: Vec<_> = mem::take(&mut self.batch)
            .into_par_iter()
            .map(|(entry, mut piece)| {
                let repeat = piece.seal(market);
                let (bytes, is_whole) = (encode(&piece), piece.is_whole());
                (entry, piece.id, bytes, repeat, is_whole)
            })
            .collect();
        self.rows = 0;
        for (entry, id, bytes, repeat, is_whole) in sealed {
            let length = u32::try_from(bytes.len()).map_err(|_| too_long(self.file, &id))?;
            self.table.set(entry, self.store.append(&bytes)?, length);
            let lines = [&repeat, &self.repeat].map(|found| found.as_ref().map(|row| row.line));
            if matches!(lines, [Some(_), None])
                || matches!(lines, [Some(new), Some(old)] if new < old)
            {
                self.repeat = repeat;
            }
            self.too_large |= !is_whole;
        }
        Ok(())
    }

    /// Merges the late pieces with the accounts in the store.
    fn merge(&mut self) -> Result<(), ReadError> {
        let none = Late::new(self.store.scratch());
        let mut late = mem::replace(&mut self.late, none).sorted()?;
        let mut main = Main {
            table: mem::take(&mut self.table),
            next: 0,
            window: Window::default(),
        };
        let mut piece = late.next()?;
        while let Some(mut account) = piece {
            piece = late.next()?;
            while let Some(more) = piece.as_mut().filter(|more| more.id == account.id) {
                account.pools.append(&mut more.pools);
                piece = late.next()?;
            }
            if let Some(mut first) = main.before(&account.id, self)? {
                first.pools.append(&mut account.pools);
                account = first;
            }
            self.put(account)?;
        }
        main.rest(self);
        self.seal()
    }

    /// The book.
    ///
    /// # Errors
    /// As [`Collector::finish`](super::collect::Collector::finish).
    pub(super) fn finish(mut self, header: &Snapshot) -> Result<Book, ReadError> {
        let file = self.file;
        self.seal()?;
        if !self.late.is_empty() {
            self.merge()?;
        }
        if let Some(repeat) = &self.repeat {
            return Err(repeated(file, repeat, self.market).into());
        }
        let (market, too_large) = (self.market, self.too_large);
        let book = Book::new(file, self.store, self.table, header.classes.clone());
        let mut failure = None;
        header.check_members("snapshot.json", |member| match book.index_of(member) {
            Ok(found) => found.is_some(),
            Err(error) => {
                failure.get_or_insert(error);
                true
            }
        })?;
        if let Some(error) = failure {
            return Err(error);
        }
        if too_large {
            for account in 0..book.len() {
                let piece = book.piece(account)?;
                let mut pools = piece.pools.iter().filter(|pool| pool.holdings.is_none());
                if let Some(pool) = pools.next() {
                    return Err(beyond(file, &piece.id, pool, market).into());
                }
            }
        }
        Ok(book)
    }
}

/// The accounts that are in the store before late pieces are.
struct Main {
    table: Table,
    /// The first that has no entry in the new table.
    next: usize,
    window: Window,
}

impl Main {
    /// Enters the accounts before `id` into the new table; takes out the account of that id.
    fn before(&mut self, id: &str, order: &mut Order<'_>) -> Result<Option<Piece>, ReadError> {
        while let Some((place, length)) = self.table.get(self.next) {
            let bytes = self.window.read(&order.store, place, length as usize)?;
            let found = decode_id(bytes).ok_or_else(|| order.store.damaged())?;
            if found > id {
                break;
            }
            self.next += 1;
            if found == id {
                return decode(bytes).map(Some).ok_or_else(|| order.store.damaged());
            }
            let entry = order.table.reserve();
            order.table.set(entry, place, length);
        }
        Ok(None)
    }

    /// Enters the accounts that are left.
    fn rest(&self, order: &mut Order<'_>) {
        for (place, length) in (self.next..).map_while(|account| self.table.get(account)) {
            let entry = order.table.reserve();
            order.table.set(entry, place, length);
        }
    }
}

fn too_long(file: &str, id: &str) -> InputError {
    let problem = format!("account {id:?} has more rows than an account can have");
    InputError::new(file, "account", problem, "divide it among accounts")
}

fn repeated(file: &str, repeat: &Repeat, market: &MarketSource) -> InputError {
    let symbol = market.row(repeat.row).map_or("", |row| row.id.as_str());
    let problem = format!(
        "account {:?}, pool {:?} and symbol {symbol:?} are already on line {}",
        repeat.account, repeat.pool, repeat.first
    );
    let remedy = "add the rows up, or use a variant of the symbol";
    InputError::new(file, "symbol", problem, remedy).at_line(repeat.line.into())
}

/// The error of a pool without holdings.
fn beyond(file: &str, id: &str, pool: &PoolRows, market: &MarketSource) -> InputError {
    let mut assets = by_asset(&pool.rows, market);
    let (asset, rows) = assets
        .find(|(asset, rows)| base::base(rows, *asset, market).is_none())
        .unwrap_or((0, &pool.rows));
    base::too_large(file, id, &pool.name, rows, asset, market)
}
