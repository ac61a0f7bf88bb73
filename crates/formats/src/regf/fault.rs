use super::{Error, KeyId};

/// Damage found in a hive while it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The key it was found in or below; `None` where it is not in a key.
    pub key: Option<KeyId>,
    /// What was found.
    pub error: Error,
}

/// The faults of one hive: the first ones in full, the others counted.
#[derive(Debug, Default)]
pub(super) struct Faults {
    /// The key being read.
    key: Option<KeyId>,
    /// Length of its path.
    path_len: u64,
    /// Lengths of the paths of all faults in the list.
    paths_len: u64,
    pub(super) list: Vec<Fault>,
    pub(super) uncounted: u64,
}

/// How many faults of a hive are kept.
const MOST_FAULTS: usize = 1000;
/// How long the paths of their keys may be together, in bytes: whoever tells of the faults tells
/// the path with each.
const MOST_PATHS: u64 = 4 << 20;

impl Faults {
    /// What is found from now on is in or below this key, whose path has that length in bytes.
    pub(super) fn enter(&mut self, key: KeyId, path_len: u64) {
        (self.key, self.path_len) = (Some(key), path_len);
    }

    /// What is found from now on is in no key.
    pub(super) fn leave(&mut self) {
        (self.key, self.path_len) = (None, 0);
    }

    pub(super) fn push(&mut self, error: Error) {
        let paths_len = self.paths_len.saturating_add(self.path_len);
        if self.list.len() < MOST_FAULTS && paths_len <= MOST_PATHS {
            self.paths_len = paths_len;
            self.list.push(Fault { key: self.key, error });
        } else {
            self.uncounted = self.uncounted.saturating_add(1);
        }
    }

    /// Returns the value, or `None` after keeping the error.
    pub(super) fn keep<T>(&mut self, result: Result<T, Error>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }
}
