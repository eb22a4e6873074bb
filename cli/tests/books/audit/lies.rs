//! Packs that say something else than the book: each is refused, for its own reason.

use zkmargin_circuits::statement::Amount;
use zkmargin_prover::audit::pack;
use zkmargin_verifier::audit::{audit, Holds, ItemName, Pack, Ranked, Sample, SampledSlot};

use super::{checked, rejects, sample, whole, AUDITED, SEED};

/// The place in the sample of the first slot that holds such a thing.
fn drawn(pack: &Pack, wanted: impl Fn(&Holds) -> bool) -> usize {
    let found = pack
        .sample
        .slots
        .iter()
        .position(|slot| wanted(&slot.holds));
    found.expect("every kind is drawn")
}

fn other_digits(text: &str) -> String {
    let last = if text.ends_with('0') { "1" } else { "0" };
    format!("{}{last}", &text[..text.len() - 1])
}

#[test]
fn false_counts_are_refused() {
    let item = ItemName::Counts;
    rejects(|pack| pack.counts[1].accounts -= 1, item, "shard 1: ");
    rejects(|pack| pack.counts[0].pools += 1, item, "shard 0: ");
    rejects(|pack| pack.counts[1].salt.0[31] ^= 1, item, "shard 1: ");
    rejects(
        |pack| pack.counts[0].salt.0 = [255; 32],
        item,
        "not a field element",
    );
    rejects(
        |pack| pack.counts.truncate(1),
        item,
        "counts of 1 shards, the book has 2",
    );
    rejects(
        |pack| pack.counts.swap(0, 1),
        item,
        "stands in the place of shard 0",
    );
    let renumbered = |pack: &mut Pack| {
        pack.counts.swap(0, 1);
        pack.counts[0].shard = 0;
        pack.counts[1].shard = 1;
    };
    rejects(renumbered, item, "shard 0: ");
}

#[test]
fn false_openings_are_refused() {
    let item = ItemName::Openings;
    let of = |pack: &Pack, id: &str| {
        let found = pack.openings.iter().position(|record| record.account == id);
        found.unwrap()
    };
    let dan = of(&whole(), "dan");
    let quantity = |pack: &mut Pack| {
        pack.openings[dan].pools[0].holdings[0].quantity = "6000".into();
    };
    rejects(quantity, item, "not in the tree at this place");
    rejects(
        |pack| pack.openings[dan].class = "house".into(),
        item,
        "not in the tree",
    );
    rejects(
        |pack| pack.openings[dan].account = "ben".into(),
        item,
        "not in the tree",
    );
    let salt = |pack: &mut Pack| {
        let salt = &mut pack.openings[dan].salts[0];
        *salt = other_digits(salt);
    };
    rejects(salt, item, "not in the tree");
    rejects(|pack| pack.openings[dan].salts.clear(), item, "salts");
    rejects(
        |pack| pack.openings[dan].statement.0[0] ^= 1,
        item,
        "the record is for statement",
    );
    let twice = |pack: &mut Pack| {
        let again = pack.openings[dan].clone();
        pack.openings.insert(dan, again);
    };
    rejects(twice, item, "each slot once");
    rejects(|pack| pack.openings.reverse(), item, "in order of slot");
}

#[test]
fn figures_that_do_not_follow_are_refused() {
    let equity = |pack: &mut Pack| pack.openings[0].pools[0].figures.equity.amount.push('0');
    rejects(equity, ItemName::Openings, "the record shows equity");
}

/// Whatever byte is changed, nothing panics, and what is accepted says the same.
#[test]
fn no_changed_byte_of_a_pack_is_believed() {
    let audited = &*AUDITED;
    let asked = sample(2);
    let statement = &audited.bundle.statement;
    let honest = pack(&audited.snapshot, statement, &audited.secret, &asked).unwrap();
    // The leaf binds where pools end, not what they are called.
    let unlabelled = |mut pack: Pack| {
        let records = pack.openings.iter_mut();
        let pools = records.flat_map(|record| &mut record.pools);
        pools.for_each(|pool| pool.pool.clear());
        pack
    };
    let same = unlabelled(honest.clone());
    let bytes = honest.to_bytes();
    let mut refused = 0;
    for place in (0..bytes.len()).step_by(61) {
        let mut changed = bytes.clone();
        changed[place] ^= 1 << (place % 7);
        match audit(&changed, Some(&asked), &audited.report) {
            Ok(found) if found.valid => {
                let pack = Pack::parse(&changed).unwrap();
                assert_eq!(unlabelled(pack), same, "byte {place}");
            }
            _ => refused += 1,
        }
    }
    assert!(refused > 500, "{refused}");
}

#[test]
fn a_deficient_pool_that_is_hidden_shows() {
    let item = ItemName::Deficient;
    rejects(
        |pack| drop(pack.deficient.remove(1)),
        item,
        "\"eve\" lacks 100, which the pack does not list",
    );
    rejects(
        |pack| pack.deficient[0].shortfall = "3999".into(),
        item,
        "\"dan\" lacks 4000",
    );
    rejects(|pack| pack.deficient.swap(0, 1), item, "out of order");
    let more = |pack: &mut Pack| {
        let mut pool = pack.deficient[1].clone();
        pool.account = "long".into();
        pack.deficient.push(pool);
    };
    rejects(more, item, "the pack lists pools that are not opened");
    // Neither listed nor opened: the sums tell.
    let hidden = |pack: &mut Pack| {
        pack.deficient.remove(1);
        pack.openings.retain(|record| record.account != "eve");
    };
    rejects(
        hidden,
        item,
        "2 pools of class customer lack 4100, those listed are 1 and lack 4000",
    );
}

#[test]
fn an_account_of_the_house_that_is_hidden_shows() {
    let item = ItemName::Classes;
    rejects(
        |pack| drop(pack.classes.house.pop()),
        item,
        "of class house",
    );
    rejects(
        |pack| pack.classes.house.push("zoe".into()),
        item,
        "of class house",
    );
    let hidden = |pack: &mut Pack| {
        pack.classes.house.pop();
        pack.openings.retain(|record| record.account != "prop-2");
    };
    rejects(hidden, item, "claims or debts of BTC");
    let fund = |pack: &mut Pack| {
        pack.classes.fund.clear();
        pack.openings.retain(|record| record.account != "insurance");
    };
    rejects(fund, item, "accounts of class fund that are not opened");
}

#[test]
fn rankings_that_are_false_are_refused() {
    let item = ItemName::Largest;
    let amount = |pack: &mut Pack| {
        pack.largest.claims[0].accounts[0].amount = Amount::parse("900001").unwrap();
    };
    rejects(amount, item, "\"prop-1\" has 900000, the pack says 900001");
    rejects(
        |pack| pack.largest.claims[0].accounts.swap(0, 1),
        item,
        "listed after one that has less",
    );
    // A smaller one in the place of the largest, which is opened for another reason.
    let smaller = |pack: &mut Pack| {
        let accounts = &mut pack.largest.claims[0].accounts;
        accounts.remove(0);
        accounts.push(Ranked {
            account: "eve".into(),
            amount: Amount::parse("4900").unwrap(),
        });
    };
    rejects(
        smaller,
        item,
        "\"prop-1\" has more than the last one listed",
    );
    let fewer = |pack: &mut Pack| pack.largest.claims[0].accounts.truncate(2);
    rejects(fewer, item, "2 accounts are listed, where 3 are due");
    let twice = |pack: &mut Pack| {
        let first = pack.largest.claims[0].accounts[0].clone();
        pack.largest.claims[0].accounts[1] = first;
    };
    rejects(twice, item, "listed twice");
    rejects(
        |pack| drop(pack.largest.short.pop()),
        item,
        "in the order of the market",
    );
    rejects(
        |pack| pack.largest.long.reverse(),
        item,
        "in the order of the market",
    );
}

#[test]
fn a_sample_is_the_auditor_s_or_nothing() {
    let item = ItemName::Sample;
    rejects(
        |pack| pack.sample.seed.0[0] ^= 1,
        item,
        "not by the auditor's",
    );
    rejects(|pack| drop(pack.sample.slots.pop()), item, "the pack opens");
    rejects(|pack| pack.sample.slots.swap(0, 1), item, "in its place");
    let replaced = |pack: &mut Pack| pack.sample.slots[3] = pack.sample.slots[4].clone();
    rejects(replaced, item, "in its place");
    // Another seed's slots under the auditor's name.
    let audited = &*AUDITED;
    let other = Sample {
        seed: [9; 32],
        slots: 40,
    };
    let mut theirs = pack(
        &audited.snapshot,
        &audited.bundle.statement,
        &audited.secret,
        &other,
    )
    .unwrap();
    theirs.sample.seed.0 = SEED;
    let found = checked(&theirs, 40);
    assert!(found.failure().unwrap().detail.contains("in its place"));
    assert!(checked(&theirs, 41)
        .failure()
        .unwrap()
        .detail
        .contains("41 slots were drawn"));
    let more = checked(&whole(), audited.capacity + 1);
    assert!(more.failure().unwrap().detail.contains("cannot be drawn"));
}

#[test]
fn a_slot_holds_one_thing() {
    let item = ItemName::Sample;
    let pack = whole();
    let empty = drawn(&pack, |holds| matches!(holds, Holds::Empty { .. }));
    let leaf = drawn(&pack, |holds| matches!(holds, Holds::Leaf { .. }));
    let block = drawn(&pack, |holds| matches!(holds, Holds::Block { .. }));
    let scan = drawn(&pack, |holds| matches!(holds, Holds::Scan { .. }));
    let Holds::Empty { salt, path } = pack.sample.slots[empty].holds.clone() else {
        panic!("an empty slot");
    };
    let put = |place: usize, holds: Holds| {
        move |pack: &mut Pack| {
            let slot = pack.sample.slots[place].slot;
            pack.sample.slots[place] = SampledSlot { slot, holds };
        }
    };
    let is_empty = |salt: String| Holds::Empty {
        salt,
        path: path.clone(),
    };
    // Used slots called empty, and the reverse.
    for place in [leaf, block, scan] {
        rejects(
            put(place, is_empty(salt.clone())),
            item,
            "it is no empty slot of that salt",
        );
    }
    let called = Holds::Leaf {
        account: "dan".into(),
    };
    rejects(put(empty, called), item, "the leaf of \"dan\" is at slot");
    let nobody = Holds::Leaf {
        account: "nobody".into(),
    };
    rejects(put(leaf, nobody), item, "\"nobody\" is not opened");
    // A salt or a path that is another's.
    rejects(
        put(empty, is_empty(other_digits(&salt))),
        item,
        "it is no empty slot of that salt",
    );
    rejects(
        put(empty, is_empty("zz".into())),
        item,
        "not a field element",
    );
    let mut another = path.clone();
    another[0].swap(0, 1);
    rejects(
        put(
            empty,
            Holds::Empty {
                salt: salt.clone(),
                path: another,
            },
        ),
        item,
        "it is no empty slot of that salt",
    );
    let short = Holds::Empty {
        salt: salt.clone(),
        path: path[1..].to_vec(),
    };
    rejects(put(empty, short), item, "no place in a tree");
    // Windows of an account that are not the ones.
    let Holds::Block {
        account,
        block: index,
        path,
    } = pack.sample.slots[block].holds.clone()
    else {
        panic!("a block");
    };
    let at = |block: u64| Holds::Block {
        account: account.clone(),
        block,
        path: path.clone(),
    };
    rejects(
        put(block, at(1 - index)),
        item,
        "it is no block of that account",
    );
    for beyond in [2, 3, u64::MAX] {
        rejects(
            put(block, at(beyond)),
            item,
            "no such block before its leaf",
        );
    }
    let Holds::Scan {
        account,
        pool,
        salt,
        path,
    } = pack.sample.slots[scan].holds.clone()
    else {
        panic!("a scan");
    };
    let of = |account: &str, pool: u64, salt: String| Holds::Scan {
        account: account.into(),
        pool,
        salt,
        path: path.clone(),
    };
    rejects(
        put(scan, of(&account, pool, other_digits(&salt))),
        item,
        "it is no scan of that pool",
    );
    rejects(
        put(scan, of("pools", 1, salt.clone())),
        item,
        "it is no scan of that pool",
    );
    for beyond in [1, u64::MAX] {
        rejects(
            put(scan, of(&account, beyond, salt.clone())),
            item,
            "no such pool",
        );
    }
}
