//! What follows from holdings and flags: scans, sums, amounts, counts.

use std::collections::BTreeMap;

use ethnum::I256;
use ff::{Field, PrimeField};
use halo2_proofs::halo2curves::bn256::Fr;
use zkmargin_circuits::circuit::columns::{Free, SLACKS_A_PRODUCT};
use zkmargin_circuits::field::{from_signed, EQUITY_SCALE, FINE, REQUIREMENT_SCALE};
use zkmargin_circuits::shape::WINDOW_ROWS;

use super::cells::{integer, Cells};

impl Cells<'_> {
    /// Everything that follows from holdings and flags.
    pub fn repair(&mut self) {
        self.rescan();
        self.resum();
        self.round();
        self.settle();
    }

    /// Everything that follows from amounts.
    pub fn settle(&mut self) {
        self.tally();
        self.elements();
        self.rehash();
        self.retotal();
        self.recount();
    }

    /// Scans of every lane that is on, from the scanned quantities.
    pub fn rescan(&mut self) {
        let h = self.columns.holding.clone();
        let w = self.columns.window.clone();
        let t = self.columns.table.clone();
        let scenarios = self.layout.shape.scenarios;
        let width = t.losses.len();
        let mut start = 0;
        for window in 0..self.layout.capacity {
            if self.cell(&w.pool_start, window) != Fr::ZERO {
                start = window;
            }
            if self.cell(&w.pool_end, window) == Fr::ZERO {
                continue;
            }
            let mut scans: BTreeMap<I256, Vec<I256>> = BTreeMap::new();
            for row in self.row(start, 0)..self.row(window, WINDOW_ROWS) {
                let index = integer(self.get(h.index, row)).as_usize();
                let Some(symbol) = index.checked_sub(1) else {
                    continue;
                };
                let block = self.layout.block(symbol);
                let group = integer(self.get(t.group, block.start));
                let losses = scans
                    .entry(group)
                    .or_insert_with(|| vec![I256::ZERO; scenarios]);
                let scanned = self.signed(&h.scanned, row);
                let floor = integer(self.get(h.side_floor, row)) * self.signed(&h.amount, row);
                for (s, loss) in losses.iter_mut().enumerate() {
                    let cell = self.get(t.losses[s % width], block.start + s / width);
                    let weight =
                        self.get(t.losses[s % width], self.layout.weights().start + s / width);
                    *loss += scanned * integer(cell) + floor * integer(weight);
                }
            }
            for window in start..=window {
                for lane in self.columns.lanes.clone() {
                    let ends = lane.span.as_ref().map_or(&lane.on, |span| &span.ends);
                    if self.cell(ends, window) != Fr::ONE {
                        continue;
                    }
                    let group = integer(self.cell(&lane.group, window));
                    let losses = scans
                        .remove(&group)
                        .unwrap_or_else(|| vec![I256::ZERO; scenarios]);
                    let max = losses
                        .iter()
                        .copied()
                        .max()
                        .unwrap_or(I256::ZERO)
                        .max(I256::ZERO);
                    self.put_window(&lane.max, window, max);
                    let shape = self.layout.shape;
                    let first = window + 1 - shape.scan_windows();
                    let per_row = lane.slacks.len();
                    let none = shape.slacks() - scenarios;
                    let losses = std::iter::repeat_n(I256::ZERO, none).chain(losses);
                    for (s, loss) in losses.enumerate() {
                        self.put(
                            &lane.slacks[s % per_row],
                            first * WINDOW_ROWS + s / per_row,
                            max - loss,
                        );
                    }
                    (first..=window).for_each(|window| self.products(window));
                }
            }
        }
    }

    /// Running products of a window's slacks.
    pub fn products(&mut self, window: usize) {
        for lane in self.columns.lanes.clone() {
            let before = window.checked_sub(1).filter(|before| {
                lane.span.as_ref().is_some_and(|span| {
                    self.cell(&lane.on, *before) == Fr::ONE
                        && self.cell(&span.ends, *before) == Fr::ZERO
                })
            });
            for (i, (column, slacks)) in lane
                .products
                .iter()
                .zip(lane.slacks.chunks(SLACKS_A_PRODUCT))
                .enumerate()
            {
                let mut product = match before {
                    Some(before) => self.get(*column, self.row(before, WINDOW_ROWS - 1)),
                    None => Fr::ONE,
                };
                if let Some(span) = &lane.span {
                    self.set_cell(&span.carried[i], window, product);
                }
                for row in self.row(window, 0)..self.row(window, WINDOW_ROWS) {
                    for slack in slacks {
                        product *= self.grid.limbs_value(slack, row);
                    }
                    self.set(*column, row, product);
                }
            }
        }
    }

    /// Running sums of the pools.
    pub fn resum(&mut self) {
        let h = self.columns.holding.clone();
        let w = self.columns.window.clone();
        let mut sums = [Fr::ZERO; 4];
        for window in 0..self.layout.capacity {
            let kept = Fr::ONE - self.cell(&w.pool_start, window);
            sums.iter_mut().for_each(|sum| *sum *= kept);
            for lane in self.columns.lanes.clone() {
                let max = self.grid.window_limbs(window, &lane.max) * Fr::from_u128(EQUITY_SCALE);
                sums[2] += max * self.cell(&lane.maintenance_factor, window);
                sums[3] += max * self.cell(&lane.initial_factor, window);
            }
            for row in self.row(window, 0)..self.row(window, WINDOW_ROWS) {
                let get = |column| self.get(column, row);
                let fine = Fr::from_u128(FINE);
                let magnitude = get(h.floor) * fine + self.grid.limbs_value(&h.above, row);
                let charge = get(h.charge_slope) * magnitude + get(h.charge_intercept) * fine;
                let amount = from_signed(self.signed(&h.amount, row));
                sums[0] += get(h.equity_slope) * magnitude + get(h.equity_intercept) * fine;
                sums[1] += get(h.is_asset) * amount * get(h.unit);
                sums[2] += get(h.maintenance_factor) * charge;
                sums[3] += get(h.initial_factor) * charge;
                for (column, sum) in [h.equity, h.value, h.maintenance, h.initial]
                    .into_iter()
                    .zip(sums)
                {
                    self.set(column, row, sum);
                }
            }
        }
    }

    /// Rounded amounts of the pools, from the running sums.
    pub fn round(&mut self) {
        let h = self.columns.holding.clone();
        let w = self.columns.window.clone();
        for window in 0..self.layout.capacity {
            let last = self.row(window, WINDOW_ROWS - 1);
            let end = self.cell(&w.pool_end, window);
            let sum = |column: Free| integer(end * self.get(column, last));
            let scale = |scale: u128| I256::from(scale);
            let (equity, value) = (sum(h.equity), sum(h.value));
            let (maintenance, initial) = (sum(h.maintenance), sum(h.initial));
            let ceil = |sum: I256| -((-sum).div_euclid(scale(REQUIREMENT_SCALE)));
            let rounded = [
                equity.div_euclid(scale(EQUITY_SCALE)),
                value.div_euclid(scale(FINE)),
                ceil(maintenance),
                ceil(initial),
            ];
            self.put_signed(&w.equity, window, rounded[0]);
            self.put_signed(&w.value, window, rounded[1]);
            self.put_window(&w.maintenance, window, rounded[2]);
            self.put_window(&w.initial, window, rounded[3]);
            self.put_signed(&w.surplus, window, rounded[0] - rounded[2]);
            let remainders = [
                (
                    &w.equity_rounding,
                    equity - rounded[0] * scale(EQUITY_SCALE),
                    EQUITY_SCALE,
                ),
                (&w.value_rounding, value - rounded[1] * scale(FINE), FINE),
                (
                    &w.maintenance_rounding,
                    rounded[2] * scale(REQUIREMENT_SCALE) - maintenance,
                    REQUIREMENT_SCALE,
                ),
                (
                    &w.initial_rounding,
                    rounded[3] * scale(REQUIREMENT_SCALE) - initial,
                    REQUIREMENT_SCALE,
                ),
            ];
            for (rounding, remainder, scale) in remainders {
                self.put_window(&rounding.remainder, window, remainder);
                self.put_window(
                    &rounding.complement,
                    window,
                    I256::from(scale - 1) - remainder,
                );
            }
        }
    }

    /// Counts of accounts and pools, from `pool_used`, `account_used` and the flags.
    pub fn tally(&mut self) {
        let w = self.columns.window.clone();
        let (mut accounts, mut pools) = (Fr::ZERO, Fr::ZERO);
        for window in 0..self.layout.capacity {
            accounts += self.cell(&w.account_end, window) * self.cell(&w.account_used, window);
            pools += self.cell(&w.pool_used, window);
            self.set_cell(&w.accounts, window, accounts);
            self.set_cell(&w.pools, window, pools);
        }
    }

    /// `pool_used`, `last_key` and `account_used`, from keys and flags.
    pub fn used(&mut self) {
        let w = self.columns.window.clone();
        let h = self.columns.holding.clone();
        let mut before = Fr::ZERO;
        for window in 0..self.layout.capacity {
            let key =
                self.cell(&w.pool_end, window) * self.get(h.key, self.row(window, WINDOW_ROWS - 1));
            let used = Fr::from(u64::from(key != Fr::ZERO));
            self.set_cell(&w.pool_used, window, used);
            self.put_window(&w.last_key, window, integer(key - used));
            let carried = (Fr::ONE - self.cell(&w.account_start, window)) * before;
            before = used + carried * (Fr::ONE - used);
            self.set_cell(&w.account_used, window, before);
        }
    }
}
