use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;

use diskprint_formats::ewf::{self, StoredHashes};
use diskprint_formats::vmdk::{self, Descriptor, Disk};
use diskprint_formats::{ReadAt, ReadAtExt};
use thiserror::Error;

use crate::file_set::FileSet;
use crate::{Fault, Place, Step, ewf_disk, vmx};

/// A disk of a machine, in its current state.
pub(crate) struct MachineDisk {
    /// Number in the machine, from 1.
    pub number: u32,
    /// Its kind as the descriptor says.
    pub create_type: String,
    /// Paths of all files that it reads, its descriptor's first, then its parents'.
    pub files: Vec<String>,
    pub reader: Arc<dyn ReadAt>,
    /// Digests that its image states of it.
    pub stored_hashes: Option<StoredHashes>,
}

/// Why a machine's disk, or all of them, cannot be read. Files are named by their paths in the
/// archive or folder.
#[derive(Debug, Error)]
pub enum MachineError {
    /// There is no disk at all.
    #[error("no virtual disk: no descriptor or sparse VMDK is among its {count} files{listed}")]
    NoDisk {
        /// Number of files that could have been one.
        count: usize,
        /// The first of them by name and length.
        listed: String,
    },
    /// There are several machines, and which one is meant is not known.
    #[error("two machines, {first:?} and {second:?}: give each a tarball of its own")]
    SeveralMachines {
        /// Settings of one.
        first: String,
        /// Settings of another.
        second: String,
    },
    /// A disk that another file names is not there.
    #[error("{by:?} names the disk {file:?}, which is not there")]
    Missing {
        /// The file that names it.
        by: String,
        /// The name as written there.
        file: String,
    },
    /// A snapshot is its own ancestor.
    #[error("disk {path:?}: its chain of parents returns to itself")]
    Loop {
        /// A disk of the chain.
        path: String,
    },
    /// A file cannot be opened.
    #[error("{path:?} cannot be opened")]
    Open {
        /// The file.
        path: String,
        /// Why it cannot.
        source: io::Error,
    },
    /// A file that should be a disk is none.
    #[error("{path:?} is no virtual disk: its {len} bytes begin with no known signature")]
    NotDisk {
        /// The file.
        path: String,
        /// Its length in bytes.
        len: u64,
    },
    /// A disk is damaged or of a kind that is not read.
    #[error("disk {path:?}")]
    Damaged {
        /// The file of its descriptor.
        path: String,
        /// What is wrong with it.
        source: vmdk::Error,
    },
    /// An E01 image is damaged or of a kind that is not read.
    #[error("image {path:?}")]
    Archive {
        /// Its first segment.
        path: String,
        /// What is wrong with it.
        source: Box<ewf::Error>,
    },
}

/// Longer settings than this are no machine's.
const MAX_SETTINGS: usize = 1 << 20;

/// Opens the disks of the machine in `files` as its product would: those that its settings
/// connect, in their order; where settings name none, every disk that is found. A snapshot stands
/// before the disk it was taken from.
///
/// A disk that cannot be read is a fault when another one can.
///
/// # Errors
/// When no disk can be read: why the first cannot.
pub(crate) fn open(
    files: &FileSet<'_>,
    faults: &mut Vec<Fault>,
) -> Result<Vec<MachineDisk>, MachineError> {
    let catalog = Catalog::read(files);
    if catalog.descriptors.is_empty() {
        let disks = ewf_disk::open_all(files, faults)?;
        if !disks.is_empty() {
            return Ok(disks);
        }
    }
    let named = match settings(files)? {
        Some((settings, names)) => {
            let found = |name: String| match files.resolve(&settings, &name) {
                Some(path) => Ok(path.to_owned()),
                None => Err(MachineError::Missing { by: settings.clone(), file: name }),
            };
            names.into_iter().map(found).collect()
        }
        None => catalog.bases()?,
    };
    let (mut disks, mut failures) = (Vec::new(), Vec::new());
    for (number, base) in (1..).zip(named) {
        let place = Place::from(Step::Disk(number));
        let opened = base
            .and_then(|base| catalog.current(&base, &place, faults))
            .and_then(|path| catalog.disk(number, &path, faults));
        match opened {
            Ok(disk) => disks.push(disk),
            Err(error) => failures.push((place, error)),
        }
    }
    let error = if disks.is_empty() { failures.drain(..1).next() } else { None };
    let fault = |(place, error): (_, MachineError)| Fault::new(place, &error, "the disk");
    faults.extend(failures.into_iter().map(fault));
    if let Some((_, error)) = error {
        return Err(error);
    }
    faults.extend(catalog.unused(&disks));
    faults.extend(ewf_disk::unused(files));
    Ok(disks)
}

/// Opens the disk of the descriptor at `path` with its parents, whatever else is in `files`.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn open_one(
    files: &FileSet<'_>,
    path: &str,
    faults: &mut Vec<Fault>,
) -> Result<Vec<MachineDisk>, MachineError> {
    Ok(vec![Catalog::read(files).disk(1, path, faults)?])
}

/// Finds the settings that connect disks, and the names of those.
fn settings(files: &FileSet<'_>) -> Result<Option<(String, Vec<String>)>, MachineError> {
    let mut found: Option<(String, Vec<String>)> = None;
    for path in files.paths().filter(|path| path.to_lowercase().ends_with(".vmx")) {
        let text = files.open(path).and_then(|file| file.read_vec_at(0, MAX_SETTINGS));
        let text = text.map_err(|source| MachineError::Open { path: path.to_owned(), source })?;
        let names = vmx::disks(&text);
        match found {
            _ if names.is_empty() => {}
            None => found = Some((path.to_owned(), names)),
            Some((first, _)) => {
                return Err(MachineError::SeveralMachines { first, second: path.to_owned() });
            }
        }
    }
    Ok(found)
}

/// All descriptors in a set of files, found by their content.
struct Catalog<'a> {
    files: &'a FileSet<'a>,
    /// Descriptor by path; `None` for one that is damaged.
    descriptors: BTreeMap<String, Option<Descriptor>>,
    /// Snapshots by the path of the disk that they were taken from.
    children: BTreeMap<String, Vec<String>>,
}

impl<'a> Catalog<'a> {
    fn read(files: &'a FileSet<'a>) -> Self {
        let mut descriptors = BTreeMap::new();
        for path in files.paths() {
            match files.open(path).map(|file| Descriptor::read(&file)) {
                Ok(Ok(Some(descriptor))) => descriptors.insert(path.to_owned(), Some(descriptor)),
                Ok(Ok(None)) => None,
                Ok(Err(_)) | Err(_) => descriptors.insert(path.to_owned(), None),
            };
        }
        let mut catalog = Self { files, descriptors, children: BTreeMap::new() };
        catalog.leave_out_extents();
        catalog.link_parents();
        catalog
    }

    /// A file that another one's descriptor names as its extent is no disk of its own.
    fn leave_out_extents(&mut self) {
        let extents: BTreeSet<String> = self
            .descriptors
            .iter()
            .filter_map(|(path, found)| Some((path, found.as_ref()?)))
            .filter(|(_, descriptor)| !descriptor.embedded)
            .flat_map(|(path, descriptor)| extents(self.files, path, descriptor))
            .collect();
        self.descriptors.retain(|path, _| !extents.contains(path));
    }

    fn link_parents(&mut self) {
        for (path, descriptor) in &self.descriptors {
            if let Some(parent) = descriptor.as_ref().and_then(|d| parent(self.files, path, d)) {
                self.children.entry(parent.to_owned()).or_default().push(path.clone());
            }
        }
    }

    /// The disks that are no snapshots, or whose parents are not there.
    fn bases(&self) -> Result<Vec<Result<String, MachineError>>, MachineError> {
        let children: BTreeSet<_> = self.children.values().flatten().collect();
        let bases = self.descriptors.keys().filter(|path| !children.contains(path));
        let bases: Vec<_> = bases.cloned().map(Ok).collect();
        match (bases.is_empty(), self.descriptors.keys().next()) {
            (false, _) => Ok(bases),
            (true, Some(path)) => Err(MachineError::Loop { path: path.clone() }),
            (true, None) => Err(self.no_disk()),
        }
    }

    fn no_disk(&self) -> MachineError {
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
    fn current(
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
            let cid = self.descriptors.get(&path).and_then(|d| Some(d.as_ref()?.cid));
            let fits = |child: &&String| {
                let child = self.descriptors.get(*child).and_then(Option::as_ref);
                child.and_then(|child| child.parent_cid) == cid
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

    /// Opens the disk at `path` on top of all its parents.
    fn disk(
        &self,
        number: u32,
        path: &str,
        faults: &mut Vec<Fault>,
    ) -> Result<MachineDisk, MachineError> {
        let chain = self.chain(path)?;
        let place = Place::from(Step::Disk(number));
        let (mut below, mut below_cid, mut files) = (None, None, Vec::new());
        for (path, file, descriptor) in chain.iter().rev() {
            if descriptor.parent_cid != below_cid && below_cid.is_some() {
                let place = place.then(Step::Member(path.clone()));
                let what = "the disk below has changed since this snapshot was taken: parentCID \
                            is not its CID";
                faults.push(Fault::text(place, what, ""));
            }
            let damaged = |source| MachineError::Damaged { path: path.clone(), source };
            let mut open = |name: &str| {
                let found = self.files.resolve(path, name).ok_or_else(not_beside)?;
                self.files.open(found)
            };
            let parent = below.take();
            let disk = Disk::open(file, descriptor, parent, &mut open).map_err(damaged)?;
            for finding in disk.findings() {
                let place = place.then(Step::Member(path.clone()));
                faults.push(Fault::new(place, finding, ""));
            }
            files.splice(
                0..0,
                [path.clone()].into_iter().chain(extents(self.files, path, descriptor)),
            );
            below_cid = Some(descriptor.cid);
            below = Some(Arc::new(disk) as Arc<dyn ReadAt>);
        }
        let (top, reader) = (chain.into_iter().next(), below);
        let (Some((_, _, descriptor)), Some(reader)) = (top, reader) else {
            return Err(self.no_disk());
        };
        files.dedup();
        let create_type = descriptor.create_type;
        Ok(MachineDisk { number, create_type, files, reader, stored_hashes: None })
    }

    /// The descriptors from `path` down to the disk without parent.
    #[allow(clippy::type_complexity, reason = "used by one function")]
    fn chain(
        &self,
        path: &str,
    ) -> Result<Vec<(String, Arc<dyn ReadAt>, Descriptor)>, MachineError> {
        let (mut chain, mut seen, mut next) = (Vec::new(), BTreeSet::new(), Some(path.to_owned()));
        while let Some(path) = next {
            if !seen.insert(path.clone()) {
                return Err(MachineError::Loop { path });
            }
            let file = self.files.open(&path);
            let file = file.map_err(|source| MachineError::Open { path: path.clone(), source })?;
            let descriptor = match Descriptor::read(&file) {
                Ok(Some(descriptor)) => descriptor,
                Ok(None) => return Err(MachineError::NotDisk { path, len: file.len() }),
                Err(source) => return Err(MachineError::Damaged { path, source }),
            };
            next = parent(self.files, &path, &descriptor).map(str::to_owned);
            if let (Some(_), None, Some(hint)) =
                (descriptor.parent_cid, &next, &descriptor.parent_hint)
            {
                return Err(MachineError::Missing { by: path, file: hint.clone() });
            }
            chain.push((path, file, descriptor));
        }
        Ok(chain)
    }

    /// Disks that stand beside the machine's and have nothing to do with them. Other branches of
    /// snapshots are not among them: they are not the machine's current state.
    fn unused(&self, used: &[MachineDisk]) -> Vec<Fault> {
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

fn not_beside() -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, "there is no such file beside the descriptor")
}

fn parent<'a>(files: &'a FileSet<'a>, path: &str, descriptor: &Descriptor) -> Option<&'a str> {
    descriptor.parent_cid?;
    files.resolve(path, descriptor.parent_hint.as_deref()?)
}

/// Paths of the extents that are files of their own.
fn extents(files: &FileSet<'_>, path: &str, descriptor: &Descriptor) -> Vec<String> {
    let named = descriptor.extents.iter().filter(|line| !line.file.is_empty());
    let found = named.filter_map(|line| files.resolve(path, &line.file));
    found.filter(|extent| *extent != path && !descriptor.embedded).map(str::to_owned).collect()
}
