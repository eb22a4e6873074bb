//! What a person reads of a statement.

use std::fmt::Write;

use zkmargin_circuits::book::Class;
use zkmargin_circuits::error::printable;
use zkmargin_circuits::statement::{Amount, Statement, TotalFigures};
use zkmargin_verifier::chain::Changes;

/// Widest column: what is longer sticks out of it, so that one long name does not widen every row.
const WIDEST: usize = 100;

/// Columns of text, the first to the left and the others to the right.
#[derive(Debug, Default)]
pub struct Table {
    rows: Vec<Vec<String>>,
    left: bool,
}

impl Table {
    /// Adds a row. Cells may hold what others wrote: see [`printable`].
    pub fn row<T: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = T>) {
        let cells = cells.into_iter();
        self.rows.push(
            cells
                .map(|cell| printable(cell.as_ref()).into_owned())
                .collect(),
        );
    }

    /// Adds a row, and has every column to the left.
    pub fn left<T: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = T>) {
        self.left = true;
        self.row(cells);
    }

    /// The rows, aligned, each indented by two spaces.
    pub fn render(&self) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            self.rows
                .iter()
                .filter_map(|row| row.get(column))
                .map(|cell| cell.chars().count())
                .max()
                .unwrap_or(0)
                .min(WIDEST)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let mut out = String::new();
        for row in &self.rows {
            let mut line = String::new();
            for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
                let _ = if column == 0 || self.left {
                    write!(line, "  {cell:<width$}")
                } else {
                    write!(line, "  {cell:>width$}")
                };
            }
            let _ = writeln!(out, "{}", line.trim_end());
        }
        out
    }
}

/// Thousands apart, and at most two decimals; what is cut off shows as `~`.
pub fn short(amount: &Amount) -> String {
    let text = amount.as_str();
    let (sign, text) = text
        .strip_prefix('-')
        .map_or(("", text), |rest| ("-", rest));
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut grouped = String::with_capacity(whole.len() + whole.len() / 3);
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let shown = fraction.get(..2).unwrap_or(fraction);
    let cut = if fraction.len() > 2 { "~" } else { "" };
    if shown.is_empty() {
        format!("{sign}{grouped}")
    } else {
        format!("{sign}{grouped}.{shown:0<2}{cut}")
    }
}

type Line = (&'static str, fn(&TotalFigures) -> String);

const LINES: [Line; 7] = [
    ("equity above zero", |t| short(&t.equity_positive)),
    ("equity below zero", |t| short(&t.equity_negative)),
    ("maintenance", |t| short(&t.maintenance)),
    ("initial", |t| short(&t.initial)),
    ("deficient pools", |t| {
        counted(t.deficient_pools, &t.shortfall)
    }),
    ("bankrupt pools", |t| {
        counted(t.bankrupt_pools, &t.bankruptcy)
    }),
    ("underwater pools", |t| {
        counted(t.underwater_pools, &t.underwater)
    }),
];

fn counted(pools: u64, amount: &Amount) -> String {
    if pools == 0 {
        "0".into()
    } else {
        format!("{pools} ({})", short(amount))
    }
}

/// Whose statement it is, and of when.
pub fn heading(statement: &Statement) -> String {
    let (venue, epoch) = (printable(&statement.venue), statement.epoch);
    format!("{venue}, epoch {epoch}, {}\n\n", statement.time)
}

/// The totals by class.
pub fn totals(statement: &Statement) -> String {
    let mut table = Table::default();
    let classes = Class::ALL.map(|class| (class.name(), &statement.classes.of(class).totals));
    let columns: Vec<(&str, &TotalFigures)> = classes
        .into_iter()
        .chain([("all", &statement.totals)])
        .collect();
    table.row(
        [format!("in {}", statement.quote)]
            .into_iter()
            .chain(columns.iter().map(|(name, _)| (*name).to_owned())),
    );
    for (name, figure) in LINES {
        table.row(
            [name.to_owned()]
                .into_iter()
                .chain(columns.iter().map(|(_, totals)| figure(totals))),
        );
    }
    table.render()
}

/// Claims and debts of customers by coin, those without either left out.
pub fn coins(statement: &Statement) -> String {
    let mut table = Table::default();
    table.row([
        "coin",
        "customers' claims",
        "customers' debts",
        "fund's claims",
        "house's claims",
    ]);
    let classes = &statement.classes;
    for ((customer, house), fund) in classes
        .customer
        .coins
        .iter()
        .zip(&classes.house.coins)
        .zip(&classes.fund.coins)
    {
        let figures = [
            &customer.claims,
            &customer.debts,
            &fund.claims,
            &house.claims,
        ];
        if figures.iter().any(|amount| amount.as_str() != "0") {
            table.row([customer.id.clone()].into_iter().chain(figures.map(short)));
        }
    }
    table.render()
}

/// How many contracts there are, and the ones whose net quantity is not zero.
pub fn contracts(statement: &Statement) -> String {
    let open: Vec<_> = statement
        .contracts
        .iter()
        .filter(|contract| contract.net.as_str() != "0")
        .collect();
    if open.is_empty() {
        return format!(
            "every one of {} contracts nets to zero\n",
            statement.contracts.len()
        );
    }
    let mut table = Table::default();
    table.row(["unmatched contract", "net", "long open interest"]);
    for contract in open {
        table.row([
            contract.id.clone(),
            short(&contract.net),
            short(&contract.long),
        ]);
    }
    table.render()
}

/// What changed from the epoch before.
pub fn changes(changes: &Changes) -> String {
    let mut out = format!("since epoch {} of {}\n", changes.epoch, changes.time);
    let mut table = Table::default();
    table.row(["", "before", "now", "difference"]);
    let shown = |amount: &Option<Amount>| amount.as_ref().map_or_else(|| "-".to_owned(), short);
    for coin in &changes.amounts {
        for (name, amount) in [("claims", &coin.claims), ("debts", &coin.debts)] {
            let both = [&amount.old, &amount.new];
            if both
                .into_iter()
                .flatten()
                .any(|amount| amount.as_str() != "0")
            {
                table.row([
                    format!("{} {name}, {}", coin.class, coin.coin),
                    shown(&amount.old),
                    shown(&amount.new),
                    shown(&amount.difference),
                ]);
            }
        }
    }
    out += &table.render();
    for (what, symbols) in [("coins", &changes.coins), ("contracts", &changes.contracts)] {
        if !symbols.changed {
            let _ = writeln!(out, "the same {what}");
            continue;
        }
        let list = |ids: &[String]| match ids {
            [] => "none".to_owned(),
            _ => printable(&ids.join(", ")).into_owned(),
        };
        let _ = writeln!(
            out,
            "other {what}: new {}, gone {}",
            list(&symbols.added),
            list(&symbols.removed)
        );
    }
    let model = match changes.risk_model.changed {
        true => "another digest of the risk model",
        false => "the same risk model",
    };
    let _ = writeln!(out, "{model}");
    if changes.shape.changed {
        let (old, new) = (printable(&changes.shape.old), printable(&changes.shape.new));
        let _ = writeln!(
            out,
            "another shape: {old}, now {new}; the model's digest depends on it"
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortens_amounts() {
        let shown = |text: &str| short(&Amount::parse(text).unwrap());
        assert_eq!(shown("1234567.891"), "1,234,567.89~");
        assert_eq!(shown("-1000"), "-1,000");
        assert_eq!(shown("0.5"), "0.50");
        assert_eq!(shown("999"), "999");
    }

    #[test]
    fn lets_no_cell_move_or_widen_the_others() {
        let mut table = Table::default();
        let long = "x".repeat(100_000);
        table.row(["a", &long, "b\nverdict: solvent"]);
        table.row(["bcd", "234", "\u{1b}[2J"]);
        let text = table.render();
        assert_eq!(text.lines().count(), 2);
        assert!(text.contains("b\\nverdict") && !text.contains('\u{1b}'));
        assert!(text.lines().all(|line| line.len() < 100_200));
        assert!(text.lines().nth(1).unwrap().len() < 200);
    }

    #[test]
    fn aligns_columns() {
        let mut table = Table::default();
        table.row(["a", "1"]);
        table.row(["bcd", "234"]);
        assert_eq!(table.render(), "  a      1\n  bcd  234\n");
    }
}
