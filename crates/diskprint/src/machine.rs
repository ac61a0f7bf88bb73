mod catalog;
mod chain;
mod states;
mod vmsd;

use std::io;
use std::sync::Arc;

use diskprint_formats::ewf::{self, StoredHashes};
use diskprint_formats::{Guid, ReadAt, ReadAtExt};
use thiserror::Error;

use crate::file_set::FileSet;
use crate::machine_state::DiskState;
use crate::virtual_disk::DiskError;
use crate::{Fault, Place, Step, ewf_disk, vmx};
use catalog::Catalog;
pub(crate) use states::{open_snapshot, states_of};

/// A disk of a machine, in its current state.
pub(crate) struct MachineDisk {
    /// Number in the machine, from 1.
    pub number: u32,
    /// Its format; see [`crate::ImageDisk::format`].
    pub format: String,
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
    #[error(
        "no virtual disk (VMDK, qcow2, VHD, VHDX, VDI, E01, raw) is among its {count} files{listed}"
    )]
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
    /// There is no such snapshot.
    #[error("there is no snapshot {id:?}{}", states::listed(known))]
    NoSnapshot {
        /// The id that was asked for.
        id: String,
        /// The ids that there are.
        known: Vec<String>,
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
    /// A disk stands on more others than are read: each of them reads through the next.
    #[error("disk {path:?} stands on more than {limit} others")]
    Chain {
        /// The disk.
        path: String,
        /// How many are read.
        limit: usize,
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
    /// A disk that stands on another one, which is not there.
    #[error("{by:?} stands on the disk with the id {id}, which is not there")]
    MissingId {
        /// The disk.
        by: String,
        /// The id of the one below.
        id: Guid,
    },
    /// The disk that is named as the one below is another one.
    #[error("{by:?} stands on the disk with the id {}; {path:?} has the id {}", ids.0, ids.1)]
    WrongParent {
        /// The disk.
        by: String,
        /// The file that it names.
        path: String,
        /// The id of the one below, and that of the one that is there.
        ids: Box<(Guid, Guid)>,
    },
    /// A part of a split disk is not there.
    #[error("{first:?} is the first part of a disk whose part {missing:?} is not there")]
    MissingPart {
        /// The first part.
        first: String,
        /// The name of the first that is not there.
        missing: String,
    },
    /// A disk is damaged or of a kind that is not read.
    #[error("disk {path:?}")]
    Damaged {
        /// The file of its descriptor.
        path: String,
        /// What is wrong with it.
        source: Box<DiskError>,
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

/// The most disks that one may stand on: a reader of each needs the stack of the one above.
const MAX_CHAIN: usize = 256;
/// Longer settings than this are no machine's.
const MAX_SETTINGS: usize = 1 << 20;

/// Opens the disks of the machine in `files` as its product would: those that its settings
/// connect, in their order, each with its last snapshot; where settings name none, every disk that no
/// other stands on.
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
    if catalog.is_empty() {
        let disks = ewf_disk::open_all(files, faults)?;
        if !disks.is_empty() {
            return Ok(disks);
        }
    }
    let settings = settings(files)?;
    let has_settings = settings.is_some();
    let named = match settings {
        Some((settings, names)) => {
            let found = |name: String| match files.resolve(&settings, &name) {
                Some(path) => Ok(path.to_owned()),
                None => Err(MachineError::Missing { by: settings.clone(), file: name }),
            };
            names.into_iter().map(found).collect()
        }
        None => catalog.last()?,
    };
    let (mut disks, mut failures) = (Vec::new(), Vec::new());
    for (number, base) in (1..).zip(named) {
        let place = Place::from(Step::Disk(number));
        let opened = base
            .and_then(|base| catalog.current(&base, &place, faults))
            .and_then(|path| catalog.disk(number, &path, None, faults));
        match opened {
            Ok(disk) => disks.push(disk),
            Err(error) => failures.push((place, error)),
        }
    }
    let disks = read_ones(disks, failures, faults)?;
    if has_settings {
        faults.extend(catalog.unused(&disks));
    }
    faults.extend(ewf_disk::unused(files));
    Ok(disks)
}

/// Opens the disk at `path` with its parents, whatever else is in `files`; as its snapshot of the
/// id `snapshot` where one is given.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn open_one(
    files: &FileSet<'_>,
    path: &str,
    snapshot: Option<&str>,
    faults: &mut Vec<Fault>,
) -> Result<Vec<MachineDisk>, MachineError> {
    Ok(vec![Catalog::read(files).disk(1, path, snapshot, faults)?])
}

/// Lists the states that the disk at `path` holds with those that it stands on, the oldest first:
/// of each disk its snapshots, then itself.
///
/// # Errors
/// When the chain, or a list of snapshots in it, cannot be read.
pub(crate) fn states(files: &FileSet<'_>, path: &str) -> Result<Vec<DiskState>, MachineError> {
    Catalog::read(files).states(path)
}

/// The disks that could be read, with faults for the others; where none could, the error of the
/// first is one.
fn read_ones(
    disks: Vec<MachineDisk>,
    mut failures: Vec<(Place, MachineError)>,
    faults: &mut Vec<Fault>,
) -> Result<Vec<MachineDisk>, MachineError> {
    let error =
        if disks.is_empty() && !failures.is_empty() { Some(failures.remove(0)) } else { None };
    let fault = |(place, error): (_, MachineError)| Fault::new(place, &error, "the disk");
    faults.extend(failures.into_iter().map(fault));
    match error {
        Some((_, error)) => Err(error),
        None => Ok(disks),
    }
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
