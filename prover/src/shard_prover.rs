//! The proof of one shard after the other, under one key.

use halo2_proofs::halo2curves::bn256::G1Affine;
use halo2_proofs::plonk::VerifyingKey;
use rand::rngs::OsRng;
use zkmargin_circuits::public_inputs::PublicInputs;
use zkmargin_circuits::shape::Shape;
use zkmargin_circuits::witness::Context;
use zkmargin_verifier::plonk::ProofVerifier;
use zkmargin_verifier::proof::ProofError;
use zkmargin_verifier::shard::ShardFile;

use crate::engine::proof::Step;
use crate::error::ProveError;
use crate::key::{proving_key, ProvingKey};
use crate::meter::Meter;
use crate::params::Parameters;
use crate::phases::{Event, Phase, Phases};
use crate::results::{KeptRows, KeptShard, Results};
use crate::shard::{self, PlannedShard};
use crate::totals::FreeRows;

/// Proves shards of one shape. The proving key is made when the first proof is.
pub struct ShardProver<'a> {
    shape: &'a Shape,
    params: &'a Parameters,
    verifying: &'a VerifyingKey<G1Affine>,
    verifier: ProofVerifier<'a>,
    proving: Option<ProvingKey>,
}

/// A shard that is proven.
#[derive(Debug)]
pub struct ProvenShard {
    /// Its file, as the bundle has it.
    pub file: Vec<u8>,
    /// The free rows of its totals column; none where they are sealed for who assembles.
    pub free: Option<FreeRows>,
    /// The commitment to that column.
    pub commitment: G1Affine,
}

pub(crate) fn library(error: halo2_proofs::plonk::Error) -> ProveError {
    ProveError::Library(error.to_string())
}

pub(crate) fn self_check(error: ProofError) -> ProveError {
    ProveError::SelfCheck(error.to_string())
}

impl<'a> ShardProver<'a> {
    /// A prover under a key, with parameters of the shape's size.
    ///
    /// # Errors
    /// When the key is not one of the circuit.
    pub fn new(
        shape: &'a Shape,
        params: &'a Parameters,
        verifying: &'a VerifyingKey<G1Affine>,
    ) -> Result<Self, ProveError> {
        Ok(Self {
            shape,
            params,
            verifying,
            verifier: ProofVerifier::new(verifying, params.tau_g2()).map_err(self_check)?,
            proving: None,
        })
    }

    /// The verifier of the proofs.
    pub fn verifier(&self) -> &ProofVerifier<'a> {
        &self.verifier
    }

    /// What one of the places keeps as the proof of a shard, if it proves what it should.
    ///
    /// # Errors
    /// [`ProveError::Io`] and [`ProveError::Store`].
    pub fn kept(
        &self,
        public: &PublicInputs,
        places: &[&Results<'_>],
        phases: &mut Phases<'_>,
    ) -> Result<Option<ProvenShard>, ProveError> {
        let index = public.shard as usize;
        for place in places {
            let mut commitment = None;
            let kept = phases.keep(index, place.read_shard(index)?, |kept| {
                let file = ShardFile::parse(&kept.file)?;
                let problem = match kept.rows {
                    KeptRows::Open(_) | KeptRows::Sealed => None,
                    KeptRows::Lost => Some("its free rows are missing or those of another proof"),
                    KeptRows::Unreadable => Some(
                        "its free rows are not what a worker encrypts; remove its proof, or it counts as proven",
                    ),
                };
                if let Some(problem) = problem {
                    return Err(ProofError::Encoding(problem.to_owned()));
                }
                if (file.root, file.counts) != (public.root, public.counts) {
                    return Err(ProofError::False);
                }
                commitment = Some(self.check(public, file.proof)?);
                Ok(())
            })?;
            if let (Some(KeptShard { file, rows }), Some(commitment)) = (kept, commitment) {
                let free = match rows {
                    KeptRows::Open(free) => Some(*free),
                    _ => None,
                };
                return Ok(Some(ProvenShard {
                    file,
                    free,
                    commitment,
                }));
            }
        }
        Ok(None)
    }

    /// Proves a shard, and keeps it.
    ///
    /// # Errors
    /// See [`ProveError`].
    pub fn prove(
        &mut self,
        public: &PublicInputs,
        planned: impl FnOnce() -> Result<PlannedShard, ProveError>,
        context: &Context<'_>,
        place: &Results<'_>,
        phases: &mut Phases<'_>,
    ) -> Result<ProvenShard, ProveError> {
        let key = match self.proving.take() {
            Some(key) => key,
            None => phases.run(Phase::ProvingKey, || {
                proving_key(self.shape, self.params, Some(self.verifying.clone())).map_err(library)
            })?,
        };
        let meter = Meter::start();
        let witness = phases.run(Phase::Witness, || planned()?.witness(context, self.shape))?;
        let free = FreeRows::draw(&mut OsRng);
        let proof = phases.watched(Phase::Proving, |progress| {
            let mut begun = None;
            shard::create(&key, witness, &free, &public.column(), &mut |Step(
                part,
                _,
            )| {
                if begun.replace(part) != Some(part) {
                    progress(Event::Part(part));
                }
            })
        })?;
        self.proving = Some(key);
        let commitment = phases.run(Phase::Checking, || {
            self.check(public, &proof).map_err(self_check)
        })?;
        let file = ShardFile {
            root: public.root,
            counts: public.counts,
            proof: &proof,
        }
        .to_bytes();
        place.keep_shard(public.shard as usize, &file, &free)?;
        phases.tell(Event::Proven {
            index: public.shard as usize,
            cost: meter.cost(),
            bytes: file.len(),
        });
        Ok(ProvenShard {
            file,
            free: Some(free),
            commitment,
        })
    }

    /// Verifies a proof; gives the commitment to its totals column.
    fn check(&self, public: &PublicInputs, proof: &[u8]) -> Result<G1Affine, ProofError> {
        let claim = self.verifier.read(&public.column(), proof)?;
        let commitment = claim.first_column();
        self.verifier.settle(&[claim])?;
        commitment.ok_or(ProofError::Mismatch("the circuit has no totals column"))
    }
}
