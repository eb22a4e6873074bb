//! The columns, by meaning, and where window-level cells stand in them.
//!
//! | part | file |
//! |---|---|
//! | expressions over cells | `expression` |
//! | kinds of columns: elements, limbs, second phase | `kinds` |
//! | columns and window cells, handed out in order | `allocator` |
//! | fixed columns | `selectors` |
//! | holdings | `holding` |
//! | windows | `window` |
//! | scans | `scan` |
//! | hash | `hash` |
//! | tables | `table` |
//! | challenges | `challenges` |
//!
//! Keys depend on the order of allocation: the order of calls in [`Columns::new`], and of the
//! fields in each part's `new`.

mod allocator;
mod challenges;
mod expression;
mod hash;
mod holding;
mod kinds;
mod scan;
mod selectors;
mod table;
mod window;

pub use allocator::Allocator;
pub use challenges::Challenges;
pub use expression::{compress, constant, int, sum, Expr};
pub use hash::HashColumns;
pub use holding::HoldingColumns;
pub use kinds::{Free, Limb, Limbs, Second, WindowCell, WindowLimbs};
pub use scan::{ScanLane, ScanSpan, SLACKS_A_PRODUCT};
pub use selectors::Selectors;
pub use table::{TableColumns, TableLimbs};
pub use window::{Rounding, Signed, WindowColumns};

use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::plonk::{Column, ConstraintSystem, Instance};

use crate::shape::Shape;

/// Limb columns that share a helper.
pub const LIMBS_A_HELPER: usize = 3;

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
        let hash = HashColumns::new(&mut a);
        let table = TableColumns::new(&mut a, &holding, shape);
        let helpers = a.limbs.len().div_ceil(LIMBS_A_HELPER);
        let range_helpers = (0..helpers).map(|_| a.second()).collect();
        let range_table_helper = a.second();
        let totals_helper = a.second();
        let sum = a.second();
        let (free, limb_columns, second) = (a.free.clone(), a.limbs.clone(), a.second.clone());
        let challenges = Challenges::new(meta);
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
