use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// The grains inflated last, so that small reads in a row inflate each grain once.
#[derive(Debug)]
pub(super) struct GrainCache {
    grains: Mutex<VecDeque<(u64, Arc<[u8]>)>>,
    capacity: usize,
}

/// Memory for inflated grains in bytes, shared by all threads that read the extent.
const MEMORY: u64 = 4 << 20;

impl GrainCache {
    /// Makes a cache for grains of `grain_len` bytes.
    pub fn new(grain_len: u64) -> Self {
        let capacity = (MEMORY / grain_len.max(1)).max(1);
        let capacity = usize::try_from(capacity).unwrap_or(1).min(256);
        Self { grains: Mutex::default(), capacity }
    }

    /// Returns `grain`, made by `inflate` when it is not here. Two threads may make it twice.
    pub fn get<E>(
        &self,
        grain: u64,
        inflate: impl FnOnce() -> Result<Vec<u8>, E>,
    ) -> Result<Arc<[u8]>, E> {
        let found = self.lock().iter().find(|(number, _)| *number == grain).cloned();
        if let Some((_, bytes)) = found {
            return Ok(bytes);
        }
        let bytes: Arc<[u8]> = inflate()?.into();
        let mut grains = self.lock();
        grains.push_front((grain, Arc::clone(&bytes)));
        grains.truncate(self.capacity);
        Ok(bytes)
    }

    /// A thread that died while it held the lock cannot have left a grain half made.
    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<(u64, Arc<[u8]>)>> {
        self.grains.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
