//! What the quotient divides: every constraint of the circuit, of its copies and of its lookups,
//! weighed by powers of a challenge, in the order that the verifier adds them up.

mod parts;
mod rounds;

pub use parts::Numerator;
pub(super) use parts::{Behind, Constraint, Selected};

use ff::{Field, PrimeField};
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::plonk::{Any, Column, ConstraintSystem, Expression};

use super::graph::{Graph, Value};

/// Where the polynomials of a circuit and its proof stand.
#[derive(Debug, Clone)]
pub struct Places {
    /// First fixed column.
    pub fixed: usize,
    /// First permutation.
    pub permutations: usize,
    /// 1 in row 0.
    pub first: usize,
    /// 1 in the row after the last usable one.
    pub last: usize,
    /// 1 in usable rows.
    pub active: usize,
    /// `X`.
    pub identity: usize,
    /// First advice column.
    pub advice: usize,
    /// First instance column.
    pub instance: usize,
    /// Running products of the copies.
    pub products: usize,
    /// Permuted input, permuted table and product of each lookup.
    pub lookups: usize,
}

impl Places {
    /// Where a column of the circuit stands.
    pub fn column(&self, column: &Column<Any>) -> usize {
        let first = match column.column_type() {
            Any::Fixed => self.fixed,
            Any::Advice(_) => self.advice,
            Any::Instance => self.instance,
        };
        first + column.index()
    }
}

/// Challenges drawn before the quotient.
#[derive(Debug, Clone)]
pub struct Drawn {
    /// The circuit's own.
    pub circuit: Vec<Fr>,
    /// Compresses the tuples of lookups.
    pub theta: Fr,
    /// Copies and lookups: of columns and inputs.
    pub beta: Fr,
    /// Copies and lookups: of cells and tables.
    pub gamma: Fr,
}

/// Turns the circuit's expressions into values of a program.
pub struct Translator<'a> {
    /// The program.
    pub graph: Graph,
    places: &'a Places,
    challenges: &'a [Fr],
}

impl<'a> Translator<'a> {
    /// An empty program.
    pub fn new(places: &'a Places, challenges: &'a [Fr]) -> Self {
        Self {
            graph: Graph::default(),
            places,
            challenges,
        }
    }

    /// The value of an expression.
    pub fn value(&mut self, expression: &Expression<Fr>) -> Value {
        match expression {
            Expression::Constant(value) => self.graph.constant(*value),
            // Selectors are fixed columns by the time there is a key.
            Expression::Selector(_) => self.graph.constant(Fr::ZERO),
            Expression::Fixed(query) => {
                let column = self.places.fixed + query.column_index();
                self.graph.cell(column, query.rotation().0)
            }
            Expression::Advice(query) => {
                let column = self.places.advice + query.column_index();
                self.graph.cell(column, query.rotation().0)
            }
            Expression::Instance(query) => {
                let column = self.places.instance + query.column_index();
                self.graph.cell(column, query.rotation().0)
            }
            Expression::Challenge(challenge) => {
                self.graph.constant(self.challenges[challenge.index()])
            }
            Expression::Negated(inner) => {
                let inner = self.value(inner);
                self.graph.negate(inner)
            }
            Expression::Sum(a, b) => {
                if let Expression::Negated(b) = &**b {
                    let (a, b) = (self.value(a), self.value(b));
                    return self.graph.sub(a, b);
                }
                let (a, b) = (self.value(a), self.value(b));
                self.graph.add(a, b)
            }
            Expression::Product(a, b) => {
                let (a, b) = (self.value(a), self.value(b));
                self.graph.mul(a, b)
            }
            Expression::Scaled(inner, factor) => {
                let inner = self.value(inner);
                let factor = self.graph.constant(*factor);
                self.graph.mul(inner, factor)
            }
        }
    }

    /// The terms of a sum. Most are something times a selector, or times a sum of some: what shares
    /// these is multiplied by them once.
    fn selected(&mut self, expression: &Expression<Fr>, terms: &mut Vec<Selected>) {
        match expression {
            Expression::Sum(a, b) => {
                self.selected(a, terms);
                self.selected(b, terms);
            }
            Expression::Product(selector, rest) if selects(selector) => {
                let (selector, value) = (self.value(selector), self.value(rest));
                let selector = Some(selector);
                terms.push(Selected { selector, value });
            }
            other => terms.push(Selected {
                selector: None,
                value: self.value(other),
            }),
        }
    }

    /// `theta^(m-1) e_0 + ... + e_(m-1)`.
    pub fn compressed(&mut self, expressions: &[Expression<Fr>], theta: Fr) -> Value {
        let theta = self.graph.constant(theta);
        let zero = self.graph.constant(Fr::ZERO);
        expressions.iter().fold(zero, |sum, expression| {
            let value = self.value(expression);
            let sum = self.graph.mul(sum, theta);
            self.graph.add(sum, value)
        })
    }
}

/// Whether an expression is made of nothing but fixed cells.
fn selects(expression: &Expression<Fr>) -> bool {
    match expression {
        Expression::Fixed(_) => true,
        Expression::Sum(a, b) => selects(a) && selects(b),
        _ => false,
    }
}

/// The weighed sum of all constraints. `covers` says of a column whether it is anything but 0 in all
/// rows but the last [`ENDING_ROWS`](super::column::ENDING_ROWS).
///
/// # Panics
/// When a constraint is of a higher degree than the constraint system.
pub fn numerator(
    cs: &ConstraintSystem<Fr>,
    places: &Places,
    drawn: &Drawn,
    y: Fr,
    covers: &dyn Fn(usize) -> bool,
) -> Numerator {
    let mut t = Translator::new(places, &drawn.circuit);
    let mut constraints: Vec<Constraint> = Vec::new();
    for polynomial in cs.gates().iter().flat_map(|gate| gate.polynomials()) {
        let mut terms = Vec::new();
        t.selected(polynomial, &mut terms);
        constraints.push(Constraint(terms));
    }
    copies(&mut t, cs, places, drawn, &mut constraints);
    lookups(&mut t, cs, places, drawn, &mut constraints);
    Numerator::new(t.graph, &constraints, cs.degree() - 1, y, covers)
}

/// Columns whose copies share a running product.
pub fn columns_a_product(cs: &ConstraintSystem<Fr>) -> usize {
    cs.degree() - 2
}

fn copies(
    t: &mut Translator<'_>,
    cs: &ConstraintSystem<Fr>,
    places: &Places,
    drawn: &Drawn,
    constraints: &mut Vec<Constraint>,
) {
    let columns = cs.permutation().get_columns();
    let sets: Vec<&[Column<Any>]> = columns.chunks(columns_a_product(cs)).collect();
    let last_rotation = -(cs.blinding_factors() as i32 + 1);
    let b = &mut t.graph;
    let one = b.constant(Fr::ONE);
    let first = b.cell(places.first, 0);
    let last = b.cell(places.last, 0);
    let active = b.cell(places.active, 0);
    let mut push = |selector: Value, value: Value| {
        let selector = Some(selector);
        constraints.push(Constraint(vec![Selected { selector, value }]));
    };
    if sets.is_empty() {
        return;
    }
    let product = b.cell(places.products, 0);
    push(first, b.sub(one, product));
    let product = b.cell(places.products + sets.len() - 1, 0);
    let square = b.mul(product, product);
    push(last, b.sub(square, product));
    for set in 1..sets.len() {
        let product = b.cell(places.products + set, 0);
        let before = b.cell(places.products + set - 1, last_rotation);
        push(first, b.sub(product, before));
    }
    let (beta, gamma) = (b.constant(drawn.beta), b.constant(drawn.gamma));
    let identity = b.cell(places.identity, 0);
    let mut delta = drawn.beta;
    let mut index = 0;
    for (set, columns) in sets.iter().enumerate() {
        let mut left = b.cell(places.products + set, 1);
        let mut right = b.cell(places.products + set, 0);
        for column in *columns {
            let cell = b.cell(places.column(column), 0);
            let cell = b.add(cell, gamma);
            let permuted = b.cell(places.permutations + index, 0);
            let permuted = b.mul(permuted, beta);
            let permuted = b.add(cell, permuted);
            left = b.mul(left, permuted);
            let own = b.constant(delta);
            let own = b.mul(identity, own);
            let own = b.add(cell, own);
            right = b.mul(right, own);
            delta *= Fr::DELTA;
            index += 1;
        }
        push(active, b.sub(left, right));
    }
}

fn lookups(
    t: &mut Translator<'_>,
    cs: &ConstraintSystem<Fr>,
    places: &Places,
    drawn: &Drawn,
    constraints: &mut Vec<Constraint>,
) {
    for (i, lookup) in cs.lookups().iter().enumerate() {
        let input = t.compressed(lookup.input_expressions(), drawn.theta);
        let table = t.compressed(lookup.table_expressions(), drawn.theta);
        let b = &mut t.graph;
        let place = places.lookups + 3 * i;
        let (permuted_input, permuted_table) = (b.cell(place, 0), b.cell(place + 1, 0));
        let (product, next) = (b.cell(place + 2, 0), b.cell(place + 2, 1));
        let first = b.cell(places.first, 0);
        let last = b.cell(places.last, 0);
        let active = b.cell(places.active, 0);
        let one = b.constant(Fr::ONE);
        let (beta, gamma) = (b.constant(drawn.beta), b.constant(drawn.gamma));
        let mut push = |selector: Value, value: Value| {
            let selector = Some(selector);
            constraints.push(Constraint(vec![Selected { selector, value }]));
        };
        push(first, b.sub(one, product));
        let square = b.mul(product, product);
        push(last, b.sub(square, product));
        let mut side = |product: Value, input: Value, table: Value| {
            let (input, table) = (b.add(input, beta), b.add(table, gamma));
            let value = b.mul(product, input);
            b.mul(value, table)
        };
        let left = side(next, permuted_input, permuted_table);
        let right = side(product, input, table);
        push(active, b.sub(left, right));
        let difference = b.sub(permuted_input, permuted_table);
        push(first, difference);
        let above = b.cell(place, -1);
        let step = b.sub(permuted_input, above);
        push(active, b.mul(difference, step));
    }
}
