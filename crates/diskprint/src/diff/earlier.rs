use std::borrow::Cow;
use std::io;
use std::path::Path;

use super::{Comparison, compare};
use crate::file_list::FileList;
use crate::{FileEntry, HiveState, Known, Snapshot};

/// A state to compare the next one with. Its files in use lie in a file of the scratch folder and
/// not in memory, so that a sequence needs memory for the files of one slice, not of two: 350 bytes
/// for each.
#[derive(Debug)]
pub struct Earlier {
    /// All but the files.
    snapshot: Snapshot,
    files: FileList,
}

impl Earlier {
    /// Puts a state aside, into a file in `folder` that goes when this does.
    ///
    /// # Errors
    /// When the file cannot be made or written.
    pub fn new(mut snapshot: Snapshot, folder: &Path) -> io::Result<Self> {
        let files = std::mem::take(&mut snapshot.files);
        // What happened before this state is told by then.
        snapshot.journals.iter_mut().for_each(|journal| journal.events = Vec::new());
        let in_use = files.iter().filter(|entry| entry.is_live());
        Ok(Self { files: FileList::write(folder, in_use)?, snapshot })
    }

    /// What is known of it for reading the next slice, hives in that state.
    pub fn known(&self, state: HiveState) -> Known {
        self.snapshot.known(state)
    }

    /// Compares it with the state after it, as [`super::snapshots`] does.
    ///
    /// # Errors
    /// When its files cannot be read back.
    pub fn compare(&self, after: &Snapshot) -> io::Result<Comparison> {
        compare(&self.snapshot, after, |numbers| {
            let partitions = self.files.partitions().map(|old| (numbers.new_of(old), old));
            let mut partitions: Vec<(u32, u32)> = partitions.collect();
            partitions.sort_unstable();
            partitions.into_iter().flat_map(|(new, old)| {
                let renumbered = move |entry| Cow::Owned(FileEntry { partition: new, ..entry });
                self.files.entries(old).map(move |entry| entry.map(renumbered))
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use diskprint_formats::Name;
    use proptest::prelude::*;

    use super::*;
    use crate::diff;
    use crate::{Allocation, Digests, Partition};

    /// A state of two partitions, known again by their serial numbers.
    fn state(serials: [u64; 2], mut files: Vec<FileEntry>) -> Snapshot {
        files.sort_by(|a, b| {
            let key = |it: &FileEntry| (it.partition, !it.is_live(), it.path.clone());
            (key(a), &a.stream, a.inode).cmp(&(key(b), &b.stream, b.inode))
        });
        let partition = |(number, serial)| Partition {
            number,
            serial,
            len: 1 << 20,
            file_system: Some("ntfs"),
            is_read: true,
            ..Partition::default()
        };
        Snapshot {
            partitions: (1..).zip(serials).map(partition).collect(),
            files,
            ..Default::default()
        }
    }

    prop_compose! {
        /// Few names and records, so that all that can meet does.
        fn entries()(
            (partition, path, stream) in (1u32..3, "[ab](/[ab])?", prop::option::of("[st]")),
            (inode, seq, content, is_live) in (30u64..34, 1u16..3, "[xy]", prop::bool::weighted(0.9)),
        ) -> FileEntry {
            FileEntry {
                partition,
                stream: stream.as_deref().map(Name::from),
                alloc: if is_live { Allocation::LIVE } else { Allocation::DELETED },
                inode,
                seq,
                digests: Some(Digests::of(content.as_bytes())),
                ..FileEntry::plain(&path)
            }
        }
    }

    proptest! {
        #[test]
        fn a_state_that_was_put_aside_is_compared_as_one_in_memory(
            before in prop::collection::vec(entries(), 0..20),
            after in prop::collection::vec(entries(), 0..20),
        ) {
            for serials in [[7, 8], [8, 9], [8, 7]] {
                let (before, after) = (state([7, 8], before.clone()), state(serials, after.clone()));
                let expected = diff::snapshots(&before, &after);
                let folder = tempfile::tempdir().unwrap();
                let aside = Earlier::new(before, folder.path()).unwrap();
                let found = aside.compare(&after).unwrap();
                prop_assert_eq!(found.files, expected.files);
                prop_assert_eq!(found.faults, expected.faults);
            }
        }
    }
}
