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
    pub(super) key: Option<KeyId>,
    pub(super) list: Vec<Fault>,
    pub(super) uncounted: u64,
}

/// How many faults of a hive are kept.
const MOST_FAULTS: usize = 1000;

impl Faults {
    pub(super) fn push(&mut self, error: Error) {
        if self.list.len() < MOST_FAULTS {
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
