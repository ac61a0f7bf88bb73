use std::collections::{BTreeMap, BTreeSet};

use crate::file_set::FileSet;
use crate::machine::{MAX_CHAIN, MachineDisk, MachineError};
use crate::raw_disk;
use crate::virtual_disk::{Below, StateId, VirtualDisk};
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
                Ok(Ok(None)) => match raw_disk::read(files, path) {
                    Ok(None) => None,
                    Ok(Some(raw)) => disks.insert(path.to_owned(), raw.ok()),
                    Err(_) => disks.insert(path.to_owned(), None),
                },
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

    /// The file of the disk that `disk`, described in `path`, stands on: one that is named and has
    /// the right id, else any that has it, else one that is named.
    pub fn parent(&self, path: &str, disk: &VirtualDisk) -> Option<String> {
        let below = disk.below()?;
        let named: Vec<&str> =
            below.names.iter().filter_map(|name| self.files.resolve(path, name)).collect();
        let has_id = |path: &&str| self.found(path).is_some_and(|disk| is_meant(disk, &below));
        let by_name = named.iter().copied().find(has_id);
        let is_unique = below.id.is_some() || matches!(below.states[..], [StateId::Guid(_), ..]);
        let by_id = || {
            let paths = self.disks.keys().map(String::as_str);
            let mut found = paths.filter(|other| *other != path).filter(has_id);
            found.next().filter(|_| is_unique && found.next().is_none())
        };
        by_name.or_else(by_id).or(named.first().copied()).map(str::to_owned)
    }

    /// The disk at `path` and those that it stands on, each once.
    fn below(&self, path: &str) -> Vec<String> {
        let mut chain = vec![path.to_owned()];
        while let Some(path) = chain.last().filter(|_| chain.len() <= MAX_CHAIN) {
            match self.found(path).and_then(|disk| self.parent(path, disk)) {
                Some(parent) if !chain.contains(&parent) => chain.push(parent),
                _ => break,
            }
        }
        chain
    }

    /// The disk whose own file is `path`.
    fn found(&self, path: &str) -> Option<&VirtualDisk> {
        self.disks.get(path).and_then(Option::as_ref)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.disks.is_empty()
    }

    /// The disks that no other stands on, in the order of the names of those that they stand on.
    /// The first disk of a chain that returns to itself is among them, as an error.
    pub fn last(&self) -> Result<Vec<Result<String, MachineError>>, MachineError> {
        if self.disks.is_empty() {
            return Err(self.no_disk());
        }
        let (mut last, mut reached) = (Vec::new(), BTreeSet::new());
        for path in self.disks.keys().filter(|path| !self.children.contains_key(*path)) {
            let chain = self.below(path);
            last.push((chain.last().cloned(), path.clone()));
            reached.extend(chain);
        }
        last.sort();
        let mut last: Vec<_> = last.into_iter().map(|(_, path)| Ok(path)).collect();
        if let Some(path) = self.disks.keys().find(|path| !reached.contains(*path)) {
            last.push(Err(MachineError::Loop { path: path.clone() }));
        }
        Ok(last)
    }

    /// The disks that are no snapshots, or whose parents are not there.
    fn bases(&self) -> impl Iterator<Item = &String> {
        let children: BTreeSet<_> = self.children.values().flatten().collect();
        self.disks.keys().filter(move |path| !children.contains(path))
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
            let state = self.found(&path).and_then(VirtualDisk::state);
            let fits = |child: &&String| {
                let below = self.found(child).and_then(VirtualDisk::below);
                below.zip(state).is_some_and(|(below, state)| below.states.contains(&state))
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
        let unused = self.bases().filter(|path| !used.contains(path));
        let fault = |path: &String| {
            let what = "the disk is not connected to the machine";
            Fault::text(Place::from(Step::Member(path.clone())), what, "the disk")
        };
        unused.map(fault).collect()
    }
}

/// Whether `disk` is that which another one means, by the id that it has or the state it is in.
fn is_meant(disk: &VirtualDisk, below: &Below) -> bool {
    match below.id {
        Some(id) => disk.id() == Some(id),
        None => disk.state().is_some_and(|state| below.states.contains(&state)),
    }
}

/// Paths of the other files that hold the bytes of `disk`, which is described in `path`.
pub(super) fn extents(files: &FileSet<'_>, path: &str, disk: &VirtualDisk) -> Vec<String> {
    let found = disk.extents().into_iter().filter_map(|name| files.resolve(path, name));
    found.filter(|extent| *extent != path).map(str::to_owned).collect()
}
