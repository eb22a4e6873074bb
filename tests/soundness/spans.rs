//! Scans of several windows that begin, follow each other or end as they should not.

use ethnum::I256;
use ff::Field;
use halo2_proofs::halo2curves::bn256::Fr;
use zkmargin_circuits::book::Class;
use zkmargin_circuits::circuit::columns::{ScanLane, ScanSpan};
use zkmargin_circuits::field::from_i128;
use zkmargin_circuits::leaf::Header;
use zkmargin_circuits::relation::Scan;
use zkmargin_circuits::witness::plan::ShardPlan;
use zkmargin_tests::forge::{book, Cells, Forgery, Lie};

/// Windows of carol's scan in the wide shape, where it takes two.
const CAROL: [usize; 2] = [8, 9];

/// The fund's first window in the wide shape. It holds nothing that is scanned.
const FUND: usize = 14;

/// Puts windows that only scan before the fund's block, each with the group whose scan ends there, 0 for none.
fn scanning(plan: &mut ShardPlan, ending: &[u16]) {
    let run = &mut plan.runs[4];
    for (at, group) in ending.iter().enumerate() {
        let mut window = run.windows[at].clone();
        window.header = Header {
            absorbed: false,
            pool_end: false,
            account_end: false,
            class: Class::Fund,
        };
        window.holdings.clear();
        (window.identity, window.amounts) = (Fr::ZERO, None);
        window.scans = match group {
            0 => Vec::new(),
            group => vec![Scan {
                group: *group,
                losses: Vec::new(),
                max: 0,
            }],
        };
        run.windows.insert(at, window);
    }
}

fn lane(c: &Cells) -> (ScanLane, ScanSpan) {
    let lane = c.columns.lanes[0].clone();
    let span = lane.span.clone().expect("scans of several windows");
    (lane, span)
}

/// Lets a window scan a group, with its key and factors.
fn scan(c: &mut Cells, window: usize, group: u64, place: i128) {
    let (lane, span) = lane(c);
    let h = c.columns.holding.clone();
    let row = c.layout.groups().start + group as usize;
    for (cell, value) in [
        (&lane.on, Fr::ONE),
        (&lane.group, Fr::from(group)),
        (&lane.key, Fr::from(group)),
        (&lane.maintenance_factor, c.get(h.maintenance_factor, row)),
        (&lane.initial_factor, c.get(h.initial_factor, row)),
        (&span.place, from_i128(place)),
    ] {
        c.set_cell(cell, window, value);
    }
    c.put_window(&lane.step, window, I256::ZERO);
}

/// Sets what a window carries on of a product.
fn carry(c: &mut Cells, window: usize, product: u64) {
    let (_, span) = lane(c);
    c.set_cell(&span.carried[0], window, Fr::from(product));
}

/// A scan of group 1 in one window of the fund, which says that it is this one of its windows.
fn short(c: &mut Cells, place: i128) {
    let (lane, span) = lane(c);
    scan(c, FUND, 1, place);
    carry(c, FUND, 1);
    c.set_cell(&span.ends, FUND, Fr::ONE);
    c.set_cell(&lane.key, FUND + 1, Fr::ONE);
}

/// Lifts carol's maximum over her greatest loss.
fn overstate(c: &mut Cells) {
    let (lane, _) = lane(c);
    let max = c.window_limbs(&lane.max, CAROL[1]) + 1;
    c.put_window(&lane.max, CAROL[1], max);
    for row in CAROL[0] * 8..CAROL[1] * 8 + 8 {
        for slack in &lane.slacks {
            c.push(slack, row, 1);
        }
    }
    for window in CAROL {
        c.products(window);
    }
    c.resum();
    c.round();
    c.settle();
}

/// Writes zero over the product of a window.
fn vanish(c: &mut Cells, window: usize) {
    let (lane, _) = lane(c);
    for row in window * 8..window * 8 + 8 {
        c.set(lane.products[0], row, Fr::ZERO);
    }
}

pub const FORGERIES: &[Forgery] = &[
    Forgery {
        name: "a scan that ends twice, so that the next begins before its first window",
        book,
        lie: Lie::Planned(
            |plan| scanning(plan, &[0, 1, 0, 0, 0, 3]),
            |c| {
                let (_, span) = lane(c);
                c.set_cell(&span.ends, FUND + 1, Fr::from(2));
                for (window, place) in (FUND + 2..FUND + 6).zip(-2..) {
                    scan(c, window, 3, place);
                    carry(c, window, 0);
                }
                carry(c, FUND + 2, 2);
            },
        ),
        stops: &["scan: windows of a scan / ends is boolean"],
    },
    Forgery {
        name: "a scan of its last scenarios only",
        book,
        lie: Lie::Planned(|plan| scanning(plan, &[1]), |c| short(c, 1)),
        stops: &["scan: windows of a scan / place = continued * (previous + 1)"],
    },
    Forgery {
        name: "a scan of one window",
        book,
        lie: Lie::Planned(|plan| scanning(plan, &[1]), |c| short(c, 0)),
        stops: &["scan: windows of a scan / ends: place = last"],
    },
    Forgery {
        name: "a scan broken off, which leads the key back",
        book,
        lie: Lie::Planned(
            |plan| scanning(plan, &[0, 0]),
            |c| {
                let (_, span) = lane(c);
                scan(c, FUND, 1, 0);
                c.set_cell(&span.place, FUND + 1, Fr::ONE);
                carry(c, FUND + 1, 0);
            },
        ),
        stops: &["scan: windows of a scan / continued: on"],
    },
    Forgery {
        name: "a scan that goes on with another group",
        book,
        lie: Lie::Planned(
            |plan| scanning(plan, &[0, 2]),
            |c| {
                let (lane, _) = lane(c);
                scan(c, FUND, 1, 0);
                c.put_window(&lane.step, FUND + 1, I256::ONE);
            },
        ),
        stops: &["scan: windows of a scan / continued: step = 0"],
    },
    Forgery {
        name: "a scan that goes on in the next pool",
        book,
        lie: Lie::Cells(|c| {
            let (_, span) = lane(c);
            scan(c, FUND, 1, 0);
            scan(c, FUND + 1, 0, 1);
            c.set_cell(&span.ends, FUND + 1, Fr::ONE);
            carry(c, FUND + 1, 0);
        }),
        stops: &["scan: windows of a scan / pool end: no scan is left open"],
    },
    Forgery {
        name: "a group scanned twice",
        book,
        lie: Lie::Plan(|plan| scanning(plan, &[0, 1, 0, 1])),
        stops: &["scan: groups rise / key = previous + on * (step + 1) - continued"],
    },
    Forgery {
        name: "a maximum before the scan ends",
        book,
        lie: Lie::Planned(
            |plan| scanning(plan, &[0, 1]),
            |c| {
                let (lane, _) = lane(c);
                c.put_window(&lane.max, FUND, I256::from(9));
                c.resum();
                c.round();
                c.settle();
            },
        ),
        stops: &["scan: groups rise / not ended: max = 0"],
    },
    Forgery {
        name: "a maximum above every loss",
        book,
        lie: Lie::Cells(overstate),
        stops: &["scan: the maximum is a loss, or zero / max * product = 0"],
    },
    Forgery {
        name: "a maximum above every loss, with a product that is carried on as zero",
        book,
        lie: Lie::Cells(|c| {
            overstate(c);
            carry(c, CAROL[1], 0);
            vanish(c, CAROL[1]);
        }),
        stops: &["scan: windows of a scan / carried = previous product, or 1"],
    },
    Forgery {
        name: "a maximum above every loss, with a product that begins at zero",
        book,
        lie: Lie::Cells(|c| {
            overstate(c);
            vanish(c, CAROL[1]);
        }),
        stops: &["scan: product of slacks / product = carried * slacks"],
    },
    Forgery {
        name: "a maximum below the greatest loss",
        book,
        lie: Lie::Cells(|c| {
            // 5,800 in the worst scenario, 3,800 in the next: its slack would be negative.
            let (lane, _) = lane(c);
            assert_eq!(c.window_limbs(&lane.max, CAROL[1]), I256::from(5_800));
            c.put_window(&lane.max, CAROL[1], I256::from(3_800));
            for row in CAROL[0] * 8..CAROL[1] * 8 + 8 {
                for slacks in &lane.slacks {
                    let slack = c.limbs(slacks, row) - 2_000;
                    c.put(slacks, row, slack.max(I256::ZERO));
                }
            }
            for window in CAROL {
                c.products(window);
            }
            c.resum();
            c.round();
            c.settle();
        }),
        stops: &["scan: pool identity / pool end: identity = 0"],
    },
    Forgery {
        name: "an understated loss, hidden where a Horner sum goes on",
        book,
        lie: Lie::Both(
            |c| {
                let (lane, _) = lane(c);
                c.push(&lane.slacks[2], CAROL[1] * 8, 70);
                c.products(CAROL[1]);
                c.settle();
            },
            |s| {
                let lane = s.columns.lanes[0].clone();
                let rows = CAROL[1] * 8..CAROL[1] * 8 + 8;
                let mut delta = Fr::from(70);
                for row in rows.clone() {
                    s.add(lane.horner, row, -delta);
                    delta *= s.c.gamma.square() * s.c.gamma;
                }
                let identity = s.columns.holding.identity;
                let end = s.get(identity, rows.end - 1);
                s.shift(identity, rows, -end);
            },
        ),
        stops: &["scan: Horner sum of slacks / horner = continued * previous * gamma^row + row"],
    },
];
