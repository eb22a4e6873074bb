//! Leaves: an account's holdings, identity and class in a chain of salted blocks.
//!
//! A block is `hash8([state, e0, e1, e2, e3, header, identity, salt])`. The first state is
//! [`leaf_tag`]; a block holds up to eight holdings of one pool, packed as
//! `row * 2^money_bits + amount + 2^(money_bits - 1)`, three (64-bit) or two (96-bit) to an element,
//! the first lowest; the identity stands in the account's last block only, 0 in the others.

use ethnum::I256;
use ff::Field;
use halo2_proofs::halo2curves::bn256::Fr;
use sha2::{Digest, Sha256};

use crate::book::{Account, Class, Holding};
use crate::field::{from_be_bytes, from_signed, two_to};
use crate::poseidon::hash8;
use crate::shape::WINDOW_ROWS;

/// Elements that carry holdings.
pub const HOLDING_ELEMENTS: usize = 4;

/// The constant a name stands for in a domain tag: its ASCII bytes as a big-endian integer.
pub fn tag(name: &str) -> Fr {
    from_be_bytes(name.as_bytes())
}

/// The state every leaf begins with.
pub fn leaf_tag() -> Fr {
    tag("zkmargin leaf v1")
}

/// The identity element: the first 31 bytes of SHA-256 of the UTF-8 id, big-endian.
pub fn identity(id: &str) -> Fr {
    from_be_bytes(&Sha256::digest(id.as_bytes())[..31])
}

/// Holdings that one element carries.
pub fn holdings_an_element(money_bits: u32) -> usize {
    if money_bits == 64 {
        3
    } else {
        2
    }
}

/// A holding, packed.
pub fn pack_holding(money_bits: u32, holding: &Holding) -> Fr {
    let row = I256::from(holding.row) << money_bits;
    from_signed(row + (I256::ONE << (money_bits - 1)) + I256::from(holding.amount))
}

/// Flags of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// The block counts. Slots that only scan carry no block of a leaf.
    pub absorbed: bool,
    /// Last block of its pool.
    pub pool_end: bool,
    /// Last block of its account.
    pub account_end: bool,
    /// Class of the account.
    pub class: Class,
}

impl Header {
    /// The header as an element.
    pub fn element(&self) -> Fr {
        let class = match self.class {
            Class::Customer => 0,
            Class::House => 8,
            Class::Fund => 16,
        };
        Fr::from(
            u64::from(self.absorbed)
                + 2 * u64::from(self.pool_end)
                + 4 * u64::from(self.account_end)
                + class,
        )
    }
}

/// The packed holdings of a block.
pub fn holding_elements(money_bits: u32, holdings: &[Holding]) -> [Fr; HOLDING_ELEMENTS] {
    let block = holdings.get(..WINDOW_ROWS).unwrap_or(holdings);
    let step = two_to(money_bits + 16);
    let mut elements = [Fr::ZERO; HOLDING_ELEMENTS];
    let packed = block.chunks(holdings_an_element(money_bits));
    for (element, packed) in elements.iter_mut().zip(packed) {
        for holding in packed.iter().rev() {
            *element = *element * step + pack_holding(money_bits, holding);
        }
    }
    elements
}

/// One block's hash.
pub fn block(
    state: Fr,
    elements: [Fr; HOLDING_ELEMENTS],
    header: &Header,
    identity: Fr,
    salt: Fr,
) -> Fr {
    let [e0, e1, e2, e3] = elements;
    hash8([state, e0, e1, e2, e3, header.element(), identity, salt])
}

/// Blocks an account's leaf has.
pub fn blocks(account: &Account) -> usize {
    account
        .pools
        .iter()
        .map(|pool| pool.holdings.len().div_ceil(WINDOW_ROWS).max(1))
        .sum()
}

/// The leaf of an account, given one salt for each block. `None` if the number of salts is wrong.
pub fn leaf(money_bits: u32, account: &Account, salts: &[Fr]) -> Option<Fr> {
    states(money_bits, account, salts)?.pop()
}

/// The state after each block of an account, of which the last is the leaf. `None` if the number of
/// salts is wrong.
pub fn states(money_bits: u32, account: &Account, salts: &[Fr]) -> Option<Vec<Fr>> {
    if salts.len() != blocks(account) {
        return None;
    }
    let mut states = Vec::with_capacity(salts.len());
    let mut salts = salts.iter();
    let mut state = leaf_tag();
    let last_pool = account.pools.len().checked_sub(1)?;
    for (p, pool) in account.pools.iter().enumerate() {
        let count = pool.holdings.len().div_ceil(WINDOW_ROWS).max(1);
        for b in 0..count {
            let from = b * WINDOW_ROWS;
            let to = pool.holdings.len().min(from + WINDOW_ROWS);
            let pool_end = b + 1 == count;
            let account_end = pool_end && p == last_pool;
            let header = Header {
                absorbed: true,
                pool_end,
                account_end,
                class: account.class,
            };
            let identity = if account_end {
                identity(&account.id)
            } else {
                Fr::ZERO
            };
            let elements = holding_elements(money_bits, pool.holdings.get(from..to)?);
            state = block(state, elements, &header, identity, *salts.next()?);
            states.push(state);
        }
    }
    Some(states)
}

/// A salt: 248 bits.
pub fn salt_from_bytes(bytes: &[u8; 31]) -> Fr {
    from_be_bytes(bytes)
}
