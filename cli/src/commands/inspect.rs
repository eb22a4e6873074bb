//! `zkmargin inspect`: what a file is, and the integers it compiles to.

mod given;

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Read, Seek, SeekFrom, Write as _};
use std::path::Path;

use zkmargin_circuits::error::printable;
use zkmargin_circuits::market::{Kind, MarketSource};
use zkmargin_circuits::risk::{RiskModel, RiskSource, Segment};
use zkmargin_circuits::shape::Shape;
use zkmargin_circuits::statement::{context_digest, Digest, Statement};
use zkmargin_verifier::files::most_bytes;
use zkmargin_verifier::signature::SIGNATURE_FILE;

use crate::args::InspectArgs;
use crate::failure::Failure;
use crate::files::{is_missing, read_file, read_in};
use crate::report::{self, Table};

/// Prints what the path is.
pub fn run(args: &InspectArgs) -> Result<(), Failure> {
    let text = if args.path.is_dir() {
        folder(&args.path)?
    } else {
        file(&args.path)?
    };
    io::stdout()
        .lock()
        .write_all(text.as_bytes())
        .map_err(Failure::internal)
}

fn folder(path: &Path) -> Result<String, Failure> {
    let mut entries: Vec<_> = fs::read_dir(path)
        .map_err(Failure::internal)?
        .filter_map(Result::ok)
        .filter_map(|entry| {
            Some((
                entry.file_name().into_string().ok()?,
                entry.metadata().ok()?.len(),
            ))
        })
        .collect();
    entries.sort();
    let has = |name: &str| entries.iter().any(|(entry, _)| entry == name);
    let mut out = if has("statement.json") {
        format!("{}: a bundle\n", path.display())
    } else if has("snapshot.json") {
        format!("{}: a snapshot\n", path.display())
    } else {
        return Err(Failure::input(format!(
            "{} is neither a bundle (no statement.json) nor a snapshot (no snapshot.json)",
            path.display()
        )));
    };
    let mut table = Table::default();
    for (name, bytes) in &entries {
        table.row([name.clone(), format!("{bytes} bytes")]);
    }
    out += &table.render();
    if has(SIGNATURE_FILE) {
        let most = most_bytes(SIGNATURE_FILE).unwrap_or_default();
        out += &match given::signature(&read_in(path, SIGNATURE_FILE, most)?) {
            Some(text) => format!("\n{SIGNATURE_FILE}: {text}"),
            None => format!("\n{SIGNATURE_FILE} is no signature\n"),
        };
    }
    for name in ["statement.json", "market.json", "risk.json"] {
        if has(name) {
            out += "\n";
            let most = most_bytes(name).unwrap_or_default();
            out += &json_file(&path.join(name), &read_in(path, name, most)?)?;
        }
    }
    Ok(out)
}

fn file(path: &Path) -> Result<String, Failure> {
    let mut start = [0; 4];
    let mut open = fs::File::open(path).map_err(|error| {
        let message = format!("{}: {error}", path.display());
        if is_missing(&error) {
            Failure::input(message)
        } else {
            Failure::internal(message)
        }
    })?;
    let length = open.seek(SeekFrom::End(0)).map_err(Failure::internal)?;
    open.seek(SeekFrom::Start(0)).map_err(Failure::internal)?;
    if open.read_exact(&mut start).is_ok() {
        if &start == b"ptau" {
            return Ok(format!(
                "{}: a ceremony's powers of tau (snarkjs), {length} bytes; `zkmargin setup --ptau` imports it\n",
                path.display()
            ));
        }
        let k = u32::from_le_bytes(start);
        // k, 2^k powers and 2^k Lagrange points of 64 bytes, two points of G2.
        if k <= 32 && length == 4 + (128 << k) + 256 {
            return Ok(format!(
                "{}: KZG parameters of 2^{k} powers, {length} bytes; `zkmargin setup --params` checks them\n",
                path.display()
            ));
        }
    }
    let bytes = read_file(path)?;
    match given::signature(&bytes) {
        Some(text) => Ok(format!("{}: {text}", path.display())),
        None => json_file(path, &bytes),
    }
}

fn json_file(path: &Path, bytes: &[u8]) -> Result<String, Failure> {
    let name = path.display().to_string();
    let unknown = || Failure::input(format!("{name} is no file of zkmargin's"));
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let value: serde_json::Value = serde_json::from_slice(text).map_err(|_| unknown())?;
    let has = |field: &str| value.get(field).is_some();
    if has("quote_quantum") {
        let market = MarketSource::parse(&name, bytes).map_err(Failure::input)?;
        Ok(market_text(&name, &market))
    } else if has("scenarios") {
        let beside = path.with_file_name("market.json");
        let market =
            MarketSource::parse("market.json", &read_file(&beside)?).map_err(Failure::input)?;
        let risk = RiskSource::parse(&name, bytes, &market).map_err(Failure::input)?;
        Ok(risk_text(&name, &market, &risk.model))
    } else if has("accounts_root") {
        let statement = Statement::parse_canonical(bytes).map_err(Failure::input)?;
        Ok(statement_text(&name, &statement, bytes))
    } else {
        given::text(path, bytes, &value)?.ok_or_else(unknown)
    }
}

fn statement_text(name: &str, statement: &Statement, bytes: &[u8]) -> String {
    let mut table = Table::default();
    table.row(["venue", &statement.venue]);
    table.row(["epoch", &statement.epoch.to_string()]);
    table.row(["time", &statement.time]);
    table.row(["setup", &statement.setup]);
    table.row(["shape", &statement.circuit.shape]);
    if let Some(shape) = Shape::by_name(&statement.circuit.shape) {
        table.row(["rows", &format!("2^{}", shape.k)]);
        table.row([
            "symbols, groups, scenarios at most",
            &format!("{}, {}, {}", shape.symbols, shape.groups, shape.scenarios),
        ]);
        table.row(["money", &format!("{} bits", shape.money_bits)]);
    }
    table.row(["key", &statement.circuit.key.to_string()]);
    table.row(["market", &statement.market.to_string()]);
    table.row(["risk model", &statement.risk_model.to_string()]);
    table.row(["accounts root", &statement.accounts_root.to_string()]);
    table.row(["capacity", &format!("{} slots", statement.capacity)]);
    table.row(["counts digest", &statement.counts_digest.to_string()]);
    let previous = statement
        .previous
        .map_or("none".into(), |digest| digest.to_string());
    table.row(["previous", &previous]);
    table.row(["this statement", &Digest(context_digest(bytes)).to_string()]);
    format!(
        "{name}: a statement, as it says of itself; `zkmargin verify` checks it\n{}\n{}",
        table.render(),
        report::totals(statement)
    )
}

fn market_text(name: &str, source: &MarketSource) -> String {
    let mut table = Table::default();
    table.row([
        "row",
        "symbol",
        "variant of",
        "kind",
        "settled in row",
        "value of a quantum or notional of a lot",
        "mark of a lot",
    ]);
    for (index, symbol) in source.market.symbols.iter().enumerate() {
        let kind = match symbol.kind {
            Kind::Asset => "asset",
            Kind::Instrument => "instrument",
        };
        table.row([
            (index + 1).to_string(),
            symbol.id.clone(),
            symbol.family.clone(),
            kind.to_owned(),
            symbol.settlement.to_string(),
            symbol.unit.to_string(),
            symbol.mark.to_string(),
        ]);
    }
    format!(
        "{name}: a market of {} rows, SHA-256 {}\nvalues in 10^-18 quanta of the quote currency (a quantum is {}), marks in quanta of the settlement asset\n{}",
        source.market.symbols.len(),
        hex_of(&source.market.file_digest),
        source.quote_quantum,
        table.render()
    )
}

fn risk_text(name: &str, source: &MarketSource, model: &RiskModel) -> String {
    let weights: String = model
        .floor_weights
        .iter()
        .map(|w| if *w { '1' } else { '0' })
        .collect();
    let mut out = format!(
        "{name}: risk model {:?}, {} scenarios, {}, SHA-256 {}\nmoney in quanta of the quote currency; rates, weights and factors in 10^-6\n  floors count in {weights}\n",
        model.name,
        model.scenarios,
        if model.salt.is_some() { "private" } else { "public" },
        hex_of(&model.file_digest)
    );
    for (index, group) in model.groups.iter().enumerate() {
        let _ = writeln!(
            out,
            "  group {} {}: factors {} {}",
            index + 1,
            printable(&group.id),
            group.maintenance_factor,
            group.initial_factor
        );
    }
    for (symbol, risk) in source.market.symbols.iter().zip(&model.symbols) {
        let _ = writeln!(
            out,
            "\n  {}: group {}, lot {}, debt weight {}, floors {} {}",
            printable(&symbol.id),
            risk.group,
            risk.lot,
            risk.debt_weight,
            risk.floor_long,
            risk.floor_short
        );
        if risk.group != 0 {
            let _ = writeln!(out, "    losses {:?}", risk.losses);
        }
        let _ = writeln!(out, "    long  {}", segments(&risk.long));
        let _ = writeln!(out, "    short {}", segments(&risk.short));
    }
    out
}

fn segments(list: &[Segment]) -> String {
    let pieces: Vec<String> = list
        .iter()
        .map(|segment| {
            format!(
                "from {}: {} x + {}",
                segment.floor, segment.coefficient, segment.intercept
            )
        })
        .collect();
    pieces.join("; ")
}

fn hex_of(bytes: &[u8; 32]) -> String {
    Digest(*bytes).to_string()
}
