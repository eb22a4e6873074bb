//! Columns and cells of a shape, by what they are for.
//!
//! Structures are taken apart field by field: a column that is added to one of them does not
//! compile here until it is counted.

use zkmargin_circuits::circuit::columns::{
    Columns, HashColumns, HoldingColumns, Limbs, Rounding, ScanLane, ScanSpan, Signed,
    TableColumns, WindowColumns, WindowLimbs,
};
use zkmargin_circuits::layout::Layout;
use zkmargin_circuits::shape::{Shape, WINDOW_ROWS};

/// Cells of eight rows: a whole column has eight.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cells {
    /// Elements of the first phase.
    pub elements: usize,
    /// Limbs.
    pub limbs: usize,
    /// Elements of the second phase.
    pub second: usize,
}

impl Cells {
    fn columns(elements: usize, limbs: usize, second: usize) -> Self {
        Self {
            elements: elements * WINDOW_ROWS,
            limbs: limbs * WINDOW_ROWS,
            second: second * WINDOW_ROWS,
        }
    }

    /// All of them.
    pub fn all(self) -> usize {
        self.elements + self.limbs + self.second
    }
}

impl std::ops::Add for Cells {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            elements: self.elements + other.elements,
            limbs: self.limbs + other.limbs,
            second: self.second + other.second,
        }
    }
}

/// A part of the circuit.
#[derive(Debug, Clone, Copy)]
pub struct Gadget {
    /// What it is.
    pub name: &'static str,
    /// Its cells in eight rows.
    pub cells: Cells,
    /// Rows that it fills.
    pub rows: usize,
}

/// Every column, by gadget.
pub fn gadgets(shape: &Shape, columns: &Columns) -> Vec<Gadget> {
    let layout = Layout::new(shape);
    let accounts = layout.capacity * WINDOW_ROWS;
    let nodes = layout.node_rows(layout.nodes()).len();
    let all = shape.rows();
    let [of_windows, of_nodes] = hash(&columns.hash);
    let lanes = columns
        .lanes
        .iter()
        .map(scan)
        .fold(Cells::default(), |a, b| a + b);
    let lookups = Cells::columns(1, 0, columns.range_helpers.len() + 1);
    // The totals and their helper, and the sum that all lookups and sums run through.
    let sums = Cells::columns(1, 0, 2);
    let mut gadgets = vec![
        gadget("holdings", holding(&columns.holding), accounts),
        gadget("scan lanes", lanes, accounts),
        gadget("windows", window(&columns.window), accounts),
        gadget("hashes of windows", of_windows, accounts),
        gadget("hashes of tree and digests", of_nodes, nodes),
        gadget(
            "market and model tables",
            table(&columns.table),
            shape.table_rows(),
        ),
        gadget("range lookups", lookups, all),
        gadget("totals and running sum", sums, all),
    ];
    let counted = gadgets
        .iter()
        .fold(Cells::default(), |sum, gadget| sum + gadget.cells);
    let there = Cells::columns(
        columns.free.len(),
        columns.limbs.len(),
        columns.second.len(),
    );
    let rest = Cells {
        elements: there.elements.saturating_sub(counted.elements),
        limbs: there.limbs.saturating_sub(counted.limbs),
        second: there.second.saturating_sub(counted.second),
    };
    gadgets.push(gadget("not in use", rest, all));
    gadgets
}

fn gadget(name: &'static str, cells: Cells, rows: usize) -> Gadget {
    Gadget { name, cells, rows }
}

fn limbs(limbs: &[&Limbs]) -> usize {
    limbs.iter().map(|limbs| limbs.columns.len()).sum()
}

fn window_limbs(limbs: &[&WindowLimbs]) -> usize {
    limbs.iter().map(|limbs| limbs.cells.len()).sum()
}

fn holding(columns: &HoldingColumns) -> Cells {
    let HoldingColumns {
        index,
        is_asset,
        is_instrument,
        negative,
        unit,
        first,
        lot_value,
        maintenance_factor,
        initial_factor,
        floor,
        cap,
        equity_slope,
        equity_intercept,
        charge_slope,
        charge_intercept,
        side_floor,
        key,
        packed,
        equity,
        value,
        maintenance,
        initial,
        house,
        fund,
        step,
        base,
        amount,
        above,
        below,
        scanned,
        remainder,
        remainder_below,
        rho,
        sigma,
        entry_helper,
        family_helper,
        long_helper,
        identity,
    } = columns;
    let entry = [
        index,
        is_asset,
        is_instrument,
        negative,
        unit,
        first,
        lot_value,
        maintenance_factor,
        initial_factor,
        floor,
        cap,
        equity_slope,
        equity_intercept,
        charge_slope,
        charge_intercept,
        side_floor,
    ];
    let running = [
        key,
        packed,
        equity,
        value,
        maintenance,
        initial,
        house,
        fund,
    ];
    let limbs = limbs(&[
        step,
        base,
        amount,
        above,
        below,
        scanned,
        remainder,
        remainder_below,
    ]);
    let second = [
        rho,
        sigma,
        entry_helper,
        family_helper,
        long_helper,
        identity,
    ];
    Cells::columns(entry.len() + running.len(), limbs, second.len())
}

fn scan(lane: &ScanLane) -> Cells {
    let ScanLane {
        group,
        on,
        key,
        maintenance_factor,
        initial_factor,
        max,
        step,
        slacks,
        products,
        span,
        horner: _,
        weight,
        helper,
    } = lane;
    let span = span.as_ref().map_or(0, |span| {
        let ScanSpan {
            place,
            ends,
            carried,
        } = span;
        [place, ends].len() + carried.len()
    });
    let own = Cells {
        elements: [group, on, key, maintenance_factor, initial_factor].len() + span,
        limbs: window_limbs(&[max, step]),
        second: [weight, helper].len(),
    };
    let slacks = limbs(&slacks.iter().collect::<Vec<_>>());
    own + Cells::columns(products.len(), slacks, 1)
}

fn window(columns: &WindowColumns) -> Cells {
    let WindowColumns {
        pool_start,
        account_start,
        pool_end,
        account_end,
        absorbed,
        chain,
        equity,
        value,
        maintenance,
        initial,
        surplus,
        equity_rounding,
        value_rounding,
        maintenance_rounding,
        initial_rounding,
        pool_used,
        last_key,
        account_used,
        accounts,
        pools,
    } = columns;
    let flags = [
        pool_start,
        account_start,
        pool_end,
        account_end,
        absorbed,
        pool_used,
        account_used,
    ];
    let carried = [chain, accounts, pools];
    let signs = [equity, value, surplus].map(|Signed { negative, .. }| negative);
    let magnitudes = [equity, value, surplus].map(|Signed { magnitude, .. }| magnitude);
    let roundings = [
        equity_rounding,
        value_rounding,
        maintenance_rounding,
        initial_rounding,
    ];
    let roundings: usize = roundings
        .iter()
        .map(
            |Rounding {
                 remainder,
                 complement,
             }| window_limbs(&[remainder, complement]),
        )
        .sum();
    Cells {
        elements: flags.len() + carried.len() + signs.len(),
        limbs: window_limbs(&magnitudes)
            + window_limbs(&[maintenance, initial, last_key])
            + roundings,
        second: 0,
    }
}

/// The lane of windows, and that of tree and digests.
fn hash(columns: &HashColumns) -> [Cells; 2] {
    let HashColumns { early, late, node } = columns;
    [early.len() + late.len(), node.len()].map(|columns| Cells::columns(columns, 0, 0))
}

/// Only what the tables do not share with the holdings and scans.
fn table(columns: &TableColumns) -> Cells {
    let TableColumns {
        losses,
        long_uses,
        short_uses,
        symbol_elements,
        loss_elements,
        settlement_weight,
        floor_weight,
        ..
    } = columns;
    let own = losses.len() + symbol_elements.len() + loss_elements.len();
    let uses = [long_uses, short_uses].len();
    let weights = [settlement_weight, floor_weight].len();
    Cells::columns(own + uses, 0, weights)
}
