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
        let lagrange: Vec<Fr> = lagrange.map(|(row, inverse)| scale * row * inverse).collect();
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
        let sum: Fr = terms.map(|((cell, row), inverse)| *cell * row * inverse).sum();
        Some(sum * vanishing * self.n_inverse)
    }
}
