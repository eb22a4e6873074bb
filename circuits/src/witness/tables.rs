//! Cells of the market and model tables, and how often their entries are used.

use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering};

use ethnum::I256;
use ff::Field;
use halo2_proofs::halo2curves::bn256::Fr;

use super::grid::Grid;
use super::{hash_nodes, Context};
use crate::circuit::columns::Columns;
use crate::digest::{
    chain_block, group_element, group_factors, market_element, market_elements, market_tag,
    model_element, model_elements, model_tag, row_elements, symbol_rows, weights_element,
    weights_row, SegmentRow, ShapeError,
};
use crate::field::{from_i128, from_signed, from_u128, RATE_ONE};
use crate::layout::Layout;
use crate::market::Kind;
use crate::poseidon::{hash8, Hasher, RATE};

/// The rows of every symbol, and how often each entry is looked up.
pub(super) struct Tables {
    rows: Vec<Vec<SegmentRow>>,
    lot_values: Vec<I256>,
    long_uses: Vec<AtomicU32>,
    short_uses: Vec<AtomicU32>,
    group_uses: Vec<AtomicU32>,
    null_uses: AtomicU32,
    block: usize,
}

fn counters(count: usize) -> Vec<AtomicU32> {
    (0..count).map(|_| AtomicU32::new(0)).collect()
}

fn add(counter: &AtomicU32) {
    counter.fetch_add(1, Ordering::Relaxed);
}

fn uses(counter: &AtomicU32) -> Fr {
    Fr::from(u64::from(counter.load(Ordering::Relaxed)))
}

impl Tables {
    pub(super) fn new(layout: &Layout, context: &Context<'_>) -> Result<Self, ShapeError> {
        let shape = &layout.shape;
        let symbols = context.market.symbols.iter().zip(&context.risk.symbols);
        let rows = symbols
            .clone()
            .map(|(symbol, risk)| symbol_rows(shape, &symbol.id, risk))
            .collect::<Result<Vec<_>, _>>()?;
        let lot_values = symbols
            .map(|(symbol, risk)| match (symbol.kind, risk.lot) {
                (Kind::Instrument, _) => I256::ZERO,
                (Kind::Asset, 0) => (I256::ONE << (shape.money_bits + 64)) - 1,
                (Kind::Asset, lot) => {
                    I256::from(lot) * I256::from(symbol.unit) * I256::from(RATE_ONE)
                }
            })
            .collect();
        let entries = shape.symbols * shape.segments;
        let tables = Self {
            rows,
            lot_values,
            long_uses: counters(entries),
            short_uses: counters(entries),
            group_uses: counters(shape.groups + 1),
            null_uses: AtomicU32::new(0),
            block: shape.segments,
        };
        for risk in &context.risk.symbols {
            tables.use_group(risk.group);
        }
        Ok(tables)
    }

    /// Counts a look-up of a segment; gives its row.
    pub(super) fn use_segment(&self, symbol: usize, negative: bool, segment: usize) -> &SegmentRow {
        let rows = &self.rows[symbol];
        let offset = if negative {
            rows.iter().position(|row| row.short).unwrap_or(0)
        } else {
            0
        };
        let row = offset + segment;
        let uses = if negative {
            &self.short_uses
        } else {
            &self.long_uses
        };
        add(&uses[symbol * self.block + row]);
        &rows[row]
    }

    /// Counts a look-up of a group.
    pub(super) fn use_group(&self, group: u16) {
        add(&self.group_uses[usize::from(group)]);
    }

    /// Counts an empty holding.
    pub(super) fn use_null(&self) {
        add(&self.null_uses);
    }

    /// A lot's value in 10^-24 quote quanta.
    pub(super) fn lot_value(&self, symbol: usize) -> I256 {
        self.lot_values[symbol]
    }

    /// Fills the table rows.
    pub(super) fn fill(
        &self,
        grid: &mut Grid,
        columns: &Columns,
        layout: &Layout,
        context: &Context<'_>,
    ) {
        let t = &columns.table;
        let h = &columns.holding;
        for (i, row) in layout.weights().enumerate() {
            let weights = weights_row(&layout.shape, context.risk, i);
            for (column, weight) in t.losses.iter().zip(&weights) {
                grid.set(*column, row, Fr::from(u64::from(*weight)));
            }
            grid.set(h.packed, row, weights_element(&weights));
        }
        for (group, row) in layout.groups().enumerate() {
            let factors = group_factors(context.risk, group);
            let (maintenance, initial) = factors;
            grid.set(h.maintenance_factor, row, Fr::from(u64::from(maintenance)));
            grid.set(h.initial_factor, row, Fr::from(u64::from(initial)));
            grid.set(h.packed, row, group_element(factors));
            grid.set(t.long_uses, row, uses(&self.group_uses[group]));
            let [a, b, c] = &t.limbs.factors;
            grid.set_limbs(a, row, I256::from(maintenance));
            grid.set_limbs(b, row, I256::from(initial));
            grid.set_limbs(c, row, I256::from(initial) - I256::from(maintenance));
        }
        grid.set(t.long_uses, layout.null(), uses(&self.null_uses));
        for symbol in 0..layout.shape.symbols {
            self.symbol(symbol, grid, columns, layout, context);
        }
    }

    fn symbol(
        &self,
        index: usize,
        grid: &mut Grid,
        columns: &Columns,
        layout: &Layout,
        context: &Context<'_>,
    ) {
        let t = &columns.table;
        let h = &columns.holding;
        let block = layout.block(index);
        let symbol = context.market.symbols.get(index);
        let risk = context.risk.symbols.get(index);
        let empty;
        let rows = match self.rows.get(index) {
            Some(rows) => rows,
            None => {
                let losses = vec![0; layout.shape.losses_a_row()];
                empty = vec![
                    SegmentRow {
                        losses,
                        ..SegmentRow::default()
                    };
                    block.len()
                ];
                &empty
            }
        };
        if let (Some(symbol), Some(risk)) = (symbol, risk) {
            let asset = symbol.kind == Kind::Asset;
            let (maintenance, initial) = group_factors(context.risk, usize::from(risk.group));
            let lot_value = self.lot_values[index];
            for row in block.clone() {
                let cells = [
                    (h.is_asset, Fr::from(u64::from(asset))),
                    (h.is_instrument, Fr::from(u64::from(!asset))),
                    (h.unit, from_u128(symbol.unit)),
                    (h.first, Fr::from(u64::from(symbol.first))),
                    (h.lot_value, from_signed(lot_value)),
                    (h.maintenance_factor, Fr::from(u64::from(maintenance))),
                    (h.initial_factor, Fr::from(u64::from(initial))),
                    (t.group, Fr::from(u64::from(risk.group))),
                    (t.settlement, Fr::from(u64::from(symbol.settlement))),
                    (t.mark, from_i128(symbol.mark.into())),
                    (t.debt_weight, Fr::from(u64::from(risk.debt_weight))),
                    (t.floor_long, Fr::from(risk.floor_long)),
                    (t.floor_short, Fr::from(risk.floor_short)),
                ];
                for (column, value) in cells {
                    grid.set(column, row, value);
                }
            }
            let one = i128::from(asset);
            let l = &t.limbs;
            let first = block.start;
            grid.set(t.scanned, first, Fr::from(u64::from(risk.lot != 0)));
            grid.set(t.lot, first, Fr::from(risk.lot));
            let ratio = if asset {
                i128::from(1_000_000 - i64::from(rows[0].coefficient))
            } else {
                0
            };
            let debt = i128::from(risk.debt_weight) - one * RATE_ONE as i128;
            for (limbs, value) in [
                (&l.unit, I256::from(symbol.unit) - one),
                (&l.lot_value, lot_value - one),
                (&l.lot, I256::from(risk.lot)),
                (&l.floor_long, I256::from(risk.floor_long)),
                (&l.floor_short, I256::from(risk.floor_short)),
                (&l.first, I256::from(symbol.first)),
                (&l.settlement, I256::from(symbol.settlement)),
                (&l.group, I256::from(risk.group)),
                (&l.debt, I256::from(debt)),
                (&l.debt_weight, I256::from(risk.debt_weight)),
                (&l.ratio, I256::from(ratio)),
            ] {
                grid.set_limbs(limbs, first, value);
            }
        }
        let mark = symbol.map_or(0, |symbol| symbol.mark);
        grid.set_limbs(
            &t.limbs.mark,
            block.start,
            I256::from(mark) + (I256::ONE << 63),
        );
        let [market_cell, model_cell] = &t.symbol_elements;
        grid.set(*market_cell, block.start, market_element(symbol));
        grid.set(*model_cell, block.start, model_element(risk));
        for (i, (row, cells)) in block.clone().zip(rows).enumerate() {
            self.row(index, i, row, cells, rows.get(i + 1), grid, columns, layout);
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn row(
        &self,
        symbol: usize,
        place: usize,
        row: usize,
        segment: &SegmentRow,
        next: Option<&SegmentRow>,
        grid: &mut Grid,
        columns: &Columns,
        layout: &Layout,
    ) {
        let t = &columns.table;
        let h = &columns.holding;
        let active = segment.long || segment.short;
        let continues = next.is_some_and(|next| match segment.long {
            true => next.long,
            false => segment.short && next.short,
        });
        let entry = symbol * self.block + place;
        let flag = |value: bool| Fr::from(u64::from(value));
        let cells = [
            (t.long, flag(segment.long)),
            (t.short, flag(segment.short)),
            (t.continues, flag(continues)),
            (h.floor, from_u128(segment.floor)),
            (h.cap, from_u128(segment.cap)),
            (t.coefficient, Fr::from(u64::from(segment.coefficient))),
            (t.intercept, from_i128(segment.intercept)),
            (t.jump, from_u128(segment.jump)),
            (t.long_uses, uses(&self.long_uses[entry])),
            (t.short_uses, uses(&self.short_uses[entry])),
        ];
        for (column, value) in cells {
            grid.set(column, row, value);
        }
        let l = &t.limbs;
        let gap =
            I256::from(segment.cap) - I256::from(segment.floor) - I256::from(i128::from(active));
        let fall = match next {
            Some(next) if continues => {
                I256::from(segment.coefficient) - I256::from(next.coefficient)
            }
            _ => I256::ZERO,
        };
        grid.set_limbs(&l.gap, row, gap);
        grid.set_limbs(&l.coefficient, row, I256::from(segment.coefficient));
        grid.set_limbs(&l.jump, row, I256::from(segment.jump));
        // Only collateral ratios must fall; elsewhere the limbs are free and stay zero.
        let ratios = grid.free(h.is_asset, row) == Fr::ONE && segment.long;
        grid.set_limbs(&l.fall, row, if ratios { fall } else { I256::ZERO });
        for ((column, limbs), loss) in t.losses.iter().zip(&l.losses).zip(&segment.losses) {
            grid.set(*column, row, from_i128((*loss).into()));
            let laid = I256::from(*loss) + (I256::ONE << (layout.shape.loss_bits() - 1));
            grid.set_limbs(limbs, row, laid);
        }
        for (limbs, top) in l.losses.iter().zip(&l.loss_tops) {
            let limb = limbs.columns.last().map_or(0, |limb| grid.limb(*limb, row));
            grid.set_limbs(top, row, I256::from(limb) << 1);
        }
        let elements = row_elements(&layout.shape, segment);
        let targets = std::iter::once(&h.packed).chain(&t.loss_elements);
        for (column, element) in targets.zip(elements) {
            grid.set(*column, row, element);
        }
    }
}

/// Hashes the tables into their digests.
pub(super) fn hash(
    grid: &mut Grid,
    columns: &Columns,
    layout: &Layout,
    context: &Context<'_>,
    hasher: &dyn Hasher,
) -> Result<(Fr, Fr), ShapeError> {
    let shape = &layout.shape;
    let market = market_elements(shape, context.market);
    let model = model_elements(shape, context.risk, context.market)?;
    let mut chain = |nodes: Range<usize>, elements: &[Fr], start: Fr| {
        // One after the other without their cells, then all of them side by side.
        let mut state = start;
        let chunks = elements.chunks(RATE - 1).take(nodes.len());
        let blocks: Vec<[Fr; RATE]> = chunks
            .map(|chunk| {
                let block = chain_block(state, chunk);
                state = hash8(block);
                block
            })
            .collect();
        hash_nodes(grid, columns, layout, nodes, &blocks, hasher);
        state
    };
    let market = chain(layout.market.clone(), &market, market_tag());
    let model = chain(layout.model.clone(), &model, model_tag());
    Ok((market, model))
}
