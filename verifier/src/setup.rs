//! Which trusted setup to believe. `[tau]G2` is this crate's constant, never the bundle's.
//!
//! A verifier of KZG openings needs three points: the generators of G1 and G2 and `[tau]G2`.
//! Whoever knows `tau` can open a commitment to anything, so `[tau]G2` decides whose word a proof
//! rests on.

use std::fmt;
use std::sync::LazyLock;

use ff::{FromUniformBytes, PrimeField};
use halo2_proofs::halo2curves::bn256::{Bn256, Fq, Fq2, Fr, G1Affine, G2Affine};
use halo2_proofs::halo2curves::group::cofactor::CofactorGroup;
use halo2_proofs::halo2curves::group::prime::PrimeCurveAffine;
use halo2_proofs::halo2curves::CurveAffine;
use halo2_proofs::poly::kzg::commitment::ParamsKZG;
use sha2::{Digest, Sha256, Sha512};

/// The sentence whose SHA-512, read as a little-endian integer modulo the group order, is the
/// `tau` of the insecure setup.
pub const INSECURE_SENTENCE: &str =
    "zkmargin insecure setup: this sentence is public, so anyone can forge a proof under it";

/// `[tau]G2` of the Hermez round of the Perpetual Powers of Tau ceremony.
///
/// Read from the finalised `hermez-raw-11` parameters (SHA-256
/// `c8edbefe1562c50ea105f79d9d49989bcfbf1e6a335b3858d44260e71972b8ee`), where the pairing relations
/// of the first 2^11 powers hold. Every file of that ceremony has this point, whatever its power.
/// In the encoding of [`tau_g2_bytes`] it is
/// `26186a2d65ee4d2f9c9a5b91f86597d35f192cd120caf7e935d8443d1938e23d`
/// `30441fd1b5d3370482c42152a8899027716989a6996c2535bc9f7fee8aaef79e`
/// `1970ea81dd6992adfbc571effb03503adbbb6a857f578403c6c40e22d65b3c02`
/// `054793348f12c0cf5622c340573cb277586319de359ab9389778f689786b1e48`.
pub static HERMEZ_TAU_G2: LazyLock<G2Affine> = LazyLock::new(|| G2Affine {
    x: Fq2 {
        c0: Fq::from_raw([
            0xbc9f_7fee_8aae_f79e,
            0x7169_89a6_996c_2535,
            0x82c4_2152_a889_9027,
            0x3044_1fd1_b5d3_3704,
        ]),
        c1: Fq::from_raw([
            0x35d8_443d_1938_e23d,
            0x5f19_2cd1_20ca_f7e9,
            0x9c9a_5b91_f865_97d3,
            0x2618_6a2d_65ee_4d2f,
        ]),
    },
    y: Fq2 {
        c0: Fq::from_raw([
            0x9778_f689_786b_1e48,
            0x5863_19de_359a_b938,
            0x5622_c340_573c_b277,
            0x0547_9334_8f12_c0cf,
        ]),
        c1: Fq::from_raw([
            0xc6c4_0e22_d65b_3c02,
            0xdbbb_6a85_7f57_8403,
            0xfbc5_71ef_fb03_503a,
            0x1970_ea81_dd69_92ad,
        ]),
    },
});

/// `[tau]G2` of the insecure setup, computed from its published [`insecure_tau`].
pub static INSECURE_TAU_G2: LazyLock<G2Affine> =
    LazyLock::new(|| (G2Affine::generator() * insecure_tau()).into());

/// The published secret of the insecure setup: SHA-512 of [`INSECURE_SENTENCE`] as a little-endian
/// integer modulo the group order.
pub fn insecure_tau() -> Fr {
    Fr::from_uniform_bytes(&Sha512::digest(INSECURE_SENTENCE.as_bytes()).into())
}

/// A trusted setup by name. The name selects; what is trusted is the `[tau]G2` behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Setup {
    /// The finalised Hermez transcript of the Perpetual Powers of Tau: nobody knows its `tau` unless
    /// every participant colluded.
    HermezPpot,
    /// The setup of the published [`insecure_tau`]: anyone can forge under it.
    Insecure,
    /// Any other ceremony, by the SHA-256 of its `[tau]G2` as [`tau_g2_bytes`].
    Tau([u8; 32]),
}

impl Setup {
    /// The setup a `[tau]G2` belongs to.
    pub fn of(tau_g2: &G2Affine) -> Self {
        if *tau_g2 == *HERMEZ_TAU_G2 {
            Self::HermezPpot
        } else if *tau_g2 == *INSECURE_TAU_G2 {
            Self::Insecure
        } else {
            Self::Tau(tau_g2_digest(tau_g2))
        }
    }

    /// The setup a `setup` field names, or none when it names nothing in its one spelling.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "hermez-ppot" => Some(Self::HermezPpot),
            "insecure" => Some(Self::Insecure),
            _ => {
                let digest = name.strip_prefix("tau:")?;
                if digest.bytes().any(|byte| byte.is_ascii_uppercase()) {
                    return None;
                }
                let mut bytes = [0; 32];
                hex::decode_to_slice(digest, &mut bytes).ok()?;
                Some(Self::Tau(bytes))
            }
        }
    }

    /// `[tau]G2` where it is a constant of this crate.
    pub fn tau_g2(&self) -> Option<G2Affine> {
        match self {
            Self::HermezPpot => Some(*HERMEZ_TAU_G2),
            Self::Insecure => Some(*INSECURE_TAU_G2),
            Self::Tau(_) => None,
        }
    }
}

impl fmt::Display for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HermezPpot => f.write_str("hermez-ppot"),
            Self::Insecure => f.write_str("insecure"),
            Self::Tau(digest) => write!(f, "tau:{}", hex::encode(digest)),
        }
    }
}

/// A point of G2 as EIP-197 has it: x then y, each the imaginary then the real part, 32 bytes
/// big-endian; 128 zero bytes for the point at infinity.
pub fn tau_g2_bytes(point: &G2Affine) -> [u8; 128] {
    let mut bytes = [0; 128];
    for (out, coordinate) in bytes
        .chunks_exact_mut(32)
        .zip([point.x.c1, point.x.c0, point.y.c1, point.y.c0])
    {
        out.copy_from_slice(&coordinate.to_repr());
        out.reverse();
    }
    bytes
}

/// SHA-256 of [`tau_g2_bytes`]: the name of a ceremony.
pub fn tau_g2_digest(point: &G2Affine) -> [u8; 32] {
    Sha256::digest(tau_g2_bytes(point)).into()
}

/// Whether a point can be the `[tau]G2` of a setup: on the curve, in the subgroup, not infinity.
pub fn is_sound_tau_g2(point: &G2Affine) -> bool {
    bool::from(point.is_on_curve())
        && !bool::from(point.is_identity())
        && bool::from(point.to_curve().is_torsion_free())
}

/// What verifying proofs of 2^k rows under `[tau]G2` needs. It holds no powers and cannot prove.
pub fn verifier_params(k: u32, tau_g2: G2Affine) -> ParamsKZG<Bn256> {
    // `from_parts` is a method for no reason of its own: nothing of the receiver is kept.
    ParamsKZG::<Bn256>::setup(0, Nothing).from_parts(
        k,
        vec![G1Affine::generator()],
        Some(vec![]),
        G2Affine::generator(),
        tau_g2,
    )
}

/// Stands where a generator is asked for and nothing drawn from it is kept.
struct Nothing;

impl rand_core::RngCore for Nothing {
    fn next_u32(&mut self) -> u32 {
        0
    }

    fn next_u64(&mut self) -> u64 {
        0
    }

    fn fill_bytes(&mut self, dest: &mut [u8]) {
        dest.fill(0);
    }

    fn try_fill_bytes(&mut self, dest: &mut [u8]) -> Result<(), rand_core::Error> {
        dest.fill(0);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_the_constants() {
        assert!(is_sound_tau_g2(&HERMEZ_TAU_G2));
        assert!(is_sound_tau_g2(&INSECURE_TAU_G2));
        assert_eq!(
            hex::encode(tau_g2_digest(&HERMEZ_TAU_G2)),
            "7f90e096d0c577cce01d51dc4696766a06e63bc50a73c2a6858b2f6ef61c47e7"
        );
        assert_eq!(
            hex::encode(
                insecure_tau()
                    .to_repr()
                    .iter()
                    .rev()
                    .copied()
                    .collect::<Vec<_>>()
            ),
            "179bae63e8d2e8550aabc70827069d2436735085c468e66099a57dde09b49227"
        );
    }

    #[test]
    fn accepts_each_name_in_one_spelling() {
        let other: G2Affine = (G2Affine::generator() * Fr::from(7)).into();
        for setup in [Setup::HermezPpot, Setup::Insecure, Setup::of(&other)] {
            assert_eq!(Setup::parse(&setup.to_string()), Some(setup));
        }
        assert_eq!(Setup::of(&HERMEZ_TAU_G2), Setup::HermezPpot);
        assert_eq!(Setup::of(&INSECURE_TAU_G2), Setup::Insecure);
        let name = Setup::of(&other).to_string();
        for bad in [
            "",
            "Insecure",
            "tau:",
            "tau:00",
            &name.to_uppercase(),
            &format!("tau:{}", name[4..].to_uppercase()),
        ] {
            assert_eq!(Setup::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn rejects_points_that_are_no_setup() {
        assert!(!is_sound_tau_g2(&G2Affine::default()));
        let mut off = *HERMEZ_TAU_G2;
        off.x.c0 += Fq::from(1);
        assert!(!is_sound_tau_g2(&off));
    }
}
