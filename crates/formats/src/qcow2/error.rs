use std::io;

use thiserror::Error;

/// What is wrong with a qcow2 file. All offsets and lengths are bytes.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The file below could not be read.
    #[error("{structure} at offset {offset:#x} cannot be read")]
    Read {
        /// What was to be read.
        structure: &'static str,
        /// Where it was to be read.
        offset: u64,
        /// Why it could not.
        source: io::Error,
    },
    /// A structure does not lie in the file.
    #[error(
        "{structure} at offset {offset:#x}: {needed} bytes are needed, the file has {file_len}"
    )]
    Outside {
        /// What was looked for.
        structure: &'static str,
        /// Where it should begin.
        offset: u64,
        /// How long it should be.
        needed: u64,
        /// How long the file is.
        file_len: u64,
    },
    /// A field of the header holds what it may not.
    #[error("header: {field} is {stated:#x}, expected {expected}")]
    HeaderField {
        /// The field as the specification names it.
        field: &'static str,
        /// What it holds.
        stated: u64,
        /// What it may hold.
        expected: &'static str,
    },
    /// The disk uses something that is known by name, but not read.
    #[error("{what} is not read; {help}")]
    Unsupported {
        /// Its name.
        what: &'static str,
        /// What to do instead.
        help: &'static str,
    },
    /// The writer of the disk has marked it as damaged.
    #[error("header: the disk is marked as corrupt (incompatible_features bit 1)")]
    MarkedCorrupt,
    /// The disk stands on another one, which was not given.
    #[error("the disk stands on {name:?}, which is not there")]
    BackingMissing {
        /// The name as the header states it.
        name: String,
    },
    /// A snapshot's entry in the snapshot table is damaged.
    #[error("snapshot table: entry {number} at offset {offset:#x}: {what}")]
    Snapshot {
        /// Its number, from 0.
        number: u32,
        /// Where it begins.
        offset: u64,
        /// What is wrong.
        what: &'static str,
    },
    /// An entry of an L1 or L2 table holds what it may not.
    #[error("{table} entry at offset {offset:#x} is {stated:#x}, expected {expected}")]
    Entry {
        /// `L1` or `L2`.
        table: &'static str,
        /// Where the entry is.
        offset: u64,
        /// What it holds.
        stated: u64,
        /// What it may hold.
        expected: &'static str,
    },
    /// A cluster does not lie in the file.
    #[error(
        "cluster at {disk:#x} of the disk: its place {offset:#x} is behind the file's end {file_len:#x}"
    )]
    Cluster {
        /// Offset in the disk.
        disk: u64,
        /// Where it should be in the file.
        offset: u64,
        /// How long the file is.
        file_len: u64,
    },
    /// A compressed cluster does not give a cluster.
    #[error("compressed cluster at offset {offset:#x} does not give {expected} bytes")]
    Inflate {
        /// Where it begins in the file.
        offset: u64,
        /// How many bytes were expected.
        expected: u64,
        /// What the decompressor says, where it fails.
        source: Option<io::Error>,
    },
}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        Self::new(io::ErrorKind::InvalidData, error)
    }
}
