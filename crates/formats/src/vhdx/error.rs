use std::io;

use thiserror::Error;

/// What is wrong with a VHDX. All offsets and lengths are bytes.
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
    /// A field holds what it may not.
    #[error("{structure}: {field} is {stated:#x}, expected {expected}")]
    Field {
        /// The structure that it is of.
        structure: &'static str,
        /// The field as the specification names it.
        field: &'static str,
        /// What it holds.
        stated: u64,
        /// What it may hold.
        expected: &'static str,
    },
    /// The checksum of a structure is not that of its bytes.
    #[error(
        "{structure} at offset {offset:#x}: checksum is {stated:#010x}, expected {expected:#010x}"
    )]
    Checksum {
        /// The structure.
        structure: &'static str,
        /// Where it begins.
        offset: u64,
        /// What it says.
        stated: u32,
        /// What its bytes give.
        expected: u32,
    },
    /// One of the two headers or region tables is damaged, and the other one was read.
    #[error("one of two copies is damaged; the other was read")]
    CopyDamaged {
        /// What is wrong with it.
        source: Box<Error>,
    },
    /// A region or metadata item that every disk needs is not there.
    #[error("{structure}: no entry for {item}")]
    Missing {
        /// The table.
        structure: &'static str,
        /// What is not in it.
        item: &'static str,
    },
    /// A region or metadata item is required, and not known.
    #[error("{structure}: {item} is required and not known")]
    Unknown {
        /// The table.
        structure: &'static str,
        /// The id of what is required.
        item: crate::Guid,
    },
    /// The log is not empty, and nothing in it can be replayed.
    #[error(
        "the log at offset {offset:#x} is not empty, and has no whole sequence of entries: writes \
         that were under way are lost; the disk is read without them"
    )]
    LogLost {
        /// Where it begins.
        offset: u64,
    },
    /// The log was replayed in memory.
    #[error("the disk was not closed: {entries} entries of its log were replayed in memory")]
    LogReplayed {
        /// How many entries.
        entries: u64,
    },
    /// The file is shorter than it was when the log was written.
    #[error("the log says that the file has {expected} bytes, it has {file_len}: it is cut off")]
    LogFileLen {
        /// How long it should be at least.
        expected: u64,
        /// How long it is.
        file_len: u64,
    },
    /// The disk stands on another one, which was not given.
    #[error("the disk stands on {name:?}, which is not there")]
    ParentMissing {
        /// The name as it is written in the disk, or its id.
        name: String,
    },
    /// A block does not lie in the file.
    #[error("block {block}: its place {offset:#x} is not in the file, which has {file_len} bytes")]
    Block {
        /// Its number in the disk.
        block: u64,
        /// Where it should begin.
        offset: u64,
        /// How long the file is.
        file_len: u64,
    },
}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        Self::new(io::ErrorKind::InvalidData, error)
    }
}
