//! Rows of text become rows of numbers, and find their accounts.

use std::collections::HashMap;

use rayon::prelude::*;
use zkmargin_circuits::error::InputError;
use zkmargin_circuits::market::{Kind, MarketSource, Style, Terms};
use zkmargin_circuits::units::Decimal;

use super::{base, BookRow, PriceKind};

/// A row as text. An absent or empty price is none.
#[derive(Debug, Clone, Copy)]
pub(super) struct TextRow<'a> {
    pub account: &'a str,
    pub pool: &'a str,
    pub symbol: &'a str,
    pub quantity: &'a str,
    pub entry_price: &'a str,
    pub cost: &'a str,
}

/// The columns, by name.
pub(super) const COLUMNS: [&str; 6] = [
    "account",
    "pool",
    "symbol",
    "quantity",
    "entry_price",
    "cost",
];

/// Where each of [`COLUMNS`] is in a file.
pub(super) type Places = [Option<usize>; COLUMNS.len()];

/// Finds the columns by their names, in any order.
pub(super) fn find_columns<'a>(
    file: &str,
    names: impl Iterator<Item = &'a str>,
) -> Result<Places, InputError> {
    let remedy = "the columns are account,pool,symbol,quantity,entry_price and, beside or instead \
                  of the last, cost";
    let mut places = Places::default();
    for (place, name) in names.enumerate() {
        let known = COLUMNS.iter().position(|column| *column == name);
        let Some(column) = known.and_then(|index| places.get_mut(index)) else {
            return Err(InputError::new(
                file,
                name,
                format!("unknown column {name:?}"),
                remedy,
            ));
        };
        if column.replace(place).is_some() {
            return Err(InputError::new(
                file,
                name,
                format!("column {name:?} twice"),
                remedy,
            ));
        }
    }
    let missing = COLUMNS
        .iter()
        .zip(&places)
        .take(4)
        .find(|(_, place)| place.is_none());
    let missing = match missing {
        Some((name, _)) => Some(*name),
        None if places[4].is_none() && places[5].is_none() => Some("entry_price"),
        None => None,
    };
    match missing {
        Some(name) => Err(InputError::new(
            file,
            name,
            format!("missing column {name:?}"),
            remedy,
        )),
        None => Ok(places),
    }
}

/// Names in the order in which they came.
#[derive(Default)]
struct Names {
    numbers: HashMap<String, u32>,
    last: Option<(String, u32)>,
}

impl Names {
    fn number(&mut self, name: &str) -> u32 {
        if let Some((last, number)) = &self.last {
            if last == name {
                return *number;
            }
        }
        let number = match self.numbers.get(name) {
            Some(number) => *number,
            None => {
                // There are no more names than lines, which are counted in 32 bits.
                let number = self.numbers.len() as u32;
                self.numbers.insert(name.to_owned(), number);
                number
            }
        };
        self.last = Some((name.to_owned(), number));
        number
    }

    /// The names in order, and the place of each number in it.
    fn sorted(self) -> (Vec<String>, Vec<u32>) {
        let mut names: Vec<(String, u32)> = self.numbers.into_iter().collect();
        names.par_sort_unstable();
        let mut places = vec![0; names.len()];
        for (place, (_, number)) in (0..).zip(&names) {
            places[*number as usize] = place;
        }
        (names.into_iter().map(|(name, _)| name).collect(), places)
    }
}

/// Gathers the rows of a file.
pub(super) struct Collector<'a> {
    file: &'static str,
    market: &'a MarketSource,
    ids: Names,
    pools: Names,
    rows: Vec<BookRow>,
}

/// All rows, in the order of accounts, pools and market rows.
pub(super) struct Collected {
    pub file: &'static str,
    /// Account ids in order; a row's `account` is an index.
    pub ids: Vec<String>,
    /// Names of pools in order; a row's `pool` is an index.
    pub pools: Vec<String>,
    pub rows: Vec<BookRow>,
}

impl<'a> Collector<'a> {
    pub(super) fn new(file: &'static str, market: &'a MarketSource) -> Self {
        let (ids, pools) = (Names::default(), Names::default());
        Self {
            file,
            market,
            ids,
            pools,
            rows: Vec::new(),
        }
    }

    pub(super) fn file(&self) -> &'static str {
        self.file
    }

    /// Takes a row.
    pub(super) fn add(&mut self, line: u64, text: &TextRow<'_>) -> Result<(), InputError> {
        let error = |field: &str, problem: String, remedy: String| {
            InputError::new(self.file, field, problem, remedy).at_line(line)
        };
        let short_line = u32::try_from(line).map_err(|_| {
            error(
                "",
                "too many rows".into(),
                "split the book into snapshots".into(),
            )
        })?;
        for (field, name) in [("account", text.account), ("pool", text.pool)] {
            if name.is_empty() {
                let remedy = format!("name the {field} of every row");
                return Err(error(field, "is empty".into(), remedy));
            }
        }
        let row = self.market.row_of(text.symbol).ok_or_else(|| {
            let remedy = "use a symbol of market.json, or add it there".into();
            error(
                "symbol",
                format!("unknown symbol {:?}", text.symbol),
                remedy,
            )
        })?;
        let quantity = self.decimal(line, "quantity", text.quantity)?;
        let terms = self.market.rows[usize::from(row) - 1].terms;
        let (kind, price) = match terms.kind() {
            Kind::Asset => {
                for (field, value) in [("entry_price", text.entry_price), ("cost", text.cost)] {
                    if !value.is_empty() {
                        let problem = format!("{value:?} on a row of the asset {}", text.symbol);
                        let remedy = "leave it empty: a balance has neither entry price nor cost";
                        return Err(error(field, problem, remedy.into()));
                    }
                }
                (PriceKind::Balance, Decimal::ZERO)
            }
            Kind::Instrument => self.price(line, text)?,
        };
        if let (
            PriceKind::Entry,
            Terms::Instrument {
                style: Style::Inverse,
                ..
            },
        ) = (kind, terms)
        {
            if price.signum() <= 0 {
                let problem = format!("{:?} for the inverse {}", text.entry_price, text.symbol);
                let remedy = "give an entry price above zero, or the cost instead";
                return Err(error("entry_price", problem, remedy.into()));
            }
        }
        let row = BookRow {
            account: self.ids.number(text.account),
            pool: self.pools.number(text.pool),
            line: short_line,
            row,
            kind,
            quantity: narrow(quantity),
            price: narrow(price),
        };
        if kind != PriceKind::Balance && base::lots(&row, self.market).is_none() {
            return Err(self.bad_quantity(&row, text, terms.unit()));
        }
        self.rows.push(row);
        Ok(())
    }

    fn decimal(&self, line: u64, field: &str, text: &str) -> Result<Decimal, InputError> {
        Decimal::parse(text).map_err(|error| {
            let problem = format!("{text:?} {error}");
            InputError::new(self.file, field, problem, error.remedy()).at_line(line)
        })
    }

    /// Entry price or cost of a position.
    fn price(&self, line: u64, text: &TextRow<'_>) -> Result<(PriceKind, Decimal), InputError> {
        match (text.entry_price, text.cost) {
            ("", "") => Err(InputError::new(
                self.file,
                "entry_price",
                format!(
                    "the position in {} has neither entry price nor cost",
                    text.symbol
                ),
                "give one of them (an option whose premium was paid in cash has entry 0)",
            )
            .at_line(line)),
            (entry, "") => Ok((PriceKind::Entry, self.decimal(line, "entry_price", entry)?)),
            ("", cost) => Ok((PriceKind::Cost, self.decimal(line, "cost", cost)?)),
            (entry, cost) => Err(InputError::new(
                self.file,
                "cost",
                format!(
                    "the position in {} has both entry price {entry:?} and cost {cost:?}",
                    text.symbol
                ),
                "give one of them",
            )
            .at_line(line)),
        }
    }

    /// The error of a quantity that is no 64-bit number of lots.
    fn bad_quantity(&self, row: &BookRow, text: &TextRow<'_>, lot: Decimal) -> InputError {
        let lots = row.quantity().ratio().over(lot).floor::<i128>();
        let exact = row.quantity().ratio().over(lot).exact::<i128>();
        let (problem, remedy) = if lots.is_ok() && exact.is_err() {
            (
                format!("{:?} is not a whole number of lots of {lot}", text.quantity),
                format!(
                    "give a multiple of the lot of {}, which is {lot}",
                    text.symbol
                ),
            )
        } else {
            (
                format!(
                    "account {:?}, pool {:?}: {:?} is beyond the limit of 2^63 - 1 lots of {lot}",
                    text.account, text.pool, text.quantity
                ),
                "correct the quantity, or use a coarser lot".to_owned(),
            )
        };
        InputError::new(self.file, "quantity", problem, remedy).at_line(row.line())
    }

    /// Orders the rows.
    ///
    /// # Errors
    /// For an empty book, and for the first row that another one repeats.
    pub(super) fn finish(self) -> Result<Collected, InputError> {
        let Self {
            file,
            market,
            ids,
            pools,
            mut rows,
        } = self;
        if rows.is_empty() {
            let remedy = "give at least one row: a book without accounts has no statement";
            return Err(InputError::new(file, "", "the book is empty", remedy));
        }
        let ((ids, id_places), (pools, pool_places)) = (ids.sorted(), pools.sorted());
        rows.par_iter_mut().for_each(|row| {
            row.account = id_places[row.account as usize];
            row.pool = pool_places[row.pool as usize];
        });
        rows.par_sort_unstable_by_key(|row| (row.account, row.pool, row.row, row.line));
        let same =
            |a: &BookRow, b: &BookRow| (a.account, a.pool, a.row) == (b.account, b.pool, b.row);
        let repeated = rows.windows(2).filter(|pair| same(&pair[0], &pair[1]));
        if let Some(pair) = repeated.min_by_key(|pair| pair[1].line) {
            let (first, second) = (&pair[0], &pair[1]);
            let problem = format!(
                "account {:?}, pool {:?} and symbol {:?} are already on line {}",
                ids[first.account as usize],
                pools[first.pool as usize],
                market.rows[usize::from(first.row) - 1].id,
                first.line
            );
            let remedy = "add the rows up, or use a variant of the symbol";
            return Err(InputError::new(file, "symbol", problem, remedy).at_line(second.line()));
        }
        Ok(Collected {
            file,
            ids,
            pools,
            rows,
        })
    }
}

/// Input has at most 28 digits and 18 decimals, which fit.
fn narrow(number: Decimal) -> rust_decimal::Decimal {
    rust_decimal::Decimal::try_from_i128_with_scale(number.mantissa(), number.scale())
        .unwrap_or_default()
}
