//! The proving engine: keys and proofs that the library's verifier reads, made faster.
//!
//! | part | file |
//! |---|---|
//! | eight field elements at once | [`simd`] |
//! | Fourier transforms | [`fft`] |
//! | multi-exponentiation | [`msm`] |
//! | hashes | [`poseidon`] |
//! | columns of cells | [`mod@column`] |
//! | memory of columns | [`pool`] |
//! | weighed sums of columns | [`weighed`] |
//! | values at single points | [`barycentric`] |
//! | expressions as a graph | [`graph`] |
//! | sums, taken apart | [`linear`] |
//! | compiled expressions | [`program`] |
//! | fixed columns, copies and keys | [`key`] |
//! | what the quotient divides | [`numerator`] |
//! | columns that others are made of | [`sources`] |
//! | a proof, message by message | [`proof`] |
//!
//! Nothing here is trusted: a proof that is wrong in any way does not verify.

pub mod barycentric;
pub mod column;
pub mod fft;
pub mod graph;
pub mod key;
pub mod linear;
pub mod msm;
pub mod numerator;
pub mod pool;
pub mod poseidon;
pub mod program;
pub mod proof;
pub mod simd;
pub mod sources;
pub mod weighed;
