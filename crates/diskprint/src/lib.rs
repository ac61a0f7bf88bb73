//! What software does to a machine: recorded states of a virtual machine are read into
//! [`Snapshot`]s, and each is compared with the one before it.
//!
//! This library prints nothing, reads no environment and no clock.
#![forbid(unsafe_code)]

mod delta;
mod digest;
mod fault;
mod file_entry;
mod hive;
mod snapshot;

pub mod diff;
pub mod regdelta;
pub mod regxml;

pub use delta::{Cell, CellChanges, CellDelta, CellKind, Delta, FileChanges, FileDelta, ValueCell};
pub use digest::{Digests, Hex};
pub use fault::{Fault, Place, Step};
pub use file_entry::{Allocation, ByteRun, FileEntry, FileKind, RunKind, Times};
pub use hive::Hive;
pub use snapshot::{Partition, Snapshot};
