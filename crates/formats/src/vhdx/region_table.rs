use super::file_header::check;
use super::{Error, read_whole};
use crate::bytes::{u32_le, u64_le, window};
use crate::{Guid, ReadAt};

/// Where block allocation table and metadata lie.
// Source: [MS-VHDX] 2.2.3.
#[derive(Clone, Copy, Debug)]
pub(super) struct Regions {
    pub table: Region,
    pub metadata: Region,
}

/// A part of the file. Both numbers are bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Region {
    pub offset: u64,
    pub len: u64,
}

const STRUCTURE: &str = "region table";
const OFFSETS: [u64; 2] = [192 << 10, 256 << 10];
const LEN: u64 = 64 << 10;
/// Source: [MS-VHDX] 2.2.3.1: at most 2047 entries.
const MAX_ENTRIES: u32 = 2047;

/// `2DC27766-F623-4200-9D64-115E9BFD4A08`, `8B7CA206-4790-4B9A-B8FE-575F050F886E`.
// Source: [MS-VHDX] 2.2.3.2.
const TABLE: Guid = Guid(*b"\x66\x77\xC2\x2D\x23\xF6\x00\x42\x9D\x64\x11\x5E\x9B\xFD\x4A\x08");
const METADATA: Guid = Guid(*b"\x06\xA2\x7C\x8B\x90\x47\x9A\x4B\xB8\xFE\x57\x5F\x05\x0F\x88\x6E");

impl Regions {
    /// Reads the first region table, or the second where that is damaged, which is added to
    /// `findings`.
    ///
    /// # Errors
    /// When both are damaged, or a region that is needed or required is not there or not known.
    pub fn read(file: &dyn ReadAt, findings: &mut Vec<Error>) -> Result<Self, Error> {
        match OFFSETS.map(|offset| Self::read_at(file, offset)) {
            [Ok(regions), Ok(_)] => Ok(regions),
            [Ok(regions), Err(source)] | [Err(source), Ok(regions)] => {
                findings.push(Error::CopyDamaged { source: source.into() });
                Ok(regions)
            }
            [Err(error), Err(_)] => Err(error),
        }
    }

    fn read_at(file: &dyn ReadAt, offset: u64) -> Result<Self, Error> {
        let bytes = read_whole(file, STRUCTURE, offset, LEN)?;
        check(STRUCTURE, b"regi", &bytes, offset)?;
        let count = u32_le(&bytes, 8).unwrap_or(0);
        if count > MAX_ENTRIES {
            let (structure, field, stated) = (STRUCTURE, "EntryCount", count.into());
            return Err(Error::Field { structure, field, stated, expected: "at most 2047" });
        }
        let (mut table, mut metadata) = (None, None);
        for index in 0..count as usize {
            let entry = window(&bytes, 16 + index * 32, 32);
            let fields = entry.and_then(|entry| {
                let (offset, len) = (u64_le(entry, 16)?, u32_le(entry, 24)?.into());
                Some((Guid::at(entry, 0)?, Region { offset, len }, u32_le(entry, 28)?))
            });
            match fields {
                Some((TABLE, region, _)) => table = Some(region),
                Some((METADATA, region, _)) => metadata = Some(region),
                Some((item, _, flags)) if flags & 1 == 1 => {
                    return Err(Error::Unknown { structure: STRUCTURE, item });
                }
                _ => {}
            }
        }
        let missing = |item| Error::Missing { structure: STRUCTURE, item };
        Ok(Self {
            table: table.ok_or(missing("the block allocation table"))?,
            metadata: metadata.ok_or(missing("the metadata"))?,
        })
    }
}
