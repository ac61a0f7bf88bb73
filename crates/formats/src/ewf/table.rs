use super::Error;
use super::adler32::check;
use super::section::Section;
use crate::bytes::{u32_le, u64_le, window};
use crate::{ReadAt, ReadAtExt};

/// Where the chunks lie that one table section lists, all in its segment.
#[derive(Debug)]
pub(super) struct Table {
    /// Index of the segment.
    pub segment: usize,
    /// Number of the first chunk.
    pub first: u64,
    /// How many it lists.
    pub count: u64,
    /// What entries are counted from, in bytes.
    base: u64,
    /// Empty where the table is lost.
    entries: Vec<u32>,
    /// From this entry on, offsets have 32 bits and nothing is compressed.
    wide_from: usize,
}

/// Where a chunk begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub offset: u64,
    pub is_compressed: bool,
}

/// Length of the table header in bytes, and where its checksum is.
// Source: EWF specification, "Table section", "EnCase 6 to 7".
const HEADER_LEN: usize = 24;
const CHECKSUM_AT: usize = 20;

/// This bit of an entry says that the chunk is compressed.
const COMPRESSED: u32 = 1 << 31;

impl Table {
    /// Reads a table or table2 section; `is_smart` says that no checksum follows the entries.
    pub fn read(
        file: &dyn ReadAt,
        segment: u32,
        section: &Section,
        is_smart: bool,
    ) -> Result<Self, Error> {
        let offset = section.data();
        let header = section.read(file, segment, "table header", HEADER_LEN)?;
        let (Some(count), Some(base), Some(body), Some(stated)) = (
            u32_le(&header, 0),
            u64_le(&header, 8),
            window(&header, 0, CHECKSUM_AT),
            u32_le(&header, CHECKSUM_AT),
        ) else {
            let (structure, held, expected) =
                ("table header", header.len() as u64, HEADER_LEN as u64);
            return Err(Error::Short { segment, structure, offset, held, expected });
        };
        check(segment, "table header", offset, body, stated)?;
        let room = section.len().saturating_sub(HEADER_LEN as u64) / 4;
        if u64::from(count) > room {
            return Err(Error::TableLen { segment, offset, stated: count.into(), room });
        }
        let (structure, offset) = ("table entries", offset.saturating_add(HEADER_LEN as u64));
        let len = usize::try_from(count).unwrap_or(usize::MAX).saturating_mul(4);
        let bytes = file.read_vec_at(offset, len.saturating_add(4));
        let bytes = bytes.map_err(|source| Error::Read { segment, structure, offset, source })?;
        let Some(entries) = window(&bytes, 0, len) else {
            let (held, expected) = (bytes.len() as u64, len as u64);
            return Err(Error::Short { segment, structure, offset, held, expected });
        };
        // Without room behind the entries there is no checksum, either.
        if let Some(stated) = u32_le(&bytes, len).filter(|_| !is_smart && room > count.into()) {
            check(segment, structure, offset, entries, stated)?;
        }
        let entries: Vec<u32> =
            entries.chunks_exact(4).filter_map(|entry| u32_le(entry, 0)).collect();
        let wide_from = wide_from(&entries);
        Ok(Self { segment: 0, first: 0, count: count.into(), base, entries, wide_from })
    }

    /// Stands for a table that cannot be read; how many chunks it lists is told by the length of
    /// its section, in which nothing but the table is.
    pub fn lost(section: &Section) -> Self {
        let count = section.len().saturating_sub(HEADER_LEN as u64 + 4) / 4;
        Self { segment: 0, first: 0, count, base: 0, entries: Vec::new(), wide_from: 0 }
    }

    /// Where chunk `index` of it begins; `None` when that is not known.
    pub fn place(&self, index: u64) -> Option<Place> {
        let index = usize::try_from(index).ok()?;
        let entry = *self.entries.get(index)?;
        let is_wide = index >= self.wide_from;
        let offset = if is_wide { entry } else { entry & !COMPRESSED };
        let offset = self.base.checked_add(offset.into())?;
        Some(Place { offset, is_compressed: !is_wide && entry & COMPRESSED != 0 })
    }
}

/// The first entry of those whose offsets outgrew 31 bits.
///
/// What is odd: EnCase 6.7.1 writes sectors sections beyond 2 GiB and goes on with 32 bits, so that
/// the bit for compression is part of the offset. Seen: by libewf's author. What we do: as libewf,
/// take the entries from there on for offsets of chunks that are not compressed. Only an entry that
/// follows one just below the limit counts, so that one damaged entry does not do it.
// Source: EWF specification, "Table entries offset overflow". Test: `offsets_outgrow_31_bits`.
fn wide_from(entries: &[u32]) -> usize {
    /// The longest chunk that is likely: an entry so far below the limit is the last before it.
    const NEAR: u32 = 1 << 25;
    let outgrows = |pair: &[u32]| match pair {
        [before, after] => {
            let before = before & !COMPRESSED;
            before > !COMPRESSED - NEAR
                && after & COMPRESSED != 0
                && (after & !COMPRESSED) < before
                && (after & !COMPRESSED) < NEAR
        }
        _ => false,
    };
    entries.windows(2).position(outgrows).map_or(usize::MAX, |at| at.saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_outgrow_31_bits() {
        let entries = vec![100 | COMPRESSED, 0x7FFF_0000, 0x8000_7004, 0x8001_0008];
        let wide_from = wide_from(&entries);
        let table = Table { segment: 0, first: 0, count: 4, base: 0, entries, wide_from };
        let places: Vec<_> = (0..4).map(|index| table.place(index).unwrap()).collect();
        let place = |offset, is_compressed| Place { offset, is_compressed };
        let expected = [
            place(100, true),
            place(0x7FFF_0000, false),
            place(0x8000_7004, false),
            place(0x8001_0008, false),
        ];
        assert_eq!(places, expected);
        // A single entry that points backwards is damage, and no overflow.
        assert_eq!(super::wide_from(&[5000, 100 | COMPRESSED, 7000]), usize::MAX);
    }
}
