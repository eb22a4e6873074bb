//! A book of three accounts, published.

use std::sync::OnceLock;

use ff::Field;
use halo2_proofs::halo2curves::bn256::{Fr, G1Affine, G1};
use zkmargin_circuits::base::{holdings, Row, RowPrice};
use zkmargin_circuits::book::{Account, Class, Pool};
use zkmargin_circuits::digest::{counts_digest, market_digest, model_digest};
use zkmargin_circuits::field::to_hex;
use zkmargin_circuits::leaf::leaf;
use zkmargin_circuits::market::MarketSource;
use zkmargin_circuits::public_inputs::PublicInputs;
use zkmargin_circuits::relation::{evaluate_account, BookTotals, Limits};
use zkmargin_circuits::risk::RiskSource;
use zkmargin_circuits::shape::{Shape, SHAPES};
use zkmargin_circuits::snapshot::Snapshot;
use zkmargin_circuits::statement::{
    context_digest, CircuitId, Counts, Digest, InputDigests, ProofFields, Statement, Version,
};
use zkmargin_circuits::totals_column::{cells, FREE_ROWS};
use zkmargin_circuits::tree::Tree;
use zkmargin_circuits::units::Decimal;
use zkmargin_verifier::bundle::{Bundle, Options, RemadeKey};
use zkmargin_verifier::key::key_digest;
use zkmargin_verifier::record::{Figures, Record, RecordPool, RecordRow, Standing};
use zkmargin_verifier::setup::Setup;
use zkmargin_verifier::shard::ShardFile;
use zkmargin_verifier::totals::{point, value, TotalsOpening};
use zkmargin_verifier::transcript::decode_point;

use crate::stub::Prover;

pub const SNAPSHOT: &str = r#"{ "venue": "Example Exchange", "epoch": 42, "time": "2026-11-22T00:00:00Z", "quote": "USD",
  "previous": null, "classes": { "fund": ["insurance"], "house": ["prop-1"] } }"#;

pub const MARKET: &str = r#"{ "quote_quantum": "0.000001",
  "assets": [ { "id": "USDT", "coin": "USDT", "price": "1.0002", "quantum": "0.00000001" } ],
  "instruments": [ { "id": "BTC-PERP", "contract": "BTC-PERP", "style": "linear", "settlement": "USDT",
                     "multiplier": "1", "lot": "0.001", "mark": "65100.2", "basis": null } ] }"#;

pub const RISK: &str = r#"{ "name": "example", "scenarios": 2, "floor_weights": null, "salt": null,
  "groups": [ { "id": "BTC", "maintenance_factor": "1", "initial_factor": "1.25" } ],
  "assets": [ { "id": "USDT", "lot": null, "debt_weight": "1", "group": null, "pnl": null, "debt_brackets": null,
                "weights": [ { "up_to": "1000000", "ratio": "1" }, { "ratio": "0.5" } ] } ],
  "instruments": [ { "id": "BTC-PERP", "group": "BTC", "pnl": ["5000", "-5000"], "floor": null,
                     "brackets": [ { "floor": "0", "rate": "0.004", "cum": "0" } ],
                     "short_brackets": null, "long_brackets": null } ] }"#;

pub const SALTED_RISK: &str = "00112233445566778899aabbccddeeff";

/// Account, class, slot and rows: pool, symbol, quantity, entry price.
type Person = (
    &'static str,
    Class,
    usize,
    &'static [(&'static str, &'static str, &'static str, &'static str)],
);

const PEOPLE: &[Person] = &[
    (
        "alice@example",
        Class::Customer,
        5,
        &[
            ("cross", "USDT", "12000.5", ""),
            ("cross", "BTC-PERP", "-0.350", "64800"),
            ("iso-1", "USDT", "500", ""),
        ],
    ),
    (
        "prop-1",
        Class::House,
        9,
        &[
            ("cross", "USDT", "50000", ""),
            ("cross", "BTC-PERP", "0.35", "64800"),
        ],
    ),
    (
        "insurance",
        Class::Fund,
        2,
        &[("cross", "USDT", "1000", "")],
    ),
];

/// A bundle, what its maker knows, and what its verifier needs beside it.
pub struct Published {
    pub prover: &'static Prover,
    pub statement: Statement,
    pub bundle: Bundle,
    pub records: Vec<Record>,
    market: MarketSource,
    totals: BookTotals,
}

pub fn shape() -> &'static Shape {
    &SHAPES[0]
}

pub fn insecure() -> &'static Prover {
    static PROVER: OnceLock<Prover> = OnceLock::new();
    PROVER.get_or_init(|| Prover::insecure(shape()))
}

/// The example as it is meant to be.
pub fn published() -> &'static Published {
    static PUBLISHED: OnceLock<Published> = OnceLock::new();
    PUBLISHED.get_or_init(|| Published::new(insecure(), RISK, |_| ()))
}

impl Published {
    /// Publishes the book, after `change` had its way with the statement.
    pub fn new(prover: &'static Prover, risk: &str, change: impl FnOnce(&mut Statement)) -> Self {
        let shape = shape();
        let market = MarketSource::parse("market.json", MARKET.as_bytes()).unwrap();
        let source = RiskSource::parse("risk.json", risk.as_bytes(), &market).unwrap();
        let (accounts, mut records): (Vec<Account>, Vec<Record>) = PEOPLE
            .iter()
            .map(|person| register(person, &market, &source))
            .unzip();

        let mut totals = BookTotals::new(&market.market);
        let mut slots = vec![Fr::ZERO; shape.capacity()];
        for ((account, record), person) in accounts.iter().zip(&records).zip(PEOPLE) {
            let outcomes =
                evaluate_account(&market.market, &source.model, account, Limits::from(shape))
                    .unwrap();
            totals.add_account(&market.market, account, &outcomes);
            let salts: Vec<Fr> = record
                .salts
                .iter()
                .map(|salt| zkmargin_circuits::field::from_hex(salt).unwrap())
                .collect();
            slots[person.2] = leaf(shape.money_bits, account, &salts).unwrap();
        }
        let tree = Tree::new(slots);
        for (record, person) in records.iter_mut().zip(PEOPLE) {
            record.path = tree
                .path(person.2)
                .iter()
                .map(|level| level.each_ref().map(to_hex))
                .collect();
        }

        let salt = Fr::from(77);
        let fields = ProofFields {
            circuit: CircuitId {
                shape: shape.name.into(),
                key: Digest(key_digest(shape, prover.key.get_vk())),
            },
            setup: Setup::of(&prover.params.s_g2()).to_string(),
            accounts_root: digest(&tree.root()),
            capacity: shape.capacity() as u64,
            counts: Some(Counts {
                accounts: totals.accounts,
                pools: totals.pools,
                salt: digest(&salt),
            }),
            counts_digest: digest(&counts_digest(salt, totals.accounts, totals.pools)),
        };
        let digests = InputDigests {
            market: digest(&market_digest(shape, &market.market).unwrap()),
            risk_model: digest(&model_digest(shape, &source.model, &market.market).unwrap()),
        };
        let snapshot = Snapshot::parse("snapshot.json", SNAPSHOT.as_bytes()).unwrap();
        let mut statement = Statement::from_totals(&snapshot, fields, digests, &totals, &market);
        change(&mut statement);
        let bundle = Bundle {
            statement: statement.to_bytes(),
            market: MARKET.into(),
            risk: source.model.salt.is_none().then(|| risk.into()),
            totals: vec![],
            proofs: vec![],
            signature: None,
        };
        let context = Digest(context_digest(&bundle.statement));
        records
            .iter_mut()
            .for_each(|record| record.statement = context);
        let mut published = Self {
            prover,
            statement,
            bundle,
            records,
            market,
            totals,
        };
        let proof = published.prove();
        published.bundle.totals = published.open(&proof).to_bytes();
        published.bundle.proofs.push(proof);
        published
    }

    /// A proof of what the statement says now (the stub proves anything).
    fn prove(&self) -> Vec<u8> {
        let element =
            |digest: &Digest| zkmargin_circuits::field::from_hex(&digest.to_string()).unwrap();
        let public = PublicInputs {
            context: context_digest(&self.bundle.statement),
            shard: 0,
            shards: 1,
            market: element(&self.statement.market),
            model: element(&self.statement.risk_model),
            root: element(&self.statement.accounts_root),
            counts: element(&self.statement.counts_digest),
        };
        ShardFile {
            root: public.root,
            counts: public.counts,
            proof: &self.prover.prove(&public.column()),
        }
        .to_bytes()
    }

    /// An opening of whatever the proof commits to as these totals: who knows tau can.
    fn open(&self, proof: &[u8]) -> TotalsOpening {
        let first = ShardFile::parse(proof).unwrap().proof.first_chunk();
        let commitment = decode_point(first.unwrap()).unwrap();
        let free = vec![Fr::ZERO; FREE_ROWS];
        let z = point(
            &context_digest(&self.bundle.statement),
            &[commitment],
            &free,
        );
        let cells = cells(shape(), &self.market.market, &self.totals);
        let value = value(shape(), &cells, &free, z).unwrap();
        let witness = (G1::from(commitment) - G1Affine::generator() * value)
            * (self.prover.tau - z).invert().unwrap();
        TotalsOpening {
            free,
            witness: witness.into(),
        }
    }

    /// Options under which the bundle holds.
    pub fn options(&self) -> Options<'static> {
        Options {
            allow_insecure_setup: true,
            key: Some(RemadeKey {
                tau_g2: self.prover.params.s_g2(),
                key: self.prover.key.get_vk().clone(),
            }),
            ..Options::default()
        }
    }
}

pub fn digest(element: &Fr) -> Digest {
    Digest::from_hex(&to_hex(element)).unwrap()
}

/// An account as the statement has it, and its record but for statement and path.
fn register(person: &Person, market: &MarketSource, risk: &RiskSource) -> (Account, Record) {
    let (id, class, slot, rows) = person;
    let decimal = |text: &str| Decimal::parse(text).unwrap();
    let mut pools = vec![];
    let mut shown = vec![];
    for rows in rows.chunk_by(|a, b| a.0 == b.0) {
        let written: Vec<Row> = rows
            .iter()
            .map(|(_, symbol, quantity, entry)| Row {
                row: market.row_of(symbol).unwrap(),
                quantity: decimal(quantity),
                price: if entry.is_empty() {
                    RowPrice::Balance
                } else {
                    RowPrice::Entry(decimal(entry))
                },
            })
            .collect();
        let pool = Pool {
            name: rows[0].0.into(),
            holdings: holdings(&written, market).unwrap(),
        };
        let outcome = zkmargin_circuits::relation::evaluate(
            &market.market,
            &risk.model,
            &pool,
            Limits::from(shape()),
        )
        .unwrap();
        shown.push(RecordPool {
            pool: pool.name.clone(),
            holdings: rows
                .iter()
                .map(|(_, symbol, quantity, entry)| RecordRow {
                    symbol: (*symbol).into(),
                    quantity: (*quantity).into(),
                    entry_price: (!entry.is_empty()).then(|| (*entry).into()),
                    cost: None,
                })
                .collect(),
            figures: Figures::of(&outcome, market.quote_quantum, Standing::Recomputable),
        });
        pools.push(pool);
    }
    let salts = (0..pools.len())
        .map(|block| to_hex(&Fr::from((1000 * slot + block) as u64)))
        .collect();
    let record = Record {
        version: Version,
        statement: Digest::default(),
        account: (*id).into(),
        class: class.name().into(),
        pools: shown,
        slot: *slot as u64,
        salts,
        path: vec![],
        signature: None,
    };
    (
        Account {
            id: (*id).into(),
            class: *class,
            pools,
        },
        record,
    )
}
