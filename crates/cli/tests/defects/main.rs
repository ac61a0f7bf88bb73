//! The defects of the original workflow that are known: each test fails where a run does as it did.
//! `docs/differences.md` lists them by number, and the tests elsewhere that show the others.

#[path = "../support/mod.rs"]
mod support;

mod cells;
mod files;
mod hives;
mod runs;
mod sequence;
