use std::io;

use thiserror::Error;

/// What is wrong with a VMDK. All offsets and lengths are bytes unless they say sectors.
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
    /// A field of a sparse extent's header holds what it may not.
    #[error("sparse header: {field} is {stated:#x}, expected {expected}")]
    HeaderField {
        /// The field as the specification names it.
        field: &'static str,
        /// What it holds.
        stated: u64,
        /// What it may hold.
        expected: &'static str,
    },
    /// The descriptor is longer than any that VMware writes.
    #[error("descriptor: {stated} bytes long, expected at most {limit}")]
    DescriptorLen {
        /// Its length.
        stated: u64,
        /// The longest that is read.
        limit: u64,
    },
    /// A line of the descriptor is missing.
    #[error("descriptor: no line {0}")]
    DescriptorLine(&'static str),
    /// A line of the descriptor cannot be understood.
    #[error("descriptor: line {line:?} is not understood")]
    DescriptorText {
        /// The line as it stands there.
        line: String,
    },
    /// The extents together are longer than any disk.
    #[error("descriptor: its extents are longer than 2^64 bytes")]
    DiskLen,
    /// The kind of extent or disk is known by name, but not read.
    #[error("{what} {kind:?} is not read; convert the disk with qemu-img or vmware-vdiskmanager")]
    Unsupported {
        /// `extent kind` or `file format`.
        what: &'static str,
        /// Its name.
        kind: String,
    },
    /// An extent could not be opened.
    #[error("extent {file:?} of the disk cannot be opened")]
    Extent {
        /// The extent's file name as the descriptor states it.
        file: String,
        /// Why it could not.
        source: io::Error,
    },
    /// An extent is damaged.
    #[error("extent {file:?}")]
    InExtent {
        /// The extent's file name as the descriptor states it.
        file: String,
        /// What is wrong with it.
        source: Box<Error>,
    },
    /// The disk is a snapshot, and the disk it builds on was not given.
    #[error("the disk is a snapshot of {hint:?}, which is not there")]
    ParentMissing {
        /// The parent's file name as the descriptor states it.
        hint: String,
    },
    /// Extent and descriptor disagree about the extent's length.
    #[error("extent holds {held} sectors, the descriptor says {stated}")]
    ExtentLen {
        /// Sectors that the extent holds.
        held: u64,
        /// Sectors that the descriptor gives it.
        stated: u64,
    },
    /// Grain tables are damaged, and their twins were read instead.
    #[error(
        "grain tables damaged and read from their twins: {count}, the first is {table} at \
             offset {offset:#x}"
    )]
    TablesReplaced {
        /// How many.
        count: u64,
        /// Number of the first in the grain directory.
        table: u64,
        /// Where that should be.
        offset: u64,
    },
    /// Grain tables name grains outside of the file; those grains cannot be read.
    #[error(
        "grain tables with grains outside of the file: {count}, the first is {table} at \
             offset {offset:#x}"
    )]
    TablesOutside {
        /// How many.
        count: u64,
        /// Number of the first in the grain directory.
        table: u64,
        /// Where it is.
        offset: u64,
    },
    /// Grain tables and their twins do not lie in the file; their grains cannot be read.
    #[error("grain tables lost: {count}, the first is {table} at offset {offset:#x}")]
    TablesLost {
        /// How many.
        count: u64,
        /// Number of the first in the grain directory.
        table: u64,
        /// Where that should be.
        offset: u64,
    },
    /// The grain directory is damaged, and its twin was read instead.
    #[error("the grain directory is damaged; the redundant one was read")]
    DirectoryReplaced {
        /// What is wrong with the first.
        source: Box<Error>,
    },
    /// A grain lies outside of the file or of its extent, or its table is lost.
    #[error("grain {grain}: nothing can be read at offset {offset:#x}, the file has {file_len}")]
    Grain {
        /// Number of the grain in its extent.
        grain: u64,
        /// Where it should be.
        offset: u64,
        /// How long the file is.
        file_len: u64,
    },
    /// A compressed grain's marker is for another grain or of an impossible length.
    #[error("grain {grain}: its marker says sector {sector} and {len} bytes, expected {expected}")]
    Marker {
        /// Number of the grain in its extent.
        grain: u64,
        /// The sector stated in the marker.
        sector: u64,
        /// The length stated in the marker.
        len: u32,
        /// The sector expected.
        expected: u64,
    },
    /// A compressed grain does not inflate to a grain.
    #[error("grain {grain}: {inflated} bytes after inflating, expected {expected}")]
    Inflate {
        /// Number of the grain in its extent.
        grain: u64,
        /// How many bytes came out.
        inflated: u64,
        /// How many were expected.
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
