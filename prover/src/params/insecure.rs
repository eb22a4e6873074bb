//! The published insecure setup, for trying things out.

use ff::{BatchInvert, Field, PrimeField};
use halo2_proofs::halo2curves::bn256::{Fr, G1Affine, G1};
use halo2_proofs::halo2curves::group::prime::PrimeCurveAffine;
use halo2_proofs::halo2curves::group::{Curve, Group};
use halo2_proofs::poly::EvaluationDomain;
use rayon::prelude::*;
use zkmargin_circuits::error::InputError;
use zkmargin_verifier::setup::{insecure_tau, INSECURE_TAU_G2};

use super::{unchecked, Parameters, ParamsError, Stage, MAX_K};

/// Points computed at once by one thread.
const CHUNK: usize = 1 << 10;

/// Parameters of 2^k powers of the published [`insecure_tau`]. Anyone can forge proofs under them.
///
/// # Errors
/// When `k` is not from 1 to 28.
pub fn insecure(k: u32, progress: &mut dyn FnMut(Stage)) -> Result<Parameters, ParamsError> {
    if k == 0 || k > MAX_K {
        return Err(InputError::new(
            "",
            "k",
            format!("{k} is not from 1 to {MAX_K}"),
            "give another k",
        )
        .into());
    }
    progress(Stage::Generating);
    let tau = insecure_tau();
    let n = 1_usize << k;
    let table = FixedBase::new();

    let powers: Vec<Fr> = std::iter::successors(Some(Fr::ONE), |power| Some(*power * tau))
        .take(n)
        .collect();

    // L_i(tau) = omega^i * (tau^n - 1) / (n * (tau - omega^i))
    let omega = EvaluationDomain::<Fr>::new(1, k).get_omega();
    let mut lagrange = Vec::with_capacity(n);
    let mut roots = Vec::with_capacity(n);
    let mut root = Fr::ONE;
    for _ in 0..n {
        lagrange.push(tau - root);
        roots.push(root);
        root *= omega;
    }
    lagrange.iter_mut().batch_invert();
    let scale = (tau.pow_vartime([n as u64]) - Fr::ONE) * Fr::TWO_INV.pow_vartime([u64::from(k)]);
    lagrange
        .par_iter_mut()
        .zip(roots)
        .for_each(|(value, root)| *value *= root * scale);

    Ok(unchecked(
        k,
        table.multiply(&powers),
        table.multiply(&lagrange),
        *INSECURE_TAU_G2,
    ))
}

/// Multiples `d * 256^i` of the generator, for every byte `d` and byte position `i`.
struct FixedBase {
    multiples: Vec<G1Affine>,
}

impl FixedBase {
    fn new() -> Self {
        let mut multiples = Vec::with_capacity(32 * 256);
        let mut base = G1::generator();
        for _ in 0..32 {
            let mut multiple = G1::identity();
            for _ in 0..256 {
                multiples.push(multiple);
                multiple += base;
            }
            base = multiple;
        }
        let mut affine = vec![G1Affine::identity(); multiples.len()];
        G1::batch_normalize(&multiples, &mut affine);
        Self { multiples: affine }
    }

    fn multiply(&self, scalars: &[Fr]) -> Vec<G1Affine> {
        let mut points = vec![G1Affine::identity(); scalars.len()];
        scalars
            .par_chunks(CHUNK)
            .zip(points.par_chunks_mut(CHUNK))
            .for_each(|(scalars, points)| {
                let products: Vec<G1> = scalars
                    .iter()
                    .map(|scalar| {
                        let bytes = scalar.to_repr();
                        let digits = bytes.iter().zip(self.multiples.chunks_exact(256));
                        digits
                            .filter(|(digit, _)| **digit != 0)
                            .filter_map(|(digit, row)| row.get(usize::from(*digit)))
                            .fold(G1::identity(), |sum, multiple| sum + multiple)
                    })
                    .collect();
                G1::batch_normalize(&products, points);
            });
        points
    }
}
