//! What the quotient stands for: constraints, copies and lookups at x, weighed by powers of y.

use ff::{Field, PrimeField};
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::plonk::ConstraintSystem;

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

/// How many identities [`copies`] and [`lookups`] add to those of the constraints.
pub(super) fn after_constraints(cs: &ConstraintSystem<Fr>) -> u64 {
    let columns = cs.permutation().get_columns().len() as u64;
    let columns_a_product = (cs.degree() as u64).saturating_sub(2).max(1);
    let products = columns.div_ceil(columns_a_product);
    let lookups = cs.lookups().len() as u64;
    // One for its first row and one for its last, one between each two, one each.
    let copies = products.saturating_mul(2).saturating_add(1);
    let copies = if products == 0 { 0 } else { copies };
    lookups.saturating_mul(5).saturating_add(copies)
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

#[cfg(test)]
mod tests {
    use super::super::layout::{Lookup, Product};
    use super::*;

    const Y: u64 = 1 << 40;

    fn at(first: u64, last: u64, active: u64) -> AtX {
        AtX {
            xn: Fr::from(9),
            vanishing_inverse: Fr::from(9),
            first: Fr::from(first),
            last: Fr::from(last),
            active: Fr::from(active),
        }
    }

    fn drawn() -> Drawn {
        Drawn {
            circuit: vec![],
            theta: Fr::from(11),
            beta: Fr::from(13),
            gamma: Fr::from(17),
            y: Fr::from(Y),
            x: Fr::from(19),
        }
    }

    /// Two products of two columns and one lookup of pairs, all as they should be.
    fn sound() -> (Values, Evaluations<Fr>) {
        let one = Fr::ONE;
        let product = |last| Product {
            now: one,
            next: one,
            last,
        };
        let permutations = std::iter::successors(Some(drawn().x), |s| Some(*s * Fr::DELTA));
        let [input, table] = [[3, 5], [7, 23]].map(|pair| pair.map(Fr::from));
        let compressed = |[a, b]: [Fr; 2]| a * drawn().theta + b;
        let (sides, seen) = (
            [input.to_vec(), table.to_vec()],
            [input, table].map(compressed),
        );
        // z(next) is what the ratio of the sides, permuted, leaves of z.
        let (beta, gamma) = (drawn().beta, drawn().gamma);
        let permuted = Fr::from(29);
        let next = (seen[0] + beta) * (seen[1] + gamma);
        let next = next * ((permuted + beta) * (permuted + gamma)).invert().unwrap();
        let values = Values {
            gates: vec![],
            lookups: vec![sides],
            copied: [2, 4, 6, 8].map(Fr::from).to_vec(),
        };
        let evaluations = Evaluations {
            advice: vec![],
            fixed: vec![],
            random: Fr::ZERO,
            permutations: permutations.take(4).collect(),
            products: vec![product(Some(one)), product(None)],
            lookups: vec![Lookup {
                product: one,
                product_next: next,
                input: permuted,
                input_before: Fr::from(31),
                table: permuted,
            }],
            sums: vec![],
        };
        (values, evaluations)
    }

    /// Values of the identities, the last one first.
    fn identities(at: &AtX, values: &Values, evaluations: &Evaluations<Fr>) -> Fr {
        let mut fold = Fold::new(Fr::from(Y));
        copies(&mut fold, 2, at, &drawn(), values, evaluations).unwrap();
        lookups(&mut fold, at, &drawn(), values, evaluations);
        fold.sum()
    }

    /// Breaks one identity, that stands `after` places before the last, by `value`.
    fn breaks(after: u64, at: AtX, value: Fr, tamper: fn(&mut Values, &mut Evaluations<Fr>)) {
        let (mut values, mut evaluations) = sound();
        assert_eq!(identities(&at, &values, &evaluations), Fr::ZERO);
        tamper(&mut values, &mut evaluations);
        let expected = value * Fr::from(Y).pow_vartime([after]);
        assert_ne!(expected, Fr::ZERO);
        assert_eq!(identities(&at, &values, &evaluations), expected);
    }

    fn moved(product: &mut Product<Fr>, to: u64) {
        product.now = Fr::from(to);
        product.next = Fr::from(to);
    }

    #[test]
    fn the_first_product_begins_at_one() {
        breaks(9, at(2, 3, 5), -Fr::from(6), |_, e| {
            moved(&mut e.products[0], 4)
        });
    }

    #[test]
    fn the_last_product_ends_at_one_or_zero() {
        breaks(8, at(2, 3, 5), Fr::from(3 * 12), |_, e| {
            moved(&mut e.products[1], 4);
            e.products[0].last = Some(Fr::from(4));
        });
    }

    #[test]
    fn a_product_goes_on_where_the_one_before_ends() {
        breaks(7, at(2, 3, 5), -Fr::from(2 * 6), |_, e| {
            e.products[0].last = Some(Fr::from(7));
        });
    }

    #[test]
    fn products_take_the_cells_of_their_columns() {
        let drawn = drawn();
        let (values, evaluations) = sound();
        let side = |i: usize| {
            let own = drawn.beta * evaluations.permutations[i] + drawn.gamma;
            values.copied[i] + own
        };
        let [first, second] = [(0, 1), (2, 3)].map(|(a, b)| side(a) * side(b) * Fr::from(5));
        breaks(6, at(2, 3, 5), first, |_, e| {
            e.products[0].next = Fr::from(2)
        });
        breaks(5, at(2, 3, 5), second, |_, e| {
            e.products[1].next = Fr::from(2)
        });
        breaks(5, at(2, 3, 5), Fr::from(5 * 13) * side(2), |_, e| {
            e.permutations[3] += Fr::ONE;
        });
    }

    #[test]
    fn the_product_of_a_lookup_begins_at_one() {
        breaks(4, at(2, 3, 5), Fr::from(2), |_, e| {
            e.lookups[0].product = Fr::ZERO;
            e.lookups[0].product_next = Fr::ZERO;
        });
    }

    #[test]
    fn the_product_of_a_lookup_ends_at_one_or_zero() {
        breaks(3, at(0, 3, 5), Fr::from(3 * 2), |_, e| {
            e.lookups[0].product = Fr::from(2);
            e.lookups[0].product_next *= Fr::from(2);
        });
    }

    #[test]
    fn the_product_of_a_lookup_takes_both_sides_as_they_are_and_permuted() {
        let left = Fr::from(5 * (29 + 13) * (29 + 17));
        breaks(2, at(2, 3, 5), left, |_, e| {
            e.lookups[0].product_next += Fr::ONE
        });
        let other = Fr::from(7 * 11 + 23 + 17) * Fr::from(5 * 11);
        breaks(2, at(2, 3, 5), -other, |v, _| v.lookups[0][0][0] += Fr::ONE);
        let other = Fr::from(3 * 11 + 5 + 13) * Fr::from(5);
        breaks(2, at(2, 3, 5), -other, |v, _| v.lookups[0][1][1] += Fr::ONE);
    }

    /// Another input, and a product that allows for it.
    fn other_input(evaluations: &mut Evaluations<Fr>, input: u64) {
        let lookup = &mut evaluations.lookups[0];
        let beta = drawn().beta;
        let now = Fr::from(input) + beta;
        lookup.product_next *= (lookup.input + beta) * now.invert().unwrap();
        lookup.input = Fr::from(input);
    }

    #[test]
    fn the_permuted_sides_begin_alike() {
        breaks(1, at(2, 3, 5), Fr::from(2 * 2), |_, e| other_input(e, 31));
    }

    #[test]
    fn a_permuted_input_is_in_its_row_of_the_table_or_that_of_the_row_before() {
        breaks(0, at(0, 3, 5), Fr::from(5 * 8 * 6), |_, e| {
            other_input(e, 37)
        });
    }
}
