//! Forgeries that break one constraint where those of its own table break several, or another of its name.

use ethnum::I256;
use ff::Field;
use halo2_proofs::halo2curves::bn256::Fr;
use zkmargin_circuits::book::Holding;
use zkmargin_circuits::witness::plan::ShardPlan;
use zkmargin_tests::forge::{
    book, book_with_spare, integer, Cells, Forgery, Lie, SecondCells, ALICE, FUND, SPARE, USDT,
};
use zkmargin_tests::sample::Sample;

/// The spare symbol has losses without a group to be scanned in, and the fund holds it.
fn book_with_losses_of_no_group() -> Sample {
    let mut book = book_with_spare();
    book.risk.symbols[SPARE - 1].losses = vec![-3, -2, -1, 0, 1, 2, 3];
    book.market.symbols[SPARE - 1].settlement = USDT as u16;
    book.accounts[4].pools[0].holdings.push(Holding {
        row: SPARE as u16,
        amount: 5,
    });
    book
}

/// Moves alice's first holding to a window of hers that is not in the leaf.
fn unabsorbed(plan: &mut ShardPlan) {
    let [first, .., last] = &mut plan.runs[0].windows[..] else {
        unreachable!("scans and holdings")
    };
    first.holdings = vec![last.holdings.remove(0)];
}

/// Moves the holding of a window's first row further down, and leaves the rows above empty.
fn lower(c: &mut Cells, window: usize, row: usize) {
    let h = c.columns.holding.clone();
    let (from, to) = (c.row(window, 0), c.row(window, row));
    for column in h.tuple().into_iter().chain([h.packed]) {
        let (high, low) = (c.get(column, from), c.get(column, to));
        c.set(column, from, low);
        c.set(column, to, high);
    }
    for limbs in [
        &h.step,
        &h.base,
        &h.amount,
        &h.above,
        &h.below,
        &h.scanned,
        &h.remainder,
        &h.remainder_below,
    ] {
        let (high, low) = (c.limbs(limbs, from), c.limbs(limbs, to));
        c.put(limbs, from, low);
        c.put(limbs, to, high);
    }
    for row in from..to {
        c.set(h.key, row, Fr::ZERO);
    }
    c.repair();
}

/// No symbol has a floor.
fn book_without_floors() -> Sample {
    let mut book = book_with_spare();
    for symbol in &mut book.risk.symbols {
        (symbol.floor_long, symbol.floor_short) = (0, 0);
    }
    book
}

/// The fund, which scans nothing, has the first window.
fn book_with_the_fund_first() -> Sample {
    let mut book = book_with_spare();
    book.accounts.rotate_right(1);
    book
}

/// Adds to the floor weights from one of their rows on, and to every coefficient made of them.
fn reweigh(s: &mut SecondCells, row: usize) {
    let (t, h) = (s.columns.table.clone(), s.columns.holding.clone());
    let weights = s.layout.weights();
    let mut delta = Fr::ONE;
    for row in weights.start + row..weights.end {
        s.add(t.horner, row, delta);
        delta *= s.c.gamma;
    }
    delta *= s.c.gamma.invert().unwrap_or(Fr::ZERO);
    s.shift(
        t.floor_weight,
        weights.end - 1..s.layout.blocks().end,
        delta,
    );
    for symbol in 0..s.layout.shape.symbols {
        let last = s.layout.block(symbol).end - 1;
        let instrument = s.witness.grid.free(h.is_instrument, last);
        let delta = delta * instrument * s.get(t.group_weight, last);
        s.add(h.sigma, last, delta);
        for row in 0..s.layout.capacity * 8 {
            if s.witness.grid.free(h.index, row) == Fr::from(symbol as u64 + 1) {
                s.add(h.sigma, row, delta);
            }
        }
    }
}

pub const FORGERIES: &[Forgery] = &[
    Forgery {
        name: "a scan of no group",
        book: book_with_losses_of_no_group,
        lie: Lie::Cells(|c| {
            let (lane, t) = (c.columns.lanes[0].clone(), c.columns.table.clone());
            assert_eq!(c.cell(&lane.on, FUND), Fr::ZERO);
            let max = I256::from(15);
            c.put_window(&lane.max, FUND, max);
            for (scenario, row) in c.layout.block(SPARE - 1).enumerate() {
                let loss = integer(c.get(t.losses[0], row)) * I256::from(5);
                let slack = c.row(FUND, scenario);
                c.put(&lane.slacks[0], slack, max - loss);
            }
            c.products(FUND);
            c.resum();
            c.round();
            c.settle();
        }),
        stops: &["scan: groups rise / off: max = 0"],
    },
    Forgery {
        name: "a group beyond its range where no symbol is",
        book,
        lie: Lie::Cells(|c| {
            let group = c.columns.table.group;
            for row in c.layout.block(SPARE - 1) {
                c.set(group, row, Fr::from(1 << 16));
            }
            c.settle();
        }),
        stops: &["table: ranges of symbols / group = limbs"],
    },
    Forgery {
        name: "a holding in the middle of a window that is not in the leaf",
        book,
        lie: Lie::Planned(unabsorbed, |c| lower(c, ALICE[0], 3)),
        stops: &["leaf: block / not absorbed: no holdings"],
    },
    Forgery {
        name: "a holding at the end of a window that is not in the leaf",
        book,
        lie: Lie::Planned(unabsorbed, |c| lower(c, ALICE[0], 6)),
        stops: &["leaf: block / not absorbed: no holdings"],
    },
    Forgery {
        name: "a counts digest of other pools",
        book,
        lie: Lie::Cells(|c| {
            c.inputs.insert((c.layout.counts, 3), Fr::from(17));
            c.rehash();
        }),
        stops: &["copy"],
    },
    Forgery {
        name: "floor weights from before the first scenario",
        book: book_without_floors,
        lie: Lie::Both(|_| (), |s| reweigh(s, 0)),
        stops: &["table: Horner sum of losses / horner = row"],
    },
    Forgery {
        name: "floor weights of another scenario",
        book: book_without_floors,
        lie: Lie::Both(|_| (), |s| reweigh(s, 3)),
        stops: &["table: Horner sum of losses / horner = previous * gamma^row + row"],
    },
];

/// Of the wide shape, whose blocks have one element more for holdings.
pub const WIDE: &[Forgery] = &[Forgery {
    name: "a holding at the end of a window that is not in the leaf, of wide amounts",
    book,
    lie: Lie::Planned(unabsorbed, |c| lower(c, ALICE[0], 6)),
    stops: &["leaf: block / not absorbed: no holdings"],
}];

/// Of the first window of the wide shape. The mock prover cannot say what fails there, next to rows of blinding.
pub const FIRST_WINDOW: &[Forgery] = &[
    Forgery {
        name: "a first scan that leaves out the group before it",
        book,
        lie: Lie::Cells(|c| {
            let lane = c.columns.lanes[0].clone();
            assert_eq!(c.cell(&lane.on, 0), Fr::ONE);
            let step = c.window_limbs(&lane.step, 0) + I256::ONE;
            c.put_window(&lane.step, 0, step);
        }),
        stops: &["scan: groups rise / key = previous + on * (step + 1) - continued"],
    },
    Forgery {
        name: "a first window that goes on with a scan from above it",
        book: book_with_the_fund_first,
        lie: Lie::Cells(|c| {
            let span = c.columns.lanes[0]
                .span
                .clone()
                .expect("scans of several windows");
            c.set_cell(&span.place, 0, Fr::from(5));
        }),
        stops: &["scan: windows of a scan / place = continued * (previous + 1)"],
    },
    Forgery {
        name: "a first window that carries on a product from above it",
        book: book_with_the_fund_first,
        lie: Lie::Cells(|c| {
            let span = c.columns.lanes[0]
                .span
                .clone()
                .expect("scans of several windows");
            c.set_cell(&span.carried[0], 0, Fr::from(7));
        }),
        stops: &["scan: windows of a scan / carried = previous product, or 1"],
    },
    Forgery {
        name: "a first window that carries on a Horner sum from above it",
        book: book_with_the_fund_first,
        lie: Lie::Both(
            |_| (),
            |s| {
                let horner = s.columns.lanes[0].horner;
                let mut delta = Fr::ONE;
                for row in 0..8 {
                    s.add(horner, row, delta);
                    delta *=
                        s.c.gamma
                            .pow_vartime([s.layout.shape.slacks_a_row() as u64]);
                }
            },
        ),
        stops: &["scan: Horner sum of slacks / horner = continued * previous * gamma^row + row"],
    },
];
