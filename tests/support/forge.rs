//! The attacker's bench: a book small enough to know by heart, lies at every level of its witness,
//! and everything downstream of a lie made consistent with it.

mod book;
mod cells;
mod count;
mod hashes;
mod repair;
mod second;

use std::collections::BTreeSet;
use std::sync::Arc;

use ff::Field;
use halo2_proofs::circuit::{Layouter, SimpleFloorPlanner};
use halo2_proofs::dev::{MockProver, VerifyFailure};
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::plonk::{Circuit, ConstraintSystem, Error};
use zkmargin_circuits::circuit::{Config, MarginCircuit};
use zkmargin_circuits::public_inputs::{COUNTS_ROW, MARKET_ROW, MODEL_ROW, ROOT_ROW};
use zkmargin_circuits::shape::{Shape, PUBLIC_INPUTS};
use zkmargin_circuits::witness::plan::ShardPlan;
use zkmargin_circuits::witness::{second_phase, ChallengeValues, Witness};

use crate::sample::Sample;

pub use book::*;
pub use cells::{integer, Cells};
pub use hashes::HashLie;
pub use second::SecondCells;

/// The shape of all forgeries.
pub fn shape() -> &'static Shape {
    Shape::by_name("tiny-11").expect("a shape")
}

/// The shape of forgeries of what only shapes of wide amounts and many scenarios have.
pub fn wide() -> &'static Shape {
    &Shape {
        name: "wide-11",
        k: 11,
        limb_bits: 8,
        money_bits: 96,
        symbols: 6,
        groups: 3,
        scenarios: 40,
        segments: 10,
        scan_lanes: 1,
    }
}

/// A lie about cells of the second phase.
pub type SecondLie = fn(&mut SecondCells);

/// What is lied about.
#[derive(Clone, Copy)]
pub enum Lie {
    /// The market or model, before anything is computed from it.
    Model(fn(&mut Sample)),
    /// The prover's claims, from which all cells are made.
    Plan(fn(&mut ShardPlan)),
    /// The prover's claims of holdings; scans, sums, amounts and totals follow from them.
    Holdings(fn(&mut ShardPlan)),
    /// Cells of the first phase; the closure calls the repairs it wants.
    Cells(fn(&mut Cells)),
    /// Claims, and then cells.
    Planned(fn(&mut ShardPlan), fn(&mut Cells)),
    /// Cells of both phases.
    Both(fn(&mut Cells), SecondLie),
    /// The public inputs.
    Instance(fn(&mut Vec<Fr>)),
}

/// A lie, and exactly the constraints that it breaks.
pub struct Forgery {
    /// In words.
    pub name: &'static str,
    /// The book.
    pub book: fn() -> Sample,
    /// The lie.
    pub lie: Lie,
    /// Every constraint that fails, as `gate / constraint`; `copy` and `lookup / name` else.
    pub stops: &'static [&'static str],
}

impl Forgery {
    /// The names of what fails.
    pub fn failures(&self) -> BTreeSet<String> {
        self.failures_in(shape())
    }

    /// The names of what fails in a shape.
    pub fn failures_in(&self, shape: &Shape) -> BTreeSet<String> {
        let (witness, instance, second) = self.forge(shape);
        failures(witness, instance, second)
    }

    /// The forged witness of a shape, its public inputs, and the lie of its second phase.
    pub fn forge(&self, shape: &Shape) -> (Witness, Vec<Fr>, Option<SecondLie>) {
        let mut sample = (self.book)();
        if let Lie::Model(lie) = self.lie {
            lie(&mut sample);
        }
        let mut plan = sample.plan(shape);
        if let Lie::Plan(lie) | Lie::Holdings(lie) | Lie::Planned(lie, _) = self.lie {
            lie(&mut plan);
            // Windows a lie adds are taken from the empty slots at the end.
            let used: usize = plan.runs.iter().map(|run| run.windows.len()).sum();
            for _ in shape.capacity()..used {
                plan.runs.pop();
            }
        }
        let mut witness = Witness::new(shape, &sample.context(), &plan).expect("fits the shape");
        match self.lie {
            Lie::Holdings(_) => Cells::new(&mut witness).repair(),
            Lie::Cells(lie) | Lie::Both(lie, _) | Lie::Planned(_, lie) => {
                let mut cells = Cells::new(&mut witness);
                lie(&mut cells);
                cells.recount();
            }
            _ => {}
        }
        let mut instance = public(&witness);
        if let Lie::Instance(lie) = self.lie {
            lie(&mut instance);
        }
        let second = match self.lie {
            Lie::Both(_, second) => Some(second),
            _ => None,
        };
        (witness, instance, second)
    }
}

/// The names of the constraints that a witness breaks.
pub fn failures(
    witness: Witness,
    instance: Vec<Fr>,
    second: Option<SecondLie>,
) -> BTreeSet<String> {
    let witness = witness.shared();
    let k = witness.layout.shape.k;
    let circuit = Forged {
        honest: MarginCircuit::prove(witness.clone()),
        witness,
        second,
    };
    let prover = MockProver::run(k, &circuit, vec![instance]).expect("synthesis");
    match prover.verify() {
        Ok(()) => BTreeSet::new(),
        Err(failures) => failures.iter().filter_map(name).collect(),
    }
}

/// Runs forgeries: each must break exactly what it says.
pub fn demand(forgeries: &[Forgery]) {
    demand_in(shape(), forgeries);
}

/// Runs forgeries in a shape.
pub fn demand_in(shape: &Shape, forgeries: &[Forgery]) {
    let mut wrong = Vec::new();
    for forgery in forgeries {
        let failures = forgery.failures_in(shape);
        let expected: BTreeSet<String> = forgery.stops.iter().map(ToString::to_string).collect();
        if failures != expected || failures.is_empty() {
            wrong.push(format!(
                "{}\n  fails {failures:#?}\n  expected {expected:#?}",
                forgery.name
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        forgeries.len(),
        wrong.join("\n")
    );
}

/// The public inputs a witness's own cells imply.
pub fn public(witness: &Witness) -> Vec<Fr> {
    let layout = &witness.layout;
    let output =
        |permutation: usize| hashes::output(&witness.columns, layout, &witness.grid, permutation);
    let mut column = vec![Fr::ZERO; PUBLIC_INPUTS];
    for (row, permutation) in [
        (MARKET_ROW, layout.market.end - 1),
        (MODEL_ROW, layout.model.end - 1),
        (COUNTS_ROW, layout.counts),
    ] {
        column[row] = output(permutation);
    }
    column[ROOT_ROW] = layout
        .levels
        .last()
        .map_or(Fr::ZERO, |level| output(level.start));
    column
}

/// `gate / constraint` of a failure.
fn name(failure: &VerifyFailure) -> Option<String> {
    let of = |text: String| {
        // Constraint 3 ('name') in gate 5 ('gate')
        let (constraint, gate) = text.split_once("') in gate ").unwrap_or((&text, ""));
        let quoted = |part: &str| {
            part.split_once("('")
                .map_or(part, |(_, name)| name)
                .to_owned()
        };
        format!(
            "{} / {}",
            quoted(gate).trim_end_matches("')"),
            quoted(constraint)
        )
    };
    Some(match failure {
        VerifyFailure::ConstraintNotSatisfied { constraint, .. } => of(constraint.to_string()),
        // It reads a blinding row, which a forger chooses: not something that stops one.
        VerifyFailure::ConstraintPoisoned { .. } => return None,
        VerifyFailure::Lookup { name, .. } => format!("lookup / {name}"),
        VerifyFailure::Permutation { .. } => "copy".into(),
        other => format!("{other}"),
    })
}

/// All names of gates and constraints of a shape, and of lookups.
pub fn constraints(shape: &Shape) -> BTreeSet<String> {
    let mut system = ConstraintSystem::<Fr>::default();
    zkmargin_circuits::circuit::configure(&mut system, shape);
    let gates = system.gates().iter().flat_map(|gate| {
        (0..gate.polynomials().len())
            .map(move |i| format!("{} / {}", gate.name(), gate.constraint_name(i)))
    });
    gates
        .chain(
            system
                .lookups()
                .iter()
                .map(|lookup| format!("lookup / {}", lookup.name())),
        )
        .collect()
}

/// The circuit, with cells of the second phase written over.
struct Forged {
    honest: MarginCircuit,
    witness: Arc<Witness>,
    second: Option<SecondLie>,
}

impl Circuit<Fr> for Forged {
    type Config = Config;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = Shape;

    fn without_witnesses(&self) -> Self {
        unimplemented!("never used for keys")
    }

    fn params(&self) -> Shape {
        *self.honest.shape()
    }

    fn configure_with_params(meta: &mut ConstraintSystem<Fr>, shape: Shape) -> Config {
        MarginCircuit::configure_with_params(meta, shape)
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> Config {
        MarginCircuit::configure(meta)
    }

    fn synthesize(&self, config: Config, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        self.honest
            .synthesize(config.clone(), layouter.namespace(|| "honest"))?;
        let Some(lie) = self.second else {
            return Ok(());
        };
        layouter.assign_region(
            || "lie",
            |mut region| {
                let drawn = config.columns.challenges;
                let mut known = Vec::new();
                for challenge in [
                    drawn.theta,
                    drawn.x,
                    drawn.gamma,
                    drawn.xi,
                    drawn.upsilon,
                    drawn.kappa,
                ] {
                    region
                        .get_challenge(challenge)
                        .map(|value| known.push(value));
                }
                let [theta, x, gamma, xi, upsilon, kappa] = known[..] else {
                    return Ok(());
                };
                let c = ChallengeValues {
                    theta,
                    x,
                    gamma,
                    xi,
                    upsilon,
                    kappa,
                };
                let columns = &config.columns;
                let mut cells = SecondCells {
                    grid: second_phase(columns, &self.witness, &c),
                    witness: &self.witness,
                    columns: columns.clone(),
                    layout: self.witness.layout.clone(),
                    c,
                };
                lie(&mut cells);
                for column in &columns.second {
                    for row in 0..=self.witness.grid.rows {
                        let value = cells.grid.get(*column, row);
                        region.assign_advice(
                            column.column,
                            row,
                            halo2_proofs::circuit::Value::known(value),
                        );
                    }
                }
                Ok(())
            },
        )
    }
}
