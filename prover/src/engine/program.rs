//! Expressions compiled to straight-line programs over columns of blocks.
//!
//! Equal subexpressions are computed once, what only depends on challenges is folded into
//! constants, and a program knows the bound of every value ([`super::simd`]): it reduces where the
//! next operation would not hold it.

use std::collections::HashMap;

use ff::{Field, PrimeField};
use halo2_proofs::halo2curves::bn256::Fr;
use rayon::prelude::*;

use super::simd::{Block, Scalar, Simd, LANES};

/// A value of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Value(u32);

/// A cell relative to the row: column and rotation.
pub type Cell = (usize, i32);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Node {
    Constant(u32),
    Cell(Cell),
    Add(Value, Value),
    Sub(Value, Value),
    Mul(Value, Value),
    Square(Value),
    Reduce(Value),
}

/// Builds a program, value by value.
#[derive(Debug, Default)]
pub struct Builder {
    nodes: Vec<(Node, u32)>,
    known: HashMap<Node, Value>,
    constants: Vec<Fr>,
    known_constants: HashMap<[u8; 32], u32>,
}

/// The widest bound that a product or a reduction takes.
const WIDEST: u32 = 8;
/// The widest bound of a subtrahend.
const SUBTRAHEND: u32 = 4;
/// Bound of what is loaded or multiplied.
const REDUCED: u32 = 2;

impl Builder {
    fn push(&mut self, node: Node, bound: u32) -> Value {
        if let Some(value) = self.known.get(&node) {
            return *value;
        }
        let value = Value(self.nodes.len() as u32);
        self.nodes.push((node, bound));
        self.known.insert(node, value);
        value
    }

    fn bound(&self, value: Value) -> u32 {
        self.nodes[value.0 as usize].1
    }

    fn constant_of(&self, value: Value) -> Option<Fr> {
        match self.nodes[value.0 as usize].0 {
            Node::Constant(index) => Some(self.constants[index as usize]),
            _ => None,
        }
    }

    fn reduced(&mut self, value: Value) -> Value {
        if self.bound(value) <= REDUCED {
            value
        } else {
            self.push(Node::Reduce(value), REDUCED)
        }
    }

    /// A constant.
    pub fn constant(&mut self, value: Fr) -> Value {
        let next = self.constants.len() as u32;
        let index = *self.known_constants.entry(value.to_repr()).or_insert(next);
        if index == next {
            self.constants.push(value);
        }
        self.push(Node::Constant(index), REDUCED)
    }

    /// A cell of a column.
    pub fn cell(&mut self, column: usize, rotation: i32) -> Value {
        self.push(Node::Cell((column, rotation)), REDUCED)
    }

    /// `a + b`.
    pub fn add(&mut self, a: Value, b: Value) -> Value {
        match (self.constant_of(a), self.constant_of(b)) {
            (Some(x), Some(y)) => return self.constant(x + y),
            (Some(x), None) if x == Fr::ZERO => return b,
            (None, Some(y)) if y == Fr::ZERO => return a,
            _ => {}
        }
        let (mut a, mut b) = if a <= b { (a, b) } else { (b, a) };
        if self.bound(a) + self.bound(b) > WIDEST && self.bound(a) >= self.bound(b) {
            a = self.reduced(a);
        }
        if self.bound(a) + self.bound(b) > WIDEST {
            b = self.reduced(b);
        }
        if self.bound(a) + self.bound(b) > WIDEST {
            a = self.reduced(a);
        }
        let bound = self.bound(a) + self.bound(b);
        self.push(Node::Add(a, b), bound)
    }

    /// `a - b`.
    pub fn sub(&mut self, a: Value, b: Value) -> Value {
        match (self.constant_of(a), self.constant_of(b)) {
            (Some(x), Some(y)) => return self.constant(x - y),
            (None, Some(y)) if y == Fr::ZERO => return a,
            _ => {}
        }
        let b = if self.bound(b) > SUBTRAHEND {
            self.reduced(b)
        } else {
            b
        };
        let taken = if self.bound(b) <= REDUCED { REDUCED } else { SUBTRAHEND };
        let a = if self.bound(a) + taken > WIDEST {
            self.reduced(a)
        } else {
            a
        };
        let bound = self.bound(a) + taken;
        self.push(Node::Sub(a, b), bound)
    }

    /// `-a`.
    pub fn negate(&mut self, a: Value) -> Value {
        let zero = self.constant(Fr::ZERO);
        self.sub(zero, a)
    }

    /// `a * b`.
    pub fn mul(&mut self, a: Value, b: Value) -> Value {
        match (self.constant_of(a), self.constant_of(b)) {
            (Some(x), Some(y)) => return self.constant(x * y),
            (Some(x), None) if x == Fr::ZERO => return a,
            (None, Some(y)) if y == Fr::ZERO => return b,
            (Some(x), None) if x == Fr::ONE => return b,
            (None, Some(y)) if y == Fr::ONE => return a,
            (Some(x), None) if x == Fr::from(2) => return self.add(b, b),
            (None, Some(y)) if y == Fr::from(2) => return self.add(a, a),
            _ => {}
        }
        if a == b {
            return self.push(Node::Square(a), REDUCED);
        }
        let (a, b) = if a <= b { (a, b) } else { (b, a) };
        self.push(Node::Mul(a, b), REDUCED)
    }

    /// `sum of terms[i].0 * terms[i].1`, the second a constant.
    pub fn combine(&mut self, terms: &[(Value, Fr)]) -> Value {
        let zero = self.constant(Fr::ZERO);
        terms.iter().fold(zero, |sum, (value, weight)| {
            let weight = self.constant(*weight);
            let term = self.mul(*value, weight);
            self.add(sum, term)
        })
    }

    /// The program that computes one value for each row.
    pub fn finish(mut self, output: Value) -> Program {
        let output = self.reduced(output);
        let mut last_use = vec![0u32; self.nodes.len()];
        let mut needed = vec![false; self.nodes.len()];
        needed[output.0 as usize] = true;
        last_use[output.0 as usize] = u32::MAX;
        for (i, (node, _)) in self.nodes.iter().enumerate().rev() {
            if !needed[i] {
                continue;
            }
            for operand in node.operands() {
                needed[operand.0 as usize] = true;
                let last = &mut last_use[operand.0 as usize];
                *last = (*last).max(i as u32);
            }
        }
        let mut free: Vec<u32> = Vec::new();
        let mut registers = 0;
        let mut place = vec![u32::MAX; self.nodes.len()];
        let mut steps = Vec::new();
        for (i, (node, bound)) in self.nodes.iter().enumerate() {
            if !needed[i] || matches!(node, Node::Constant(_)) {
                continue;
            }
            let operand = |value: Value| match self.nodes[value.0 as usize].0 {
                Node::Constant(index) => Operand::Constant(index),
                _ => Operand::Register(place[value.0 as usize]),
            };
            let operation = match *node {
                Node::Constant(_) => continue,
                Node::Cell(cell) => Operation::Load(cell),
                Node::Add(a, b) => Operation::Add(operand(a), operand(b)),
                Node::Sub(a, b) if self.bound(b) <= REDUCED => {
                    Operation::SubReduced(operand(a), operand(b))
                }
                Node::Sub(a, b) => Operation::Sub(operand(a), operand(b)),
                Node::Mul(a, b) => Operation::Mul(operand(a), operand(b)),
                Node::Square(a) => Operation::Square(operand(a)),
                Node::Reduce(a) => Operation::Reduce(operand(a)),
            };
            debug_assert!(*bound <= WIDEST);
            // A register is free after its last use, for this very step too.
            let mut ended: Vec<u32> = node
                .operands()
                .filter(|value| last_use[value.0 as usize] == i as u32)
                .map(|value| place[value.0 as usize])
                .filter(|register| *register != u32::MAX)
                .collect();
            ended.dedup();
            free.extend(ended);
            let target = free.pop().unwrap_or_else(|| {
                registers += 1;
                registers - 1
            });
            place[i] = target;
            steps.push(Step { operation, target });
        }
        let output = match self.nodes[output.0 as usize].0 {
            Node::Constant(index) => Operand::Constant(index),
            _ => Operand::Register(place[output.0 as usize]),
        };
        Program {
            steps,
            registers: registers as usize,
            constants: self.constants,
            output,
        }
    }
}

impl Node {
    fn operands(&self) -> impl Iterator<Item = Value> {
        let (a, b) = match *self {
            Node::Constant(_) | Node::Cell(_) => (None, None),
            Node::Add(a, b) | Node::Sub(a, b) | Node::Mul(a, b) => (Some(a), Some(b)),
            Node::Square(a) | Node::Reduce(a) => (Some(a), None),
        };
        a.into_iter().chain(b)
    }
}

#[derive(Debug, Clone, Copy)]
enum Operand {
    Register(u32),
    Constant(u32),
}

#[derive(Debug, Clone, Copy)]
enum Operation {
    Load(Cell),
    Add(Operand, Operand),
    Sub(Operand, Operand),
    SubReduced(Operand, Operand),
    Mul(Operand, Operand),
    Square(Operand),
    Reduce(Operand),
}

#[derive(Debug, Clone, Copy)]
struct Step {
    operation: Operation,
    target: u32,
}

/// A compiled expression.
#[derive(Debug)]
pub struct Program {
    steps: Vec<Step>,
    registers: usize,
    constants: Vec<Fr>,
    output: Operand,
}

/// Blocks that each step computes before the next step.
const BATCH: usize = 4;

/// Blocks a task computes.
const TASK: usize = 256;

impl Program {
    /// Multiplications of eight elements for each block of the output.
    pub fn multiplications(&self) -> usize {
        let is_product = |step: &&Step| {
            matches!(step.operation, Operation::Mul(..) | Operation::Square(_))
        };
        self.steps.iter().filter(is_product).count()
    }

    /// Computes the value of every row; cells beyond the last row are those of the first.
    pub fn run<'a, S: Simd<Scalar>>(
        &self,
        s: S,
        blocks: usize,
        column: &(dyn Fn(usize) -> &'a [Block] + Sync),
    ) -> Vec<Block> {
        let mut out = vec![Block::ZERO; blocks];
        out.par_chunks_mut(TASK).enumerate().for_each(|(task, out)| {
            s.vectorize(
                #[inline(always)]
                || self.run_task(s, blocks, task * TASK, column, out),
            );
        });
        out
    }

    #[inline(always)]
    fn run_task<'a, S: Simd<Scalar>>(
        &self,
        s: S,
        blocks: usize,
        first: usize,
        column: &(dyn Fn(usize) -> &'a [Block] + Sync),
        out: &mut [Block],
    ) {
        let zero = s.splat(Fr::ZERO);
        let constants: Vec<S::Wide> = self.constants.iter().map(|c| s.splat(*c)).collect();
        let mut registers = vec![[zero; BATCH]; self.registers];
        for (batch, out) in out.chunks_mut(BATCH).enumerate() {
            let start = first + batch * BATCH;
            for step in &self.steps {
                let read = |operand: Operand| match operand {
                    Operand::Register(index) => registers[index as usize],
                    Operand::Constant(index) => [constants[index as usize]; BATCH],
                };
                let both = |a: Operand, b: Operand, f: &dyn Fn(S::Wide, S::Wide) -> S::Wide| {
                    let (a, b) = (read(a), read(b));
                    std::array::from_fn(|i| f(a[i], b[i]))
                };
                let value: [S::Wide; BATCH] = match step.operation {
                    Operation::Load((index, rotation)) => {
                        let cells = column(index);
                        std::array::from_fn(|i| {
                            let row = ((start + i) * LANES) as i64 + i64::from(rotation);
                            let row = row.rem_euclid((blocks * LANES) as i64) as usize;
                            let (block, shift) = (row / LANES, row % LANES);
                            if shift == 0 {
                                s.load(&cells[block])
                            } else {
                                let next = if block + 1 == blocks { 0 } else { block + 1 };
                                s.shifted(&cells[block], &cells[next], shift)
                            }
                        })
                    }
                    Operation::Add(a, b) => both(a, b, &|a, b| s.add(a, b)),
                    Operation::Sub(a, b) => both(a, b, &|a, b| s.sub(a, b)),
                    Operation::SubReduced(a, b) => both(a, b, &|a, b| s.sub_reduced(a, b)),
                    Operation::Mul(a, b) => both(a, b, &|a, b| s.mul(a, b)),
                    Operation::Square(a) => read(a).map(|a| s.square(a)),
                    Operation::Reduce(a) => read(a).map(|a| s.reduce(a)),
                };
                registers[step.target as usize] = value;
            }
            let value = match self.output {
                Operand::Register(index) => registers[index as usize],
                Operand::Constant(index) => [constants[index as usize]; BATCH],
            };
            for (out, value) in out.iter_mut().zip(value) {
                *out = s.store(value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::simd::Portable;
    use super::*;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha20Rng;

    fn check<S: Simd<Scalar>>(s: S) {
        let mut rng = ChaCha20Rng::seed_from_u64(3);
        let rows = 64;
        let columns: Vec<Vec<Fr>> = (0..4)
            .map(|_| (0..rows).map(|_| Fr::random(&mut rng)).collect())
            .collect();
        let blocks: Vec<Vec<Block>> = columns
            .iter()
            .map(|column| {
                column
                    .chunks_exact(LANES)
                    .map(|chunk| s.import(chunk.try_into().unwrap()))
                    .collect()
            })
            .collect();
        for _ in 0..20 {
            // A random expression, and the same in the library's arithmetic.
            let mut builder = Builder::default();
            let mut values: Vec<(Value, Vec<Fr>)> = Vec::new();
            for i in 0..60 {
                let pick = |rng: &mut ChaCha20Rng, values: &[(Value, Vec<Fr>)]| {
                    values[rng.gen_range(0..values.len())].clone()
                };
                let zip = |a: &[Fr], b: &[Fr], f: fn(Fr, Fr) -> Fr| {
                    a.iter().zip(b).map(|(a, b)| f(*a, *b)).collect::<Vec<Fr>>()
                };
                let next = match if i < 6 { i % 2 } else { rng.gen_range(0..7) } {
                    0 => {
                        let (column, rotation) = (rng.gen_range(0..4), rng.gen_range(-9..10));
                        let expected = (0..rows as i32)
                            .map(|row| {
                                columns[column][(row + rotation).rem_euclid(rows as i32) as usize]
                            })
                            .collect();
                        (builder.cell(column, rotation), expected)
                    }
                    1 => {
                        let constant = Fr::from(rng.gen_range(0..4));
                        (builder.constant(constant), vec![constant; rows])
                    }
                    op => {
                        let (a, b) = (pick(&mut rng, &values), pick(&mut rng, &values));
                        match op {
                            2 | 3 => (builder.add(a.0, b.0), zip(&a.1, &b.1, |a, b| a + b)),
                            4 => (builder.sub(a.0, b.0), zip(&a.1, &b.1, |a, b| a - b)),
                            5 => (builder.mul(a.0, b.0), zip(&a.1, &b.1, |a, b| a * b)),
                            _ => (builder.negate(a.0), a.1.iter().map(|a| -*a).collect()),
                        }
                    }
                };
                values.push(next);
            }
            let terms: Vec<(Value, Fr)> =
                values.iter().map(|(value, _)| (*value, Fr::random(&mut rng))).collect();
            let expected: Vec<Fr> = (0..rows)
                .map(|row| values.iter().zip(&terms).map(|(v, t)| v.1[row] * t.1).sum())
                .collect();
            let output = builder.combine(&terms);
            let program = builder.finish(output);
            let out = program.run(s, rows / LANES, &|i| &blocks[i]);
            let out: Vec<Fr> = out.iter().flat_map(|block| s.export(block)).collect();
            assert_eq!(out, expected);
        }
    }

    #[test]
    fn accepts_the_librarys_results() {
        check(Portable);
        #[cfg(target_arch = "x86_64")]
        if let Some(simd) = super::super::simd::Ifma::try_new() {
            check(simd);
        }
    }
}
