//! Random well-formed books in integers, as small as a shape asks for.

use halo2_proofs::halo2curves::bn256::Fr;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use zkmargin_circuits::book::{Account, Class, Holding, Pool};
use zkmargin_circuits::leaf::identity;
use zkmargin_circuits::market::{Kind, Market, Symbol};
use zkmargin_circuits::relation::{evaluate_account, BookTotals, Limits, PoolOutcome};
use zkmargin_circuits::risk::{intercepts, Group, RiskModel, Segment, SymbolRisk};
use zkmargin_circuits::shape::Shape;
use zkmargin_circuits::witness::plan::{PlannedRun, ShardPlan};
use zkmargin_circuits::witness::{Context, Witness};

/// A market, a model and a book.
#[derive(Debug, Clone)]
pub struct Sample {
    /// The market.
    pub market: Market,
    /// The model.
    pub risk: RiskModel,
    /// The accounts.
    pub accounts: Vec<Account>,
}

fn segment(floor: u128, coefficient: u32) -> Segment {
    Segment {
        floor,
        coefficient,
        intercept: 0,
        jump: 0,
    }
}

fn segments(list: &[(u128, u32)]) -> Vec<Segment> {
    let mut list: Vec<_> = list.iter().map(|(f, c)| segment(*f, *c)).collect();
    assert!(intercepts(&mut list), "intercepts in range");
    list
}

impl Sample {
    /// A book of `accounts` accounts under a third of what a shape's tables hold.
    pub fn new(shape: &Shape, seed: u64, accounts: usize) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let symbols = shape.symbols.min(24);
        let (market, risk) = tables(shape, symbols, &mut rng);
        let mut book: Vec<Account> = (0..accounts)
            .map(|i| account(&market, i, &mut rng))
            .collect();
        if let Some(last) = book.last_mut() {
            last.class = Class::Fund;
        }
        Self {
            market,
            risk,
            accounts: book,
        }
    }

    /// The statement of every account.
    pub fn outcomes(&self, shape: &Shape) -> Vec<Vec<PoolOutcome>> {
        let limits = Limits {
            money_bits: shape.money_bits,
        };
        self.accounts
            .iter()
            .map(|account| {
                evaluate_account(&self.market, &self.risk, account, limits).expect("in range")
            })
            .collect()
    }

    /// A plan with the accounts first and empty slots after them.
    pub fn plan(&self, shape: &Shape) -> ShardPlan {
        let mut salt = 0u64;
        let mut salts = || {
            salt += 1;
            Fr::from(0x5a17_0000_0000 + salt)
        };
        let mut totals = BookTotals::new(&self.market);
        let mut runs = Vec::new();
        let mut used = 0;
        for (account, outcomes) in self.accounts.iter().zip(self.outcomes(shape)) {
            totals.add_account(&self.market, account, &outcomes);
            let run =
                PlannedRun::account(shape, account, identity(&account.id), &outcomes, &mut salts);
            used += run.windows.len();
            runs.push(run);
        }
        let capacity = shape.capacity();
        assert!(used <= capacity, "{used} windows in {capacity}");
        runs.extend((used..capacity).map(|_| PlannedRun::empty(salts())));
        ShardPlan::new(runs, totals, salts())
    }

    /// The context of witnesses.
    pub fn context(&self) -> Context<'_> {
        Context {
            market: &self.market,
            risk: &self.risk,
        }
    }

    /// The honest witness.
    pub fn witness(&self, shape: &Shape) -> Witness {
        Witness::new(shape, &self.context(), &self.plan(shape)).expect("fits the shape")
    }
}

fn tables(shape: &Shape, symbols: usize, rng: &mut ChaCha8Rng) -> (Market, RiskModel) {
    let mut market = Market {
        symbols: Vec::new(),
        file_digest: rng.gen(),
    };
    let mut risk = RiskModel {
        name: "sample".into(),
        scenarios: shape.scenarios - 1,
        floor_weights: (0..shape.scenarios - 1).map(|s| s % 3 == 0).collect(),
        groups: (0..shape.groups.min(5))
            .map(|i| Group {
                id: format!("G{i}"),
                maintenance_factor: 1_000_000,
                initial_factor: 1_250_000 + i as u32,
            })
            .collect(),
        symbols: Vec::new(),
        salt: Some(vec![7; 16]),
        file_digest: rng.gen(),
    };
    let fine: u128 = 1_000_000_000_000_000_000;
    let mut settlement = 0u16;
    let mut settlement_price = 0u128;
    let mut first_of: Option<u16> = None;
    for row in 1..=symbols as u16 {
        let asset = row % 3 == 1;
        if asset {
            settlement = row;
            first_of = None;
            // Quanta of 10^-8 in quote quanta of 10^-6.
            settlement_price = u128::from(rng.gen_range(1u64..4_000)) * fine / 100;
        }
        let mark: i64 = if asset {
            0
        } else {
            rng.gen_range(1_000..5_000_000)
        };
        let first = if asset {
            row
        } else {
            *first_of.get_or_insert(row)
        };
        let variant = !asset && first != row;
        let mark = if variant {
            market.symbols[usize::from(first) - 1].mark
        } else {
            mark
        };
        market.symbols.push(Symbol {
            id: format!("S{row}"),
            family: format!("S{first}"),
            kind: if asset { Kind::Asset } else { Kind::Instrument },
            first,
            settlement,
            unit: if asset {
                settlement_price
            } else {
                mark.unsigned_abs() as u128 * settlement_price
            },
            mark,
        });
        let group = match row % 4 {
            0 => 0,
            other => (other % (risk.groups.len() as u16)) + 1,
        };
        let scanned = group != 0;
        let value = (u128::from(mark.unsigned_abs()) * settlement_price / fine) as i64;
        let lot_value = if asset {
            100_000_000 * (settlement_price / fine) as i64
        } else {
            value
        };
        let losses = (0..risk.scenarios)
            .map(|s| match scanned {
                true => {
                    lot_value * (s as i64 - risk.scenarios as i64 / 2) / 40 + rng.gen_range(-5..5)
                }
                false => 0,
            })
            .collect();
        risk.symbols.push(if asset {
            SymbolRisk {
                group,
                losses,
                lot: if scanned { 100_000_000 } else { 0 },
                debt_weight: 1_000_000 + u32::from(row) * 10_000,
                floor_long: 0,
                floor_short: 0,
                long: segments(&[
                    (0, 1_000_000),
                    (50_000_000, 950_000),
                    (900_000_000, 500_000),
                    (40_000_000_000, 0),
                ]),
                short: segments(&[(0, 10_000), (100_000_000, 30_000)]),
            }
        } else {
            let long = segments(&[
                (0, 4_000),
                (50_000_000_000, 5_000),
                (600_000_000_000, 6_500),
            ]);
            SymbolRisk {
                group,
                losses,
                lot: 0,
                debt_weight: 0,
                floor_long: if scanned { 3 } else { 0 },
                floor_short: if scanned { 25 } else { 0 },
                short: if row % 2 == 0 {
                    long.clone()
                } else {
                    segments(&[(0, 8_000)])
                },
                long,
            }
        });
    }
    (market, risk)
}

fn account(market: &Market, index: usize, rng: &mut ChaCha8Rng) -> Account {
    let pools = if index % 5 == 4 { 2 } else { 1 };
    let class = if index % 7 == 6 {
        Class::House
    } else {
        Class::Customer
    };
    let pools = (0..pools)
        .map(|p| {
            let mut holdings = Vec::new();
            let density = rng.gen_range(0.1..0.9);
            for (i, symbol) in market.symbols.iter().enumerate() {
                let row = i as u16 + 1;
                if symbol.kind == Kind::Asset {
                    let base = match rng.gen_range(0..6) {
                        0 => 0,
                        1 => -rng.gen_range(0..1_000_000_000i64),
                        _ => rng.gen_range(0..2_000_000_000_000i64),
                    };
                    if rng.gen_bool(density) {
                        holdings.push(Holding {
                            row,
                            amount: base.into(),
                        });
                    }
                } else if rng.gen_bool(density)
                    && holdings
                        .iter()
                        .any(|held: &Holding| held.row == symbol.settlement)
                {
                    let quantity: i64 = rng.gen_range(-100_000..100_000);
                    holdings.push(Holding {
                        row,
                        amount: quantity.into(),
                    });
                }
            }
            if holdings.is_empty() {
                holdings.push(Holding { row: 1, amount: 0 });
            }
            Pool {
                name: format!("pool-{p}"),
                holdings,
            }
        })
        .collect();
    Account {
        id: format!("account-{index}@example"),
        class,
        pools,
    }
}

/// A context digest for tests.
pub const CONTEXT: [u8; 32] = [9; 32];

/// The instance column of a witness in tests.
pub fn instance(witness: &Witness) -> Vec<Fr> {
    witness.public_inputs(CONTEXT, 0, 1).column().to_vec()
}
