//! Sums of products of field elements, reduced once for all of them.
//!
//! The library reduces every product. A word of Poseidon's state is a sum of up to seventeen
//! products, and reducing is half of the work of each.
//!
//! An element is four 64-bit limbs, lowest first, in Montgomery form (`a * 2^256 mod p`) and below
//! `p`. With `R = 2^256`, `p < 0.1891 R`: seventeen products and a constant in the upper half come to
//! less than `17 p^2 + p R`, Montgomery's reduction adds less than `p R`, and after the division by
//! `R` at most `17 * 0.1891 p + 2 p < 5.22 p < R` is left. It fits four limbs, and three conditional
//! subtractions (of `2p`, `2p` and `p`) bring it below `p`.

use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::halo2curves::serde::SerdeObject;

/// The most products in one sum.
const MOST: usize = 17;

/// The modulus `p`.
const MODULUS: [u64; 4] = [
    0x43e1_f593_f000_0001,
    0x2833_e848_79b9_7091,
    0xb850_45b6_8181_585d,
    0x3064_4e72_e131_a029,
];

/// `2p`.
const TWICE: [u64; 4] = [
    0x87c3_eb27_e000_0002,
    0x5067_d090_f372_e122,
    0x70a0_8b6d_0302_b0ba,
    0x60c8_9ce5_c263_4053,
];

/// `-1/p mod 2^64`.
const INVERSE: u64 = 0xc2e1_f593_efff_ffff;

/// A field element in Montgomery form, below the modulus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Lazy([u64; 4]);

// The library has the same form: nothing is computed.
impl From<&Fr> for Lazy {
    fn from(value: &Fr) -> Self {
        let mut raw = [0; 32];
        // 32 bytes into room for 32.
        let _ = value.write_raw(&mut raw.as_mut_slice());
        let mut limbs = [0; 4];
        for (limb, bytes) in limbs.iter_mut().zip(raw.chunks_exact(8)) {
            *limb = bytes
                .iter()
                .rev()
                .fold(0, |limb, b| limb << 8 | u64::from(*b));
        }
        Self(limbs)
    }
}

impl From<Lazy> for Fr {
    fn from(Lazy(limbs): Lazy) -> Self {
        let mut raw = [0; 32];
        for (bytes, limb) in raw.chunks_exact_mut(8).zip(limbs) {
            bytes.copy_from_slice(&limb.to_le_bytes());
        }
        // Below the modulus, so there is such an element.
        Fr::from_raw_bytes(&raw).unwrap_or_default()
    }
}

/// A column of a sum of long products: the low and the high halves of its terms. At most
/// `4 * (MOST + 1) + 1` terms of 64 bits stand in each, so neither overflows.
#[derive(Default)]
struct Column {
    low: u128,
    high: u128,
}

impl Column {
    #[inline(always)]
    fn add(&mut self, a: u64, b: u64) {
        let product = u128::from(a) * u128::from(b);
        self.low += u128::from(product as u64);
        self.high += product >> 64;
    }

    /// The column's limb. What is above it is carried to the next column.
    #[inline(always)]
    fn next(&mut self) -> u64 {
        let limb = self.low as u64;
        self.low = (self.low >> 64) + self.high;
        self.high = 0;
        limb
    }

    /// The multiple of the modulus that clears the column's limb, added.
    #[inline(always)]
    fn clear(&mut self) -> u64 {
        let multiple = (self.low as u64).wrapping_mul(INVERSE);
        self.add(multiple, MODULUS[0]);
        self.next();
        multiple
    }
}

/// `constant + sum left * right + sum more_left * more_right`, not yet below the modulus.
#[inline(always)]
fn reduced_once<const N: usize, const M: usize>(
    constant: &Lazy,
    (left, right): (&[Lazy; N], &[Lazy; N]),
    (more_left, more_right): (&[Lazy; M], &[Lazy; M]),
) -> [u64; 4] {
    const { assert!(N + M <= MOST) };
    let mut column = Column::default();
    // The terms of a column: pairs of limbs whose places add up to its own.
    macro_rules! terms {
        ($(($i:literal, $j:literal))*) => {
            for (a, b) in left.iter().zip(right) {
                $(column.add(a.0[$i], b.0[$j]);)*
            }
            for (a, b) in more_left.iter().zip(more_right) {
                $(column.add(a.0[$i], b.0[$j]);)*
            }
        };
    }
    let p = &MODULUS;

    terms!((0, 0));
    let m0 = column.clear();
    terms!((0, 1)(1, 0));
    column.add(m0, p[1]);
    let m1 = column.clear();
    terms!((0, 2)(1, 1)(2, 0));
    column.add(m0, p[2]);
    column.add(m1, p[1]);
    let m2 = column.clear();
    terms!((0, 3)(1, 2)(2, 1)(3, 0));
    column.add(m0, p[3]);
    column.add(m1, p[2]);
    column.add(m2, p[1]);
    let m3 = column.clear();

    column.low += u128::from(constant.0[0]);
    terms!((1, 3)(2, 2)(3, 1));
    column.add(m1, p[3]);
    column.add(m2, p[2]);
    column.add(m3, p[1]);
    let limb0 = column.next();
    column.low += u128::from(constant.0[1]);
    terms!((2, 3)(3, 2));
    column.add(m2, p[3]);
    column.add(m3, p[2]);
    let limb1 = column.next();
    column.low += u128::from(constant.0[2]);
    terms!((3, 3));
    column.add(m3, p[3]);
    let limb2 = column.next();
    column.low += u128::from(constant.0[3]);
    [limb0, limb1, limb2, column.next()]
}

/// `value - bound` unless that is below zero.
#[inline(always)]
fn subtract_from(value: [u64; 4], bound: &[u64; 4]) -> [u64; 4] {
    let mut less = [0; 4];
    let mut borrow = false;
    for ((less, value), bound) in less.iter_mut().zip(value).zip(bound) {
        let (difference, first) = value.overflowing_sub(*bound);
        let (difference, second) = difference.overflowing_sub(u64::from(borrow));
        *less = difference;
        borrow = first | second;
    }
    let keep = 0u64.wrapping_sub(u64::from(borrow));
    std::array::from_fn(|i| (value[i] & keep) | (less[i] & !keep))
}

/// `constant + sum left * right + sum more_left * more_right`.
#[inline(always)]
pub fn sum_of_two<const N: usize, const M: usize>(
    constant: &Lazy,
    terms: (&[Lazy; N], &[Lazy; N]),
    more: (&[Lazy; M], &[Lazy; M]),
) -> Lazy {
    let sum = reduced_once(constant, terms, more);
    let sum = subtract_from(subtract_from(sum, &TWICE), &TWICE);
    Lazy(subtract_from(sum, &MODULUS))
}

/// `constant + sum left * right`.
#[inline(always)]
pub fn sum<const N: usize>(constant: &Lazy, left: &[Lazy; N], right: &[Lazy; N]) -> Lazy {
    sum_of_two(constant, (left, right), (&[], &[]))
}

/// `a * b`, up to 1.3 times the modulus where neither factor is above that.
#[inline(always)]
fn loose_product(a: &Lazy, b: &Lazy) -> Lazy {
    Lazy(reduced_once(&Lazy::default(), (&[*a], &[*b]), (&[], &[])))
}

/// `a * b`.
#[inline(always)]
fn product(a: &Lazy, b: &Lazy) -> Lazy {
    Lazy(subtract_from(loose_product(a, b).0, &MODULUS))
}

/// `x^5`. The powers between stay below `(1.3^2 * 0.1891 + 1) p < 1.33 p`.
#[inline(always)]
pub fn quintic(x: &Lazy) -> Lazy {
    let square = loose_product(x, x);
    product(&loose_product(&square, &square), x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ff::Field;

    #[test]
    fn accepts_there_and_back() {
        for value in [Fr::ZERO, Fr::ONE, -Fr::ONE, Fr::from(7).invert().unwrap()] {
            assert_eq!(Fr::from(Lazy::from(&value)), value);
        }
        // The library's form is this one: one is `R`.
        let one = Lazy::from(&Fr::ONE);
        assert_eq!(product(&one, &one), one);
    }

    /// The greatest limbs there are: nothing overflows, and the result is below the modulus.
    #[test]
    fn accepts_the_longest_sum_of_the_greatest_elements() {
        let greatest = Lazy(subtract_from(MODULUS, &[1, 0, 0, 0]));
        let value = Fr::from(greatest);
        let most = [greatest; MOST];
        let found = sum(&greatest, &most, &most);
        let expected = value + value.square() * Fr::from(MOST as u64);
        assert_eq!(Fr::from(found), expected);
        assert_eq!(found, Lazy::from(&expected));
        assert_eq!(
            Fr::from(quintic(&greatest)),
            value.square().square() * value
        );
    }
}
