//! Parameters: the real ceremony's, snarkjs', our insecure ones, and files that are none.

use std::fs;
use std::path::{Path, PathBuf};

use ff::Field;
use halo2_proofs::arithmetic::best_multiexp;
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::poly::commitment::ParamsProver;
use halo2_proofs::poly::kzg::commitment::ParamsKZG;
use zkmargin_prover::params::{import_ptau, import_raw, insecure, Parameters, ParamsError};
use zkmargin_tests::ceremony::snarkjs_ceremony;
use zkmargin_verifier::setup::{insecure_tau, Setup, HERMEZ_TAU_G2};

/// The ceremony's file, where the checkout has it beside it.
fn hermez() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/srs/hermez-raw-11");
    if path.exists() {
        return Some(path);
    }
    eprintln!(
        "SKIPPED: {} is not there, the real ceremony is not tested",
        path.display()
    );
    None
}

fn raw(path: &Path) -> Result<Parameters, ParamsError> {
    import_raw(path, &mut |_| ())
}

/// The error's text, which must name the file and the remedy and be no I/O error.
fn refusal(path: &Path, result: Result<Parameters, ParamsError>) -> String {
    match result {
        Err(ParamsError::Input(error)) => {
            assert_eq!(error.file, path.display().to_string(), "{error}");
            assert!(!error.remedy.is_empty(), "{error}");
            error.to_string()
        }
        other => panic!("expected a refusal of the content, got {other:?}"),
    }
}

/// That both bases commit to the same polynomial.
fn assert_bases_agree(params: &ParamsKZG<halo2_proofs::halo2curves::bn256::Bn256>, k: u32) {
    use halo2_proofs::poly::{
        commitment::{Blind, Params},
        EvaluationDomain,
    };
    let domain = EvaluationDomain::<Fr>::new(1, k);
    let values: Vec<Fr> = (0..1_u64 << k).map(|i| Fr::from(i * i + 3)).collect();
    let values = domain.lagrange_from_vec(values);
    let coefficients = domain.lagrange_to_coeff(values.clone());
    assert_eq!(
        params.commit_lagrange(&values, Blind::default()),
        best_multiexp(&coefficients, params.get_g())
    );
}

#[test]
fn accepts_the_hermez_ceremony() {
    let Some(path) = hermez() else { return };
    let params = raw(&path).expect("the real ceremony's file is good");
    assert_eq!((params.k(), params.setup()), (11, Setup::HermezPpot));
    assert_eq!(params.tau_g2(), *HERMEZ_TAU_G2);

    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("new/params");
    params.write(&copy).unwrap();
    assert_eq!(fs::read(&copy).unwrap(), fs::read(&path).unwrap());

    let small = params.downsize(6).unwrap();
    assert_eq!((small.k(), small.setup()), (6, Setup::HermezPpot));
    assert_bases_agree(small.kzg(), 6);
    assert!(params.downsize(12).is_err());
    assert!(params.downsize(0).is_err());
}

#[test]
fn accepts_the_insecure_setup_which_is_that_of_its_tau() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("params");
    for k in [1, 2, 9] {
        let params = insecure(k, &mut |_| ()).unwrap();
        assert_eq!((params.k(), params.setup()), (k, Setup::Insecure));
        let tau = insecure_tau();
        let last = params.kzg().get_g().last().copied().unwrap();
        let expected = params.kzg().get_g()[0] * tau.pow([(1_u64 << k) - 1]);
        assert_eq!(last, expected.into());
        assert_bases_agree(params.kzg(), k);
        params.write(&path).unwrap();
        let read = raw(&path).expect("every check passes");
        assert_eq!(read.setup(), Setup::Insecure);
    }
    let params = insecure(9, &mut |_| ()).unwrap().downsize(5).unwrap();
    assert_bases_agree(params.kzg(), 5);
    assert!(insecure(0, &mut |_| ()).is_err());
    assert!(insecure(29, &mut |_| ()).is_err());
}

#[test]
fn rejects_damaged_raw_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("params");
    insecure(3, &mut |_| ()).unwrap().write(&path).unwrap();
    let good = fs::read(&path).unwrap();
    let n = 8;
    let swap = |bytes: &mut Vec<u8>, a: usize, b: usize| {
        let (a, b) = (4 + 64 * a, 4 + 64 * b);
        for i in 0..64 {
            bytes.swap(a + i, b + i);
        }
    };
    type Damage<'a> = &'a dyn Fn(&mut Vec<u8>);
    let cases: &[(&str, &str, Damage)] = &[
        ("empty", "k", &|b| b.clear()),
        ("three bytes", "k", &|b| b.truncate(3)),
        ("truncated", "length", &|b| {
            b.pop();
        }),
        ("a byte too many", "length", &|b| b.push(0)),
        ("k of another size", "length", &|b| b[0] = 4),
        ("k beyond the field", "is not from 1 to 28", &|b| b[0] = 29),
        ("k of garbage", "is not from 1 to 28", &|b| b[3] = 0xff),
        ("k zero", "is not from 1 to 28", &|b| b[0] = 0),
        (
            "power off the curve",
            "powers[2]: not a point of the curve",
            &|b| b[4 + 64 * 2] ^= 1,
        ),
        ("coordinate beyond the modulus", "powers[5]", &|b| {
            b[4 + 64 * 5..][..32].fill(0xff)
        }),
        ("infinity", "powers[1]", &|b| b[4 + 64..][..64].fill(0)),
        ("another generator", "powers[0]: not the generator", &|b| {
            swap(b, 0, 1)
        }),
        (
            "powers out of order",
            "powers: not the powers of the one tau",
            &|b| swap(b, 3, 4),
        ),
        (
            "last power",
            "powers: not the powers of the one tau",
            &|b| swap(b, n - 1, n - 2),
        ),
        ("Lagrange basis off the curve", "Lagrange basis[0]", &|b| {
            b[4 + 64 * n] ^= 1
        }),
        (
            "Lagrange basis of something else",
            "Lagrange basis: not that of the powers",
            &|b| swap(b, n, n + 1),
        ),
        ("another generator of G2", "G2: not the generator", &|b| {
            let at = 4 + 128 * n;
            b.copy_within(at + 128..at + 256, at);
        }),
        ("[tau]G2 off the curve", "[tau]G2: not a point", &|b| {
            b[4 + 128 * n + 128] ^= 1
        }),
        (
            "[tau]G2 at infinity",
            "[tau]G2: not a point of the group",
            &|b| b[4 + 128 * n + 128..].fill(0),
        ),
        (
            "[tau]G2 of tau = 1",
            "powers: not the powers of the one tau",
            &|b| {
                let at = 4 + 128 * n;
                b.copy_within(at..at + 128, at + 128);
            },
        ),
    ];
    for (name, expected, damage) in cases {
        let mut bytes = good.clone();
        damage(&mut bytes);
        fs::write(&path, bytes).unwrap();
        let message = refusal(&path, raw(&path));
        assert!(message.contains(expected), "{name}: {message}");
    }
    fs::write(&path, &good).unwrap();
    raw(&path).expect("undamaged it is good");
    assert!(matches!(
        raw(&folder.path().join("absent")),
        Err(ParamsError::Io { .. })
    ));
}

#[test]
fn rejects_a_tau_that_is_a_root_of_unity() {
    // tau = 1: all powers are the generator, and consistent.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("params");
    let params = insecure(2, &mut |_| ()).unwrap();
    let g = vec![params.kzg().get_g()[0]; 4];
    let forged = params
        .kzg()
        .from_parts(2, g, None, params.kzg().g2(), params.kzg().g2());
    let mut bytes = vec![];
    halo2_proofs::poly::commitment::Params::write(&forged, &mut bytes).unwrap();
    fs::write(&path, bytes).unwrap();
    refusal(&path, raw(&path));
}

#[test]
fn accepts_a_ptau_of_snarkjs_and_rejects_it_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ceremony.ptau");
    if !snarkjs_ceremony(8, &path) {
        return;
    }
    let ptau = |k| import_ptau(&path, k, &mut |_| ());
    let all = ptau(None).expect("what snarkjs makes is good");
    assert_eq!(all.k(), 8);
    let Setup::Tau(digest) = all.setup() else {
        panic!("{} is not a ceremony of its own", all.setup())
    };
    assert_eq!(
        Setup::parse(&format!("tau:{}", hex::encode(digest))),
        Some(all.setup())
    );
    assert_bases_agree(all.kzg(), 8);
    let some = ptau(Some(5)).unwrap();
    assert_eq!((some.k(), some.setup()), (5, all.setup()));
    assert_bases_agree(some.kzg(), 5);
    let message = refusal(&path, ptau(Some(9)));
    assert!(
        message.contains("2^9 powers are wanted and 2^8 are there"),
        "{message}"
    );

    // snarkjs writes the header first, then the sections in order: find where each begins.
    let good = fs::read(&path).unwrap();
    let mut sections = vec![];
    let mut at = 12;
    while at < good.len() {
        let kind = u32::from_le_bytes(good[at..at + 4].try_into().unwrap());
        let length = u64::from_le_bytes(good[at + 4..at + 12].try_into().unwrap()) as usize;
        sections.push((kind, at));
        at += 12 + length;
    }
    let section = |wanted: u32| sections.iter().find(|(kind, _)| *kind == wanted).unwrap().1;
    let (header, g1, g2) = (section(1) + 12, section(2) + 12, section(3) + 12);
    type Damage<'a> = &'a dyn Fn(&mut Vec<u8>);
    let cases: &[(&str, &str, Damage)] = &[
        ("empty", "does not begin with `ptau`", &|b| b.clear()),
        ("another format", "does not begin with `ptau`", &|b| {
            b[0] = b'z'
        }),
        ("another version", "version", &|b| b[4] = 2),
        ("many sections", "sections", &|b| b[8..12].fill(0xff)),
        ("one section more", "goes beyond", &|b| b[8] += 1),
        ("truncated", "goes beyond", &|b| b.truncate(b.len() / 2)),
        ("a length of garbage", "goes beyond", &|b| {
            b[g1 - 8..g1].fill(0xff)
        }),
        ("no powers", "section 2 (powers in G1): is missing", &|b| {
            b[g1 - 12] = 99
        }),
        (
            "powers twice",
            "section 2 (powers in G1): is there twice",
            &|b| b[section(4)] = 2,
        ),
        ("no header", "section 1 (header): is missing", &|b| {
            b[header - 12] = 99
        }),
        ("another curve", "the curve is not BN254", &|b| {
            b[header + 4] ^= 1
        }),
        ("power of garbage", "power", &|b| b[header + 36 + 2] = 1),
        ("another power", "section 2 (powers in G1)", &|b| {
            b[header + 36] = 9
        }),
        ("power off the curve", "powers[3]: not a point", &|b| {
            b[g1 + 64 * 3] ^= 1
        }),
        ("no generator", "powers[0]: not the generator", &|b| {
            b.copy_within(g1 + 64..g1 + 128, g1)
        }),
        (
            "a power twice",
            "powers: not the powers of the one tau",
            &|b| b.copy_within(g1 + 64 * 9..g1 + 64 * 10, g1 + 64 * 10),
        ),
        ("G2 no generator", "G2 powers[0]: not the generator", &|b| {
            b.copy_within(g2 + 128..g2 + 256, g2)
        }),
        ("[tau]G2 off the curve", "G2 powers[1]: not a point", &|b| {
            b[g2 + 128] ^= 1
        }),
        (
            "[tau]G2 of another",
            "powers: not the powers of the one tau",
            &|b| b.copy_within(g2 + 256..g2 + 384, g2 + 128),
        ),
    ];
    for (name, expected, damage) in cases {
        let mut bytes = good.clone();
        damage(&mut bytes);
        fs::write(&path, bytes).unwrap();
        let message = refusal(&path, ptau(None));
        assert!(message.contains(expected), "{name}: {message}");
    }
}
