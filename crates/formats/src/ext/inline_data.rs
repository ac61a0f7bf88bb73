use super::inode::Inode;
use crate::bytes::{u16_le, u32_le, window};

/// The content that an inode holds itself: what is in place of its blocks, and the rest in the
/// attribute `system.data` ("Inline Data", "Extended Attributes").
pub(super) fn inline_data(inode: &Inode) -> [&[u8]; 2] {
    [&inode.block, system_data(&inode.rest).unwrap_or_default()]
}

fn system_data(attributes: &[u8]) -> Option<&[u8]> {
    const MAGIC: u32 = 0xEA02_0000;
    const SYSTEM: u8 = 7;
    let entries = attributes.get(4..).filter(|_| u32_le(attributes, 0) == Some(MAGIC))?;
    let mut at = 0usize;
    loop {
        let (name_len, index) = (*entries.get(at)?, *entries.get(at.checked_add(1)?)?);
        if u32_le(entries, at)? == 0 {
            return None;
        }
        let (value, len) = (u16_le(entries, at + 2)?, u32_le(entries, at + 8)?);
        let name = window(entries, at + 16, name_len.into())?;
        if index == SYSTEM && name == b"data" {
            return window(entries, value.into(), len as usize);
        }
        at += (16 + usize::from(name_len)).next_multiple_of(4);
    }
}
