//! What was made on the way and is still there at the end.

use std::collections::{HashMap, HashSet};

use diskprint_formats::Name;

use super::ReportSlice;
use super::place::cell_path;
use crate::{Cell, Delta, FileEntry, FileKind};

/// What the steps before the last one made and none after them removed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Behind {
    /// Slice and number of the difference that says that a file is new.
    pub files: HashSet<(usize, usize)>,
    /// The same of keys and values.
    pub cells: HashSet<(usize, usize)>,
    pub counts: Counts,
}

/// How many there are of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Files, links too.
    pub files: usize,
    /// Folders.
    pub folders: usize,
    /// Streams beside the contents of files.
    pub streams: usize,
    /// Keys.
    pub keys: usize,
    /// Values.
    pub values: usize,
}

impl Counts {
    pub(super) fn add_file(&mut self, file: &FileEntry) {
        match (&file.stream, file.kind) {
            (Some(_), _) => self.streams += 1,
            (None, FileKind::Directory) => self.folders += 1,
            (None, _) => self.files += 1,
        }
    }

    pub(super) fn add_cell(&mut self, cell: &Cell) {
        match cell.value() {
            Some(_) => self.values += 1,
            None => self.keys += 1,
        }
    }
}

pub(super) fn behind(slices: &[ReportSlice]) -> Behind {
    let files = |slice: &ReportSlice| steps_of(&slice.files, file_id);
    let cells = |slice: &ReportSlice| steps_of(&slice.cells, cell_id);
    let mut behind =
        Behind { files: left(slices, files), cells: left(slices, cells), ..Behind::default() };
    let counts = &mut behind.counts;
    let of_files =
        behind.files.iter().filter_map(|(slice, index)| slices.get(*slice)?.files.get(*index));
    of_files.for_each(|delta| counts.add_file(delta.latest()));
    let of_cells =
        behind.cells.iter().filter_map(|(slice, index)| slices.get(*slice)?.cells.get(*index));
    of_cells.for_each(|delta| counts.add_cell(delta.latest()));
    behind
}

/// The paths of what is left, in the order in which it came.
pub(super) fn paths(slices: &[ReportSlice], behind: &Behind) -> Vec<String> {
    let mut paths: Vec<String> = Vec::new();
    for (step, slice) in slices.iter().enumerate() {
        let files = slice.files.iter().enumerate();
        let files = files.filter(|(index, _)| behind.files.contains(&(step, *index)));
        paths.extend(files.map(|(_, it)| it.latest().full_path().to_text().into_owned()));
        let cells = slice.cells.iter().enumerate();
        let cells = cells.filter(|(index, _)| behind.cells.contains(&(step, *index)));
        paths.extend(cells.map(|(_, delta)| cell_path(delta.latest())));
    }
    paths
}

/// What one difference does to what there is.
enum Step<I> {
    Comes(I),
    Goes(I),
    Moves(I, I),
}

fn steps_of<T, C, I: PartialEq>(deltas: &[Delta<T, C>], id: fn(&T) -> I) -> Vec<Option<Step<I>>> {
    let step = |delta: &Delta<T, C>| match delta {
        Delta::New(it) => Some(Step::Comes(id(it))),
        Delta::Deleted(it) => Some(Step::Goes(id(it))),
        Delta::Altered { before, after, .. } => {
            let (before, after) = (id(before), id(after));
            (before != after).then_some(Step::Moves(before, after))
        }
    };
    deltas.iter().map(step).collect()
}

/// Slice and number of the differences by which something came that is still there.
fn left<I: Eq + std::hash::Hash>(
    slices: &[ReportSlice],
    steps: impl Fn(&ReportSlice) -> Vec<Option<Step<I>>>,
) -> HashSet<(usize, usize)> {
    let mut there: HashMap<I, (usize, usize)> = HashMap::new();
    for (number, slice) in slices.iter().enumerate() {
        let (mut come, mut moved) = (Vec::new(), Vec::new());
        // In one step a path may be left by one file and taken by another, in any order.
        for (index, step) in steps(slice).into_iter().enumerate() {
            match step {
                Some(Step::Comes(id)) => come.push((id, (number, index))),
                Some(Step::Goes(id)) => {
                    there.remove(&id);
                }
                Some(Step::Moves(before, after)) => {
                    moved.extend(there.remove(&before).map(|came| (after, came)));
                }
                None => {}
            }
        }
        there.extend(moved);
        // What the last step made was not to be removed by it.
        if number + 1 < slices.len() {
            there.extend(come);
        }
    }
    there.into_values().collect()
}

type FileId = (u32, Name, Option<Name>);

/// By what a file or stream is known again in the next slice.
pub(super) fn file_id(file: &FileEntry) -> FileId {
    (file.partition, file.path.clone(), file.stream.clone())
}

/// Keys and values are known again whatever the case of their names, as Windows does.
pub(super) fn cell_id(cell: &Cell) -> (u32, Name, Vec<Name>, Option<Name>) {
    let key = cell.key.iter().map(Name::to_upper).collect();
    (cell.partition, cell.hive.to_upper(), key, cell.value().map(|value| value.name.to_upper()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FileChanges;

    fn file(path: &str) -> FileEntry {
        FileEntry::plain(path)
    }

    fn slice(files: Vec<Delta<FileEntry, FileChanges>>) -> ReportSlice {
        ReportSlice { files, ..ReportSlice::default() }
    }

    fn moved(before: &str, after: &str) -> Delta<FileEntry, FileChanges> {
        let changes = FileChanges { renamed: true, ..FileChanges::default() };
        Delta::Altered { before: file(before), after: file(after), changes }
    }

    #[test]
    fn what_came_and_was_not_removed_is_left_also_under_another_name() {
        let new = |path| Delta::New(file(path));
        let gone = |path| Delta::Deleted(file(path));
        let behind = behind(&[
            slice(vec![]),
            slice(vec![new("a"), new("b"), new("c"), new("d")]),
            // b takes the place of a, which goes; c goes and comes again.
            slice(vec![gone("a"), moved("b", "a"), gone("c"), new("c")]),
            slice(vec![gone("d"), gone("was there"), new("by the last step")]),
        ]);
        assert_eq!(behind.files, HashSet::from([(1, 1), (2, 3)]));
        assert_eq!(behind.counts, Counts { files: 2, ..Counts::default() });
    }

    #[test]
    fn of_one_slice_nothing_is_left() {
        assert_eq!(behind(&[slice(vec![])]), Behind::default());
        assert_eq!(behind(&[]), Behind::default());
    }
}
