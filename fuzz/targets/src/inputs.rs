//! Small files of a snapshot, of keys, and what a verification is held against.

use zkmargin_circuits::digest::{check_fit, market_digest, model_digest};
use zkmargin_circuits::market::MarketSource;
use zkmargin_circuits::risk::RiskSource;
use zkmargin_circuits::shape::SHAPES;
use zkmargin_circuits::snapshot::Snapshot;
use zkmargin_circuits::statement::{Amount, Digest};
use zkmargin_circuits::units::Decimal;
use zkmargin_circuits::verdict::{Prices, Reserves};
use zkmargin_prover::sign::SigningKey;
use zkmargin_verifier::setup::Setup;
use zkmargin_verifier::signature::{Signature, VenueKey};

use crate::fixture::{MARKET, PUBLIC_KEY, RISK, SECRET_KEY, SNAPSHOT};
use crate::scratch;

fn good_market() -> &'static MarketSource {
    static MARKET_SOURCE: std::sync::OnceLock<MarketSource> = std::sync::OnceLock::new();
    MARKET_SOURCE
        .get_or_init(|| MarketSource::parse("market.json", MARKET.as_bytes()).expect("a market"))
}

/// A defect names its file, says what is wrong and how to mend it.
fn assert_useful(error: &zkmargin_circuits::error::InputError, file: &str) {
    assert_eq!(error.file, file);
    assert!(!error.problem.is_empty());
}

/// Reads a market; what is read has a digest in every shape that holds it.
pub fn market(data: &[u8]) {
    match MarketSource::parse("market.json", data) {
        Err(error) => assert_useful(&error, "market.json"),
        Ok(source) => {
            assert_eq!(source.rows.len(), source.market.symbols.len());
            // The table of a smaller shape is hashed sooner.
            for shape in SHAPES.iter().take(2) {
                let _ = market_digest(shape, &source.market);
            }
            for row in &source.rows {
                assert!(source.row_of(&row.id).is_some());
            }
        }
    }
}

/// A market.
pub fn market_seeds() -> Vec<Vec<u8>> {
    let odd = MARKET
        .replace("65100.2", "-9999999999999999999")
        .replace("0.001", "0.000000000000000001");
    let wide = MARKET.replace("\"65100.2\"", "\"-922337203685477.5808\"");
    [MARKET, &odd, &wide, "{}", "[[[["].map(Vec::from).to_vec()
}

/// Reads a model for a market.
pub fn risk(data: &[u8]) {
    let market = good_market();
    match RiskSource::parse("risk.json", data, market) {
        Err(error) => assert_useful(&error, "risk.json"),
        Ok(source) => {
            assert_eq!(source.model.symbols.len(), market.rows.len());
            for shape in SHAPES.iter().take(2) {
                if check_fit(shape, &market.market, &source.model).is_ok() {
                    model_digest(shape, &source.model, &market.market).expect("what fits");
                }
            }
        }
    }
}

/// Models.
pub fn risk_seeds() -> Vec<Vec<u8>> {
    let private = RISK.replace(
        "\"salt\": null",
        "\"salt\": \"00112233445566778899aabbccddeeff\"",
    );
    let steps = RISK.replace("\"cum\": \"50\"", "\"cum\": \"20\", \"step\": true");
    [RISK, &private, &steps, "{}"].map(Vec::from).to_vec()
}

/// Reads a header.
pub fn snapshot(data: &[u8]) {
    match Snapshot::parse("snapshot.json", data) {
        Err(error) => assert_useful(&error, "snapshot.json"),
        Ok(snapshot) => {
            let _ = snapshot.check_members("snapshot.json", |id| id.len() % 2 == 0);
        }
    }
}

/// Headers.
pub fn snapshot_seeds() -> Vec<Vec<u8>> {
    vec![
        SNAPSHOT.into(),
        b"{}".to_vec(),
        b"\xef\xbb\xbf{\"venue\":".to_vec(),
    ]
}

/// Reads what a verification is held against: reserves, prices, numbers, digests, setups.
pub fn outside(data: &[u8]) {
    let market = good_market();
    if let Err(error) = Reserves::parse("reserves.json", data, market) {
        assert_useful(&error, "reserves.json");
    }
    match Prices::parse("prices", data) {
        Err(error) => assert_useful(&error, "prices"),
        Ok(prices) => {
            let report = prices.check(market, Decimal::ONE);
            assert_eq!(
                report.deviations.len() + report.unpriced.len(),
                market.rows.len()
            );
        }
    }
    let text = String::from_utf8_lossy(data);
    if let Ok(number) = Decimal::parse(&text) {
        assert_eq!(Decimal::parse(&number.to_string()), Ok(number));
    }
    if let Ok(amount) = Amount::parse(&text) {
        let _ = amount.units(Decimal::new(1, 8));
        let _ = amount.minus(&Amount::signed(-1, Decimal::new(1, 18)));
    }
    if let Some(digest) = Digest::from_hex(&text) {
        assert_eq!(digest.to_string(), text);
    }
    if let Some(element) = zkmargin_circuits::field::from_hex(&text) {
        assert_eq!(zkmargin_circuits::field::to_hex(&element), text);
    }
    if let Some(setup) = Setup::parse(&text) {
        assert_eq!(setup.to_string(), text);
    }
}

/// Reserves, prices, numbers and elements.
pub fn outside_seeds() -> Vec<Vec<u8>> {
    let mut seeds = [
        "{ \"USDT\": \"1000000\", \"BTC\": \"2.5\" }",
        "{ \"BTC-PERP\": \"-65000.5\" }",
        "-0.10",
        "000000000000000000000000000000000000000001.5",
        "0.000000000000000001",
        "9999999999999999999999999999",
        "tau:0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a",
        "hermez-ppot",
    ]
    .map(Vec::from)
    .to_vec();
    for element in zkmargin_tests::tamper::odd_elements() {
        let mut bytes = element;
        bytes.reverse();
        seeds.push(hex::encode(bytes).into_bytes());
    }
    seeds
}

/// Reads keys and signatures.
pub fn keys(data: &[u8]) {
    if let Ok(signature) = Signature::from_file(data) {
        assert_eq!(signature.to_file(), data);
        let key = VenueKey::from_pem(PUBLIC_KEY).expect("a public key");
        assert!(key.verify(&Digest([3; 32]), &signature).is_err());
    }
    let text = String::from_utf8_lossy(data);
    if let Ok(key) = VenueKey::from_pem(&text) {
        assert_eq!(key.to_string().len(), 64);
    }
    if let Some(bytes) = data.first_chunk::<32>() {
        let _ = VenueKey::from_bytes(bytes);
    }
    if let Ok(key) = SigningKey::read(&scratch::file("keys.pem", data)) {
        let digest = Digest([4; 32]);
        let _ = key.sign(&digest);
        assert_eq!(format!("{key:?}"), "SigningKey(..)");
    }
}

/// A key pair and a signature's form.
pub fn key_seeds() -> Vec<Vec<u8>> {
    vec![
        PUBLIC_KEY.into(),
        SECRET_KEY.into(),
        format!("{}\n", "0a".repeat(64)).into_bytes(),
        [7; 32].to_vec(),
    ]
}
