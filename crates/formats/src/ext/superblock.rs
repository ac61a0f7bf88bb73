use super::Error;
use crate::bytes::{u16_le, u32_le, u64_be};

/// What describes a volume, 1024 bytes behind its start ("Super Block").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Superblock {
    /// Number of inodes.
    pub inode_count: u32,
    /// Number of blocks.
    pub block_count: u64,
    /// The block that holds the superblock: 1 with blocks of 1 KiB, else 0.
    pub first_data_block: u32,
    /// Block size in bytes, 1 KiB to 64 KiB.
    pub block_size: u32,
    /// Number of blocks that a bit of the bitmaps stands for.
    pub blocks_per_bit: u32,
    /// Blocks in a group.
    pub blocks_per_group: u32,
    /// Inodes in a group.
    pub inodes_per_group: u32,
    /// Inode size in bytes.
    pub inode_size: u16,
    /// Size of a group descriptor in bytes.
    pub descriptor_size: u16,
    /// First group of blocks whose descriptors lie with their groups, in blocks of descriptors.
    pub first_meta_group: Option<u32>,
    /// Whether only some groups have copies of the superblock.
    pub is_sparse: bool,
    /// Whether the journal holds what was not written yet.
    pub needs_recovery: bool,
    /// First half of the UUID.
    pub uuid_start: u64,
}

const META_BG: u32 = 0x10;
const WIDE: u32 = 0x80;
const RECOVER: u32 = 0x4;
/// FILETYPE, RECOVER, META_BG, EXTENTS, 64BIT, MMP, FLEX_BG, EA_INODE, CSUM_SEED, LARGEDIR,
/// INLINE_DATA, ENCRYPT, CASEFOLD.
const KNOWN: u32 = 0x2
    | RECOVER
    | META_BG
    | 0x40
    | WIDE
    | 0x100
    | 0x200
    | 0x400
    | 0x2000
    | 0x4000
    | 0x8000
    | 0x1_0000
    | 0x2_0000;
const NAMES: [(u32, &str); 3] = [(0x1, "compression"), (0x8, "journal_dev"), (0x1000, "dirdata")];

impl Superblock {
    /// Decodes and checks a superblock.
    ///
    /// # Errors
    /// When a field cannot be, or the volume has features that are not read.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let bad = |field, found: u64| Error::Superblock { field, found };
        let short = || bad("length", bytes.len() as u64);
        let word = |offset| u16_le(bytes, offset).ok_or_else(short);
        let long = |offset| u32_le(bytes, offset).ok_or_else(short);
        if word(0x38)? != 0xEF53 {
            return Err(bad("s_magic", word(0x38)?.into()));
        }
        let incompatible = long(0x60)?;
        let unknown = incompatible & !KNOWN;
        if unknown != 0 {
            let names = NAMES.iter().filter(|(bit, _)| unknown & bit != 0).map(|(_, name)| *name);
            let names = names.collect::<Vec<_>>().join(", ");
            return Err(Error::Features { names, bits: unknown });
        }
        let (log_block, log_cluster) = (long(0x18)?, long(0x1C)?);
        if log_block > 6 {
            return Err(bad("s_log_block_size", log_block.into()));
        }
        let read_only = long(0x64)?;
        let is_grouped = read_only & 0x200 != 0;
        let (blocks_per_group, inodes_per_group) = (long(0x20)?, long(0x28)?);
        if blocks_per_group == 0 || inodes_per_group == 0 {
            return Err(bad("s_blocks_per_group, s_inodes_per_group", 0));
        }
        // Revision 0 has inodes of 128 bytes.
        let inode_size = if long(0x4C)? == 0 { 128 } else { word(0x58)? };
        if !inode_size.is_power_of_two()
            || inode_size < 128
            || u32::from(inode_size) > 1024 << log_block
        {
            return Err(bad("s_inode_size", inode_size.into()));
        }
        let is_wide = incompatible & WIDE != 0;
        let descriptor_size = if is_wide { word(0xFE)?.max(64) } else { 32 };
        if u32::from(descriptor_size) > 1024 << log_block {
            return Err(bad("s_desc_size", descriptor_size.into()));
        }
        let high = if is_wide { long(0x150)? } else { 0 };
        Ok(Self {
            inode_count: long(0)?,
            block_count: u64::from(high) << 32 | u64::from(long(4)?),
            first_data_block: long(0x14)?,
            block_size: 1024 << log_block,
            blocks_per_bit: match log_cluster.checked_sub(log_block).filter(|_| is_grouped) {
                Some(shift) if shift < 20 => 1 << shift,
                _ => 1,
            },
            blocks_per_group,
            inodes_per_group,
            inode_size,
            descriptor_size,
            first_meta_group: (incompatible & META_BG != 0).then_some(long(0x104)?),
            is_sparse: read_only & 1 != 0,
            needs_recovery: incompatible & RECOVER != 0,
            uuid_start: u64_be(bytes, 0x68).ok_or_else(short)?,
        })
    }
}
