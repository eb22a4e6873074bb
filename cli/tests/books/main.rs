//! Books through the program, from snapshot to verdict: true ones, false ones, and what is shown of each.

mod audit;
mod book;
mod ceremony;
mod deficits;
mod encrypted;
mod epochs;
mod events;
mod forged;
mod hostile;
mod jobs;
mod program;
mod secrets;
mod shards;
mod signatures;
mod sizes;
mod tampering;
