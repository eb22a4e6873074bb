//! Rows of one account: all of them, or those that stand together in the file.

use zkmargin_circuits::book::Holding;
use zkmargin_circuits::market::MarketSource;

use super::{base, BookRow};

/// Rows of an account.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Piece {
    pub id: String,
    /// As they come, until the piece is sealed: then in order of name, each once.
    pub pools: Vec<PoolRows>,
}

/// Rows of a pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PoolRows {
    pub name: String,
    /// In order of market row once the piece is sealed.
    pub rows: Vec<BookRow>,
    /// What they come to; none before the piece is sealed, and none where a base is beyond the widest
    /// range.
    pub holdings: Option<Vec<Holding>>,
}

/// A row that another one repeats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Repeat {
    /// Line of the later row.
    pub line: u32,
    /// Line of the earlier one.
    pub first: u32,
    pub account: String,
    pub pool: String,
    pub row: u16,
}

impl Piece {
    /// Takes a row.
    pub fn push(&mut self, pool: &str, row: BookRow) {
        match self.pools.last_mut() {
            Some(last) if last.name == pool => last.rows.push(row),
            _ => self.pools.push(PoolRows {
                name: pool.to_owned(),
                rows: vec![row],
                holdings: None,
            }),
        }
    }

    /// Line of its first row.
    pub fn line(&self) -> u32 {
        let row = self.pools.first().and_then(|pool| pool.rows.first());
        row.map_or(0, |row| row.line)
    }

    /// Puts pools and rows in order and computes the holdings. Returns, of the rows that others
    /// repeat, the first in the file.
    pub fn seal(&mut self, market: &MarketSource) -> Option<Repeat> {
        self.pools.sort_by(|a, b| a.name.cmp(&b.name));
        self.pools.dedup_by(|next, kept| {
            let same = next.name == kept.name;
            if same {
                kept.rows.append(&mut next.rows);
            }
            same
        });
        let mut repeat: Option<Repeat> = None;
        for pool in &mut self.pools {
            let rows = &mut pool.rows;
            rows.sort_unstable_by_key(|row| (row.row(), row.line));
            pool.holdings = holdings(rows, market);
            for pair in rows.windows(2) {
                let (first, line) = (pair[0].line, pair[1].line);
                let earlier = repeat.as_ref().is_none_or(|other| line < other.line);
                if pair[0].row() == pair[1].row() && earlier {
                    repeat = Some(Repeat {
                        line,
                        first,
                        account: self.id.clone(),
                        pool: pool.name.clone(),
                        row: pair[0].row(),
                    });
                }
            }
        }
        repeat
    }

    /// Whether every pool of the sealed piece has its holdings.
    pub fn is_whole(&self) -> bool {
        self.pools.iter().all(|pool| pool.holdings.is_some())
    }
}

/// The rows of a pool by the asset they settle in.
pub(super) fn by_asset<'a>(
    rows: &'a [BookRow],
    market: &'a MarketSource,
) -> impl Iterator<Item = (u16, &'a [BookRow])> {
    let settlement = |row: &BookRow| market.row(row.row()).map_or(0, |row| row.settlement);
    rows.chunk_by(move |a, b| settlement(a) == settlement(b))
        .map(move |rows| (rows.first().map_or(0, settlement), rows))
}

/// What rows in order of market row come to.
fn holdings(rows: &[BookRow], market: &MarketSource) -> Option<Vec<Holding>> {
    let mut holdings = Vec::with_capacity(rows.len() + 1);
    for (asset, rows) in by_asset(rows, market) {
        let amount = base::base(rows, asset, market)?;
        holdings.push(Holding { row: asset, amount });
        let positions = rows.iter().filter(|row| row.row() != asset);
        holdings.extend(positions.map(|row| Holding {
            row: row.row(),
            amount: base::lots(row, market).unwrap_or_default(),
        }));
    }
    Some(holdings)
}
