//! Decimals and their scaling, against numbers worked out by hand.

use proptest::prelude::*;

use super::*;

fn decimal(text: &str) -> Decimal {
    Decimal::parse(text).unwrap()
}

#[test]
fn accepts_decimals_exactly() {
    for (text, mantissa, scale, shortest) in [
        ("0", 0, 0, "0"),
        ("-0", 0, 0, "0"),
        ("-0.00", 0, 0, "0"),
        ("1.50", 15, 1, "1.5"),
        ("-0.350", -35, 2, "-0.35"),
        ("007", 7, 0, "7"),
        ("100", 100, 0, "100"),
        ("0.000000000000000001", 1, 18, "0.000000000000000001"),
        (
            "9999999999.999999999999999999",
            9_999_999_999_999_999_999_999_999_999,
            18,
            "9999999999.999999999999999999",
        ),
        (
            "9999999999999999999999999999",
            9_999_999_999_999_999_999_999_999_999,
            0,
            "9999999999999999999999999999",
        ),
    ] {
        let parsed = decimal(text);
        assert_eq!(
            (parsed.mantissa(), parsed.scale()),
            (mantissa, scale),
            "{text}"
        );
        assert_eq!(parsed.to_string(), shortest, "{text}");
    }
}

#[test]
fn rejects_what_is_no_decimal() {
    for text in [
        "", "-", ".", ".5", "5.", "+1", "1e3", "1_000", "1,5", " 1", "1 ", "--1", "0x1", "NaN",
        "1.2.3", "1.-2", "\u{0661}",
    ] {
        assert_eq!(Decimal::parse(text), Err(DecimalError::Syntax), "{text}");
    }
    assert_eq!(
        Decimal::parse("0.0000000000000000000"),
        Err(DecimalError::TooManyDecimals)
    );
    assert_eq!(
        Decimal::parse("10000000000000000000000000000"),
        Err(DecimalError::TooManyDigits)
    );
    assert_eq!(
        Decimal::parse("10000000000.000000000000000001"),
        Err(DecimalError::TooManyDigits)
    );
}

#[test]
fn accepts_scaling_by_hand() {
    let ratio = decimal("0.001")
        .ratio()
        .times(decimal("65100.2"))
        .over(decimal("0.00000001"));
    assert_eq!(ratio.exact::<i64>(), Ok(6_510_020_000));
    let third = Decimal::ONE.ratio().over(decimal("-3"));
    assert_eq!(third.exact::<i64>(), Err(ScaleError::Inexact));
    assert_eq!(third.times_ten_to(3).nearest::<i64>(), Ok(-333));
    assert_eq!(third.times_ten_to(3).floor::<i64>(), Ok(-334));
    assert_eq!(third.times_ten_to(3).ceil::<i64>(), Ok(-333));
    for (text, nearest) in [
        ("0.5", 1),
        ("-0.5", -1),
        ("0.49", 0),
        ("-0.49", 0),
        ("1.5", 2),
        ("-2.5", -3),
    ] {
        assert_eq!(
            decimal(text).ratio().nearest::<i64>(),
            Ok(nearest),
            "{text}"
        );
    }
}

#[test]
fn rejects_what_does_not_fit() {
    assert_eq!(
        Decimal::ONE.ratio().over(Decimal::ZERO).exact::<i64>(),
        Err(ScaleError::Range)
    );
    assert_eq!(decimal("-1").ratio().exact::<u64>(), Err(ScaleError::Range));
    assert_eq!(
        Decimal::ONE.ratio().times_ten_to(19).exact::<i64>(),
        Err(ScaleError::Range)
    );
    let huge = decimal("9999999999999999999999999999");
    let lost = huge.ratio().times(huge).times(huge).over(huge).over(huge);
    assert_eq!(lost.floor::<I256>(), Err(ScaleError::Range));
    assert_eq!(
        Decimal::ONE
            .ratio()
            .times_ten_to(i32::MAX)
            .nearest::<I256>(),
        Err(ScaleError::Range)
    );
}

#[test]
fn accepts_any_quantum_in_formats() {
    assert_eq!(format_signed(-150, decimal("0.01")), "-1.5");
    assert_eq!(format_signed(0, decimal("0.01")), "0");
    assert_eq!(format_signed(3, decimal("2.5")), "7.5");
    assert_eq!(format_signed(-4, decimal("2.5")), "-10");
    assert_eq!(
        format_unsigned(1, decimal("0.000001").shifted_down(18)),
        "0.000000000000000000000001"
    );
    let widest = format_unsigned(u128::MAX, Decimal::new(i128::MAX, 0));
    assert_eq!(
        widest,
        "57896044618658097711785492504343953926124568782438874324533730092808912502785"
    );
}

#[test]
fn writes_decimals_of_any_scale() {
    // A width of the format beyond 16 bits panics.
    let text = Decimal::new(-12, 70_000).to_string();
    assert_eq!(text.len(), "-0.".len() + 70_000);
    assert!(text.starts_with("-0.000") && text.ends_with("0012"));
}

proptest! {
    #[test]
    fn accepts_round_trips(amount in any::<i64>(), mantissa in 1i128..1_000_000, scale in 0u32..12) {
        let quantum = Decimal::new(mantissa, scale);
        let text = format_signed(amount.into(), quantum);
        prop_assert!(!text.contains('.') || !text.ends_with('0'));
        let parsed = text.parse::<Parsed>();
        if let (Ok(value), Ok(_)) = (Decimal::parse(&text), parsed) {
            prop_assert_eq!(value.ratio().over(quantum).exact::<i64>(), Ok(amount));
            prop_assert_eq!(value.to_string(), text);
        }
    }

    #[test]
    fn accepts_roundings_in_order(
        numerator in (1i128 << 90).wrapping_neg()..1i128 << 90,
        denominator in 1i128..1_000_000_000,
    ) {
        let ratio = Decimal::new(numerator, 0).ratio().over(Decimal::new(denominator, 0));
        let (floor, nearest, ceil) =
            (ratio.floor::<i128>()?, ratio.nearest::<i128>()?, ratio.ceil::<i128>()?);
        prop_assert!(floor <= nearest && nearest <= ceil && ceil - floor <= 1);
        prop_assert!(floor * denominator <= numerator && ceil * denominator >= numerator);
        prop_assert!((2 * (nearest * denominator - numerator)).abs() <= denominator);
    }
}
