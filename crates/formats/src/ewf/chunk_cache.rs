use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The chunks read last, so that small reads in a row read and inflate each chunk once.
#[derive(Debug)]
pub(super) struct ChunkCache {
    chunks: Mutex<VecDeque<(u64, Arc<[u8]>)>>,
    capacity: usize,
}

/// Memory for chunks in bytes, shared by all threads that read the image.
const MEMORY: u64 = 4 << 20;

impl ChunkCache {
    /// Makes a cache for chunks of `chunk_len` bytes.
    pub fn new(chunk_len: u64) -> Self {
        let capacity = (MEMORY / chunk_len.max(1)).clamp(1, 256);
        Self { chunks: Mutex::default(), capacity: usize::try_from(capacity).unwrap_or(1) }
    }

    /// Returns `chunk`, read by `read` when it is not here. Two threads may read it twice.
    pub fn get<E>(
        &self,
        chunk: u64,
        read: impl FnOnce() -> Result<Vec<u8>, E>,
    ) -> Result<Arc<[u8]>, E> {
        let found = self.lock().iter().find(|(number, _)| *number == chunk).cloned();
        if let Some((_, bytes)) = found {
            return Ok(bytes);
        }
        let bytes: Arc<[u8]> = read()?.into();
        let mut chunks = self.lock();
        chunks.push_front((chunk, Arc::clone(&bytes)));
        chunks.truncate(self.capacity);
        Ok(bytes)
    }

    /// A thread that died while it held the lock cannot have left a chunk half made.
    fn lock(&self) -> MutexGuard<'_, VecDeque<(u64, Arc<[u8]>)>> {
        self.chunks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
