use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::convert::Infallible;
use std::hash::Hash;
use std::iter::Peekable;

use diskprint_formats::Name;

use crate::{Delta, FileChanges, FileDelta, FileEntry, FileKind, Times};

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
    let [before, after] = [by_place(before, |number| number), by_place(after, |number| number)];
    let before = before.into_iter().map(|entry| Ok::<_, Infallible>(Cow::Borrowed(entry)));
    let Ok(deltas) = sorted(before, after.into_iter().map(Cow::Borrowed));
    deltas
}

/// Compares files as [`files`] does. Those of both states are in use and come in the order of
/// [`by_place`]; only those of one place are held at a time, and those that differ.
///
/// # Errors
/// The first that comes instead of a file.
pub(super) fn sorted<'a, E>(
    before: impl Iterator<Item = Result<Entry<'a>, E>>,
    after: impl Iterator<Item = Entry<'a>>,
) -> Result<Vec<FileDelta>, E> {
    let (mut before, mut after) = (before.peekable(), after.map(Ok::<_, E>).peekable());
    let (mut was, mut is) = (Vec::new(), Vec::new());
    let (mut gone, mut come) = (Vec::new(), Vec::new());
    let mut deltas = Vec::new();
    loop {
        let order = match (place(before.peek()), place(after.peek())) {
            (None, None) => break,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(before), Some(after)) => before.cmp(&after),
        };
        if order.is_le() {
            take_place(&mut before, &mut was)?;
        }
        if order.is_ge() {
            take_place(&mut after, &mut is)?;
        }
        // Nearly every path: one file without streams on both sides.
        if let ([one], [other]) = (&was[..], &is[..])
            && one.stream.is_none()
            && other.stream.is_none()
        {
            compare_mains(one, other, &mut deltas);
            was.clear();
            is.clear();
            continue;
        }
        for pair in pairs(was.drain(..), is.drain(..)) {
            match pair {
                (Some(was), Some(is)) => compare(&was, &is, &mut deltas),
                (Some(was), None) => gone.push(was),
                (None, Some(is)) => come.push(is),
                (None, None) => {}
            }
        }
    }
    compare_renamed(gone, come, &mut deltas);
    deltas.sort_by(|a, b| order(a).cmp(&order(b)));
    Ok(deltas)
}

/// An entry that is held elsewhere, or was read for the comparison alone.
pub(super) type Entry<'a> = Cow<'a, FileEntry>;

fn place_of(entry: &FileEntry) -> (u32, &Name) {
    (entry.partition, &entry.path)
}

/// Where the next entry is; an error comes before all.
fn place<'e, E>(next: Option<&'e Result<Entry<'_>, E>>) -> Option<(u32, Option<&'e Name>)> {
    next.map(|entry| entry.as_ref().map_or((0, None), |entry| (entry.partition, Some(&entry.path))))
}

/// Those of the entries that are in use, sorted by where they are, their partitions by the number
/// that `number` gives them; as a rule they are so already.
pub(super) fn by_place<'a>(
    entries: impl IntoIterator<Item = &'a FileEntry>,
    number: impl Fn(u32) -> u32,
) -> Vec<&'a FileEntry> {
    let place = |entry: &&'a FileEntry| (number(entry.partition), &entry.path);
    let mut entries: Vec<_> = entries.into_iter().filter(|entry| entry.is_live()).collect();
    if !entries.is_sorted_by_key(place) {
        entries.sort_by(|a, b| place(a).cmp(&place(b)));
    }
    entries
}

/// Moves the next entry and those at the same place to `taken`.
fn take_place<'a, E>(
    entries: &mut Peekable<impl Iterator<Item = Result<Entry<'a>, E>>>,
    taken: &mut Vec<Entry<'a>>,
) -> Result<(), E> {
    taken.extend(entries.next().transpose()?);
    while let Some(first) = taken.first()
        && let Some(Ok(entry)) =
            entries.next_if(|next| matches!(next, Ok(next) if place_of(next) == place_of(first)))
    {
        taken.push(entry);
    }
    Ok(())
}

/// A file under one of its names, with its streams.
#[derive(Default)]
struct File<'a> {
    main: Option<Entry<'a>>,
    /// By name, and number among those of that name.
    streams: BTreeMap<(Name, usize), Entry<'a>>,
}

impl<'a> File<'a> {
    fn into_all(self) -> impl Iterator<Item = FileEntry> {
        self.main.into_iter().chain(self.streams.into_values()).map(Cow::into_owned)
    }

    fn add(&mut self, entry: Entry<'a>) {
        let Some(stream) = &entry.stream else {
            self.main = Some(entry);
            return;
        };
        let all = (stream.clone(), 0)..=(stream.clone(), usize::MAX);
        let number = self.streams.range(all).next_back().map_or(0, |((_, number), _)| number + 1);
        self.streams.insert((stream.clone(), number), entry);
    }
}

/// The files at a place: a damaged directory may list two files under one name, and neither may be
/// lost.
fn files_at<'a>(place: impl Iterator<Item = Entry<'a>>) -> Vec<File<'a>> {
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
    before: impl Iterator<Item = Entry<'a>>,
    after: impl Iterator<Item = Entry<'a>>,
) -> impl Iterator<Item = (Option<File<'a>>, Option<File<'a>>)> {
    let (mut before, mut after) = (files_at(before).into_iter(), files_at(after).into_iter());
    std::iter::from_fn(move || match (before.next(), after.next()) {
        (None, None) => None,
        pair => Some(pair),
    })
}

/// Compares files whose paths are in one state alone with those that have the same metadata record
/// in the same use; several names of one record are paired in the order of their paths. What has no
/// such one is gone, or new.
fn compare_renamed<'a>(gone: Vec<File<'a>>, come: Vec<File<'a>>, deltas: &mut Vec<FileDelta>) {
    let record = |file: &File<'_>| file.main.as_deref().and_then(identity);
    let mut names: HashMap<_, VecDeque<usize>> = HashMap::new();
    for (index, file) in gone.iter().enumerate() {
        if let Some(record) = record(file) {
            names.entry(record).or_default().push_back(index);
        }
    }
    let mut gone: Vec<Option<File<'a>>> = gone.into_iter().map(Some).collect();
    for is in come {
        let old = record(&is).and_then(|record| names.get_mut(&record)?.pop_front());
        match old.and_then(|old| gone[old].take()) {
            Some(was) => compare(&was, &is, deltas),
            None => deltas.extend(is.into_all().map(Delta::New)),
        }
    }
    deltas.extend(gone.into_iter().flatten().flat_map(File::into_all).map(Delta::Deleted));
}

/// What a file keeps when it is renamed: its metadata record in its use. Where there are no records
/// (FAT), renaming writes another directory entry: then its content stays where it is, and times and
/// size go with it. A file without content has nothing by which it is known again, nor has one that
/// was changed as well: its cluster alone may be another file's by now.
fn identity(entry: &FileEntry) -> Option<impl Hash + Eq + use<>> {
    let (place, more) = match entry.seq {
        0 => {
            let Times { crtime, mtime, .. } = entry.times;
            (entry.runs.iter().next()?.fs_offset?, Some((crtime, mtime, entry.size)))
        }
        _ => (entry.inode, None),
    };
    Some((entry.partition, entry.seq, place, more))
}

/// Compares a file with itself in the state before, and each stream with the one of its name.
fn compare(before: &File<'_>, after: &File<'_>, deltas: &mut Vec<FileDelta>) {
    if let (Some(before), Some(after)) = (&before.main, &after.main) {
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
            None => deltas.push(Delta::New(FileEntry::clone(stream))),
        }
    }
    let gone = before.streams.iter().filter(|(name, _)| !after.streams.contains_key(*name));
    deltas.extend(gone.map(|(_, stream)| Delta::Deleted(FileEntry::clone(stream))));
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
/// and are not compared, nor is a security descriptor with none: that may be a fault of either state.
fn has_other_metadata(before: &FileEntry, after: &FileEntry) -> bool {
    let metadata = |entry: &FileEntry| {
        (entry.times, entry.attributes, entry.link_count, entry.owner_id, entry.inode, entry.seq)
    };
    let securities = before.security.as_ref().zip(after.security.as_ref());
    metadata(before) != metadata(after) || securities.is_some_and(|(was, is)| was != is)
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
    use crate::{Allocation, ByteRun, ByteRuns, Digests, RunKind};
    use diskprint_formats::Filetime;

    fn file(path: &str, inode: u64, seq: u16, content: &str) -> FileEntry {
        FileEntry {
            inode,
            seq,
            size: content.len() as u64,
            attributes: 0x20,
            digests: Some(Digests::of(content.as_bytes())),
            ..FileEntry::plain(path)
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
    fn without_records_a_file_is_known_by_where_its_content_lies_and_when_it_was_made() {
        let at = |path, entry, cluster, made| {
            let run =
                ByteRun { file_offset: 0, fs_offset: Some(cluster), len: 1, kind: RunKind::Data };
            let mut file = file(path, entry, 0, "x");
            file.runs = ByteRuns::new(0, [run]);
            file.times.crtime = Filetime(made);
            file
        };
        let before = [at("a", 1, 10, 5), at("b", 2, 20, 5)];
        let after = [at("c", 3, 10, 5), at("d", 2, 20, 6)];
        assert_eq!(
            rows(&before, &after),
            ["deleted b", "altered c < a [\"renamed\", \"changed\"]", "new d"]
        );
        let empty = |path| FileEntry { seq: 0, ..file(path, 1, 0, "") };
        assert_eq!(rows(&[empty("a")], &[empty("b")]), ["deleted a", "new b"]);
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
