use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// The pieces of a file made last, by their numbers, so that small reads in a row make each piece
/// once: inflated grains, clusters and chunks, pages of tables.
#[derive(Debug)]
pub(crate) struct Recent {
    pieces: Mutex<VecDeque<(u64, Arc<[u8]>)>>,
    capacity: usize,
}

/// Memory for pieces in bytes, shared by all threads that read the file.
const MEMORY: u64 = 4 << 20;

impl Recent {
    /// Makes a cache for pieces of `piece_len` bytes.
    pub fn new(piece_len: u64) -> Self {
        let capacity = (MEMORY / piece_len.max(1)).max(1);
        let capacity = usize::try_from(capacity).unwrap_or(1).min(256);
        Self { pieces: Mutex::default(), capacity }
    }

    /// Returns piece `number`, made by `make` when it is not here. Two threads may make it twice.
    pub fn get<E>(
        &self,
        number: u64,
        make: impl FnOnce() -> Result<Vec<u8>, E>,
    ) -> Result<Arc<[u8]>, E> {
        let found = self.lock().iter().find(|(found, _)| *found == number).cloned();
        if let Some((_, bytes)) = found {
            return Ok(bytes);
        }
        let bytes: Arc<[u8]> = make()?.into();
        let mut pieces = self.lock();
        pieces.push_front((number, Arc::clone(&bytes)));
        pieces.truncate(self.capacity);
        Ok(bytes)
    }

    /// A thread that died while it held the lock cannot have left a piece half made.
    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<(u64, Arc<[u8]>)>> {
        self.pieces.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
