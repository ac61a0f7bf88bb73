use std::io;
use std::sync::Arc;

use diskprint_formats::{Known, ReadAt};

use crate::block_store::{At, BLOCK, BlockStore, Cursor, GRAIN, Place};

/// A file whose bytes are in a block store.
pub(crate) struct BlockFile {
    store: Arc<BlockStore>,
    /// What is not zeros, in the order of the file.
    stretches: Vec<Stretch>,
    len: u64,
}

/// Blocks that lie one after the other in the file and in the store.
struct Stretch {
    /// Number of the first in the file.
    first: u64,
    count: u64,
    at: At,
}

impl BlockFile {
    /// The stretch at block `block`, or how far it is to the next one.
    fn stretch(&self, block: u64) -> Result<&Stretch, u64> {
        let index = self.stretches.partition_point(|it| it.first + it.count <= block);
        match self.stretches.get(index) {
            Some(stretch) if stretch.first <= block => Ok(stretch),
            Some(stretch) => Err(stretch.first - block),
            None => Err(u64::MAX / BLOCK as u64 - block),
        }
    }

    /// Where byte `offset` lies, and how many bytes from there on lie together, at most `len`.
    fn place(&self, offset: u64, len: u64) -> (Option<(At, u64)>, u64) {
        let (block, within) = (offset / BLOCK as u64, offset % BLOCK as u64);
        let len = len.min(self.len.saturating_sub(offset));
        let bytes = |blocks: u64| (blocks * BLOCK as u64 - within).min(len);
        match self.stretch(block) {
            Ok(stretch) => {
                let skipped = block - stretch.first;
                let at = At { block: stretch.at.block + skipped, ..stretch.at };
                (Some((at, within)), bytes(stretch.count - skipped))
            }
            Err(blocks) => (None, bytes(blocks)),
        }
    }
}

impl ReadAt for BlockFile {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut done = 0;
        while let Some(rest) = buf.get_mut(done..).filter(|rest| !rest.is_empty()) {
            let (place, len) = self.place(offset + done as u64, rest.len() as u64);
            let part = rest.get_mut(..len as usize).unwrap_or_default();
            if part.is_empty() {
                break;
            }
            match place {
                Some((at, within)) => self.store.read(at, within, part)?,
                None => part.fill(0),
            }
            done += part.len();
        }
        Ok(done)
    }

    fn known_at(&self, offset: u64, len: u64) -> (Known, u64) {
        let (place, len) = self.place(offset, len);
        let known = match place {
            Some((At { source, block }, within)) => {
                Known::At { source, offset: block * BLOCK as u64 + within }
            }
            None => Known::Zeros,
        };
        (known, len)
    }
}

/// A file that is being put into a block store.
pub(crate) struct BlockWriter {
    file: BlockFile,
    cursor: Cursor,
    /// Offset in the file of what is not put yet, a whole number of grains.
    start: u64,
    buf: Box<[u8]>,
    filled: usize,
    /// How many bytes were put that are no zeros, in whole blocks.
    pub held: u64,
}

/// How many bytes are put at once: enough that the decoder seldom stops.
const PIECE: usize = 2 * GRAIN;

impl BlockWriter {
    pub fn new(store: &Arc<BlockStore>, len: u64) -> Self {
        let file = BlockFile { store: Arc::clone(store), stretches: Vec::new(), len };
        let buf = vec![0; PIECE].into();
        Self { file, cursor: Cursor::default(), start: 0, buf, filled: 0, held: 0 }
    }

    /// Goes on to `offset`, which is not before what was written; what is left out is zeros.
    pub fn skip_to(&mut self, offset: u64) -> io::Result<()> {
        if offset - self.start >= PIECE as u64 {
            self.flush()?;
            self.start = offset / GRAIN as u64 * GRAIN as u64;
        }
        let filled = (offset - self.start) as usize;
        if let Some(gap) = self.buf.get_mut(self.filled..filled) {
            gap.fill(0);
        }
        self.filled = filled;
        Ok(())
    }

    /// The room for what comes next, never empty; say with [`Self::wrote`] how much came.
    pub fn room(&mut self) -> &mut [u8] {
        self.buf.get_mut(self.filled..).unwrap_or_default()
    }

    /// Takes note that the first `count` bytes of the room were filled.
    pub fn wrote(&mut self, count: usize) -> io::Result<()> {
        self.filled += count;
        if self.filled < PIECE { Ok(()) } else { self.flush() }
    }

    /// Ends the file, and says how many of its bytes are no zeros.
    pub fn finish(mut self) -> io::Result<(BlockFile, u64)> {
        self.flush()?;
        self.file.stretches.shrink_to_fit();
        Ok((self.file, self.held))
    }

    fn flush(&mut self) -> io::Result<()> {
        let end = self.filled.next_multiple_of(GRAIN);
        if let Some(rest) = self.buf.get_mut(self.filled..end) {
            rest.fill(0);
        }
        let (grains, _) = self.buf.get(..end).unwrap_or_default().as_chunks::<GRAIN>();
        for (index, grain) in grains.iter().enumerate() {
            let places = self.file.store.put(&mut self.cursor, grain)?;
            let first = (self.start / BLOCK as u64) + (index * places.len()) as u64;
            for (block, place) in (first..).zip(places) {
                self.held += if place.is_some() { BLOCK as u64 } else { 0 };
                push(&mut self.file.stretches, block, place);
            }
        }
        self.start += end as u64;
        self.filled = 0;
        Ok(())
    }
}

fn push(stretches: &mut Vec<Stretch>, block: u64, place: Place) {
    let Some(at) = place else { return };
    match stretches.last_mut() {
        Some(Stretch { first, count, at: from })
            if *first + *count == block && at == (At { block: from.block + *count, ..*from }) =>
        {
            *count += 1;
        }
        _ => stretches.push(Stretch { first: block, count: 1, at }),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use diskprint_formats::ReadAtExt;
    use proptest::prelude::*;
    use tempfile::TempDir;

    use super::*;

    fn store(folder: &TempDir, below: Option<Arc<BlockStore>>) -> Arc<BlockStore> {
        Arc::new(BlockStore::new_in(folder.path(), below).unwrap())
    }

    /// Puts bytes in pieces of that length, zeros being left out where they fill one.
    fn put(store: &Arc<BlockStore>, bytes: &[u8], piece: usize) -> BlockFile {
        let mut writer = BlockWriter::new(store, bytes.len() as u64);
        for (index, part) in bytes.chunks(piece).enumerate() {
            if part.iter().all(|byte| *byte == 0) {
                continue;
            }
            writer.skip_to((index * piece) as u64).unwrap();
            let mut left = part;
            while !left.is_empty() {
                let room = writer.room();
                let count = room.len().min(left.len());
                room[..count].copy_from_slice(&left[..count]);
                left = &left[count..];
                writer.wrote(count).unwrap();
            }
        }
        writer.finish().unwrap().0
    }

    /// Bytes of which no two blocks are equal.
    fn bytes(blocks: usize, seed: u64) -> Vec<u8> {
        let block = |index: usize| {
            let mut block = [0; BLOCK];
            block[..8].copy_from_slice(&(index as u64 + 1).to_le_bytes());
            block[8..16].copy_from_slice(&seed.to_le_bytes());
            block
        };
        (0..blocks).flat_map(block).collect()
    }

    fn stored(store: &BlockStore) -> u64 {
        fs::metadata(store.path()).unwrap().len() / BLOCK as u64
    }

    /// Blocks of `file` that lie where `before` has the same number of bytes later by `shift`.
    fn shared(file: &BlockFile, before: &BlockFile, shift: u64) -> u64 {
        let at = |file: &BlockFile, block: u64| file.known_at(block * BLOCK as u64, 1).0;
        let blocks = file.len / BLOCK as u64;
        (shift..blocks).filter(|it| at(file, *it) == at(before, it - shift)).count() as u64
    }

    #[test]
    fn what_did_not_change_is_stored_once_and_known_by_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder, None);
        let mut data = bytes(640, 1);
        let first = put(&store, &data, 100_000);
        assert_eq!(stored(&store), 640);
        // One byte of a grain: one block more.
        data[100 * BLOCK + 77] ^= 1;
        let second = put(&store, &data, 70_000);
        assert_eq!((stored(&store), shared(&second, &first, 0)), (641, 639));
        // A grain comes in between, and the one behind it changes: all others are known.
        let mut third = data.clone();
        third.splice(320 * BLOCK..320 * BLOCK, bytes(16, 2));
        third[340 * BLOCK] ^= 1;
        let inserted = put(&store, &third, 1 << 20);
        assert_eq!(stored(&store), 641 + 16 + 1);
        assert_eq!((shared(&inserted, &second, 0), shared(&inserted, &second, 16)), (320, 319));
        assert!(inserted.read_vec_at(0, third.len()).unwrap() == third);
    }

    #[test]
    fn a_store_uses_the_blocks_of_the_one_below_and_leaves_it_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let below = store(&folder, None);
        let mut data = bytes(64, 1);
        let first = put(&below, &data, 100_000);
        let above = store(&folder, Some(below.clone()));
        data[20 * BLOCK] ^= 1;
        let second = put(&above, &data, 100_000);
        assert_eq!((stored(&below), stored(&above)), (64, 1));
        assert_eq!(shared(&second, &first, 0), 63);
        assert!(second.read_vec_at(0, data.len()).unwrap() == data);
    }

    #[test]
    fn files_that_are_put_at_once_share_their_blocks() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder, None);
        let data = bytes(2048, 1);
        let files: Vec<BlockFile> = std::thread::scope(|scope| {
            let puts = [1 << 16, 1 << 17].map(|piece| {
                scope.spawn({
                    let (store, data) = (&store, &data);
                    move || put(store, data, piece)
                })
            });
            puts.map(|put| put.join().unwrap()).into()
        });
        assert_eq!(stored(&store), 2048);
        assert_eq!(shared(&files[0], &files[1], 0), 2048);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        /// Bytes that lie at one place are the same, whatever was put before.
        #[test]
        fn every_file_reads_as_it_was_put(
            edits in prop::collection::vec((0usize..1_500_000, 0usize..200_000, any::<u8>()), 1..8),
            piece in 1usize..300_000,
            len in 1usize..1_500_000,
        ) {
            let folder = tempfile::tempdir().unwrap();
            let store = store(&folder, None);
            let mut data = bytes(len.div_ceil(BLOCK), 1);
            data.truncate(len);
            let mut files = vec![(put(&store, &data, piece), data.clone())];
            for (at, count, byte) in edits {
                let at = at % data.len();
                let end = data.len().min(at + count);
                data[at..end].fill(byte % 3);
                files.push((put(&store, &data, piece), data.clone()));
            }
            let all = fs::read(store.path()).unwrap();
            for (file, data) in &files {
                prop_assert!(file.read_vec_at(0, len + 1).unwrap() == *data);
                let mut offset = 0;
                while offset < len {
                    let (known, count) = file.known_at(offset as u64, 10_000);
                    prop_assert!(count > 0);
                    let stretch = &data[offset..offset + count as usize];
                    match known {
                        Known::Zeros => prop_assert!(stretch.iter().all(|byte| *byte == 0)),
                        Known::At { offset: at, .. } => {
                            prop_assert!(all[at as usize..].starts_with(stretch));
                        }
                        Known::Nothing => prop_assert!(false, "it is in the store"),
                    }
                    offset += count as usize;
                }
            }
        }
    }
}
