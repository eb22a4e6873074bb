//! The choice of cells of which no two are multiplied by each other.

use std::collections::BTreeMap;

use fixedbitset::FixedBitSet;

/// Whether each cell is opened by itself. `products` says what each is multiplied by, and `rows` in
/// which row it stands, from that of `x`.
///
/// The largest such choice is hard to find. This one takes, again and again, the cell that rules out
/// the fewest others. A sum of a single cell saves nothing but in the row of `x`: such cells
/// are taken back, until there are none.
pub(super) fn choose(products: &[FixedBitSet], rows: &[i32]) -> Vec<bool> {
    let mut open = FixedBitSet::with_capacity(products.len());
    for (cell, others) in products.iter().enumerate() {
        open.set(cell, !others.contains(cell));
    }
    loop {
        let chosen = independent(products, &open);
        let mut count: BTreeMap<i32, usize> = BTreeMap::new();
        let row_of = |cell: usize| rows.get(cell).copied().unwrap_or(0);
        for cell in chosen.ones() {
            let count = count.entry(row_of(cell)).or_default();
            *count = count.saturating_add(1);
        }
        let single = |cell: &usize| row_of(*cell) != 0 && count.get(&row_of(*cell)) == Some(&1);
        let taken_back: Vec<usize> = chosen.ones().filter(single).collect();
        if taken_back.is_empty() {
            return (0..products.len())
                .map(|cell| !chosen.contains(cell))
                .collect();
        }
        for cell in taken_back {
            open.remove(cell);
        }
    }
}

/// Cells among `open` of which no two are multiplied.
fn independent(products: &[FixedBitSet], open: &FixedBitSet) -> FixedBitSet {
    let mut left = open.clone();
    let mut chosen = FixedBitSet::with_capacity(products.len());
    let ruled_out = |cell: usize, left: &FixedBitSet| {
        let others = products.get(cell);
        others.map_or(0, |others| others.intersection_count(left))
    };
    while let Some(cell) = left.ones().min_by_key(|cell| ruled_out(*cell, &left)) {
        left.remove(cell);
        if let Some(others) = products.get(cell) {
            left.difference_with(others);
        }
        chosen.insert(cell);
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which of `count` cells are left to sums, where these pairs are multiplied.
    fn summed(count: usize, pairs: &[(usize, usize)], rows: &[i32]) -> Vec<usize> {
        let mut products = vec![FixedBitSet::with_capacity(count); count];
        for (a, b) in pairs {
            products[*a].insert(*b);
            products[*b].insert(*a);
        }
        let alone = choose(&products, rows);
        (0..count).filter(|cell| !alone[*cell]).collect()
    }

    #[test]
    fn accepts_all_but_the_selector_of_a_linear_constraint() {
        let pairs = [(0, 1), (0, 2), (0, 3)];
        assert_eq!(summed(4, &pairs, &[0; 4]), [1, 2, 3]);
    }

    #[test]
    fn accepts_one_factor_of_a_product() {
        assert_eq!(summed(3, &[(0, 1), (0, 2), (1, 2)], &[0; 3]), [0]);
    }

    #[test]
    fn rejects_squares() {
        assert_eq!(summed(2, &[(0, 0)], &[0; 2]), [1]);
    }

    #[test]
    fn rejects_a_sum_of_one_cell_and_takes_what_it_ruled_out() {
        // Cells 0 and 1 are multiplied; 0 is alone in its row.
        assert_eq!(summed(2, &[(0, 1)], &[1, 0]), [1]);
        assert_eq!(summed(4, &[(0, 3), (1, 3), (2, 3)], &[1, 1, 2, 0]), [0, 1]);
    }
}
