//! The index of a directory ("$INDEX_ROOT", "$INDEX_ALLOCATION" of the Linux-NTFS documentation).

use super::{Reference, fixup, put};

/// A name that a directory lists.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The file.
    pub file: Reference,
    /// Its $FILE_NAME.
    pub name: Vec<u8>,
}

impl Entry {
    /// What entries are sorted by: the name in upper case.
    pub(super) fn key(&self) -> Vec<u16> {
        let units = self.name[0x42..].chunks(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]]));
        let text: String = char::decode_utf16(units).map(|c| c.unwrap_or('\u{FFFD}')).collect();
        text.to_uppercase().encode_utf16().collect()
    }
}

const HAS_BLOCK: u16 = 1;
const LAST: u16 = 2;

fn entry(entry: Option<&Entry>, block: Option<u64>) -> Vec<u8> {
    let key = entry.map_or(&[][..], |entry| &entry.name);
    let mut bytes = vec![0; 0x10];
    put::u64(&mut bytes, 0, entry.map_or(0, |entry| entry.file.raw()));
    put::u16(&mut bytes, 0x0A, key.len() as u16);
    let flags = block.map_or(0, |_| HAS_BLOCK) | if entry.is_none() { LAST } else { 0 };
    put::u16(&mut bytes, 0x0C, flags);
    bytes.extend_from_slice(key);
    put::pad8(&mut bytes);
    bytes.extend(block.into_iter().flat_map(u64::to_le_bytes));
    let len = bytes.len() as u16;
    put::u16(&mut bytes, 8, len);
    bytes
}

/// Index header and entries, `room` bytes at most when that is not 0.
fn node(first: usize, entries: Vec<Vec<u8>>, has_blocks: bool, room: usize) -> Vec<u8> {
    let mut bytes = vec![0; first];
    put::u32(&mut bytes, 0, first as u32);
    bytes[0x0C] = u8::from(has_blocks);
    bytes.extend(entries.into_iter().flatten());
    let used = bytes.len();
    assert!(room == 0 || used <= room, "index node of {used} bytes");
    put::u32(&mut bytes, 4, used as u32);
    put::u32(&mut bytes, 8, if room == 0 { used } else { room } as u32);
    bytes
}

/// A finished index: value of $INDEX_ROOT, and the blocks as stored.
#[derive(Clone, Debug)]
pub struct Index {
    /// Value of $INDEX_ROOT.
    pub root: Vec<u8>,
    /// The blocks.
    pub blocks: Vec<Vec<u8>>,
}

/// The most names that stay in the root of an index.
const IN_ROOT: usize = 3;

/// An entry of a node, or its end, and the block with the names before it.
type Item<'e> = (Option<&'e Entry>, Option<u64>);

impl Index {
    /// Makes an index of the entries; `per_block` of them go into each block where there are more
    /// than the root holds. Blocks and clusters have these lengths in bytes.
    pub fn new(
        mut entries: Vec<Entry>,
        per_block: usize,
        block_len: usize,
        cluster: usize,
    ) -> Self {
        entries.sort_by_cached_key(Entry::key);
        let mut blocks = Vec::new();
        let mut level: Vec<Item<'_>> =
            entries.iter().map(|found| (Some(found), None)).chain([(None, None)]).collect();
        while level.len() > IN_ROOT + 1 {
            level = above(&level, per_block, block_len, cluster, &mut blocks);
        }
        let has_blocks = !blocks.is_empty();
        let stored = level.iter().map(|(found, before)| entry(*found, *before)).collect();
        Self { root: root(stored, has_blocks, block_len, cluster), blocks }
    }
}

/// Puts a level of the tree into blocks and gives the level above: of every `per_block + 1` entries
/// the last divides two blocks.
fn above<'e>(
    level: &[Item<'e>],
    per_block: usize,
    block_len: usize,
    cluster: usize,
    blocks: &mut Vec<Vec<u8>>,
) -> Vec<Item<'e>> {
    let step = (block_len / cluster).max(1) as u64 * if cluster > block_len { 0 } else { 1 };
    let vcn = |index: usize| match step {
        0 => (index * block_len / 512) as u64, // blocks smaller than clusters: counted in 512 bytes
        step => index as u64 * step,
    };
    let groups = level.chunks(per_block + 1);
    let items = groups.filter_map(|group| {
        let (&(divider, before), inside) = group.split_last()?;
        let own = vcn(blocks.len());
        blocks.push(block_of(&[inside, &[(None, before)]].concat(), own, block_len));
        Some((divider, Some(own)))
    });
    items.collect()
}

fn root(entries: Vec<Vec<u8>>, has_blocks: bool, block_len: usize, cluster: usize) -> Vec<u8> {
    let mut bytes = vec![0; 0x10];
    put::u32(&mut bytes, 0, super::kind::FILE_NAME);
    put::u32(&mut bytes, 4, 1); // sorted as file names
    put::u32(&mut bytes, 8, block_len as u32);
    bytes[0x0C] = if block_len >= cluster { block_len / cluster } else { block_len / 512 } as u8;
    bytes.extend(node(0x10, entries, has_blocks, 0));
    bytes
}

/// Returns an index block as stored, the blocks below it none.
pub fn block(entries: &[Entry], vcn: u64, block_len: usize) -> Vec<u8> {
    let items = entries.iter().map(|found| (Some(found), None)).chain([(None, None)]);
    block_of(&items.collect::<Vec<_>>(), vcn, block_len)
}

fn block_of(items: &[Item<'_>], vcn: u64, block_len: usize) -> Vec<u8> {
    let mut bytes = vec![0; 0x18];
    bytes[..4].copy_from_slice(b"INDX");
    put::u64(&mut bytes, 0x10, vcn);
    let stored = items.iter().map(|(found, before)| entry(*found, *before)).collect();
    let has_blocks = items.iter().any(|(_, before)| before.is_some());
    // The update sequence lies between the index header and the first entry.
    let first = (0x10 + fixup::len(block_len)).next_multiple_of(8);
    bytes.extend(node(first, stored, has_blocks, block_len - 0x18));
    bytes.resize(block_len, 0);
    fixup::apply(&mut bytes, 0x28);
    bytes
}
