//! Where the bytes of unpacked disks lie: blocks that several slices have are kept once.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tempfile::NamedTempFile;

use crate::file_reader::{fill, write_at};
use crate::source;

/// The unit in which changes are seen, in bytes: the cluster size of nearly every NTFS volume.
pub(crate) const BLOCK: usize = 4096;
/// The unit that is hashed and looked up, in bytes: VMware's grain. There are sixteen times fewer
/// hashes to keep than of blocks, and BLAKE3 makes them twice as fast.
pub(crate) const GRAIN: usize = 64 << 10;
const BLOCKS: usize = GRAIN / BLOCK;

/// The bytes of unpacked files in one file of the scratch folder, equal grains once.
///
/// Of a grain that is not known, the blocks are compared with those of the grain that was at its
/// place in the slice before, and only others are added. So a sequence takes one disk plus what
/// changed, and what did not change is known by where it lies.
pub(crate) struct BlockStore {
    file: NamedTempFile,
    source: u64,
    /// Key of the hashes, another in each store: nobody can prepare two grains of one hash.
    key: [u8; 32],
    /// A store whose grains are used, too.
    below: Option<Arc<BlockStore>>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    grains: Vec<Grain>,
    /// Grains by the first half of their hash: 128 bits of which nobody knows the key.
    by_hash: HashMap<[u8; 16], GrainId>,
    /// How many blocks the file has.
    blocks: u64,
}

/// A grain that is kept.
struct Grain {
    blocks: Blocks,
    /// The grain that followed it when it was last met.
    next: Option<GrainId>,
}

#[derive(Clone)]
enum Blocks {
    /// All of them, one after the other from this number on in the store's own file.
    Whole(u64),
    /// Each by itself.
    Each(Box<[Place; BLOCKS]>),
}

/// A grain of this store, by its number, or one of a store below, by how far below.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct GrainId {
    depth: u8,
    number: u32,
}

/// Where a block lies; `None` where it is zeros.
pub(crate) type Place = Option<At>;

/// A block of a store's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct At {
    /// The store's source number.
    pub source: u64,
    /// Number of the block in its file.
    pub block: u64,
}

/// How far the grains of one file are put: what came before tells what is to be expected.
#[derive(Default)]
pub(crate) struct Cursor {
    last: Option<GrainId>,
    expected: Option<GrainId>,
}

impl BlockStore {
    /// An empty store, whose file is made in `folder` and goes with it. Grains of `below` are not
    /// stored again.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn new_in(folder: &Path, below: Option<Arc<Self>>) -> io::Result<Self> {
        Ok(Self {
            file: tempfile::Builder::new().prefix("blocks-").tempfile_in(folder)?,
            source: source::next(),
            key: below.as_ref().map_or_else(random_key, |below| below.key),
            below,
            state: Mutex::default(),
        })
    }

    /// Its file.
    pub(crate) fn path(&self) -> &Path {
        self.file.path()
    }

    /// Adds a grain, and returns where its blocks lie.
    pub(crate) fn put(
        &self,
        cursor: &mut Cursor,
        grain: &[u8; GRAIN],
    ) -> io::Result<[Place; BLOCKS]> {
        let (blocks, _) = grain.as_chunks::<BLOCK>();
        if blocks.iter().all(is_zeros) {
            return Ok([None; BLOCKS]);
        }
        let hash = self.hash(grain);
        let (id, places) = match self.find(&hash) {
            Some((id, places)) => {
                cursor.expected = self.next(id);
                (id, places)
            }
            None => {
                let known = self.known_blocks(cursor, blocks)?;
                self.add(hash, blocks, known)?
            }
        };
        if let Some(GrainId { depth: 0, number }) = cursor.last
            && let Some(last) = self.state().grains.get_mut(number as usize)
        {
            last.next = Some(id);
        }
        cursor.last = Some(id);
        Ok(places)
    }

    fn hash(&self, grain: &[u8; GRAIN]) -> [u8; 16] {
        let hash = blake3::keyed_hash(&self.key, grain);
        let (half, _) = hash.as_bytes().as_chunks::<16>();
        half.first().copied().unwrap_or_default()
    }

    /// Which of these blocks lie where in the grain that is expected.
    fn known_blocks(
        &self,
        cursor: &mut Cursor,
        blocks: &[[u8; BLOCK]],
    ) -> io::Result<[Place; BLOCKS]> {
        let mut known = [None; BLOCKS];
        let Some(expected) = cursor.expected else { return Ok(known) };
        let places = self.places(expected);
        let mut stored = [0; BLOCK];
        for ((known, place), block) in known.iter_mut().zip(places).zip(blocks) {
            if let Some(at) = place {
                self.read(at, 0, &mut stored)?;
                *known = place.filter(|_| stored == *block);
            }
        }
        // A grain that has nothing of the expected one stands before it.
        if known.iter().any(Option::is_some) {
            cursor.expected = self.next(expected);
        }
        Ok(known)
    }

    /// Stores those of the blocks that are neither zeros nor known.
    fn add(
        &self,
        hash: [u8; 16],
        blocks: &[[u8; BLOCK]],
        mut places: [Place; BLOCKS],
    ) -> io::Result<(GrainId, [Place; BLOCKS])> {
        let mut state = self.state();
        // Another slice that is unpacked at the same time may have added it meanwhile.
        if let Some(id) = state.by_hash.get(&hash).copied() {
            let places = state.places(self.source, id.number);
            return Ok((id, places));
        }
        let first = state.blocks;
        for (place, block) in places.iter_mut().zip(blocks) {
            if place.is_none() && !is_zeros(block) {
                *place = Some(At { source: self.source, block: state.blocks });
                state.blocks += 1;
            }
        }
        // Written before anybody can find it.
        self.write(first, blocks, &places)?;
        let number = u32::try_from(state.grains.len()).map_err(io::Error::other)?;
        let is_whole = state.blocks - first == BLOCKS as u64;
        let blocks = if is_whole { Blocks::Whole(first) } else { Blocks::Each(places.into()) };
        state.grains.push(Grain { blocks, next: None });
        let id = GrainId { depth: 0, number };
        state.by_hash.insert(hash, id);
        Ok((id, places))
    }

    /// Writes the blocks that got a place in the file from block `first` on.
    fn write(
        &self,
        first: u64,
        blocks: &[[u8; BLOCK]],
        places: &[Place; BLOCKS],
    ) -> io::Result<()> {
        let is_new = |at: &At| at.source == self.source && at.block >= first;
        let new = places
            .iter()
            .zip(blocks)
            .enumerate()
            .filter_map(|(index, (place, _))| place.filter(is_new).map(|at| (index, at.block)));
        // Neighbours have numbers that follow each other.
        let new: Vec<(usize, u64)> = new.collect();
        for run in new.chunk_by(|a, b| a.0 + 1 == b.0) {
            if let (Some((from, block)), Some((to, _))) = (run.first(), run.last()) {
                let bytes = blocks.get(*from..=*to).unwrap_or_default().as_flattened();
                write_at(self.file.as_file(), bytes, block * BLOCK as u64)?;
            }
        }
        Ok(())
    }

    fn find(&self, hash: &[u8; 16]) -> Option<(GrainId, [Place; BLOCKS])> {
        if let Some(below) = &self.below
            && let Some((GrainId { depth, number }, places)) = below.find(hash)
        {
            return Some((GrainId { depth: depth + 1, number }, places));
        }
        let state = self.state();
        let id = state.by_hash.get(hash).copied()?;
        Some((id, state.places(self.source, id.number)))
    }

    fn places(&self, id: GrainId) -> [Place; BLOCKS] {
        match self.at_depth(id.depth) {
            Some(store) => store.state().places(store.source, id.number),
            None => [None; BLOCKS],
        }
    }

    fn next(&self, id: GrainId) -> Option<GrainId> {
        let next = self.at_depth(id.depth)?.state().grains.get(id.number as usize)?.next?;
        Some(GrainId { depth: next.depth + id.depth, number: next.number })
    }

    fn at_depth(&self, depth: u8) -> Option<&Self> {
        match depth {
            0 => Some(self),
            _ => self.below.as_deref()?.at_depth(depth - 1),
        }
    }

    /// Reads from the block `at` and those behind it, from byte `within` on.
    pub(crate) fn read(&self, at: At, within: u64, buf: &mut [u8]) -> io::Result<()> {
        if at.source == self.source {
            return fill(self.file.as_file(), buf, at.block * BLOCK as u64 + within);
        }
        match &self.below {
            Some(below) => below.read(at, within, buf),
            None => Err(io::Error::other("a block of a store that is gone")),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Grains are added whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn places(&self, source: u64, number: u32) -> [Place; BLOCKS] {
        match self.grains.get(number as usize).map(|grain| &grain.blocks) {
            Some(Blocks::Whole(first)) => {
                std::array::from_fn(|index| Some(At { source, block: first + index as u64 }))
            }
            Some(Blocks::Each(places)) => **places,
            None => [None; BLOCKS],
        }
    }
}

fn is_zeros(block: &[u8; BLOCK]) -> bool {
    *block == [0; BLOCK]
}

/// 256 bits from the 128 random ones that the standard library asks the system for.
fn random_key() -> [u8; 32] {
    let random = RandomState::new();
    let mut key = [0; 32];
    for (index, part) in key.as_chunks_mut::<8>().0.iter_mut().enumerate() {
        *part = random.hash_one(index).to_le_bytes();
    }
    key
}
