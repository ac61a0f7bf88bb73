//! Digests that are carried over from slices before.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Mutex, MutexGuard, PoisonError};

use diskprint_formats::ntfs::Content;
use diskprint_formats::{Extents, Known, ReadAt};

use crate::Digests;

/// Digests of contents by where their bytes lie.
///
/// A content whose bytes lie where those of another lay is that content: blocks are stored once and
/// not written again, and evidence does not change. So its digests are known without reading it.
#[derive(Default)]
pub(crate) struct Carried {
    kept: Mutex<Kept>,
    /// How many are kept at most.
    pub(crate) most: Option<usize>,
}

/// Kept apart from its keys, what is known takes half the memory that it would in the map, which
/// has room for up to twice as many.
#[derive(Default)]
struct Kept {
    numbers: HashMap<Whereabouts, u32>,
    /// In pieces of the same length, so that no piece is copied when there are more.
    pieces: Vec<Vec<Digested>>,
}

/// How many are in a piece.
const PIECE: usize = 1 << 12;

/// What digesting a content tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Digested {
    pub(crate) digests: Digests,
    /// Whether it begins as a hive does.
    pub(crate) is_hive: bool,
}

/// The first half of the BLAKE3 over all that a content's bytes depend on: its lengths, its runs,
/// and the places of what these hold.
pub(crate) type Whereabouts = [u8; 16];

impl Carried {
    pub(crate) fn get(&self, whereabouts: &Whereabouts) -> Option<Digested> {
        let kept = self.lock();
        let number = *kept.numbers.get(whereabouts)? as usize;
        kept.pieces.get(number / PIECE)?.get(number % PIECE).copied()
    }

    /// Keeps what is known of a content, unless there are too many already: then it is read again.
    pub(crate) fn insert(&self, whereabouts: Whereabouts, digested: Digested) {
        let mut kept = self.lock();
        if self.most.is_none_or(|most| kept.numbers.len() < most) {
            kept.insert(whereabouts, digested);
        }
    }

    /// How many fit into so many bytes.
    pub(crate) fn fit(bytes: u64) -> usize {
        // The map has room for up to twice as many as there are.
        const BYTES: usize = size_of::<Digested>() + 2 * (size_of::<Whereabouts>() + 8);
        usize::try_from(bytes / BYTES as u64).unwrap_or(usize::MAX)
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    /// Beyond four thousand million, what is new is not kept: it is read again.
    fn insert(&mut self, whereabouts: Whereabouts, digested: Digested) {
        let Ok(number) = u32::try_from(self.numbers.len()) else { return };
        match self.numbers.entry(whereabouts) {
            Entry::Occupied(entry) => {
                let number = *entry.get() as usize;
                let known = self.pieces.get_mut(number / PIECE);
                if let Some(known) = known.and_then(|piece| piece.get_mut(number % PIECE)) {
                    *known = digested;
                }
            }
            Entry::Vacant(entry) => {
                entry.insert(number);
                match self.pieces.last_mut() {
                    Some(piece) if piece.len() < PIECE => piece.push(digested),
                    _ => {
                        let mut piece = Vec::with_capacity(PIECE);
                        piece.push(digested);
                        self.pieces.push(piece);
                    }
                }
            }
        }
    }
}

/// Where a content of the volume in `reader` lies; `None` where that is not known of every byte,
/// and for what is in its file record.
pub(super) fn whereabouts(reader: &dyn ReadAt, content: &Content) -> Option<Whereabouts> {
    let extents = match content {
        Content::Resident { .. } => return None,
        Content::NonResident(extents) => extents,
        Content::Overlaid { packed, algorithm, len } => {
            let mut hasher = blake3::Hasher::new();
            hasher.update(&whereabouts(reader, packed)?);
            hasher.update(format!("{algorithm:?} {len}").as_bytes());
            return hasher.finalize().as_bytes().first_chunk().copied();
        }
    };
    let Extents { runs, cluster_size, data_size, initialized_size, unit_clusters } = extents;
    let cluster_size = u64::from(*cluster_size);
    let mut hasher = blake3::Hasher::new();
    let mut add = |numbers: &[u64]| {
        for number in numbers {
            hasher.update(&number.to_le_bytes());
        }
    };
    add(&[*data_size, *initialized_size, *unit_clusters, cluster_size]);
    for run in runs {
        add(&[run.vcn, run.clusters, u64::from(run.lcn.is_some())]);
        let Some(lcn) = run.lcn else { continue };
        let mut offset = lcn.checked_mul(cluster_size)?;
        let end = lcn.checked_add(run.clusters)?.checked_mul(cluster_size)?;
        while offset < end {
            let (known, len) = reader.known_at(offset, end - offset);
            match known {
                _ if len == 0 => return None,
                Known::Zeros => add(&[0, len]),
                Known::At { source, offset } => add(&[1, len, source, offset]),
                Known::Nothing => return None,
            }
            offset += len;
        }
    }
    let hash = hasher.finalize();
    hash.as_bytes().first_chunk().copied()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::{Duration, SystemTime};

    use diskprint_testkit::ntfs::{File, Options, ROOT, Volume, kind};

    use crate::{Cache, Image, Known, Scratch, Snapshot};

    #[test]
    fn a_digest_that_was_carried_over_wrongly_is_found_when_all_are_verified() {
        let mut volume = Volume::new(Options::default());
        let content = volume.stored(kind::DATA, "", &[7; 9000], 0);
        volume.add(&File::new(ROOT, "file").with(content));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("disk.raw");
        std::fs::write(&path, volume.finish().bytes).unwrap();
        let later = SystemTime::now() + Duration::from_secs(3600);
        let read = |cache: Cache| {
            let cache = Arc::new(cache);
            let opened = Image::open(&path, Scratch::cached(&cache), &|_| ()).unwrap();
            (Snapshot::read(&opened.image, &Known::new()), cache)
        };
        let (sound, cache) = read(Cache::new(folder.path(), None, later).unwrap());
        for digested in cache.digests().lock().pieces.iter_mut().flatten() {
            digested.digests.sha256[0] ^= 1;
        }
        let above = |verifies| {
            let cache = Cache::new(folder.path(), Some(cache.clone()), later).unwrap();
            read(cache.verifying(verifies)).0
        };
        assert_ne!(above(false).files, sound.files, "what is carried over is not read");
        let verified = above(true);
        assert_eq!(verified.files, sound.files);
        let faults: Vec<_> = verified.faults.iter().map(ToString::to_string).collect();
        assert!(faults.iter().any(|fault| fault.contains("file") && fault.contains("carried")));
    }
}
