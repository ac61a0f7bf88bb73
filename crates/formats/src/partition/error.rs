use thiserror::Error;

use crate::file_system::FileSystem;

/// What is wrong with a partition table. All offsets and lengths are bytes.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Error {
    /// A partition reaches behind the end of the disk.
    #[error("partition {index}: {len} bytes from {start:#x} reach behind the disk's {disk_len}")]
    OutsideDisk {
        /// Number in its table.
        index: u32,
        /// Offset in the disk.
        start: u64,
        /// Length as stated.
        len: u64,
        /// Length of the disk.
        disk_len: u64,
    },
    /// Two partitions share bytes.
    #[error("partition {index} begins inside partition {other}")]
    Overlap {
        /// Number of the one that begins later.
        index: u32,
        /// Number of the other.
        other: u32,
    },
    /// The table divides the disk, and a file system that filled it before is still known.
    #[error("{} that fills the disk is not read: partitions divide the disk", .0.name())]
    NotRead(FileSystem),
    /// An entry of an Apple partition map does not begin with `PM`; it and those behind it are lost.
    #[error("partition {index} of {count}: no signature \"PM\"; the map is not read from there on")]
    MapEntry {
        /// Number in the map.
        index: u32,
        /// How many entries the map states.
        count: u32,
    },
    /// A table states more entries than are read.
    #[error("the table at offset {offset:#x} states {stated} entries; {read} are read")]
    TooManyEntries {
        /// Where the table is.
        offset: u64,
        /// How many it states.
        stated: u32,
        /// How many are read.
        read: u32,
    },
    /// The checksum of a BSD label does not fit; its entries are read as they are.
    #[error("disk label at offset {offset:#x}: its checksum does not fit")]
    LabelChecksum {
        /// Where the label is.
        offset: u64,
    },
    /// The boot record says that there is a GPT, and neither of its headers is sound.
    #[error("the boot record protects a GUID partition table whose headers are both damaged")]
    GptLost,
    /// A GPT header is damaged; its twin was read where that is sound.
    #[error("{copy} GPT header at offset {offset:#x}: {what}")]
    GptHeader {
        /// `primary` or `backup`.
        copy: &'static str,
        /// Where it is.
        offset: u64,
        /// What is wrong with it.
        what: GptDamage,
    },
    /// The sound primary and backup tables say different things; the primary was read.
    #[error("primary and backup GPT disagree about the partitions; the primary was read")]
    GptDisagree,
    /// An extended boot record is missing.
    #[error("extended boot record at offset {offset:#x}: no signature 55 AA, or it cannot be read")]
    Extended {
        /// Where it should be.
        offset: u64,
    },
    /// The chain of extended boot records returns to where it was, or does not end.
    #[error("extended boot record at offset {offset:#x}: the chain of records does not end")]
    ExtendedLoop {
        /// Where it was left.
        offset: u64,
    },
}

/// What is wrong with a GPT header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum GptDamage {
    /// It does not begin with `EFI PART`, or cannot be read.
    #[error("no signature \"EFI PART\"")]
    Signature,
    /// Its own checksum does not fit.
    #[error("its checksum is {stated:#010x}, its bytes give {computed:#010x}")]
    Checksum {
        /// The checksum stored.
        stated: u32,
        /// The checksum of the bytes.
        computed: u32,
    },
    /// A field holds what it may not.
    #[error("{field} is {stated:#x}")]
    Field {
        /// The field as the specification names it.
        field: &'static str,
        /// What it holds.
        stated: u64,
    },
    /// The checksum of its entries does not fit, or they cannot be read.
    #[error("the checksum of its entries is {stated:#010x}, the entries give {computed:#010x}")]
    Entries {
        /// The checksum stored.
        stated: u32,
        /// The checksum of the bytes.
        computed: u32,
    },
}
