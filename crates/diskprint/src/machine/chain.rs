use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;

use diskprint_formats::{ReadAt, qcow2};

use crate::machine::catalog::{Catalog, extents};
use crate::machine::{MAX_CHAIN, MachineDisk, MachineError};
use crate::machine_state::DiskState;
use crate::raw_disk;
use crate::virtual_disk::{Below, IsRaw, VirtualDisk};
use crate::{Fault, Place, Step};

/// A disk of a chain: the path of its own file, that file, and what it says.
struct Level {
    path: String,
    file: Arc<dyn ReadAt>,
    disk: VirtualDisk,
}

impl Catalog<'_> {
    /// Opens the disk at `path` on top of all its parents, as its snapshot of the id `snapshot`
    /// where one is given.
    pub fn disk(
        &self,
        number: u32,
        path: &str,
        snapshot: Option<&str>,
        faults: &mut Vec<Fault>,
    ) -> Result<MachineDisk, MachineError> {
        let chain = self.chain(path)?;
        let Some(top) = chain.first() else { return Err(self.no_disk()) };
        let format = top.disk.format();
        let place = Place::from(Step::Disk(number));
        let (mut below, mut files) = (None, Vec::new());
        let mut under: Option<&Level> = None;
        for level in chain.iter().rev() {
            let Level { path, file, disk } = level;
            let place = place.then(Step::Member(path.clone()));
            if let (Some(under), Some(below)) = (under, disk.below()) {
                compare(level, under, &below, &place, faults)?;
            }
            let damaged =
                |source| MachineError::Damaged { path: path.clone(), source: Box::new(source) };
            let mut open = |name: &str| {
                let found = self.files.resolve(path, name).ok_or_else(not_beside)?;
                self.files.open(found)
            };
            let snapshot = snapshot.filter(|_| std::ptr::eq(level, top));
            let opened = disk.open(file, below.take(), snapshot, &mut open).map_err(damaged)?;
            faults.extend(disk.findings().iter().map(|it| Fault::new(place.clone(), *it, "")));
            faults.extend(opened.findings.iter().map(|it| Fault::new(place.clone(), it, "")));
            let own = [path.clone()].into_iter().chain(extents(self.files, path, disk));
            files.splice(0..0, own);
            (below, under) = (Some(opened.reader), Some(level));
        }
        let Some(reader) = below else { return Err(self.no_disk()) };
        files.dedup();
        Ok(MachineDisk { number, format, files, reader, stored_hashes: None })
    }

    /// Lists the states that the chain of the disk at `path` holds, the oldest first.
    pub fn states(&self, path: &str) -> Result<Vec<DiskState>, MachineError> {
        let mut states = Vec::new();
        for Level { path, file, disk } in self.chain(path)?.iter().rev() {
            if let VirtualDisk::Qcow2(header) = disk {
                let damaged = |source: qcow2::Error| MachineError::Damaged {
                    path: path.clone(),
                    source: Box::new(source.into()),
                };
                let snapshots = qcow2::Snapshot::list(file, header).map_err(damaged)?;
                let snapshots = snapshots.into_iter().map(Some);
                states.extend(snapshots.map(|snapshot| DiskState { file: path.clone(), snapshot }));
            }
            states.push(DiskState { file: path.clone(), snapshot: None });
        }
        Ok(states)
    }

    /// The disks from `path` down to the one without parent.
    fn chain(&self, path: &str) -> Result<Vec<Level>, MachineError> {
        let (mut chain, mut seen) = (Vec::new(), BTreeSet::new());
        let mut next = Some((path.to_owned(), None));
        while let Some((path, raw)) = next {
            if !seen.insert(path.clone()) {
                return Err(MachineError::Loop { path });
            }
            if chain.len() > MAX_CHAIN {
                return Err(MachineError::Chain { path, limit: MAX_CHAIN });
            }
            let level = self.level(path, raw)?;
            let below = level.disk.below();
            let parent = self.parent(&level.path, &level.disk);
            next = match (below, parent) {
                (Some(below), Some(parent)) => Some((parent, below.raw)),
                (Some(below), None) => missing(&level, below)?,
                (None, _) => None,
            };
            chain.push(level);
        }
        Ok(chain)
    }

    fn level(&self, path: String, raw: Option<IsRaw>) -> Result<Level, MachineError> {
        let file = self.files.open(&path);
        let file = file.map_err(|source| MachineError::Open { path: path.clone(), source })?;
        let read = match raw {
            Some(IsRaw::Stated) => Ok(Some(VirtualDisk::Raw(Vec::new()))),
            _ => VirtualDisk::read(&file),
        };
        match (read, raw) {
            (Ok(Some(disk)), _) => return Ok(Level { path, file, disk }),
            (Ok(None), Some(_)) => {
                return Ok(Level { path, file, disk: VirtualDisk::Raw(Vec::new()) });
            }
            (Ok(None), None) => {}
            (Err(error), _) => {
                return Err(MachineError::Damaged { path, source: Box::new(error) });
            }
        }
        let found = raw_disk::read(self.files, &path);
        match found.map_err(|source| MachineError::Open { path: path.clone(), source })? {
            Some(Ok(disk)) => Ok(Level { path, file, disk }),
            Some(Err(missing)) => Err(MachineError::MissingPart { first: path, missing }),
            None => Err(MachineError::NotDisk { path, len: file.len() }),
        }
    }
}

/// What is said of a disk whose parent is not there; nothing where it names none, which its format
/// tells when it is opened.
fn missing<T>(level: &Level, below: Below) -> Result<Option<T>, MachineError> {
    let by = level.path.clone();
    match (below.names.into_iter().next(), below.id) {
        (Some(file), _) => Err(MachineError::Missing { by, file }),
        (None, Some(id)) => Err(MachineError::MissingId { by, id }),
        (None, None) => Ok(None),
    }
}

/// Compares the disk below with what is said of it in the one above.
fn compare(
    level: &Level,
    under: &Level,
    below: &Below,
    place: &Place,
    faults: &mut Vec<Fault>,
) -> Result<(), MachineError> {
    if let (Some(expected), Some(found)) = (below.id, under.disk.id())
        && expected != found
    {
        let (by, path) = (level.path.clone(), under.path.clone());
        return Err(MachineError::WrongParent { by, path, ids: Box::new((expected, found)) });
    }
    let state = under.disk.state();
    if state.is_some_and(|state| !below.states.is_empty() && !below.states.contains(&state)) {
        let what = match &level.disk {
            VirtualDisk::Vmdk(_) => "parentCID is not its CID",
            VirtualDisk::Vhdx(_) => "parent_linkage is not its DataWriteGuid",
            _ => "uuidParentModify is not its uuidModify",
        };
        let what = format!("the disk below has changed since this snapshot was taken: {what}");
        faults.push(Fault::text(place.clone(), what, ""));
    }
    Ok(())
}

fn not_beside() -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, "there is no such file beside the descriptor")
}
