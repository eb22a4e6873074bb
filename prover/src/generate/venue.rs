//! A listing of the shape of a real venue: the demonstration book's contracts, dozens of coins as
//! collateral, and options whose marks and arrays are Black-76.

use super::black76;
use super::decimal::{snap, ONE, SCALE};
use super::demo;
use super::listings::{coin_price, collateral, future, scan_range, COINS, USDT};
use super::options::{span16, Right, Scenario};
use super::universe::{GroupSpec, InstrumentSpec, Universe};

/// Coins that are collateral beside those of the demonstration.
const MORE_COINS: std::ops::Range<usize> = 3..30;

/// Coins with a perpetual beside those of the demonstration.
const MORE_PERPETUALS: std::ops::Range<usize> = 3..9;

/// Implied volatility by coin, and days to the expiry of the options.
const VOLATILITY: [f64; 2] = [0.52, 0.68];
const DAYS: f64 = 68.0;

/// Everything the venue lists: within 64 symbols, 16 groups, 16 scenarios.
pub fn universe() -> Universe {
    let scenarios = span16();
    let mut universe = demo::universe();
    universe.model = "venue-pm-1".into();
    universe.assets.extend(MORE_COINS.map(collateral));
    for coin in MORE_PERPETUALS {
        let group = universe.groups.len();
        let name = COINS[coin].0;
        universe.groups.push(GroupSpec {
            id: name.into(),
            factors: (110, 140),
        });
        let id = format!("{name}-PERP");
        universe
            .instruments
            .push(future(id, coin, group, USDT, 150, &scenarios));
    }
    for row in &mut universe.instruments {
        if let Some((right, strike)) = terms(&row.id) {
            reprice(row, right, strike, &scenarios);
        }
    }
    universe
}

/// Right and strike of an option, from a name such as `BTC-29JAN27-71600-C`.
fn terms(id: &str) -> Option<(Right, i128)> {
    let mut parts = id.rsplit('-');
    let right = match parts.next()? {
        "C" => Right::Call,
        "P" => Right::Put,
        _ => return None,
    };
    let strike: i128 = parts.next()?.parse().ok()?;
    Some((right, strike * ONE))
}

/// Puts Black-76 behind an option's mark and array.
fn reprice(row: &mut InstrumentSpec, right: Right, strike: i128, scenarios: &[Scenario]) {
    // An option's group is its coin here.
    let (coin, forward) = (row.group, row.notional_price());
    let (volatility, years) = (VOLATILITY[coin], DAYS / 365.0);
    let tick = row.tick;
    let value = |forward: i128, width: i128| {
        let volatility = volatility * width as f64 / 1e6;
        let one = 10f64.powi(SCALE as i32);
        let value = black76::value(
            right,
            forward as f64 / one,
            strike as f64 / one,
            volatility,
            years,
        );
        snap((value * one) as i128, tick)
    };
    row.mark = value(forward, 1_000_000).max(tick);
    let range = coin_price(coin) * scan_range(coin) / 1_000_000;
    row.pnl = scenarios
        .iter()
        .map(|scenario| {
            let moved = (forward + range * scenario.price / 1_000_000).max(0);
            let profit = value(moved, scenario.width) - row.mark;
            snap(profit * scenario.weight / 1_000_000, tick)
        })
        .collect();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fits_the_small_shape() {
        let universe = universe();
        assert!(universe.assets.len() + universe.instruments.len() <= 64);
        assert!(universe.groups.len() <= 16 && universe.scenarios <= 16);
    }

    #[test]
    fn prices_options_like_options() {
        let universe = universe();
        let options: Vec<_> = universe
            .instruments
            .iter()
            .filter_map(|row| Some((terms(&row.id)?, row)))
            .collect();
        assert_eq!(options.len(), 12);
        for ((right, _), row) in options {
            // A buyer loses no more than the premium, and gains when the price moves their way.
            assert!(
                row.pnl.iter().all(|profit| *profit >= -row.mark),
                "{}",
                row.id
            );
            let (up, down) = (row.pnl[10], row.pnl[12]);
            assert!((right == Right::Call) == (up > down), "{}", row.id);
            // Volatility up is worth more than volatility down, at every price.
            for pair in row.pnl[..14].chunks(2) {
                assert!(pair[0] >= pair[1], "{}", row.id);
            }
        }
    }
}
