//! `base`: a balance less the costs of the positions settled in it, rounded down once.
//!
//! Here a person's rows (balances, quantities, entry prices or costs, in ordinary units) become the
//! integers of the statement, for the reader of accounts and for a customer's own check alike.

use std::cmp::Ordering;

use ethnum::I256;
use num_bigint::BigInt;
use num_rational::BigRational;

use crate::book::Holding;
use crate::market::{Kind, MarketSource, Style, Terms};
use crate::units::{Decimal, Ratio};

/// The widest amounts any shape has, sign included.
pub const WIDEST_BITS: u32 = 96;

/// Decimals of a quantum that sums are first tried with.
const GUARD_DECIMALS: i32 = 20;

/// What a row says beside its quantity, in ordinary units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowPrice {
    /// Nothing: the row is a balance.
    Balance,
    /// The position's entry price.
    Entry(Decimal),
    /// What was paid for the position, in units of its settlement asset, positive for a long.
    Cost(Decimal),
}

/// A balance or a position, as a person reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// Market row, from 1.
    pub row: u16,
    /// Balance in units, or signed quantity.
    pub quantity: Decimal,
    /// What was paid for it.
    pub price: RowPrice,
}

/// Why rows are no pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RowsError {
    /// No rows at all.
    #[error("a pool without rows")]
    Empty,
    /// Rows that are not in strictly rising order, or not the market's.
    #[error("symbols that are not the market's, or one of them twice")]
    Symbols,
    /// A price on a balance, none on a position, or an entry of an inverse contract that is not above zero.
    #[error("an entry price or cost that does not go with its symbol")]
    Price,
    /// A quantity that is no 64-bit number of lots.
    #[error("a quantity that is not a whole number of lots below 2^63")]
    Lots,
    /// A base beyond the widest range.
    #[error("a balance less costs beyond 2^95 quanta")]
    Base,
}

/// The amount of a position in lots; none off the lot or beyond 64 bits.
pub fn lots(row: &Row, market: &MarketSource) -> Option<i128> {
    let unit = market.row(row.row)?.terms.unit();
    let lots: i64 = row.quantity.ratio().over(unit).exact().ok()?;
    (lots != i64::MIN).then_some(lots.into())
}

/// The base of the asset that `rows` settle in, in its quanta; none beyond the widest range, and
/// for rows that go with no symbol of the market.
pub fn base(
    rows: impl Iterator<Item = Row> + Clone,
    asset: u16,
    market: &MarketSource,
) -> Option<i128> {
    let quantum = market.row(asset)?.terms.unit();
    let base = quick(rows.clone(), quantum, market).or_else(|| exact(rows, quantum, market))?;
    (base.unsigned_abs() < 1 << (WIDEST_BITS - 1)).then_some(base)
}

/// The holdings of a pool, given its rows in rising order of market row. A pool holds every asset
/// its positions settle in, with or without a row of its own.
///
/// # Errors
/// For the first thing that is wrong with the rows.
pub fn holdings(rows: &[Row], market: &MarketSource) -> Result<Vec<Holding>, RowsError> {
    if rows.is_empty() {
        return Err(RowsError::Empty);
    }
    if !rows.is_sorted_by(|a, b| a.row.cmp(&b.row) == Ordering::Less) {
        return Err(RowsError::Symbols);
    }
    let mut settled = Vec::with_capacity(rows.len());
    for row in rows {
        let source = market.row(row.row).ok_or(RowsError::Symbols)?;
        let goes = match (source.terms, row.price) {
            (Terms::Asset { .. }, price) => price == RowPrice::Balance,
            (
                Terms::Instrument {
                    style: Style::Inverse,
                    ..
                },
                RowPrice::Entry(entry),
            ) => entry.signum() > 0,
            (Terms::Instrument { .. }, price) => price != RowPrice::Balance,
        };
        if !goes {
            return Err(RowsError::Price);
        }
        settled.push((source.settlement, source.terms.kind(), *row));
    }
    let mut holdings = Vec::with_capacity(rows.len().saturating_add(1));
    for group in settled.chunk_by(|a, b| a.0 == b.0) {
        let Some((asset, _, _)) = group.first() else {
            continue;
        };
        let rows = group.iter().map(|(_, _, row)| *row);
        let amount = base(rows, *asset, market).ok_or(RowsError::Base)?;
        holdings.push(Holding {
            row: *asset,
            amount,
        });
        for (_, kind, row) in group {
            if *kind == Kind::Instrument {
                let amount = lots(row, market).ok_or(RowsError::Lots)?;
                holdings.push(Holding {
                    row: row.row,
                    amount,
                });
            }
        }
    }
    Ok(holdings)
}

/// A term of `base`: `product of factors / divisor`, negative if `minus`.
struct Term {
    minus: bool,
    factors: [Decimal; 3],
    divisor: Decimal,
}

/// What a row adds to the base of its settlement asset: a balance, or minus a position's cost.
fn term(row: &Row, market: &MarketSource) -> Option<Term> {
    let one = Decimal::ONE;
    let plain = |minus, amount| Term {
        minus,
        factors: [amount, one, one],
        divisor: one,
    };
    Some(match (row.price, market.row(row.row)?.terms) {
        (RowPrice::Balance, _) => plain(false, row.quantity),
        (RowPrice::Cost(cost), _) => plain(true, cost),
        (
            RowPrice::Entry(entry),
            Terms::Instrument {
                style, multiplier, ..
            },
        ) => match style {
            Style::Linear => Term {
                minus: true,
                factors: [row.quantity, multiplier, entry],
                divisor: one,
            },
            // The entry is the negative reciprocal, so the cost is below zero for a long.
            Style::Inverse if entry.signum() > 0 => Term {
                minus: false,
                factors: [row.quantity, multiplier, one],
                divisor: entry,
            },
            Style::Inverse => return None,
        },
        (RowPrice::Entry(_), Terms::Asset { .. }) => return None,
    })
}

/// The base between two bounds; none when they do not agree or 255 bits are not enough.
fn quick(rows: impl Iterator<Item = Row>, quantum: Decimal, market: &MarketSource) -> Option<i128> {
    let mut low = I256::ZERO;
    let mut inexact = I256::ZERO;
    for row in rows {
        let Term {
            minus,
            factors: [a, b, c],
            divisor,
        } = term(&row, market)?;
        let ratio = Ratio::ONE
            .times(a)
            .times(b)
            .times(c)
            .over(divisor)
            .over(quantum);
        let (numerator, denominator) = ratio.times_ten_to(GUARD_DECIMALS).fraction().ok()?;
        let numerator = if minus {
            numerator.checked_neg()?
        } else {
            numerator
        };
        low = low.checked_add(numerator.checked_div_euclid(denominator)?)?;
        if numerator.checked_rem_euclid(denominator)? != 0 {
            inexact = inexact.checked_add(I256::ONE)?;
        }
    }
    let one = I256::new(10).pow(GUARD_DECIMALS.unsigned_abs());
    let floor = low.checked_div_euclid(one)?;
    let high = low.checked_add(inexact)?.checked_div_euclid(one)?;
    (floor == high).then(|| i128::try_from(floor).ok())?
}

/// The base in fractions of any length. None divides by zero: quanta and the entries of inverse
/// contracts are above it.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "integers of any length do not overflow"
)]
fn exact(rows: impl Iterator<Item = Row>, quantum: Decimal, market: &MarketSource) -> Option<i128> {
    let mut sum = BigRational::from_integer(0.into());
    for row in rows {
        let Term {
            minus,
            factors: [a, b, c],
            divisor,
        } = term(&row, market)?;
        let term = fraction(a) * fraction(b) * fraction(c) / fraction(divisor);
        if minus {
            sum -= term;
        } else {
            sum += term;
        }
    }
    i128::try_from((sum / fraction(quantum)).floor().to_integer()).ok()
}

fn fraction(number: Decimal) -> BigRational {
    BigRational::new(
        number.mantissa().into(),
        BigInt::from(10).pow(number.scale()),
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MARKET: &str = r#"{ "quote_quantum": "0.000001",
      "assets": [ { "id": "USDT", "coin": "USDT", "price": "1.0002", "quantum": "0.00000001" },
                  { "id": "BTC", "coin": "BTC", "price": "65000", "quantum": "0.00000001" } ],
      "instruments": [ { "id": "BTC-PERP", "contract": "BTC-PERP", "style": "linear", "settlement": "USDT",
                         "multiplier": "1", "lot": "0.001", "mark": "65100.2", "basis": null },
                       { "id": "BTC-INV", "contract": "BTC-INV", "style": "inverse", "settlement": "BTC",
                         "multiplier": "100", "lot": "1", "mark": "65100.2", "basis": null } ] }"#;

    fn market() -> MarketSource {
        MarketSource::parse("market.json", MARKET.as_bytes()).unwrap()
    }

    fn row(market: &MarketSource, id: &str, quantity: &str, price: RowPrice) -> Row {
        Row {
            row: market.row_of(id).unwrap(),
            quantity: decimal(quantity),
            price,
        }
    }

    fn decimal(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    fn amounts(market: &MarketSource, rows: &[Row]) -> Result<Vec<(u16, i128)>, RowsError> {
        Ok(holdings(rows, market)?
            .into_iter()
            .map(|holding| (holding.row, holding.amount))
            .collect())
    }

    #[test]
    fn accepts_linear_entries_and_costs() {
        let m = market();
        let entry = RowPrice::Entry(decimal("64800"));
        let rows = [
            row(&m, "USDT", "12000.5", RowPrice::Balance),
            row(&m, "BTC-PERP", "-0.350", entry),
        ];
        // 12000.5 + 0.35 * 64800 = 34680.5
        let expected = vec![(1, 3_468_050_000_000), (2, -350)];
        assert_eq!(amounts(&m, &rows), Ok(expected.clone()));
        let cost = RowPrice::Cost(decimal("-22680"));
        assert_eq!(
            amounts(&m, &[rows[0], row(&m, "BTC-PERP", "-0.35", cost)]),
            Ok(expected)
        );
    }

    #[test]
    fn accepts_a_position_without_a_balance_and_rounds_down() {
        let m = market();
        // 3 * 100 / 65000 BTC = 0.004615384615...
        let rows = |quantity| {
            [row(
                &m,
                "BTC-INV",
                quantity,
                RowPrice::Entry(decimal("65000")),
            )]
        };
        assert_eq!(amounts(&m, &rows("3")), Ok(vec![(3, 461_538), (4, 3)]));
        assert_eq!(amounts(&m, &rows("-3")), Ok(vec![(3, -461_539), (4, -3)]));
        // Three thirds make a whole, which bounds alone do not show.
        let third = RowPrice::Entry(decimal("300"));
        let inverse = [
            row(&m, "BTC", "-1", RowPrice::Balance),
            row(&m, "BTC-INV", "3", third),
        ];
        assert_eq!(amounts(&m, &inverse), Ok(vec![(3, 0), (4, 3)]));
    }

    #[test]
    fn rejects_what_is_no_pool() {
        let m = market();
        let usdt = row(&m, "USDT", "1", RowPrice::Balance);
        let perp = |quantity, price| row(&m, "BTC-PERP", quantity, price);
        let entry = RowPrice::Entry(Decimal::ONE);
        assert_eq!(amounts(&m, &[]), Err(RowsError::Empty));
        assert_eq!(amounts(&m, &[usdt, usdt]), Err(RowsError::Symbols));
        assert_eq!(
            amounts(&m, &[perp("1", entry), usdt]),
            Err(RowsError::Symbols)
        );
        assert_eq!(
            amounts(&m, &[Row { row: 0, ..usdt }]),
            Err(RowsError::Symbols)
        );
        assert_eq!(
            amounts(&m, &[Row { row: 5, ..usdt }]),
            Err(RowsError::Symbols)
        );
        assert_eq!(
            amounts(
                &m,
                &[Row {
                    price: entry,
                    ..usdt
                }]
            ),
            Err(RowsError::Price)
        );
        assert_eq!(
            amounts(&m, &[perp("1", RowPrice::Balance)]),
            Err(RowsError::Price)
        );
        let zero = RowPrice::Entry(Decimal::ZERO);
        assert_eq!(
            amounts(&m, &[row(&m, "BTC-INV", "1", zero)]),
            Err(RowsError::Price)
        );
        assert_eq!(amounts(&m, &[perp("0.0001", entry)]), Err(RowsError::Lots));
        assert_eq!(
            amounts(&m, &[perp("10000000000000000", entry)]),
            Err(RowsError::Lots)
        );
        let huge = row(
            &m,
            "USDT",
            "9999999999999999999999999999",
            RowPrice::Balance,
        );
        assert_eq!(amounts(&m, &[huge]), Err(RowsError::Base));
    }

    /// Units that divide nothing evenly.
    const ODD: &str = r#"{ "quote_quantum": "0.01",
      "assets": [ { "id": "BTC", "price": "65000", "quantum": "0.00000003" } ],
      "instruments": [ { "id": "LIN", "style": "linear", "settlement": "BTC", "multiplier": "0.3",
                         "lot": "0.0000001", "mark": "0", "basis": "1" },
                       { "id": "INV", "style": "inverse", "settlement": "BTC", "multiplier": "7",
                         "lot": "0.0000001", "mark": "1", "basis": null } ] }"#;

    prop_compose! {
        fn any_row()(
            row in 1..=3u16,
            cost in any::<bool>(),
            quantity in -1_000_000_000_000i128..1_000_000_000_000,
            price in 1..1_000_000_000_000i128,
            scale in 0..18u32,
        ) -> Row {
            let price = Decimal::new(price, scale);
            let price = match (row, cost) {
                (1, _) => RowPrice::Balance,
                (_, true) => RowPrice::Cost(price),
                (_, false) => RowPrice::Entry(price),
            };
            Row { row, quantity: Decimal::new(quantity, 7), price }
        }
    }

    proptest! {
        #[test]
        fn accepts_bounds_that_agree_with_fractions(rows in prop::collection::vec(any_row(), 0..6)) {
            let market = MarketSource::parse("market.json", ODD.as_bytes()).unwrap();
            let quantum = Decimal::new(3, 8);
            let exact = exact(rows.iter().copied(), quantum, &market);
            // Where bounds do not agree, the fractions decide.
            if let Some(quick) = quick(rows.iter().copied(), quantum, &market) {
                prop_assert_eq!(Some(quick), exact);
            }
        }
    }
}
