//! Where the results are kept: the original workflow's tables and our own, in a database.
//!
//! This crate is the only place with SQL; outside it a database is a [`Store`].
#![forbid(unsafe_code)]

mod catalogue;
mod cell_delta;
mod column;
mod delta_table;
mod error;
mod fault;
mod file_delta;
mod hive;
mod names;
mod postgres;
mod regdelta;
mod registry_deltas;
mod results;
mod sequence;
mod sqlite;
mod store;
mod table;
#[cfg(test)]
mod tests;

pub use catalogue::{
    Catalogue, CatalogueSlice, Change, Column, Effect, Field, Kind, OperatingSystem, Problem,
    Table, Tarball, VirtualMachine,
};
pub use error::Error;
pub use postgres::{Address, Postgres};
pub use registry_deltas::write as write_registry_deltas;
pub use results::{LastRun, Results, Run, SliceResults};
pub use sequence::{Link, SliceRow};
pub use sqlite::Sqlite;
pub use store::Store;
