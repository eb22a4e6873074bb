use super::super::simd::with_every_arithmetic;
use super::*;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

fn check<S: Simd<Scalar>>(simd: S) {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    for k in 6..=17 {
        let domain = Domain::new(simd, k);
        let n = domain.n();
        let values: Vec<Fr> = (0..n).map(|_| Fr::random(&mut rng)).collect();
        let mut data: Vec<Block> = values
            .chunks_exact(LANES)
            .map(|chunk| simd.import(chunk.try_into().unwrap()))
            .collect();
        domain.interpolate(&mut data);
        let mut coefficients = vec![Fr::ZERO; n];
        for (i, value) in data.iter().flat_map(|block| simd.export(block)).enumerate() {
            coefficients[domain.order(i)] = value;
        }
        let at = |x: Fr| {
            coefficients
                .iter()
                .rev()
                .fold(Fr::ZERO, |sum, c| sum * x + c)
        };
        for i in [0, 1, 2, n / 2 + 3, n - 1] {
            assert_eq!(
                at(domain.omega.pow([i as u64])),
                values[i],
                "k = {k}, i = {i}"
            );
        }
        let shift = Fr::random(&mut rng);
        let powers = domain.ordered_powers(shift);
        for (i, power) in powers
            .iter()
            .flat_map(|block| simd.export(block))
            .enumerate()
        {
            assert_eq!(
                power,
                shift.pow([domain.order(i) as u64]),
                "k = {k}, i = {i}"
            );
        }
        let mut out = vec![Block::ZERO; domain.blocks()];
        domain.evaluate(&data, &domain.coset(shift), &mut out);
        let out: Vec<Fr> = out.iter().flat_map(|block| simd.export(block)).collect();
        for i in [0, 1, 7, 8, n / 2 + 1, n - 1] {
            let point = shift * domain.omega.pow([i as u64]);
            assert_eq!(out[i], at(point), "k = {k}, i = {i}");
        }
    }
}

#[test]
fn accepts_values_and_coefficients_of_one_polynomial() {
    with_every_arithmetic!(check);
}
