use std::io;

use thiserror::Error;

/// What is wrong with a VHD. All offsets and lengths are bytes.
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
    /// A fixed disk is shorter than its footer says: a part of it was cut out, or is lost.
    #[error("the footer states a fixed disk of {stated} bytes; {there} are there, and were read")]
    FixedShort {
        /// The length stated.
        stated: u64,
        /// The length of what is before the footer.
        there: u64,
    },
    /// The footer at the end of the file is damaged, and its copy was read instead.
    #[error("the footer at the end of the file is damaged or lost; its copy was read")]
    FooterReplaced {
        /// What is wrong with it.
        source: Box<Error>,
    },
    /// There is neither footer nor copy.
    #[error("no footer: the last sector begins with {start:?}")]
    NoFooter {
        /// Its first bytes.
        start: [u8; 8],
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
