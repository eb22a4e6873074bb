//! Cells of the second phase: fractions at the drawn poles and what is summed of them.

use ff::{BatchInvert, Field, PrimeField};
use halo2_proofs::halo2curves::bn256::Fr;
use rayon::prelude::*;

use super::grid::{Grid, SecondGrid};
use super::Witness;
use crate::circuit::columns::{Columns, ScanLane, Second, LIMBS_A_HELPER};
use crate::circuit::sums::POLE_STEP;
use crate::field::{from_u128, two_to};
use crate::layout::Layout;
use crate::shape::{POLES, SCALARS, WINDOW_ROWS};
use crate::totals_column::pole_row;

/// The challenges as drawn.
#[derive(Debug, Clone, Copy)]
pub struct ChallengeValues {
    /// Compresses tuples and scalar totals.
    pub theta: Fr,
    /// Pole of the lookups and sums.
    pub x: Fr,
    /// Separates scenarios.
    pub gamma: Fr,
    /// Separates risk groups.
    pub xi: Fr,
    /// Separates settlement assets.
    pub upsilon: Fr,
    /// Separates the summed arguments.
    pub kappa: Fr,
}

/// All second-phase cells of a witness.
pub fn second_phase(
    columns: &Columns,
    witness: &Witness,
    challenges: &ChallengeValues,
) -> SecondGrid {
    let mut second = SecondGrid::new(witness.grid.rows, columns);
    let fractions = range_fractions(columns.shape.limb_bits, challenges.x);
    let filler = Filler::new(columns, witness, challenges, &fractions);
    filler.range_helpers(&mut second);
    filler.fill(&mut second);
    second
}

/// The same without the helpers of the range lookups, which are sums at the limbs of their columns of
/// `fractions`, the [`range_fractions`] at `x`.
pub fn second_phase_without_ranges(
    columns: &Columns,
    witness: &Witness,
    challenges: &ChallengeValues,
    fractions: &[Fr],
) -> SecondGrid {
    let mut second = SecondGrid::without_ranges(witness.grid.rows, columns);
    Filler::new(columns, witness, challenges, fractions).fill(&mut second);
    second
}

/// `1 / (x - value)` for every value of a limb.
pub fn range_fractions(limb_bits: u32, x: Fr) -> Vec<Fr> {
    let mut fractions: Vec<Fr> = (0..1u64 << limb_bits)
        .map(|value| x - Fr::from(value))
        .collect();
    fractions.batch_invert();
    fractions
}

/// Windows whose fractions share an inversion.
const TOGETHER: usize = 64;

struct Filler<'a> {
    columns: &'a Columns,
    layout: &'a Layout,
    grid: &'a Grid,
    c: &'a ChallengeValues,
    /// Of the range lookups.
    range_fractions: &'a [Fr],
}

/// A fraction still to be divided, and where it goes.
struct Fraction {
    column: Second,
    row: usize,
    numerator: Fr,
    denominator: Fr,
}

/// Divides fractions, with one inversion for many of them.
fn divide(fractions: &mut [Fraction]) {
    fractions
        .iter_mut()
        .map(|fraction| &mut fraction.denominator)
        .batch_invert();
    for fraction in fractions {
        fraction.numerator *= fraction.denominator;
    }
}

fn compress(terms: &[Fr], challenge: Fr) -> Fr {
    terms
        .iter()
        .rev()
        .fold(Fr::ZERO, |sum, term| sum * challenge + term)
}

/// A small element as an integer.
fn small(value: Fr) -> usize {
    let bytes: [u8; 32] = value.to_repr();
    usize::from(bytes[0]) | usize::from(bytes[1]) << 8
}

impl<'a> Filler<'a> {
    fn new(
        columns: &'a Columns,
        witness: &'a Witness,
        c: &'a ChallengeValues,
        range_fractions: &'a [Fr],
    ) -> Self {
        Self {
            columns,
            layout: &witness.layout,
            grid: &witness.grid,
            c,
            range_fractions,
        }
    }

    /// Everything but the helpers of the range lookups.
    fn fill(&self, second: &mut SecondGrid) {
        let coefficients = self.tables(second);
        self.windows(second, &coefficients);
        self.identities(second);
        self.range_table(second);
        self.totals(second);
        self.sum(second);
    }

    /// Table rows; gives `(rho, sigma)` by market row, zeros for row 0.
    fn tables(&self, second: &mut SecondGrid) -> Vec<(Fr, Fr)> {
        let Self {
            columns,
            layout,
            grid,
            c,
            ..
        } = self;
        let h = &columns.holding;
        let t = &columns.table;
        let step = c.gamma.pow_vartime([layout.shape.losses_a_row() as u64]);
        let horner = |second: &mut SecondGrid, rows: std::ops::Range<usize>| {
            rows.fold(Fr::ZERO, |before, row| {
                let losses = t.losses.iter().fold(Fr::ZERO, |sum, column| {
                    sum * c.gamma + grid.free(*column, row)
                });
                let value = before * step + losses;
                second.set(t.horner, row, value);
                value
            })
        };
        let floor_weight = horner(second, layout.weights());
        for row in layout.weights().end - 1..layout.blocks().end {
            second.set(t.floor_weight, row, floor_weight);
        }

        let mut fractions = Vec::new();
        let mut sums = Vec::new();
        for symbol in 0..layout.shape.symbols {
            let block = layout.block(symbol);
            sums.push(horner(second, block.clone()));
            let (first, last) = (block.start, block.end - 1);
            let group = grid.free(t.group, first);
            let on = grid.free(h.is_asset, first) + grid.free(h.is_instrument, first);
            let factors = [
                group,
                grid.free(h.maintenance_factor, first),
                grid.free(h.initial_factor, first),
            ];
            let mut push = |column, row, numerator, denominator| {
                fractions.push(Fraction {
                    column,
                    row,
                    numerator,
                    denominator,
                });
            };
            push(h.long_helper, first, on, c.x - compress(&factors, c.theta));
            push(t.group_weight, last, Fr::ONE, c.xi - group);
            push(
                t.settlement_weight,
                last,
                Fr::ONE,
                c.upsilon - grid.free(t.settlement, first),
            );
            for row in block {
                let [long, short] = self.entries(symbol, row);
                push(
                    h.entry_helper,
                    row,
                    grid.free(t.long_uses, row),
                    c.x - compress(&long, c.theta),
                );
                push(
                    h.family_helper,
                    row,
                    grid.free(t.short_uses, row),
                    c.x - compress(&short, c.theta),
                );
            }
        }
        for (group, row) in layout.groups().enumerate() {
            let tuple = [
                Fr::from(group as u64),
                grid.free(h.maintenance_factor, row),
                grid.free(h.initial_factor, row),
            ];
            fractions.push(Fraction {
                column: h.entry_helper,
                row,
                numerator: grid.free(t.long_uses, row),
                denominator: c.x - compress(&tuple, c.theta),
            });
        }
        fractions.push(Fraction {
            column: h.entry_helper,
            row: layout.null(),
            numerator: grid.free(t.long_uses, layout.null()),
            denominator: c.x,
        });
        fractions.par_chunks_mut(4096).for_each(divide);
        for fraction in &fractions {
            second.set(fraction.column, fraction.row, fraction.numerator);
        }

        let mut coefficients = vec![(Fr::ZERO, Fr::ZERO)];
        for (symbol, losses) in sums.into_iter().enumerate() {
            let last = layout.block(symbol).end - 1;
            let asset = grid.free(h.is_asset, last);
            let instrument = grid.free(h.is_instrument, last);
            let group_weight = second.get(t.group_weight, last);
            let settlement_weight = second.get(t.settlement_weight, last);
            let rho =
                group_weight * losses + instrument * grid.free(t.mark, last) * settlement_weight;
            let sigma = asset * settlement_weight + instrument * group_weight * floor_weight;
            second.set(h.rho, last, rho);
            second.set(h.sigma, last, sigma);
            coefficients.push((rho, sigma));
        }
        coefficients
    }

    /// The long and short entry of a table row.
    fn entries(&self, symbol: usize, row: usize) -> [Vec<Fr>; 2] {
        let h = &self.columns.holding;
        let t = &self.columns.table;
        let get = |column| self.grid.free(column, row);
        let shared = |negative: Fr| {
            vec![
                Fr::from(symbol as u64 + 1),
                get(h.is_asset),
                get(h.is_instrument),
                negative,
                get(h.unit),
                get(h.first),
                get(h.lot_value),
                get(h.maintenance_factor),
                get(h.initial_factor),
                get(h.floor),
                get(h.cap),
            ]
        };
        let (asset, instrument) = (get(h.is_asset), get(h.is_instrument));
        let (slope, intercept) = (get(t.coefficient), get(t.intercept));
        let mut long = shared(Fr::ZERO);
        long.extend([
            asset * slope,
            asset * intercept,
            instrument * slope,
            instrument * intercept,
            instrument * get(t.floor_long),
        ]);
        let mut short = shared(Fr::ONE);
        short.extend([
            -asset * get(t.debt_weight),
            Fr::ZERO,
            slope,
            intercept,
            -instrument * get(t.floor_short),
        ]);
        [long, short]
    }

    /// Helpers and coefficients of the account windows.
    fn windows(&self, second: &mut SecondGrid, coefficients: &[(Fr, Fr)]) {
        let (width, place) = (second.width(), second.places());
        let rows = self.layout.capacity * WINDOW_ROWS;
        second.cells[..rows * width]
            .par_chunks_mut(TOGETHER * WINDOW_ROWS * width)
            .enumerate()
            .for_each(|(chunk, cells)| {
                let first = chunk * TOGETHER;
                let windows = first..self.layout.capacity.min(first + TOGETHER);
                let mut set = |column, row: usize, value| {
                    let row = row - first * WINDOW_ROWS;
                    cells[row * width + place(column)] = value;
                };
                let mut fractions = Vec::new();
                for window in windows.clone() {
                    self.fractions(window, &mut fractions);
                }
                divide(&mut fractions);
                for fraction in &fractions {
                    set(fraction.column, fraction.row, fraction.numerator);
                }
                for window in windows {
                    self.window(window, coefficients, &mut set);
                }
            });
    }

    /// The fractions of a window.
    fn fractions(&self, window: usize, fractions: &mut Vec<Fraction>) {
        let Self {
            columns, grid, c, ..
        } = self;
        let h = &columns.holding;
        let start = window * WINDOW_ROWS;
        let mut push = |column, row, numerator, denominator| {
            fractions.push(Fraction {
                column,
                row: start + row,
                numerator,
                denominator,
            });
        };
        let two = Fr::from(2);
        let step = from_u128(POLE_STEP);
        for row in 0..WINDOW_ROWS {
            let get = |column| grid.free(column, start + row);
            let tuple = h.tuple().map(get);
            push(
                h.entry_helper,
                row,
                Fr::ONE,
                c.x - compress(&tuple, c.theta),
            );
            let (asset, instrument) = (get(h.is_asset), get(h.is_instrument));
            let (negative, first) = (get(h.negative), get(h.first));
            let amount = self.signed(&h.amount, start + row);
            let class = two * (get(h.house) + two * get(h.fund)) + negative;
            let magnitude = amount * (asset + instrument - two * asset * negative);
            push(
                h.family_helper,
                row,
                magnitude,
                c.x - first - asset * class * step,
            );
            let long = instrument * (Fr::ONE - negative) * amount;
            push(h.long_helper, row, long, c.x - first - step);
        }
        for lane in &columns.lanes {
            let group = grid.window_free(window, &lane.group);
            let tuple = [
                group,
                grid.window_free(window, &lane.maintenance_factor),
                grid.window_free(window, &lane.initial_factor),
            ];
            push(
                lane.weight.column,
                lane.weight.offset,
                Fr::ONE,
                c.xi - group,
            );
            let pole = c.x - compress(&tuple, c.theta);
            push(lane.helper.column, lane.helper.offset, Fr::ONE, pole);
        }
    }

    /// Coefficients and scans of a window.
    fn window(
        &self,
        window: usize,
        coefficients: &[(Fr, Fr)],
        set: &mut impl FnMut(Second, usize, Fr),
    ) {
        let Self {
            columns, grid, c, ..
        } = self;
        let h = &columns.holding;
        let start = window * WINDOW_ROWS;
        for row in start..start + WINDOW_ROWS {
            let index = small(grid.free(h.index, row));
            let (rho, sigma) = coefficients.get(index).copied().unwrap_or_default();
            set(h.rho, row, rho);
            set(h.sigma, row, sigma);
        }
        let shift = c.gamma.pow_vartime([columns.shape.slacks_a_row() as u64]);
        for lane in &columns.lanes {
            let mut horner = Fr::ZERO;
            for row in self.scan_start(lane, window) * WINDOW_ROWS..start + WINDOW_ROWS {
                let slacks = lane.slacks.iter().fold(Fr::ZERO, |sum, slack| {
                    sum * c.gamma + grid.limbs_value(slack, row)
                });
                horner = horner * shift + slacks;
                if row >= start {
                    set(lane.horner, row, horner);
                }
            }
        }
    }

    /// The window that begins the scan of this one.
    fn scan_start(&self, lane: &ScanLane, window: usize) -> usize {
        let Some(span) = &lane.span else {
            return window;
        };
        let open = |window: usize| {
            self.grid.window_free(window, &lane.on) == Fr::ONE
                && self.grid.window_free(window, &span.ends) == Fr::ZERO
        };
        let before = (0..window).rev().take_while(|before| open(*before));
        window - before.count()
    }

    fn signed(&self, limbs: &crate::circuit::columns::Limbs, row: usize) -> Fr {
        self.grid.limbs_value(limbs, row) - two_to(limbs.bits() - 1)
    }

    /// The running identity of the pools.
    fn identities(&self, second: &mut SecondGrid) {
        let Self {
            columns,
            layout,
            grid,
            c,
            ..
        } = self;
        let h = &columns.holding;
        let ones = (0..layout.shape.slacks()).fold(Fr::ZERO, |sum, _| sum * c.gamma + Fr::ONE);
        let view: &SecondGrid = second;
        let terms: Vec<Fr> = (0..layout.capacity * WINDOW_ROWS)
            .into_par_iter()
            .map(|row| {
                let amount = self.signed(&h.amount, row);
                let other = grid.free(h.is_asset, row) * (self.signed(&h.base, row) - amount)
                    + grid.free(h.side_floor, row) * amount;
                let mut term = self.signed(&h.scanned, row) * view.get(h.rho, row)
                    + other * view.get(h.sigma, row);
                if row % WINDOW_ROWS == 0 {
                    let window = row / WINDOW_ROWS;
                    for lane in &columns.lanes {
                        let weight = view.get(lane.weight.column, row + lane.weight.offset);
                        let max = grid.window_limbs(window, &lane.max);
                        let horner = view.get(lane.horner, row + WINDOW_ROWS - 1);
                        let ends = match &lane.span {
                            Some(span) => grid.window_free(window, &span.ends),
                            None => Fr::ONE,
                        };
                        term -= ends * weight * (max * ones - horner);
                    }
                }
                term
            })
            .collect();
        let mut running = Fr::ZERO;
        for (row, term) in terms.into_iter().enumerate() {
            if row % WINDOW_ROWS == 0 {
                let start = grid.window_free(row / WINDOW_ROWS, &columns.window.pool_start);
                running *= Fr::ONE - start;
            }
            running += term;
            second.set(h.identity, row, running);
        }
    }

    fn range_helpers(&self, second: &mut SecondGrid) {
        let (width, place) = (second.width(), second.places());
        let helpers = &self.columns.range_helpers;
        let rows = second.cells.par_chunks_mut(width).take(self.grid.rows);
        rows.enumerate().for_each(|(row, cells)| {
            let limbs = self.grid.limb_row(row).chunks(LIMBS_A_HELPER);
            for (helper, limbs) in helpers.iter().zip(limbs) {
                cells[place(*helper)] = self.range_sum(limbs);
            }
        });
    }

    fn range_sum(&self, limbs: &[u16]) -> Fr {
        limbs
            .iter()
            .map(|limb| self.range_fractions[usize::from(*limb)])
            .sum()
    }

    fn range_table(&self, second: &mut SecondGrid) {
        let Self { columns, grid, .. } = self;
        for (row, fraction) in self.range_fractions.iter().enumerate() {
            let uses = grid.free(columns.range_uses, row);
            second.set(columns.range_table_helper, row, uses * fraction);
        }
    }

    fn totals(&self, second: &mut SecondGrid) {
        let Self {
            columns,
            layout,
            grid,
            c,
            ..
        } = self;
        let shape = &layout.shape;
        let mut fractions = Vec::with_capacity(POLES * shape.symbols);
        for pole in 0..POLES {
            for symbol in 0..shape.symbols {
                let row = pole_row(shape, pole, symbol);
                let value = from_u128(pole as u128 * POLE_STEP + symbol as u128 + 1);
                fractions.push(Fraction {
                    column: columns.totals_helper,
                    row,
                    numerator: grid.free(columns.totals, row),
                    denominator: c.x - value,
                });
            }
        }
        fractions.par_chunks_mut(4096).for_each(divide);
        for fraction in &fractions {
            second.set(fraction.column, fraction.row, fraction.numerator);
        }
        let first = pole_row(shape, POLES, 0);
        (first..first + SCALARS).fold(Fr::ZERO, |sum, row| {
            let value = sum * c.theta + grid.free(columns.totals, row);
            second.set(columns.totals_helper, row, value);
            value
        });
    }

    fn sum(&self, second: &mut SecondGrid) {
        let Self {
            columns,
            layout,
            grid,
            c,
            ..
        } = self;
        let h = &columns.holding;
        let hold = layout.capacity * WINDOW_ROWS;
        let scalar_last = pole_row(&layout.shape, POLES, 0) + SCALARS - 1;
        let poles = pole_row(&layout.shape, 0, 0)..pole_row(&layout.shape, POLES, 0);
        let blocks = layout.blocks();
        let groups = layout.groups();
        let per_class = SCALARS as u64 / 3;
        let weights = [
            c.theta.pow_vartime([per_class]),
            c.theta.pow_vartime([2 * per_class]),
        ];
        let view: &SecondGrid = second;
        let terms: Vec<Fr> = (0..grid.rows)
            .into_par_iter()
            .map(|row| {
                let get = |column: Second| view.get(column, row);
                let range = self.range_sum(grid.limb_row(row)) - get(columns.range_table_helper);
                let (mut symbols, mut group, mut families, mut scalars) =
                    (Fr::ZERO, Fr::ZERO, Fr::ZERO, Fr::ZERO);
                if row < hold {
                    symbols += get(h.entry_helper);
                    families += get(h.family_helper) + get(h.long_helper);
                    if row % WINDOW_ROWS == 0 {
                        for lane in &columns.lanes {
                            group += view.get(lane.helper.column, row + lane.helper.offset);
                        }
                        let class = Fr::ONE
                            + grid.free(h.house, row) * (weights[0] - Fr::ONE)
                            + grid.free(h.fund, row) * (weights[1] - Fr::ONE);
                        let amounts = grid.pool_scalars(&columns.window, row / WINDOW_ROWS);
                        scalars += class * compress(&amounts, c.theta);
                    }
                } else if blocks.contains(&row) {
                    symbols -= get(h.entry_helper) + get(h.family_helper);
                    if (row - blocks.start) % layout.shape.segments == 0 {
                        group += get(h.long_helper);
                    }
                } else if groups.contains(&row) {
                    group -= get(h.entry_helper);
                } else if row == layout.null() {
                    symbols -= get(h.entry_helper);
                }
                if poles.contains(&row) {
                    families -= get(columns.totals_helper);
                } else if row == scalar_last {
                    scalars -= get(columns.totals_helper);
                }
                compress(&[range, symbols, group, families, scalars], c.kappa)
            })
            .collect();
        let mut running = Fr::ZERO;
        for (row, term) in terms.into_iter().enumerate() {
            second.set(columns.sum, row, running);
            running += term;
        }
        second.set(columns.sum, grid.rows, running);
    }
}
