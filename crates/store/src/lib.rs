//! Where the results are kept: the original workflow's tables and our own, in a database.
//!
//! This crate is the only place with SQL; outside it a database is a [`Store`].
#![forbid(unsafe_code)]

mod branch;
mod browse;
mod catalogue;
mod cell_delta;
mod column;
mod content;
mod delta_table;
mod deltas_file;
mod error;
mod examination;
mod fault;
mod file_delta;
mod hive;
mod hive_condition;
mod interim_change;
mod journal;
mod names;
mod noise;
mod postgres;
mod queue;
mod recovered_cell;
mod regdelta;
mod registry_deltas;
mod results;
mod sequence;
mod sqlite;
mod sqlite_file;
mod store;
mod stored;
mod table;
#[cfg(test)]
mod tests;
mod time;

pub use branch::{Branch, Tree};
pub use browse::{Browse, Difference, Filter, Listed, Page, Row, RowId, Subject, Touching};
pub use catalogue::{
    Catalogue, CatalogueSlice, Change, Column, Effect, Field, Kind, OperatingSystem, Problem,
    Table, Tarball, VirtualMachine,
};
pub use content::{FileMetadata, FilesInUse, RegistryFile, write_file_metadata};
pub use deltas_file::{read as read_deltas, write as write_deltas};
pub use error::Error;
pub use examination::{Connection, Examination, Tables};
pub use hive_condition::HiveCondition;
pub use journal::{JournalEntry, Journaled};
pub use noise::noise;
pub use postgres::{Address, Postgres};
pub use queue::QueueEntry;
pub use registry_deltas::write as write_registry_deltas;
pub use results::{Content, Found, LastRun, Results, Run};
pub use sequence::{Link, SliceRow, ends};
pub use sqlite::Sqlite;
pub use store::Store;
pub use stored::{report_slices, run_notes, stored_sequence, write_rows};
