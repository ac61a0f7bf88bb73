use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use crate::block_store::BlockStore;
use crate::snapshot::{Carried, Digested, Whereabouts};
use crate::source::FileIdentity;
use crate::tarball::{Hashed, Progress};
use crate::{Amount, FileReader, Monitor, Part};

/// What was read of the slices of a sequence, so that it is read once: the bytes of unpacked disks,
/// the SHA-256 of files, and the digests of contents.
pub struct Cache {
    blocks: Arc<BlockStore>,
    /// When it was made, in seconds since 1970.
    began: u64,
    /// SHA-256 of files that nobody changed since.
    hashes: Mutex<HashMap<FileIdentity, [u8; 32]>>,
    digests: Carried,
    verifies: bool,
    monitor: Option<Arc<dyn Monitor>>,
    below: Option<Arc<Self>>,
}

impl Cache {
    /// An empty one, whose bytes lie in `folder`. What `below` has is neither stored nor read again;
    /// it is not changed.
    ///
    /// Files that were changed within two seconds before `now` are not known again: another change
    /// might not be seen.
    ///
    /// # Errors
    /// When no file can be made in the folder.
    pub fn new(folder: &Path, below: Option<Arc<Self>>, now: SystemTime) -> io::Result<Self> {
        let blocks = below.as_ref().map(|below| Arc::clone(&below.blocks));
        Ok(Self {
            blocks: Arc::new(BlockStore::new_in(folder, blocks)?),
            began: now.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs()),
            hashes: Mutex::default(),
            digests: Carried::default(),
            verifies: false,
            monitor: None,
            below,
        })
    }

    /// Reads also the contents whose digests are carried over; where those are others, that is a
    /// fault, and what was read counts.
    pub fn verifying(self, verifies: bool) -> Self {
        Self { verifies, ..self }
    }

    /// Keeps no more digests than fit into so many bytes; what they were of is read again.
    pub fn with_digests_in(mut self, bytes: Option<u64>) -> Self {
        self.digests.most = bytes.map(Carried::fit);
        self
    }

    /// Has the work that is done with it measured.
    pub fn monitored(self, monitor: Option<Arc<dyn Monitor>>) -> Self {
        Self { monitor, ..self }
    }

    pub(crate) fn verifies(&self) -> bool {
        self.verifies
    }

    #[cfg(test)]
    pub(crate) fn digests(&self) -> &Carried {
        &self.digests
    }

    /// What digesting the content that lies there has told.
    pub(crate) fn digested(&self, whereabouts: &Whereabouts) -> Option<Digested> {
        let below = || self.below.as_ref()?.digested(whereabouts);
        self.digests.get(whereabouts).or_else(below)
    }

    /// Keeps what digesting the content that lies there has told.
    pub(crate) fn keep(&self, whereabouts: Whereabouts, digested: Digested) {
        self.digests.insert(whereabouts, digested);
    }

    /// The folder that its bytes lie in.
    pub(crate) fn folder(&self) -> &Path {
        self.blocks.path().parent().unwrap_or(Path::new("."))
    }

    /// Does a part of the work, and has it measured.
    pub(crate) fn measure<R>(
        cache: Option<&Self>,
        part: Part,
        work: impl FnOnce() -> (R, Amount),
    ) -> R {
        let monitor = cache.and_then(|cache| cache.monitor.as_ref());
        let end = monitor.map(|monitor| monitor.begin(part));
        let (done, amount) = work();
        if let Some(end) = end {
            end(amount);
        }
        done
    }

    pub(crate) fn blocks(&self) -> &Arc<BlockStore> {
        &self.blocks
    }

    /// Opens a file that may be known already.
    pub(crate) fn open(&self, path: &Path) -> io::Result<FileReader> {
        FileReader::open_known(path, self.began)
    }

    /// SHA-256 of a file, which is read unless it is known.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn hash(&self, path: &Path, progress: Progress) -> io::Result<[u8; 32]> {
        let file = File::open(path)?;
        let identity = FileIdentity::of(&file.metadata()?);
        let identity = identity.filter(|identity| identity.is_settled(self.began));
        if let Some(hash) = identity.and_then(|identity| self.known_hash(&identity)) {
            return Ok(hash);
        }
        let hash = Hashed::open(path, progress).and_then(Hashed::finish)?;
        if let Some(identity) = identity {
            self.hashes().insert(identity, hash);
        }
        Ok(hash)
    }

    fn known_hash(&self, identity: &FileIdentity) -> Option<[u8; 32]> {
        let below = || self.below.as_ref()?.known_hash(identity);
        self.hashes().get(identity).copied().or_else(below)
    }

    fn hashes(&self) -> MutexGuard<'_, HashMap<FileIdentity, [u8; 32]>> {
        self.hashes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
