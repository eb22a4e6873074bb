//! The point of the opening: what it depends on, and what could be opened if it did not.

use halo2_proofs::halo2curves::bn256::G1;
use halo2_proofs::halo2curves::group::Curve;
use zkmargin_circuits::circuit::MarginCircuit;

use super::*;
use crate::key::pinned_key;
use crate::plonk::ProofVerifier;
use crate::setup::{insecure_tau, Setup, INSECURE_TAU_G2};

fn shape() -> &'static Shape {
    Shape::by_name("tiny-11").unwrap()
}

/// A column of a shard: its totals and free rows.
#[derive(Clone)]
struct Column {
    totals: Vec<Fr>,
    free: Vec<Fr>,
}

impl Column {
    fn new(seed: u64) -> Self {
        let cells = |count: usize, step: u64| {
            let cell = |i| Fr::from(seed + step * i as u64).square() * Fr::from(seed);
            (0..count).map(cell).collect()
        };
        Self {
            totals: cells(shape().total_rows(), 3),
            free: cells(FREE_ROWS, 1_000_003),
        }
    }

    fn plus(&self, other: &Self) -> Self {
        let sum = |a: &[Fr], b: &[Fr]| a.iter().zip(b).map(|(a, b)| a + b).collect();
        Self {
            totals: sum(&self.totals, &other.totals),
            free: sum(&self.free, &other.free),
        }
    }

    fn at(&self, x: Fr) -> Fr {
        value(shape(), &self.totals, &self.free, x).unwrap()
    }

    /// Under the insecure setup, whose tau is known.
    fn commitment(&self) -> G1Affine {
        (G1::generator() * self.at(insecure_tau())).to_affine()
    }

    fn witness(&self, z: Fr) -> G1Affine {
        let scale = (insecure_tau() - z).invert().unwrap();
        (G1::generator() * ((self.at(insecure_tau()) - self.at(z)) * scale)).to_affine()
    }
}

fn accepts(claim: Claim) -> bool {
    let key = pinned_key(shape().name, Setup::Insecure).unwrap();
    let key = key.read::<MarginCircuit>(shape()).unwrap();
    let verifier = ProofVerifier::new(&key, *INSECURE_TAU_G2).unwrap();
    verifier.settle(&[claim]).is_ok()
}

#[test]
fn the_point_depends_on_everything() {
    let context: [u8; 32] = std::array::from_fn(|i| i as u8);
    let commitments = [3, 5, 7].map(|seed| Column::new(seed).commitment());
    let free = Column::new(11).free;
    let mut points = vec![point(&context, &commitments, &free)];
    for bit in 0..8 * context.len() {
        let mut context = context;
        context[bit / 8] ^= 1 << (bit % 8);
        points.push(point(&context, &commitments, &free));
    }
    for i in 0..commitments.len() {
        let mut other = commitments;
        other[i] = -other[i];
        points.push(point(&context, &other, &free));
    }
    for i in 0..free.len() {
        let mut free = free.clone();
        free[i] += Fr::ONE;
        points.push(point(&context, &commitments, &free));
    }
    let [a, b, c] = commitments;
    points.push(point(&context, &[a, c, b], &free));
    points.push(point(&context, &[a, b], &free));
    points.push(point(&context, &[a, b, c, c], &free));
    let mut swapped = free.clone();
    swapped.swap(0, 1);
    points.push(point(&context, &commitments, &swapped));
    let all = points.len();
    points.sort_unstable();
    points.dedup();
    assert_eq!(points.len(), all);
}

#[test]
fn rejects_totals_that_were_made_for_a_point_that_was_guessed() {
    let context = [9; 32];
    let shards = [Column::new(3), Column::new(5)];
    let commitments = shards.each_ref().map(Column::commitment);
    let true_sum = shards[0].plus(&shards[1]);
    let opening = |column: &Column, witness| TotalsOpening {
        free: column.free.clone(),
        witness,
    };
    let holds = |column: &Column, opening: &TotalsOpening| {
        accepts(claim(shape(), &context, &commitments, &column.totals, opening).unwrap())
    };
    let mut z = point(&context, &commitments, &true_sum.free);
    assert!(holds(&true_sum, &opening(&true_sum, true_sum.witness(z))));
    for _ in 0..3 {
        // One total is less by 1,000, and a free row makes up for it at the point that is expected.
        let unit = |row: usize, free: bool| {
            let mut column = Column {
                totals: vec![Fr::ZERO; shape().total_rows()],
                free: vec![Fr::ZERO; FREE_ROWS],
            };
            let cells = if free {
                &mut column.free
            } else {
                &mut column.totals
            };
            cells[row] = Fr::ONE;
            column.at(z)
        };
        let mut lie = true_sum.clone();
        lie.totals[4] -= Fr::from(1_000);
        lie.free[7] += Fr::from(1_000) * unit(4, false) * unit(7, true).invert().unwrap();
        let forged = opening(&lie, true_sum.witness(z));
        // At that point it would hold.
        let at = Claim::opening(&commitments, z, lie.at(z), forged.witness);
        assert!(accepts(at));
        assert!(!holds(&lie, &forged));
        // The point is another now, and no opening of the true sum is one of the lie there.
        let next = point(&context, &commitments, &lie.free);
        assert_ne!(next, z);
        assert!(!holds(&lie, &opening(&lie, true_sum.witness(next))));
        z = next;
    }
}

#[test]
fn rejects_the_opening_of_another_statement() {
    let shards = [Column::new(3), Column::new(5)];
    let commitments = shards.each_ref().map(Column::commitment);
    let sum = shards[0].plus(&shards[1]);
    let z = point(&[1; 32], &commitments, &sum.free);
    let opening = TotalsOpening {
        free: sum.free.clone(),
        witness: sum.witness(z),
    };
    let holds = |context: [u8; 32]| {
        accepts(claim(shape(), &context, &commitments, &sum.totals, &opening).unwrap())
    };
    assert!(holds([1; 32]));
    assert!(!holds([2; 32]));
}
