//! Shared by the tests and benchmarks of the workspace.

pub mod forge;
pub mod mock;
pub mod sample;
