//! What differs between two states.

mod cells;
mod chained;
mod counts;
mod earlier;
mod files;
mod interim;
mod naming;
mod partitions;
mod recovered;

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::convert::Infallible;

pub use cells::cells;
pub use chained::{Link, chained, way};
pub use counts::Counts;
pub use earlier::Earlier;
pub use files::files;

use files::Entry;
use naming::Naming;

use crate::{
    CellDelta, Delta, Fault, FileDelta, FileEntry, Hive, InterimChange, Journal, Partition, Place,
    RecoveredCell, Snapshot, Step, Unread,
};

/// What differs between two states, and what could not be compared.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    /// Differences of files and streams, sorted by partition, path and stream.
    pub files: Vec<FileDelta>,
    /// Differences of keys and values, sorted by partition, hive and path.
    pub cells: Vec<CellDelta>,
    /// Keys and values that no list in use leads to, and that were not there so before.
    pub recovered: Vec<RecoveredCell>,
    /// What happened to files in between and neither state shows, from journals.
    pub interim: Vec<InterimChange>,
    /// What could be read in only one of the states and so not be compared.
    pub faults: Vec<Fault>,
}

/// Compares two states.
///
/// Partitions are numbered as in the state after; one that is gone keeps its own number in the
/// rows of what was in it. What could not be read in one of the states gives no row, but a fault.
pub fn snapshots(before: &Snapshot, after: &Snapshot) -> Comparison {
    let Ok(comparison) = compare(before, after, |numbers| {
        let entries = files::by_place(&before.files, |number| numbers.new_of(number));
        let numbers = numbers.clone();
        entries.into_iter().map(move |entry| Ok::<_, Infallible>(numbers.renumber(entry)))
    });
    comparison
}

/// Compares a state whose files `files_before` gives with the one after it.
fn compare<'a, E, F: Iterator<Item = Result<Entry<'a>, E>>>(
    before: &Snapshot,
    after: &'a Snapshot,
    files_before: impl FnOnce(&Renumbering) -> F,
) -> Result<Comparison, E> {
    let renumbering = Renumbering::new(&before.partitions, &after.partitions);
    let files_before = files_before(&renumbering);
    let before = renumbering.apply(before);
    let unread = Doubt::new(&before, after);

    let is_comparable = |entry: &Entry<'_>| !unread.partition(entry.partition);
    let files_before = files_before.filter(|entry| entry.as_ref().map_or(true, &is_comparable));
    let files_after = files::by_place(&after.files, |number| number);
    let files_after = files_after.into_iter().map(Cow::Borrowed).filter(is_comparable);
    let hives_before = unread.comparable(&before.hives, &after.unread);
    let hives_after = unread.comparable(&after.hives, &before.unread);

    let cells = cells::compare(&hives_before, &hives_after);
    let mut faults = unread.faults(&before, after);
    faults.extend(cells.doubts.into_iter().map(Fault::from));
    let naming = (Naming::of(&before.hives), Naming::of(&after.hives));
    let mut comparison = Comparison {
        files: files::sorted(files_before, files_after)?,
        cells: cells.deltas,
        recovered: recovered::recovered(&hives_before, &hives_after, &naming.1),
        interim: Vec::new(),
        faults,
    };
    let (interim, gaps) = interim::interim(&before, after, &comparison.files);
    comparison.interim = interim;
    comparison.faults.extend(gaps);
    naming::name_all(&naming.0, &naming.1, &mut comparison.cells);
    unread.take_doubtful(&before, after, &mut comparison);
    renumbering.restore(&mut comparison);
    Ok(comparison)
}

/// Numbers of the partitions before, as they are after.
#[derive(Clone)]
struct Renumbering {
    new: HashMap<u32, u32>,
}

impl Renumbering {
    fn new(before: &[Partition], after: &[Partition]) -> Self {
        let pairs = partitions::pair(before, after);
        let mut new: HashMap<u32, u32> = pairs.into_iter().map(|(new, old)| (old, new)).collect();
        let taken = before.iter().chain(after).map(|partition| partition.number).max();
        let mut next = taken.unwrap_or(0);
        for partition in before {
            new.entry(partition.number).or_insert_with(|| {
                next += 1;
                next
            });
        }
        Self { new }
    }

    fn new_of(&self, number: u32) -> u32 {
        self.new.get(&number).copied().unwrap_or(number)
    }

    fn renumber<'a>(&self, entry: &'a FileEntry) -> Entry<'a> {
        match self.new_of(entry.partition) {
            new if new == entry.partition => Cow::Borrowed(entry),
            new => Cow::Owned(FileEntry { partition: new, ..entry.clone() }),
        }
    }

    /// The state before but for its files and faults.
    fn apply(&self, before: &Snapshot) -> Snapshot {
        let Snapshot { partitions, hives, journals, unread, .. } = before;
        let mut partitions = partitions.clone();
        partitions.iter_mut().for_each(|it| it.number = self.new_of(it.number));
        let mut hives = hives.clone();
        hives.iter_mut().for_each(|it| it.partition = self.new_of(it.partition));
        let journals = journals.iter().map(|it| Journal {
            partition: self.new_of(it.partition),
            events: Vec::new(),
            ..*it
        });
        let journals = journals.collect();
        let Unread { inodes, folders, hives: unread } = unread;
        let unread = Unread {
            inodes: inodes.iter().map(|(number, it)| (self.new_of(*number), *it)).collect(),
            folders: folders
                .iter()
                .map(|(number, it)| (self.new_of(*number), it.clone()))
                .collect(),
            hives: unread
                .iter()
                .map(|((number, upper), it)| ((self.new_of(*number), upper.clone()), it.clone()))
                .collect(),
        };
        Snapshot { partitions, hives, journals, unread, ..Snapshot::default() }
    }

    /// Gives the items of partitions that are gone the number that they had.
    fn restore(&self, comparison: &mut Comparison) {
        let old: HashMap<u32, u32> = self.new.iter().map(|(old, new)| (*new, *old)).collect();
        let set = |number: &mut u32| *number = old.get(number).copied().unwrap_or(*number);
        for delta in &mut comparison.files {
            if let Delta::Deleted(entry) = delta {
                set(&mut entry.partition);
            }
        }
        for delta in &mut comparison.cells {
            if let Delta::Deleted(cell) = delta {
                set(&mut cell.partition);
            }
        }
    }
}

/// Partitions that were read in one state only.
struct Doubt {
    partitions: BTreeSet<u32>,
}

impl Doubt {
    fn new(before: &Snapshot, after: &Snapshot) -> Self {
        let was_read = |number| {
            before.partitions.iter().find(|old| old.number == number).map(|old| old.is_read)
        };
        let differs = |new: &&Partition| was_read(new.number).is_some_and(|was| was != new.is_read);
        let partitions = after.partitions.iter().filter(differs).map(|new| new.number).collect();
        Self { partitions }
    }

    fn partition(&self, number: u32) -> bool {
        self.partitions.contains(&number)
    }

    /// The hives that the other state could have read, too.
    fn comparable(&self, hives: &[Hive], other: &Unread) -> Vec<Hive> {
        let is_unread =
            |hive: &Hive| other.hives.contains_key(&(hive.partition, hive.path.to_upper()));
        let kept = hives.iter().filter(|hive| !self.partition(hive.partition) && !is_unread(hive));
        kept.cloned().collect()
    }

    /// Says which partitions and hives were not compared.
    fn faults(&self, before: &Snapshot, after: &Snapshot) -> Vec<Fault> {
        let mut faults = Vec::new();
        for number in &self.partitions {
            let what = "could be read in only one of the two slices";
            let place = Place::from(Step::Partition(*number));
            faults.push(Fault::text(place, what, "the comparison of its files and hives"));
        }
        let sides = [
            (&before.hives, &after.unread, "this slice"),
            (&after.hives, &before.unread, "the slice before"),
        ];
        for (hives, other, name) in sides {
            for hive in hives {
                if other.hives.contains_key(&(hive.partition, hive.path.to_upper())) {
                    let place = Place::from(Step::Partition(hive.partition));
                    let place = place.then(Step::Hive(hive.path.clone()));
                    let what = format!("could not be read in {name}");
                    faults.push(Fault::text(place, what, "the comparison of its keys and values"));
                }
            }
        }
        faults
    }

    /// Takes out the rows that say that a file, or a hive in it, came or went when its record
    /// could not be read in the other state, and puts faults in their place.
    fn take_doubtful(&self, before: &Snapshot, after: &Snapshot, comparison: &mut Comparison) {
        let mut doubtful: BTreeSet<(u32, diskprint_formats::Name)> = BTreeSet::new();
        let mut is_doubtful = |delta: &FileDelta| {
            let (entry, other) = match delta {
                Delta::New(entry) => (entry, &before.unread),
                Delta::Deleted(entry) => (entry, &after.unread),
                Delta::Altered { .. } => return false,
            };
            let found = other.inodes.contains(&(entry.partition, entry.inode))
                || other.hides(entry.partition, &entry.path);
            if found {
                doubtful.insert((entry.partition, entry.full_path()));
            }
            found
        };
        comparison.files.retain(|delta| !is_doubtful(delta));
        comparison.cells.retain(|delta| {
            let cell = delta.latest();
            delta.changes().is_some() || !doubtful.contains(&(cell.partition, cell.hive.clone()))
        });
        for (partition, path) in doubtful {
            let place = Place::from(Step::Partition(partition)).then(Step::Path(path));
            let what = "its record or folder could be read in only one of the two slices";
            comparison.faults.push(Fault::text(place, what, "the comparison of this file"));
        }
    }
}
