use std::collections::{BTreeMap, HashMap};

use diskprint_formats::Name;

use crate::{Delta, FileChanges, FileDelta, FileEntry, FileKind};

/// Compares the files in use of two states whose partitions have the same numbers.
///
/// A file is the same file when its path is the same, or, among those whose path is not in the
/// other state, when its metadata record is the same in its number and its use. Deleted files are
/// not compared. The result is sorted by partition, path and stream; of a renamed file the path
/// after counts.
pub fn files<'a>(
    before: impl IntoIterator<Item = &'a FileEntry>,
    after: impl IntoIterator<Item = &'a FileEntry>,
) -> Vec<FileDelta> {
    let (before, after) = (by_path(before), by_path(after));
    let gone = by_record(before.iter().filter(|(key, _)| !after.contains_key(*key)));
    let renamed = renames(&before, &after, gone);
    let old_path: HashMap<&Key<'_>, &Key<'_>> =
        renamed.iter().map(|(old, new)| (*new, *old)).collect();
    let is_renamed = |key: &Key<'_>| renamed.contains_key(key);

    let mut deltas = Vec::new();
    for (key, file) in &after {
        let was = before.get(key).or_else(|| before.get(*old_path.get(key)?));
        match was {
            Some(was) => compare(was, file, &mut deltas),
            None => deltas.extend(file.all().cloned().map(Delta::New)),
        }
    }
    for (key, file) in &before {
        if !after.contains_key(key) && !is_renamed(key) {
            deltas.extend(file.all().cloned().map(Delta::Deleted));
        }
    }
    deltas.sort_by_cached_key(sort_key);
    deltas
}

/// A path in a partition, and which one of the files there: a damaged directory may list two files
/// under one name, and neither may be lost.
type Key<'a> = (u32, &'a Name, usize);

/// A file under one of its names, with its streams.
#[derive(Default)]
struct File<'a> {
    main: Option<&'a FileEntry>,
    streams: BTreeMap<(&'a Name, usize), &'a FileEntry>,
}

impl<'a> File<'a> {
    fn all(&self) -> impl Iterator<Item = &'a FileEntry> {
        self.main.into_iter().chain(self.streams.values().copied())
    }

    fn inode(&self) -> Option<u64> {
        self.all().next().map(|entry| entry.inode)
    }

    fn add(&mut self, entry: &'a FileEntry) {
        let Some(stream) = &entry.stream else {
            self.main = Some(entry);
            return;
        };
        let same = self.streams.keys().filter(|(name, _)| *name == stream).count();
        self.streams.insert((stream, same), entry);
    }
}

fn by_path<'a>(entries: impl IntoIterator<Item = &'a FileEntry>) -> BTreeMap<Key<'a>, File<'a>> {
    let mut files: BTreeMap<Key<'_>, File<'_>> = BTreeMap::new();
    for entry in entries.into_iter().filter(|entry| entry.is_live()) {
        let mut key = (entry.partition, &entry.path, 0);
        while files.get(&key).is_some_and(|file| file.inode() != Some(entry.inode)) {
            key.2 += 1;
        }
        files.entry(key).or_default().add(entry);
    }
    files
}

/// A metadata record in one of its uses, in a partition.
type Record = (u32, u64, u16);

fn record(file: &File<'_>) -> Option<Record> {
    file.main.map(|entry| (entry.partition, entry.inode, entry.seq))
}

/// The names of each record, in the order of their paths; a file with hard links has several.
fn by_record<'m, 'a: 'm>(
    files: impl Iterator<Item = (&'m Key<'a>, &'m File<'a>)>,
) -> HashMap<Record, Vec<&'m Key<'a>>> {
    let mut records: HashMap<Record, Vec<&Key<'_>>> = HashMap::new();
    for (key, file) in files {
        if let Some(record) = record(file) {
            records.entry(record).or_default().push(key);
        }
    }
    records
}

/// Pairs the paths that are only in the state before with those only in the state after that lead
/// to the same record; several names of one record are paired in the order of their paths.
fn renames<'m, 'a>(
    before: &'m BTreeMap<Key<'a>, File<'a>>,
    after: &'m BTreeMap<Key<'a>, File<'a>>,
    gone: HashMap<Record, Vec<&'m Key<'a>>>,
) -> HashMap<&'m Key<'a>, &'m Key<'a>> {
    let come = by_record(after.iter().filter(|(key, _)| !before.contains_key(*key)));
    let mut renamed = HashMap::new();
    for (record, old) in gone {
        let new = come.get(&record).into_iter().flatten().copied();
        renamed.extend(old.into_iter().zip(new));
    }
    renamed
}

/// Compares a file with itself in the state before, and each stream with the one of its name.
fn compare(before: &File<'_>, after: &File<'_>, deltas: &mut Vec<FileDelta>) {
    if let (Some(before), Some(after)) = (before.main, after.main) {
        let changes = FileChanges {
            renamed: before.path != after.path,
            changed: has_other_metadata(before, after),
            modified: before.kind != after.kind || has_other_content(before, after),
        };
        push_altered(before, after, changes, deltas);
    }
    for (name, stream) in &after.streams {
        match before.streams.get(name) {
            Some(was) if has_other_content(was, stream) => {
                let renamed = was.path != stream.path;
                let changes = FileChanges { renamed, changed: false, modified: true };
                push_altered(was, stream, changes, deltas);
            }
            // A stream has no metadata of its own and moves with its file.
            Some(_) => {}
            None => deltas.push(Delta::New((*stream).clone())),
        }
    }
    let gone = before.streams.iter().filter(|(name, _)| !after.streams.contains_key(*name));
    deltas.extend(gone.map(|(_, stream)| Delta::Deleted((*stream).clone())));
}

fn push_altered(
    before: &FileEntry,
    after: &FileEntry,
    changes: FileChanges,
    deltas: &mut Vec<FileDelta>,
) {
    if changes != FileChanges::default() {
        let (before, after) = (before.clone(), after.clone());
        deltas.push(Delta::Altered { before, after, changes });
    }
}

/// Whether the metadata differs. The times beside the name ($FILE_NAME) are copies that lag behind
/// and are not compared.
fn has_other_metadata(before: &FileEntry, after: &FileEntry) -> bool {
    let metadata = |entry: &FileEntry| {
        (entry.times, entry.attributes, entry.link_count, entry.owner_id, entry.inode, entry.seq)
    };
    metadata(before) != metadata(after)
}

/// Whether the content differs: of a link, where it leads to; of a directory, nothing, for the
/// files in it have rows of their own. Where a digest is absent on either side that is a fault of
/// its slice; then size and place of the content decide.
fn has_other_content(before: &FileEntry, after: &FileEntry) -> bool {
    if after.kind == FileKind::Directory && before.kind == FileKind::Directory {
        return false;
    }
    let differs = match (&before.digests, &after.digests) {
        (Some(before), Some(after)) => before != after,
        _ => before.runs != after.runs,
    };
    before.size != after.size || before.target != after.target || differs
}

fn sort_key(delta: &FileDelta) -> impl Ord + use<> {
    let entry = delta.latest();
    // A file deleted at a path where another is new comes first.
    let order = delta.after().is_some();
    (entry.partition, entry.path.clone(), entry.stream.clone(), order)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Allocation, ByteRuns, Digests, Times};
    use diskprint_formats::Filetime;

    fn file(path: &str, inode: u64, seq: u16, content: &str) -> FileEntry {
        FileEntry {
            partition: 1,
            path: path.into(),
            stream: None,
            kind: FileKind::Regular,
            alloc: Allocation::LIVE,
            inode,
            seq,
            parent_inode: 5,
            size: content.len() as u64,
            attributes: 0x20,
            link_count: 1,
            owner_id: 0,
            times: Times::default(),
            name_times: None,
            runs: ByteRuns::default(),
            target: None,
            digests: Some(Digests::of(content.as_bytes())),
        }
    }

    fn stream(name: &str, of: &FileEntry, content: &str) -> FileEntry {
        let digests = Some(Digests::of(content.as_bytes()));
        FileEntry { stream: Some(name.into()), digests, size: content.len() as u64, ..of.clone() }
    }

    /// The rows as text: `altered new/path(:stream) < old/path [changes]`.
    fn rows(before: &[FileEntry], after: &[FileEntry]) -> Vec<String> {
        let row = |delta: &FileDelta| {
            let mut row = format!("{} {}", delta.action(), delta.latest().full_path());
            if let Delta::Altered { before, changes, .. } = delta {
                row += &format!(" < {} {:?}", before.full_path(), changes.names());
            }
            row
        };
        files(before, after).iter().map(row).collect()
    }

    #[test]
    fn nothing_differs_from_itself() {
        let state = [
            file("a", 30, 1, "x"),
            file("b", 30, 1, "x"),
            stream("s", &file("a", 30, 1, "x"), "y"),
        ];
        assert_eq!(rows(&state, &state), [] as [&str; 0]);
    }

    #[test]
    fn a_move_is_one_row_even_when_the_content_changed_too() {
        let before = [file("a", 30, 1, "x"), file("b", 31, 1, "x")];
        let after = [file("c/a", 30, 1, "x"), file("d", 31, 1, "changed")];
        assert_eq!(
            rows(&before, &after),
            ["altered c/a < a [\"renamed\"]", "altered d < b [\"renamed\", \"modified\"]"]
        );
    }

    #[test]
    fn a_file_moved_away_and_replaced_is_modified_and_the_moved_one_new() {
        let before = [file("a", 30, 1, "x")];
        let after = [file("a", 31, 1, "y"), file("b", 30, 1, "x")];
        assert_eq!(rows(&before, &after), ["altered a < a [\"changed\", \"modified\"]", "new b"]);
    }

    #[test]
    fn a_record_used_again_is_another_file_whatever_its_content() {
        let before = [file("a", 30, 1, "x")];
        let after = [file("b", 30, 2, "x")];
        assert_eq!(rows(&before, &after), ["deleted a", "new b"]);
    }

    #[test]
    fn a_change_of_case_is_a_rename() {
        let rows = rows(&[file("Name", 30, 1, "x")], &[file("name", 30, 1, "x")]);
        assert_eq!(rows, ["altered name < Name [\"renamed\"]"]);
    }

    #[test]
    fn hard_links_come_go_and_move_by_themselves() {
        let before = [file("a", 30, 1, "x"), file("b", 30, 1, "x")];
        let after = [file("a", 30, 1, "x"), file("c", 30, 1, "x"), file("d", 30, 1, "x")];
        assert_eq!(rows(&before, &after), ["altered c < b [\"renamed\"]", "new d"]);
    }

    #[test]
    fn streams_move_with_their_file_and_are_compared_by_themselves() {
        let (old, new) = (file("a", 30, 1, "x"), file("b", 30, 1, "x"));
        let before = [
            old.clone(),
            stream("gone", &old, "1"),
            stream("kept", &old, "2"),
            stream("s", &old, "3"),
        ];
        let after = [
            new.clone(),
            stream("come", &new, "1"),
            stream("kept", &new, "2"),
            stream("s", &new, "4"),
        ];
        assert_eq!(
            rows(&before, &after),
            [
                "deleted a:gone",
                "altered b < a [\"renamed\"]",
                "new b:come",
                "altered b:s < a:s [\"renamed\", \"modified\"]",
            ]
        );
    }

    #[test]
    fn deleted_files_are_not_mixed_with_live_ones() {
        let dead = FileEntry { alloc: Allocation::DELETED, ..file("a", 30, 2, "old") };
        assert_eq!(rows(&[file("a", 30, 1, "x")], &[dead]), ["deleted a"]);
    }

    #[test]
    fn two_files_under_one_name_are_both_kept() {
        let twins = [file("a", 30, 1, "x"), file("a", 31, 1, "y")];
        assert_eq!(rows(&twins, &twins), [] as [&str; 0]);
        assert_eq!(rows(&twins[..1], &twins), ["new a"]);
        let streams = [twins[0].clone(), stream("s", &twins[0], "1"), stream("s", &twins[0], "2")];
        assert_eq!(rows(&twins[..1], &streams), ["new a:s", "new a:s"]);
    }

    #[test]
    fn metadata_alone_is_changed() {
        let mut after = file("a", 30, 1, "x");
        after.times.atime = Filetime(1);
        assert_eq!(rows(&[file("a", 30, 1, "x")], &[after]), ["altered a < a [\"changed\"]"]);
    }
}
