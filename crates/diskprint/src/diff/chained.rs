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
/// the next is in no link, and so not here; and partitions are known by their numbers alone.
pub fn chained(links: impl IntoIterator<Item = Link>) -> Link {
    let (mut of_files, mut of_cells) = (Ends::default(), Ends::default());
    for Link { files, cells } in links {
        of_files.leave(&files, file_key);
        for stream in of_files.streams_of_moved(&files) {
            of_files.arrive(file_key(&stream), stream);
        }
        files
            .iter()
            .filter_map(Delta::after)
            .for_each(|it| of_files.arrive(file_key(it), it.clone()));
        of_cells.leave(&cells, cell_key);
        cells
            .iter()
            .filter_map(Delta::after)
            .for_each(|it| of_cells.arrive(cell_key(it), it.clone()));
    }
    let (before, after) = of_files.states();
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
    /// What was at the places that a step changes is no longer there. A place may be left by one
    /// file and taken by another in one step, in any order: [`Ends::arrive`] comes after that.
    fn leave<C>(&mut self, deltas: &[Delta<T, C>], key: fn(&T) -> K) {
        for before in deltas.iter().filter_map(Delta::before) {
            let place = self.places.entry(key(before));
            place.or_insert_with(|| (Some(before.clone()), None)).1 = None;
        }
    }

    fn arrive(&mut self, key: K, item: T) {
        self.places.entry(key).or_insert((None, None)).1 = Some(item);
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

impl Ends<FileKey, FileEntry> {
    /// Takes the streams that go with a file that has another path now, and no row of their own.
    fn streams_of_moved(&mut self, deltas: &[FileDelta]) -> Vec<FileEntry> {
        let mut streams = Vec::new();
        for delta in deltas {
            let Delta::Altered { before, after, .. } = delta else { continue };
            if before.stream.is_some() || place(before) == place(after) {
                continue;
            }
            let (partition, path) = place(before);
            let first = (partition, path.clone(), Some(Name::default()));
            let of_file = self.places.range_mut(first..);
            let of_file =
                of_file.take_while(|((number, at, _), _)| (*number, at) == (partition, path));
            // All but its content and name is the file's.
            let moved = |it: FileEntry| FileEntry {
                stream: it.stream,
                kind: it.kind,
                size: it.size,
                target: it.target,
                digests: it.digests,
                runs: it.runs,
                ..after.clone()
            };
            streams.extend(of_file.filter_map(|(_, (_, now))| now.take().map(moved)));
        }
        streams
    }
}

fn place(file: &FileEntry) -> (u32, &Name) {
    (file.partition, &file.path)
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

type FileKey = (u32, Name, Option<Name>);

fn file_key(file: &FileEntry) -> FileKey {
    (file.partition, file.path.clone(), file.stream.clone())
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
