//! Points from their bytes, a few side by side.
//!
//! A point is its x, and the parity of its y in bit 6 of the last byte. What it costs is a square
//! root, one long chain of products that each wait for the one before: four chains side by side take
//! little longer than one.

use ff::{Field, PrimeField};
use halo2_proofs::halo2curves::bn256::{Fq, G1Affine};

use super::ELEMENT_BYTES;

/// Roots that are computed side by side.
const LANES: usize = 4;

/// `(p + 1) / 4`, big-endian: since `p` is 3 modulo 4, this power of a square is its root.
const ROOT: [u8; 32] = [
    0x0c, 0x19, 0x13, 0x9c, 0xb8, 0x4c, 0x68, 0x0a, 0x6e, 0x14, 0x11, 0x6d, 0xa0, 0x60, 0x56, 0x17,
    0x65, 0xe0, 0x5a, 0xa4, 0x5a, 0x1c, 0x72, 0xa3, 0x4f, 0x08, 0x23, 0x05, 0xb6, 0x1f, 0x3f, 0x52,
];

/// The points that `encoded` are the one encoding of, none of them at infinity. None where one of
/// them is not.
pub(super) fn decode(encoded: &[[u8; ELEMENT_BYTES]]) -> Option<Vec<G1Affine>> {
    let mut points = Vec::with_capacity(encoded.len());
    for encoded in encoded.chunks(LANES) {
        let mut squares = [Fq::ZERO; LANES];
        let mut halves = [(Fq::ZERO, false); LANES];
        for ((half, square), encoded) in halves.iter_mut().zip(&mut squares).zip(encoded) {
            *half = abscissa(encoded)?;
            *square = half.0.square() * half.0 + Fq::from(3);
        }
        let roots = roots(squares);
        let candidates = halves.into_iter().zip(roots).zip(squares);
        for (((x, odd), root), square) in candidates.take(encoded.len()) {
            if root.square() != square {
                return None;
            }
            let y = if is_odd(&root) == odd { root } else { -root };
            points.push(G1Affine { x, y });
        }
    }
    Some(points)
}

/// x, and whether y is odd.
fn abscissa(encoded: &[u8; ELEMENT_BYTES]) -> Option<(Fq, bool)> {
    let mut x = *encoded;
    let flags = x.last_mut()?;
    let (infinity, odd) = (*flags & 0x80 != 0, *flags & 0x40 != 0);
    *flags &= 0x3f;
    let x = Option::<Fq>::from(Fq::from_repr(x))?;
    (!infinity).then_some((x, odd))
}

fn is_odd(y: &Fq) -> bool {
    bool::from(y.is_odd())
}

/// The root of each, where it has one.
fn roots(squares: [Fq; LANES]) -> [Fq; LANES] {
    let multiply = |values: &mut [Fq; LANES], factors: &[Fq; LANES]| {
        for (value, factor) in values.iter_mut().zip(factors) {
            *value *= factor;
        }
    };
    let mut powers = [[Fq::ONE; LANES]; 16];
    let mut power = [Fq::ONE; LANES];
    for entry in &mut powers {
        *entry = power;
        multiply(&mut power, &squares);
    }
    let mut roots = [Fq::ONE; LANES];
    for digit in ROOT.iter().flat_map(|byte| [byte >> 4, byte & 15]) {
        for _ in 0..4 {
            for root in &mut roots {
                *root = root.square();
            }
        }
        if let (1.., Some(power)) = (digit, powers.get(usize::from(digit))) {
            multiply(&mut roots, power);
        }
    }
    roots
}

#[cfg(test)]
mod tests {
    use super::*;
    use halo2_proofs::halo2curves::bn256::{Fr, G1};
    use halo2_proofs::halo2curves::group::{Curve, GroupEncoding};

    /// The library's reading, where it is the one encoding of a point that is not at infinity.
    fn library(bytes: &[u8; 32]) -> Option<G1Affine> {
        let mut encoded = <G1Affine as GroupEncoding>::Repr::default();
        encoded.as_mut().copy_from_slice(bytes);
        Option::<G1Affine>::from(G1Affine::from_bytes(&encoded))
            .filter(|point| point.to_bytes().as_ref() == bytes && *point != G1Affine::default())
    }

    fn encode(point: &G1Affine) -> [u8; 32] {
        point.to_bytes().as_ref().try_into().unwrap()
    }

    #[test]
    fn accepts_points_in_any_number_and_both_signs() {
        let mut point = G1::generator();
        let mut points = Vec::new();
        for count in 0..10 {
            let encoded: Vec<_> = points.iter().map(encode).collect();
            assert_eq!(decode(&encoded), Some(points.clone()), "{count} points");
            points.push(point.to_affine());
            points.push((-point).to_affine());
            point = point * Fr::from(0x1234_5678_9abc) + G1::generator();
        }
    }

    #[test]
    fn accepts_what_the_library_takes_for_the_one_encoding() {
        let mut accepted = 0;
        for seed in 0..400u64 {
            let x = Fq::from(seed).square() * Fq::from(seed + 17).square() * Fq::from(seed);
            for flags in [0, 0x40, 0x80, 0xc0] {
                let mut bytes = x.to_repr();
                bytes[31] ^= flags;
                let found = decode(&[bytes]).map(|points| points[0]);
                assert_eq!(found, library(&bytes), "{bytes:?}");
                accepted += usize::from(found.is_some());
            }
        }
        assert!(accepted > 200);
        let mut modulus = (-Fq::ONE).to_repr();
        modulus[0] += 1;
        for bytes in [modulus, [0xff; 32], [0x3f; 32]] {
            assert_eq!(decode(&[bytes]), None);
        }
    }

    #[test]
    fn rejects_all_where_one_is_no_point() {
        let good = encode(&G1::generator().to_affine());
        for count in 1..10 {
            for at in 0..count {
                let mut encoded = vec![good; count];
                encoded[at][31] |= 0x80;
                assert_eq!(decode(&encoded), None, "{at} of {count}");
            }
        }
    }
}
