//! Puts fixed cells, copies and a witness into the region.

use ff::{Field, PrimeField};
use halo2_proofs::circuit::{Cell, Region, Value};
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::plonk::{Any, Column, Fixed};

use super::columns::Free;
use super::sums::POLE_STEP;
use super::Config;
use crate::circuit::hash::UNITS;
use crate::digest::{counts_tag, market_tag, model_tag};
use crate::poseidon::RATE;
use crate::public_inputs::{COUNTS_ROW, MARKET_ROW, MODEL_ROW, ROOT_ROW};
use crate::shape::{POLES, SCALARS, SPARE_ROWS, WINDOW_ROWS};
use crate::totals_column::pole_row;
use crate::witness::{second_phase as witness_second_phase, ChallengeValues, Witness};

/// Rows of the constants column.
const ZERO_ROW: usize = 0;
const MARKET_TAG_ROW: usize = 1;
const MODEL_TAG_ROW: usize = 2;
const COUNTS_TAG_ROW: usize = 3;

/// Assigns every fixed cell.
pub fn fixed(region: &mut Region<'_, Fr>, config: &Config) {
    let layout = &config.layout;
    let shape = &layout.shape;
    let f = &config.columns.fixed;
    let mut set = |column: Column<Fixed>, row: usize, value: Fr| {
        region.assign_fixed(column, row, value);
    };
    let one = Fr::ONE;

    for row in 0..shape.rows() {
        set(f.active, row, one);
    }
    set(f.start, 0, one);
    set(f.end, shape.rows(), one);
    for value in 0..1usize << shape.limb_bits {
        set(f.range, value, Fr::from(value as u64));
    }

    for window in 0..layout.capacity {
        let start = window * WINDOW_ROWS;
        set(f.first, start, one);
        for row in start..start + WINDOW_ROWS {
            set(f.hold, row, one);
        }
    }
    set(f.window_zero, 0, one);
    set(f.window_last, (layout.capacity - 1) * WINDOW_ROWS, one);

    for window in 0..layout.capacity {
        for (row, column) in (window * WINDOW_ROWS + 1..).zip(f.after_first) {
            set(column, row, one);
        }
    }
    for node in layout.nodes() {
        for (row, column) in (layout.unit_row(node, 0)..).zip(f.node) {
            set(column, row, one);
        }
    }

    tables(&mut set, config);
    totals(&mut set, config);

    for (row, value) in [
        (ZERO_ROW, Fr::ZERO),
        (MARKET_TAG_ROW, market_tag()),
        (MODEL_TAG_ROW, model_tag()),
        (COUNTS_TAG_ROW, counts_tag()),
    ] {
        set(f.constants, row, value);
    }
}

fn tables(set: &mut impl FnMut(Column<Fixed>, usize, Fr), config: &Config) {
    let layout = &config.layout;
    let f = &config.columns.fixed;
    let one = Fr::ONE;
    let weights = layout.weights();
    set(f.weights_first, weights.start, one);
    set(f.weights_last, weights.end - 1, one);
    for row in weights {
        set(f.weights, row, one);
    }
    for symbol in 0..layout.shape.symbols {
        let block = layout.block(symbol);
        let index = Fr::from(symbol as u64 + 1);
        set(f.block_first, block.start, one);
        set(f.block_last, block.end - 1, one);
        set(f.block_tag, block.end - 1, index);
        for row in block {
            set(f.table, row, one);
            set(f.block_index, row, index);
        }
    }
    set(f.group_zero, layout.groups().start, one);
    for (index, row) in layout.groups().enumerate() {
        set(f.group, row, one);
        set(f.group_index, row, Fr::from(index as u64));
    }
    set(f.null, layout.null(), one);
}

fn totals(set: &mut impl FnMut(Column<Fixed>, usize, Fr), config: &Config) {
    let shape = &config.layout.shape;
    let f = &config.columns.fixed;
    let one = Fr::ONE;
    for pole in 0..POLES {
        for symbol in 0..shape.symbols {
            let row = pole_row(shape, pole, symbol);
            set(f.pole_rows, row, one);
            set(
                f.pole,
                row,
                Fr::from_u128(pole as u128 * POLE_STEP + symbol as u128 + 1),
            );
        }
    }
    let first = pole_row(shape, POLES, 0);
    for row in first..first + SCALARS {
        set(f.scalar_rows, row, one);
    }
    set(f.scalar_first, first, one);
    set(f.scalar_last, first + SCALARS - 1, one);
    for row in first + SCALARS + SPARE_ROWS..shape.rows() {
        set(f.no_total, row, one);
    }
}

/// Ties hash inputs to what they hash, and the public inputs to their outputs.
pub fn copies(region: &mut Region<'_, Fr>, config: &Config) {
    let layout = &config.layout;
    let columns = &config.columns;
    let cell = |column: Column<Any>, row_offset: usize| Cell { row_offset, column };
    let advice = |column: &Free, row: usize| cell(column.column.into(), row);
    let input = |permutation: usize, i: usize| {
        let words = columns.hash.words(layout.lane(permutation));
        advice(&words[i], layout.unit_row(permutation, 0))
    };
    let output = |permutation: usize| {
        let output = columns.hash.output(layout.lane(permutation));
        advice(&output, layout.unit_row(permutation, UNITS - 1))
    };
    let constant = |row: usize| cell(columns.fixed.constants.into(), row);
    let public = |row: usize| cell(columns.instance.into(), row);

    for (level, nodes) in layout.levels.iter().enumerate() {
        for (node, permutation) in nodes.clone().enumerate() {
            for (i, child) in layout.children(level, node).into_iter().enumerate() {
                let child = child.map_or(constant(ZERO_ROW), output);
                region.constrain_equal(child, input(permutation, i));
            }
        }
        if level + 1 == layout.levels.len() {
            region.constrain_equal(output(nodes.start), public(ROOT_ROW));
        }
    }

    let mut chain =
        |blocks: std::ops::Range<usize>, tag: usize, sources: &[Option<Cell>], row: usize| {
            for (block, elements) in blocks.clone().zip(sources.chunks(RATE - 1)) {
                let state = if block == blocks.start {
                    constant(tag)
                } else {
                    output(block - 1)
                };
                region.constrain_equal(state, input(block, 0));
                for i in 0..RATE - 1 {
                    match elements.get(i) {
                        Some(Some(source)) => region.constrain_equal(*source, input(block, 1 + i)),
                        // A file's digest or the salt: any element, and what the digest then commits to.
                        Some(None) => {}
                        None => region.constrain_equal(constant(ZERO_ROW), input(block, 1 + i)),
                    }
                }
            }
            region.constrain_equal(output(blocks.end - 1), public(row));
        };
    let table = &columns.table;
    let [market_element, model_element] = &table.symbol_elements;
    let packed = &columns.holding.packed;
    let mut market = vec![None; 2];
    let mut model = vec![None; 3];
    model.extend(layout.weights().map(|row| Some(advice(packed, row))));
    model.extend(layout.groups().map(|row| Some(advice(packed, row))));
    for symbol in 0..layout.shape.symbols {
        let block = layout.block(symbol);
        market.push(Some(advice(market_element, block.start)));
        model.push(Some(advice(model_element, block.start)));
        for row in block {
            model.push(Some(advice(packed, row)));
            model.extend(
                table
                    .loss_elements
                    .iter()
                    .map(|column| Some(advice(column, row))),
            );
        }
    }
    chain(layout.market.clone(), MARKET_TAG_ROW, &market, MARKET_ROW);
    chain(layout.model.clone(), MODEL_TAG_ROW, &model, MODEL_ROW);

    // The salt, at input 1, is any element.
    let w = &columns.window;
    let last = (layout.capacity - 1) * WINDOW_ROWS;
    let accounts = advice(&w.accounts.column, last + w.accounts.offset);
    let pools = advice(&w.pools.column, last + w.pools.offset);
    region.constrain_equal(constant(COUNTS_TAG_ROW), input(layout.counts, 0));
    region.constrain_equal(accounts, input(layout.counts, 2));
    region.constrain_equal(pools, input(layout.counts, 3));
    for i in 4..RATE {
        region.constrain_equal(constant(ZERO_ROW), input(layout.counts, i));
    }
    region.constrain_equal(output(layout.counts), public(COUNTS_ROW));
}

/// Assigns the first phase.
pub fn first_phase(region: &mut Region<'_, Fr>, config: &Config, witness: &Witness) {
    let grid = &witness.grid;
    for column in &config.columns.free {
        for row in 0..grid.rows {
            let value = grid.free(*column, row);
            if value != Fr::ZERO {
                region.assign_advice(column.column, row, Value::known(value));
            }
        }
    }
    let small: Vec<Fr> = (0..1u64 << config.layout.shape.limb_bits)
        .map(Fr::from)
        .collect();
    for column in &config.columns.limbs {
        for row in 0..grid.rows {
            let value = grid.limb(*column, row);
            if value != 0 {
                region.assign_advice(column.column, row, Value::known(small[usize::from(value)]));
            }
        }
    }
}

/// Assigns the second phase, once the challenges are known.
pub fn second_phase(region: &mut Region<'_, Fr>, config: &Config, witness: &Witness) {
    let drawn = &config.columns.challenges;
    let mut known = None;
    let challenges = [
        drawn.theta,
        drawn.x,
        drawn.gamma,
        drawn.xi,
        drawn.upsilon,
        drawn.kappa,
    ]
    .map(|challenge| region.get_challenge(challenge));
    let [theta, x, gamma, xi, upsilon, kappa] = challenges;
    theta.zip(x).zip(gamma.zip(xi)).zip(upsilon.zip(kappa)).map(
        |(((theta, x), (gamma, xi)), (upsilon, kappa))| {
            known = Some(ChallengeValues {
                theta,
                x,
                gamma,
                xi,
                upsilon,
                kappa,
            });
        },
    );
    let Some(challenges) = known else { return };
    let cells = witness_second_phase(&config.columns, witness, &challenges);
    for column in &config.columns.second {
        for row in 0..=witness.grid.rows {
            let value = cells.get(*column, row);
            if value != Fr::ZERO {
                region.assign_advice(column.column, row, Value::known(value));
            }
        }
    }
}
