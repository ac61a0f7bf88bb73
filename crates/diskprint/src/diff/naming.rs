//! What a person calls a cell: its path in the registry as Windows shows it, and the artefact.

use std::collections::HashMap;

use diskprint_formats::Name;

use crate::artefact::{HiveKind, artefact};
use crate::registry_path::Mounts;
use crate::{Cell, CellDelta, CellKind, Delta, Hive};

/// The hives of one state, by what they are and where Windows mounts them.
pub(super) struct Naming {
    mounts: Mounts,
    kinds: HashMap<(u32, Name), HiveKind>,
}

impl Naming {
    pub(super) fn of(hives: &[Hive]) -> Self {
        let kind = |hive: &Hive| HiveKind::of(&hive.path.to_text(), &hive.tree.root());
        let kinds = hives.iter().map(|hive| ((hive.partition, hive.path.clone()), kind(hive)));
        Self { mounts: Mounts::of(hives), kinds: kinds.collect() }
    }

    /// Gives a cell of one of the hives its names.
    pub(super) fn name(&self, cell: &mut Cell) {
        cell.registry_path = self.mounts.path(cell.partition, &cell.hive, &cell.key);
        let kind = self.kinds.get(&(cell.partition, cell.hive.clone()));
        let value = match &cell.kind {
            CellKind::Key(_) => None,
            CellKind::Value(value) => {
                Some((&value.name, value.value_type, value.data.as_deref().unwrap_or_default()))
            }
        };
        cell.artefact = kind.and_then(|kind| artefact(*kind, &cell.key, value));
    }
}

/// Gives the cells of each difference their names, by the state that they are in.
pub(super) fn name_all(before: &Naming, after: &Naming, deltas: &mut [CellDelta]) {
    for delta in deltas {
        match delta {
            Delta::New(cell) => after.name(cell),
            Delta::Deleted(cell) => before.name(cell),
            Delta::Altered { before: old, after: new, .. } => {
                before.name(old);
                after.name(new);
            }
        }
    }
}
