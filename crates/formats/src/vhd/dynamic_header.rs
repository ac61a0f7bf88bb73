use super::footer::wrong_checksum;
use super::{Error, SECTOR, read_whole};
use crate::bytes::{u32_be, u64_be, window};
use crate::{Guid, ReadAt};

/// The header of a dynamic or differencing disk.
// Source: "Virtual Hard Disk Image Format Specification", "Dynamic Disk Header Format".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DynamicHeader {
    /// Where the block allocation table begins, in bytes.
    pub table_offset: u64,
    /// Entries in it.
    pub table_entries: u32,
    /// Length of a block in bytes, without its bitmap.
    pub block_len: u32,
    /// The id of the disk below.
    pub parent_id: Guid,
    /// When the disk below was last written, in seconds since 2000.
    pub parent_time_stamp: u32,
    /// Names of the disk below, the likeliest first: relative to this one, its name alone, a path
    /// of the host.
    pub parent_names: Vec<String>,
}

const STRUCTURE: &str = "dynamic disk header";
const LEN: u64 = 1024;
const COOKIE: &[u8] = b"cxsparse";
const CHECKSUM: usize = 36;
/// Where the parent's name is, and how long its field.
const NAME: (usize, usize) = (64, 512);
/// Where the parent locators are, how long each is, and how many there are.
const LOCATORS: (usize, usize, usize) = (576, 24, 8);
/// The longest locator read, in bytes: twice the longest path of Windows.
const MAX_LOCATOR: u32 = 128 << 10;
/// The longest block read; 2 MiB are usual.
const MAX_BLOCK: u32 = 256 << 20;

impl DynamicHeader {
    /// Reads the header at `offset`. A wrong checksum is added to `findings`.
    ///
    /// # Errors
    /// When it does not lie in the file, or a field holds what it may not.
    pub(super) fn read(
        file: &dyn ReadAt,
        offset: u64,
        findings: &mut Vec<Error>,
    ) -> Result<Self, Error> {
        let bytes = read_whole(file, STRUCTURE, offset, LEN)?;
        let bad = |field, stated, expected| Error::Field {
            structure: STRUCTURE,
            field,
            stated,
            expected,
        };
        if !bytes.starts_with(COOKIE) {
            let stated = u64_be(&bytes, 0).unwrap_or(0);
            return Err(bad("cookie", stated, "\"cxsparse\""));
        }
        findings.extend(wrong_checksum(STRUCTURE, &bytes, CHECKSUM, offset));
        let outside =
            Error::Outside { structure: STRUCTURE, offset, needed: LEN, file_len: file.len() };
        let (version, mut header) = Self::fields(&bytes).ok_or(outside)?;
        if version >> 16 != 1 {
            return Err(bad("header version", version.into(), "0x1xxxx"));
        }
        let len = header.block_len;
        if !len.is_power_of_two() || len > MAX_BLOCK || u64::from(len) < SECTOR {
            return Err(bad("block size", len.into(), "a power of two from 512 to 2^28 bytes"));
        }
        header.parent_names = names(file, &bytes);
        Ok(header)
    }

    fn fields(bytes: &[u8]) -> Option<(u32, Self)> {
        let header = Self {
            table_offset: u64_be(bytes, 16)?,
            table_entries: u32_be(bytes, 28)?,
            block_len: u32_be(bytes, 32)?,
            parent_id: Guid::at(bytes, 40)?,
            parent_time_stamp: u32_be(bytes, 56)?,
            parent_names: Vec::new(),
        };
        Some((u32_be(bytes, 24)?, header))
    }
}

/// The names of the disk below. A locator that cannot be read names nothing; there are others.
// Source: "Virtual Hard Disk Image Format Specification", "Parent Locator Entries"; names in
// locators are UTF-16 little-endian, that in the header is big-endian.
fn names(file: &dyn ReadAt, header: &[u8]) -> Vec<String> {
    let (start, len, count) = LOCATORS;
    let locators: Vec<_> = (0..count)
        .filter_map(|index| {
            let entry = window(header, start + index * len, len)?;
            let (name_len, offset) = (u32_be(entry, 8)?, u64_be(entry, 16)?);
            let text = read_whole(file, "parent locator", offset, name_len.min(MAX_LOCATOR).into());
            Some((*entry.first_chunk::<4>()?, utf16(&text.ok()?, u16::from_le_bytes)))
        })
        .collect();
    let of = |code: [u8; 4]| {
        let locators = locators.iter().filter(move |(found, _)| *found == code);
        locators.map(|(_, name)| name.clone())
    };
    let own = window(header, NAME.0, NAME.1).map(|name| utf16(name, u16::from_be_bytes));
    let names = of(*b"W2ru").chain(own).chain(of(*b"W2ku"));
    names.filter(|name| !name.is_empty()).collect()
}

/// Reads UTF-16 up to its first NUL.
fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let (units, _) = bytes.as_chunks::<2>();
    let units = units.iter().map(|bytes| unit(*bytes)).take_while(|unit| *unit != 0);
    char::decode_utf16(units).map(|it| it.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}
