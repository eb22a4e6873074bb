//! What the quotient stands for: constraints, copies and lookups at x, weighed by powers of y.

use ff::{Field, PrimeField};
use halo2_proofs::halo2curves::bn256::Fr;

use super::lagrange::AtX;
use super::layout::Evaluations;
use super::program::Values;

/// Challenges that are drawn before the opening.
pub(super) struct Drawn {
    /// The circuit's own.
    pub circuit: Vec<Fr>,
    /// Compresses the tuples of lookups.
    pub theta: Fr,
    /// Copies and lookups: of columns and inputs.
    pub beta: Fr,
    /// Copies and lookups: of cells and tables.
    pub gamma: Fr,
    /// Weighs the identities.
    pub y: Fr,
    /// The point.
    pub x: Fr,
}

/// A sum of identities, each weighed by one power of y less than the one before it.
pub(super) struct Fold {
    y: Fr,
    sum: Fr,
}

impl Fold {
    pub(super) fn new(y: Fr) -> Self {
        Self { y, sum: Fr::ZERO }
    }

    pub(super) fn add(&mut self, identity: Fr) {
        self.sum = self.sum * self.y + identity;
    }

    pub(super) fn sum(&self) -> Fr {
        self.sum
    }
}

/// The copies: each running product `z` of a few columns goes on where the one before it ends.
///
/// ```text
/// first  * (1 - z_0)                        the first begins at 1
/// last   * (z_m^2 - z_m)                    the last one ends at 1 (or 0)
/// first  * (z_i - z_(i-1) at its end)       each goes on
/// active * (z(next) * prod(cell + beta s + gamma) - z * prod(cell + beta delta^j x + gamma))
/// ```
///
/// None when evaluations and columns do not belong together.
pub(super) fn copies(
    fold: &mut Fold,
    columns_a_product: usize,
    at: &AtX,
    drawn: &Drawn,
    values: &Values,
    evaluations: &Evaluations<Fr>,
) -> Option<()> {
    let products = &evaluations.products;
    if let (Some(first), Some(last)) = (products.first(), products.last()) {
        fold.add(at.first * (Fr::ONE - first.now));
        fold.add(at.last * (last.now.square() - last.now));
    }
    for (before, product) in products.iter().zip(products.iter().skip(1)) {
        fold.add(at.first * (product.now - before.last?));
    }
    let cells = values.copied.chunks(columns_a_product);
    let permutations = evaluations.permutations.chunks(columns_a_product);
    let mut own = drawn.beta * drawn.x;
    for ((product, cells), permutations) in products.iter().zip(cells).zip(permutations) {
        let (mut left, mut right) = (product.next, product.now);
        for (cell, permutation) in cells.iter().zip(permutations) {
            left *= *cell + drawn.beta * permutation + drawn.gamma;
            right *= *cell + own + drawn.gamma;
            own *= Fr::DELTA;
        }
        fold.add(at.active * (left - right));
    }
    Some(())
}

/// The lookups: input `a` and table `s`, the same permuted, `a'` and `s'`, and the running product
/// `z` of their ratios.
///
/// ```text
/// first  * (1 - z)
/// last   * (z^2 - z)
/// active * (z(next) (a' + beta) (s' + gamma) - z (a + beta) (s + gamma))
/// first  * (a' - s')
/// active * (a' - s') (a' - a'(before))
/// ```
pub(super) fn lookups(
    fold: &mut Fold,
    at: &AtX,
    drawn: &Drawn,
    values: &Values,
    evaluations: &Evaluations<Fr>,
) {
    let compressed = |tuple: &[Fr]| {
        let tuple = tuple.iter();
        tuple.fold(Fr::ZERO, |sum, element| sum * drawn.theta + element)
    };
    for (lookup, [input, table]) in evaluations.lookups.iter().zip(&values.lookups) {
        let product = lookup.product;
        fold.add(at.first * (Fr::ONE - product));
        fold.add(at.last * (product.square() - product));
        let left = (lookup.input + drawn.beta) * (lookup.table + drawn.gamma);
        let right = (compressed(input) + drawn.beta) * (compressed(table) + drawn.gamma);
        fold.add(at.active * (lookup.product_next * left - product * right));
        let apart = lookup.input - lookup.table;
        fold.add(at.first * apart);
        fold.add(at.active * apart * (lookup.input - lookup.input_before));
    }
}
