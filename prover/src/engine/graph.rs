//! Expressions over columns as a graph: equal subexpressions are one node, and what only depends on
//! constants is a constant.

use std::collections::HashMap;

use ff::{Field, PrimeField};
use halo2_proofs::halo2curves::bn256::Fr;

/// A node of a graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Value(u32);

/// A cell relative to the row: column and rotation.
pub type Cell = (usize, i32);

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Node {
    /// One of the graph's constants.
    Constant(u32),
    /// A cell of a column.
    Cell(Cell),
    /// `a + b`.
    Add(Value, Value),
    /// `a - b`.
    Sub(Value, Value),
    /// `a * b`; a constant stands second.
    Mul(Value, Value),
}

/// Expressions, each node after those it is made of.
#[derive(Debug, Default)]
pub struct Graph {
    nodes: Vec<Node>,
    degrees: Vec<usize>,
    known: HashMap<Node, Value>,
    constants: Vec<Fr>,
    known_constants: HashMap<[u8; 32], u32>,
}

impl Graph {
    fn push(&mut self, node: Node) -> Value {
        let next = Value(self.nodes.len() as u32);
        let value = *self.known.entry(node).or_insert(next);
        if value == next {
            self.degrees.push(match node {
                Node::Constant(_) => 0,
                Node::Cell(_) => 1,
                Node::Add(a, b) | Node::Sub(a, b) => self.degree(a).max(self.degree(b)),
                Node::Mul(a, b) => self.degree(a).saturating_add(self.degree(b)),
            });
            self.nodes.push(node);
        }
        value
    }

    /// Number of nodes.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// What a node is.
    pub fn node(&self, value: Value) -> Node {
        self.nodes[value.index()]
    }

    /// A bound of a node's degree, every cell being of degree 1.
    pub fn degree(&self, value: Value) -> usize {
        self.degrees[value.index()]
    }

    /// The constant that a node is, if it is one.
    pub fn constant_of(&self, value: Value) -> Option<Fr> {
        match self.node(value) {
            Node::Constant(index) => Some(self.constants[index as usize]),
            _ => None,
        }
    }

    /// A constant.
    pub fn constant(&mut self, value: Fr) -> Value {
        let next = self.constants.len() as u32;
        let index = *self.known_constants.entry(value.to_repr()).or_insert(next);
        if index == next {
            self.constants.push(value);
        }
        self.push(Node::Constant(index))
    }

    /// A cell of a column.
    pub fn cell(&mut self, column: usize, rotation: i32) -> Value {
        self.push(Node::Cell((column, rotation)))
    }

    /// `a + b`.
    pub fn add(&mut self, a: Value, b: Value) -> Value {
        match (self.constant_of(a), self.constant_of(b)) {
            (Some(x), Some(y)) => self.constant(x + y),
            (Some(x), None) if x == Fr::ZERO => b,
            (None, Some(y)) if y == Fr::ZERO => a,
            _ => self.push(Node::Add(a.min(b), a.max(b))),
        }
    }

    /// `a - b`.
    pub fn sub(&mut self, a: Value, b: Value) -> Value {
        match (self.constant_of(a), self.constant_of(b)) {
            (Some(x), Some(y)) => self.constant(x - y),
            (None, Some(y)) if y == Fr::ZERO => a,
            _ => self.push(Node::Sub(a, b)),
        }
    }

    /// `-a`.
    pub fn negate(&mut self, a: Value) -> Value {
        let zero = self.constant(Fr::ZERO);
        self.sub(zero, a)
    }

    /// `a * b`.
    pub fn mul(&mut self, a: Value, b: Value) -> Value {
        match (self.constant_of(a), self.constant_of(b)) {
            (Some(x), Some(y)) => self.constant(x * y),
            (Some(_), None) => self.mul(b, a),
            (None, Some(y)) if y == Fr::ZERO => b,
            (None, Some(y)) if y == Fr::ONE => a,
            (None, Some(_)) => self.push(Node::Mul(a, b)),
            (None, None) => self.push(Node::Mul(a.min(b), a.max(b))),
        }
    }

    /// `sum of terms[i].0 * terms[i].1`.
    pub fn combine(&mut self, terms: &[(Value, Fr)]) -> Value {
        let zero = self.constant(Fr::ZERO);
        terms.iter().fold(zero, |sum, (value, weight)| {
            let weight = self.constant(*weight);
            let term = self.mul(*value, weight);
            self.add(sum, term)
        })
    }

    /// How often each node is one of the outputs or an operand of a node that they are made of.
    pub fn uses(&self, outputs: &[Value]) -> Vec<u32> {
        let mut uses = vec![0; self.nodes.len()];
        for output in outputs {
            uses[output.index()] += 1;
        }
        for index in (0..self.nodes.len()).rev() {
            if uses[index] > 0 {
                for operand in self.nodes[index].operands() {
                    uses[operand.index()] += 1;
                }
            }
        }
        uses
    }

    /// The nodes that values are made of, each with its place.
    pub fn made_of(&self, values: &[Value]) -> impl Iterator<Item = (usize, &Node)> {
        let uses = self.uses(values);
        let nodes = self.nodes.iter().enumerate();
        nodes.filter(move |(place, _)| uses[*place] > 0)
    }
}

impl Value {
    /// Its place in the graph.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl Node {
    fn operands(&self) -> impl Iterator<Item = Value> {
        let (a, b) = match *self {
            Node::Constant(_) | Node::Cell(_) => (None, None),
            Node::Add(a, b) | Node::Sub(a, b) | Node::Mul(a, b) => (Some(a), Some(b)),
        };
        a.into_iter().chain(b)
    }
}
