//! Elements of the tables, leaves, tree and digests.

use ff::Field;
use halo2_proofs::halo2curves::bn256::Fr;
use zkmargin_circuits::circuit::columns::Columns;
use zkmargin_circuits::circuit::hash::forms::forms;
use zkmargin_circuits::circuit::hash::{added, steps, UNITS};
use zkmargin_circuits::digest::{counts_tag, market_tag, model_tag};
use zkmargin_circuits::field::two_to;
use zkmargin_circuits::layout::{Lane, Layout};
use zkmargin_circuits::leaf::{holdings_an_element, leaf_tag};
use zkmargin_circuits::poseidon::{RATE, WIDTH};
use zkmargin_circuits::shape::{LOSSES_AN_ELEMENT, WINDOW_ROWS};
use zkmargin_circuits::witness::grid::Grid;

use super::cells::Cells;

/// What is changed in one permutation.
#[derive(Clone, Copy)]
pub enum HashLie {
    /// The capacity element.
    Capacity,
    /// The input of an S-box, or the hash where it stands in the last unit.
    Input(usize),
}

/// The output of a permutation.
pub fn output(columns: &Columns, layout: &Layout, grid: &Grid, permutation: usize) -> Fr {
    let column = columns.hash.output(layout.lane(permutation));
    grid.free(column, layout.unit_row(permutation, UNITS - 1))
}

impl Cells<'_> {
    /// Elements of the tables, from the cells they pack.
    pub fn elements(&mut self) {
        let (h, t) = (self.columns.holding.clone(), self.columns.table.clone());
        let shape = self.layout.shape;
        let offset = |value: Fr, bits: u32| (value + two_to(bits - 1), bits);
        let pack = |fields: Vec<(Fr, u32)>| {
            fields
                .into_iter()
                .fold((Fr::ZERO, 0), |(sum, shift), (value, bits)| {
                    (sum + value * two_to(shift), shift + bits)
                })
                .0
        };
        for symbol in 0..shape.symbols {
            let first = self.layout.block(symbol).start;
            let get = |column| self.get(column, first);
            let market = pack(vec![
                (get(h.is_asset), 1),
                (get(h.is_instrument), 1),
                (get(h.first), 16),
                (get(t.settlement), 16),
                offset(get(t.mark), 64),
                (get(h.unit), 112),
            ]);
            let model = pack(vec![
                (get(t.group), 16),
                (get(t.scanned), 1),
                (get(t.lot), 64),
                (get(t.debt_weight), 32),
                (get(t.floor_long), 64),
                (get(t.floor_short), 64),
            ]);
            let [market_cell, model_cell] = t.symbol_elements;
            self.set(market_cell, first, market);
            self.set(model_cell, first, model);
            for row in self.layout.block(symbol) {
                let get = |column| self.get(column, row);
                let mut segment = vec![
                    (get(t.long), 1),
                    (get(t.short), 1),
                    (get(h.floor), shape.money_bits),
                    (get(t.coefficient), 32),
                    (get(t.jump), shape.money_bits),
                ];
                let losses: Vec<_> = t
                    .losses
                    .iter()
                    .map(|loss| offset(get(*loss), shape.loss_bits()))
                    .collect();
                if shape.loss_beside_segment() {
                    segment.extend(losses.clone());
                }
                self.set(h.packed, row, pack(segment));
                let elements = losses.chunks(LOSSES_AN_ELEMENT);
                for (column, losses) in t.loss_elements.iter().zip(elements) {
                    self.set(*column, row, pack(losses.to_vec()));
                }
            }
        }
        for row in self.layout.groups() {
            let group = pack(vec![
                (self.get(h.maintenance_factor, row), 32),
                (self.get(h.initial_factor, row), 32),
            ]);
            self.set(h.packed, row, group);
        }
        for row in self.layout.weights() {
            let weights = pack(
                t.losses
                    .iter()
                    .map(|column| (self.get(*column, row), 1))
                    .collect(),
            );
            self.set(h.packed, row, weights);
        }
    }

    /// All hashes, from packed holdings, flags and elements.
    pub fn rehash(&mut self) {
        self.leaves();
        self.digests();
    }

    fn leaves(&mut self) {
        let h = self.columns.holding.clone();
        let w = self.columns.window.clone();
        let words = *self.columns.hash.words(Lane::Windows);
        let layout = self.layout.clone();
        let bits = layout.shape.money_bits + 16;
        let width = holdings_an_element(layout.shape.money_bits);
        let mut chain = Fr::ZERO;
        for window in 0..layout.capacity {
            let first = window * WINDOW_ROWS;
            let start = self.cell(&w.account_start, window);
            let mut inputs = [Fr::ZERO; RATE];
            inputs[0] = start * leaf_tag() + (Fr::ONE - start) * chain;
            for row in 0..WINDOW_ROWS {
                let packed = self.get(h.packed, first + row);
                inputs[1 + row / width] += packed * two_to((row % width) as u32 * bits);
            }
            inputs[5] = self.cell(&w.absorbed, window)
                + self.cell(&w.pool_end, window) * Fr::from(2)
                + self.cell(&w.account_end, window) * Fr::from(4)
                + self.get(h.house, first) * Fr::from(8)
                + self.get(h.fund, first) * Fr::from(16);
            inputs[6] = self.get(words[6], first);
            inputs[7] = self.get(words[7], first);
            let absorbed = self.cell(&w.absorbed, window);
            let out = self.permute(window, inputs);
            chain = absorbed * out + (Fr::ONE - absorbed) * self.get(words[0], first);
            if let Some(lie) = self.inputs.get(&(window, usize::MAX)) {
                chain = *lie;
            }
            self.set_cell(&w.chain, window, chain);
        }
    }

    /// The hashes of tree and digests, from leaves and elements.
    pub fn digests(&mut self) {
        let h = self.columns.holding.clone();
        let w = self.columns.window.clone();
        let t = self.columns.table.clone();
        let layout = self.layout.clone();
        for (level, nodes) in layout.levels.iter().enumerate() {
            for (node, permutation) in nodes.clone().enumerate() {
                let inputs = layout
                    .children(level, node)
                    .map(|child| child.map_or(Fr::ZERO, |child| self.output(child)));
                self.permute(permutation, inputs);
            }
        }
        let mut market: Vec<Option<Fr>> = vec![None; 2];
        let mut model: Vec<Option<Fr>> = vec![None; 3];
        model.extend(
            layout
                .weights()
                .chain(layout.groups())
                .map(|row| Some(self.get(h.packed, row))),
        );
        for symbol in 0..layout.shape.symbols {
            let block = layout.block(symbol);
            market.push(Some(self.get(t.symbol_elements[0], block.start)));
            model.push(Some(self.get(t.symbol_elements[1], block.start)));
            for row in block {
                let columns = std::iter::once(&h.packed).chain(&t.loss_elements);
                model.extend(columns.map(|column| Some(self.get(*column, row))));
            }
        }
        for (blocks, tag, elements) in [
            (layout.market.clone(), market_tag(), market),
            (layout.model.clone(), model_tag(), model),
        ] {
            let mut state = tag;
            for (block, chunk) in blocks.zip(elements.chunks(RATE - 1)) {
                let free = self.words(block);
                let mut inputs = [Fr::ZERO; RATE];
                inputs[0] = state;
                for (i, element) in (1..).zip(chunk) {
                    inputs[i] = element.unwrap_or(free[i]);
                }
                state = self.permute(block, inputs);
            }
        }
        let mut inputs = [Fr::ZERO; RATE];
        inputs[0] = counts_tag();
        inputs[1] = self.words(layout.counts)[1];
        inputs[2] = self.cell(&w.accounts, layout.capacity - 1);
        inputs[3] = self.cell(&w.pools, layout.capacity - 1);
        self.permute(layout.counts, inputs);
    }

    /// The output of a permutation.
    pub fn output(&self, permutation: usize) -> Fr {
        output(&self.columns, &self.layout, self.grid, permutation)
    }

    /// The words that a permutation hashes.
    pub fn words(&self, permutation: usize) -> [Fr; RATE] {
        let words = *self.columns.hash.words(self.layout.lane(permutation));
        words.map(|word| self.get(word, self.layout.unit_row(permutation, 0)))
    }

    /// The permutation by the circuit's own forms, so that what follows a lie is consistent with it.
    pub fn permute(&mut self, permutation: usize, mut inputs: [Fr; RATE]) -> Fr {
        for (i, input) in inputs.iter_mut().enumerate() {
            if let Some(lie) = self.inputs.get(&(permutation, i)) {
                *input = *lie;
            }
        }
        let hash = self.columns.hash.clone();
        let lane = self.layout.lane(permutation);
        let mut words = [Fr::ZERO; WIDTH];
        words[1..].copy_from_slice(&inputs);
        // Inputs of the S-boxes of the unit before.
        let mut before = [Fr::ZERO; WIDTH];
        for unit in 0..UNITS {
            let lie = match self.wrong {
                Some((of, at, lie)) if (of, at) == (permutation, unit) => Some(lie),
                _ => None,
            };
            let row = self.layout.unit_row(permutation, unit);
            let mut own = [Fr::ZERO; WIDTH];
            let last = unit + 1 == UNITS;
            for word in 0..if last { 1 } else { WIDTH } {
                let mut cell = match unit.checked_sub(1) {
                    None => words[word],
                    Some(step) => {
                        let form = &forms(steps()[step])[word];
                        form.value(&before, &own) + added()[unit][word]
                    }
                };
                match lie {
                    Some(HashLie::Capacity) if word == 0 => cell += Fr::ONE,
                    Some(HashLie::Input(lied)) if word == lied => cell += Fr::ONE,
                    _ => {}
                }
                let column = match last {
                    true => hash.output(lane),
                    false => hash.unit(lane, unit)[word],
                };
                self.grid.set(column, row, cell);
                own[word] = match unit {
                    0 => cell + added()[0][word],
                    _ => cell,
                };
            }
            before = own;
        }
        self.output(permutation)
    }
}
