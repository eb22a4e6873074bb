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
        stops: &["hash: capacity is zero / input[0] = 0"],
    },
    Forgery {
        name: "another input after the words that are hashed",
        book,
        lie: Lie::Cells(|c| {
            c.wrong = Some((CAROL, 1, HashLie::Input(8)));
            c.rehash();
        }),
        stops: &["hash: full round after a full round / late: inputs follow"],
    },
    Forgery {
        name: "another input after a full round, in its row",
        book,
        lie: Lie::Cells(|c| {
            c.wrong = Some((CAROL, 3, HashLie::Input(4)));
            c.rehash();
        }),
        stops: &["hash: full round after a full round / late: inputs follow"],
    },
    Forgery {
        name: "another input after a full round, in the next row",
        book,
        lie: Lie::Cells(|c| {
            c.wrong = Some((CAROL, 2, HashLie::Input(4)));
            c.rehash();
        }),
        stops: &["hash: full round after a full round / next row: inputs follow"],
    },
    Forgery {
        name: "another input of the last rounds",
        book,
        lie: Lie::Cells(|c| {
            c.wrong = Some((CAROL, 13, HashLie::Input(0)));
            c.rehash();
        }),
        stops: &["hash: full round after a full round / late: inputs follow"],
    },
    Forgery {
        name: "another full round after one that followed partial rounds",
        book,
        lie: Lie::Cells(|c| {
            c.wrong = Some((CAROL, 12, HashLie::Input(7)));
            c.rehash();
        }),
        stops: &["hash: full round after a full round / next row: inputs follow"],
    },
    Forgery {
        name: "another hash than the last round's",
        book,
        lie: Lie::Cells(|c| {
            c.wrong = Some((CAROL, 15, HashLie::Input(0)));
            c.rehash();
        }),
        stops: &["hash: full round after a full round / late: inputs follow"],
    },
    Forgery {
        name: "another input of the first partial rounds",
        book,
        lie: Lie::Cells(|c| {
            c.wrong = Some((CAROL, 4, HashLie::Input(5)));
            c.rehash();
        }),
        stops: &["hash: partial rounds after a full round / next row: inputs follow"],
    },
    Forgery {
        name: "another input of partial rounds, in the same row",
        book,
        lie: Lie::Cells(|c| {
            c.wrong = Some((CAROL, 7, HashLie::Input(2)));
            c.rehash();
        }),
        stops: &["hash: partial rounds after partial rounds / late: inputs follow"],
    },
    Forgery {
        name: "another input of partial rounds, in the next row",
        book,
        lie: Lie::Cells(|c| {
            c.wrong = Some((CAROL, 8, HashLie::Input(8)));
            c.rehash();
        }),
        stops: &["hash: partial rounds after partial rounds / next row: inputs follow"],
    },
    Forgery {
        name: "another input of the last partial rounds",
        book,
        lie: Lie::Cells(|c| {
            c.wrong = Some((CAROL, 10, HashLie::Input(1)));
            c.rehash();
        }),
        stops: &["hash: partial rounds after partial rounds / next row: inputs follow"],
    },
    Forgery {
        name: "another full round after the partial rounds",
        book,
        lie: Lie::Cells(|c| {
            c.wrong = Some((CAROL, 11, HashLie::Input(6)));
            c.rehash();
        }),
        stops: &["hash: full round after partial rounds / late: inputs follow"],
    },
    Forgery {
        name: "a node with a capacity of its own",
        book,
        lie: Lie::Cells(|c| {
            c.wrong = Some((c.layout.levels[0].start, 0, HashLie::Capacity));
            c.rehash();
        }),
        stops: &["node hash: capacity is zero / input[0] = 0"],
    },
    Forgery {
        name: "another input after the words of a node",
        book,
        lie: Lie::Cells(|c| {
            c.wrong = Some((c.layout.levels[0].start, 1, HashLie::Input(8)));
            c.rehash();
        }),
        stops: &["node hash: full round after a full round / next row: inputs follow"],
    },
    Forgery {
        name: "another input of a node after a full round",
        book,
        lie: Lie::Cells(|c| {
            c.wrong = Some((c.layout.market.start, 3, HashLie::Input(4)));
            c.rehash();
        }),
        stops: &["node hash: full round after a full round / next row: inputs follow"],
    },
    Forgery {
        name: "another full round of a node after one that followed partial rounds",
        book,
        lie: Lie::Cells(|c| {
            c.wrong = Some((c.layout.model.start, 12, HashLie::Input(7)));
            c.rehash();
        }),
        stops: &["node hash: full round after a full round / next row: inputs follow"],
    },
    Forgery {
        name: "another input of the last round of a node",
        book,
        lie: Lie::Cells(|c| {
            c.wrong = Some((c.layout.counts, 14, HashLie::Input(0)));
            c.rehash();
        }),
        stops: &["node hash: full round after a full round / next row: inputs follow"],
    },
    Forgery {
        name: "another hash of a node than the last round's",
        book,
        lie: Lie::Cells(|c| {
            c.wrong = Some((c.layout.levels[0].start, 15, HashLie::Input(0)));
            c.rehash();
        }),
        stops: &["node hash: hash after a full round / next row: hash follows"],
    },
    Forgery {
        name: "another root than the last round's",
        book,
        lie: Lie::Cells(|c| {
            c.wrong = Some((
                c.layout.levels[c.layout.levels.len() - 1].start,
                15,
                HashLie::Input(0),
            ));
            c.rehash();
        }),
        stops: &["node hash: hash after a full round / next row: hash follows"],
    },
    Forgery {
        name: "another input of the first partial rounds of a node",
        book,
        lie: Lie::Cells(|c| {
            c.wrong = Some((c.layout.levels[0].start, 4, HashLie::Input(5)));
            c.rehash();
        }),
        stops: &["node hash: partial rounds after a full round / next row: inputs follow"],
    },
    Forgery {
        name: "another input of partial rounds of a node",
        book,
        lie: Lie::Cells(|c| {
            c.wrong = Some((c.layout.model.end - 1, 7, HashLie::Input(2)));
            c.rehash();
        }),
        stops: &["node hash: partial rounds after partial rounds / next row: inputs follow"],
    },
    Forgery {
        name: "another input of the last partial rounds of a node",
        book,
        lie: Lie::Cells(|c| {
            c.wrong = Some((c.layout.counts, 10, HashLie::Input(1)));
            c.rehash();
        }),
        stops: &["node hash: partial rounds after partial rounds / next row: inputs follow"],
    },
    Forgery {
        name: "another full round of a node after the partial rounds",
        book,
        lie: Lie::Cells(|c| {
            c.wrong = Some((c.layout.levels[1].start, 11, HashLie::Input(6)));
            c.rehash();
        }),
        stops: &["node hash: full round after partial rounds / next row: inputs follow"],
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
