//! A bundle folder, and what a verification needs besides it.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use zkmargin_circuits::statement::Statement;
use zkmargin_circuits::units::Decimal;
use zkmargin_verifier::bundle::{key_to_remake, verify, Bundle, Options};
use zkmargin_verifier::report::{CheckName, Report};
use zkmargin_verifier::signature::{VenueKey, SIGNATURE_FILE};

use crate::args::{TrustArgs, VerifyArgs};
use crate::failure::Failure;
use crate::keys::remake;
use crate::snapshot::{read, read_file};

/// Reads the files of a bundle.
pub fn read_bundle(folder: &Path) -> Result<Bundle, Failure> {
    if !folder.is_dir() {
        return Err(Failure::input(format!(
            "{} is not a folder; give the folder that holds statement.json and the proof",
            folder.display()
        )));
    }
    let mut names: Vec<String> = fs::read_dir(folder)
        .map_err(Failure::internal)?
        .filter_map(Result::ok)
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort();
    let proofs = names
        .iter()
        .filter(|name| name.starts_with("proof-") && name.ends_with(".bin"))
        .map(|name| read(folder, name))
        .collect::<Result<_, _>>()?;
    let risk = match names.iter().any(|name| name == "risk.json") {
        true => Some(read(folder, "risk.json")?),
        false => None,
    };
    Ok(Bundle {
        statement: read(folder, "statement.json")?,
        market: read(folder, "market.json")?,
        risk,
        totals: read(folder, "totals.bin")?,
        proofs,
        signature: match names.iter().any(|name| name == SIGNATURE_FILE) {
            true => Some(read(folder, SIGNATURE_FILE)?),
            false => None,
        },
    })
}

/// The venue's public key in a file.
pub fn venue_key(path: &Path) -> Result<VenueKey, Failure> {
    let bytes = read_file(path)?;
    let text = std::str::from_utf8(&bytes).unwrap_or_default();
    VenueKey::from_pem(text).map_err(|error| Failure::input(format!("{}: {error}", path.display())))
}

/// What the user gave to compare a bundle with.
#[derive(Debug, Default)]
pub struct Asked {
    risk: Option<Vec<u8>>,
    previous: Vec<Vec<u8>>,
    reserves: Option<Vec<u8>>,
    prices: Option<(Vec<u8>, Decimal)>,
}

impl Asked {
    /// A model alone.
    pub fn of_risk(path: Option<&Path>) -> Result<Self, Failure> {
        Ok(Self {
            risk: path.map(read_file).transpose()?,
            ..Self::default()
        })
    }

    /// Reads the files that were named.
    pub fn read(args: &VerifyArgs) -> Result<Self, Failure> {
        let file =
            |path: &Option<_>| -> Result<_, Failure> { path.as_deref().map(read_file).transpose() };
        let tolerance = Decimal::parse(&args.tolerance)
            .map_err(|error| Failure::input(format!("--tolerance {:?} {error}", args.tolerance)))?;
        if tolerance.mantissa() < 0 {
            return Err(Failure::input(format!(
                "--tolerance {:?} is below zero",
                args.tolerance
            )));
        }
        Ok(Self {
            risk: file(&args.risk)?,
            previous: args
                .previous
                .iter()
                .map(|folder| read(folder, "statement.json"))
                .collect::<Result<_, _>>()?,
            reserves: file(&args.reserves)?,
            prices: file(&args.prices)?.map(|bytes| (bytes, tolerance)),
        })
    }
}

/// How long a verification took.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// From bytes to verdict, without the digests.
    pub verification: Duration,
    /// Recomputing the digests of market and model.
    pub digests: Duration,
}

/// Verifies a bundle with what was asked for.
pub fn verify_bundle(
    bundle: &Bundle,
    asked: &Asked,
    trust: &TrustArgs,
) -> Result<(Report, Timing), Failure> {
    let trust_setup = trust.trust_setup.as_deref().map(digest).transpose()?;
    let key = match (key_to_remake(&bundle.statement), &trust.params) {
        (Some((shape, _)), Some(path)) => {
            // `key_to_remake` has read the statement.
            let named = Statement::parse_canonical(&bundle.statement).map_err(Failure::input)?;
            Some(remake(shape, path, named.circuit.key)?)
        }
        _ => None,
    };
    let options = Options {
        allow_insecure_setup: trust.allow_insecure_setup,
        trust_setup,
        key,
        venue_key: trust.venue_key.as_deref().map(venue_key).transpose()?,
        risk: asked.risk.as_deref(),
        previous: asked.previous.iter().map(Vec::as_slice).collect(),
        counts: None,
        reserves: asked.reserves.as_deref(),
        prices: asked
            .prices
            .as_ref()
            .map(|(bytes, tolerance)| (bytes.as_slice(), *tolerance)),
    };
    let start = Instant::now();
    let mut marks: Vec<(CheckName, Instant)> = Vec::new();
    let report = verify(bundle, &options, &mut |name| {
        marks.push((name, Instant::now()));
    })
    .map_err(Failure::input)?;
    let whole = start.elapsed();
    let end = Instant::now();
    let digests = marks
        .iter()
        .enumerate()
        .filter(|(_, (name, _))| matches!(name, CheckName::Market | CheckName::Model))
        .map(|(index, (_, begun))| {
            let next = marks.get(index + 1).map_or(end, |(_, begun)| *begun);
            next.duration_since(*begun)
        })
        .sum();
    let timing = Timing {
        verification: whole.saturating_sub(digests),
        digests,
    };
    Ok((report, timing))
}

fn digest(text: &str) -> Result<[u8; 32], Failure> {
    let mut bytes = [0; 32];
    let digits = text.strip_prefix("tau:").unwrap_or(text);
    hex::decode_to_slice(digits, &mut bytes).map_err(|_| {
        Failure::input(format!(
            "--trust-setup {text:?} is not the 64 hex digits of a SHA-256"
        ))
    })?;
    Ok(bytes)
}
