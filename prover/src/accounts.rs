//! Reads the accounts of a snapshot: `accounts.csv` or `accounts.parquet`, in any order of rows.

mod base;
mod collect;
mod csv;
mod parquet;

#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use zkmargin_circuits::base::Row;
pub use zkmargin_circuits::base::RowPrice;
use zkmargin_circuits::book::{Account, Class, Holding, Pool};
use zkmargin_circuits::error::InputError;
use zkmargin_circuits::market::{Kind, MarketSource};
use zkmargin_circuits::snapshot::Snapshot;
use zkmargin_circuits::units::Decimal;

use collect::{Collected, Collector};

/// The two names an accounts file may have.
const CSV: &str = "accounts.csv";
const PARQUET: &str = "accounts.parquet";

/// Why a book could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file has a defect.
    #[error(transparent)]
    Input(#[from] InputError),
    /// The file cannot be read.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
}

/// One row of an accounts file, as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BookRow {
    /// Index of the account in [`Book::accounts`].
    account: u32,
    /// Index of the pool in its account.
    pool: u32,
    /// Line of the file (CSV), or row (Parquet), from 1.
    line: u32,
    /// Market row.
    row: u16,
    kind: PriceKind,
    quantity: rust_decimal::Decimal,
    price: rust_decimal::Decimal,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PriceKind {
    Balance,
    Entry,
    Cost,
}

impl BookRow {
    /// Index of the pool in [`Account::pools`].
    pub fn pool(&self) -> usize {
        self.pool as usize
    }

    /// Market row, from 1.
    pub fn row(&self) -> u16 {
        self.row
    }

    /// Line of a CSV file, or row of a Parquet file, from 1.
    pub fn line(&self) -> u64 {
        self.line.into()
    }

    /// Balance in units, or signed quantity.
    pub fn quantity(&self) -> Decimal {
        widen(self.quantity)
    }

    /// Entry price or cost of a position.
    pub fn price(&self) -> RowPrice {
        match self.kind {
            PriceKind::Balance => RowPrice::Balance,
            PriceKind::Entry => RowPrice::Entry(widen(self.price)),
            PriceKind::Cost => RowPrice::Cost(widen(self.price)),
        }
    }

    /// The row without its place.
    pub fn as_written(&self) -> Row {
        Row {
            row: self.row,
            quantity: self.quantity(),
            price: self.price(),
        }
    }
}

fn widen(number: rust_decimal::Decimal) -> Decimal {
    Decimal::new(number.mantissa(), number.scale())
}

/// Every account of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Book {
    /// In order of id; pools in order of name, holdings in order of market row.
    pub accounts: Vec<Account>,
    /// Name of the file they came from.
    pub file: &'static str,
    /// In the order of accounts, pools and market rows.
    rows: Vec<BookRow>,
    /// Where each account's rows begin, and the end.
    starts: Vec<usize>,
}

impl Book {
    /// The rows of an account as they were written, in the order of its pools and holdings. (A pool
    /// also holds the assets its positions settle in; those without a row of their own are not here.)
    pub fn rows_of(&self, account: usize) -> &[BookRow] {
        match (self.starts.get(account), self.starts.get(account + 1)) {
            (Some(start), Some(end)) => &self.rows[*start..*end],
            _ => &[],
        }
    }

    /// Index of an account.
    pub fn index_of(&self, id: &str) -> Option<usize> {
        self.accounts
            .binary_search_by(|account| account.id.as_str().cmp(id))
            .ok()
    }
}

/// Reads the accounts of the snapshot in `dir`.
///
/// # Errors
/// For the first defect found, naming file, line and field, and for files that cannot be read.
pub fn read_book(dir: &Path, header: &Snapshot, market: &MarketSource) -> Result<Book, ReadError> {
    let (csv_path, parquet_path) = (dir.join(CSV), dir.join(PARQUET));
    let collector = match (csv_path.exists(), parquet_path.exists()) {
        (true, true) => {
            let problem = format!("{CSV} and {PARQUET} are both there");
            return Err(InputError::new(CSV, "", problem, "remove one of them").into());
        }
        (_, false) => {
            let mut collector = Collector::new(CSV, market);
            csv::read(&csv_path, &mut collector)?;
            collector
        }
        (false, true) => {
            let mut collector = Collector::new(PARQUET, market);
            parquet::read(&parquet_path, &mut collector)?;
            collector
        }
    };
    Ok(collector.finish()?.into_book(header, market)?)
}

impl Collected {
    /// Builds the accounts, which are in order of their ids.
    fn into_book(self, header: &Snapshot, market: &MarketSource) -> Result<Book, InputError> {
        let Collected {
            file,
            ids,
            pools,
            mut rows,
        } = self;
        header.check_members("snapshot.json", |member| {
            ids.binary_search_by(|id| id.as_str().cmp(member)).is_ok()
        })?;
        let mut starts: Vec<usize> = Vec::with_capacity(ids.len() + 1);
        for (index, row) in rows.iter().enumerate() {
            if starts.len() <= row.account as usize {
                starts.push(index);
            }
        }
        starts.push(rows.len());
        let build = |(index, id): (usize, String)| {
            let class = header.class_of(&id);
            account(
                id,
                class,
                &rows[starts[index]..starts[index + 1]],
                &pools,
                file,
                market,
            )
        };
        // Sequential in the case of an error, so that the first one is reported.
        let accounts = ids
            .into_par_iter()
            .enumerate()
            .map(build)
            .collect::<Vec<Result<Account, InputError>>>()
            .into_iter()
            .collect::<Result<Vec<_>, _>>()?;
        // From here on a row knows its pool by its place in the account.
        for window in starts.windows(2) {
            let mut place = 0;
            let mut last = None;
            for row in &mut rows[window[0]..window[1]] {
                if last.is_some_and(|last| last != row.pool) {
                    place += 1;
                }
                last = Some(row.pool);
                row.pool = place;
            }
        }
        Ok(Book {
            accounts,
            file,
            rows,
            starts,
        })
    }
}

fn account(
    id: String,
    class: Class,
    rows: &[BookRow],
    names: &[String],
    file: &str,
    market: &MarketSource,
) -> Result<Account, InputError> {
    let mut pools = Vec::new();
    for rows in rows.chunk_by(|a, b| a.pool == b.pool) {
        let name = names[rows[0].pool as usize].clone();
        let mut holdings = Vec::with_capacity(rows.len() + 1);
        let settlement = |row: &BookRow| market.market.symbols[usize::from(row.row) - 1].settlement;
        for rows in rows.chunk_by(|a, b| settlement(a) == settlement(b)) {
            let asset = settlement(&rows[0]);
            let amount = base::base(rows, asset, market)
                .ok_or_else(|| base::too_large(file, &id, &name, rows, asset, market))?;
            holdings.push(Holding { row: asset, amount });
            let positions = rows.iter().filter(|row| row.row != asset);
            holdings.extend(positions.map(|row| Holding {
                row: row.row,
                amount: base::lots(row, market).unwrap_or_default(),
            }));
        }
        pools.push(Pool { name, holdings });
    }
    Ok(Account { id, class, pools })
}

/// Whether a market row is an asset's.
fn is_asset(row: u16, market: &MarketSource) -> bool {
    market.market.symbols[usize::from(row) - 1].kind == Kind::Asset
}
