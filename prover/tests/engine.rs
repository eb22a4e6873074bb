//! The engine proves other circuits than this project's. The verifier reads the proofs, and where
//! these open every cell the library's verifier does too.

#[path = "engine/draws.rs"]
mod draws;

use std::collections::HashSet;
use std::sync::Arc;

use ff::Field;
use halo2_proofs::arithmetic::g_to_lagrange;
use halo2_proofs::circuit::{Layouter, SimpleFloorPlanner, Value};
use halo2_proofs::halo2curves::bn256::{Bn256, Fr, G1Affine};
use halo2_proofs::halo2curves::group::prime::PrimeCurveAffine;
use halo2_proofs::plonk::{
    self, keygen_vk, Advice, Challenge, Circuit, Column, ConstraintSystem, Error, Expression,
    FirstPhase, Fixed, Instance, SecondPhase, Selector, ThirdPhase,
};
use halo2_proofs::poly::commitment::ParamsProver;
use halo2_proofs::poly::kzg::commitment::{KZGCommitmentScheme, ParamsKZG};
use halo2_proofs::poly::kzg::multiopen::VerifierSHPLONK;
use halo2_proofs::poly::kzg::strategy::SingleStrategy;
use halo2_proofs::poly::Rotation;
use rand::rngs::OsRng;
use rand::{CryptoRng, RngCore, SeedableRng};
use rand_chacha::ChaCha20Rng;
use zkmargin_prover::engine::column::Cells;
use zkmargin_prover::engine::key::{proving_key, verifying_key, Points, ProvingKey};
use zkmargin_prover::engine::proof::{create_proof, ProofError, Witness};
use zkmargin_prover::engine::simd::{Arithmetic, Portable, LANES};
#[cfg(target_arch = "x86_64")]
use zkmargin_prover::engine::simd::{Fma, Ifma};
use zkmargin_verifier::key::key_bytes;
use zkmargin_verifier::plonk::sums::Sums;
use zkmargin_verifier::proof::verify_proof;
use zkmargin_verifier::setup::verifier_params;
use zkmargin_verifier::transcript::StrictReader;

/// What a circuit has of everything that the engine treats apart.
#[derive(Debug, Clone, Default)]
struct Shape {
    k: u32,
    /// Of the constraint system and of one gate.
    degree: usize,
    /// Columns with copies; none has any if 0.
    copied: usize,
    lookups: usize,
    /// Columns of a second phase, with challenges between the two.
    second: usize,
    /// Challenges after the only phase.
    challenge: bool,
    /// Each of a column of its own.
    rotations: Vec<i32>,
}

/// Rotations of one column, more of them than are hidden in any case.
const SEVERAL: [i32; 5] = [-9, -1, 1, 8, 17];

#[derive(Debug, Clone)]
struct Config {
    public: Column<Instance>,
    /// 1 in usable rows: all of it, and where no rotation leaves them.
    on: Column<Fixed>,
    inner: Column<Fixed>,
    a: Column<Advice>,
    power: Column<Advice>,
    several: Column<Advice>,
    /// Columns that are read far away, and what is read there.
    rotated: Vec<(Column<Advice>, Column<Advice>, Column<Fixed>)>,
    copied: Vec<Column<Advice>>,
    constant: Column<Fixed>,
    /// Equal columns, and columns of zeros.
    twins: [Column<Fixed>; 2],
    zeros: [Column<Fixed>; 2],
    looked_up: Vec<Column<Advice>>,
    table: [Column<Fixed>; 2],
    second: Vec<Column<Advice>>,
    challenges: Vec<Challenge>,
}

impl Config {
    fn new(meta: &mut ConstraintSystem<Fr>, shape: &Shape) -> Self {
        let fixed = |meta: &mut ConstraintSystem<Fr>| meta.fixed_column();
        let advice = |meta: &mut ConstraintSystem<Fr>| meta.advice_column();
        let many = |meta: &mut ConstraintSystem<Fr>, count: usize| {
            (0..count).map(|_| meta.advice_column()).collect::<Vec<_>>()
        };
        let config = Self {
            public: meta.instance_column(),
            on: fixed(meta),
            inner: fixed(meta),
            a: advice(meta),
            power: advice(meta),
            several: advice(meta),
            rotated: shape
                .rotations
                .iter()
                .map(|_| (advice(meta), advice(meta), fixed(meta)))
                .collect(),
            copied: many(meta, shape.copied),
            constant: fixed(meta),
            twins: [fixed(meta), fixed(meta)],
            zeros: [fixed(meta), fixed(meta)],
            looked_up: many(meta, shape.lookups),
            table: [fixed(meta), fixed(meta)],
            second: (0..shape.second)
                .map(|_| meta.advice_column_in(SecondPhase))
                .collect(),
            challenges: if shape.challenge || shape.second > 0 {
                vec![
                    meta.challenge_usable_after(FirstPhase),
                    meta.challenge_usable_after(FirstPhase),
                ]
            } else {
                Vec::new()
            },
        };
        // Columns that nothing reads.
        fixed(meta);
        advice(meta);
        config.constrain(meta, shape);
        meta.set_minimum_degree(shape.degree);
        config
    }

    fn constrain(&self, meta: &mut ConstraintSystem<Fr>, shape: &Shape) {
        let here = Rotation::cur();
        meta.create_gate("power and zeros", |cells| {
            let on = cells.query_fixed(self.on, here);
            let a = cells.query_advice(self.a, here);
            let power = cells.query_advice(self.power, here);
            let [x, y] = self.twins.map(|column| cells.query_fixed(column, here));
            let [zero, other] = self.zeros.map(|column| cells.query_fixed(column, here));
            let product = (2..shape.degree).fold(a.clone(), |product, _| product * a.clone());
            vec![
                on.clone() * (product - power.clone()),
                (x - y) * a.clone(),
                zero * a,
                on * other * power,
            ]
        });
        meta.create_gate("several", |cells| {
            let inner = cells.query_fixed(self.inner, here);
            let sum = SEVERAL
                .iter()
                .fold(Expression::Constant(Fr::ZERO), |sum, rotation| {
                    sum + cells.query_advice(self.a, Rotation(*rotation)) * Fr::from(3)
                });
            vec![inner * (cells.query_advice(self.several, here) - sum)]
        });
        for ((from, to, on), rotation) in self.rotated.iter().zip(&shape.rotations) {
            meta.create_gate("rotated", |cells| {
                let on = cells.query_fixed(*on, here);
                let from = cells.query_advice(*from, Rotation(*rotation));
                vec![(from - cells.query_advice(*to, here)) * on]
            });
        }
        if shape.copied > 0 {
            meta.enable_equality(self.public);
            meta.enable_equality(self.constant);
            for column in self.copied.iter().chain(&self.second) {
                meta.enable_equality(*column);
            }
        }
        for (i, column) in self.looked_up.iter().enumerate() {
            meta.lookup_any(format!("lookup {i}"), |cells| {
                let mut input = cells.query_advice(*column, here);
                if i % 3 == 1 {
                    input = cells.query_instance(self.public, here);
                }
                if i % 3 == 2 && shape.degree > 4 {
                    input = cells.query_fixed(self.inner, here)
                        * cells.query_advice(*column, Rotation::next());
                }
                let other = input.clone() * Fr::from(2) + Expression::Constant(Fr::ONE);
                let [table, image] = self.table.map(|column| cells.query_fixed(column, here));
                vec![(input, table), (other, image)]
            });
        }
        let challenges = &self.challenges;
        for second in &self.second {
            meta.create_gate("running sum", |cells| {
                let inner = cells.query_fixed(self.inner, here);
                let [x, y] = [0, 1].map(|i| cells.query_challenge(challenges[i]));
                let a = cells.query_advice(self.a, here);
                let next = cells.query_advice(*second, Rotation::next());
                vec![inner * (next - cells.query_advice(*second, here) * x - a - y)]
            });
        }
        if shape.challenge {
            meta.create_gate("challenge", |cells| {
                let x = cells.query_challenge(challenges[0]);
                let on = cells.query_fixed(self.on, here);
                let a = cells.query_advice(self.a, here);
                vec![on * x * (a.clone() - a)]
            });
        }
    }
}

#[derive(Debug, Clone)]
struct Any {
    shape: Shape,
}

impl Circuit<Fr> for Any {
    type Config = (Config, Shape);
    type FloorPlanner = SimpleFloorPlanner;
    type Params = Shape;

    fn params(&self) -> Shape {
        self.shape.clone()
    }

    fn without_witnesses(&self) -> Self {
        self.clone()
    }

    fn configure(_: &mut ConstraintSystem<Fr>) -> Self::Config {
        unreachable!("configured with a shape")
    }

    fn configure_with_params(meta: &mut ConstraintSystem<Fr>, shape: Shape) -> Self::Config {
        (Config::new(meta, &shape), shape)
    }

    fn synthesize(
        &self,
        (config, shape): Self::Config,
        mut layouter: impl Layouter<Fr>,
    ) -> Result<(), Error> {
        let usable = usable(&shape);
        let copied = layouter.assign_region(
            || "all",
            |mut region| {
                for row in 0..usable {
                    let number = Fr::from(row as u64);
                    region.assign_fixed(config.on, row, Fr::ONE);
                    if (9..usable - 17).contains(&row) {
                        region.assign_fixed(config.inner, row, Fr::ONE);
                    }
                    for ((_, _, on), rotation) in config.rotated.iter().zip(&shape.rotations) {
                        if rotated(&shape, row, *rotation).is_some() {
                            region.assign_fixed(*on, row, Fr::ONE);
                        }
                    }
                    for twin in config.twins {
                        region.assign_fixed(twin, row, number.square());
                    }
                    let entry = Fr::from(entry(row));
                    region.assign_fixed(config.table[0], row, entry);
                    region.assign_fixed(config.table[1], row, entry.double() + Fr::ONE);
                }
                let constant = region.assign_fixed(config.constant, 3, Fr::from(77));
                let mut first = None;
                for (i, column) in config.copied.iter().enumerate() {
                    let unknown = || Value::<Fr>::unknown();
                    let cell = region.assign_advice(*column, i, unknown()).cell();
                    let other = region.assign_advice(*column, i + 1, unknown()).cell();
                    region.constrain_equal(other, constant);
                    if let Some(first) = first {
                        region.constrain_equal(first, cell);
                    }
                    first = Some(cell);
                }
                Ok(first)
            },
        )?;
        if let Some(cell) = copied {
            layouter.constrain_instance(cell, config.public, 0);
        }
        Ok(())
    }
}

/// Rows that may be used.
fn usable(shape: &Shape) -> usize {
    let mut cs = ConstraintSystem::default();
    Config::new(&mut cs, shape);
    (1 << shape.k) - (cs.blinding_factors() + 1)
}

/// The usable row that a rotation of a usable row leads to.
fn rotated(shape: &Shape, row: usize, rotation: i32) -> Option<usize> {
    let target = (row as i64 + i64::from(rotation)).rem_euclid(1 << shape.k) as usize;
    (target < usable(shape)).then_some(target)
}

/// Rows of the table: each number several times, and 0.
fn entry(row: usize) -> u64 {
    (row as u64 / 3).saturating_sub(1)
}

/// Cells by column.
struct Book {
    config: Config,
    usable: usize,
    columns: Vec<Vec<Fr>>,
    small: Vec<usize>,
    challenges: Vec<Fr>,
    /// A cell that is made false at last.
    spoilt: Option<(usize, usize)>,
}

impl Book {
    fn new(shape: &Shape, spoilt: Option<(Column<Advice>, usize)>) -> Self {
        let mut cs = ConstraintSystem::default();
        let config = Config::new(&mut cs, shape);
        let usable = usable(shape);
        let mut rng = ChaCha20Rng::seed_from_u64(9);
        let mut columns = vec![vec![Fr::ZERO; usable]; cs.num_advice_columns()];
        for column in &mut columns {
            column
                .iter_mut()
                .for_each(|cell| *cell = Fr::from(rng.next_u64()));
        }
        let a: Vec<Fr> = (0..usable).map(|_| Fr::random(&mut rng)).collect();
        for row in 0..usable {
            columns[config.power.index()][row] = a[row].pow_vartime([shape.degree as u64 - 1]);
            let sum: Fr = SEVERAL
                .iter()
                .filter_map(|rotation| a.get((row as i64 + i64::from(*rotation)) as usize))
                .sum();
            columns[config.several.index()][row] = sum * Fr::from(3);
            for ((from, to, _), rotation) in config.rotated.iter().zip(&shape.rotations) {
                if let Some(target) = rotated(shape, row, *rotation) {
                    columns[to.index()][row] = columns[from.index()][target];
                }
            }
            for column in &config.looked_up {
                columns[column.index()][row] = Fr::from(entry(row * 7 % 11));
            }
        }
        for (i, column) in config.copied.iter().enumerate() {
            columns[column.index()][i] = Fr::from(2);
            columns[column.index()][i + 1] = Fr::from(77);
        }
        columns[config.a.index()] = a;
        Self {
            small: config.looked_up.iter().map(Column::index).collect(),
            config,
            usable,
            columns,
            challenges: Vec::new(),
            spoilt: spoilt.map(|(column, row)| (column.index(), row)),
        }
    }

    fn column(&self, column: usize) -> Cells {
        let spoilt = self.spoilt.is_some_and(|(spoilt, _)| spoilt == column);
        if self.small.contains(&column) && !spoilt {
            let numbers = (0..self.usable).map(|row| entry(row * 7 % 11) as u16);
            return Cells::Small(numbers.collect());
        }
        Cells::Elements(self.columns[column].len())
    }
}

impl Witness for Book {
    fn cells(&self, columns: &[usize]) -> Vec<Cells> {
        columns.iter().map(|column| self.column(*column)).collect()
    }

    fn elements(&self, columns: &[usize], row: usize, cells: &mut [[Fr; LANES]]) {
        for (column, cells) in columns.iter().zip(cells) {
            let own = self.columns[*column].iter().skip(row);
            for (lane, (cell, own)) in cells.iter_mut().zip(own).enumerate() {
                *cell = *own;
                if self.spoilt == Some((*column, row + lane)) {
                    *cell += Fr::from(1000);
                }
            }
        }
    }

    fn draw(&mut self, challenges: &[Fr]) {
        assert_eq!(challenges.len(), self.config.challenges.len());
        self.challenges = challenges.to_vec();
        for second in &self.config.second {
            let mut sum = Fr::from(5);
            for row in 0..self.usable {
                self.columns[second.index()][row] = sum;
                sum =
                    sum * challenges[0] + self.columns[self.config.a.index()][row] + challenges[1];
            }
        }
    }

    fn done(&mut self) {}
}

struct Setup {
    params: ParamsKZG<Bn256>,
    lagrange: Vec<G1Affine>,
}

impl Setup {
    fn new(k: u32) -> Self {
        let params = ParamsKZG::setup(k, OsRng);
        let powers = params.get_g().iter().map(G1Affine::to_curve).collect();
        Self {
            lagrange: g_to_lagrange(powers, k),
            params,
        }
    }

    fn points(&self) -> Points<'_> {
        Points {
            powers: self.params.get_g(),
            lagrange: &self.lagrange,
        }
    }
}

const PUBLIC: [u64; 3] = [2, 1, 0];

/// A source of randomness that counts what is drawn.
struct Counted {
    rng: ChaCha20Rng,
    bytes: usize,
}

impl RngCore for Counted {
    fn next_u32(&mut self) -> u32 {
        self.bytes += 4;
        self.rng.next_u32()
    }

    fn next_u64(&mut self) -> u64 {
        self.bytes += 8;
        self.rng.next_u64()
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        self.bytes += bytes.len();
        self.rng.fill_bytes(bytes);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand::Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

impl CryptoRng for Counted {}

/// Randomness hides every message: as much is drawn as the library draws, and of two proofs of one
/// witness, whose looked up columns are equal besides, no commitment is that of another.
fn check_hidden<S: Arithmetic>(key: &ProvingKey<S>, shape: &Shape) {
    let cs = key.verifying.cs();
    let (lookups, factors) = (cs.lookups().len(), cs.blinding_factors());
    let products = cs
        .permutation()
        .get_columns()
        .len()
        .div_ceil(shape.degree - 2);
    let seeds = 32 * (cs.num_advice_columns() + 1);
    let cells = lookups * (2 * (factors + 1) + factors) + products * factors;
    let points = cs.num_advice_columns() + 3 * lookups + products + 1 + shape.degree - 1;
    let public = PUBLIC.map(Fr::from);
    let mut seen = HashSet::new();
    for seed in 0..2 {
        let rng = &mut Counted {
            rng: ChaCha20Rng::seed_from_u64(seed),
            bytes: 0,
        };
        let witness = &mut Book::new(shape, None);
        let proof = create_proof(key, witness, &public, rng, &mut |_| ()).unwrap();
        assert_eq!(rng.bytes, seeds + 64 * cells, "{shape:?}");
        seen.extend(proof.chunks_exact(32).take(points).map(<[u8]>::to_vec));
    }
    assert_eq!(
        seen.len(),
        2 * points,
        "{shape:?}: commitments that are equal"
    );
}

/// With nothing left to sums, proofs are the library's: its verifier takes them.
fn check_whole<S: Arithmetic>(s: S, setup: &Setup, shape: &Shape) {
    let circuit = Any {
        shape: shape.clone(),
    };
    let mut key = proving_key(s, &setup.points(), &circuit, None).unwrap();
    key.sums = Sums::none(key.verifying.cs()).unwrap();
    let public = PUBLIC.map(Fr::from).to_vec();
    let witness = &mut Book::new(shape, None);
    let proof = create_proof(&key, witness, &public, &mut OsRng, &mut |_| ()).unwrap();
    let library = |instance: &[Fr]| {
        let params = verifier_params(shape.k, setup.params.s_g2());
        plonk::verify_proof::<KZGCommitmentScheme<Bn256>, VerifierSHPLONK<Bn256>, _, _, _>(
            &params,
            &key.verifying,
            SingleStrategy::new(&params),
            &[&[instance]],
            &mut StrictReader::new(&proof),
        )
    };
    library(&public).unwrap_or_else(|error| panic!("{shape:?}: {error}"));
    let mut other = public.clone();
    other[0] += Fr::ONE;
    assert!(library(&other).is_err(), "{shape:?}");
}

fn check<S: Arithmetic>(s: S, shape: &Shape) {
    let setup = Setup::new(shape.k);
    let circuit = Any {
        shape: shape.clone(),
    };
    let verifying = verifying_key(s, &setup.points(), &circuit).unwrap();
    let librarys = keygen_vk(&setup.params, &circuit).unwrap();
    assert_eq!(key_bytes(&verifying), key_bytes(&librarys), "{shape:?}");
    let key = proving_key(s, &setup.points(), &circuit, Some(librarys)).unwrap();
    assert_eq!(key.verifying.cs().degree(), shape.degree, "{shape:?}");

    let public = PUBLIC.map(Fr::from).to_vec();
    let prove = |spoilt| {
        let witness = &mut Book::new(shape, spoilt);
        create_proof(&key, witness, &public, &mut OsRng, &mut |_| ())
    };
    let params = verifier_params(shape.k, setup.params.s_g2());
    let verify = |instance: &[Fr], proof: &[u8]| verify_proof(&params, &verifying, instance, proof);
    check_whole(s, &setup, shape);
    let proof = prove(None).unwrap();
    verify(&public, &proof).unwrap_or_else(|error| panic!("{shape:?}: {error}"));
    check_hidden(&key, shape);
    let mut other = public.clone();
    other[1] += Fr::ONE;
    assert!(verify(&other, &proof).is_err(), "{shape:?}");

    let config = Book::new(shape, None).config;
    let mut lies = vec![(config.a, 20), (config.power, 0), (config.several, 30)];
    for ((from, to, _), rotation) in config.rotated.iter().zip(&shape.rotations) {
        let reads = |row| Some((row, rotated(shape, row, *rotation)?));
        let (row, target) = (20..usable(shape)).find_map(reads).unwrap();
        lies.extend([(*to, row), (*from, target)]);
    }
    lies.extend(
        config
            .copied
            .iter()
            .enumerate()
            .map(|(i, column)| (*column, i)),
    );
    lies.extend(config.second.iter().map(|column| (*column, 20)));
    for (column, row) in lies {
        let proof = prove(Some((column, row))).unwrap();
        assert!(
            verify(&public, &proof).is_err(),
            "{shape:?}: {column:?} in row {row}"
        );
    }
    for (i, column) in config
        .looked_up
        .iter()
        .enumerate()
        .filter(|(i, _)| i % 3 == 0)
    {
        match prove(Some((*column, 21))) {
            Err(ProofError::Lookup { lookup, row: 21 }) => {
                assert_eq!(lookup, format!("lookup {i}"));
            }
            other => panic!("{shape:?}: {other:?}"),
        }
    }
    if shape.copied > 0 {
        let mut lie = public.clone();
        lie[0] += Fr::ONE;
        let witness = &mut Book::new(shape, None);
        let proof = create_proof(&key, witness, &lie, &mut OsRng, &mut |_| ()).unwrap();
        assert!(
            verify(&lie, &proof).is_err(),
            "{shape:?}: another public input"
        );
    }
    check_instances(&key, shape, |public, proof| verify(public, proof).is_ok());
}

/// As many public inputs as there are rows, and one more.
fn check_instances<S: Arithmetic>(
    key: &ProvingKey<S>,
    shape: &Shape,
    accepts: impl Fn(&[Fr], &[u8]) -> bool,
) {
    let mut public = PUBLIC.map(Fr::from).to_vec();
    public.resize(usable(shape), Fr::ONE);
    let prove = |public: &[Fr]| {
        let witness = &mut Book::new(shape, None);
        create_proof(key, witness, public, &mut OsRng, &mut |_| ())
    };
    let proof = prove(&public).unwrap();
    assert!(accepts(&public, &proof), "{shape:?}: many public inputs");
    public.push(Fr::ONE);
    assert!(matches!(prove(&public), Err(ProofError::Instance(_))));
}

fn check_all(shapes: &[Shape]) {
    for shape in shapes {
        check(Portable, shape);
        #[cfg(target_arch = "x86_64")]
        if let Some(simd) = Ifma::try_new() {
            check(simd, shape);
        }
        #[cfg(target_arch = "x86_64")]
        if let Some(simd) = Fma::try_new() {
            check(simd, shape);
        }
    }
}

fn shape(k: u32, degree: usize) -> Shape {
    Shape {
        k,
        degree,
        ..Shape::default()
    }
}

#[test]
fn accepts_circuits_of_gates_only() {
    check_all(&[shape(6, 3), shape(7, 4), shape(6, 9)]);
}

#[test]
fn accepts_copies() {
    let of = |k, degree, copied| Shape {
        copied,
        ..shape(k, degree)
    };
    check_all(&[
        of(6, 3, 1),
        of(6, 3, 4),
        of(7, 4, 3),
        of(6, 9, 5),
        of(7, 6, 9),
        of(8, 5, 10),
    ]);
}

#[test]
fn accepts_lookups() {
    let of = |k, degree, lookups, copied| Shape {
        lookups,
        copied,
        ..shape(k, degree)
    };
    check_all(&[
        of(6, 4, 1, 0),
        of(6, 5, 3, 0),
        of(9, 4, 2, 2),
        of(10, 9, 6, 8),
    ]);
}

#[test]
fn accepts_two_phases() {
    let of = |k, degree, copied, lookups| Shape {
        second: 2,
        copied,
        lookups,
        ..shape(k, degree)
    };
    check_all(&[of(6, 3, 0, 0), of(7, 5, 3, 3), of(9, 4, 2, 0)]);
}

/// A witness whose second phase is a function of a column of elements.
struct OfElements(Book);

impl Witness for OfElements {
    fn cells(&self, columns: &[usize]) -> Vec<Cells> {
        let mut second = self.0.config.second.iter().map(Column::index);
        if !second.any(|column| columns.contains(&column)) {
            return self.0.cells(columns);
        }
        let of_elements = |_: &usize| Cells::Function {
            of: vec![self.0.config.a.index()],
            values: Arc::new(vec![Fr::ONE]),
        };
        columns.iter().map(of_elements).collect()
    }

    fn elements(&self, columns: &[usize], row: usize, cells: &mut [[Fr; LANES]]) {
        self.0.elements(columns, row, cells);
    }

    fn draw(&mut self, challenges: &[Fr]) {
        self.0.draw(challenges);
    }

    fn done(&mut self) {}
}

#[test]
fn rejects_a_function_of_a_column_of_elements() {
    let shape = Shape {
        second: 1,
        ..shape(6, 3)
    };
    let setup = Setup::new(shape.k);
    let circuit = Any {
        shape: shape.clone(),
    };
    let key = proving_key(Portable, &setup.points(), &circuit, None).unwrap();
    let witness = &mut OfElements(Book::new(&shape, None));
    let column = witness.0.config.a.index();
    let found = create_proof(
        &key,
        witness,
        &PUBLIC.map(Fr::from),
        &mut OsRng,
        &mut |_| (),
    );
    assert!(matches!(found, Err(ProofError::NotSmall(of)) if of == column));
}

#[test]
fn accepts_challenges_after_the_only_phase() {
    let of = |k, degree, copied| Shape {
        challenge: true,
        copied,
        ..shape(k, degree)
    };
    check_all(&[of(6, 4, 0), of(7, 5, 3)]);
}

#[test]
fn accepts_far_rotations() {
    let of = |k, degree, rotations: &[i32]| Shape {
        rotations: rotations.to_vec(),
        copied: 2,
        ..shape(k, degree)
    };
    check_all(&[
        of(6, 4, &[0, -1, 2, -7, 8, -8, 9]),
        of(7, 5, &[-31, 32, 33, 63]),
        of(6, 3, &[15, -17, 31, -32]),
    ]);
}

#[test]
fn accepts_rotations_to_one_row() {
    let of = |k, degree, rotations: &[i32]| Shape {
        rotations: rotations.to_vec(),
        copied: 2,
        ..shape(k, degree)
    };
    check_all(&[of(6, 4, &[64, -1, 63, -65]), of(6, 3, &[-8, 56])]);
}

/// A circuit of a kind that the engine may not prove.
#[derive(Debug, Clone, Copy, Default)]
struct Odd {
    instances: usize,
    third: bool,
    late_challenge: bool,
    selector: bool,
}

impl Circuit<Fr> for Odd {
    type Config = Option<Selector>;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = Odd;

    fn params(&self) -> Odd {
        *self
    }

    fn without_witnesses(&self) -> Self {
        *self
    }

    fn configure(_: &mut ConstraintSystem<Fr>) -> Self::Config {
        unreachable!("configured with its kind")
    }

    fn configure_with_params(meta: &mut ConstraintSystem<Fr>, kind: Odd) -> Self::Config {
        (0..kind.instances).for_each(|_| {
            meta.instance_column();
        });
        let a = meta.advice_column();
        meta.advice_column_in(SecondPhase);
        if kind.third {
            meta.advice_column_in(ThirdPhase);
        }
        if kind.late_challenge {
            meta.challenge_usable_after(SecondPhase);
        }
        meta.create_gate("bit", |cells| {
            let a = cells.query_advice(a, Rotation::cur());
            vec![a.clone() * (a - Expression::Constant(Fr::ONE))]
        });
        kind.selector.then(|| meta.selector())
    }

    fn synthesize(
        &self,
        selector: Option<Selector>,
        mut layouter: impl Layouter<Fr>,
    ) -> Result<(), Error> {
        layouter.assign_region(
            || "all",
            |mut region| selector.map_or(Ok(()), |selector| selector.enable(&mut region, 0)),
        )
    }
}

fn lay_out(k: u32, kind: Odd) -> Result<(), Error> {
    verifying_key(Portable, &Setup::new(k).points(), &kind).map(|_| ())
}

#[test]
fn rejects_fewer_rows_than_a_transform_takes() {
    let kind = Odd {
        instances: 1,
        ..Odd::default()
    };
    assert!(lay_out(6, kind).is_ok());
    for k in [3, 5] {
        assert!(matches!(
            lay_out(k, kind),
            Err(Error::NotEnoughRowsAvailable { current_k }) if current_k == k
        ));
    }
}

#[test]
fn rejects_selectors() {
    let kind = Odd {
        instances: 1,
        selector: true,
        ..Odd::default()
    };
    assert!(matches!(lay_out(6, kind), Err(Error::Synthesis)));
}

#[test]
#[should_panic(expected = "a circuit of 0 instance columns")]
fn rejects_no_instance_column() {
    drop(lay_out(6, Odd::default()));
}

#[test]
#[should_panic(expected = "a circuit of 2 instance columns")]
fn rejects_two_instance_columns() {
    let kind = Odd {
        instances: 2,
        ..Odd::default()
    };
    drop(lay_out(6, kind));
}

#[test]
#[should_panic(expected = "a circuit of more than two phases")]
fn rejects_a_third_phase() {
    let kind = Odd {
        instances: 1,
        third: true,
        ..Odd::default()
    };
    drop(lay_out(6, kind));
}

#[test]
#[should_panic(expected = "a challenge after the second phase")]
fn rejects_a_challenge_after_the_second_phase() {
    let kind = Odd {
        instances: 1,
        late_challenge: true,
        ..Odd::default()
    };
    drop(lay_out(6, kind));
}
