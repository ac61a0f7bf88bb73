//! The state of one slice, and how it is read.

mod byte_runs;
mod carried;
mod content;
mod drafts;
mod effort;
mod fiwalk;
mod hives;
mod known;
mod listed;
mod ntfs;
mod order;
mod paths;
mod security;
mod volume;
mod walked;

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;

use diskprint_formats::ntfs::{ShadowCopy, Volume, shadow_copies};
use diskprint_formats::partition::PartitionKind;
use diskprint_formats::{Name, ReadAt};

use crate::{
    Amount, Cache, Fault, FileEntry, Hive, HiveState, Image, Journal, Part, Place, Step, journal,
};

pub(crate) use carried::{Carried, Digested, Whereabouts};
use drafts::Contents;
pub use fiwalk::{Bounds, Fiwalk};
use hives::{Hives, Read};
pub use known::Known;

/// The state of one slice: plain data, sorted by partition and path.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// The partitions of all disks, in the order of their numbers.
    pub partitions: Vec<Partition>,
    /// Files and streams, deleted ones too.
    pub files: Vec<FileEntry>,
    /// Hives, each with its keys and values.
    pub hives: Vec<Hive>,
    /// The journals of its volumes.
    pub journals: Vec<Journal>,
    /// What could not be read.
    pub faults: Vec<Fault>,
    /// What of it a comparison must know about.
    pub unread: Unread,
}

/// What is there and could not be read: to a comparison it is neither new nor deleted.
#[derive(Clone, Debug, Default)]
pub struct Unread {
    /// Metadata records, by partition and inode.
    pub inodes: BTreeSet<(u32, u64)>,
    /// Directories, by partition and path, below which there may be files that were not listed.
    pub folders: BTreeSet<(u32, Name)>,
    /// Paths of hives, by partition and path in upper case.
    pub hives: BTreeMap<(u32, Name), Name>,
}

impl Unread {
    /// Whether a file of this path may be there and was not listed.
    pub(crate) fn hides(&self, partition: u32, path: &Name) -> bool {
        let path = path.as_bytes();
        let ends = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
        !self.folders.is_empty()
            && std::iter::once(0).chain(ends).any(|end| {
                let folder = Name::from_wtf8(path.get(..end).unwrap_or_default().to_vec());
                self.folders.contains(&(partition, folder))
            })
    }
}

/// A byte range of a disk that holds, or should hold, a file system.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Partition {
    /// Number from 1 through all disks.
    pub number: u32,
    /// Number of the disk, from 1.
    pub disk: u32,
    /// Offset in the disk, in bytes.
    pub start: u64,
    /// Length in bytes.
    pub len: u64,
    /// What the partition table says is in it; `None` where there is no table.
    pub kind: Option<PartitionKind>,
    /// The file system's name, `ntfs`; `None` where none was recognised.
    pub file_system: Option<&'static str>,
    /// Cluster or block size of the file system in bytes; 0 where it is not known.
    pub block_size: u32,
    /// Number of clusters or blocks; 0 where it is not known.
    pub block_count: u64,
    /// Serial number of the file system, by which it is known again where the disk was
    /// partitioned anew; 0 where there is none.
    pub serial: u64,
    /// The shadow copies that an NTFS volume says it has; they are not read.
    pub shadow_copies: Vec<ShadowCopy>,
    /// Whether its files could be listed.
    pub is_read: bool,
}

impl Snapshot {
    /// Reads the files and hives of all partitions of an image.
    ///
    /// `known` is what the slice before says: a hive with the same bytes is not read again, and
    /// journals are read from where they ended there. Where the image was opened with a cache,
    /// digests of what did not change are carried over.
    pub fn read(image: &Image, known: &Known) -> Self {
        let (partitions, faults) = image.partitions();
        let mut snapshot = Self { faults, ..Self::default() };
        for mut partition in partitions {
            let read = match (image.volume(&partition), partition.file_system) {
                (Some(bytes), Some(_)) => {
                    snapshot.read_volume(image, &bytes, &mut partition, known)
                }
                _ => nothing_in(&mut partition),
            };
            if let Err(error) = read {
                let place = Place::from(Step::Partition(partition.number));
                snapshot.faults.push(Fault::new(place, &*error, "every file of this partition"));
            }
            snapshot.partitions.push(partition);
        }
        order::sort(&mut snapshot.files);
        snapshot.hives.sort_by(|a, b| (a.partition, &a.path).cmp(&(b.partition, &b.path)));
        snapshot
    }

    fn read_volume(
        &mut self,
        image: &Image,
        bytes: &dyn ReadAt,
        partition: &mut Partition,
        known: &Known,
    ) -> Result<(), Unlisted> {
        let cache = image.cache().map(|cache| &**cache);
        let listed = Cache::measure(cache, Part::List, || {
            let listed = list(bytes, partition, Contents::Digested, known, image.fiwalk());
            let read = listed.as_ref().map_or(0, |listed| listed.read);
            (listed, Amount { read, made: 0 })
        });
        let Listing { mut entries, journals, jobs, mut faults, unread, unit, .. } = listed?;
        partition.is_read = true;
        let volume = volume::Volume { reader: bytes, unit };
        let number = partition.number;
        self.unread.inodes.extend(unread.inodes.into_iter().map(|inode| (number, inode)));
        self.unread.folders.extend(unread.folders.into_iter().map(|folder| (number, folder)));
        let kept = Cache::measure(cache, Part::Digest, || {
            content::digest(&volume, &mut entries, jobs, cache, &mut faults)
        });
        let reader = Hives { volume, entries: &entries, logs: &kept.logs, known };
        let hives = Cache::measure(cache, Part::Hives, || {
            let mut hives = Vec::new();
            let mut amount = Amount::default();
            for (index, content) in kept.hives {
                let Some(entry) = entries.get(index) else { continue };
                let len = content.len();
                amount.made += len;
                match reader.read(entry, &content, &mut faults) {
                    Some(Read { hive, is_known }) => {
                        amount.read += if is_known { 0 } else { len };
                        hives.push(hive);
                    }
                    None => {
                        let path = entry.full_path();
                        self.unread.hives.insert((number, path.to_upper()), path);
                    }
                }
            }
            (hives, amount)
        });
        for entry in hives::missing(&entries, &hives) {
            let path = entry.path.clone();
            if self.unread.hives.insert((number, path.to_upper()), path).is_none() {
                faults.push(hives::missing_fault(entry));
            }
        }
        self.faults.extend(faults.into_iter().map(|mut fault| {
            fault.place = fault.place.within(Step::Partition(number));
            fault
        }));
        // Most machines have one volume with files: its entries stay where they are.
        match self.files.is_empty() {
            true => self.files = entries,
            false => self.files.extend(entries),
        }
        self.hives.extend(hives);
        self.journals.extend(journals);
        Ok(())
    }

    /// What is known of it for reading the next slice, hives in that state.
    pub fn known(&self, state: HiveState) -> Known {
        Known::of(self, state)
    }
}

/// Takes a partition without a file system that is known as read where none can be in it.
fn nothing_in(partition: &mut Partition) -> Result<(), Unlisted> {
    if partition.kind.is_some_and(|kind| !kind.holds_files()) {
        partition.is_read = true;
        return Ok(());
    }
    let what = "no file system was recognised";
    Err(match partition.kind.and_then(PartitionKind::name) {
        Some(name) => format!("{what}; the partition table says: {name}").into(),
        None => what.into(),
    })
}

/// Why the files of a partition could not be listed.
type Unlisted = Box<dyn Error + Send + Sync>;

/// The entries of a volume, the contents to digest, and what could not be read.
#[derive(Default)]
struct Listing {
    entries: Vec<FileEntry>,
    journals: Vec<Journal>,
    jobs: Vec<content::Job>,
    faults: Vec<Fault>,
    unread: NotListed,
    /// What the places of contents in the volume are multiples of, in bytes.
    unit: u32,
    /// How many bytes of metadata there are, as far as that is known.
    read: u64,
}

/// What a volume has that could not be listed.
#[derive(Default)]
struct NotListed {
    /// Records in use that could not be read.
    inodes: Vec<u64>,
    /// Directories below which there may be more files.
    folders: Vec<Name>,
}

/// Lists the files of the volume in `bytes`, and takes note of its sizes in `partition`; `fiwalk` does
/// where there is no reader.
fn list(
    bytes: &dyn ReadAt,
    partition: &mut Partition,
    contents: Contents,
    known: &Known,
    fiwalk: Option<&Fiwalk>,
) -> Result<Listing, Unlisted> {
    let name = partition.file_system.unwrap_or_default();
    if name == "swap" {
        return Ok(Listing { unit: 1, ..Listing::default() });
    }
    if name != "ntfs" {
        let Some(volume) = walked::open(name, bytes) else {
            return fiwalk::list(fiwalk, bytes, partition, contents);
        };
        let (volume, lost) = match volume {
            // A disc may have the same files as ISO 9660.
            Err(error) if name == "udf" => match walked::open("iso9660", bytes) {
                Some(Ok(volume)) => (volume, Some(error)),
                _ => return Err(error),
            },
            volume => (volume?, None),
        };
        walked::measure(&*volume, partition);
        let mut listing = walked::list(&*volume, bytes.len(), partition, contents);
        listing.faults.extend(lost.map(|error| {
            let skipped = "its files as UDF has them; those that ISO 9660 has are read";
            Fault::new(Place::default(), &*error, skipped)
        }));
        return Ok(listing);
    }
    let volume = Volume::open(bytes)?;
    let boot_sector = volume.boot_sector();
    partition.block_size = boot_sector.cluster_size;
    partition.block_count = boot_sector.total_clusters();
    partition.serial = boot_sector.serial_number;
    let mut listing = ntfs::list(&volume, partition, contents);
    let Listing { entries, faults, .. } = &mut listing;
    match shadow_copies(bytes) {
        Ok(copies) => partition.shadow_copies = copies,
        Err(error) => {
            faults.push(Fault::new(Place::default(), &error, "the list of shadow copies"))
        }
    }
    listing.journals = journal::read(&volume, entries, partition, known, faults);
    Ok(listing)
}

/// Lists the files of the volume in `bytes`, whose file system `partition` names, deleted ones too:
/// in the order of [`Snapshot::files`] and with what is wrong with their metadata; their contents
/// are not read and have no digests.
///
/// # Errors
/// When the file system is not read, or the volume is too damaged to be.
pub fn list_files(
    bytes: &dyn ReadAt,
    partition: &Partition,
) -> Result<(Vec<FileEntry>, Vec<Fault>), Box<dyn Error + Send + Sync>> {
    let Listing { mut entries, faults, .. } =
        list(bytes, &mut partition.clone(), Contents::Left, &Known::new(), None)?;
    order::sort(&mut entries);
    Ok((entries, faults))
}
