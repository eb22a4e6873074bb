//! Tiers and brackets: from entries to segments.

use crate::error::InputError;
use crate::json::JsonFile;
use crate::risk::{BracketEntry, Segment, WeightEntry};
use crate::units::{format_signed, Decimal, ScaleError};

/// Weights, rates and factors are whole in 10^-6.
pub(super) const RATE_DECIMALS: u32 = 6;

/// One, in 10^-6.
pub(super) const RATE_ONE: u32 = 1_000_000;

/// [`RATE_ONE`] for signed arithmetic.
const MICRO: i128 = RATE_ONE as i128;

/// Greatest rate or factor, in 10^-6.
pub(super) const RATE_LIMIT: u32 = 4_000_000_000;

/// Bound of a segment's floor in quote quanta: no money range is wider.
const MONEY_LIMIT: u128 = 1 << 95;

/// The function that is zero everywhere.
pub fn zero_function() -> Vec<Segment> {
    vec![Segment {
        floor: 0,
        coefficient: 0,
        intercept: 0,
        jump: 0,
    }]
}

/// Derives each segment's intercept from floors, coefficients and jumps:
/// `intercept_k = intercept_{k-1} + (coefficient_{k-1} - coefficient_k) * floor_k + jump_k * 10^6`,
/// from zero before the first. Returns false when a number passes 127 bits.
#[must_use]
pub fn intercepts(segments: &mut [Segment]) -> bool {
    let mut last = None;
    for segment in segments {
        let step = i128::try_from(segment.jump)
            .ok()
            .and_then(|jump| jump.checked_mul(MICRO));
        let joined = joined(last.as_ref(), segment.floor, segment.coefficient);
        let intercept = joined
            .zip(step)
            .and_then(|(joined, step)| joined.checked_add(step));
        let Some(intercept) = intercept else {
            return false;
        };
        segment.intercept = intercept;
        last = Some(*segment);
    }
    true
}

/// The intercept with which a segment joins the last one without a step; 0 for the first.
fn joined(last: Option<&Segment>, floor: u128, coefficient: u32) -> Option<i128> {
    let Some(last) = last else { return Some(0) };
    let bend = i128::from(last.coefficient).checked_sub(coefficient.into())?;
    last.intercept
        .checked_add(bend.checked_mul(i128::try_from(floor).ok()?)?)
}

/// What curves are compiled with.
#[derive(Clone, Copy)]
pub(super) struct Scale<'a> {
    pub file: JsonFile<'a>,
    pub quote_quantum: Decimal,
}

impl Scale<'_> {
    /// Collateral weights: ratios 0 to 1, not rising, the last tier open.
    pub fn weights(
        self,
        path: &str,
        id: &str,
        tiers: &[WeightEntry],
    ) -> Result<Vec<Segment>, InputError> {
        let file = self.file;
        if tiers.is_empty() {
            return Err(file.error(
                path,
                format!("`{id}` has no tier"),
                "give one tier with a ratio and no up_to, at least",
            ));
        }
        let mut segments: Vec<Segment> = Vec::with_capacity(tiers.len());
        let (mut floor, mut before) = (Some(0), String::new());
        for (index, tier) in tiers.iter().enumerate() {
            let path = format!("{path}[{index}]");
            let Some(begin) = floor else {
                // The tier before this one has no end.
                return Err(file.error(
                    format!("{before}.up_to"),
                    format!("tier {index} of {} of `{id}` has no up_to", tiers.len()),
                    "give every tier but the last an up_to",
                ));
            };
            let coefficient = self.ratio(&path, id, tier, segments.last())?;
            let intercept = self.joined(&path, id, segments.last(), begin, coefficient)?;
            segments.push(Segment {
                floor: begin,
                coefficient,
                intercept,
                jump: 0,
            });
            floor = self.end(&path, id, tier, begin)?;
            before = path;
        }
        if floor.is_some() {
            return Err(file.error(
                format!("{before}.up_to"),
                format!("the last tier of `{id}` has an end: the open end is missing"),
                "add a last tier without up_to, such as { \"ratio\": \"0\" }",
            ));
        }
        Ok(segments)
    }

    /// A tier's ratio in 10^-6, not above that of the last.
    fn ratio(
        self,
        path: &str,
        id: &str,
        tier: &WeightEntry,
        last: Option<&Segment>,
    ) -> Result<u32, InputError> {
        let path = format!("{path}.ratio");
        let ratio = self.file.decimal(&path, &tier.ratio)?;
        let coefficient = match self.rate(&path, ratio) {
            Ok(rate) if rate <= RATE_ONE => rate,
            Err(error) if ratio.signum() >= 0 && ratio.scale() > RATE_DECIMALS => {
                return Err(error)
            }
            _ => {
                let problem = format!("ratio {ratio} of `{id}` is outside 0..1");
                return Err(self.file.error(path, problem, "give a ratio from 0 to 1"));
            }
        };
        if last.is_some_and(|last| last.coefficient < coefficient) {
            let problem = format!("ratio {ratio} of `{id}` is above that of the tier before");
            return Err(self.file.error(
                path,
                problem,
                "let ratios fall, or stay, from tier to tier",
            ));
        }
        Ok(coefficient)
    }

    /// Where a tier ends, if it does.
    fn end(
        self,
        path: &str,
        id: &str,
        tier: &WeightEntry,
        begin: u128,
    ) -> Result<Option<u128>, InputError> {
        let Some(up_to) = &tier.up_to else {
            return Ok(None);
        };
        let path = format!("{path}.up_to");
        let end = self.money(&path, id, up_to)?;
        if end > begin {
            return Ok(Some(end));
        }
        let problem = format!("tier of `{id}` ends at {up_to}, not above where it begins");
        Err(self.file.error(
            path,
            problem,
            "let up_to rise from tier to tier, from above 0",
        ))
    }

    /// Charge brackets: zero at zero, not falling, `cum` as it must be.
    pub fn brackets(
        self,
        path: &str,
        id: &str,
        brackets: &[BracketEntry],
    ) -> Result<Vec<Segment>, InputError> {
        if brackets.is_empty() {
            let remedy = "give null for no charge, or a first bracket with floor 0";
            return Err(self
                .file
                .error(path, format!("`{id}` has no bracket"), remedy));
        }
        let mut segments: Vec<Segment> = Vec::with_capacity(brackets.len());
        for (index, bracket) in brackets.iter().enumerate() {
            let segment =
                self.bracket(&format!("{path}[{index}]"), id, bracket, segments.last())?;
            segments.push(segment);
        }
        Ok(segments)
    }

    fn bracket(
        self,
        path: &str,
        id: &str,
        bracket: &BracketEntry,
        last: Option<&Segment>,
    ) -> Result<Segment, InputError> {
        let file = self.file;
        let at = |field: &str| format!("{path}.{field}");
        let floor = self.money(&at("floor"), id, &bracket.floor)?;
        match last {
            None if floor != 0 => {
                return Err(file.error(
                    at("floor"),
                    format!("the first bracket of `{id}` begins at {}", bracket.floor),
                    "let the first floor be 0",
                ))
            }
            Some(last) if floor <= last.floor => {
                return Err(file.error(
                    at("floor"),
                    format!(
                        "floor {} of `{id}` is not above the one before",
                        bracket.floor
                    ),
                    "let floors rise from bracket to bracket",
                ))
            }
            _ => {}
        }
        let rate = self.rate(&at("rate"), file.not_negative(&at("rate"), &bracket.rate)?)?;

        // `cum` and `due`, what a continuous charge takes off, are in 10^-6 quote quanta.
        let due = self.joined(path, id, last, floor, rate)?.wrapping_neg();
        let cum = file.decimal(&at("cum"), &bracket.cum)?;
        let scaled = cum
            .ratio()
            .over(self.quote_quantum)
            .times_ten_to(RATE_DECIMALS as i32);
        let step = scaled
            .exact::<i128>()
            .ok()
            .and_then(|cum| due.checked_sub(cum));
        let jump = step
            .filter(|step| step % MICRO == 0)
            .map(|step| step / MICRO);
        let shown = format_signed(due, self.quote_quantum.shifted_down(RATE_DECIMALS));
        let (what, remedy) = match (step, jump) {
            (Some(0), _) => {
                return Ok(Segment {
                    floor,
                    coefficient: rate,
                    intercept: due.wrapping_neg(),
                    jump: 0,
                });
            }
            _ if last.is_none() => (
                "makes a charge at notional 0".to_owned(),
                "let the first cum be 0".to_owned(),
            ),
            (Some(step), _) if step < 0 => (
                format!("lets the charge fall at {}", bracket.floor),
                format!("it should be {shown}"),
            ),
            _ if bracket.step != Some(true) => (
                format!("makes the charge discontinuous at {}", bracket.floor),
                format!("it should be {shown}, unless the bracket has \"step\": true"),
            ),
            (_, Some(jump)) if jump < MONEY_LIMIT as i128 => {
                let rise = jump.checked_mul(MICRO);
                let intercept = rise.and_then(|rise| rise.checked_sub(due));
                let intercept = intercept.ok_or_else(|| self.too_wide(path, id))?;
                return Ok(Segment {
                    floor,
                    coefficient: rate,
                    intercept,
                    jump: jump.unsigned_abs(),
                });
            }
            _ => (
                format!(
                    "makes a step that is no whole number of quote quanta in range at {}",
                    bracket.floor
                ),
                format!(
                    "let it be {shown} less a multiple of {}",
                    self.quote_quantum
                ),
            ),
        };
        Err(file.error(at("cum"), format!("cum {cum} of `{id}` {what}"), remedy))
    }

    /// [`joined`], or the error that the numbers are too wide.
    fn joined(
        self,
        path: &str,
        id: &str,
        last: Option<&Segment>,
        floor: u128,
        coefficient: u32,
    ) -> Result<i128, InputError> {
        // One bit is left for the sign that a bracket turns.
        joined(last, floor, coefficient)
            .filter(|intercept| *intercept != i128::MIN)
            .ok_or_else(|| self.too_wide(path, id))
    }

    fn too_wide(self, path: &str, id: &str) -> InputError {
        let remedy = "leave out what no amount can reach, or give smaller rates";
        self.file
            .error(path, format!("the numbers of `{id}` pass 127 bits"), remedy)
    }

    /// A rate, ratio or factor in 10^-6.
    pub fn rate(self, path: &str, value: Decimal) -> Result<u32, InputError> {
        match value
            .ratio()
            .times_ten_to(RATE_DECIMALS as i32)
            .exact::<u32>()
        {
            Ok(rate) if rate <= RATE_LIMIT => Ok(rate),
            Err(ScaleError::Inexact) => Err(self.file.error(
                path,
                format!("{value} has more than 6 decimals"),
                "give it with at most 6 decimals",
            )),
            _ => Err(self.file.error(
                path,
                format!("{value} is outside 0..4000"),
                "give a number from 0 to 4000",
            )),
        }
    }

    /// An amount of the quote currency in quote quanta.
    fn money(self, path: &str, id: &str, text: &str) -> Result<u128, InputError> {
        let value = self.file.not_negative(path, text)?;
        match value.ratio().over(self.quote_quantum).exact::<u128>() {
            Ok(money) if money < MONEY_LIMIT => Ok(money),
            Err(ScaleError::Inexact) => Err(self.file.error(
                path,
                format!(
                    "{value} of `{id}` is not a whole number of quote quanta {}",
                    self.quote_quantum
                ),
                "round it to the quote_quantum of the market",
            )),
            _ => Err(self.file.error(
                path,
                format!(
                    "{value} of `{id}` is 2^95 quote quanta {} or more",
                    self.quote_quantum
                ),
                "leave out what no amount can reach",
            )),
        }
    }
}
