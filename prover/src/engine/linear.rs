//! Sums as they are best computed: products that share one reduction, and plain terms.
//!
//! A sum of products costs little more than half of the products one by one, because their
//! reductions are one ([`super::simd::Simd::sum`]). So sums are taken apart as far as no value is
//! computed twice for it.

use std::collections::BTreeMap;

use ff::Field;
use halo2_proofs::halo2curves::bn256::Fr;

use super::graph::{Graph, Node, Value};

/// A sum with a weight is taken apart when it has no more plain terms than this, and no products:
/// each of them becomes a product.
const PLAIN_TERMS: usize = 2;

/// A sum, taken apart.
#[derive(Debug, Default)]
pub struct Linear {
    /// Products of two values, added or taken away.
    pub products: Vec<(Value, Value, Sign)>,
    /// Values by weight.
    pub weighed: BTreeMap<Value, Fr>,
    /// What is added besides.
    pub constant: Fr,
}

/// Whether a term is added or taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// Added.
    Plus,
    /// Taken away.
    Minus,
}

/// Plain terms, and those with another weight than one.
pub type Terms = (Vec<(Value, Sign)>, Vec<(Value, Fr)>);

impl Sign {
    fn of(weight: Fr) -> Option<Self> {
        if weight == Fr::ONE {
            Some(Sign::Plus)
        } else if weight == -Fr::ONE {
            Some(Sign::Minus)
        } else {
            None
        }
    }
}

impl Linear {
    /// The sum that a node is. None for a cell and a constant.
    pub fn of(graph: &Graph, uses: &[u32], value: Value) -> Option<Self> {
        let mut sum = Self::default();
        match graph.node(value) {
            Node::Constant(_) | Node::Cell(_) => return None,
            Node::Add(..) | Node::Sub(..) | Node::Mul(..) => {
                sum.open(graph, uses, value, Fr::ONE);
            }
        }
        Some(sum)
    }

    /// Plain terms, and those with another weight than one.
    pub fn split(&self) -> Terms {
        let mut plain = Vec::new();
        let mut weighed = Vec::new();
        for (value, weight) in &self.weighed {
            match Sign::of(*weight) {
                _ if *weight == Fr::ZERO => {}
                Some(sign) => plain.push((*value, sign)),
                None => weighed.push((*value, *weight)),
            }
        }
        (plain, weighed)
    }

    /// Adds `weight` times what a node is made of.
    fn open(&mut self, graph: &Graph, uses: &[u32], value: Value, weight: Fr) {
        match graph.node(value) {
            Node::Add(a, b) => {
                self.add(graph, uses, a, weight);
                self.add(graph, uses, b, weight);
            }
            Node::Sub(a, b) => {
                self.add(graph, uses, a, weight);
                self.add(graph, uses, b, -weight);
            }
            Node::Mul(a, b) => match (graph.constant_of(b), Sign::of(weight)) {
                (Some(factor), _) => self.add(graph, uses, a, weight * factor),
                (None, Some(sign)) => self.products.push((a, b, sign)),
                (None, None) => self.leaf(value, weight),
            },
            Node::Cell(_) | Node::Constant(_) => self.leaf(value, weight),
        }
    }

    fn leaf(&mut self, value: Value, weight: Fr) {
        *self.weighed.entry(value).or_insert(Fr::ZERO) += weight;
    }

    /// Adds `weight` times a node: opened, if nothing else needs its value.
    fn add(&mut self, graph: &Graph, uses: &[u32], value: Value, weight: Fr) {
        if let Some(constant) = graph.constant_of(value) {
            self.constant += weight * constant;
            return;
        }
        if uses[value.index()] > 1 {
            return self.leaf(value, weight);
        }
        if Sign::of(weight).is_some() {
            return self.open(graph, uses, value, weight);
        }
        let mut inner = Linear::default();
        inner.open(graph, uses, value, Fr::ONE);
        if inner.products.is_empty() && inner.split().0.len() <= PLAIN_TERMS {
            for (value, inner) in inner.weighed {
                self.leaf(value, inner * weight);
            }
            self.constant += inner.constant * weight;
        } else {
            self.leaf(value, weight);
        }
    }
}
