//! Which changes each fault touches: what could not be read, and what is said of it nevertheless.
//!
//! A row too many that is marked is looked at; a row too few is trusted. So the letters of names
//! count in no case, and a fault of a name of a file counts for the file's record, too.

use std::collections::{HashMap, HashSet};
use std::iter;

use diskprint_formats::Name;

use super::ReportSlice;
use crate::{Cell, CellDelta, Fault, FileDelta, FileEntry, Place, RecoveredCell, Step};

/// What faults touch.
#[derive(Debug, Default)]
pub(super) struct Doubt {
    /// For each slice and each of its changes (files, then cells, then recovered cells) which of
    /// the sets touches it.
    pub rows: Vec<Vec<usize>>,
    /// Places whose faults touch the same changes; the first set is empty.
    pub sets: Vec<Vec<usize>>,
    /// Places that faults name.
    pub places: Vec<Doubtful>,
    /// For each slice and each of its faults what it touches.
    pub faults: Vec<Vec<Touched>>,
}

/// A place of a slice, and the faults that name it.
#[derive(Debug)]
pub(super) struct Doubtful {
    pub slice: usize,
    pub faults: Vec<usize>,
}

/// What a fault touches.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Touched {
    /// The whole slice: it names nothing that changes are of.
    Slice,
    /// The changes at these places, and how many these are.
    Places(Vec<usize>, usize),
}

/// A step down to a place: names in upper case.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Part {
    /// `None` is any partition.
    Partition(Option<u32>),
    Inode(u64),
    Hive(Vec<u8>),
    File(Vec<u8>),
    Key(Vec<u8>),
}

/// Where the changes are that a fault at `place` touches: those at one of these places or below
/// it. Nowhere when it names nothing of a volume.
fn scopes(place: &Place) -> Vec<Vec<Part>> {
    let (mut partition, mut inode, mut path, mut hive, mut key) = (None, None, None, None, None);
    for step in place.steps() {
        match step {
            Step::Partition(number) => partition = Some(*number),
            Step::Inode(number) => inode = Some(*number),
            Step::Path(name) => path = Some(name),
            Step::Hive(name) => hive = Some(name),
            Step::Key(name) => key = Some(name),
            Step::Slice(_) | Step::Member(_) | Step::Disk(_) | Step::Offset(_) => {}
        }
    }
    let below = |parts: Vec<Part>| [vec![Part::Partition(partition)], parts].concat();
    if let Some(hive) = hive {
        let keys = key.into_iter().flat_map(keys);
        return vec![below([vec![Part::Hive(upper(hive))], keys.collect()].concat())];
    }
    let inode = inode.map(|number| below(vec![Part::Inode(number)]));
    let path = path.map(|path| below(files(path)));
    let named: Vec<_> = inode.into_iter().chain(path).collect();
    match (named.is_empty(), partition) {
        (true, Some(_)) => vec![below(Vec::new())],
        _ => named,
    }
}

fn upper(name: &Name) -> Vec<u8> {
    name.to_upper().as_bytes().to_vec()
}

fn files(path: &Name) -> Vec<Part> {
    upper(path).split(|byte| *byte == b'/').map(|name| Part::File(name.to_vec())).collect()
}

/// The path of a root key is empty.
fn keys(path: &Name) -> Vec<Part> {
    let names = upper(path);
    let names = names.split(|byte| *byte == b'\\').filter(|name| !name.is_empty());
    names.map(|name| Part::Key(name.to_vec())).collect()
}

pub(super) fn doubt(slices: &[ReportSlice]) -> Doubt {
    let mut doubt = Doubt { sets: vec![Vec::new()], ..Doubt::default() };
    for (number, slice) in slices.iter().enumerate() {
        doubt.add(number, slice);
    }
    doubt
}

impl Doubt {
    fn add(&mut self, number: usize, slice: &ReportSlice) {
        let mut tree = Tree::default();
        let mut named: Vec<Vec<usize>> = Vec::new();
        for (fault, Fault { place, .. }) in slice.faults.iter().enumerate() {
            let add = |scope| self.place(&mut tree, number, scope, fault);
            named.push(scopes(place).into_iter().map(add).collect());
        }
        // Changes are many, and differ little in what touches them.
        let mut known: HashMap<Vec<usize>, Set> = HashMap::new();
        let mut rows = Vec::with_capacity(slice.changes());
        for ends in ends(&tree, slice) {
            let set = known.entry(ends).or_insert_with_key(|ends| {
                let places = tree.places_above(ends);
                if places.is_empty() {
                    return Set::default();
                }
                self.sets.push(places);
                Set { index: self.sets.len() - 1, changes: 0 }
            });
            set.changes += 1;
            rows.push(set.index);
        }
        self.rows.push(rows);
        let counts = Counts::new(&named, known.values(), &self.sets);
        let touched = named.into_iter().map(|places| match places.is_empty() {
            true => Touched::Slice,
            false => {
                let changes = counts.of(&places);
                Touched::Places(places, changes)
            }
        });
        self.faults.push(touched.collect());
    }

    /// Takes note that a fault names a place; returns the place's number.
    fn place(&mut self, tree: &mut Tree, slice: usize, scope: Vec<Part>, fault: usize) -> usize {
        let place = tree.add(scope, self.places.len());
        if place == self.places.len() {
            self.places.push(Doubtful { slice, faults: Vec::new() });
        }
        self.places.iter_mut().skip(place).take(1).for_each(|it| it.faults.push(fault));
        place
    }
}

/// A set of places, and how many changes of the slice at hand they touch.
#[derive(Default)]
struct Set {
    index: usize,
    changes: usize,
}

/// How many changes there are at a place, and at both places of a fault.
struct Counts {
    at: HashMap<usize, usize>,
    at_both: HashMap<(usize, usize), usize>,
}

impl Counts {
    fn new<'s>(
        named: &[Vec<usize>],
        found: impl Iterator<Item = &'s Set>,
        sets: &[Vec<usize>],
    ) -> Self {
        let pairs = named.iter().filter_map(|places| match places.as_slice() {
            [one, other] => Some(((*one, *other), 0)),
            _ => None,
        });
        let mut counts = Self { at: HashMap::new(), at_both: pairs.collect() };
        let firsts: HashSet<usize> = counts.at_both.keys().map(|(one, _)| *one).collect();
        for Set { index, changes } in found {
            let places = sets.get(*index).map(Vec::as_slice).unwrap_or_default();
            for place in places {
                *counts.at.entry(*place).or_default() += changes;
            }
            // A change has two records at most.
            for one in places.iter().filter(|place| firsts.contains(place)) {
                for other in places {
                    if let Some(count) = counts.at_both.get_mut(&(*one, *other)) {
                        *count += changes;
                    }
                }
            }
        }
        counts
    }

    fn of(&self, places: &[usize]) -> usize {
        let sum: usize = places.iter().filter_map(|place| self.at.get(place)).sum();
        let twice = match places {
            [one, other] => self.at_both.get(&(*one, *other)).copied().unwrap_or(0),
            _ => 0,
        };
        sum - twice
    }
}

/// The places of a slice, by the steps down to them.
struct Tree(Vec<Node>);

#[derive(Default)]
struct Node {
    above: Option<usize>,
    below: HashMap<Part, usize>,
    place: Option<usize>,
}

const ROOT: usize = 0;

impl Default for Tree {
    fn default() -> Self {
        Self(vec![Node::default()])
    }
}

impl Tree {
    /// Returns the number of the place at a scope, which is `new` where it had none.
    fn add(&mut self, scope: Vec<Part>, new: usize) -> usize {
        let mut at = ROOT;
        for part in scope {
            let next = self.0.len();
            let found = self.0.get_mut(at).map_or(ROOT, |it| *it.below.entry(part).or_insert(next));
            if found == next {
                self.0.push(Node { above: Some(at), ..Node::default() });
            }
            at = found;
        }
        self.0.get_mut(at).map_or(new, |node| *node.place.get_or_insert(new))
    }

    fn step(&self, at: usize, part: &Part) -> Option<usize> {
        self.0.get(at)?.below.get(part).copied()
    }

    fn is_end(&self, at: usize) -> bool {
        self.0.get(at).is_none_or(|node| node.below.is_empty())
    }

    fn has_place(&self, at: usize) -> bool {
        self.0.get(at).is_some_and(|node| node.place.is_some())
    }

    /// The last node with a place on the way down these steps.
    fn end(&self, mut at: usize, parts: impl IntoIterator<Item = Part>) -> Option<usize> {
        let mut end = Some(at).filter(|at| self.has_place(*at));
        for part in parts {
            match self.step(at, &part) {
                Some(next) => at = next,
                None => break,
            }
            end = Some(at).filter(|at| self.has_place(*at)).or(end);
        }
        end
    }

    fn partitions(&self, number: u32) -> impl Iterator<Item = usize> + '_ {
        let parts = [Some(number), None].map(Part::Partition);
        parts.into_iter().filter_map(|part| self.step(ROOT, &part))
    }

    /// Where the ways down to a file end.
    fn ends_of_file(&self, file: &FileEntry, ends: &mut Vec<usize>) {
        for partition in self.partitions(file.partition) {
            ends.extend(self.end(partition, [Part::Inode(file.inode)]));
            if self.is_end(partition) {
                continue;
            }
            let mut parts = files(&file.path);
            ends.extend(self.end(partition, parts.iter().cloned()));
            if let (Some(stream), Some(Part::File(name))) = (&file.stream, parts.last_mut()) {
                *name = [name.as_slice(), b":", &upper(stream)].concat();
                ends.extend(self.end(partition, parts));
            }
        }
    }

    /// Where the ways down to a cell end; `is_whole` says that its path begins at the root.
    fn ends_of_cell(&self, cell: &Cell, is_whole: bool, ends: &mut Vec<usize>) {
        for partition in self.partitions(cell.partition) {
            if self.is_end(partition) {
                ends.extend(Some(partition).filter(|at| self.has_place(*at)));
                continue;
            }
            let names = if is_whole { &*cell.key } else { &[] };
            let parts = [Part::Hive(upper(&cell.hive))].into_iter();
            ends.extend(self.end(partition, parts.chain(names.iter().flat_map(keys))));
        }
    }

    /// The places at these nodes and on the way to them, sorted.
    fn places_above(&self, ends: &[usize]) -> Vec<usize> {
        let mut places = Vec::new();
        for end in ends {
            let way = iter::successors(self.0.get(*end), |node| self.0.get(node.above?));
            places.extend(way.filter_map(|node| node.place));
        }
        places.sort_unstable();
        places.dedup();
        places
    }
}

/// Where the ways down to each change of a slice end.
fn ends(tree: &Tree, slice: &ReportSlice) -> impl Iterator<Item = Vec<usize>> {
    let sorted = |mut ends: Vec<usize>| {
        ends.sort_unstable();
        ends.dedup();
        ends
    };
    let files = slice.files.iter().map(move |delta: &FileDelta| {
        let mut ends = Vec::new();
        let sides = delta.before().into_iter().chain(delta.after());
        sides.for_each(|file| tree.ends_of_file(file, &mut ends));
        sorted(ends)
    });
    let cells = slice.cells.iter().map(move |delta: &CellDelta| {
        let mut ends = Vec::new();
        let sides = delta.before().into_iter().chain(delta.after());
        sides.for_each(|cell| tree.ends_of_cell(cell, true, &mut ends));
        sorted(ends)
    });
    let recovered = slice.recovered.iter().map(move |found: &RecoveredCell| {
        let mut ends = Vec::new();
        tree.ends_of_cell(&found.cell, found.is_path_whole, &mut ends);
        sorted(ends)
    });
    files.chain(cells).chain(recovered)
}

#[cfg(test)]
mod tests {
    use diskprint_formats::Filetime;

    use super::*;
    use crate::{CellKind, Delta, KeyCell};

    fn at(steps: Vec<Step>) -> Fault {
        let start = Place::from(Step::Slice(20)).then(Step::Partition(1));
        Fault::text(steps.into_iter().fold(start, |place, step| place.then(step)), "what", "")
    }

    fn file(inode: u64, path: &str) -> FileEntry {
        let (path, stream) = path.split_once(':').unwrap_or((path, ""));
        let stream = (!stream.is_empty()).then(|| stream.into());
        FileEntry { inode, stream, partition: 1, ..FileEntry::plain(path) }
    }

    fn key(hive: &str, path: &str) -> Cell {
        Cell {
            partition: 1,
            hive: hive.into(),
            root: "ROOT".into(),
            key: path.split('\\').filter(|name| !name.is_empty()).map(Name::from).collect(),
            parent_mtime: Filetime::default(),
            kind: CellKind::Key(KeyCell::default()),
            registry_path: None,
            artefact: None,
        }
    }

    /// Which of these files, then cells, a fault touches.
    fn touched(fault: Fault, files: &[(u64, &str)], cells: &[(&str, &str)]) -> Vec<usize> {
        let slice = ReportSlice {
            files: files.iter().map(|(inode, path)| Delta::New(file(*inode, path))).collect(),
            cells: cells.iter().map(|(hive, path)| Delta::New(key(hive, path))).collect(),
            faults: vec![fault],
            ..ReportSlice::default()
        };
        let doubt = doubt(&[slice]);
        let rows =
            doubt.rows[0].iter().enumerate().filter(|(_, set)| !doubt.sets[**set].is_empty());
        let rows: Vec<usize> = rows.map(|(row, _)| row).collect();
        match &doubt.faults[0][0] {
            Touched::Slice => assert!(rows.is_empty()),
            Touched::Places(_, count) => assert_eq!(*count, rows.len()),
        }
        rows
    }

    const FILES: [(u64, &str); 6] =
        [(5, "a"), (5, "a:s"), (6, "A/b"), (6, "link of b"), (7, "ab"), (8, "a:t")];
    const CELLS: [(&str, &str); 5] =
        [("a", ""), ("a", r"k"), ("a", r"K\l"), ("a", r"kl"), ("b", r"k")];

    #[test]
    fn a_path_covers_the_file_its_streams_and_what_is_below() {
        let path = |path: &str| at(vec![Step::Path(path.into())]);
        assert_eq!(touched(path("a"), &FILES, &CELLS), [0, 1, 2, 5]);
        assert_eq!(touched(path("a/B"), &FILES, &CELLS), [2]);
        assert_eq!(touched(path("a:S"), &FILES, &CELLS), [1]);
        assert_eq!(touched(path("c"), &FILES, &CELLS), [0usize; 0]);
    }

    #[test]
    fn a_record_covers_all_its_names_and_streams() {
        let record = |inode, path: &str| at(vec![Step::Inode(inode), Step::Path(path.into())]);
        assert_eq!(touched(at(vec![Step::Inode(5)]), &FILES, &CELLS), [0, 1]);
        assert_eq!(touched(record(6, "a/b"), &FILES, &CELLS), [2, 3]);
        assert_eq!(touched(record(6, "a"), &FILES, &CELLS), [0, 1, 2, 3, 5]);
    }

    #[test]
    fn a_hive_covers_its_cells_and_a_key_what_is_below_it() {
        let hive = |steps: &[&str]| {
            let keys = steps.iter().map(|key| Step::Key((*key).into()));
            at([vec![Step::Hive("A".into())], keys.collect()].concat())
        };
        assert_eq!(touched(hive(&[]), &FILES, &CELLS), [6, 7, 8, 9]);
        assert_eq!(touched(hive(&[""]), &FILES, &CELLS), [6, 7, 8, 9]);
        assert_eq!(touched(hive(&["k"]), &FILES, &CELLS), [7, 8]);
        assert_eq!(touched(hive(&[r"k\L"]), &FILES, &CELLS), [8]);
        let with_offset = Fault { place: hive(&["k"]).place.then(Step::Offset(4)), ..hive(&[]) };
        assert_eq!(touched(with_offset, &FILES, &CELLS), [7, 8]);
    }

    #[test]
    fn a_partition_covers_all_in_it_and_what_names_nothing_no_row() {
        assert_eq!(touched(at(vec![]), &FILES, &CELLS).len(), FILES.len() + CELLS.len());
        let other = Fault::text(Place::from(Step::Partition(2)), "what", "");
        assert_eq!(touched(other, &FILES, &CELLS), [0usize; 0]);
        let slice = Place::from(Step::Slice(20)).then(Step::Disk(1)).then(Step::Offset(512));
        assert_eq!(touched(Fault::text(slice, "what", ""), &FILES, &CELLS), [0usize; 0]);
        let anywhere = Place::from(Step::Path("a".into()));
        assert_eq!(touched(Fault::text(anywhere, "what", ""), &FILES, &CELLS), [0, 1, 2, 5]);
    }

    #[test]
    fn both_sides_of_a_change_count_and_faults_of_one_place_stand_together() {
        let moved = Delta::Altered {
            before: file(5, "before"),
            after: file(6, "after"),
            changes: crate::FileChanges::default(),
        };
        let path = |path: &str| at(vec![Step::Path(path.into())]);
        let slice =
            |faults| ReportSlice { files: vec![moved.clone()], faults, ..Default::default() };
        let doubt =
            doubt(&[slice(vec![path("before"), path("AFTER"), path("Before")]), slice(vec![])]);
        assert_eq!(
            (&doubt.rows, &doubt.sets),
            (&vec![vec![1], vec![0]], &vec![vec![], vec![0, 1]])
        );
        let faults: Vec<_> = doubt.places.iter().map(|place| place.faults.clone()).collect();
        assert_eq!(faults, [vec![0, 2], vec![1]]);
        let one = |place| Touched::Places(vec![place], 1);
        assert_eq!(doubt.faults, [vec![one(0), one(1), one(0)], vec![]]);
    }

    #[test]
    fn many_changes_and_many_faults_are_no_quadratic_work() {
        let path = |number: usize| format!("folder/{}/{number}", number % 100);
        let files = (0..50_000).map(|number| Delta::New(file(number as u64, &path(number))));
        let of_files = (0..10_000).map(|number| at(vec![Step::Path(path(number).as_str().into())]));
        let of_all = (0..10_000).map(|_| at(vec![]));
        let slice = ReportSlice {
            files: files.collect(),
            faults: of_files.chain(of_all).collect(),
            ..ReportSlice::default()
        };
        let doubt = doubt(&[slice]);
        let places: usize = doubt.sets.iter().map(Vec::len).sum();
        assert_eq!((doubt.sets.len(), places), (10_002, 20_001));
        assert_eq!(doubt.faults[0][10_000], Touched::Places(vec![10_000], 50_000));
    }
}
