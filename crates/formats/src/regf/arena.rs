use super::cell::{CellOffset, Cells};

/// The bytes of a hive's file, and where in them its keys and values are.
pub(super) struct Arena {
    pub(super) bytes: Vec<u8>,
    /// Minor version by which the data of values are read.
    pub(super) minor_version: u32,
    pub(super) root: KeyRecord,
    /// All keys but the root: key 1 is the first.
    pub(super) keys: Vec<KeyRecord>,
    /// Where the key values are, in the order of their keys.
    pub(super) values: Vec<CellOffset>,
}

/// Number of a key in its hive: keys are numbered depth first in stored order, the root is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub u32);

impl KeyId {
    /// The root key.
    pub const ROOT: Self = Self(0);

    pub(super) fn index(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

/// A key that the walk has read: where it is, and its place among the others. Hives of hundreds
/// of megabytes have millions, so all else is read from the bytes again when it is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct KeyRecord {
    pub(super) offset: CellOffset,
    pub(super) parent: Option<KeyId>,
    /// The first key behind all that is below this one.
    pub(super) subtree_end: KeyId,
    /// Position of the first value among all values; those of a key are next to each other.
    pub(super) first_value: u32,
}

impl Arena {
    pub(super) fn cells(&self) -> Cells<'_> {
        Cells::new(&self.bytes)
    }

    pub(super) fn record(&self, id: KeyId) -> Option<&KeyRecord> {
        match id.index().checked_sub(1) {
            None => Some(&self.root),
            Some(index) => self.keys.get(index),
        }
    }

    /// Where the values of a key are.
    pub(super) fn values_of(&self, id: KeyId) -> &[CellOffset] {
        let first = |id| usize::try_from(self.record(id)?.first_value).ok();
        let start = first(id).unwrap_or(self.values.len());
        let end = first(KeyId(id.0.saturating_add(1))).unwrap_or(self.values.len());
        self.values.get(start..end).unwrap_or(&[])
    }
}
