use std::collections::BTreeMap;

use diskprint::CellDelta;
use diskprint_formats::Name;

/// The hives of a sequence, each with its id: by partition and path.
pub(crate) type HiveIds<'a> = BTreeMap<(u32, &'a Name), i64>;

/// The hive that a difference is in.
pub(crate) fn key(delta: &CellDelta) -> (u32, &Name) {
    let cell = delta.latest();
    (cell.partition, &cell.hive)
}
