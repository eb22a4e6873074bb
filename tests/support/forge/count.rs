//! Totals, and how often table entries are looked up.

use std::collections::{BTreeMap, HashMap};

use ethnum::I256;
use ff::{Field, PrimeField};
use halo2_proofs::halo2curves::bn256::Fr;
use zkmargin_circuits::circuit::columns::Free;
use zkmargin_circuits::circuit::sums::POLE_STEP;
use zkmargin_circuits::field::from_signed;
use zkmargin_circuits::shape::{POLES, SCALARS, WINDOW_ROWS};
use zkmargin_circuits::totals_column::{pole_row, scalar_row};

use super::cells::{integer, Cells};

impl Cells<'_> {
    /// Totals, from holdings, classes and amounts.
    pub fn retotal(&mut self) {
        let h = self.columns.holding.clone();
        let w = self.columns.window.clone();
        let shape = self.layout.shape;
        let mut poles: BTreeMap<I256, Fr> = BTreeMap::new();
        let mut classes = [[Fr::ZERO; 9]; 3];
        for window in 0..self.layout.capacity {
            for row in self.row(window, 0)..self.row(window, WINDOW_ROWS) {
                let get = |column| self.get(column, row);
                let amount = from_signed(self.signed(&h.amount, row));
                let (asset, instrument, negative) =
                    (get(h.is_asset), get(h.is_instrument), get(h.negative));
                let class = (get(h.house) + get(h.fund).double()).double() + negative;
                let pole = get(h.first) + asset * class * Fr::from_u128(POLE_STEP);
                let magnitude = amount * (asset + instrument - (asset * negative).double());
                *poles.entry(integer(pole)).or_insert(Fr::ZERO) += magnitude;
                let pole = get(h.first) + Fr::from_u128(POLE_STEP);
                *poles.entry(integer(pole)).or_insert(Fr::ZERO) +=
                    instrument * (Fr::ONE - negative) * amount;
            }
            let amounts = self.grid.pool_scalars(&w, window);
            let first = self.row(window, 0);
            let (house, fund) = (self.get(h.house, first), self.get(h.fund, first));
            for (class, weight) in classes
                .iter_mut()
                .zip([Fr::ONE - house - fund, house, fund])
            {
                for (total, amount) in class.iter_mut().zip(amounts) {
                    *total += weight * amount;
                }
            }
        }
        for pole in 0..POLES {
            for symbol in 0..shape.symbols {
                let value = I256::from(pole as u128 * POLE_STEP + symbol as u128 + 1);
                let total = poles.get(&value).copied().unwrap_or(Fr::ZERO);
                self.set(self.columns.totals, pole_row(&shape, pole, symbol), total);
            }
        }
        for (class, totals) in classes.iter().enumerate() {
            for (scalar, total) in totals.iter().enumerate() {
                self.set(
                    self.columns.totals,
                    scalar_row(&shape, class, scalar),
                    *total,
                );
            }
        }
        debug_assert_eq!(SCALARS, 27);
    }

    /// How often every table entry is looked up.
    pub fn recount(&mut self) {
        let (h, t) = (self.columns.holding.clone(), self.columns.table.clone());
        let layout = self.layout.clone();
        // Tuples as polynomials at a point nobody aims at.
        let point = Fr::from(0x1234_5678_9abc_def1).square();
        let key = |tuple: &[Fr]| -> [u8; 32] {
            tuple
                .iter()
                .rev()
                .fold(Fr::ZERO, |sum, value| sum * point + value)
                .to_repr()
        };
        let mut entries: HashMap<[u8; 32], (Free, usize)> = HashMap::new();
        let mut groups: HashMap<[u8; 32], usize> = HashMap::new();
        entries.insert(key(&[]), (t.long_uses, layout.null()));
        self.set(t.long_uses, layout.null(), Fr::ZERO);
        for symbol in 0..layout.shape.symbols {
            for row in layout.block(symbol) {
                let get = |column| self.get(column, row);
                let (asset, instrument) = (get(h.is_asset), get(h.is_instrument));
                let shared = |negative: u64| {
                    vec![
                        Fr::from(symbol as u64 + 1),
                        asset,
                        instrument,
                        Fr::from(negative),
                        get(h.unit),
                        get(h.first),
                        get(h.lot_value),
                        get(h.maintenance_factor),
                        get(h.initial_factor),
                        get(h.floor),
                        get(h.cap),
                    ]
                };
                let (slope, intercept) = (get(t.coefficient), get(t.intercept));
                let mut long = shared(0);
                long.extend([
                    asset * slope,
                    asset * intercept,
                    instrument * slope,
                    instrument * intercept,
                    instrument * get(t.floor_long),
                ]);
                let mut short = shared(1);
                short.extend([
                    -asset * get(t.debt_weight),
                    Fr::ZERO,
                    slope,
                    intercept,
                    -instrument * get(t.floor_short),
                ]);
                let serves = [get(t.long), get(t.short)];
                for (serves, tuple, column) in [
                    (serves[0], long, t.long_uses),
                    (serves[1], short, t.short_uses),
                ] {
                    self.set(column, row, Fr::ZERO);
                    if serves == Fr::ONE {
                        entries.insert(key(&tuple), (column, row));
                    } else if asset + instrument == Fr::ONE {
                        entries.entry(key(&tuple)).or_insert((column, row));
                    }
                }
            }
        }
        for (group, row) in layout.groups().enumerate() {
            let factors = [
                self.get(h.maintenance_factor, row),
                self.get(h.initial_factor, row),
            ];
            groups.insert(key(&[Fr::from(group as u64), factors[0], factors[1]]), row);
            self.set(t.long_uses, row, Fr::ZERO);
        }
        for row in 0..layout.capacity * WINDOW_ROWS {
            let tuple = h.tuple().map(|column| self.get(column, row));
            if let Some((column, row)) = entries.get(&key(&tuple)) {
                self.add(*column, *row, 1);
            }
        }
        let lanes = (0..layout.capacity)
            .flat_map(|window| self.columns.lanes.iter().map(move |lane| (window, lane)));
        let mut looked: Vec<[Fr; 3]> = lanes
            .map(|(window, lane)| {
                [&lane.group, &lane.maintenance_factor, &lane.initial_factor]
                    .map(|cell| self.cell(cell, window))
            })
            .collect();
        looked.extend((0..layout.shape.symbols).filter_map(|symbol| {
            let row = layout.block(symbol).start;
            let on = self.get(h.is_asset, row) + self.get(h.is_instrument, row) == Fr::ONE;
            on.then(|| {
                [t.group, h.maintenance_factor, h.initial_factor]
                    .map(|column| self.get(column, row))
            })
        }));
        for tuple in looked {
            if let Some(row) = groups.get(&key(&tuple)) {
                self.add(t.long_uses, *row, 1);
            }
        }
        let mut uses = vec![0u64; 1 << layout.shape.limb_bits];
        for limb in self.grid.all_limbs() {
            uses[usize::from(*limb)] += 1;
        }
        for (value, uses) in uses.into_iter().enumerate() {
            self.set(self.columns.range_uses, value, Fr::from(uses));
        }
        for (column, row) in self.miscounted.clone() {
            self.add(column, row, 1);
        }
    }
}
