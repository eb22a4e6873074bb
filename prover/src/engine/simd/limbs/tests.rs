//! Values at the ends of every bound that is promised, which elements alone do not reach.

use std::arch::x86_64::{__m256i, __m512i};

use super::*;
use crate::engine::simd::words::words;
use crate::engine::simd::{Base, Fma, Ifma, Scalar, Simd};
use bytemuck::cast;
use ff::{Field, PrimeField};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;

/// A value of five limbs, the lowest first.
type Value = [u64; 5];

/// `factor * p + offset`.
fn near<P: Prime>(factor: u64, offset: i64) -> Value {
    let mut value = times(Constants::<P>::P, factor);
    let mut carry = i128::from(offset);
    for limb in &mut value {
        let sum = i128::from(*limb) + carry;
        *limb = sum as u64 & LIMB;
        carry = sum >> 52;
    }
    assert_eq!(carry, 0);
    value
}

/// `2^bits - 1`: as many ones as fit.
fn ones(bits: u32) -> Value {
    std::array::from_fn(|i| match bits.saturating_sub(52 * i as u32) {
        0 => 0,
        bits => LIMB >> (52 - bits.min(52)),
    })
}

/// Values below `bound * p`: those next to multiples of `p`, all ones, none, and random ones.
fn below_bound<P: Prime>(bound: u64, rng: &mut ChaCha20Rng) -> Vec<Value> {
    let mut values = vec![near::<P>(bound, -1), [0; 5], [1, 0, 0, 0, 0]];
    for factor in [1, 2, 3, bound / 2, bound - 1] {
        if (1..bound).contains(&factor) {
            values.extend([-1, 0, 1].map(|offset| near::<P>(factor, offset)));
        }
    }
    let end = near::<P>(bound, 0);
    values.extend((250..260).map(ones).filter(|value| is_less(value, &end)));
    values.extend((0..8).filter_map(|_| {
        let mut value: Value = std::array::from_fn(|_| rng.gen::<u64>() & LIMB);
        value[4] = rng.gen_range(0..=end[4]);
        is_less(&value, &end).then_some(value)
    }));
    // Limbs all ones but one, as far as the top limb lets them be.
    values.extend((0..4).map(|i| {
        let mut value = [LIMB, LIMB, LIMB, LIMB, end[4] - 1];
        value[i] = 0;
        value
    }));
    values
}

fn is_less(a: &Value, b: &Value) -> bool {
    a.iter().rev().lt(b.iter().rev())
}

/// `a - b`, where it is not below 0.
fn difference(a: &Value, b: &Value) -> Option<Value> {
    let mut borrow = 0;
    let limbs = std::array::from_fn(|i| {
        let limb = a[i] as i64 - b[i] as i64 - borrow;
        borrow = i64::from(limb < 0);
        limb as u64 & LIMB
    });
    (borrow == 0).then_some(limbs)
}

fn element<P: Prime>(value: &Value) -> P::Element {
    let radix = P::Element::from(1 << 52);
    value.iter().rev().fold(P::Element::ZERO, |sum, limb| {
        sum * radix + P::Element::from(*limb)
    })
}

/// Arithmetic with values in limbs.
trait Limbed<P: Prime>: Simd<P> {
    /// Whether a reduced value is never above its bound.
    const EXACT: bool;

    /// A value in every lane.
    fn wide(value: &Value) -> Self::Wide;

    /// The limbs of a value in every lane.
    fn lanes(wide: Self::Wide) -> [[u64; LANES]; 5];
}

impl<P: Prime> Limbed<P> for Ifma {
    const EXACT: bool = true;

    fn wide(value: &Value) -> [__m512i; 5] {
        value.map(|limb| cast([limb; LANES]))
    }

    fn lanes(wide: [__m512i; 5]) -> [[u64; LANES]; 5] {
        wide.map(cast)
    }
}

impl<P: Prime> Limbed<P> for Fma {
    const EXACT: bool = false;

    fn wide(value: &Value) -> [[__m256i; 5]; 2] {
        [value.map(|limb| cast([limb; LANES / 2])); 2]
    }

    fn lanes(wide: [[__m256i; 5]; 2]) -> [[u64; LANES]; 5] {
        std::array::from_fn(|limb| cast(wide.map(|half| half[limb])))
    }
}

fn wide<P: Prime, S: Limbed<P>>(value: &Value) -> S::Wide {
    S::wide(value)
}

/// The value of every lane, which must be the same.
fn value<P: Prime, S: Limbed<P>>(wide: S::Wide) -> Value {
    S::lanes(wide).map(|lanes| {
        assert_eq!(lanes, [lanes[0]; LANES]);
        lanes[0]
    })
}

/// Holds a result to its bound, its limbs to theirs, and its element to the one expected.
fn hold<P: Prime, S: Limbed<P>>(limbs: S::Wide, bound: u64, expected: P::Element, what: &str) {
    let found = value::<P, S>(limbs);
    assert!(
        found.iter().all(|limb| *limb <= LIMB),
        "{what}: limbs {found:x?}"
    );
    assert!(
        is_less(&found, &near::<P>(bound, 0)),
        "{what}: {found:x?} is not below {bound} p"
    );
    assert_eq!(element::<P>(&found), expected, "{what}");
}

/// As [`hold`], where a result may be above its bound by what the lower limbs hide.
fn hold_nearly<P: Prime, S: Limbed<P>>(
    limbs: S::Wide,
    bound: u64,
    expected: P::Element,
    what: &str,
) {
    let found = value::<P, S>(limbs);
    let mut end = near::<P>(bound, 0);
    end[4] += 4;
    assert!(
        found.iter().all(|limb| *limb <= LIMB),
        "{what}: limbs {found:x?}"
    );
    assert!(
        is_less(&found, &end),
        "{what}: {found:x?} is far above {bound} p"
    );
    assert_eq!(element::<P>(&found), expected, "{what}");
}

/// Holds a reduced value to bound 2 as far as the arithmetic promises.
fn hold_reduced<P: Prime, S: Limbed<P>>(limbs: S::Wide, expected: P::Element) {
    if S::EXACT {
        hold::<P, S>(limbs, 2, expected, "reduce");
    } else {
        hold_nearly::<P, S>(limbs, 2, expected, "reduce");
    }
}

/// Values next to multiples of `p` and others, which are narrowed by their top limbs alone.
fn check_narrowing<P: Prime, S: Limbed<P>>(s: S) {
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    let of = |value: &Value| element::<P>(value);
    let twice = near::<P>(2, 0);
    let mut values = below_bound::<P>(2, &mut rng);
    // Zeros come as any multiple of p within the bound, and it itself.
    values.push(twice);
    for a in &values {
        for b in &values {
            let (wide_a, wide_b) = (wide::<P, S>(a), wide::<P, S>(b));
            let sum = Simd::<P>::add_narrow(s, wide_a, wide_b);
            hold_nearly::<P, S>(sum, 2, of(a) + of(b), "add_narrow");
            let difference = Simd::<P>::sub_narrow(s, wide_a, wide_b);
            hold_nearly::<P, S>(difference, 2, of(a) - of(b), "sub_narrow");
            for c in &values {
                let both = Simd::<P>::sub_both(s, wide_a, wide_b, wide::<P, S>(c));
                hold_nearly::<P, S>(both, 2, of(a) - of(b) - of(c), "sub_both");
            }
        }
    }
    let mut wider = below_bound::<P>(4, &mut rng);
    wider.push(near::<P>(4, 0));
    for a in &wider {
        hold_nearly::<P, S>(Simd::<P>::narrow(s, wide::<P, S>(a)), 2, of(a), "narrow");
        for b in &values {
            let (sum, difference) = Simd::<P>::spread(s, wide::<P, S>(a), wide::<P, S>(b));
            hold_nearly::<P, S>(sum, 4, of(a) + of(b), "spread sum");
            hold_nearly::<P, S>(difference, 4, of(a) - of(b), "spread difference");
        }
    }
}

/// Differences just below multiples of `p`, where limbs that are not carried tell too great a quotient.
fn check_quotients<P: Prime, S: Limbed<P>>(s: S) {
    let mut rng = ChaCha20Rng::seed_from_u64(4);
    let mut met = 0;
    for factor in 1..4 {
        for offset in [0, 1, 1 << 60] {
            for _ in 0..100 {
                // a = 0: b + c is 4 p less `factor` times p, and the offset.
                let mut c: Value = std::array::from_fn(|_| rng.gen::<u64>() & LIMB);
                c[4] = rng.gen_range(0..near::<P>(2, 0)[4]);
                let Some(b) = difference(&near::<P>(4 - factor, offset), &c) else {
                    continue;
                };
                if is_less(&b, &near::<P>(2, 0)) {
                    let both = Simd::<P>::sub_both(
                        s,
                        wide::<P, S>(&[0; 5]),
                        wide::<P, S>(&b),
                        wide::<P, S>(&c),
                    );
                    let expected = -element::<P>(&b) - element::<P>(&c);
                    hold_nearly::<P, S>(both, 2, expected, "sub_both");
                    met += 1;
                }
            }
        }
    }
    assert!(met > 100);
}

fn check<P: Prime, S: Limbed<P>>(s: S) {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let radix = P::Element::from(2).pow_vartime([260]);
    let inverse = radix.invert().unwrap();
    let of = |value: &Value| element::<P>(value);
    for (a_bound, b_bound) in [(8, 8), (32, 2), (2, 32), (64, 1), (1, 64), (16, 4), (21, 3)] {
        let b_values = below_bound::<P>(b_bound, &mut rng);
        for a in below_bound::<P>(a_bound, &mut rng) {
            for b in &b_values {
                let product = of(&a) * of(b) * inverse;
                hold::<P, S>(
                    Simd::<P>::mul(s, wide::<P, S>(&a), wide::<P, S>(b)),
                    2,
                    product,
                    "mul",
                );
            }
        }
    }
    for (a_bound, b_bound, count) in [(2, 2, 16), (4, 1, 16), (8, 8, 1), (8, 2, 4), (32, 1, 2)] {
        let b_values = below_bound::<P>(b_bound, &mut rng);
        let a_values = below_bound::<P>(a_bound, &mut rng);
        for first in 0..a_values.len().max(b_values.len()) {
            // The widest values throughout, and different ones.
            for step in [0, 1] {
                let term = |i: usize| {
                    let i = first + step * i;
                    (&a_values[i % a_values.len()], &b_values[i % b_values.len()])
                };
                let expected: P::Element = (0..count)
                    .map(|i| of(term(i).0) * of(term(i).1) * inverse)
                    .sum();
                let terms = (0..count).map(|i| (wide::<P, S>(term(i).0), wide::<P, S>(term(i).1)));
                hold::<P, S>(Simd::<P>::sum(s, terms), 2, expected, "sum");
            }
        }
    }
    for a in below_bound::<P>(8, &mut rng) {
        let square = of(&a).square() * inverse;
        hold::<P, S>(Simd::<P>::square(s, wide::<P, S>(&a)), 2, square, "square");
        hold_reduced::<P, S>(Simd::<P>::reduce(s, wide::<P, S>(&a)), of(&a));
    }
    for factor in 1..=8 {
        for offset in [-2, -1, 0, 1, 2] {
            let a = near::<P>(factor, offset);
            if is_less(&a, &near::<P>(8, 0)) {
                hold_reduced::<P, S>(Simd::<P>::reduce(s, wide::<P, S>(&a)), of(&a));
            }
        }
    }
    for bound in [2, 4, 8, 32] {
        let b_values = below_bound::<P>(bound, &mut rng);
        for a in below_bound::<P>(bound, &mut rng) {
            for b in &b_values {
                let sum = Simd::<P>::add(s, wide::<P, S>(&a), wide::<P, S>(b));
                hold::<P, S>(sum, 2 * bound, of(&a) + of(b), "add");
            }
        }
    }
    for a in below_bound::<P>(60, &mut rng) {
        for b in below_bound::<P>(4, &mut rng) {
            let difference = Simd::<P>::sub(s, wide::<P, S>(&a), wide::<P, S>(&b));
            hold::<P, S>(difference, 64, of(&a) - of(&b), "sub");
        }
        // A negated 0 is 2 p itself: a subtrahend still.
        let twice = near::<P>(2, 0);
        for b in below_bound::<P>(2, &mut rng).iter().chain([&twice]) {
            let difference = Simd::<P>::sub_reduced(s, wide::<P, S>(&a), wide::<P, S>(b));
            hold::<P, S>(difference, 62, of(&a) - of(b), "sub_reduced");
        }
    }
}

/// Constants at both ends and values up to the widest that is stored.
fn check_constants<P: Prime, S: Limbed<P>>(s: S) {
    let mut rng = ChaCha20Rng::seed_from_u64(5);
    let one = P::Element::ONE;
    let mut constants = vec![P::Element::ZERO, one, one.double(), P::Element::TWO_INV];
    constants.extend((0..16).map(|_| P::Element::random(&mut rng)));
    let negated: Vec<_> = constants.iter().map(|constant| -*constant).collect();
    constants.extend(negated);
    let mut values = below_bound::<P>(5, &mut rng);
    values.push(near::<P>(4, 0));
    values.push(near::<P>(5, 0));
    for w in constants {
        let constant = Simd::<P>::constant(s, &Simd::<P>::import(s, &[w; LANES]));
        // Products that leave nearly `p`, and nearly nothing.
        let inverse = w.invert().unwrap_or(one);
        let near_multiples = [one, -one, one.double(), -one.double()].map(|rest| {
            let words: [u64; 4] = bytemuck::cast((rest * inverse).to_repr());
            limbs(words)
        });
        for a in values.iter().chain(&near_multiples) {
            let product = Simd::<P>::mul_constant(s, wide::<P, S>(a), &constant);
            hold::<P, S>(product, 2, element::<P>(a) * w, "mul_constant");
        }
    }
}

/// Blocks of any value up to `2 p`, which a negated 0 is.
fn check_blocks<P: Prime, S: Limbed<P>>(s: S) {
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    let inverse = P::Element::from(2).pow_vartime([260]).invert().unwrap();
    let mut values = below_bound::<P>(2, &mut rng);
    values.push(near::<P>(2, 0));
    for a in values {
        let block = Simd::<P>::store(s, wide::<P, S>(&a));
        assert_eq!(
            value::<P, S>(Simd::<P>::load(s, &block)),
            a,
            "store and load"
        );
        let expected = element::<P>(&a) * inverse;
        // Exported elements are compared as words: one that is not below p would be another.
        let exported = Simd::<P>::export(s, &block).map(|element| words(&element));
        assert_eq!(exported, [words(&expected); LANES], "export of {a:x?}");
        for integer in Simd::<P>::integers(s, &block) {
            assert_eq!(
                bytemuck::bytes_of(&integer),
                expected.to_repr(),
                "integers of {a:x?}"
            );
        }
        let negated = Simd::<P>::negate_where(s, wide::<P, S>(&a), 0xff);
        let found = value::<P, S>(negated);
        assert!(found.iter().all(|limb| *limb <= LIMB));
        assert!(!is_less(&near::<P>(2, 0), &found));
        assert_eq!(element::<P>(&found), -element::<P>(&a), "negated {a:x?}");
        let points = Simd::<P>::store_points(s, wide::<P, S>(&a), negated);
        let (x, y) = Simd::<P>::load_points(s, std::array::from_fn(|i| &points[i]));
        assert_eq!((value::<P, S>(x), value::<P, S>(y)), (a, found), "points");
    }
}

fn check_all<P: Prime, S: Limbed<P>>(s: S) {
    check::<P, S>(s);
    check_quotients::<P, S>(s);
    check_narrowing::<P, S>(s);
    check_constants::<P, S>(s);
    check_blocks::<P, S>(s);
}

#[test]
fn accepts_the_widest_values() {
    if let Some(s) = Ifma::try_new() {
        check_all::<Scalar, _>(s);
        check_all::<Base, _>(s);
    }
    if let Some(s) = Fma::try_new() {
        check_all::<Scalar, _>(s);
        check_all::<Base, _>(s);
    }
}
