//! What software does to a machine: recorded states of a virtual machine are read into
//! [`Snapshot`]s, and each is compared with the one before it.
//!
//! This library prints nothing, reads no environment and no clock.
#![forbid(unsafe_code)]

mod delta;
mod digest;
mod fault;
mod file_entry;
mod file_reader;
mod file_set;
mod hive;
mod image;
mod machine;
mod snapshot;
mod tar_reader;
mod tar_sparse;
mod tarball;
mod vmx;

pub use delta::{Cell, CellChanges, CellDelta, CellKind, Delta, FileChanges, FileDelta, ValueCell};
pub use digest::{Digests, Hex};
pub use fault::{Fault, Place, Step};
pub use file_entry::{Allocation, ByteRun, FileEntry, FileKind, RunKind, Times};
pub use file_reader::FileReader;
pub use hive::Hive;
pub use image::{Container, Image, ImageDisk, OpenError, OpenErrorKind, Opened};
pub use machine::MachineError;
pub use snapshot::{Partition, Snapshot};
pub use tar_reader::TarError;
pub use tarball::{Compression, Progress, Scratch, TarballError};
