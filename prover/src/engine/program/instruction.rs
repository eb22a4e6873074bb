//! Instructions of a program, over values or over registers.

use super::super::graph::Cell;

/// A value that a program computes, before it has a place: an instruction, or a constant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Operand {
    Computed(u32),
    Constant(u32),
}

impl Operand {
    /// The same, an instruction's value being in its place.
    pub fn at(self, places: &[usize]) -> Self {
        match self {
            Operand::Computed(index) => Operand::Computed(places[index as usize] as u32),
            constant => constant,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Operation {
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
    /// What an instruction reads.
    pub fn operands(&self) -> Vec<Operand> {
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

    /// What kind it is, for people.
    pub fn name(&self) -> &'static str {
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

    /// The same with other operands.
    pub fn map(self, f: impl Fn(Operand) -> Operand) -> Self {
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
