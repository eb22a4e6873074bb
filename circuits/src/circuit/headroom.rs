//! How wide sums get, from the declared ranges of what they add.

use crate::shape::{Shape, MAX_SHARDS};

/// Bits that every sum must stay below: the field has 253 whole ones.
pub const FIELD_BITS: u32 = 253;

/// A sum of the circuit, and the most bits it takes with its sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sum {
    /// What is added.
    pub name: &'static str,
    /// Bits.
    pub bits: u32,
}

/// The widest sums of a shape.
pub fn sums(shape: &Shape) -> [Sum; 7] {
    let money = shape.money_bits;
    let rows = shape.k;
    // A slope of 32 bits times a magnitude, and an intercept.
    let charge = 32 + money + 64 + 1 + 1;
    let quantity = money.max(64);
    [
        Sum {
            name: "amount times unit, or floor and slack",
            bits: (money + 112).max(money + 64 + 1),
        },
        Sum {
            name: "slope times magnitude, and intercept",
            bits: charge,
        },
        Sum {
            name: "lots times lot value",
            bits: 64 + money + 64 + 1,
        },
        Sum {
            name: "factor times charge, over all rows",
            bits: 32 + charge + rows + 1,
        },
        Sum {
            name: "quantity times loss, over all rows",
            bits: quantity + 64 + rows + 1,
        },
        Sum {
            name: "quantity times mark, over all rows",
            bits: quantity + 64 + rows + 1,
        },
        Sum {
            name: "a total, over all rows of all shards",
            bits: quantity + rows + MAX_SHARDS.ilog2() + 1,
        },
    ]
}

/// Refuses a shape whose sums could wrap.
///
/// # Panics
/// A sum reaches [`FIELD_BITS`].
pub(super) fn assert_headroom(shape: &Shape) {
    for sum in sums(shape) {
        assert!(sum.bits < FIELD_BITS, "{} fits the field", sum.name);
    }
}
