//! Bundles and records, each changed in every way that must show.

mod chain;
mod checks;
mod fixture;
mod records;
mod signatures;
mod stub;
