use apfs_core::object::{fletcher64_checksum, fletcher64_stored};

use crate::{ReadAt, ReadAtExt};

/// Blocks that are looked at, at most; Apple's programs make some hundred.
const MOST: u64 = 1 << 16;

/// The blocks in which the states of a container are written in turn.
// Source: Apple File System Reference, "Checkpoint": nx_xp_desc_base and nx_xp_desc_blocks.
pub(super) struct Checkpoints {
    pub base: u64,
    pub blocks: u32,
}

impl Checkpoints {
    /// The first block that is damaged: one of the last state may be, and an older one be taken
    /// for it.
    pub fn damaged(&self, reader: &dyn ReadAt, block_size: u32) -> Option<u64> {
        let blocks = u64::from(self.blocks).min(MOST);
        (0..blocks).filter_map(|index| self.base.checked_add(index)).find(|block| {
            let at = block.checked_mul(block_size.into());
            let bytes = at.and_then(|at| reader.read_vec_at(at, block_size as usize).ok());
            !bytes.is_some_and(|bytes| is_sound(&bytes))
        })
    }
}

/// Whether a block was never written, or is as it was written.
fn is_sound(block: &[u8]) -> bool {
    block.iter().all(|byte| *byte == 0) || fletcher64_stored(block) == fletcher64_checksum(block)
}
