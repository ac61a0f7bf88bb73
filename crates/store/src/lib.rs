//! Where the results are kept: the original workflow's tables and our own, in a database.
//!
//! This crate is the only place with SQL. SQLite is the one database today, so [`Sqlite`] is a
//! plain struct; its methods are what another database would have to offer.
#![forbid(unsafe_code)]

mod cell_delta;
mod column;
mod delta_table;
mod error;
mod fault;
mod file_delta;
mod hive;
mod migrate;
mod names;
mod regdelta;
mod registry_deltas;
mod results;
mod sequence;
mod sqlite;

pub use error::Error;
pub use registry_deltas::write as write_registry_deltas;
pub use results::{LastRun, Results, Run, SliceResults};
pub use sequence::SliceRow;
pub use sqlite::Sqlite;
