use super::region_table::Region;
use super::{Error, parent_locator, read_whole};
use crate::bytes::{u16_le, u32_le, u64_le, window};
use crate::{Guid, ReadAt};

/// What the metadata say about the disk.
// Source: [MS-VHDX] 2.2.4, 2.6.
#[derive(Clone, Debug)]
pub(super) struct Metadata {
    pub block_len: u64,
    /// Whether blocks stay where they are when they are no longer needed: a fixed disk.
    pub leaves_blocks: bool,
    pub has_parent: bool,
    pub size: u64,
    pub id: Guid,
    pub sector_len: u64,
    pub physical_sector_len: u64,
    /// Keys and values of the parent locator.
    pub parent: Vec<(String, String)>,
}

const STRUCTURE: &str = "metadata table";
const LEN: u64 = 64 << 10;
/// Source: [MS-VHDX] 2.6.1.1.
const MAX_ENTRIES: u16 = 2047;
/// The longest item read; the table's limit.
const MAX_ITEM: u32 = 1 << 20;
const REQUIRED: u32 = 1 << 2;

// Source: [MS-VHDX] 2.6.2.
const FILE_PARAMETERS: &str = "CAA16737-FA36-4D43-B3B6-33F0AA44E76B";
const SIZE: &str = "2FA54224-CD1B-4876-B211-5DBED83BF4B8";
const DISK_ID: &str = "BECA12AB-B2E6-4523-93EF-C309E000C746";
const SECTOR_LEN: &str = "8141BF1D-A96F-4709-BA47-F233A8FAAB5F";
const PHYSICAL_SECTOR_LEN: &str = "CDA348C7-445D-4471-9CC9-E9885251C556";
const PARENT_LOCATOR: &str = "A8D35F2D-B30B-454D-ABF7-D3D84834AB0C";
const KNOWN: [&str; 6] =
    [FILE_PARAMETERS, SIZE, DISK_ID, SECTOR_LEN, PHYSICAL_SECTOR_LEN, PARENT_LOCATOR];

impl Metadata {
    /// Reads the metadata in `region`.
    ///
    /// # Errors
    /// When an item that is needed is not there or holds what it may not, or one that is required
    /// is not known.
    pub fn read(file: &dyn ReadAt, region: Region) -> Result<Self, Error> {
        let items = Items::read(file, region)?;
        let parameters = items.need(FILE_PARAMETERS, "the file parameters", 8)?;
        let (block_len, flags) = (u32_le(&parameters, 0), u32_le(&parameters, 4));
        let (block_len, flags) = (block_len.unwrap_or(0), flags.unwrap_or(0));
        let number = |id, name| Ok::<_, Error>(u32_le(&items.need(id, name, 4)?, 0).unwrap_or(0));
        let size = u64_le(&items.need(SIZE, "the disk's size", 8)?, 0).unwrap_or(0);
        let id = items.find(DISK_ID)?.and_then(|bytes| Guid::at(&bytes, 0));
        let locator = items.find(PARENT_LOCATOR)?;
        let metadata = Self {
            block_len: block_len.into(),
            leaves_blocks: flags & 1 != 0,
            has_parent: flags & 2 != 0,
            size,
            id: id.unwrap_or_default(),
            sector_len: number(SECTOR_LEN, "the sector length")?.into(),
            physical_sector_len: number(PHYSICAL_SECTOR_LEN, "the physical sector length")?.into(),
            parent: locator.as_deref().map(parent_locator::entries).unwrap_or_default(),
        };
        metadata.check()?;
        Ok(metadata)
    }

    fn check(&self) -> Result<(), Error> {
        let structure = "metadata";
        let bad =
            |field, stated, expected| Err(Error::Field { structure, field, stated, expected });
        if !self.block_len.is_power_of_two() || !(1 << 20..=256 << 20).contains(&self.block_len) {
            return bad("BlockSize", self.block_len, "a power of two from 2^20 to 2^28 bytes");
        }
        if ![512, 4096].contains(&self.sector_len) {
            return bad("LogicalSectorSize", self.sector_len, "512 or 4096");
        }
        // Source: [MS-VHDX] 2.6.2.2.
        if self.size > 64 << 40 {
            return bad("VirtualDiskSize", self.size, "at most 64 TiB");
        }
        Ok(())
    }
}

/// The entries of a metadata table.
struct Items<'a> {
    file: &'a dyn ReadAt,
    region: Region,
    /// Id, offset in the region and length.
    entries: Vec<(Guid, u32, u32)>,
}

impl<'a> Items<'a> {
    fn read(file: &'a dyn ReadAt, region: Region) -> Result<Self, Error> {
        let bytes = read_whole(file, STRUCTURE, region.offset, LEN)?;
        let bad = |field, stated, expected| {
            Err(Error::Field { structure: STRUCTURE, field, stated, expected })
        };
        if !bytes.starts_with(b"metadata") {
            return bad("Signature", u64_le(&bytes, 0).unwrap_or(0), "\"metadata\"");
        }
        let count = u16_le(&bytes, 10).unwrap_or(0);
        if count > MAX_ENTRIES {
            return bad("EntryCount", count.into(), "at most 2047");
        }
        let mut entries = Vec::new();
        for index in 0..usize::from(count) {
            let entry = window(&bytes, 32 + index * 32, 32);
            let fields = entry.and_then(|entry| {
                Some((
                    Guid::at(entry, 0)?,
                    u32_le(entry, 16)?,
                    u32_le(entry, 20)?,
                    u32_le(entry, 24)?,
                ))
            });
            let Some((item, offset, len, flags)) = fields else { continue };
            let is_known = KNOWN.iter().any(|id| Guid::parse(id) == Some(item));
            if flags & REQUIRED != 0 && !is_known {
                return Err(Error::Unknown { structure: STRUCTURE, item });
            }
            entries.push((item, offset, len));
        }
        Ok(Self { file, region, entries })
    }

    fn find(&self, id: &str) -> Result<Option<Vec<u8>>, Error> {
        let id = Guid::parse(id);
        let Some((_, offset, len)) = self.entries.iter().find(|(item, ..)| Some(*item) == id)
        else {
            return Ok(None);
        };
        let offset = self.region.offset.saturating_add((*offset).into());
        let len = (*len).min(MAX_ITEM).into();
        read_whole(self.file, "metadata item", offset, len).map(Some)
    }

    fn need(&self, id: &str, item: &'static str, len: usize) -> Result<Vec<u8>, Error> {
        let found = self.find(id)?.filter(|bytes| bytes.len() >= len);
        found.ok_or(Error::Missing { structure: STRUCTURE, item })
    }
}
