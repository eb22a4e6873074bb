//! Shared by the tests and benchmarks of the workspace.

pub mod sample;
