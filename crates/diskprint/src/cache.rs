use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use crate::FileReader;
use crate::block_store::BlockStore;
use crate::source::FileIdentity;
use crate::tarball::{Hashed, Progress};

/// What was read of the slices of a sequence, so that it is read once: the bytes of unpacked disks
/// and the SHA-256 of files.
pub struct Cache {
    blocks: Arc<BlockStore>,
    /// When it was made, in seconds since 1970.
    began: u64,
    /// SHA-256 of files that nobody changed since.
    hashes: Mutex<HashMap<FileIdentity, [u8; 32]>>,
}

impl Cache {
    /// An empty one, whose bytes lie in `folder`. Those that `below` has are not stored again.
    ///
    /// Files that were changed within two seconds before `now` are not known again: another change
    /// might not be seen.
    ///
    /// # Errors
    /// When no file can be made in the folder.
    pub fn new(folder: &Path, below: Option<&Self>, now: SystemTime) -> io::Result<Self> {
        let below = below.map(|below| Arc::clone(&below.blocks));
        Ok(Self {
            blocks: Arc::new(BlockStore::new_in(folder, below)?),
            began: now.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs()),
            hashes: Mutex::default(),
        })
    }

    pub(crate) fn blocks(&self) -> &Arc<BlockStore> {
        &self.blocks
    }

    /// Opens a file that may be known already.
    pub(crate) fn open(&self, path: &Path) -> io::Result<FileReader> {
        FileReader::open_known(path, self.began)
    }

    /// SHA-256 of a file, which is read unless it is known.
    pub(crate) fn hash(&self, path: &Path, progress: Progress) -> io::Result<[u8; 32]> {
        let file = File::open(path)?;
        let identity = FileIdentity::of(&file.metadata()?);
        let identity = identity.filter(|identity| identity.is_settled(self.began));
        let known = || self.hashes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(hash) = identity.and_then(|identity| known().get(&identity).copied()) {
            return Ok(hash);
        }
        let hash = Hashed::open(path, progress).and_then(Hashed::finish)?;
        if let Some(identity) = identity {
            known().insert(identity, hash);
        }
        Ok(hash)
    }
}
