//! Draws one customer: wealth, assets, debts and positions.

use rand::seq::SliceRandom;
use rand::Rng;
use rand_chacha::ChaCha12Rng;

use super::decimal::{snap, ONE};
use super::engine::{DraftAccount, DraftPool, DraftPosition, Engine, Entry};
use super::listings::USDT;
use super::universe::{Style, QUANTUM_DECIMALS};

/// What a profile's customers look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Habits {
    /// One to five assets, one to ten positions, in one to four risk groups.
    Retail,
    /// Fifty assets, some of them owed.
    Collateral,
    /// Two hundred positions.
    Desk,
}

/// The instruments of each risk group.
#[derive(Debug)]
pub struct Groups {
    members: Vec<Vec<usize>>,
}

impl Groups {
    /// Sorts the instruments of a universe by risk group.
    pub fn new(engine: &Engine) -> Self {
        let mut members = vec![Vec::new(); engine.universe.groups.len()];
        for (index, row) in engine.universe.instruments.iter().enumerate() {
            members[row.group].push(index);
        }
        Self { members }
    }
}

/// The customer with this identity.
pub fn customer(
    engine: &Engine,
    groups: &Groups,
    habits: Habits,
    id: String,
    rng: &mut ChaCha12Rng,
) -> DraftAccount {
    let mut cross = DraftPool {
        name: "cross".into(),
        reserve: USDT,
        ..DraftPool::default()
    };
    let mut pools = Vec::with_capacity(1);
    match habits {
        Habits::Retail => {
            let wealth = dollars(rng, 60, 14);
            let (assets, positions) = sizes(rng);
            balances(engine, &mut cross, wealth, assets, rng);
            trade(engine, groups, &mut cross, wealth, positions, rng);
            if rng.gen_ratio(1, 64) {
                pools.push(isolated(engine, groups, wealth / 4, rng));
            }
        }
        Habits::Collateral => {
            let wealth = dollars(rng, 2_000, 12);
            balances(engine, &mut cross, wealth, 50, rng);
        }
        Habits::Desk => {
            let wealth = dollars(rng, 1_000_000, 8);
            balances(engine, &mut cross, wealth, 4, rng);
            trade(engine, groups, &mut cross, wealth, 200, rng);
        }
    }
    pools.insert(0, cross);
    DraftAccount { id, pools }
}

/// An amount of dollars, at the generator's scale: `least` doubled by fair coins, as wealth is.
fn dollars(rng: &mut ChaCha12Rng, least: i128, doublings: u32) -> i128 {
    let heads = (rng.gen::<u32>() & ((1 << doublings) - 1)).count_ones();
    let amount = (least * ONE) << heads;
    amount + rng.gen_range(0..amount)
}

/// Numbers of assets and positions: three and five on average, seven in ten within eight holdings.
fn sizes(rng: &mut ChaCha12Rng) -> (usize, usize) {
    if rng.gen_ratio(7, 10) {
        let assets = *pick(rng, &[1, 1, 1, 2, 2, 2, 3, 3, 3]);
        (assets, rng.gen_range(2..=8 - assets))
    } else {
        let assets = *pick(rng, &[3, 3, 4, 4, 5]);
        (assets, rng.gen_range(9 - assets..=10))
    }
}

fn pick<'a, T>(rng: &mut ChaCha12Rng, items: &'a [T]) -> &'a T {
    &items[rng.gen_range(0..items.len())]
}

/// Balances worth `wealth` in `count` assets, the reserve first; one in twenty borrows a coin.
fn balances(
    engine: &Engine,
    pool: &mut DraftPool,
    wealth: i128,
    count: usize,
    rng: &mut ChaCha12Rng,
) {
    // Variants of a coin with rules of their own are not drawn.
    let listed: Vec<usize> = (0..engine.coin.len())
        .filter(|asset| engine.coin[*asset] == *asset)
        .collect();
    let mut left = wealth;
    let mut chosen = vec![USDT];
    while chosen.len() < count.min(listed.len()) {
        let draw = rng.gen_range(1..listed.len());
        // The lesser of two draws: larger coins are held more often.
        let place = if count > 10 {
            draw
        } else {
            draw.min(rng.gen_range(1..listed.len()))
        };
        if !chosen.contains(&listed[place]) {
            chosen.push(listed[place]);
        }
    }
    let debts = if count > 10 {
        6
    } else {
        usize::from(count > 1 && rng.gen_ratio(1, 20))
    };
    for (place, asset) in chosen.iter().enumerate().skip(1) {
        let share = left / 100 * rng.gen_range(5..45) / (count as i128 / 10).max(1);
        let owed = place + debts >= count;
        left -= if owed { 0 } else { share };
        let amount = quanta(
            share / if owed { 3 } else { 1 },
            engine.universe.assets[*asset].price,
        );
        pool.balances
            .insert(*asset, if owed { -amount } else { amount });
    }
    pool.balances
        .insert(USDT, quanta(left, engine.universe.assets[USDT].price));
}

/// What `value` buys at `price`, in quanta, to five digits below the unit price's size.
fn quanta(value: i128, price: i128) -> i128 {
    let amount = value * 10i128.pow(QUANTUM_DECIMALS) / price;
    let step = 10i128.pow(amount.unsigned_abs().max(1).ilog10().saturating_sub(6));
    snap(amount, step).max(1)
}

/// Positions in `count` instruments of one to four risk groups, those of scanned balances first.
fn trade(
    engine: &Engine,
    groups: &Groups,
    pool: &mut DraftPool,
    wealth: i128,
    count: usize,
    rng: &mut ChaCha12Rng,
) {
    let wanted = if count > 50 {
        rng.gen_range(4..=12)
    } else {
        *pick(rng, &[1, 1, 1, 2, 2, 2, 2, 3, 3, 4])
    };
    let listed = groups.members.len();
    let mut chosen: Vec<usize> = pool
        .balances
        .keys()
        .filter_map(|asset| {
            engine.universe.assets[*asset]
                .scan
                .as_ref()
                .map(|(group, _)| *group)
        })
        .collect();
    let instruments = |chosen: &[usize]| {
        chosen
            .iter()
            .map(|group| groups.members[*group].len())
            .sum::<usize>()
    };
    while chosen.len() < wanted.min(count).min(listed) || instruments(&chosen) < count {
        if chosen.len() == listed {
            break;
        }
        let next = rng
            .gen_range(0..listed)
            .min(rng.gen_range(0..listed))
            .min(rng.gen_range(0..listed));
        if !chosen.contains(&next) {
            chosen.push(next);
        }
    }
    let leverage = rng.gen_range(20..300);
    let notional = wealth / 100 * leverage / count.max(1) as i128;
    let mut candidates: Vec<usize> = chosen
        .iter()
        .flat_map(|group| groups.members[*group].iter().copied())
        .collect();
    // One position in every group chosen, the rest anywhere among them.
    let mut held: Vec<usize> = chosen
        .iter()
        .take(count)
        .filter_map(|group| groups.members[*group].choose(rng).copied())
        .collect();
    candidates.shuffle(rng);
    for candidate in candidates {
        if held.len() >= count {
            break;
        }
        if !held.contains(&candidate) {
            held.push(candidate);
        }
    }
    for instrument in held {
        let position = position(engine, instrument, notional, rng);
        open(engine, pool, position);
    }
}

/// Adds a position, and with it the asset it settles in.
pub fn open(engine: &Engine, pool: &mut DraftPool, position: DraftPosition) {
    let settlement = engine.universe.instruments[position.instrument].settlement;
    pool.balances.entry(settlement).or_insert(0);
    pool.positions.push(position);
}

/// A position of about `notional`, entered within a twelfth of the mark.
pub fn position(
    engine: &Engine,
    instrument: usize,
    notional: i128,
    rng: &mut ChaCha12Rng,
) -> DraftPosition {
    let row = &engine.universe.instruments[instrument];
    let lot_notional = match row.style {
        Style::Linear => row.lot * row.multiplier / ONE * row.notional_price() / ONE,
        Style::Inverse => row.lot * row.multiplier / ONE,
    };
    let half = notional / 2;
    let lots = (half + rng.gen_range(0..=notional)) / lot_notional.max(1);
    let lots = i64::try_from(lots.clamp(1, 1 << 40)).unwrap_or(1);
    let sign = if rng.gen_ratio(53, 100) { 1 } else { -1 };
    let price = match row.style {
        Style::Linear => snap(
            row.mark + row.mark / 1_000 * rng.gen_range(-80..=80),
            row.tick,
        )
        .max(row.tick),
        // Entries whose reciprocal ends, so that the cost is a whole number of quanta.
        Style::Inverse => reciprocal_entry(row.mark),
    };
    DraftPosition {
        instrument,
        lots: sign * lots,
        entry: Entry::Price(price),
    }
}

/// The greatest price not above `price` whose reciprocal ends within a few decimals.
pub fn reciprocal_entry(price: i128) -> i128 {
    const HEADS: [i128; 12] = [
        80_000, 64_000, 62_500, 50_000, 40_000, 32_000, 31_250, 25_000, 20_000, 16_000, 12_500,
        10_000,
    ];
    let ten = 10i128.pow(price.unsigned_abs().max(10_000).ilog10());
    HEADS
        .into_iter()
        .map(|head| ten / 10_000 * head)
        .find(|entry| *entry <= price)
        .unwrap_or(ten)
}

/// An isolated pool of one position, with its own collateral.
fn isolated(engine: &Engine, groups: &Groups, wealth: i128, rng: &mut ChaCha12Rng) -> DraftPool {
    let mut pool = DraftPool {
        name: "iso-1".into(),
        reserve: USDT,
        ..DraftPool::default()
    };
    pool.balances
        .insert(USDT, quanta(wealth, engine.universe.assets[USDT].price));
    let group = rng.gen_range(0..groups.members.len());
    let linear: Vec<usize> = groups.members[group]
        .iter()
        .copied()
        .filter(|row| engine.universe.instruments[*row].settlement == USDT)
        .collect();
    if let Some(instrument) = linear.choose(rng) {
        let position = position(engine, *instrument, wealth * 3, rng);
        open(engine, &mut pool, position);
    }
    pool
}
