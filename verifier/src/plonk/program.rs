//! The circuit's own expressions as a straight line of additions and multiplications.
//!
//! Expressions are trees, and what several of them have in common stands in each. Here every
//! operation on the same operands is done once.

use std::collections::BTreeMap;

use ff::{Field, PrimeField};
use fixedbitset::FixedBitSet;
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::plonk::{Any, ConstraintSystem, Expression};
use halo2_proofs::poly::Rotation;

use crate::proof::ProofError;

/// Where a value stands: inputs first, then what each step gives.
type Place = u32;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Add(Place, Place),
    Subtract(Place, Place),
    Multiply(Place, Place),
    /// By its place among the constants.
    Constant(Place),
}

/// The expressions of a constraint system.
#[derive(Debug)]
pub(super) struct Program {
    /// How many cells there are among the inputs: of advice columns, then of fixed ones.
    cells: [usize; 2],
    inputs: usize,
    constants: Vec<Fr>,
    steps: Vec<Step>,
    gates: Vec<Place>,
    lookups: Vec<[Vec<Place>; 2]>,
    copied: Vec<Place>,
}

/// The values of a program, wherever they stand.
pub struct Run(Vec<Fr>);

/// What the expressions are at x.
pub(super) struct Values {
    /// Constraints, gate by gate.
    pub gates: Vec<Fr>,
    /// Input and table of each lookup.
    pub lookups: Vec<[Vec<Fr>; 2]>,
    /// Cells of the columns that have copies.
    pub copied: Vec<Fr>,
}

impl Program {
    /// # Errors
    /// When an expression asks for a cell that proofs do not open.
    pub(super) fn new(cs: &ConstraintSystem<Fr>) -> Result<Self, ProofError> {
        let whole = ProofError::Mismatch("the circuit is not whole");
        Self::compile(cs).ok_or(whole)
    }

    fn compile(cs: &ConstraintSystem<Fr>) -> Option<Self> {
        let mut compiler = Compiler::new(cs)?;
        let gates = cs.gates().iter().flat_map(|gate| gate.polynomials());
        let gates = gates
            .map(|gate| compiler.place(gate))
            .collect::<Option<_>>()?;
        let mut side = |expressions: &[Expression<Fr>]| {
            let places = expressions
                .iter()
                .map(|expression| compiler.place(expression));
            places.collect::<Option<Vec<_>>>()
        };
        let lookups = cs.lookups().iter();
        let lookups = lookups
            .map(|lookup| {
                let input = side(lookup.input_expressions())?;
                Some([input, side(lookup.table_expressions())?])
            })
            .collect::<Option<_>>()?;
        let copied = cs.permutation().get_columns();
        let copied = copied
            .iter()
            .map(|column| compiler.cell(*column.column_type(), column.index(), Rotation::cur()))
            .collect::<Option<_>>()?;
        Some(Self {
            cells: [cs.advice_queries().len(), cs.fixed_queries().len()],
            inputs: compiler.inputs,
            constants: compiler.constants,
            steps: compiler.steps,
            gates,
            lookups,
            copied,
        })
    }

    /// Runs over the values of advice, fixed and instance cells and challenges. None when these are
    /// of another circuit.
    pub(super) fn run(&self, inputs: [&[Fr]; 4]) -> Option<Run> {
        let mut values = Vec::with_capacity(self.inputs.saturating_add(self.steps.len()));
        inputs
            .iter()
            .for_each(|part| values.extend_from_slice(part));
        if values.len() != self.inputs {
            return None;
        }
        for step in &self.steps {
            let at = |place: Place| values.get(place as usize);
            let value = match *step {
                Step::Add(a, b) => *at(a)? + at(b)?,
                Step::Subtract(a, b) => *at(a)? - at(b)?,
                Step::Multiply(a, b) => *at(a)? * at(b)?,
                Step::Constant(a) => *self.constants.get(a as usize)?,
            };
            values.push(value);
        }
        Some(Run(values))
    }

    /// What the expressions are after a run.
    pub(super) fn values(&self, run: &Run) -> Option<Values> {
        let all = |places: &[Place]| -> Option<Vec<Fr>> {
            let found = places
                .iter()
                .map(|place| run.0.get(*place as usize).copied());
            found.collect()
        };
        Some(Values {
            gates: all(&self.gates)?,
            lookups: self
                .lookups
                .iter()
                .map(|[input, table]| Some([all(input)?, all(table)?]))
                .collect::<Option<_>>()?,
            copied: all(&self.copied)?,
        })
    }

    /// How many cells of advice and of fixed columns are among the inputs.
    pub(super) fn cells(&self) -> [usize; 2] {
        self.cells
    }

    /// Wherever a value stands: whether it depends on an input that `of` names.
    pub(super) fn depend(&self, of: &[bool]) -> Vec<bool> {
        let mut depend = of.to_vec();
        depend.resize(self.inputs, false);
        for step in &self.steps {
            let at = |place: Place| depend.get(place as usize).copied().unwrap_or(false);
            depend.push(match *step {
                Step::Add(a, b) | Step::Subtract(a, b) | Step::Multiply(a, b) => at(a) || at(b),
                Step::Constant(_) => false,
            });
        }
        depend
    }

    /// How much the sum of all constraints, each weighed by one power of `y` less than the one
    /// before it and the last by `last`, changes with each value that `depend` names: the derivative
    /// there, which is the factor of what no two are multiplied of.
    pub(super) fn slopes(&self, run: &Run, depend: &[bool], y: Fr, last: Fr) -> Option<Vec<Fr>> {
        let mut slopes = vec![Fr::ZERO; run.0.len()];
        let mut weight = last;
        for gate in self.gates.iter().rev() {
            *slopes.get_mut(*gate as usize)? += weight;
            weight *= y;
        }
        for (index, step) in self.steps.iter().enumerate().rev() {
            let place = self.inputs.checked_add(index)?;
            if !*depend.get(place)? {
                continue;
            }
            let slope = *slopes.get(place)?;
            let at = |place: Place| run.0.get(place as usize);
            let [one, other] = match *step {
                Step::Add(a, b) => [(a, slope), (b, slope)],
                Step::Subtract(a, b) => [(a, slope), (b, -slope)],
                Step::Multiply(a, b) => [(a, slope * at(b)?), (b, slope * at(a)?)],
                Step::Constant(_) => continue,
            };
            for (place, slope) in [one, other] {
                if *depend.get(place as usize)? {
                    *slopes.get_mut(place as usize)? += slope;
                }
            }
        }
        Some(slopes)
    }

    /// For each cell, the cells that some product multiplies it by. Cells that lookups or copies
    /// read, which this program does not weigh, are among their own.
    pub(super) fn products(&self) -> Vec<FixedBitSet> {
        let cells = self.cells.iter().sum();
        let mut products = vec![FixedBitSet::with_capacity(cells); cells];
        // Cells that a value is made of.
        let mut made_of: Vec<FixedBitSet> = Vec::new();
        for input in 0..self.inputs {
            let mut own = FixedBitSet::with_capacity(cells);
            if input < cells {
                own.insert(input);
            }
            made_of.push(own);
        }
        let nothing = FixedBitSet::with_capacity(cells);
        for step in &self.steps {
            let at = |place: Place| made_of.get(place as usize).unwrap_or(&nothing);
            let made = match *step {
                Step::Constant(_) => nothing.clone(),
                Step::Add(a, b) | Step::Subtract(a, b) | Step::Multiply(a, b) => {
                    let (a, b) = (at(a), at(b));
                    if matches!(step, Step::Multiply(..)) {
                        for (one, other) in [(a, b), (b, a)] {
                            for cell in one.ones() {
                                if let Some(products) = products.get_mut(cell) {
                                    products.union_with(other);
                                }
                            }
                        }
                    }
                    let mut made = a.clone();
                    made.union_with(b);
                    made
                }
            };
            made_of.push(made);
        }
        let sides = self.lookups.iter().flatten().flatten();
        for place in sides.chain(&self.copied) {
            let made = made_of.get(*place as usize).unwrap_or(&nothing);
            for cell in made.ones() {
                if let Some(products) = products.get_mut(cell) {
                    products.insert(cell);
                }
            }
        }
        products
    }
}

/// A kind of column, its index, and the row.
type Cell = (u8, usize, i32);

fn kind(column: Any) -> u8 {
    match column {
        Any::Advice(_) => 0,
        Any::Fixed => 1,
        Any::Instance => 2,
    }
}

struct Compiler {
    cells: BTreeMap<Cell, Place>,
    /// Where the challenges begin.
    challenges: usize,
    inputs: usize,
    constants: Vec<Fr>,
    known_constants: BTreeMap<[u8; 32], Place>,
    steps: Vec<Step>,
    known: BTreeMap<Step, Place>,
}

impl Compiler {
    fn new(cs: &ConstraintSystem<Fr>) -> Option<Self> {
        let advice = cs.advice_queries().iter();
        let fixed = cs.fixed_queries().iter();
        let instance = cs.instance_queries().iter();
        let cells = (advice.map(|(column, at)| (0, column.index(), at.0)))
            .chain(fixed.map(|(column, at)| (1, column.index(), at.0)))
            .chain(instance.map(|(column, at)| (2, column.index(), at.0)));
        let cells: BTreeMap<Cell, Place> = cells.zip(0..).collect();
        let challenges = cs
            .advice_queries()
            .len()
            .checked_add(cs.fixed_queries().len())?;
        let challenges = challenges.checked_add(cs.instance_queries().len())?;
        Some(Self {
            cells,
            challenges,
            inputs: challenges.checked_add(cs.num_challenges())?,
            constants: Vec::new(),
            known_constants: BTreeMap::new(),
            steps: Vec::new(),
            known: BTreeMap::new(),
        })
    }

    fn cell(&self, column: Any, index: usize, at: Rotation) -> Option<Place> {
        self.cells.get(&(kind(column), index, at.0)).copied()
    }

    fn constant(&mut self, value: Fr) -> Option<Place> {
        let next = Place::try_from(self.constants.len()).ok()?;
        let known = self.known_constants.entry(value.to_repr());
        let place = *known.or_insert(next);
        if place == next {
            self.constants.push(value);
        }
        self.step(Step::Constant(place))
    }

    fn step(&mut self, step: Step) -> Option<Place> {
        // The order of operands makes no difference.
        let step = match step {
            Step::Add(a, b) => Step::Add(a.min(b), a.max(b)),
            Step::Multiply(a, b) => Step::Multiply(a.min(b), a.max(b)),
            other => other,
        };
        let next = Place::try_from(self.inputs.checked_add(self.steps.len())?).ok()?;
        let place = *self.known.entry(step).or_insert(next);
        if place == next {
            self.steps.push(step);
        }
        Some(place)
    }

    /// Where the value of an expression stands.
    fn place(&mut self, expression: &Expression<Fr>) -> Option<Place> {
        match expression {
            Expression::Constant(value) => self.constant(*value),
            // Selectors are fixed columns by the time there is a key.
            Expression::Selector(_) => None,
            Expression::Advice(query) => {
                let cells = (0, query.column_index(), query.rotation().0);
                self.cells.get(&cells).copied()
            }
            Expression::Fixed(query) => {
                let cells = (1, query.column_index(), query.rotation().0);
                self.cells.get(&cells).copied()
            }
            Expression::Instance(query) => {
                let cells = (2, query.column_index(), query.rotation().0);
                self.cells.get(&cells).copied()
            }
            Expression::Challenge(challenge) => {
                let place = self.challenges.checked_add(challenge.index())?;
                let place = Some(place).filter(|place| *place < self.inputs)?;
                Place::try_from(place).ok()
            }
            Expression::Negated(inner) => {
                let (zero, inner) = (self.constant(Fr::ZERO)?, self.place(inner)?);
                self.step(Step::Subtract(zero, inner))
            }
            Expression::Sum(a, b) => {
                let a = self.place(a)?;
                if let Expression::Negated(b) = &**b {
                    let b = self.place(b)?;
                    return self.step(Step::Subtract(a, b));
                }
                let b = self.place(b)?;
                self.step(Step::Add(a, b))
            }
            Expression::Product(a, b) => {
                let (a, b) = (self.place(a)?, self.place(b)?);
                self.step(Step::Multiply(a, b))
            }
            Expression::Scaled(inner, factor) => {
                let (inner, factor) = (self.place(inner)?, self.constant(*factor)?);
                self.step(Step::Multiply(inner, factor))
            }
        }
    }
}
