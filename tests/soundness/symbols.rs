//! Symbols and groups that are ill-formed, or not the same throughout.

use ethnum::I256;
use ff::{Field, PrimeField};
use halo2_proofs::halo2curves::bn256::Fr;
use zkmargin_circuits::circuit::columns::Free;
use zkmargin_circuits::field::{from_i128, from_signed, two_to};
use zkmargin_tests::forge::{
    book, book_with_dust, book_with_spare, integer, Cells, Forgery, Lie, SPARE,
};

/// Writes a cell of the spare symbol on all rows of its block.
fn block(c: &mut Cells, column: Free, value: Fr) {
    for row in c.layout.block(SPARE - 1) {
        c.set(column, row, value);
    }
}

/// Writes a cell of the spare symbol on rows after its lists, but the last.
fn tail(c: &mut Cells, column: Free, value: Fr) {
    for row in c.layout.block(SPARE - 1).skip(4).take(3) {
        c.set(column, row, value);
    }
}

/// Gives a group other factors, wherever they stand.
fn factors(c: &mut Cells, group: u64, maintenance: i128, initial: i128) {
    let (h, t) = (c.columns.holding.clone(), c.columns.table.clone());
    let (m, i) = (from_i128(maintenance), from_i128(initial));
    let row = c.layout.groups().start + group as usize;
    c.set(h.maintenance_factor, row, m);
    c.set(h.initial_factor, row, i);
    for (limbs, value) in t
        .limbs
        .factors
        .iter()
        .zip([maintenance, initial, initial - maintenance])
    {
        c.put(limbs, row, I256::from(value.max(0)));
    }
    let group = Fr::from_u128(group.into());
    for row in c.layout.blocks() {
        if c.get(t.group, row) == group
            && c.get(h.is_asset, row) + c.get(h.is_instrument, row) == Fr::ONE
        {
            c.set(h.maintenance_factor, row, m);
            c.set(h.initial_factor, row, i);
        }
    }
    for row in 0..c.layout.capacity * 8 {
        let Some(symbol) = integer(c.get(h.index, row)).as_usize().checked_sub(1) else {
            continue;
        };
        if c.get(t.group, c.layout.block(symbol).start) == group {
            c.set(h.maintenance_factor, row, m);
            c.set(h.initial_factor, row, i);
        }
    }
    for lane in c.columns.lanes.clone() {
        for window in 0..c.layout.capacity {
            if c.cell(&lane.group, window) == group {
                c.set_cell(&lane.maintenance_factor, window, m);
                c.set_cell(&lane.initial_factor, window, i);
            }
        }
    }
    c.repair();
}

pub const FORGERIES: &[Forgery] = &[
    Forgery {
        name: "a symbol that is no asset in the middle",
        book,
        lie: Lie::Cells(|c| {
            let row = c.layout.block(0).start + 5;
            c.set(c.columns.holding.is_asset, row, Fr::ZERO);
            c.settle();
        }),
        stops: &["table: a symbol's cells are the same in its block / asset"],
    },
    Forgery {
        name: "an instrument that ceases to be one",
        book: book_with_spare,
        lie: Lie::Cells(|c| {
            let h = c.columns.holding.clone();
            tail(c, h.is_instrument, 0.into());
            c.settle();
        }),
        stops: &["table: a symbol's cells are the same in its block / instrument"],
    },
    Forgery {
        name: "another unit further down",
        book: book_with_spare,
        lie: Lie::Cells(|c| {
            let h = c.columns.holding.clone();
            tail(c, h.unit, 7.into());
            c.settle();
        }),
        stops: &["table: a symbol's cells are the same in its block / unit"],
    },
    Forgery {
        name: "another first variant further down",
        book: book_with_spare,
        lie: Lie::Cells(|c| {
            let h = c.columns.holding.clone();
            tail(c, h.first, 7.into());
            c.settle();
        }),
        stops: &["table: a symbol's cells are the same in its block / first variant"],
    },
    Forgery {
        name: "another lot value further down",
        book: book_with_spare,
        lie: Lie::Cells(|c| {
            let h = c.columns.holding.clone();
            tail(c, h.lot_value, 7.into());
            c.settle();
        }),
        stops: &["table: a symbol's cells are the same in its block / lot value"],
    },
    Forgery {
        name: "another maintenance factor further down",
        book: book_with_spare,
        lie: Lie::Cells(|c| {
            let h = c.columns.holding.clone();
            tail(c, h.maintenance_factor, 7.into());
            c.settle();
        }),
        stops: &["table: a symbol's cells are the same in its block / maintenance factor"],
    },
    Forgery {
        name: "another initial factor further down",
        book: book_with_spare,
        lie: Lie::Cells(|c| {
            let h = c.columns.holding.clone();
            tail(c, h.initial_factor, 7.into());
            c.settle();
        }),
        stops: &["table: a symbol's cells are the same in its block / initial factor"],
    },
    Forgery {
        name: "another group further down",
        book: book_with_spare,
        lie: Lie::Cells(|c| {
            let t = c.columns.table.clone();
            tail(c, t.group, 2.into());
            c.settle();
        }),
        stops: &["table: a symbol's cells are the same in its block / group"],
    },
    Forgery {
        name: "another settlement further down",
        book: book_with_spare,
        lie: Lie::Cells(|c| {
            let t = c.columns.table.clone();
            tail(c, t.settlement, 2.into());
            c.settle();
        }),
        stops: &["table: a symbol's cells are the same in its block / settlement"],
    },
    Forgery {
        name: "another mark further down",
        book: book_with_spare,
        lie: Lie::Cells(|c| {
            let t = c.columns.table.clone();
            tail(c, t.mark, 2.into());
            c.settle();
        }),
        stops: &["table: a symbol's cells are the same in its block / mark"],
    },
    Forgery {
        name: "another debt weight further down",
        book: book_with_spare,
        lie: Lie::Cells(|c| {
            let t = c.columns.table.clone();
            tail(c, t.debt_weight, 2.into());
            c.settle();
        }),
        stops: &["table: a symbol's cells are the same in its block / debt weight"],
    },
    Forgery {
        name: "another floor long further down",
        book: book_with_spare,
        lie: Lie::Cells(|c| {
            let t = c.columns.table.clone();
            tail(c, t.floor_long, 2.into());
            c.settle();
        }),
        stops: &["table: a symbol's cells are the same in its block / floor long"],
    },
    Forgery {
        name: "another floor short further down",
        book: book_with_spare,
        lie: Lie::Cells(|c| {
            let t = c.columns.table.clone();
            tail(c, t.floor_short, 2.into());
            c.settle();
        }),
        stops: &["table: a symbol's cells are the same in its block / floor short"],
    },
    Forgery {
        name: "a price of zero",
        book,
        lie: Lie::Model(|b| b.market.symbols[0].unit = 0),
        stops: &["table: ranges of symbols / unit = asset + limbs"],
    },
    Forgery {
        name: "a first variant beyond its range",
        book: book_with_spare,
        lie: Lie::Cells(|c| {
            let h = c.columns.holding.clone();
            block(c, h.first, two_to(16));
            c.settle();
        }),
        stops: &["table: ranges of symbols / first variant = limbs"],
    },
    Forgery {
        name: "a settlement asset beyond its range",
        book: book_with_spare,
        lie: Lie::Cells(|c| {
            let t = c.columns.table.clone();
            block(c, t.settlement, two_to(16));
            c.settle();
        }),
        stops: &["table: ranges of symbols / settlement = limbs"],
    },
    Forgery {
        name: "a group beyond its range",
        book: book_with_spare,
        lie: Lie::Cells(|c| {
            let t = c.columns.table.clone();
            block(c, t.group, two_to(16));
            c.settle();
        }),
        stops: &[
            "table: ranges of symbols / group = limbs",
            "sum: everything cancels / ends at 0",
        ],
    },
    Forgery {
        name: "a mark beyond its range",
        book: book_with_spare,
        lie: Lie::Cells(|c| {
            let t = c.columns.table.clone();
            block(c, t.mark, two_to(63));
            c.settle();
        }),
        stops: &["table: ranges of symbols / mark = limbs, offset"],
    },
    Forgery {
        name: "a lot beyond its range",
        book: book_with_dust,
        lie: Lie::Cells(|c| {
            let h = c.columns.holding.clone();
            let t = c.columns.table.clone();
            let lot_value = two_to(64) * Fr::from(1_000_000);
            let first = c.layout.block(SPARE - 1).start;
            c.set(t.lot, first, two_to(64));
            block(c, h.lot_value, lot_value);
            c.put(&t.limbs.lot_value, first, integer(lot_value) - I256::ONE);
            c.settle();
        }),
        stops: &["table: ranges of symbols / lot = limbs"],
    },
    Forgery {
        name: "a debt weight that spills into the floor beside it",
        book: book_with_dust,
        lie: Lie::Cells(|c| {
            let t = c.columns.table.clone();
            block(c, t.debt_weight, two_to(32) + Fr::from(5));
            let first = c.layout.block(SPARE - 1).start;
            c.put(
                &t.limbs.debt,
                first,
                (I256::ONE << 32) + I256::from(5 - 1_000_000),
            );
            c.put(&t.limbs.debt_weight, first, I256::from(5));
            c.settle();
        }),
        stops: &["table: ranges of symbols / debt weight = limbs"],
    },
    Forgery {
        name: "a floor beyond its range",
        book: book_with_spare,
        lie: Lie::Cells(|c| {
            let t = c.columns.table.clone();
            block(c, t.floor_long, -Fr::from(9));
            c.settle();
        }),
        stops: &["table: ranges of symbols / floor long = limbs"],
    },
    Forgery {
        name: "a floor of the short side below zero",
        book: book_with_spare,
        lie: Lie::Cells(|c| {
            let t = c.columns.table.clone();
            block(c, t.floor_short, -Fr::from(9));
            c.settle();
        }),
        stops: &["table: ranges of symbols / floor short = limbs"],
    },
    Forgery {
        name: "an asset partly scanned",
        book: book_with_dust,
        lie: Lie::Cells(|c| {
            let h = c.columns.holding.clone();
            let t = c.columns.table.clone();
            let first = c.layout.block(SPARE - 1).start;
            // A lot value of 77 quanta without a lot: the part of the greatest that leaves it.
            let part = Fr::from(77) * (two_to(128) - Fr::ONE).invert().unwrap_or(Fr::ZERO);
            let lot_value = Fr::from(77);
            c.set(t.scanned, first, Fr::ONE - part);
            c.set(t.lot, first, Fr::ZERO);
            c.put(&t.limbs.lot, first, I256::ZERO);
            block(c, h.lot_value, lot_value);
            c.put(&t.limbs.lot_value, first, integer(lot_value) - I256::ONE);
            c.settle();
        }),
        stops: &["table: collateral of symbols / scanned is boolean"],
    },
    Forgery {
        name: "an instrument scanned as collateral",
        book: book_with_spare,
        lie: Lie::Cells(|c| {
            let h = c.columns.holding.clone();
            let t = c.columns.table.clone();
            let first = c.layout.block(SPARE - 1).start;
            let greatest = (I256::ONE << 128) - I256::ONE;
            let worth = integer(c.get(h.unit, first)) * I256::from(1_000_000);
            let lot = greatest / worth + I256::ONE;
            let lot_value = lot * worth - greatest;
            c.set(t.scanned, first, Fr::ONE);
            c.set(t.lot, first, from_signed(lot));
            c.put(&t.limbs.lot, first, lot);
            block(c, h.lot_value, from_signed(lot_value));
            c.put(&t.limbs.lot_value, first, lot_value);
            c.settle();
        }),
        stops: &["table: collateral of symbols / scanned implies asset"],
    },
    Forgery {
        name: "a lot of what is not scanned",
        book: book_with_spare,
        lie: Lie::Cells(|c| {
            let h = c.columns.holding.clone();
            let t = c.columns.table.clone();
            let first = c.layout.block(SPARE - 1).start;
            let lot_value = I256::from(5_000_000) * integer(c.get(h.unit, first));
            c.set(t.lot, first, 5.into());
            c.put(&t.limbs.lot, first, I256::from(5));
            block(c, h.lot_value, from_signed(lot_value));
            c.put(&t.limbs.lot_value, first, lot_value);
            c.settle();
        }),
        stops: &["table: collateral of symbols / not scanned: lot = 0"],
    },
    Forgery {
        name: "a lot of another value",
        book: book_with_dust,
        lie: Lie::Cells(|c| {
            let h = c.columns.holding.clone();
            let t = c.columns.table.clone();
            let first = c.layout.block(SPARE - 1).start;
            let lot_value = c.get(h.lot_value, first) - Fr::ONE;
            block(c, h.lot_value, lot_value);
            c.put(&t.limbs.lot_value, first, integer(lot_value) - I256::ONE);
            c.settle();
        }),
        stops: &["table: collateral of symbols / lot_value = lot * unit * 10^6, or the greatest"],
    },
    Forgery {
        name: "a lot without value",
        book: book_with_dust,
        lie: Lie::Cells(|c| {
            let h = c.columns.holding.clone();
            let t = c.columns.table.clone();
            let first = c.layout.block(SPARE - 1).start;
            c.set(t.lot, first, Fr::ZERO);
            c.put(&t.limbs.lot, first, I256::ZERO);
            block(c, h.lot_value, Fr::ZERO);
            c.put(&t.limbs.lot_value, first, I256::ZERO);
            c.settle();
        }),
        stops: &["table: collateral of symbols / lot_value = asset + limbs"],
    },
    Forgery {
        name: "a debt weight below one",
        book,
        lie: Lie::Model(|b| b.risk.symbols[0].debt_weight = 900_000),
        stops: &["table: collateral of symbols / debt_weight = asset * 10^6 + limbs"],
    },
    Forgery {
        name: "a debt weight of an instrument",
        book: book_with_spare,
        lie: Lie::Cells(|c| {
            let t = c.columns.table.clone();
            let first = c.layout.block(SPARE - 1).start;
            block(c, t.debt_weight, 5.into());
            c.put(&t.limbs.debt, first, I256::from(5));
            c.put(&t.limbs.debt_weight, first, I256::from(5));
            c.settle();
        }),
        stops: &["table: collateral of symbols / not an asset: debt_weight = 0"],
    },
    Forgery {
        name: "a loss beyond its range",
        book: book_with_spare,
        lie: Lie::Cells(|c| {
            let t = c.columns.table.clone();
            let row = c.layout.block(SPARE - 1).start + 3;
            c.set(t.losses[0], row, two_to(63));
            c.put(&t.limbs.losses[0], row, I256::ZERO);
            c.settle();
        }),
        stops: &["table: losses / loss = limbs, offset"],
    },
    Forgery {
        name: "floors counted twice in a scenario",
        book: book_with_spare,
        lie: Lie::Cells(|c| {
            let t = c.columns.table.clone();
            let row = c.layout.weights().start + 1;
            c.set(t.losses[0], row, 2.into());
            c.repair();
            c.settle();
        }),
        stops: &["table: floor weights / weight is boolean"],
    },
    Forgery {
        name: "a factor below zero",
        book: || {
            let mut book = book();
            for symbol in &mut book.risk.symbols {
                symbol.group = symbol.group.min(1);
            }
            book
        },
        lie: Lie::Cells(|c| factors(c, 2, -5, 1_300_000)),
        stops: &["table: groups / maintenance factor = limbs"],
    },
    Forgery {
        name: "an initial factor beyond its range",
        book,
        lie: Lie::Cells(|c| factors(c, 2, 1_100_000, 1 << 32)),
        stops: &["table: groups / initial factor = limbs"],
    },
    Forgery {
        name: "an initial factor below the maintenance factor",
        book,
        lie: Lie::Model(|b| b.risk.groups[1].initial_factor = 1_050_000),
        stops: &["table: groups / initial - maintenance is not negative"],
    },
    Forgery {
        name: "less maintenance without a group",
        book,
        lie: Lie::Cells(|c| factors(c, 0, 900_000, 1_000_000)),
        stops: &["table: groups / no group: maintenance factor = 1"],
    },
    Forgery {
        name: "another initial requirement without a group",
        book,
        lie: Lie::Cells(|c| factors(c, 0, 1_000_000, 1_100_000)),
        stops: &["table: groups / no group: initial factor = 1"],
    },
];
