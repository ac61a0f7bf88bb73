use std::io;

use thiserror::Error;

/// What is wrong with an image. Segments are counted from 1, chunks from 0; offsets are in bytes
/// from the start of a segment.
#[derive(Debug, Error)]
pub enum Error {
    /// The bytes below cannot be read.
    #[error("segment {segment}, {structure} at offset {offset:#x} cannot be read")]
    Read {
        /// Its segment.
        segment: u32,
        /// What was to be read.
        structure: &'static str,
        /// Where it is.
        offset: u64,
        /// Why it cannot be read.
        source: io::Error,
    },
    /// The segment ends within a structure.
    #[error(
        "segment {segment}, {structure} at offset {offset:#x}: {held} bytes are there, expected {expected}"
    )]
    Short {
        /// Its segment.
        segment: u32,
        /// What was read.
        structure: &'static str,
        /// Where it is.
        offset: u64,
        /// How many bytes are there.
        held: u64,
        /// How many it has at least.
        expected: u64,
    },
    /// A file does not begin as a segment does.
    #[error("segment {segment} begins with {found:02x?}, expected \"EVF\" 09 0d 0a ff 00")]
    Signature {
        /// Which segment it was to be.
        segment: u32,
        /// Its first bytes.
        found: [u8; 8],
    },
    /// The format is a relative that is not read.
    #[error("{name} is not read; {help}")]
    Unsupported {
        /// The format's name.
        name: &'static str,
        /// What to do instead.
        help: &'static str,
    },
    /// A segment says that it is another one.
    #[error("segment {expected}: its header says that it is number {stated}")]
    SegmentNumber {
        /// Its place among the segments.
        expected: u32,
        /// The number in its header.
        stated: u32,
    },
    /// The last segment that is there says that another one follows.
    #[error("segment {segment} is missing: the one before it is not the last")]
    SegmentMissing {
        /// Number of the one that is missing.
        segment: u32,
    },
    /// A segment is of another image.
    #[error(
        "segment {segment} is of another image: its set is {stated:02x?}, expected {expected:02x?}"
    )]
    OtherSet {
        /// The segment.
        segment: u32,
        /// Identifier of its set.
        stated: [u8; 16],
        /// Identifier in the volume section.
        expected: [u8; 16],
    },
    /// A structure is not what its Adler-32 was made of.
    #[error(
        "segment {segment}, {structure} at offset {offset:#x}: checksum {computed:#010x}, stated is {stated:#010x}"
    )]
    Checksum {
        /// Its segment.
        segment: u32,
        /// The structure.
        structure: &'static str,
        /// Where it is.
        offset: u64,
        /// Checksum that is stored.
        stated: u32,
        /// Checksum of what is there.
        computed: u32,
    },
    /// A section's length and where the next one begins disagree.
    #[error(
        "segment {segment}, section at offset {offset:#x}: {size} bytes long, but the next begins at {next:#x}"
    )]
    SectionLen {
        /// Its segment.
        segment: u32,
        /// Where it is.
        offset: u64,
        /// Its stated length in bytes.
        size: u64,
        /// The stated offset of the next.
        next: u64,
    },
    /// The sections of a segment end before they should.
    #[error(
        "segment {segment}: its sections end at offset {offset:#x}, expected a section \"next\" or \"done\""
    )]
    SectionsEnd {
        /// The segment.
        segment: u32,
        /// Where nothing more can be followed.
        offset: u64,
    },
    /// The sections of a segment, which lead from the last to the first, end before they should.
    #[error(
        "segment {segment}: its sections can be followed back to offset {offset:#x}, expected to the first"
    )]
    SectionsBegin {
        /// The segment.
        segment: u32,
        /// Where nothing more can be followed.
        offset: u64,
    },
    /// No section says how long the disk is.
    #[error("no section \"volume\" or \"disk\" can be read, which say how long the disk is")]
    NoVolume,
    /// A field of the volume section has an impossible value.
    #[error("volume section: {field} is {stated}, expected {expected}")]
    VolumeField {
        /// The field as the specification names it.
        field: &'static str,
        /// What it holds.
        stated: u64,
        /// What it may hold.
        expected: &'static str,
    },
    /// The case fields are no text of the form that they should have.
    #[error("segment {segment}, case fields at offset {offset:#x}: no zlib stream of such text")]
    CaseFields {
        /// Their segment.
        segment: u32,
        /// Where they are.
        offset: u64,
    },
    /// A table has more entries than fit into its section.
    #[error(
        "segment {segment}, table at offset {offset:#x}: {stated} entries, its section has room for {room}"
    )]
    TableLen {
        /// Its segment.
        segment: u32,
        /// Where it is.
        offset: u64,
        /// Stated number of entries.
        stated: u64,
        /// Those that fit.
        room: u64,
    },
    /// A table is damaged and its copy was read instead.
    #[error("a table is damaged, its copy was read")]
    TableReplaced {
        /// What is wrong with it.
        source: Box<Error>,
    },
    /// A table and its copy are damaged; their chunks cannot be read.
    #[error(
        "segment {segment}, table at offset {offset:#x}: it and its copy are damaged, its chunks are lost"
    )]
    TableLost {
        /// Their segment.
        segment: u32,
        /// Where the last of them is.
        offset: u64,
        /// What is wrong with that.
        source: Box<Error>,
    },
    /// The tables list fewer or more chunks than the disk has.
    #[error("the tables list {listed} chunks, the volume section says {stated}")]
    ChunkCount {
        /// How many the tables list.
        listed: u64,
        /// How many the volume section states.
        stated: u64,
    },
    /// Sectors could not be read when the image was made.
    #[error(
        "{count} sectors of the medium could not be read when the image was made, the first is {first}; the image has zeros there"
    )]
    NotAcquired {
        /// Number of the first.
        first: u64,
        /// How many.
        count: u64,
    },
    /// No table lists the chunk, or the one that does is lost.
    #[error("chunk {chunk} is lost: no table tells where it is")]
    ChunkLost {
        /// Its number.
        chunk: u64,
    },
    /// The chunk is not where it should be.
    #[error(
        "chunk {chunk} at offset {offset:#x} of segment {segment}: {held} bytes are there, expected {expected}"
    )]
    ChunkLen {
        /// Its number.
        chunk: u64,
        /// Its segment.
        segment: u32,
        /// Where it should be.
        offset: u64,
        /// How many bytes are there.
        held: u64,
        /// How many there should be.
        expected: u64,
    },
    /// The chunk is not what its Adler-32 was made of.
    #[error(
        "chunk {chunk} at offset {offset:#x} of segment {segment}: checksum {computed:#010x}, stated is {stated:#010x}"
    )]
    ChunkChecksum {
        /// Its number.
        chunk: u64,
        /// Its segment.
        segment: u32,
        /// Where it is.
        offset: u64,
        /// Checksum that is stored.
        stated: u32,
        /// Checksum of what is there.
        computed: u32,
    },
    /// The chunk does not inflate to a chunk.
    #[error(
        "chunk {chunk} at offset {offset:#x} of segment {segment}: {inflated} bytes after inflating, expected {expected}"
    )]
    Inflate {
        /// Its number.
        chunk: u64,
        /// Its segment.
        segment: u32,
        /// Where it is.
        offset: u64,
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
