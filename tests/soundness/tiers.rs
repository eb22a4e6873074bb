//! The tier witnesses that Binance's own tests accept and refuse
//! (zkmerkle-proof-of-solvency, MIT, `get_and_check_tier_ratios_query_results_test.go`), against our tiers.
//!
//! Theirs are a tier's index and a flag "beyond the last"; ours are an entry of the table, the last of
//! which counts nothing.

use std::collections::BTreeSet;

use ethnum::I256;
use ff::{Field, PrimeField};
use halo2_proofs::halo2curves::bn256::Fr;
use zkmargin_tests::forge::{book, demand, failures, function, public, shape, Forgery, Lie, FUND};
use zkmargin_tests::sample::Sample;

/// Boundaries and ratios in percent.
type Tiers<'a> = &'a [(u128, u32)];

const THREE: Tiers<'static> = &[(100, 100), (200, 80), (300, 50)];
const LOAN: Tiers<'static> = &[
    (10_000, 100),
    (20_000, 90),
    (30_000, 80),
    (40_000, 70),
    (50_000, 60),
    (60_000, 50),
];

/// A book whose fund holds collateral of a value under such tiers.
fn holding(tiers: Tiers<'_>, value: i128) -> Sample {
    let mut book = book();
    let floors = std::iter::once(0).chain(tiers.iter().map(|(boundary, _)| *boundary));
    let ratios = tiers.iter().map(|(_, ratio)| ratio * 10_000).chain([0]);
    book.risk.symbols[0].long = function(&floors.zip(ratios).collect::<Vec<_>>());
    book.risk.symbols[0].short = function(&[(0, 10_000)]);
    book.accounts[4].pools[0].holdings[0].amount = value;
    book
}

#[test]
fn accepts_what_binance_accepts() {
    let vectors: &[(&str, Tiers<'_>, i128, i128)] = &[
        ("loan 9000", LOAN, 9_000, 9_000),
        ("first tier", THREE, 60, 60),
        ("middle tier", THREE, 150, 140),
        ("equal to a boundary", THREE, 200, 180),
        ("last tier", THREE, 250, 205),
        ("beyond the last", THREE, 301, 230),
        ("nothing", THREE, 0, 0),
        ("asset 0 of two", &[(100, 100), (200, 100)], 150, 150),
        ("asset 1 of two", &[(100, 50), (200, 50)], 150, 75),
    ];
    for (name, tiers, value, adjusted) in vectors {
        let sample = holding(tiers, *value);
        assert_eq!(sample.outcomes(shape())[4][0].equity, *adjusted, "{name}");
        let witness = sample.witness(shape());
        let instance = public(&witness);
        assert_eq!(failures(witness, instance, None), BTreeSet::new(), "{name}");
    }
}

const NOT_ITS_VALUE: &[&str] = &["holding: value / (1 - 2 negative) * magnitude = amount * unit"];

pub const FORGERIES: &[Forgery] = &[
    Forgery {
        name: "index greater than the last",
        book: || holding(THREE, 200),
        lie: Lie::Cells(|c| {
            // The entry after the collateral's is the debts'.
            let row = c.row(FUND, 0);
            c.enter(row, 4, false);
            c.repair();
        }),
        stops: &["symbols: entries / not long: no uses"],
    },
    Forgery {
        name: "index too low for the value, the value lowered to it",
        book: || holding(THREE, 250),
        lie: Lie::Cells(|c| {
            let row = c.row(FUND, 0);
            c.enter(row, 1, false);
            c.repair();
        }),
        stops: NOT_ITS_VALUE,
    },
    Forgery {
        name: "index too low for the value",
        book: || holding(THREE, 250),
        lie: Lie::Holdings(|plan| {
            let outcome = &mut plan.runs[4].windows[0].holdings[0].outcome;
            assert_eq!(outcome.segment, 2);
            outcome.segment = 1;
        }),
        stops: &["holding: value / cap * 10^18 - on - magnitude = below"],
    },
    Forgery {
        name: "a flag that is not boolean",
        book: || holding(THREE, 150),
        lie: Lie::Cells(|c| {
            // 150 = (1 - 2 flag) * 200, which would count as 180.
            let (h, row) = (c.columns.holding.clone(), c.row(FUND, 0));
            let ratio = Fr::from(150) * Fr::from(200).invert().unwrap_or(Fr::ZERO);
            let flag = (Fr::ONE - ratio) * Fr::from(2).invert().unwrap_or(Fr::ZERO);
            c.push(&h.amount, row, 50);
            c.enter(row, 2, false);
            c.push(&h.amount, row, -50);
            assert_eq!(c.limbs(&h.above, row), I256::ZERO);
            c.set(h.negative, row, flag);
            c.repair();
        }),
        stops: &["sum: everything cancels / ends at 0"],
    },
    Forgery {
        name: "beyond the last tier at its boundary's value, the value lifted",
        book: || holding(&[(100, 80)], 99),
        lie: Lie::Cells(|c| {
            let row = c.row(FUND, 0);
            c.enter(row, 1, false);
            c.repair();
        }),
        stops: NOT_ITS_VALUE,
    },
    Forgery {
        name: "a flag that makes 50 of collateral 100",
        book: || holding(&[(100, 100), (200, 100)], 50),
        lie: Lie::Cells(|c| {
            let row = c.row(FUND, 0);
            c.enter(row, 2, false);
            c.repair();
        }),
        stops: NOT_ITS_VALUE,
    },
    Forgery {
        name: "a value beyond the end of the range",
        book: || {
            let mut book = holding(THREE, 1 << 61);
            book.market.symbols[0].unit *= 2;
            book.market.symbols[1].unit *= 2;
            book.market.symbols[2].unit *= 2;
            book
        },
        lie: Lie::Cells(|c| {
            let (h, row) = (c.columns.holding.clone(), c.row(FUND, 0));
            for limbs in [&h.amount, &h.base] {
                c.push(limbs, row, 1 << 61);
            }
            c.enter(row, 3, false);
            let packed = c.get(h.packed, row) + Fr::from_u128(1 << 61);
            c.set(h.packed, row, packed);
            c.repair();
        }),
        stops: NOT_ITS_VALUE,
    },
];

#[test]
fn rejects_what_binance_refuses() {
    demand(FORGERIES);
}
