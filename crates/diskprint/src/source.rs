//! Numbers for what bytes come from, so that what was read from there once is known again.

use std::collections::HashMap;
use std::fs::Metadata;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};

/// What changes when somebody writes to a file or puts another in its place. The time of the last
/// change (ctime) cannot be set by programs, as that of the last modification can.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FileIdentity {
    /// The device that it is on, and its inode there.
    pub file: (u64, u64),
    /// Its length in bytes.
    pub len: u64,
    /// When it was modified, in seconds and nanoseconds.
    pub mtime: (i64, i64),
    /// When anything of it was changed, in seconds and nanoseconds.
    pub ctime: (i64, i64),
}

impl FileIdentity {
    /// Of the file with that metadata; `None` where it is no plain file, and on systems where
    /// nothing tells surely that a file was not changed.
    #[cfg(unix)]
    pub fn of(metadata: &Metadata) -> Option<Self> {
        use std::os::unix::fs::MetadataExt;
        metadata.is_file().then(|| Self {
            file: (metadata.dev(), metadata.ino()),
            len: metadata.len(),
            mtime: (metadata.mtime(), metadata.mtime_nsec()),
            ctime: (metadata.ctime(), metadata.ctime_nsec()),
        })
    }

    /// Of the file with that metadata; `None` where it is no plain file, and on systems where
    /// nothing tells surely that a file was not changed.
    #[cfg(not(unix))]
    pub fn of(_: &Metadata) -> Option<Self> {
        None
    }

    /// Whether it was changed before that time, in seconds since 1970, and another change would
    /// give it other times: those within two seconds may not.
    pub fn is_settled(&self, seconds: u64) -> bool {
        const COARSE: i64 = 2;
        i64::try_from(seconds).is_ok_and(|now| self.ctime.0.saturating_add(COARSE) < now)
    }
}

/// A number that no other source of this program has.
pub(crate) fn next() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// The number of a file, the same as long as nobody changes it.
pub(crate) fn of(identity: FileIdentity) -> u64 {
    static FILES: LazyLock<Mutex<HashMap<FileIdentity, u64>>> = LazyLock::new(Mutex::default);
    let mut files = FILES.lock().unwrap_or_else(PoisonError::into_inner);
    *files.entry(identity).or_insert_with(next)
}
