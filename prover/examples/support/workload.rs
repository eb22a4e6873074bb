//! The reference workloads.

use std::fmt;
use std::path::Path;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use zkmargin_prover::generate::{generate, AccountFormat, GenerateError, GenerateOptions, Profile};

/// Customers with a deficient pool, and those with a bankrupt one among them: a real book has a few.
const DEFICIENT: u64 = 5;
const BANKRUPT: u64 = 1;

/// A kind of book.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Workload {
    /// Three assets and five positions an account on average, in two risk groups.
    Retail,
    /// Fifty assets an account, some owed, no positions.
    Collateral50,
    /// Two hundred positions an account.
    Desk,
}

impl Workload {
    /// Numbers of accounts that are measured: books that the named shapes hold.
    pub fn accounts(self) -> &'static [u64] {
        match self {
            Workload::Retail => &[9_700, 10_000, 20_300, 100_000],
            Workload::Collateral50 => &[900, 1_800, 4_450],
            Workload::Desk => &[1_000, 2_250, 6_750],
        }
    }

    fn profile(self) -> Profile {
        match self {
            Workload::Retail => Profile::Retail,
            Workload::Collateral50 => Profile::Collateral50,
            Workload::Desk => Profile::Desk,
        }
    }

    /// Writes a book of this kind, always the same for the same number of accounts, and gives its
    /// number of holdings.
    ///
    /// # Errors
    /// When the folder cannot be written to.
    pub fn write(self, accounts: u64, folder: &Path) -> Result<u64, GenerateError> {
        let options = GenerateOptions {
            profile: self.profile(),
            accounts,
            seed: 1,
            deficient: DEFICIENT,
            bankrupt: BANKRUPT,
            format: AccountFormat::Csv,
        };
        Ok(generate(&options, folder, &|_| ())?.holdings)
    }
}

impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Workload::Retail => "retail",
            Workload::Collateral50 => "collateral50",
            Workload::Desk => "desk",
        })
    }
}
