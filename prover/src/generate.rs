//! Synthetic snapshots in which quantities match and money is conserved.
//!
//! Customers are drawn one by one from the seed and written as they are drawn; the house account
//! takes the other side of every contract, at the very prices customers paid, so that each
//! contract's quantities and costs sum to zero; the reserves are what all accounts together hold.

mod black76;
mod decimal;
mod demo;
mod draw;
mod engine;
mod listings;
mod options;
mod output;
#[cfg(test)]
mod tests;
mod universe;
mod venue;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha12Rng;
use rayon::prelude::*;
use zkmargin_circuits::error::InputError;
use zkmargin_circuits::market::MarketSource;
use zkmargin_circuits::relation::RangeError;
use zkmargin_circuits::risk::RiskSource;

use decimal::{decimal, ONE};
use draw::{customer, Groups, Habits};
use engine::{DraftAccount, DraftPool, DraftPosition, Engine, Entry, Target};
use listings::USDT;
use output::AccountWriter;
use universe::{Universe, QUANTUM_DECIMALS};

/// Name of the venue's own account.
pub const HOUSE: &str = "prop-1";
/// Name of the insurance fund.
pub const FUND: &str = "insurance";

/// Accounts drawn at once.
const CHUNK: u64 = 4096;

/// What is generated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// 64 assets, 512 instruments, 16 scenarios; three assets and five positions on average.
    Retail,
    /// 64 assets, no instruments; fifty assets an account, some owed.
    Collateral50,
    /// 64 assets, 4,096 instruments, 33 scenarios; two hundred positions an account.
    Desk,
    /// A few dozen accounts that show every feature.
    Demo,
    /// The demonstration's accounts on a listing of the shape of a real venue.
    Venue,
}

impl Profile {
    /// Accounts when none are asked for.
    pub fn default_accounts(self) -> u64 {
        match self {
            Profile::Retail | Profile::Collateral50 => 16_000,
            Profile::Desk => 1_000,
            Profile::Demo => 40,
            Profile::Venue => 200,
        }
    }

    fn universe(self) -> Universe {
        match self {
            Profile::Retail => listings::retail(),
            Profile::Collateral50 => listings::collateral50(),
            Profile::Desk => listings::desk(),
            Profile::Demo => demo::universe(),
            Profile::Venue => venue::universe(),
        }
    }

    fn habits(self) -> Habits {
        match self {
            Profile::Retail | Profile::Demo | Profile::Venue => Habits::Retail,
            Profile::Collateral50 => Habits::Collateral,
            Profile::Desk => Habits::Desk,
        }
    }
}

/// How accounts are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountFormat {
    /// `accounts.csv`.
    Csv,
    /// `accounts.parquet`.
    Parquet,
}

impl AccountFormat {
    /// Name of the file in a snapshot.
    pub fn file_name(self) -> &'static str {
        match self {
            AccountFormat::Csv => "accounts.csv",
            AccountFormat::Parquet => "accounts.parquet",
        }
    }
}

/// What to generate.
#[derive(Debug, Clone, Copy)]
pub struct GenerateOptions {
    /// Shape of the book.
    pub profile: Profile,
    /// Number of accounts, house and fund included.
    pub accounts: u64,
    /// Seed: the same seed and options give the same bytes.
    pub seed: u64,
    /// Number of deficient pools, the bankrupt ones included.
    pub deficient: u64,
    /// Number of bankrupt pools.
    pub bankrupt: u64,
    /// How accounts are written.
    pub format: AccountFormat,
}

/// What was generated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GenerateReport {
    /// Accounts, house and fund included.
    pub accounts: u64,
    /// Rows of the account table.
    pub holdings: u64,
    /// Positions of the house account.
    pub house_positions: usize,
}

/// Why a snapshot could not be generated.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    /// Options that cannot be met.
    #[error("{0}")]
    Options(String),
    /// A file could not be written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A stream could not be written.
    #[error("writing accounts: {0}")]
    Io(#[from] io::Error),
    /// The Parquet writer refused.
    #[error("writing accounts.parquet: {0}")]
    Parquet(#[from] parquet::errors::ParquetError),
    /// The generated market or model does not compile.
    #[error("generated input: {0}")]
    Input(#[from] InputError),
    /// A drawn pool is beyond the ranges.
    #[error("generated pool: {0}")]
    Range(#[from] RangeError),
    /// A symbol is not in the compiled market.
    #[error("generated market does not list {0}")]
    Unlisted(String),
    /// A drawn position's cost is not a whole number of quanta.
    #[error("generated position in {0} has an inexact cost")]
    InexactCost(String),
    /// No balance makes the pool healthy.
    #[error("no collateral makes pool {0} healthy")]
    Unreachable(String),
}

impl GenerateError {
    fn io(path: &Path, source: io::Error) -> Self {
        GenerateError::File {
            path: path.to_owned(),
            source,
        }
    }
}

/// Writes a synthetic snapshot into `folder`, which is made if it is missing.
/// `progress` is told how many accounts have been written.
///
/// # Errors
/// When the options cannot be met or a file cannot be written.
pub fn generate(
    options: &GenerateOptions,
    folder: &Path,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<GenerateReport, GenerateError> {
    let customers = options.accounts.saturating_sub(2);
    let scripted = if matches!(options.profile, Profile::Demo | Profile::Venue) {
        demo::SCRIPTED
    } else {
        0
    };
    if customers <= scripted {
        return Err(GenerateError::Options(format!(
            "--accounts {} is too few; ask for {} or more (a house and a fund account are among them)",
            options.accounts,
            scripted + 3
        )));
    }
    if options.bankrupt > options.deficient || options.deficient > customers - scripted {
        return Err(GenerateError::Options(format!(
            "--deficient {} --bankrupt {} does not fit; bankrupt pools are among the deficient ones, at most {}",
            options.deficient,
            options.bankrupt,
            customers - scripted
        )));
    }
    fs::create_dir_all(folder).map_err(|error| GenerateError::io(folder, error))?;
    let universe = options.profile.universe();
    let (market, risk) = (universe.market_json(), universe.risk_json());
    let engine = compile(universe, &market, &risk)?;
    write(folder, "snapshot.json", &snapshot_json())?;
    write(folder, "market.json", &market)?;
    write(folder, "risk.json", &risk)?;

    let groups = Groups::new(&engine);
    let targets = targets(options, scripted, customers);
    let draw = |index: u64| -> Result<DraftAccount, GenerateError> {
        let mut rng = ChaCha12Rng::seed_from_u64(options.seed);
        rng.set_stream(index + 1);
        let mut account = if index < scripted {
            demo::account(&engine, index)
        } else {
            let id = format!("user-{:07}@example", index + 1);
            customer(&engine, &groups, options.profile.habits(), id, &mut rng)
        };
        for (place, pool) in account.pools.iter_mut().enumerate() {
            let target = match targets.get(&index) {
                Some(target) if place == 0 => *target,
                _ => Target::Healthy,
            };
            engine.settle(pool, target)?;
        }
        Ok(account)
    };

    let mut out = AccountWriter::create(folder, options.format)?;
    let mut book = Tally::new(&engine);
    let mut start = 0;
    while start < customers {
        let end = customers.min(start + CHUNK);
        let drawn: Vec<DraftAccount> = (start..end)
            .into_par_iter()
            .map(draw)
            .collect::<Result<_, _>>()?;
        for account in &drawn {
            book.add(&engine, account)?;
            out.account(&engine.universe, account)?;
        }
        progress(end);
        start = end;
    }
    let house = book.house(&engine)?;
    book.add(&engine, &house)?;
    out.account(&engine.universe, &house)?;
    let fund = fund(options.accounts);
    book.add(&engine, &fund)?;
    out.account(&engine.universe, &fund)?;
    write(folder, "reserves.json", &book.reserves_json(&engine))?;
    progress(options.accounts);
    Ok(GenerateReport {
        accounts: options.accounts,
        holdings: out.finish()?,
        house_positions: house.pools.iter().map(|pool| pool.positions.len()).sum(),
    })
}

/// Which customers come out deficient or bankrupt, and by how much.
fn targets(options: &GenerateOptions, scripted: u64, customers: u64) -> BTreeMap<u64, Target> {
    let mut rng = ChaCha12Rng::seed_from_u64(options.seed);
    let mut targets = BTreeMap::new();
    while (targets.len() as u64) < options.deficient {
        let index = rng.gen_range(scripted..customers);
        let bankrupt = (targets.len() as u64) < options.bankrupt;
        let percent = rng.gen_range(20..90);
        targets.entry(index).or_insert(if bankrupt {
            Target::Bankrupt(percent)
        } else {
            Target::Deficient(percent)
        });
    }
    targets
}

/// What the accounts so far hold together.
struct Tally {
    /// Lots and cost by first variant of a contract.
    contracts: BTreeMap<usize, (i128, i128)>,
    /// First variant of each instrument's contract.
    first: Vec<usize>,
    /// Sum of `u` by first variant of a coin, in quanta.
    coins: BTreeMap<usize, i128>,
}

impl Tally {
    fn new(engine: &Engine) -> Self {
        let listed = &engine.universe.instruments;
        let mut firsts: BTreeMap<&str, usize> = BTreeMap::new();
        let first = listed
            .iter()
            .enumerate()
            .map(|(i, row)| *firsts.entry(&row.contract).or_insert(i))
            .collect();
        Self {
            contracts: BTreeMap::new(),
            first,
            coins: BTreeMap::new(),
        }
    }

    fn add(&mut self, engine: &Engine, account: &DraftAccount) -> Result<(), GenerateError> {
        for pool in &account.pools {
            for position in &pool.positions {
                let (lots, cost) = self
                    .contracts
                    .entry(self.first[position.instrument])
                    .or_default();
                *lots += i128::from(position.lots);
                *cost += engine.cost(position)?;
            }
            for (asset, amount) in engine.amounts(pool)? {
                *self.coins.entry(engine.coin[asset]).or_default() += amount;
            }
        }
        Ok(())
    }

    /// The account that takes the other side of everything, at the prices paid.
    fn house(&self, engine: &Engine) -> Result<DraftAccount, GenerateError> {
        let mut pool = DraftPool {
            name: "cross".into(),
            reserve: USDT,
            ..DraftPool::default()
        };
        let mut gains: BTreeMap<usize, i128> = BTreeMap::new();
        for (instrument, (lots, cost)) in &self.contracts {
            let settlement = engine.universe.instruments[*instrument].settlement;
            let gain = gains.entry(settlement).or_default();
            if *lots == 0 {
                // Closed against each other: what they paid is the house's already.
                *pool.balances.entry(settlement).or_default() += cost;
                *gain += cost;
                continue;
            }
            let lots = i64::try_from(-lots).map_err(|_| {
                GenerateError::Options("the house's positions exceed 64 bits".into())
            })?;
            let position = DraftPosition {
                instrument: *instrument,
                lots,
                entry: Entry::Cost(-cost),
            };
            *gain += engine.worth(&position) + cost;
            pool.positions.push(position);
        }
        for (asset, spec) in engine.universe.assets.iter().enumerate() {
            if engine.coin[asset] != asset {
                continue;
            }
            // Enough that the coin's claims cover its debts, and a little inventory.
            let owed = -self.coins.get(&asset).copied().unwrap_or(0);
            let inventory = 250_000 * ONE * 10i128.pow(QUANTUM_DECIMALS) / spec.price;
            let gain = gains.get(&asset).copied().unwrap_or(0);
            let amount = (owed + inventory).max(inventory).max(gain);
            *pool.balances.entry(asset).or_default() += amount - gain;
        }
        engine.settle(&mut pool, Target::Healthy)?;
        Ok(DraftAccount {
            id: HOUSE.into(),
            pools: vec![pool],
        })
    }

    fn reserves_json(&self, engine: &Engine) -> String {
        let rows: Vec<String> = engine
            .universe
            .assets
            .iter()
            .enumerate()
            .filter(|(asset, _)| engine.coin[*asset] == *asset)
            .map(|(asset, spec)| {
                let amount = self.coins.get(&asset).copied().unwrap_or(0);
                format!(
                    "\n  \"{}\": \"{}\"",
                    spec.coin,
                    decimal(amount, QUANTUM_DECIMALS)
                )
            })
            .collect();
        format!("{{{}\n}}\n", rows.join(","))
    }
}

/// The insurance fund: dollars alone.
fn fund(accounts: u64) -> DraftAccount {
    let dollars = 1_000_000 + 50 * i128::from(accounts);
    let mut pool = DraftPool {
        name: "cross".into(),
        reserve: USDT,
        ..DraftPool::default()
    };
    pool.balances
        .insert(USDT, dollars * 10i128.pow(QUANTUM_DECIMALS));
    DraftAccount {
        id: FUND.into(),
        pools: vec![pool],
    }
}

fn snapshot_json() -> String {
    format!(
        "{{ \"venue\": \"Example Exchange\", \"epoch\": 1, \"time\": \"2026-11-22T00:00:00Z\", \"quote\": \"USD\", \
         \"previous\": null,\n  \"classes\": {{ \"fund\": [\"{FUND}\"], \"house\": [\"{HOUSE}\"] }} }}\n"
    )
}

fn write(folder: &Path, name: &str, text: &str) -> Result<(), GenerateError> {
    let path = folder.join(name);
    fs::write(&path, text).map_err(|error| GenerateError::io(&path, error))
}

/// Compiles the generated files, as a reader of the snapshot would.
fn compile(universe: Universe, market: &str, risk: &str) -> Result<Engine, GenerateError> {
    let market = MarketSource::parse("market.json", market.as_bytes())?;
    let risk = RiskSource::parse("risk.json", risk.as_bytes(), &market)?;
    Engine::new(universe, market.market, risk.model)
}
