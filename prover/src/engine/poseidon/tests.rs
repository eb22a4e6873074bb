use std::path::Path;

use ff::FromUniformBytes;
use proptest::prelude::*;
use zkmargin_circuits::poseidon::{boxes_by_definition, hash8_by_definition};
use zkmargin_circuits::shape::Shape;
use zkmargin_circuits::tree::Tree;
use zkmargin_circuits::witness::Witness;

use super::*;
use crate::engine::simd::{Machine, PointWords, Portable};
use crate::evaluate::evaluate;
use crate::placement::Seed;
use crate::shard::Shards;
use crate::snapshot::LoadedSnapshot;

/// The library's arithmetic, held to what [`Simd`] asks for: every value with its bound.
#[derive(Debug, Clone, Copy)]
struct Bounded;

type Wide = ([Fr; LANES], u32);

impl Machine for Bounded {
    fn vectorize<R>(self, work: impl FnOnce() -> R) -> R {
        work()
    }
}

impl Simd<Scalar> for Bounded {
    type Wide = Wide;

    fn load(self, block: &Block) -> Wide {
        (Simd::<Scalar>::load(Portable, block), 2)
    }

    fn store(self, (value, bound): Wide) -> Block {
        assert!(bound <= 4);
        Simd::<Scalar>::store(Portable, value)
    }

    fn splat(self, element: Fr) -> Wide {
        ([element; LANES], 1)
    }

    fn add(self, a: Wide, b: Wide) -> Wide {
        assert!(a.1 + b.1 <= 64);
        (Simd::<Scalar>::add(Portable, a.0, b.0), a.1 + b.1)
    }

    fn mul(self, a: Wide, b: Wide) -> Wide {
        assert!(a.1 * b.1 <= 64);
        (Simd::<Scalar>::mul(Portable, a.0, b.0), 2)
    }

    fn square(self, a: Wide) -> Wide {
        assert!(a.1 <= 8);
        self.mul(a, a)
    }

    fn sum(self, products: impl Iterator<Item = (Wide, Wide)>) -> Wide {
        let products: Vec<_> = products.collect();
        assert!(products.len() <= 20);
        assert!(products.iter().map(|(a, b)| a.1 * b.1).sum::<u32>() <= 64);
        let values = products.into_iter().map(|(a, b)| (a.0, b.0));
        (Simd::<Scalar>::sum(Portable, values), 2)
    }

    fn import(self, elements: &[Fr; LANES]) -> Block {
        Simd::<Scalar>::import(Portable, elements)
    }

    fn export(self, block: &Block) -> [Fr; LANES] {
        Simd::<Scalar>::export(Portable, block)
    }

    fn sub(self, _: Wide, _: Wide) -> Wide {
        unimplemented!()
    }

    fn sub_reduced(self, _: Wide, _: Wide) -> Wide {
        unimplemented!()
    }

    fn reduce(self, _: Wide) -> Wide {
        unimplemented!()
    }

    fn narrow(self, _: Wide) -> Wide {
        unimplemented!()
    }

    fn add_narrow(self, _: Wide, _: Wide) -> Wide {
        unimplemented!()
    }

    fn sub_narrow(self, _: Wide, _: Wide) -> Wide {
        unimplemented!()
    }

    fn sub_both(self, _: Wide, _: Wide, _: Wide) -> Wide {
        unimplemented!()
    }

    fn spread(self, _: Wide, _: Wide) -> (Wide, Wide) {
        unimplemented!()
    }

    fn small(self, _: [u16; LANES]) -> Wide {
        unimplemented!()
    }

    fn integers(self, _: &Block) -> [[u64; 4]; LANES] {
        unimplemented!()
    }

    fn negate_where(self, _: Wide, _: u8) -> Wide {
        unimplemented!()
    }

    fn load_points(self, _: [&PointWords; LANES]) -> (Wide, Wide) {
        unimplemented!()
    }

    fn store_points(self, _: Wide, _: Wide) -> [PointWords; LANES] {
        unimplemented!()
    }

    fn transpose(self, _: [Wide; LANES]) -> [Wide; LANES] {
        unimplemented!()
    }

    fn shifted(self, _: &Block, _: &Block, _: usize) -> Wide {
        unimplemented!()
    }
}

/// Any element, and often one near zero or near the modulus.
fn element() -> impl Strategy<Value = Fr> {
    let anywhere = any::<[u8; 64]>().prop_map(|bytes| Fr::from_uniform_bytes(&bytes));
    let near = (any::<bool>(), 0u64..4).prop_map(|(below, distance)| {
        let distance = Fr::from(distance);
        if below {
            -distance
        } else {
            distance
        }
    });
    prop_oneof![3 => anywhere, 1 => near]
}

fn check(hasher: &dyn Hasher, blocks: &[[Fr; RATE]]) {
    let expected: Vec<Fr> = blocks.iter().map(|b| hash8_by_definition(*b)).collect();
    let found = hasher.hashes(blocks);
    assert_eq!(found, expected, "hashes of {}", blocks.len());
    let found = hasher.boxes(blocks);
    let expected: Vec<Boxes> = blocks.iter().map(|b| boxes_by_definition(*b)).collect();
    assert_eq!(found, expected, "boxes of {}", blocks.len());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn accepts_the_definition_of_any_number_of_blocks(
        blocks in prop::collection::vec(prop::array::uniform8(element()), 0..20),
    ) {
        check(hasher(), &blocks);
        check(&EightBlocks::new(Portable), &blocks);
        check(&EightBlocks::new(Bounded), &blocks);
    }
}

/// The same cells and roots, whoever hashes.
#[test]
fn accepts_the_witness_of_the_plain_hash() {
    let shape = Shape::by_name("tiny-11").unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/tiny-book");
    let snapshot = LoadedSnapshot::read(&folder).unwrap();
    let evaluated = evaluate(&snapshot, Some(shape), shape.k, None).unwrap();
    let seed = Seed::chosen([5; 32], 1);
    let places = evaluated.places(&seed);
    let shards = Shards::new(&snapshot, &evaluated, &seed, &places);
    let plan = shards.plan(0).unwrap().plan;
    let context = shards.context();
    assert!(plan.runs.iter().any(|run| run.windows.len() > 1));

    let plain = Witness::new(shape, &context, &plan).unwrap();
    let eight: &dyn Hasher = &EightBlocks::new(Portable);
    for hasher in [&Plain, hasher(), eight] {
        let witness = Witness::hashed_by(hasher, shape, &context, &plan).unwrap();
        assert!(witness.grid == plain.grid);
        assert_eq!(witness.tree.levels, plain.tree.levels);
        let digests = |witness: &Witness| [witness.market, witness.model, witness.counts];
        assert_eq!(digests(&witness), digests(&plain));
        let tree = Tree::hashed_by(hasher, plan.outputs(hasher, shape.money_bits));
        assert_eq!(tree.levels, plain.tree.levels);
    }
}
