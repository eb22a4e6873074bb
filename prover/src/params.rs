//! KZG parameters: imported and checked, generated insecurely, kept in files.
//!
//! Nothing read from a file is believed. Every point is checked to be on its curve, the first power
//! to be the generator, all powers to be those of the one `tau` behind `[tau]G2` by a pairing of a
//! random combination, and the Lagrange basis to be that of the powers: recomputed where the file
//! has none, otherwise held against the powers by the same random combination, which a wrong basis
//! survives with probability 2^-250.

mod insecure;
mod ptau;
mod raw;

pub use insecure::insecure;
pub use ptau::import_ptau;
pub use raw::import_raw;

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::engine::key::Points;
use ff::{Field, PrimeField};
use halo2_proofs::arithmetic::{best_multiexp, g_to_lagrange};
use halo2_proofs::halo2curves::bn256::{Bn256, Fq, Fq2, Fr, G1Affine, G2Affine};
use halo2_proofs::halo2curves::group::prime::PrimeCurveAffine;
use halo2_proofs::halo2curves::group::Curve;
use halo2_proofs::halo2curves::pairing::Engine;
use halo2_proofs::halo2curves::serde::SerdeObject;
use halo2_proofs::halo2curves::CurveAffine;
use halo2_proofs::poly::commitment::{Params, ParamsProver};
use halo2_proofs::poly::kzg::commitment::ParamsKZG;
use halo2_proofs::poly::EvaluationDomain;
use rand::rngs::OsRng;
use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha20Rng;
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use zkmargin_circuits::error::InputError;
use zkmargin_verifier::setup::{is_sound_tau_g2, Setup};

/// Bytes of a point of G1, uncompressed.
const G1_BYTES: usize = 64;
/// Bytes of a point of G2, uncompressed.
const G2_BYTES: usize = 128;
/// The field has roots of unity up to this power of two.
const MAX_K: u32 = Fr::S;

/// Parameters that passed every check: 2^k powers of `tau`, their Lagrange basis and `[tau]G2`.
#[derive(Debug, Clone)]
pub struct Parameters {
    kzg: ParamsKZG<Bn256>,
    lagrange: Vec<G1Affine>,
    setup: Setup,
}

/// Why parameters cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ParamsError {
    /// The file cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file was read and is not what it should be.
    #[error(transparent)]
    Input(#[from] InputError),
}

/// What is being done, for those who watch. Stages come in this order; some do not come at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Points are computed from a known `tau`.
    Generating,
    /// Points are read and checked to be on their curve.
    Reading,
    /// Powers are checked to be those of one `tau`.
    CheckingPowers,
    /// The Lagrange basis is computed: minutes for large `k`.
    Lagrange,
}

impl Parameters {
    /// The parameters, as the library wants them.
    pub fn kzg(&self) -> &ParamsKZG<Bn256> {
        &self.kzg
    }

    /// The points to commit with.
    pub fn points(&self) -> Points<'_> {
        Points {
            powers: self.kzg.get_g(),
            lagrange: &self.lagrange,
        }
    }

    /// Base-2 logarithm of the number of powers.
    pub fn k(&self) -> u32 {
        self.kzg.k()
    }

    /// Whose they are.
    pub fn setup(&self) -> Setup {
        self.setup
    }

    /// `[tau]G2`.
    pub fn tau_g2(&self) -> G2Affine {
        self.kzg.s_g2()
    }

    /// The first 2^k powers, with a Lagrange basis of their own.
    ///
    /// # Errors
    /// When `k` is 0 or more than these parameters have.
    pub fn downsize(&self, k: u32) -> Result<Self, ParamsError> {
        if k == self.k() {
            return Ok(self.clone());
        }
        if k == 0 || k > self.k() {
            return Err(ParamsError::Input(too_few_powers(
                "parameters",
                k,
                self.k(),
            )));
        }
        if self.setup == Setup::Insecure {
            return insecure(k, &mut |_| ());
        }
        let powers = self.kzg.get_g().get(..1 << k).unwrap_or_default().to_vec();
        assemble("parameters", k, powers, None, self.tau_g2(), &mut |_| ())
    }

    /// Writes the raw form that [`import_raw`] reads, whole or not at all: beside `path` first,
    /// then moved there.
    ///
    /// # Errors
    /// When the folder cannot be written to.
    pub fn write(&self, path: &Path) -> Result<(), ParamsError> {
        let io = |source| ParamsError::Io {
            path: path.to_owned(),
            source,
        };
        let folder = match path.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        fs::create_dir_all(folder).map_err(io)?;
        let mut aside = tempfile::NamedTempFile::new_in(folder).map_err(io)?;
        let mut buffer = BufWriter::with_capacity(1 << 20, aside.as_file_mut());
        self.kzg.write(&mut buffer).map_err(io)?;
        buffer.flush().map_err(io)?;
        drop(buffer);
        aside.as_file().sync_all().map_err(io)?;
        aside.persist(path).map_err(|error| io(error.error))?;
        // So that the move itself survives a power cut; not every file system lets a folder be synced.
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
        Ok(())
    }
}

fn too_few_powers(file: impl Into<String>, wanted: u32, held: u32) -> InputError {
    InputError::new(
        file,
        "k",
        format!("2^{wanted} powers are wanted and 2^{held} are there"),
        format!("use parameters of 2^{wanted} powers or more, or a k from 1 to {held}"),
    )
}

fn damaged(file: &str, field: impl Into<String>, problem: impl Into<String>) -> ParamsError {
    ParamsError::Input(InputError::new(
        file,
        field,
        problem,
        "the file is damaged or not what it is said to be: fetch or make it again",
    ))
}

/// Checks everything and puts the parameters together; `lagrange` is computed where it is none.
fn assemble(
    file: &str,
    k: u32,
    powers: Vec<G1Affine>,
    lagrange: Option<Vec<G1Affine>>,
    tau_g2: G2Affine,
    progress: &mut dyn FnMut(Stage),
) -> Result<Parameters, ParamsError> {
    if !is_sound_tau_g2(&tau_g2) {
        return Err(damaged(file, "[tau]G2", "not a point of the group"));
    }
    if powers.first() != Some(&G1Affine::generator()) {
        return Err(damaged(file, "powers[0]", "not the generator of G1"));
    }
    progress(Stage::CheckingPowers);
    let domain = EvaluationDomain::<Fr>::new(1, k);
    let mut rng = unpredictable(&powers, &tau_g2);
    let values: Vec<Fr> = (0..powers.len()).map(|_| Fr::random(&mut rng)).collect();
    // A polynomial random in either basis.
    let coefficients = domain.lagrange_to_coeff(domain.lagrange_from_vec(values.clone()));
    let combination = best_multiexp(&coefficients, &powers);
    if let (Some((last_coefficient, low)), Some((last, _)), Some((_, shifted))) = (
        coefficients.split_last(),
        powers.split_last(),
        powers.split_first(),
    ) {
        let low_powers = combination - *last * *last_coefficient;
        let high_powers = best_multiexp(low, shifted);
        if Bn256::pairing(&low_powers.to_affine(), &tau_g2)
            != Bn256::pairing(&high_powers.to_affine(), &G2Affine::generator())
        {
            return Err(damaged(
                file,
                "powers",
                "not the powers of the one tau behind [tau]G2",
            ));
        }
    }
    let lagrange = match lagrange {
        Some(lagrange) => {
            if best_multiexp(&values, &lagrange) != combination {
                return Err(damaged(file, "Lagrange basis", "not that of the powers"));
            }
            lagrange
        }
        None => {
            progress(Stage::Lagrange);
            g_to_lagrange(powers.iter().map(PrimeCurveAffine::to_curve).collect(), k)
        }
    };
    if lagrange.iter().any(|point| bool::from(point.is_identity())) {
        return Err(damaged(
            file,
            "[tau]G2",
            "tau is a root of unity, under which nothing is hidden or bound",
        ));
    }
    Ok(unchecked(k, powers, lagrange, tau_g2))
}

/// Puts parameters together that are known to be right.
fn unchecked(
    k: u32,
    powers: Vec<G1Affine>,
    lagrange: Vec<G1Affine>,
    tau_g2: G2Affine,
) -> Parameters {
    let kzg = zkmargin_verifier::setup::verifier_params(0, tau_g2).from_parts(
        k,
        powers,
        Some(lagrange.clone()),
        G2Affine::generator(),
        tau_g2,
    );
    Parameters {
        kzg,
        lagrange,
        setup: Setup::of(&tau_g2),
    }
}

/// Randomness that whoever made the file could not have known: the operating system's, and bound
/// to the points all the same.
fn unpredictable(powers: &[G1Affine], tau_g2: &G2Affine) -> ChaCha20Rng {
    let mut fresh = [0; 32];
    OsRng.fill_bytes(&mut fresh);
    let mut hash = Sha256::new();
    hash.update(fresh);
    for point in powers {
        hash.update(point.x.to_repr());
    }
    hash.update(zkmargin_verifier::setup::tau_g2_bytes(tau_g2));
    ChaCha20Rng::from_seed(hash.finalize().into())
}

/// Points of G1 as both file formats have them: x then y, little-endian in Montgomery form.
fn g1_points(file: &str, section: &str, bytes: &[u8]) -> Result<Vec<G1Affine>, ParamsError> {
    bytes
        .par_chunks_exact(G1_BYTES)
        .enumerate()
        .map(|(index, bytes)| {
            g1_point(bytes).ok_or_else(|| {
                damaged(
                    file,
                    format!("{section}[{index}]"),
                    "not a point of the curve",
                )
            })
        })
        .collect()
}

fn g1_point(bytes: &[u8]) -> Option<G1Affine> {
    let (x, y) = bytes.split_at_checked(G1_BYTES / 2)?;
    let point = G1Affine {
        x: Fq::from_raw_bytes(x)?,
        y: Fq::from_raw_bytes(y)?,
    };
    (bool::from(point.is_on_curve()) && !bool::from(point.is_identity())).then_some(point)
}

/// A point of G2, x then y, each real then imaginary. On the curve; its order is not checked here.
fn g2_point(file: &str, field: &str, bytes: &[u8]) -> Result<G2Affine, ParamsError> {
    let mut coordinates = bytes.chunks_exact(G1_BYTES / 2).map(Fq::from_raw_bytes);
    let mut next = || coordinates.next().flatten();
    let point = (|| {
        let x = Fq2 {
            c0: next()?,
            c1: next()?,
        };
        let y = Fq2 {
            c0: next()?,
            c1: next()?,
        };
        let point = G2Affine { x, y };
        bool::from(point.is_on_curve()).then_some(point)
    })();
    point.ok_or_else(|| damaged(file, field, "not a point of the curve"))
}
