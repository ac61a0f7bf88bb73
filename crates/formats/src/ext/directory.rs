use super::Error;
use crate::bytes::{u16_le, u32_le, window};

/// A name of a directory and the inode that it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry<'b> {
    pub inode: u32,
    pub name: &'b [u8],
    /// Whether it was deleted: it lies in the room of another.
    pub is_stale: bool,
}

/// Length of an entry without its name.
const HEADER: usize = 8;

/// The entries in a block of a directory ("Directory Entries"), and what is left of others in their
/// room if `stale`. `offset` is where the block is in the directory.
pub(super) fn entries(
    block: &[u8],
    offset: u64,
    stale: bool,
    mut each: impl FnMut(Result<Entry<'_>, Error>),
) {
    let mut at = 0usize;
    while at < block.len() {
        let error = |what| Error::Entry { offset: offset.saturating_add(at as u64), what };
        let Some((inode, len, name)) = entry(block, at) else {
            return each(Err(error("it does not fit into its block")));
        };
        if inode != 0 && !name.is_empty() {
            each(Ok(Entry { inode, name, is_stale: false }));
        }
        if stale {
            let own = if inode == 0 { 0 } else { HEADER + name.len().next_multiple_of(4) };
            left(block, at + own, at + len, &mut each);
        }
        at += len;
    }
}

/// What is left of entries between two places of a block.
fn left(block: &[u8], from: usize, to: usize, each: &mut impl FnMut(Result<Entry<'_>, Error>)) {
    let mut at = from;
    while at < to {
        match entry(block, at) {
            Some((inode, _, name))
                if inode != 0 && is_name(name) && at + HEADER + name.len() <= to =>
            {
                each(Ok(Entry { inode, name, is_stale: true }));
                at += HEADER + name.len().next_multiple_of(4);
            }
            _ => at += 4,
        }
    }
}

/// Whether it looks like the name of a file, other than those of the directory and the one above.
fn is_name(name: &[u8]) -> bool {
    let is_part = |byte: &u8| *byte >= b' ' && *byte != b'/' && *byte != 0x7F;
    !matches!(name, b"" | b"." | b"..") && name.iter().all(is_part)
}

/// Inode, length and name of the entry at a place of a block.
fn entry(block: &[u8], at: usize) -> Option<(u32, usize, &[u8])> {
    let (inode, len) = (u32_le(block, at)?, usize::from(u16_le(block, at.checked_add(4)?)?));
    let name_len = usize::from(*block.get(at.checked_add(6)?)?);
    // Blocks of 64 KiB are longer than the field can say.
    let len = if matches!(len, 0 | 0xFFFF) { block.len().saturating_sub(at) } else { len };
    let is_whole = len >= HEADER && len % 4 == 0 && at.checked_add(len)? <= block.len();
    let name = window(block, at + HEADER, name_len)?;
    (is_whole && HEADER + name_len <= len).then_some((inode, len, name))
}
