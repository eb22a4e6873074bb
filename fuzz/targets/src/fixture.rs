//! A book of three shards in the smallest shape, proven when it is first asked for: keys and proofs
//! change with the circuit, and none are kept here.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use zkmargin_circuits::market::MarketSource;
use zkmargin_circuits::risk::RiskSource;
use zkmargin_circuits::shape::Shape;
use zkmargin_prover::audit::{pack, Secret};
use zkmargin_prover::params::{insecure, Parameters};
use zkmargin_prover::prove::{prove, run, Goal, ProveOptions};
use zkmargin_prover::records::record_path;
use zkmargin_prover::sign::SigningKey;
use zkmargin_prover::snapshot::LoadedSnapshot;
use zkmargin_prover::store::Store;
use zkmargin_verifier::audit::Sample;
use zkmargin_verifier::bundle::{verify, Bundle, Options};
use zkmargin_verifier::report::Report;
use zkmargin_verifier::shard::file_name;
use zkmargin_verifier::signature::VenueKey;

use crate::scratch;

/// The snapshot of the smallest book that has every feature.
pub const SNAPSHOT: &str = include_str!("../../../tests/fixtures/tiny-book/snapshot.json");
/// Its market.
pub const MARKET: &str = include_str!("../../../tests/fixtures/tiny-book/market.json");
/// Its model.
pub const RISK: &str = include_str!("../../../tests/fixtures/tiny-book/risk.json");
/// Its accounts.
pub const ACCOUNTS: &str = include_str!("../../../tests/fixtures/tiny-book/accounts.csv");

/// A key, as `openssl genpkey -algorithm ed25519` wrote it, and `openssl pkey -pubout` of it.
pub const SECRET_KEY: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIFUItcrIrlemppMHvCNxDmXi2IKUc+SJb8fQNVdJLeas
-----END PRIVATE KEY-----
";
/// The public key of it.
pub const PUBLIC_KEY: &str = "-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAxuk1VNQr3Xfa9kh3F7LF6fbmz+0j9Kpm9TalWVCbSKQ=
-----END PUBLIC KEY-----
";

/// Accounts of one balance beside those of the book: more than one proof holds.
const MORE_ACCOUNTS: usize = 500;

/// The account whose record is kept.
pub const RECORDED: &str = "alice@example";

/// What the auditor asked for.
pub const SAMPLE: Sample = Sample {
    seed: [5; 32],
    slots: 12,
};

/// A published book, and what its venue and its customers have.
#[derive(Debug)]
pub struct Fixture {
    /// The folder of the bundle.
    pub folder: PathBuf,
    /// Its files.
    pub bundle: Bundle,
    /// The report of its verification.
    pub report: Report,
    /// One customer's record.
    pub record: Vec<u8>,
    /// The auditor's pack.
    pub pack: Vec<u8>,
    /// A job of the same book, from which nothing was proven yet.
    pub job: PathBuf,
    /// The market, compiled.
    pub market: MarketSource,
    /// The model, compiled.
    pub risk: RiskSource,
    /// The shape.
    pub shape: &'static Shape,
}

/// Options under which the bundle holds.
pub fn options() -> Options<'static> {
    Options {
        allow_insecure_setup: true,
        venue_key: Some(VenueKey::from_pem(PUBLIC_KEY).expect("a public key")),
        ..Options::default()
    }
}

/// Parameters of the smallest shape.
pub fn parameters() -> Parameters {
    insecure(Shape::by_name("tiny-11").expect("a shape").k, &mut |_| ()).expect("parameters")
}

/// The book, proven once.
pub fn fixture() -> &'static Fixture {
    static FIXTURE: OnceLock<Fixture> = OnceLock::new();
    FIXTURE.get_or_init(|| {
        let folder = scratch::folder();
        let book = book(&folder.join("book"));
        let snapshot = LoadedSnapshot::read(&book).expect("the book");
        let shape = Shape::by_name("tiny-11").expect("a shape");
        let params = parameters();
        let options = |name: &str| ProveOptions {
            shape: Some(shape),
            seed: Some([9; 32]),
            publish_counts: false,
            keys: None,
            out: folder.join(name),
            records: folder.join(format!("{name}-records")),
            restart: false,
            sign: Some(
                SigningKey::read(&scratch::file("key.pem", SECRET_KEY.as_bytes())).expect("a key"),
            ),
            audit: Some(folder.join(format!("{name}-secret.json"))),
            memory: None,
        };
        let chosen = options("bundle");
        prove(&snapshot, &params, &chosen, &mut |_| ()).expect("a bundle");
        let job = folder.join("job");
        // The plan's folder is the one that tells that shards are missing: nothing is proven of it.
        run(
            &snapshot,
            &params,
            &options("planned"),
            Goal::Plan(&Store::folder(&job), None),
            &mut |_| (),
        )
        .expect("a job");

        let bundle = read(&chosen.out);
        let report = verify(&bundle, &self::options(), &mut |_| ()).expect("a report");
        assert!(report.is_good(), "{:?}", report.failure());
        let record = fs::read(record_path(&chosen.records, RECORDED)).expect("a record");
        let secret = chosen.audit.as_deref().map(Secret::read);
        let secret = secret.expect("a path").expect("a secret");
        let pack = pack(&snapshot, &bundle.statement, &secret, &SAMPLE).expect("a pack");
        let market = MarketSource::parse("market.json", &bundle.market).expect("the market");
        let risk = bundle.risk.as_deref().expect("a public model");
        let risk = RiskSource::parse("risk.json", risk, &market).expect("the model");
        Fixture {
            folder: chosen.out,
            bundle,
            report,
            record,
            pack: pack.to_bytes(),
            job,
            market,
            risk,
            shape,
        }
    })
}

/// Writes the book.
fn book(folder: &Path) -> PathBuf {
    let more: String = (0..MORE_ACCOUNTS)
        .map(|account| format!("customer-{account:03},cross,USDT,100,\n"))
        .collect();
    let accounts = format!("{ACCOUNTS}{more}");
    fs::create_dir_all(folder).expect("a folder");
    for (name, text) in [
        ("snapshot.json", SNAPSHOT),
        ("market.json", MARKET),
        ("risk.json", RISK),
        ("accounts.csv", &accounts),
    ] {
        fs::write(folder.join(name), text).expect("a file of the book");
    }
    folder.to_owned()
}

/// The files of a bundle's folder, as they are.
fn read(folder: &Path) -> Bundle {
    let read = |name: &str| fs::read(folder.join(name));
    let proofs = (0..).map_while(|index| read(&file_name(index)).ok());
    Bundle {
        proofs: proofs.collect(),
        statement: read("statement.json").expect("the statement"),
        market: read("market.json").expect("the market"),
        risk: read("risk.json").ok(),
        totals: read("totals.bin").expect("the totals"),
        signature: read("statement.sig").ok(),
    }
}
