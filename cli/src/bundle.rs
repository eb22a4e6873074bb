//! A bundle folder, and what a verification needs besides it.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use zkmargin_circuits::statement::Statement;
use zkmargin_circuits::units::Decimal;
use zkmargin_verifier::bundle::{key_to_remake, verify, Bundle, Options};
use zkmargin_verifier::files::{most_bytes, MARKET, RISK, STATEMENT, TOTALS};
use zkmargin_verifier::report::{CheckName, Report};
use zkmargin_verifier::shard::file_name;
use zkmargin_verifier::signature::{VenueKey, SIGNATURE_FILE};

use crate::args::{TrustArgs, VerifyArgs};
use crate::failure::Failure;
use crate::files::{read_file, read_in};
use crate::keys::remake;

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
    names.retain(|name| most_bytes(name).is_some() || is_proof(name));
    let mut proofs: Vec<&String> = names.iter().filter(|name| is_proof(name)).collect();
    // Of indices beyond five digits, those with more come later.
    proofs.sort_by_key(|name| (name.len(), *name));
    if let Some((index, name)) = (0..)
        .zip(&proofs)
        .find(|(index, name)| **name != &file_name(*index))
    {
        return Err(Failure::refused(format!(
            "{} holds {name:?} where {} is due: the proofs are numbered from 0, none left out",
            folder.display(),
            file_name(index)
        )));
    }
    let has = |name: &str| names.iter().any(|found| found == name);
    let read = |name: &str| read_of_bundle(folder, name);
    let optional = |name: &str| has(name).then(|| read(name)).transpose();
    Ok(Bundle {
        statement: read(STATEMENT)?,
        market: read(MARKET)?,
        risk: optional(RISK)?,
        totals: read(TOTALS)?,
        proofs: proofs
            .into_iter()
            .map(|name| read(name))
            .collect::<Result<_, _>>()?,
        signature: optional(SIGNATURE_FILE)?,
    })
}

/// Whether a name says that the file is a shard's.
fn is_proof(name: &str) -> bool {
    name.starts_with("proof-") && name.ends_with(".bin")
}

/// Reads the statement of a bundle alone.
pub fn read_statement(folder: &Path) -> Result<Vec<u8>, Failure> {
    read_of_bundle(folder, STATEMENT)
}

fn read_of_bundle(folder: &Path, name: &str) -> Result<Vec<u8>, Failure> {
    read_in(folder, name, most_bytes(name).unwrap_or_default())
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
                .map(|folder| read_statement(folder))
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
