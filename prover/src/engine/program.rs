//! Expressions compiled to straight-line programs over columns of blocks.
//!
//! A program knows the bound of every value ([`super::simd`]) and reduces where the next operation
//! would not hold it.

use std::collections::BTreeMap;

use ff::Field;
use halo2_proofs::halo2curves::bn256::Fr;
use rayon::prelude::*;

use super::graph::{Cell, Graph, Node, Value};
use super::linear::{Linear, Sign};
use super::simd::{Block, Scalar, Simd, LANES};

/// The widest bound that a product or a reduction takes.
const WIDEST: u32 = 8;
/// The widest bound of a subtrahend.
const SUBTRAHEND: u32 = 4;
/// Bound of what is loaded, multiplied or reduced.
const REDUCED: u32 = 2;
/// Terms of a sum of products. More would keep more values waiting for it than a core's cache holds.
const TERMS: usize = 16;

/// A value that a program computes, before it has a place: an instruction, or a constant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Operand {
    Computed(u32),
    Constant(u32),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Operation {
    Load(Cell),
    Add(Operand, Operand),
    Sub(Operand, Operand),
    SubReduced(Operand, Operand),
    Mul(Operand, Operand),
    Square(Operand),
    Reduce(Operand),
    Sum(Vec<(Operand, Operand)>),
}

impl Operation {
    fn operands(&self) -> Vec<Operand> {
        match self {
            Operation::Load(_) => Vec::new(),
            Operation::Add(a, b)
            | Operation::Sub(a, b)
            | Operation::SubReduced(a, b)
            | Operation::Mul(a, b) => vec![*a, *b],
            Operation::Square(a) | Operation::Reduce(a) => vec![*a],
            Operation::Sum(terms) => terms.iter().flat_map(|(a, b)| [*a, *b]).collect(),
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Operation::Load((_, 0)) => "load",
            Operation::Load(_) => "load of another row",
            Operation::Add(..) => "addition",
            Operation::Sub(..) | Operation::SubReduced(..) => "subtraction",
            Operation::Mul(..) => "product",
            Operation::Square(_) => "square",
            Operation::Reduce(_) => "reduction",
            Operation::Sum(_) => "sum of products",
        }
    }
}

/// Turns a graph into instructions.
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

/// A compiled expression: instructions over registers.
#[derive(Debug)]
pub struct Program {
    steps: Vec<Step>,
    registers: usize,
    constants: Vec<Fr>,
    output: Operand,
}

/// An instruction, its operands by register.
#[derive(Debug)]
struct Step {
    operation: Operation,
    target: usize,
}

/// Blocks that each step computes before the next step.
const BATCH: usize = 4;

/// Blocks a task computes.
const TASK: usize = 256;

impl Program {
    /// The program that computes a value for each row.
    pub fn new(graph: &Graph, output: Value) -> Self {
        let mut compiler = Compiler {
            graph,
            uses: graph.uses(output),
            done: vec![None; graph.len()],
            reduced: BTreeMap::new(),
            instructions: Vec::new(),
            constants: Vec::new(),
        };
        let output = compiler.value(output);
        let output = compiler.reduced(output);
        Self::allocate(compiler.instructions, compiler.constants, output)
    }

    /// Gives every value a register until its last use.
    fn allocate(instructions: Vec<(Operation, u32)>, constants: Vec<Fr>, output: Operand) -> Self {
        let mut last_use = vec![0; instructions.len()];
        for (i, (operation, _)) in instructions.iter().enumerate() {
            for operand in operation.operands() {
                if let Operand::Computed(index) = operand {
                    last_use[index as usize] = i;
                }
            }
        }
        if let Operand::Computed(index) = output {
            last_use[index as usize] = usize::MAX;
        }
        let mut free: Vec<usize> = Vec::new();
        let mut registers = 0;
        let mut place = vec![0; instructions.len()];
        let mut steps = Vec::with_capacity(instructions.len());
        for (i, (operation, _)) in instructions.into_iter().enumerate() {
            let mut ended: Vec<usize> = operation
                .operands()
                .into_iter()
                .filter_map(|operand| match operand {
                    Operand::Computed(index) if last_use[index as usize] == i => {
                        Some(place[index as usize])
                    }
                    _ => None,
                })
                .collect();
            ended.sort_unstable();
            ended.dedup();
            let operation = operation.map(|operand| match operand {
                Operand::Computed(index) => Operand::Computed(place[index as usize] as u32),
                constant => constant,
            });
            // A register is free after its last use, for this very step too.
            free.extend(ended);
            let target = free.pop().unwrap_or_else(|| {
                registers += 1;
                registers - 1
            });
            place[i] = target;
            steps.push(Step { operation, target });
        }
        let output = match output {
            Operand::Computed(index) => Operand::Computed(place[index as usize] as u32),
            constant => constant,
        };
        Self {
            steps,
            registers,
            constants,
            output,
        }
    }

    /// How many instructions there are of each kind, and terms of sums of products.
    pub fn counts(&self) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        for step in &self.steps {
            *counts.entry(step.operation.name()).or_default() += 1;
            if let Operation::Sum(terms) = &step.operation {
                *counts.entry("term of a sum").or_default() += terms.len();
            }
        }
        counts
    }

    /// Values that wait for their use at the same time.
    pub fn registers(&self) -> usize {
        self.registers
    }

    /// Computes the value of every row; cells beyond the last row are those of the first.
    pub fn run<'a, S: Simd<Scalar>>(
        &self,
        s: S,
        blocks: usize,
        column: &(dyn Fn(usize) -> &'a [Block] + Sync),
    ) -> Vec<Block> {
        let mut out = vec![Block::ZERO; blocks];
        out.par_chunks_mut(TASK)
            .enumerate()
            .for_each(|(task, out)| {
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
                let read = |operand: Operand, i: usize| match operand {
                    Operand::Computed(index) => registers[index as usize][i],
                    Operand::Constant(index) => constants[index as usize],
                };
                let value: [S::Wide; BATCH] = match &step.operation {
                    Operation::Load((index, rotation)) => {
                        let cells = column(*index);
                        std::array::from_fn(|i| {
                            let row = ((start + i) * LANES) as i64 + i64::from(*rotation);
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
                    Operation::Add(a, b) => {
                        std::array::from_fn(|i| s.add(read(*a, i), read(*b, i)))
                    }
                    Operation::Sub(a, b) => {
                        std::array::from_fn(|i| s.sub(read(*a, i), read(*b, i)))
                    }
                    Operation::SubReduced(a, b) => {
                        std::array::from_fn(|i| s.sub_reduced(read(*a, i), read(*b, i)))
                    }
                    Operation::Mul(a, b) => {
                        std::array::from_fn(|i| s.mul(read(*a, i), read(*b, i)))
                    }
                    Operation::Square(a) => std::array::from_fn(|i| s.square(read(*a, i))),
                    Operation::Reduce(a) => std::array::from_fn(|i| s.reduce(read(*a, i))),
                    Operation::Sum(terms) => std::array::from_fn(|i| {
                        s.sum(terms.iter().map(
                            #[inline(always)]
                            |(a, b)| (read(*a, i), read(*b, i)),
                        ))
                    }),
                };
                registers[step.target] = value;
            }
            for (i, out) in out.iter_mut().enumerate() {
                *out = s.store(match self.output {
                    Operand::Computed(index) => registers[index as usize][i],
                    Operand::Constant(index) => constants[index as usize],
                });
            }
        }
    }
}

impl Operation {
    fn map(self, f: impl Fn(Operand) -> Operand) -> Self {
        match self {
            Operation::Load(cell) => Operation::Load(cell),
            Operation::Add(a, b) => Operation::Add(f(a), f(b)),
            Operation::Sub(a, b) => Operation::Sub(f(a), f(b)),
            Operation::SubReduced(a, b) => Operation::SubReduced(f(a), f(b)),
            Operation::Mul(a, b) => Operation::Mul(f(a), f(b)),
            Operation::Square(a) => Operation::Square(f(a)),
            Operation::Reduce(a) => Operation::Reduce(f(a)),
            Operation::Sum(terms) => {
                Operation::Sum(terms.into_iter().map(|(a, b)| (f(a), f(b))).collect())
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
            let mut graph = Graph::default();
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
                        (graph.cell(column, rotation), expected)
                    }
                    1 => {
                        let constant = Fr::from(rng.gen_range(0..4));
                        (graph.constant(constant), vec![constant; rows])
                    }
                    op => {
                        let (a, b) = (pick(&mut rng, &values), pick(&mut rng, &values));
                        match op {
                            2 | 3 => (graph.add(a.0, b.0), zip(&a.1, &b.1, |a, b| a + b)),
                            4 => (graph.sub(a.0, b.0), zip(&a.1, &b.1, |a, b| a - b)),
                            5 => (graph.mul(a.0, b.0), zip(&a.1, &b.1, |a, b| a * b)),
                            _ => (graph.negate(a.0), a.1.iter().map(|a| -*a).collect()),
                        }
                    }
                };
                values.push(next);
            }
            let terms: Vec<(Value, Fr)> = values
                .iter()
                .map(|(value, _)| (*value, Fr::random(&mut rng)))
                .collect();
            let expected: Vec<Fr> = (0..rows)
                .map(|row| values.iter().zip(&terms).map(|(v, t)| v.1[row] * t.1).sum())
                .collect();
            let output = graph.combine(&terms);
            let program = Program::new(&graph, output);
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
