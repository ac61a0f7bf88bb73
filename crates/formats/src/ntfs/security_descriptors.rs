use std::collections::BTreeMap;

use super::{AttributeType, Error, Volume};
use crate::bytes::{u32_le, u64_le, window};
use crate::{ReadAt, ReadAtExt, SecurityDescriptor};

/// Number of the record of $Secure, whose stream $SDS has the descriptors.
const SECURE: u64 = 9;
/// Entries do not cross the borders of blocks of this size, and each block is there twice, the copy
/// right behind it.
// Source: the Linux-NTFS documentation, "$Secure"; fs/ntfs3/ntfs.h of Linux, SECURITY_HDR and SDS_*.
const BLOCK: u64 = 256 << 10;
/// Length of what is before a descriptor, and what entries are aligned to, in bytes.
const HEADER: usize = 20;
const ALIGNMENT: usize = 16;
/// The most of $SDS that is read, in bytes: it holds a million descriptors.
const MOST: u64 = 256 << 20;

/// A security descriptor in $Secure, which files name by its id.
#[derive(Clone, Copy, Debug)]
pub struct SharedDescriptor<'a> {
    /// Its id: the security id in $STANDARD_INFORMATION.
    pub id: u32,
    /// What it says.
    pub descriptor: SecurityDescriptor<'a>,
}

/// Hands out the security descriptors of a volume, sorted by id in each block of $SDS, and what is
/// damaged among them. What is damaged in a block is taken from its copy. Volumes before
/// NTFS 3.0 have none.
///
/// # Errors
/// When $Secure or its stream cannot be read, or the stream is longer than the volume.
pub fn security_descriptors(
    volume: &Volume<impl ReadAt>,
    take: &mut dyn FnMut(Result<SharedDescriptor<'_>, Error>),
) -> Result<(), Error> {
    let mut file = match volume.file(SECURE) {
        // It was never written.
        Err(Error::Signature { found: [0, 0, 0, 0], .. }) => return Ok(()),
        file => file?,
    };
    let is_sds = |name: &str| name == "$SDS";
    let sds = file.streams.iter().position(|stream| {
        stream.kind == AttributeType::DATA && stream.name.to_str().is_some_and(is_sds)
    });
    let Some(sds) = sds else { return Ok(()) };
    let content = file.streams.swap_remove(sds).content?;
    let reader = volume.content_reader(&content);
    let limit = MOST.min(volume.reader().len());
    let len = reader.len().min(limit);
    for start in (0..len).step_by(2 * BLOCK as usize) {
        let read = |at: u64| {
            let there = len.saturating_sub(at).min(BLOCK);
            reader.read_vec_at(at, there as usize).unwrap_or_default()
        };
        let (stored, copy);
        let mut found = BTreeMap::new();
        stored = read(start);
        if let Some(offset) = entries(start, &stored, &mut found) {
            copy = read(start + BLOCK);
            let is_copied = entries(start, &copy, &mut found).is_none();
            take(Err(Error::SecurityDescriptor { offset, is_copied }));
        }
        for (id, bytes) in found {
            take(Ok(SharedDescriptor { id, descriptor: SecurityDescriptor::new(bytes) }));
        }
    }
    match reader.len() > limit {
        true => Err(Error::LongSecurity { len: reader.len(), limit }),
        false => Ok(()),
    }
}

/// Adds those entries of the block at `start`, or of its copy, that are sound and not among `found`;
/// returns where in $SDS the first is that is not sound.
fn entries<'b>(start: u64, block: &'b [u8], found: &mut BTreeMap<u32, &'b [u8]>) -> Option<u64> {
    let (mut at, mut damaged) = (0, None);
    while let Some(header) = window(block, at, HEADER) {
        let offset = start + at as u64;
        let (hash, id, len) = (u32_le(header, 0)?, u32_le(header, 4)?, u32_le(header, 16)?);
        if id == 0 && len == 0 && at > 0 {
            return damaged;
        }
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        // All parts of a descriptor are made of words of four bytes.
        let is_entry = len.is_multiple_of(4) && u64_le(header, 8) == Some(offset);
        let entry = window(block, at, len).filter(|_| is_entry);
        // Where the next one is cannot be known.
        let Some(descriptor) = entry.and_then(|entry| entry.get(HEADER..)) else {
            return damaged.or(Some(offset));
        };
        match hash_of(descriptor) == hash {
            true => _ = found.entry(id).or_insert(descriptor),
            false => damaged = damaged.or(Some(offset)),
        }
        at = at.saturating_add(len).next_multiple_of(ALIGNMENT);
    }
    damaged.or((at == 0).then_some(start))
}

// Source: the Linux-NTFS documentation, "$Secure"; fs/ntfs3/fsntfs.c of Linux, security_hash.
fn hash_of(descriptor: &[u8]) -> u32 {
    let (words, _) = descriptor.as_chunks();
    words
        .iter()
        .fold(0, |hash: u32, word| hash.rotate_left(3).wrapping_add(u32::from_le_bytes(*word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRY: usize = 48;

    /// A block at `start` with three entries of 48 bytes, whose ids are 0x100 and the next two.
    fn block(start: u64) -> Vec<u8> {
        let mut block = vec![0; BLOCK as usize];
        for index in 0..3 {
            let descriptor = [index as u8 + 1; ENTRY - HEADER];
            let entry = &mut block[index * ENTRY..][..ENTRY];
            entry[..4].copy_from_slice(&hash_of(&descriptor).to_le_bytes());
            entry[4..8].copy_from_slice(&(0x100 + index as u32).to_le_bytes());
            entry[8..16].copy_from_slice(&(start + (index * ENTRY) as u64).to_le_bytes());
            entry[16..20].copy_from_slice(&(ENTRY as u32).to_le_bytes());
            entry[20..].copy_from_slice(&descriptor);
        }
        block
    }

    #[test]
    fn entries_are_known_by_their_hash_and_place() {
        let read = |start, block: &[u8]| {
            let mut found = BTreeMap::new();
            let damaged = entries(start, block, &mut found);
            (damaged, found.keys().copied().collect::<Vec<_>>())
        };
        let start = 2 * BLOCK;
        let sound = block(start);
        assert_eq!(read(start, &sound), (None, vec![0x100, 0x101, 0x102]));
        let with = |at: usize, byte: u8| {
            let mut block = sound.clone();
            block[at] = byte;
            read(start, &block)
        };
        let second = start + ENTRY as u64;
        assert_eq!(with(ENTRY + 30, 0xEE), (Some(second), vec![0x100, 0x102]), "descriptor");
        assert_eq!(with(ENTRY + 8, 1), (Some(second), vec![0x100]), "offset");
        assert_eq!(with(ENTRY + 16, 19), (Some(second), vec![0x100]), "length");
        assert_eq!(with(ENTRY + 19, 0xFF), (Some(second), vec![0x100]), "length");
        assert_eq!(read(0, &sound), (Some(0), vec![]), "another block");
        assert_eq!(read(0, &[0; 100]), (Some(0), vec![]), "zeros");
        assert_eq!(read(0, &[]), (Some(0), vec![]), "nothing");
        assert_eq!(read(start, &sound[..2 * ENTRY]), (None, vec![0x100, 0x101]), "cut");
    }

    #[test]
    fn the_copy_has_what_the_block_has_not() {
        let mut damaged = block(0);
        damaged[ENTRY + 40] ^= 1;
        let mut found = BTreeMap::new();
        assert_eq!(entries(0, &damaged, &mut found), Some(ENTRY as u64));
        let copy = block(0);
        assert_eq!(entries(0, &copy, &mut found), None);
        assert_eq!(found[&0x101], &copy[ENTRY + HEADER..2 * ENTRY]);
    }
}
