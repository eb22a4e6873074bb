//! A checker of the circuit of its own: every polynomial, copy and lookup apart, row by row, and after a
//! change of cells only what reads them.
//!
//! Challenges are fixed: whatever is false of a witness then shows, as it would at random ones.

mod expression;
mod lookup;
mod matrix;
mod recorder;
pub mod roles;

use std::collections::{BTreeMap, BTreeSet};

use ff::Field;
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::plonk::{Any, Column, ConstraintSystem};
use zkmargin_circuits::circuit::{configure, Config, MarginCircuit};
use zkmargin_circuits::shape::Shape;
use zkmargin_circuits::witness::ChallengeValues;

pub use expression::Polynomial;
use lookup::Lookup;
pub use matrix::{Matrix, ARGUMENTS};

/// A cell: a column of any kind, and a row.
pub type Place = (Column<Any>, usize);

/// One constraint of the circuit, by its number among those of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Constraint {
    /// A polynomial of a gate: 0 in every row.
    Polynomial(usize),
    /// Two cells are equal.
    Copy(usize),
    /// A lookup argument of the library.
    Lookup(usize),
}

/// What fails, and in which row (0 for copies, the input's for lookups).
pub type Failures = BTreeSet<(Constraint, usize)>;

/// The constraints of a shape.
pub struct System {
    /// Columns and rows.
    pub config: Config,
    /// All polynomials of all gates.
    pub polynomials: Vec<Polynomial>,
    /// All copies, each of which joins cells that no other copy joins.
    pub copies: Vec<[Place; 2]>,
    /// The challenges.
    pub c: ChallengeValues,
    /// Rows of the domain, those of blinding among them.
    pub size: usize,
    lookups: Vec<Lookup>,
    fixed: Vec<Vec<Fr>>,
    challenges: Vec<Fr>,
    /// By advice column: the polynomials that read it, and at which rotation.
    readers: Vec<Vec<(i32, usize)>>,
    /// Advice columns that copies or lookups read.
    tied: BTreeSet<usize>,
}

impl System {
    /// The constraints of a shape.
    pub fn new(shape: &Shape) -> Self {
        let mut meta = ConstraintSystem::<Fr>::default();
        let config = configure(&mut meta, shape);
        let values: Vec<Fr> = (3u64..9).map(|i| Fr::from(i).pow([77])).collect();
        let [theta, x, gamma, xi, upsilon, kappa] = values[..] else {
            unreachable!("six")
        };
        let drawn = config.columns.challenges;
        let mut challenges = vec![Fr::ZERO; values.len()];
        let order = [
            drawn.theta,
            drawn.x,
            drawn.gamma,
            drawn.xi,
            drawn.upsilon,
            drawn.kappa,
        ];
        for (challenge, value) in order.iter().zip(&values) {
            challenges[challenge.index()] = *value;
        }
        let size = 1usize << shape.k;
        let circuit = MarginCircuit::keygen(shape);
        let recorded = recorder::record(&circuit, config.clone(), meta.num_fixed_columns(), size);
        let mut system = Self {
            polynomials: Vec::new(),
            lookups: Vec::new(),
            copies: recorded.copies,
            fixed: recorded.fixed,
            challenges,
            c: ChallengeValues {
                theta,
                x,
                gamma,
                xi,
                upsilon,
                kappa,
            },
            size,
            readers: vec![Vec::new(); meta.num_advice_columns()],
            tied: BTreeSet::new(),
            config,
        };
        system.add_polynomials(&meta);
        let usable = size - meta.blinding_factors() - 1;
        system.lookups = meta
            .lookups()
            .iter()
            .map(|argument| {
                let (inputs, table) = (argument.input_expressions(), argument.table_expressions());
                Lookup::new(argument.name(), inputs, table, usable)
            })
            .collect();
        for (column, _) in system.copies.iter().flatten() {
            if matches!(column.column_type(), Any::Advice(_)) {
                system.tied.insert(column.index());
            }
        }
        for lookup in &system.lookups {
            system.tied.extend(lookup.reads());
        }
        system
    }

    fn add_polynomials(&mut self, meta: &ConstraintSystem<Fr>) {
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        for gate in meta.gates() {
            for (i, expression) in gate.polynomials().iter().enumerate() {
                let name = format!("{} / {}", gate.name(), gate.constraint_name(i));
                let before = seen.entry(name.clone()).or_default();
                *before += 1;
                let polynomial = Polynomial::new(name, *before, expression.clone(), self);
                let number = self.polynomials.len();
                for (column, rotation) in &polynomial.reads {
                    self.readers[*column].push((*rotation, number));
                }
                self.polynomials.push(polynomial);
            }
        }
        for polynomial in &mut self.polynomials {
            polynomial.alone = seen[&polynomial.name] == 1;
        }
    }

    /// Every constraint.
    pub fn constraints(&self) -> impl Iterator<Item = Constraint> + '_ {
        (0..self.polynomials.len())
            .map(Constraint::Polynomial)
            .chain((0..self.copies.len()).map(Constraint::Copy))
            .chain((0..self.lookups.len()).map(Constraint::Lookup))
    }

    /// A constraint's name: gate and constraint, with a number where several have the same.
    pub fn name(&self, constraint: Constraint) -> String {
        match constraint {
            Constraint::Polynomial(i) => self.polynomials[i].label(),
            Constraint::Copy(i) => format!("copy [{}]", i + 1),
            Constraint::Lookup(i) => format!("lookup / {}", self.lookups[i].name),
        }
    }

    /// The polynomial of a name that only one has.
    pub fn named(&self, name: &str) -> Constraint {
        let found = self.polynomials.iter().position(|p| p.label() == name);
        Constraint::Polynomial(found.unwrap_or_else(|| panic!("no constraint {name}")))
    }

    /// Everything that fails.
    pub fn failures(&self, matrix: &Matrix) -> Failures {
        let all = (0..self.polynomials.len()).flat_map(|p| {
            self.polynomials[p]
                .live
                .iter()
                .map(move |row| (p, *row as usize))
        });
        let mut failures = self.polynomials_at(all, matrix);
        failures.extend(self.ties(matrix));
        failures
    }

    /// Everything that fails, given that all of it held before these advice cells were changed.
    pub fn failures_after(&self, matrix: &Matrix, changed: &[(usize, usize)]) -> Failures {
        let mut read = BTreeSet::new();
        let mut tied = false;
        for (column, row) in changed {
            for (rotation, p) in &self.readers[*column] {
                let row = self.at(*row, -rotation);
                if self.polynomials[*p].is_live(row) {
                    read.insert((*p, row));
                }
            }
            tied |= self.tied.contains(column);
        }
        let mut failures = self.polynomials_at(read.into_iter(), matrix);
        if tied {
            failures.extend(self.ties(matrix));
        }
        failures
    }

    /// Whether anything but some polynomials fails after one cell was changed.
    pub fn pinned(&self, matrix: &Matrix, cell: (usize, usize), but: &BTreeSet<usize>) -> bool {
        let (column, row) = cell;
        let by_polynomials = self.readers[column].iter().any(|(rotation, p)| {
            let row = self.at(row, -rotation);
            !but.contains(p) && self.polynomials[*p].is_live(row) && !self.holds(*p, row, matrix)
        });
        by_polynomials || self.tied.contains(&column) && !self.ties(matrix).is_empty()
    }

    fn polynomials_at(
        &self,
        places: impl Iterator<Item = (usize, usize)>,
        matrix: &Matrix,
    ) -> Failures {
        places
            .filter(|(p, row)| !self.holds(*p, *row, matrix))
            .map(|(p, row)| (Constraint::Polynomial(p), row))
            .collect()
    }

    fn holds(&self, polynomial: usize, row: usize, matrix: &Matrix) -> bool {
        self.value(polynomial, row, matrix) == Fr::ZERO
    }

    /// What a polynomial is in a row.
    pub fn value(&self, polynomial: usize, row: usize, matrix: &Matrix) -> Fr {
        self.evaluate(&self.polynomials[polynomial].expression, row, matrix)
    }

    /// Copies and lookups that fail.
    fn ties(&self, matrix: &Matrix) -> Failures {
        let copies = self.copies.iter().enumerate();
        let copies = copies
            .filter(|(_, [a, b])| self.cell(matrix, a) != self.cell(matrix, b))
            .map(|(i, _)| (Constraint::Copy(i), 0));
        let lookups = self.lookups.iter().enumerate();
        copies
            .chain(lookups.flat_map(|(i, lookup)| {
                let rows = lookup.failures(self, matrix);
                rows.into_iter()
                    .map(move |row| (Constraint::Lookup(i), row))
            }))
            .collect()
    }

    /// The value of a cell.
    pub fn cell(&self, matrix: &Matrix, place: &Place) -> Fr {
        let (column, row) = place;
        match column.column_type() {
            Any::Advice(_) => matrix.advice[column.index()][*row],
            Any::Fixed => self.fixed[column.index()][*row],
            Any::Instance => matrix.instance[*row],
        }
    }

    /// The row some rows away, around the end.
    pub fn at(&self, row: usize, rotation: i32) -> usize {
        (row as i64 + i64::from(rotation)).rem_euclid(self.size as i64) as usize
    }
}
