use diskprint_formats::Name;
use diskprint_formats::ntfs::FileReference;

/// A directory as its own record describes it.
pub(super) struct Directory {
    pub(super) reference: FileReference,
    pub(super) in_use: bool,
    pub(super) parent: FileReference,
    pub(super) name: Name,
}

/// Number of the record of the root directory.
pub(super) const ROOT: u64 = 5;
/// Its sequence number.
pub(super) const ROOT_SEQUENCE: u16 = 5;
/// More directories inside one another than Windows can make: its paths have 32,767 characters.
const DEEPEST: usize = 16_384;

/// Length of the longest path that Windows can make, in bytes of WTF-8: 32,767 UTF-16 units.
const LONGEST: usize = 3 * 32_767;
/// How much room all paths of a volume may take, in bytes for each of its directories or entries,
/// and besides. Directories inside one another could ask for that of their number squared.
const ROOM_EACH: usize = 1 << 10;
const ROOM_BESIDES: usize = 64 << 20;

/// The room for the paths of so many directories or entries, in bytes.
pub(super) fn room(count: usize) -> usize {
    count.saturating_mul(ROOM_EACH).saturating_add(ROOM_BESIDES)
}

/// The paths of directories, each put together once.
pub(super) struct Paths<'d> {
    /// In the order of their records.
    directories: &'d [Directory],
    /// For each of them its path once it is known, or that it cannot be.
    known: Vec<Option<Option<Name>>>,
    /// Room that is left for them, in bytes.
    room: usize,
}

impl<'d> Paths<'d> {
    pub(super) fn new(directories: &'d [Directory]) -> Self {
        let (known, room) = (vec![None; directories.len()], room(directories.len()));
        let mut paths = Self { directories, known, room };
        if let Some(root) = paths.position(ROOT).and_then(|root| paths.known.get_mut(root)) {
            *root = Some(Some(Name::default()));
        }
        paths
    }

    /// The path of the directory that a name is in, or `None` when that is not known: the record
    /// is no directory or was used again since, the way up to the root is broken, or it is too long.
    ///
    /// The name of a file in use needs a directory in use.
    pub(super) fn folder(&mut self, parent: FileReference, in_use: bool) -> Option<&Name> {
        let position = self.position(parent.record)?;
        let directory = self.directories.get(position)?;
        if !directory.answers_to(parent) || (in_use && !directory.in_use) {
            return None;
        }
        self.climb(position);
        self.known.get(position)?.as_ref()?.as_ref()
    }

    /// Makes the path of a directory known.
    fn climb(&mut self, position: usize) {
        let mut above = Vec::new();
        let mut at = position;
        // Climb to a directory whose path is known, then come down again.
        let mut path = loop {
            if let Some(Some(known)) = self.known.get(at) {
                if above.is_empty() {
                    return;
                }
                break known.clone();
            }
            match self.directories.get(at) {
                Some(directory) if above.len() < DEEPEST => match self.parent_of(directory) {
                    Some(parent) => {
                        above.push((at, directory));
                        at = parent;
                    }
                    None => break None,
                },
                _ => break None,
            }
        };
        if above.is_empty()
            && let Some(known) = self.known.get_mut(position)
        {
            *known = Some(None);
        }
        for (at, directory) in above.into_iter().rev() {
            path = path.and_then(|path| self.longer(&path, &directory.name));
            if let Some(known) = self.known.get_mut(at) {
                *known = Some(path.clone());
            }
        }
    }

    /// The path of `name` in the directory of that path, if there is room for it.
    fn longer(&mut self, path: &Name, name: &Name) -> Option<Name> {
        let len = path.as_bytes().len() + 1 + name.as_bytes().len();
        self.room = self.room.checked_sub(len).filter(|_| len <= LONGEST)?;
        Some(path.join('/', name))
    }

    /// Whether the directory that a name is in is there and in use, wherever it is itself.
    pub(super) fn is_in_use(&self, parent: FileReference) -> bool {
        let directory = self.position(parent.record).and_then(|at| self.directories.get(at));
        directory.is_some_and(|directory| directory.in_use && directory.answers_to(parent))
    }

    fn parent_of(&self, directory: &Directory) -> Option<usize> {
        let position = self.position(directory.parent.record)?;
        let parent = self.directories.get(position)?;
        let is_meant = parent.answers_to(directory.parent) && (parent.in_use || !directory.in_use);
        is_meant.then_some(position)
    }

    fn position(&self, record: u64) -> Option<usize> {
        self.directories.binary_search_by_key(&record, |it| it.reference.record).ok()
    }
}

impl Directory {
    /// Whether this is the directory that `reference` meant. Deleting a directory moves its
    /// sequence number on by one, so a deleted one also answers to the number before.
    fn answers_to(&self, reference: FileReference) -> bool {
        let own = self.reference.sequence;
        own == reference.sequence || (!self.in_use && own == reference.sequence.wrapping_add(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory(
        record: u64,
        sequence: u16,
        in_use: bool,
        parent: (u64, u16),
        name: &str,
    ) -> Directory {
        let reference = FileReference { record, sequence };
        let parent = FileReference { record: parent.0, sequence: parent.1 };
        Directory { reference, in_use, parent, name: name.into() }
    }

    fn folder(
        directories: &[Directory],
        record: u64,
        sequence: u16,
        in_use: bool,
    ) -> Option<String> {
        let mut paths = Paths::new(directories);
        let path = paths.folder(FileReference { record, sequence }, in_use);
        path.map(|path| path.to_text().into_owned())
    }

    #[test]
    fn a_path_is_known_only_while_every_directory_on_it_is_the_one_meant() {
        let directories = [
            directory(5, 5, true, (5, 5), "."),
            directory(30, 1, true, (5, 5), "a"),
            directory(31, 4, true, (30, 1), "b"),
            directory(32, 3, false, (31, 4), "gone"),
            directory(33, 1, true, (30, 9), "lost"),
        ];
        assert_eq!(folder(&directories, 5, 5, true).as_deref(), Some(""));
        assert_eq!(folder(&directories, 31, 4, true).as_deref(), Some("a/b"));
        assert_eq!(folder(&directories, 31, 3, true), None, "used again since");
        assert_eq!(folder(&directories, 32, 2, false).as_deref(), Some("a/b/gone"));
        assert_eq!(folder(&directories, 32, 3, true), None, "a file in use in a deleted directory");
        assert_eq!(folder(&directories, 33, 1, true), None, "its own directory was used again");
        assert_eq!(folder(&directories, 77, 1, true), None);
    }

    #[test]
    fn directories_deep_inside_one_another_take_room_by_their_number() {
        let count = 16_000;
        let long = "n".repeat(255);
        let nested = |at: u64| directory(100 + at, 1, true, (99 + at, 1), &long);
        let root = directory(5, 5, true, (5, 5), ".");
        let first = directory(100, 1, true, (5, 5), &long);
        let directories: Vec<_> = [root, first].into_iter().chain((1..count).map(nested)).collect();
        let mut paths = Paths::new(&directories);
        let mut len = |record| {
            let path = paths.folder(FileReference { record, sequence: 1 }, true);
            path.map(|path| path.as_bytes().len())
        };
        assert_eq!(len(100 + count - 1), None);
        assert_eq!(len(102), Some(3 * 255 + 2));
        let known = paths.known.iter().flatten().flatten();
        let all = known.map(|path| path.as_bytes().len()).sum::<usize>();
        assert!(all <= room(directories.len()), "{all}");
    }

    #[test]
    fn directories_inside_each_other_end() {
        let directories =
            [directory(30, 1, true, (31, 1), "a"), directory(31, 1, true, (30, 1), "b")];
        assert_eq!(folder(&directories, 30, 1, true), None);
    }
}
