//! The synthetic venues of the profiles: what they list, and how it is margined.

use super::decimal::{exponent, power, snap, ONE};
use super::options::{future_array, grid33, option_array, option_value, span16, Right, Scenario};
use super::universe::{AssetSpec, GroupSpec, InstrumentSpec, Step, Style, Universe};

/// Coins after the two dollars, with a price in 10^-4.
pub const COINS: [(&str, i128); 62] = [
    ("BTC", 651_002_000),
    ("ETH", 34_512_000),
    ("SOL", 1_723_400),
    ("XRP", 21_850),
    ("BNB", 6_221_000),
    ("DOGE", 1_834),
    ("ADA", 6_721),
    ("TRX", 2_310),
    ("AVAX", 284_500),
    ("LINK", 159_300),
    ("TON", 35_400),
    ("SUI", 32_100),
    ("DOT", 51_200),
    ("LTC", 924_000),
    ("BCH", 4_312_000),
    ("NEAR", 32_800),
    ("UNI", 78_400),
    ("APT", 61_900),
    ("ICP", 72_300),
    ("ETC", 213_000),
    ("XMR", 1_987_000),
    ("XLM", 2_870),
    ("FIL", 38_100),
    ("ATOM", 54_600),
    ("HBAR", 1_790),
    ("ARB", 4_830),
    ("OP", 9_120),
    ("AAVE", 1_672_000),
    ("INJ", 138_200),
    ("MKR", 15_230_000),
    ("RUNE", 19_800),
    ("IMX", 7_230),
    ("GRT", 1_120),
    ("ALGO", 2_030),
    ("STX", 10_400),
    ("TIA", 29_700),
    ("SEI", 2_340),
    ("LDO", 11_900),
    ("RENDER", 43_200),
    ("FET", 7_410),
    ("EGLD", 221_000),
    ("SAND", 3_120),
    ("MANA", 3_480),
    ("AXS", 33_700),
    ("FLOW", 4_520),
    ("XTZ", 8_310),
    ("EOS", 7_640),
    ("NEO", 72_100),
    ("KAVA", 4_910),
    ("ZEC", 381_000),
    ("DASH", 246_000),
    ("COMP", 532_000),
    ("SNX", 8_930),
    ("CRV", 6_520),
    ("DYDX", 7_110),
    ("GMX", 198_400),
    ("PENDLE", 39_600),
    ("JUP", 6_080),
    ("WLD", 11_800),
    ("ENS", 232_000),
    ("KSM", 214_000),
    ("QNT", 1_024_000),
];

/// Index of the asset in which accounts are topped up, and of the other dollar.
pub const USDT: usize = 0;
/// The other dollar.
pub const USDC: usize = 1;

/// How well a coin trades, from its place in [`COINS`]: 0 is best.
fn liquidity(coin: usize) -> i128 {
    match coin {
        0 | 1 => 0,
        2..=9 => 1,
        10..=29 => 2,
        _ => 3,
    }
}

/// Price of a coin at the generator's scale.
pub fn coin_price(coin: usize) -> i128 {
    COINS[coin].1 * (ONE / 10_000)
}

/// Scan range of a coin, in 10^-6.
pub fn scan_range(coin: usize) -> i128 {
    [90_000, 130_000, 180_000, 240_000][liquidity(coin) as usize]
}

/// A dollar: no risk group, no charge on debts.
pub fn dollar(id: &str, price: i128) -> AssetSpec {
    AssetSpec {
        id: id.into(),
        coin: id.into(),
        price: price * (ONE / 10_000),
        weights: steps(&[
            (0, 1_000_000),
            (50_000_000, 990_000),
            (500_000_000, 970_000),
            (5_000_000_000, 900_000),
        ]),
        debt_weight: ONE,
        debt_brackets: Vec::new(),
        scan: None,
        lot: ONE,
    }
}

/// A coin as collateral, with four weight tiers and three debt brackets.
pub fn collateral(coin: usize) -> AssetSpec {
    let (name, _) = COINS[coin];
    let price = coin_price(coin);
    let best = [975_000, 900_000, 800_000, 650_000][liquidity(coin) as usize];
    let depth = [5_000_000, 1_000_000, 250_000, 100_000][liquidity(coin) as usize];
    AssetSpec {
        id: name.into(),
        coin: name.into(),
        price,
        weights: steps(&[
            (0, best),
            (depth, best - 75_000),
            (5 * depth, best - 250_000),
            (25 * depth, 0),
        ]),
        debt_weight: ONE + ONE / 50 * (liquidity(coin) + 1),
        debt_brackets: steps(&[(0, 20_000), (depth, 50_000), (5 * depth, 100_000)]),
        scan: None,
        lot: power(-4 - exponent(price).min(0)).max(ONE / 10_000),
    }
}

/// A coin as collateral that is scanned with `group`.
pub fn scanned_collateral(coin: usize, group: usize, scenarios: &[Scenario]) -> AssetSpec {
    let price = coin_price(coin);
    let pnl = future_array(scenarios, price, scan_range(coin), tick(price));
    AssetSpec {
        scan: Some((group, pnl)),
        ..collateral(coin)
    }
}

/// Steps from dollars and millionths.
pub fn steps(table: &[(i128, i128)]) -> Vec<Step> {
    table
        .iter()
        .map(|(floor, rate)| (floor * ONE, rate * (ONE / 1_000_000)))
        .collect()
}

/// Tick of a price: five significant digits.
pub fn tick(price: i128) -> i128 {
    power(exponent(price) - 5).max(1)
}

/// Lot of a contract: ten to a hundred dollars.
pub fn lot(price: i128) -> i128 {
    power(1 - exponent(price))
}

/// The six maintenance brackets of a coin's contracts.
pub fn six_brackets(coin: usize) -> Vec<Step> {
    let depth = [10, 4, 2, 1][liquidity(coin) as usize];
    let first = [2_000, 3_000, 4_000, 6_000][liquidity(coin) as usize];
    let rates = [
        first,
        first + 1_000,
        first + 4_000,
        first + 14_000,
        first + 39_000,
        first + 114_000,
    ];
    let floors = [0, 50_000, 250_000, 1_000_000, 5_000_000, 20_000_000];
    let table: Vec<(i128, i128)> = floors
        .iter()
        .zip(rates)
        .map(|(floor, rate)| (floor * depth, rate))
        .collect();
    steps(&table)
}

/// A linear future or perpetual on a coin, `premium` in 10^-6 of spot.
pub fn future(
    id: String,
    coin: usize,
    group: usize,
    settlement: usize,
    premium: i128,
    scenarios: &[Scenario],
) -> InstrumentSpec {
    let spot = coin_price(coin);
    let step = tick(spot);
    let mark = snap(spot + spot * premium / 1_000_000, step);
    let charges = six_brackets(coin);
    InstrumentSpec {
        contract: id.clone(),
        id,
        style: Style::Linear,
        settlement,
        multiplier: ONE,
        lot: lot(spot),
        tick: step,
        mark,
        basis: None,
        group,
        pnl: future_array(scenarios, mark, scan_range(coin), step),
        floor_short: 0,
        long: charges.clone(),
        short: charges,
    }
}

/// A European option on a coin, its premium settled in `settlement`.
pub fn option(
    coin: usize,
    group: usize,
    settlement: usize,
    expiry: (&str, i128),
    strike_percent: i128,
    right: Right,
    scenarios: &[Scenario],
) -> InstrumentSpec {
    let spot = coin_price(coin);
    let step = tick(spot);
    let (date, days) = expiry;
    let forward = snap(spot + spot * days / 9_000, step);
    let strike = snap(spot * strike_percent / 100, step * 1_000);
    // 0.8 of a volatility of 0.65 over the square root of the time in years.
    let width = spot * (days * 1_000_000 / 365).unsigned_abs().isqrt() as i128 * 520 / 1_000_000;
    let mark = snap(option_value(right, forward, strike, width), step).max(step);
    let pnl = option_array(
        scenarios,
        right,
        forward,
        strike,
        width,
        mark,
        scan_range(coin),
        step,
    );
    let charges = six_brackets(coin);
    let letter = if right == Right::Call { 'C' } else { 'P' };
    let id = format!(
        "{}-{date}-{}-{letter}",
        COINS[coin].0,
        super::decimal::decimal(strike, super::decimal::SCALE)
    );
    InstrumentSpec {
        contract: id.clone(),
        id,
        style: Style::Linear,
        settlement,
        multiplier: ONE,
        lot: lot(spot),
        tick: step,
        mark,
        basis: Some(forward),
        group,
        pnl,
        floor_short: snap(spot / 200, step),
        long: charges.clone(),
        short: charges,
    }
}

const EXPIRIES: [(&str, i128); 12] = [
    ("27NOV26", 5),
    ("4DEC26", 12),
    ("11DEC26", 19),
    ("25DEC26", 33),
    ("29JAN27", 68),
    ("26FEB27", 96),
    ("26MAR27", 124),
    ("25JUN27", 215),
    ("24SEP27", 306),
    ("31DEC27", 404),
    ("30JUN28", 586),
    ("29DEC28", 768),
];

const STRIKES: [i128; 13] = [100, 95, 105, 90, 110, 85, 115, 80, 120, 75, 125, 70, 130];

/// The first `count` contracts of a coin: two perpetuals, two dated futures, then options in pairs.
fn contracts(
    coin: usize,
    group: usize,
    count: usize,
    scenarios: &[Scenario],
) -> Vec<InstrumentSpec> {
    let name = COINS[coin].0;
    let mut rows = vec![
        future(format!("{name}-PERP"), coin, group, USDT, 120, scenarios),
        future(
            format!("{name}-USDC-PERP"),
            coin,
            group,
            USDC,
            -80,
            scenarios,
        ),
        future(
            format!("{name}-25DEC26"),
            coin,
            group,
            USDT,
            7_000,
            scenarios,
        ),
        future(
            format!("{name}-26MAR27"),
            coin,
            group,
            USDT,
            21_000,
            scenarios,
        ),
    ];
    for index in 0.. {
        if rows.len() >= count {
            break;
        }
        let pair = index / 2;
        let expiry = EXPIRIES[pair % EXPIRIES.len()];
        let strike = STRIKES[pair / EXPIRIES.len() % STRIKES.len()];
        let right = if index % 2 == 0 {
            Right::Call
        } else {
            Right::Put
        };
        rows.push(option(coin, group, USDT, expiry, strike, right, scenarios));
    }
    rows.truncate(count);
    rows
}

fn groups() -> Vec<GroupSpec> {
    (0..COINS.len())
        .map(|coin| GroupSpec {
            id: COINS[coin].0.into(),
            factors: (100 + 5 * liquidity(coin), 125 + 5 * liquidity(coin)),
        })
        .collect()
}

fn derivatives(model: &str, scenarios: &[Scenario], count: impl Fn(usize) -> usize) -> Universe {
    let mut assets = vec![dollar("USDT", 10_002), dollar("USDC", 9_999)];
    for coin in 0..COINS.len() {
        // Only the two largest coins hedge positions; the others count as collateral alone.
        let asset = if coin < 2 {
            scanned_collateral(coin, coin, scenarios)
        } else {
            collateral(coin)
        };
        assets.push(asset);
    }
    Universe {
        model: model.into(),
        scenarios: scenarios.len(),
        // Floors count where the price does not move.
        floor_weights: scenarios
            .iter()
            .map(|scenario| scenario.price == 0)
            .collect(),
        groups: groups(),
        assets,
        instruments: (0..COINS.len())
            .flat_map(|coin| contracts(coin, coin, count(coin), scenarios))
            .collect(),
    }
}

/// 64 assets, 512 instruments, 16 scenarios.
pub fn retail() -> Universe {
    derivatives("retail-pm-1", &span16(), |coin| match coin {
        0 | 1 => 46,
        2..=7 => 16,
        _ => 6,
    })
}

/// 64 assets, 4,096 instruments, 33 scenarios.
pub fn desk() -> Universe {
    derivatives("desk-pm-1", &grid33(), |coin| match coin {
        0 | 1 => 288,
        2..=41 => 59,
        _ => 58,
    })
}

/// 64 assets with tiered weights and debt brackets, no instruments.
pub fn collateral50() -> Universe {
    let mut assets = vec![dollar("USDT", 10_002), dollar("USDC", 9_999)];
    assets.extend((0..COINS.len()).map(collateral));
    Universe {
        model: "collateral-1".into(),
        scenarios: 1,
        floor_weights: vec![false],
        groups: Vec::new(),
        assets,
        instruments: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn lists_what_the_profiles_promise() {
        for (universe, assets, instruments) in [
            (retail(), 64, 512),
            (desk(), 64, 4096),
            (collateral50(), 64, 0),
        ] {
            assert_eq!(universe.assets.len(), assets);
            assert_eq!(universe.instruments.len(), instruments);
            let ids: BTreeSet<&str> = universe
                .instruments
                .iter()
                .map(|row| row.id.as_str())
                .collect();
            assert_eq!(ids.len(), instruments, "{} repeats a name", universe.model);
        }
    }

    #[test]
    fn marks_come_out_exact() {
        for row in retail().instruments.iter().chain(&desk().instruments) {
            assert!(row.cost(1, row.mark).is_some(), "{}", row.id);
            assert!(row.cost(-7, row.mark + row.tick).is_some(), "{}", row.id);
            assert!(row.mark > 0);
        }
    }
}
