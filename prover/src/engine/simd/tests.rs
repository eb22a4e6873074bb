use super::*;
use ff::Field;
use proptest::prelude::*;

fn eight<P: Prime>() -> impl Strategy<Value = [P::Element; LANES]> {
    let element = prop_oneof![
        Just(P::Element::ZERO),
        Just(P::Element::ONE),
        Just(-P::Element::ONE),
        any::<[u64; 4]>().prop_map(|words| words
            .into_iter()
            .fold(P::Element::ZERO, |sum, word| {
                sum * P::Element::from(u64::MAX) + P::Element::from(word)
            })),
    ];
    prop::array::uniform8(element)
}

fn check<P: Prime, S: Simd<P>>(s: S, a: [P::Element; LANES], b: [P::Element; LANES]) {
    let (block_a, block_b) = (s.import(&a), s.import(&b));
    assert_eq!(s.export(&block_a), a, "import and export");
    let (wa, wb) = (s.load(&block_a), s.load(&block_b));
    let out = |wide| s.export(&s.store(wide));
    let each = |f: fn(P::Element, P::Element) -> P::Element| {
        std::array::from_fn::<_, LANES, _>(|i| f(a[i], b[i]))
    };
    assert_eq!(out(s.mul(wa, wb)), each(|a, b| a * b), "mul");
    assert_eq!(out(s.square(wa)), each(|a, _| a.square()), "square");
    let constant = s.constant(&block_b);
    let product = s.mul_constant(s.add(wa, wa), &constant);
    assert_eq!(out(product), each(|a, b| a.double() * b), "constant");
    assert_eq!(out(s.reduce(s.add(wa, wb))), each(|a, b| a + b), "add");
    assert_eq!(out(s.reduce(s.sub(wa, wb))), each(|a, b| a - b), "sub");
    assert_eq!(
        out(s.reduce(s.sub_reduced(wa, wb))),
        each(|a, b| a - b),
        "sub"
    );
    // The widest bounds that are promised: 8 by 8 in a product, 8 in a reduction.
    let wide_a = s.add(s.add(wa, wa), s.add(wa, wa));
    let wide_b = s.sub(s.add(wb, wb), s.splat(P::Element::ONE));
    let (four_a, two_b) = (
        a.map(|a| a.double().double()),
        b.map(|b| b.double() - P::Element::ONE),
    );
    let product = std::array::from_fn(|i| four_a[i] * two_b[i]);
    assert_eq!(out(s.mul(wide_a, wide_b)), product, "wide mul");
    let sixteen = (0..16).map(|i| if i % 2 == 0 { (wa, wb) } else { (wb, wb) });
    let expected = std::array::from_fn(|i| (a[i] * b[i] + b[i].square()) * P::Element::from(8));
    assert_eq!(out(s.sum(sixteen)), expected, "sum");
    assert_eq!(
        out(s.square(wide_a)),
        four_a.map(|a| a.square()),
        "wide square"
    );
    assert_eq!(out(s.reduce(wide_a)), four_a, "reduce");
    assert_eq!(out(s.reduce(wide_b)), two_b, "reduce a difference");
    let doubled = s.add(wa, wa);
    assert_eq!(out(s.narrow(doubled)), a.map(|a| a.double()), "narrow");
    assert_eq!(
        out(s.add_narrow(wa, wb)),
        each(|a, b| a + b),
        "add narrowly"
    );
    assert_eq!(
        out(s.sub_narrow(wa, wb)),
        each(|a, b| a - b),
        "sub narrowly"
    );
    assert_eq!(
        out(s.sub_both(wa, wb, wb)),
        each(|a, b| a - b.double()),
        "sub both"
    );
    let (sum, difference) = s.spread(doubled, wb);
    assert_eq!(out(sum), each(|a, b| a.double() + b), "spread sum");
    assert_eq!(
        out(difference),
        each(|a, b| a.double() - b),
        "spread difference"
    );
    let again = s.mul(sum, difference);
    assert_eq!(
        out(again),
        each(|a, b| (a.double() + b) * (a.double() - b)),
        "product of spread values"
    );
    assert_eq!(out(s.splat(a[0])), [a[0]; LANES], "splat");
    for shift in 0..LANES {
        let expected = std::array::from_fn(|i| {
            let from = i + shift;
            if from < LANES {
                a[from]
            } else {
                b[from - LANES]
            }
        });
        assert_eq!(out(s.shifted(&block_a, &block_b, shift)), expected, "shift");
    }
    let rows: [_; LANES] = std::array::from_fn(|i| if i % 2 == 0 { wa } else { wb });
    for (i, column) in s.transpose(rows).into_iter().enumerate() {
        let expected = std::array::from_fn(|j| if j % 2 == 0 { a[i] } else { b[i] });
        assert_eq!(out(column), expected, "transpose");
    }
    let negated = out(s.negate_where(wa, 0b1010_0110));
    for (i, value) in negated.into_iter().enumerate() {
        let expected = if 0b1010_0110 >> i & 1 == 1 {
            -a[i]
        } else {
            a[i]
        };
        assert_eq!(value, expected, "negate");
    }
    let small = [0, 1, 2, 255, 256, 40_000, 65_534, 65_535];
    let expected = small.map(|integer| P::Element::from(u64::from(integer)));
    assert_eq!(out(s.small(small)), expected, "small");
    for (integer, element) in s.integers(&block_a).iter().zip(&a) {
        assert_eq!(bytemuck::bytes_of(integer), element.to_repr(), "integers");
    }
    let points = s.store_points(wa, wb);
    let (x, y) = s.load_points(std::array::from_fn(|i| &points[i]));
    assert_eq!((out(x), out(y)), (a, b), "points");
}

proptest! {
    #[test]
    fn accepts_the_librarys_results(
        a in eight::<Scalar>(), b in eight::<Scalar>(), c in eight::<Base>(), d in eight::<Base>(),
    ) {
        check::<Scalar, _>(Portable, a, b);
        check::<Base, _>(Portable, c, d);
        #[cfg(target_arch = "x86_64")]
        if let Some(simd) = Ifma::try_new() {
            check::<Scalar, _>(simd, a, b);
            check::<Base, _>(simd, c, d);
        }
        #[cfg(target_arch = "x86_64")]
        if let Some(simd) = Fma::try_new() {
            check::<Scalar, _>(simd, a, b);
            check::<Base, _>(simd, c, d);
        }
    }
}

/// Twenty products of the greatest elements, and of some that leave less to reduce.
fn longest_sums<S: Arithmetic>(s: S) {
    fn longest<P: Prime, S: Simd<P>>(s: S) {
        let greatest = -P::Element::ONE;
        for element in [greatest, greatest - P::Element::ONE, P::Element::ONE] {
            let value = s.load(&s.import(&[element; LANES]));
            for count in 1..=20 {
                let sum = s.sum(std::iter::repeat_n((value, value), count as usize));
                let expected = element.square() * P::Element::from(count);
                assert_eq!(s.export(&s.store(sum)), [expected; LANES], "{count}");
            }
        }
    }
    longest::<Scalar, S>(s);
    longest::<Base, S>(s);
}

#[test]
fn accepts_the_longest_sums_of_the_greatest_elements() {
    with_every_arithmetic!(longest_sums);
}

#[test]
fn accepts_the_moduli() {
    for (words, text) in [(Scalar::MODULUS, Fr::MODULUS), (Base::MODULUS, Fq::MODULUS)] {
        let hex: String = words
            .iter()
            .rev()
            .map(|word| format!("{word:016x}"))
            .collect();
        assert_eq!(format!("0x{hex}"), text);
    }
}
