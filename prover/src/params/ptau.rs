//! The `.ptau` files of snarkjs, which ceremonies publish.
//!
//! A file is the word `ptau`, a version (1) and a number of sections, each a type (32 bits), a
//! length (64 bits) and its content, all little-endian, in any order. Section 1 says the field and
//! the power p, section 2 has 2^(p+1) - 1 powers in G1, section 3 has 2^p powers in G2. Points are
//! uncompressed, little-endian, in Montgomery form. Other sections are not needed here, and not read.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use ff::PrimeField;
use halo2_proofs::halo2curves::bn256::{Fq, G2Affine};
use zkmargin_circuits::error::InputError;

use super::{
    assemble, damaged, g1_points, g2_point, too_few_powers, Parameters, ParamsError, Stage,
    G1_BYTES, G2_BYTES, MAX_K,
};

const MAGIC: [u8; 4] = *b"ptau";
const VERSION: u32 = 1;
const HEADER: u32 = 1;
const TAU_G1: u32 = 2;
const TAU_G2: u32 = 3;
/// snarkjs writes 11 at most; a file that says many more is garbage.
const MAX_SECTIONS: u32 = 64;

#[derive(Clone, Copy)]
struct Section {
    start: u64,
    length: u64,
}

/// Imports the first 2^k powers of a `.ptau` file, or all of them when `k` is none.
///
/// # Errors
/// When the file cannot be read, is not one of BN254, has fewer powers, or any check fails.
pub fn import_ptau(
    path: &Path,
    k: Option<u32>,
    progress: &mut dyn FnMut(Stage),
) -> Result<Parameters, ParamsError> {
    let mut file = Ptau::open(path)?;
    let power = file.power()?;
    let k = k.unwrap_or(power);
    if k == 0 || k > power {
        return Err(too_few_powers(file.name, k, power).into());
    }

    progress(Stage::Reading);
    let tau_g1 = file.section(TAU_G1, "section 2 (powers in G1)")?;
    let expected = ((2 << power) - 1) * G1_BYTES as u64;
    file.expect_length(tau_g1, expected, "section 2 (powers in G1)")?;
    let bytes = file.read(tau_g1, G1_BYTES << k)?;
    let powers = g1_points(&file.name, "powers", &bytes)?;
    drop(bytes);

    let tau_g2 = file.section(TAU_G2, "section 3 (powers in G2)")?;
    file.expect_length(
        tau_g2,
        (1 << power) * G2_BYTES as u64,
        "section 3 (powers in G2)",
    )?;
    let bytes = file.read(tau_g2, 2 * G2_BYTES)?;
    let (generator, tau_g2) = bytes.split_at(G2_BYTES);
    if g2_point(&file.name, "G2 powers[0]", generator)? != G2Affine::generator() {
        return Err(damaged(&file.name, "G2 powers[0]", "not the generator"));
    }
    let tau_g2 = g2_point(&file.name, "G2 powers[1]", tau_g2)?;
    assemble(&file.name, k, powers, None, tau_g2, progress)
}

/// An open file whose sections are known to lie inside it.
struct Ptau<'a> {
    path: &'a Path,
    name: String,
    reader: BufReader<File>,
    sections: Vec<(u32, Section)>,
}

impl<'a> Ptau<'a> {
    fn open(path: &'a Path) -> Result<Self, ParamsError> {
        let io = |source| ParamsError::Io {
            path: path.to_owned(),
            source,
        };
        let file = File::open(path).map_err(io)?;
        let length = file.metadata().map_err(io)?.len();
        let name = path.display().to_string();
        let mut ptau = Self {
            path,
            name,
            reader: BufReader::new(file),
            sections: vec![],
        };
        if length < 12 || ptau.array::<4>()? != MAGIC {
            return Err(InputError::new(
                ptau.name,
                "",
                "does not begin with `ptau`",
                "give a .ptau file of snarkjs; raw halo2 parameters go with --params",
            )
            .into());
        }
        let version = u32::from_le_bytes(ptau.array()?);
        if version != VERSION {
            return Err(damaged(
                &ptau.name,
                "version",
                format!("{version} is not {VERSION}"),
            ));
        }
        let count = u32::from_le_bytes(ptau.array()?);
        if count > MAX_SECTIONS {
            return Err(damaged(
                &ptau.name,
                "sections",
                format!("{count} of them, more than {MAX_SECTIONS}"),
            ));
        }
        let mut start = 12_u64;
        for index in 0..count {
            let past_end = || {
                damaged(
                    &ptau.name,
                    format!("section number {index}"),
                    format!("goes beyond the file's {length} bytes"),
                )
            };
            let content = start
                .checked_add(12)
                .filter(|at| *at <= length)
                .ok_or_else(past_end)?;
            ptau.reader.seek(SeekFrom::Start(start)).map_err(io)?;
            let mut head = [0; 12];
            ptau.reader.read_exact(&mut head).map_err(io)?;
            let [t0, t1, t2, t3, size @ ..] = head;
            let section = Section {
                start: content,
                length: u64::from_le_bytes(size),
            };
            start = content
                .checked_add(section.length)
                .filter(|end| *end <= length)
                .ok_or_else(past_end)?;
            ptau.sections
                .push((u32::from_le_bytes([t0, t1, t2, t3]), section));
        }
        Ok(ptau)
    }

    /// Reads the header: the field must be that of BN254.
    fn power(&mut self) -> Result<u32, ParamsError> {
        let header = self.section(HEADER, "section 1 (header)")?;
        self.expect_length(header, 44, "section 1 (header)")?;
        self.seek(header.start)?;
        let element_bytes = u32::from_le_bytes(self.array()?);
        let modulus = self.array::<32>()?;
        let mut base_modulus = (-Fq::one()).to_repr();
        base_modulus[0] += 1; // p - 1 ends in 0x46
        if element_bytes != 32 || modulus != base_modulus {
            return Err(InputError::new(
                &self.name,
                "section 1 (header)",
                "the curve is not BN254",
                "use a ceremony on BN254 (`bn128` in snarkjs)",
            )
            .into());
        }
        let power = u32::from_le_bytes(self.array()?);
        if power == 0 || power > MAX_K {
            return Err(damaged(
                &self.name,
                "power",
                format!("{power} is not from 1 to {MAX_K}"),
            ));
        }
        Ok(power)
    }

    /// The one section of a type.
    fn section(&self, wanted: u32, name: &str) -> Result<Section, ParamsError> {
        let mut found = self.sections.iter().filter(|(kind, _)| *kind == wanted);
        match (found.next(), found.next()) {
            (Some((_, section)), None) => Ok(*section),
            (None, _) => Err(damaged(&self.name, name, "is missing")),
            (Some(_), Some(_)) => Err(damaged(&self.name, name, "is there twice")),
        }
    }

    fn expect_length(
        &self,
        section: Section,
        expected: u64,
        name: &str,
    ) -> Result<(), ParamsError> {
        if section.length == expected {
            return Ok(());
        }
        Err(damaged(
            &self.name,
            name,
            format!("{} bytes, where {expected} are due", section.length),
        ))
    }

    fn read(&mut self, section: Section, length: usize) -> Result<Vec<u8>, ParamsError> {
        self.seek(section.start)?;
        let mut bytes = vec![0; length];
        self.reader
            .read_exact(&mut bytes)
            .map_err(|source| self.io(source))?;
        Ok(bytes)
    }

    fn seek(&mut self, to: u64) -> Result<(), ParamsError> {
        self.reader
            .seek(SeekFrom::Start(to))
            .map(drop)
            .map_err(|source| self.io(source))
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], ParamsError> {
        let mut bytes = [0; N];
        self.reader
            .read_exact(&mut bytes)
            .map_err(|source| self.io(source))?;
        Ok(bytes)
    }

    fn io(&self, source: std::io::Error) -> ParamsError {
        ParamsError::Io {
            path: self.path.to_owned(),
            source,
        }
    }
}
