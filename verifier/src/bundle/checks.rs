//! The single checks: each says what was seen, or what is wrong.

use halo2_proofs::halo2curves::bn256::{Fr, G1Affine, G2Affine};
use halo2_proofs::plonk::{Circuit, VerifyingKey};
use zkmargin_circuits::digest::counts_digest;
use zkmargin_circuits::field;
use zkmargin_circuits::market::MarketSource;
use zkmargin_circuits::public_inputs::PublicInputs;
use zkmargin_circuits::relation::BookTotals;
use zkmargin_circuits::shape::{Shape, MAX_SHARDS};
use zkmargin_circuits::statement::{context_digest, Counts, Digest, Statement};

use super::{Bundle, Options, Seen};
use crate::key::{key_digest, PinnedKey};
use crate::setup::Setup;
use crate::signature::{Signature, VenueKey, SIGNATURE_FILE};

/// Reads what the proof will be held against. The context is set where the bytes are.
pub(super) fn read_statement(
    statement: &Statement,
    source: &MarketSource,
) -> Result<((&'static Shape, PublicInputs, BookTotals), String), String> {
    let shape = Shape::by_name(&statement.circuit.shape).ok_or_else(|| {
        format!(
            "circuit.shape: {:?} is no shape this program knows",
            statement.circuit.shape
        )
    })?;
    let of_one = shape.capacity() as u64;
    let shards = statement
        .capacity
        .checked_div(of_one)
        .filter(|shards| *shards > 0 && shards.checked_mul(of_one) == Some(statement.capacity))
        .ok_or_else(|| {
            format!(
                "capacity: {} is no multiple of the {of_one} of one proof of shape {}",
                statement.capacity, shape.name
            )
        })?;
    if shards > MAX_SHARDS {
        return Err(format!(
            "capacity: {shards} shards are more than the {MAX_SHARDS} of any book"
        ));
    }
    if shards > 1 && statement.counts.is_some() {
        return Err("counts: those of several shards are opened shard by shard".to_owned());
    }
    let element = |name: &str, digest: &Digest| {
        field::from_hex(&digest.to_string())
            .ok_or_else(|| format!("{name}: {digest} is not a field element"))
    };
    let public = PublicInputs {
        context: [0; 32],
        shard: 0,
        shards,
        market: element("market", &statement.market)?,
        model: element("risk_model", &statement.risk_model)?,
        root: element("accounts_root", &statement.accounts_root)?,
        counts: element("counts_digest", &statement.counts_digest)?,
    };
    let totals = statement
        .book_totals(source)
        .map_err(|error| error.to_string())?;
    let detail = format!(
        "{}, epoch {}, {}",
        statement.venue, statement.epoch, statement.time
    );
    Ok(((shape, public, totals), detail))
}

pub(super) fn accept_setup(
    statement: &Statement,
    options: &Options<'_>,
    seen: &mut Seen,
) -> Result<(Setup, String), String> {
    let name = &statement.setup;
    let setup = Setup::parse(name).ok_or_else(|| format!("{name:?} is no setup"))?;
    match setup {
        Setup::HermezPpot => Ok((setup, format!("{name}: the Perpetual Powers of Tau"))),
        Setup::Insecure if options.allow_insecure_setup => {
            seen.qualifications.push("insecure setup: anyone can forge this proof".to_owned());
            Ok((setup, "insecure: allowed by the caller, and proves nothing".to_owned()))
        }
        Setup::Insecure => Err("insecure: anyone can forge under it; for trying things out there is --allow-insecure-setup".to_owned()),
        Setup::Tau(digest) if options.trust_setup == Some(digest) => {
            seen.qualifications.push(format!("setup {name}, trusted by the caller only"));
            Ok((setup, format!("{name}: trusted by the caller")))
        }
        Setup::Tau(digest) => Err(format!(
            "{name} is not a ceremony this program knows; who knows and trusts it gives --trust-setup {}",
            hex::encode(digest)
        )),
    }
}

pub(super) type TauAndKey = (G2Affine, VerifyingKey<G1Affine>);

pub(super) fn choose_key<C: Circuit<Fr, Params = Shape>>(
    statement: &Statement,
    shape: &Shape,
    setup: Setup,
    pinned: &[PinnedKey],
    options: &Options<'_>,
) -> Result<(TauAndKey, String), String> {
    let expected = |digest: &str| {
        let stated = statement.circuit.key.to_string();
        if digest == stated {
            return Ok(());
        }
        Err(format!(
            "the statement names key {stated}, that of {} under {setup} is {digest}",
            shape.name
        ))
    };
    let pinned = pinned
        .iter()
        .find(|key| key.shape == shape.name && key.setup == setup);
    if let (Some(pinned), Some(tau_g2)) = (pinned, setup.tau_g2()) {
        expected(pinned.digest)?;
        let key = pinned.read::<C>(shape).map_err(|error| error.to_string())?;
        return Ok(((tau_g2, key), format!("pinned, {}", pinned.digest)));
    }
    let Some(remade) = &options.key else {
        return Err(format!(
            "no key of {} under {setup} is pinned; give parameters of that setup with --params to remake it",
            shape.name
        ));
    };
    let found = Setup::of(&remade.tau_g2);
    if found != setup {
        return Err(format!(
            "the parameters are of setup {found}, the statement is under {setup}"
        ));
    }
    if remade.key.get_domain().k() != shape.k {
        return Err("the key is of another size".to_owned());
    }
    let digest = hex::encode(key_digest(shape, &remade.key));
    expected(&digest)?;
    Ok((
        (remade.tau_g2, remade.key.clone()),
        format!("remade, {digest}"),
    ))
}

pub(super) fn same_digest(what: &str, found: Fr, stated: Fr) -> Result<String, String> {
    if found == stated {
        return Ok(field::to_hex(&found));
    }
    Err(format!(
        "{what} has digest {}, the statement says {}",
        field::to_hex(&found),
        field::to_hex(&stated)
    ))
}

/// Whether the bundle's statement is signed with a key.
pub(super) fn signed(bundle: &Bundle, key: &VenueKey) -> Result<String, String> {
    let file = bundle
        .signature
        .as_deref()
        .ok_or_else(|| format!("the bundle has no {SIGNATURE_FILE}"))?;
    let statement = Digest(context_digest(&bundle.statement));
    Signature::from_file(file)
        .and_then(|signature| key.verify(&statement, &signature))
        .map_err(|error| format!("{SIGNATURE_FILE}: {error}"))?;
    Ok(format!("by the key {key}"))
}

/// Whether counts open the counts digest.
pub(super) fn opens(
    counts: &Counts,
    public: &PublicInputs,
    statement: &Statement,
) -> Result<String, String> {
    let salt =
        field::from_hex(&counts.salt.to_string()).ok_or("the salt is not a field element")?;
    if counts_digest(salt, counts.accounts, counts.pools) != public.counts {
        return Err(format!(
            "{} accounts and {} pools do not open the digest {}",
            counts.accounts, counts.pools, statement.counts_digest
        ));
    }
    Ok(format!(
        "{} accounts, {} pools",
        counts.accounts, counts.pools
    ))
}
