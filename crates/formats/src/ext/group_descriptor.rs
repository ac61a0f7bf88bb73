use super::Superblock;
use crate::bytes::{u16_le, u32_le};

/// Where the parts of a group of blocks lie ("Block Group Descriptors").
#[derive(Clone, Copy, Debug)]
pub(super) struct GroupDescriptor {
    pub block_bitmap: u64,
    pub inode_bitmap: u64,
    pub inode_table: u64,
    /// Whether no inode of the group was ever used, and its bitmap not written.
    pub has_no_inodes: bool,
    /// Whether no block of the group but those of its parts is used, and its bitmap not written.
    pub has_no_blocks: bool,
}

impl GroupDescriptor {
    /// Decodes a descriptor; `None` when it is cut.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let place = |low, high| {
            let above = if bytes.len() >= 64 { u32_le(bytes, high)? } else { 0 };
            Some(u64::from(above) << 32 | u64::from(u32_le(bytes, low)?))
        };
        let flags = u16_le(bytes, 0x12)?;
        Some(Self {
            block_bitmap: place(0, 0x20)?,
            inode_bitmap: place(4, 0x24)?,
            inode_table: place(8, 0x28)?,
            has_no_inodes: flags & 1 != 0,
            has_no_blocks: flags & 2 != 0,
        })
    }

    /// Where the descriptor of a group lies, in bytes, or the copy of it behind the superblock's in block
    /// `backup`.
    // Source: "Meta Block Groups": then each block of descriptors is in the first of its groups.
    pub fn place(superblock: &Superblock, backup: Option<u64>, group: u32) -> u64 {
        let Superblock { block_size, descriptor_size, first_data_block, .. } = *superblock;
        let per_block = (block_size / u32::from(descriptor_size)).max(1);
        let (index, within) = (group / per_block, group % per_block);
        let block = match superblock.first_meta_group {
            Some(first) if index >= first => {
                let group = index.saturating_mul(per_block);
                let start = u64::from(group) * u64::from(superblock.blocks_per_group);
                let copy = u64::from(superblock.has_copy(group));
                u64::from(first_data_block) + start + copy
            }
            _ => backup.unwrap_or(first_data_block.into()) + 1 + u64::from(index),
        };
        block.saturating_mul(block_size.into()) + u64::from(within) * u64::from(descriptor_size)
    }
}

impl Superblock {
    /// Whether a group begins with a copy of the superblock.
    fn has_copy(&self, group: u32) -> bool {
        let is_power = |base: u32| {
            let mut power = base;
            while power < group {
                power = power.saturating_mul(base);
            }
            power == group
        };
        !self.is_sparse || group < 2 || [3, 5, 7].into_iter().any(is_power)
    }
}
