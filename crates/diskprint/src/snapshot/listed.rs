//! Which names directories list, and what is left of others.

use std::collections::HashSet;

use diskprint_formats::ntfs::{Error, FileReference, IndexEntry, Names, Namespace, Volume};
use diskprint_formats::{Filetime, ReadAt};

use super::drafts::{Drafts, Index};
use crate::pipeline;

/// What is left out where an index cannot be read.
const NO_NAMES: &str = "which names of this directory are in use";

/// Reads the indexes of all directories, marks the entries whose names they list, and adds entries
/// for names that nothing else is left of.
///
/// The names that directories list are not kept, but compared with those of the entries that say
/// they are there as soon as an index is read: together they are as large as the entries' own.
pub(super) fn mark(volume: &Volume<impl ReadAt>, drafts: &mut Drafts, partition: u32) {
    let indexes = with_limits(std::mem::take(&mut drafts.indexes), volume.reader().len());
    let of_parents = by_parent(drafts);
    let found = pipeline::map(&indexes, |(index, limit)| {
        let of = index.directory;
        let Names { entries, stale, errors } =
            volume.index_entries(of, &index.streams, &mut limit.clone());
        let named = entries.iter().map(|entry| (entry.file, entry.name.name.as_bytes()));
        let mut names: Vec<(FileReference, &[u8])> = named.collect();
        names.sort_unstable();
        let own = entries_in(&of_parents, index.directory);
        let listed = own.iter().filter(|(_, at)| is_in(&names, drafts, *at));
        let listed = listed.map(|(_, at)| *at).collect::<Vec<_>>();
        (listed, only_left(stale, &names, own, drafts), errors)
    });
    for ((index, _), (listed, left, errors)) in indexes.iter().zip(found) {
        note(drafts, index.directory, &errors);
        left.into_iter().for_each(|left| drafts.add_stale(left, partition));
        for at in listed {
            if let Some(entry) = drafts.entries.get_mut(at) {
                entry.alloc.name = true;
            }
        }
    }
}

fn note(drafts: &mut Drafts, directory: u64, errors: &[Error]) {
    for error in errors {
        drafts.fault(directory, error, NO_NAMES);
        drafts.doubtful.insert(directory);
    }
}

/// Those of the stale names of a directory of which nothing else is left: neither does it list them,
/// nor does a record have them.
fn only_left(
    stale: Vec<IndexEntry>,
    names: &[(FileReference, &[u8])],
    own: &[(u64, usize)],
    drafts: &Drafts,
) -> Vec<IndexEntry> {
    if stale.is_empty() {
        return Vec::new();
    }
    let of_record = |(_, at): &(u64, usize)| {
        let (entry, name) = (drafts.entries.get(*at)?, drafts.names.get(*at)?);
        // Deleting moves the sequence number of a record on by one.
        let sequence = entry.seq.wrapping_sub(u16::from(!entry.alloc.inode));
        Some((FileReference { record: entry.inode, sequence }, drafts.text_of(name)))
    };
    let records: HashSet<(FileReference, &[u8])> = own.iter().filter_map(of_record).collect();
    let made = |(_, at): &(u64, usize)| {
        let (entry, name) = (drafts.entries.get(*at)?, drafts.names.get(*at)?);
        Some((entry.name_times?.crtime, drafts.text_of(name)))
    };
    let made: HashSet<(Filetime, &[u8])> = own.iter().filter_map(made).collect();
    let mut seen = HashSet::new();
    let is_left = |left: &IndexEntry| {
        let name = left.name.name.as_bytes();
        let is_known = match left.file.record {
            // Which record it named is lost: a file of that name that was made then is it.
            0 => made.contains(&(left.name.crtime, name)),
            _ => {
                names.binary_search(&(left.file, name)).is_ok()
                    || records.contains(&(left.file, name))
            }
        };
        left.name.namespace != Namespace::Dos
            && !is_known
            && seen.insert((left.file, left.name.name.clone(), left.name.crtime))
    };
    stale.into_iter().filter(is_left).collect()
}

/// The indexes, each with how many bytes of its blocks may be read: no two directories share
/// blocks, so all of them are no longer than the volume.
fn with_limits(indexes: Vec<Index>, volume_len: u64) -> Vec<(Index, u64)> {
    let mut left = volume_len;
    let limited = indexes.into_iter().map(|index| {
        let limit = left;
        let len = index.blocks_len();
        left -= if len <= left { len } else { 0 };
        (index, limit)
    });
    limited.collect()
}

/// The records of directories and the entries that say they are there, sorted.
fn by_parent(drafts: &Drafts) -> Vec<(u64, usize)> {
    let all = drafts.names.iter().zip(&drafts.entries).enumerate();
    let named = all.filter(|(_, (name, _))| !name.is_made_up);
    let mut sorted: Vec<_> = named.map(|(at, (_, entry))| (entry.parent_inode, at)).collect();
    sorted.sort();
    sorted
}

fn entries_in(of_parents: &[(u64, usize)], directory: u64) -> &[(u64, usize)] {
    let from = of_parents.partition_point(|(parent, _)| *parent < directory);
    let rest = of_parents.get(from..).unwrap_or_default();
    let count = rest.partition_point(|(parent, _)| *parent == directory);
    rest.get(..count).unwrap_or_default()
}

/// Whether the name of the entry at `at` is among these, which are sorted.
fn is_in(names: &[(FileReference, &[u8])], drafts: &Drafts, at: usize) -> bool {
    let (Some(entry), Some(name)) = (drafts.entries.get(at), drafts.names.get(at)) else {
        return false;
    };
    let file = FileReference { record: entry.inode, sequence: entry.seq };
    entry.alloc.inode && names.binary_search(&(file, drafts.text_of(name))).is_ok()
}
