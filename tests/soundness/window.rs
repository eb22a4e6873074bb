//! Flags, leaves, rounded amounts and counts that are not the pool's.

use ethnum::I256;
use ff::{Field, PrimeField};
use halo2_proofs::halo2curves::bn256::Fr;
use zkmargin_circuits::circuit::columns::{Free, Signed, WindowCell, WindowLimbs};
use zkmargin_circuits::field::{EQUITY_SCALE, FINE, REQUIREMENT_SCALE};
use zkmargin_tests::forge::{book, Cells, Forgery, Lie, ALICE, BOB, CAROL, EMPTY, FUND, HOUSE};

const LAST_FLAG: Fr = Fr::ONE;

/// Sets a flag of a window and what follows from it.
fn flag(c: &mut Cells, cell: WindowCell<Free>, window: usize, value: Fr) {
    c.set_cell(&cell, window, value);
    c.settle();
}

/// Sets the class cells of a window.
fn class(c: &mut Cells, column: Free, window: usize, value: Fr) {
    for row in c.row(window, 0)..c.row(window, 8) {
        c.set(column, row, value);
    }
}

/// Claims another equity of carol, with everything that depends on it.
fn claim_equity(c: &mut Cells, delta: i64) {
    let w = c.columns.window.clone();
    let equity = integer(c.amount(&w.equity, CAROL)) + I256::from(delta);
    let maintenance = c.window_limbs(&w.maintenance, CAROL);
    c.put_signed(&w.equity, CAROL, equity);
    c.put_signed(&w.surplus, CAROL, equity - maintenance);
    c.settle();
}

fn claim_maintenance(c: &mut Cells, delta: i64) {
    let w = c.columns.window.clone();
    let equity = integer(c.amount(&w.equity, CAROL));
    let maintenance = c.window_limbs(&w.maintenance, CAROL) + I256::from(delta);
    c.put_window(&w.maintenance, CAROL, maintenance);
    c.put_signed(&w.surplus, CAROL, equity - maintenance);
    c.settle();
}

fn integer(value: Fr) -> I256 {
    zkmargin_tests::forge::integer(value)
}

/// Adds a whole quantum to a remainder, which leaves its complement below zero.
fn overfill(c: &mut Cells, remainder: &WindowLimbs, complement: &WindowLimbs, scale: u128) {
    let value = c.window_limbs(remainder, CAROL) + I256::from(scale);
    c.put_window(remainder, CAROL, value);
    c.put_window(complement, CAROL, I256::ZERO);
}

/// Shows a signed amount as one of magnitude 0 under a sign that is no sign.
fn blur(c: &mut Cells, signed: &Signed, window: usize) {
    let value = c.amount(signed, window);
    c.put_window(&signed.magnitude, window, I256::ZERO);
    c.set_cell(&signed.negative, window, -value);
    c.settle();
}

pub const FORGERIES: &[Forgery] = &[
    Forgery {
        name: "a pool that ends minus once",
        book,
        lie: Lie::Cells(|c| {
            let w = c.columns.window.clone();
            c.set_cell(&w.account_end, EMPTY, Fr::ZERO);
            c.set_cell(&w.account_start, EMPTY + 1, Fr::ZERO);
            c.set_cell(&w.pool_start, EMPTY + 1, -Fr::ONE);
            flag(c, w.pool_end, EMPTY, -Fr::ONE);
        }),
        stops: &["window: flags / pool_end is boolean"],
    },
    Forgery {
        name: "an account that ends minus once",
        book,
        lie: Lie::Cells(|c| {
            let w = c.columns.window.clone();
            c.set_cell(&w.account_start, EMPTY + 1, -Fr::ONE);
            flag(c, w.account_end, EMPTY, -Fr::ONE);
        }),
        stops: &["window: flags / account_end is boolean"],
    },
    Forgery {
        name: "a block absorbed two times",
        book,
        lie: Lie::Cells(|c| {
            let w = c.columns.window.clone();
            flag(c, w.absorbed, ALICE[0], Fr::from(2));
        }),
        stops: &["window: flags / absorbed is boolean"],
    },
    Forgery {
        name: "an account that ends within a pool",
        book,
        lie: Lie::Cells(|c| {
            let w = c.columns.window.clone();
            c.set_cell(&w.account_start, ALICE[1], LAST_FLAG);
            flag(c, w.account_end, ALICE[0], LAST_FLAG);
        }),
        stops: &["window: flags / account_end implies pool_end"],
    },
    Forgery {
        name: "a pool whose last block is not in the leaf",
        book,
        lie: Lie::Cells(|c| {
            let w = c.columns.window.clone();
            flag(c, w.absorbed, EMPTY, Fr::ZERO);
        }),
        stops: &["window: flags / pool_end implies absorbed"],
    },
    Forgery {
        name: "a pool that begins before the rows",
        book,
        lie: Lie::Cells(|c| {
            let w = c.columns.window.clone();
            flag(c, w.pool_start, 0, Fr::ZERO);
        }),
        stops: &["window: flags / first window starts a pool"],
    },
    Forgery {
        name: "an account that begins before the rows",
        book,
        lie: Lie::Cells(|c| {
            let w = c.columns.window.clone();
            flag(c, w.account_start, 0, Fr::ZERO);
        }),
        stops: &["window: flags / first window starts an account"],
    },
    Forgery {
        name: "a pool begun anew in its second window: what the first held is forgotten",
        book,
        lie: Lie::Planned(
            |plan| {
                let first = &mut plan.runs[1].windows[0];
                first.header.pool_end = false;
                first.amounts = None;
            },
            |c| {
                let w = c.columns.window.clone();
                c.set_cell(&w.pool_start, BOB[1], LAST_FLAG);
                let h = c.columns.holding.clone();
                let lane = c.columns.lanes[0].clone();
                // Keys begin anew too.
                c.put(&h.step, c.row(BOB[1], 0), I256::from(3));
                c.put_window(&lane.step, BOB[1], I256::ZERO);
                c.repair();
            },
        ),
        stops: &["window: flags / pool_start = previous pool_end"],
    },
    Forgery {
        name: "a leaf begun anew within an account",
        book,
        lie: Lie::Cells(|c| {
            let w = c.columns.window.clone();
            c.set_cell(&w.account_start, BOB[1], LAST_FLAG);
            c.used();
            c.settle();
        }),
        stops: &["window: flags / account_start = previous account_end"],
    },
    Forgery {
        name: "a last account without an end",
        book,
        lie: Lie::Cells(|c| {
            let w = c.columns.window.clone();
            flag(c, w.account_end, c.layout.capacity - 1, Fr::ZERO);
        }),
        stops: &["window: flags / last window ends an account"],
    },
    Forgery {
        name: "claims moved to the fund by a house of two",
        book,
        lie: Lie::Cells(|c| {
            class(c, c.columns.holding.house, CAROL, Fr::from(2));
            c.settle();
        }),
        stops: &["window: class / house is boolean"],
    },
    Forgery {
        name: "claims moved to the house by half a fund",
        book,
        lie: Lie::Cells(|c| {
            class(c, c.columns.holding.fund, CAROL, Fr::from(2).invert().unwrap_or(Fr::ZERO));
            c.settle();
        }),
        stops: &["window: class / fund is boolean"],
    },
    Forgery {
        name: "an account of both house and fund",
        book,
        lie: Lie::Cells(|c| {
            class(c, c.columns.holding.house, EMPTY, Fr::ONE);
            class(c, c.columns.holding.fund, EMPTY, Fr::ONE);
            c.settle();
        }),
        stops: &["window: class / not both house and fund"],
    },
    Forgery {
        name: "a customer's second pool entered as the house's",
        book,
        lie: Lie::Cells(|c| {
            class(c, c.columns.holding.house, BOB[1], Fr::ONE);
            c.settle();
        }),
        stops: &["window: class / house is the account's"],
    },
    Forgery {
        name: "a customer's second pool entered as the fund's",
        book,
        lie: Lie::Cells(|c| {
            class(c, c.columns.holding.fund, BOB[1], Fr::ONE);
            c.settle();
        }),
        stops: &["window: class / fund is the account's"],
    },
    Forgery {
        name: "a leaf that begins elsewhere",
        book,
        lie: Lie::Cells(|c| {
            c.inputs.insert((CAROL, 0), Fr::from(17));
            c.rehash();
        }),
        stops: &["leaf: block / state = tag at an account's start, else the chain"],
    },
    Forgery {
        name: "a second block that forgets the first",
        book,
        lie: Lie::Cells(|c| {
            let tag = c.words(BOB[0])[0];
            c.inputs.insert((BOB[1], 0), tag);
            c.rehash();
        }),
        stops: &["leaf: block / state = tag at an account's start, else the chain"],
    },
    Forgery {
        name: "a chain that carries another state",
        book,
        lie: Lie::Cells(|c| {
            c.inputs.insert((BOB[0], usize::MAX), Fr::from(17));
            c.rehash();
        }),
        stops: &["leaf: block / chain = output if absorbed, else the state"],
    },
    Forgery {
        name: "a leaf of another class",
        book,
        lie: Lie::Cells(|c| {
            c.inputs.insert((FUND, 5), Fr::from(7));
            c.rehash();
        }),
        stops: &["leaf: block / header = flags and class"],
    },
    Forgery {
        name: "a second identity within a leaf",
        book,
        lie: Lie::Cells(|c| {
            c.inputs.insert((BOB[0], 6), Fr::from(17));
            c.rehash();
        }),
        stops: &["leaf: block / identity only at an account's end"],
    },
    Forgery {
        name: "a leaf of other holdings than those summed",
        book,
        lie: Lie::Cells(|c| {
            c.inputs.insert((ALICE[1], 1), Fr::from(17));
            c.rehash();
        }),
        stops: &["leaf: block / element = packed holdings"],
    },
    Forgery {
        name: "a debt entered for a customer without being in their leaf",
        book,
        lie: Lie::Holdings(|plan| {
            let run = &mut plan.runs[0];
            let held = run.windows[1].holdings.remove(0);
            run.windows[0].holdings = vec![held];
        }),
        stops: &["leaf: block / not absorbed: no holdings"],
    },
    Forgery {
        name: "equity rounded up",
        book,
        lie: Lie::Cells(|c| claim_equity(c, 1)),
        stops: &["pool: rounded amounts / equity rounds down"],
    },
    Forgery {
        name: "equity rounded down twice",
        book,
        lie: Lie::Cells(|c| {
            let rounding = c.columns.window.equity_rounding.clone();
            overfill(c, &rounding.remainder, &rounding.complement, EQUITY_SCALE);
            claim_equity(c, -1);
        }),
        stops: &["pool: rounded amounts / equity remainder"],
    },
    Forgery {
        name: "equity in a window that ends no pool",
        book,
        lie: Lie::Cells(|c| {
            let w = c.columns.window.clone();
            c.put_signed(&w.equity, HOUSE[0], I256::from(1_000));
            c.put_signed(&w.surplus, HOUSE[0], I256::from(1_000));
            c.settle();
        }),
        stops: &["pool: rounded amounts / equity rounds down"],
    },
    Forgery {
        name: "value rounded up",
        book,
        lie: Lie::Cells(|c| {
            let w = c.columns.window.clone();
            let value = integer(c.amount(&w.value, CAROL)) + I256::ONE;
            c.put_signed(&w.value, CAROL, value);
            c.settle();
        }),
        stops: &["pool: rounded amounts / value rounds down"],
    },
    Forgery {
        name: "value rounded down twice",
        book,
        lie: Lie::Cells(|c| {
            let w = c.columns.window.clone();
            overfill(c, &w.value_rounding.remainder, &w.value_rounding.complement, FINE);
            let value = integer(c.amount(&w.value, CAROL)) - I256::ONE;
            c.put_signed(&w.value, CAROL, value);
            c.settle();
        }),
        stops: &["pool: rounded amounts / value remainder"],
    },
    Forgery {
        name: "maintenance rounded down",
        book,
        lie: Lie::Cells(|c| claim_maintenance(c, -1)),
        stops: &["pool: rounded amounts / maintenance rounds up"],
    },
    Forgery {
        name: "maintenance rounded up twice",
        book,
        lie: Lie::Cells(|c| {
            let rounding = c.columns.window.maintenance_rounding.clone();
            overfill(c, &rounding.remainder, &rounding.complement, REQUIREMENT_SCALE);
            claim_maintenance(c, 1);
        }),
        stops: &["pool: rounded amounts / maintenance remainder"],
    },
    Forgery {
        name: "initial requirement rounded down",
        book,
        lie: Lie::Cells(|c| {
            let w = c.columns.window.clone();
            let initial = c.window_limbs(&w.initial, CAROL) - I256::ONE;
            c.put_window(&w.initial, CAROL, initial);
            c.settle();
        }),
        stops: &["pool: rounded amounts / initial rounds up"],
    },
    Forgery {
        name: "initial requirement rounded up twice",
        book,
        lie: Lie::Cells(|c| {
            let w = c.columns.window.clone();
            overfill(c, &w.initial_rounding.remainder, &w.initial_rounding.complement, REQUIREMENT_SCALE);
            let initial = c.window_limbs(&w.initial, CAROL) + I256::ONE;
            c.put_window(&w.initial, CAROL, initial);
            c.settle();
        }),
        stops: &["pool: rounded amounts / initial remainder"],
    },
    Forgery {
        name: "negative bankruptcies",
        book,
        lie: Lie::Cells(|c| blur(c, &c.columns.window.equity.clone(), FUND)),
        stops: &["pool: deficits / bankrupt is boolean"],
    },
    Forgery {
        name: "negative underwater pools",
        book,
        lie: Lie::Cells(|c| blur(c, &c.columns.window.value.clone(), FUND)),
        stops: &["pool: deficits / underwater is boolean"],
    },
    Forgery {
        name: "shortfalls cancelled by the fund's surplus",
        book,
        lie: Lie::Cells(|c| blur(c, &c.columns.window.surplus.clone(), FUND)),
        stops: &["pool: deficits / deficient is boolean"],
    },
    Forgery {
        name: "a deficient pool shown as not deficient",
        book,
        lie: Lie::Cells(|c| {
            let w = c.columns.window.clone();
            assert_eq!(c.cell(&w.surplus.negative, CAROL), Fr::ONE);
            c.put_signed(&w.surplus, CAROL, I256::ZERO);
            c.settle();
        }),
        stops: &["pool: deficits / surplus = equity - maintenance"],
    },
    Forgery {
        name: "one pool counted as three",
        book,
        lie: Lie::Cells(|c| {
            let w = c.columns.window.clone();
            c.put_window(&w.last_key, CAROL, I256::ZERO);
            c.set_cell(&w.pool_used, CAROL, Fr::from(3));
            c.set_cell(&w.account_used, CAROL, Fr::from(3));
            c.settle();
        }),
        stops: &["counts: accounts and pools with a holding / pool_used is boolean"],
    },
    Forgery {
        name: "an account left out of the counts",
        book,
        lie: Lie::Cells(|c| {
            let w = c.columns.window.clone();
            c.put_window(&w.last_key, CAROL, I256::ZERO);
            c.set_cell(&w.pool_used, CAROL, Fr::ZERO);
            c.set_cell(&w.account_used, CAROL, Fr::ZERO);
            c.settle();
        }),
        stops: &["counts: accounts and pools with a holding / pool end: greatest index = used * (last_key + 1)"],
    },
    Forgery {
        name: "an empty slot counted as an account",
        book,
        lie: Lie::Cells(|c| {
            let w = c.columns.window.clone();
            c.set_cell(&w.pool_used, EMPTY, Fr::ONE);
            c.set_cell(&w.account_used, EMPTY, Fr::ONE);
            c.settle();
        }),
        stops: &["counts: accounts and pools with a holding / pool end: greatest index = used * (last_key + 1)"],
    },
    Forgery {
        name: "a last key of an unused pool",
        book,
        lie: Lie::Cells(|c| {
            let w = c.columns.window.clone();
            c.put_window(&w.last_key, EMPTY, I256::from(5));
            c.settle();
        }),
        stops: &["counts: accounts and pools with a holding / not used: last_key = 0"],
    },
    Forgery {
        name: "an account with a holding that counts as none",
        book,
        lie: Lie::Cells(|c| {
            let w = c.columns.window.clone();
            c.set_cell(&w.account_used, CAROL, Fr::ZERO);
            c.settle();
        }),
        stops: &["counts: accounts and pools with a holding / account_used = carried or pool_used"],
    },
    Forgery {
        name: "a count of accounts that jumps",
        book,
        lie: Lie::Cells(|c| {
            let w = c.columns.window.clone();
            for window in EMPTY..c.layout.capacity {
                let accounts = c.cell(&w.accounts, window) + Fr::from(3);
                c.set_cell(&w.accounts, window, accounts);
            }
            c.rehash();
        }),
        stops: &["counts: accounts and pools with a holding / accounts = previous + account_end * account_used"],
    },
    Forgery {
        name: "a count of pools that jumps",
        book,
        lie: Lie::Cells(|c| {
            let w = c.columns.window.clone();
            for window in EMPTY..c.layout.capacity {
                let pools = c.cell(&w.pools, window) + Fr::from_u128(3);
                c.set_cell(&w.pools, window, pools);
            }
            c.rehash();
        }),
        stops: &["counts: accounts and pools with a holding / pools = previous + pool_used"],
    },
];
