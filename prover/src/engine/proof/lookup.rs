//! Inputs and tables of the built-in lookups, arranged so that equal cells stand together.

use ff::{Field, PrimeField};
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::plonk::Expression;
use rand_core::CryptoRngCore;
use rayon::prelude::*;

use super::super::column::{elements, export};
use super::super::numerator::{Drawn, Translator};
use super::super::program::Program;
use super::super::simd::{Block, Scalar, Simd};
use super::{ProofError, Values};

/// One lookup: its sides, and the same permuted.
pub(super) struct Permuted {
    pub compressed_input: Vec<Block>,
    pub compressed_table: Vec<Block>,
    pub input: Vec<Block>,
    pub table: Vec<Block>,
}

/// Permutes both sides of every lookup: equal inputs stand together, and the first of them stands
/// beside its equal in the table.
pub(super) fn permute<S: Simd<Scalar>>(
    values: &Values<'_, S>,
    drawn: &Drawn,
    usable: usize,
    rng: &mut dyn CryptoRngCore,
) -> Result<Vec<Permuted>, ProofError> {
    let domain = &values.key.domain;
    let s = domain.simd;
    let side = |expressions: &[Expression<Fr>]| {
        let mut t = Translator::new(values.places, &drawn.circuit);
        let value = t.compressed(expressions, drawn.theta);
        let program = Program::new(&t.graph, &[value]);
        let mut outputs = program.run(s, domain.blocks(), &|place| (values.at(place), 0));
        outputs.pop().unwrap_or_default()
    };
    let lookups = values.key.verifying.cs().lookups();
    lookups
        .iter()
        .map(|lookup| {
            let compressed_input = side(lookup.input_expressions());
            let compressed_table = side(lookup.table_expressions());
            let inputs = export(s, &compressed_input);
            let tables = export(s, &compressed_table);
            let (input, table) = arrange(&inputs[..usable], &tables[..usable]).map_err(|row| {
                ProofError::Lookup {
                    lookup: lookup.name().to_owned(),
                    row,
                }
            })?;
            let mut column = |cells: Vec<Fr>| {
                let tail: Vec<Fr> = (usable..domain.n())
                    .map(|_| Fr::random(&mut *rng))
                    .collect();
                elements(s, domain.n(), &cells, &tail)
            };
            Ok(Permuted {
                input: column(input),
                table: column(table),
                compressed_input,
                compressed_table,
            })
        })
        .collect()
}

/// The words of an element's integer, the highest first: they compare as the integers do.
fn integer(element: &Fr) -> [u64; 4] {
    let words: [u64; 4] = bytemuck::cast(element.to_repr());
    [words[3], words[2], words[1], words[0]].map(u64::from_le)
}

/// The permuted input and table, or a row whose input is not in the table.
fn arrange(inputs: &[Fr], tables: &[Fr]) -> Result<(Vec<Fr>, Vec<Fr>), usize> {
    let mut input = inputs.to_vec();
    let mut table = tables.to_vec();
    input.par_sort_by_cached_key(integer);
    table.par_sort_by_cached_key(integer);
    let mut permuted = vec![None; input.len()];
    let mut spare = Vec::with_capacity(table.len());
    let mut rest = table.iter().peekable();
    for (row, value) in input.iter().enumerate() {
        if row > 0 && input[row - 1] == *value {
            continue;
        }
        while let Some(other) = rest.next_if(|other| integer(other) < integer(value)) {
            spare.push(*other);
        }
        match rest.next_if(|other| *other == value) {
            Some(found) => permuted[row] = Some(*found),
            None => {
                let row = inputs.iter().position(|input| input == value);
                return Err(row.unwrap_or_default());
            }
        }
    }
    spare.extend(rest.copied());
    let mut spare = spare.into_iter();
    let table = permuted
        .into_iter()
        .map(|cell| cell.or_else(|| spare.next()).unwrap_or(Fr::ZERO))
        .collect();
    Ok((input, table))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn accepts_inputs_of_the_table() {
        let of = |values: &[u64]| values.iter().map(|v| Fr::from(*v)).collect::<Vec<_>>();
        let (input, table) = arrange(&of(&[3, 1, 3, 3, 7, 1]), &of(&[7, 1, 2, 3, 0, 0])).unwrap();
        let mut sorted = table.clone();
        sorted.sort_by_key(integer);
        assert_eq!(sorted, of(&[0, 0, 1, 2, 3, 7]));
        for row in 0..input.len() {
            assert!(input[row] == table[row] || row > 0 && input[row] == input[row - 1]);
        }
    }

    #[test]
    fn rejects_an_input_that_no_table_row_holds() {
        let of = |values: &[u64]| values.iter().map(|v| Fr::from(*v)).collect::<Vec<_>>();
        assert_eq!(arrange(&of(&[1, 2, 5]), &of(&[1, 2, 3])), Err(2));
    }

    proptest! {
        #[test]
        fn accepts_repeated_inputs_and_tables(
            table in prop::collection::vec(0..20u64, 1..60),
            picks in prop::collection::vec(any::<prop::sample::Index>(), 60),
            negative in any::<bool>(),
        ) {
            // The largest integers, too, where the order of words would be another than of elements.
            let of = |value: u64| if negative { -Fr::from(value) } else { Fr::from(value) };
            let tables: Vec<Fr> = table.iter().map(|value| of(*value)).collect();
            let picks = picks.iter().take(tables.len());
            let inputs: Vec<Fr> = picks.map(|pick| *pick.get(&tables)).collect();
            let (input, table) = arrange(&inputs, &tables).unwrap();
            let sorted = |cells: &[Fr]| {
                let mut cells = cells.to_vec();
                cells.sort_by_key(integer);
                cells
            };
            prop_assert_eq!(sorted(&input), sorted(&inputs));
            prop_assert_eq!(sorted(&table), sorted(&tables));
            for row in 0..input.len() {
                prop_assert!(input[row] == table[row] || row > 0 && input[row] == input[row - 1]);
            }
        }
    }
}
