/// Why a transaction log, or what follows in it, is not applied. Offsets are in bytes from the
/// start of the log file unless they are said to be in the hive bins data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// The file ends within its first sector.
    #[error("log is {len} bytes long, its base block alone 512")]
    TooShort {
        /// Length of the file in bytes.
        len: u64,
    },
    /// The file does not begin as a log does.
    #[error("log begins with {found:02x?}, not with \"regf\"")]
    Signature {
        /// The first four bytes.
        found: [u8; 4],
    },
    /// The file type is not that of a log.
    #[error("base block of the log: file type is {found}, logs have 1, 2 or 6")]
    FileType {
        /// The type found.
        found: u32,
    },
    /// The base block is not whole.
    #[error("base block of the log: checksum is {stated:#010x}, computed {computed:#010x}")]
    Checksum {
        /// Checksum as stored.
        stated: u32,
        /// Checksum of the bytes.
        computed: u32,
    },
    /// The log itself was being written.
    #[error("base block of the log: sequence numbers are {primary} and {secondary} (torn write)")]
    SequenceNumbers {
        /// Primary sequence number.
        primary: u32,
        /// Secondary sequence number.
        secondary: u32,
    },
    /// The size of the hive bins data is none that a hive can have.
    #[error("{place}: {stated} bytes of hive bins are no multiple of 4096, or none", place = place(*offset))]
    BinsDataSize {
        /// Offset of the log entry; 0 for the log's base block.
        offset: u64,
        /// Size found, in bytes.
        stated: u32,
    },
    /// The hive would grow by more than there can be in the logs.
    #[error(
        "{place}: {stated} bytes of hive bins, the hive and its logs hold {most} at most",
        place = place(*offset)
    )]
    Growth {
        /// Offset of the log entry; 0 for the log's base block.
        offset: u64,
        /// Size found, in bytes.
        stated: u32,
        /// Largest size that is believed, in bytes.
        most: u64,
    },
    /// The header of a log entry is not whole.
    #[error(
        "log entry at {offset:#x}: Hash-2 is {stated:#018x}, computed {computed:#018x} (torn write)"
    )]
    Hash2 {
        /// Offset of the log entry.
        offset: u64,
        /// Hash as stored.
        stated: u64,
        /// Hash of the bytes.
        computed: u64,
    },
    /// The pages of a log entry are not whole.
    #[error(
        "log entry at {offset:#x}: Hash-1 is {stated:#018x}, computed {computed:#018x} (torn write)"
    )]
    Hash1 {
        /// Offset of the log entry.
        offset: u64,
        /// Hash as stored.
        stated: u64,
        /// Hash of the bytes.
        computed: u64,
    },
    /// A log entry does not follow the one before it.
    #[error("log entry at {offset:#x}: sequence number is {found}, not {expected}")]
    EntrySequence {
        /// Offset of the log entry.
        offset: u64,
        /// Sequence number found.
        found: u32,
        /// The number that would follow.
        expected: u32,
    },
    /// A log entry has a size that none can have here.
    #[error(
        "log entry at {offset:#x}: size is {stated} bytes, {left} are left; sizes are multiples of 512"
    )]
    EntrySize {
        /// Offset of the log entry.
        offset: u64,
        /// Size found, in bytes.
        stated: u32,
        /// Bytes from its start to the end of the file.
        left: u64,
    },
    /// A log entry does not hold the dirty pages that it counts.
    #[error("log entry at {offset:#x}: {count} dirty pages do not fit into {size} bytes, or none")]
    PageCount {
        /// Offset of the log entry.
        offset: u64,
        /// Number of dirty pages as stated.
        count: u32,
        /// Size of the log entry in bytes.
        size: u32,
    },
    /// A dirty page is for a place outside the hive bins data.
    #[error(
        "log entry at {offset:#x}: a dirty page of {len} bytes at {page:#x} of {bins} bytes of hive bins"
    )]
    PagePlace {
        /// Offset of the log entry.
        offset: u64,
        /// Offset of the page in the hive bins data.
        page: u32,
        /// Length of the page in bytes.
        len: u32,
        /// Size of the hive bins data in bytes.
        bins: u32,
    },
    /// There is no dirty vector where it belongs.
    #[error("dirty vector at 0x200 begins with {found:02x?}, not with \"DIRT\"")]
    DirtyVector {
        /// The four bytes there.
        found: [u8; 4],
    },
    /// The log ends before its last dirty page.
    #[error("log is {len} bytes long, its dirty pages end at {needed} (cut off)")]
    DirtyPages {
        /// Where the pages end, in bytes.
        needed: u64,
        /// Length of the file in bytes.
        len: u64,
    },
    /// A dirty page begins a hive bin, and is none.
    #[error(
        "dirty hive bin at {offset:#x} of the hive bins: begins with {found:02x?}, states offset {stated:#x} and {size} bytes"
    )]
    DirtyBin {
        /// Offset of the bin in the hive bins data.
        offset: u32,
        /// Its first four bytes.
        found: [u8; 4],
        /// Its offset as it says itself.
        stated: u32,
        /// Its size as it says itself, in bytes.
        size: u32,
    },
}

fn place(offset: u64) -> String {
    match offset {
        0 => "base block of the log".to_owned(),
        _ => format!("log entry at {offset:#x}"),
    }
}
