//! Hands out advice columns in order; window cells share them, eight to a column.

use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::plonk::{ConstraintSystem, FirstPhase, SecondPhase};

use super::kinds::{Free, Limb, Limbs, Second, WindowCell, WindowLimbs};
use crate::shape::{Shape, WINDOW_ROWS};

/// Hands out columns and window cells while a circuit is configured.
pub struct Allocator<'a> {
    meta: &'a mut ConstraintSystem<Fr>,
    limb_bits: u32,
    /// First-phase columns of elements.
    pub free: Vec<Free>,
    /// Range-checked columns.
    pub limbs: Vec<Limb>,
    /// Second-phase columns.
    pub second: Vec<Second>,
    spare_free: Vec<WindowCell<Free>>,
    spare_limbs: Vec<WindowCell<Limb>>,
    spare_second: Vec<WindowCell<Second>>,
}

impl<'a> Allocator<'a> {
    /// Columns for one circuit.
    pub fn new(meta: &'a mut ConstraintSystem<Fr>, shape: &Shape) -> Self {
        Self {
            meta,
            limb_bits: shape.limb_bits,
            free: Vec::new(),
            limbs: Vec::new(),
            second: Vec::new(),
            spare_free: Vec::new(),
            spare_limbs: Vec::new(),
            spare_second: Vec::new(),
        }
    }

    /// The constraint system.
    pub fn meta(&mut self) -> &mut ConstraintSystem<Fr> {
        self.meta
    }

    /// A new first-phase column.
    pub fn free(&mut self) -> Free {
        let column = self.meta.advice_column_in(FirstPhase);
        let free = Free {
            column,
            slot: self.free.len(),
        };
        self.free.push(free);
        free
    }

    pub(super) fn limb(&mut self) -> Limb {
        let column = self.meta.advice_column_in(FirstPhase);
        let limb = Limb {
            column,
            slot: self.limbs.len(),
        };
        self.limbs.push(limb);
        limb
    }

    /// New limb columns for an integer of exactly `bits` bits.
    pub fn limbs(&mut self, bits: u32) -> Limbs {
        assert_eq!(bits % self.limb_bits, 0, "limbs divide {bits} bits");
        let count = bits / self.limb_bits;
        Limbs {
            columns: (0..count).map(|_| self.limb()).collect(),
            limb_bits: self.limb_bits,
        }
    }

    /// A new second-phase column.
    pub fn second(&mut self) -> Second {
        let column = self.meta.advice_column_in(SecondPhase);
        let second = Second {
            column,
            slot: self.second.len(),
        };
        self.second.push(second);
        second
    }

    /// A first-phase cell of each window.
    pub fn window_free(&mut self) -> WindowCell<Free> {
        if self.spare_free.is_empty() {
            let column = self.free();
            self.spare_free = cells(column);
        }
        self.spare_free
            .pop()
            .unwrap_or_else(|| unreachable!("a column has cells"))
    }

    /// A range-checked integer of each window.
    pub fn window_limbs(&mut self, bits: u32) -> WindowLimbs {
        assert_eq!(bits % self.limb_bits, 0, "limbs divide {bits} bits");
        let cells = (0..bits / self.limb_bits)
            .map(|_| self.window_limb())
            .collect();
        WindowLimbs {
            cells,
            limb_bits: self.limb_bits,
        }
    }

    fn window_limb(&mut self) -> WindowCell<Limb> {
        if self.spare_limbs.is_empty() {
            let column = self.limb();
            self.spare_limbs = cells(column);
        }
        self.spare_limbs
            .pop()
            .unwrap_or_else(|| unreachable!("a column has cells"))
    }

    /// A second-phase cell of each window.
    pub fn window_second(&mut self) -> WindowCell<Second> {
        if self.spare_second.is_empty() {
            let column = self.second();
            self.spare_second = cells(column);
        }
        self.spare_second
            .pop()
            .unwrap_or_else(|| unreachable!("a column has cells"))
    }
}

fn cells<C: Copy>(column: C) -> Vec<WindowCell<C>> {
    (0..WINDOW_ROWS)
        .rev()
        .map(|offset| WindowCell { column, offset })
        .collect()
}
