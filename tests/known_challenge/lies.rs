//! Lies, what hides them from whoever knows the challenges, and which challenges that takes.

use ethnum::I256;
use ff::{Field, PrimeField};
use halo2_proofs::halo2curves::bn256::Fr;
use zkmargin_circuits::circuit::sums::POLE_STEP;
use zkmargin_circuits::field::{from_signed, FINE};
use zkmargin_circuits::shape::{POLES, WINDOW_ROWS};
use zkmargin_circuits::totals_column::{pole_row, scalar_row};
use zkmargin_circuits::witness::plan::ShardPlan;
use zkmargin_circuits::witness::{second_phase, ChallengeValues, Witness};
use zkmargin_tests::forge::{
    integer, shape, Cells, ALICE, BOB, CAROL, FUND, INVERSE, PERP, PERP_PM, USDT,
};
use zkmargin_tests::sample::Sample;

/// A lie, and what hides it at given challenges.
pub struct Lie {
    /// In words.
    pub name: &'static str,
    /// Changes the book before anything is computed.
    pub book: fn(&mut Sample),
    /// Changes what is claimed of it.
    pub plan: fn(&mut ShardPlan),
    /// Tells the lie in the first phase.
    pub tell: fn(&mut Cells),
    /// Hides it, but for what uses of the range table can pay.
    pub hide: fn(&mut Witness, &ChallengeValues),
    /// What stops it where nothing is assumed.
    pub stops: &'static [&'static str],
    /// The challenges that have to be known to hide it.
    pub stands_on: &'static [&'static str],
}

const SUM: &[&str] = &["sum: everything cancels / ends at 0"];
const IDENTITY: &[&str] = &["scan: pool identity / pool end: identity = 0"];

const NONE: Lie = Lie {
    name: "",
    book: |_| (),
    plan: |_| (),
    tell: |_| (),
    hide: |_, _| (),
    stops: &[],
    stands_on: &[],
};

/// Carol is deficient, and the totals do not say so.
fn drop_deficit(cells: &mut Cells) {
    let row = |scalar| scalar_row(shape(), 0, scalar);
    let (totals, window) = (cells.columns.totals, cells.columns.window.clone());
    let shortfall = -cells.amount(&window.surplus, CAROL);
    let [pools, amounts] = [3, 4].map(|scalar| cells.get(totals, row(scalar)));
    cells.set(totals, row(3), pools - Fr::ONE);
    cells.set(totals, row(4), amounts - shortfall);
}

/// The house is left out, and its counterparties are called matched.
fn call_matched(cells: &mut Cells) {
    for symbol in [PERP, INVERSE] {
        let (totals, row) = (cells.columns.totals, pole_row(shape(), 0, symbol - 1));
        assert_ne!(cells.get(totals, row), Fr::ZERO);
        cells.set(totals, row, Fr::ZERO);
    }
}

fn leave_out_house(sample: &mut Sample) {
    sample.accounts.remove(3);
}

/// What a witness's sums and identities come to.
fn at_end(witness: &Witness, c: &ChallengeValues, window: usize) -> (Fr, Fr) {
    let columns = &witness.columns;
    let second = second_phase(columns, witness, c);
    let row = (window + 1) * WINDOW_ROWS - 1;
    let identity = second.get(columns.holding.identity, row);
    (second.get(columns.sum, witness.grid.rows), identity)
}

/// Makes a total, of which the sum counts `share`, what the sum wants for.
fn make_up(witness: &mut Witness, c: &ChallengeValues, row: usize, share: Fr) {
    let (end, _) = at_end(witness, c, 0);
    assert_ne!(end, Fr::ZERO);
    let total = witness.grid.free(witness.columns.totals, row);
    let share = share.invert().expect("the total counts");
    let total = total - end * share;
    witness.grid.set(witness.columns.totals, row, total);
}

/// Makes a floor of a position of the pool in these windows just what its identity wants for.
fn make_up_floor(witness: &mut Witness, c: &ChallengeValues, windows: [usize; 2], symbol: usize) {
    let columns = witness.columns.clone();
    let (h, index) = (&columns.holding, Fr::from(symbol as u64));
    let row = (windows[0] * WINDOW_ROWS..(windows[1] + 1) * WINDOW_ROWS)
        .find(|row| witness.grid.free(h.index, *row) == index)
        .expect("the pool has a position");
    let (_, residual) = at_end(witness, c, windows[1]);
    assert_ne!(residual, Fr::ZERO);
    let sigma = second_phase(&columns, witness, c).get(h.sigma, row);
    let mut cells = Cells::new(witness);
    let quantity = from_signed(cells.signed(&h.amount, row));
    let share = (quantity * sigma).invert();
    let share = share.expect("the floor of a position counts");
    let floor = cells.get(h.side_floor, row) - residual * share;
    cells.set(h.side_floor, row, floor);
    cells.recount();
}

/// The greatest loss of a scan is less than it is, and no slack says otherwise.
fn understate(cells: &mut Cells, window: usize, by: I256) {
    let lane = cells.columns.lanes[0].clone();
    let max = cells.window_limbs(&lane.max, window);
    assert!(max > by);
    cells.put_window(&lane.max, window, max - by);
    for row in window * WINDOW_ROWS..(window + 1) * WINDOW_ROWS {
        let slack = cells.limbs(&lane.slacks[0], row) - by;
        cells.put(&lane.slacks[0], row, slack.max(I256::ZERO));
    }
    cells.products(window);
    cells.resum();
    cells.round();
    cells.settle();
}

/// All of them.
pub const LIES: &[Lie] = &[
    Lie {
        name: "a dropped deficit, paid for by a multiplicity",
        tell: drop_deficit,
        stops: SUM,
        stands_on: &["theta", "x", "kappa"],
        ..NONE
    },
    Lie {
        name: "a dropped deficit, paid for by another scalar of the class",
        tell: drop_deficit,
        hide: |witness, c| {
            // The argument of the scalars is weighed by kappa^4, and the first has theta^0.
            let share = -c.kappa.pow_vartime([4]);
            make_up(witness, c, scalar_row(shape(), 0, 0), share);
        },
        stops: SUM,
        stands_on: &["theta"],
        ..NONE
    },
    Lie {
        name: "an unmatched book, paid for by a multiplicity",
        book: leave_out_house,
        tell: call_matched,
        stops: SUM,
        stands_on: &["x", "kappa"],
        ..NONE
    },
    Lie {
        name: "an unmatched book, paid for by the total at another pole",
        book: leave_out_house,
        tell: call_matched,
        hide: |witness, c| {
            // Debts of the fund in dollars, of which there are none.
            let pole = (POLES - 1) as u128 * POLE_STEP + USDT as u128;
            let share = (c.x - Fr::from_u128(pole)).invert().expect("no pole");
            let share = -c.kappa.pow_vartime([3]) * share;
            make_up(witness, c, pole_row(shape(), POLES - 1, USDT - 1), share);
        },
        stops: SUM,
        stands_on: &["x"],
        ..NONE
    },
    Lie {
        name: "a collateral ratio of the prover's, paid for by a multiplicity",
        tell: |cells| {
            let (h, row) = (cells.columns.holding.clone(), cells.row(FUND, 0));
            cells.add(h.equity_intercept, row, 1_000_000_000);
            let equity = cells.get(h.equity_intercept, row) * Fr::from_u128(FINE);
            cells.put(&h.remainder, row, integer(equity));
            let below = (I256::ONE << 128) - I256::from(2) - integer(equity);
            cells.put(&h.remainder_below, row, below);
            cells.put_signed_limbs(&h.scanned, row, I256::ZERO);
            cells.repair();
        },
        stops: SUM,
        stands_on: &["theta", "x", "kappa"],
        ..NONE
    },
    Lie {
        name: "carol's requirement of 3,800 where her worst scenario loses 5,800, paid for by her floor",
        tell: |cells| {
            let lane = cells.columns.lanes[0].clone();
            assert_eq!(cells.window_limbs(&lane.max, CAROL), I256::from(5_800));
            understate(cells, CAROL, I256::from(2_000));
        },
        hide: |witness, c| make_up_floor(witness, c, [CAROL, CAROL], PERP_PM),
        stops: IDENTITY,
        stands_on: &["theta", "x", "gamma", "kappa"],
        ..NONE
    },
    Lie {
        name: "a group of alice's that loses half, paid for by a floor in another group",
        tell: |cells| {
            let lane = cells.columns.lanes[0].clone();
            let max = cells.window_limbs(&lane.max, ALICE[0]);
            understate(cells, ALICE[0], max / 2);
        },
        hide: |witness, c| make_up_floor(witness, c, ALICE, INVERSE),
        stops: IDENTITY,
        stands_on: &["theta", "x", "gamma", "xi", "kappa"],
        ..NONE
    },
    Lie {
        name: "a worth of bob's that is not base and positions, paid for by a floor",
        plan: |plan| plan.runs[1].windows[0].holdings[0].outcome.amount += 1_000,
        tell: |cells| cells.repair(),
        hide: |witness, c| make_up_floor(witness, c, [BOB[0], BOB[0]], PERP),
        stops: IDENTITY,
        stands_on: &["theta", "x", "gamma", "xi", "upsilon", "kappa"],
        ..NONE
    },
];
