//! Cells of account windows, totals and multiplicities.

use ethnum::I256;
use ff::Field;
use halo2_proofs::halo2curves::bn256::Fr;
use rayon::prelude::*;

use super::grid::{flag, Grid, WindowCells};
use super::plan::{PlannedHolding, PlannedRun, PlannedWindow, PoolAmounts, ShardPlan};
use super::tables::Tables;
use super::{chains, put_hash, Context};
use crate::book::Class;
use crate::circuit::columns::{Columns, Rounding, ScanLane, Signed, SLACKS_A_PRODUCT};
use crate::digest::{counts_tag, group_factors};
use crate::field::{from_i128, from_signed, from_u128, EQUITY_SCALE, FINE, REQUIREMENT_SCALE};
use crate::layout::{Lane, Layout};
use crate::leaf::pack_holding;
use crate::market::Kind;
use crate::poseidon::{Hasher, RATE};
use crate::relation::Scan;
use crate::shape::{Shape, WINDOW_ROWS};

/// Fills the account windows; gives the output of every slot.
pub(super) fn accounts(
    grid: &mut Grid,
    columns: &Columns,
    layout: &Layout,
    context: &Context<'_>,
    plan: &ShardPlan,
    tables: &Tables,
    hasher: &dyn Hasher,
) -> Vec<Fr> {
    let mut rest = grid.span(0..layout.capacity * WINDOW_ROWS);
    let mut jobs = Vec::with_capacity(plan.runs.len());
    let mut next = 0;
    for run in &plan.runs {
        let (cells, after) = rest.split_at(run.windows.len() * WINDOW_ROWS);
        jobs.push(Job {
            run,
            first: next,
            cells: cells.split(WINDOW_ROWS),
        });
        next += run.windows.len();
        rest = after;
    }
    chains::by_length(&mut jobs, |job| job.run);
    let filler = Filler {
        columns,
        layout,
        context,
        tables,
    };
    let outputs: Vec<Vec<(usize, Fr)>> = jobs
        .par_chunks_mut(chains::TOGETHER)
        .map(|jobs| {
            for job in jobs.iter_mut() {
                filler.run(job.run, &mut job.cells);
            }
            filler.hashes(jobs, hasher)
        })
        .collect();
    let mut slots = vec![Fr::ZERO; next];
    for (slot, output) in outputs.into_iter().flatten() {
        slots[slot] = output;
    }
    counts(grid, columns, layout);
    slots
}

/// A run, the slot of its first window, and its cells window by window.
struct Job<'a> {
    run: &'a PlannedRun,
    first: usize,
    cells: Vec<WindowCells<'a>>,
}

/// Running counts of accounts and pools.
fn counts(grid: &mut Grid, columns: &Columns, layout: &Layout) {
    let w = &columns.window;
    let (mut accounts, mut pools) = (Fr::ZERO, Fr::ZERO);
    for window in 0..layout.capacity {
        let mut cells = grid.window(window);
        let flag = |cell| cells_get(&cells, cell);
        accounts += flag(&w.account_end) * flag(&w.account_used);
        pools += flag(&w.pool_used);
        cells.set_cell(&w.accounts, accounts);
        cells.set_cell(&w.pools, pools);
    }
}

fn cells_get(
    cells: &WindowCells<'_>,
    cell: &crate::circuit::columns::WindowCell<crate::circuit::columns::Free>,
) -> Fr {
    cells.get(cell.column, cell.offset)
}

/// What the counts digest hashes.
pub(super) fn counts_inputs(
    grid: &Grid,
    columns: &Columns,
    layout: &Layout,
    salt: Fr,
) -> [Fr; RATE] {
    let last = layout.capacity - 1;
    let mut inputs = [Fr::ZERO; RATE];
    inputs[0] = counts_tag();
    inputs[1] = salt;
    inputs[2] = grid.window_free(last, &columns.window.accounts);
    inputs[3] = grid.window_free(last, &columns.window.pools);
    inputs
}

/// How often each value of the range table occurs among all limb cells.
pub(super) fn range_uses(grid: &mut Grid, columns: &Columns) {
    let size = 1usize << columns.shape.limb_bits;
    let uses = grid
        .all_limbs()
        .par_chunks(1 << 20)
        .map(|limbs| {
            let mut uses = vec![0u64; size];
            for limb in limbs {
                uses[usize::from(*limb)] += 1;
            }
            uses
        })
        .reduce(
            || vec![0; size],
            |a, b| a.into_iter().zip(b).map(|(a, b)| a + b).collect(),
        );
    for (value, uses) in uses.into_iter().enumerate() {
        grid.set(columns.range_uses, value, Fr::from(uses));
    }
}

struct Filler<'a> {
    columns: &'a Columns,
    layout: &'a Layout,
    context: &'a Context<'a>,
    tables: &'a Tables,
}

/// What runs on through a pool.
#[derive(Default)]
struct PoolState {
    key: u16,
    group: u16,
    equity: I256,
    value: I256,
    maintenance: I256,
    initial: I256,
}

impl Filler<'_> {
    /// Everything but the hashes.
    fn run(&self, run: &PlannedRun, cells: &mut [WindowCells<'_>]) {
        let w = &self.columns.window;
        let mut pool = PoolState::default();
        let mut used = false;
        let (mut account_start, mut pool_start) = (true, true);
        for (at, cells) in cells.iter_mut().enumerate() {
            let window = &run.windows[at];
            if pool_start {
                pool = PoolState::default();
            }
            if account_start {
                used = false;
            }
            let header = &window.header;
            cells.set_flag(&w.pool_start, pool_start);
            cells.set_flag(&w.account_start, account_start);
            cells.set_flag(&w.pool_end, header.pool_end);
            cells.set_flag(&w.account_end, header.account_end);
            cells.set_flag(&w.absorbed, header.absorbed);
            for row in 0..WINDOW_ROWS {
                cells.set(
                    self.columns.holding.house,
                    row,
                    flag(header.class == Class::House),
                );
                cells.set(
                    self.columns.holding.fund,
                    row,
                    flag(header.class == Class::Fund),
                );
            }
            let last = self.layout.shape.scan_windows() - 1;
            let ahead = run.windows[at..].iter().take(1 + last);
            let ending = ahead.map(|window| &window.scans).enumerate();
            let (scans, place) = ending
                .filter(|(_, scans)| !scans.is_empty())
                .map(|(before, scans)| (scans.as_slice(), last - before))
                .next()
                .unwrap_or_default();
            self.scans(scans, place, &mut pool, cells);
            self.holdings(window, &mut pool, cells);
            self.amounts(window, &pool, cells);

            let pool_used = header.pool_end && pool.key != 0;
            used |= pool_used;
            cells.set_flag(&w.pool_used, pool_used);
            cells.set_flag(&w.account_used, used);
            let last_key = if pool_used { pool.key - 1 } else { 0 };
            cells.set_window_limbs(&w.last_key, I256::from(last_key));

            pool_start = header.pool_end;
            account_start = header.account_end;
        }
    }

    /// The hashes of runs that go together; gives the output of each of their slots.
    fn hashes(&self, jobs: &mut [Job<'_>], hasher: &dyn Hasher) -> Vec<(usize, Fr)> {
        let mut outputs = Vec::new();
        let runs: Vec<&PlannedRun> = jobs.iter().map(|job| job.run).collect();
        chains::hash(
            runs.into_iter(),
            self.layout.shape.money_bits,
            |blocks| hasher.boxes(blocks),
            |boxes| boxes.output,
            |hashed| {
                let job = &mut jobs[hashed.run];
                let cells = &mut job.cells[hashed.window];
                put_hash(
                    cells,
                    self.columns,
                    Lane::Windows,
                    hashed.block,
                    &hashed.hash,
                );
                cells.set_cell(&self.columns.window.chain, hashed.chain);
                outputs.push((job.first + hashed.window, hashed.hash.output));
            },
        );
        outputs
    }

    /// The scans of a window, `place` windows after they begin.
    fn scans(
        &self,
        scans: &[Scan],
        place: usize,
        pool: &mut PoolState,
        cells: &mut WindowCells<'_>,
    ) {
        let shape = &self.layout.shape;
        let ends = place + 1 == shape.scan_windows();
        for (i, lane) in self.columns.lanes.iter().enumerate() {
            let scan = scans.get(i);
            let group = scan.map_or(0, |scan| scan.group);
            let (maintenance, initial) = group_factors(self.context.risk, usize::from(group));
            self.tables.use_group(group);
            cells.set_cell(&lane.group, Fr::from(u64::from(group)));
            cells.set_flag(&lane.on, scan.is_some());
            cells.set_cell(&lane.maintenance_factor, Fr::from(u64::from(maintenance)));
            cells.set_cell(&lane.initial_factor, Fr::from(u64::from(initial)));
            if let (Some(scan), 0) = (scan, place) {
                let step = i128::from(group) - i128::from(pool.group) - 1;
                cells.set_window_limbs(&lane.step, I256::from(step));
                pool.group = scan.group;
            }
            if let (Some(scan), true) = (scan, ends) {
                cells.set_window_limbs(&lane.max, I256::from(scan.max));
                let scaled = I256::from(scan.max) * I256::from(EQUITY_SCALE);
                pool.maintenance += scaled * I256::from(maintenance);
                pool.initial += scaled * I256::from(initial);
            }
            if let Some(span) = &lane.span {
                cells.set_cell(&span.place, Fr::from(place as u64));
                cells.set_flag(&span.ends, scan.is_some() && ends);
            }
            cells.set_cell(&lane.key, Fr::from(u64::from(pool.group)));
            slacks(shape, lane, scan, place, cells);
        }
    }

    fn holdings(&self, window: &PlannedWindow, pool: &mut PoolState, cells: &mut WindowCells<'_>) {
        let h = &self.columns.holding;
        for row in 0..WINDOW_ROWS {
            match window.holdings.get(row) {
                Some(planned) => self.holding(planned, row, pool, cells),
                None => {
                    self.tables.use_null();
                    cells.set_signed(&h.base, row, 0);
                    cells.set_signed(&h.amount, row, 0);
                    cells.set_signed(&h.scanned, row, 0);
                }
            }
            cells.set(h.key, row, Fr::from(u64::from(pool.key)));
            cells.set(h.equity, row, from_signed(pool.equity));
            cells.set(h.value, row, from_signed(pool.value));
            cells.set(h.maintenance, row, from_signed(pool.maintenance));
            cells.set(h.initial, row, from_signed(pool.initial));
        }
    }

    fn holding(
        &self,
        planned: &PlannedHolding,
        row: usize,
        pool: &mut PoolState,
        cells: &mut WindowCells<'_>,
    ) {
        let h = &self.columns.holding;
        let PlannedHolding { holding, outcome } = planned;
        let index = usize::from(holding.row) - 1;
        let symbol = &self.context.market.symbols[index];
        let risk = &self.context.risk.symbols[index];
        let asset = symbol.kind == Kind::Asset;
        let negative = outcome.negative;
        let segment = self.tables.use_segment(index, negative, outcome.segment);
        let (maintenance, initial) = group_factors(self.context.risk, usize::from(risk.group));

        let sign = if negative { I256::MINUS_ONE } else { I256::ONE };
        let worth = I256::from(outcome.amount) * I256::from(symbol.unit);
        let magnitude = sign * worth;
        let line = I256::from(segment.coefficient) * magnitude
            + I256::from(segment.intercept) * I256::from(FINE);
        let debt_weight = I256::from(risk.debt_weight);
        let (equity, charge) = match (asset, negative) {
            (true, false) => (line, I256::ZERO),
            (true, true) => (-debt_weight * magnitude, line),
            (false, _) => (I256::ZERO, line),
        };
        let lot_value = self.tables.lot_value(index);
        let scanned = match (asset, risk.lot) {
            (false, _) => outcome.amount,
            // No group: whole lots of a value so high that few fill one, and no loss counts them.
            (true, 0) => equity.div_euclid(lot_value).as_i128(),
            (true, _) => outcome.scanned,
        };
        let remainder = if asset {
            equity - I256::from(scanned) * lot_value
        } else {
            I256::ZERO
        };
        let below = if asset {
            lot_value - 1 - remainder
        } else {
            I256::ZERO
        };

        let side_floor = match (asset, negative) {
            (true, _) => Fr::ZERO,
            (false, false) => Fr::from(risk.floor_long),
            (false, true) => -Fr::from(risk.floor_short),
        };
        let coefficient = Fr::from(u64::from(segment.coefficient));
        let intercept = from_i128(segment.intercept);
        let (equity_line, charge_line) = match (asset, negative) {
            (true, false) => ((coefficient, intercept), (Fr::ZERO, Fr::ZERO)),
            (true, true) => (
                (-Fr::from(u64::from(risk.debt_weight)), Fr::ZERO),
                (coefficient, intercept),
            ),
            (false, _) => ((Fr::ZERO, Fr::ZERO), (coefficient, intercept)),
        };
        let elements = [
            (h.index, Fr::from(u64::from(holding.row))),
            (h.is_asset, flag(asset)),
            (h.is_instrument, flag(!asset)),
            (h.negative, flag(negative)),
            (h.unit, from_u128(symbol.unit)),
            (h.first, Fr::from(u64::from(symbol.first))),
            (h.lot_value, from_signed(lot_value)),
            (h.maintenance_factor, Fr::from(u64::from(maintenance))),
            (h.initial_factor, Fr::from(u64::from(initial))),
            (h.floor, from_u128(segment.floor)),
            (h.cap, from_u128(segment.cap)),
            (h.equity_slope, equity_line.0),
            (h.equity_intercept, equity_line.1),
            (h.charge_slope, charge_line.0),
            (h.charge_intercept, charge_line.1),
            (h.side_floor, side_floor),
            (
                h.packed,
                pack_holding(self.layout.shape.money_bits, holding),
            ),
        ];
        for (column, value) in elements {
            cells.set(column, row, value);
        }
        let step = i128::from(holding.row) - i128::from(pool.key) - 1;
        cells.set_limbs(&h.step, row, I256::from(step));
        if asset {
            cells.set_signed(&h.base, row, holding.amount);
        } else {
            cells.set_limbs(&h.base, row, sign * I256::from(outcome.amount));
        }
        cells.set_signed(&h.amount, row, outcome.amount);
        let fine = I256::from(FINE);
        cells.set_limbs(&h.above, row, magnitude - I256::from(segment.floor) * fine);
        cells.set_limbs(
            &h.below,
            row,
            I256::from(segment.cap) * fine - 1 - magnitude,
        );
        cells.set_signed(&h.scanned, row, scanned);
        cells.set_limbs(&h.remainder, row, remainder);
        cells.set_limbs(&h.remainder_below, row, below);

        pool.key = holding.row;
        pool.equity += equity;
        pool.value += if asset { worth } else { I256::ZERO };
        pool.maintenance += I256::from(maintenance) * charge;
        pool.initial += I256::from(initial) * charge;
    }

    fn amounts(&self, window: &PlannedWindow, pool: &PoolState, cells: &mut WindowCells<'_>) {
        let w = &self.columns.window;
        let none = PoolAmounts {
            equity: 0,
            value: 0,
            maintenance: 0,
            initial: 0,
        };
        let claimed = window.amounts.unwrap_or(none);
        let sum = |value: I256| {
            if window.header.pool_end {
                value
            } else {
                I256::ZERO
            }
        };
        set_signed(&w.equity, claimed.equity, cells);
        set_signed(&w.value, claimed.value, cells);
        set_signed(&w.surplus, claimed.equity - claimed.maintenance, cells);
        cells.set_window_limbs(&w.maintenance, I256::from(claimed.maintenance));
        cells.set_window_limbs(&w.initial, I256::from(claimed.initial));
        let down =
            |sum: I256, claimed: i128, scale: u128| sum - I256::from(claimed) * I256::from(scale);
        let remainders = [
            (
                &w.equity_rounding,
                down(sum(pool.equity), claimed.equity, EQUITY_SCALE),
                EQUITY_SCALE,
            ),
            (
                &w.value_rounding,
                down(sum(pool.value), claimed.value, FINE),
                FINE,
            ),
            (
                &w.maintenance_rounding,
                -down(
                    sum(pool.maintenance),
                    claimed.maintenance,
                    REQUIREMENT_SCALE,
                ),
                REQUIREMENT_SCALE,
            ),
            (
                &w.initial_rounding,
                -down(sum(pool.initial), claimed.initial, REQUIREMENT_SCALE),
                REQUIREMENT_SCALE,
            ),
        ];
        for (rounding, remainder, scale) in remainders {
            let Rounding {
                remainder: cell,
                complement,
            } = rounding;
            cells.set_window_limbs(cell, remainder);
            cells.set_window_limbs(complement, I256::from(scale - 1) - remainder);
        }
    }
}

fn set_signed(signed: &Signed, value: i128, cells: &mut WindowCells<'_>) {
    let negative = value < 0;
    cells.set_flag(&signed.negative, negative);
    let magnitude = if negative { -(value + 1) } else { value };
    cells.set_window_limbs(&signed.magnitude, I256::from(magnitude));
}

/// The slacks of a window, `place` windows after the scan begins, and their products from there on.
fn slacks(
    shape: &Shape,
    lane: &ScanLane,
    scan: Option<&Scan>,
    place: usize,
    cells: &mut WindowCells<'_>,
) {
    let mut products = vec![Fr::ONE; lane.products.len()];
    let width = lane.slacks.len();
    let before = place * WINDOW_ROWS;
    let none = shape.slacks() - shape.scenarios;
    for row in 0..before + WINDOW_ROWS {
        if let (Some(span), true) = (&lane.span, row == before) {
            for (cell, product) in span.carried.iter().zip(&products) {
                cells.set_cell(cell, *product);
            }
        }
        let here = row.checked_sub(before);
        for (i, limbs) in lane.slacks.iter().enumerate() {
            let slack = scan.map_or(0, |scan| {
                let scenario = (row * width + i).checked_sub(none);
                let loss = scenario.and_then(|s| scan.losses.get(s));
                scan.max - loss.copied().unwrap_or(0)
            });
            if let Some(row) = here {
                cells.set_limbs(limbs, row, I256::from(slack));
            }
            products[i / SLACKS_A_PRODUCT] *= from_i128(slack);
        }
        for (column, product) in lane.products.iter().zip(&products) {
            if let Some(row) = here {
                cells.set(*column, row, *product);
            }
        }
    }
}
