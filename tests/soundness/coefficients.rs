//! Coefficients of other losses, and digests of other tables.

use ff::Field;
use halo2_proofs::halo2curves::bn256::Fr;
use zkmargin_tests::forge::{book, book_with_spare, Forgery, Lie, SPARE};

pub const FORGERIES: &[Forgery] = &[
    Forgery {
        name: "losses from before the first scenario",
        book: book_with_spare,
        lie: Lie::Both(
            |_| (),
            |s| {
                let block = s.layout.block(SPARE - 1);
                let last = block.end - 1;
                let mut delta = Fr::ONE;
                for row in block.start..block.end {
                    s.add(s.columns.table.horner, row, delta);
                    delta *= s.c.gamma;
                }
                let weight = s.get(s.columns.table.group_weight, last);
                let delta = delta * s.c.gamma.invert().unwrap_or(Fr::ZERO);
                s.add(s.columns.holding.rho, last, weight * delta);
            },
        ),
        stops: &["table: Horner sum of losses / horner = row"],
    },
    Forgery {
        name: "losses of another scenario",
        book: book_with_spare,
        lie: Lie::Both(
            |_| (),
            |s| {
                let block = s.layout.block(SPARE - 1);
                let last = block.end - 1;
                let mut delta = Fr::ONE;
                for row in block.start + 3..block.end {
                    s.add(s.columns.table.horner, row, delta);
                    delta *= s.c.gamma;
                }
                let weight = s.get(s.columns.table.group_weight, last);
                let delta = delta * s.c.gamma.invert().unwrap_or(Fr::ZERO);
                s.add(s.columns.holding.rho, last, weight * delta);
            },
        ),
        stops: &["table: Horner sum of losses / horner = previous * gamma^row + row"],
    },
    Forgery {
        name: "other floor weights",
        book: || {
            let mut book = book_with_spare();
            for symbol in &mut book.risk.symbols {
                (symbol.floor_long, symbol.floor_short) = (0, 0);
            }
            book
        },
        lie: Lie::Both(
            |_| (),
            |s| {
                let (t, h) = (s.columns.table.clone(), s.columns.holding.clone());
                s.shift(t.floor_weight, s.layout.weights().end - 1..s.layout.blocks().end, Fr::ONE);
                for symbol in 0..s.layout.shape.symbols {
                    let last = s.layout.block(symbol).end - 1;
                    let instrument = s.witness.grid.free(h.is_instrument, last);
                    let delta = instrument * s.get(t.group_weight, last);
                    s.add(h.sigma, last, delta);
                    for row in 0..s.layout.capacity * 8 {
                        if s.witness.grid.free(h.index, row) == Fr::from(symbol as u64 + 1) {
                            s.add(h.sigma, row, delta);
                        }
                    }
                }
            },
        ),
        stops: &["table: coefficients of the pool identity / floor_weight = Horner sum of floor weights"],
    },
    Forgery {
        name: "other floor weights of one symbol",
        book: book_with_spare,
        lie: Lie::Both(
            |_| (),
            |s| {
                let t = s.columns.table.clone();
                let block = s.layout.block(SPARE - 1);
                let last = block.end - 1;
                s.shift(t.floor_weight, block, Fr::ONE);
                s.add(s.columns.holding.sigma, last, s.get(t.group_weight, last));
            },
        ),
        stops: &["table: coefficients of the pool identity / floor_weight is the same"],
    },
    Forgery {
        name: "a weight of another group",
        book: book_with_spare,
        lie: Lie::Both(
            |_| (),
            |s| {
                let t = s.columns.table.clone();
                let last = s.layout.block(SPARE - 1).end - 1;
                s.add(t.group_weight, last, Fr::ONE);
                let (losses, floors) = (s.get(t.horner, last), s.get(t.floor_weight, last));
                s.add(s.columns.holding.rho, last, losses);
                s.add(s.columns.holding.sigma, last, floors);
            },
        ),
        stops: &["table: coefficients of the pool identity / group_weight * (xi - group) = 1"],
    },
    Forgery {
        name: "a weight of another settlement asset",
        book: book_with_spare,
        lie: Lie::Both(
            |_| (),
            |s| {
                let last = s.layout.block(SPARE - 1).end - 1;
                s.add(s.columns.table.settlement_weight, last, Fr::ONE);
                // The mark is one.
                s.add(s.columns.holding.rho, last, Fr::ONE);
            },
        ),
        stops: &["table: coefficients of the pool identity / settlement_weight * (upsilon - settlement) = 1"],
    },
    Forgery {
        name: "a coefficient of no losses",
        book: book_with_spare,
        lie: Lie::Both(
            |_| (),
            |s| {
                let last = s.layout.block(SPARE - 1).end - 1;
                s.add(s.columns.holding.rho, last, Fr::ONE);
            },
        ),
        stops: &["table: coefficients of the pool identity / rho = group_weight * losses + instrument * mark * settlement_weight"],
    },
    Forgery {
        name: "a coefficient of no floors",
        book: book_with_spare,
        lie: Lie::Both(
            |_| (),
            |s| {
                let last = s.layout.block(SPARE - 1).end - 1;
                s.add(s.columns.holding.sigma, last, Fr::ONE);
            },
        ),
        stops: &["table: coefficients of the pool identity / sigma = asset * settlement_weight + instrument * group_weight * floor_weight"],
    },
    Forgery {
        name: "a digest of another element: segment",
        book,
        lie: Lie::Cells(|c| {
            let h = c.columns.holding.clone();
            let row = c.layout.block(1).start + 1;
            c.add(h.packed, row, 1 << 20);
            c.rehash();
        }),
        stops: &["table: elements of the digests / segment"],
    },
    Forgery {
        name: "a digest of another element: group",
        book,
        lie: Lie::Cells(|c| {
            let h = c.columns.holding.clone();
            let row = c.layout.groups().start + 1;
            c.add(h.packed, row, 1 << 20);
            c.rehash();
        }),
        stops: &["table: elements of the digests / group"],
    },
    Forgery {
        name: "a digest of another element: floor weights",
        book,
        lie: Lie::Cells(|c| {
            let h = c.columns.holding.clone();
            let row = c.layout.weights().start;
            c.add(h.packed, row, 1 << 20);
            c.rehash();
        }),
        stops: &["table: elements of the digests / floor weights"],
    },
    Forgery {
        name: "a digest of another element: market",
        book,
        lie: Lie::Cells(|c| {
            let t = c.columns.table.clone();
            let row = c.layout.block(1).start;
            c.add(t.symbol_elements[0], row, 1 << 20);
            c.rehash();
        }),
        stops: &["table: elements of the digests / market"],
    },
    Forgery {
        name: "a digest of another element: model",
        book,
        lie: Lie::Cells(|c| {
            let t = c.columns.table.clone();
            let row = c.layout.block(1).start;
            c.add(t.symbol_elements[1], row, 1 << 20);
            c.rehash();
        }),
        stops: &["table: elements of the digests / model"],
    },
];
