//! Pieces of accounts as bytes.

use serde::{Deserialize, Serialize};
use zkmargin_circuits::base::{Row, RowPrice};
use zkmargin_circuits::book::Holding;
use zkmargin_circuits::units::Decimal;

use super::piece::{Piece, PoolRows};
use super::BookRow;

/// The id comes first, so that it can be read alone.
#[derive(Serialize, Deserialize)]
struct Stored<'a> {
    id: &'a str,
    #[serde(borrow)]
    pools: Vec<StoredPool<'a>>,
}

#[derive(Serialize, Deserialize)]
struct StoredPool<'a> {
    name: &'a str,
    rows: Vec<StoredRow>,
    /// Row and amount.
    holdings: Option<Vec<(u16, i128)>>,
}

#[derive(Serialize, Deserialize)]
struct StoredRow {
    line: u32,
    row: u16,
    quantity: Number,
    price: StoredPrice,
}

#[derive(Serialize, Deserialize)]
enum StoredPrice {
    Balance,
    Entry(Number),
    Cost(Number),
}

/// Mantissa and scale.
#[derive(Serialize, Deserialize)]
struct Number(i128, u32);

impl From<Decimal> for Number {
    fn from(number: Decimal) -> Self {
        Self(number.mantissa(), number.scale())
    }
}

impl From<Number> for Decimal {
    fn from(Number(mantissa, scale): Number) -> Self {
        Decimal::new(mantissa, scale)
    }
}

impl From<&BookRow> for StoredRow {
    fn from(row: &BookRow) -> Self {
        Self {
            line: row.line,
            row: row.row(),
            quantity: row.quantity().into(),
            price: match row.price() {
                RowPrice::Balance => StoredPrice::Balance,
                RowPrice::Entry(price) => StoredPrice::Entry(price.into()),
                RowPrice::Cost(cost) => StoredPrice::Cost(cost.into()),
            },
        }
    }
}

impl From<StoredRow> for BookRow {
    fn from(row: StoredRow) -> Self {
        Self {
            line: row.line,
            written: Row {
                row: row.row,
                quantity: row.quantity.into(),
                price: match row.price {
                    StoredPrice::Balance => RowPrice::Balance,
                    StoredPrice::Entry(price) => RowPrice::Entry(price.into()),
                    StoredPrice::Cost(cost) => RowPrice::Cost(cost.into()),
                },
            },
        }
    }
}

/// A piece as bytes.
pub(super) fn encode(piece: &Piece) -> Vec<u8> {
    let pools = piece.pools.iter().map(|pool| StoredPool {
        name: &pool.name,
        rows: pool.rows.iter().map(StoredRow::from).collect(),
        holdings: pool.holdings.as_ref().map(|holdings| {
            let holdings = holdings.iter();
            holdings.map(|held| (held.row, held.amount)).collect()
        }),
    });
    let stored = Stored {
        id: &piece.id,
        pools: pools.collect(),
    };
    // Integers, texts and lists of them: writing to memory cannot fail.
    postcard::to_stdvec(&stored).unwrap_or_default()
}

/// The piece that bytes hold; none where they hold something else.
pub(super) fn decode(bytes: &[u8]) -> Option<Piece> {
    let stored: Stored<'_> = postcard::from_bytes(bytes).ok()?;
    let pools = stored.pools.into_iter().map(|pool| PoolRows {
        name: pool.name.to_owned(),
        rows: pool.rows.into_iter().map(BookRow::from).collect(),
        holdings: pool.holdings.map(|holdings| {
            let holdings = holdings.into_iter();
            holdings
                .map(|(row, amount)| Holding { row, amount })
                .collect()
        }),
    });
    Some(Piece {
        id: stored.id.to_owned(),
        pools: pools.collect(),
    })
}

/// The id of the piece that bytes hold.
pub(super) fn decode_id(bytes: &[u8]) -> Option<&str> {
    let (id, _) = postcard::take_from_bytes(bytes).ok()?;
    Some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_wrote() {
        let number = |text| Decimal::parse(text).unwrap();
        let row = |line, row, price| BookRow {
            line,
            written: Row {
                row,
                quantity: number("-0.350"),
                price,
            },
        };
        let piece = Piece {
            id: "alice@example".into(),
            pools: vec![
                PoolRows {
                    name: "cross".into(),
                    rows: vec![
                        row(7, 1, RowPrice::Balance),
                        row(
                            u32::MAX,
                            900,
                            RowPrice::Entry(number("1234567890.123456789")),
                        ),
                        row(
                            1,
                            901,
                            RowPrice::Cost(number("-9999999999999999999999999999")),
                        ),
                    ],
                    holdings: Some(vec![Holding {
                        row: 1,
                        amount: -(1 << 94),
                    }]),
                },
                PoolRows {
                    name: "iso".into(),
                    rows: Vec::new(),
                    holdings: None,
                },
            ],
        };
        let bytes = encode(&piece);
        assert_eq!(decode_id(&bytes), Some("alice@example"));
        assert_eq!(decode(&bytes), Some(piece));
        for length in 0..bytes.len() {
            assert_eq!(decode(&bytes[..length]), None);
        }
    }
}
