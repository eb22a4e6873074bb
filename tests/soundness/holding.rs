//! Holdings valued, charged, scanned, ordered and packed otherwise than they are.

use ethnum::I256;
use ff::{Field, PrimeField};
use halo2_proofs::halo2curves::bn256::Fr;
use zkmargin_circuits::field::{EQUITY_SCALE, FINE};
use zkmargin_circuits::witness::plan::ShardPlan;
use zkmargin_tests::forge::{
    book, book_with_option, Cells, Forgery, Lie, ALICE, BOB, CAROL, EMPTY, FUND,
};

/// Runs of the accounts.
const BOBS: usize = 1;
const FUNDS: usize = 4;

/// Cuts a holding of the fund, or a position of bob, in two.
fn split(plan: &mut ShardPlan, run: usize, at: usize) {
    let window = &mut plan.runs[run].windows[0];
    let mut half = window.holdings[at];
    half.holding.amount /= 2;
    half.outcome.amount /= 2;
    window.holdings[at].holding.amount -= half.holding.amount;
    window.holdings[at].outcome.amount -= half.outcome.amount;
    if run == FUNDS {
        // Halves of the last tier's million.
        half.outcome.segment = 1;
        window.holdings[at].outcome.segment = 1;
    }
    window.holdings.insert(at, half);
}

/// Adds to a running sum from a row of carol's pool to its end.
fn raise(c: &mut Cells, column: zkmargin_circuits::circuit::columns::Free, delta: Fr) {
    for row in c.row(CAROL, 2)..c.row(CAROL, 8) {
        let value = c.get(column, row) + delta;
        c.set(column, row, value);
    }
    c.round();
    c.settle();
}

pub const FORGERIES: &[Forgery] = &[
    Forgery {
        name: "a notional of one part in 10^18 more",
        book,
        lie: Lie::Cells(|c| {
            let (h, row) = (c.columns.holding.clone(), c.row(ALICE[1], 1));
            c.push(&h.above, row, -1);
            c.push(&h.below, row, 1);
            c.repair();
        }),
        stops: &["holding: value / (1 - 2 negative) * magnitude = amount * unit"],
    },
    Forgery {
        name: "the bracket below the notional's",
        book,
        lie: Lie::Holdings(|plan| {
            let held = &mut plan.runs[0].windows[1].holdings[1];
            assert_eq!((held.holding.amount, held.outcome.segment), (300, 1));
            held.outcome.segment = 0;
        }),
        stops: &["holding: value / cap * 10^18 - on - magnitude = below"],
    },
    Forgery {
        name: "the bracket that ends where the notional is",
        book: || {
            let mut book = book();
            // 100 * 100 is the second bracket's floor, which is inclusive.
            book.accounts[0].pools[0].holdings[1].amount = 100;
            book
        },
        lie: Lie::Holdings(|plan| {
            let held = &mut plan.runs[0].windows[1].holdings[1];
            assert_eq!(held.outcome.segment, 1);
            held.outcome.segment = 0;
        }),
        stops: &["holding: value / cap * 10^18 - on - magnitude = below"],
    },
    Forgery {
        name: "the bracket above the notional's, with the notional lifted to it",
        book,
        lie: Lie::Cells(|c| {
            let row = c.row(ALICE[1], 1);
            c.enter(row, 2, false);
            c.repair();
        }),
        stops: &["holding: value / (1 - 2 negative) * magnitude = amount * unit"],
    },
    Forgery {
        name: "the bracket below the notional's, with the notional lowered to it",
        book,
        lie: Lie::Cells(|c| {
            let row = c.row(ALICE[1], 1);
            c.enter(row, 0, false);
            c.repair();
        }),
        stops: &["holding: value / (1 - 2 negative) * magnitude = amount * unit"],
    },
    Forgery {
        name: "the tier above a collateral's, with the value lifted to it",
        book,
        lie: Lie::Cells(|c| {
            let row = c.row(CAROL, 0);
            c.enter(row, 1, false);
            c.repair();
        }),
        stops: &["holding: value / (1 - 2 negative) * magnitude = amount * unit"],
    },
    Forgery {
        name: "the first tier for collateral that counts less",
        book,
        lie: Lie::Cells(|c| {
            let row = c.row(ALICE[1], 3);
            c.enter(row, 0, false);
            c.repair();
        }),
        stops: &["holding: value / (1 - 2 negative) * magnitude = amount * unit"],
    },
    Forgery {
        name: "a debt taken for collateral",
        book,
        lie: Lie::Cells(|c| {
            let row = c.row(BOB[1], 0);
            assert_eq!(c.get(c.columns.holding.negative, row), Fr::ONE);
            c.enter(row, 0, false);
            c.repair();
        }),
        stops: &["holding: value / (1 - 2 negative) * magnitude = amount * unit"],
    },
    Forgery {
        name: "collateral taken for a debt",
        book,
        lie: Lie::Cells(|c| {
            let row = c.row(FUND, 0);
            c.enter(row, 3, true);
            c.repair();
        }),
        stops: &["holding: value / (1 - 2 negative) * magnitude = amount * unit"],
    },
    Forgery {
        name: "the charge of the other side",
        book,
        lie: Lie::Cells(|c| {
            let row = c.row(ALICE[1], 4);
            assert_eq!(c.get(c.columns.holding.negative, row), Fr::ONE);
            c.enter(row, 1, false);
            c.repair();
        }),
        stops: &[
            "holding: value / (1 - 2 negative) * magnitude = amount * unit",
            "holding: value / instrument: magnitude of the quantity = range",
        ],
    },
    Forgery {
        name: "a quantity in an empty row",
        book,
        lie: Lie::Cells(|c| {
            let (h, row) = (c.columns.holding.clone(), c.row(FUND, 4));
            c.push(&h.amount, row, 1_000);
            c.push(&h.scanned, row, 1_000);
            c.repair();
        }),
        stops: &["holding: value / empty: amount = 0"],
    },
    Forgery {
        name: "a base in an empty row",
        book,
        lie: Lie::Cells(|c| {
            let (h, row) = (c.columns.holding.clone(), c.row(FUND, 4));
            c.push(&h.base, row, 1_000);
            c.repair();
        }),
        stops: &["holding: value / empty: base = 0"],
    },
    Forgery {
        name: "a short option without notional taken for a long one, against its floor",
        book: book_with_option,
        lie: Lie::Holdings(|plan| {
            let held = &mut plan.runs[BOBS].windows[1].holdings[1];
            assert_eq!((held.holding.amount, held.outcome.negative), (-5, true));
            held.outcome.negative = false;
        }),
        stops: &["holding: value / instrument: magnitude of the quantity = range"],
    },
    Forgery {
        name: "collateral scanned with a lot more than it fills",
        book,
        lie: Lie::Cells(|c| {
            let (h, row) = (c.columns.holding.clone(), c.row(ALICE[1], 3));
            c.push(&h.scanned, row, 1);
            c.repair();
        }),
        stops: &["holding: scanned quantity / collateral = scanned * lot_value + remainder"],
    },
    Forgery {
        name: "collateral scanned with a lot less than it fills",
        book,
        lie: Lie::Cells(|c| {
            let (h, row) = (c.columns.holding.clone(), c.row(ALICE[1], 3));
            let lot_value = 10 * 50 * EQUITY_SCALE as i128;
            c.push(&h.scanned, row, -1);
            c.push(&h.remainder, row, lot_value);
            c.put(&h.remainder_below, row, I256::ZERO);
            c.repair();
        }),
        stops: &["holding: scanned quantity / lot_value - asset - remainder = remainder_below"],
    },
    Forgery {
        name: "a position scanned at less than its quantity",
        book,
        lie: Lie::Cells(|c| {
            let (h, row) = (c.columns.holding.clone(), c.row(CAROL, 1));
            c.push(&h.scanned, row, -100);
            // The identity pays positions by what is scanned: the asset's worth follows.
            let usdt = c.row(CAROL, 0);
            c.push(&h.amount, usdt, -10_000);
            c.enter(usdt, 4, true);
            c.repair();
        }),
        stops: &["holding: scanned quantity / not an asset: scanned = amount"],
    },
    Forgery {
        name: "a balance split within a pool",
        book,
        lie: Lie::Holdings(|plan| split(plan, FUNDS, 0)),
        stops: &["holding: keys rise / key = previous + on * (step + 1)"],
    },
    Forgery {
        name: "a position split within a pool",
        book,
        lie: Lie::Holdings(|plan| split(plan, BOBS, 1)),
        stops: &["holding: keys rise / key = previous + on * (step + 1)"],
    },
    Forgery {
        name: "a balance split over two windows of a pool",
        book,
        lie: Lie::Holdings(|plan| {
            split(plan, FUNDS, 0);
            let run = &mut plan.runs[FUNDS];
            let half = run.windows[0].holdings.remove(0);
            let mut window = run.windows[0].clone();
            window.holdings = vec![half];
            window.header.pool_end = false;
            window.header.account_end = false;
            window.identity = Fr::ZERO;
            window.amounts = None;
            run.windows.insert(0, window);
        }),
        stops: &["holding: keys rise / key = previous + on * (step + 1)"],
    },
    Forgery {
        name: "holdings out of order",
        book,
        lie: Lie::Holdings(|plan| plan.runs[0].windows[1].holdings.swap(0, 3)),
        stops: &["holding: keys rise / key = previous + on * (step + 1)"],
    },
    Forgery {
        name: "a split balance under keys of its own",
        book: || {
            let mut book = book();
            book.accounts[4].pools[0].holdings[0].amount = 1_000;
            book
        },
        lie: Lie::Both(
            |c| {
                // The second half repeats the first, under the key 2.
                let h = c.columns.holding.clone();
                let row = c.row(FUND, 1);
                for column in c.columns.free.clone() {
                    if h.tuple().contains(&column) || column == h.packed {
                        let value = c.get(column, row - 1);
                        c.set(column, row, value);
                    }
                }
                for limbs in [&h.base, &h.amount, &h.above, &h.below, &h.scanned, &h.remainder, &h.remainder_below] {
                    let value = c.limbs(limbs, row - 1);
                    c.put(limbs, row, value);
                }
                for row in row..c.row(FUND, 8) {
                    c.set(h.key, row, Fr::from(2));
                }
                c.used();
                c.repair();
            },
            |_| (),
        ),
        stops: &["holding: keys rise / on: key = index"],
    },
    Forgery {
        name: "a step in an empty row",
        book,
        lie: Lie::Cells(|c| {
            let (h, row) = (c.columns.holding.clone(), c.row(EMPTY, 4));
            c.put(&h.step, row, I256::from(7));
            c.repair();
        }),
        stops: &["holding: keys rise / empty: step = 0"],
    },
    Forgery {
        name: "a leaf of another balance than the one summed",
        book,
        lie: Lie::Cells(|c| {
            let row = c.row(FUND, 0);
            c.add(c.columns.holding.packed, row, 1_000);
            c.settle();
        }),
        stops: &["holding: packed for the leaf / packed = index * 2^w + on * 2^(w-1) + asset * base + instrument * amount"],
    },
    Forgery {
        name: "equity from nowhere",
        book,
        lie: Lie::Cells(|c| raise(c, c.columns.holding.equity, Fr::from_u128(EQUITY_SCALE * 5_000))),
        stops: &["holding: running sums / equity = previous + slope * magnitude + intercept"],
    },
    Forgery {
        name: "value from nowhere",
        book,
        lie: Lie::Cells(|c| raise(c, c.columns.holding.value, Fr::from_u128(FINE * 5_000))),
        stops: &["holding: running sums / value = previous + asset * amount * unit"],
    },
    Forgery {
        name: "understated maintenance",
        book,
        lie: Lie::Cells(|c| {
            let unit = Fr::from_u128(EQUITY_SCALE) * Fr::from(1_000_000);
            raise(c, c.columns.holding.maintenance, -unit * Fr::from(100));
        }),
        stops: &["holding: running sums / maintenance = previous + factor * charge + scans"],
    },
    Forgery {
        name: "understated initial requirement",
        book,
        lie: Lie::Cells(|c| {
            let unit = Fr::from_u128(EQUITY_SCALE) * Fr::from(1_000_000);
            raise(c, c.columns.holding.initial, -unit * Fr::from(100));
        }),
        stops: &["holding: running sums / initial = previous + factor * charge + scans"],
    },
    Forgery {
        name: "a customer's holdings, but the first, moved to the house",
        book,
        lie: Lie::Cells(|c| {
            for row in c.row(CAROL, 1)..c.row(CAROL, 8) {
                c.set(c.columns.holding.house, row, Fr::ONE);
            }
            c.settle();
        }),
        stops: &["holding: class is the account's / house = previous house"],
    },
    Forgery {
        name: "a customer's holdings, but the first, moved to the fund",
        book,
        lie: Lie::Cells(|c| {
            for row in c.row(CAROL, 1)..c.row(CAROL, 8) {
                c.set(c.columns.holding.fund, row, Fr::ONE);
            }
            c.settle();
        }),
        stops: &["holding: class is the account's / fund = previous fund"],
    },
    Forgery {
        name: "a scan coefficient in an empty row",
        book,
        lie: Lie::Both(
            |_| (),
            |s| s.add(s.columns.holding.rho, EMPTY * 8 + 3, Fr::ONE),
        ),
        stops: &["holding: empty rows have no coefficients / empty: rho = 0"],
    },
    Forgery {
        name: "a second coefficient in an empty row",
        book,
        lie: Lie::Both(
            |_| (),
            |s| s.add(s.columns.holding.sigma, EMPTY * 8 + 3, Fr::ONE),
        ),
        stops: &["holding: empty rows have no coefficients / empty: sigma = 0"],
    },
    Forgery {
        name: "losses of no symbol",
        book,
        lie: Lie::Both(
            |_| (),
            |s| s.add(s.columns.holding.rho, FUND * 8, Fr::ONE),
        ),
        stops: &["lookup / holding: (index, rho, sigma) are a symbol's"],
    },
    Forgery {
        name: "a settlement weight of no symbol",
        book,
        lie: Lie::Both(
            |_| (),
            |s| s.add(s.columns.holding.sigma, FUND * 8, Fr::ONE),
        ),
        stops: &["lookup / holding: (index, rho, sigma) are a symbol's"],
    },
    Forgery {
        name: "a worth that is not base and positions",
        book,
        lie: Lie::Holdings(|plan| {
            let held = &mut plan.runs[BOBS].windows[0].holdings[0];
            held.outcome.amount += 1_000;
        }),
        stops: &["scan: pool identity / pool end: identity = 0"],
    },
    Forgery {
        name: "a position's gain without the asset it settles in",
        book,
        lie: Lie::Holdings(|plan| {
            plan.runs[BOBS].windows[0].holdings.remove(0);
        }),
        stops: &["scan: pool identity / pool end: identity = 0"],
    },
];
