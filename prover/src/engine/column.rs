//! Columns of cells, and what is done to all of their rows.

use std::sync::Arc;

use ff::Field;
use halo2_proofs::halo2curves::bn256::Fr;
use rayon::prelude::*;

use super::simd::{Block, Scalar, Simd, LANES};

/// What the cells of a column are, from row 0 on; rows beyond them are 0.
#[derive(Debug, Clone)]
pub enum Cells {
    /// Any elements, in so many rows.
    Elements(usize),
    /// Small integers.
    Small(Vec<u16>),
    /// The sum of a function's values at the small integers of some columns of the phase before.
    Function {
        /// Those columns.
        of: Vec<usize>,
        /// The values, from that of 0 on.
        values: Arc<Vec<Fr>>,
    },
}

/// The column of `rows` rows that begins with elements and ends with those of `tail`.
///
/// # Panics
/// When they do not fit the rows.
pub fn elements<S: Simd<Scalar>>(s: S, rows: usize, cells: &[Fr], tail: &[Fr]) -> Vec<Block> {
    let mut column = bytemuck::zeroed_vec(rows / LANES);
    lay(s, &mut column, cells.len(), tail, |row| {
        let at = |i: usize| cells.get(row + i).copied().unwrap_or(Fr::ZERO);
        s.load(&s.import(&std::array::from_fn(at)))
    });
    column
}

/// So many blocks at a time of columns that are all of one length, those of each time together.
pub fn side_by_side(columns: Vec<&mut [Block]>, blocks: usize) -> Vec<Vec<&mut [Block]>> {
    let length = columns.first().map_or(0, |column| column.len());
    let mut tasks: Vec<Vec<&mut [Block]>> = Vec::new();
    tasks.resize_with(length.div_ceil(blocks), Vec::new);
    for column in columns {
        for (task, part) in tasks.iter_mut().zip(column.chunks_mut(blocks)) {
            task.push(part);
        }
    }
    tasks
}

/// Lays out columns of elements, all of one length, side by side: `cells` puts those of [`LANES`] rows,
/// from the one it is given on, in the place of zeros.
pub fn lay_elements<S: Simd<Scalar>>(
    s: S,
    columns: Vec<&mut [Block]>,
    cells: impl Fn(usize, &mut [[Fr; LANES]]) + Sync,
) {
    const TASK: usize = 1 << 6;
    side_by_side(columns, TASK)
        .into_par_iter()
        .enumerate()
        .for_each(|(task, mut columns)| {
            let mut elements = vec![[Fr::ZERO; LANES]; columns.len()];
            let blocks = columns.first().map_or(0, |blocks| blocks.len());
            s.vectorize(
                #[inline(always)]
                || {
                    for i in 0..blocks {
                        elements.fill([Fr::ZERO; LANES]);
                        cells((task * TASK + i) * LANES, &mut elements);
                        for (column, elements) in columns.iter_mut().zip(&elements) {
                            column[i] = s.import(elements);
                        }
                    }
                },
            );
        });
}

/// Lays out a column of small integers.
///
/// # Panics
/// When they do not fit the rows.
pub fn lay_small<S: Simd<Scalar>>(s: S, column: &mut [Block], cells: &[u16], tail: &[Fr]) {
    lay(s, column, cells.len(), tail, |row| {
        let at = |i: usize| cells.get(row + i).copied().unwrap_or(0);
        s.small(std::array::from_fn(at))
    })
}

/// Lays out the sums of a function's values at small integers, of columns of one length.
///
/// # Panics
/// When they do not fit the rows, or the function has no value at an integer.
pub fn lay_function<S: Simd<Scalar>>(
    s: S,
    column: &mut [Block],
    columns: &[&[u16]],
    values: &[Fr],
    tail: &[Fr],
) {
    let length = columns.first().map_or(0, |cells| cells.len());
    lay(s, column, length, tail, |row| {
        let sum = |row: usize| {
            let cells = columns.iter().filter_map(|cells| cells.get(row));
            cells.map(|cell| values[usize::from(*cell)]).sum()
        };
        s.load(&s.import(&std::array::from_fn(|i| sum(row + i))))
    })
}

#[inline(always)]
fn lay<S: Simd<Scalar>>(
    s: S,
    column: &mut [Block],
    length: usize,
    tail: &[Fr],
    cells: impl Fn(usize) -> S::Wide,
) {
    let rows = column.len() * LANES;
    assert!(length + tail.len() <= rows, "cells do not reach the tail");
    let (begun, rest) = column.split_at_mut(length.div_ceil(LANES));
    s.vectorize(
        #[inline(always)]
        || {
            for (i, block) in begun.iter_mut().enumerate() {
                *block = s.store(cells(i * LANES));
            }
        },
    );
    rest.fill(Block::ZERO);
    put(s, column, rows - tail.len(), tail);
}

/// A column, read so many rows on.
pub type View<'a> = (&'a [Block], i32);

/// The cells that stand `rotation` rows on from those of a block; beyond the last row are the first.
/// The column has a power of two of rows.
#[inline(always)]
pub fn rotated<S: Simd<Scalar>>(s: S, column: &[Block], block: usize, rotation: i32) -> S::Wide {
    let (block, shift) = moved(column, block, rotation);
    if shift == 0 {
        return s.load(&column[block]);
    }
    let next = (block + 1) & (column.len() - 1);
    s.shifted(&column[block], &column[next], shift)
}

/// The block and the lane in it that stand `rotation` rows on from the first lane of a block.
#[inline(always)]
pub fn moved(column: &[Block], block: usize, rotation: i32) -> (usize, usize) {
    debug_assert!(column.len().is_power_of_two(), "{} blocks", column.len());
    let row = (block * LANES).wrapping_add_signed(rotation as isize);
    ((row / LANES) & (column.len() - 1), row % LANES)
}

/// Blocks of each end of a column in [`edges`].
const EDGE: usize = 8;

/// Rows of each end of a column in [`edges`].
pub const EDGE_ROWS: usize = EDGE * LANES;

/// The last rows, which need not be used: those that blind a column, and some.
pub const ENDING_ROWS: usize = EDGE_ROWS / 2;

/// The first and the last [`EDGE_ROWS`] rows of a column, or all of a short one: a column in which the
/// last rows stand last, and those around them where they do in the whole.
pub fn edges(column: &[Block]) -> Vec<Block> {
    match column.len().checked_sub(EDGE) {
        Some(last) if last > EDGE => [&column[..EDGE], &column[last..]].concat(),
        _ => column.to_vec(),
    }
}

/// Sets cells from `row` on.
pub fn put<S: Simd<Scalar>>(s: S, column: &mut [Block], row: usize, cells: &[Fr]) {
    let end = row + cells.len();
    for (index, block) in column.iter_mut().enumerate() {
        let first = index * LANES;
        if first + LANES <= row || first >= end {
            continue;
        }
        let mut elements = s.export(block);
        for (lane, element) in elements.iter_mut().enumerate() {
            if let Some(cell) = (first + lane).checked_sub(row).and_then(|i| cells.get(i)) {
                *element = *cell;
            }
        }
        *block = s.import(&elements);
    }
}

/// All cells, as the library's elements.
pub fn export<S: Simd<Scalar>>(s: S, column: &[Block]) -> Vec<Fr> {
    let mut out = vec![Fr::ZERO; column.len() * LANES];
    out.par_chunks_mut(LANES << 10)
        .zip(column.par_chunks(1 << 10))
        .for_each(|(out, blocks)| {
            for (out, block) in out.chunks_exact_mut(LANES).zip(blocks) {
                out.copy_from_slice(&s.export(block));
            }
        });
    out
}

/// `out[i] = f(i)`, block by block, in parallel.
pub fn fill<S: Simd<Scalar>>(s: S, out: &mut [Block], f: impl Fn(usize, &Block) -> S::Wide + Sync) {
    const TASK: usize = 1 << 8;
    out.par_chunks_mut(TASK)
        .enumerate()
        .for_each(|(task, out)| {
            s.vectorize(
                #[inline(always)]
                || {
                    for (i, block) in out.iter_mut().enumerate() {
                        *block = s.store(f(task * TASK + i, block));
                    }
                },
            );
        });
}

/// Replaces cells by their inverses, and 0 by 0.
pub fn invert<S: Simd<Scalar>>(s: S, column: &mut [Block]) {
    column.par_chunks_mut(1 << 9).for_each(|blocks| {
        let mut before = vec![Block::ZERO; blocks.len()];
        let product = s.vectorize(
            #[inline(always)]
            || {
                let mut product = s.splat(Fr::ONE);
                for (before, block) in before.iter_mut().zip(blocks.iter()) {
                    *before = s.store(s.reduce(product));
                    product = s.mul(product, s.load(block));
                }
                s.store(s.reduce(product))
            },
        );
        let inverses = s.export(&product).map(|product| product.invert());
        if inverses.iter().any(|inverse| bool::from(inverse.is_none())) {
            // A zero among them: one by one.
            for block in blocks {
                let each = s
                    .export(block)
                    .map(|cell| cell.invert().unwrap_or(Fr::ZERO));
                *block = s.import(&each);
            }
            return;
        }
        let inverses = s.import(&inverses.map(|inverse| inverse.unwrap_or(Fr::ZERO)));
        s.vectorize(
            #[inline(always)]
            || {
                let mut inverse = s.load(&inverses);
                for (before, block) in before.iter().zip(blocks.iter_mut()).rev() {
                    let value = s.load(block);
                    *block = s.store(s.mul(inverse, s.load(before)));
                    inverse = s.mul(inverse, value);
                }
            },
        );
    });
}

#[cfg(test)]
mod tests {
    use super::super::simd::with_every_arithmetic;
    use super::*;

    fn check<S: Simd<Scalar>>(s: S) {
        let cells: Vec<Fr> = (0..20).map(|i| Fr::from(i * i)).collect();
        let tail = [Fr::from(7), Fr::from(8), Fr::from(9)];
        let column = elements(s, 32, &cells, &tail);
        let mut expected = cells.clone();
        expected.resize(29, Fr::ZERO);
        expected.extend(tail);
        assert_eq!(export(s, &column), expected);
        let integers: Vec<u16> = (0..20).map(|i| i * i).collect();
        // In columns that held other things before.
        let mut small = column.clone();
        small.reverse();
        lay_small(s, &mut small, &integers, &tail);
        assert_eq!(export(s, &small), expected);
        let values: Vec<Fr> = (0..400).map(|i| Fr::from(1000 - i)).collect();
        let mut sums = small.clone();
        sums.reverse();
        lay_function(s, &mut sums, &[&integers, &integers[..]], &values, &tail);
        let mut expected_sums: Vec<Fr> = cells
            .iter()
            .map(|cell| (Fr::from(1000) - cell).double())
            .collect();
        expected_sums.resize(29, Fr::ZERO);
        expected_sums.extend(tail);
        assert_eq!(export(s, &sums), expected_sums);
        let mut inverses = column.clone();
        invert(s, &mut inverses);
        for (inverse, cell) in export(s, &inverses).iter().zip(&expected) {
            assert_eq!(*inverse, cell.invert().unwrap_or(Fr::ZERO));
        }
        let ones: Vec<Fr> = (0..32).map(|_| Fr::ONE).collect();
        let mut without_zero = elements(s, 32, &ones, &[]);
        put(s, &mut without_zero, 6, &[Fr::from(5); 4]);
        invert(s, &mut without_zero);
        assert_eq!(export(s, &without_zero)[9] * Fr::from(5), Fr::ONE);
        assert_eq!(export(s, &without_zero)[10], Fr::ONE);
    }

    fn check_side_by_side<S: Simd<Scalar>>(s: S) {
        let (rows, filled) = (1 << 10, 700);
        let cell = |column: usize, row: usize| Fr::from((column * rows + row) as u64);
        let mut columns = vec![elements(s, rows, &[Fr::ONE; 1000], &[]); 3];
        let all = columns.iter_mut().map(Vec::as_mut_slice).collect();
        lay_elements(s, all, |row, cells| {
            for (column, cells) in cells.iter_mut().enumerate() {
                let rows = row..filled.max(row);
                for (cell_here, row) in cells.iter_mut().zip(rows) {
                    *cell_here = cell(column, row);
                }
            }
        });
        for (column, blocks) in columns.iter().enumerate() {
            let mut expected: Vec<Fr> = (0..filled).map(|row| cell(column, row)).collect();
            expected.resize(rows, Fr::ZERO);
            assert_eq!(export(s, blocks), expected);
        }
        lay_elements(s, Vec::new(), |_, _| unreachable!("no columns"));
    }

    #[test]
    fn accepts_the_librarys_results() {
        with_every_arithmetic!(check);
    }

    #[test]
    fn accepts_columns_side_by_side() {
        with_every_arithmetic!(check_side_by_side);
    }
}
