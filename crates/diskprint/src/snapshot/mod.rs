//! The state of one slice, and how it is read.

mod byte_runs;
mod carried;
mod content;
mod drafts;
mod effort;
mod hives;
mod listed;
mod ntfs;
mod order;
mod paths;

use std::collections::{BTreeMap, BTreeSet};

use diskprint_formats::ntfs::Volume;
use diskprint_formats::{Name, ReadAt, Window};

use crate::{Amount, Cache, Fault, FileEntry, Hive, HiveState, Image, Part, Place, Step};

pub(crate) use carried::{Carried, Digested, Whereabouts};
use drafts::Contents;
pub use hives::KnownHives;
use hives::{Hives, Read};

/// The state of one slice: plain data, sorted by partition and path.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// The partitions of all disks, in the order of their numbers.
    pub partitions: Vec<Partition>,
    /// Files and streams, deleted ones too.
    pub files: Vec<FileEntry>,
    /// Hives, each with its keys and values.
    pub hives: Vec<Hive>,
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
    /// Paths of hives, by partition and path in upper case.
    pub hives: BTreeMap<(u32, Name), Name>,
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
    /// The file system's name, `ntfs`; `None` where none was recognised.
    pub file_system: Option<&'static str>,
    /// Cluster or block size of the file system in bytes; 0 where it is not known.
    pub block_size: u32,
    /// Number of clusters or blocks; 0 where it is not known.
    pub block_count: u64,
    /// Serial number of the file system, by which it is known again where the disk was
    /// partitioned anew; 0 where there is none.
    pub serial: u64,
    /// Whether its files could be listed.
    pub is_read: bool,
}

impl Snapshot {
    /// Reads the files and hives of all partitions of an image.
    ///
    /// `known` are hives that were read before: one with the same bytes is not read again. Where
    /// the image was opened with a cache, digests of what did not change are carried over.
    pub fn read(image: &Image, known: &KnownHives) -> Self {
        let (partitions, faults) = image.partitions();
        let mut snapshot = Self { faults, ..Self::default() };
        for mut partition in partitions {
            let fault = |what: &str| {
                let place = Place::from(Step::Partition(partition.number));
                Some(Fault::text(place, what, "every file of this partition"))
            };
            let fault = match (image.volume(&partition), partition.file_system) {
                (Some(window), Some("ntfs")) => snapshot
                    .read_ntfs(window, &mut partition, known, image.cache().map(|it| &**it))
                    .err(),
                (_, Some(name)) => fault(&format!("file system {name} is not read")),
                (_, None) => fault("no file system was recognised"),
            };
            snapshot.faults.extend(fault);
            snapshot.partitions.push(partition);
        }
        order::sort(&mut snapshot.files);
        snapshot.hives.sort_by(|a, b| (a.partition, &a.path).cmp(&(b.partition, &b.path)));
        snapshot
    }

    fn read_ntfs(
        &mut self,
        window: Window<impl ReadAt>,
        partition: &mut Partition,
        known: &KnownHives,
        cache: Option<&Cache>,
    ) -> Result<(), Fault> {
        let place = Place::from(Step::Partition(partition.number));
        let volume = Volume::open(window)
            .map_err(|error| Fault::new(place, &error, "every file of this partition"))?;
        let boot_sector = volume.boot_sector();
        partition.block_size = boot_sector.cluster_size;
        partition.block_count = boot_sector.total_clusters();
        partition.serial = boot_sector.serial_number;

        partition.is_read = true;

        let ntfs::Listing { mut entries, jobs, mut faults, unread } =
            Cache::measure(cache, Part::List, || {
                let record = u64::from(boot_sector.file_record_size);
                let read = volume.record_count() * record;
                (ntfs::list(&volume, partition, Contents::Digested), Amount { read, made: 0 })
            });
        let number = partition.number;
        self.unread.inodes.extend(unread.into_iter().map(|inode| (number, inode)));
        let kept = Cache::measure(cache, Part::Digest, || {
            content::digest(&volume, &mut entries, jobs, cache, &mut faults)
        });
        let reader = Hives { volume: &volume, entries: &entries, logs: &kept.logs, known };
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
        Ok(())
    }

    /// The hives, for reading the next slice in the state that they were read in.
    pub fn known_hives(&self, state: HiveState) -> KnownHives {
        let mut known = KnownHives::in_state(state);
        self.hives.iter().for_each(|hive| known.add(hive));
        known
    }
}

/// Lists the files of an NTFS volume, deleted ones too, in the order of [`Snapshot::files`] and
/// with what is wrong with their metadata; their contents are not read and have no digests.
pub fn list_files(
    volume: &Volume<impl ReadAt>,
    partition: &Partition,
) -> (Vec<FileEntry>, Vec<Fault>) {
    let ntfs::Listing { mut entries, faults, .. } = ntfs::list(volume, partition, Contents::Left);
    order::sort(&mut entries);
    (entries, faults)
}
