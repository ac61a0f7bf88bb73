use super::{Error, SECTOR};
use crate::bytes::{u16_le, u32_le, u64_le};

/// The first sector of a sparse extent.
// Source: "Virtual Disk Format 5.0", "Hosted Sparse Extents", SparseExtentHeader.
#[derive(Clone, Debug)]
pub(super) struct SparseHeader {
    /// Flag bits, unknown ones too.
    pub flags: u32,
    /// Length of the extent in sectors.
    pub capacity: u64,
    /// Length of a grain in sectors.
    pub grain_sectors: u64,
    /// Where the embedded descriptor begins, in sectors; 0 when there is none.
    pub descriptor_offset: u64,
    /// Length of the embedded descriptor in sectors.
    pub descriptor_sectors: u64,
    /// Entries in each grain table.
    pub table_entries: u64,
    /// Where the redundant grain directory begins, in sectors.
    pub redundant_directory: u64,
    /// Where the grain directory begins, in sectors.
    pub directory: u64,
}

/// `gdOffset` of a header whose footer holds the real one.
pub(super) const DIRECTORY_AT_END: u64 = u64::MAX;

const MAGIC: u32 = u32::from_le_bytes(*b"KDMV");
/// ESX's sparse extent begins so.
// Source: "Virtual Disk Format 5.0", "ESX Server Sparse Extents", COWDisk_Header.
const ESX_MAGIC: u32 = u32::from_le_bytes(*b"COWD");

const HAS_REDUNDANT: u32 = 1 << 1;
const HAS_ZEROED_GRAINS: u32 = 1 << 2;
const COMPRESSED: u32 = 1 << 16;
const MARKERS: u32 = 1 << 17;
const DEFLATE: u16 = 1;

/// The longest grain read, in sectors: 16 MiB, 256 times what VMware writes.
const MAX_GRAIN: u64 = 1 << 15;
/// The longest grain table read; VMware always writes 512 entries.
const MAX_TABLE: u64 = 1 << 12;

impl SparseHeader {
    /// Reads a header; `None` when `sector` does not begin with its magic.
    ///
    /// # Errors
    /// When a field holds what it may not, or the extent is one of ESX.
    pub fn parse(sector: &[u8]) -> Result<Option<Self>, Error> {
        match u32_le(sector, 0) {
            Some(MAGIC) => {}
            Some(ESX_MAGIC) => {
                return Err(Error::Unsupported { what: "file format", kind: "COWD".into() });
            }
            _ => return Ok(None),
        }
        let (structure, needed) = ("sparse header", SECTOR);
        let file_len = sector.len() as u64;
        let outside = Error::Outside { structure, offset: 0, needed, file_len };
        let (version, algorithm, header) = Self::fields(sector).ok_or(outside)?;
        header.check(version, algorithm)?;
        Ok(Some(header))
    }

    fn fields(sector: &[u8]) -> Option<(u32, u16, Self)> {
        let header = Self {
            flags: u32_le(sector, 8)?,
            capacity: u64_le(sector, 12)?,
            grain_sectors: u64_le(sector, 20)?,
            descriptor_offset: u64_le(sector, 28)?,
            descriptor_sectors: u64_le(sector, 36)?,
            table_entries: u32_le(sector, 44)?.into(),
            redundant_directory: u64_le(sector, 48)?,
            directory: u64_le(sector, 56)?,
        };
        Some((u32_le(sector, 4)?, u16_le(sector, 77)?, header))
    }

    fn check(&self, version: u32, algorithm: u16) -> Result<(), Error> {
        let bad = |field, stated, expected| Err(Error::HeaderField { field, stated, expected });
        if !(1..=3).contains(&version) {
            return bad("version", version.into(), "1, 2 or 3");
        }
        if !self.grain_sectors.is_power_of_two() || self.grain_sectors > MAX_GRAIN {
            return bad("grainSize", self.grain_sectors, "a power of two up to 0x8000 sectors");
        }
        if !self.table_entries.is_power_of_two() || self.table_entries > MAX_TABLE {
            return bad("numGTEsPerGT", self.table_entries, "a power of two up to 0x1000");
        }
        if self.capacity.checked_mul(SECTOR).is_none() {
            return bad("capacity", self.capacity, "fewer than 2^55 sectors");
        }
        if self.is_compressed() && algorithm != DEFLATE {
            return bad("compressAlgorithm", algorithm.into(), "1, deflate");
        }
        if self.is_compressed() && self.flags & MARKERS == 0 {
            return bad(
                "flags",
                self.flags.into(),
                "bit 17 (markers) where bit 16 (compressed) is",
            );
        }
        Ok(())
    }

    /// Whether the grains are compressed.
    pub fn is_compressed(&self) -> bool {
        self.flags & COMPRESSED != 0
    }

    /// Whether table entry 1 means a grain of zeros.
    pub fn has_zeroed_grains(&self) -> bool {
        self.flags & HAS_ZEROED_GRAINS != 0
    }

    /// Where the redundant grain directory begins, in sectors.
    pub fn redundant(&self) -> Option<u64> {
        (self.flags & HAS_REDUNDANT != 0).then_some(self.redundant_directory)
    }

    /// Length of a grain in bytes.
    pub fn grain_len(&self) -> u64 {
        self.grain_sectors.saturating_mul(SECTOR)
    }

    /// Number of grains in the extent, the last one perhaps not whole.
    pub fn grains(&self) -> u64 {
        self.capacity.div_ceil(self.grain_sectors.max(1))
    }

    /// Number of entries in the grain directory.
    pub fn tables(&self) -> u64 {
        self.grains().div_ceil(self.table_entries.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use diskprint_testkit::vmdk::sparse_header;

    #[test]
    fn each_field_is_checked() {
        let header = sparse_header(1000, 128);
        assert_eq!(SparseHeader::parse(&header).unwrap().unwrap().grains(), 8);
        for (at, bytes, field) in [
            (4, &[9][..], "version"),
            (20, &[0][..], "grainSize"),
            (20, &[127][..], "grainSize"),
            (26, &[1][..], "grainSize"),
            (44, &[0, 3][..], "numGTEsPerGT"),
            (19, &[0xFF][..], "capacity"),
            (10, &[1][..], "compressAlgorithm"),
        ] {
            let mut damaged = header.clone();
            damaged[at..at + bytes.len()].copy_from_slice(bytes);
            let error = SparseHeader::parse(&damaged).unwrap_err().to_string();
            assert!(error.contains(field), "{field}: {error}");
        }
    }
}
