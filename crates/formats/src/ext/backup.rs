//! The copy of superblock and group descriptors in the second group of blocks.

use super::{Error, Superblock};
use crate::bytes::u16_le;
use crate::{ReadAt, ReadAtExt};

/// Block sizes that mke2fs makes groups of the usual length for, in bytes.
const BLOCK_SIZES: [u64; 3] = [1024, 2048, 4096];
const SUPERBLOCK_LEN: usize = 1024;

/// A copy of the superblock.
pub(crate) struct Backup {
    /// The block that it is in; copies of the group descriptors follow.
    pub block: u64,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Finds the copy in group 1, which all volumes of several groups have, where groups have as many blocks
/// as a block has bits: so does mke2fs make them.
// Source: Linux, Documentation/filesystems/ext4, "Layout" and "Super Block", s_block_group_nr.
pub(crate) fn find(volume: &dyn ReadAt) -> Option<Backup> {
    BLOCK_SIZES.into_iter().find_map(|block_size| {
        let block = 8 * block_size + u64::from(block_size == 1024);
        let bytes = volume.read_vec_at(block * block_size, SUPERBLOCK_LEN).ok()?;
        let is_of_group_1 = u16_le(&bytes, 0x38) == Some(0xEF53) && u16_le(&bytes, 0x5A) == Some(1);
        let fits = |it: Superblock| {
            let first = u64::from(it.first_data_block) + u64::from(it.blocks_per_group);
            u64::from(it.block_size) == block_size && first == block
        };
        // What it cannot be read for is told where it is opened.
        let is_right = match Superblock::parse(&bytes) {
            Ok(superblock) => fits(superblock),
            Err(Error::Features { .. }) => true,
            Err(_) => false,
        };
        (is_of_group_1 && is_right).then_some(Backup { block, bytes })
    })
}
