use std::io;

use thiserror::Error;

/// What is wrong with a VDI. All offsets and lengths are bytes.
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
