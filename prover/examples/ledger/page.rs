//! The figures of a run as a page of Markdown.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write};

use zkmargin_circuits::circuit::columns::Columns;
use zkmargin_circuits::shape::WINDOW_ROWS;
use zkmargin_circuits::witness::columns;
use zkmargin_prover::engine::numerator::columns_a_product;
use zkmargin_prover::engine::proof::{Part, Step, Work};
use zkmargin_prover::meter::Cost;
use zkmargin_verifier::plonk::sums::Sums;

use crate::columns::{gadgets, Cells};
use crate::machine::Machine;
use crate::run::{total, Run};

const PARTS: [(Part, &str); 5] = [
    (Part::FirstPhase, "first phase"),
    (Part::SecondPhase, "second phase"),
    (Part::Arguments, "lookups and copies"),
    (Part::Quotient, "quotient"),
    (Part::Opening, "opening"),
];

/// The kinds of work, in the order of the table.
const KINDS: [&str; 5] = [
    "columns",
    "commitments",
    "transforms",
    "constraints",
    "evaluations",
];

fn kind(work: &Work) -> usize {
    match work {
        Work::Witness | Work::Columns => 0,
        Work::Commitments => 1,
        Work::Transforms(_) => 2,
        Work::Constraints { .. } => 3,
        Work::Evaluations => 4,
    }
}

/// The whole page between its hand-written head and end.
///
/// # Errors
/// None but those of formatting.
pub fn page(run: &Run, book: &str) -> Result<String, fmt::Error> {
    let mut out = String::new();
    let columns = columns(run.shape);
    head(&mut out, run, book)?;
    seconds(&mut out, run)?;
    units(&mut out, run, &columns)?;
    program(&mut out, run)?;
    cells(&mut out, run, &columns)?;
    Ok(out)
}

fn head(out: &mut String, run: &Run, book: &str) -> fmt::Result {
    let whole = run.proving();
    writeln!(
        out,
        "One proof of {book} ({} accounts, {} holdings) in `{}`: {} of {} windows, 2^{} rows, \
         {} bytes. It took {:.1} s of CPU in {:.1} s, {:.0} accounts a core-second, and {:.1} s of \
         CPU for keys before. {}.\n",
        run.accounts,
        run.holdings,
        run.shape.name,
        run.windows,
        run.shape.capacity(),
        run.shape.k,
        run.proof_bytes,
        whole.cpu_s,
        whole.wall_s,
        run.accounts as f64 / whole.cpu_s,
        run.keys.cpu_s,
        Machine::this(),
    )
}

fn seconds(out: &mut String, run: &Run) -> fmt::Result {
    let whole = run.proving();
    writeln!(out, "## Seconds of CPU\n")?;
    writeln!(
        out,
        "| part | {} | all | share | cores busy |",
        KINDS.join(" | ")
    )?;
    writeln!(out, "|---|{}---|---|---|", "---|".repeat(KINDS.len()))?;
    let mut line = |name: &str, kinds: [f64; KINDS.len()], all: Cost| {
        let kinds = kinds.map(|cpu_s| match cpu_s {
            0.0 => String::new(),
            some => format!("{some:.2}"),
        });
        writeln!(
            out,
            "| {name} | {} | {:.2} | {:.1}% | {:.2} |",
            kinds.join(" | "),
            all.cpu_s,
            100.0 * all.cpu_s / whole.cpu_s,
            all.cpu_s / all.wall_s
        )
    };
    let none = [0.0; KINDS.len()];
    line("evaluation in plain integers", none, run.evaluation)?;
    line("hashing of the accounts", none, run.hashing)?;
    line("witness of the first phase", none, run.witness)?;
    line("witness of the second phase", none, second_witness(run))?;
    for (part, name) in PARTS {
        let steps = || run.part(part).filter(|(step, _)| step.1 != Work::Witness);
        line(
            name,
            by_kind(steps()),
            total(steps().map(|(_, cost)| *cost)),
        )?;
    }
    line("all", by_kind(run.steps.iter()), whole)?;
    let shares =
        by_kind(run.steps.iter()).map(|cpu_s| format!("{:.1}%", 100.0 * cpu_s / whole.cpu_s));
    writeln!(out, "| share | {} | 100% | | |\n", shares.join(" | "))?;
    let outside = [
        run.evaluation,
        run.hashing,
        run.witness,
        second_witness(run),
    ];
    writeln!(
        out,
        "Outside the proof system, the first four lines, goes {:.1}% of the time.\n",
        100.0 * total(outside.into_iter()).cpu_s / whole.cpu_s
    )?;
    let hashing = run.permutations as f64 * run.permutation_s;
    writeln!(
        out,
        "Of the witness, {hashing:.2} s are {} permutations of {:.0} microseconds with all their \
         cells (timed apart, on one core). Columns of lookups and copies include their running \
         products, those of the opening the values of its sums.\n",
        run.permutations,
        run.permutation_s * 1e6
    )
}

fn second_witness(run: &Run) -> Cost {
    let steps = run.part(Part::SecondPhase);
    total(
        steps
            .filter(|(step, _)| step.1 == Work::Witness)
            .map(|(_, cost)| *cost),
    )
}

fn by_kind<'a>(steps: impl Iterator<Item = &'a (Step, Cost)>) -> [f64; KINDS.len()] {
    let mut kinds = [0.0; KINDS.len()];
    for (Step(_, work), cost) in steps {
        kinds[kind(work)] += cost.cpu_s;
    }
    kinds
}

/// How many commitments, transforms and evaluations there are, and what one takes.
fn units(out: &mut String, run: &Run, columns: &Columns) -> fmt::Result {
    let cs = run.key.cs();
    let permuted = cs.permutation().get_columns().len();
    let sets = permuted.div_ceil(columns_a_product(cs));
    let lookups = cs.lookups().len();
    let (elements, limbs) = (columns.free.len(), columns.limbs.len());
    let second = columns.second.len();
    let arguments = sets + 3 * lookups;
    let pieces = cs.degree() - 1;
    let sums = Sums::new(cs).map_err(|_| fmt::Error)?;
    let alone = sums.advice_alone().chain(sums.fixed_alone());
    let evaluations = alone.filter(|alone| *alone).count()
        + sums.rows().len()
        + 1
        + permuted
        + (3 * sets).saturating_sub(1)
        + 5 * lookups;
    let spent = |part: Part, work: &Work| -> f64 { by_kind(run.part(part))[kind(work)] };
    writeln!(out, "## Commitments, transforms, evaluations\n")?;
    writeln!(out, "| what | number | CPU | CPU of one |")?;
    writeln!(out, "|---|---|---|---|")?;
    let mut line = |what: String, count: usize, cpu_s: f64| {
        let one = 1e3 * cpu_s / count as f64;
        writeln!(out, "| {what} | {count} | {cpu_s:.2} s | {one:.1} ms |")
    };
    let commit = &Work::Commitments;
    line(
        format!("commitments to {elements} columns of elements and {limbs} of limbs"),
        elements + limbs,
        spent(Part::FirstPhase, commit),
    )?;
    line(
        "commitments of the second phase".into(),
        second,
        spent(Part::SecondPhase, commit),
    )?;
    line(
        format!("commitments of {lookups} lookup, of {permuted} copied columns, and a random one"),
        arguments + 1,
        spent(Part::Arguments, commit),
    )?;
    line(
        "commitments of the quotient".into(),
        pieces,
        spent(Part::Quotient, commit),
    )?;
    line(
        "commitments of the opening".into(),
        2,
        spent(Part::Opening, commit),
    )?;
    let (first, second) = (
        transforms(run, Part::FirstPhase),
        transforms(run, Part::SecondPhase),
    );
    line(
        "transforms of advice".into(),
        first.0 + second.0,
        first.1 + second.1,
    )?;
    let (count, cpu_s) = transforms(run, Part::Arguments);
    line("transforms of lookups and copies".into(), count, cpu_s)?;
    let (count, cpu_s) = transforms(run, Part::Quotient);
    line(
        format!("transforms of polynomials to {pieces} cosets, and of parts of the quotient back"),
        count,
        cpu_s,
    )?;
    line(
        "evaluations".into(),
        evaluations,
        spent(Part::Opening, &Work::Evaluations),
    )?;
    writeln!(out)
}

/// How many transforms a part takes, and what they take.
fn transforms(run: &Run, part: Part) -> (usize, f64) {
    run.part(part)
        .fold((0, 0.0), |sum, (step, cost)| match step.1 {
            Work::Transforms(count) => (sum.0 + count, sum.1 + cost.cpu_s),
            _ => sum,
        })
}

fn program(out: &mut String, run: &Run) -> fmt::Result {
    let mut runs: BTreeMap<usize, OnCoset> = BTreeMap::new();
    let mut transformed = 0;
    for (step, cost) in &run.steps {
        match &step.1 {
            Work::Transforms(count) => transformed = *count,
            Work::Constraints { coset, counts } => {
                let own = runs.entry(*coset).or_default();
                own.rounds += 1;
                own.transformed += transformed;
                own.cpu_s += cost.cpu_s;
                for (name, count) in counts {
                    *own.counts.entry(name).or_default() += count;
                }
            }
            _ => {}
        }
    }
    let runs: Vec<OnCoset> = runs.into_values().collect();
    let gates = run.key.cs().gates();
    let constraints: usize = gates.iter().map(|gate| gate.polynomials().len()).sum();
    writeln!(
        out,
        "## Constraints\n\n{constraints} constraints of {} gates, with those of lookups and copies, \
         are programs for each coset of 2^{} rows: the lower a constraint's degree, the fewer \
         cosets need it. Those that read the same columns are one program, so that not all columns \
         are held at a time. For each row:\n",
        gates.len(),
        run.shape.k,
    )?;
    let mut line =
        |name: &str, values: Vec<String>| writeln!(out, "| {name} | {} |", values.join(" | "));
    let cosets = 1..=runs.len();
    line("", cosets.map(|coset| format!("coset {coset}")).collect())?;
    line("---", vec!["---".into(); runs.len()])?;
    let each = |of: &dyn Fn(&OnCoset) -> String| runs.iter().map(of).collect();
    line("programs", each(&|run| run.rounds.to_string()))?;
    line(
        "polynomials transformed",
        each(&|run| run.transformed.to_string()),
    )?;
    let rows = (1u64 << run.shape.k) as f64;
    line(
        "microseconds of CPU",
        each(&|run| format!("{:.2}", 1e6 * run.cpu_s / rows)),
    )?;
    let names: BTreeSet<&str> = runs
        .iter()
        .flat_map(|run| run.counts.keys().copied())
        .collect();
    for name in names {
        let count = |run: &OnCoset| run.counts.get(name).copied().unwrap_or(0);
        line(name, each(&|run| count(run).to_string()))?;
    }
    writeln!(out)
}

/// What constraints take on a coset.
#[derive(Default)]
struct OnCoset<'a> {
    /// Programs.
    rounds: usize,
    /// Polynomials that are transformed for them.
    transformed: usize,
    /// Instructions of each kind for each row.
    counts: BTreeMap<&'a str, usize>,
    cpu_s: f64,
}

fn cells(out: &mut String, run: &Run, columns: &Columns) -> fmt::Result {
    let gadgets = gadgets(run.shape, columns);
    let filled = |cells: Cells, rows: usize| cells.all() as f64 * rows as f64 / WINDOW_ROWS as f64;
    let all: f64 = gadgets
        .iter()
        .map(|gadget| filled(gadget.cells, 1 << run.shape.k))
        .sum();
    writeln!(
        out,
        "## Columns and cells\n\nIn columns of 2^{} rows; what belongs to a window as a whole takes \
         cells of shared columns, eighths of one. Rows are those the gadget may fill; in all others \
         its columns are committed to all the same. Tables use the columns of holdings and scans \
         beside those named here.\n",
        run.shape.k
    )?;
    writeln!(
        out,
        "| gadget | elements | limbs | second phase | rows | million cells | of all cells |"
    )?;
    writeln!(out, "|---|---|---|---|---|---|---|")?;
    let eighths = |cells: usize| match cells % WINDOW_ROWS {
        0 => (cells / WINDOW_ROWS).to_string(),
        _ => format!("{:.1}", cells as f64 / WINDOW_ROWS as f64),
    };
    let mut sum = Cells::default();
    for gadget in &gadgets {
        sum = sum + gadget.cells;
        let million = filled(gadget.cells, gadget.rows) / 1e6;
        writeln!(
            out,
            "| {} | {} | {} | {} | {} | {million:.1} | {:.1}% |",
            gadget.name,
            eighths(gadget.cells.elements),
            eighths(gadget.cells.limbs),
            eighths(gadget.cells.second),
            gadget.rows,
            1e8 * million / all
        )?;
    }
    writeln!(
        out,
        "| all | {} | {} | {} | {} | {:.1} | |",
        eighths(sum.elements),
        eighths(sum.limbs),
        eighths(sum.second),
        1u64 << run.shape.k,
        all / 1e6
    )
}
