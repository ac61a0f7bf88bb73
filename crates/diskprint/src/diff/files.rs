use std::collections::{BTreeMap, HashMap, HashSet};

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
    let renames = Renames::new(&before, &after);
    let (mut deltas, mut deleted) = (Vec::new(), Vec::new());
    for (before, after) in places(&before, &after) {
        // Nearly every path: one file without streams on both sides.
        if let (&[was], &[is]) = (before, after)
            && was.stream.is_none()
            && is.stream.is_none()
        {
            compare_mains(was, is, &mut deltas);
            continue;
        }
        for (number, pair) in pairs(before, after).enumerate() {
            match pair {
                (Some(was), Some(is)) => compare(&was, &is, &mut deltas),
                (None, Some(is)) => match renames.old(Key::of(after, number)) {
                    Some(was) => compare(was, &is, &mut deltas),
                    None => deltas.extend(is.all().cloned().map(Delta::New)),
                },
                (Some(was), None) if !renames.has_new(Key::of(before, number)) => {
                    deleted.extend(was.all().cloned().map(Delta::Deleted));
                }
                _ => {}
            }
        }
    }
    deltas.append(&mut deleted);
    deltas.sort_by(|a, b| order(a).cmp(&order(b)));
    deltas
}

/// The entries at one path of a partition: usually a file, and its streams.
type Place<'s, 'a> = &'s [&'a FileEntry];

fn place_of(entry: &FileEntry) -> (u32, &Name) {
    (entry.partition, &entry.path)
}

/// The entries in use, sorted by where they are; as a rule they are already.
fn by_path<'a>(entries: impl IntoIterator<Item = &'a FileEntry>) -> Vec<&'a FileEntry> {
    let mut entries: Vec<_> = entries.into_iter().filter(|entry| entry.is_live()).collect();
    if !entries.is_sorted_by(|a, b| place_of(a) <= place_of(b)) {
        entries.sort_by(|a, b| place_of(a).cmp(&place_of(b)));
    }
    entries
}

/// Walks two states together, place by place; a state that has nothing there gives nothing.
fn places<'s, 'a>(
    mut before: Place<'s, 'a>,
    mut after: Place<'s, 'a>,
) -> impl Iterator<Item = (Place<'s, 'a>, Place<'s, 'a>)> {
    std::iter::from_fn(move || {
        let ends = [before.first(), after.first()];
        let next = ends.into_iter().flatten().map(|entry| place_of(entry)).min()?;
        Some((take_place(&mut before, next), take_place(&mut after, next)))
    })
}

/// Takes the entries at `place` off the front.
fn take_place<'s, 'a>(entries: &mut Place<'s, 'a>, place: (u32, &Name)) -> Place<'s, 'a> {
    let count = entries.iter().take_while(|entry| place_of(entry) == place).count();
    let (first, rest) = entries.split_at(count);
    *entries = rest;
    first
}

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

    fn add(&mut self, entry: &'a FileEntry) {
        let Some(stream) = &entry.stream else {
            self.main = Some(entry);
            return;
        };
        let same = self.streams.range((stream, 0)..=(stream, usize::MAX)).next_back();
        let number = same.map_or(0, |((_, number), _)| number + 1);
        self.streams.insert((stream, number), entry);
    }
}

/// The files at a place: a damaged directory may list two files under one name, and neither may be
/// lost.
fn files_at<'a>(place: Place<'_, 'a>) -> Vec<File<'a>> {
    let (mut files, mut numbers): (Vec<File<'a>>, HashMap<u64, usize>) = Default::default();
    for entry in place {
        let number = *numbers.entry(entry.inode).or_insert(files.len());
        if number == files.len() {
            files.push(File::default());
        }
        files[number].add(entry);
    }
    files
}

/// Pairs the files at a place in two states, in their order.
fn pairs<'a>(
    before: Place<'_, 'a>,
    after: Place<'_, 'a>,
) -> impl Iterator<Item = (Option<File<'a>>, Option<File<'a>>)> {
    let (mut before, mut after) = (files_at(before).into_iter(), files_at(after).into_iter());
    std::iter::from_fn(move || match (before.next(), after.next()) {
        (None, None) => None,
        pair => Some(pair),
    })
}

/// A place, and which one of the files there.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Key<'a>(Option<(u32, &'a Name)>, usize);

impl<'a> Key<'a> {
    fn of(place: Place<'_, 'a>, number: usize) -> Self {
        Self(place.first().map(|entry| place_of(entry)), number)
    }
}

/// A metadata record in one of its uses, in a partition.
type Record = (u32, u64, u16);

/// The names of each record that only one state has, in the order of their paths; a file with hard
/// links has several.
type Names<'a> = HashMap<Record, Vec<(Key<'a>, File<'a>)>>;

/// Which paths that are only in the state before and which that are only in the state after lead
/// to the same record; several names of one record are paired in the order of their paths.
#[derive(Default)]
struct Renames<'a> {
    /// The files before, by their keys after.
    old: HashMap<Key<'a>, File<'a>>,
    /// The keys before of those files.
    gone: HashSet<Key<'a>>,
}

impl<'a> Renames<'a> {
    fn new(before: Place<'_, 'a>, after: Place<'_, 'a>) -> Self {
        let (mut gone, mut come) = (Names::new(), Names::new());
        for (before, after) in places(before, after) {
            if let (&[_], &[_]) = (before, after) {
                continue;
            }
            for (number, pair) in pairs(before, after).enumerate() {
                let (names, place, file) = match pair {
                    (Some(file), None) => (&mut gone, before, file),
                    (None, Some(file)) => (&mut come, after, file),
                    _ => continue,
                };
                if let Some(main) = file.main {
                    let record = (main.partition, main.inode, main.seq);
                    names.entry(record).or_default().push((Key::of(place, number), file));
                }
            }
        }
        let mut renames = Self::default();
        for (record, names) in gone {
            let new = come.remove(&record).into_iter().flatten();
            for ((old, file), (new, _)) in names.into_iter().zip(new) {
                renames.gone.insert(old);
                renames.old.insert(new, file);
            }
        }
        renames
    }

    /// The file before that has this key after.
    fn old(&self, key: Key<'a>) -> Option<&File<'a>> {
        self.old.get(&key)
    }

    /// Whether the file before that had this key has another one after.
    fn has_new(&self, key: Key<'a>) -> bool {
        self.gone.contains(&key)
    }
}

/// Compares a file with itself in the state before, and each stream with the one of its name.
fn compare(before: &File<'_>, after: &File<'_>, deltas: &mut Vec<FileDelta>) {
    if let (Some(before), Some(after)) = (before.main, after.main) {
        compare_mains(before, after, deltas);
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

fn compare_mains(before: &FileEntry, after: &FileEntry, deltas: &mut Vec<FileDelta>) {
    let changes = FileChanges {
        renamed: before.path != after.path,
        changed: has_other_metadata(before, after),
        modified: before.kind != after.kind || has_other_content(before, after),
    };
    push_altered(before, after, changes, deltas);
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

/// By partition, path and stream; a file deleted at a path where another is new comes first.
fn order(delta: &FileDelta) -> (u32, &Name, Option<&Name>, bool) {
    let entry = delta.latest();
    (entry.partition, &entry.path, entry.stream.as_ref(), delta.after().is_some())
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
    fn order_and_other_partitions_do_not_matter() {
        let on_two = |path: &str, inode| FileEntry { partition: 2, ..file(path, inode, 1, "x") };
        let before = [file("a", 30, 1, "x"), file("b", 31, 1, "x"), on_two("a", 30)];
        let after = [on_two("b", 30), file("c", 31, 1, "x"), file("a", 30, 1, "y")];
        let expected = [
            "altered a < a [\"modified\"]",
            "altered c < b [\"renamed\"]",
            "altered b < a [\"renamed\"]",
        ];
        for turn in 0..3 {
            let (mut before, mut after) = (before.clone(), after.clone());
            before.rotate_left(turn);
            after.rotate_right(turn);
            assert_eq!(rows(&before, &after), expected);
        }
    }

    #[test]
    fn metadata_alone_is_changed() {
        let mut after = file("a", 30, 1, "x");
        after.times.atime = Filetime(1);
        assert_eq!(rows(&[file("a", 30, 1, "x")], &[after]), ["altered a < a [\"changed\"]"]);
    }
}
