//! Running products: of copies, and of lookups.

use ff::{Field, PrimeField};
use halo2_proofs::halo2curves::bn256::Fr;
use rand_core::CryptoRngCore;

use super::super::column::{elements, export, fill, invert};
use super::super::key::ProvingKey;
use super::super::numerator::{columns_a_product, Drawn};
use super::super::simd::{Block, Scalar, Simd};
use super::lookup::Permuted;
use super::Values;

/// The products of the copies, set by set, each going on where the one before ends.
pub(super) fn copies<S: Simd<Scalar>>(
    values: &Values<'_, S>,
    drawn: &Drawn,
    usable: usize,
    rng: &mut dyn CryptoRngCore,
) -> Vec<Vec<Block>> {
    let key = values.key;
    let domain = &key.domain;
    let s = domain.simd;
    let cs = key.verifying.cs();
    let columns = cs.permutation().get_columns();
    let points = super::super::fft::powers(s, Fr::ONE, domain.omega, domain.n());
    let mut start = Fr::ONE;
    let mut delta = drawn.beta;
    let chunk = columns_a_product(cs);
    columns
        .chunks(chunk)
        .zip(key.permutations.chunks(chunk))
        .map(|(columns, permutations)| {
            let columns: Vec<&[Block]> = columns.iter().map(|c| values.column(c)).collect();
            let product = |terms: &dyn Fn(usize, usize) -> S::Wide, i: usize| {
                let gamma = s.splat(drawn.gamma);
                (0..columns.len()).fold(s.splat(Fr::ONE), |product, c| {
                    let cell = s.add(s.load(&columns[c][i]), gamma);
                    let term = s.add(cell, terms(c, i));
                    s.mul(product, term)
                })
            };
            let mut ratio = vec![Block::ZERO; domain.blocks()];
            fill(s, &mut ratio, |i, _| {
                let beta = s.splat(drawn.beta);
                let permuted = |c: usize, i: usize| s.mul(s.load(&permutations[c][i]), beta);
                product(&permuted, i)
            });
            invert(s, &mut ratio);
            let deltas: Vec<Fr> = columns
                .iter()
                .map(|_| {
                    let own = delta;
                    delta *= Fr::DELTA;
                    own
                })
                .collect();
            fill(s, &mut ratio, |i, ratio| {
                let own = |c: usize, i: usize| s.mul(s.load(&points[i]), s.splat(deltas[c]));
                s.mul(s.load(ratio), product(&own, i))
            });
            let (column, end) = run(s, &ratio, start, usable, domain.n(), rng);
            start = end;
            column
        })
        .collect()
}

/// The product of a lookup.
pub(super) fn lookup<S: Simd<Scalar>>(
    key: &ProvingKey<S>,
    lookup: &Permuted,
    drawn: &Drawn,
    usable: usize,
    rng: &mut dyn CryptoRngCore,
) -> Vec<Block> {
    let domain = &key.domain;
    let s = domain.simd;
    let product = |input: &Block, table: &Block| {
        let input = s.add(s.load(input), s.splat(drawn.beta));
        let table = s.add(s.load(table), s.splat(drawn.gamma));
        s.mul(input, table)
    };
    let mut ratio = vec![Block::ZERO; domain.blocks()];
    fill(s, &mut ratio, |i, _| {
        product(&lookup.input[i], &lookup.table[i])
    });
    invert(s, &mut ratio);
    fill(s, &mut ratio, |i, ratio| {
        let above = product(&lookup.compressed_input[i], &lookup.compressed_table[i]);
        s.mul(s.load(ratio), above)
    });
    run(s, &ratio, Fr::ONE, usable, domain.n(), rng).0
}

/// `start`, then each product with the ratios so far up to row `usable`, then random cells; and the
/// product in row `usable`.
fn run<S: Simd<Scalar>>(
    s: S,
    ratio: &[Block],
    start: Fr,
    usable: usize,
    rows: usize,
    rng: &mut dyn CryptoRngCore,
) -> (Vec<Block>, Fr) {
    let mut product = start;
    let mut cells = Vec::with_capacity(usable + 1);
    for ratio in &export(s, ratio)[..usable] {
        cells.push(product);
        product *= ratio;
    }
    cells.push(product);
    let tail: Vec<Fr> = (usable + 1..rows).map(|_| Fr::random(&mut *rng)).collect();
    (elements(s, rows, &cells, &tail), product)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::simd::{Portable, LANES};
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;

    #[test]
    fn hides_the_rows_after_the_product() {
        let (usable, rows) = (57, 64);
        let ratios: Vec<Fr> = (1..=rows as u64).map(Fr::from).collect();
        let ratio: Vec<Block> = ratios
            .chunks_exact(LANES)
            .map(|chunk| Simd::<Scalar>::import(Portable, chunk.try_into().unwrap()))
            .collect();
        let draw = |seed| {
            let rng = &mut ChaCha20Rng::seed_from_u64(seed);
            let (column, end) = run(Portable, &ratio, Fr::from(7), usable, rows, rng);
            (export(Portable, &column), end)
        };
        let ((first, end), (second, _)) = (draw(1), draw(2));
        let mut product = Fr::from(7);
        for (row, ratio) in ratios.iter().enumerate().take(usable + 1) {
            assert_eq!((first[row], second[row]), (product, product), "row {row}");
            product *= ratio;
        }
        assert_eq!(first[usable], end);
        let mut hidden = [&first[usable + 1..], &second[usable + 1..]].concat();
        hidden.sort_unstable();
        hidden.dedup();
        assert_eq!(hidden.len(), 2 * (rows - usable - 1));
    }
}
