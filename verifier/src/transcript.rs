//! A reader of proofs that accepts one encoding only.
//!
//! The library's own reader accepts a second form of every point (bit 7 of the last byte) and does
//! not care what follows the proof, so that one proof has many files. Here a proof that verifies is
//! the only one of its content: points and scalars re-encode to the bytes they were read from, the
//! point at infinity is refused, and [`StrictReader::finish`] refuses a tail.

mod points;

use std::io;

use ff::PrimeField;
use halo2_proofs::halo2curves::bn256::{Fr, G1Affine};
use halo2_proofs::transcript::{
    Blake2bRead, Challenge255, Transcript, TranscriptRead, TranscriptReadBuffer,
};

/// Bytes of a point or of a scalar in a proof.
pub const ELEMENT_BYTES: usize = 32;

/// The Blake2b transcript of a proof, read strictly.
pub struct StrictReader<'a> {
    transcript: Blake2bRead<io::Empty, G1Affine, Challenge255<G1Affine>>,
    rest: &'a [u8],
}

impl<'a> StrictReader<'a> {
    /// Reads `proof` from its beginning.
    pub fn new(proof: &'a [u8]) -> Self {
        Self {
            transcript: Blake2bRead::init(io::empty()),
            rest: proof,
        }
    }

    /// Ends the reading: every byte must have been read.
    pub fn finish(self) -> io::Result<()> {
        match self.rest.len() {
            0 => Ok(()),
            tail => Err(invalid(format!("{tail} bytes after the end of the proof"))),
        }
    }

    /// Reads points one after another. It is faster than reading each by itself.
    pub fn read_points(&mut self, count: usize) -> io::Result<Vec<G1Affine>> {
        let early = || invalid("the proof ends early");
        let length = count.checked_mul(ELEMENT_BYTES).ok_or_else(early)?;
        let (encoded, rest) = self.rest.split_at_checked(length).ok_or_else(early)?;
        self.rest = rest;
        let points = points::decode(encoded.as_chunks().0)
            .ok_or_else(|| invalid("not the one encoding of a point of the curve"))?;
        for point in &points {
            self.common_point(*point)?;
        }
        Ok(points)
    }

    fn take(&mut self) -> io::Result<[u8; ELEMENT_BYTES]> {
        let (element, rest) = self
            .rest
            .split_first_chunk::<ELEMENT_BYTES>()
            .ok_or_else(|| invalid("the proof ends early"))?;
        self.rest = rest;
        Ok(*element)
    }
}

/// The point that bytes encode, in its one encoding. Infinity has none.
///
/// # Errors
/// When they encode none.
pub fn decode_point(bytes: &[u8; ELEMENT_BYTES]) -> io::Result<G1Affine> {
    points::decode(&[*bytes])
        .and_then(|points| points.first().copied())
        .ok_or_else(|| invalid("not the one encoding of a point of the curve"))
}

/// The scalar that bytes encode, in its one encoding.
///
/// # Errors
/// When they encode none.
pub fn decode_scalar(bytes: &[u8; ELEMENT_BYTES]) -> io::Result<Fr> {
    Option::<Fr>::from(Fr::from_repr(*bytes))
        .filter(|scalar| scalar.to_repr() == *bytes)
        .ok_or_else(|| invalid("not a field element"))
}

fn invalid(problem: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, problem.into())
}

impl Transcript<G1Affine, Challenge255<G1Affine>> for StrictReader<'_> {
    fn squeeze_challenge(&mut self) -> Challenge255<G1Affine> {
        self.transcript.squeeze_challenge()
    }

    fn common_point(&mut self, point: G1Affine) -> io::Result<()> {
        self.transcript.common_point(point)
    }

    fn common_scalar(&mut self, scalar: Fr) -> io::Result<()> {
        self.transcript.common_scalar(scalar)
    }
}

impl TranscriptRead<G1Affine, Challenge255<G1Affine>> for StrictReader<'_> {
    fn read_point(&mut self) -> io::Result<G1Affine> {
        let points = self.read_points(1)?;
        let point = points.first().copied();
        point.ok_or_else(|| invalid("the proof ends early"))
    }

    fn read_scalar(&mut self) -> io::Result<Fr> {
        let scalar = decode_scalar(&self.take()?)?;
        self.common_scalar(scalar)?;
        Ok(scalar)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use halo2_proofs::halo2curves::group::GroupEncoding;
    use halo2_proofs::transcript::{Blake2bWrite, TranscriptWrite, TranscriptWriterBuffer};

    fn written() -> (G1Affine, Fr, Vec<u8>) {
        let point: G1Affine = (G1Affine::generator() * Fr::from(5)).into();
        let scalar = Fr::from(6).invert().unwrap();
        let mut writer = Blake2bWrite::<Vec<u8>, G1Affine, Challenge255<G1Affine>>::init(vec![]);
        writer.write_point(point).unwrap();
        writer.write_scalar(scalar).unwrap();
        (point, scalar, writer.finalize())
    }

    #[test]
    fn accepts_what_the_library_writes() {
        let (point, scalar, bytes) = written();
        let mut reader = StrictReader::new(&bytes);
        assert_eq!(reader.read_point().unwrap(), point);
        assert_eq!(reader.read_scalar().unwrap(), scalar);
        reader.finish().unwrap();
    }

    #[test]
    fn rejects_the_second_encoding_of_a_point() {
        let (point, _, mut bytes) = written();
        bytes[31] ^= 0x80;
        let mut lax = Blake2bRead::<_, G1Affine, Challenge255<G1Affine>>::init(&bytes[..]);
        assert_eq!(
            lax.read_point().unwrap(),
            point,
            "the library has mended this: the check may go"
        );
        assert!(StrictReader::new(&bytes).read_point().is_err());
    }

    #[test]
    fn rejects_infinity_and_points_off_the_curve() {
        let mut infinity = [0; 32];
        infinity[31] = 0x80;
        assert!(StrictReader::new(&infinity).read_point().is_err());
        let off = (0u8..)
            .map(|x| {
                let mut bytes = [0; 32];
                bytes[0] = x;
                bytes
            })
            .find(|bytes| {
                let mut encoded = <G1Affine as GroupEncoding>::Repr::default();
                encoded.as_mut().copy_from_slice(bytes);
                bool::from(G1Affine::from_bytes(&encoded).is_none())
            })
            .unwrap();
        assert!(StrictReader::new(&off).read_point().is_err());
        assert!(StrictReader::new(&[0xff; 32]).read_point().is_err());
    }

    #[test]
    fn rejects_scalars_not_below_the_modulus() {
        let mut modulus = (-Fr::from(1)).to_repr();
        modulus[0] += 1;
        assert!(StrictReader::new(&modulus).read_scalar().is_err());
        assert!(StrictReader::new(&[0xff; 32]).read_scalar().is_err());
    }

    #[test]
    fn rejects_a_tail_and_an_early_end() {
        let (_, _, mut bytes) = written();
        assert!(StrictReader::new(&bytes[..31]).read_point().is_err());
        bytes.push(0);
        let mut reader = StrictReader::new(&bytes);
        reader.read_point().unwrap();
        reader.read_scalar().unwrap();
        assert!(reader.finish().is_err());
    }
}
