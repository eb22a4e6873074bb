//! Expressions over the scalar field.

use ff::Field;
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::plonk::Expression;

/// An expression over the scalar field.
pub type Expr = Expression<Fr>;

/// A constant.
pub fn constant(value: Fr) -> Expr {
    Expression::Constant(value)
}

/// A small constant.
pub fn int(value: u128) -> Expr {
    constant(ff::PrimeField::from_u128(value))
}

/// The sum of expressions, 0 if there are none.
pub fn sum(terms: impl IntoIterator<Item = Expr>) -> Expr {
    terms
        .into_iter()
        .reduce(|a, b| a + b)
        .unwrap_or_else(|| constant(Fr::ZERO))
}

/// `sum_i terms[i] * challenge^i` by Horner's rule.
pub fn compress(terms: &[Expr], challenge: &Expr) -> Expr {
    terms
        .iter()
        .rev()
        .cloned()
        .reduce(|high, low| high * challenge.clone() + low)
        .unwrap_or_else(|| constant(Fr::ZERO))
}
