//! Lookups of what is not there, and totals of another book.

use ethnum::I256;
use ff::{Field, PrimeField};
use halo2_proofs::halo2curves::bn256::Fr;
use zkmargin_circuits::circuit::sums::POLE_STEP;
use zkmargin_circuits::field::FINE;
use zkmargin_circuits::totals_column::{pole_row, scalar_row};
use zkmargin_tests::forge::{book, integer, Forgery, Lie, ALICE, CAROL, FUND, HOUSE};

pub const FORGERIES: &[Forgery] = &[
    Forgery {
        name: "a use of a value that no cell has",
        book,
        lie: Lie::Cells(|c| {
            let uses = c.columns.range_uses;
            c.miscounted.push((uses, 0));
        }),
        stops: &["sum: everything cancels / ends at 0"],
    },
    Forgery {
        name: "a limb that the range table does not have",
        book,
        lie: Lie::Both(
            |_| (),
            |s| {
                s.smuggle(s.columns.range_helpers[2], [40, 90], 0, 1);
            },
        ),
        stops: &["range: helpers / helper = sum of 1/(x - limb)"],
    },
    Forgery {
        name: "a range table with other uses",
        book,
        lie: Lie::Both(
            |_| (),
            |s| {
                s.smuggle(s.columns.range_table_helper, [3, 7], 0, -1);
            },
        ),
        stops: &["range: table / helper * (x - value) = uses"],
    },
    Forgery {
        name: "a collateral ratio of the prover",
        book,
        lie: Lie::Cells(|c| {
            let (h, row) = (c.columns.holding.clone(), c.row(FUND, 0));
            c.add(h.equity_intercept, row, 1_000_000_000);
            let equity = c.get(h.equity_intercept, row) * Fr::from_u128(FINE);
            c.put(&h.remainder, row, integer(equity));
            let below = (I256::ONE << 128) - I256::from(2) - integer(equity);
            c.put(&h.remainder_below, row, below);
            c.put_signed_limbs(&h.scanned, row, I256::ZERO);
            c.repair();
        }),
        stops: &["sum: everything cancels / ends at 0"],
    },
    Forgery {
        name: "a holding looked up elsewhere",
        book,
        lie: Lie::Both(
            |_| (),
            |s| {
                s.smuggle(s.columns.holding.entry_helper, [9, 50], 1, 1);
            },
        ),
        stops: &["symbols: lookup / helper * (x - tuple) = 1"],
    },
    Forgery {
        name: "an entry with other uses",
        book,
        lie: Lie::Both(
            |_| (),
            |s| {
                let blocks = s.layout.blocks();
                s.smuggle(s.columns.holding.entry_helper, [blocks.start, blocks.start + 9], 1, -1);
            },
        ),
        stops: &["symbols: entries / long helper * (x - tuple) = uses"],
    },
    Forgery {
        name: "an entry of the short side with other uses",
        book,
        lie: Lie::Both(
            |_| (),
            |s| {
                let blocks = s.layout.blocks();
                s.smuggle(s.columns.holding.family_helper, [blocks.start, blocks.start + 9], 1, -1);
            },
        ),
        stops: &["symbols: entries / short helper * (x - tuple) = uses"],
    },
    Forgery {
        name: "the short side's charge for a long position",
        book,
        lie: Lie::Cells(|c| {
            let row = c.row(HOUSE[1], 4);
            assert_eq!(c.get(c.columns.holding.negative, row), Fr::ZERO);
            c.enter(row, 2, false);
            c.repair();
        }),
        stops: &["symbols: entries / not long: no uses"],
    },
    Forgery {
        name: "the long side's charge for a short position",
        book,
        lie: Lie::Cells(|c| {
            let row = c.row(ALICE[1], 4);
            assert_eq!(c.get(c.columns.holding.negative, row), Fr::ONE);
            c.enter(row, 1, true);
            c.repair();
        }),
        stops: &["symbols: entries / not short: no uses"],
    },
    Forgery {
        name: "uses of the empty entry",
        book,
        lie: Lie::Both(
            |c| {
                let (uses, row) = (c.columns.table.long_uses, c.layout.null());
                c.miscounted.push((uses, row));
            },
            |s| {
                // One use too many, and a helper that does not count it.
                let null = s.layout.null();
                let delta = s.c.x.invert().unwrap_or(Fr::ZERO);
                s.add(s.columns.holding.entry_helper, null, -delta);
                s.shift(s.columns.sum, null + 1..s.witness.grid.rows + 1, delta * s.c.kappa);
            },
        ),
        stops: &["symbols: entries / empty entry: helper * x = uses"],
    },
    Forgery {
        name: "a lane of no group",
        book,
        lie: Lie::Both(
            |_| (),
            |s| {
                let lane = s.columns.lanes[0].clone();
                let rows = [8, 16].map(|row| row + lane.helper.offset);
                s.add(lane.helper.column, rows[0], -Fr::ONE);
                s.add(lane.helper.column, rows[1], Fr::ONE);
                let weight = s.c.kappa.square();
                s.shift(s.columns.sum, 9..17, -weight);
            },
        ),
        stops: &["groups: lookup / lane: helper * (x - tuple) = 1"],
    },
    Forgery {
        name: "a lane with a lower factor",
        book,
        lie: Lie::Cells(|c| {
            let lane = c.columns.lanes[0].clone();
            c.set_cell(&lane.maintenance_factor, CAROL, Fr::from(900_000));
            c.resum();
            c.round();
            c.settle();
        }),
        stops: &["sum: everything cancels / ends at 0"],
    },
    Forgery {
        name: "a symbol of no group",
        book,
        lie: Lie::Both(
            |_| (),
            |s| {
                let rows = [s.layout.block(0).start, s.layout.block(1).start];
                s.smuggle(s.columns.holding.long_helper, rows, 2, 1);
            },
        ),
        stops: &["groups: lookup / symbol: helper * (x - tuple) = on"],
    },
    Forgery {
        name: "a group with other uses",
        book,
        lie: Lie::Both(
            |_| (),
            |s| {
                let groups = s.layout.groups();
                s.smuggle(s.columns.holding.entry_helper, [groups.start, groups.start + 1], 2, -1);
            },
        ),
        stops: &["groups: lookup / table: helper * (x - tuple) = uses"],
    },
    Forgery {
        name: "a claim of another coin",
        book,
        lie: Lie::Both(
            |_| (),
            |s| {
                s.smuggle(s.columns.holding.family_helper, [9, 50], 3, 1);
            },
        ),
        stops: &["families: claims, debts, net and long by coin and contract / helper * (x - pole) = magnitude of an asset, quantity of an instrument"],
    },
    Forgery {
        name: "a long position of another contract",
        book,
        lie: Lie::Both(
            |_| (),
            |s| {
                s.smuggle(s.columns.holding.long_helper, [9, 50], 3, 1);
            },
        ),
        stops: &["families: claims, debts, net and long by coin and contract / long helper * (x - pole) = quantity held long"],
    },
    Forgery {
        name: "a debt missing from the totals",
        book,
        lie: Lie::Both(
            |c| {
                // Bob owes 30 BTC.
                let (totals, row) = (c.columns.totals, pole_row(&c.layout.shape, 1, 3));
                assert_eq!(c.get(totals, row), Fr::from(30));
                c.add(totals, row, -1);
            },
            |s| {
                let (shape, rows) = (s.layout.shape, s.witness.grid.rows);
                let (sum, helper) = (s.columns.sum, s.columns.totals_helper);
                let row = pole_row(&shape, 1, 3);
                let delta = (s.c.x - Fr::from_u128(POLE_STEP + 4)).invert().unwrap_or(Fr::ZERO);
                s.add(helper, row, delta);
                let weight = s.c.kappa.pow_vartime([3]);
                s.shift(sum, row + 1..rows + 1, -weight * delta);
            },
        ),
        stops: &["totals: column / helper * (x - pole) = total"],
    },
    Forgery {
        name: "another scalar: the first",
        book,
        lie: Lie::Both(
            |c| {
                let (totals, row) = (c.columns.totals, scalar_row(&c.layout.shape, 26 / 9, 26 % 9));
                c.add(totals, row, 1);
            },
            |s| {
                let (shape, rows) = (s.layout.shape, s.witness.grid.rows);
                let (sum, helper) = (s.columns.sum, s.columns.totals_helper);
                let (class, scalar) = (26 / 9, 26 % 9);
                let row = scalar_row(&shape, class, scalar);
                let mut delta = -Fr::ONE;
                for row in row..scalar_row(&shape, 0, 0) + 1 {
                    s.add(helper, row, delta);
                    delta *= s.c.theta;
                }
                let delta = delta * s.c.theta.invert().unwrap_or(Fr::ZERO);
                let weight = s.c.kappa.pow_vartime([4]);
                s.shift(sum, scalar_row(&shape, 0, 0) + 1..rows + 1, -weight * delta);
            },
        ),
        stops: &["totals: column / first scalar: helper = total"],
    },
    Forgery {
        name: "another scalar: the third",
        book,
        lie: Lie::Both(
            |c| {
                let (totals, row) = (c.columns.totals, scalar_row(&c.layout.shape, 24 / 9, 24 % 9));
                c.add(totals, row, 1);
            },
            |s| {
                let (shape, rows) = (s.layout.shape, s.witness.grid.rows);
                let (sum, helper) = (s.columns.sum, s.columns.totals_helper);
                let (class, scalar) = (24 / 9, 24 % 9);
                let row = scalar_row(&shape, class, scalar);
                let mut delta = -Fr::ONE;
                for row in row..scalar_row(&shape, 0, 0) + 1 {
                    s.add(helper, row, delta);
                    delta *= s.c.theta;
                }
                let delta = delta * s.c.theta.invert().unwrap_or(Fr::ZERO);
                let weight = s.c.kappa.pow_vartime([4]);
                s.shift(sum, scalar_row(&shape, 0, 0) + 1..rows + 1, -weight * delta);
            },
        ),
        stops: &["totals: column / scalars: helper = previous * theta + total"],
    },
    Forgery {
        name: "a total beyond the totals",
        book,
        lie: Lie::Cells(|c| {
            let totals = c.columns.totals;
            c.set(totals, 1_000, Fr::ONE);
        }),
        stops: &["totals: column / zero elsewhere"],
    },
    Forgery {
        name: "a dropped deficient pool",
        book,
        lie: Lie::Cells(|c| {
            let (totals, row) = (c.columns.totals, scalar_row(&c.layout.shape, 0, 3));
            c.add(totals, row, -1);
        }),
        stops: &["sum: everything cancels / ends at 0"],
    },
    Forgery {
        name: "a negative debt in an empty slot that cancels one",
        book,
        lie: Lie::Cells(|c| {
            let (totals, row) = (c.columns.totals, pole_row(&c.layout.shape, 1, 3));
            c.add(totals, row, -30);
        }),
        stops: &["sum: everything cancels / ends at 0"],
    },
    Forgery {
        name: "a net quantity made to match",
        book,
        lie: Lie::Cells(|c| {
            let (totals, row) = (c.columns.totals, pole_row(&c.layout.shape, 0, 1));
            c.add(totals, row, 1);
        }),
        stops: &["sum: everything cancels / ends at 0"],
    },
    Forgery {
        name: "a dropped deficient pool, and a sum that begins with it",
        book,
        lie: Lie::Both(
            |c| {
                let (totals, row) = (c.columns.totals, scalar_row(&c.layout.shape, 0, 3));
                c.add(totals, row, -1);
            },
            |s| {
                let end = s.end();
                s.shift(s.columns.sum, 0..s.witness.grid.rows + 1, -end);
            },
        ),
        stops: &["sum: everything cancels / starts at 0"],
    },
    Forgery {
        name: "a dropped deficient pool, and a sum that jumps",
        book,
        lie: Lie::Both(
            |c| {
                let (totals, row) = (c.columns.totals, scalar_row(&c.layout.shape, 0, 3));
                c.add(totals, row, -1);
            },
            |s| {
                let end = s.end();
                s.shift(s.columns.sum, 500..s.witness.grid.rows + 1, -end);
            },
        ),
        stops: &["sum: everything cancels / next = sum + terms"],
    },
];
