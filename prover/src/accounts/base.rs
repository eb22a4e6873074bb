//! Rows into integers, by the rule that customers recompute: [`zkmargin_circuits::base`].

use zkmargin_circuits::base::{self, WIDEST_BITS};
use zkmargin_circuits::error::InputError;
use zkmargin_circuits::market::{Kind, MarketSource};

use super::BookRow;

/// The amount of a position in lots; none off the lot or beyond 64 bits.
pub(super) fn lots(row: &BookRow, market: &MarketSource) -> Option<i128> {
    base::lots(&row.as_written(), market)
}

/// The base of the asset that `rows` settle in, in its quanta; none beyond the widest range.
pub(super) fn base(rows: &[BookRow], asset: u16, market: &MarketSource) -> Option<i128> {
    base::base(rows.iter().map(BookRow::as_written), asset, market)
}

/// The error of a base beyond the widest range.
pub(super) fn too_large(
    file: &str,
    account: &str,
    pool: &str,
    rows: &[BookRow],
    asset: u16,
    market: &MarketSource,
) -> InputError {
    let symbol = market.row(asset).map_or("", |row| row.id.as_str());
    // Where the asset has a row of its own it comes first, as its market row is the lowest.
    let field = match rows.first() {
        Some(row) if is_asset(row.row(), market) && rows.len() == 1 => "quantity",
        _ => "entry_price",
    };
    let problem = format!(
        "account {account:?}, pool {pool:?}: the balance of {symbol} less the costs of its positions \
         is beyond the limit of 2^{} - 1 quanta",
        WIDEST_BITS - 1
    );
    let error = InputError::new(
        file,
        field,
        problem,
        "correct the row, or use a coarser quantum",
    );
    rows.first()
        .map_or(error.clone(), |row| error.at_line(row.line()))
}

/// Whether a market row is an asset's.
fn is_asset(row: u16, market: &MarketSource) -> bool {
    let row = market.row(row);
    row.is_some_and(|row| row.terms.kind() == Kind::Asset)
}
