//! What only one state has, where the other one could not be read in full.

use std::collections::HashSet;

use diskprint_formats::regf::{Key, KeyId};
use diskprint_formats::{Name, regf};

use super::Side;
use crate::{Fault, Hive, Place, Step};

/// The keys of a hive of which a part could not be read.
pub(super) struct Damaged {
    keys: HashSet<KeyId>,
    /// Whether there are more than are known.
    more: bool,
    /// Whether another key was taken for the root, so that no path is known.
    no_root: bool,
}

impl Damaged {
    pub(super) fn of(hive: Option<&Hive>) -> Self {
        let Some(tree) = hive.map(|hive| &hive.tree) else {
            return Self { keys: HashSet::new(), more: false, no_root: false };
        };
        let losing = tree.faults().iter().filter(|fault| !fault.error.skipped().is_empty());
        let is_root = |fault: &regf::Fault| matches!(fault.error, regf::Error::RootLost { .. });
        Self {
            keys: losing.filter_map(|fault| fault.key).collect(),
            more: tree.more_faults() > 0,
            no_root: tree.faults().iter().any(is_root),
        }
    }

    pub(super) fn has(&self, key: &Key<'_>) -> bool {
        self.more || self.keys.contains(&key.id())
    }
}

/// Says that two hives cannot be compared at all, where the root of one was lost.
pub(super) fn of_roots(before: (&Hive, &Damaged), after: (&Hive, &Damaged)) -> Option<Doubt> {
    let (is_before, hive) = match (before.1.no_root, after.1.no_root) {
        (true, _) => (true, after.0),
        (_, true) => (false, before.0),
        _ => return None,
    };
    let cells = hive.tree.key_count().saturating_add(hive.tree.value_count()) as u64;
    let (partition, path) = (hive.partition, hive.path.clone());
    Some(Doubt { partition, hive: path, key: Name::default(), is_before, cells })
}

/// How many values and subkeys of a key are on one side only, and are not told because the other
/// side could not be read in full.
#[derive(Default)]
pub(super) struct LeftOut {
    /// Those that are not there before, where that is in doubt.
    new: Option<u64>,
    /// Those that are not there after, where that is in doubt.
    deleted: Option<u64>,
}

impl LeftOut {
    /// Of a key that is damaged before, after, or both.
    pub(super) fn new(before: bool, after: bool) -> Self {
        Self { new: before.then_some(0), deleted: after.then_some(0) }
    }

    /// Whether an item that is there on these sides is told; counts it where it is not.
    pub(super) fn keeps(&mut self, before: bool, after: bool) -> bool {
        let count = match (before, after) {
            (false, true) => &mut self.new,
            (true, false) => &mut self.deleted,
            _ => return true,
        };
        count.iter_mut().for_each(|count| *count += 1);
        count.is_none()
    }

    /// What was left out of the key that is on these sides.
    pub(super) fn doubts(
        &self,
        before: Side<'_>,
        after: Side<'_>,
    ) -> impl Iterator<Item = Doubt> + use<> {
        let doubt = |side: Side<'_>, is_before, cells: Option<u64>| {
            let (hive, key) = side?;
            let cells = cells.filter(|cells| *cells > 0)?;
            let (partition, hive) = (hive.partition, hive.path.clone());
            Some(Doubt { partition, hive, key: key.path(), is_before, cells })
        };
        [doubt(before, true, self.new), doubt(after, false, self.deleted)].into_iter().flatten()
    }
}

/// A key of which a part could be read in one state only.
pub(in super::super) struct Doubt {
    partition: u32,
    hive: Name,
    /// Path below the root.
    key: Name,
    /// Whether it was the state before that could not be read in full.
    is_before: bool,
    /// How many of the key's values and subkeys only the other state has.
    cells: u64,
}

impl From<Doubt> for Fault {
    fn from(doubt: Doubt) -> Self {
        let place = Place::from(Step::Partition(doubt.partition));
        let place = place.then(Step::Hive(doubt.hive)).then(Step::Key(doubt.key));
        let (side, other) = match doubt.is_before {
            true => ("the slice before", "this slice"),
            false => ("this slice", "the slice before"),
        };
        let what = format!("could not be read in full in {side}");
        let cells = match doubt.cells {
            1 => "1 key or value".to_owned(),
            count => format!("{count} keys and values"),
        };
        let skipped = format!("the comparison of {cells} of {other}");
        Self::text(place, what, &skipped)
    }
}
