//! Polynomials that are known by their values on the domain, at points outside of it.
//!
//! With `w^i` for the points of the domain, `n` of them, and any other point `x`:
//!
//! ```text
//! a(x)                     = (1 - x^n) / n * sum of a(w^i) (1 + x / (w^i - x))
//! (a(X) - a(x)) / (X - x)  = (a(w^i) - a(x)) / (w^i - x)    at X = w^i
//! ```
//!
//! Of `x w^r` the inverses are those of `x`, `r` rows on and divided by `w^r`.

use ff::{Field, PrimeField};
use halo2_proofs::halo2curves::bn256::Fr;
use rayon::prelude::*;

use super::column::{fill, invert, rotated};
use super::fft::{powers, Domain};
use super::simd::{Block, Scalar, Simd, LANES};

/// A point outside the domain.
#[derive(Debug)]
pub struct Barycentric<'a, S> {
    domain: &'a Domain<S>,
    point: Fr,
    /// `1 / (w^i - point)`.
    inverses: Vec<Block>,
}

impl<'a, S: Simd<Scalar>> Barycentric<'a, S> {
    /// What follows from a point. Of one in the domain, values and quotients are wrong.
    pub fn new(domain: &'a Domain<S>, point: Fr) -> Self {
        let s = domain.simd;
        let mut inverses = powers(s, Fr::ONE, domain.omega, domain.n());
        let subtrahend = s.import(&[point; LANES]);
        fill(s, &mut inverses, |_, root| {
            s.sub_narrow(s.load(root), s.load(&subtrahend))
        });
        invert(s, &mut inverses);
        Self {
            domain,
            point,
            inverses,
        }
    }

    /// `w^r / (w^i - point * w^r)` for the rows `i` of a block, `r` the rotation. Bound 2.
    #[inline(always)]
    pub fn inverse(&self, block: usize, rotation: i32) -> S::Wide {
        rotated(self.domain.simd, &self.inverses, block, -rotation)
    }

    /// The value at `point * w^r`, `r` the rotation, of the polynomial that has these values.
    pub fn evaluate(&self, values: &[Block], rotation: i32) -> Fr {
        const TASK: usize = 1 << 10;
        let s = self.domain.simd;
        let sums: Vec<[Fr; 2]> = values
            .par_chunks(TASK)
            .enumerate()
            .map(|(task, values)| {
                let sums = s.vectorize(
                    #[inline(always)]
                    || {
                        let (mut all, mut weighed) = (s.splat(Fr::ZERO), s.splat(Fr::ZERO));
                        for (i, value) in values.iter().enumerate() {
                            let value = s.load(value);
                            let inverse = self.inverse(task * TASK + i, rotation);
                            all = s.add_narrow(all, value);
                            weighed = s.add_narrow(weighed, s.mul(value, inverse));
                        }
                        [all, weighed].map(|sum| s.store(sum))
                    },
                );
                sums.map(|sum| s.export(&sum).iter().sum())
            })
            .collect();
        let sum: Fr = sums
            .iter()
            .map(|[all, weighed]| *all + self.point * weighed)
            .sum();
        let n = self.domain.n() as u64;
        let scale = Fr::TWO_INV.pow_vartime([u64::from(self.domain.k)]);
        sum * scale * (Fr::ONE - self.point.pow_vartime([n]))
    }

    /// From the values of a polynomial to those of what is left when its value at the point is
    /// subtracted and it is divided by the point's factor.
    pub fn divide(&self, values: &mut [Block]) {
        let s = self.domain.simd;
        let value = s.import(&[self.evaluate(values, 0); LANES]);
        fill(s, values, |i, dividend| {
            let difference = s.sub_reduced(s.load(dividend), s.load(&value));
            s.mul(difference, self.inverse(i, 0))
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::column::export;
    use super::super::simd::with_every_arithmetic;
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;

    fn check<S: Simd<Scalar>>(s: S) {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        for k in [6, 7, 14] {
            let domain = Domain::new(s, k);
            let coefficients: Vec<Fr> = (0..domain.n()).map(|_| Fr::random(&mut rng)).collect();
            let horner = |coefficients: &[Fr], x: Fr| {
                let coefficients = coefficients.iter().rev();
                coefficients.fold(Fr::ZERO, |sum, c| sum * x + c)
            };
            let values = |coefficients: &[Fr]| {
                let ordered: Vec<Fr> = (0..domain.n())
                    .map(|place| coefficients[domain.order(place)])
                    .collect();
                let ordered: Vec<Block> = ordered
                    .chunks_exact(LANES)
                    .map(|chunk| s.import(chunk.try_into().unwrap()))
                    .collect();
                let mut out = vec![Block::ZERO; domain.blocks()];
                domain.evaluate(&ordered, &domain.coset(Fr::ONE), &mut out);
                out
            };
            let mut a = values(&coefficients);
            let x = Fr::random(&mut rng);
            let outside = Barycentric::new(&domain, x);
            let n = domain.n() as i32;
            for rotation in [0, 1, 3, 8, 9, 63, n - 1, -1, -8] {
                let factor = domain.omega.pow([rotation.rem_euclid(n) as u64]);
                let found = outside.evaluate(&a, rotation);
                assert_eq!(found, horner(&coefficients, x * factor), "{k}, {rotation}");
                for block in [0, 3, domain.blocks() - 1] {
                    let inverses = s.export(&s.store(outside.inverse(block, rotation)));
                    for (lane, inverse) in inverses.iter().enumerate() {
                        let root = domain.omega.pow([(block * LANES + lane) as u64]);
                        assert_eq!(*inverse * (root - x * factor), factor, "{k}, {rotation}");
                    }
                }
            }
            // Division from the highest coefficient down.
            let mut quotient = vec![Fr::ZERO; domain.n()];
            for i in (1..domain.n()).rev() {
                quotient[i - 1] = quotient[i] * x + coefficients[i];
            }
            outside.divide(&mut a);
            assert_eq!(export(s, &a), export(s, &values(&quotient)));
        }
    }

    #[test]
    fn accepts_values_and_quotients_of_plain_division() {
        with_every_arithmetic!(check);
    }
}
