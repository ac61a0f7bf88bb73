use std::io;

use super::FileReference;

/// What is wrong with a structure of a volume.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The boot sector does not describe an NTFS volume.
    #[error("boot sector: {field} is {found:#x}, expected {expected}")]
    BootSector {
        /// The field.
        field: &'static str,
        /// What it holds.
        found: u64,
        /// What it may hold.
        expected: &'static str,
    },
    /// A record does not begin with its signature.
    #[error("signature is {found:02x?}, expected {expected:?}")]
    Signature {
        /// The first four bytes.
        found: [u8; 4],
        /// What they should spell.
        expected: &'static str,
    },
    /// A multi-sector record was not written whole.
    #[error(
        "sector {sector} of the record ends in {found:#06x}, its update sequence number is {expected:#06x}: it was not written whole"
    )]
    Fixup {
        /// Which 512-byte sector of the record, from 0.
        sector: usize,
        /// Its last two bytes.
        found: u16,
        /// What they should be.
        expected: u16,
    },
    /// A structure does not fit where it is.
    #[error(
        "{structure} at byte {offset} of its record: {field} is {found:#x}, {room} bytes are there"
    )]
    Size {
        /// The structure.
        structure: &'static str,
        /// Offset in the record or value, in bytes.
        offset: usize,
        /// The field that is wrong.
        field: &'static str,
        /// What it holds.
        found: u64,
        /// How many bytes there are.
        room: usize,
    },
    /// A run list cannot be decoded.
    #[error("run list: {what} at its byte {offset}")]
    RunList {
        /// Offset in the run list, in bytes.
        offset: usize,
        /// What is wrong there.
        what: &'static str,
    },
    /// A run lies outside the volume.
    #[error("run of {clusters} clusters at cluster {lcn}: the volume has {total}")]
    RunOutside {
        /// First cluster of the run.
        lcn: u64,
        /// Its length in clusters.
        clusters: u64,
        /// Number of clusters of the volume.
        total: u64,
    },
    /// The pieces of an attribute do not follow one another.
    #[error(
        "attribute {kind:#x} {name:?}: the piece for cluster {expected} is missing, the next begins at {found}"
    )]
    MissingPiece {
        /// Type of the attribute.
        kind: u32,
        /// Name of the attribute.
        name: String,
        /// First cluster of the attribute (VCN) that no piece covers.
        expected: u64,
        /// First cluster of the piece that is there.
        found: u64,
    },
    /// The runs of an attribute end before its content does.
    #[error("runs cover {covered} bytes, the content has {data_size}")]
    ShortRuns {
        /// What the runs cover, in bytes.
        covered: u64,
        /// Length of the content in bytes.
        data_size: u64,
    },
    /// The compression is none that is known.
    #[error("compression method {method} with units of 2^{unit} clusters is not known")]
    Compression {
        /// Number of the method; 1 is LZNT1.
        method: u16,
        /// Size of a unit as a power of two of clusters.
        unit: u8,
    },
    /// An extension record does not belong to the file that lists it.
    #[error("extension record {record}")]
    Extension {
        /// Its number.
        record: u64,
        /// What is wrong with it.
        source: Box<Error>,
    },
    /// An extension record belongs to another file.
    #[error("it belongs to record {found}, not to record {expected}")]
    OtherBase {
        /// The record that it names as its base.
        found: FileReference,
        /// The record that lists it.
        expected: FileReference,
    },
    /// An extension record was used again since it was listed.
    #[error("its sequence number is {found}, the list says {expected}")]
    OtherUse {
        /// Its sequence number.
        found: u16,
        /// The one in the list.
        expected: u16,
    },
    /// An extension record of a file in use is not in use.
    #[error("it is not in use")]
    NotInUse,
    /// An extension record is in use, but the file that it belongs to does not have it.
    #[error("extension record in use that its base record {base} does not list")]
    Unlisted {
        /// The record that it names as its base.
        base: FileReference,
    },
    /// A file's list of attributes is too long.
    #[error("attribute list of {data_size} bytes; {limit} are read at most")]
    LongList {
        /// Its length in bytes.
        data_size: u64,
        /// How many bytes of lists may still be read.
        limit: u64,
    },
    /// There are more errors of this kind than are worth telling.
    #[error("and more of this kind; {read} are told, and what comes then was not read")]
    TooMany {
        /// How many were told.
        read: usize,
    },
    /// A record says that it is another.
    #[error("record says that it is number {found}")]
    RecordNumber {
        /// The number it has in its header.
        found: u32,
    },
    /// A record has two attributes of which there can be one.
    #[error("attribute {kind:#x} {name:?} is there more than once")]
    Repeated {
        /// Type of the attribute.
        kind: u32,
        /// Name of the attribute.
        name: String,
    },
    /// The boot sector was taken from its copy.
    #[error("the boot sector is damaged; its copy in the last sector was used")]
    FromBackup,
    /// The $MFT's own record was taken from its mirror.
    #[error("the first record of the $MFT is damaged; its copy in $MFTMirr was used")]
    FromMirror,
    /// A directory's index cannot be read.
    #[error("index blocks: {what}")]
    Index {
        /// Why.
        what: String,
    },
    /// One index block of a directory cannot be read.
    #[error("index block {number}")]
    Block {
        /// Its number, from 0.
        number: u64,
        /// What is wrong with it.
        source: Box<Error>,
    },
    /// The indexes of the volume are longer together than the volume.
    #[error("index blocks of {len} bytes; {limit} are read at most")]
    LongIndex {
        /// Length of the index in bytes.
        len: u64,
        /// How many bytes may still be read.
        limit: u64,
    },
    /// The $MFT holds no such record.
    #[error("record {record}: the $MFT holds {count}")]
    NoRecord {
        /// The number asked for.
        record: u64,
        /// How many there are.
        count: u64,
    },
    /// There is no such attribute.
    #[error("record has no {attribute}")]
    NoAttribute {
        /// The attribute that was looked for.
        attribute: &'static str,
    },
    /// Compressed data cannot be inflated.
    #[error("compression unit at cluster {vcn} of the stream: {what}")]
    Lznt1 {
        /// First cluster of the unit (VCN).
        vcn: u64,
        /// What is wrong.
        what: &'static str,
    },
    /// A record of the change journal is none.
    #[error("change journal at USN {usn}: {what}")]
    UsnRecord {
        /// Where it is: its offset in $J, in bytes.
        usn: u64,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The runs of the change journal are longer together than the volume.
    #[error("change journal is longer than its volume")]
    LongJournal,
    /// A security descriptor in $Secure is damaged.
    #[error(
        "security descriptors at {offset:#x} of $Secure:$SDS: {}",
        if *is_copied { "damaged; the copy of this block was read" } else { "damaged, in the copy of this block too" }
    )]
    SecurityDescriptor {
        /// Where it is in the stream, in bytes.
        offset: u64,
        /// Whether the copy of its block is sound.
        is_copied: bool,
    },
    /// The security descriptors are longer together than they can be.
    #[error("security descriptors of {len} bytes; {limit} are read")]
    LongSecurity {
        /// Length of the stream in bytes.
        len: u64,
        /// How many bytes of it are read.
        limit: u64,
    },
    /// The catalog of shadow copies is damaged.
    #[error("catalog of shadow copies at offset {offset:#x}: {what}")]
    ShadowCopies {
        /// Where it is in the volume, in bytes.
        offset: u64,
        /// What is wrong.
        what: &'static str,
    },
    /// The bytes below could not be read.
    #[error("cannot be read")]
    Io(#[from] io::Error),
}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Io(error) => error,
            error => Self::new(io::ErrorKind::InvalidData, error),
        }
    }
}
