use crate::{FileEntry, pipeline};

/// Sorts entries as [`Snapshot::files`](crate::Snapshot::files) are: by partition, those in use
/// first, then by path and stream.
///
/// Their order is found first, then each is moved once. `sort_by_cached_key` would hold a copy of
/// every path: of a million, 100 MB.
pub(super) fn sort(entries: &mut [FileEntry]) {
    let mut keys: Vec<Key<'_>> = entries.iter().enumerate().map(key).collect();
    pipeline::sort(&mut keys, |(rank, path, at), (other_rank, other_path, other_at)| {
        let ranks = rank.cmp(other_rank).then_with(|| path.cmp(other_path));
        ranks.then_with(|| last(entries, *at).cmp(&last(entries, *other_at)))
    });
    let mut order: Vec<usize> = keys.into_iter().map(|(.., at)| at).collect();
    for start in 0..order.len() {
        // Round the circle of those that take each other's place; one that is done names itself.
        let mut at = start;
        while let Some(place) = order.get_mut(at) {
            let from = std::mem::replace(place, at);
            if from == start {
                break;
            }
            entries.swap(at, from);
            at = from;
        }
    }
}

/// Partition and whether it is deleted, path, position.
type Key<'e> = ((u32, bool), &'e [u8], usize);

fn key((at, entry): (usize, &FileEntry)) -> Key<'_> {
    ((entry.partition, !entry.is_live()), entry.path.as_bytes(), at)
}

/// What decides among entries of one path.
fn last(entries: &[FileEntry], at: usize) -> impl Ord + '_ {
    (entries.get(at).map(|entry| (&entry.stream, entry.inode, entry.seq)), at)
}

#[cfg(test)]
mod tests {
    use diskprint_formats::Name;
    use proptest::prelude::*;

    use super::*;
    use crate::Allocation;

    fn entry(partition: u32, live: bool, path: &str, stream: Option<&str>, seq: u16) -> FileEntry {
        FileEntry {
            partition,
            stream: stream.map(Name::from),
            alloc: if live { Allocation::LIVE } else { Allocation::DELETED },
            inode: u64::from(seq) / 3,
            seq,
            ..FileEntry::plain(path)
        }
    }

    /// Each takes the place of the next one: one circle through all. What goes back to the start
    /// of it for each of them would not end here.
    #[test]
    fn one_that_belongs_first_and_stands_last_costs_no_more_than_others() {
        let last = 400_000;
        let name = |number: u32| format!("{number:06}");
        let others = (1..=last).map(|number| entry(1, true, &name(number), None, 0));
        let mut entries: Vec<FileEntry> =
            others.chain([entry(1, true, &name(0), None, 0)]).collect();
        sort(&mut entries);
        assert!(
            entries
                .iter()
                .zip(0..)
                .all(|(entry, number)| entry.path == name(number).as_str().into())
        );
    }

    proptest! {
        #[test]
        fn the_order_is_that_of_the_whole_key_and_stable(
            all in prop::collection::vec((1..3u32, any::<bool>(), "[ab/ .]{0,3}", prop::option::of("[ab]{0,1}"), 0..9u16), 0..60),
        ) {
            let mut entries: Vec<FileEntry> = all
                .iter()
                .zip(0..)
                .map(|((partition, live, path, stream, seq), size)| {
                    FileEntry { size, ..entry(*partition, *live, path, stream.as_deref(), *seq) }
                })
                .collect();
            let mut expected = entries.clone();
            expected.sort_by_cached_key(|entry| {
                let deleted = !entry.is_live();
                let (path, stream) = (entry.path.clone(), entry.stream.clone());
                (entry.partition, deleted, path, stream, entry.inode, entry.seq)
            });
            sort(&mut entries);
            prop_assert_eq!(entries, expected);
        }
    }
}
