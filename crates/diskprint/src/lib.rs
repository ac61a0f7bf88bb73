//! What software does to a machine: recorded states of a virtual machine are read into
//! [`Snapshot`]s, and each is compared with the one before it.
//!
//! This library prints nothing, reads no environment and no clock.
#![forbid(unsafe_code)]

pub mod archive;
pub mod artefact;
mod block_file;
mod block_store;
mod byte_runs;
mod cache;
mod delta;
pub mod dfxml;
pub mod diff;
mod digest;
mod disk_blocks;
pub mod dump;
mod ewf_disk;
pub mod export;
mod fault;
mod file_entry;
mod file_list;
mod file_reader;
mod file_security;
mod file_set;
mod gzip;
mod hive;
mod image;
mod interim_change;
mod journal;
mod machine;
mod machine_state;
mod monitor;
pub mod pipeline;
mod printable;
mod raw_disk;
mod recovered_cell;
pub mod regdelta;
pub mod registry_path;
pub mod registry_text;
pub mod regxml;
pub mod report;
pub mod results;
pub mod row;
mod slice;
mod snapshot;
mod source;
mod stored_hashes;
pub mod survey;
mod tar_reader;
mod tar_sparse;
pub mod tarball;
mod unpacker;
mod virtual_disk;
mod vmx;
mod zip_archive;

pub use byte_runs::{ByteRun, ByteRuns, RunKind};
pub use cache::Cache;
pub use delta::{
    Cell, CellChanges, CellDelta, CellKind, Delta, FileChanges, FileDelta, KeyCell, ValueCell,
};
pub use digest::{Digests, Hex};
pub use diskprint_formats::{Allocation, Deleted, FileKind, FoundBy, Remains, Times};
pub use fault::{Fault, Place, Step};
pub use file_entry::FileEntry;
pub use file_reader::FileReader;
pub use file_security::FileSecurity;
pub use hive::{Grade, Hive, HiveReport, HiveState, read_hive};
pub use image::{
    Container, Image, ImageDisk, OpenError, OpenErrorKind, Opened, file_hash, is_one_file,
    machine_states, slicehash, slicehash_of,
};
pub use interim_change::{InterimAction, InterimChange};
pub use journal::{FileEvent, FileEventKind, FileLink, Journal, JournalKind};
pub use machine::MachineError;
pub use machine_state::{MachineState, MachineStates, is_there};
pub use monitor::{Amount, Monitor, Part};
pub use printable::printable;
pub use recovered_cell::RecoveredCell;
pub use slice::SliceId;
pub use snapshot::{Bounds, Fiwalk, Known, Partition, Snapshot, Unread, list_files};
pub use source::FileIdentity;
pub use tar_reader::TarError;
pub use tarball::{Compression, Progress, Scratch, TarballError};
pub use virtual_disk::{DiskError, DiskFormat};
pub use zip_archive::ZipError;
