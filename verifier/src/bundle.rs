//! A bundle against everything that can be checked without trusting who published it.

mod checks;
mod shards;

use halo2_proofs::halo2curves::bn256::{Fr, G1Affine, G2Affine};
use halo2_proofs::plonk::{Circuit, VerifyingKey};
use zkmargin_circuits::circuit::MarginCircuit;
use zkmargin_circuits::digest::{market_digest, model_digest};
use zkmargin_circuits::error::InputError;
use zkmargin_circuits::market::MarketSource;
use zkmargin_circuits::public_inputs::PublicInputs;
use zkmargin_circuits::risk::RiskSource;
use zkmargin_circuits::shape::Shape;
use zkmargin_circuits::statement::{context_digest, Counts, Statement};
use zkmargin_circuits::totals_column;
use zkmargin_circuits::units::Decimal;
use zkmargin_circuits::verdict::{Basis, Prices, Reserves, Verdict};

use self::checks::{accept_setup, choose_key, opens, read_statement, same_digest, signed};
use crate::chain::{follows, Changes};
use crate::key::{pinned_key, PinnedKey, PINNED_KEYS};
use crate::report::{Check, CheckName, Proven, Report, Status};
use crate::setup::Setup;
use crate::signature::VenueKey;

/// The files of a bundle, as bytes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bundle {
    /// `statement.json`.
    pub statement: Vec<u8>,
    /// `market.json`.
    pub market: Vec<u8>,
    /// `risk.json`, where the model is public.
    pub risk: Option<Vec<u8>>,
    /// `totals.bin`.
    pub totals: Vec<u8>,
    /// `proof-00000.bin` and on, one for each shard.
    pub proofs: Vec<Vec<u8>>,
    /// `statement.sig`, where the venue signs.
    pub signature: Option<Vec<u8>>,
}

/// A key the caller made from parameters that passed every check.
#[derive(Debug, Clone)]
pub struct RemadeKey {
    /// `[tau]G2` of those parameters.
    pub tau_g2: G2Affine,
    /// The key of the statement's shape under them.
    pub key: VerifyingKey<G1Affine>,
}

/// What the caller wants checked beyond the bundle, and whom the caller trusts.
#[derive(Debug, Clone, Default)]
pub struct Options<'a> {
    /// Accept the insecure setup. Its proofs prove nothing to anyone.
    pub allow_insecure_setup: bool,
    /// Accept the ceremony of this digest ([`crate::setup::tau_g2_digest`]).
    pub trust_setup: Option<[u8; 32]>,
    /// Used where no key is pinned.
    pub key: Option<RemadeKey>,
    /// The venue's key, which must have signed the statement.
    pub venue_key: Option<VenueKey>,
    /// `risk.json` from elsewhere than the bundle.
    pub risk: Option<&'a [u8]>,
    /// `statement.json` of epochs before, in order of time: each must follow the one before it, and
    /// the bundle's the last.
    pub previous: Vec<&'a [u8]>,
    /// The counts, where they are not published.
    pub counts: Option<Counts>,
    /// `reserves.json`.
    pub reserves: Option<&'a [u8]>,
    /// A file of prices, and the part of one by which the market may differ from them.
    pub prices: Option<(&'a [u8], Decimal)>,
}

/// The shape and setup whose key verification needs and this crate does not have: it is to be
/// remade from parameters and passed in [`Options::key`]. None when the key is pinned, and when the
/// statement names nothing for which a key could be made.
pub fn key_to_remake(statement: &[u8]) -> Option<(&'static Shape, Setup)> {
    let statement = Statement::parse_canonical(statement).ok()?;
    let shape = Shape::by_name(&statement.circuit.shape)?;
    let setup = Setup::parse(&statement.setup)?;
    match pinned_key(shape.name, setup) {
        Some(_) => None,
        None => Some((shape, setup)),
    }
}

/// Verifies a bundle. `watch` is told of each check as it begins, so that a caller can time them.
///
/// Whatever the bundle holds, the outcome is a report.
///
/// # Errors
/// When a file of the caller's own (model, reserves, prices) cannot be used.
pub fn verify(
    bundle: &Bundle,
    options: &Options<'_>,
    watch: &mut dyn FnMut(CheckName),
) -> Result<Report, InputError> {
    verify_under::<MarginCircuit>(bundle, options, PINNED_KEYS, watch)
}

/// [`verify`] for a circuit of the same public interface, of which no key is pinned: for tests of
/// what stands around the proof.
#[doc(hidden)]
pub fn verify_with<C: Circuit<Fr, Params = Shape>>(
    bundle: &Bundle,
    options: &Options<'_>,
    watch: &mut dyn FnMut(CheckName),
) -> Result<Report, InputError> {
    verify_under::<C>(bundle, options, &[], watch)
}

fn verify_under<C: Circuit<Fr, Params = Shape>>(
    bundle: &Bundle,
    options: &Options<'_>,
    pinned: &'static [PinnedKey],
    watch: &mut dyn FnMut(CheckName),
) -> Result<Report, InputError> {
    let mut checks = Checks {
        pinned,
        done: Vec::new(),
        watch,
    };
    let mut seen = Seen {
        signed: bundle.signature.is_some(),
        ..Seen::default()
    };
    // An essential check that fails ends the run: what follows would rest on it.
    let _ = checks.run::<C>(bundle, options, &mut seen)?;
    Ok(checks.report(seen))
}

/// What the checks came upon.
#[derive(Default)]
struct Seen {
    statement: Option<Statement>,
    proven: Option<Proven>,
    risk: Option<RiskSource>,
    reserves: Option<zkmargin_circuits::verdict::ReservesReport>,
    prices: Option<zkmargin_circuits::verdict::PricesReport>,
    changes: Option<Changes>,
    qualifications: Vec<String>,
    signed: bool,
}

/// An essential check failed; it has been noted.
struct Stopped;

struct Checks<'a> {
    pinned: &'static [PinnedKey],
    done: Vec<Check>,
    watch: &'a mut dyn FnMut(CheckName),
}

impl Checks<'_> {
    fn begin(&mut self, name: CheckName) {
        (self.watch)(name);
    }

    fn note(&mut self, name: CheckName, status: Status, detail: impl Into<String>) {
        self.done.push(Check {
            name,
            status,
            detail: detail.into(),
        });
    }

    /// Notes what came of an essential check, and hands on what it found.
    fn essential<T>(
        &mut self,
        name: CheckName,
        outcome: Result<(T, String), String>,
    ) -> Result<T, Stopped> {
        match outcome {
            Ok((found, detail)) => {
                self.note(name, Status::Pass, detail);
                Ok(found)
            }
            Err(detail) => {
                self.note(name, Status::Fail, detail);
                Err(Stopped)
            }
        }
    }

    /// Notes what came of a check that others do not rest on.
    fn further(&mut self, name: CheckName, outcome: Result<String, String>) -> bool {
        let (status, detail) = match outcome {
            Ok(detail) => (Status::Pass, detail),
            Err(detail) => (Status::Fail, detail),
        };
        self.note(name, status, detail);
        status == Status::Pass
    }

    fn run<C: Circuit<Fr, Params = Shape>>(
        &mut self,
        bundle: &Bundle,
        options: &Options<'_>,
        seen: &mut Seen,
    ) -> Result<Result<(), Stopped>, InputError> {
        self.begin(CheckName::Statement);
        let statement = match Statement::parse_canonical(&bundle.statement) {
            Ok(statement) => statement,
            Err(error) => {
                self.note(CheckName::Statement, Status::Fail, error.to_string());
                return Ok(Err(Stopped));
            }
        };
        seen.statement = Some(statement.clone());
        // Whoever signed a statement that does not hold has signed it all the same.
        if let Some(key) = &options.venue_key {
            self.begin(CheckName::Signature);
            self.further(CheckName::Signature, signed(bundle, key));
        }
        // The statement's amounts are integers of the market: it is read first, and judged later.
        let source = match MarketSource::parse("market.json", &bundle.market) {
            Ok(source) => source,
            Err(error) => {
                self.note(CheckName::Market, Status::Fail, error.to_string());
                return Ok(Err(Stopped));
            }
        };
        let figures = read_statement(&statement, &source);
        let Ok((shape, public, totals)) = self.essential(CheckName::Statement, figures) else {
            return Ok(Err(Stopped));
        };

        self.begin(CheckName::Setup);
        let setup = self.essential(CheckName::Setup, accept_setup(&statement, options, seen));
        let Ok(setup) = setup else {
            return Ok(Err(Stopped));
        };

        self.begin(CheckName::Key);
        let key = self.essential(
            CheckName::Key,
            choose_key::<C>(&statement, shape, setup, self.pinned, options),
        );
        let Ok((tau_g2, key)) = key else {
            return Ok(Err(Stopped));
        };

        self.begin(CheckName::Market);
        let digest = market_digest(shape, &source.market);
        let digest = digest.map_err(|error| error.to_string());
        let market = digest.and_then(|digest| same_digest("market.json", digest, public.market));
        if self
            .essential(CheckName::Market, market.map(|detail| ((), detail)))
            .is_err()
        {
            return Ok(Err(Stopped));
        }

        self.begin(CheckName::Model);
        self.model(bundle, options, shape, &source, public.model, seen)?;

        self.begin(CheckName::Proof);
        let public = PublicInputs {
            context: context_digest(&bundle.statement),
            ..public
        };
        let cells = totals_column::cells(shape, &source.market, &totals);
        let found = shards::verify(shape, tau_g2, &key, &public, &cells, bundle);
        let proofs = found.proofs.map(|detail| ((), detail));
        if self.essential(CheckName::Proof, proofs).is_err() {
            return Ok(Err(Stopped));
        }
        self.begin(CheckName::Totals);
        let opened = found
            .totals
            .unwrap_or_else(|| Err("not looked at".to_owned()));
        let opened = opened.map(|detail| ((), detail));
        if self.essential(CheckName::Totals, opened).is_err() {
            return Ok(Err(Stopped));
        }

        if !options.previous.is_empty() {
            self.begin(CheckName::Previous);
            let followed = follows(&statement, &options.previous).map(|(changes, detail)| {
                seen.changes = Some(changes);
                detail
            });
            self.further(CheckName::Previous, followed);
        }
        if let Some(counts) = options.counts.as_ref().or(statement.counts.as_ref()) {
            self.begin(CheckName::Counts);
            self.further(CheckName::Counts, opens(counts, &public, &statement));
        }
        if let Some(reserves) = options.reserves {
            self.begin(CheckName::Reserves);
            let report =
                Reserves::parse("reserves.json", reserves, &source)?.check(&totals, &source);
            let list =
                |coins: &mut dyn Iterator<Item = &zkmargin_circuits::verdict::CoinReserves>| {
                    coins
                        .map(|coin| format!("{} {} of {}", coin.coin, coin.reserves, coin.required))
                        .collect::<Vec<_>>()
                        .join(", ")
                };
            self.further(
                CheckName::Reserves,
                if report.holds() {
                    Ok(format!(
                        "reserves of required: {}",
                        list(&mut report.coins.iter())
                    ))
                } else {
                    Err(format!(
                        "reserves fall short of required: {}",
                        list(&mut report.missing())
                    ))
                },
            );
            seen.reserves = Some(report);
        }
        if let Some((prices, tolerance)) = options.prices {
            self.begin(CheckName::Prices);
            let report = Prices::parse("prices", prices)?.check(&source, tolerance);
            let worst = report.deviations.iter().take(3).map(|found| {
                let deviation = found.deviation.as_deref().unwrap_or("beyond measure");
                format!(
                    "{} at {} against {} ({deviation})",
                    found.symbol, found.market, found.outside
                )
            });
            let worst = worst.collect::<Vec<_>>().join(", ");
            let detail = format!(
                "{} compared, {} without a price, largest deviations: {worst}",
                report.deviations.len(),
                report.unpriced.len()
            );
            self.further(
                CheckName::Prices,
                if report.holds() {
                    Ok(detail)
                } else {
                    Err(detail)
                },
            );
            seen.prices = Some(report);
        }
        seen.proven = Some(Proven {
            context: public.context,
            shape,
            shards: bundle.proofs.len(),
            root: public.root,
            counts: found.counts,
            totals,
            market: source,
            risk: seen.risk.take(),
        });
        Ok(Ok(()))
    }

    /// Recomputes the model digest from every model there is.
    fn model(
        &mut self,
        bundle: &Bundle,
        options: &Options<'_>,
        shape: &Shape,
        source: &MarketSource,
        expected: Fr,
        seen: &mut Seen,
    ) -> Result<(), InputError> {
        let published = bundle
            .risk
            .as_deref()
            .map(|bytes| RiskSource::parse("risk.json", bytes, source));
        let given = options
            .risk
            .map(|bytes| RiskSource::parse("--risk", bytes, source))
            .transpose()?;
        let models = published.into_iter().chain(given.into_iter().map(Ok));
        let mut outcome = None;
        let mut private = true;
        for model in models {
            let checked = model.map_err(|error| error.to_string()).and_then(|model| {
                private = model.model.salt.is_some();
                let digest = model_digest(shape, &model.model, &source.market);
                let detail = same_digest(
                    "the risk model",
                    digest.map_err(|error| error.to_string())?,
                    expected,
                )?;
                seen.risk = Some(model);
                Ok(detail)
            });
            outcome = match outcome {
                Some(Err(error)) => Some(Err(error)),
                _ => Some(checked),
            };
        }
        if private {
            seen.qualifications.push("private model".to_owned());
        }
        match outcome {
            Some(outcome) => {
                self.further(CheckName::Model, outcome);
            }
            None => self.note(
                CheckName::Model,
                Status::NotPerformed,
                "the model is private; give it with --risk to check it",
            ),
        }
        Ok(())
    }

    fn report(self, seen: Seen) -> Report {
        let mut checks = self.done;
        for name in CheckName::ALL {
            if !checks.iter().any(|check| check.name == name) {
                let detail = why_not_performed(name, &checks, seen.signed);
                checks.push(Check {
                    name,
                    status: Status::NotPerformed,
                    detail,
                });
            }
        }
        checks.sort_by_key(|check| check.name);

        let passed = |check: &Check| check.status == Status::Pass;
        let proven = checks
            .iter()
            .filter(|check| check.name.is_essential())
            .all(passed)
            && !checks
                .iter()
                .any(|check| check.name == CheckName::Model && check.status == Status::Fail);
        let valid = proven && !checks.iter().any(|check| check.status == Status::Fail);
        let reserves = checks
            .iter()
            .any(|check| check.name == CheckName::Reserves && passed(check));

        let mut qualifications = seen.qualifications;
        let absent = |check: &&Check| check.status == Status::NotPerformed;
        let absent: Vec<&str> = checks
            .iter()
            .filter(absent)
            .map(|check| check.name.name())
            .collect();
        if !absent.is_empty() {
            qualifications.push(format!("not performed: {}", absent.join(", ")));
        }
        let proven = seen.proven.filter(|_| proven);
        Report {
            valid,
            verdict: proven.as_ref().map(|proven| Verdict::of(&proven.totals)),
            basis: if proven.is_some() && reserves {
                Basis::MarginAndReserves
            } else {
                Basis::Margin
            },
            qualifications,
            checks,
            statement: seen.statement,
            proven,
            reserves: seen.reserves,
            prices: seen.prices,
            changes: seen.changes,
        }
    }
}

fn why_not_performed(name: CheckName, checks: &[Check], signed: bool) -> String {
    if name == CheckName::Signature {
        return match signed {
            true => "the bundle has a signature; give the venue's public key with --venue-key",
            false => "the bundle has no signature",
        }
        .to_owned();
    }
    if let Some(failed) = checks
        .iter()
        .find(|check| check.status == Status::Fail && check.name.is_essential())
    {
        return format!("the check `{}` failed", failed.name.name());
    }
    match name {
        CheckName::Previous => "give the bundle of the epoch before with --previous",
        CheckName::Counts => "the counts are not published",
        CheckName::Reserves => "give the reserves with --reserves",
        CheckName::Prices => "give outside prices with --prices",
        _ => "",
    }
    .to_owned()
}
