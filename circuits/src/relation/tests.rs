use ethnum::U256;
use num_rational::BigRational;
use proptest::prelude::*;

use super::strategies::{brackets, case, segments, Case};
use super::*;
use crate::book::{Class, Holding};
use crate::risk::Group;

/// USDT at 1.0002 with a quantum of 10^-8, BTC-PERP at 65,100.2 in lots of 0.001, BTC at 65,000
/// with a quantum of 10^-8; quote quanta of 10^-6.
fn example() -> (Market, RiskModel) {
    let symbol = |id: &str, kind, settlement, unit, mark| Symbol {
        id: id.into(),
        family: id.into(),
        kind,
        first: match id {
            "USDT" => 1,
            "BTC-PERP" => 2,
            _ => 3,
        },
        settlement,
        unit,
        mark,
    };
    let usdt = 10_002_000_000_000_000;
    let market = Market {
        symbols: vec![
            symbol("USDT", Kind::Asset, 1, usdt, 0),
            symbol(
                "BTC-PERP",
                Kind::Instrument,
                1,
                6_510_020_000 * usdt,
                6_510_020_000,
            ),
            symbol("BTC", Kind::Asset, 3, 650_000_000_000_000_000_000, 0),
        ],
        file_digest: [0; 32],
    };
    let none = || segments(&[(0, 0, 0)]);
    let model = |group, losses: [i64; 2], long| SymbolRisk {
        group,
        losses: losses.to_vec(),
        lot: 0,
        debt_weight: 1_100_000,
        floor_long: 0,
        floor_short: 0,
        long,
        short: none(),
    };
    // Ratio 1 to 1,000,000 and 0.95 above.
    let usdt = model(
        0,
        [0, 0],
        segments(&[(0, 1_000_000, 0), (1_000_000_000_000, 950_000, 0)]),
    );
    // 0.4 % to 50,000 of notional, 0.5 % above; a lot loses 2 and gains 2.
    let charges = segments(&[(0, 4_000, 0), (50_000_000_000, 5_000, 0)]);
    let mut perp = model(1, [2_000_000, -2_000_000], charges.clone());
    perp.short = charges;
    perp.debt_weight = 0;
    perp.floor_short = 500_000;
    // Ratio 0.9, scanned in lots of 0.001.
    let mut btc = model(1, [1_900_000, -1_900_000], segments(&[(0, 900_000, 0)]));
    btc.lot = 100_000;
    let risk = RiskModel {
        name: "example".into(),
        scenarios: 2,
        floor_weights: vec![false, true],
        groups: vec![Group {
            id: "BTC".into(),
            maintenance_factor: 1_000_000,
            initial_factor: 1_250_000,
        }],
        symbols: vec![usdt, perp, btc],
        salt: None,
        file_digest: [0; 32],
    };
    (market, risk)
}

fn pool(holdings: &[(u16, i128)]) -> Pool {
    let holdings = holdings
        .iter()
        .map(|&(row, amount)| Holding { row, amount })
        .collect();
    Pool {
        name: "cross".into(),
        holdings,
    }
}

#[test]
fn accepts_a_position_by_hand() {
    let (market, risk) = example();
    // 12,000.5 USDT and a short of 0.350 BTC-PERP from 64,800, whose cost is -22,680.
    let pool = pool(&[(1, 3_468_050_000_000), (2, -350)]);
    let outcome = evaluate(&market, &risk, &pool, Limits::NARROW).unwrap();
    // 34,680.5 - 0.35 * 65,100.2 = 11,895.43 USDT, at 1.0002 11,897.809086 USD.
    assert_eq!(outcome.holdings[0].amount, 1_189_543_000_000);
    assert_eq!(outcome.value, 11_897_809_086);
    assert_eq!(outcome.equity, 11_897_809_086);
    // Up 2 a lot, and the floor of 0.5 a lot short in the second scenario.
    assert_eq!(outcome.scans[0].losses, vec![-700_000_000, 875_000_000]);
    assert_eq!(outcome.scans[0].max, 875_000_000);
    // 875 and 0.4 % of 22,785.07 * 1.0002 = 22,789.627014.
    assert_eq!(outcome.maintenance, 875_000_000 + 91_158_509);
    // A quarter more: (875 + 91.158508056) * 1.25.
    assert_eq!(outcome.initial, 1_207_698_136);
    assert!(outcome.holdings[1].negative);
    assert_eq!(outcome.holdings[1].segment, 0);
}

#[test]
fn accepts_tiers_collateral_in_the_scan_and_debt() {
    let (market, risk) = example();
    // 2,000,000 USDT, 1,000,000 of it at 0.95, and 1.2345 BTC at 0.9.
    let outcome = evaluate(
        &market,
        &risk,
        &pool(&[(1, 200_000_000_000_000), (3, 123_450_000)]),
        Limits::NARROW,
    )
    .unwrap();
    assert_eq!(outcome.holdings[0].segment, 1);
    assert_eq!(outcome.value, 2_000_400_000_000 + 80_242_500_000);
    assert_eq!(outcome.equity, 1_950_380_000_000 + 72_218_250_000);
    // 72,218.25 in lots of 65: 1,111.05.
    assert_eq!(outcome.holdings[1].scanned, 1_111);
    assert_eq!(outcome.maintenance, 1_111 * 1_900_000);

    // A debt of 0.001 BTC counts 71.5: two lots, rounded down, and they gain when BTC falls.
    let outcome = evaluate(&market, &risk, &pool(&[(3, -100_000)]), Limits::NARROW).unwrap();
    assert_eq!((outcome.value, outcome.equity), (-65_000_000, -71_500_000));
    assert_eq!(outcome.holdings[0].scanned, -2);
    assert_eq!(outcome.scans[0].losses, vec![-3_800_000, 3_800_000]);
    assert_eq!(outcome.maintenance, 3_800_000);
    assert_eq!(outcome.initial, 4_750_000);
}

#[test]
fn accepts_a_boundary_and_rounds_against_the_venue() {
    let (market, mut risk) = example();
    risk.symbols[0].short = segments(&[(0, 1, 0)]);
    // One quantum of debt is 0.010002 quanta of the quote: all of it rounds away from the venue.
    let outcome = evaluate(&market, &risk, &pool(&[(1, -1)]), Limits::NARROW).unwrap();
    assert_eq!((outcome.value, outcome.equity), (-1, -1));
    assert_eq!((outcome.maintenance, outcome.initial), (1, 1));
    let outcome = evaluate(&market, &risk, &pool(&[(1, 99)]), Limits::NARROW).unwrap();
    assert_eq!((outcome.value, outcome.equity), (0, 0));

    let segments = segments(&[(0, 1, 0), (7, 2, 0), (3, 3, 0)]);
    let at = |x: u128| segment_of(&segments, U256::from(x));
    assert_eq!(
        [
            at(0),
            at(7 * FINE - 1),
            at(7 * FINE),
            at(10 * FINE - 1),
            at(10 * FINE)
        ],
        [0, 0, 1, 1, 2]
    );
}

#[test]
fn accepts_nothing_as_zero() {
    let (market, risk) = example();
    let outcome = evaluate(&market, &risk, &pool(&[(1, 0), (2, 0)]), Limits::NARROW).unwrap();
    assert!(outcome
        .holdings
        .iter()
        .all(|holding| !holding.negative && holding.segment == 0));
    assert_eq!((outcome.equity, outcome.maintenance), (0, 0));
    assert_eq!(
        evaluate(&market, &risk, &pool(&[]), Limits::NARROW)
            .unwrap()
            .scans,
        vec![]
    );
}

#[test]
fn rejects_pools_that_are_none() {
    let (market, risk) = example();
    let problem = |holdings: &[(u16, i128)]| {
        evaluate(&market, &risk, &pool(holdings), Limits::NARROW)
            .unwrap_err()
            .problem
    };
    assert_eq!(problem(&[(1, 1), (1, 1)]), RangeProblem::NotRising);
    assert_eq!(problem(&[(3, 1), (1, 1)]), RangeProblem::NotRising);
    assert_eq!(problem(&[(0, 1)]), RangeProblem::UnknownRow(0));
    assert_eq!(problem(&[(4, 1)]), RangeProblem::UnknownRow(4));
    assert_eq!(problem(&[(2, 1)]), RangeProblem::NoSettlementAsset(1));
}

#[test]
fn rejects_amounts_beyond_range() {
    let (market, risk) = example();
    let quantity =
        |holdings: &[(u16, i128)], limits| match evaluate(&market, &risk, &pool(holdings), limits)
            .unwrap_err()
            .problem
        {
            RangeProblem::TooLarge { quantity, .. } => quantity,
            other => panic!("{other:?}"),
        };
    let narrow = Limits::NARROW;
    assert_eq!(quantity(&[(1, 1 << 63)], narrow), Quantity::Base);
    assert_eq!(quantity(&[(1, -(1 << 63))], narrow), Quantity::Base);
    assert_eq!(
        quantity(&[(1, 0), (2, 1 << 63)], Limits::WIDE),
        Quantity::Position
    );
    assert_eq!(
        quantity(&[(1, 0), (2, i64::MAX.into())], narrow),
        Quantity::Notional
    );
    assert_eq!(
        quantity(&[(1, i64::MAX.into()), (2, 1)], narrow),
        Quantity::Worth
    );
    assert_eq!(
        quantity(&[(3, i64::MAX.into())], narrow),
        Quantity::AssetValue
    );
    assert_eq!(quantity(&[(1, i128::MAX)], Limits::WIDE), Quantity::Base);
    assert!(evaluate(&market, &risk, &pool(&[(1, i64::MAX.into())]), narrow).is_ok());
    let error = evaluate(&market, &risk, &pool(&[(1, 1 << 63)]), narrow).unwrap_err();
    assert_eq!(
        error.of_account("alice").to_string(),
        "account \"alice\", pool \"cross\", symbol \"USDT\": balance less costs, in quanta is \
         9223372036854775808, beyond the limit of 2^63 - 1"
    );
}

#[test]
fn accepts_scans_in_128_and_256_bits_alike() {
    let (mut market, risk) = example();
    market.symbols[1].mark = 0;
    market.symbols[1].unit = 1;
    let holdings = [(1, 0), (2, -(scan::SHORT_SCAN - 1)), (3, 500_000)];
    let losses = |quantity: i128| {
        let mut holdings = holdings;
        holdings[1].1 = quantity;
        let outcome = evaluate(&market, &risk, &pool(&holdings), Limits::WIDE).unwrap();
        outcome.scans[0].losses.clone()
    };
    let (short, long) = (losses(-(scan::SHORT_SCAN - 1)), losses(-scan::SHORT_SCAN));
    assert_eq!(long[0] - short[0], -2_000_000);
    assert_eq!(long[1] - short[1], 2_500_000);
}

#[test]
fn accepts_totals_by_class_coin_and_contract() {
    let (mut market, risk) = example();
    // BTC a variant of the coin USDT, for the sake of the sum.
    market.symbols[2].first = 1;
    let account = |id: &str, class, holdings: &[(u16, i128)]| Account {
        id: id.into(),
        class,
        pools: vec![pool(holdings)],
    };
    let accounts = [
        account(
            "a",
            Class::Customer,
            &[(1, 500_000_000_000), (2, 5), (3, -7)],
        ),
        account("b", Class::House, &[(1, 0), (2, -5)]),
        account("c", Class::Fund, &[(1, 1_000), (3, 2)]),
        account("d", Class::Customer, &[]),
    ];
    let sum = |accounts: &[Account]| {
        let mut totals = BookTotals::new(&market);
        for account in accounts {
            let outcomes = evaluate_account(&market, &risk, account, Limits::NARROW).unwrap();
            totals.add_account(&market, account, &outcomes);
        }
        totals
    };
    let totals = sum(&accounts);
    assert_eq!((totals.accounts, totals.pools), (3, 3));
    let worth = 5 * 6_510_020_000;
    assert_eq!(totals.coins[0][0], (500_000_000_000 + worth, 7));
    assert_eq!(totals.coins[1][0], (0, worth));
    assert_eq!(totals.coins[2], [(1_002, 0), (0, 0), (0, 0)]);
    assert_eq!(totals.contracts, [(0, 0), (0, 5), (0, 0)]);
    let house = totals.of(Class::House);
    assert_eq!(
        (
            house.bankrupt_pools,
            house.underwater_pools,
            house.deficient_pools
        ),
        (1, 1, 1)
    );
    assert_eq!(house.bankruptcy, house.equity_negative);
    assert_eq!(house.shortfall, house.bankruptcy + house.maintenance);
    assert_eq!(totals.total().bankrupt_pools, 1);

    let mut halves = sum(&accounts[..1]);
    halves.merge(&sum(&accounts[1..]));
    assert_eq!(halves, totals);
}

/// The statement's formulas in fractions of quote quanta, slice by slice.
mod naive {
    use super::*;

    pub fn integer(value: i128) -> BigRational {
        BigRational::from_integer(value.into())
    }

    fn fine() -> BigRational {
        integer(FINE as i128)
    }

    fn rate(coefficient: u32) -> BigRational {
        integer(coefficient.into()) / integer(RATE as i128)
    }

    /// Sum over the slices that `x` reaches into: marginal rates, and the steps it has passed.
    fn marginal(segments: &[Segment], x: &BigRational) -> BigRational {
        let mut sum = integer(0);
        for (i, segment) in segments.iter().enumerate() {
            let floor = integer(segment.floor as i128);
            if *x < floor {
                break;
            }
            let end = segments.get(i + 1).map(|next| integer(next.floor as i128));
            let end = end.filter(|end| end < x).unwrap_or_else(|| x.clone());
            sum += (end - floor) * rate(segment.coefficient) + integer(segment.jump as i128);
        }
        sum
    }

    pub struct Amounts {
        pub value: BigRational,
        pub equity: BigRational,
        pub maintenance: BigRational,
        pub initial: BigRational,
    }

    pub fn evaluate(case: &Case) -> Amounts {
        let zero = integer(0);
        let Case { market, risk, pool } = case;
        let symbol = |row: u16| &market.symbols[usize::from(row) - 1];
        let model = |row: u16| &risk.symbols[usize::from(row) - 1];
        let mut value = zero.clone();
        let mut equity = zero.clone();
        // By group: scanned (quantity, row), and charges.
        let mut scanned: Vec<Vec<(BigRational, u16)>> = vec![Vec::new(); risk.groups.len() + 1];
        let mut charges = vec![zero.clone(); risk.groups.len() + 1];
        for holding in &pool.holdings {
            let (symbol, model, row) = (symbol(holding.row), model(holding.row), holding.row);
            let group = usize::from(model.group);
            let unit = BigRational::from_integer(symbol.unit.into()) / fine();
            if symbol.kind == Kind::Instrument {
                let amount = integer(holding.amount);
                let notional = &amount * &unit;
                let (side, notional) = if amount < zero {
                    (&model.short, -notional)
                } else {
                    (&model.long, notional)
                };
                charges[group] += marginal(side, &notional);
                scanned[group].push((amount, row));
                continue;
            }
            let mut worth = integer(holding.amount);
            for position in &pool.holdings {
                let other = &market.symbols[usize::from(position.row) - 1];
                if other.kind == Kind::Instrument && other.settlement == row {
                    worth += integer(position.amount) * integer(other.mark.into());
                }
            }
            let worth = worth * &unit;
            let counted = if worth < zero {
                charges[group] += marginal(&model.short, &-worth.clone());
                &worth * rate(model.debt_weight)
            } else {
                marginal(&model.long, &worth)
            };
            if group > 0 {
                let lot = integer(model.lot.into()) * unit;
                scanned[group].push(((&counted / lot).floor(), row));
            }
            value += worth;
            equity += counted;
        }
        let mut maintenance = charges[0].clone();
        let mut initial = charges[0].clone();
        for (index, group) in risk.groups.iter().enumerate() {
            let mut worst = zero.clone();
            for scenario in 0..risk.scenarios {
                let mut loss = zero.clone();
                for (quantity, row) in &scanned[index + 1] {
                    let model = model(*row);
                    loss += quantity * integer(model.losses[scenario].into());
                    if risk.floor_weights[scenario] {
                        let short = *quantity < zero;
                        let floor = if short {
                            model.floor_short
                        } else {
                            model.floor_long
                        };
                        let size = if short {
                            -quantity.clone()
                        } else {
                            quantity.clone()
                        };
                        loss += size * integer(floor.into());
                    }
                }
                if loss > worst {
                    worst = loss;
                }
            }
            let required = worst + &charges[index + 1];
            maintenance += &required * rate(group.maintenance_factor);
            initial += &required * rate(group.initial_factor);
        }
        Amounts {
            value: value.floor(),
            equity: equity.floor(),
            maintenance: maintenance.ceil(),
            initial: initial.ceil(),
        }
    }
}

fn outcome(case: &Case) -> PoolOutcome {
    evaluate(&case.market, &case.risk, &case.pool, Limits::NARROW).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn accepts_what_the_formulas_in_fractions_say(case in case()) {
        let exact = naive::evaluate(&case);
        let outcome = outcome(&case);
        prop_assert_eq!(naive::integer(outcome.value), exact.value);
        prop_assert_eq!(naive::integer(outcome.equity), exact.equity);
        prop_assert_eq!(naive::integer(outcome.maintenance), exact.maintenance);
        prop_assert_eq!(naive::integer(outcome.initial), exact.initial);
    }

    #[test]
    fn accepts_wide_limits_with_the_same_amounts(case in case()) {
        let wide = evaluate(&case.market, &case.risk, &case.pool, Limits::WIDE).unwrap();
        prop_assert_eq!(wide, outcome(&case));
    }

    #[test]
    fn accepts_scans_as_linear_on_each_side(case in case(), times in 2..5i128) {
        // Only positions: collateral is scanned in whole lots, which are not linear.
        let mut case = case;
        for (symbol, model) in case.market.symbols.iter().zip(&mut case.risk.symbols) {
            if symbol.kind == Kind::Asset {
                model.group = 0;
            }
        }
        let once = outcome(&case);
        for holding in &mut case.pool.holdings {
            holding.amount *= times;
        }
        let more = outcome(&case);
        for (once, more) in once.scans.iter().zip(&more.scans) {
            prop_assert_eq!(once.max * times, more.max);
            for (once, more) in once.losses.iter().zip(&more.losses) {
                prop_assert_eq!(once * times, *more);
            }
        }
    }

    #[test]
    fn accepts_brackets_that_never_fall(brackets in brackets(), x in 0..8_000_000u128, more in 0..8_000_000u128) {
        let charge = |x: u128| {
            let x = U256::from(x) * U256::from(FINE);
            line(&brackets[segment_of(&brackets, x)], x)
        };
        prop_assert!(charge(x) <= charge(x + more));
        prop_assert!(charge(x) >= 0);
    }

    #[test]
    fn accepts_equity_never_above_value(case in case()) {
        let outcome = outcome(&case);
        prop_assert!(outcome.equity <= outcome.value);
        prop_assert!(outcome.maintenance <= outcome.initial);
        prop_assert!(outcome.maintenance >= 0);
    }
}
