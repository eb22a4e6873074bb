//! Which arithmetic is the fastest of this machine.

use std::fmt;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use halo2_proofs::halo2curves::bn256::Fr;

#[cfg(target_arch = "x86_64")]
use super::{Fma, Ifma};
use super::{Portable, Scalar, Simd, LANES};

/// An arithmetic, known to be there.
#[derive(Debug, Clone, Copy)]
pub enum Fastest {
    /// AVX-512 IFMA.
    #[cfg(target_arch = "x86_64")]
    Ifma(Ifma),
    /// AVX2 and fused multiply-add.
    #[cfg(target_arch = "x86_64")]
    Fma(Fma),
    /// The library's.
    Portable(Portable),
}

impl fmt::Display for Fastest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            #[cfg(target_arch = "x86_64")]
            Self::Ifma(_) => "AVX-512 IFMA",
            #[cfg(target_arch = "x86_64")]
            Self::Fma(_) => "AVX2 FMA",
            Self::Portable(_) => "portable",
        })
    }
}

impl Fastest {
    /// The fastest of this machine, chosen once for a process.
    ///
    /// IFMA is several times as fast as the others wherever it is. Which of the other two is faster depends
    /// on the processor: one that multiplies two floating-point numbers at a time and not four, like AMD's
    /// Zen 1, takes less time for one element after the other. So they are tried, for a few milliseconds.
    pub fn of_this_machine() -> Self {
        static CHOICE: OnceLock<Fastest> = OnceLock::new();
        *CHOICE.get_or_init(Self::choose)
    }

    #[cfg(target_arch = "x86_64")]
    fn choose() -> Self {
        if let Some(simd) = Ifma::try_new() {
            return Self::Ifma(simd);
        }
        match Fma::try_new() {
            Some(simd) if trial(simd) < trial(Portable) => Self::Fma(simd),
            _ => Self::Portable(Portable),
        }
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn choose() -> Self {
        Self::Portable(Portable)
    }
}

/// What a thousand products and squares take, at best: they are most of a proof.
#[cfg(target_arch = "x86_64")]
fn trial<S: Simd<Scalar>>(s: S) -> Duration {
    let elements: [Fr; LANES] = std::array::from_fn(|i| Fr::from(i as u64 + 2));
    let mut blocks = [s.import(&elements); 1 << 6];
    let once = |_| {
        let start = Instant::now();
        s.vectorize(
            #[inline(always)]
            || {
                let factor = s.load(&blocks[0]);
                for block in &mut blocks {
                    *block = s.store(s.square(s.mul(s.load(block), factor)));
                }
            },
        );
        start.elapsed()
    };
    (0..20).map(once).min().unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_the_same_choice_again() {
        let first = Fastest::of_this_machine().to_string();
        assert_eq!(Fastest::of_this_machine().to_string(), first);
        #[cfg(target_arch = "x86_64")]
        assert_eq!(Ifma::try_new().is_some(), first == "AVX-512 IFMA");
    }
}
