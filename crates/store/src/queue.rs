use std::collections::BTreeMap;

use diskprint::SliceId;

/// A tarball that waits to be read: a row of table `processqueue`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueEntry {
    /// Where the tarball is; empty where the table does not say.
    pub location: String,
    /// What table `storage` calls the tarball.
    pub slicehash: String,
    /// The slices that are in it, sorted; none where none is registered.
    pub slices: Vec<SliceId>,
}

/// Makes entries, sorted, of rows that each name one slice or none.
pub(crate) fn entries(
    rows: impl IntoIterator<Item = (Option<String>, String, Option<SliceId>)>,
) -> Vec<QueueEntry> {
    let mut all: BTreeMap<(String, String), Vec<SliceId>> = BTreeMap::new();
    for (location, slicehash, slice) in rows {
        all.entry((location.unwrap_or_default(), slicehash)).or_default().extend(slice);
    }
    let entry = |((location, slicehash), mut slices): (_, Vec<SliceId>)| {
        slices.sort();
        slices.dedup();
        QueueEntry { location, slicehash, slices }
    };
    all.into_iter().map(entry).collect()
}
