//! The states of a machine: snapshots that VMware lists, and levels of a chain of disks.

use std::path::Path;

use diskprint_formats::ReadAtExt;

use super::catalog::Catalog;
use super::vmsd::{Snapshot, SnapshotList};
use super::{MAX_SETTINGS, MachineDisk, MachineError, open, read_ones};
use crate::file_set::FileSet;
use crate::machine_state::{CURRENT, MachineState, MachineStates, path_of};
use crate::{Fault, Place, Step};

/// Lists the states that lead to that of the machine in `files` which has the id `snapshot`, or to the
/// one that it was left in. `folder` is where they lie.
///
/// Where VMware lists snapshots these are the states; else, of a machine with one disk, those of its
/// chain; else there is the current one alone.
///
/// # Errors
/// When there is no such snapshot, and when the list or the chain cannot be read.
pub(crate) fn states_of(
    files: &FileSet<'_>,
    folder: &Path,
    snapshot: Option<&str>,
) -> Result<MachineStates, MachineError> {
    if let Some(list) = snapshot_list(files)? {
        return listed_states(&list, folder, snapshot);
    }
    if let Some(id) = snapshot.filter(|id| *id != CURRENT) {
        return Err(MachineError::NoSnapshot { id: id.to_owned(), known: Vec::new() });
    }
    let catalog = Catalog::read(files);
    let tops = if catalog.is_empty() { Vec::new() } else { catalog.last()? };
    let states = match <[_; 1]>::try_from(tops) {
        Ok([Ok(top)]) => catalog.states(&top)?,
        _ => Vec::new(),
    };
    let current = || MachineState { path: folder.into(), number: 1, name: CURRENT.to_owned() };
    let states = match states.len() {
        0 | 1 => vec![current()],
        _ => (1..).zip(states).map(|(number, state)| state.in_folder(folder, number)).collect(),
    };
    Ok(MachineStates { states, elsewhere: Vec::new() })
}

fn listed_states(
    list: &SnapshotList,
    folder: &Path,
    snapshot: Option<&str>,
) -> Result<MachineStates, MachineError> {
    let last = match snapshot.filter(|id| *id != CURRENT) {
        Some(id) => Some(found(list, id)?.uid),
        None => list.current,
    };
    let state = |snapshot: &Snapshot| MachineState {
        path: path_of(folder, &snapshot.uid.to_string()),
        number: snapshot.uid,
        name: snapshot.name.clone(),
    };
    let way = list.way(last);
    let is_elsewhere = |it: &&Snapshot| way.iter().all(|other| other.uid != it.uid);
    let elsewhere = list.snapshots.iter().filter(is_elsewhere).map(state).collect();
    let mut states: Vec<_> = way.into_iter().map(state).collect();
    if snapshot.is_none_or(|id| id == CURRENT) {
        let (path, number) = (path_of(folder, CURRENT), list.last.saturating_add(1));
        states.push(MachineState { path, number, name: CURRENT.to_owned() });
    }
    Ok(MachineStates { states, elsewhere })
}

fn found<'l>(list: &'l SnapshotList, id: &str) -> Result<&'l Snapshot, MachineError> {
    let by_id = id.parse().ok().and_then(|uid| list.find(uid));
    by_id.ok_or_else(|| {
        let known = list.snapshots.iter().map(|snapshot| snapshot.uid.to_string());
        let known = known.chain([CURRENT.to_owned()]).collect();
        MachineError::NoSnapshot { id: id.to_owned(), known }
    })
}

pub(super) fn listed(known: &[String]) -> String {
    if known.is_empty() { String::new() } else { format!("; there are {}", known.join(", ")) }
}

/// The list of the machine's snapshots, if there is one and it is not empty.
fn snapshot_list(files: &FileSet<'_>) -> Result<Option<SnapshotList>, MachineError> {
    let mut found: Option<(String, SnapshotList)> = None;
    for path in files.paths().filter(|path| path.to_lowercase().ends_with(".vmsd")) {
        let text = files.open(path).and_then(|file| file.read_vec_at(0, MAX_SETTINGS));
        let text = text.map_err(|source| MachineError::Open { path: path.to_owned(), source })?;
        let list = SnapshotList::parse(&text);
        match found {
            _ if list.snapshots.is_empty() => {}
            None => found = Some((path.to_owned(), list)),
            Some((first, _)) => {
                return Err(MachineError::SeveralMachines { first, second: path.to_owned() });
            }
        }
    }
    Ok(found.map(|(_, list)| list))
}

/// Opens the disks of the machine in `files` as they were when the snapshot with that id was taken.
///
/// # Errors
/// When there is no such snapshot, or none of its disks can be read.
pub(crate) fn open_snapshot(
    files: &FileSet<'_>,
    id: &str,
    faults: &mut Vec<Fault>,
) -> Result<Vec<MachineDisk>, MachineError> {
    if id == CURRENT {
        return open(files, faults);
    }
    let list = snapshot_list(files)?.unwrap_or_default();
    let snapshot = found(&list, id)?;
    let catalog = Catalog::read(files);
    let by = || format!("snapshot {id}");
    let disk = |(number, name): (u32, &String)| {
        let path = files.resolve("", name);
        let missing = || MachineError::Missing { by: by(), file: name.clone() };
        (number, path.ok_or_else(missing))
    };
    let (mut disks, mut failures) = (Vec::new(), Vec::new());
    for (number, path) in (1..).zip(&snapshot.disks).map(disk) {
        match path.and_then(|path| catalog.disk(number, path, None, faults)) {
            Ok(disk) => disks.push(disk),
            Err(error) => failures.push((Place::from(Step::Disk(number)), error)),
        }
    }
    let disks = read_ones(disks, failures, faults)?;
    if disks.is_empty() { Err(catalog.no_disk()) } else { Ok(disks) }
}
