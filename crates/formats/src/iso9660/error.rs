use std::io;
use std::sync::Arc;

/// What is wrong with a structure of an ISO 9660 volume.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// There is no primary volume descriptor, or it says what cannot be.
    #[error("volume descriptor: {field} is {found:#x}")]
    Descriptor {
        /// The field, as ECMA-119 names it.
        field: &'static str,
        /// What it holds.
        found: u64,
    },
    /// The two halves of a number, little-endian and big-endian, differ.
    #[error("{field} is {little} little-endian and {big} big-endian; the first was taken")]
    Halves {
        /// The field, as ECMA-119 names it.
        field: &'static str,
        /// Its first half.
        little: u64,
        /// Its second half.
        big: u64,
    },
    /// A directory record is none.
    #[error("directory record at offset {offset:#x}: {what}")]
    Record {
        /// Where it is in the volume, in bytes.
        offset: u64,
        /// What is wrong with it.
        what: &'static str,
    },
    /// What continues the system use area of a record cannot be followed.
    #[error("the areas that continue its directory record: {what}")]
    Area {
        /// What is wrong with them.
        what: &'static str,
    },
    /// A directory ends within a file of several extents.
    #[error("the directory ends before the last extent of the file")]
    NoLastExtent,
    /// An extent lies outside the volume.
    #[error("extent of {len} bytes at block {block}: the volume has {total} bytes")]
    Outside {
        /// First block.
        block: u64,
        /// Length in bytes.
        len: u64,
        /// Length of the volume in bytes.
        total: u64,
    },
    /// A file is recorded in a way that is not read.
    #[error("it is {how}")]
    Stored {
        /// How.
        how: &'static str,
    },
    /// A directory is in itself, or in two.
    #[error("the directory at block {block} was read before, under another name")]
    Again {
        /// First block of its extent.
        block: u64,
    },
    /// The directories are longer together than the volume.
    #[error("directories of more than {limit} bytes; no more are read")]
    LongDirectories {
        /// How many bytes of them are read.
        limit: u64,
    },
    /// A path is too long, or there are too many.
    #[error("its path is too long, or too many are")]
    LongPath,
    /// The bytes below could not be read.
    #[error("cannot be read")]
    Io(#[source] Arc<io::Error>),
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::Io(Arc::new(error))
    }
}
