use super::*;
use crate::engine::simd::{with_every_arithmetic, Arithmetic};
use halo2_proofs::halo2curves::bn256::{G1Affine, G1};
use halo2_proofs::halo2curves::group::{Curve, Group};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;

/// Points whose small sums do not meet: each is twice the one before and another.
fn points(count: usize, rng: &mut ChaCha20Rng) -> Vec<G1Affine> {
    let step = G1::random(&mut *rng).to_affine();
    let first = G1::random(rng);
    let points: Vec<G1> = std::iter::successors(Some(first), |point| Some(point.double() + step))
        .take(count)
        .collect();
    let mut affine = vec![G1Affine::default(); count];
    G1::batch_normalize(&points, &mut affine);
    affine
}

fn table<S: Simd<Base>>(s: S, points: &[G1Affine]) -> Vec<PointWords> {
    points
        .iter()
        .map(|point| {
            let (x, y) = (s.import(&[point.x; LANES]), s.import(&[point.y; LANES]));
            s.store_points(s.load(&x), s.load(&y))[0]
        })
        .collect()
}

fn point<S: Simd<Base>>(s: S, words: &PointWords) -> G1Affine {
    let (x, y) = s.load_points([words; LANES]);
    let first = |value| s.export(&s.store(value))[0];
    let (x, y) = (first(x), first(y));
    G1Affine { x, y }
}

fn check<S: Arithmetic>(s: S) {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let points = points(3 * SEGMENT, &mut rng);
    let table = table(s, &points);
    let segment = SEGMENT;
    let layouts: Vec<Vec<usize>> = vec![
        vec![],
        vec![0],
        vec![0; 10],
        vec![1],
        vec![segment],
        vec![segment - 1, 1, 1],
        vec![segment, 1],
        vec![1, segment],
        vec![segment + 1],
        vec![0, segment + 1, 0],
        vec![1, segment + 1, 2, 0, 3],
        vec![2 * segment, 2 * segment + 1, 0, 2],
        vec![0, 0, 3 * segment, 0, 1, 0],
        std::iter::repeat_n([0, 0, 1], segment + 3)
            .flatten()
            .collect(),
        (0..500).map(|_| rng.gen_range(0..30)).collect(),
        (0..4)
            .map(|_| rng.gen_range(segment / 2..3 * segment))
            .collect(),
    ];
    for lengths in layouts {
        let mut starts = vec![0];
        let mut entries = Vec::new();
        let mut expected: Vec<Option<G1>> = Vec::new();
        for length in &lengths {
            let first = rng.gen_range(0..=points.len() - length);
            let mut sum = G1::identity();
            for (place, point) in points.iter().enumerate().skip(first).take(*length) {
                let negative = rng.gen();
                entries.push(Entry::new(place, negative));
                sum += if negative { -*point } else { *point };
            }
            expected.push((*length > 0).then_some(sum));
            starts.push(entries.len() as u32);
        }
        let sums = sums(s, &table, &entries, &starts).unwrap();
        let found = sums
            .iter()
            .map(|sum| sum.map(|words| G1::from(point(s, &words))));
        assert_eq!(found.collect::<Vec<_>>(), expected, "lists of {lengths:?}");
    }
}

fn check_meeting<S: Arithmetic>(s: S) {
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    let mut points = points(64, &mut rng);
    points[9] = points[8];
    points[33] = -points[32];
    points[42] = (points[40] + points[41]).to_affine();
    let table = table(s, &points);
    let meets = |places: &[usize], negative: bool| {
        let entries: Vec<Entry> = places
            .iter()
            .map(|place| Entry::new(*place, negative && *place == 9))
            .collect();
        sums(s, &table, &entries, &[0, entries.len() as u32])
    };
    assert!(meets(&[8, 10, 9], false).is_ok());
    for (places, negative) in [
        (vec![8, 9], false),
        (vec![8, 9], true),
        (vec![32, 33], false),
        (vec![0, 1, 2, 3, 8, 9], true),
        (vec![40, 41, 42], false),
    ] {
        assert!(meets(&places, negative).is_err(), "{places:?}");
    }
}

#[test]
fn accepts_lists_around_a_segment() {
    with_every_arithmetic!(check);
}

#[test]
fn rejects_sums_that_meet() {
    with_every_arithmetic!(check_meeting);
}
