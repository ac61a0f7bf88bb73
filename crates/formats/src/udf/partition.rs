use std::collections::BTreeMap;

use super::Error;
use crate::bytes::{u16_le, u32_le, window};
use crate::{Extents, ReadAt, ReadAtExt};

/// What stands for a partition in the volume: how its blocks become the volume's.
#[derive(Debug)]
pub(super) enum Map {
    /// Blocks that follow one another.
    Plain(Stretch),
    /// Blocks by a table of what was written where last.
    Virtual(Stretch, Vec<u32>),
    /// Blocks of which packets were put elsewhere.
    Sparable {
        /// All of them.
        stretch: Stretch,
        /// Blocks of a packet.
        packet: u32,
        /// Packets, by their first block, and the block of the volume that they begin at.
        moved: BTreeMap<u32, u32>,
    },
    /// Blocks of a file, whose runs are in bytes.
    Metadata(Extents),
}

/// Blocks of the volume that follow one another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stretch {
    pub start: u32,
    pub len: u32,
}

/// Blocks of a partition that follow one another in the volume: the first there, and how many.
pub(super) type Piece = (u64, u64);

impl Stretch {
    fn at(self, block: u32, count: u64) -> Option<Piece> {
        let end = u64::from(block).checked_add(count)?;
        (end <= u64::from(self.len)).then_some((u64::from(self.start) + u64::from(block), count))
    }
}

impl Map {
    /// Where `count` blocks from `block` of the partition are in the volume, in blocks of `block_size`
    /// bytes; `None` where one is not in it.
    pub(super) fn pieces(&self, block: u32, count: u64, block_size: u32) -> Option<Vec<Piece>> {
        match self {
            Self::Plain(stretch) => Some(vec![stretch.at(block, count)?]),
            Self::Virtual(stretch, table) => {
                let at = |block: u64| {
                    let moved = table.get(usize::try_from(block).ok()?)?;
                    stretch.at(*moved, 1)
                };
                one_by_one(u64::from(block), count.min(table.len() as u64 + 1), at)
            }
            Self::Sparable { stretch, packet, moved } => {
                stretch.at(block, count)?;
                let at = |block: u64| {
                    let block = u32::try_from(block).ok()?;
                    let within = block % packet;
                    match moved.get(&(block - within)) {
                        Some(start) => Some((u64::from(*start) + u64::from(within), 1)),
                        None => stretch.at(block, 1),
                    }
                };
                one_by_one(u64::from(block), count, at)
            }
            Self::Metadata(file) => {
                let size = u64::from(block_size);
                let at = |block: u64| {
                    let offset = block.checked_mul(size).filter(|at| *at < file.data_size)?;
                    Some((file.fs_offset(offset)? / size, 1))
                };
                one_by_one(u64::from(block), count.min(file.data_size / size + 1), at)
            }
        }
    }
}

/// Blocks one by one; those that follow one another in the volume are one piece.
fn one_by_one(first: u64, count: u64, at: impl Fn(u64) -> Option<Piece>) -> Option<Vec<Piece>> {
    let mut pieces: Vec<Piece> = Vec::new();
    for block in first..first.checked_add(count)? {
        let (start, _) = at(block)?;
        match pieces.last_mut() {
            Some((last, len)) if *last + *len == start => *len += 1,
            _ => pieces.push((start, 1)),
        }
    }
    Some(pieces)
}

/// The packets that a sparing table has moved.
///
/// # Errors
/// When it cannot be read, or is none.
// Source: UDF 2.2.12, "Sparing Table".
pub(super) fn sparing(reader: &dyn ReadAt, offset: u64) -> Result<BTreeMap<u32, u32>, Error> {
    const ENTRIES: usize = 56;
    /// What is free, and what cannot be used.
    const UNUSED: u32 = 0xFFFF_FFF0;
    let head = reader.read_vec_at(offset, ENTRIES)?;
    let wrong = Error::Descriptor { offset, what: "no sparing table is there" };
    if window(&head, 17, 19) != Some(b"*UDF Sparing Table\0") {
        return Err(wrong);
    }
    let count = usize::from(u16_le(&head, 48).ok_or(wrong)?);
    let bytes = reader.read_vec_at(offset + ENTRIES as u64, count * 8)?;
    let entry = |at| Some((u32_le(&bytes, at)?, u32_le(&bytes, at + 4)?));
    let entries = (0..count).filter_map(|index| entry(8 * index));
    Ok(entries.filter(|(packet, _)| *packet < UNUSED).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_become_the_volume_s() {
        let stretch = Stretch { start: 100, len: 50 };
        let plain = Map::Plain(stretch);
        assert_eq!(plain.pieces(10, 40, 2048), Some(vec![(110, 40)]));
        assert_eq!(plain.pieces(10, 41, 2048), None);
        let table = Map::Virtual(stretch, vec![5, 6, 40, u32::MAX]);
        assert_eq!(table.pieces(0, 3, 2048), Some(vec![(105, 2), (140, 1)]));
        assert_eq!(table.pieces(3, 1, 2048), None);
        assert_eq!(table.pieces(0, u64::MAX, 2048), None);
        let moved = BTreeMap::from([(32, 900)]);
        let sparable = Map::Sparable { stretch, packet: 16, moved };
        assert_eq!(sparable.pieces(30, 20, 2048), Some(vec![(130, 2), (900, 16), (148, 2)]));
    }
}
