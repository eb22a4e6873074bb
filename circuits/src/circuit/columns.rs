//! The columns, by meaning, and where window-level cells stand in them.

use ff::Field;
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::plonk::{
    Advice, Challenge, Column, ConstraintSystem, Expression, FirstPhase, Fixed, Instance,
    SecondPhase,
};

use crate::field::two_to;
use crate::poseidon::WIDTH;
use crate::shape::{Shape, WINDOW_ROWS};

/// An expression over the scalar field.
pub type Expr = Expression<Fr>;

/// Partial rounds computed in one row of the hash lane.
pub const PARTIAL_A_ROW: usize = 21;

/// A constant.
pub fn constant(value: Fr) -> Expr {
    Expression::Constant(value)
}

/// A small constant.
pub fn int(value: u128) -> Expr {
    constant(ff::PrimeField::from_u128(value))
}

/// The sum of expressions, 0 if there are none.
pub fn sum(terms: impl IntoIterator<Item = Expr>) -> Expr {
    terms
        .into_iter()
        .reduce(|a, b| a + b)
        .unwrap_or_else(|| constant(Fr::ZERO))
}

/// `sum_i terms[i] * challenge^i` by Horner's rule.
pub fn compress(terms: &[Expr], challenge: &Expr) -> Expr {
    terms
        .iter()
        .rev()
        .cloned()
        .reduce(|high, low| high * challenge.clone() + low)
        .unwrap_or_else(|| constant(Fr::ZERO))
}

macro_rules! column_kind {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $name {
            /// The column.
            pub column: Column<Advice>,
            /// Its place among the columns of its kind.
            pub slot: usize,
        }

        impl $name {
            /// The cell `rotation` rows down.
            pub fn rot(&self, rotation: usize) -> Expr {
                self.column.rot(rotation as i32)
            }

            /// The cell in this row.
            pub fn cur(&self) -> Expr {
                self.column.cur()
            }

            /// The cell in the row above.
            pub fn prev(&self) -> Expr {
                self.column.prev()
            }

            /// The cell in the row below.
            pub fn next(&self) -> Expr {
                self.column.next()
            }
        }
    };
}

column_kind!(
    /// A first-phase column of arbitrary elements.
    Free
);
column_kind!(
    /// A first-phase column whose every cell is looked up in the range `0..2^limb_bits`.
    Limb
);
column_kind!(
    /// A second-phase column.
    Second
);

/// A range-checked integer laid over limb columns, lowest first.
#[derive(Debug, Clone)]
pub struct Limbs {
    /// The columns.
    pub columns: Vec<Limb>,
    /// Bits of a limb.
    pub limb_bits: u32,
}

impl Limbs {
    /// The integer in this row: in `0..2^bits`.
    pub fn cur(&self) -> Expr {
        self.at(0)
    }

    /// The integer `rotation` rows down.
    pub fn at(&self, rotation: usize) -> Expr {
        weigh(
            self.columns.iter().map(|limb| limb.rot(rotation)),
            self.limb_bits,
        )
    }

    /// Bits of the range.
    pub fn bits(&self) -> u32 {
        self.columns.len() as u32 * self.limb_bits
    }

    /// The integer less half its range: in `-2^(bits-1)..2^(bits-1)`.
    pub fn signed(&self) -> Expr {
        self.cur() - constant(two_to(self.bits() - 1))
    }

    /// The first limbs, as a narrower integer.
    pub fn narrow(&self, bits: u32) -> Limbs {
        let count = (bits / self.limb_bits) as usize;
        assert!(
            count <= self.columns.len() && bits.is_multiple_of(self.limb_bits),
            "limbs for {bits} bits"
        );
        Limbs {
            columns: self.columns[..count].to_vec(),
            limb_bits: self.limb_bits,
        }
    }
}

fn weigh(limbs: impl Iterator<Item = Expr>, limb_bits: u32) -> Expr {
    sum(limbs.enumerate().map(|(i, limb)| match i {
        0 => limb,
        _ => limb * constant(two_to(i as u32 * limb_bits)),
    }))
}

/// A window's own cell of a column, `offset` rows below the window's first.
#[derive(Debug, Clone, Copy)]
pub struct WindowCell<C> {
    /// The column.
    pub column: C,
    /// Row within the window.
    pub offset: usize,
}

impl WindowCell<Free> {
    /// The cell, seen from the window's first row.
    pub fn cur(&self) -> Expr {
        self.column.rot(self.offset)
    }

    /// The previous window's cell, seen from the window's first row.
    pub fn previous(&self) -> Expr {
        self.column
            .column
            .rot(self.offset as i32 - WINDOW_ROWS as i32)
    }
}

impl WindowCell<Second> {
    /// The cell, seen from the window's first row.
    pub fn cur(&self) -> Expr {
        self.column.rot(self.offset)
    }
}

/// A range-checked integer among a window's own cells.
#[derive(Debug, Clone)]
pub struct WindowLimbs {
    /// The cells, lowest first.
    pub cells: Vec<WindowCell<Limb>>,
    /// Bits of a limb.
    pub limb_bits: u32,
}

impl WindowLimbs {
    /// The integer, seen from the window's first row.
    pub fn cur(&self) -> Expr {
        weigh(
            self.cells.iter().map(|cell| cell.column.rot(cell.offset)),
            self.limb_bits,
        )
    }
}

/// Hands out columns and window cells while a circuit is configured.
pub struct Allocator<'a> {
    meta: &'a mut ConstraintSystem<Fr>,
    limb_bits: u32,
    /// First-phase columns of elements.
    pub free: Vec<Free>,
    /// Range-checked columns.
    pub limbs: Vec<Limb>,
    /// Second-phase columns.
    pub second: Vec<Second>,
    spare_free: Vec<WindowCell<Free>>,
    spare_limbs: Vec<WindowCell<Limb>>,
    spare_second: Vec<WindowCell<Second>>,
}

impl<'a> Allocator<'a> {
    /// Columns for one circuit.
    pub fn new(meta: &'a mut ConstraintSystem<Fr>, shape: &Shape) -> Self {
        Self {
            meta,
            limb_bits: shape.limb_bits,
            free: Vec::new(),
            limbs: Vec::new(),
            second: Vec::new(),
            spare_free: Vec::new(),
            spare_limbs: Vec::new(),
            spare_second: Vec::new(),
        }
    }

    /// The constraint system.
    pub fn meta(&mut self) -> &mut ConstraintSystem<Fr> {
        self.meta
    }

    /// A new first-phase column.
    pub fn free(&mut self) -> Free {
        let column = self.meta.advice_column_in(FirstPhase);
        let free = Free {
            column,
            slot: self.free.len(),
        };
        self.free.push(free);
        free
    }

    fn limb(&mut self) -> Limb {
        let column = self.meta.advice_column_in(FirstPhase);
        let limb = Limb {
            column,
            slot: self.limbs.len(),
        };
        self.limbs.push(limb);
        limb
    }

    /// New limb columns for an integer of exactly `bits` bits.
    pub fn limbs(&mut self, bits: u32) -> Limbs {
        assert_eq!(bits % self.limb_bits, 0, "limbs divide {bits} bits");
        let count = bits / self.limb_bits;
        Limbs {
            columns: (0..count).map(|_| self.limb()).collect(),
            limb_bits: self.limb_bits,
        }
    }

    /// A new second-phase column.
    pub fn second(&mut self) -> Second {
        let column = self.meta.advice_column_in(SecondPhase);
        let second = Second {
            column,
            slot: self.second.len(),
        };
        self.second.push(second);
        second
    }

    /// A first-phase cell of each window.
    pub fn window_free(&mut self) -> WindowCell<Free> {
        if self.spare_free.is_empty() {
            let column = self.free();
            self.spare_free = cells(column);
        }
        self.spare_free
            .pop()
            .unwrap_or_else(|| unreachable!("a column has cells"))
    }

    /// A range-checked integer of each window.
    pub fn window_limbs(&mut self, bits: u32) -> WindowLimbs {
        assert_eq!(bits % self.limb_bits, 0, "limbs divide {bits} bits");
        let cells = (0..bits / self.limb_bits)
            .map(|_| self.window_limb())
            .collect();
        WindowLimbs {
            cells,
            limb_bits: self.limb_bits,
        }
    }

    fn window_limb(&mut self) -> WindowCell<Limb> {
        if self.spare_limbs.is_empty() {
            let column = self.limb();
            self.spare_limbs = cells(column);
        }
        self.spare_limbs
            .pop()
            .unwrap_or_else(|| unreachable!("a column has cells"))
    }

    /// A second-phase cell of each window.
    pub fn window_second(&mut self) -> WindowCell<Second> {
        if self.spare_second.is_empty() {
            let column = self.second();
            self.spare_second = cells(column);
        }
        self.spare_second
            .pop()
            .unwrap_or_else(|| unreachable!("a column has cells"))
    }
}

fn cells<C: Copy>(column: C) -> Vec<WindowCell<C>> {
    (0..WINDOW_ROWS)
        .rev()
        .map(|offset| WindowCell { column, offset })
        .collect()
}

/// Fixed columns: which rows are what.
#[derive(Debug, Clone)]
pub struct Selectors {
    /// Every row that constraints hold on.
    pub active: Column<Fixed>,
    /// The row after the last active one.
    pub end: Column<Fixed>,
    /// Row 0.
    pub start: Column<Fixed>,
    /// The range table: 0, 1, 2, ... and then zeros.
    pub range: Column<Fixed>,
    /// Rows of account windows.
    pub hold: Column<Fixed>,
    /// First rows of account windows.
    pub first: Column<Fixed>,
    /// The first account window's first row.
    pub window_zero: Column<Fixed>,
    /// The last account window's first row.
    pub window_last: Column<Fixed>,
    /// First rows of all hash windows.
    pub hash_first: Column<Fixed>,
    /// Rows of two full rounds.
    pub hash_full: Column<Fixed>,
    /// Rows of partial rounds.
    pub hash_partial: Column<Fixed>,
    /// Round constants of a row.
    pub rounds: [Column<Fixed>; PARTIAL_A_ROW],
    /// Rows of symbol blocks.
    pub table: Column<Fixed>,
    /// First rows of symbol blocks.
    pub block_first: Column<Fixed>,
    /// Last rows of symbol blocks.
    pub block_last: Column<Fixed>,
    /// The symbol's row number, on all rows of its block.
    pub block_index: Column<Fixed>,
    /// The symbol's row number, on the last row of its block.
    pub block_tag: Column<Fixed>,
    /// Rows of the floor weights.
    pub weights: Column<Fixed>,
    /// First row of the floor weights.
    pub weights_first: Column<Fixed>,
    /// Last row of the floor weights.
    pub weights_last: Column<Fixed>,
    /// Rows of the group table.
    pub group: Column<Fixed>,
    /// The group's row number.
    pub group_index: Column<Fixed>,
    /// The row of group 0.
    pub group_zero: Column<Fixed>,
    /// The entry of empty holdings.
    pub null: Column<Fixed>,
    /// Totals by symbol.
    pub pole_rows: Column<Fixed>,
    /// The pole of a total.
    pub pole: Column<Fixed>,
    /// Scalar totals.
    pub scalar_rows: Column<Fixed>,
    /// The first of them.
    pub scalar_first: Column<Fixed>,
    /// The last of them.
    pub scalar_last: Column<Fixed>,
    /// Rows where the totals column is zero.
    pub no_total: Column<Fixed>,
    /// Constants for copies: 0 and the digests' tags.
    pub constants: Column<Fixed>,
}

impl Selectors {
    fn new(meta: &mut ConstraintSystem<Fr>) -> Self {
        let mut fixed = || meta.fixed_column();
        Self {
            active: fixed(),
            end: fixed(),
            start: fixed(),
            range: fixed(),
            hold: fixed(),
            first: fixed(),
            window_zero: fixed(),
            window_last: fixed(),
            hash_first: fixed(),
            hash_full: fixed(),
            hash_partial: fixed(),
            rounds: std::array::from_fn(|_| fixed()),
            table: fixed(),
            block_first: fixed(),
            block_last: fixed(),
            block_index: fixed(),
            block_tag: fixed(),
            weights: fixed(),
            weights_first: fixed(),
            weights_last: fixed(),
            group: fixed(),
            group_index: fixed(),
            group_zero: fixed(),
            null: fixed(),
            pole_rows: fixed(),
            pole: fixed(),
            scalar_rows: fixed(),
            scalar_first: fixed(),
            scalar_last: fixed(),
            no_total: fixed(),
            constants: fixed(),
        }
    }
}

/// One holding a row. Empty rows are all zero.
#[derive(Debug, Clone)]
pub struct HoldingColumns {
    /// Market row, 0 for none; looked up with the next fourteen.
    pub index: Free,
    /// Whether an asset.
    pub is_asset: Free,
    /// Whether an instrument.
    pub is_instrument: Free,
    /// Whether the amount is below zero.
    pub negative: Free,
    /// Value of one quantum or notional of one lot, 10^-18 quote quanta.
    pub unit: Free,
    /// Row of the coin's or contract's first variant.
    pub first: Free,
    /// Value of a lot of collateral, 10^-24 quote quanta; 0 for an instrument.
    pub lot_value: Free,
    /// The group's factors, 10^-6.
    pub maintenance_factor: Free,
    /// See above.
    pub initial_factor: Free,
    /// The segment's floor, quote quanta.
    pub floor: Free,
    /// The segment's end, quote quanta.
    pub cap: Free,
    /// Equity's slope on the segment, 10^-6.
    pub equity_slope: Free,
    /// Equity's intercept, 10^-6 quote quanta.
    pub equity_intercept: Free,
    /// The charge's slope, 10^-6.
    pub charge_slope: Free,
    /// The charge's intercept, 10^-6 quote quanta.
    pub charge_intercept: Free,
    /// The floor of one lot on the position's side, negative for a short.
    pub side_floor: Free,
    /// Greatest index of the pool so far.
    pub key: Free,
    /// The holding as packed into the leaf.
    pub packed: Free,
    /// Running equity of the pool, 10^-24 quote quanta.
    pub equity: Free,
    /// Running value of the pool, 10^-18 quote quanta.
    pub value: Free,
    /// Running maintenance requirement of the pool, 10^-30 quote quanta.
    pub maintenance: Free,
    /// Running initial requirement.
    pub initial: Free,
    /// Account is of class house; constant over an account.
    pub house: Free,
    /// Account is of class fund.
    pub fund: Free,
    /// Step from the previous key, less one.
    pub step: Limbs,
    /// An asset's base; magnitude of an instrument's quantity, without offset.
    pub base: Limbs,
    /// An asset's `u`, an instrument's quantity.
    pub amount: Limbs,
    /// Magnitude above the segment's floor.
    pub above: Limbs,
    /// Magnitude below the segment's end.
    pub below: Limbs,
    /// What the scan counts.
    pub scanned: Limbs,
    /// Remainder of collateral over its lot's value.
    pub remainder: Limbs,
    /// Lot value less one less the remainder.
    pub remainder_below: Limbs,
    /// Scan coefficient of the symbol.
    pub rho: Second,
    /// Second coefficient: settlement of an asset, floor of an instrument.
    pub sigma: Second,
    /// Helper of the symbol lookup.
    pub entry_helper: Second,
    /// Helper of the sums by coin and contract.
    pub family_helper: Second,
    /// Helper of the long open interest.
    pub long_helper: Second,
    /// Running identity of the pool.
    pub identity: Second,
}

impl HoldingColumns {
    fn new(a: &mut Allocator<'_>, shape: &Shape) -> Self {
        let money = shape.money_bits;
        let fine = money + 64;
        Self {
            index: a.free(),
            is_asset: a.free(),
            is_instrument: a.free(),
            negative: a.free(),
            unit: a.free(),
            first: a.free(),
            lot_value: a.free(),
            maintenance_factor: a.free(),
            initial_factor: a.free(),
            floor: a.free(),
            cap: a.free(),
            equity_slope: a.free(),
            equity_intercept: a.free(),
            charge_slope: a.free(),
            charge_intercept: a.free(),
            side_floor: a.free(),
            key: a.free(),
            packed: a.free(),
            equity: a.free(),
            value: a.free(),
            maintenance: a.free(),
            initial: a.free(),
            house: a.free(),
            fund: a.free(),
            step: a.limbs(16),
            base: a.limbs(money),
            amount: a.limbs(money),
            above: a.limbs(fine),
            below: a.limbs(fine),
            scanned: a.limbs(64),
            remainder: a.limbs(fine),
            remainder_below: a.limbs(fine),
            rho: a.second(),
            sigma: a.second(),
            entry_helper: a.second(),
            family_helper: a.second(),
            long_helper: a.second(),
            identity: a.second(),
        }
    }

    /// The tuple looked up in the symbol table, in order.
    pub fn tuple(&self) -> [Free; 16] {
        [
            self.index,
            self.is_asset,
            self.is_instrument,
            self.negative,
            self.unit,
            self.first,
            self.lot_value,
            self.maintenance_factor,
            self.initial_factor,
            self.floor,
            self.cap,
            self.equity_slope,
            self.equity_intercept,
            self.charge_slope,
            self.charge_intercept,
            self.side_floor,
        ]
    }
}

/// The scan of one risk group in a window.
#[derive(Debug, Clone)]
pub struct ScanLane {
    /// Group row, 0 for an empty lane.
    pub group: WindowCell<Free>,
    /// Whether the lane scans a group.
    pub on: WindowCell<Free>,
    /// Greatest group of the pool so far.
    pub key: WindowCell<Free>,
    /// Factors of the group.
    pub maintenance_factor: WindowCell<Free>,
    /// See above.
    pub initial_factor: WindowCell<Free>,
    /// The greatest loss, or zero.
    pub max: WindowLimbs,
    /// Step from the previous key, less one.
    pub step: WindowLimbs,
    /// `max - loss` of each scenario, some to a row.
    pub slacks: Vec<Limbs>,
    /// Running products of up to three slacks a row.
    pub products: Vec<Free>,
    /// Horner sum of the slacks.
    pub horner: Second,
    /// `1 / (xi - group)`.
    pub weight: WindowCell<Second>,
    /// Helper of the group lookup.
    pub helper: WindowCell<Second>,
}

/// Slacks multiplied into one product column.
pub const SLACKS_A_PRODUCT: usize = 3;

impl ScanLane {
    fn new(a: &mut Allocator<'_>, shape: &Shape) -> Self {
        let row = shape.scenarios_a_row();
        Self {
            group: a.window_free(),
            on: a.window_free(),
            key: a.window_free(),
            maintenance_factor: a.window_free(),
            initial_factor: a.window_free(),
            max: a.window_limbs(shape.money_bits),
            step: a.window_limbs(16),
            slacks: (0..row).map(|_| a.limbs(shape.money_bits)).collect(),
            products: (0..row.div_ceil(SLACKS_A_PRODUCT))
                .map(|_| a.free())
                .collect(),
            horner: a.second(),
            weight: a.window_second(),
            helper: a.window_second(),
        }
    }
}

/// A quotient rounded to the quantum: remainder and its complement.
#[derive(Debug, Clone)]
pub struct Rounding {
    /// The remainder.
    pub remainder: WindowLimbs,
    /// The scale less one less the remainder.
    pub complement: WindowLimbs,
}

impl Rounding {
    fn new(a: &mut Allocator<'_>, bits: u32) -> Self {
        Self {
            remainder: a.window_limbs(bits),
            complement: a.window_limbs(bits),
        }
    }
}

/// A signed amount as magnitude and sign: `magnitude` if not `negative`, else `-(magnitude + 1)`.
#[derive(Debug, Clone)]
pub struct Signed {
    /// Whether below zero.
    pub negative: WindowCell<Free>,
    /// Magnitude, less one below zero.
    pub magnitude: WindowLimbs,
}

impl Signed {
    fn new(a: &mut Allocator<'_>, bits: u32) -> Self {
        Self {
            negative: a.window_free(),
            magnitude: a.window_limbs(bits),
        }
    }

    /// The amount.
    pub fn value(&self) -> Expr {
        let m = self.magnitude.cur();
        m.clone() - self.negative.cur() * (m * int(2) + int(1))
    }

    /// The amount where above zero, else 0.
    pub fn positive_part(&self) -> Expr {
        (int(1) - self.negative.cur()) * self.magnitude.cur()
    }

    /// The amount's magnitude where below zero, else 0.
    pub fn negative_part(&self) -> Expr {
        self.negative.cur() * (self.magnitude.cur() + int(1))
    }
}

/// A window's own cells: flags, the pool's rounded amounts, counts.
#[derive(Debug, Clone)]
pub struct WindowColumns {
    /// A pool begins with this window.
    pub pool_start: WindowCell<Free>,
    /// An account begins with this window.
    pub account_start: WindowCell<Free>,
    /// A pool ends with this window.
    pub pool_end: WindowCell<Free>,
    /// An account ends with this window.
    pub account_end: WindowCell<Free>,
    /// The window's block belongs to the leaf.
    pub absorbed: WindowCell<Free>,
    /// State of the leaf after this window.
    pub chain: WindowCell<Free>,
    /// Equity.
    pub equity: Signed,
    /// Value.
    pub value: Signed,
    /// Maintenance requirement.
    pub maintenance: WindowLimbs,
    /// Initial requirement.
    pub initial: WindowLimbs,
    /// Equity less maintenance requirement.
    pub surplus: Signed,
    /// Rounding of equity.
    pub equity_rounding: Rounding,
    /// Rounding of value.
    pub value_rounding: Rounding,
    /// Rounding of the maintenance requirement.
    pub maintenance_rounding: Rounding,
    /// Rounding of the initial requirement.
    pub initial_rounding: Rounding,
    /// The pool that ends here has a holding.
    pub pool_used: WindowCell<Free>,
    /// Its greatest index less one.
    pub last_key: WindowLimbs,
    /// The account has a pool with a holding so far.
    pub account_used: WindowCell<Free>,
    /// Accounts counted so far.
    pub accounts: WindowCell<Free>,
    /// Pools counted so far.
    pub pools: WindowCell<Free>,
}

impl WindowColumns {
    fn new(a: &mut Allocator<'_>, shape: &Shape) -> Self {
        let money = shape.money_bits;
        // `pool_start` stands in a first row: running values look at it without a rotation.
        let mut first = a.window_free();
        while first.offset != 0 {
            first = a.window_free();
        }
        Self {
            pool_start: first,
            account_start: a.window_free(),
            pool_end: a.window_free(),
            account_end: a.window_free(),
            absorbed: a.window_free(),
            chain: a.window_free(),
            equity: Signed::new(a, money),
            value: Signed::new(a, money),
            maintenance: a.window_limbs(money),
            initial: a.window_limbs(money),
            surplus: Signed::new(a, money + 16),
            equity_rounding: Rounding::new(a, 80),
            value_rounding: Rounding::new(a, 64),
            maintenance_rounding: Rounding::new(a, 112),
            initial_rounding: Rounding::new(a, 112),
            pool_used: a.window_free(),
            last_key: a.window_limbs(16),
            account_used: a.window_free(),
            accounts: a.window_free(),
            pools: a.window_free(),
        }
    }
}

/// The hash lane.
#[derive(Debug, Clone)]
pub struct HashColumns {
    /// State at the row's beginning, without the round constants still to be added.
    pub state: [Free; WIDTH],
    /// Squares of S-box inputs.
    pub squares: [Free; PARTIAL_A_ROW],
    /// S-box outputs.
    pub fifths: [Free; PARTIAL_A_ROW],
}

/// The market and model tables, in rows below the account windows: most of their columns are
/// those of the holdings, which are not in use there.
#[derive(Debug, Clone)]
pub struct TableColumns {
    /// Group row of the symbol.
    pub group: Free,
    /// Row of the settlement asset.
    pub settlement: Free,
    /// Mark of one lot.
    pub mark: Free,
    /// Debt weight.
    pub debt_weight: Free,
    /// Floors of one lot.
    pub floor_long: Free,
    /// See above.
    pub floor_short: Free,
    /// The row's segment serves amounts from zero up.
    pub long: Free,
    /// The row's segment serves amounts below zero.
    pub short: Free,
    /// The next row continues the list.
    pub continues: Free,
    /// Slope of the segment.
    pub coefficient: Free,
    /// Intercept of the segment.
    pub intercept: Free,
    /// Step at the segment's floor.
    pub jump: Free,
    /// Whether the asset is scanned (first rows).
    pub scanned: Free,
    /// Lot of a scanned asset (first rows).
    pub lot: Free,
    /// Losses of the row's scenarios.
    pub losses: Vec<Free>,
    /// How often the long entry is looked up; a group row's entry.
    pub long_uses: Free,
    /// How often the short entry is looked up.
    pub short_uses: Free,
    /// Market and model element of the symbol (first rows).
    pub symbol_elements: [Free; 2],
    /// Elements of the row's losses, where they are not beside the segment.
    pub loss_elements: Vec<Free>,
    /// Limbs of the row.
    pub limbs: TableLimbs,
    /// Horner sum of the losses.
    pub horner: Second,
    /// `1 / (xi - group)` (last rows).
    pub group_weight: Second,
    /// `1 / (upsilon - settlement)` (last rows).
    pub settlement_weight: Second,
    /// Horner sum of the floor weights, on all table rows.
    pub floor_weight: Second,
}

/// Ranges of table cells, in limb columns of the holdings and scans.
#[derive(Debug, Clone)]
pub struct TableLimbs {
    /// Every row: end less floor less one.
    pub gap: Limbs,
    /// Every row: slope.
    pub coefficient: Limbs,
    /// Every row: step.
    pub jump: Limbs,
    /// Every row: fall of a collateral ratio to the next row.
    pub fall: Limbs,
    /// Every row: losses, offset.
    pub losses: Vec<Limbs>,
    /// First rows: unit (less one for an asset).
    pub unit: Limbs,
    /// First rows: lot value less one.
    pub lot_value: Limbs,
    /// First rows: mark, offset.
    pub mark: Limbs,
    /// First rows: lot.
    pub lot: Limbs,
    /// First rows: floors.
    pub floor_long: Limbs,
    /// See above.
    pub floor_short: Limbs,
    /// First rows: first variant, settlement, group.
    pub first: Limbs,
    /// See above.
    pub settlement: Limbs,
    /// See above.
    pub group: Limbs,
    /// First rows: debt weight less one.
    pub debt: Limbs,
    /// First rows: debt weight, as packed. The limbs of the group rows' first factor.
    pub debt_weight: Limbs,
    /// First rows: one less the first collateral ratio.
    pub ratio: Limbs,
    /// Group rows: factors, and initial less maintenance.
    pub factors: [Limbs; 3],
}

/// Takes limb columns that account windows use, for table rows.
struct LimbPool {
    columns: Vec<Limb>,
    limb_bits: u32,
}

impl LimbPool {
    fn take(&mut self, a: &mut Allocator<'_>, bits: u32) -> Limbs {
        let count = (bits / self.limb_bits) as usize;
        assert_eq!(bits % self.limb_bits, 0, "limbs divide {bits} bits");
        let columns = (0..count)
            .map(|_| self.columns.pop().unwrap_or_else(|| a.limb()))
            .collect();
        Limbs {
            columns,
            limb_bits: self.limb_bits,
        }
    }
}

impl TableLimbs {
    fn new(a: &mut Allocator<'_>, shape: &Shape) -> Self {
        let mut pool = LimbPool {
            columns: a.limbs.clone(),
            limb_bits: shape.limb_bits,
        };
        pool.columns.reverse();
        let money = shape.money_bits;
        let factors: [Limbs; 3] = std::array::from_fn(|_| pool.take(a, 32));
        Self {
            gap: pool.take(a, money),
            coefficient: pool.take(a, 32),
            jump: pool.take(a, money),
            fall: pool.take(a, 32),
            losses: (0..shape.losses_a_row())
                .map(|_| pool.take(a, 64))
                .collect(),
            unit: pool.take(a, 112),
            lot_value: pool.take(a, money + 64),
            mark: pool.take(a, 64),
            lot: pool.take(a, 64),
            floor_long: pool.take(a, 64),
            floor_short: pool.take(a, 64),
            first: pool.take(a, 16),
            settlement: pool.take(a, 16),
            group: pool.take(a, 16),
            debt: pool.take(a, 32),
            ratio: pool.take(a, 32),
            debt_weight: factors[0].clone(),
            factors,
        }
    }
}

/// Every column of the circuit.
#[derive(Debug, Clone)]
pub struct Columns {
    /// The shape they are for.
    pub shape: Shape,
    /// Totals: the first advice column.
    pub totals: Free,
    /// Multiplicities of the range table.
    pub range_uses: Free,
    /// Holdings.
    pub holding: HoldingColumns,
    /// Window cells.
    pub window: WindowColumns,
    /// Scan lanes.
    pub lanes: Vec<ScanLane>,
    /// Hash lane.
    pub hash: HashColumns,
    /// Tables.
    pub table: TableColumns,
    /// Helpers of the range lookups, three limb columns each.
    pub range_helpers: Vec<Second>,
    /// Helper of the range table.
    pub range_table_helper: Second,
    /// Helper of the totals by symbol; Horner sum of the scalar totals.
    pub totals_helper: Second,
    /// Running sum of all lookups and sums.
    pub sum: Second,
    /// All first-phase element columns.
    pub free: Vec<Free>,
    /// All limb columns.
    pub limbs: Vec<Limb>,
    /// All second-phase columns.
    pub second: Vec<Second>,
    /// Fixed columns.
    pub fixed: Selectors,
    /// Public inputs and totals.
    pub instance: Column<Instance>,
    /// Challenges.
    pub challenges: Challenges,
}

/// Challenges drawn after the first phase.
#[derive(Debug, Clone, Copy)]
pub struct Challenges {
    /// Compresses tuples and scalar totals.
    pub theta: Challenge,
    /// Pole of the lookups and sums.
    pub x: Challenge,
    /// Separates scenarios.
    pub gamma: Challenge,
    /// Separates risk groups.
    pub xi: Challenge,
    /// Separates settlement assets.
    pub upsilon: Challenge,
    /// Separates the summed arguments.
    pub kappa: Challenge,
}

/// Limb columns that share a helper.
pub const LIMBS_A_HELPER: usize = 3;

impl Columns {
    /// Allocates every column.
    pub fn new(meta: &mut ConstraintSystem<Fr>, shape: &Shape) -> Self {
        let fixed = Selectors::new(meta);
        let instance = meta.instance_column();
        let mut a = Allocator::new(meta, shape);
        let totals = a.free();
        let range_uses = a.free();
        let holding = HoldingColumns::new(&mut a, shape);
        let window = WindowColumns::new(&mut a, shape);
        let lanes: Vec<_> = (0..shape.scan_lanes)
            .map(|_| ScanLane::new(&mut a, shape))
            .collect();
        let hash = HashColumns {
            state: std::array::from_fn(|_| a.free()),
            squares: std::array::from_fn(|_| a.free()),
            fifths: std::array::from_fn(|_| a.free()),
        };
        let h = &holding;
        let limbs = TableLimbs::new(&mut a, shape);
        let table = TableColumns {
            group: h.key,
            settlement: h.equity,
            mark: h.value,
            debt_weight: h.maintenance,
            floor_long: h.initial,
            floor_short: h.side_floor,
            long: h.house,
            short: h.fund,
            continues: h.negative,
            coefficient: h.equity_slope,
            intercept: h.equity_intercept,
            jump: h.charge_slope,
            scanned: h.index,
            lot: h.charge_intercept,
            losses: (0..shape.losses_a_row()).map(|_| a.free()).collect(),
            long_uses: a.free(),
            short_uses: a.free(),
            symbol_elements: std::array::from_fn(|_| a.free()),
            loss_elements: (1..shape.elements_a_row()).map(|_| a.free()).collect(),
            limbs,
            horner: h.identity,
            group_weight: h.long_helper,
            settlement_weight: a.second(),
            floor_weight: a.second(),
        };
        let helpers = a.limbs.len().div_ceil(LIMBS_A_HELPER);
        let range_helpers = (0..helpers).map(|_| a.second()).collect();
        let range_table_helper = a.second();
        let totals_helper = a.second();
        let sum = a.second();
        let (free, limb_columns, second) = (a.free.clone(), a.limbs.clone(), a.second.clone());
        let mut challenge = || meta.challenge_usable_after(FirstPhase);
        let challenges = Challenges {
            theta: challenge(),
            x: challenge(),
            gamma: challenge(),
            xi: challenge(),
            upsilon: challenge(),
            kappa: challenge(),
        };
        Self {
            shape: *shape,
            totals,
            range_uses,
            holding,
            window,
            lanes,
            hash,
            table,
            range_helpers,
            range_table_helper,
            totals_helper,
            sum,
            free,
            limbs: limb_columns,
            second,
            fixed,
            instance,
            challenges,
        }
    }
}
