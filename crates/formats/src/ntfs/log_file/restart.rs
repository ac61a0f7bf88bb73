use super::PAGE_HEADER;
use crate::bytes::{u16_le, u32_le, u64_le};
use crate::ntfs::Error;
use crate::ntfs::file_record::undo_fixup;

/// What a restart page says of the log.
#[derive(Clone, Debug)]
pub(super) struct Restart {
    /// The last log sequence number when the page was written.
    pub(super) current_lsn: u64,
    /// Size of a page in bytes.
    pub(super) page_size: u64,
    /// Offset of data in a page.
    pub(super) data_offset: u64,
    /// Length of a record's header.
    pub(super) header_len: u64,
    /// How many of the top bits of a log sequence number count the times around the file.
    pub(super) sequence_bits: u32,
    /// Length of the log in bytes.
    pub(super) file_size: u64,
    /// Where its pages begin, behind the restart pages and the copies of last pages.
    pub(super) start: u64,
    /// Where those copies begin; a page's own place is in each, at another offset in version 2.
    pub(super) copies: u64,
    pub(super) is_version_2: bool,
}

/// Pages of copies of the last pages.
const COPIES: u64 = 2;
const COPIES_2: u64 = 32;

impl Restart {
    /// Parses a restart page as stored.
    pub(super) fn parse(stored: &[u8]) -> Result<Self, Error> {
        let mut page = stored.to_vec();
        undo_fixup(&mut page, "RSTR")?;
        let u16_at = |field, at| u16_le(&page, at).ok_or_else(|| wrong(field, at, 0));
        let u32_at = |field, at| u32_le(&page, at).ok_or_else(|| wrong(field, at, 0));
        let u64_at = |field, at| u64_le(&page, at).ok_or_else(|| wrong(field, at, 0));
        let system_page = u64::from(u32_at("system page size", 0x10)?);
        let page_size = u64::from(u32_at("log page size", 0x14)?);
        let area = usize::from(u16_at("restart area", 0x18)?);
        let major = u16_at("major version", 0x1C)?;
        if !page_size.is_power_of_two() || !(512..=65_536).contains(&page_size) {
            return Err(wrong("log page size", 0x14, page_size));
        }
        if !(512..=65_536).contains(&system_page) || !(1..=2).contains(&major) {
            return Err(wrong("major version", 0x1C, major.into()));
        }
        let sequence_bits = u32_at("sequence number bits", area + 0x10)?;
        let header_len = u64::from(u16_at("record header length", area + 0x24)?);
        let data_offset = u64::from(u16_at("log page data offset", area + 0x26)?);
        let file_size = u64_at("log size", area + 0x18)?;
        // An offset in eighths of bytes has at most 61 bits.
        if !(3..=60).contains(&sequence_bits) {
            return Err(wrong("sequence number bits", area + 0x10, sequence_bits.into()));
        }
        if !(0x30..=0x100).contains(&header_len) || header_len % 8 != 0 {
            return Err(wrong("record header length", area + 0x24, header_len));
        }
        let is_there = data_offset >= PAGE_HEADER && data_offset + header_len <= page_size;
        if !is_there || data_offset % 8 != 0 {
            return Err(wrong("log page data offset", area + 0x26, data_offset));
        }
        let is_version_2 = major == 2;
        let copies = 2 * system_page;
        let count = if is_version_2 { COPIES_2 } else { COPIES };
        Ok(Self {
            current_lsn: u64_at("current LSN", area)?,
            page_size,
            data_offset,
            header_len,
            sequence_bits,
            file_size: file_size / page_size * page_size,
            start: copies + count * page_size,
            copies,
            is_version_2,
        })
    }

    /// How many of the low bits of a log sequence number are the offset in the file, in units of 8.
    fn offset_bits(&self) -> u32 {
        64 - self.sequence_bits
    }

    /// Where the record of that number begins in the file, in bytes.
    pub(super) fn offset(&self, lsn: u64) -> u64 {
        (lsn & ((1 << self.offset_bits()) - 1)) << 3
    }

    /// How many times around the file the record of that number is.
    pub(super) fn round(&self, lsn: u64) -> u64 {
        lsn >> self.offset_bits()
    }

    /// The number of a record, `None` past the last possible one.
    pub(super) fn lsn(&self, round: u64, offset: u64) -> Option<u64> {
        let high = round.checked_shl(self.offset_bits())?;
        (high >> self.offset_bits() == round).then_some(high | offset >> 3)
    }
}

fn wrong(field: &'static str, offset: usize, found: u64) -> Error {
    Error::Size { structure: "restart page", offset, field, found, room: 0 }
}
