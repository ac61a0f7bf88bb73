use super::super::Error;
use super::super::adler32::check;
use super::section::Section;
use crate::bytes::{u32_le, u64_le, window};
use crate::{ReadAt, ReadAtExt};

/// Where the chunks lie that one sector table lists, all in its segment.
#[derive(Debug)]
pub(super) struct Table {
    /// Index of the segment.
    pub segment: usize,
    /// Number of the first chunk.
    pub first: u64,
    pub chunks: Vec<Chunk>,
}

/// Where a chunk lies, and how it is stored.
// Source: EWF 2 specification, "Sector table entry", "Chunk data flags".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chunk {
    /// Offset in the segment, or what the chunk is filled with.
    pub offset: u64,
    pub len: u32,
    flags: u32,
}

impl Chunk {
    pub fn is_compressed(&self) -> bool {
        self.flags & 1 != 0
    }

    pub fn has_checksum(&self) -> bool {
        self.flags & 2 != 0
    }

    /// Whether it is eight bytes over and over.
    pub fn is_pattern(&self) -> bool {
        self.is_compressed() && self.flags & 4 != 0
    }
}

/// Length of the header of a table with its padding, and where its checksum is.
const HEADER: usize = 32;
const CHECKSUM_AT: usize = 16;
/// Length of an entry, of a table of chunks and of one of errors.
const ENTRY: usize = 16;

impl Table {
    /// Reads a sector table.
    ///
    /// # Errors
    /// When one of its checksums is wrong: nothing else guards a chunk that is a pattern.
    pub fn read(file: &dyn ReadAt, segment: u32, section: &Section) -> Result<Self, Error> {
        let (header, entries) = read(file, segment, section, 8)?;
        let first = u64_le(&header, 0).unwrap_or(0);
        let chunk = |entry: &[u8]| {
            Some(Chunk {
                offset: u64_le(entry, 0)?,
                len: u32_le(entry, 8)?,
                flags: u32_le(entry, 12)?,
            })
        };
        let chunks = entries.chunks_exact(ENTRY).filter_map(chunk).collect();
        let segment = usize::try_from(segment).unwrap_or(usize::MAX).saturating_sub(1);
        Ok(Self { segment, first, chunks })
    }
}

/// Reads an error table: sectors that could not be read when the image was made.
pub(super) fn errors(
    file: &dyn ReadAt,
    segment: u32,
    section: &Section,
) -> Result<Vec<Error>, Error> {
    let (_, entries) = read(file, segment, section, 0)?;
    let error = |entry: &[u8]| {
        let (first, count) = (u64_le(entry, 0)?, u64::from(u32_le(entry, 8)?));
        Some(Error::NotAcquired { first, count })
    };
    Ok(entries.chunks_exact(ENTRY).filter_map(error).collect())
}

/// Header and entries of a table, whose number is at `count_at`.
fn read(
    file: &dyn ReadAt,
    segment: u32,
    section: &Section,
    count_at: usize,
) -> Result<(Vec<u8>, Vec<u8>), Error> {
    let (structure, offset) = ("table header", section.data);
    let header = section.read(file, segment, structure, HEADER)?;
    let (Some(body), Some(stated), Some(count)) =
        (window(&header, 0, CHECKSUM_AT), u32_le(&header, CHECKSUM_AT), u32_le(&header, count_at))
    else {
        let (held, expected) = (header.len() as u64, HEADER as u64);
        return Err(Error::Short { segment, structure, offset, held, expected });
    };
    check(segment, structure, offset, body, stated)?;
    let room = section.len.saturating_sub(HEADER as u64 + 4) / ENTRY as u64;
    if u64::from(count) > room {
        return Err(Error::TableLen { segment, offset, stated: count.into(), room });
    }
    let (structure, offset) = ("table entries", offset.saturating_add(HEADER as u64));
    let len = usize::try_from(count).unwrap_or(usize::MAX).saturating_mul(ENTRY);
    let bytes = file.read_vec_at(offset, len.saturating_add(4));
    let mut bytes = bytes.map_err(|source| Error::Read { segment, structure, offset, source })?;
    let (Some(entries), Some(stated)) = (window(&bytes, 0, len), u32_le(&bytes, len)) else {
        let (held, expected) = (bytes.len() as u64, len as u64 + 4);
        return Err(Error::Short { segment, structure, offset, held, expected });
    };
    check(segment, structure, offset, entries, stated)?;
    bytes.truncate(len);
    Ok((header, bytes))
}
