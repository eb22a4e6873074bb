//! Lists of segments that are no function of a magnitude, or not one a model may have.

use ethnum::I256;
use ff::Field;
use halo2_proofs::halo2curves::bn256::Fr;
use zkmargin_circuits::circuit::columns::Free;
use zkmargin_circuits::field::from_i128;
use zkmargin_tests::forge::{book, book_with_spare, function, stepped, Cells, Forgery, Lie, SPARE};

/// Where lists end.
const END: i128 = 1 << 63;

/// Long, short, floor, end, slope, intercept, step.
struct Row(i128, i128, i128, i128, i128, i128, i128);

/// Writes the lists of the spare symbol.
fn list(c: &mut Cells, rows: &[Row]) {
    let (h, t) = (c.columns.holding.clone(), c.columns.table.clone());
    let idle = Row(0, 0, 0, 0, 0, 0, 0);
    for (place, row) in c.layout.block(SPARE - 1).enumerate() {
        let Row(long, short, floor, cap, slope, intercept, jump) = rows.get(place).unwrap_or(&idle);
        let next = rows.get(place + 1).unwrap_or(&idle);
        let continues = long * next.0 + (1 - long) * short * next.1;
        for (column, value) in [
            (t.long, long),
            (t.short, short),
            (h.floor, floor),
            (h.cap, cap),
            (t.coefficient, slope),
            (t.intercept, intercept),
            (t.jump, jump),
            (t.continues, &continues),
        ] {
            c.set(column, row, from_i128(*value));
        }
        let active = long + short - long * short;
        c.put(&t.limbs.gap, row, I256::from((cap - floor - active).max(0)));
        c.put(&t.limbs.coefficient, row, I256::from((*slope).max(0)));
        c.put(&t.limbs.jump, row, I256::from((*jump).max(0)));
    }
}

/// Writes a cell of the spare symbol on all rows of its block.
fn block(c: &mut Cells, column: Free, value: Fr) {
    for row in c.layout.block(SPARE - 1) {
        c.set(column, row, value);
    }
}

pub const FORGERIES: &[Forgery] = &[
    Forgery {
        name: "a symbol twice an asset",
        book: book_with_spare,
        lie: Lie::Cells(|c| {
            let h = c.columns.holding.clone();
            block(c, h.is_asset, 2.into());
            c.settle();
        }),
        stops: &[
            "sum: everything cancels / ends at 0",
            "table: collateral of symbols / debt_weight = asset * 10^6 + limbs",
            "table: collateral of symbols / lot_value = asset + limbs",
            "table: collateral of symbols / lot_value = lot * unit * 10^6, or the greatest",
            "table: collateral ratios / 1 - first ratio is not negative",
            "table: collateral ratios / coefficient - next coefficient = fall",
            "table: lists of segments / asset is boolean",
            "table: lists of segments / asset or instrument",
            "table: lists of segments / first row serves long",
            "table: lists of segments / no symbol: no short",
            "table: ranges of symbols / unit = asset + limbs",
        ],
    },
    Forgery {
        name: "a symbol twice an instrument",
        book: book_with_spare,
        lie: Lie::Cells(|c| {
            let h = c.columns.holding.clone();
            block(c, h.is_instrument, 2.into());
            c.settle();
        }),
        stops: &[
            "sum: everything cancels / ends at 0",
            "table: lists of segments / first row serves long",
            "table: lists of segments / instrument is boolean",
            "table: lists of segments / no symbol: no short",
        ],
    },
    Forgery {
        name: "an instrument that is an asset",
        book: book_with_spare,
        lie: Lie::Cells(|c| {
            let h = c.columns.holding.clone();
            block(c, h.is_asset, 1.into());
            c.settle();
        }),
        stops: &[
            "sum: everything cancels / ends at 0",
            "table: collateral of symbols / debt_weight = asset * 10^6 + limbs",
            "table: collateral of symbols / lot_value = asset + limbs",
            "table: collateral of symbols / lot_value = lot * unit * 10^6, or the greatest",
            "table: collateral ratios / 1 - first ratio is not negative",
            "table: collateral ratios / coefficient - next coefficient = fall",
            "table: lists of segments / asset or instrument",
            "table: lists of segments / first row serves long",
            "table: lists of segments / no symbol: no short",
            "table: ranges of symbols / unit = asset + limbs",
        ],
    },
    Forgery {
        name: "a list served twice over",
        book: book_with_spare,
        lie: Lie::Cells(|c| {
            list(c, &[Row(1, 0, 0, 10, 1_000, 0, 0), Row(2, 0, 10, END, 2_000, -10_000, 0), Row(0, 1, 0, END, 3_000, 0, 0)]);
            c.settle();
        }),
        stops: &[
            "table: lists of segments / long is boolean",
            "table: lists of segments / short does not return",
            "table: lists of segments / short follows long where it was not served",
            "table: segments have no gaps / idle: cap = 0",
            "table: segments have no gaps / idle: coefficient = 0",
            "table: segments have no gaps / idle: floor = 0",
            "table: segments have no gaps / idle: intercept = 0",
            "table: segments have no gaps / list's last: cap = end of the range",
        ],
    },
    Forgery {
        name: "two lists short of two and minus one",
        book: book_with_spare,
        lie: Lie::Cells(|c| {
            list(c, &[Row(1, 2, 0, 10, 1_000, 0, 0), Row(1, 2, 10, END, 2_000, -10_000, 0), Row(0, -1, 0, END, 0, 0, 0)]);
            c.settle();
        }),
        stops: &[
            "table: lists of segments / short is boolean",
            "table: segments have no gaps / idle: cap = 0",
        ],
    },
    Forgery {
        name: "no list for a side",
        book: book_with_spare,
        lie: Lie::Cells(|c| {
            list(c, &[Row(0, 1, 0, END, 3_000, 0, 0)]);
            c.settle();
        }),
        stops: &["table: lists of segments / first row serves long"],
    },
    Forgery {
        name: "a list of no symbol",
        book,
        lie: Lie::Cells(|c| {
            list(c, &[Row(0, 1, 0, END, 3_000, 0, 0)]);
            c.settle();
        }),
        stops: &["table: lists of segments / no symbol: no short"],
    },
    Forgery {
        name: "two lists for the long side",
        book: book_with_spare,
        lie: Lie::Cells(|c| {
            list(c, &[Row(1, 0, 0, END, 1_000, 0, 0), Row(0, 1, 0, 10, 3_000, 0, 0), Row(1, 1, 10, END, 3_000, 0, 0)]);
            c.settle();
        }),
        stops: &["table: lists of segments / long does not return"],
    },
    Forgery {
        name: "a short side that begins in the middle of a list",
        book: book_with_spare,
        lie: Lie::Cells(|c| {
            list(c, &[Row(1, 0, 0, 10, 1_000, 0, 0), Row(1, 1, 10, END, 2_000, -10_000, 0)]);
            c.settle();
        }),
        stops: &["table: lists of segments / short holds within a list"],
    },
    Forgery {
        name: "no list for the short side",
        book: book_with_spare,
        lie: Lie::Cells(|c| {
            list(c, &[Row(1, 0, 0, 10, 1_000, 0, 0), Row(1, 0, 10, END, 2_000, -10_000, 0)]);
            c.settle();
        }),
        stops: &["table: lists of segments / short follows long where it was not served"],
    },
    Forgery {
        name: "two lists for the short side",
        book: book_with_spare,
        lie: Lie::Cells(|c| {
            list(c, &[Row(1, 1, 0, 10, 1_000, 0, 0), Row(1, 1, 10, END, 2_000, -10_000, 0), Row(0, 1, 0, END, 3_000, 0, 0)]);
            c.settle();
        }),
        stops: &["table: lists of segments / short follows long where it was not served"],
    },
    Forgery {
        name: "a second list for the short side, after a pause",
        book: book_with_spare,
        lie: Lie::Cells(|c| {
            list(c, &[Row(1, 0, 0, 10, 1_000, 0, 0), Row(1, 0, 10, END, 2_000, -10_000, 0), Row(0, 1, 0, END, 3_000, 0, 0), Row(0, 0, 0, 0, 0, 0, 0), Row(0, 1, 0, END, 7, -5, 0)]);
            c.settle();
        }),
        stops: &["table: lists of segments / short does not return"],
    },
    Forgery {
        name: "no room for the short side",
        book: book_with_spare,
        lie: Lie::Cells(|c| {
            list(c, &[Row(1, 0, 0, 10, 1_000, 0, 0), Row(1, 0, 10, 20, 1_000, 0, 0), Row(1, 0, 20, 30, 1_000, 0, 0), Row(1, 0, 30, 40, 1_000, 0, 0), Row(1, 0, 40, 50, 1_000, 0, 0), Row(1, 0, 50, 60, 1_000, 0, 0), Row(1, 0, 60, 70, 1_000, 0, 0), Row(1, 0, 70, END, 1_000, 0, 0)]);
            c.settle();
        }),
        stops: &["table: lists of segments / last row leaves nothing unserved"],
    },
    Forgery {
        name: "segments that overlap",
        book: book_with_spare,
        lie: Lie::Cells(|c| {
            list(c, &[Row(1, 0, 0, END, 1_000, 0, 0), Row(1, 0, 10, END, 2_000, -10_000, 0), Row(0, 1, 0, END, 3_000, 0, 0)]);
            let continues = c.columns.table.continues;
            let first = c.layout.block(SPARE - 1).start;
            c.set(continues, first, Fr::ZERO);
            c.settle();
        }),
        stops: &["table: lists of segments / continues = the list goes on"],
    },
    Forgery {
        name: "a list that goes on into the next symbol",
        book: book_with_spare,
        lie: Lie::Cells(|c| {
            list(c, &[Row(1, 1, 0, 10, 1_000, 0, 0), Row(1, 1, 10, 20, 1_000, 0, 0), Row(1, 1, 20, 30, 1_000, 0, 0), Row(1, 1, 30, 40, 1_000, 0, 0), Row(1, 1, 40, 50, 1_000, 0, 0), Row(1, 1, 50, 60, 1_000, 0, 0), Row(1, 1, 60, 70, 1_000, 0, 0), Row(1, 1, 70, 80, 1_000, 0, 0)]);
            let continues = c.columns.table.continues;
            let last = c.layout.block(SPARE - 1).end - 1;
            c.set(continues, last, Fr::ONE);
            c.settle();
        }),
        stops: &["table: lists of segments / last row: continues = 0"],
    },
    Forgery {
        name: "an empty segment",
        book: book_with_spare,
        lie: Lie::Cells(|c| {
            list(c, &[Row(1, 0, 0, 10, 1_000, 0, 0), Row(1, 0, 10, 10, 5_000, -40_000, 0), Row(1, 0, 10, END, 2_000, -10_000, 0), Row(0, 1, 0, END, 3_000, 0, 0)]);
            c.settle();
        }),
        stops: &["table: segments have no gaps / cap = floor + active + gap"],
    },
    Forgery {
        name: "a gap",
        book: book_with_spare,
        lie: Lie::Cells(|c| {
            list(c, &[Row(1, 0, 0, 10, 1_000, 0, 0), Row(1, 0, 20, END, 2_000, -10_000, 0), Row(0, 1, 0, END, 3_000, 0, 0)]);
            c.settle();
        }),
        stops: &["table: segments have no gaps / continues: next floor = cap"],
    },
    Forgery {
        name: "a list that ends early",
        book: book_with_spare,
        lie: Lie::Cells(|c| {
            list(c, &[Row(1, 0, 0, 10, 1_000, 0, 0), Row(1, 0, 10, 1_000, 2_000, -10_000, 0), Row(0, 1, 0, END, 3_000, 0, 0)]);
            c.settle();
        }),
        stops: &["table: segments have no gaps / list's last: cap = end of the range"],
    },
    Forgery {
        name: "an idle row with an end",
        book: book_with_spare,
        lie: Lie::Cells(|c| {
            list(c, &[Row(1, 0, 0, 10, 1_000, 0, 0), Row(1, 0, 10, END, 2_000, -10_000, 0), Row(0, 1, 0, END, 3_000, 0, 0), Row(0, 0, 0, 0, 0, 0, 0), Row(0, 0, 0, 7, 0, 0, 0)]);
            c.settle();
        }),
        stops: &["table: segments have no gaps / idle: cap = 0"],
    },
    Forgery {
        name: "an idle row with a floor",
        book: book_with_spare,
        lie: Lie::Cells(|c| {
            list(c, &[Row(1, 0, 0, 10, 1_000, 0, 0), Row(1, 0, 10, END, 2_000, -10_000, 0), Row(0, 1, 0, END, 3_000, 0, 0), Row(0, 0, 0, 0, 0, 0, 0), Row(0, 0, -7, 0, 0, 0, 0)]);
            c.settle();
        }),
        stops: &["table: segments have no gaps / idle: floor = 0"],
    },
    Forgery {
        name: "an idle row with a slope",
        book: book_with_spare,
        lie: Lie::Cells(|c| {
            list(c, &[Row(1, 0, 0, 10, 1_000, 0, 0), Row(1, 0, 10, END, 2_000, -10_000, 0), Row(0, 1, 0, END, 3_000, 0, 0), Row(0, 0, 0, 0, 0, 0, 0), Row(0, 0, 0, 0, 7, 0, 0)]);
            c.settle();
        }),
        stops: &["table: segments have no gaps / idle: coefficient = 0"],
    },
    Forgery {
        name: "an idle row with an intercept",
        book: book_with_spare,
        lie: Lie::Cells(|c| {
            list(c, &[Row(1, 0, 0, 10, 1_000, 0, 0), Row(1, 0, 10, END, 2_000, -10_000, 0), Row(0, 1, 0, END, 3_000, 0, 0), Row(0, 0, 0, 0, 0, 0, 0), Row(0, 0, 0, 0, 0, 7, 0)]);
            c.settle();
        }),
        stops: &["table: segments have no gaps / idle: intercept = 0"],
    },
    Forgery {
        name: "an idle row with a step",
        book: book_with_spare,
        lie: Lie::Cells(|c| {
            list(c, &[Row(1, 0, 0, 10, 1_000, 0, 0), Row(1, 0, 10, END, 2_000, -10_000, 0), Row(0, 1, 0, END, 3_000, 0, 0), Row(0, 0, 0, 0, 0, 0, 0), Row(0, 0, 0, 0, 0, 0, 7)]);
            c.settle();
        }),
        stops: &["table: segments have no gaps / idle: jump = 0"],
    },
    Forgery {
        name: "a first bracket above zero",
        book: book_with_spare,
        lie: Lie::Cells(|c| {
            list(c, &[Row(1, 0, 5, 10, 1_000, 0, 0), Row(1, 0, 10, END, 2_000, -10_000, 0), Row(0, 1, 0, END, 3_000, 0, 0)]);
            c.settle();
        }),
        stops: &["table: lists begin at zero / first floor = 0"],
    },
    Forgery {
        name: "a charge at zero",
        book: book_with_spare,
        lie: Lie::Cells(|c| {
            list(c, &[Row(1, 0, 0, 10, 1_000, -500, 0), Row(1, 0, 10, END, 2_000, -10_500, 0), Row(0, 1, 0, END, 3_000, 0, 0)]);
            c.settle();
        }),
        stops: &["table: lists begin at zero / first intercept = 0"],
    },
    Forgery {
        name: "a step at zero",
        book: book_with_spare,
        lie: Lie::Cells(|c| {
            list(c, &[Row(1, 0, 0, 10, 1_000, 0, 3), Row(1, 0, 10, END, 2_000, -10_000, 0), Row(0, 1, 0, END, 3_000, 0, 0)]);
            c.settle();
        }),
        stops: &["table: lists begin at zero / first jump = 0"],
    },
    Forgery {
        name: "a first bracket of the short side above zero",
        book: book_with_spare,
        lie: Lie::Cells(|c| {
            list(c, &[Row(1, 0, 0, 10, 1_000, 0, 0), Row(1, 0, 10, END, 2_000, -10_000, 0), Row(0, 1, 5, END, 3_000, 0, 0)]);
            c.settle();
        }),
        stops: &["table: lists begin at zero / second list: floor = 0"],
    },
    Forgery {
        name: "a charge of the short side at zero",
        book: book_with_spare,
        lie: Lie::Cells(|c| {
            list(c, &[Row(1, 0, 0, 10, 1_000, 0, 0), Row(1, 0, 10, END, 2_000, -10_000, 0), Row(0, 1, 0, END, 3_000, -500, 0)]);
            c.settle();
        }),
        stops: &["table: lists begin at zero / second list: intercept = 0"],
    },
    Forgery {
        name: "a step of the short side at zero",
        book: book_with_spare,
        lie: Lie::Cells(|c| {
            list(c, &[Row(1, 0, 0, 10, 1_000, 0, 0), Row(1, 0, 10, END, 2_000, -10_000, 0), Row(0, 1, 0, END, 3_000, 0, 3)]);
            c.settle();
        }),
        stops: &["table: lists begin at zero / second list: jump = 0"],
    },
    Forgery {
        name: "a charge cut at a floor",
        book: book_with_spare,
        lie: Lie::Cells(|c| {
            list(c, &[Row(1, 0, 0, 10, 1_000, 0, 0), Row(1, 0, 10, END, 2_000, -20_000, 0), Row(0, 1, 0, END, 3_000, 0, 0)]);
            c.settle();
        }),
        stops: &["table: lines meet or step up / next intercept = intercept + (coefficient - next coefficient) * cap + next jump * 10^6"],
    },
    Forgery {
        name: "a falling charge",
        book: book_with_spare,
        lie: Lie::Cells(|c| {
            list(c, &[Row(1, 0, 0, 10, 1_000, 0, 0), Row(1, 0, 10, END, -5, 10_050, 0), Row(0, 1, 0, END, 3_000, 0, 0)]);
            c.settle();
        }),
        stops: &["table: ranges of segments / coefficient = limbs"],
    },
    Forgery {
        name: "a charge that steps down",
        book: book_with_spare,
        lie: Lie::Cells(|c| {
            list(c, &[Row(1, 0, 0, 10, 1_000, 0, 0), Row(1, 0, 10, END, 2_000, -3_010_000, -3), Row(0, 1, 0, END, 3_000, 0, 0)]);
            c.settle();
        }),
        stops: &["table: ranges of segments / jump = limbs"],
    },
    Forgery {
        name: "a rising weight",
        book,
        lie: Lie::Model(|b| b.risk.symbols[0].long = function(&[(0, 900_000), (10_000, 950_000)])),
        stops: &["table: collateral ratios / coefficient - next coefficient = fall"],
    },
    Forgery {
        name: "collateral that steps up",
        book,
        lie: Lie::Model(|b| b.risk.symbols[0].long = stepped(&[(0, 900_000, 0), (10_000, 900_000, 50)])),
        stops: &["table: collateral ratios / no step"],
    },
    Forgery {
        name: "a weight above one",
        book,
        lie: Lie::Model(|b| b.risk.symbols[0].long = function(&[(0, 1_100_000)])),
        stops: &["table: collateral ratios / 1 - first ratio is not negative"],
    },
];
