use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use zkmargin_circuits::circuit::MarginCircuit;
use zkmargin_circuits::shape::{Shape, NODE_ROWS};

use super::super::column::elements;
use super::super::fft::{fill_powers, Domain};
use super::super::key::{proving_key, Special};
use super::super::simd::{with_every_arithmetic, Arithmetic, Portable};
use super::*;
use crate::params::insecure;

/// The values of every column on a coset, by its source, are those of its transform.
fn check_values<S: Simd<Scalar>>(domain: &Domain<S>, columns: &[Vec<Block>], sources: &[Source]) {
    let s = domain.simd;
    let coset = domain.coset(Fr::from(11));
    let blank = || vec![Block::ZERO; domain.blocks()];
    let transformed: Vec<Vec<Block>> = columns
        .iter()
        .map(|column| {
            let mut values = blank();
            domain.evaluate(column, &coset, &mut values);
            values
        })
        .collect();
    for (place, source) in sources.iter().enumerate() {
        let mut values = blank();
        match source {
            Source::Transform => continue,
            Source::Points => fill_powers(s, coset.shift, domain.omega, &mut values),
            Source::Moved((base, rotation)) => {
                assert_eq!(sources[*base], Source::Transform);
                let base = &transformed[*base];
                fill(s, &mut values, |at, _| rotated(s, base, at, *rotation));
            }
            Source::Sum { constant, terms } => {
                let view = |((base, rotation), weight): &(Cell, Fr)| {
                    let base_source = &sources[*base];
                    assert!(matches!(base_source, Source::Transform | Source::Points));
                    ((transformed[*base].as_slice(), *rotation), *weight)
                };
                let terms: Vec<(View<'_>, Fr)> = terms.iter().map(view).collect();
                sum(s, *constant, &terms, &mut values);
            }
        }
        assert_eq!(
            export(s, &values),
            export(s, &transformed[place]),
            "column {place}: {source:?}"
        );
    }
}

const DELTA: u64 = 7;

/// Sources of columns of which the last two are those that others are made of, and the two before
/// them permutations; after they were held to the columns' transforms.
fn found<S: Simd<Scalar>>(s: S, k: u32, cells: &[Vec<Fr>]) -> Vec<Source> {
    let domain = Domain::new(s, k);
    let points = |own: Fr| -> Vec<Fr> {
        let next = |point: &Fr| Some(*point * domain.omega);
        std::iter::successors(Some(own), next)
            .take(domain.n())
            .collect()
    };
    let delta = Fr::from(DELTA);
    let mut all = cells.to_vec();
    let mut copied = points(delta);
    copied.swap(3, domain.n() - 9);
    all.extend([points(Fr::ONE), copied, vec![Fr::ONE], points(Fr::ONE)]);
    let mut columns: Vec<Vec<Block>> = all
        .iter()
        .map(|cells| elements(s, domain.n(), cells, &[]))
        .collect();
    let bases = Bases {
        first: all.len() - 2,
        identity: all.len() - 1,
    };
    let permutations = cells.len()..cells.len() + 2;
    let sources = sources(s, &columns, permutations, bases, delta);
    for column in &mut columns {
        domain.interpolate(column);
    }
    check_values(&domain, &columns, &sources);
    sources
}

/// A column of equal cells in some rows.
fn rows(n: usize, cell: u64, chosen: impl Fn(usize) -> bool) -> Vec<Fr> {
    (0..n)
        .map(|row| Fr::from(if chosen(row) { cell } else { 0 }))
        .collect()
}

fn check<S: Simd<Scalar>>(s: S) {
    let (k, n) = (9, 512);
    let mut rng = ChaCha20Rng::seed_from_u64(8);
    let mut random = |row: usize| {
        Fr::from(if row < 300 {
            rng.gen_range(1..1 << 60)
        } else {
            0
        })
    };
    let stretches = |first: usize| rows(n, 3, |row| row >= first && row < 400 && row % 5 == first);
    let columns = [
        (0..n).map(&mut random).collect(),
        rows(n, 1, |row| row == 500),
        rows(n, 4, |row| row == 500),
        rows(n, 2, |row| row < n - FEW),
        rows(n, 2, |row| row < n - FEW - 1),
        rows(n, 3, |row| row < 400),
        stretches(0),
        stretches(2),
        rows(n, 5, |row| row < 400 && row % 5 == 0),
        rows(n, 0, |_| true),
    ];
    let sources = found(s, k, &columns);
    let first = columns.len() + 2;
    let moved = |base: usize, rotation| Source::Moved((base, rotation));
    assert_eq!(sources[0], Source::Transform);
    assert_eq!(sources[1], moved(first, -500));
    let Source::Sum { constant, terms } = &sources[2] else {
        panic!("{:?}", sources[2]);
    };
    assert_eq!(
        (*constant, &terms[..]),
        (Fr::ZERO, &[((first, -500), Fr::from(4))][..])
    );
    let Source::Sum { constant, terms } = &sources[3] else {
        panic!("{:?}", sources[3]);
    };
    assert_eq!((*constant, terms.len()), (Fr::from(2), FEW));
    assert_eq!(sources[4], Source::Transform);
    let Source::Sum { terms, .. } = &sources[5] else {
        panic!("{:?}", sources[5]);
    };
    let stretch: Vec<(Cell, Fr)> = (0..5).map(|row| ((6, -row), Fr::ONE)).collect();
    assert_eq!(*terms, stretch);
    assert_eq!(sources[6], Source::Transform);
    assert_eq!(sources[7], moved(6, -2));
    assert_eq!(sources[8], Source::Transform);
    let nothing = Source::Sum {
        constant: Fr::ZERO,
        terms: Vec::new(),
    };
    assert_eq!(sources[9], nothing);
    let Source::Sum { terms, .. } = &sources[11] else {
        panic!("{:?}", sources[11]);
    };
    assert_eq!(
        (terms[0], terms.len()),
        (((first + 1, 0), Fr::from(DELTA)), 3)
    );
    assert_eq!(sources[first..], [Source::Transform, Source::Points]);
}

#[test]
fn accepts_columns_that_others_are_made_of() {
    with_every_arithmetic!(check);
}

#[test]
fn rejects_columns_that_are_nearly_alike() {
    let n = 256;
    let every = |first: usize, cell| rows(n, cell, |row| row < 200 && row % 4 == first);
    // Another value, another row among them, one row more and one less, and a gap in a run.
    let mut spoilt = every(1, 1);
    spoilt[81] = Fr::from(2);
    let mut apart = every(1, 1);
    apart.swap(81, 82);
    let columns = [
        every(0, 1),
        every(1, 2),
        spoilt,
        apart,
        rows(n, 1, |row| row < 204 && row % 4 == 1),
        rows(n, 1, |row| row < 196 && row % 4 == 1),
        rows(n, 1, |row| row < 199),
        rows(n, 1, |row| row < 201),
        rows(n, 1, |row| row < 200 && row != 77),
        rows(n, 1, |row| (1..201).contains(&row)),
    ];
    let sources = found(Portable, 8, &columns);
    for (place, source) in sources[..columns.len()].iter().enumerate() {
        assert_eq!(*source, Source::Transform, "column {place}");
    }
}

#[test]
fn accepts_few_first_rows() {
    let cells: Vec<Fr> = (1..=FEW as u64 + 1).map(Fr::from).collect();
    assert_eq!(Source::of_first_rows(&cells, 5), Source::Transform);
    let Source::Sum { constant, terms } = Source::of_first_rows(&cells[..2], 5) else {
        panic!("no sum");
    };
    let expected = vec![((5, 0), Fr::from(1)), ((5, -1), Fr::from(2))];
    assert_eq!((constant, terms), (Fr::ZERO, expected));
}

/// Of this project's circuit, columns by the rows of a permutation come from one of them.
fn check_circuit<S: Arithmetic>(s: S) {
    let shape = Shape::by_name("tiny-11").unwrap();
    let params = insecure(shape.k, &mut |_| ()).unwrap();
    let circuit = MarginCircuit::keygen(shape);
    let key = proving_key(s, &params.points(), &circuit, None).unwrap();
    check_values(&key.domain, &key.polynomials, &key.sources);
    let moved = |base: usize| {
        let from = |source: &&Source| matches!(source, Source::Moved((from, _)) if *from == base);
        key.sources.iter().filter(from).count()
    };
    let most = (0..key.sources.len()).filter(|base| *base != key.special(Special::First));
    assert_eq!(most.map(moved).max(), Some(NODE_ROWS - 2));
    assert!(moved(key.special(Special::First)) >= 10);
    let transformed = key.sources.iter().filter(|source| is_transform(source));
    assert!(2 * transformed.count() < key.sources.len());
}

#[test]
fn accepts_the_circuits_columns() {
    with_every_arithmetic!(check_circuit);
}
