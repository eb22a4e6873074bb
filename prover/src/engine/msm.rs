//! Multi-exponentiation: sums of points times scalars.
//!
//! Scalars are cut into signed digits; all points of one digit are added pair by pair, eight pairs
//! at once, with one inversion for some thousand pairs (`sums`); and the sums are added up by
//! digit. Small scalars, of either sign, have few digits and cost little.

mod digits;
mod sums;

use halo2_proofs::arithmetic::best_multiexp;
use halo2_proofs::halo2curves::bn256::{Fq, Fr, G1Affine, G1};
use halo2_proofs::halo2curves::group::prime::PrimeCurveAffine;
use halo2_proofs::halo2curves::group::Group;
use rayon::prelude::*;

use super::simd::{Arithmetic, Base, Block, PointWords, Scalar, Simd, LANES};
use digits::{Digits, Integer};
use sums::{sums, Entry, Exceptional};

/// The last rows of a column, which are random: they are added by the library, so that they do not
/// make a column of small values a column of large ones.
const TAIL: usize = 4 * LANES;

/// The points of a commitment scheme, one for each row.
#[derive(Debug)]
pub struct Bases<S> {
    simd: S,
    points: Vec<PointWords>,
    library: Vec<G1Affine>,
    /// Whether one of them is at infinity: it has no abscissa to add by.
    infinite: bool,
}

impl<S: Arithmetic> Bases<S> {
    /// Points to commit with.
    pub fn new(simd: S, points: &[G1Affine]) -> Self {
        let mut words = vec![PointWords::default(); points.len()];
        words
            .par_chunks_mut(LANES)
            .zip(points.par_chunks(LANES))
            .for_each(|(words, points)| {
                let at = |i: usize| points.get(i).copied().unwrap_or_default();
                let x = Simd::<Base>::import(simd, &std::array::from_fn(|i| at(i).x));
                let y = Simd::<Base>::import(simd, &std::array::from_fn(|i| at(i).y));
                let (x, y) = (Simd::<Base>::load(simd, &x), Simd::<Base>::load(simd, &y));
                let eight = Simd::<Base>::store_points(simd, x, y);
                for (words, point) in words.iter_mut().zip(eight) {
                    *words = point;
                }
            });
        Self {
            simd,
            points: words,
            library: points.to_vec(),
            infinite: points
                .par_iter()
                .any(|point| bool::from(point.is_identity())),
        }
    }

    /// Number of points.
    pub fn len(&self) -> usize {
        self.points.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    /// The sum of a column's elements times the points.
    pub fn commit(&self, column: &[Block]) -> G1 {
        let body = column.len().saturating_sub(TAIL / LANES);
        let (body, tail) = column.split_at(body);
        let mut integers = vec![Integer::default(); body.len() * LANES];
        let s = self.simd;
        integers
            .par_chunks_mut(LANES << 10)
            .zip(body.par_chunks(1 << 10))
            .for_each(|(out, blocks)| {
                s.vectorize(
                    #[inline(always)]
                    || {
                        for (out, block) in out.chunks_exact_mut(LANES).zip(blocks) {
                            let integers = Simd::<Scalar>::integers(s, block);
                            for (out, words) in out.iter_mut().zip(integers) {
                                *out = Integer::small(words);
                            }
                        }
                    },
                );
            });
        let tail: Vec<Fr> = tail
            .iter()
            .flat_map(|block| Simd::<Scalar>::export(s, block))
            .collect();
        self.add(&integers, &tail)
    }

    /// The same for a column of small integers and random last elements.
    pub fn commit_small(&self, body: &[u16], tail: &[Fr]) -> G1 {
        let integers: Vec<Integer> = body.iter().map(|value| Integer::from(*value)).collect();
        self.add(&integers, tail)
    }

    fn add(&self, integers: &[Integer], tail: &[Fr]) -> G1 {
        let end = integers.len();
        let rest = best_multiexp(tail, &self.library[end..end + tail.len()]);
        let body = self.windows(integers).unwrap_or_else(|Exceptional| {
            // Sums that meet have no slope: the library adds them by other formulas.
            let scalars: Vec<Fr> = integers.par_iter().map(Integer::element).collect();
            best_multiexp(&scalars, &self.library[..end])
        });
        body + rest
    }

    fn windows(&self, integers: &[Integer]) -> Result<G1, Exceptional> {
        if self.infinite {
            return Err(Exceptional);
        }
        let digits = Digits::new(integers);
        let windows = digits
            .windows
            .par_iter()
            .map(|window| self.window(window, digits.buckets()))
            .collect::<Result<Vec<G1>, _>>()?;
        Ok(windows
            .into_iter()
            .rev()
            .fold(G1::identity(), |sum, window| {
                (0..digits.bits).fold(sum, |sum, _| sum.double()) + window
            }))
    }

    /// The sum of one digit of every scalar times its point.
    fn window(&self, digits: &[i16], buckets: usize) -> Result<G1, Exceptional> {
        let mut starts = vec![0u32; buckets + 2];
        for digit in digits {
            starts[usize::from(digit.unsigned_abs()) + 1] += 1;
        }
        // Digit 0 adds nothing.
        starts[1] = 0;
        for i in 1..starts.len() {
            starts[i] += starts[i - 1];
        }
        let mut next = starts.clone();
        let mut entries = vec![Entry::default(); starts.last().copied().unwrap_or(0) as usize];
        for (i, digit) in digits.iter().enumerate() {
            if *digit != 0 {
                let place = &mut next[usize::from(digit.unsigned_abs())];
                entries[*place as usize] = Entry::new(i, *digit < 0);
                *place += 1;
            }
        }
        let sums = sums(self.simd, &self.points, &entries, &starts[1..])?;
        self.weigh(&sums)
    }

    /// `sum of (i + 1) * points[i]`, where there is a point.
    fn weigh(&self, points: &[Option<PointWords>]) -> Result<G1, Exceptional> {
        // `i + 1 = high * side + low`: sums by `high` and by `low`, and few additions by weight.
        let side = 1usize << ((points.len() + 1).ilog2().div_ceil(2));
        let present: Vec<(usize, PointWords)> = points
            .iter()
            .enumerate()
            .filter_map(|(i, point)| point.map(|point| (i + 1, point)))
            .collect();
        let values: Vec<PointWords> = present.iter().map(|(_, point)| *point).collect();
        let sums_by = |key: &dyn Fn(usize) -> usize, keys: usize| {
            let mut lists = vec![Vec::new(); keys];
            for (place, (weight, _)) in present.iter().enumerate() {
                lists[key(*weight)].push(Entry::new(place, false));
            }
            let mut starts = vec![0];
            let mut entries = Vec::with_capacity(values.len());
            for list in lists {
                entries.extend(list);
                starts.push(entries.len() as u32);
            }
            let sums = sums(self.simd, &values, &entries, &starts)?;
            // Running sums from the greatest weight down.
            let (mut running, mut total) = (G1::identity(), G1::identity());
            for sum in sums.iter().skip(1).rev() {
                if let Some(words) = sum {
                    running += self.point(words);
                }
                total += running;
            }
            Ok(total)
        };
        let high: G1 = sums_by(&|weight| weight / side, points.len() / side + 2)?;
        let low: G1 = sums_by(&|weight| weight % side, side)?;
        Ok((0..side.ilog2()).fold(high, |sum, _| sum.double()) + low)
    }

    fn point(&self, words: &PointWords) -> G1Affine {
        let (x, y) = Simd::<Base>::load_points(self.simd, [words; LANES]);
        let first = |value| -> Fq {
            let block = Simd::<Base>::store(self.simd, value);
            Simd::<Base>::export(self.simd, &block)[0]
        };
        G1Affine {
            x: first(x),
            y: first(y),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::simd::Portable;
    use super::*;
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
        assert_eq!(bases.commit_small(&body, &tail), expected);
    }

    #[test]
    fn accepts_the_librarys_sums() {
        check(Portable);
        #[cfg(target_arch = "x86_64")]
        if let Some(simd) = super::super::simd::Ifma::try_new() {
            check(simd);
        }
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
                assert_eq!(bases.commit_small(&values, &tail), expected);
            }
        }
    }

    #[test]
    fn accepts_scalars_where_signs_and_digits_turn() {
        check_turning(Portable);
        #[cfg(target_arch = "x86_64")]
        if let Some(simd) = super::super::simd::Ifma::try_new() {
            check_turning(simd);
        }
    }

    #[test]
    fn accepts_columns_around_whole_segments() {
        check_segments(Portable);
        #[cfg(target_arch = "x86_64")]
        if let Some(simd) = super::super::simd::Ifma::try_new() {
            check_segments(simd);
        }
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
}
