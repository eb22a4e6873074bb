//! The columns of an accounts file, and a row of them as text.

use zkmargin_circuits::error::InputError;

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

impl<'a> TextRow<'a> {
    /// The texts of [`COLUMNS`], in their order.
    pub(super) fn new(texts: [&'a str; COLUMNS.len()]) -> Self {
        let [account, pool, symbol, quantity, entry_price, cost] = texts;
        Self {
            account,
            pool,
            symbol,
            quantity,
            entry_price,
            cost,
        }
    }
}

/// The columns, by name.
pub const COLUMNS: [&str; 6] = [
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
