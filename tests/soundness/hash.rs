//! Permutations that are none.

use zkmargin_tests::forge::{book, Forgery, HashLie, Lie, CAROL};

pub const FORGERIES: &[Forgery] = &[
    Forgery {
        name: "a leaf with a capacity of its own",
        book,
        lie: Lie::Cells(|c| {
            c.wrong = Some((CAROL, 0, HashLie::Capacity));
            c.rehash();
        }),
        stops: &["hash: capacity is zero / state[0] = 0"],
    },
    Forgery {
        name: "a wrong square in a full round",
        book,
        lie: Lie::Cells(|c| {
            c.wrong = Some((CAROL, 1, HashLie::Square));
            c.rehash();
        }),
        stops: &["hash: two full rounds / square = input^2"],
    },
    Forgery {
        name: "a wrong S-box in a full round",
        book,
        lie: Lie::Cells(|c| {
            c.wrong = Some((CAROL, 5, HashLie::Fifth));
            c.rehash();
        }),
        stops: &["hash: two full rounds / fifth = square^2 * input"],
    },
    Forgery {
        name: "another state after full rounds",
        book,
        lie: Lie::Cells(|c| {
            c.wrong = Some((CAROL, 6, HashLie::Next));
            c.rehash();
        }),
        stops: &["hash: two full rounds / next state = M * fifth"],
    },
    Forgery {
        name: "a wrong square in a partial round",
        book,
        lie: Lie::Cells(|c| {
            c.wrong = Some((CAROL, 2, HashLie::Square));
            c.rehash();
        }),
        stops: &["hash: partial rounds / square = input^2"],
    },
    Forgery {
        name: "a wrong S-box in a partial round",
        book,
        lie: Lie::Cells(|c| {
            c.wrong = Some((CAROL, 3, HashLie::Fifth));
            c.rehash();
        }),
        stops: &["hash: partial rounds / fifth = square^2 * input"],
    },
    Forgery {
        name: "another state after partial rounds",
        book,
        lie: Lie::Cells(|c| {
            c.wrong = Some((CAROL, 4, HashLie::Next));
            c.rehash();
        }),
        stops: &["hash: partial rounds / next state = rounds unrolled"],
    },
    Forgery {
        name: "a slot that the tree takes for another",
        book,
        lie: Lie::Cells(|c| {
            let node = c.layout.levels[0].start;
            c.inputs.insert((node, CAROL), c.output(CAROL + 1));
            c.rehash();
        }),
        stops: &["copy"],
    },
    Forgery {
        name: "a slot beyond the capacity",
        book,
        lie: Lie::Cells(|c| {
            let top = c.layout.levels.len() - 1;
            assert!(c.layout.children(top, 0)[7].is_none());
            c.inputs
                .insert((c.layout.levels[top].start, 7), c.output(CAROL));
            c.rehash();
        }),
        stops: &["copy"],
    },
    Forgery {
        name: "a market digest of another unit",
        book,
        lie: Lie::Cells(|c| {
            c.inputs.insert((c.layout.market.start, 3), c.output(0));
            c.rehash();
        }),
        stops: &["copy"],
    },
    Forgery {
        name: "a model digest that begins elsewhere",
        book,
        lie: Lie::Cells(|c| {
            c.inputs.insert((c.layout.model.start, 0), c.output(0));
            c.rehash();
        }),
        stops: &["copy"],
    },
    Forgery {
        name: "a model digest of other losses",
        book,
        lie: Lie::Cells(|c| {
            c.inputs.insert((c.layout.model.end - 2, 5), c.output(0));
            c.rehash();
        }),
        stops: &["copy"],
    },
    Forgery {
        name: "a counts digest of other counts",
        book,
        lie: Lie::Cells(|c| {
            c.inputs.insert((c.layout.counts, 2), c.output(0));
            c.rehash();
        }),
        stops: &["copy"],
    },
    Forgery {
        name: "a root of another tree",
        book,
        lie: Lie::Instance(|column| {
            column[zkmargin_circuits::public_inputs::ROOT_ROW].double_in_place()
        }),
        stops: &["copy"],
    },
];

trait Double {
    fn double_in_place(&mut self);
}

impl<F: ff::Field> Double for F {
    fn double_in_place(&mut self) {
        *self = self.double();
    }
}
