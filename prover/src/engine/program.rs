//! Expressions compiled to straight-line programs over columns of blocks.
//!
//! A program knows the bound of every value ([`super::simd`]) and reduces where the next operation
//! would not hold it.

mod compiler;
mod instruction;

use std::collections::{BTreeMap, BTreeSet};

use ff::Field;
use halo2_proofs::halo2curves::bn256::Fr;
use prefetch_index::prefetch_index;
use rayon::prelude::*;

use super::column::{moved, rotated, side_by_side, View};
use super::graph::{Graph, Value};
use super::simd::{Block, Scalar, Simd, LANES};
use compiler::{compile, Compiled};
use instruction::{Operand, Operation};

/// Compiled expressions: instructions over registers.
#[derive(Debug)]
pub struct Program {
    steps: Vec<Step>,
    registers: usize,
    constants: Vec<Fr>,
    outputs: Vec<Operand>,
}

/// An instruction, its operands by register.
#[derive(Debug)]
struct Step {
    operation: Operation,
    target: usize,
    /// Whether it is the first to read a column, and asks for what the next rows need of it.
    ahead: bool,
}

/// Lines of the machine's cache that a block takes.
const LINES: usize = size_of::<Block>() / size_of::<[u64; LANES]>();

/// Blocks that each step computes before the next step.
const BATCH: usize = 4;

/// Blocks a task computes.
const TASK: usize = 256;

impl Program {
    /// The program that computes values for each row.
    pub fn new(graph: &Graph, outputs: &[Value]) -> Self {
        Self::allocate(compile(graph, outputs))
    }

    /// Gives every value a register until its last use.
    fn allocate(compiled: Compiled) -> Self {
        let Compiled {
            instructions,
            constants,
            outputs,
        } = compiled;
        let mut last_use = vec![0; instructions.len()];
        for (i, operation) in instructions.iter().enumerate() {
            for operand in operation.operands() {
                if let Operand::Computed(index) = operand {
                    last_use[index as usize] = i;
                }
            }
        }
        for output in &outputs {
            if let Operand::Computed(index) = output {
                last_use[*index as usize] = usize::MAX;
            }
        }
        let mut free: Vec<usize> = Vec::new();
        let mut registers = 0;
        let mut place = vec![0; instructions.len()];
        let mut steps = Vec::with_capacity(instructions.len());
        let mut read = BTreeSet::new();
        for (i, operation) in instructions.into_iter().enumerate() {
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
            let operation = operation.map(|operand| operand.at(&place));
            // A register is free after its last use, for this very step too.
            free.extend(ended);
            let target = free.pop().unwrap_or_else(|| {
                registers += 1;
                registers - 1
            });
            place[i] = target;
            let ahead = match operation {
                Operation::Load((column, _)) => read.insert(column),
                _ => false,
            };
            steps.push(Step {
                operation,
                target,
                ahead,
            });
        }
        Self {
            steps,
            registers,
            constants,
            outputs: outputs.iter().map(|output| output.at(&place)).collect(),
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

    /// The columns that it reads.
    pub fn columns(&self) -> BTreeSet<usize> {
        let read = |step: &Step| match step.operation {
            Operation::Load((column, _)) => Some(column),
            _ => None,
        };
        self.steps.iter().filter_map(read).collect()
    }

    /// How many rows away the farthest cell stands that a row's values take.
    pub fn reach(&self) -> usize {
        let away = |step: &Step| match step.operation {
            Operation::Load((_, rotation)) => Some(rotation.unsigned_abs() as usize),
            _ => None,
        };
        self.steps.iter().filter_map(away).max().unwrap_or(0)
    }

    /// Computes the values of every row, a column for each output; columns are read from some rows on,
    /// and cells beyond the last row are those of the first.
    pub fn run<'a, S: Simd<Scalar>>(
        &self,
        s: S,
        blocks: usize,
        column: &(dyn Fn(usize) -> View<'a> + Sync),
    ) -> Vec<Vec<Block>> {
        let mut outputs = vec![vec![Block::ZERO; blocks]; self.outputs.len()];
        self.add(s, column, &mut outputs);
        outputs
    }

    /// Adds the values of every row to columns, one for each output.
    pub fn add<'a, S: Simd<Scalar>>(
        &self,
        s: S,
        column: &(dyn Fn(usize) -> View<'a> + Sync),
        outputs: &mut [Vec<Block>],
    ) {
        let blocks = outputs.first().map_or(0, Vec::len);
        let outputs = outputs.iter_mut().map(Vec::as_mut_slice).collect();
        side_by_side(outputs, TASK)
            .par_iter_mut()
            .enumerate()
            .for_each(|(task, outputs)| {
                s.vectorize(
                    #[inline(always)]
                    || self.run_task(s, blocks, task * TASK, column, outputs),
                );
            });
    }

    #[inline(always)]
    fn run_task<'a, S: Simd<Scalar>>(
        &self,
        s: S,
        blocks: usize,
        first: usize,
        column: &(dyn Fn(usize) -> View<'a> + Sync),
        outputs: &mut [&mut [Block]],
    ) {
        let zero = s.splat(Fr::ZERO);
        let constants: Vec<S::Wide> = self.constants.iter().map(|c| s.splat(*c)).collect();
        let mut registers = vec![[zero; BATCH]; self.registers];
        let end = blocks.min(first + TASK);
        for start in (first..end).step_by(BATCH) {
            for step in &self.steps {
                let read = |operand: Operand, i: usize| match operand {
                    Operand::Computed(index) => registers[index as usize][i],
                    Operand::Constant(index) => constants[index as usize],
                };
                let value = match &step.operation {
                    Operation::Load((index, rotation)) => {
                        let (cells, from) = column(*index);
                        batch(
                            #[inline(always)]
                            |i| {
                                if step.ahead {
                                    expect(cells, start + i + BATCH, from);
                                }
                                rotated(s, cells, start + i, rotation + from)
                            },
                        )
                    }
                    Operation::Add(a, b) => batch(
                        #[inline(always)]
                        |i| s.add(read(*a, i), read(*b, i)),
                    ),
                    Operation::Sub(a, b) => batch(
                        #[inline(always)]
                        |i| s.sub(read(*a, i), read(*b, i)),
                    ),
                    Operation::SubReduced(a, b) => batch(
                        #[inline(always)]
                        |i| s.sub_reduced(read(*a, i), read(*b, i)),
                    ),
                    Operation::Mul(a, b) => batch(
                        #[inline(always)]
                        |i| s.mul(read(*a, i), read(*b, i)),
                    ),
                    Operation::Square(a) => batch(
                        #[inline(always)]
                        |i| s.square(read(*a, i)),
                    ),
                    Operation::Reduce(a) => batch(
                        #[inline(always)]
                        |i| s.reduce(read(*a, i)),
                    ),
                    Operation::Sum(terms) => batch(
                        #[inline(always)]
                        |i| {
                            s.sum(terms.iter().map(
                                #[inline(always)]
                                |(a, b)| (read(*a, i), read(*b, i)),
                            ))
                        },
                    ),
                };
                registers[step.target] = value;
            }
            for (output, out) in self.outputs.iter().zip(outputs.iter_mut()) {
                for (i, out) in out.iter_mut().skip(start - first).take(BATCH).enumerate() {
                    let value = match *output {
                        Operand::Computed(index) => registers[index as usize][i],
                        Operand::Constant(index) => constants[index as usize],
                    };
                    *out = s.store(s.reduce(s.add(s.load(out), value)));
                }
            }
        }
    }
}

/// What is computed of each block of a batch. Unlike [`std::array::from_fn`], which the compiler may
/// call with a value in memory, this is always a part of its caller.
#[inline(always)]
fn batch<T>(value: impl Fn(usize) -> T) -> [T; BATCH] {
    const _: () = assert!(BATCH == 4);
    [value(0), value(1), value(2), value(3)]
}

/// Asks the machine to have a block at hand soon: more columns are read by turns than it would read
/// ahead of by itself.
#[inline(always)]
fn expect(cells: &[Block], block: usize, rotation: i32) {
    let lines: &[[u64; LANES]] = bytemuck::cast_slice(cells);
    let (block, _) = moved(cells, block, rotation);
    for line in 0..LINES {
        prefetch_index(lines, block * LINES + line);
    }
}

#[cfg(test)]
mod tests {
    use super::super::simd::with_every_arithmetic;
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
            // Random expressions, and the same in the library's arithmetic.
            let pick = |rng: &mut ChaCha20Rng, values: &[(Value, Vec<Fr>)]| {
                values[rng.gen_range(0..values.len())].clone()
            };
            let mut graph = Graph::default();
            let mut values: Vec<(Value, Vec<Fr>)> = Vec::new();
            for i in 0..60 {
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
            let sum: Vec<Fr> = (0..rows)
                .map(|row| values.iter().zip(&terms).map(|(v, t)| v.1[row] * t.1).sum())
                .collect();
            let part = pick(&mut rng, &values);
            let outputs = [graph.combine(&terms), part.0];
            let program = Program::new(&graph, &outputs);
            let out = program.run(s, rows / LANES, &|i| (&blocks[i], 0));
            assert_eq!(out.len(), outputs.len());
            for (out, expected) in out.iter().zip([sum, part.1]) {
                let out: Vec<Fr> = out.iter().flat_map(|block| s.export(block)).collect();
                assert_eq!(out, expected);
            }
        }
    }

    #[test]
    fn accepts_the_librarys_results() {
        with_every_arithmetic!(check);
    }
}
