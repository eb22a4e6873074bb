//! Losses that share an element of the model digest, in the shape that has them.

use ethnum::I256;
use halo2_proofs::halo2curves::bn256::Fr;
use zkmargin_circuits::digest::check_fit;
use zkmargin_circuits::field::from_i128;
use zkmargin_tests::forge::{book_with_spare, shape, wide, Cells, Forgery, Lie, SPARE};
use zkmargin_tests::sample::Sample;

/// The least loss but one, in the second scenario of the spare symbol.
const LEAST: i64 = 1 - (1 << 62);

fn book_with_the_least_loss() -> Sample {
    let mut book = book_with_spare();
    book.risk.symbols[SPARE - 1].losses[1] = LEAST;
    book
}

/// Lays a loss of the spare symbol's first row, whatever its range, with the low bits of twice its top limb.
fn lay(c: &mut Cells, scenario: usize, loss: i128) {
    let t = c.columns.table.clone();
    let row = c.layout.block(SPARE - 1).start;
    let laid = loss + (1 << 62);
    c.set(t.losses[scenario], row, from_i128(loss));
    c.put(&t.limbs.losses[scenario], row, I256::from(laid));
    let top = laid >> (64 - c.layout.shape.limb_bits);
    c.put(&t.limbs.loss_tops[scenario], row, I256::from(2 * top));
}

pub const FORGERIES: &[Forgery] = &[
    Forgery {
        name: "a gain turned into a loss, under the same digest",
        book: book_with_the_least_loss,
        lie: Lie::Cells(|c| {
            let row = c.layout.block(SPARE - 1).start;
            let element = c.columns.table.loss_elements[0];
            let before = c.get(element, row);
            // What is too much for one field is taken from the next.
            lay(c, 1, i128::from(LEAST) + (1 << 63));
            lay(c, 2, -1);
            c.settle();
            assert_eq!(before, c.get(element, row));
        }),
        stops: &["table: losses / 2 * top limb of the loss = limb"],
    },
    Forgery {
        name: "a loss below its range",
        book: book_with_spare,
        lie: Lie::Cells(|c| {
            let t = c.columns.table.clone();
            let row = c.layout.block(SPARE - 1).start;
            c.set(t.losses[3], row, -Fr::from(1 << 62) - Fr::from(9));
            c.put(&t.limbs.losses[3], row, I256::ZERO);
            c.put(&t.limbs.loss_tops[3], row, I256::ZERO);
            c.settle();
        }),
        stops: &["table: losses / loss = limbs, offset"],
    },
    Forgery {
        name: "a digest of other losses",
        book: book_with_spare,
        lie: Lie::Cells(|c| {
            let column = c.columns.table.loss_elements[0];
            let row = c.layout.block(1).start + 1;
            c.add(column, row, 1 << 20);
            c.rehash();
        }),
        stops: &["table: elements of the digests / losses"],
    },
];

#[test]
fn rejects_losses_beyond_their_field() {
    let mut book = book_with_the_least_loss();
    let fit = |book: &Sample, shape| check_fit(shape, &book.market, &book.risk);
    assert_eq!(fit(&book, wide()), Ok(()));
    for loss in [1 << 62, -(1 << 62)] {
        book.risk.symbols[SPARE - 1].losses[3] = loss;
        let error = fit(&book, wide()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "shape wide-11 holds at most 4611686018427387903 quote quanta as a loss of one lot, \
             this book has 4611686018427387904 (symbol SPARE)"
        );
        assert_eq!(fit(&book, shape()), Ok(()));
    }
}
