//! The tables of `docs/soundness.md`, computed from the shapes and their constraint systems.
//!
//! A change of the circuit shows here. `UPDATE_PINNED=1` writes the tables again.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::plonk::ConstraintSystem;
use zkmargin_circuits::circuit::headroom::{sums, FIELD_BITS};
use zkmargin_circuits::circuit::{configure, Config, DEGREE};
use zkmargin_circuits::shape::{Shape, BLINDING_ROWS, POLES, SCALARS, SHAPES, WINDOW_ROWS};

/// Powers of the largest ceremony that is believed, as a logarithm: polynomials that are committed
/// to have at most this degree.
const SETUP: u32 = 28;

/// Shards of the bundle that the batch is bounded for.
const BATCH: f64 = 1_000.0;

/// The table between the markers of `name`.
fn table_is(name: &str, found: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/soundness.md");
    let page = fs::read_to_string(&path).unwrap();
    let (begin, end) = (
        format!(
            "<!-- {name}, by `UPDATE_PINNED=1 cargo test -p zkmargin-tests --test bounds` -->\n"
        ),
        format!("<!-- end of {name} -->"),
    );
    let (before, rest) = page.split_once(&begin).expect("a marker");
    let (table, after) = rest.split_once(&end).expect("an end");
    if std::env::var_os("UPDATE_PINNED").is_some() {
        fs::write(&path, format!("{before}{begin}\n{found}\n{end}{after}")).unwrap();
    } else {
        assert_eq!(table.trim(), found.trim(), "{name} changed");
    }
}

fn row(cells: impl IntoIterator<Item = String>) -> String {
    let cells: Vec<_> = cells.into_iter().collect();
    format!("| {} |\n", cells.join(" | "))
}

fn head(first: &str, shapes: &[&Shape]) -> String {
    let names = shapes.iter().map(|shape| shape.name.to_owned());
    let rule = shapes.iter().map(|_| "---".to_owned());
    row(std::iter::once(first.to_owned()).chain(names))
        + &row(std::iter::once("---".to_owned()).chain(rule))
}

#[test]
fn headroom_is_as_written() {
    let shapes: Vec<&Shape> = SHAPES.iter().collect();
    let mut table = head("sum", &shapes);
    for i in 0..sums(shapes[0]).len() {
        let bits = shapes.iter().map(|shape| {
            let sum = sums(shape)[i];
            assert!(sum.bits < FIELD_BITS);
            sum.bits.to_string()
        });
        table += &row(std::iter::once(sums(shapes[0])[i].name.to_owned()).chain(bits));
    }
    table_is("headroom", &table);
}

/// For each challenge, at how many of its values a false proof could pass.
fn bad_values(shape: &Shape) -> Vec<(&'static str, f64)> {
    let mut meta = ConstraintSystem::<Fr>::default();
    let Config { columns, .. } = configure(&mut meta, shape);
    let rows = f64::from(1u32 << shape.k);
    let setup = f64::from(1u32 << SETUP);
    let holdings = (shape.capacity() * WINDOW_ROWS) as f64;
    let blocks = (shape.symbols * shape.segments) as f64;
    let limbs = columns.limbs.len() as f64 * rows + f64::from(1u32 << shape.limb_bits);
    let tuple = columns.holding.tuple().len() as f64 - 1.0;
    let symbols = (holdings + 2.0 * blocks + 1.0) * tuple;
    let lanes = (shape.scan_lanes * shape.capacity()) as f64;
    let groups = (lanes + blocks + shape.groups as f64 + 1.0) * 2.0;
    let families = 2.0 * holdings + (POLES * shape.symbols) as f64;
    let permuted = meta.permutation().get_columns().len() as f64;
    let lookups = meta.lookups().len() as f64;
    let constraints: usize = meta
        .gates()
        .iter()
        .map(|gate| gate.polynomials().len())
        .sum();
    let commitments = (meta.num_advice_columns() + meta.num_fixed_columns()) as f64
        + 2.0 * permuted
        + 3.0 * lookups
        + DEGREE as f64;
    vec![
        ("`x`, `theta`: range lookups", limbs),
        ("`x`, `theta`: symbols", symbols),
        ("`x`, `theta`: groups", groups),
        ("`x`: totals by coin and contract", families),
        ("`theta`: scalar totals", SCALARS as f64 - 1.0),
        ("`kappa`: five sums in one", 4.0),
        (
            "`gamma`, `xi`, `upsilon`: a pool's identity",
            (shape.slacks() + shape.groups + shape.symbols) as f64,
        ),
        (
            "library's `theta`, `beta`, `gamma`: the lookup of coefficients",
            lookups * 6.0 * rows,
        ),
        ("library's `beta`, `gamma`: copies", 2.0 * permuted * rows),
        (
            "`y`: all constraints in one",
            constraints as f64 + 5.0 * lookups + permuted,
        ),
        ("library's `x`: the quotient", DEGREE as f64 * setup),
        ("`y'`, `v`: openings in one", commitments),
        ("`u`: the opened polynomials", 2.0 * setup),
        ("`z`: the totals of all shards", setup),
        ("`rho`: a batch of 1,000 proofs", BATCH),
    ]
}

/// A column shows its commitment and a value for each row that constraints read it at, relative to
/// their own; more random rows than that hide the rest.
#[test]
fn openings_are_fewer_than_random_rows() {
    for shape in SHAPES {
        let mut meta = ConstraintSystem::<Fr>::default();
        configure(&mut meta, shape);
        let mut read = vec![0; meta.num_advice_columns()];
        for (column, _) in meta.advice_queries() {
            read[column.index()] += 1;
        }
        let most = read.into_iter().max().unwrap();
        let random = meta.blinding_factors() + 1;
        assert!(most + 1 < random, "{}: {most} of a column", shape.name);
        assert!(random <= BLINDING_ROWS);
        assert!(
            (11..=13).contains(&most) && (14..=16).contains(&random),
            "as the page says"
        );
    }
}

#[test]
fn errors_are_as_written() {
    let shapes: Vec<&Shape> = SHAPES.iter().collect();
    let bad: Vec<_> = shapes.iter().map(|shape| bad_values(shape)).collect();
    let mut table = head("challenges", &shapes);
    for (i, (name, _)) in bad[0].iter().enumerate() {
        let values = bad.iter().map(|bad| format!("{:.1}", bad[i].1.log2()));
        table += &row(std::iter::once((*name).to_owned()).chain(values));
    }
    let sums = bad
        .iter()
        .map(|bad| bad.iter().map(|(_, values)| values).sum::<f64>().log2());
    let mut line = String::from("| **all** |");
    for sum in sums {
        // The field has more than 2^253.5 elements.
        assert!(sum < 253.5 - 220.0);
        write!(line, " **{sum:.1}** |").unwrap();
    }
    table_is("errors", &(table + &line + "\n"));
}
