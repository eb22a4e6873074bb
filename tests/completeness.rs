//! True books are proven.

use halo2_proofs::dev::MockProver;
use zkmargin_circuits::circuit::MarginCircuit;
use zkmargin_circuits::shape::Shape;
use zkmargin_tests::sample::{instance, Sample};

fn accepts(shape: &Shape, seed: u64, accounts: usize) {
    let sample = Sample::new(shape, seed, accounts);
    let witness = sample.witness(shape);
    let instance = instance(&witness);
    let circuit = MarginCircuit::prove(witness.shared());
    let prover = MockProver::run(shape.k, &circuit, vec![instance]).expect("synthesis");
    if let Err(failures) = prover.verify() {
        let mut seen = std::collections::BTreeSet::new();
        for failure in &failures {
            let text = format!("{failure}");
            let head = text.lines().take(3).collect::<Vec<_>>().join(" | ");
            if seen.insert(head.chars().take(120).collect::<String>()) && seen.len() < 12 {
                eprintln!("{head}");
            }
        }
        panic!("{} constraints fail", failures.len());
    }
}

#[test]
fn accepts_random_books_in_the_tiny_shape() {
    let shape = Shape::by_name("tiny-11").expect("a shape");
    for seed in 0..3 {
        accepts(shape, seed, 40);
    }
}
