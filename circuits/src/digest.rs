//! Market and model as table rows of a shape, and the digests that commit them.

use ff::Field;
use halo2_proofs::halo2curves::bn256::Fr;
use sha2::{Digest, Sha256};

use crate::field::from_be_bytes;
use crate::leaf::tag;
use crate::market::{Kind, Market};
use crate::poseidon::{hash8, RATE};
use crate::risk::{RiskModel, Segment, SymbolRisk};
use crate::shape::{Shape, LOSSES_AN_ELEMENT};

/// A market or model that a shape cannot hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("shape {shape} holds at most {limit} {what}, this book has {found}{whose}")]
pub struct ShapeError {
    /// Name of the shape.
    pub shape: String,
    /// What there is too much of.
    pub what: &'static str,
    /// What the shape holds.
    pub limit: u128,
    /// What was asked of it.
    pub found: u128,
    /// ` (symbol X)` where one symbol is to blame.
    pub whose: String,
}

/// One table row of a symbol.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SegmentRow {
    /// The segment serves amounts from zero up.
    pub long: bool,
    /// The segment serves amounts below zero.
    pub short: bool,
    /// Where it begins, in quote quanta.
    pub floor: u128,
    /// Where it ends (exclusive), in quote quanta.
    pub cap: u128,
    /// Slope in 10^-6.
    pub coefficient: u32,
    /// Value at zero of the segment's line, in 10^-6 quote quanta.
    pub intercept: i128,
    /// Step up at the floor, in quote quanta.
    pub jump: u128,
    /// The scenarios laid in this row.
    pub losses: Vec<i64>,
}

/// Where every piecewise-linear function ends, in quote quanta.
pub fn money_end(shape: &Shape) -> u128 {
    1 << (shape.money_bits - 1)
}

/// The rows of one symbol's block, padded to the shape's `segments`.
pub fn symbol_rows(
    shape: &Shape,
    id: &str,
    risk: &SymbolRisk,
) -> Result<Vec<SegmentRow>, ShapeError> {
    let mut rows = Vec::with_capacity(shape.segments);
    let shared = risk.long == risk.short;
    push_list(shape, &mut rows, &risk.long, true, shared);
    if !shared {
        push_list(shape, &mut rows, &risk.short, false, true);
    }
    check(
        shape,
        "segments a symbol",
        shape.segments,
        rows.len(),
        || format!(" (symbol {id})"),
    )?;
    rows.resize(shape.segments, SegmentRow::default());
    let width = shape.losses_a_row();
    for (i, row) in rows.iter_mut().enumerate() {
        row.losses = (i * width..(i + 1) * width)
            .map(|s| risk.losses.get(s).copied().unwrap_or(0))
            .collect();
    }
    Ok(rows)
}

fn push_list(shape: &Shape, rows: &mut Vec<SegmentRow>, list: &[Segment], long: bool, short: bool) {
    for (i, segment) in list.iter().enumerate() {
        rows.push(SegmentRow {
            long,
            short,
            floor: segment.floor,
            cap: list.get(i + 1).map_or(money_end(shape), |next| next.floor),
            coefficient: segment.coefficient,
            intercept: segment.intercept,
            jump: segment.jump,
            losses: Vec::new(),
        });
    }
}

/// Refuses a market and model that do not fit the shape.
pub fn check_fit(shape: &Shape, market: &Market, risk: &RiskModel) -> Result<(), ShapeError> {
    check(
        shape,
        "symbols",
        shape.symbols,
        market.symbols.len(),
        String::new,
    )?;
    check(
        shape,
        "risk groups",
        shape.groups,
        risk.groups.len(),
        String::new,
    )?;
    check(
        shape,
        "scenarios",
        shape.scenarios,
        risk.scenarios,
        String::new,
    )?;
    for (symbol, entry) in market.symbols.iter().zip(&risk.symbols) {
        symbol_rows(shape, &symbol.id, entry)?;
        for segment in entry.long.iter().chain(&entry.short) {
            let end = money_end(shape);
            if segment.floor >= end || segment.jump >= end {
                return Err(ShapeError {
                    shape: shape.name.into(),
                    what: "quote quanta as a tier's or bracket's floor",
                    limit: end - 1,
                    found: segment.floor.max(segment.jump),
                    whose: format!(" (symbol {})", symbol.id),
                });
            }
        }
        let end = 1 << (shape.loss_bits() - 1);
        let losses = entry.losses.iter().map(|loss| loss.unsigned_abs());
        if let Some(loss) = losses.max().filter(|loss| *loss >= end) {
            return Err(ShapeError {
                shape: shape.name.into(),
                what: "quote quanta as a loss of one lot",
                limit: u128::from(end) - 1,
                found: loss.into(),
                whose: format!(" (symbol {})", symbol.id),
            });
        }
    }
    Ok(())
}

fn check(
    shape: &Shape,
    what: &'static str,
    limit: usize,
    found: usize,
    whose: impl FnOnce() -> String,
) -> Result<(), ShapeError> {
    if found <= limit {
        return Ok(());
    }
    let (limit, found) = (limit as u128, found as u128);
    Err(ShapeError {
        shape: shape.name.into(),
        what,
        limit,
        found,
        whose: whose(),
    })
}

/// Fields packed into one element, lowest first.
#[derive(Default)]
struct Packer {
    limbs: [u64; 4],
    bits: u32,
}

impl Packer {
    fn push(mut self, value: u128, bits: u32) -> Self {
        let (limb, shift) = (self.bits as usize / 64, self.bits % 64);
        let low = u128::from(value as u64) << shift;
        let high = (value >> 64) << shift;
        let parts = [
            low as u64,
            (low >> 64) as u64 | high as u64,
            (high >> 64) as u64,
            0,
        ];
        let mut carry = 0;
        for (limb, part) in self.limbs.iter_mut().skip(limb).zip(parts) {
            let sum = u128::from(*limb) + u128::from(part) + carry;
            *limb = sum as u64;
            carry = sum >> 64;
        }
        self.bits += bits;
        self
    }

    fn signed(self, value: i64, bits: u32) -> Self {
        self.push((i128::from(value) + (1 << (bits - 1))) as u128, bits)
    }

    fn element(self) -> Fr {
        Fr::from_raw(self.limbs)
    }
}

/// A symbol's element of the market digest: kind, first variant, settlement, mark, unit.
pub fn market_element(symbol: Option<&crate::market::Symbol>) -> Fr {
    let Some(symbol) = symbol else {
        return Packer::default().push(0, 34).signed(0, 64).element();
    };
    Packer::default()
        .push(u128::from(symbol.kind == Kind::Asset), 1)
        .push(u128::from(symbol.kind == Kind::Instrument), 1)
        .push(symbol.first.into(), 16)
        .push(symbol.settlement.into(), 16)
        .signed(symbol.mark, 64)
        .push(symbol.unit, 112)
        .element()
}

/// A symbol's own element of the model digest: group, whether scanned as collateral, lot, debt weight, floors.
pub fn model_element(risk: Option<&SymbolRisk>) -> Fr {
    let Some(risk) = risk else { return Fr::ZERO };
    Packer::default()
        .push(risk.group.into(), 16)
        .push(u128::from(risk.lot != 0), 1)
        .push(risk.lot.into(), 64)
        .push(risk.debt_weight.into(), 32)
        .push(risk.floor_long.into(), 64)
        .push(risk.floor_short.into(), 64)
        .element()
}

/// A table row's elements of the model digest: its segment, and its losses.
pub fn row_elements(shape: &Shape, row: &SegmentRow) -> Vec<Fr> {
    let segment = Packer::default()
        .push(row.long.into(), 1)
        .push(row.short.into(), 1)
        .push(row.floor, shape.money_bits)
        .push(row.coefficient.into(), 32)
        .push(row.jump, shape.money_bits);
    let pack = |packer: Packer, losses: &[i64]| {
        losses.iter().fold(packer, |packer, loss| {
            packer.signed(*loss, shape.loss_bits())
        })
    };
    if shape.loss_beside_segment() {
        return vec![pack(segment, &row.losses).element()];
    }
    let losses = row.losses.chunks(LOSSES_AN_ELEMENT);
    std::iter::once(segment)
        .chain(losses.map(|losses| pack(Packer::default(), losses)))
        .map(Packer::element)
        .collect()
}

/// A row of floor weights, one bit a scenario.
pub fn weights_element(weights: &[bool]) -> Fr {
    weights
        .iter()
        .enumerate()
        .fold(Packer::default(), |packer, (_, w)| {
            packer.push((*w).into(), 1)
        })
        .element()
}

/// The floor weights laid in table row `row`.
pub fn weights_row(shape: &Shape, risk: &RiskModel, row: usize) -> Vec<bool> {
    let width = shape.losses_a_row();
    (row * width..(row + 1) * width)
        .map(|s| risk.floor_weights.get(s).copied().unwrap_or(false))
        .collect()
}

/// A group row's factors; group row 0 is "no group", with factors 1.
pub fn group_factors(risk: &RiskModel, row: usize) -> (u32, u32) {
    match row.checked_sub(1) {
        None => (1_000_000, 1_000_000),
        Some(i) => risk
            .groups
            .get(i)
            .map_or((0, 0), |g| (g.maintenance_factor, g.initial_factor)),
    }
}

/// A group row's element.
pub fn group_element(factors: (u32, u32)) -> Fr {
    Packer::default()
        .push(factors.0.into(), 32)
        .push(factors.1.into(), 32)
        .element()
}

/// The salt's element: 0 for a public model.
pub fn salt_element(risk: &RiskModel) -> Fr {
    risk.salt
        .as_ref()
        .map_or(Fr::ZERO, |salt| from_be_bytes(&Sha256::digest(salt)[..31]))
}

/// The two halves of a file's SHA-256.
pub fn file_elements(digest: &[u8; 32]) -> [Fr; 2] {
    [from_be_bytes(&digest[..16]), from_be_bytes(&digest[16..])]
}

/// What the market digest absorbs.
pub fn market_elements(shape: &Shape, market: &Market) -> Vec<Fr> {
    let mut elements = file_elements(&market.file_digest).to_vec();
    elements.extend((0..shape.symbols).map(|i| market_element(market.symbols.get(i))));
    elements
}

/// What the model digest absorbs.
pub fn model_elements(
    shape: &Shape,
    risk: &RiskModel,
    market: &Market,
) -> Result<Vec<Fr>, ShapeError> {
    let mut elements = file_elements(&risk.file_digest).to_vec();
    elements.push(salt_element(risk));
    elements.extend((0..shape.segments).map(|row| weights_element(&weights_row(shape, risk, row))));
    elements.extend((0..=shape.groups).map(|row| group_element(group_factors(risk, row))));
    let empty = vec![
        SegmentRow {
            losses: vec![0; shape.losses_a_row()],
            ..SegmentRow::default()
        };
        shape.segments
    ];
    for i in 0..shape.symbols {
        let entry = risk.symbols.get(i);
        elements.push(model_element(entry));
        let id = market
            .symbols
            .get(i)
            .map_or("", |symbol| symbol.id.as_str());
        let rows = entry
            .map(|entry| symbol_rows(shape, id, entry))
            .transpose()?;
        for row in rows.as_ref().unwrap_or(&empty) {
            elements.extend(row_elements(shape, row));
        }
    }
    Ok(elements)
}

/// The state the market digest begins with.
pub fn market_tag() -> Fr {
    tag("zkmargin market v1")
}

/// The state the model digest begins with.
pub fn model_tag() -> Fr {
    tag("zkmargin model v1")
}

/// The first element of a counts digest.
pub fn counts_tag() -> Fr {
    tag("zkmargin counts v1")
}

/// A chain of blocks over elements, zero-padded: `state = hash8([state, next seven])`.
pub fn chain(start: Fr, elements: &[Fr]) -> Fr {
    let chunks = elements.chunks(RATE - 1);
    chunks.fold(start, |state, chunk| hash8(chain_block(state, chunk)))
}

/// A block of such a chain: seven elements, or fewer at its end.
pub fn chain_block(state: Fr, chunk: &[Fr]) -> [Fr; RATE] {
    let mut inputs = [Fr::ZERO; RATE];
    for (target, value) in inputs.iter_mut().zip(std::iter::once(&state).chain(chunk)) {
        *target = *value;
    }
    inputs
}

/// The digest of a market under a shape.
pub fn market_digest(shape: &Shape, market: &Market) -> Result<Fr, ShapeError> {
    check(
        shape,
        "symbols",
        shape.symbols,
        market.symbols.len(),
        String::new,
    )?;
    Ok(chain(market_tag(), &market_elements(shape, market)))
}

/// The digest of a model under a shape.
pub fn model_digest(shape: &Shape, risk: &RiskModel, market: &Market) -> Result<Fr, ShapeError> {
    check_fit(shape, market, risk)?;
    Ok(chain(model_tag(), &model_elements(shape, risk, market)?))
}

/// The digest of a shard's counts.
pub fn counts_digest(salt: Fr, accounts: u64, pools: u64) -> Fr {
    let mut inputs = [Fr::ZERO; RATE];
    inputs[0] = counts_tag();
    inputs[1] = salt;
    inputs[2] = Fr::from(accounts);
    inputs[3] = Fr::from(pools);
    hash8(inputs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::two_to;
    use ff::PrimeField;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn accepts_packing_as_a_sum_of_powers(
            fields in prop::collection::vec((any::<u128>(), 1u32..=112), 1..4),
            last in any::<i64>(),
        ) {
            let mut packer = Packer::default();
            let mut sum = Fr::ZERO;
            for (value, bits) in fields {
                if packer.bits + bits + 64 > 253 {
                    break;
                }
                let value = value >> (128 - bits);
                sum += Fr::from_u128(value) * two_to(packer.bits);
                packer = packer.push(value, bits);
            }
            let biased = (i128::from(last) + (1 << 63)) as u128;
            sum += Fr::from_u128(biased) * two_to(packer.bits);
            prop_assert_eq!(packer.signed(last, 64).element(), sum);
        }
    }
}
