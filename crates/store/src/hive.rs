use std::collections::BTreeMap;

use diskprint::CellDelta;
use diskprint_formats::Name;

/// The hives of a sequence, each with its id: by partition and path.
#[derive(Default)]
pub(crate) struct HiveIds(BTreeMap<u32, BTreeMap<Name, i64>>);

impl HiveIds {
    /// Adds the hives that `deltas` are in, as yet without ids.
    pub(crate) fn add(&mut self, deltas: &[CellDelta]) {
        for delta in deltas {
            if self.get(delta).is_none() {
                let cell = delta.latest();
                self.0.entry(cell.partition).or_default().insert(cell.hive.clone(), 0);
            }
        }
    }

    /// The id of the hive that a difference is in.
    pub(crate) fn get(&self, delta: &CellDelta) -> Option<i64> {
        let cell = delta.latest();
        self.0.get(&cell.partition)?.get(&cell.hive).copied()
    }

    /// The hives and their ids, sorted.
    pub(crate) fn iter(&self) -> impl Iterator<Item = ((u32, &Name), i64)> {
        self.0
            .iter()
            .flat_map(|(partition, paths)| paths.iter().map(|(path, id)| ((*partition, path), *id)))
    }

    /// The hives and their ids, sorted, to be set.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = ((u32, &Name), &mut i64)> {
        self.0.iter_mut().flat_map(|(partition, paths)| {
            paths.iter_mut().map(|(path, id)| ((*partition, path), id))
        })
    }
}
