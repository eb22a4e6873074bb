//! From a graph to instructions, the bound of every value known.

use std::collections::BTreeMap;

use ff::Field;
use halo2_proofs::halo2curves::bn256::Fr;

use super::super::graph::{Graph, Node, Value};
use super::super::linear::{Linear, Sign};
use super::instruction::{Operand, Operation};

/// The widest bound that a product or a reduction takes.
const WIDEST: u32 = 8;
/// The widest bound of a subtrahend.
const SUBTRAHEND: u32 = 4;
/// Bound of what is loaded, multiplied or reduced.
const REDUCED: u32 = 2;
/// Terms of a sum of products. More would keep more values waiting for it than a core's cache holds.
const TERMS: usize = 16;

/// What a graph is compiled to.
pub(super) struct Compiled {
    /// Instructions, each after those it reads.
    pub instructions: Vec<Operation>,
    /// Constants by index.
    pub constants: Vec<Fr>,
    /// The values asked for, reduced.
    pub outputs: Vec<Operand>,
}

/// The instructions that compute values of a graph.
pub(super) fn compile(graph: &Graph, outputs: &[Value]) -> Compiled {
    let mut compiler = Compiler {
        graph,
        uses: graph.uses(outputs),
        done: vec![None; graph.len()],
        reduced: BTreeMap::new(),
        instructions: Vec::new(),
        constants: Vec::new(),
    };
    let outputs = outputs
        .iter()
        .map(|output| {
            let output = compiler.value(*output);
            compiler.reduced(output)
        })
        .collect();
    let instructions = compiler.instructions.into_iter();
    Compiled {
        instructions: instructions.map(|(operation, _)| operation).collect(),
        constants: compiler.constants,
        outputs,
    }
}

/// Turns a graph into instructions; each has the bound of its value.
struct Compiler<'a> {
    graph: &'a Graph,
    uses: Vec<u32>,
    done: Vec<Option<Operand>>,
    reduced: BTreeMap<Operand, Operand>,
    instructions: Vec<(Operation, u32)>,
    constants: Vec<Fr>,
}

impl Compiler<'_> {
    fn push(&mut self, operation: Operation, bound: u32) -> Operand {
        debug_assert!(bound <= WIDEST);
        self.instructions.push((operation, bound));
        Operand::Computed(self.instructions.len() as u32 - 1)
    }

    fn bound(&self, operand: Operand) -> u32 {
        match operand {
            Operand::Computed(index) => self.instructions[index as usize].1,
            Operand::Constant(_) => REDUCED,
        }
    }

    fn reduced(&mut self, operand: Operand) -> Operand {
        if self.bound(operand) <= REDUCED {
            return operand;
        }
        if let Some(known) = self.reduced.get(&operand) {
            return *known;
        }
        let reduced = self.push(Operation::Reduce(operand), REDUCED);
        self.reduced.insert(operand, reduced);
        reduced
    }

    fn constant(&mut self, value: Fr) -> Operand {
        let known = self.constants.iter().position(|known| *known == value);
        let index = known.unwrap_or_else(|| {
            self.constants.push(value);
            self.constants.len() - 1
        });
        Operand::Constant(index as u32)
    }

    fn add(&mut self, a: Operand, b: Operand) -> Operand {
        let (mut a, mut b) = (a, b);
        if self.bound(a) + self.bound(b) > WIDEST {
            (a, b) = (self.reduced(a), self.reduced(b));
        }
        let bound = self.bound(a) + self.bound(b);
        self.push(Operation::Add(a, b), bound)
    }

    fn sub(&mut self, a: Operand, b: Operand) -> Operand {
        let b = if self.bound(b) > SUBTRAHEND {
            self.reduced(b)
        } else {
            b
        };
        let narrow = self.bound(b) <= REDUCED;
        let taken = if narrow { REDUCED } else { SUBTRAHEND };
        let a = if self.bound(a) + taken > WIDEST {
            self.reduced(a)
        } else {
            a
        };
        let bound = self.bound(a) + taken;
        match narrow {
            true => self.push(Operation::SubReduced(a, b), bound),
            false => self.push(Operation::Sub(a, b), bound),
        }
    }

    fn value(&mut self, value: Value) -> Operand {
        if let Some(done) = self.done[value.index()] {
            return done;
        }
        let operand = match self.graph.node(value) {
            Node::Constant(_) => {
                let constant = self.graph.constant_of(value).unwrap_or(Fr::ZERO);
                self.constant(constant)
            }
            Node::Cell(cell) => self.push(Operation::Load(cell), REDUCED),
            Node::Mul(a, b) if a == b => {
                let a = self.value(a);
                self.push(Operation::Square(a), REDUCED)
            }
            _ => match Linear::of(self.graph, &self.uses, value) {
                Some(sum) => self.sum(&sum),
                None => self.constant(Fr::ZERO),
            },
        };
        self.done[value.index()] = Some(operand);
        operand
    }

    fn sum(&mut self, sum: &Linear) -> Operand {
        let (plain, weighed) = sum.split();
        let mut total: Option<Operand> = None;
        let mut terms = Vec::new();
        let products = sum.products.iter().map(|term| Term::Product(*term));
        let weighed = weighed
            .into_iter()
            .map(|(value, weight)| Term::Weighed(value, weight));
        let count = sum.products.len() + weighed.len();
        for (i, term) in products.chain(weighed).enumerate() {
            terms.push(self.term(term));
            if terms.len() == TERMS || i + 1 == count {
                let part = self.products(std::mem::take(&mut terms));
                total = Some(match total {
                    Some(total) => self.add(total, part),
                    None => part,
                });
            }
        }
        if sum.constant != Fr::ZERO {
            let constant = self.constant(sum.constant);
            total = Some(match total {
                Some(total) => self.add(total, constant),
                None => constant,
            });
        }
        let (plus, minus): (Vec<_>, Vec<_>) =
            plain.into_iter().partition(|(_, sign)| *sign == Sign::Plus);
        for (value, _) in plus {
            let term = self.value(value);
            total = Some(match total {
                Some(total) => self.add(total, term),
                None => term,
            });
        }
        let mut total = total.unwrap_or_else(|| self.constant(Fr::ZERO));
        for (value, _) in minus {
            let term = self.value(value);
            total = self.sub(total, term);
        }
        total
    }

    fn term(&mut self, term: Term) -> (Operand, Operand) {
        match term {
            Term::Product((a, b, sign)) => {
                let (a, b) = (self.value(a), self.value(b));
                match sign {
                    Sign::Plus => (a, b),
                    Sign::Minus => {
                        let zero = self.constant(Fr::ZERO);
                        // The narrower one: its negative may still be multiplied as it is.
                        let (a, b) = if self.bound(a) <= self.bound(b) {
                            (a, b)
                        } else {
                            (b, a)
                        };
                        (self.sub(zero, a), b)
                    }
                }
            }
            Term::Weighed(value, weight) => {
                let value = self.value(value);
                (value, self.constant(weight))
            }
        }
    }

    /// A sum of products, whose bounds are at most 64 each and [`TERMS`] of them.
    fn products(&mut self, mut terms: Vec<(Operand, Operand)>) -> Operand {
        if let [(a, b)] = terms[..] {
            return self.push(Operation::Mul(a, b), REDUCED);
        }
        // The sum of the products' bounds is at most 64 for a reduced sum.
        let product = |this: &Self, (a, b): (Operand, Operand)| this.bound(a) * this.bound(b);
        while terms.iter().map(|term| product(self, *term)).sum::<u32>() > 64 {
            let widest = (0..terms.len()).max_by_key(|i| product(self, terms[*i]));
            let Some(widest) = widest else { break };
            let (a, b) = terms[widest];
            terms[widest] = if self.bound(a) >= self.bound(b) {
                (self.reduced(a), b)
            } else {
                (a, self.reduced(b))
            };
        }
        self.push(Operation::Sum(terms), REDUCED)
    }
}

enum Term {
    Product((Value, Value, Sign)),
    Weighed(Value, Fr),
}

/// [`TERMS`] products of reduced values fit a reduced sum.
const _: () = assert!(TERMS as u32 * REDUCED * REDUCED <= 64);
