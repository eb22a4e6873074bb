//! `base`: a balance less the costs of the positions settled in it, rounded down once.

use ethnum::I256;
use num_bigint::BigInt;
use num_rational::BigRational;
use zkmargin_circuits::error::InputError;
use zkmargin_circuits::market::{MarketSource, Style, Terms};
use zkmargin_circuits::units::{Decimal, Ratio};

use super::{is_asset, BookRow, RowPrice};

/// The widest amounts any shape has, sign included.
const WIDEST_BITS: u32 = 96;

/// Decimals of a quantum that sums are first tried with.
const GUARD_DECIMALS: i32 = 20;

/// The amount of a position in lots; none off the lot or beyond 64 bits.
pub(super) fn lots(row: &BookRow, market: &MarketSource) -> Option<i128> {
    let unit = market.row(row.row)?.terms.unit();
    let lots: i64 = row.quantity().ratio().over(unit).exact().ok()?;
    (lots != i64::MIN).then_some(lots.into())
}

/// A term of `base`: `product of factors / divisor`, negative if `minus`.
struct Term {
    minus: bool,
    factors: [Decimal; 3],
    divisor: Decimal,
}

/// What a row adds to the base of its settlement asset: a balance, or minus a position's cost.
fn term(row: &BookRow, market: &MarketSource) -> Option<Term> {
    let one = Decimal::ONE;
    let plain = |minus, amount| Term { minus, factors: [amount, one, one], divisor: one };
    Some(match (row.price(), market.row(row.row)?.terms) {
        (RowPrice::Balance, _) => plain(false, row.quantity()),
        (RowPrice::Cost(cost), _) => plain(true, cost),
        (RowPrice::Entry(entry), Terms::Instrument { style, multiplier, .. }) => match style {
            Style::Linear => {
                Term { minus: true, factors: [row.quantity(), multiplier, entry], divisor: one }
            }
            // The entry is the negative reciprocal, so the cost is below zero for a long.
            Style::Inverse => {
                Term { minus: false, factors: [row.quantity(), multiplier, one], divisor: entry }
            }
        },
        (RowPrice::Entry(_), Terms::Asset { .. }) => return None,
    })
}

/// The base of the asset that `rows` settle in, in its quanta; none beyond the widest range.
pub(super) fn base(rows: &[BookRow], asset: u16, market: &MarketSource) -> Option<i128> {
    let quantum = market.row(asset)?.terms.unit();
    let base = quick(rows, quantum, market).or_else(|| exact(rows, quantum, market))?;
    (base.unsigned_abs() < 1 << (WIDEST_BITS - 1)).then_some(base)
}

/// The base between two bounds; none when they do not agree or 255 bits are not enough.
fn quick(rows: &[BookRow], quantum: Decimal, market: &MarketSource) -> Option<i128> {
    let mut low = I256::ZERO;
    let mut inexact = I256::ZERO;
    for row in rows {
        let Term { minus, factors: [a, b, c], divisor } = term(row, market)?;
        let ratio = Ratio::ONE.times(a).times(b).times(c).over(divisor).over(quantum);
        let (numerator, denominator) = ratio.times_ten_to(GUARD_DECIMALS).fraction().ok()?;
        let numerator = if minus { -numerator } else { numerator };
        low = low.checked_add(numerator.div_euclid(denominator))?;
        if numerator.rem_euclid(denominator) != 0 {
            inexact += I256::ONE;
        }
    }
    let one = I256::new(10).pow(GUARD_DECIMALS.unsigned_abs());
    let floor = low.div_euclid(one);
    let high = low.checked_add(inexact)?.div_euclid(one);
    (floor == high).then(|| i128::try_from(floor).ok())?
}

/// The base in fractions of any length.
fn exact(rows: &[BookRow], quantum: Decimal, market: &MarketSource) -> Option<i128> {
    let mut sum = BigRational::from_integer(0.into());
    for row in rows {
        let Term { minus, factors: [a, b, c], divisor } = term(row, market)?;
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
    BigRational::new(number.mantissa().into(), BigInt::from(10).pow(number.scale()))
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
        Some(row) if is_asset(row.row, market) && rows.len() == 1 => "quantity",
        _ => "entry_price",
    };
    let problem = format!(
        "account {account:?}, pool {pool:?}: the balance of {symbol} less the costs of its positions \
         is beyond the limit of 2^{} - 1 quanta",
        WIDEST_BITS - 1
    );
    let error = InputError::new(file, field, problem, "correct the row, or use a coarser quantum");
    rows.first().map_or(error.clone(), |row| error.at_line(row.line()))
}
