//! The rows' domain of a key, as far as verifying needs it.

use ff::{PrimeField, WithSmallOrderMulGroup};
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::poly::EvaluationDomain;

/// The domain of 2^k rows for constraints of a degree, without the tables of transforms and without
/// the vanishing polynomial's inverses on the extended domain: the library's prover panics on it.
/// None where the field has no such domain.
pub(super) fn verifying_domain(k: u32, degree: usize) -> Option<EvaluationDomain<Fr>> {
    let pieces = u64::try_from(degree).ok()?.checked_sub(1)?;
    let extended_k = k.checked_add(pieces.checked_next_power_of_two()?.ilog2())?;
    let omega = root_of_unity(k)?;
    let extended_omega = root_of_unity(extended_k)?;
    let rows = 1u64.checked_shl(k)?;
    let inverse = |value: Fr| Option::<Fr>::from(value.invert());
    let one_of_rows = inverse(Fr::from(rows))?;
    Some(EvaluationDomain {
        n: rows,
        k,
        extended_k,
        omega,
        omega_inv: inverse(omega)?,
        extended_omega,
        extended_omega_inv: inverse(extended_omega)?,
        g_coset: Fr::ZETA,
        g_coset_inv: Fr::ZETA.square(),
        quotient_poly_degree: pieces,
        ifft_divisor: one_of_rows,
        extended_ifft_divisor: inverse(Fr::from(1u64.checked_shl(extended_k)?))?,
        t_evaluations: Vec::new(),
        barycentric_weight: one_of_rows,
        fft_data: Default::default(),
    })
}

/// The root of unity of order 2^k that the library takes.
fn root_of_unity(k: u32) -> Option<Fr> {
    let squarings = Fr::S.checked_sub(k)?;
    Some((0..squarings).fold(Fr::ROOT_OF_UNITY, |root, _| root.square()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_what_the_library_makes() {
        for (k, degree) in [(3, 2), (4, 3), (6, 4), (5, 5), (4, 6), (4, 9), (3, 10)] {
            let library = EvaluationDomain::<Fr>::new(degree as u32, k);
            let domain = verifying_domain(k, degree).unwrap();
            let fields = |domain: EvaluationDomain<Fr>| {
                format!(
                    "{:?}",
                    EvaluationDomain {
                        t_evaluations: Vec::new(),
                        fft_data: Default::default(),
                        ..domain
                    }
                )
            };
            assert_eq!(fields(domain), fields(library), "k {k}, degree {degree}");
        }
    }

    #[test]
    fn rejects_more_rows_than_the_field_has_roots() {
        assert!(verifying_domain(27, 5).is_none());
        assert!(verifying_domain(u32::MAX, 5).is_none());
        assert!(verifying_domain(3, 0).is_none());
    }
}
