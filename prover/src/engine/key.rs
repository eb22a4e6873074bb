//! Keys: fixed columns and copies of a circuit, as polynomials and as commitments.

mod assembly;

use std::collections::BTreeSet;

use ff::{Field, PrimeField};
use halo2_proofs::halo2curves::bn256::{Fr, G1Affine, G1};
use halo2_proofs::halo2curves::group::Curve;
use halo2_proofs::plonk::{
    permutation, Any, Circuit, Column, ConstraintSystem, Error, Expression, FloorPlanner,
    VerifyingKey,
};
use halo2_proofs::poly::EvaluationDomain;
use rayon::prelude::*;
use zkmargin_verifier::plonk::sums::Sums;

use super::column::{edges, elements, ENDING_ROWS};
use super::fft::{Coset, Domain};
use super::msm;
use super::pool::Pool;
use super::simd::{Arithmetic, Block, Scalar, Simd, LANES};
use super::sources::{sources, Bases, Source};
use assembly::Assembly;

/// Everything of a circuit that no witness changes.
#[derive(Debug)]
pub struct ProvingKey<S> {
    /// The verifying key.
    pub verifying: VerifyingKey<G1Affine>,
    /// Which cells proofs open one by one. With [`Sums::none`] proofs are those of the library.
    pub sums: Sums,
    pub(super) domain: Domain<S>,
    /// Points of the Lagrange basis.
    pub(super) lagrange: msm::Bases<S>,
    /// Powers, in the order of coefficients.
    pub(super) powers: msm::Bases<S>,
    /// Coefficients: fixed columns, permutations, then [`Special`].
    pub(super) polynomials: Vec<Vec<Block>>,
    /// Their values in the first and last rows.
    pub(super) edges: Vec<Vec<Block>>,
    /// Whether one is anything but 0 in all rows but the last [`ENDING_ROWS`].
    pub(super) covers: Vec<bool>,
    /// Where their values on a coset come from.
    pub(super) sources: Vec<Source>,
    /// Values of the fixed columns that lookups or copies read.
    pub(super) fixed: Vec<Option<Vec<Block>>>,
    /// Values of the permutations.
    pub(super) permutations: Vec<Vec<Block>>,
    /// Powers of each coset of the quotient, in the order of coefficients.
    pub(super) cosets: Vec<Coset>,
    /// Memory of the columns of proofs.
    pub(super) pool: Pool,
}

/// Polynomials that every circuit has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Special {
    /// 1 in row 0.
    First,
    /// 1 in the row after the last that may be used.
    Last,
    /// 1 in the rows before it.
    Active,
    /// `X`.
    Identity,
}

/// The cosets that a quotient of as many pieces is computed on.
pub(super) fn cosets<S: Simd<Scalar>>(domain: &Domain<S>, pieces: usize) -> Vec<Coset> {
    let root = extended(domain.k, pieces);
    (0..pieces)
        .map(|i| domain.coset(Fr::MULTIPLICATIVE_GENERATOR * root.pow([i as u64])))
        .collect()
}

/// Points to commit with, exactly as many as the circuit has rows.
#[derive(Debug, Clone, Copy)]
pub struct Points<'a> {
    /// Powers of the setup's secret.
    pub powers: &'a [G1Affine],
    /// Their Lagrange basis.
    pub lagrange: &'a [G1Affine],
}

/// The verifying key's columns and points, from parameters of exactly the circuit's size.
struct Fixed<S> {
    domain: Domain<S>,
    lagrange: msm::Bases<S>,
    cs: ConstraintSystem<Fr>,
    fixed: Vec<Vec<Block>>,
    permutations: Vec<Vec<Block>>,
}

/// The verifying key of a circuit.
///
/// # Errors
/// When the circuit does not fit the parameters, or the library cannot lay it out; it takes 64 rows.
///
/// # Panics
/// When the circuit has not one instance column, has columns of a third phase, or draws challenges
/// after the second.
pub fn verifying_key<S: Arithmetic, C: Circuit<Fr>>(
    s: S,
    points: &Points<'_>,
    circuit: &C,
) -> Result<VerifyingKey<G1Affine>, Error> {
    Ok(lay_out(s, points, circuit)?.verifying())
}

/// The proving key of a circuit, its verifying key made anew where none is given.
///
/// # Errors
/// As [`verifying_key`].
///
/// # Panics
/// As [`verifying_key`].
pub fn proving_key<S: Arithmetic, C: Circuit<Fr>>(
    s: S,
    points: &Points<'_>,
    circuit: &C,
    verifying: Option<VerifyingKey<G1Affine>>,
) -> Result<ProvingKey<S>, Error> {
    let laid_out = lay_out(s, points, circuit)?;
    let verifying = verifying.unwrap_or_else(|| laid_out.verifying());
    let Fixed {
        domain,
        lagrange,
        cs,
        fixed,
        permutations,
    } = laid_out;
    let n = domain.n();
    let last = n - (cs.blinding_factors() + 1);
    let row = |row: usize| {
        let mut cells = vec![Fr::ZERO; row + 1];
        cells[row] = Fr::ONE;
        cells
    };
    let special = [
        row(0),
        row(last),
        vec![Fr::ONE; last],
        powers_of(domain.omega, n),
    ];
    let mut polynomials: Vec<Vec<Block>> = fixed.iter().chain(&permutations).cloned().collect();
    polynomials.extend(special.map(|cells| elements(s, n, &cells, &[])));
    let edges = polynomials.iter().map(|column| edges(column)).collect();
    let covers = polynomials
        .par_iter()
        .map(|column| covers(s, column))
        .collect();
    let [copied, specials] = [fixed.len(), fixed.len() + permutations.len()];
    let bases = Bases {
        first: specials + Special::First as usize,
        identity: specials + Special::Identity as usize,
    };
    let sources = sources(s, &polynomials, copied..specials, bases, Fr::DELTA);
    polynomials
        .par_iter_mut()
        .for_each(|polynomial| domain.interpolate(polynomial));
    let read = read_values(&cs);
    let pool = Pool::new(domain.blocks());
    let fixed = fixed
        .into_iter()
        .enumerate()
        .map(|(i, values)| {
            if read.contains(&i) {
                return Some(values);
            }
            pool.give([values]);
            None
        })
        .collect();
    let powers: Vec<G1Affine> = (0..n)
        .map(|place| points.powers[domain.order(place)])
        .collect();
    let cosets = cosets(&domain, cs.degree() - 1);
    let sums = Sums::new(verifying.cs()).map_err(|_| Error::Synthesis)?;
    Ok(ProvingKey {
        verifying,
        sums,
        lagrange,
        powers: msm::Bases::new(s, &powers),
        polynomials,
        edges,
        covers,
        sources,
        fixed,
        permutations,
        cosets,
        pool,
        domain,
    })
}

impl<S> ProvingKey<S> {
    /// Columns of the circuit, of its copies, and special ones: where a polynomial stands.
    pub(super) fn permutation(&self, index: usize) -> usize {
        self.verifying.cs().num_fixed_columns() + index
    }

    pub(super) fn special(&self, special: Special) -> usize {
        let columns = self.verifying.cs().permutation().get_columns().len();
        self.permutation(columns) + special as usize
    }
}

/// Whether a column is anything but 0 in all rows but the last [`ENDING_ROWS`].
fn covers<S: Simd<Scalar>>(s: S, column: &[Block]) -> bool {
    let rows = column.len() * LANES - ENDING_ROWS;
    let mut cells = column.iter().flat_map(|block| s.export(block)).take(rows);
    cells.all(|cell| cell != Fr::ZERO)
}

fn lay_out<S: Arithmetic, C: Circuit<Fr>>(
    s: S,
    points: &Points<'_>,
    circuit: &C,
) -> Result<Fixed<S>, Error> {
    let k = points.powers.len().ilog2();
    let n = 1 << k;
    assert!(
        points.powers.len() == n && points.lagrange.len() == n,
        "a point for each of 2^{k} rows"
    );
    let mut cs = ConstraintSystem::default();
    let config = C::configure_with_params(&mut cs, circuit.params());
    check_kind(&cs);
    if k < Domain::<S>::MIN_K || n < cs.minimum_rows() {
        return Err(Error::NotEnoughRowsAvailable { current_k: k });
    }
    let domain = Domain::new(s, k);
    let mut assembly = Assembly::new(n - (cs.blinding_factors() + 1), domain.k, &cs);
    C::FloorPlanner::synthesize(&mut assembly, circuit, config, cs.constants().clone())?;
    // There are no selectors to turn into columns, but the library marks their absence.
    let (cs, _) = cs.directly_convert_selectors_to_fixed(Vec::new());
    let (fixed, copies) = assembly.finish();
    let fixed: Vec<Vec<Block>> = fixed
        .into_par_iter()
        .map(|cells| elements(s, n, &cells, &[]))
        .collect();
    let roots = powers_of(domain.omega, n);
    let deltas = powers_of(Fr::DELTA, copies.columns());
    let permutations = (0..copies.columns())
        .into_par_iter()
        .map(|column| {
            let cells: Vec<Fr> = (0..n)
                .map(|row| {
                    let (column, row) = copies.next(column, row);
                    deltas[column] * roots[row]
                })
                .collect();
            elements(s, n, &cells, &[])
        })
        .collect();
    Ok(Fixed {
        lagrange: msm::Bases::new(s, points.lagrange),
        domain,
        cs,
        fixed,
        permutations,
    })
}

impl<S: Arithmetic> Fixed<S> {
    fn verifying(&self) -> VerifyingKey<G1Affine> {
        let commit = |columns: &[Vec<Block>]| {
            let points: Vec<G1> = columns
                .par_iter()
                .map(|column| self.lagrange.commit(column))
                .collect();
            let mut affine = vec![G1Affine::default(); points.len()];
            G1::batch_normalize(&points, &mut affine);
            affine
        };
        VerifyingKey::from_parts(
            EvaluationDomain::new(self.cs.degree() as u32, self.domain.k),
            commit(&self.fixed),
            permutation::VerifyingKey::from_commitments(commit(&self.permutations)),
            self.cs.clone(),
            Vec::new(),
            false,
        )
    }
}

/// Holds a circuit to what [`super::proof`] makes proofs of: one instance column, and one phase or
/// two with all challenges between them.
fn check_kind(cs: &ConstraintSystem<Fr>) {
    let instances = cs.num_instance_columns();
    assert_eq!(instances, 1, "a circuit of {instances} instance columns");
    assert!(
        cs.advice_column_phase().iter().all(|phase| *phase <= 1),
        "a circuit of more than two phases"
    );
    assert!(
        cs.challenge_phase().iter().all(|phase| *phase == 0),
        "a challenge after the second phase"
    );
}

/// `1, base, base^2, ...`
fn powers_of(base: Fr, count: usize) -> Vec<Fr> {
    std::iter::successors(Some(Fr::ONE), |power| Some(*power * base))
        .take(count)
        .collect()
}

/// A root of unity whose powers below `pieces` lie in different cosets of the domain.
fn extended(k: u32, pieces: usize) -> Fr {
    let k = k + pieces.next_power_of_two().trailing_zeros();
    (k..Fr::S).fold(Fr::ROOT_OF_UNITY, |root, _| root.square())
}

/// Fixed columns whose values a proof needs, not only their polynomials.
fn read_values(cs: &ConstraintSystem<Fr>) -> BTreeSet<usize> {
    let copied = cs.permutation().get_columns();
    let copied = copied.iter().filter_map(fixed_index);
    let looked_up = cs.lookups().iter().flat_map(|lookup| {
        let sides = [lookup.input_expressions(), lookup.table_expressions()];
        sides
            .into_iter()
            .flatten()
            .flat_map(Expression::extract_fixed)
    });
    copied.chain(looked_up).collect()
}

fn fixed_index(column: &Column<Any>) -> Option<usize> {
    matches!(column.column_type(), Any::Fixed).then_some(column.index())
}
