//! What the proof of a shard is made from, apart from market and model: its accounts in their places.
//!
//! It names no customer: identities are the elements that leaves bind. It holds every position of its
//! accounts, and their salts.

use ff::PrimeField;
use halo2_proofs::halo2curves::bn256::Fr;
use serde::{Deserialize, Serialize};
use zkmargin_circuits::book::{Account, Class, Holding, Pool};

/// A shard, before anything is computed of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShardInput {
    /// What stands in its windows, in order.
    pub places: Vec<InputPlace>,
    /// Salt of its counts digest.
    pub counts_salt: Fr,
}

/// What stands at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InputPlace {
    /// Nothing.
    Empty {
        /// Salt of the slot.
        salt: Fr,
    },
    /// An account.
    Account {
        /// Its class, pools and holdings; the id says in errors which one it is.
        account: Account,
        /// Element of its identity.
        identity: Fr,
        /// One for each window.
        salts: Vec<Fr>,
    },
}

/// Version of the bytes.
const VERSION: u8 = 1;

#[derive(Serialize, Deserialize)]
struct Encoded {
    version: u8,
    counts_salt: [u8; 32],
    places: Vec<EncodedPlace>,
}

#[derive(Serialize, Deserialize)]
enum EncodedPlace {
    Empty {
        salt: [u8; 32],
    },
    Account {
        class: u8,
        pools: Vec<Vec<(u16, i128)>>,
        identity: [u8; 32],
        salts: Vec<[u8; 32]>,
    },
}

impl ShardInput {
    /// As bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let encoded = Encoded {
            version: VERSION,
            counts_salt: self.counts_salt.to_repr(),
            places: self.places.iter().map(InputPlace::encode).collect(),
        };
        // Integers and lists of them: writing to memory cannot fail.
        postcard::to_stdvec(&encoded).unwrap_or_default()
    }

    /// From bytes.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        let (encoded, rest): (Encoded, _) =
            postcard::take_from_bytes(bytes).map_err(|error| error.to_string())?;
        if !rest.is_empty() {
            return Err(format!("{} bytes after its end", rest.len()));
        }
        if encoded.version != VERSION {
            return Err(format!("it is of version {}", encoded.version));
        }
        let places = encoded.places.into_iter().enumerate();
        Ok(Self {
            places: places
                .map(|(place, encoded)| {
                    InputPlace::decode(place, encoded)
                        .ok_or_else(|| format!("place {place} holds what is none"))
                })
                .collect::<Result<_, _>>()?,
            counts_salt: element(&encoded.counts_salt).ok_or("the salt of the counts is none")?,
        })
    }
}

impl InputPlace {
    fn encode(&self) -> EncodedPlace {
        match self {
            Self::Empty { salt } => EncodedPlace::Empty {
                salt: salt.to_repr(),
            },
            Self::Account {
                account,
                identity,
                salts,
            } => EncodedPlace::Account {
                class: account.class as u8,
                pools: account
                    .pools
                    .iter()
                    .map(|pool| pool.holdings.iter().map(|h| (h.row, h.amount)).collect())
                    .collect(),
                identity: identity.to_repr(),
                salts: salts.iter().map(PrimeField::to_repr).collect(),
            },
        }
    }

    fn decode(place: usize, encoded: EncodedPlace) -> Option<Self> {
        Some(match encoded {
            EncodedPlace::Empty { salt } => Self::Empty {
                salt: element(&salt)?,
            },
            EncodedPlace::Account {
                class,
                pools,
                identity,
                salts,
            } => Self::Account {
                account: Account {
                    id: format!("at place {place}"),
                    class: *Class::ALL.get(usize::from(class))?,
                    pools: pools
                        .into_iter()
                        .enumerate()
                        .map(|(index, holdings)| Pool {
                            name: format!("number {index}"),
                            holdings: holdings
                                .into_iter()
                                .map(|(row, amount)| Holding { row, amount })
                                .collect(),
                        })
                        .collect(),
                },
                identity: element(&identity)?,
                salts: salts.iter().map(element).collect::<Option<_>>()?,
            },
        })
    }
}

fn element(bytes: &[u8; 32]) -> Option<Fr> {
    Option::from(Fr::from_repr(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input() -> ShardInput {
        ShardInput {
            places: vec![
                InputPlace::Empty { salt: Fr::from(7) },
                InputPlace::Account {
                    account: Account {
                        id: "at place 1".into(),
                        class: Class::Fund,
                        pools: vec![Pool {
                            name: "number 0".into(),
                            holdings: vec![Holding {
                                row: 3,
                                amount: -(1 << 90),
                            }],
                        }],
                    },
                    identity: Fr::from(8),
                    salts: vec![Fr::from(9), -Fr::from(10)],
                },
            ],
            counts_salt: Fr::from(11),
        }
    }

    #[test]
    fn reads_what_it_wrote() {
        assert_eq!(ShardInput::from_bytes(&input().to_bytes()), Ok(input()));
    }

    #[test]
    fn refuses_damage() {
        let good = input().to_bytes();
        for length in 0..good.len() {
            assert!(ShardInput::from_bytes(&good[..length]).is_err());
        }
        assert!(ShardInput::from_bytes(&[good.as_slice(), &[0]].concat()).is_err());
        let mut other = good.clone();
        other[0] = 2;
        assert!(ShardInput::from_bytes(&other)
            .unwrap_err()
            .contains("version"));
        // The salt of the counts, beyond the field.
        let mut other = good;
        other[1..33].fill(0xff);
        assert!(ShardInput::from_bytes(&other).is_err());
    }
}
