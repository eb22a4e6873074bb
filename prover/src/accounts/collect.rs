//! Rows of text become rows of numbers, and those of one account that stand together a piece.

use zkmargin_circuits::base::{Row, RowPrice};
use zkmargin_circuits::error::InputError;
use zkmargin_circuits::market::{Kind, MarketSource, Style, Terms};
use zkmargin_circuits::snapshot::Snapshot;
use zkmargin_circuits::units::Decimal;

use super::columns::TextRow;
use super::order::Order;
use super::piece::Piece;
use super::scratch::Scratch;
use super::{base, Book, BookRow, ReadError};

/// Gathers the rows of a file.
pub(super) struct Collector<'a> {
    file: &'static str,
    market: &'a MarketSource,
    order: Order<'a>,
    /// The rows of an account, as far as they have come.
    piece: Piece,
}

impl<'a> Collector<'a> {
    pub(super) fn new(file: &'static str, market: &'a MarketSource, scratch: &Scratch) -> Self {
        Self {
            file,
            market,
            order: Order::new(file, market, scratch),
            piece: Piece::default(),
        }
    }

    pub(super) fn file(&self) -> &'static str {
        self.file
    }

    /// Takes a row.
    pub(super) fn add(&mut self, line: u64, text: &TextRow<'_>) -> Result<(), ReadError> {
        let row = self.compile(line, text)?;
        if self.piece.id != text.account {
            let piece = std::mem::take(&mut self.piece);
            if !piece.id.is_empty() {
                self.order.push(piece)?;
            }
            text.account.clone_into(&mut self.piece.id);
        }
        self.piece.push(text.pool, row);
        Ok(())
    }

    fn compile(&self, line: u64, text: &TextRow<'_>) -> Result<BookRow, InputError> {
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
        let price = match terms.kind() {
            Kind::Asset => {
                for (field, value) in [("entry_price", text.entry_price), ("cost", text.cost)] {
                    if !value.is_empty() {
                        let problem = format!("{value:?} on a row of the asset {}", text.symbol);
                        let remedy = "leave it empty: a balance has neither entry price nor cost";
                        return Err(error(field, problem, remedy.into()));
                    }
                }
                RowPrice::Balance
            }
            Kind::Instrument => self.price(line, text)?,
        };
        if let (
            RowPrice::Entry(entry),
            Terms::Instrument {
                style: Style::Inverse,
                ..
            },
        ) = (price, terms)
        {
            if entry.signum() <= 0 {
                let problem = format!("{:?} for the inverse {}", text.entry_price, text.symbol);
                let remedy = "give an entry price above zero, or the cost instead";
                return Err(error("entry_price", problem, remedy.into()));
            }
        }
        let row = BookRow {
            line: short_line,
            written: Row {
                row,
                quantity,
                price,
            },
        };
        if price != RowPrice::Balance && base::lots(&row, self.market).is_none() {
            return Err(self.bad_quantity(&row, text, terms.unit()));
        }
        Ok(row)
    }

    fn decimal(&self, line: u64, field: &str, text: &str) -> Result<Decimal, InputError> {
        Decimal::parse(text).map_err(|error| {
            let problem = format!("{text:?} {error}");
            InputError::new(self.file, field, problem, error.remedy()).at_line(line)
        })
    }

    /// Entry price or cost of a position.
    fn price(&self, line: u64, text: &TextRow<'_>) -> Result<RowPrice, InputError> {
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
            (entry, "") => Ok(RowPrice::Entry(self.decimal(line, "entry_price", entry)?)),
            ("", cost) => Ok(RowPrice::Cost(self.decimal(line, "cost", cost)?)),
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

    /// The book of the rows.
    ///
    /// # Errors
    /// For an empty book, for the first row that another one repeats, for a class whose account is not
    /// there, and for the first account whose balance is beyond the widest range.
    pub(super) fn finish(mut self, header: &Snapshot) -> Result<Book, ReadError> {
        if self.piece.id.is_empty() {
            let remedy = "give at least one row: a book without accounts has no statement";
            return Err(InputError::new(self.file, "", "the book is empty", remedy).into());
        }
        self.order.push(self.piece)?;
        self.order.finish(header)
    }
}
