//! Scans that understate, overstate, repeat or leave out.

use ethnum::I256;
use ff::Field;
use halo2_proofs::halo2curves::bn256::Fr;
use zkmargin_circuits::circuit::columns::ScanLane;
use zkmargin_circuits::relation::Scan;
use zkmargin_circuits::witness::plan::ShardPlan;
use zkmargin_tests::forge::{book, Cells, Forgery, Lie, SecondCells, CAROL, EMPTY};

/// Puts a window that only scans before those of alice.
fn scan_only(plan: &mut ShardPlan, at: usize, scans: Vec<Scan>) {
    let run = &mut plan.runs[0];
    let mut window = run.windows[0].clone();
    window.scans = scans;
    run.windows.insert(at, window);
}

fn lane(c: &Cells) -> ScanLane {
    c.columns.lanes[0].clone()
}

/// Lets carol's scan lose less than it does in a scenario that is not her worst.
fn understate(c: &mut Cells, row: usize) {
    let lane = lane(c);
    c.push(&lane.slacks[0], CAROL * 8 + row, 70);
    c.products(CAROL);
    c.settle();
}

/// Takes a lane's Horner sum, and the identity, back to what they were before [`understate`].
fn restate(s: &mut SecondCells, row: usize) {
    let lane = s.columns.lanes[0].clone();
    let mut delta = Fr::from(70);
    for row in CAROL * 8 + row..CAROL * 8 + 8 {
        s.add(lane.horner, row, -delta);
        delta *= s.c.gamma;
    }
    let end = residual(s);
    s.shift(s.columns.holding.identity, CAROL * 8..CAROL * 8 + 8, -end);
}

/// What carol's pool identity ends with.
fn residual(s: &SecondCells) -> Fr {
    s.get(s.columns.holding.identity, CAROL * 8 + 7)
}

pub const FORGERIES: &[Forgery] = &[
    Forgery {
        name: "a lane of minus one leads the key back, so that a group could be scanned twice",
        book,
        lie: Lie::Planned(
            |plan| scan_only(plan, 1, Vec::new()),
            |c| {
                let lane = lane(c);
                c.set_cell(&lane.on, 1, -Fr::ONE);
                c.set_cell(&lane.key, 1, Fr::ZERO);
                c.put_window(&lane.step, 2, I256::ONE);
                c.settle();
            },
        ),
        stops: &["scan: groups rise / on is boolean"],
    },
    Forgery {
        name: "a group scanned twice",
        book,
        lie: Lie::Plan(|plan| {
            scan_only(
                plan,
                1,
                vec![Scan {
                    group: 1,
                    losses: vec![0; 8],
                    max: 0,
                }],
            )
        }),
        stops: &["scan: groups rise / key = previous + on * (step + 1)"],
    },
    Forgery {
        name: "groups out of order",
        book,
        lie: Lie::Plan(|plan| {
            let run = &mut plan.runs[0];
            let (first, rest) = run.windows.split_at_mut(1);
            std::mem::swap(&mut first[0].scans, &mut rest[0].scans);
        }),
        stops: &["scan: groups rise / key = previous + on * (step + 1)"],
    },
    Forgery {
        name: "groups out of order under rising keys",
        book,
        lie: Lie::Cells(|c| {
            let lane = lane(c);
            for (window, group, factors) in [
                (0, 2u64, [1_100_000u64, 1_300_000]),
                (1, 1, [1_000_000, 1_250_000]),
            ] {
                c.set_cell(&lane.group, window, Fr::from(group));
                c.set_cell(&lane.maintenance_factor, window, Fr::from(factors[0]));
                c.set_cell(&lane.initial_factor, window, Fr::from(factors[1]));
            }
            c.repair();
        }),
        stops: &["scan: groups rise / on: key = group"],
    },
    Forgery {
        name: "a group in a lane that is off",
        book,
        lie: Lie::Cells(|c| {
            let lane = lane(c);
            c.set_cell(&lane.group, EMPTY, Fr::ONE);
            c.set_cell(&lane.initial_factor, EMPTY, Fr::from(1_250_000));
            c.settle();
        }),
        stops: &["scan: groups rise / off: group = 0"],
    },
    Forgery {
        name: "a step in a lane that is off",
        book,
        lie: Lie::Cells(|c| {
            let lane = lane(c);
            c.put_window(&lane.step, EMPTY, I256::from(3));
            c.settle();
        }),
        stops: &["scan: groups rise / off: step = 0"],
    },
    Forgery {
        name: "a maximum in a lane that is off",
        book,
        lie: Lie::Cells(|c| {
            let lane = lane(c);
            c.put_window(&lane.max, EMPTY, I256::from(9));
            for row in 0..8 {
                c.put(&lane.slacks[0], EMPTY * 8 + row, I256::from(9));
            }
            c.products(EMPTY);
            c.resum();
            c.round();
            c.settle();
        }),
        stops: &[
            "scan: groups rise / off: max = 0",
            "scan: the maximum is a loss, or zero / max * product = 0",
        ],
    },
    Forgery {
        name: "a maximum above every loss",
        book,
        lie: Lie::Cells(|c| {
            overstate(c);
            c.products(CAROL);
        }),
        stops: &["scan: the maximum is a loss, or zero / max * product = 0"],
    },
    Forgery {
        name: "a maximum above every loss, with a product that begins at zero",
        book,
        lie: Lie::Cells(|c| {
            overstate(c);
            let product = lane(c).products[0];
            for row in 0..8 {
                c.set(product, CAROL * 8 + row, Fr::ZERO);
            }
        }),
        stops: &["scan: product of slacks / product = slacks"],
    },
    Forgery {
        name: "a maximum above every loss, with a product that becomes zero",
        book,
        lie: Lie::Cells(|c| {
            overstate(c);
            c.products(CAROL);
            let product = lane(c).products[0];
            for row in 5..8 {
                c.set(product, CAROL * 8 + row, Fr::ZERO);
            }
        }),
        stops: &["scan: product of slacks / product = previous * slacks"],
    },
    Forgery {
        name: "a maximum below the greatest loss",
        book,
        lie: Lie::Cells(|c| {
            // 5,800 in the worst scenario, 3,800 in the next: its slack would be negative.
            let lane = lane(c);
            assert_eq!(c.window_limbs(&lane.max, CAROL), I256::from(5_800));
            c.put_window(&lane.max, CAROL, I256::from(3_800));
            for row in 0..8 {
                let slack = c.limbs(&lane.slacks[0], CAROL * 8 + row) - 2_000;
                c.put(&lane.slacks[0], CAROL * 8 + row, slack.max(I256::ZERO));
            }
            c.products(CAROL);
            c.resum();
            c.round();
            c.settle();
        }),
        stops: &["scan: pool identity / pool end: identity = 0"],
    },
    Forgery {
        name: "a maximum below the greatest loss, its slack wrapped",
        book,
        lie: Lie::Plan(|plan| {
            let scan = &mut plan.runs[2].windows[0].scans[0];
            assert_eq!(scan.max, 5_800);
            scan.max = 3_800;
            let amounts = plan.runs[2].windows[0]
                .amounts
                .as_mut()
                .expect("a pool ends");
            amounts.maintenance -= 2_200;
            amounts.initial -= 2_600;
            let class = &mut plan.totals.classes[0];
            class.maintenance -= 2_200;
            class.initial -= 2_600;
            class.shortfall -= 2_200;
        }),
        stops: &["scan: pool identity / pool end: identity = 0"],
    },
    Forgery {
        name: "an understated loss",
        book,
        lie: Lie::Cells(|c| understate(c, 2)),
        stops: &["scan: pool identity / pool end: identity = 0"],
    },
    Forgery {
        name: "a group left out",
        book,
        lie: Lie::Holdings(|plan| plan.runs[2].windows[0].scans.clear()),
        stops: &["scan: pool identity / pool end: identity = 0"],
    },
    Forgery {
        name: "an understated loss, hidden in a Horner sum's first row",
        book,
        lie: Lie::Both(|c| understate(c, 0), |s| restate(s, 0)),
        stops: &["scan: Horner sum of slacks / horner = row"],
    },
    Forgery {
        name: "an understated loss, hidden in a Horner sum",
        book,
        lie: Lie::Both(|c| understate(c, 3), |s| restate(s, 3)),
        stops: &["scan: Horner sum of slacks / horner = previous * gamma^row + row"],
    },
    Forgery {
        name: "an understated loss, hidden in the identity",
        book,
        lie: Lie::Both(
            |c| understate(c, 3),
            |s| {
                let end = residual(s);
                s.shift(
                    s.columns.holding.identity,
                    CAROL * 8 + 3..CAROL * 8 + 8,
                    -end,
                );
            },
        ),
        stops: &["scan: pool identity / identity = previous + scanned * rho + e * sigma - scans"],
    },
    Forgery {
        name: "an understated loss, hidden in the group's weight",
        book,
        lie: Lie::Both(
            |c| understate(c, 3),
            |s| {
                let lane = s.columns.lanes[0].clone();
                let ones = (0..8).fold(Fr::ZERO, |sum, _| sum * s.c.gamma + Fr::ONE);
                let max = s.witness.grid.window_limbs(CAROL, &lane.max);
                let scan = max * ones - s.get(lane.horner, CAROL * 8 + 7);
                let end = residual(s);
                let weight = end * scan.invert().unwrap_or(Fr::ZERO);
                s.add(lane.weight.column, CAROL * 8 + lane.weight.offset, weight);
                s.shift(s.columns.holding.identity, CAROL * 8..CAROL * 8 + 8, -end);
            },
        ),
        stops: &["scan: weight of the group / weight * (xi - group) = 1"],
    },
];

/// Lifts carol's maximum over her greatest loss.
fn overstate(c: &mut Cells) {
    let lane = lane(c);
    let max = c.window_limbs(&lane.max, CAROL) + 1;
    c.put_window(&lane.max, CAROL, max);
    for row in 0..8 {
        c.push(&lane.slacks[0], CAROL * 8 + row, 1);
    }
    c.products(CAROL);
    c.resum();
    c.round();
    c.settle();
}
