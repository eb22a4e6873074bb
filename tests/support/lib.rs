//! Shared by the tests and benchmarks of the workspace.

pub mod ceremony;
pub mod check;
pub mod forge;
pub mod mock;
pub mod sample;
pub mod tamper;
