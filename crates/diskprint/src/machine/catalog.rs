use std::collections::{BTreeMap, BTreeSet};

use crate::file_set::FileSet;
use crate::machine::{MachineDisk, MachineError};
use crate::virtual_disk::VirtualDisk;
use crate::{Fault, Place, Step};

/// All disks in a set of files, found by their content.
pub(super) struct Catalog<'a> {
    pub files: &'a FileSet<'a>,
    /// Disks by the path of their own file; `None` for one that is damaged.
    disks: BTreeMap<String, Option<VirtualDisk>>,
    /// Snapshots by the path of the disk that they were taken from.
    children: BTreeMap<String, Vec<String>>,
}

impl<'a> Catalog<'a> {
    pub fn read(files: &'a FileSet<'a>) -> Self {
        let mut disks = BTreeMap::new();
        for path in files.paths() {
            match files.open(path).map(|file| VirtualDisk::read(&file)) {
                Ok(Ok(Some(disk))) => disks.insert(path.to_owned(), Some(disk)),
                Ok(Ok(None)) => None,
                Ok(Err(_)) | Err(_) => disks.insert(path.to_owned(), None),
            };
        }
        let mut catalog = Self { files, disks, children: BTreeMap::new() };
        catalog.leave_out_extents();
        catalog.link_parents();
        catalog
    }

    /// A file that another one names as its extent is no disk of its own.
    fn leave_out_extents(&mut self) {
        let disks = self.disks.iter().filter_map(|(path, disk)| Some((path, disk.as_ref()?)));
        let extents: BTreeSet<String> =
            disks.flat_map(|(path, disk)| extents(self.files, path, disk)).collect();
        self.disks.retain(|path, _| !extents.contains(path));
    }

    fn link_parents(&mut self) {
        for (path, disk) in &self.disks {
            if let Some(parent) = disk.as_ref().and_then(|disk| self.parent(path, disk)) {
                self.children.entry(parent).or_default().push(path.clone());
            }
        }
    }

    /// The file of the disk that `disk`, described in `path`, stands on.
    pub fn parent(&self, path: &str, disk: &VirtualDisk) -> Option<String> {
        let below = disk.below()?;
        below.names.iter().find_map(|name| self.files.resolve(path, name)).map(str::to_owned)
    }

    /// The disks that are no snapshots, or whose parents are not there.
    pub fn bases(&self) -> Result<Vec<Result<String, MachineError>>, MachineError> {
        let children: BTreeSet<_> = self.children.values().flatten().collect();
        let bases = self.disks.keys().filter(|path| !children.contains(path));
        let bases: Vec<_> = bases.cloned().map(Ok).collect();
        match (bases.is_empty(), self.disks.keys().next()) {
            (false, _) => Ok(bases),
            (true, Some(path)) => Err(MachineError::Loop { path: path.clone() }),
            (true, None) => Err(self.no_disk()),
        }
    }

    pub fn no_disk(&self) -> MachineError {
        const SHOWN: usize = 5;
        let len = |path: &str| self.files.open(path).map_or(0, |file| file.len());
        let all: Vec<String> =
            self.files.paths().map(|path| format!("{path:?} ({} bytes)", len(path))).collect();
        let listed = match &all[..] {
            [] => String::new(),
            some => format!(": {}", some[..some.len().min(SHOWN)].join(", ")),
        };
        MachineError::NoDisk { count: all.len(), listed }
    }

    /// Follows snapshots from `base` to the last one: the machine's settings may still name the
    /// disk that they were taken from.
    pub fn current(
        &self,
        base: &str,
        place: &Place,
        faults: &mut Vec<Fault>,
    ) -> Result<String, MachineError> {
        let (mut path, mut seen) = (base.to_owned(), BTreeSet::new());
        while let Some(children) = self.children.get(&path) {
            if !seen.insert(path.clone()) {
                return Err(MachineError::Loop { path });
            }
            let found = |path: &str| self.disks.get(path).and_then(Option::as_ref);
            let state = found(&path).and_then(VirtualDisk::state);
            let fits = |child: &&String| {
                found(child).and_then(VirtualDisk::below).and_then(|below| below.state) == state
            };
            let fitting: Vec<_> = children.iter().filter(fits).collect();
            let candidates = if fitting.is_empty() { children.iter().collect() } else { fitting };
            let Some((last, others)) = candidates.split_last() else { break };
            if !others.is_empty() {
                let what = format!("{path:?} has several snapshots; {last:?} was read");
                faults.push(Fault::text(place.clone(), what, &format!("{others:?}")));
            }
            path = (*last).clone();
        }
        Ok(path)
    }

    /// Disks that stand beside the machine's and have nothing to do with them. Other branches of
    /// snapshots are not among them: they are not the machine's current state.
    pub fn unused(&self, used: &[MachineDisk]) -> Vec<Fault> {
        let used: BTreeSet<&String> = used.iter().flat_map(|disk| &disk.files).collect();
        let bases = self.bases().unwrap_or_default().into_iter().flatten();
        let unused = bases.filter(|path| !used.contains(path));
        let fault = |path| {
            let what = "the disk is not connected to the machine";
            Fault::text(Place::from(Step::Member(path)), what, "the disk")
        };
        unused.map(fault).collect()
    }
}

/// Paths of the other files that hold the bytes of `disk`, which is described in `path`.
pub(super) fn extents(files: &FileSet<'_>, path: &str, disk: &VirtualDisk) -> Vec<String> {
    let found = disk.extents().into_iter().filter_map(|name| files.resolve(path, name));
    found.filter(|extent| *extent != path).map(str::to_owned).collect()
}
