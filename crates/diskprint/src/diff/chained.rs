//! What differs between two states that others lie between.

use std::collections::{BTreeMap, HashMap};

use diskprint_formats::Name;

use super::files;
use crate::{
    Cell, CellChanges, CellDelta, CellKind, Delta, FileDelta, FileEntry, KeyCell, ValueCell,
};

/// What differs between one state and the next.
#[derive(Clone, Debug, Default)]
pub struct Link {
    /// Files and streams.
    pub files: Vec<FileDelta>,
    /// Keys and values.
    pub cells: Vec<CellDelta>,
}

impl Link {
    /// What differs the other way round.
    pub fn undone(self) -> Self {
        Self { files: undone(self.files), cells: undone(self.cells) }
    }
}

fn undone<T, C>(deltas: Vec<Delta<T, C>>) -> Vec<Delta<T, C>> {
    let undo = |delta| match delta {
        Delta::New(it) => Delta::Deleted(it),
        Delta::Deleted(it) => Delta::New(it),
        Delta::Altered { before, after, changes } => {
            Delta::Altered { before: after, after: before, changes }
        }
    };
    deltas.into_iter().map(undo).collect()
}

/// Returns what differs between the first state of a chain and its last, from what differs from
/// one to the next.
///
/// What no link touches is the same in both; of what a link touches, the first and the last state
/// are known and compared as [`super::snapshots`] does. What could not be compared from one state to
/// the next is in no link, and so not here. What nothing compares (byte runs, times of `$FILE_NAME`,
/// the time of the parent key) is as the last link saw it. Partitions are known by their numbers
/// alone, and of two files or values at one place, which only damage makes, one stands for both. A
/// file that was renamed where there are no metadata records (FAT) is gone, and new at its other path.
pub fn chained(links: impl IntoIterator<Item = Link>) -> Link {
    let (mut of_files, mut of_cells) = (Files::default(), Ends::default());
    for Link { files, cells } in links {
        of_files.follow(files);
        cells.iter().filter_map(Delta::before).for_each(|it| of_cells.leave(cell_key(it), it));
        cells.iter().filter_map(Delta::after).for_each(|it| of_cells.arrive(cell_key(it), it));
    }
    let (before, after) = of_files.ends.states();
    Link { files: files(&before, &after), cells: of_cells.compared() }
}

/// What was at each place that was touched: in the first state, and in the last as yet.
struct Ends<K, T> {
    places: BTreeMap<K, (Option<T>, Option<T>)>,
}

impl<K, T> Default for Ends<K, T> {
    fn default() -> Self {
        Self { places: BTreeMap::new() }
    }
}

impl<K: Ord, T: Clone> Ends<K, T> {
    /// What was at a place is no longer there. A place may be left by one file and taken by another
    /// in one step, in any order: those that arrive come after all that leave.
    fn leave(&mut self, key: K, item: &T) {
        self.places.entry(key).or_insert_with(|| (Some(item.clone()), None)).1 = None;
    }

    fn arrive(&mut self, key: K, item: &T) {
        self.places.entry(key).or_insert((None, None)).1 = Some(item.clone());
    }

    fn states(self) -> (Vec<T>, Vec<T>) {
        let (mut before, mut after) = (Vec::new(), Vec::new());
        for (was, is) in self.places.into_values() {
            before.extend(was);
            after.extend(is);
        }
        (before, after)
    }
}

/// Files and streams. A stream goes with its file to another path without a row of its own.
#[derive(Default)]
struct Files {
    ends: Ends<FileKey, FileEntry>,
    /// Where files are that moved, and what they were in the first state.
    origins: BTreeMap<(u32, Name), FileEntry>,
}

impl Files {
    fn follow(&mut self, deltas: Vec<FileDelta>) {
        for before in deltas.iter().filter_map(Delta::before) {
            self.leave(before);
        }
        let moved: Vec<_> = deltas.iter().filter_map(moved).collect();
        let origins = moved.iter().map(|(before, after)| {
            let origin = self.origins.remove(&place(before)).unwrap_or_else(|| (*before).clone());
            (place(after), origin)
        });
        let origins: Vec<_> = origins.collect();
        let streams: Vec<FileEntry> =
            moved.iter().flat_map(|(before, after)| self.streams(before, after)).collect();
        for gone in deltas.iter().filter(|it| it.after().is_none() && is_main(it.latest())) {
            self.origins.remove(&place(gone.latest()));
        }
        self.origins.extend(origins);
        for file in streams.iter().chain(deltas.iter().filter_map(Delta::after)) {
            self.ends.arrive(file_key(file), file);
        }
    }

    fn leave(&mut self, before: &FileEntry) {
        let origin = self.origins.get(&place(before)).filter(|_| !is_main(before));
        match origin {
            // The first that is heard of a stream, and in the first state it was elsewhere.
            Some(origin) if !self.ends.places.contains_key(&file_key(before)) => {
                let stream = stream_of(before.clone(), origin);
                self.ends.leave(file_key(&stream), &stream);
            }
            _ => self.ends.leave(file_key(before), before),
        }
    }

    /// Takes the streams of a file that moves, as they are at its new place.
    fn streams(&mut self, before: &FileEntry, after: &FileEntry) -> Vec<FileEntry> {
        let first = FileKey { stream: Some(Name::default()), ..file_key(before) };
        let of_file = self.ends.places.range_mut(first..);
        let of_file = of_file
            .take_while(|(key, _)| (key.partition, &key.path) == (before.partition, &before.path));
        of_file.filter_map(|(_, (_, now))| Some(stream_of(now.take()?, after))).collect()
    }
}

/// The file before and after, where it has another path.
fn moved(delta: &FileDelta) -> Option<(&FileEntry, &FileEntry)> {
    let (before, after) = delta.before().zip(delta.after())?;
    (is_main(before) && place(before) != place(after)).then_some((before, after))
}

fn is_main(file: &FileEntry) -> bool {
    file.stream.is_none()
}

fn place(file: &FileEntry) -> (u32, Name) {
    (file.partition, file.path.clone())
}

/// A stream as one of `file`: all but its name and content is the file's.
fn stream_of(stream: FileEntry, file: &FileEntry) -> FileEntry {
    FileEntry {
        stream: stream.stream,
        kind: stream.kind,
        size: stream.size,
        target: stream.target,
        digests: stream.digests,
        runs: stream.runs,
        ..file.clone()
    }
}

impl Ends<CellKey, Cell> {
    fn compared(self) -> Vec<CellDelta> {
        let compare = |(was, is)| match (was, is) {
            (None, None) => None,
            (None, Some(is)) => Some(Delta::New(is)),
            (Some(was), None) => Some(Delta::Deleted(was)),
            (Some(before), Some(after)) => {
                let changes = changes(&before, &after);
                let differs = changes != CellChanges::default();
                differs.then_some(Delta::Altered { before, after, changes })
            }
        };
        self.places.into_values().filter_map(compare).collect()
    }
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct FileKey {
    partition: u32,
    path: Name,
    stream: Option<Name>,
}

fn file_key(file: &FileEntry) -> FileKey {
    let FileEntry { partition, path, stream, .. } = file;
    FileKey { partition: *partition, path: path.clone(), stream: stream.clone() }
}

/// Partition, hive, and path below the root; then whether it is a value, and its name. Names are
/// the same in any case; a key comes before its values, and these before what is below the key.
type CellKey = (u32, Name, Vec<(u8, Name)>);

fn cell_key(cell: &Cell) -> CellKey {
    let keys = cell.key.iter().map(|name| (1, name.to_upper()));
    let value = cell.value().map(|value| (0, value.name.to_upper()));
    (cell.partition, cell.hive.to_upper(), keys.chain(value).collect())
}

fn changes(before: &Cell, after: &Cell) -> CellChanges {
    match (&before.kind, &after.kind) {
        (CellKind::Key(was), CellKind::Key(is)) => CellChanges {
            mtime: was.mtime != is.mtime,
            class: was.class != is.class,
            name: before.key.last() != after.key.last(),
            security: was.security_sha1 != is.security_sha1,
            flags: (was.flags ^ is.flags) & KeyCell::COMPARED_FLAGS != 0,
            ..CellChanges::default()
        },
        (CellKind::Value(was), CellKind::Value(is)) => CellChanges {
            kind: was.value_type != is.value_type,
            data: (was.size, was.sha1) != (is.size, is.sha1),
            name: was.name != is.name,
            flags: (was.flags ^ is.flags) & ValueCell::COMPARED_FLAGS != 0,
            ..CellChanges::default()
        },
        // Their keys differ.
        _ => CellChanges::default(),
    }
}

/// How to go from one state to another, each a number: back to a state that both came from, and
/// on from there. Both lists begin with the state itself, what came before it follows; `None` where
/// they have no state in common.
///
/// Returns how many of the steps of the first list are undone, and how many of the second are done.
pub fn way<S: Eq + std::hash::Hash>(from: &[S], to: &[S]) -> Option<(usize, usize)> {
    let places: HashMap<&S, usize> = to.iter().enumerate().map(|(index, it)| (it, index)).collect();
    let common = |(index, state): (usize, &S)| places.get(state).map(|to| (index, *to));
    from.iter().enumerate().find_map(common)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FileChanges;

    fn file(path: &str, content: &str) -> FileEntry {
        FileEntry {
            digests: Some(crate::Digests::of(content.as_bytes())),
            size: content.len() as u64,
            inode: content.len() as u64,
            ..FileEntry::plain(path)
        }
    }

    fn moved(before: FileEntry, after: FileEntry) -> FileDelta {
        let changes = FileChanges { renamed: true, ..FileChanges::default() };
        Delta::Altered { before, after, changes }
    }

    fn lines(files: &[FileDelta]) -> Vec<String> {
        let path = |file: Option<&FileEntry>| file.map_or("-".into(), |it| it.path.to_string());
        files.iter().map(|it| format!("{} > {}", path(it.before()), path(it.after()))).collect()
    }

    #[test]
    fn what_comes_and_goes_between_is_not_there_and_what_moves_is_followed() {
        let (one, two) = (file("one", "1"), file("two", "22"));
        let (ab, ba) = (
            moved(file("a", "333"), file("b", "333")),
            moved(file("b", "4444"), file("a", "4444")),
        );
        let chain = [
            vec![Delta::New(one.clone()), Delta::Deleted(two.clone()), ab, ba],
            vec![Delta::Deleted(one), Delta::New(two), moved(file("b", "333"), file("c", "333"))],
        ];
        let links = chain.map(|files| Link { files, cells: Vec::new() });
        let forth = chained(links.clone()).files;
        // What is at b was there before as another file: it went, and a is another file now.
        assert_eq!(lines(&forth), ["a > a", "b > -", "- > c"]);
        let [first, second] = links;
        let back = chained([second.undone(), first.undone()]).files;
        assert_eq!(lines(&back), ["a > a", "- > b", "c > -"]);
    }

    #[test]
    fn the_way_goes_through_the_nearest_state_in_common() {
        assert_eq!(way(&["c", "b", "a"], &["d", "b", "a"]), Some((1, 1)));
        assert_eq!(way(&["c", "b", "a"], &["a"]), Some((2, 0)));
        assert_eq!(way(&["a"], &["a"]), Some((0, 0)));
        assert_eq!(way(&["a"], &["b"]), None);
    }
}
