//! Values at the ends of every bound that is promised, which elements alone do not reach.

use super::*;
use crate::engine::simd::{Base, Scalar};
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

fn wide(value: &Value) -> Limbs {
    value.map(|limb| cast([limb; LANES]))
}

/// The value of every lane, which must be the same.
fn value(limbs: Limbs) -> Value {
    limbs.map(|limb| {
        let lanes: [u64; LANES] = cast(limb);
        assert_eq!(lanes, [lanes[0]; LANES]);
        lanes[0]
    })
}

/// Holds a result to its bound, its limbs to theirs, and its element to the one expected.
fn hold<P: Prime>(limbs: Limbs, bound: u64, expected: P::Element, what: &str) {
    let found = value(limbs);
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
fn hold_nearly<P: Prime>(limbs: Limbs, bound: u64, expected: P::Element, what: &str) {
    let found = value(limbs);
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

/// Values next to multiples of `p` and others, which are narrowed by their top limbs alone.
fn check_narrowing<P: Prime>(s: Ifma) {
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    let of = |value: &Value| element::<P>(value);
    let twice = near::<P>(2, 0);
    let mut values = below_bound::<P>(2, &mut rng);
    // Zeros come as any multiple of p within the bound, and it itself.
    values.push(twice);
    for a in &values {
        for b in &values {
            let (wide_a, wide_b) = (wide(a), wide(b));
            let sum = Simd::<P>::add_narrow(s, wide_a, wide_b);
            hold_nearly::<P>(sum, 2, of(a) + of(b), "add_narrow");
            let difference = Simd::<P>::sub_narrow(s, wide_a, wide_b);
            hold_nearly::<P>(difference, 2, of(a) - of(b), "sub_narrow");
            for c in &values {
                let both = Simd::<P>::sub_both(s, wide_a, wide_b, wide(c));
                hold_nearly::<P>(both, 2, of(a) - of(b) - of(c), "sub_both");
            }
        }
    }
    let mut wider = below_bound::<P>(4, &mut rng);
    wider.push(near::<P>(4, 0));
    for a in &wider {
        hold_nearly::<P>(Simd::<P>::narrow(s, wide(a)), 2, of(a), "narrow");
        for b in &values {
            let (sum, difference) = Simd::<P>::spread(s, wide(a), wide(b));
            hold_nearly::<P>(sum, 4, of(a) + of(b), "spread sum");
            hold_nearly::<P>(difference, 4, of(a) - of(b), "spread difference");
        }
    }
}

/// Differences just below multiples of `p`, where limbs that are not carried tell too great a quotient.
fn check_quotients<P: Prime>(s: Ifma) {
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
                    let both = Simd::<P>::sub_both(s, wide(&[0; 5]), wide(&b), wide(&c));
                    let expected = -element::<P>(&b) - element::<P>(&c);
                    hold_nearly::<P>(both, 2, expected, "sub_both");
                    met += 1;
                }
            }
        }
    }
    assert!(met > 100);
}

fn check<P: Prime>(s: Ifma) {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let radix = P::Element::from(2).pow_vartime([260]);
    let inverse = radix.invert().unwrap();
    let of = |value: &Value| element::<P>(value);
    for (a_bound, b_bound) in [(8, 8), (32, 2), (2, 32), (64, 1), (1, 64), (16, 4), (21, 3)] {
        let b_values = below_bound::<P>(b_bound, &mut rng);
        for a in below_bound::<P>(a_bound, &mut rng) {
            for b in &b_values {
                let product = of(&a) * of(b) * inverse;
                hold::<P>(Simd::<P>::mul(s, wide(&a), wide(b)), 2, product, "mul");
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
                let terms = (0..count).map(|i| (wide(term(i).0), wide(term(i).1)));
                hold::<P>(Simd::<P>::sum(s, terms), 2, expected, "sum");
            }
        }
    }
    for a in below_bound::<P>(8, &mut rng) {
        let square = of(&a).square() * inverse;
        hold::<P>(Simd::<P>::square(s, wide(&a)), 2, square, "square");
        hold::<P>(Simd::<P>::reduce(s, wide(&a)), 2, of(&a), "reduce");
    }
    for factor in 1..=8 {
        for offset in [-2, -1, 0, 1, 2] {
            let a = near::<P>(factor, offset);
            if is_less(&a, &near::<P>(8, 0)) {
                hold::<P>(Simd::<P>::reduce(s, wide(&a)), 2, of(&a), "reduce");
            }
        }
    }
    for bound in [2, 4, 8, 32] {
        let b_values = below_bound::<P>(bound, &mut rng);
        for a in below_bound::<P>(bound, &mut rng) {
            for b in &b_values {
                let sum = Simd::<P>::add(s, wide(&a), wide(b));
                hold::<P>(sum, 2 * bound, of(&a) + of(b), "add");
            }
        }
    }
    for a in below_bound::<P>(60, &mut rng) {
        for b in below_bound::<P>(4, &mut rng) {
            let difference = Simd::<P>::sub(s, wide(&a), wide(&b));
            hold::<P>(difference, 64, of(&a) - of(&b), "sub");
        }
        // A negated 0 is 2 p itself: a subtrahend still.
        let twice = near::<P>(2, 0);
        for b in below_bound::<P>(2, &mut rng).iter().chain([&twice]) {
            let difference = Simd::<P>::sub_reduced(s, wide(&a), wide(b));
            hold::<P>(difference, 62, of(&a) - of(b), "sub_reduced");
        }
    }
}

/// Blocks of any value up to `2 p`, which a negated 0 is.
fn check_blocks<P: Prime>(s: Ifma) {
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    let inverse = P::Element::from(2).pow_vartime([260]).invert().unwrap();
    let mut values = below_bound::<P>(2, &mut rng);
    values.push(near::<P>(2, 0));
    for a in values {
        let block = Simd::<P>::store(s, wide(&a));
        assert_eq!(value(Simd::<P>::load(s, &block)), a, "store and load");
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
        let negated = Simd::<P>::negate_where(s, wide(&a), 0xff);
        let found = value(negated);
        assert!(found.iter().all(|limb| *limb <= LIMB));
        assert!(!is_less(&near::<P>(2, 0), &found));
        assert_eq!(element::<P>(&found), -element::<P>(&a), "negated {a:x?}");
        let points = Simd::<P>::store_points(s, wide(&a), negated);
        let (x, y) = Simd::<P>::load_points(s, std::array::from_fn(|i| &points[i]));
        assert_eq!((value(x), value(y)), (a, found), "points");
    }
}

#[test]
fn accepts_the_widest_values() {
    let Some(s) = Ifma::try_new() else { return };
    check::<Scalar>(s);
    check::<Base>(s);
    check_quotients::<Scalar>(s);
    check_quotients::<Base>(s);
    check_narrowing::<Scalar>(s);
    check_narrowing::<Base>(s);
    check_blocks::<Scalar>(s);
    check_blocks::<Base>(s);
}
