use super::*;
use crate::engine::simd::{with_every_arithmetic, Portable};
use ff::{Field, PrimeField};
use halo2_proofs::halo2curves::group::Curve;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;

fn check<S: Arithmetic>(simd: S) {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let n = 1 << 13;
    let points: Vec<G1> = (0..n).map(|_| G1::random(&mut rng)).collect();
    let mut affine = vec![G1Affine::default(); n];
    G1::batch_normalize(&points, &mut affine);
    let bases = Bases::new(simd, &affine);
    let mut random = || Fr::random(&mut rng);
    let full: Vec<Fr> = (0..n).map(|_| random()).collect();
    let small: Vec<Fr> = (0..n as u64).map(|i| Fr::from(i * 37 % 1000)).collect();
    let negative: Vec<Fr> = small.iter().map(|value| -*value - Fr::ONE).collect();
    let mixed: Vec<Fr> = full
        .iter()
        .zip(&small)
        .enumerate()
        .map(|(i, (full, small))| match i % 3 {
            0 => *full,
            1 => *small,
            _ => Fr::ZERO,
        })
        .collect();
    let ones = vec![Fr::ONE; n];
    // Long lists after empty ones.
    let few: Vec<Fr> = (0..n as u64).map(|i| Fr::from(i % 3 * 100)).collect();
    let zeros = vec![Fr::ZERO; n];
    let halves = vec![Fr::TWO_INV; n];
    for column in [full, small, negative, mixed, ones, few, zeros, halves] {
        let blocks: Vec<Block> = column
            .chunks_exact(LANES)
            .map(|chunk| Simd::<Scalar>::import(simd, chunk.try_into().unwrap()))
            .collect();
        let expected = best_multiexp(&column, &affine);
        assert_eq!(bases.commit(&blocks), expected);
    }
    let body: Vec<u16> = (0..n - 24).map(|_| rng.gen()).collect();
    let tail: Vec<Fr> = (0..24).map(|_| Fr::random(&mut rng)).collect();
    let column: Vec<Fr> = body
        .iter()
        .map(|value| Fr::from(u64::from(*value)))
        .chain(tail.iter().copied())
        .collect();
    let expected = best_multiexp(&column, &affine);
    let (sum, _) = bases.commit_small(&body);
    assert_eq!(sum + bases.rows(body.len(), &tail), expected);
}

#[test]
fn accepts_the_librarys_sums() {
    with_every_arithmetic!(check);
}

#[test]
fn accepts_points_that_meet() {
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    let point = G1::random(&mut rng).to_affine();
    let points: Vec<G1Affine> = (0..64)
        .map(|i| if i % 3 == 0 { -point } else { point })
        .collect();
    let bases = Bases::new(Portable, &points);
    let column: Vec<Fr> = (0..64u64).map(|i| Fr::from(i % 5)).collect();
    let blocks: Vec<Block> = column
        .chunks_exact(LANES)
        .map(|chunk| Simd::<Scalar>::import(Portable, chunk.try_into().unwrap()))
        .collect();
    assert_eq!(bases.commit(&blocks), best_multiexp(&column, &points));
}

/// Points whose small sums do not meet: each is twice the one before and another.
fn points(count: usize, rng: &mut ChaCha20Rng) -> Vec<G1Affine> {
    let step = G1::random(&mut *rng).to_affine();
    let first = G1::random(rng);
    let next = |point: &G1| Some(point.double() + step);
    let points: Vec<G1> = std::iter::successors(Some(first), next)
        .take(count)
        .collect();
    let mut affine = vec![G1Affine::default(); count];
    G1::batch_normalize(&points, &mut affine);
    affine
}

fn import<S: Arithmetic>(simd: S, column: &[Fr]) -> Vec<Block> {
    column
        .chunks_exact(LANES)
        .map(|chunk| Simd::<Scalar>::import(simd, chunk.try_into().unwrap()))
        .collect()
}

/// Scalars where signs, digits and carries turn.
fn turning() -> Vec<Fr> {
    let power = |exponent: u64| Fr::from(2).pow_vartime([exponent]);
    let half = Fr::TWO_INV;
    let mut scalars = vec![Fr::ZERO, Fr::ONE, -Fr::ONE, half, half - Fr::ONE];
    for exponent in (0..254).chain([256, 300]) {
        let power = power(exponent);
        scalars.extend([power, power - Fr::ONE, power + Fr::ONE]);
        scalars.extend([-power, -power - Fr::ONE, -power + Fr::ONE]);
    }
    // Every digit the greatest, the least, or one that a carry makes the greatest.
    for bits in 2..=15 {
        let top = 1u64 << (bits - 1);
        for digit in [top, top - 1, top + 1, 2 * top - 1] {
            let digits = (0..252 / bits).map(|i| Fr::from(digit) * power(i * bits));
            let scalar: Fr = digits.sum();
            scalars.extend([scalar, -scalar]);
        }
    }
    scalars
}

fn check_turning<S: Arithmetic>(simd: S) {
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    let scalars = turning();
    let n = scalars.len().next_multiple_of(LANES) + TAIL;
    let affine = points(n, &mut rng);
    let bases = Bases::new(simd, &affine);
    let mut column = scalars.clone();
    column.resize(n, Fr::ONE);
    let expected = best_multiexp(&column, &affine);
    assert_eq!(bases.commit(&import(simd, &column)), expected);
    // Each of them alone and among a few small ones, so that digits have every width.
    for scalar in scalars.iter().step_by(3) {
        let mut column = vec![Fr::ZERO; 64];
        column[3] = *scalar;
        let alone = bases.commit(&import(simd, &column));
        assert_eq!(alone, affine[3] * *scalar, "{scalar:?}");
        column[5] = Fr::from(3);
        column[63] = -Fr::from(2);
        let few = bases.commit(&import(simd, &column));
        assert_eq!(few, best_multiexp(&column, &affine[..64]), "{scalar:?}");
    }
}

fn check_segments<S: Arithmetic>(simd: S) {
    let mut rng = ChaCha20Rng::seed_from_u64(4);
    let affine = points(20_000, &mut rng);
    let bases = Bases::new(simd, &affine);
    for body in [4088, 4096, 4104, 8192, 8200, 12_288, 19_968] {
        let n = body + TAIL;
        let random = Fr::random(&mut rng);
        let columns: [Vec<Fr>; 5] = [
            vec![Fr::ONE; n],
            vec![-Fr::from(255); n],
            vec![random; n],
            (0..n).map(|i| [Fr::ONE, random][i % 2]).collect(),
            (0..n)
                .map(|i| if i % 1000 < 990 { Fr::ZERO } else { random })
                .collect(),
        ];
        for column in columns {
            let expected = best_multiexp(&column, &affine[..n]);
            assert_eq!(bases.commit(&import(simd, &column)), expected, "{n} rows");
        }
    }
    for (body, tail) in [(0, 0), (0, 5), (1, 0), (4097, 3), (8191, 0), (19_999, 1)] {
        for values in [vec![0; body], vec![1; body], vec![u16::MAX; body]] {
            let tail: Vec<Fr> = (0..tail).map(|_| Fr::random(&mut rng)).collect();
            let cells = values.iter().map(|value| Fr::from(u64::from(*value)));
            let column: Vec<Fr> = cells.chain(tail.iter().copied()).collect();
            let expected = best_multiexp(&column, &affine[..column.len()]);
            let (sum, _) = bases.commit_small(&values);
            assert_eq!(sum + bases.rows(body, &tail), expected);
        }
    }
}

#[test]
fn accepts_scalars_where_signs_and_digits_turn() {
    with_every_arithmetic!(check_turning);
}

#[test]
fn accepts_columns_around_whole_segments() {
    with_every_arithmetic!(check_segments);
}

#[test]
fn accepts_a_point_at_infinity() {
    let mut rng = ChaCha20Rng::seed_from_u64(5);
    let mut affine = points(64, &mut rng);
    affine[7] = G1Affine::default();
    let column: Vec<Fr> = (0..64).map(|_| Fr::random(&mut rng)).collect();
    let bases = Bases::new(Portable, &affine);
    let expected = best_multiexp(&column, &affine);
    assert_eq!(bases.commit(&import(Portable, &column)), expected);
}

fn check_repeats<S: Arithmetic>(simd: S) {
    let mut rng = ChaCha20Rng::seed_from_u64(6);
    let n = 1 << 13;
    let affine = points(n + 40, &mut rng);
    let bases = Bases::new(simd, &affine);
    let few: Vec<Fr> = (0..50).map(|_| Fr::random(&mut rng)).collect();
    let random: Vec<Fr> = (0..n).map(|_| Fr::random(&mut rng)).collect();
    let pick = |f: &dyn Fn(usize) -> Fr| (0..n).map(f).collect::<Vec<Fr>>();
    let columns = [
        // A constant in some rows, zeros and others in the rest.
        pick(&|i| if i % 3 == 0 { few[0] } else { random[i] }),
        pick(&|i| [few[0], few[0], Fr::ZERO, random[i]][i % 4]),
        pick(&|i| if i % 20 == 0 { few[0] } else { random[i] }),
        // Few scalars, in runs and apart, of both signs.
        pick(&|i| few[i / 100 % 50]),
        pick(&|i| few[i * 7919 % 50]),
        pick(&|i| {
            if i % 2 == 0 {
                few[i % 50]
            } else {
                -few[i % 50]
            }
        }),
        // Runs of scalars that do not come again, and a constant that begins late.
        pick(&|i| random[i / 8]),
        pick(&|i| if i < n / 2 { random[i / 2] } else { few[1] }),
        // Repeated in the rows that are looked at, and nowhere else.
        pick(&|i| if i % 128 < 64 { few[i % 2] } else { random[i] }),
        pick(&|_| few[3]),
    ];
    for (i, column) in columns.iter().enumerate() {
        let expected = best_multiexp(column, &affine[..n]);
        assert_eq!(bases.commit(&import(simd, column)), expected, "column {i}");
    }
}

#[test]
fn accepts_columns_that_repeat_themselves() {
    with_every_arithmetic!(check_repeats);
}

fn check_functions<S: Arithmetic>(simd: S) {
    let mut rng = ChaCha20Rng::seed_from_u64(7);
    let affine = points(5000, &mut rng);
    let bases = Bases::new(simd, &affine);
    let values: Vec<Fr> = (0..1 << 16).map(|_| Fr::random(&mut rng)).collect();
    for rows in [0, 1, 100, 2499, 2501, 4976, 5000] {
        let mut column = |most: u16| (0..rows).map(|_| rng.gen_range(0..=most)).collect();
        let first: Vec<u16> = column(u16::MAX);
        // The same integers in the same rows, in all of them or in some.
        let mut other = first.clone();
        other.iter_mut().step_by(3).for_each(|cell| *cell = 5);
        let columns = [first.clone(), column(3), vec![0; rows], first, other];
        for columns in [&columns[..], &columns[..1], &columns[1..3], &columns[2..]] {
            let committed: Option<Vec<Buckets>> = columns
                .iter()
                .map(|column| bases.commit_small(column).1)
                .collect();
            let committed = committed.unwrap();
            let buckets: Vec<&Buckets> = committed.iter().collect();
            let sums: Vec<Fr> = (0..rows)
                .map(|row| columns.iter().map(|c| values[usize::from(c[row])]).sum())
                .collect();
            let expected = best_multiexp(&sums, &affine[..rows]);
            assert_eq!(
                bases.commit_function(&buckets, &values),
                Some(expected),
                "{rows} rows"
            );
        }
    }
}

#[test]
fn accepts_functions_of_small_integers() {
    with_every_arithmetic!(check_functions);
}

#[test]
fn leaves_small_integers_to_the_library_where_points_meet() {
    let mut rng = ChaCha20Rng::seed_from_u64(8);
    let points = vec![G1::random(&mut rng).to_affine(); 64];
    let bases = Bases::new(Portable, &points);
    let (sum, buckets) = bases.commit_small(&[7; 64]);
    assert_eq!(sum, points[0] * Fr::from(7 * 64));
    assert!(buckets.is_none());
}
