//! The proofs of all shards, and the totals that they add up to.

use halo2_proofs::halo2curves::bn256::{Fr, G1Affine, G2Affine};
use halo2_proofs::plonk::VerifyingKey;
use rayon::prelude::*;
use zkmargin_circuits::public_inputs::PublicInputs;
use zkmargin_circuits::shape::Shape;
use zkmargin_circuits::tree::Tree;

use super::checks::same_digest;
use super::Bundle;
use crate::plonk::{Claim, ProofVerifier};
use crate::proof::ProofError;
use crate::shard::{file_name, ShardFile};
use crate::totals::{self, TotalsOpening};

/// Proofs that are settled together: enough for the shared points to cost nothing, few enough for
/// their claims to take little memory.
const TOGETHER: usize = 256;

/// What came of the two checks, in words.
pub(super) struct Found {
    /// Of the proofs.
    pub proofs: Result<String, String>,
    /// Of the totals; none where the proofs do not hold.
    pub totals: Option<Result<String, String>>,
    /// The counts digest of every shard, where the proofs hold.
    pub counts: Vec<Fr>,
}

/// Verifies the proofs of all shards, that their roots and counts make those of the statement, and
/// that their totals add up to `totals`, the first cells of the totals column.
pub(super) fn verify(
    shape: &Shape,
    tau_g2: G2Affine,
    key: &VerifyingKey<G1Affine>,
    public: &PublicInputs,
    totals: &[Fr],
    bundle: &Bundle,
) -> Found {
    let failed = |proofs| Found {
        proofs: Err(proofs),
        totals: None,
        counts: Vec::new(),
    };
    let verifier = match ProofVerifier::new(key, tau_g2) {
        Ok(verifier) => verifier,
        Err(error) => return failed(error.to_string()),
    };
    let shards = Shards {
        verifier: &verifier,
        public,
        files: &bundle.proofs,
    };
    let read = match shards.verify() {
        Ok(read) => read,
        Err(error) => return failed(error),
    };
    // The last proofs and the totals are settled together, and apart only if they do not hold.
    let opening = opening(shape, public, totals, &read.commitments, &bundle.totals);
    let mut claims = read.last;
    let trees = read.trees;
    let proofs = claims.len();
    claims.extend(opening.as_ref().ok().cloned());
    if verifier.settle(&claims).is_err() {
        if let Some(place) = claims
            .get(..proofs)
            .and_then(|last| verifier.first_false(last))
        {
            return failed(named(
                read.settled.saturating_add(place),
                &ProofError::False,
            ));
        }
        return Found {
            proofs: trees.map(|()| read.detail),
            totals: Some(Err(totals_error(&ProofError::False))),
            counts: read.counts,
        };
    }
    if let Err(error) = trees {
        return failed(error);
    }
    Found {
        proofs: Ok(read.detail),
        totals: Some(opening.map(|_| "the sum over all shards".to_owned())),
        counts: read.counts,
    }
}

/// The claim of `totals.bin`.
fn opening(
    shape: &Shape,
    public: &PublicInputs,
    totals: &[Fr],
    commitments: &[G1Affine],
    bytes: &[u8],
) -> Result<Claim, String> {
    TotalsOpening::parse(bytes)
        .and_then(|opening| {
            let claim = totals::claim(shape, &public.context, commitments, totals, &opening);
            claim.ok_or(ProofError::False)
        })
        .map_err(|error| totals_error(&error))
}

fn totals_error(error: &ProofError) -> String {
    format!("totals.bin: {error}")
}

fn named(index: usize, error: &ProofError) -> String {
    format!("{}: {error}", file_name(index))
}

struct Shards<'a> {
    verifier: &'a ProofVerifier<'a>,
    public: &'a PublicInputs,
    files: &'a [Vec<u8>],
}

/// Proofs, all but the last of which hold.
struct Proven {
    /// The commitments to all their totals columns.
    commitments: Vec<G1Affine>,
    /// Their counts digests.
    counts: Vec<Fr>,
    /// How many have been settled.
    settled: usize,
    /// The claims of the others.
    last: Vec<Claim>,
    /// Whether roots and counts are those of the statement.
    trees: Result<(), String>,
    detail: String,
}

impl Shards<'_> {
    /// Reads all proofs, and settles all but the last few.
    fn verify(&self) -> Result<Proven, String> {
        let count = self.files.len();
        if count as u64 != self.public.shards {
            return Err(format!(
                "{count} proofs, where the capacity takes {}",
                self.public.shards
            ));
        }
        let (mut roots, mut counts) = (Vec::with_capacity(count), Vec::with_capacity(count));
        let mut commitments = Vec::with_capacity(count);
        let mut last = Vec::new();
        let mut settled = 0usize;
        for files in self.files.chunks(TOGETHER) {
            self.settle(settled, &last)?;
            settled = settled.saturating_add(last.len());
            let read: Vec<(ShardFile<'_>, Claim)> = files
                .par_iter()
                .enumerate()
                .map(|(place, file)| self.read(settled.saturating_add(place), file))
                .collect::<Vec<_>>()
                .into_iter()
                .collect::<Result<_, _>>()?;
            last.clear();
            for (file, claim) in read {
                roots.push(file.root);
                counts.push(file.counts);
                commitments.extend(claim.first_column());
                last.push(claim);
            }
        }
        if commitments.len() != count {
            return Err("the circuit has no totals column".to_owned());
        }
        let over = |elements| Tree::over_shards(elements).root();
        let trees = same_digest("the tree over the shards", over(roots), self.public.root)
            .and_then(|_| {
                same_digest(
                    "the counts of the shards",
                    over(counts.clone()),
                    self.public.counts,
                )
            })
            .map(drop);
        let bytes: u64 = self.files.iter().map(|file| file.len() as u64).sum();
        Ok(Proven {
            commitments,
            counts,
            settled,
            last,
            trees,
            detail: match count {
                1 => format!("{bytes} bytes"),
                _ => format!("{count} proofs of {bytes} bytes"),
            },
        })
    }

    /// Settles proofs of which the first has the place `first`.
    fn settle(&self, first: usize, claims: &[Claim]) -> Result<(), String> {
        if claims.is_empty() {
            return Ok(());
        }
        match self.verifier.settle(claims) {
            Ok(()) => Ok(()),
            Err(error) => {
                let place = self.verifier.first_false(claims).unwrap_or_default();
                Err(named(first.saturating_add(place), &error))
            }
        }
    }

    fn read<'f>(&self, index: usize, bytes: &'f [u8]) -> Result<(ShardFile<'f>, Claim), String> {
        let read = || {
            let file = ShardFile::parse(bytes)?;
            let public = PublicInputs {
                shard: index as u64,
                root: file.root,
                counts: file.counts,
                ..*self.public
            };
            Ok((file, self.verifier.read(&public.column(), file.proof)?))
        };
        read().map_err(|error| named(index, &error))
    }
}
