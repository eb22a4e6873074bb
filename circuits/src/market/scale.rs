//! The market's integers: values of quanta and lots.

use crate::error::InputError;
use crate::json::JsonFile;
use crate::market::{SourceRow, Style, Terms};
use crate::units::{Decimal, ScaleError, MAX_DECIMALS};

/// Values are exact in 10^-18 quote quanta.
const FINE_DECIMALS: i32 = 18;

/// Bound of [`Symbol::unit`].
const UNIT_LIMIT: u128 = 1 << 112;

/// Value of one quantum of an asset in 10^-18 quote quanta.
pub(super) fn asset_unit(
    file: JsonFile,
    row: &SourceRow,
    price: Decimal,
    quantum: Decimal,
    quote_quantum: Decimal,
) -> Result<u128, InputError> {
    let ratio = price
        .ratio()
        .times(quantum)
        .over(quote_quantum)
        .times_ten_to(FINE_DECIMALS);
    let field = format!("{}.price", row.path);
    match ratio.exact::<u128>() {
        Ok(unit) if unit < UNIT_LIMIT => Ok(unit),
        Err(ScaleError::Inexact) => Err(file.error(
            field,
            format!(
                "price {price} of `{}` times its quantum {quantum} is not a whole number of 10^-18 quote quanta",
                row.id
            ),
            "give the price with fewer decimals, or the asset a greater quantum",
        )),
        _ => Err(file.error(
            field,
            format!(
                "one quantum {quantum} of `{}` at {price} is worth 2^112 * 10^-18 quote quanta or more",
                row.id
            ),
            "give the asset a smaller quantum, or the market a greater quote_quantum",
        )),
    }
}

/// What one lot is worth at a price, in quanta of the settlement asset.
pub(super) fn lot_worth(
    file: JsonFile,
    row: &SourceRow,
    settlement: &SourceRow,
    field: &str,
    price: Decimal,
) -> Result<i64, InputError> {
    let Terms::Instrument {
        style,
        multiplier,
        lot,
        ..
    } = row.terms
    else {
        return Ok(0);
    };
    let quantum = settlement.terms.unit();
    let face = multiplier.ratio().times(lot);
    let worth = match style {
        Style::Linear => face.times(price).over(quantum).exact::<i64>(),
        Style::Inverse => match face.over(price).over(quantum).nearest::<i64>() {
            Ok(0) => {
                return Err(file.error(
                    format!("{}.{field}", row.path),
                    format!(
                        "one lot of `{}` at {price} rounds to no quantum {quantum} of `{}`",
                        row.id, settlement.id
                    ),
                    format!(
                        "give `{}` a smaller quantum, or `{}` a greater lot",
                        settlement.id, row.id
                    ),
                ))
            }
            // A face and a price above zero: it is not the least of its type.
            worth => worth.map(i64::wrapping_neg),
        },
    };
    worth.map_err(|error| {
        let field = format!("{}.{field}", row.path);
        match error {
            ScaleError::Inexact => {
                let (worth, remedy) = finer_quantum(&settlement.id, multiplier, lot, price);
                let problem = format!(
                    "one lot of `{}` at {price} is worth {worth} `{}`, not a whole number of its quantum {quantum}",
                    row.id, settlement.id
                );
                file.error(field, problem, remedy)
            }
            ScaleError::Range => file.error(
                field,
                format!(
                    "one lot of `{}` at {price} is worth more than 2^63 - 1 quanta {quantum} of `{}`",
                    row.id, settlement.id
                ),
                format!("give `{}` a smaller lot, or `{}` a greater quantum", row.id, settlement.id),
            ),
        }
    })
}

/// What a lot is worth in the settlement asset, and the quantum that would express it.
fn finer_quantum(
    settlement: &str,
    multiplier: Decimal,
    lot: Decimal,
    price: Decimal,
) -> (String, String) {
    let scale = [multiplier, lot, price].iter().map(|n| n.scale()).sum();
    let shift = i32::try_from(scale).unwrap_or(i32::MAX);
    let worth = multiplier
        .ratio()
        .times(lot)
        .times(price)
        .times_ten_to(shift)
        .exact::<i128>();
    let Ok(worth) = worth.map(|mantissa| Decimal::new(mantissa, scale)) else {
        return (
            "a fraction".to_owned(),
            "give the mark or the lot with fewer digits".to_owned(),
        );
    };
    let remedy = if worth.scale() <= MAX_DECIMALS as u32 {
        let quantum = Decimal::new(1, worth.scale());
        format!("a quantum of {quantum} for `{settlement}` would do")
    } else {
        "no quantum of 18 decimals would do: give the mark or the lot with fewer decimals"
            .to_owned()
    };
    (worth.to_string(), remedy)
}

/// Notional of one lot in 10^-18 quote quanta.
pub(super) fn notional_unit(
    file: JsonFile,
    row: &SourceRow,
    notional: i64,
    price: u128,
) -> Result<u128, InputError> {
    u128::from(notional.unsigned_abs())
        .checked_mul(price)
        .filter(|unit| *unit < UNIT_LIMIT)
        .ok_or_else(|| {
            file.error(
                format!("{}.lot", row.path),
                format!(
                    "the notional of one lot of `{}` is 2^112 * 10^-18 quote quanta or more",
                    row.id
                ),
                "give the instrument a smaller lot, or the market a greater quote_quantum",
            )
        })
}
