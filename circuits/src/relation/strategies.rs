//! Markets, models and pools for property tests.

use proptest::prelude::*;

use crate::book::{Holding, Pool};
use crate::market::{Kind, Market, Symbol};
use crate::risk::{Group, RiskModel, Segment, SymbolRisk};

/// Scenarios of every model here.
pub const SCENARIOS: usize = 5;
/// Risk groups of every model here.
pub const GROUPS: u16 = 3;

/// A market with its model and a pool of it.
#[derive(Debug, Clone)]
pub struct Case {
    pub market: Market,
    pub risk: RiskModel,
    pub pool: Pool,
}

/// Joins `(gap, coefficient, jump)` into segments, each beginning where the last ends.
pub fn segments(pieces: &[(u64, u32, u64)]) -> Vec<Segment> {
    let mut segments: Vec<Segment> = Vec::new();
    for &(gap, coefficient, jump) in pieces {
        let segment = match segments.last() {
            None => Segment {
                floor: 0,
                coefficient,
                intercept: 0,
                jump: 0,
            },
            Some(last) => {
                let floor = last.floor + u128::from(gap);
                let bend = i128::from(last.coefficient) - i128::from(coefficient);
                let jump = u128::from(jump);
                let intercept = last.intercept + bend * floor as i128 + jump as i128 * 1_000_000;
                Segment {
                    floor,
                    coefficient,
                    intercept,
                    jump,
                }
            }
        };
        segments.push(segment);
    }
    segments
}

/// Collateral weights: continuous, ratios not rising.
pub fn weights() -> impl Strategy<Value = Vec<Segment>> {
    prop::collection::vec((1..2_000_000u64, 0..=1_000_000u32), 1..5).prop_map(|mut pieces| {
        pieces.sort_by_key(|&(_, ratio)| std::cmp::Reverse(ratio));
        let pieces: Vec<_> = pieces
            .into_iter()
            .map(|(gap, ratio)| (gap, ratio, 0))
            .collect();
        segments(&pieces)
    })
}

/// Brackets of charges, some with steps.
pub fn brackets() -> impl Strategy<Value = Vec<Segment>> {
    let jump = prop_oneof![3 => Just(0u64), 1 => 0..1_000_000u64];
    prop::collection::vec((1..2_000_000u64, 0..=3_000_000u32, jump), 1..6)
        .prop_map(|pieces| segments(&pieces))
}

prop_compose! {
    fn symbol_risk(asset: bool)(
        group in 0..=GROUPS,
        losses in prop::collection::vec(-50_000..50_000i64, SCENARIOS),
        lot in 1..2_000u64,
        debt_weight in 1_000_000..2_000_000u32,
        floors in (0..2_000u64, 0..2_000u64),
        weights in weights(),
        long in brackets(),
        short in brackets(),
    ) -> SymbolRisk {
        SymbolRisk {
            group,
            losses: if group == 0 { vec![0; SCENARIOS] } else { losses },
            lot: if asset && group > 0 { lot } else { 0 },
            debt_weight: if asset { debt_weight } else { 0 },
            floor_long: if asset || group == 0 { 0 } else { floors.0 },
            floor_short: if asset || group == 0 { 0 } else { floors.1 },
            long: if asset { weights } else { long },
            short,
        }
    }
}

prop_compose! {
    /// One asset with up to three instruments settled in it: symbols to be numbered later, their
    /// model, and what a pool holds of them.
    fn block()(
        price in 1..3_000_000_000_000_000_000u128,
        asset in symbol_risk(true),
        base in -3_000_000..3_000_000i128,
        instruments in prop::collection::vec(
            (
                0..2_000_000_000_000_000_000_000u128,
                -2_000..2_000i64,
                symbol_risk(false),
                -2_000..2_000i128,
                any::<bool>(),
            ),
            0..4,
        ),
        held in any::<bool>(),
    ) -> Vec<(Kind, u128, i64, SymbolRisk, Option<i128>)> {
        let mut rows = vec![(Kind::Asset, price, 0, asset, held.then_some(base))];
        for (unit, mark, risk, quantity, position) in instruments {
            let quantity = (held && position).then_some(quantity);
            rows.push((Kind::Instrument, unit, mark, risk, quantity));
        }
        rows
    }
}

prop_compose! {
    /// A small market, a model and a pool, with values on all sides of the segments' floors.
    pub fn case()(
        blocks in prop::collection::vec(block(), 1..4),
        factors in prop::collection::vec((500_000..1_500_000u32, 0..1_000_000u32), usize::from(GROUPS)),
        floor_weights in prop::collection::vec(any::<bool>(), SCENARIOS),
    ) -> Case {
        let mut market = Market { symbols: Vec::new(), file_digest: [0; 32] };
        let mut symbols = Vec::new();
        let mut holdings = Vec::new();
        let mut settlement = 0;
        for (kind, unit, mark, risk, amount) in blocks.into_iter().flatten() {
            let row = market.symbols.len() as u16 + 1;
            if kind == Kind::Asset {
                settlement = row;
            }
            let id = format!("S{row}");
            let family = id.clone();
            market.symbols.push(Symbol { id, family, kind, first: row, settlement, unit, mark });
            symbols.push(risk);
            holdings.extend(amount.map(|amount| Holding { row, amount }));
        }
        let groups = factors
            .into_iter()
            .enumerate()
            .map(|(i, (maintenance_factor, more))| Group {
                id: format!("G{i}"),
                maintenance_factor,
                initial_factor: maintenance_factor + more,
            })
            .collect();
        let risk = RiskModel {
            name: "strategy".into(),
            scenarios: SCENARIOS,
            floor_weights,
            groups,
            symbols,
            salt: None,
            file_digest: [0; 32],
        };
        Case { market, risk, pool: Pool { name: "cross".into(), holdings } }
    }
}
