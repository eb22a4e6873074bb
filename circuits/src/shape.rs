//! The sizes of a circuit. A key depends on its shape and on the setup, never on the data.

/// Rows of a window: holdings, one Poseidon permutation and the scan lanes stand side by side in them.
pub const WINDOW_ROWS: usize = 8;

/// The sizes one circuit is built for. See [`SHAPES`] for the named ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Name, as in `statement.json`.
    pub name: &'static str,
    /// Base-2 logarithm of the number of rows.
    pub k: u32,
    /// Bits of a range-checked limb: 8 or 16.
    pub limb_bits: u32,
    /// Bits of amounts and money (two's complement): 64 or 96.
    pub money_bits: u32,
    /// Most assets and instruments together.
    pub symbols: usize,
    /// Most risk groups.
    pub groups: usize,
    /// Scenarios; a model with fewer is padded with scenarios without loss.
    pub scenarios: usize,
    /// Table rows a symbol has: most segments of its two piecewise-linear functions together.
    pub segments: usize,
    /// Risk groups one window can scan.
    pub scan_lanes: usize,
}

/// The named shapes.
pub const SHAPES: &[Shape] = &[
    Shape { name: "tiny-11", k: 11, limb_bits: 8, money_bits: 64, symbols: 6, groups: 2, scenarios: 8, segments: 8, scan_lanes: 1 },
    Shape { name: "small-14", k: 14, limb_bits: 8, money_bits: 64, symbols: 64, groups: 16, scenarios: 16, segments: 16, scan_lanes: 2 },
    Shape { name: "retail-17", k: 17, limb_bits: 16, money_bits: 64, symbols: 640, groups: 128, scenarios: 16, segments: 16, scan_lanes: 2 },
    Shape { name: "retail-18", k: 18, limb_bits: 16, money_bits: 64, symbols: 640, groups: 128, scenarios: 16, segments: 16, scan_lanes: 2 },
    Shape { name: "desk-18", k: 18, limb_bits: 16, money_bits: 96, symbols: 4352, groups: 256, scenarios: 40, segments: 20, scan_lanes: 2 },
];

impl Shape {
    /// The named shape.
    pub fn by_name(name: &str) -> Option<&'static Shape> {
        SHAPES.iter().find(|shape| shape.name == name)
    }
}
