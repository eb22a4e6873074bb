//! The rows' domain: Lagrange polynomials at single points.
//!
//! ```text
//! l_i(x) = (x^n - 1) / n * w^i / (x - w^i)
//! ```

use ff::{BatchInvert, Field};
use halo2_proofs::halo2curves::bn256::{Fr, G1Affine};
use halo2_proofs::plonk::VerifyingKey;
use halo2_proofs::poly::Rotation;

/// The domain of a key's rows.
pub(super) struct Rows {
    /// How many rows there are.
    n: u64,
    n_inverse: Fr,
    omega: Fr,
    omega_inverse: Fr,
    /// Rows that are not random.
    pub usable: usize,
    /// Random rows after the one where products end.
    blinding: usize,
}

/// What the identities need of the domain at x.
pub(super) struct AtX {
    /// x^n.
    pub xn: Fr,
    /// 1 / (x^n - 1).
    pub vanishing_inverse: Fr,
    /// The polynomial that is 1 in row 0.
    pub first: Fr,
    /// The one that is 1 in the row where products end.
    pub last: Fr,
    /// The one that is 1 in every row before.
    pub active: Fr,
}

impl Rows {
    pub(super) fn new(key: &VerifyingKey<G1Affine>) -> Option<Self> {
        let domain = key.get_domain();
        let n = domain.get_n();
        let blinding = key.cs().blinding_factors();
        Some(Self {
            n,
            n_inverse: Option::from(Fr::from(n).invert())?,
            omega: domain.get_omega(),
            omega_inverse: domain.get_omega_inv(),
            usable: usize::try_from(n)
                .ok()?
                .checked_sub(blinding.checked_add(1)?)?,
            blinding,
        })
    }

    /// The factor from a point to the one `rotation` rows on.
    pub(super) fn step(&self, rotation: i32) -> Fr {
        let base = if rotation < 0 {
            self.omega_inverse
        } else {
            self.omega
        };
        base.pow_vartime([u64::from(rotation.unsigned_abs())])
    }

    /// None where x is a row.
    pub(super) fn at(&self, x: Fr) -> Option<AtX> {
        let xn = x.pow_vartime([self.n]);
        let vanishing = xn - Fr::ONE;
        let vanishing_inverse = Option::<Fr>::from(vanishing.invert())?;
        // From row 0 back to the one where products end.
        let rows = std::iter::successors(Some(Fr::ONE), |row| Some(*row * self.omega_inverse));
        let rows: Vec<Fr> = rows.take(self.blinding.checked_add(2)?).collect();
        let mut inverses: Vec<Fr> = rows.iter().map(|row| x - row).collect();
        inverses.iter_mut().batch_invert();
        let scale = vanishing * self.n_inverse;
        let lagrange = rows.iter().zip(inverses);
        let lagrange: Vec<Fr> = lagrange
            .map(|(row, inverse)| scale * row * inverse)
            .collect();
        let (first, others) = lagrange.split_first()?;
        let (last, blind) = others.split_last()?;
        Some(AtX {
            xn,
            vanishing_inverse,
            first: *first,
            last: *last,
            active: Fr::ONE - last - blind.iter().sum::<Fr>(),
        })
    }

    /// The value `rotation` rows on from x of the polynomial that has `cells` in its first rows and
    /// 0 in all others. None where that is a row.
    pub(super) fn interpolate(&self, cells: &[Fr], x: Fr, rotation: Rotation) -> Option<Fr> {
        let point = x * self.step(rotation.0);
        let vanishing = point.pow_vartime([self.n]) - Fr::ONE;
        if vanishing == Fr::ZERO {
            return None;
        }
        let rows = std::iter::successors(Some(Fr::ONE), |row| Some(*row * self.omega));
        let rows: Vec<Fr> = rows.take(cells.len()).collect();
        let mut inverses: Vec<Fr> = rows.iter().map(|row| point - row).collect();
        inverses.iter_mut().batch_invert();
        let terms = cells.iter().zip(rows).zip(inverses);
        let sum: Fr = terms
            .map(|((cell, row), inverse)| *cell * row * inverse)
            .sum();
        Some(sum * vanishing * self.n_inverse)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use halo2_proofs::poly::EvaluationDomain;

    fn rows(k: u32, blinding: usize) -> (Rows, EvaluationDomain<Fr>) {
        let domain = EvaluationDomain::<Fr>::new(3, k);
        let n = domain.get_n();
        let rows = Rows {
            n,
            n_inverse: Fr::from(n).invert().unwrap(),
            omega: domain.get_omega(),
            omega_inverse: domain.get_omega_inv(),
            usable: n as usize - blinding - 1,
            blinding,
        };
        (rows, domain)
    }

    #[test]
    fn accepts_what_the_library_computes() {
        let x = Fr::from(0x1234_5678);
        for (k, blinding) in [(4, 5), (5, 7), (6, 0)] {
            let (rows, domain) = rows(k, blinding);
            let xn = x.pow_vartime([domain.get_n()]);
            let at = rows.at(x).unwrap();
            let last = -(blinding as i32) - 1;
            let library = domain.l_i_range(x, xn, last..=0);
            assert_eq!(at.last, library[0]);
            assert_eq!(at.first, library[blinding + 1]);
            let inactive: Fr = library[..=blinding].iter().sum();
            assert_eq!(at.active, Fr::ONE - inactive);
            assert_eq!(
                (at.xn, at.vanishing_inverse * (xn - Fr::ONE)),
                (xn, Fr::ONE)
            );
            let cells: Vec<Fr> = (0..7u64).map(|i| Fr::from(i * i + 1)).collect();
            for rotation in [-2, 0, 3] {
                let library = domain.l_i_range(x, xn, -rotation..7 - rotation);
                let terms = cells.iter().zip(library);
                let expected: Fr = terms.map(|(cell, l)| *cell * l).sum();
                let found = rows.interpolate(&cells, x, Rotation(rotation));
                assert_eq!(found, Some(expected), "rotation {rotation}");
            }
        }
    }

    #[test]
    fn rejects_a_point_that_is_a_row() {
        let (rows, domain) = rows(4, 5);
        for rotation in [0, 1, 9, -1] {
            let x = domain.rotate_omega(Fr::ONE, Rotation(rotation));
            assert!(rows.at(x).is_none());
            assert!(rows.interpolate(&[Fr::ONE], x, Rotation(0)).is_none());
        }
    }
}
