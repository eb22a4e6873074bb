//! Proofs that leave cells to sums say what proofs say that open every cell.

use ff::{Field, PrimeField};
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::plonk::ConstraintSystem;
use rand::rngs::StdRng;
use rand::SeedableRng;
use zkmargin_circuits::circuit::configure;
use zkmargin_circuits::shape::SHAPES;

use super::super::identities::Fold;
use super::super::sums::{Column, Sums};
use super::{golden, odd, ours, Kind, KINDS};
use crate::plonk::ProofVerifier;
use crate::proof::ProofError;
use crate::setup::INSECURE_TAU_G2;

/// Constraints of every cell, weighed, are the constraints without the cells of sums and these
/// cells times their factors: of random cells, so that a product of two would show.
fn check(cs: &ConstraintSystem<Fr>, name: &str) -> Sums {
    let mut rng = StdRng::seed_from_u64(11);
    let mut draw = |count: usize| -> Vec<Fr> { (0..count).map(|_| Fr::random(&mut rng)).collect() };
    let (sums, none) = (Sums::new(cs).unwrap(), Sums::none(cs).unwrap());
    assert!(none.cells().is_empty() && none.rows().is_empty());
    let advice = draw(cs.advice_queries().len());
    let fixed = draw(cs.fixed_queries().len());
    let instance = draw(cs.instance_queries().len());
    let challenges = draw(cs.num_challenges());
    let y = draw(1)[0];
    let alone = |values: &[Fr], alone: &mut dyn Iterator<Item = bool>| -> Vec<Fr> {
        let values = values.iter().zip(alone);
        values
            .filter(|(_, alone)| *alone)
            .map(|(v, _)| *v)
            .collect()
    };
    let queried = (cs.advice_queries().iter())
        .map(|(column, row)| (Column::Advice(column.index()), row.0))
        .chain((cs.fixed_queries().iter()).map(|(c, row)| (Column::Fixed(c.index()), row.0)));
    let opened = sums.advice_alone().chain(sums.fixed_alone());
    let mut cells = sums.cells().iter();
    let mut summed = Vec::new();
    for ((at, opened), value) in queried.zip(opened).zip(advice.iter().chain(&fixed)) {
        if !opened {
            let cell = cells.next().unwrap();
            assert_eq!((cell.column, cell.row), at);
            summed.push(*value);
        }
    }
    assert_eq!(summed.len(), sums.cells().len(), "{name}");

    let all = none.run(&advice, &fixed, &instance, &challenges).unwrap();
    let rest = sums
        .run(
            &alone(&advice, &mut sums.advice_alone()),
            &alone(&fixed, &mut sums.fixed_alone()),
            &instance,
            &challenges,
        )
        .unwrap();
    // Other identities follow the constraints: as many as are counted.
    let after = cs.lookups().len() * 5;
    let copied = cs.permutation().get_columns().len();
    let after = after
        + if copied == 0 {
            0
        } else {
            2 * copied.div_ceil(cs.degree() - 2) + 1
        };
    let fold = |gates: &[Fr]| {
        let mut fold = Fold::new(y);
        gates.iter().for_each(|gate| fold.add(*gate));
        (0..after).for_each(|_| fold.add(Fr::ZERO));
        fold.sum()
    };
    let expected = fold(&none.program.values(&all).unwrap().gates);
    let factors = sums.factors(&rest, y).unwrap();
    let of_sums: Fr = factors.iter().zip(&summed).map(|(f, cell)| *f * cell).sum();
    let found = fold(&sums.program.values(&rest).unwrap().gates) + of_sums;
    assert_eq!(found, expected, "{name}");
    assert!(factors.iter().all(|factor| *factor != Fr::ZERO), "{name}");

    // Of other circuits.
    assert!(sums.run(&advice, &fixed, &instance, &challenges).is_none() || summed.is_empty());
    assert!(none
        .run(&advice[1..], &fixed, &instance, &challenges)
        .is_none());
    sums
}

#[test]
fn sums_and_single_cells_make_up_the_identities_in_circuits_of_every_kind() {
    for kind in KINDS {
        let sums = check(odd(kind, 5).cs(), &format!("{kind:?}"));
        // Where all of one row are copied, and two are alone in theirs, nothing is left to sums.
        assert_eq!(sums.cells().is_empty(), kind == Kind::Copies);
        assert_eq!(sums.rows().is_empty(), kind != Kind::Everything);
    }
}

#[test]
fn sums_and_single_cells_make_up_the_identities_in_every_shape() {
    for shape in SHAPES {
        let mut cs = ConstraintSystem::<Fr>::default();
        configure(&mut cs, shape);
        let (cs, _) = cs.directly_convert_selectors_to_fixed(vec![]);
        let sums = check(&cs, shape.name);
        let cells = cs.advice_queries().len() + cs.fixed_queries().len();
        let (summed, rows) = (sums.cells().len(), sums.rows().len());
        eprintln!(
            "{}: {summed} of {cells} cells in {rows} sums and the quotient's",
            shape.name
        );
        assert!(2 * summed > cells, "{}", shape.name);
        for row in sums.rows() {
            let in_row = sums.cells().iter().filter(|cell| cell.row == *row);
            assert!(in_row.count() > 1, "{}: a sum of one cell", shape.name);
        }
    }
}

/// The identities see only what the sums come to together: each has to be opened for itself.
#[test]
fn rejects_sums_that_make_up_for_each_other() {
    let (key, instance, good) = golden();
    let verifier = ProofVerifier::new(&key, *INSECURE_TAU_G2).unwrap();
    ours(&verifier, &instance, &good).unwrap();
    let rows = verifier.sums.rows().len();
    // They are the last scalars, before the two points of the opening.
    let first = good.len() / 32 - 2 - rows;
    for row in 1..rows {
        let mut lie = good.clone();
        for (place, change) in [(first, Fr::ONE), (first + row, -Fr::ONE)] {
            let element: &mut [u8; 32] = (&mut lie[32 * place..][..32]).try_into().unwrap();
            *element = (Fr::from_repr(*element).unwrap() + change).to_repr();
        }
        let found = ours(&verifier, &instance, &lie);
        assert_eq!(found, Err(ProofError::False), "sum {row}");
    }
}
