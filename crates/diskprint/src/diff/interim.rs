//! What happened between two slices, from the journals of their volumes.

use std::collections::{HashMap, HashSet};

use diskprint_formats::Name;
use diskprint_formats::ntfs::FileReference;
use diskprint_formats::walked::Room;

use crate::{
    Delta, Fault, FileDelta, FileEntry, FileEvent, FileEventKind, FileKind, FileLink,
    InterimAction, InterimChange, Journal, JournalKind, Place, Snapshot, Step,
};

/// The root directory of an NTFS volume.
const ROOT: u64 = 5;
/// How many directories inside one another are looked up in a journal.
const MOST_DEPTH: usize = 256;
/// Length of a journal's record at least, in bytes.
const EVENT: u64 = 64;
/// Stands for the directories of a path that nothing knows any more, or that is too long.
const UNKNOWN: &str = "?";

/// Returns what the journals of `after` say happened to files since `before`, and faults where the
/// change journal does not reach back that far. That the log does not is no fault: it seldom does.
///
/// Told are files that were created and deleted again, and those that had a name which neither
/// slice has. Sorted by partition, journal and the first record of the file; all changes of a file
/// stand together.
///
/// `files` are the differences, in which directories are found that are not there any more.
pub(super) fn interim(
    before: &Snapshot,
    after: &Snapshot,
    files: &[FileDelta],
) -> (Vec<InterimChange>, Vec<Fault>) {
    let (mut changes, mut faults) = (Vec::new(), Vec::new());
    let is_same = |a: &Journal, b: &Journal| (a.partition, a.kind) == (b.partition, b.kind);
    let tells_all = |journal: &&Journal| journal.kind == JournalKind::UsnJrnl;
    for old in before.journals.iter().filter(tells_all) {
        let was_read = |number| after.partitions.iter().any(|it| it.number == number && it.is_read);
        if was_read(old.partition) && !after.journals.iter().any(|new| is_same(old, new)) {
            faults.push(fault(old, "is not there any more, or cannot be read".to_owned()));
        }
    }
    for new in &after.journals {
        let old = before.journals.iter().find(|old| is_same(old, new));
        if new.kind == JournalKind::UsnJrnl {
            faults.extend(old.and_then(|old| gap(old, new)).map(|what| fault(new, what)));
        }
        let since = old.filter(|old| old.id == new.id).map_or(0, |old| old.next);
        let events = new.events.iter().filter(|event| event.number >= since);
        let told = told(events);
        if !told.is_empty() {
            let mut folders = Folders::new(new, after, files, &told);
            changes.extend(told.into_iter().flatten().map(|event| folders.change(event)));
        }
    }
    (changes, faults)
}

/// Why a journal does not say all that happened since the slice before.
fn gap(old: &Journal, new: &Journal) -> Option<String> {
    if old.id != new.id {
        return Some("was deleted and made anew".to_owned());
    }
    if new.first > old.next {
        let (from, to) = (old.next, new.first);
        return Some(format!("its records from {from} to {to} are not there any more"));
    }
    (new.next < old.next).then(|| {
        format!("ends at {}, in the slice before it did at {}: that is later", new.next, old.next)
    })
}

fn fault(journal: &Journal, what: String) -> Fault {
    let path = format!("$Extend/{}", journal.kind.name());
    let place =
        Place::from(Step::Partition(journal.partition)).then(Step::Path(path.as_str().into()));
    Fault::text(place, what, "files that were there only between the slices")
}

/// The events of each file that the slices do not show, in the order of the files' first ones.
fn told<'e>(events: impl Iterator<Item = &'e FileEvent>) -> Vec<Vec<&'e FileEvent>> {
    let mut places: HashMap<FileReference, usize> = HashMap::new();
    let mut files: Vec<Vec<&FileEvent>> = Vec::new();
    for event in events {
        let place = *places.entry(event.file).or_insert(files.len());
        match files.get_mut(place) {
            Some(file) => file.push(event),
            None => files.push(vec![event]),
        }
    }
    files.retain(|events| !is_shown(events));
    files
}

/// Whether the slices show all names that a file had.
fn is_shown(events: &[&FileEvent]) -> bool {
    let count = |is: fn(&FileEventKind) -> bool| events.iter().filter(|it| is(&it.kind)).count();
    let was_created = count(|kind| *kind == FileEventKind::Created) > 0;
    let was_deleted = count(|kind| *kind == FileEventKind::Deleted) > 0;
    match count(|kind| matches!(kind, FileEventKind::Renamed(_))) {
        0 => !(was_created && was_deleted),
        1 => !was_created && !was_deleted,
        _ => false,
    }
}

/// The directories that files were in between the slices.
struct Folders<'j> {
    journal: &'j Journal,
    known: HashMap<FileReference, Name>,
    /// The last names of directories that only the journal knows.
    told: HashMap<FileReference, &'j FileLink>,
    /// Room for paths: directories inside one another could ask for that of their number squared.
    room: Room,
}

impl<'j> Folders<'j> {
    fn new(
        journal: &'j Journal,
        after: &Snapshot,
        files: &[FileDelta],
        told: &[Vec<&FileEvent>],
    ) -> Self {
        let mut wanted: HashSet<FileReference> = HashSet::new();
        for event in told.iter().flatten() {
            wanted.insert(event.link.parent);
            if let FileEventKind::Renamed(Some(old)) = &event.kind {
                wanted.insert(old.parent);
            }
        }
        // What is wanted may be in directories that only the journal knows.
        let links = journal.events.iter().map(|event| (event.file, &event.link));
        let links: HashMap<FileReference, &FileLink> = links.collect();
        wanted.extend(links.values().map(|link| link.parent));
        let mut known = HashMap::new();
        let mut add = |entry: &FileEntry| {
            let file = FileReference { record: entry.inode, sequence: entry.seq };
            let is_folder = entry.kind == FileKind::Directory && entry.stream.is_none();
            if is_folder && entry.partition == journal.partition && wanted.contains(&file) {
                known.entry(file).or_insert_with(|| entry.path.clone());
            }
        };
        after.files.iter().filter(|entry| entry.is_live()).for_each(&mut add);
        for delta in files {
            if let Delta::Deleted(entry) = delta {
                add(entry);
            }
        }
        let room = Room::new((journal.events.len() as u64).saturating_mul(EVENT));
        Self { journal, known, told: links, room }
    }

    fn change(&mut self, event: &FileEvent) -> InterimChange {
        let (action, old) = match &event.kind {
            FileEventKind::Created => (InterimAction::Created, None),
            FileEventKind::Renamed(old) => (InterimAction::Renamed, old.as_ref()),
            FileEventKind::Deleted => (InterimAction::Deleted, None),
        };
        InterimChange {
            partition: self.journal.partition,
            journal: self.journal.kind,
            file: event.file,
            number: event.number,
            time: event.time,
            action,
            path: self.path(&event.link),
            path_before: old.map(|old| self.path(old)),
            attributes: event.attributes,
            reason: event.reason,
        }
    }

    fn path(&mut self, link: &FileLink) -> Name {
        let mut names = vec![&link.name];
        let mut parent = link.parent;
        let start = loop {
            if parent.record == ROOT {
                break None;
            }
            if let Some(path) = self.known.get(&parent) {
                break Some(path.clone());
            }
            match self.told.get(&parent) {
                Some(folder) if names.len() < MOST_DEPTH => {
                    names.push(&folder.name);
                    parent = folder.parent;
                }
                _ => break Some(UNKNOWN.into()),
            }
        };
        let mut folders = names.iter().skip(1).rev();
        let start = start.unwrap_or_default();
        let folder = folders.try_fold(start, |path, name| self.room.join(&path, name));
        let path = folder.and_then(|folder| self.room.join(&folder, &link.name));
        path.unwrap_or_else(|| Name::from(UNKNOWN).join('/', &link.name))
    }
}
