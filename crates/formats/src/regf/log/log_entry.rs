use crate::bytes::{u32_le, u64_le, window};

use super::error::LogError;
use super::marvin32::marvin32;

/// Log entries begin and end at multiples of this many bytes.
pub(super) const SECTOR: usize = 512;
const HEADER_LEN: usize = 40;

/// The first 40 bytes of a log entry, with the hash that proves them.
// Source: regf spec, "Log entries".
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub(super) size: u32,
    pub(super) flags: u32,
    pub(super) sequence_number: u32,
    pub(super) hive_bins_data_size: u32,
    dirty_pages_count: u32,
    hash_1: u64,
}

impl Header {
    /// Reads the header at `offset`; `None` where no log entry begins.
    pub(super) fn read(log: &[u8], offset: usize) -> Option<Result<Self, LogError>> {
        let bytes = window(log, offset, HEADER_LEN)?;
        if !bytes.starts_with(b"HvLE") {
            return None;
        }
        let (stated, computed) = (u64_le(bytes, 32)?, marvin32(bytes.get(..32)?));
        if stated != computed {
            return Some(Err(LogError::Hash2 { offset: offset as u64, stated, computed }));
        }
        Some(Ok(Self {
            size: u32_le(bytes, 4)?,
            flags: u32_le(bytes, 8)?,
            sequence_number: u32_le(bytes, 12)?,
            hive_bins_data_size: u32_le(bytes, 16)?,
            dirty_pages_count: u32_le(bytes, 20)?,
            hash_1: u64_le(bytes, 24)?,
        }))
    }
}

/// A log entry that is whole: every page has its place in the hive bins data that it states.
#[derive(Debug)]
pub(super) struct LogEntry<'a> {
    pub(super) offset: usize,
    pub(super) header: Header,
    pub(super) pages: Vec<DirtyPage<'a>>,
}

/// Bytes for an offset of the hive bins data.
#[derive(Clone, Copy, Debug)]
pub(super) struct DirtyPage<'a> {
    pub(super) offset: u32,
    pub(super) bytes: &'a [u8],
}

impl<'a> LogEntry<'a> {
    /// Reads the entry at `offset` whose header this is.
    ///
    /// # Errors
    /// When any of it is not as it must be; then none of it may be applied.
    // Source: regf spec, "Log entries", notes 1 and 8. That an entry has a page, and pages within
    // the hive bins data, is not said there; the size field is "multiple of 512 bytes".
    pub(super) fn read(log: &'a [u8], offset: usize, header: Header) -> Result<Self, LogError> {
        let at = offset as u64;
        let rest = log.get(offset..).unwrap_or_default();
        let bytes = sized(rest, header.size).ok_or(LogError::EntrySize {
            offset: at,
            stated: header.size,
            left: rest.len() as u64,
        })?;
        let content = bytes.get(HEADER_LEN..).unwrap_or_default();
        let (stated, computed) = (header.hash_1, marvin32(content));
        if stated != computed {
            return Err(LogError::Hash1 { offset: at, stated, computed });
        }
        check_bins_data_size(at, header.hive_bins_data_size)?;
        Ok(Self { offset, header, pages: pages(at, &header, content)? })
    }

    /// Where the next entry begins.
    pub(super) fn end(&self) -> usize {
        self.offset.saturating_add(usize::try_from(self.header.size).unwrap_or(usize::MAX))
    }
}

fn sized(rest: &[u8], size: u32) -> Option<&[u8]> {
    let size = usize::try_from(size).ok()?;
    (size >= SECTOR && size.is_multiple_of(SECTOR)).then(|| rest.get(..size)).flatten()
}

/// Refuses sizes of the hive bins data that are no number of hive bins.
pub(super) fn check_bins_data_size(offset: u64, stated: u32) -> Result<(), LogError> {
    match stated {
        0 => Err(LogError::BinsDataSize { offset, stated }),
        _ if stated.is_multiple_of(4096) => Ok(()),
        _ => Err(LogError::BinsDataSize { offset, stated }),
    }
}

/// The dirty pages: first all references, then the bytes of each, without gaps.
fn pages<'a>(
    offset: u64,
    header: &Header,
    content: &'a [u8],
) -> Result<Vec<DirtyPage<'a>>, LogError> {
    let count = header.dirty_pages_count;
    let short = LogError::PageCount { offset, count, size: header.size };
    let references = usize::try_from(count).ok().and_then(|count| count.checked_mul(8));
    let (references, mut data) = references
        .filter(|len| *len > 0)
        .and_then(|len| content.split_at_checked(len))
        .ok_or(short.clone())?;
    let mut pages = Vec::new();
    for reference in references.as_chunks::<8>().0 {
        let [a, b, c, d, e, f, g, h] = *reference;
        let (page, len) = (u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h]));
        let bins = header.hive_bins_data_size;
        if page.checked_add(len).is_none_or(|end| end > bins) {
            return Err(LogError::PagePlace { offset, page, len, bins });
        }
        let size = usize::try_from(len).unwrap_or(usize::MAX);
        let (bytes, rest) = data.split_at_checked(size).ok_or(short.clone())?;
        pages.push(DirtyPage { offset: page, bytes });
        data = rest;
    }
    Ok(pages)
}
