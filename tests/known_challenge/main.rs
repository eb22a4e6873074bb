//! A witness made for challenges that are known beforehand must fail in the real prover.
//!
//! Sums, lookups and the identities of pools hold only up to challenges that are drawn after the
//! witness is committed. Who knew them could choose a cell that pays for any lie. The mock prover's
//! challenges are constants, so there the lies of `lies.rs` break no constraint at all: that is what
//! makes them lies about challenges and nothing else. Each lie says which challenges it stands on:
//! let any one of these be another and it is found out, let all others be others and it is not.
//! Together they stand on every challenge of the circuit. The real prover draws challenges from the
//! commitments, and the same witness is refused, whether its second phase is computed for the
//! challenges that were assumed or for those that were drawn, and however often the lie is made anew
//! for the challenges of the proof before.

mod lies;
mod prover;

use std::collections::BTreeSet;
use std::sync::OnceLock;

use ff::Field;
use halo2_proofs::halo2curves::bn256::Fr;
use zkmargin_circuits::shape::WINDOW_ROWS;
use zkmargin_circuits::witness::{second_phase, ChallengeValues, Witness};
use zkmargin_tests::forge::{book, failures, public, shape, Cells};
use zkmargin_verifier::proof::ProofError;

use lies::{Lie, LIES};
use prover::{prove, verify};

/// The challenges of the circuit.
const CHALLENGES: [&str; 6] = ["theta", "x", "gamma", "xi", "upsilon", "kappa"];

/// Challenges in the order of [`CHALLENGES`].
fn values(c: &ChallengeValues) -> [Fr; 6] {
    [c.theta, c.x, c.gamma, c.xi, c.upsilon, c.kappa]
}

fn challenges([theta, x, gamma, xi, upsilon, kappa]: [Fr; 6]) -> ChallengeValues {
    ChallengeValues {
        theta,
        x,
        gamma,
        xi,
        upsilon,
        kappa,
    }
}

/// The challenges of the mock prover, which depend on nothing.
fn assumed() -> &'static ChallengeValues {
    static ASSUMED: OnceLock<ChallengeValues> = OnceLock::new();
    if ASSUMED.get().is_none() {
        let witness = book().witness(shape());
        let instance = public(&witness);
        let seen = failures(
            witness,
            instance,
            Some(|cells| {
                ASSUMED.get_or_init(|| cells.c);
            }),
        );
        assert_eq!(seen, BTreeSet::new());
    }
    ASSUMED.get().expect("the mock prover draws challenges")
}

/// The challenges that were assumed, those of these names others.
fn others(names: &[&str]) -> ChallengeValues {
    let mut all = values(assumed());
    for (place, (name, value)) in CHALLENGES.iter().zip(&mut all).enumerate() {
        if names.contains(name) {
            *value = Fr::from(0x0dd_c0de + 7 * place as u64).square().square();
        }
    }
    challenges(all)
}

/// Whether something that must come to 0 does not, at these challenges.
fn found_out(witness: &Witness, c: &ChallengeValues) -> bool {
    let columns = witness.columns.clone();
    let second = second_phase(&columns, witness, c);
    let ends = |window: &usize| {
        let end = &columns.window.pool_end;
        witness.grid.window_free(*window, end) == Fr::ONE
    };
    let identity = |window: usize| {
        let row = (window + 1) * WINDOW_ROWS - 1;
        second.get(columns.holding.identity, row) != Fr::ZERO
    };
    second.get(columns.sum, witness.grid.rows) != Fr::ZERO
        || (0..witness.layout.capacity).filter(ends).any(identity)
}

impl Lie {
    /// The lie, and nothing to hide it.
    fn told(&self) -> Witness {
        let mut sample = book();
        (self.book)(&mut sample);
        let mut plan = sample.plan(shape());
        (self.plan)(&mut plan);
        let context = sample.context();
        let mut witness = Witness::new(shape(), &context, &plan).expect("fits the shape");
        let mut cells = Cells::new(&mut witness);
        (self.tell)(&mut cells);
        cells.recount();
        witness
    }

    /// The lie, made good at these challenges.
    fn hidden(&self, c: &ChallengeValues) -> Witness {
        let mut witness = self.told();
        (self.hide)(&mut witness, c);
        // What the sum ends with is paid for by uses of the range table, which may be any element.
        let columns = witness.columns.clone();
        let end = second_phase(&columns, &witness, c).get(columns.sum, witness.grid.rows);
        let uses = witness.grid.free(columns.range_uses, 0);
        witness.grid.set(columns.range_uses, 0, uses + end * c.x);
        witness
    }

    /// No constraint stops the lie at the challenges it was made for, and each of those that it
    /// stands on does if it is another.
    fn demand_mock(&self) {
        let told = self.told();
        let instance = public(&told);
        let stops = self.stops.iter().map(ToString::to_string).collect();
        assert_eq!(failures(told, instance, None), stops, "{}", self.name);

        let hidden = self.hidden(assumed());
        for name in CHALLENGES {
            assert_eq!(
                found_out(&hidden, &others(&[name])),
                self.stands_on.contains(&name),
                "{}: another {name}",
                self.name
            );
        }
        let rest = CHALLENGES.into_iter();
        let rest: Vec<&str> = rest.filter(|name| !self.stands_on.contains(name)).collect();
        assert!(!found_out(&hidden, &others(&rest)), "{}", self.name);
        let instance = public(&hidden);
        assert_eq!(
            failures(hidden, instance, None),
            BTreeSet::new(),
            "{} is not hidden from who uses the assumed challenges",
            self.name
        );
    }

    /// The real prover draws other challenges than the lie was made for, every time.
    fn demand_real(&self) {
        let mut guessed = *assumed();
        for attempt in 0..2 {
            let instance = public(&self.hidden(&guessed));
            let mut next = guessed;
            for kept in [true, false] {
                let assumed = kept.then_some(&guessed);
                let (proof, drawn) = prove(self.hidden(&guessed), assumed, &instance);
                let pairs = values(&drawn).into_iter().zip(values(&guessed));
                for (name, (drawn, guessed)) in CHALLENGES.iter().zip(pairs) {
                    assert_ne!(drawn, guessed, "{}: {name}", self.name);
                }
                assert_eq!(
                    verify(&instance, &proof),
                    Err(ProofError::False),
                    "{}, attempt {attempt}, second phase for assumed challenges: {kept}",
                    self.name
                );
                next = drawn;
            }
            // All that was random is drawn alike the next time: only the lie itself is another.
            guessed = next;
        }
    }
}

#[test]
fn accepts_the_true_book_and_no_second_phase_for_other_challenges() {
    let witness = || book().witness(shape());
    let instance = public(&witness());
    assert!(!found_out(&witness(), assumed()));
    assert!(!found_out(&witness(), &others(&CHALLENGES)));
    let (proof, drawn) = prove(witness(), None, &instance);
    assert_eq!(verify(&instance, &proof), Ok(()));
    // The same commitments, the same challenges.
    let (again, same) = prove(witness(), Some(&drawn), &instance);
    assert_eq!(values(&same), values(&drawn));
    assert_eq!(again, proof);
    for (place, name) in CHALLENGES.iter().enumerate() {
        let mut other = values(&drawn);
        other[place] += Fr::ONE;
        let (proof, _) = prove(witness(), Some(&challenges(other)), &instance);
        assert_eq!(verify(&instance, &proof), Err(ProofError::False), "{name}");
    }
}

#[test]
fn every_challenge_is_stood_on() {
    for name in CHALLENGES {
        assert!(
            LIES.iter().any(|lie| lie.stands_on.contains(&name)),
            "{name}"
        );
    }
}

#[test]
fn lies_stand_on_their_challenges() {
    LIES.iter().for_each(Lie::demand_mock);
}

#[test]
fn rejects_lies_made_for_challenges_that_were_guessed() {
    LIES.iter().for_each(Lie::demand_real);
}
