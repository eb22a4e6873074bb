//! From `risk.json` to integers.

use crate::error::InputError;
use crate::json::JsonFile;
use crate::market::MarketSource;
use crate::risk::{RiskFile, RiskModel};

/// The risk model of a snapshot: as written and as compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RiskSource {
    /// As written.
    pub file: RiskFile,
    /// The integers.
    pub model: RiskModel,
}

impl RiskSource {
    /// Reads and compiles `risk.json` for a market.
    ///
    /// # Errors
    /// For the first defect found, see [`InputError`].
    pub fn parse(
        file_name: &str,
        bytes: &[u8],
        _market: &MarketSource,
    ) -> Result<Self, InputError> {
        let file = JsonFile::new(file_name, bytes)?;
        let _: RiskFile = file.parse()?;
        Err(file.error("", "not yet", ""))
    }
}
